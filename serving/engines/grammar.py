"""Answers that fit a grammar: which tokens may come next, by llguidance over the model's own tokenizer.

Enter at `Grammars`: it compiles and checks a grammar, a `Matcher` follows one answer.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from serving.engine import ToolFormat, Unable

ANY_OBJECT = {"type": "object"}
COMPACT = {"whitespace_flexible": False}
"""Without a bound on blanks a model may write them until its length is used up."""
OPEN, CLOSE = "<tool_call>", "</tool_call>"


class Matcher:
    """The state of one answer in its grammar."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def masked(self, logits: torch.Tensor) -> torch.Tensor:
        """The logits with all tokens that cannot come next at minus infinity."""
        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8)
        size = min(len(allowed), logits.shape[0])
        mask = torch.ones(logits.shape[0], dtype=torch.bool)
        mask[:size] = allowed[:size] == 0
        return logits.masked_fill(mask.to(logits.device), float("-inf"))

    def take(self, token_id: int) -> None:
        """A token was made."""
        if not self._matcher.is_stopped():
            self._matcher.consume_token(token_id)


class Grammars:
    """The grammars of one model; the tokenizer is taken apart on the first use, which takes about a second."""

    def __init__(self, tokenizer: Any, *, vocab_size: int, end_ids: frozenset[int]) -> None:
        self._tokenizer, self._vocab_size, self._end_ids = tokenizer, vocab_size, end_ids
        self._known: Any = None

    def json(self, schema: Mapping[str, Any] | None) -> str:
        """Grammar of JSON texts that fit a schema, or of any object.

        Raises:
            Unable: the schema uses what the grammar cannot say.
        """
        return self._checked(_json_grammar(ANY_OBJECT if schema is None else schema), "response_format")

    def call(self, functions: Sequence[Mapping[str, Any]], form: ToolFormat) -> str:
        """Grammar of one call of one of these functions in a model's form."""
        key = "parameters" if form == "llama" else "arguments"
        calls = [_call_schema(function, key) for function in functions]
        schema: dict[str, Any] = {"anyOf": calls, "x-guidance": COMPACT}
        if form == "mistral":
            schema = {"type": "array", "items": {"anyOf": calls}, "minItems": 1, "maxItems": 1}
        if form != "hermes":
            return self._checked(_json_grammar(schema), "tools")
        start, end = (self._literal(text) for text in (OPEN, CLOSE))
        return self._checked(f'start: {start} "\\n" %json {json.dumps(schema)} "\\n" {end}', "tools", lark=True)

    def matcher(self, grammar: str) -> Matcher:
        """Follow one answer from its beginning."""
        import llguidance

        return Matcher(llguidance.LLMatcher(self._llguidance(), grammar))

    def _checked(self, grammar: str, param: str, *, lark: bool = False) -> str:
        import llguidance

        text = llguidance.LLMatcher.grammar_from_lark(grammar) if lark else grammar
        problem = llguidance.LLMatcher.validate_grammar(text, self._llguidance())
        if problem:
            raise Unable(f"the answer cannot be held to this schema: {' '.join(problem.split())[:300]}", param)
        return str(text)

    def _literal(self, text: str) -> str:
        """A marker as the tokenizer has it: a token of its own, or plain text."""
        special = self._tokenizer.backend_tokenizer.get_added_tokens_decoder().values()
        return text if any(token.content == text for token in special) else json.dumps(text)

    def _llguidance(self) -> Any:
        if self._known is None:
            try:
                from llguidance.hf import from_tokenizer
            except ImportError as error:
                raise Unable(
                    "this server has no llguidance, which holds answers to a schema; install 'richtwert[serving]'",
                    "response_format",
                ) from error
            self._known = from_tokenizer(self._tokenizer, n_vocab=self._vocab_size, eos_token=sorted(self._end_ids))
        return self._known


def _json_grammar(schema: Mapping[str, Any]) -> str:
    import llguidance

    return str(llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=COMPACT))


def _call_schema(function: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"const": function["name"]},
            key: function.get("parameters") or {"type": "object", "properties": {}, "additionalProperties": False},
        },
        "required": ["name", key],
        "additionalProperties": False,
    }

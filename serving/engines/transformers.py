"""The engine over transformers: a model directory, in this process, on the CPU or one GPU.

Enter at `load_engine`; it imports torch, so check the directory first (`serving.model_dir`).
"""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.contracts.errors import Failed
from serving.engine import Generation, Load, Message, PromptRefused, ToolFormat, Unable
from serving.tools import format_of

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while waiting starve each other

import torch
from jinja2 import TemplateError
from tokenizers.decoders import DecodeStream
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from serving.engines.batch import Batch
from serving.engines.grammar import Grammars
from serving.engines.worker import Worker

MOST_RUNNING = 16
UNLIMITED = 1_000_000_000
"""Tokenizers write a huge number where they know no limit."""


def load_engine(path: Path, *, threads: int | None = None, most_running: int = MOST_RUNNING) -> "TransformersEngine":
    """Load weights and tokenizer and start the worker.

    Raises:
        Failed: transformers cannot load the directory.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model: Any = AutoModelForCausalLM.from_pretrained(
            path, dtype="auto" if torch.cuda.is_available() else torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise Failed(f"{path}: transformers cannot load this model: {' '.join(str(error).split())[:300]}") from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise Failed(f"{path}: the tokenizer has no tokenizer.json form; save it as a fast tokenizer")
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return TransformersEngine(model, tokenizer, most_running=most_running)


class TransformersEngine:
    """A causal language model with its tokenizer and worker."""

    def __init__(self, model: Any, tokenizer: Any, *, most_running: int = MOST_RUNNING) -> None:
        self._tokenizer = tokenizer
        self._tokenizing = threading.Lock()
        self.vocab_size = int(model.get_input_embeddings().weight.shape[0])
        self.context_tokens = _context_tokens(model, tokenizer)
        end_ids = _end_ids(model, tokenizer)
        self._grammars = Grammars(tokenizer, vocab_size=self.vocab_size, end_ids=end_ids)
        batch = Batch(
            model,
            end_ids=end_ids,
            context_tokens=self.context_tokens,
            most=most_running,
            grammars=self._grammars,
        )
        self._worker = Worker(batch)

    def chat_prompt(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> tuple[int, ...]:
        """Token ids of a conversation in the model's chat template."""
        if not self._tokenizer.chat_template:
            raise PromptRefused("this model has no chat template; use /v1/completions")
        if tools and self.tool_format() is None:
            raise Unable("this model's chat template knows no functions; leave tools out", "tools")
        turns = [_turn(message) for message in messages]
        try:
            text = self._tokenizer.apply_chat_template(
                turns, tools=list(tools) or None, add_generation_prompt=True, tokenize=False
            )
        except TemplateError as error:
            raise PromptRefused(f"the model's chat template refuses these messages: {error}") from error
        with self._tokenizing:
            return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def tool_format(self) -> ToolFormat | None:
        """How the model writes a call of a function, as its template shows it."""
        return format_of(self._tokenizer.chat_template)

    def json_grammar(self, schema: Mapping[str, Any] | None) -> str:
        """Grammar of JSON texts that fit a schema, or of any JSON object."""
        return self._grammars.json(schema)

    def tool_grammar(self, functions: Sequence[Mapping[str, Any]]) -> str:
        """Grammar of one call of one of these functions."""
        form = self.tool_format()
        if form is None:
            raise Unable("this model's chat template knows no functions; leave tools out", "tools")
        return self._grammars.call(functions, form)

    def text_prompt(self, text: str) -> tuple[int, ...]:
        """Token ids of plain text."""
        with self._tokenizing:
            return tuple(self._tokenizer(text)["input_ids"])

    def decoder(self) -> "StreamDecoder":
        """A fresh decoder for one sequence."""
        return StreamDecoder(self._tokenizer.backend_tokenizer)

    def token_text(self, token_id: int) -> str:
        """Text of a single token."""
        return str(self._tokenizer.backend_tokenizer.decode([token_id], skip_special_tokens=False))

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none."""
        self._worker.submit(generations)

    def load(self) -> Load:
        """Present load."""
        return self._worker.load()

    def alive(self) -> bool:
        """Whether the worker runs."""
        return self._worker.alive()

    def close(self) -> None:
        """End the worker."""
        self._worker.close()


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        turn["tool_calls"] = list(message.tool_calls)
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    return turn


class StreamDecoder:
    """Incremental decoding by the tokenizers library; special tokens have no text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._ids: list[int] = []
        self._sent = ""

    def push(self, token_id: int) -> str:
        """Text that is complete with this token."""
        self._ids.append(token_id)
        piece = self._stream.step(self._tokenizer, token_id) or ""
        self._sent += piece
        return piece

    def flush(self) -> str:
        """What was held back, without an incomplete character at the end."""
        whole = self._tokenizer.decode(self._ids, skip_special_tokens=True)
        return whole[len(self._sent) :].rstrip("\ufffd") if whole.startswith(self._sent) else ""


def _context_tokens(model: Any, tokenizer: Any) -> int | None:
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    limits = [limit for limit in (stated, tokenizer.model_max_length) if limit and limit < UNLIMITED]
    return int(min(limits)) if limits else None


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """End-of-text tokens of the generation settings; a chat model often has several."""
    for ids in (model.generation_config.eos_token_id, tokenizer.eos_token_id):
        if ids is not None:
            return frozenset(ids if isinstance(ids, list | tuple) else [ids])
    return frozenset()

"""The engine over transformers: a model directory, in this process, on the CPU or one GPU.

Enter at `load_engine`; it imports torch, so check the directory first (`serving.model_dir`).
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.engine import Generation, Load, Message, PromptRefused, ToolFormat, Unable
from serving.tools import format_of

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while waiting starve each other

import torch
from jinja2 import TemplateError
from transformers.utils import logging as transformers_logging

from serving.engines.batch import Batch
from serving.engines.grammar import Grammars
from serving.engines.loading import load_tokenizer, load_weights, name_inside
from serving.engines.supervisor import HANG_S, Supervisor
from serving.engines.text import StreamDecoder

MOST_RUNNING = 16
UNLIMITED = 1_000_000_000
"""Tokenizers write a huge number where they know no limit."""


def load_engine(
    path: Path,
    *,
    threads: int | None = None,
    most_running: int = MOST_RUNNING,
    adapters: Mapping[str, Path] | None = None,
    hang_s: float = HANG_S,
) -> "TransformersEngine":
    """Load weights and tokenizer and start the worker.

    Args:
        path: of the model.
        threads: of a forward pass; None: torch's own choice.
        most_running: sequences that share a step.
        adapters: LoRA directories by name; `TransformersEngine.adapter` gives the engine of one.
        hang_s: longest forward pass, after which the engine is restarted.

    Raises:
        Failed: transformers or peft cannot load a directory.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads is not None:
        torch.set_num_threads(threads)
    tokenizer = load_tokenizer(path)
    return TransformersEngine(
        lambda: load_weights(path, adapters or {}), tokenizer, most_running=most_running, hang_s=hang_s
    )


class TransformersEngine:
    """A causal language model with its tokenizer and worker."""

    def __init__(
        self, load: Callable[[], Any], tokenizer: Any, *, most_running: int = MOST_RUNNING, hang_s: float = HANG_S
    ) -> None:
        self._tokenizer = tokenizer
        self._tokenizing = threading.Lock()
        self._load, self._most_running = load, most_running
        self._model: Any = load()
        self.vocab_size = int(self._model.get_input_embeddings().weight.shape[0])
        self.context_tokens = _context_tokens(self._model, tokenizer)
        self._end_ids = _end_ids(self._model, tokenizer)
        self._grammars = Grammars(tokenizer, vocab_size=self.vocab_size, end_ids=self._end_ids)
        self.supervisor = Supervisor(self._batch, hang_s=hang_s)

    def _batch(self, anew: bool) -> Batch:
        if anew:
            self._model = None
            self._model = self._load()
        return Batch(
            self._model,
            end_ids=self._end_ids,
            context_tokens=self.context_tokens,
            most=self._most_running,
            grammars=self._grammars,
        )

    def adapter(self, name: str) -> "AdapterEngine":
        """The engine of one of the adapters; it shares weights, steps and queue with this one."""
        return AdapterEngine(self, name)

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

    def decoder(self) -> StreamDecoder:
        """A fresh decoder for one sequence."""
        return StreamDecoder(self._tokenizer.backend_tokenizer)

    def token_text(self, token_id: int) -> str:
        """Text of a single token."""
        return str(self._tokenizer.backend_tokenizer.decode([token_id], skip_special_tokens=False))

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none."""
        self.supervisor.submit(generations)

    def load(self) -> Load:
        """Present load, without that of the adapters."""
        return self.supervisor.load()

    def alive(self) -> bool:
        """Whether the worker runs."""
        return self.supervisor.alive()

    def restarts(self) -> Mapping[str, int]:
        """How often the worker had to be replaced, by cause."""
        return self.supervisor.restarts.by_cause

    def close(self) -> None:
        """End the worker and let go of the weights."""
        self.supervisor.close()
        self._model = None


class AdapterEngine:
    """The engine of one adapter: the base model's, but for which weights make its sequences."""

    def __init__(self, base: TransformersEngine, name: str) -> None:
        self._base, self._name = base, name_inside(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none."""
        for generation in generations:
            generation.adapter = self._name
        self._base.submit(generations)

    def load(self) -> Load:
        """Present load of this adapter."""
        return self._base.supervisor.load(self._name)

    def restarts(self) -> Mapping[str, int]:
        """None of its own: they are the base model's."""
        return {}

    def close(self) -> None:
        """Nothing of its own is open."""


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        turn["tool_calls"] = list(message.tool_calls)
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    return turn


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

"""What one server holds, and how a request comes to a version of a model.

Enter at `Service.open`.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from serving.access import Access, Caller
from serving.energy_share import EnergyLedger
from serving.engine import Engine, Sampling
from serving.errors import ApiError, as_api_error, prompt_too_long, unknown_model
from serving.exchange import Exchange, Job
from serving.metrics import Metrics
from serving.model_dir import ServedModel
from serving.quota import Budgets
from serving.records import Journal, UsageRecord
from serving.trace import remark, request_id
from serving.versions import Line, Version

if TYPE_CHECKING:
    from serving.engines.encoder import Encoder
    from serving.upstream import Upstream

UNLIMITED_TOKENS = 4096
"""Longest answer of a model that states no context length, unless the request sets one; own choice."""


@dataclass(frozen=True)
class Loader:
    """What a running server may load, and how."""

    root: Path
    """Directories outside of it are refused."""
    load: Callable[[ServedModel], Engine]
    weights: bool = True
    """Whether the engine needs configuration, tokenizer and weights."""


@dataclass
class Service:
    """What one server holds."""

    lines: Mapping[str, Line]
    """Models of this process by name."""
    metrics: Metrics
    ledger: EnergyLedger
    feedback: Journal
    started_at: int
    access: Access
    budgets: Budgets
    write: Callable[[UsageRecord], None]
    """Writes a usage record down."""
    upstreams: Mapping[str, "Upstream"] = field(default_factory=dict)
    """Models that another server runs, by the names that clients ask for."""
    encoders: Mapping[str, "Encoder"] = field(default_factory=dict)
    """Models of this process that make vectors of texts."""
    cards: Mapping[str, ServedModel] = field(default_factory=dict)
    """What is known of the encoders."""
    timeout_s: float | None = None
    """Longest time from request to end of answer; None: no limit."""
    loader: Loader | None = None
    """Loads further versions; None: this server loads nothing while it runs."""

    @property
    def parents(self) -> set[str]:
        """Models over which there are adapters."""
        return {line.current.model.parent for line in self.lines.values() if line.current.model.parent is not None}

    @property
    def models(self) -> dict[str, ServedModel]:
        """Everything that clients may name."""
        own = {name: line.current.model for name, line in self.lines.items()}
        return own | dict(self.cards) | {name: ServedModel(name, None) for name in self.upstreams}

    def line(self, name: str) -> Line:
        """The versions of a model.

        Raises:
            ApiError: 404 naming the models there are, 400 for a model that only makes embeddings.
        """
        if name in self.encoders:
            message = f"The model {name!r} generates no text; it answers at /v1/embeddings"
            raise ApiError(400, message, code="unsupported_model", param="model")
        if name not in self.lines:
            raise unknown_model(name, self.models)
        return self.lines[name]

    async def open(self, name: str, make: Callable[[Engine], "Job"], caller: Caller, user: str | None) -> "Exchange":
        """Choose a version, check the prompts and what the tenant may use, and queue the sequences.

        Args:
            name: of the model.
            make: turns the request into the engine's job; runs in a thread, because it tokenises.
            caller: who asks.
            user: who asks on the caller's side; stays with one version of the model.

        Raises:
            ApiError: a prompt is empty or too long, or the tenant has used up what it may.
            EngineBusy: the queue is full.
        """
        line = self.line(name)
        version = line.choose(f"{caller.tenant}/{user}" if user else request_id())
        remark(tenant=caller.tenant, model=name, version=version.id)
        began_s = time.monotonic()
        version.begin()
        try:
            job = await asyncio.to_thread(make, version.engine)
            return self._queued(line, version, job, caller)
        except BaseException as error:
            if isinstance(error, Exception) and as_api_error(error).status >= 500:
                line.observe(version, failed=True, duration_s=time.monotonic() - began_s)
            version.end()
            raise

    def _queued(self, line: Line, version: Version, job: "Job", caller: Caller) -> "Exchange":
        engine = version.engine
        fitted = [_fitted(engine, prompt, job) for prompt in job.prompts]
        read = sum(len(prompt) for prompt in job.prompts)
        if job.sampling.max_tokens == 0:
            cap = self.budgets.most_unstated(caller.tenant, prompt_tokens=read, sequences=job.n * len(fitted))
            fitted = [replace(each, max_tokens=min(each.max_tokens, cap or each.max_tokens)) for each in fitted]
        most = job.n * sum(sampling.max_tokens for sampling in fitted)
        reservation = self.budgets.reserve(caller.tenant, prompt_tokens=read, most_tokens=most)
        try:
            return Exchange(self, line, version, job, fitted, caller, reservation)
        except BaseException:
            self.budgets.release(reservation)
            raise


def _fitted(engine: Engine, prompt: tuple[int, ...], job: "Job") -> Sampling:
    """The sampling with an answer length that fits behind the prompt; a longer wish is cut to what fits."""
    if not prompt:
        raise ApiError(400, "The prompt is empty", code="invalid_value", param=job.param)
    beyond = next((token for token in prompt if not 0 <= token < engine.vocab_size), None)
    if beyond is not None:
        message = f"Token id {beyond} is not in the vocabulary of {engine.vocab_size} tokens"
        raise ApiError(400, message, code="invalid_value", param=job.param)
    wanted = job.sampling.max_tokens
    if engine.context_tokens is None:
        return replace(job.sampling, max_tokens=wanted or UNLIMITED_TOKENS)
    room = engine.context_tokens - len(prompt)
    if room < 1:
        raise prompt_too_long(len(prompt), engine.context_tokens, job.param)
    return replace(job.sampling, max_tokens=min(wanted or room, room))

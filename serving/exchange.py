"""One request on its way through an engine: its sequences, its counts, its record at the end.

Enter at `Service` (what one server holds) and `Service.open`, which queues a request's sequences.
"""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

from openai.types import CompletionUsage

from serving.access import Access, Caller
from serving.energy_share import EnergyLedger
from serving.engine import Engine, EngineFailed, Generation, Sampling
from serving.errors import ApiError, prompt_too_long, unknown_model
from serving.generation import Piece, pieces
from serving.metrics import Metrics
from serving.model_dir import ServedModel
from serving.quota import Budgets, Reservation
from serving.records import Journal, UsageRecord

if TYPE_CHECKING:
    from serving.upstream import Upstream

UNLIMITED_TOKENS = 4096
"""Longest answer of a model that states no context length, unless the request sets one; own choice."""


@dataclass
class Service:
    """What one server holds."""

    models: Mapping[str, ServedModel]
    engines: Mapping[str, Engine]
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

    def engine(self, name: str) -> Engine:
        """The engine of a model.

        Raises:
            ApiError: 404 naming the models there are.
        """
        if name not in self.engines:
            raise unknown_model(name, [*self.engines, *self.upstreams])
        return self.engines[name]

    def open(self, job: "Job", caller: Caller) -> "Exchange":
        """Check the prompts and what the tenant may use, and queue the sequences.

        Raises:
            ApiError: a prompt is empty or too long, or the tenant has used up what it may.
            EngineBusy: the queue is full.
        """
        engine = self.engine(job.model)
        fitted = [_fitted(engine, prompt, job) for prompt in job.prompts]
        read = sum(len(prompt) for prompt in job.prompts)
        if job.sampling.max_tokens == 0:
            cap = self.budgets.most_unstated(caller.tenant, prompt_tokens=read, sequences=job.n * len(fitted))
            fitted = [replace(each, max_tokens=min(each.max_tokens, cap or each.max_tokens)) for each in fitted]
        most = job.n * sum(sampling.max_tokens for sampling in fitted)
        reservation = self.budgets.reserve(caller.tenant, prompt_tokens=read, most_tokens=most)
        try:
            return Exchange(self, engine, job, fitted, caller, reservation)
        except BaseException:
            self.budgets.release(reservation)
            raise


@dataclass(frozen=True)
class Job:
    """A request, as far as all endpoints have it in common."""

    endpoint: str
    prefix: str
    """Of the answer's id: chatcmpl, cmpl, resp."""
    model: str
    prompts: Sequence[tuple[int, ...]]
    sampling: Sampling
    """With `max_tokens` 0 for: as many as fit."""
    param: str
    """Name of the field that holds the prompt, for error messages."""
    n: int = 1
    stops: Sequence[str] = ()


class Exchange:
    """A queued request; use it in a `with` statement, whose end cancels what is not finished."""

    def __init__(
        self,
        service: Service,
        engine: Engine,
        job: Job,
        fitted: Sequence[Sampling],
        caller: Caller,
        reservation: Reservation,
    ) -> None:
        self._caller, self._reservation = caller, reservation
        self.id = f"{job.prefix}-{uuid.uuid4().hex}" if job.prefix != "resp" else f"resp_{uuid.uuid4().hex}"
        self._wall_s = time.time()
        self.created = int(self._wall_s)
        self.engine, self.job = engine, job
        self._service = service
        self._start_s = time.monotonic()
        self._first_s: float | None = None
        self._last_s = 0.0
        self._first_tokens = 0
        self._made = 0
        self._finished = 0
        pairs = list(zip(job.prompts, fitted, strict=True))
        self._generations = [
            Generation(prompt, _nth(sampling, choice)) for prompt, sampling in pairs for choice in range(job.n)
        ]
        engine.submit(self._generations)
        self._prompt_tokens = sum(len(prompt) for prompt in job.prompts)
        service.ledger.count(self.id, self._prompt_tokens)

    @property
    def usage(self) -> CompletionUsage:
        """Tokens so far; a prompt counts once however many choices were asked for."""
        return CompletionUsage(
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._made,
            total_tokens=self._prompt_tokens + self._made,
        )

    @property
    def choices(self) -> range:
        """Indices of the sequences."""
        return range(len(self._generations))

    async def stream(self) -> AsyncIterator[tuple[int, Piece]]:
        """Pieces with the index of their choice; the choices are made together and told in order."""
        for index, generation in enumerate(self._generations):
            async for piece in pieces(self.engine, generation, self.job.stops):
                self._count(index, piece)
                yield index, piece

    async def collect(self) -> list[Piece]:
        """Every choice as one piece."""
        parts: list[list[Piece]] = [[] for _ in self._generations]
        async for index, piece in self.stream():
            parts[index].append(piece)
        return [
            Piece(
                text="".join(piece.text for piece in choice),
                tokens=sum(piece.tokens for piece in choice),
                scored=tuple(token for piece in choice for token in piece.scored),
                finish=choice[-1].finish,
            )
            for choice in parts
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for generation in self._generations:
            generation.cancel()
        status: Literal["completed", "cancelled", "failed"] = "cancelled"
        if kind is not None and issubclass(kind, EngineFailed):
            status = "failed"
        elif self._finished == len(self._generations):
            status = "completed"
        self._observe(status)
        prices = self._service.budgets.prices
        cost = prices.cost(self._prompt_tokens, self._made)
        record = UsageRecord(
            id=self.id,
            created_at=datetime.fromtimestamp(self._wall_s, UTC).isoformat(),
            endpoint=self.job.endpoint,
            model=self.job.model,
            status=status,
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._made,
            duration_s=time.monotonic() - self._start_s,
            ttft_s=None if self._first_s is None else self._first_s - self._start_s,
            tenant=self._caller.tenant,
            key=self._caller.key,
            cost=cost,
            currency=prices.currency if cost is not None else None,
        )
        self._service.budgets.settle(self._reservation, record)
        self._service.ledger.finish(record)

    def _count(self, index: int, piece: Piece) -> None:
        now_s = time.monotonic()
        self._first_s = self._first_s if self._first_s is not None else now_s
        if index == 0:
            self._last_s = now_s
            self._first_tokens += piece.tokens
        self._made += piece.tokens
        self._finished += piece.finish is not None
        self._service.ledger.count(self.id, piece.tokens)

    def _observe(self, status: str) -> None:
        metrics, model = self._service.metrics, self.job.model
        metrics.requests.labels(model, self.job.endpoint, status).inc()
        metrics.prompt_tokens.labels(model).inc(self._prompt_tokens)
        metrics.generation_tokens.labels(model).inc(self._made)
        if self._first_s is not None:
            metrics.ttft.labels(model).observe(self._first_s - self._start_s)
            if self._first_tokens > 1:
                metrics.tpot.labels(model).observe((self._last_s - self._first_s) / (self._first_tokens - 1))


def _fitted(engine: Engine, prompt: tuple[int, ...], job: Job) -> Sampling:
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


def _nth(sampling: Sampling, choice: int) -> Sampling:
    """Each choice of a seeded request has its own seed, so that choices differ and repeat."""
    return (
        sampling if sampling.seed is None or choice == 0 else replace(sampling, seed=_wrapped(sampling.seed + choice))
    )


def _wrapped(seed: int) -> int:
    return seed if seed < 2**63 else seed - 2**64

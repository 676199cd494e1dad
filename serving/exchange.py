"""One request on its way through an engine: its sequences, its counts, its record at the end.

Enter at `Job` (what is asked) and `Exchange`, which `serving.service` opens.
"""

import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

from openai.types import CompletionUsage

from serving.access import Caller
from serving.engine import EngineFailed, Generation, Sampling
from serving.generation import Piece, pieces
from serving.quota import Reservation
from serving.records import UsageRecord
from serving.trace import remark, request_id
from serving.versions import Line, Version

if TYPE_CHECKING:
    from serving.service import Service


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
        service: "Service",
        line: Line,
        version: Version,
        job: Job,
        fitted: Sequence[Sampling],
        caller: Caller,
        reservation: Reservation,
    ) -> None:
        self._caller, self._reservation = caller, reservation
        self._line, self._version = line, version
        self.id = f"{job.prefix}-{uuid.uuid4().hex}" if job.prefix != "resp" else f"resp_{uuid.uuid4().hex}"
        self._wall_s = time.time()
        self.created = int(self._wall_s)
        self.engine, self.job = version.engine, job
        self.request_id = request_id()
        self._service = service
        self._start_s = time.monotonic()
        self._first_s: float | None = None
        self._last_s = 0.0
        self._first_tokens = 0
        self._made = 0
        self._finished = 0
        pairs = list(zip(job.prompts, fitted, strict=True))
        self._generations = [
            Generation(prompt, _nth(sampling, choice), timeout_s=service.timeout_s)
            for prompt, sampling in pairs
            for choice in range(job.n)
        ]
        self.engine.submit(self._generations)
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
        remark(completion_id=self.id, outcome=status, prompt_tokens=self._prompt_tokens, completion_tokens=self._made)
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
            version=self._version.id,
            request_id=self.request_id,
        )
        if status != "cancelled":
            self._line.observe(self._version, failed=status == "failed", duration_s=record.duration_s)
        self._version.end()
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


def _nth(sampling: Sampling, choice: int) -> Sampling:
    """Each choice of a seeded request has its own seed, so that choices differ and repeat."""
    return (
        sampling if sampling.seed is None or choice == 0 else replace(sampling, seed=_wrapped(sampling.seed + choice))
    )


def _wrapped(seed: int) -> int:
    return seed if seed < 2**63 else seed - 2**64

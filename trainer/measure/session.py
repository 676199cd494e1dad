"""A measurement in progress: what the user asked for, the time that is left, and what was found so far.

Enter at `Probes` and `shown`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from advisor.contracts.measurements import DecodeProbe, TrainingProbe
from trainer.energy import Meter
from trainer.measure.device import MeasuredDevice
from trainer.measure.shapes import Source
from trainer.measure.timing import Budget
from trainer.progress import Progress


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    sources: Sequence[Source] = ()
    """Models to time; none: a size that fits."""
    batch_sequences: int | None = None
    sequence_tokens: int | None = None


@dataclass
class Probes:
    """A measurement in progress."""

    device: MeasuredDevice
    meter: Meter
    budget: Budget
    progress: Progress
    wanted: Wanted
    warnings: list[str] = field(default_factory=list)
    training: list[TrainingProbe] = field(default_factory=list)
    decode: list[DecodeProbe] = field(default_factory=list)


@contextmanager
def shown(probes: Probes, name: str, share_s: float) -> Iterator[Callable[[float], None]]:
    """A bar over the seconds of a probe; yields what to tell the seconds so far."""
    total = max(1, round(share_s))
    probes.progress.begin(name, total=total)

    def advance(seconds: float) -> None:
        probes.progress.advance(min(total - 1, int(seconds)), total)

    try:
        yield advance
    finally:
        probes.progress.end()

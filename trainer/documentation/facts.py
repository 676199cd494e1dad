"""What the documentation of a model is made from, and how its numbers read in English and in German.

Enter at `CardFacts` and `Said`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.plan import BaseModelSource, TrainingPlan
from advisor.contracts.runs import EnergyReport, Environment, PhaseReport
from trainer.manifest import RunState

NOT_KNOWN = "not known"
NOT_KNOWN_DE = "nicht bekannt"
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Said:
    """One item in both languages."""

    known: bool
    text: str
    text_de: str


@dataclass(frozen=True)
class CardFacts:
    """A finished run, as far as its documentation needs it."""

    plan: TrainingPlan
    model: Path
    """Directory of the weights."""
    config: dict[str, Any]
    """The model's config.json."""
    parameters: int
    phases: Sequence[PhaseReport]
    energy: EnergyReport
    data_card: dict[str, Any]
    environment: Environment
    state: RunState
    created_at: str
    licence: str
    training_data: str

    @property
    def base_model(self) -> str | None:
        """Name of the model that training began from; None: random weights."""
        return self.plan.model.model if isinstance(self.plan.model, BaseModelSource) else None

    @property
    def context_tokens(self) -> int | None:
        """Most tokens of question and answer together; None where the configuration names none."""
        return self.config.get("max_position_embeddings") or self.config.get("n_positions")

    @property
    def training_flop(self) -> float:
        """Of all phases."""
        return sum(phase.training_flop or 0.0 for phase in self.phases)

    @property
    def hours(self) -> float:
        """Of all phases over all attempts."""
        return sum(phase.duration_s for phase in self.phases) / SECONDS_PER_HOUR

    @property
    def hardware(self) -> str:
        """Accelerators that were used, else the processor."""
        names = self.environment.accelerators
        if names:
            return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
        return f"{self.environment.processor} (threads: {self.environment.torch_threads})"


def german(text: str) -> str:
    """A number as German writes it: 1.234,5 for 1,234.5."""
    return text.translate(str.maketrans(",.", ".,"))


def count_de(value: int) -> str:
    """A whole number in German."""
    return german(f"{value:,}")


def figure_de(value: float, digits: int = 3) -> str:
    """A figure of so many digits in German."""
    return german(f"{value:.{digits}g}")


def size_text(size_bytes: int) -> str:
    """Bytes in the decimal unit that suits them."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= limit:
            return f"{size_bytes / limit:.3g} {unit}"
    return f"{size_bytes} bytes"


def days_text(began_at: str, ended_at: str, *, to: str, on: str) -> str:
    """The day or days of a run, with the words of a language between them."""
    first, last = day(began_at), day(ended_at)
    return f"{on} {first}" if first == last else f"{first} {to} {last}"


def day(instant: str) -> str:
    """The date of an ISO 8601 instant."""
    return instant[:10]

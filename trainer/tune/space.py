"""What a search varies, and a plan with one choice of it put in.

Enter at `space_of` and `with_settings`. Pure: no file, no training library.
"""

from dataclasses import dataclass
from typing import Any, Literal

from advisor.contracts.base import AmountRange
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import HyperparameterRange, TrainingPlan

Phase = Literal["pretrain", "sft", "reward", "rl"]
PHASES: tuple[Phase, ...] = ("pretrain", "sft", "reward", "rl")
BATCH_FIELD: dict[Phase, str] = {
    "pretrain": "batch_sequences",
    "sft": "batch_sequences",
    "reward": "batch_pairs",
    "rl": "batch_completions",
}
AMOUNT_FIELD: dict[Phase, str] = {"pretrain": "max_steps", "sft": "epochs", "reward": "epochs", "rl": "max_steps"}
"""What says how long a phase trains: steps, which depend on the batch, or passes over the data, which do not."""
RATE_SPAN = 3.0
BATCH_FACTORS = (0.5, 1.0, 2.0)
DERIVED = (
    "derived from the phase's own settings: the learning rate from a third of the plan's to three times it, drawn "
    "log-uniformly (Bengio 2012, arXiv:1206.5533: rates are searched on a log scale), and half, one and two times its "
    "batch (McCandlish et al. 2018, arXiv:1812.06162: around a critical size, the batch trades steps against data)"
)


@dataclass(frozen=True)
class Settings:
    """One choice of what is searched."""

    learning_rate: float
    batch_sequences: int
    """Sequences per step; pairs for the reward model, completions for reinforcement learning."""

    def as_params(self) -> dict[str, float | int]:
        """As the study keeps it."""
        return {"learning_rate": self.learning_rate, "batch_sequences": self.batch_sequences}

    def words(self) -> str:
        """For people."""
        return f"learning rate {self.learning_rate:.3g}, batch {self.batch_sequences}"


@dataclass(frozen=True)
class Space:
    """Where to look: learning rates between two bounds, on a log scale, and batch sizes by name."""

    phase: Phase
    rate_low: float
    rate_high: float
    batches: tuple[int, ...]
    source: str
    start: Settings
    """The plan's own settings, which are tried first."""

    @property
    def start_lies_inside(self) -> bool:
        """Whether the plan's own settings belong to the space."""
        return self.rate_low <= self.start.learning_rate <= self.rate_high and self.start.batch_sequences in (
            self.batches
        )


def phase_to_tune(plan: TrainingPlan, wanted: Phase | None) -> Phase:
    """The phase that was asked for, or the first one that the plan's `search` names and the plan has.

    Raises:
        BadInput: the plan has no such phase.
    """
    if plan.model.family != "decoder":
        raise BadInput(f"model.family: {plan.model.family} has no search yet; `trainer tune` searches decoders alone")
    present = [phase for phase in PHASES if getattr(plan.phases, phase) is not None]
    if wanted is not None:
        if wanted not in present:
            raise BadInput(f"--phase: the plan has no phase {wanted}; it has {', '.join(present)}")
        return wanted
    named = {row.phase for row in plan.search}
    return next((phase for phase in present if phase in named), present[0])


def space_of(plan: TrainingPlan, phase: Phase, *, fixed_batch: bool = False) -> Space:
    """The plan's own range for the phase, or one derived from its settings.

    Args:
        plan: the training plan.
        phase: which phase is searched.
        fixed_batch: keep the plan's batch and search the learning rate alone.

    Raises:
        BadInput: a bound is not positive, or a batch does not fit the phase.
    """
    start = settings_of(plan, phase)
    number, row = _given(plan, phase)
    if row is None:
        space = _derived(plan, phase, start)
    else:
        rates = _bounds(row.learning_rate, f"search.{number}.learning_rate")
        batches = tuple(sorted(set(row.batch_sequences)))
        _check_batches(plan, phase, batches, f"search.{number}.batch_sequences")
        space = Space(phase, *rates, batches, "the plan's search", start)
    if not fixed_batch:
        return space
    return Space(phase, space.rate_low, space.rate_high, (start.batch_sequences,), space.source, start)


def settings_of(plan: TrainingPlan, phase: Phase) -> Settings:
    """What the plan has now."""
    found = getattr(plan.phases, phase)
    return Settings(found.learning_rate, getattr(found, BATCH_FIELD[phase]))


def with_settings(plan: TrainingPlan, phase: Phase, settings: Settings, *, share: float = 1.0) -> TrainingPlan:
    """The plan with other settings of one phase, trained on the same amount of data.

    steps = share * steps of the plan * batch of the plan / batch   (pretrain, rl);  epochs = share * epochs of the plan
    so every trial sees as much text, pairs or completions as any other, whatever its batch.

    Args:
        plan: the plan to change.
        phase: the phase that is searched.
        settings: what to put in.
        share: part of the phase's training to do.
    """
    before = getattr(plan.phases, phase)
    amount = AMOUNT_FIELD[phase]
    scaled = share * getattr(before, amount)
    if amount == "max_steps":
        scaled = max(1, round(scaled * getattr(before, BATCH_FIELD[phase]) / settings.batch_sequences))
    changed: dict[str, Any] = {
        "learning_rate": settings.learning_rate,
        BATCH_FIELD[phase]: settings.batch_sequences,
        amount: scaled,
    }
    phases = plan.phases.model_copy(update={phase: before.model_copy(update=changed)})
    return plan.model_copy(update={"phases": phases})


def _given(plan: TrainingPlan, phase: Phase) -> tuple[int, HyperparameterRange | None]:
    return next(((number, row) for number, row in enumerate(plan.search) if row.phase == phase), (0, None))


def _derived(plan: TrainingPlan, phase: Phase, start: Settings) -> Space:
    multiple = plan.phases.rl.num_generations if phase == "rl" and plan.phases.rl is not None else 1
    sizes = {max(multiple, round(start.batch_sequences * factor / multiple) * multiple) for factor in BATCH_FACTORS}
    rate = start.learning_rate
    return Space(phase, rate / RATE_SPAN, rate * RATE_SPAN, tuple(sorted(sizes)), DERIVED, start)


def _bounds(rates: AmountRange, where: str) -> tuple[float, float]:
    if rates.low <= 0:
        raise BadInput(f"{where}.low: {rates.low} cannot be searched on a log scale; give a positive rate")
    return rates.low, rates.high


def _check_batches(plan: TrainingPlan, phase: Phase, batches: tuple[int, ...], where: str) -> None:
    if phase != "rl" or plan.phases.rl is None:
        return
    groups = plan.phases.rl.num_generations
    bad = [batch for batch in batches if batch % groups]
    if bad:
        raise BadInput(f"{where}: {bad[0]} is no multiple of phases.rl.num_generations {groups}")

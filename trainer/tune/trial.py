"""One trial: the real phase on the plan with one choice of settings, measured on held-out data as it goes.

Enter at `run_trial`. A trial keeps its log and its record; weights and checkpoints are deleted.
"""

import gc
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna
import torch
from transformers import AutoConfig, AutoTokenizer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from advisor.contracts.errors import Failed
from advisor.contracts.plan import Architecture, TrainingPlan
from trainer.corpus.prepare import Prepared
from trainer.phases.common import PhaseContext, PhaseResult
from trainer.plan import base_model_name, moved
from trainer.progress import Progress
from trainer.steps import run_step
from trainer.tune.measure import Measure, measure_for, take
from trainer.tune.shared import Shared, keep_figures_only, trial_folder
from trainer.tune.space import Phase, Settings, with_settings
from trainer.tune.spending import Spending
from trainer.tune.study import REPORTS

NO_CHECKPOINTS = 10**9
Ending = Literal["complete", "pruned", "diverged", "failed"]


class Diverged(Exception):
    """The held-out figure is no number any more."""


@dataclass
class Outcome:
    """What a trial came to; times and energy are with its Spending."""

    ending: Ending
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    steps: int | None = None
    error: str = ""
    reports: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """What stays the same from trial to trial."""

    plan: TrainingPlan
    base: Path
    """Directory that the plan's paths are relative to."""
    phase: Phase
    share: float
    """Part of the phase's training that a trial does."""
    shared: Shared
    measure: Measure
    progress: Progress


def measure_of(plan: TrainingPlan, base: Path, phase: Phase, shared: Shared) -> Measure:
    """The measure of the searched phase, on the data set aside for judging."""
    before = shared.run / "phases" / shared.earlier[-1] / "model" if shared.earlier else None
    tokenizer = AutoTokenizer.from_pretrained(before if before is not None else shared.run / "tokenizer")
    if isinstance(plan.model, Architecture):
        context = plan.model.context_tokens
    else:
        context = int(AutoConfig.from_pretrained(str(base_model_name(plan, base))).max_position_embeddings)
    prepared = Prepared(shared.judging / "data", shared.judging / "suite.jsonl")
    return measure_for(plan, phase, prepared, tokenizer, context_tokens=context)


def run_trial(bench: Bench, trial: optuna.Trial, settings: Settings, spending: Spending) -> Outcome:
    """Train the phase with these settings and say what came of it.

    Raises:
        BadInput: the plan cannot be carried out at all.
        StopRequested: Ctrl-C or SIGTERM.
        CapReached: a cap would be passed.
    """
    folder = trial_folder(bench.shared, trial.number)
    plan = with_settings(bench.plan, bench.phase, settings, share=bench.share)
    plan = moved(plan, bench.base, folder).model_copy(update={"checkpoint_steps": NO_CHECKPOINTS})
    reporter = Reporter(trial, bench.measure, spending)
    context = PhaseContext(plan=plan, base=folder, output=folder, progress=bench.progress, callbacks=(reporter,))
    outcome = reporter.outcome
    try:
        result = run_step(context, bench.phase)
        _take_over(outcome, result)
    except optuna.TrialPruned:
        outcome.ending = "pruned"
    except Diverged:
        outcome.ending, outcome.error = "diverged", f"the {bench.measure.name} is no number"
    except (Failed, torch.OutOfMemoryError) as error:
        outcome.error = str(error).strip().splitlines()[0]
        # A phase whose loss ran away asks for another rate: that says something of the settings, unlike other failures.
        outcome.ending = "diverged" if f"phases.{bench.phase}.learning_rate" in outcome.error else "failed"
    finally:
        bench.progress.end()
        keep_figures_only(folder, bench.phase)
        _give_back_memory()
    return outcome


class Reporter(TrainerCallback):
    """Measures at equal shares of the training, tells the study, and ends the trial when that is better."""

    def __init__(self, trial: optuna.Trial, measure: Measure, spending: Spending) -> None:
        self.outcome = Outcome("complete")
        self._trial, self._measure, self._spending = trial, measure, spending
        self._reported = 0
        self._awaited: int | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> TrainerControl:
        """Measure when another share is done."""
        self._spending.tick()
        self.outcome.steps = state.global_step
        share = state.global_step * REPORTS // state.max_steps
        if share <= self._reported:
            return control
        self._reported = share
        if self._measure.judge is None:
            self._awaited = share
            control.should_evaluate = True
            return control
        score = take(self._measure.judge, given["model"])
        if score is None:
            raise Diverged
        self.outcome.low, self.outcome.high, self.outcome.n = score.low, score.high, score.n
        self._report(score.value, share)
        return control

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Take over what the phase's own trainer measured, where it was asked to."""
        share, self._awaited = self._awaited, None
        if share is not None:
            self._report(float((metrics or {})["eval_accuracy"]), share)
        return control

    def _report(self, value: float, share: int) -> None:
        if not math.isfinite(value):
            raise Diverged
        self.outcome.value = value
        self.outcome.reports.append(value)
        self._trial.report(value, share)
        if share < REPORTS and self._trial.should_prune():
            raise optuna.TrialPruned


def _take_over(outcome: Outcome, result: PhaseResult) -> None:
    """The reward model's interval comes from the phase itself."""
    if outcome.low is None and "held_out_pair_accuracy_low" in result.metrics:
        outcome.low = result.metrics["held_out_pair_accuracy_low"]
        outcome.high = result.metrics["held_out_pair_accuracy_high"]
        outcome.n = int(result.metrics["held_out_pairs"])


def _give_back_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

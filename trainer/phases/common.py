"""What all phases share: their surroundings, the training loop with its callbacks, and their result.

Enter at `PhaseContext`, `run_trainer` and `PhaseResult`.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from advisor.contracts.errors import Failed
from advisor.contracts.plan import TrainingPlan
from trainer.checkpoint import mark_complete, newest_complete, remove_later
from trainer.corpus.prepare import Prepared
from trainer.progress import Progress
from trainer.stop import StopRequested, stop_is_wanted


@dataclass(frozen=True)
class PhaseContext:
    """What a phase needs to run."""

    plan: TrainingPlan
    base: Path
    """Directory that the plan's paths are relative to."""
    output: Path
    progress: Progress
    note_time: Callable[[], None] = lambda: None
    """Called at every checkpoint, so that the time spent survives a killed process."""
    callbacks: tuple[TrainerCallback, ...] = ()
    """More callbacks for the training loop, such as the one that reports a trial of a search."""

    @property
    def prepared(self) -> Prepared:
        """The data of the run, once its data step is done."""
        return Prepared(self.output / "data", self.output / "suite.jsonl")

    def directory(self, phase: str) -> Path:
        """The phase's directory, made if need be."""
        path = self.output / "phases" / phase
        path.mkdir(parents=True, exist_ok=True)
        return path

    def model_directory(self, phase: str) -> Path:
        """Where a phase leaves its model."""
        return self.output / "phases" / phase / "model"


@dataclass
class PhaseResult:
    """What a phase did; times and energy are added by the caller."""

    steps: int = 0
    tokens: int = 0
    training_flop: float | None = None
    tokens_per_s: float | None = None
    loss_first: float | None = None
    loss_last: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trained:
    """A finished training loop."""

    trainer: Any
    steps: int
    tokens: int
    """Tokens that went through forward and backward, padding included, over all attempts."""
    tokens_per_s: float | None
    """Of the last attempt, inside the loop: without imports, loading and saving at the end."""


class Watch(TrainerCallback):
    """Shows progress, counts tokens, writes log.jsonl, marks checkpoints, and turns a wish to stop into one."""

    def __init__(self, context: PhaseContext, phase: str) -> None:
        self._context, self._phase = context, phase
        self._directory = context.directory(phase)
        self.tokens_before = 0
        self.tokens = 0
        self.stopped = False

    def count(self, module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        """Hook of the input embedding: every token that is trained on passes here exactly once."""
        if module.training and torch.is_grad_enabled():
            self.tokens += int(inputs[0].numel())

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Advance the bar; save and stop when asked to."""
        self._context.progress.advance(state.global_step, state.max_steps, self.tokens)
        if stop_is_wanted() and state.global_step < state.max_steps:
            control.should_save = True
            control.should_training_stop = True
            self.stopped = True
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Keep every figure that the trainer reports."""
        figures = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
        with (self._directory / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": state.global_step, **figures}) + "\n")
        self._context.progress.figures(figures)
        return control

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Mark the checkpoint that was just written."""
        checkpoint = self._directory / f"checkpoint-{state.global_step}"
        mark_complete(checkpoint, step=state.global_step, tokens=self.tokens_before + self.tokens)
        self._context.note_time()
        return control


def matmul_params(model: PreTrainedModel) -> int:
    """Parameters that take part in matrix products: the output head counts, a mere look-up table does not."""
    matrices = sum(parameter.numel() for parameter in model.parameters() if parameter.ndim >= 2)
    embedding = model.get_input_embeddings().weight
    head = model.get_output_embeddings()
    tied = head is not None and head.weight is embedding
    return matrices if tied else matrices - embedding.numel()


def run_trainer(context: PhaseContext, phase: str, build: Callable[[list[TrainerCallback]], Any]) -> Trained:
    """Train from the newest complete checkpoint, if any.

    Args:
        context: surroundings of the phase.
        phase: its name.
        build: makes the trainer from the callbacks it must carry.

    Raises:
        StopRequested: the user asked to stop; a checkpoint was saved.
        Failed: the loss is no number any more.
    """
    directory = context.directory(phase)
    watch = Watch(context, phase)
    trainer = build([watch, *context.callbacks])
    trainer.remove_callback(PrinterCallback)  # prints each log on standard output, which is for results
    found = newest_complete(directory)
    step = found[1].step if found is not None else 0
    for left in remove_later(directory, step):
        context.progress.note(f"{phase}: {left.name} is incomplete and was removed")
    _truncate_log(directory / "log.jsonl", step)
    if found is not None:
        watch.tokens_before = found[1].tokens
        context.progress.note(f"{phase}: goes on after step {step}")
    handle = trainer.model.get_input_embeddings().register_forward_pre_hook(watch.count)
    begun_s = time.monotonic()
    trainer.train(resume_from_checkpoint=str(found[0]) if found is not None else None)
    loop_s = time.monotonic() - begun_s
    handle.remove()
    if watch.stopped:
        raise StopRequested(phase)
    _require_finite(directory / "log.jsonl", phase)
    return Trained(
        trainer=trainer,
        steps=trainer.state.global_step,
        tokens=watch.tokens_before + watch.tokens,
        tokens_per_s=watch.tokens / loop_s if watch.tokens else None,
    )


def read_log(path: Path) -> list[dict[str, float]]:
    """Rows of a phase's log.jsonl; empty when there is none."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def losses(path: Path) -> tuple[float | None, float | None]:
    """First and last logged training loss of a phase."""
    values = [row["loss"] for row in read_log(path) if "loss" in row]
    return (values[0], values[-1]) if values else (None, None)


def _require_finite(path: Path, phase: str) -> None:
    bad = [row for row in read_log(path) if not math.isfinite(row.get("loss", 0.0))]
    if bad:
        raise Failed(
            f"{phase}: the loss is {bad[0]['loss']} at step {int(bad[0]['step'])}; lower phases.{phase}.learning_rate"
        )


def _truncate_log(path: Path, step: int) -> None:
    """Drop what was logged after the checkpoint that the run goes on from."""
    rows = [row for row in read_log(path) if row["step"] <= step]
    if path.exists():
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

"""What all phases share: their surroundings, the training loop with its callbacks, and their result.

Enter at `PhaseContext`, `run_trainer` and `PhaseResult`.
"""

import json
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
from trainer.checkpoint import Marker, mark_complete, newest_complete, remove_later
from trainer.corpus.prepare import Prepared
from trainer.phases.health import LossWatch
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

    def kept_log(self, phase: str) -> list[dict[str, float]]:
        """What the phase logged up to the checkpoint that it will go on from."""
        found = newest_complete(self.directory(phase))
        step = found[1].step if found is not None else 0
        return [row for row in read_log(self.directory(phase) / "log.jsonl") if row["step"] <= step]

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
    parts: tuple[int, ...] = ()
    """Tokens of the last attempt by input: those of encoder and decoder where a model has both."""


class Watch(TrainerCallback):
    """Shows progress, counts tokens, writes log.jsonl, marks checkpoints, and turns a wish to stop into one."""

    def __init__(self, context: PhaseContext, phase: str) -> None:
        self._context, self._phase = context, phase
        self._directory = context.directory(phase)
        self.health: LossWatch | None = None
        self.trouble: tuple[int, str] | None = None
        self.tokens_before = 0
        self.parts: dict[int, int] = {}
        self.stopped = False

    @property
    def tokens(self) -> int:
        """Tokens trained on in this process."""
        return sum(self.parts.values())

    def count(self, module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        """Hook of the input embeddings: every token that is trained on passes here exactly once."""
        if module.training and torch.is_grad_enabled():
            self.parts[id(module)] = self.parts.get(id(module), 0) + int(inputs[0].numel())

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Advance the bar; stop when the loss is unsound, save and stop when asked to."""
        self._context.progress.advance(state.global_step, state.max_steps, self.tokens)
        if self.health is not None and (control.should_log or control.should_save):
            wrong = self.health.trouble()
            if wrong is not None:
                self.trouble = (state.global_step, wrong)
                control.should_save, control.should_training_stop = False, True
                return control
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
    """Parameters that take part in matrix products: the output head counts, mere look-up tables do not."""
    return _matrices(model, model.get_output_embeddings())


def _matrices(module: torch.nn.Module, head: torch.nn.Module | None) -> int:
    matrices = sum(parameter.numel() for parameter in module.parameters() if parameter.ndim >= 2)
    tables = {id(part.weight): part.weight.numel() for part in module.modules() if isinstance(part, torch.nn.Embedding)}
    if head is not None:
        tables.pop(id(head.weight), None)
    return matrices - sum(tables.values())


def training_flop(trained: Trained, model: PreTrainedModel) -> float:
    """Model FLOP of a finished loop that trains all weights.

    F = 6 * sum of tokens * parameters that multiply them: of a decoder all, of an encoder-decoder each token meets its
    own half; the decoder's cross-attention reads keys and values from the encoder's tokens.
    units: FLOP. source: Kaplan et al. 2020 (arXiv 2001.08361), 2 forward and 4 backward; attention scores left out.
    """
    whole = matmul_params(model)
    if len(trained.parts) < 2:
        return 6.0 * whole * trained.tokens
    crossing = [w for name, w in model.named_parameters() if "EncDecAttention.k" in name or "EncDecAttention.v" in name]
    encoder = _matrices(model.get_encoder(), None) + sum(w.numel() for w in crossing)
    shares = trained.parts if any(trained.parts) else (1, 1)
    mean = (encoder * shares[0] + (whole - encoder) * shares[1]) / sum(shares)
    return 6.0 * mean * trained.tokens


def token_inputs(model: PreTrainedModel) -> list[torch.nn.Module]:
    """The look-up tables that every token passes exactly once: one, or those of encoder and decoder."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if getattr(inner.config, "is_encoder_decoder", False):
        return [inner.get_encoder().embed_tokens, inner.get_decoder().embed_tokens]
    return [inner.get_input_embeddings()]


def run_trainer(context: PhaseContext, phase: str, build: Callable[[list[TrainerCallback]], Any]) -> Trained:
    """Train from the newest complete checkpoint, if any.

    Args:
        context: surroundings of the phase.
        phase: its name.
        build: makes the trainer from the callbacks it must carry.

    Raises:
        StopRequested: the user asked to stop; a checkpoint was saved.
        Failed: the loss is no number any more, or has run away; the last good checkpoint is kept.
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
    watch.health = LossWatch(phase, context.plan.max_loss_ratio, _logged_losses(directory / "log.jsonl"))
    watch.health.attach(trainer)
    tables = token_inputs(trainer.model)
    handles = [module.register_forward_pre_hook(watch.count) for module in tables]
    begun_s = time.monotonic()
    trainer.train(resume_from_checkpoint=str(found[0]) if found is not None else None)
    loop_s = time.monotonic() - begun_s
    for handle in handles:
        handle.remove()
    if watch.trouble is not None:
        raise Failed(_unsound(phase, *watch.trouble, newest_complete(directory)))
    if watch.stopped:
        raise StopRequested(phase)
    return Trained(
        trainer=trainer,
        steps=trainer.state.global_step,
        tokens=watch.tokens_before + watch.tokens,
        tokens_per_s=watch.tokens / loop_s if watch.tokens else None,
        parts=tuple(watch.parts.get(id(table), 0) for table in tables),
    )


def read_log(path: Path) -> list[dict[str, float]]:
    """Rows of a phase's log.jsonl; empty when there is none."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:  # cut off by a full disk or a killed process
            continue
    return rows


def losses(path: Path) -> tuple[float | None, float | None]:
    """First and last logged training loss of a phase."""
    values = _logged_losses(path)
    return (values[0], values[-1]) if values else (None, None)


def _logged_losses(path: Path) -> list[float]:
    return [row["loss"] for row in read_log(path) if "loss" in row]


def _unsound(phase: str, step: int, wrong: str, kept: tuple[Path, Marker] | None) -> str:
    left = f"the checkpoint of step {kept[1].step} before it is kept" if kept is not None else "no checkpoint yet"
    return (
        f"{phase}: {wrong} at step {step}; {left}. Lower the rate and start anew with another --output: "
        f"--set phases.{phase}.learning_rate=..."
    )


def _truncate_log(path: Path, step: int) -> None:
    """Drop what was logged after the checkpoint that the run goes on from."""
    rows = [row for row in read_log(path) if row["step"] <= step]
    if path.exists():
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

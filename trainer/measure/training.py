"""A short training on random tokens, by the loop and the settings of `trainer run`: forward, backward, AdamW.

Enter at `training_probe`. The steps are those of transformers' Trainer with `trainer.phases.settings`, not of a loop
of our own, so that what the Trainer itself costs is in the figures.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from advisor.contracts.measurements import ProbedModel, TrainingProbe
from advisor.contracts.plan import BaseModelSource, BuiltinCorpus, DataPlan, PhasesPlan, PretrainPhase, TrainingPlan
from advisor.contracts.runs import EnergyReport
from trainer.energy import Meter, Window
from trainer.measure.device import MeasuredDevice
from trainer.measure.timing import spread_fraction
from trainer.phases.settings import arguments_for

WARM_UP_STEPS = 2
BLOCK_S = 1.0
"""Steps of an accelerator are timed in blocks of about this: waiting for each would cost what is to be measured."""
MOST_BLOCKS = 200
ENDLESS_STEPS = 100_000
BLOCKS_OF_DATA = 4096


class RandomTokens(Dataset[dict[str, torch.Tensor]]):
    """Blocks of random token ids; speed does not depend on what they say."""

    def __init__(self, vocab_size: int, length: int) -> None:
        self._blocks = torch.randint(vocab_size, (BLOCKS_OF_DATA, length), generator=torch.Generator().manual_seed(0))

    def __len__(self) -> int:
        return BLOCKS_OF_DATA

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        block = self._blocks[index]
        return {"input_ids": block, "labels": block}


class StepClock(TrainerCallback):
    """Times the steps behind the warm-up, opens the meter's window around them, and ends the training in time."""

    def __init__(
        self,
        device: MeasuredDevice,
        meter: Meter,
        share_s: float,
        *,
        advance: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device, self._meter, self._share_s = device, meter, share_s
        self._advance, self._clock = advance, clock
        self._stack = ExitStack()
        self._window: Window | None = None
        self._begun_s = self._last_s = clock()
        self._steps = self._block = 0
        self.block_steps = 1
        self.times_s: list[float] = []
        """Of one step each, by the mean of its block."""

    @property
    def energy(self) -> EnergyReport | None:
        """Of the timed steps; None when there are none."""
        return None if self._window is None else self._window.report

    @property
    def duration_s(self) -> float:
        """Of all timed steps together."""
        return sum(self.times_s) * self.block_steps

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Start the clock."""
        self._begun_s = self._last_s = self._clock()
        return control

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Note the step, or the end of a block of steps."""
        self._steps += 1
        if self._window is None:
            self._warm_up(control)
            return control
        self._block += 1
        if self._block < self.block_steps:
            return control
        self._device.synchronize()
        now_s = self._clock()
        block_s = now_s - self._last_s
        self.times_s.append(block_s / self.block_steps)
        self._last_s, self._block = now_s, 0
        self._advance(now_s - self._begun_s)
        if now_s - self._begun_s + block_s > self._share_s or len(self.times_s) >= MOST_BLOCKS:
            control.should_training_stop = True
            self._stack.close()
        return control

    def close(self) -> None:
        """End the window, if it is still open."""
        self._stack.close()

    def _warm_up(self, control: TrainerControl) -> None:
        self._device.synchronize()
        now_s = self._clock()
        step_s, self._last_s = now_s - self._last_s, now_s
        left_s = self._share_s - (now_s - self._begun_s)
        if step_s > left_s:
            control.should_training_stop = True
        elif self._steps >= WARM_UP_STEPS or 4 * step_s > left_s:
            if self._device.is_cuda:
                self.block_steps = max(1, round(BLOCK_S / step_s))
            self._window = self._stack.enter_context(self._meter.window("training"))
            self._last_s = self._clock()


def training_probe(
    model: PreTrainedModel,
    described: ProbedModel,
    *,
    device: MeasuredDevice,
    meter: Meter,
    batch: tuple[int, int],
    share_s: float,
    advance: Callable[[float], None] = lambda _: None,
) -> TrainingProbe | None:
    """Train for a while; None when not even one step fits behind the warm-up.

    Args:
        model: in float32, on any device.
        described: what the report says of it.
        device: where to train.
        meter: of that device.
        batch: sequences and their length in tokens.
        share_s: time for warm-up and steps.
        advance: told the seconds so far.
    """
    rows, length = batch
    device.forget_peak()
    clock = StepClock(device, meter, share_s, advance=advance)
    with tempfile.TemporaryDirectory() as directory:
        trainer = Trainer(
            model=model,
            args=_arguments(rows, length, Path(directory)),
            train_dataset=RandomTokens(described.vocab_size, length),
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        try:
            trainer.train()
        finally:
            clock.close()
    if not clock.times_s or clock.energy is None:
        return None
    step_s = median(clock.times_s)
    flop_per_token = 6.0 * described.matmul_parameters
    return TrainingProbe(
        model=described,
        batch_sequences=rows,
        sequence_tokens=length,
        steps=len(clock.times_s) * clock.block_steps,
        duration_s=clock.duration_s,
        tokens_per_s=rows * length / step_s,
        spread_fraction=spread_fraction(clock.times_s),
        training_flop_per_token=flop_per_token,
        flop_per_s=flop_per_token * rows * length / step_s,
        peak_memory_bytes=device.peak_bytes(),
        energy=clock.energy,
    )


def _arguments(rows: int, length: int, directory: Path) -> TrainingArguments:
    """Those of the phase `pretrain`, without checkpoints, on one device."""
    phase = PretrainPhase(max_steps=ENDLESS_STEPS, batch_sequences=rows, sequence_tokens=length)
    plan = TrainingPlan(
        name="measure",
        data=DataPlan(corpora=(BuiltinCorpus(),)),
        model=BaseModelSource(kind="base_model", model="measured"),
        phases=PhasesPlan(pretrain=phase),
    )
    arguments = arguments_for(
        TrainingArguments,
        plan,
        directory,
        max_steps=ENDLESS_STEPS,
        per_device_train_batch_size=rows,
        learning_rate=1e-4,
        weight_decay=0.01,
        save_strategy="no",
    )
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # else the Trainer splits each batch over all devices
    return arguments

"""The phases of a plan as workloads: how many steps of what. Enter at `wanted_of`."""

import json
from dataclasses import dataclass
from pathlib import Path

from advisor.calibrate.runs import data_hash
from advisor.contracts.calibration import Calibration, Workload
from advisor.contracts.plan import RewardPhase, SftPhase, TrainingPlan
from advisor.contracts.runs import PhaseName
from advisor.core.compute import TrainedShare, flop_per_token
from advisor.forecast.target import Size

CHARACTERS_PER_TOKEN = 4.0
"""Of English text with usual tokenizers, where nobody has counted: own assumption."""


@dataclass(frozen=True)
class Wanted:
    """One phase of a plan."""

    workload: Workload
    steps: int | None
    """None: not known."""
    steps_note: str
    """Where the number of steps comes from, or why it is not known."""
    step_flop: float | None
    """Model FLOPs of a step; None where the lengths of the texts are not known."""
    examples: int | None = None
    example_tokens: float | None = None


@dataclass(frozen=True)
class Examples:
    """How many examples an epoch has."""

    count: int | None
    tokens: float | None
    """Of one example."""
    note: str


def wanted_of(
    plan: TrainingPlan, size: Size, base: Path, calibration: Calibration | None, stated_examples: int | None = None
) -> list[Wanted]:
    """The phases of a plan, in order; `stated_examples` are those of one epoch of tuning, where the user knows them."""
    phases, found = plan.phases, []
    if phases.pretrain is not None:
        phase = phases.pretrain
        tokens = phase.batch_sequences * phase.sequence_tokens
        load = _workload("pretrain", size, batch=phase.batch_sequences, length=phase.sequence_tokens)
        found.append(Wanted(load, phase.max_steps, "the plan", _flop(size, "all") * tokens))
    data = data_hash(plan.data)
    if phases.sft is not None:
        found.append(_sft(plan, phases.sft, size, _examples(plan, base, data, calibration, stated_examples), data))
    if phases.reward is not None:
        pairs = _known_examples("reward", plan, data, calibration)
        found.append(_reward(phases.reward, size, data, pairs))
    if phases.rl is not None:
        rl = phases.rl
        load = _workload("rl", size, batch=rl.batch_completions, length=rl.max_completion_tokens, data=data)
        found.append(Wanted(load, rl.max_steps, "the plan", None))
    return found


def _examples(
    plan: TrainingPlan, base: Path, data: str, calibration: Calibration | None, stated: int | None
) -> Examples:
    if stated is not None:
        return Examples(stated, None, f"{stated:,} examples, as stated")
    return _known_examples("sft", plan, data, calibration) or _own_examples(plan, base)


def _sft(plan: TrainingPlan, phase: SftPhase, size: Size, examples: Examples, data: str) -> Wanted:
    trained: TrainedShare = "all" if phase.lora is None else "adapters"
    load = _workload("sft", size, batch=phase.batch_sequences, data=data, is_lora=phase.lora is not None)
    steps = None
    if examples.count is not None:
        steps = max(1, round(phase.epochs * examples.count / phase.batch_sequences))
    flop = None
    if examples.tokens is not None:
        flop = _flop(size, trained) * examples.tokens * phase.batch_sequences
    return Wanted(load, steps, examples.note, flop, examples.count, examples.tokens)


def _reward(phase: RewardPhase, size: Size, data: str, pairs: Examples | None) -> Wanted:
    load = _workload("reward", size, batch=phase.batch_pairs, data=data)
    if pairs is None or pairs.count is None:
        why = "the number of preference pairs is not known; a run with the phase reward on the same data tells it"
        return Wanted(load, None, why, None)
    steps = max(1, round(phase.epochs * pairs.count / phase.batch_pairs))
    return Wanted(load, steps, pairs.note, None, pairs.count)


def _known_examples(
    phase: PhaseName, plan: TrainingPlan, data: str, calibration: Calibration | None
) -> Examples | None:
    """Examples of an epoch as a run on the same texts counted them, without what this plan holds out."""
    for entry in calibration.entries if calibration is not None else ():
        work = entry.workload
        if work is not None and work.phase == phase and work.data_sha256 == data and work.examples is not None:
            kept = max(1, round(work.examples * (1.0 - plan.data.holdout_fraction)))
            return Examples(kept, None, f"{kept:,} examples, as a run on the same data counted them")
    return None


def _own_examples(plan: TrainingPlan, base: Path) -> Examples:
    """Lines and lengths of the plan's own instructions."""
    path = plan.data.instructions
    if path is None or not (base / path).is_file():
        return Examples(
            None, None, "the number of examples is not known; give --examples, or a run with the phase sft on this data"
        )
    count, characters = 0, 0
    with (base / path).open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                count += 1
                characters += sum(len(str(turn.get("content", ""))) for turn in json.loads(line).get("messages", ()))
    kept = max(1, round(count * (1.0 - plan.data.holdout_fraction)))
    tokens = characters / max(1, count) / CHARACTERS_PER_TOKEN
    return Examples(
        kept, tokens, f"{kept:,} examples of {path}, {tokens:.0f} tokens each at {CHARACTERS_PER_TOKEN:g} characters"
    )


def _flop(size: Size, trained: TrainedShare) -> float:
    return float(flop_per_token(size.matmul_parameters, trained=trained))


def _workload(
    phase: PhaseName,
    size: Size,
    *,
    batch: int,
    length: int | None = None,
    data: str | None = None,
    is_lora: bool = False,
) -> Workload:
    return Workload(
        phase=phase,
        method="lora" if is_lora else "full",
        parameters=round(size.parameters),
        matmul_parameters=round(size.matmul_parameters),
        batch_sequences=batch,
        sequence_tokens=length,
        data_sha256=data,
    )

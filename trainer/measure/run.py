"""One measurement of this machine: every probe in turn, within the time it may take.

Enter at `measure_machine`. What does not fit, in time or in memory, is left out with a warning that says so.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from advisor.contracts.measurements import (
    BandwidthProbe,
    DecodeProbe,
    IdlePower,
    MachineIdentity,
    MachineMeasurement,
    MatmulProbe,
    Precision,
    TrainingProbe,
)
from advisor.files import read_document
from trainer.energy import Meter, open_meter
from trainer.environment import environment_of, use_available_threads
from trainer.measure.decode import decode_probe
from trainer.measure.device import DTYPES, MeasuredDevice, this_device
from trainer.measure.facts import part_of
from trainer.measure.idle import IDLE_S, idle_power
from trainer.measure.kernels import bandwidth_probe, matmul_probe
from trainer.measure.models import built, context_of, described
from trainer.measure.shapes import (
    MEMORY_SHARE,
    Source,
    batch_of,
    fitting,
    training_bytes,
)
from trainer.measure.timing import Budget
from trainer.measure.training import training_probe
from trainer.phases.common import matmul_params
from trainer.progress import Progress
from trainer.sizes import ADAM_BYTES_PER_PARAMETER, stored_parameters

MATMUL_SHARE = 0.15
BANDWIDTH_SHARE = 0.05
TRAINING_SHARE = 0.55
"""Of what is left when its turn comes; the rest is for the answers, and for building models."""
DECODE_SHARE = 0.35
DECODE_ROWS = (1, 8)
REACHED_FRACTION = 0.5
"""Share of the matrix rate that a training step reaches, for choosing a size alone: own assumption."""
LEAST_STEPS = 6
RESTLESS_FRACTION = 0.25
"""Spread of the repeats above which a figure comes with a warning."""


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


def measure_machine(wanted: Wanted, budget: Budget, progress: Progress) -> MachineMeasurement:
    """Measure what this machine draws when idle, multiplies, copies, trains and answers.

    Args:
        wanted: models and batch.
        budget: time for all of it.
        progress: where to show what goes on.
    """
    use_available_threads()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    device = this_device()
    torch.manual_seed(0)
    uuids = None if device.uuid is None else [device.uuid]
    with open_meter(uuids=uuids, synchronize=device.synchronize) as meter, progress:
        probes = Probes(device, meter, budget, progress, wanted)
        idle = _idle(probes)
        products = _products(probes)
        bandwidth = _bandwidth(probes)
        rate = next(probe.flop_per_s for probe in products if probe.precision == device.training_precision)
        sources = wanted.sources or [_default(probes, rate)]
        for number, source in enumerate(sources):
            _model(probes, source, rate, 1.0 / (len(sources) - number))
    _warn_of_other_work(probes)
    return MachineMeasurement(
        id=f"machine-{datetime.now(UTC):%Y%m%d}-{uuid.uuid4().hex[:8]}",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=_identity(probes),
        idle=idle,
        matmul=tuple(products),
        bandwidth=bandwidth,
        training=tuple(probes.training),
        decode=tuple(probes.decode),
        warnings=tuple(probes.warnings),
    )


def _identity(probes: Probes) -> MachineIdentity:
    device = probes.device
    part = None
    if device.name is not None and device.memory_bytes is not None:
        part = part_of(device.name, device.memory_bytes)
        if part is None:
            probes.warnings.append(f"the catalogue knows no accelerator {device.name!r} with this memory")
    if device.num_visible > 1:
        probes.warnings.append(f"one of {device.num_visible} accelerators was measured")
    return MachineIdentity(
        environment=environment_of((device.name,) if device.name is not None else ()),
        accelerator=None if part is None else part.id,
        accelerator_count=1 if device.is_cuda else 0,
        memory_bytes=device.memory_bytes,
    )


def _idle(probes: Probes) -> IdlePower:
    with _shown(probes, "idle", 0.0 if probes.meter.reason else IDLE_S):
        return idle_power(probes.meter)


def _products(probes: Probes) -> list[MatmulProbe]:
    precisions = probes.device.precisions
    share_s = probes.budget.share(MATMUL_SHARE) / len(precisions)
    found = []
    for precision in precisions:
        with _shown(probes, f"matmul {precision}", share_s) as advance:
            found.append(matmul_probe(probes.device, precision, share_s, advance))
    return found


def _bandwidth(probes: Probes) -> BandwidthProbe:
    share_s = probes.budget.share(BANDWIDTH_SHARE)
    with _shown(probes, "memory", share_s) as advance:
        return bandwidth_probe(probes.device, share_s, advance)


def _default(probes: Probes, rate: float) -> Source:
    share_s = probes.budget.share(TRAINING_SHARE)
    return fitting(probes.device.free_bytes(), REACHED_FRACTION * rate, share_s, steps=LEAST_STEPS)


def _model(probes: Probes, source: Source, rate: float, part: float) -> None:
    """Training and answers of one model, in its part of the time that is left."""
    device, name = probes.device, str(source) if isinstance(source, Path) else source.name
    free_bytes = device.free_bytes()
    batch = batch_of(
        None if isinstance(source, Path) else source, probes.wanted.batch_sequences, _length(probes, source)
    )
    if free_bytes is not None and _least_bytes(source, batch) > MEMORY_SHARE * free_bytes:
        probes.warnings.append(
            f"{name}: not timed, as its training takes more than {MEMORY_SHARE:.0%} of the free memory "
            f"({free_bytes / 2**30:.1f} GiB); name a smaller model"
        )
        return
    model = built(source)
    try:
        _train(probes, model, source, name, batch, rate, part)
        _answer(probes, model, source, name, part)
    except torch.OutOfMemoryError:
        probes.warnings.append(f"{name}: the device's memory was too small; name a smaller model or --batch")


def _train(
    probes: Probes, model: PreTrainedModel, source: Source, name: str, batch: tuple[int, int], rate: float, part: float
) -> None:
    share_s = part * probes.budget.share(TRAINING_SHARE)
    rows, length = batch
    if probes.wanted.batch_sequences is None:
        step_s = 6 * matmul_params(model) * length / (REACHED_FRACTION * rate)
        while rows > 1 and LEAST_STEPS * step_s * rows > share_s:
            rows //= 2
    precision = probes.device.training_precision
    with _shown(probes, f"training {name}", share_s) as advance:
        found = training_probe(
            model,
            described(model, source, precision),
            device=probes.device,
            meter=probes.meter,
            batch=(rows, length),
            share_s=share_s,
            advance=advance,
        )
    if found is None:
        probes.warnings.append(
            f"{name}: a training step on {rows} x {length} tokens did not fit into {share_s:.0f} s; "
            "give more --minutes, a smaller --batch or a smaller model"
        )
    else:
        probes.training.append(found)


def _answer(probes: Probes, model: PreTrainedModel, source: Source, name: str, part: float) -> None:
    precision = _answering_precision(source, probes.device)
    model.to(device=probes.device.torch_device, dtype=DTYPES[precision]).eval()
    for number, rows in enumerate(DECODE_ROWS):
        share_s = part * probes.budget.share(DECODE_SHARE) / (len(DECODE_ROWS) - number)
        with _shown(probes, f"decode {name} x {rows}", share_s) as advance:
            found = decode_probe(
                model,
                described(model, source, precision),
                device=probes.device,
                meter=probes.meter,
                rows=rows,
                context_tokens=context_of(model),
                share_s=share_s,
                advance=advance,
            )
        if found is None:
            probes.warnings.append(f"{name}: an answer to {rows} prompts did not fit into {share_s:.0f} s")
        else:
            probes.decode.append(found)


def _answering_precision(source: Source, device: MeasuredDevice) -> Precision:
    """As `serving up` loads a model: float32 on a processor, on a GPU as the weights are stored."""
    if not device.is_cuda:
        return "fp32"
    if not isinstance(source, Path):
        return device.training_precision
    config = read_document(source / "config.json")
    stored = str(config.get("dtype") or config.get("torch_dtype"))
    names: dict[str, Precision] = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
    return names.get(stored, "fp32")


def _length(probes: Probes, source: Source) -> int | None:
    """Length of the sequences, where the user or a directory's configuration says it."""
    if probes.wanted.sequence_tokens is not None or not isinstance(source, Path):
        return probes.wanted.sequence_tokens
    limit = read_document(source / "config.json").get("max_position_embeddings")
    return min(256, int(limit)) if limit else None


def _least_bytes(source: Source, batch: tuple[int, int]) -> float:
    """Memory of training with one sequence at a time; of a directory its weights and optimiser alone."""
    if isinstance(source, Path):
        return float(ADAM_BYTES_PER_PARAMETER * stored_parameters(source))
    return training_bytes(source, 1, batch[1])


def _warn_of_other_work(probes: Probes) -> None:
    for probe in (*probes.training, *probes.decode):
        spread = probe.spread_fraction
        if spread is not None and spread > RESTLESS_FRACTION:
            what = "training" if isinstance(probe, TrainingProbe) else f"decode of {probe.batch_sequences}"
            probes.warnings.append(
                f"{probe.model.name}: {what}: the quartiles of the repeats lie {spread:.0%} of the median apart; "
                "if other work ran on this machine, measure again without it"
            )


@contextmanager
def _shown(probes: Probes, name: str, share_s: float) -> Iterator[Callable[[float], None]]:
    """A bar over the seconds of a probe; yields what to tell the seconds so far."""
    total = max(1, round(share_s))
    probes.progress.begin(name, total=total)

    def advance(seconds: float) -> None:
        probes.progress.advance(min(total - 1, int(seconds)), total)

    try:
        yield advance
    finally:
        probes.progress.end()

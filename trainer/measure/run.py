"""One measurement of this machine: every probe in turn, within the time it may take.

Enter at `measure_machine`.
"""

import uuid
from datetime import UTC, datetime

import torch
from transformers.utils import logging as transformers_logging

from advisor.contracts.measurements import (
    BandwidthProbe,
    IdlePower,
    MachineIdentity,
    MachineMeasurement,
    MatmulProbe,
)
from trainer.energy import open_meter
from trainer.environment import environment_of, use_available_threads
from trainer.measure.device import this_device
from trainer.measure.facts import part_of
from trainer.measure.idle import IDLE_S, idle_power, is_metered
from trainer.measure.kernels import bandwidth_probe, matmul_probe
from trainer.measure.per_model import LEAST_STEPS, REACHED_FRACTION, TRAINING_SHARE, probe_model
from trainer.measure.session import Probes, Wanted, shown
from trainer.measure.shapes import Source, fitting
from trainer.measure.timing import Budget
from trainer.progress import Progress

MATMUL_SHARE = 0.15
BANDWIDTH_SHARE = 0.05
RESTLESS_FRACTION = 0.25
"""Spread of the repeats above which a figure comes with a warning."""


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
            probe_model(probes, source, rate, 1.0 / (len(sources) - number))
    found = MachineMeasurement(
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
    return found.model_copy(update={"warnings": (*found.warnings, *_warn_of_other_work(found))})


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
    with shown(probes, "idle", IDLE_S if is_metered(probes.meter) else 0.0):
        return idle_power(probes.meter)


def _products(probes: Probes) -> list[MatmulProbe]:
    precisions = probes.device.precisions
    share_s = probes.budget.share(MATMUL_SHARE) / len(precisions)
    found = []
    for precision in precisions:
        with shown(probes, f"matmul {precision}", share_s) as advance:
            found.append(matmul_probe(probes.device, precision, share_s, advance))
    return found


def _bandwidth(probes: Probes) -> BandwidthProbe:
    share_s = probes.budget.share(BANDWIDTH_SHARE)
    with shown(probes, "memory", share_s) as advance:
        return bandwidth_probe(probes.device, share_s, advance)


def _default(probes: Probes, rate: float) -> Source:
    share_s = probes.budget.share(TRAINING_SHARE)
    return fitting(probes.device.free_bytes(), REACHED_FRACTION * rate, share_s, steps=LEAST_STEPS)


def _warn_of_other_work(found: MachineMeasurement) -> list[str]:
    """Repeats that lie far apart: most often something else ran meanwhile."""
    spreads = [(f"matmul {probe.precision}", probe.spread_fraction) for probe in found.matmul]
    if found.bandwidth is not None:
        spreads.append(("memory", found.bandwidth.spread_fraction))
    spreads += [(f"training {probe.model.name}", probe.spread_fraction) for probe in found.training]
    spreads += [
        (f"decode {probe.model.name} x {probe.batch_sequences}", probe.spread_fraction) for probe in found.decode
    ]
    return [
        f"{name}: the quartiles of the repeats lie {spread:.0%} of the median apart; if other work ran on this "
        "machine, measure again without it"
        for name, spread in spreads
        if spread is not None and spread > RESTLESS_FRACTION
    ]

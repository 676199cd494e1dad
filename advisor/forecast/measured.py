"""Hours of a phase from what was measured on the same hardware.

Enter at `measured_phase`. The nearest workload counts; the farther away it is in size, batch, method or data, the wider
the band.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from advisor.calibrate.figures import (
    OVERHEAD_SPREAD_LN,
    hardware_words,
    own_run_spread_ln,
    workload_words,
)
from advisor.contracts.base import Interval
from advisor.contracts.calibration import CalibratedHardware, Calibration, CalibrationEntry, Quantity, Workload
from advisor.core.sampling import Z95
from advisor.core.units import SECONDS_PER_HOUR
from advisor.forecast.wanted import Wanted

SIZE_SPREAD_LN_PER_E_FOLD = 0.15
"""A factor e in parameters or in tokens of a step, beyond what the FLOPs say: own assumption."""
SAME_SIZE_LN = 0.02
"""Sizes within 2 % are the same: a tokenizer may find fewer words than it may hold."""
OTHER_METHOD_SPREAD_LN = 0.3
OTHER_DATA_SPREAD_LN = 0.5
"""Texts of unknown lengths."""
OTHER_PHASE_SPREAD_LN = 0.3


@dataclass(frozen=True)
class Timed:
    """A phase on measured hardware."""

    hours: Interval
    source: str


@dataclass(frozen=True)
class _Near:
    """An entry that tells something of the wanted workload: seconds of a step there, and how far it is away."""

    entry: CalibrationEntry
    step_s: float
    extra_spread_ln: float


def measured_phase(wanted: Wanted, hardware: CalibratedHardware, calibration: Calibration | None) -> Timed | str:
    """P5, P50 and P95 of a phase's hours, or why they cannot be said.

    t = n t_step + t_around,  s^2 = s_post^2 + s_run^2 + d^2
    units: s -> h; s_post the error of what was learnt, s_run that of one more run, d the distance of the workload.
    source: predictive distribution of a normal mean on the log scale; quantiles of both parts are added, as what slows
    the steps slows the rest. validity: the same hardware, otherwise idle as it was.
    """
    if calibration is None:
        return "no calibration was given (--calibration)"
    if wanted.steps is None:
        return wanted.steps_note
    entries = [
        entry
        for entry in calibration.entries
        if entry.posterior is not None and entry.hardware == hardware and entry.workload is not None
    ]
    near = _nearest(wanted, entries)
    if near is None:
        return f"no phase {wanted.workload.phase} was measured on {hardware_words(hardware)}"
    loop_s = wanted.steps * near.step_s
    one_more_ln = max(own_run_spread_ln(loop_s), *_least_measured_ln(near.entry))
    spread_ln = sqrt(_spread_ln(near.entry) ** 2 + one_more_ln**2 + near.extra_spread_ln**2)
    loop = [loop_s * exp(k * Z95 * spread_ln) for k in (-1.0, 0.0, 1.0)]
    around, around_note = _around(wanted, entries)
    low, middle, high = (float(f"{(a + b) / SECONDS_PER_HOUR:.4g}") for a, b in zip(loop, around, strict=True))
    count = len([item for item in near.entry.observations if item.state == "counted"])
    far = "the same workload" if near.extra_spread_ln == 0 else f"nearest: {workload_words(near.entry.workload)}"
    source = (
        f"measured on {hardware_words(hardware)} in {count} {'report' if count == 1 else 'reports'}, {far}; "
        f"{wanted.steps:,} steps of {near.step_s:.3g} s, {around_note}"
    )
    return Timed(Interval(p5=low, p50=middle, p95=high), source)


def _nearest(wanted: Wanted, entries: Sequence[CalibrationEntry]) -> _Near | None:
    found = [near for entry in entries if (near := _near(wanted, entry)) is not None]
    # Steps of the phase itself before rates of products, the better known before the worse.
    return min(
        found,
        key=lambda near: (near.extra_spread_ln, near.entry.quantity != "step_s", _spread_ln(near.entry)),
        default=None,
    )


def _near(wanted: Wanted, entry: CalibrationEntry) -> _Near | None:
    if entry.workload is None or entry.posterior is None:
        return None
    if entry.quantity == "step_s" and entry.workload.phase == wanted.workload.phase:
        ratio = _work_ratio(wanted.workload, entry.workload)
        if ratio is None:
            return None
        return _Near(entry, entry.posterior.p50 * ratio, _distance_ln(wanted.workload, entry.workload))
    if entry.quantity == "training_flop_per_s" and wanted.step_flop is not None:
        distance = _distance_ln(wanted.workload, entry.workload)
        if entry.workload.phase != wanted.workload.phase:
            distance = sqrt(distance**2 + OTHER_PHASE_SPREAD_LN**2)
        return _Near(entry, wanted.step_flop / entry.posterior.p50, distance)
    return None


def _work_ratio(wanted: Workload, measured: Workload) -> float | None:
    """Work of a step over that of a measured one; None where a size that differs is not known."""
    ratio = 1.0
    if not _is_same_size(wanted, measured):
        if wanted.matmul_parameters is None or measured.matmul_parameters is None:
            ratio *= wanted.parameters / measured.parameters
        else:
            ratio *= wanted.matmul_parameters / measured.matmul_parameters
    for name in ("batch_sequences", "sequence_tokens"):
        here, there = getattr(wanted, name), getattr(measured, name)
        if here != there:
            if here is None or there is None:
                return None
            ratio *= here / there
    if wanted.method != measured.method:  # frozen weights need no gradient of their own: 4 N against 6 N
        ratio *= 4 / 6 if wanted.method == "lora" else 6 / 4
    return ratio


def _distance_ln(wanted: Workload, measured: Workload) -> float:
    """What is not known for being another workload, as a spread of ln."""
    folds = 0.0 if _is_same_size(wanted, measured) else abs(log(wanted.parameters / measured.parameters))
    here, there = _step_tokens(wanted), _step_tokens(measured)
    if here is not None and there is not None:
        folds += abs(log(here / there))
    squares = (SIZE_SPREAD_LN_PER_E_FOLD * folds) ** 2
    if wanted.method != measured.method:
        squares += OTHER_METHOD_SPREAD_LN**2
    if wanted.data_sha256 != measured.data_sha256 and wanted.phase == measured.phase:
        squares += OTHER_DATA_SPREAD_LN**2
    return sqrt(squares)


def _step_tokens(workload: Workload) -> float | None:
    """Tokens of a step where blocks are packed; else its sequences, which stand for them."""
    if workload.batch_sequences is None:
        return None
    return float(workload.batch_sequences * (workload.sequence_tokens or 1))


def _is_same_size(wanted: Workload, measured: Workload) -> bool:
    return abs(log(wanted.parameters / measured.parameters)) < SAME_SIZE_LN


def _around(wanted: Wanted, entries: Sequence[CalibrationEntry]) -> tuple[list[float], str]:
    """Seconds outside the steps at P5, P50 and P95: of the nearest workload of the phase; zero where nobody knows."""
    found = [item for item in _of(entries, "overhead_s") if item.workload is not None and item.posterior is not None]
    same = [item for item in found if item.workload is not None and item.workload.phase == wanted.workload.phase]
    if not same:
        return [0.0, 0.0, 0.0], "starting and saving not counted: not measured"
    best = min(same, key=lambda item: _distance_ln(wanted.workload, item.workload) if item.workload else 0.0)
    middle = best.posterior.p50 if best.posterior is not None else 0.0
    spread_ln = sqrt(_spread_ln(best) ** 2 + OVERHEAD_SPREAD_LN**2)
    return [middle * exp(k * Z95 * spread_ln) for k in (-1.0, 0.0, 1.0)], f"{middle:.3g} s around them"


def _least_measured_ln(entry: CalibrationEntry) -> list[float]:
    """Error of the best of the measured runs: on a machine that others use too, the next run errs no less."""
    spreads = [item.spread_ln for item in entry.observations if item.state == "counted" and item.spread_ln is not None]
    return [min(spreads)] if spreads else []


def _of(entries: Sequence[CalibrationEntry], quantity: Quantity) -> list[CalibrationEntry]:
    return [entry for entry in entries if entry.quantity == quantity]


def _spread_ln(entry: CalibrationEntry) -> float:
    posterior = entry.posterior
    return 0.0 if posterior is None else log(posterior.p95 / posterior.p5) / (2 * Z95)

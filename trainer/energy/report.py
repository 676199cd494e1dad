"""From tallies to the EnergyReport: quality class, coverage, uncertainty and the reasons in words.

Enter at `report_window`. Quality classes are those of the contract; what was not measured is None. Accelerators and
host (processor packages, memory) are two figures that are never added here. `estimate_from_tdp` is for a caller who
asks for a guess where nothing was measured, and labels it so.
"""

from collections.abc import Iterable, Sequence

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import DeviceEnergy, EnergyQuality, EnergyReport, HostEnergy
from trainer.energy.integrate import Tally

SYSTEMATIC_FRACTION = 0.05
"""Accuracy of the boards' power sensors (Yang et al., arXiv 2312.02741, SC24)."""
COUNTER_PERIOD_S = 0.1
"""Slowest update of the energy counter seen (ml.energy); each edge of a window errs by up to that much."""
POWER_LAG_S = 0.5
"""Ampere and newer give the mean of the last second (nvml.h): a step at an edge is half a second late in the mean."""
SHORTEST_S = 2.0
"""Twenty counter periods: below, the edges alone would err by more than 10 %."""
SHORTEST_HOST_S = 0.1
"""Counters of processors step each millisecond or so, and are read at the edges themselves."""
FULL_COVERAGE_FRACTION = 0.9
TDP_FRACTIONS = (0.4, 1.0)
"""Share of its power limit that a busy device draws; own assumption, wide on purpose."""
LOST = ("gpu_is_lost", "gpu_not_found", "reset_required")
RANK: tuple[EnergyQuality, ...] = (
    "measured_counter",
    "measured_counter_repaired",
    "integrated_power",
    "partial",
    "estimated_tdp",
    "unavailable",
)
"""Best first."""


def report_window(
    tallies: Sequence[Tally], duration_s: float, reason: str, *, host_reason: str = "", flags: Iterable[str] = ()
) -> EnergyReport:
    """Add up the devices of one window.

    Args:
        tallies: one per device; empty when there is nothing to measure.
        duration_s: length of the window on the monotonic clock.
        reason: why there are no accelerators.
        host_reason: why neither processor nor memory is among the tallies.
        flags: what befell the window as a whole.
    """
    accelerators = [tally for tally in tallies if not tally.device.is_host]
    host = _host([tally for tally in tallies if tally.device.is_host], duration_s, host_reason)
    noted = tuple(sorted({*flags, *_flags(accelerators)}))
    if not accelerators:
        return unavailable(duration_s, reason or "there is no device to measure", flags=noted, host=host)
    if duration_s < SHORTEST_S:
        words = f"the window is shorter than {SHORTEST_S:g} s, too short for the update period of the counter"
        return unavailable(duration_s, words, devices=_devices(accelerators, None), flags=noted, host=host)
    read = [tally for tally in accelerators if tally.covered_s > 0]
    if not read:
        words = f"no device gave a reading ({', '.join(noted) or 'neither counter nor power sensor'})"
        return unavailable(duration_s, words, devices=_devices(accelerators, None), flags=noted, host=host)
    coverage = _coverage(accelerators, duration_s)
    energy_j = _scaled_j(read, duration_s) * len(accelerators) / len(read)
    quality = _worst(accelerators, duration_s)
    return EnergyReport(
        quality=quality,
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s,
        coverage_fraction=coverage,
        uncertainty_fraction=min(1.0, SYSTEMATIC_FRACTION + _edges_s(read) / duration_s + 1 - coverage),
        devices=_devices(accelerators, duration_s),
        reason=_missing(coverage) if quality == "partial" else "",
        flags=noted,
        host=host,
    )


def unavailable(
    duration_s: float,
    reason: str,
    *,
    devices: tuple[DeviceEnergy, ...] = (),
    flags: tuple[str, ...] = (),
    host: HostEnergy | None = None,
) -> EnergyReport:
    """A report without a figure, and why."""
    return EnergyReport(
        quality="unavailable",
        energy_j=None,
        duration_s=duration_s,
        mean_power_w=None,
        coverage_fraction=0.0,
        uncertainty_fraction=None,
        devices=devices,
        reason=reason,
        flags=flags,
        host=host,
    )


def estimate_from_tdp(duration_s: float, *, tdp_w: float, num_devices: int = 1) -> EnergyReport:
    """A guess at what devices used that were busy but not measured.

    E = n x TDP x t x (low + high) / 2, band +/- (high - low) / (high + low)
    units: W, s -> J.   source: `TDP_FRACTIONS`, an assumption of ours.
    validity: a busy device whose power limit is known; says nothing about an idle one.

    Raises:
        BadInput: the time, the power limit or the number of devices is not positive.
    """
    for name, value in (("duration_s", duration_s), ("tdp_w", tdp_w), ("num_devices", num_devices)):
        if not value > 0:
            raise BadInput(f"{name}: {value} is not above 0; energy is only estimated for a known time and power limit")
    low, high = TDP_FRACTIONS
    energy_j = num_devices * tdp_w * duration_s * (low + high) / 2
    return EnergyReport(
        quality="estimated_tdp",
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s,
        coverage_fraction=0.0,
        uncertainty_fraction=(high - low) / (high + low),
        reason=f"not measured: an estimate, {low:g} to {high:g} of the power limit of {tdp_w:g} W over the time",
        flags=("estimated",),
    )


def _host(tallies: Sequence[Tally], duration_s: float, reason: str) -> HostEnergy:
    read = [tally for tally in tallies if tally.covered_s > 0]
    if not read or duration_s < SHORTEST_HOST_S:
        if tallies:
            short = duration_s < SHORTEST_HOST_S
            reason = f"the window is shorter than {SHORTEST_HOST_S:g} s" if short else "no counter could be read"
        return HostEnergy(
            quality="unavailable",
            energy_j=None,
            coverage_fraction=0.0,
            devices=_devices(tallies, None),
            reason=reason or "there is no counter of processor or memory",
            flags=_flags(tallies),
        )
    quality = _worst(tallies, duration_s)
    coverage = _coverage(tallies, duration_s)
    words = [f"readings exist for {coverage:.0%} of device time"] if quality == "partial" else []
    if not any(tally.device.scope == "dram" for tally in tallies):
        words.append("memory has no counter of its own on this machine")
    return HostEnergy(
        quality=quality,
        # a package that was not read is no copy of another one, nor memory of a package: it stays missing
        energy_j=_scaled_j(read, duration_s),
        coverage_fraction=coverage,
        devices=_devices(tallies, duration_s),
        reason="; ".join(words),
        flags=_flags(tallies),
    )


def _scaled_j(read: Sequence[Tally], duration_s: float) -> float:
    return sum(tally.energy_j * max(1.0, duration_s / tally.covered_s) for tally in read)


def _coverage(tallies: Sequence[Tally], duration_s: float) -> float:
    return sum(_covered(tally, duration_s) for tally in tallies) / len(tallies)


def _covered(tally: Tally, duration_s: float) -> float:
    return min(1.0, tally.covered_s / duration_s)


def _edges_s(read: Sequence[Tally]) -> float:
    """Seconds of mean power by which both edges together may err: P x period / T each, of the worst device."""
    return 2 * max(POWER_LAG_S if tally.method == "power" else COUNTER_PERIOD_S for tally in read)


def _worst(tallies: Sequence[Tally], duration_s: float) -> EnergyQuality:
    quality = max((_quality(tally, duration_s) for tally in tallies), key=RANK.index)
    return "partial" if quality == "unavailable" else quality


def _quality(tally: Tally, duration_s: float) -> EnergyQuality:
    if tally.method == "none":
        return "unavailable"
    if tally.covered_s / duration_s <= FULL_COVERAGE_FRACTION or tally.flags.intersection(LOST):
        return "partial"
    if tally.method == "power":
        return "integrated_power"
    return "measured_counter" if tally.method == "counter" else "measured_counter_repaired"


def _flags(tallies: Sequence[Tally]) -> tuple[str, ...]:
    return tuple(sorted({flag for tally in tallies for flag in (*tally.flags, *tally.device.flags)}))


def _devices(tallies: Sequence[Tally], duration_s: float | None) -> tuple[DeviceEnergy, ...]:
    """What each device was seen to use, not scaled up; None where the window says nothing."""
    return tuple(
        DeviceEnergy(
            uuid=tally.device.uuid,
            name=tally.device.name,
            scope=tally.device.scope,
            energy_j=tally.energy_j if duration_s is not None and tally.method != "none" else None,
            flags=_flags([tally]),
            counter_energy_j=tally.counter_energy_j if duration_s is not None else None,
            power_energy_j=tally.power_energy_j if duration_s is not None else None,
            coverage_fraction=_covered(tally, duration_s) if duration_s is not None else None,
            samples=tally.samples,
            errors=dict(sorted(tally.errors.items())),
            power_limit_w=tally.device.power_limit_w,
            driver_version=tally.device.driver_version,
        )
        for tally in tallies
    )


def _missing(coverage_fraction: float) -> str:
    return (
        f"readings exist for {coverage_fraction:.0%} of device time; the total is scaled up from them "
        "and its uncertainty widened"
    )

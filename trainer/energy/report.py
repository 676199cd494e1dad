"""From tallies to the EnergyReport: quality class, coverage, uncertainty and the reasons in words.

Enter at `report_window`. Quality classes are those of the contract; what was not measured is None.
"""

from collections.abc import Sequence

from advisor.contracts.runs import DeviceEnergy, EnergyQuality, EnergyReport
from trainer.energy.integrate import Tally

SYSTEMATIC_FRACTION = 0.05
"""Accuracy of the boards' power sensors (Yang et al., arXiv 2312.02741, SC24)."""
COUNTER_PERIOD_S = 0.1
"""Slowest update of the energy counter seen (ml.energy); each edge of a window errs by up to that much."""
SHORTEST_S = 2.0
"""Twenty counter periods: below, the edges alone would err by more than 10 %."""
FULL_COVERAGE_FRACTION = 0.9
LOST = ("gpu_is_lost", "gpu_not_found", "reset_required")
RANK: tuple[EnergyQuality, ...] = (
    "measured_counter",
    "measured_counter_repaired",
    "integrated_power",
    "partial",
    "unavailable",
)


def report_window(tallies: Sequence[Tally], duration_s: float, reason: str) -> EnergyReport:
    """Add up the devices of one window.

    Args:
        tallies: one per device; empty when there is nothing to measure.
        duration_s: length of the window on the monotonic clock.
        reason: why there are no devices.
    """
    flags = tuple(sorted({flag for tally in tallies for flag in (*tally.flags, *tally.device.flags)}))
    if not tallies:
        return _unavailable(duration_s, (), flags, reason or "there is no device to measure")
    if duration_s < SHORTEST_S:
        words = f"the window is shorter than {SHORTEST_S:g} s, too short for the update period of the counter"
        return _unavailable(duration_s, _devices(tallies, None), flags, words)
    read = [tally for tally in tallies if tally.covered_s > 0]
    if not read:
        words = f"no device gave a reading ({', '.join(flags) or 'neither counter nor power sensor'})"
        return _unavailable(duration_s, _devices(tallies, None), flags, words)
    coverage = sum(min(1.0, tally.covered_s / duration_s) for tally in read) / len(tallies)
    per_device_j = [tally.energy_j * max(1.0, duration_s / tally.covered_s) for tally in read]
    energy_j = sum(per_device_j) * len(tallies) / len(read)
    quality = max((_quality(tally, duration_s) for tally in tallies), key=RANK.index)
    quality = "partial" if quality == "unavailable" else quality
    return EnergyReport(
        quality=quality,
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s,
        coverage_fraction=coverage,
        uncertainty_fraction=min(1.0, SYSTEMATIC_FRACTION + 2 * COUNTER_PERIOD_S / duration_s + 1 - coverage),
        devices=_devices(tallies, duration_s),
        reason=_missing(coverage) if quality == "partial" else "",
        flags=flags,
    )


def _quality(tally: Tally, duration_s: float) -> EnergyQuality:
    if tally.method == "none":
        return "unavailable"
    if tally.covered_s / duration_s <= FULL_COVERAGE_FRACTION or tally.flags.intersection(LOST):
        return "partial"
    if tally.method == "power":
        return "integrated_power"
    return "measured_counter" if tally.method == "counter" else "measured_counter_repaired"


def _devices(tallies: Sequence[Tally], duration_s: float | None) -> tuple[DeviceEnergy, ...]:
    """What each device was seen to use, not scaled up; None where the window says nothing."""
    return tuple(
        DeviceEnergy(
            uuid=tally.device.uuid,
            name=tally.device.name,
            scope=tally.device.scope,
            energy_j=tally.energy_j if duration_s is not None and tally.method != "none" else None,
            flags=tuple(sorted({*tally.flags, *tally.device.flags})),
        )
        for tally in tallies
    )


def _missing(coverage_fraction: float) -> str:
    return (
        f"readings exist for {coverage_fraction:.0%} of device time; the total is scaled up from them "
        "and its uncertainty widened"
    )


def _unavailable(
    duration_s: float, devices: tuple[DeviceEnergy, ...], flags: tuple[str, ...], reason: str
) -> EnergyReport:
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
    )

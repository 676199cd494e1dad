"""Sums over stretches of work and over phases; what is not known stays unknown.

Enter at `total_energy` and `rent`.
"""

from collections.abc import Sequence

from advisor.contracts.plan import Forecast
from advisor.contracts.runs import DeviceEnergy, EnergyReport

SECONDS_PER_HOUR = 3600.0
WORST_FIRST = (
    "unavailable",
    "estimated_tdp",
    "partial",
    "integrated_power",
    "measured_counter_repaired",
    "measured_counter",
)


def total_energy(reports: Sequence[EnergyReport]) -> EnergyReport:
    """Energy of windows that follow one another.

    All measured: the sum, with the quality of the worst. Some: the sum of those, as `partial`. None: None.
    The relative error of the sum is taken as the largest of its parts, as the meter's errors go together.
    """
    duration_s = sum(report.duration_s for report in reports)
    measured = [report for report in reports if report.energy_j is not None]
    reasons = list(dict.fromkeys(report.reason for report in reports if report.reason))
    flags = tuple(dict.fromkeys(flag for report in reports for flag in report.flags))
    if not measured:
        return EnergyReport(
            quality="unavailable",
            energy_j=None,
            duration_s=duration_s,
            mean_power_w=None,
            coverage_fraction=0.0,
            uncertainty_fraction=None,
            devices=(),
            reason="; ".join(reasons),
            flags=flags,
        )
    energy_j = sum(report.energy_j or 0.0 for report in measured)
    measured_s = sum(report.duration_s for report in measured)
    errors = [report.uncertainty_fraction for report in measured]
    known_errors = [error for error in errors if error is not None]
    return EnergyReport(
        quality=min((report.quality for report in measured), key=WORST_FIRST.index)
        if len(measured) == len(reports)
        else "partial",
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / measured_s if measured_s else None,
        coverage_fraction=min(1.0, sum(report.coverage_fraction * report.duration_s for report in reports) / duration_s)
        if duration_s
        else 0.0,
        uncertainty_fraction=max(known_errors) if known_errors else None,
        devices=_devices(measured),
        reason="; ".join(reasons),
        flags=flags,
    )


def rent(forecast: Forecast, duration_s: float) -> float | None:
    """Cost of a stretch of time at the hourly cost that a forecast implies; None when it implies none.

    cost = P50 of cost / P50 of train_hours * hours
    units: the forecast's currency, h, s. source: definition. Valid while the machine is the forecast's.
    """
    if forecast.cost is None or forecast.train_hours is None or not forecast.train_hours.p50:
        return None
    return forecast.cost.p50 / forecast.train_hours.p50 * duration_s / SECONDS_PER_HOUR


def _devices(reports: Sequence[EnergyReport]) -> tuple[DeviceEnergy, ...]:
    """Each physical device once, with its sum; None when a part of it is not known."""
    rows: dict[str, DeviceEnergy] = {}
    for report in reports:
        for device in report.devices:
            before = rows.get(device.uuid)
            if before is None:
                rows[device.uuid] = device
                continue
            known = before.energy_j is not None and device.energy_j is not None
            rows[device.uuid] = device.model_copy(
                update={
                    "energy_j": (before.energy_j or 0.0) + (device.energy_j or 0.0) if known else None,
                    "flags": tuple(dict.fromkeys((*before.flags, *device.flags))),
                }
            )
    return tuple(rows.values())

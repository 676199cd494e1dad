"""Sums over stretches of work and over phases; what is not known stays unknown.

Enter at `total_energy` and `rent`; one window in several processes is summed by `join_ranks` in
`trainer/energy/join.py`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from advisor.contracts.plan import Forecast
from advisor.contracts.runs import DeviceEnergy, EnergyReport, HostEnergy
from trainer.energy.join import joint_error

SECONDS_PER_HOUR = 3600.0
WORST_FIRST = (
    "unavailable",
    "estimated_tdp",
    "partial",
    "integrated_power",
    "measured_counter_repaired",
    "measured_counter",
)
MOMENTS_FRACTION = 0.1
"""As within a window, where one tenth may be unread before its figure is called partial."""


def total_energy(reports: Sequence[EnergyReport]) -> EnergyReport:
    """Energy of windows that follow one another.

    All measured: the sum, with the quality of the worst. Some: the sum of those, as `partial` unless what is missing
    are moments (a phase too short to measure). None: None. The errors of the parts add up, as the meter's errors go
    together, and the sum's is widened by the share of time that is not in it.
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
            host=_host(reports),
        )
    energy_j = sum(report.energy_j or 0.0 for report in measured)
    measured_s = sum(report.duration_s for report in measured)
    missing_fraction = max(0.0, duration_s / measured_s - 1) if measured_s else 0.0
    worst = min((report.quality for report in measured), key=WORST_FIRST.index)
    error = joint_error(measured)
    net_j = [report.net_energy_j for report in measured if report.net_energy_j is not None]
    idle_j = [report.idle_power_w * report.duration_s for report in measured if report.idle_power_w is not None]
    based = len(net_j) == len(idle_j) == len(measured)
    return EnergyReport(
        quality=worst if missing_fraction <= MOMENTS_FRACTION else min(worst, "partial", key=WORST_FIRST.index),
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / measured_s if measured_s else None,
        coverage_fraction=min(1.0, sum(report.coverage_fraction * report.duration_s for report in reports) / duration_s)
        if duration_s
        else 0.0,
        uncertainty_fraction=None if error is None else min(1.0, error + missing_fraction),
        devices=_devices(device for report in measured for device in report.devices),
        reason="; ".join(reasons),
        flags=flags,
        idle_power_w=sum(idle_j) / measured_s if based and measured_s else None,
        net_energy_j=sum(net_j) if based else None,
        host=_host(reports),
    )


def _host(reports: Sequence[EnergyReport]) -> HostEnergy | None:
    """Processors and memory over the same windows; a part that is not known makes the sum partial."""
    hosts = [(report.host, report.duration_s) for report in reports if report.host is not None]
    if not hosts:
        return None
    read = [host for host, _ in hosts if host.energy_j is not None]
    reasons = dict.fromkeys(host.reason for host, _ in hosts if host.reason)
    flags = tuple(dict.fromkeys(flag for host, _ in hosts for flag in host.flags))
    if not read:
        words = "; ".join(reasons)
        return HostEnergy(quality="unavailable", energy_j=None, coverage_fraction=0.0, reason=words, flags=flags)
    duration_s = sum(report.duration_s for report in reports)
    covered_s = sum(host.coverage_fraction * span_s for host, span_s in hosts)
    worst = min((host.quality for host in read), key=WORST_FIRST.index)
    return HostEnergy(
        quality=worst if len(read) == len(reports) else "partial",
        energy_j=sum(host.energy_j or 0.0 for host in read),
        coverage_fraction=min(1.0, covered_s / duration_s) if duration_s else 0.0,
        devices=_devices(device for host in read for device in host.devices),
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


def _devices(devices: Iterable[DeviceEnergy]) -> tuple[DeviceEnergy, ...]:
    """Each physical device once, with its sums; None when a part of one is not known."""
    rows: dict[str, DeviceEnergy] = {}
    for device in devices:
        before = rows.get(device.uuid)
        rows[device.uuid] = device if before is None else _together(before, device)
    return tuple(rows.values())


def _together(before: DeviceEnergy, after: DeviceEnergy) -> DeviceEnergy:
    return after.model_copy(
        update={
            "energy_j": _sum(before.energy_j, after.energy_j),
            "counter_energy_j": _sum(before.counter_energy_j, after.counter_energy_j),
            "power_energy_j": _sum(before.power_energy_j, after.power_energy_j),
            "coverage_fraction": None,
            "samples": before.samples + after.samples,
            "errors": dict(Counter(before.errors) + Counter(after.errors)),
            "flags": tuple(dict.fromkeys((*before.flags, *after.flags))),
        }
    )


def _sum(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else before + after

"""Sums over ranks and machines: one and the same window, each physical device once.

Enter at `join_ranks`. Windows that follow one another are summed elsewhere; here time does not add up.
"""

from collections import Counter
from collections.abc import Sequence

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import EnergyReport, HostEnergy
from trainer.energy.ranks import ELSEWHERE
from trainer.energy.report import RANK, unavailable


def join_ranks(reports: Sequence[EnergyReport]) -> EnergyReport:
    """Energy of one and the same window in several processes or on several machines.

    Raises:
        BadInput: a device is in two of the reports, so that the sum would count it twice.
    """
    seen = Counter(device.uuid for report in reports for device in report.devices)
    seen.update(device.uuid for report in reports if report.host for device in report.host.devices)
    twice = sorted(uuid for uuid, count in seen.items() if count > 1)
    if twice:
        raise BadInput(
            f"device {', '.join(twice)} is in the reports of several ranks, and a physical device counts once; "
            "measure it in one rank of each machine"
        )
    duration_s = max((report.duration_s for report in reports), default=0.0)
    host = _join_hosts([report.host for report in reports if report.host is not None])
    mine = [report for report in reports if ELSEWHERE not in report.flags]
    measured = [report for report in mine if report.energy_j is not None]
    reason = "; ".join(dict.fromkeys(report.reason for report in mine if report.reason))
    flags = tuple(sorted({flag for report in mine for flag in report.flags}))
    devices = tuple(device for report in mine for device in report.devices)
    if not measured:
        return unavailable(duration_s, reason or "no rank measured", devices=devices, flags=flags, host=host)
    energy_j = sum(report.energy_j or 0.0 for report in measured)
    nets = [report.net_energy_j for report in measured if report.net_energy_j is not None]
    idles = [report.idle_power_w for report in measured if report.idle_power_w is not None]
    shares = [(report.coverage_fraction, max(1, len(report.devices))) for report in mine]
    return EnergyReport(
        quality=max((report.quality for report in measured), key=RANK.index) if measured == mine else "partial",
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s if duration_s else None,
        coverage_fraction=sum(share * weight for share, weight in shares) / sum(weight for _, weight in shares),
        uncertainty_fraction=joint_error(measured),
        devices=devices,
        reason=reason,
        flags=flags,
        idle_power_w=sum(idles) if len(idles) == len(mine) else None,
        net_energy_j=sum(nets) if len(nets) == len(mine) else None,
        host=host,
    )


def joint_error(measured: Sequence[EnergyReport]) -> float | None:
    """Relative error of a sum whose parts err the same way; None when no part states one.

    u = sum(u_i E_i) / sum(E_i), over the parts that state one; the largest u_i where all E_i are 0
    units: 1.   source: linear addition, the cautious case; the sensor's share is common to all parts.
    """
    stated = [(report.uncertainty_fraction, report.energy_j or 0.0) for report in measured]
    known = [(error, energy_j) for error, energy_j in stated if error is not None]
    energy_j = sum(part_j for _, part_j in known)
    if not known or not energy_j:
        return max((error for error, _ in known), default=None)
    return sum(error * part_j for error, part_j in known) / energy_j


def _join_hosts(hosts: Sequence[HostEnergy]) -> HostEnergy | None:
    read = [host for host in hosts if host.energy_j is not None]
    if not read:
        return hosts[0] if hosts else None
    return HostEnergy(
        quality=max((host.quality for host in read), key=RANK.index),
        energy_j=sum(host.energy_j or 0.0 for host in read),
        coverage_fraction=min(host.coverage_fraction for host in read),
        devices=tuple(device for host in read for device in host.devices),
        reason="; ".join(dict.fromkeys(host.reason for host in read if host.reason)),
        flags=tuple(sorted({flag for host in read for flag in host.flags})),
    )

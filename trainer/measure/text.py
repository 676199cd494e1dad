"""A measurement as a table for people.

Enter at `measurement_rows`.
"""

from advisor.contracts.measurements import DecodeProbe, MachineMeasurement, MatmulProbe, TrainingProbe
from advisor.contracts.runs import EnergyReport

PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
COLUMNS = ("probe", "result", "spread", "share", "energy")
Row = tuple[str, str, str, str, str]


def measurement_rows(found: MachineMeasurement, peak_flop_per_s: float | None = None) -> list[Row]:
    """One row a figure.

    Args:
        found: what was measured.
        peak_flop_per_s: dense 16-bit peak of the accelerator, where the catalogue knows it.
    """
    rates = {probe.precision: probe.flop_per_s for probe in found.matmul}
    rows = [_idle(found), *(_product(probe, peak_flop_per_s) for probe in found.matmul)]
    if found.bandwidth is not None:
        copy = found.bandwidth
        rows.append(
            (
                f"copy of {copy.size_bytes / 2**20:.0f} MiB",
                f"{si(copy.bytes_per_s)}B/s read and written",
                _spread(copy.spread_fraction),
                "",
                "",
            )
        )
    for probe in found.training:
        rows += _training(probe, rates.get(probe.model.precision), peak_flop_per_s)
    for answer in found.decode:
        rows += _decode(answer)
    return rows


def si(value: float) -> str:
    """Three digits and the unit's prefix: `92.2 G`."""
    for size, prefix in PREFIXES:
        if value >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value:.3g} "


def _idle(found: MachineMeasurement) -> Row:
    idle = found.idle
    known = idle.power_w is not None
    text = f"{idle.power_w:.3g} W, {idle.boundary}, {idle.duration_s:.0f} s" if known else f"not known: {idle.reason}"
    return ("idle power", text, "", "", "")


def _product(probe: MatmulProbe, peak: float | None) -> Row:
    share = f"{probe.flop_per_s / peak:.0%} of the 16-bit peak" if peak and probe.precision in ("bf16", "fp16") else ""
    name = f"matmul {probe.precision}, {probe.num_rows} x {probe.num_rows}"
    return (name, f"{si(probe.flop_per_s)}FLOP/s", _spread(probe.spread_fraction), share, "")


def _training(probe: TrainingProbe, rate: float | None, peak: float | None) -> list[Row]:
    share = f"{probe.flop_per_s / rate:.0%} of matmul {probe.model.precision}" if rate else ""
    if peak:
        share = f"{probe.flop_per_s / peak:.0%} of the 16-bit peak (MFU)"
    name = f"training {probe.model.name}, {probe.model.precision}, {probe.batch_sequences} x {probe.sequence_tokens}"
    rows = [
        (
            name,
            f"{probe.tokens_per_s:,.0f} tokens/s",
            _spread(probe.spread_fraction),
            "",
            _energy(probe.energy),
        ),
        ("", f"{si(probe.flop_per_s)}FLOP/s", "", share, ""),
    ]
    if probe.peak_memory_bytes is not None:
        rows.append(("", f"{probe.peak_memory_bytes / 2**30:.2f} GiB at most", "", "", ""))
    return rows


def _decode(probe: DecodeProbe) -> list[Row]:
    name = f"decode {probe.model.name}, {probe.model.precision}, {probe.batch_sequences} at once"
    return [
        (
            name,
            f"{probe.output_tokens_per_s:,.0f} tokens/s out",
            _spread(probe.spread_fraction),
            "",
            _energy(probe.energy),
        ),
        ("", f"{probe.prefill_tokens_per_s:,.0f} tokens/s read", "", "", ""),
    ]


def _spread(fraction: float | None) -> str:
    return "not known" if fraction is None else f"{fraction:.1%}"


def _energy(report: EnergyReport) -> str:
    """Of the accelerators; of the processors where those could not be read."""
    if report.energy_j is not None:
        return f"{report.energy_j:.3g} J ({report.mean_power_w:.3g} W)"
    host = report.host
    if host is not None and host.energy_j is not None:
        return f"{host.energy_j:.3g} J (processors, {host.energy_j / report.duration_s:.3g} W)"
    return "not known"

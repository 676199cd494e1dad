"""A BaselineReport for people: Markdown, and a table for the terminal.

Enter at `markdown` and `print_table`.
"""

from rich.console import Console
from rich.table import Table

from advisor.contracts.baseline import BaselineReport, PairedDifference, TargetResult
from advisor.contracts.evaluation import Score

HEADINGS = (
    "target",
    "model",
    "score (95 % interval)",
    "n",
    "refused",
    "errors",
    "first token p50 / p95, ms",
    "per token p50, ms",
    "total p50 / p95, ms",
    "cost, USD",
    "energy, J per request",
)


def markdown(report: BaselineReport) -> str:
    """The report as a Markdown document."""
    lines = [
        f"# Comparison on {_cell(report.suite)}",
        "",
        f"{report.items} held-out items, task {report.task}, {report.created_at}. Every endpoint was asked the same "
        "items, interleaved. Differences are paired by item.",
        "",
        _row(HEADINGS),
        _row(["---"] * len(HEADINGS)),
        *[_row(_cells(result)) for result in report.results],
        "",
        "## Differences",
        "",
        *[f"- {_sentence(difference)}" for difference in report.differences],
    ]
    if not report.differences:
        lines.append("None: it takes two endpoints that answered.")
    more = [(result, score) for result in report.results for score in result.scores if score.name != result.primary]
    if more:
        lines += [
            "",
            "## Further scores",
            "",
            _row(("target", "score", "value (95 % interval)", "n")),
            _row(["---"] * 4),
        ]
        lines += [_row((result.target.name, score.name, _interval(score), str(score.n))) for result, score in more]
    lines += ["", "## Cost and energy", ""]
    lines += [f"- {r.target.name}: {_tokens(r)}; {r.cost_note}; {r.energy_note}." for r in report.results]
    if report.warnings:
        lines += ["", "## What to know before relying on this", "", *[f"- {text}" for text in report.warnings]]
    lines += ["", f"Suite SHA-256 `{report.suite_sha256}`, report `{report.id}`.", ""]
    return "\n".join(lines)


def print_table(report: BaselineReport, console: Console) -> None:
    """The figures, the differences and the warnings on a terminal."""
    # A row per figure, not per target: a terminal of 80 columns has room for a few targets, not for eleven figures.
    cells = [_cells(result) for result in report.results]
    table = Table(title=f"{report.suite}: {report.items} items, {report.task}")
    table.add_column("")
    for name in (column[0] for column in cells):
        table.add_column(name, justify="right", overflow="fold")
    for number, heading in enumerate(HEADINGS[1:], start=1):
        table.add_row(heading, *[column[number] for column in cells])
    console.print(table, markup=False)
    for difference in report.differences:
        console.print(_sentence(difference), markup=False, highlight=False)
    for text in report.warnings:
        console.print(f"note: {text}", markup=False, highlight=False)


def _cells(result: TargetResult) -> list[str]:
    primary = next((score for score in result.scores if score.name == result.primary), None)
    latency, energy = result.latency, result.energy_j_per_request
    label = f"{result.target.role.replace('_', '-')}{', stand-in' if result.target.stand_in else ''}"
    return [
        f"{result.target.name} ({label})",
        result.target.model,
        "not known" if primary is None else f"{primary.name} {_interval(primary)}",
        str(result.answered + result.refused),
        str(result.refused),
        str(result.errors),
        _pair(latency.ttft_ms_p50, latency.ttft_ms_p95) if latency else "not known",
        _number(latency.tpot_ms_p50, 1) if latency else "not known",
        _pair(latency.total_ms_p50, latency.total_ms_p95) if latency else "not known",
        _number(result.cost_usd, 6),
        "not known" if energy is None else f"{energy.p50:.3g} ({energy.p5:.3g} to {energy.p95:.3g})",
    ]


def _interval(score: Score) -> str:
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _pair(p50: float | None, p95: float | None) -> str:
    return "not known" if p50 is None or p95 is None else f"{p50:.0f} / {p95:.0f}"


def _number(value: float | None, digits: int) -> str:
    return "not known" if value is None else f"{value:.{digits}f}"


def _tokens(result: TargetResult) -> str:
    if result.input_tokens is None or result.output_tokens is None:
        return "tokens not known"
    return f"{result.input_tokens} input and {result.output_tokens} output tokens"


def _sentence(difference: PairedDifference) -> str:
    first, second = difference.first, difference.second
    verdict = {
        "first_better": f"{first} is better",
        "second_better": f"{second} is better",
        "undecided": "undecided",
    }[difference.verdict]
    p = "" if difference.p_value is None else f", exact McNemar p = {difference.p_value:.3g}"
    return (
        f"{first} minus {second}: {difference.difference:+.3f} "
        f"({difference.low:+.3f} to {difference.high:+.3f}){p}, n = {difference.n}: {verdict}"
    )


def _row(cells: "list[str] | tuple[str, ...]") -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Text that cannot break a table or a heading."""
    return " ".join(text.split()).replace("|", "\\|")

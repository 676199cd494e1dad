"""An Assessment for people: a coloured table on the terminal, or Markdown for a file.

Enter at `print_table`, `table_text` and `markdown`. Nothing is calculated here.
"""

import io
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from advisor import lift_text
from advisor.advice_text import advice_in, hardware_text, roadmap_columns, roadmap_rows
from advisor.analysis_text import HEADING, analysis_lines
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import Interval
from advisor.footprint_text import footprint_columns, footprint_row
from advisor.gate_text import in_language
from advisor.phrases import CONFIDENCE, REPORT, RULES, Language, number, share, title
from advisor.reason_words import STEP_WORDS
from advisor.risk_text import risk_table
from advisor.staged_text import HEADINGS, pruned_lines, staged_lines

PLAIN_WIDTH = 170
WIDE_FROM = 140
NARROW_COLUMNS = (0, 1, 2, 3, 6, 7, 10)
"""Columns that a narrow terminal shows: rank, option, cost, interval, probabilities, gates."""

TEXT_COLUMNS = {1: 3, 10: 2}
"""Columns of text, with their shares of the free width."""


def print_table(result: Assessment, language: Language) -> None:
    """Print the assessment on standard output, coloured where it is a terminal."""
    console = Console()
    _write(console if console.is_terminal else Console(width=PLAIN_WIDTH), result, language)


def table_text(result: Assessment, language: Language) -> str:
    """The same as plain text."""
    stream = io.StringIO()
    _write(Console(file=stream, width=PLAIN_WIDTH, force_terminal=False), result, language)
    return stream.getvalue()


def markdown(result: Assessment, language: Language) -> str:
    """The assessment as a Markdown document."""
    return "\n".join(_markdown(result, language)) + "\n"


def _confidence(result: Assessment, language: Language) -> str:
    word, why = _sure(result, language), advice_in(result, language).confidence_reason
    return f"{STEP_WORDS[language]['confidence']}: {word}" + (f" ({why})" if why else "")


def _lists(result: Assessment, language: Language) -> list[tuple[str, tuple[str, ...]]]:
    """Headings with their sentences, in reading order; empty ones are left out."""
    say, advice = REPORT[language], advice_in(result, language)
    found = [
        (say["reasons"], advice.reasons),
        (say["changes"], advice.what_would_change_it),
        (STEP_WORDS[language]["measure_first"], advice.measure_first),
        (HEADINGS[language]["staged"], staged_lines(result, language)),
    ]
    return [(heading, lines) for heading, lines in found if lines]


def _sure(result: Assessment, language: Language) -> str:
    """How sure the advice is; that there is none is said as well."""
    advice = result.recommendation
    return CONFIDENCE[language][advice.confidence if advice.verdict == "recommended" else "none"]


def _columns(language: Language, currency: str) -> list[str]:
    say = REPORT[language]
    return [
        "#",
        say["option"],
        f"{say['cost']} k{currency}, P50",
        "P5 – P95",
        say["per_1k"].format(currency=currency),
        say["quality"],
        say["p_quality"],
        say["p_best"],
        say["months"],
        say["energy"],
        say["gates"],
    ]


def _row(option: Option, language: Language) -> list[str]:
    cost = option.cost
    return [
        str(option.rank),
        title(option, language) + hardware_text(option, language),
        number(cost.total.p50 / 1e3, language),
        _range(cost.total, language, 1e3),
        number(cost.per_1k_requests.p50, language),
        _range(option.quality.score_fraction, language, 0.01, 2) + ("" if option.quality.origin == "assumed" else " *"),
        share(option.p_meets_quality, language),
        share(option.p_best, language) if option.feasible else "–",
        number(option.time_to_value_months.p50, language, 2),
        number(option.energy.kwh.p50 / 1e3, language) if option.energy.kwh else REPORT[language]["unknown"],
        _failed(option, language),
    ]


def _range(value: Interval, language: Language, unit: float, digits: int = 3) -> str:
    return f"{number(value.p5 / unit, language, digits)} – {number(value.p95 / unit, language, digits)}"


def _failed(option: Option, language: Language) -> str:
    failed = [RULES[language].get(gate.rule, gate.rule) for gate in option.gates if gate.passed is False]
    unanswered = [RULES[language].get(gate.rule, gate.rule) + "?" for gate in option.gates if gate.passed is None]
    if failed:
        return f"{REPORT[language]['no']}: {', '.join(failed)}"
    return ", ".join([REPORT[language]["yes"], *unanswered])


def _write(console: Console, result: Assessment, language: Language) -> None:
    say = REPORT[language]
    console.rule(result.case.name)
    console.print(f"[bold]{say['advice']}[/bold]: {advice_in(result, language).headline}")
    console.print(_confidence(result, language), highlight=False)
    table = Table(show_lines=False, header_style="bold", pad_edge=False, expand=True)
    titles = _columns(language, result.options[0].cost.currency)
    shown = range(len(titles)) if console.width >= WIDE_FROM else NARROW_COLUMNS
    for index in shown:
        if index in TEXT_COLUMNS:
            table.add_column(titles[index], min_width=24, ratio=TEXT_COLUMNS[index], overflow="fold")
        else:
            table.add_column(titles[index], justify="right", overflow="fold", max_width=11)
    for option in result.options:
        cells = _row(option, language)
        table.add_row(*(cells[index] for index in shown), style=None if option.feasible else "dim")
    console.print(table)
    console.print(say["legend"].format(floor=share(result.options[0].quality.floor_fraction, language)), style="dim")
    for heading, lines in _lists(result, language):
        console.print(f"[bold]{heading}[/bold]")
        for line in lines:
            console.print(f"  • {line}", highlight=False)
    _write_analysis(console, result, language)
    if result.nothing_feasible is not None:
        console.print(f"[bold]{lift_text.TITLE[language]}[/bold]")
        for line in lift_text.lines(result, language):
            console.print(f"  • {line}", highlight=False)
    for line in _excluded(result, language):
        console.print(line, highlight=False, style="dim")
    if console.width >= WIDE_FROM:
        console.print(_roadmap_table(result, language))
        console.print(_footprint_table(result, language))
        console.print(say["footprint_legend"], style="dim")
    _write_update(console, result, language)
    given, assumed = _origins(result)
    console.print(
        say["footer"].format(
            given=given,
            assumed=assumed,
            draws=f"{result.draws:,}",
            seed=result.seed,
            catalog=result.catalog_version,
            id=result.id,
        ),
        style="dim",
    )


def _roadmap_table(result: Assessment, language: Language) -> Table:
    table = Table(
        title=STEP_WORDS[language]["roadmap"], title_justify="left", header_style="bold", pad_edge=False, expand=True
    )
    for place, heading in enumerate(roadmap_columns(language)):
        table.add_column(heading, justify="right" if place == 1 else "left", overflow="fold")
    for row in roadmap_rows(result, language):
        table.add_row(*row)
    return table


def _write_analysis(console: Console, result: Assessment, language: Language) -> None:
    lines = list(analysis_lines(result, language))
    if lines:
        console.print(f"[bold]{HEADING[language]}[/bold]")
    for line in lines:
        console.print(f"  • {line}", highlight=False)


def _footprint_table(result: Assessment, language: Language) -> Table:
    """Of the options that pass; the others stand in Markdown and JSON."""
    table = Table(title=REPORT[language]["footprint"], title_justify="left", header_style="bold", expand=True)
    first, *others = footprint_columns(language)
    table.add_column(first, min_width=30, ratio=1, overflow="fold")
    for title_text in others:
        table.add_column(title_text, justify="right", overflow="fold", max_width=11)
    for option in (option for option in result.options if option.feasible):
        table.add_row(*footprint_row(option, language))
    return table


def _excluded(result: Assessment, language: Language) -> Iterator[str]:
    """The reasons of the failed gates of the best-ranked option of each excluded kind, a kind a line."""
    seen = {option.kind for option in result.options if option.feasible}
    for option in result.options:
        failed = [
            in_language(gate.reason, gate.translations, language) for gate in option.gates if gate.passed is False
        ]
        if option.kind not in seen:
            seen.add(option.kind)
            yield f"  {REPORT[language]['excluded']} {title(option, language)}: {'; '.join(failed)}"


def _write_update(console: Console, result: Assessment, language: Language) -> None:
    if result.update is None:
        return
    say = REPORT[language]
    console.print(f"[bold]{say['measured']}[/bold]")
    for moved in result.update.inputs:
        console.print(
            f"  • {moved.name}: {_change(moved.before, moved.after, language)}  ({moved.source})", highlight=False
        )
    for option in result.update.options:
        if option.rank_before != option.rank_after or option.quality_before != option.quality_after:
            console.print(
                f"  • {option.option_id}: {say['rank']} {option.rank_before} → {option.rank_after}, "
                f"P({say['best']}) {share(option.p_best_before, language)} → {share(option.p_best_after, language)}",
                highlight=False,
            )
    key = "kept" if result.update.recommended_before == result.update.recommended_after else "changed"
    console.print(
        say[key].format(before=result.update.recommended_before, after=result.update.recommended_after), highlight=False
    )


def _change(before: Interval, after: Interval, language: Language) -> str:
    def text(value: Interval) -> str:
        return f"{number(value.p50, language)} [{number(value.p5, language)}, {number(value.p95, language)}]"

    return f"{text(before)} → {text(after)}"


def _origins(result: Assessment) -> tuple[int, int]:
    given = sum(row.origin in ("given", "measured") for row in result.assumptions)
    return given, len(result.assumptions) - given


def _markdown(result: Assessment, language: Language) -> Iterator[str]:
    say = REPORT[language]
    yield f"# {result.case.name}\n"
    yield f"**{say['advice']}**: {advice_in(result, language).headline}\n"
    yield f"{_confidence(result, language)}\n"
    if result.nothing_feasible is not None:
        yield f"## {lift_text.TITLE[language]}\n"
        yield from (f"- {line}" for line in lift_text.lines(result, language))
        yield ""
    columns = _columns(language, result.options[0].cost.currency)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for option in result.options:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in _row(option, language)) + " |"
    yield "\n" + say["legend"].format(floor=share(result.options[0].quality.floor_fraction, language)) + "\n"
    for heading, lines in _lists(result, language):
        yield f"## {heading}\n"
        yield from (f"- {line}" for line in lines)
        yield ""
    yield f"## {STEP_WORDS[language]['roadmap']}\n"
    yield "| " + " | ".join(roadmap_columns(language)) + " |"
    yield "|" + "---|" * len(roadmap_columns(language))
    for cells in roadmap_rows(result, language):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
    firm = list(analysis_lines(result, language))
    if firm:
        yield f"## {HEADING[language]}\n"
        yield from (f"- {line}" for line in firm)
        yield ""
    if result.update is not None:
        yield f"## {say['measured']}\n"
        for moved in result.update.inputs:
            yield f"- `{moved.name}`: {_change(moved.before, moved.after, language)} ({moved.source})"
        yield ""
    yield f"## {say['footprint']}\n"
    yield "| " + " | ".join(footprint_columns(language)) + " |"
    yield "|" + "---|" * len(footprint_columns(language))
    for option in result.options:
        yield "| " + " | ".join(footprint_row(option, language)) + " |"
    yield "\n" + say["footprint_legend"] + "\n"
    yield f"## {say['gates']}\n"
    yield from (f"- {line.strip()}" for line in _excluded(result, language))
    yield ""
    yield from risk_table(result.options[0], language)
    if result.pruned:
        yield f"\n## {HEADINGS[language]['pruned']}\n"
        yield from (f"- {line}" for line in pruned_lines(result, language))
    yield f"\n## {say['assumptions']}\n"
    yield f"| {say['input']} | {say['value']} | {say['unit']} | {say['origin']} | {say['source']} |"
    yield "|---|---|---|---|---|"
    for row in result.assumptions:
        value = row.value
        if isinstance(value, Interval):
            shown = f"{value.p50:.4g} ({value.p5:.4g} – {value.p95:.4g})"
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        yield f"| `{row.name}` | {shown} | {row.unit} | {row.origin} | {row.source} {row.as_of or ''} |"
    yield f"\n{say['warnings']}:" if result.warnings else ""
    yield from (f"- {in_language(each.message, each.translations, language)}" for each in result.warnings)
    given, assumed = _origins(result)
    yield "\n" + say["footer"].format(
        given=given,
        assumed=assumed,
        draws=f"{result.draws:,}",
        seed=result.seed,
        catalog=result.catalog_version,
        id=result.id,
    )

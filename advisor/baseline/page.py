"""What a comparison's report says, part by part, in the reader's language; how it is written is up to `render`.

Enter at `page_of`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from advisor.baseline.words import Language, number, rounded, say, signed, translated
from advisor.contracts.base import Interval
from advisor.contracts.baseline import AtVolume, BaselineReport, Judgement, PairedDifference, TargetResult
from advisor.contracts.evaluation import Score

FIGURES = (
    "target", "model", "score", "n", "refused", "errors", "first_token", "per_token", "total", "cost", "energy",
)  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Table:
    """Cells as text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    is_warning: bool = False


@dataclass(frozen=True)
class Picture:
    """The chart of the scores with its caption."""

    caption: str


Part = Heading | Table | Bullets | Picture | str


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    parts: tuple[Part, ...]


def page_of(report: BaselineReport, language: Language) -> Page:
    """All that is known of a comparison, the answer first."""
    title = say("title", language, suite=report.suite)
    return Page(title, (Heading(title, 1), *_parts(report, language)))


def _parts(report: BaselineReport, language: Language) -> Iterator[Part]:
    task = say(report.task, language)
    yield say("intro", language, items=report.items, task=task, created_at=report.created_at)
    if any(result.scores for result in report.results):
        yield Picture(say("caption", language))
    yield Table(headings(language), tuple(tuple(figures(result, language)) for result in report.results))
    yield Heading(say("differences", language))
    sentences = tuple(sentence(difference, language) for difference in report.differences)
    yield Bullets(sentences) if sentences else say("no_differences", language)
    if report.at_volume:
        yield Heading(say("at_volume", language))
        yield _volume(report.at_volume, language)
        notes = tuple(f"{row.target}: {translated(row.note, language)}" for row in report.at_volume if row.note)
        if notes:
            yield Bullets(notes)
    yield from _judge(report, language)
    more = [(result, score) for result in report.results for score in result.scores if score.name != result.primary]
    if more:
        yield Heading(say("further_scores", language))
        head = tuple(say(key, language) for key in ("target", "score_name", "value", "n"))
        yield Table(head, tuple((r.target.name, s.name, _interval(s, language), str(s.n)) for r, s in more))
    yield Heading(say("cost_and_energy", language))
    yield Bullets(tuple(_cost_line(result, language) for result in report.results))
    if report.warnings:
        yield Heading(say("warnings", language))
        yield Bullets(tuple(translated(text, language) for text in report.warnings), is_warning=True)
    yield say("fingerprint", language, sha=report.suite_sha256, id=report.id)


def headings(language: Language) -> tuple[str, ...]:
    """Headings of the table of figures."""
    return tuple(say(key, language) for key in FIGURES)


def figures(result: TargetResult, language: Language) -> list[str]:
    """The row of one target, under `headings`."""
    primary = next((score for score in result.scores if score.name == result.primary), None)
    latency, unknown = result.latency, say("not_known", language)
    role = say(result.target.role, language)
    label = f"{role}, {say('stand_in', language)}" if result.target.stand_in else role
    return [
        f"{result.target.name} ({label})",
        result.target.model,
        unknown if primary is None else f"{primary.name} {_interval(primary, language)}",
        str(result.answered + result.refused),
        str(result.refused),
        str(result.errors),
        _pair(latency.ttft_ms_p50, latency.ttft_ms_p95, language) if latency else unknown,
        number(latency.tpot_ms_p50, language, 1) if latency else unknown,
        _pair(latency.total_ms_p50, latency.total_ms_p95, language) if latency else unknown,
        number(result.cost_usd, language, 6),
        _energy(result, language),
    ]


def sentence(difference: PairedDifference, language: Language) -> str:
    """A difference in words: size, interval, test, verdict, and what could have been seen at all."""
    better = {"first_better": difference.first, "second_better": difference.second}.get(difference.verdict)
    parts = [
        f"{say('minus', language, first=difference.first, second=difference.second)}: "
        f"{signed(difference.difference, language)} ({signed(difference.low, language)} {say('to', language)} "
        f"{signed(difference.high, language)})"
    ]
    if difference.p_value is not None:
        parts.append(f"{say(difference.test or 'mcnemar', language)} p = {rounded(difference.p_value, language)}")
    if difference.p_adjusted is not None and difference.p_adjusted != difference.p_value:
        parts.append(say("holm", language, p=rounded(difference.p_adjusted, language)))
    parts.append(f"n = {difference.n}")
    if difference.clusters is not None:
        parts.append(say("clusters", language, count=difference.clusters))
    verdict = say("better", language, name=better) if better else say("undecided", language)
    if better is None and difference.detectable is not None:
        verdict += say("detectable", language, size=number(difference.detectable, language, 3))
    return f"{', '.join(parts)}: {verdict}"


def _volume(rows: Sequence[AtVolume], language: Language) -> Table:
    currency = rows[0].currency
    head = (
        say("target", language),
        say("requests_per_year", language),
        say("money_per_year", language, currency=currency),
        say("wrong_per_year", language),
        say("error_cost_per_year", language, currency=currency),
    )
    return Table(
        head,
        tuple(
            (
                row.target,
                number(row.requests_per_year, language, 0),
                number(row.cost_per_year, language, 0),
                _range(row.wrong_per_year, language),
                _range(row.error_cost_per_year, language),
            )
            for row in rows
        ),
    )


def _judge(report: BaselineReport, language: Language) -> Iterator[Part]:
    judge = report.judge
    if judge is None:
        return
    yield Heading(say("judge", language))
    yield say("judge_intro", language, model=judge.model)
    keys = ("pair", "wins", "losses", "ties", "unreadable", "win_rate", "agreement", "n")
    yield Table(tuple(say(key, language) for key in keys), tuple(_judgement(row, language) for row in judge.judgements))
    cost = f"{number(judge.cost_usd, language, 6)} USD; {translated(judge.cost_note, language)}"
    yield Bullets((cost, *(translated(text, language) for text in judge.warnings)), is_warning=True)


def _judgement(row: Judgement, language: Language) -> tuple[str, ...]:
    rate = say("not_known", language)
    if row.win_fraction is not None and row.low is not None and row.high is not None:
        low, high = number(row.low, language, 3), number(row.high, language, 3)
        rate = f"{number(row.win_fraction, language, 3)} ({low} {say('to', language)} {high})"
    return (
        say("versus", language, first=row.first, second=row.second),
        str(row.first_wins),
        str(row.second_wins),
        str(row.ties),
        str(row.unreadable),
        rate,
        number(row.order_agreement_fraction, language, 2),
        str(row.n),
    )


def _energy(result: TargetResult, language: Language) -> str:
    spread, modelled = result.energy_j_per_request, result.energy_modelled_j_per_request
    if spread is not None:
        return _three(spread, language)
    return (
        say("not_known", language) if modelled is None else say("modelled", language, value=_three(modelled, language))
    )


def _three(spread: Interval, language: Language) -> str:
    low, middle, high = (rounded(x, language) for x in (spread.p5, spread.p50, spread.p95))
    return f"{middle} ({low} {say('to', language)} {high})"


def _range(spread: Interval | None, language: Language) -> str:
    return say("not_known", language) if spread is None else _three(spread, language)


def _interval(score: Score, language: Language) -> str:
    value, low, high = (number(x, language, 3) for x in (score.value, score.low, score.high))
    return f"{value} ({low} {say('to', language)} {high})"


def _pair(p50: float | None, p95: float | None, language: Language) -> str:
    if p50 is None or p95 is None:
        return say("not_known", language)
    return f"{number(p50, language, 0)} / {number(p95, language, 0)}"


def _cost_line(result: TargetResult, language: Language) -> str:
    if result.input_tokens is None or result.output_tokens is None:
        tokens = say("tokens_not_known", language)
    else:
        tokens = say("tokens", language, input=result.input_tokens, output=result.output_tokens)
    notes = [tokens, translated(result.cost_note, language), translated(result.energy_note, language)]
    if result.energy_modelled_note:
        notes.append(translated(result.energy_modelled_note, language))
    return f"{result.target.name}: {'; '.join(notes)}."

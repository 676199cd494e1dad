"""From replies to a BaselineReport: scores with intervals, paired differences, latency, cost, energy.

Enter at `build_report`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from advisor.baseline.differences import Scores, paired_differences
from advisor.baseline.energy import measured_energy, modelled_energy
from advisor.baseline.metrics import is_exact, metrics_for, score_answers
from advisor.baseline.pricing import cost_usd
from advisor.baseline.replies import Reply
from advisor.baseline.run import Asked
from advisor.baseline.suite import Suite
from advisor.contracts.baseline import (
    BaselineReport,
    ItemAnswer,
    LatencySummary,
    SuiteItem,
    Target,
    TargetResult,
)
from advisor.contracts.case import Task
from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.evaluation import Score
from advisor.intervals import Estimate, bootstrap_mean, wilson

REUSED = "answers were taken from an earlier run's cache: cost and times are of that day, nothing was paid again"


@dataclass(frozen=True)
class _Scored:
    """One target's replies in the order of the suite, and its score per item and metric."""

    target: Target
    replies: tuple[Reply, ...]
    items: tuple[SuiteItem, ...]
    """Items that were not errors, in order."""
    by_metric: Mapping[str, tuple[float, ...]]
    """Scores of `items`."""

    @property
    def errors(self) -> int:
        return sum(reply.error is not None for reply in self.replies)

    def per_item(self, metric: str) -> dict[str, float]:
        return {item.id: score for item, score in zip(self.items, self.by_metric[metric], strict=True)}


def build_report(
    suite: Suite, task: Task, asked: Asked, *, prices: Mapping[str, ApiModelRow], notes: Sequence[str] = ()
) -> BaselineReport:
    """The report of a run; `notes` become its first warnings."""
    scored = [_score(suite, task, target, asked) for target in asked.head.targets]
    primary = metrics_for(task)[0]
    differences = paired_differences(
        [Scores(one.target.name, one.per_item(primary)) for one in scored], suite.items, exact=is_exact(task)
    )
    on = datetime.fromisoformat(asked.head.created_at).date()
    fingerprint = hashlib.sha256(asked.head.model_dump_json().encode()).hexdigest()
    return BaselineReport(
        id=f"baseline-{fingerprint[:12]}",
        created_at=asked.head.created_at,
        suite=suite.name,
        suite_sha256=suite.sha256,
        task=task,
        items=len(suite.items),
        results=tuple(_result(one, task, prices.get(one.target.name), on) for one in scored),
        differences=differences,
        answers=tuple(answer for one in scored for answer in _answers(one, task)),
        warnings=(*notes, *_warnings(suite, scored, asked)),
        expected=asked.head.expected,
    )


def _score(suite: Suite, task: Task, target: Target, asked: Asked) -> _Scored:
    pairs = [(item, reply) for item in suite.items if (reply := asked.replies.get((target.name, item.id))) is not None]
    judged = [(item, reply) for item, reply in pairs if reply.error is None]
    # A refusal is scored as an empty answer: it may quote the question and so the expected words.
    texts = ["" if reply.refused else reply.text or "" for _, reply in judged]
    expected = [item.expected for item, _ in judged]
    return _Scored(
        target=target,
        replies=tuple(reply for _, reply in pairs),
        items=tuple(item for item, _ in judged),
        by_metric={metric: tuple(score_answers(metric, texts, expected)) for metric in metrics_for(task)},
    )


def _result(one: _Scored, task: Task, price: ApiModelRow | None, on: date) -> TargetResult:
    refused = sum(reply.refused for reply in one.replies if reply.error is None)
    cost = cost_usd(price, one.replies, on)
    energy, energy_note = measured_energy(one.replies)
    modelled, modelled_note = (None, "") if energy else modelled_energy(one.target, one.replies)
    return TargetResult(
        target=one.target,
        answered=len(one.items) - refused,
        errors=one.errors,
        refused=refused,
        scores=_scores(one, task),
        primary=metrics_for(task)[0],
        latency=_latency([reply for reply in one.replies if reply.error is None]),
        input_tokens=_total([reply.input_tokens for reply in one.replies if reply.error is None]),
        output_tokens=_total([reply.output_tokens for reply in one.replies if reply.error is None]),
        cost_usd=cost.usd,
        cost_note=cost.note,
        energy_j_per_request=energy,
        energy_note=energy_note,
        energy_modelled_j_per_request=modelled,
        energy_modelled_note=modelled_note,
        cached=sum(reply.cached_at is not None for reply in one.replies),
    )


def _scores(one: _Scored, task: Task) -> tuple[Score, ...]:
    """All metrics; the primary one also per language, and with errors counted as wrong where there are any."""
    if not one.items:
        return ()
    exact, primary = is_exact(task), metrics_for(task)[0]
    rows = {metric: one.by_metric[metric] for metric in metrics_for(task)}
    languages = sorted({item.language for item in one.items if item.language})
    if len(languages) > 1:
        for language in languages:
            pairs = zip(one.items, one.by_metric[primary], strict=True)
            rows[f"{primary}.{language}"] = tuple(value for item, value in pairs if item.language == language)
    if one.errors:
        rows[f"{primary}_errors_as_wrong"] = (*one.by_metric[primary], *[0.0] * one.errors)
    return tuple(_named(name, values, exact=exact) for name, values in rows.items())


def _named(name: str, values: Sequence[float], *, exact: bool) -> Score:
    estimate: Estimate = wilson(round(sum(values)), len(values)) if exact else bootstrap_mean(values)
    return Score(name=name, value=estimate.value, low=estimate.low, high=estimate.high, n=len(values), unit="fraction")


def _answers(one: _Scored, task: Task) -> list[ItemAnswer]:
    right = one.per_item("accuracy") if is_exact(task) else {}
    return [
        ItemAnswer(
            item_id=reply.item_id,
            target=reply.target,
            answer=reply.text,
            correct=bool(right[reply.item_id]) if reply.item_id in right else None,
            error=reply.error,
        )
        for reply in one.replies
    ]


def _latency(replies: Sequence[Reply]) -> LatencySummary | None:
    totals = [reply.total_ms for reply in replies if reply.total_ms is not None]
    if not totals:
        return None
    first = [reply.ttft_ms for reply in replies if reply.ttft_ms is not None]
    per_token = [reply.tpot_ms for reply in replies if reply.tpot_ms is not None]
    return LatencySummary(
        ttft_ms_p50=_percentile(first, 50),
        ttft_ms_p95=_percentile(first, 95),
        tpot_ms_p50=_percentile(per_token, 50),
        total_ms_p50=float(np.percentile(totals, 50)),
        total_ms_p95=float(np.percentile(totals, 95)),
    )


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None


def _total(counts: Sequence[int | None]) -> int | None:
    """Sum, or None when one of them is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _warnings(suite: Suite, scored: Sequence[_Scored], asked: Asked) -> list[str]:
    said = [asked.stopped] if asked.stopped else []
    for one in scored:
        name, total = one.target.name, len(suite.items)
        counts = {
            "of {total} items were not asked": total - len(one.replies),
            "of {total} items ended in an error; the scores leave them out, `..._errors_as_wrong` does not": one.errors,
            "answers were cut off at the limit of tokens": sum(reply.truncated for reply in one.replies),
            "requests were turned away with 429 and tried again": sum(reply.rate_limited for reply in one.replies),
            REUSED: sum(reply.cached_at is not None for reply in one.replies),
        }
        said += [f"{name}: {count} {text.format(total=total)}" for text, count in counts.items() if count]
        if one.target.stand_in:
            said.append(f"{name} is a local stand-in: its figures say nothing about the endpoint that it stands for")
    return said

"""Present traffic against earlier traffic, figure by figure. Enter at `compare`."""

from collections import Counter
from collections.abc import Callable, Sequence

from serving.drift.report import DriftRow
from serving.drift.statistics import (
    binned,
    bins_of,
    by_chance,
    difference_of_shares,
    jensen_shannon,
    population_stability,
    stability_by_chance,
    summed,
)
from serving.drift.window import Window
from serving.load import quantile
from serving.records import UsageRecord

FEWEST = 30
"""Requests on each side below which a figure is not judged; own choice."""
STABILITY_LIMIT = 0.25
"""From which a population is taken to have changed."""
STABILITY_METHOD = (
    "PSI above 0.25 (Siddiqi 2006) and above what chance gives in 1 of 100 cases (Yurdakul and Naranjo 2020)"
)
WORDS_METHOD = "Jensen-Shannon distance (Lin 1991) above the 95 % quantile of 100 random divisions of the same texts"
SHARE_METHOD = "95 % interval of the change by Newcombe 1998 is on the worse side of 0"
RATIO_LIMIT = 1.25
RATIO_METHOD = "at most 1.25 times the baseline; own choice"
NO_WORDS = "no words are kept; start the server with --keep-traffic DAYS"


def compare(baseline: Window, now: Window) -> list[DriftRow]:
    """All figures; what cannot be told says why."""
    base_done, now_done = baseline.done, now.done
    return [
        _lengths("prompt_tokens", [r.prompt_tokens for r in base_done], [r.prompt_tokens for r in now_done]),
        _lengths("output_tokens", [r.completion_tokens for r in base_done], [r.completion_tokens for r in now_done]),
        _languages(baseline.asked(), now.asked()),
        _vocabulary(baseline.words(), now.words()),
        _share("failed_fraction", _failed(baseline), _failed(now), worse_if_more=True),
        _share(
            "refused_fraction",
            (baseline.refused(), len(baseline.traffic)),
            (now.refused(), len(now.traffic)),
            worse_if_more=True,
            missing=NO_WORDS,
        ),
        _ratio("ttft_ms_p95", "ms", base_done, now_done, first_ms, _p95),
        _ratio("tpot_ms_p95", "ms", base_done, now_done, per_token_ms, _p95),
        _ratio("cost_per_request", _currency(now_done), base_done, now_done, lambda record: record.cost, _mean),
        _ratio("energy_j_per_token", "J/token", base_done, now_done, joules_per_token, _mean),
        _share("rated_good_fraction", baseline.rated(), now.rated(), worse_if_more=False, missing="no ratings"),
    ]


def first_ms(record: UsageRecord) -> float | None:
    """Time to the first token."""
    return None if record.ttft_s is None else record.ttft_s * 1000


def per_token_ms(record: UsageRecord) -> float | None:
    """Time per token after the first."""
    if record.ttft_s is None or record.completion_tokens < 2:
        return None
    return (record.duration_s - record.ttft_s) * 1000 / (record.completion_tokens - 1)


def joules_per_token(record: UsageRecord) -> float | None:
    """Of prompt and answer together, as the windows' energy is shared out."""
    tokens = record.prompt_tokens + record.completion_tokens
    return None if record.energy_j is None or not tokens else record.energy_j / tokens


def _failed(window: Window) -> tuple[int, int]:
    ended = [record for record in window.usage if record.status != "cancelled"]
    return sum(record.status == "failed" for record in ended), len(ended)


def _few(n_baseline: int, n_current: int, missing: str) -> str:
    if min(n_baseline, n_current) == 0 and missing:
        return missing
    few = f"{n_baseline} before and {n_current} now; {FEWEST} are needed on both sides"
    return few if min(n_baseline, n_current) < FEWEST else ""


def _lengths(name: str, before: Sequence[float], now: Sequence[float]) -> DriftRow:
    reason = _few(len(before), len(now), "")
    if reason:
        return _unknown(name, "tokens", len(before), len(now), reason)
    edges = bins_of(before)
    distance = population_stability(binned(before, edges), binned(now, edges))
    high = max(STABILITY_LIMIT, stability_by_chance(len(edges) + 1, len(before), len(now)))
    return DriftRow(
        name=name,
        unit="tokens, median",
        baseline=quantile(before, 0.5),
        current=quantile(now, 0.5),
        distance=distance,
        high=high,
        inside=distance <= high,
        n_baseline=len(before),
        n_current=len(now),
        method=STABILITY_METHOD,
    )


def _languages(before: Sequence[str], now: Sequence[str]) -> DriftRow:
    reason = _few(len(before), len(now), NO_WORDS)
    if reason:
        return _unknown("languages", "share of the main language", len(before), len(now), reason)
    try:
        import py3langid
    except ImportError:
        why = "py3langid is not installed: pip install 'richtwert[serving]'"
        return _unknown("languages", "share of the main language", len(before), len(now), why)
    base, present = (Counter(py3langid.classify(text)[0] for text in texts) for texts in (before, now))
    distance = population_stability(base, present)
    high = max(STABILITY_LIMIT, stability_by_chance(len(set(base) | set(present)), len(before), len(now)))
    main = base.most_common(1)[0][0]
    return DriftRow(
        name="languages",
        unit=f"share of {main}",
        baseline=base[main] / len(before),
        current=present[main] / len(now),
        distance=distance,
        high=high,
        inside=distance <= high,
        n_baseline=len(before),
        n_current=len(now),
        method=STABILITY_METHOD,
    )


def _vocabulary(before: Sequence[Counter[str]], now: Sequence[Counter[str]]) -> DriftRow:
    reason = _few(len(before), len(now), NO_WORDS)
    known, present = summed(before), summed(now)
    if reason or not known or not present:
        return _unknown("vocabulary", "share of new words", len(before), len(now), reason or "no words in the texts")
    distance, high = jensen_shannon(known, present), by_chance(before, now)
    return DriftRow(
        name="vocabulary",
        unit="share of new words",
        current=sum(count for word, count in present.items() if word not in known) / sum(present.values()),
        distance=distance,
        high=high,
        inside=distance <= high,
        n_baseline=len(before),
        n_current=len(now),
        method=WORDS_METHOD,
    )


def _share(
    name: str, before: tuple[int, int], now: tuple[int, int], *, worse_if_more: bool, missing: str = ""
) -> DriftRow:
    reason = _few(before[1], now[1], missing)
    if reason:
        return _unknown(name, "share", before[1], now[1], reason)
    low, high = difference_of_shares(*before, *now)
    worse = low > 0 if worse_if_more else high < 0
    return DriftRow(
        name=name,
        unit="share",
        baseline=before[0] / before[1],
        current=now[0] / now[1],
        inside=not worse,
        n_baseline=before[1],
        n_current=now[1],
        method=SHARE_METHOD,
    )


def _ratio(
    name: str,
    unit: str,
    before: Sequence[UsageRecord],
    now: Sequence[UsageRecord],
    figure: Callable[[UsageRecord], float | None],
    sum_up: Callable[[Sequence[float]], float],
) -> DriftRow:
    base, present = ([v for record in rows if (v := figure(record)) is not None] for rows in (before, now))
    reason = _few(len(base), len(present), "not in the records" if not base or not present else "")
    if reason:
        return _unknown(name, unit, len(base), len(present), reason)
    limit, current = RATIO_LIMIT * sum_up(base), sum_up(present)
    return DriftRow(
        name=name,
        unit=unit,
        baseline=sum_up(base),
        current=current,
        high=limit,
        inside=current <= limit,
        n_baseline=len(base),
        n_current=len(present),
        method=RATIO_METHOD,
    )


def _unknown(name: str, unit: str, n_baseline: int, n_current: int, reason: str) -> DriftRow:
    return DriftRow(name=name, unit=unit, current=None, n_baseline=n_baseline, n_current=n_current, reason=reason)


def _currency(records: Sequence[UsageRecord]) -> str:
    return next((record.currency for record in records if record.currency is not None), "currency")


def _p95(values: Sequence[float]) -> float:
    return quantile(values, 0.95)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

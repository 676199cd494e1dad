"""Present traffic against what an Assessment forecast for the option that is served. Enter at `against`."""

from collections.abc import Sequence

from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import Interval
from advisor.contracts.errors import UnknownName
from serving.drift.compare import FEWEST, first_ms, per_token_ms
from serving.drift.report import DriftRow
from serving.drift.statistics import wilson
from serving.drift.window import Window
from serving.load import quantile

J_PER_KWH = 3.6e6
BAND = "P5 to P95 of the Assessment"
LIMIT = "limit of the case"


def against(assessment: Assessment, option_id: str | None, now: Window) -> tuple[str, list[DriftRow]]:
    """The id of the option and all figures that the Assessment forecast.

    Raises:
        UnknownName: no such option.
    """
    wanted = option_id or assessment.recommendation.option_id
    option = next((row for row in assessment.options if row.id == wanted), None)
    if option is None:
        raise UnknownName("option", wanted, [row.id for row in assessment.options])
    done = now.done
    return wanted, [
        _tokens("input_tokens_per_request", assessment, [record.prompt_tokens for record in done]),
        _tokens("output_tokens_per_request", assessment, [record.completion_tokens for record in done]),
        _latency("ttft_ms_p95", assessment, [v for record in done if (v := first_ms(record)) is not None]),
        _latency("tpot_ms_p95", assessment, [v for record in done if (v := per_token_ms(record)) is not None]),
        _cost(option, now),
        _energy(assessment, option, now),
        _quality(option, now),
    ]


def _assumed(assessment: Assessment, name: str) -> Interval | None:
    value = next((row.value for row in assessment.assumptions if row.name == name), None)
    if isinstance(value, int | float):
        return Interval(p5=value, p50=value, p95=value)
    return value if isinstance(value, Interval) else None


def _tokens(name: str, assessment: Assessment, values: Sequence[int]) -> DriftRow:
    band = _assumed(assessment, name)
    mean = sum(values) / len(values) if values else None
    return _within(name, "tokens, mean", mean, band, len(values), two_sided=True)


def _latency(name: str, assessment: Assessment, values: Sequence[float]) -> DriftRow:
    band = _assumed(assessment, name)
    row = _within(name, "ms", quantile(values, 0.95) if values else None, band, len(values), two_sided=False)
    return row.model_copy(update={"method": LIMIT})


def _cost(option: Option, now: Window) -> DriftRow:
    priced = [record for record in now.done if record.cost is not None]
    currencies = {record.currency for record in priced}
    if currencies - {option.cost.currency}:
        reason = f"records in {', '.join(map(str, currencies))}, Assessment in {option.cost.currency}"
        return DriftRow(
            name="cost_per_request", unit=option.cost.currency, current=None, n_current=len(priced), reason=reason
        )
    mean = sum(record.cost or 0.0 for record in priced) / len(priced) if priced else None
    band = _times(option.cost.per_1k_requests, 1e-3)
    return _within("cost_per_request", option.cost.currency, mean, band, len(priced), two_sided=True)


def _energy(assessment: Assessment, option: Option, now: Window) -> DriftRow:
    """Joule a request; the accelerators' reading lies below the forecast's servers, so only the upper bound holds."""
    measured = [record.energy_j for record in now.done if record.energy_j is not None]
    parts = [option.energy.serving_busy_it_kwh, option.energy.serving_idle_it_kwh]
    requests = option.cost.total.p50 / option.cost.per_1k_requests.p50 * 1000 if option.cost.per_1k_requests.p50 else 0
    band = None
    if all(part is not None for part in parts) and requests > 0:
        low, middle, high = (sum(getattr(part, q) for part in parts) for q in ("p5", "p50", "p95"))
        band = _times(Interval(p5=low, p50=middle, p95=high), J_PER_KWH / requests)
    mean = sum(measured) / len(measured) if measured else None
    row = _within("energy_j_per_request", "J", mean, band, len(measured), two_sided=False)
    return row.model_copy(update={"method": "P95 of the Assessment, servers busy and idle; measured: accelerators"})


def _quality(option: Option, now: Window) -> DriftRow:
    """Share of good ratings, whose interval has to reach the band; they stand in for the metric of the case."""
    good, rated = now.rated()
    band = option.quality.score_fraction
    if rated < FEWEST:
        return DriftRow(
            name="rated_good_fraction",
            unit="share",
            current=None,
            low=band.p5,
            n_current=rated,
            reason=f"{rated} ratings; {FEWEST} are needed",
        )
    _, upper = wilson(good, rated)
    return DriftRow(
        name="rated_good_fraction",
        unit="share",
        current=good / rated,
        low=band.p5,
        inside=upper >= band.p5,
        n_current=rated,
        method=f"upper bound of the 95 % interval (Wilson 1927) against P5 of the expected {option.quality.metric}",
    )


def _within(name: str, unit: str, value: float | None, band: Interval | None, n: int, *, two_sided: bool) -> DriftRow:
    reason = ""
    if value is None:
        reason = "not in the records"
    elif band is None:
        reason = "the Assessment states no such figure"
    elif n < FEWEST:
        reason = f"{n} requests; {FEWEST} are needed"
    inside = None
    if not reason and band is not None and value is not None:
        inside = value <= band.p95 and (not two_sided or value >= band.p5)
    return DriftRow(
        name=name,
        unit=unit,
        current=value,
        low=band.p5 if band is not None and two_sided else None,
        high=band.p95 if band is not None else None,
        inside=inside,
        n_current=n,
        method=BAND,
        reason=reason,
    )


def _times(band: Interval, factor: float) -> Interval:
    return Interval(p5=band.p5 * factor, p50=band.p50 * factor, p95=band.p95 * factor)

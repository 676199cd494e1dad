"""The advice in words, in English and German: headline, confidence, what would change it, what to measure first.

Enter at `recommend`; reasons stand in `advisor.reasons`, the roadmap in `advisor.roadmap`. Every sentence carries
figures of the same assessment; words for the confidence come from a fixed table.
"""

from dataclasses import dataclass
from typing import Literal

from advisor.contracts.assessment import (
    BreakEven,
    InformationValue,
    Option,
    Recommendation,
    RecommendationText,
    SensitivityRow,
)
from advisor.contracts.case import Case
from advisor.measures import input_label, suggested_measurement
from advisor.phrases import PHRASES, Language, amount, number, share, title
from advisor.reason_words import WORDS
from advisor.reasons import contributions_of, reasons_of, runner_up
from advisor.roadmap import Spending, roadmap_of

CLEAR, LIKELY = 0.8, 0.5
MEASUREMENTS = 3
"""Most measurements that are proposed."""


@dataclass(frozen=True)
class Findings:
    """What there is to explain."""

    case: Case
    options: tuple[Option, ...]
    currency: str
    horizon_months: int
    break_even: tuple[BreakEven, ...]
    sensitivity: tuple[SensitivityRow, ...]
    information: tuple[InformationValue, ...]
    spending: Spending | None = None
    """Draws of the first option, for the roadmap's money and people."""


def recommend(found: Findings) -> Recommendation:
    """The recommendation for the first-ranked option, in English with a German translation."""
    best, second = found.options[0], runner_up(found.options)
    english, german = (_text(found, language) for language in ("en", "de"))
    return Recommendation(
        option_id=best.id,
        kind=best.kind,
        headline=english.headline,
        confidence=confidence_of(best),
        reasons=english.reasons,
        what_would_change_it=english.what_would_change_it,
        roadmap=english.roadmap,
        translations=(german,),
        confidence_reason=english.confidence_reason,
        measure_first=english.measure_first,
        runner_up_id=second.id if second is not None else None,
        contributions=contributions_of(best, second) if second is not None else (),
        figures=tuple(reasons_of(found.options, found.currency, "en").figures),
    )


def confidence(
    p_best: float, p95_regret: float | None = None, mean_cost: float | None = None
) -> Literal["clear", "likely", "open"]:
    """Words for how sure the advice is, from a fixed table.

    clear: p_best >= 0.8 and, where both are known, p95_regret <= mean_cost;  likely: p_best >= 0.5;  else open
    units: fraction, money, money.   source: own table, bound by a test.
    validity: `p_best` needs the quality floor in the same draw; a rare but ruinous loss takes `clear` away.
    """
    bearable = p95_regret is None or mean_cost is None or p95_regret <= mean_cost
    if p_best >= CLEAR and bearable:
        return "clear"
    return "likely" if p_best >= LIKELY else "open"


def confidence_of(option: Option) -> Literal["clear", "likely", "open"]:
    """The word for an option of an assessment."""
    return confidence(option.p_best, option.p95_regret, option.cost.total.mean)


def _text(found: Findings, language: Language) -> RecommendationText:
    """All texts in one language; `language` of the result is only a label."""
    best = found.options[0]
    return RecommendationText(
        language="de",
        headline=_headline(found, best, language),
        reasons=tuple(reasons_of(found.options, found.currency, language).sentences),
        what_would_change_it=tuple(_changes(found, best, language)),
        roadmap=roadmap_of(best, found.spending, language),
        confidence_reason=_confidence_reason(found, best, language),
        measure_first=tuple(_measurements(found, language)),
    )


def _confidence_reason(found: Findings, best: Option, language: Language) -> str:
    if not best.feasible or best.p95_regret is None:
        return WORDS[language]["confidence_none"]
    return WORDS[language][f"confidence_{confidence_of(best)}"].format(
        p_best=share(best.p_best, language), high=amount(best.p95_regret, found.currency, language)
    )


def _measurements(found: Findings, language: Language) -> list[str]:
    """The measurements that are worth most, one for each thing that can be measured."""
    by_label = {input_label(info.input, language): info for info in reversed(found.information)}
    ordered = sorted(by_label.items(), key=lambda pair: -pair[1].evppi)[:MEASUREMENTS]
    sentences = [
        WORDS[language]["measure"].format(
            how=_capital(suggested_measurement(info.input, language)),
            input=label,
            worth=amount(info.evppi, found.currency, language),
        )
        for label, info in ordered
    ]
    return sentences or [WORDS[language]["measure_none"]]


def _headline(found: Findings, best: Option, language: Language) -> str:
    say = PHRASES[language]
    total = best.cost.total
    key = "headline_status_quo" if best.kind == "status_quo" else "headline"
    return say[key].format(
        title=_capital(title(best, language)),
        p50=amount(total.p50, found.currency, language),
        p5=amount(total.p5, found.currency, language),
        p95=amount(total.p95, found.currency, language),
        months=found.horizon_months,
        p_best=share(best.p_best, language),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _changes(found: Findings, best: Option, language: Language) -> list[str]:
    say = PHRASES[language]
    labels = {option.id: title(option, language) for option in found.options}
    changes = []
    for row in found.break_even:
        if row.value is None or best.id not in row.between:
            continue
        other = row.between[1] if row.between[0] == best.id else row.between[0]
        key = "above" if row.between[1] == other else "below"
        when = say["when"].format(date=row.date) if row.date else ""
        changes.append(say[key].format(other=labels[other], value=number(row.value, language), when=when))
    if not changes:
        changes.append(say["robust"])
    return changes

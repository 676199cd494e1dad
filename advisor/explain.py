"""The advice in words, in English and German: headline, reasons, what would change it, roadmap.

Enter at `recommend`. Every sentence carries figures of the same assessment; words for the confidence come from
a fixed table on the probability of being best.
"""

from dataclasses import dataclass
from typing import Literal

from advisor.contracts.assessment import (
    BreakEven,
    InformationValue,
    Option,
    Recommendation,
    RecommendationText,
    RoadmapStep,
    SensitivityRow,
)
from advisor.contracts.case import Case
from advisor.measures import input_label, suggested_measurement
from advisor.phrases import KINDS, LINES, PHRASES, RULES, STEPS, Language, amount, number, share, title

CLEAR, LIKELY = 0.8, 0.5
STEP_SHARES = (0.08, 0.2, 0.08, 0.1, 0.06, 0.2, 0.1, 0.06, 0.12, 0.0)
"""Share of the time to value that each of the ten steps takes; own judgement, step 10 goes on for good."""
TRAINING_STEPS = (4, 5, 6, 8)


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


def recommend(found: Findings) -> Recommendation:
    """The recommendation for the first-ranked option, in English with a German translation."""
    best = found.options[0]
    english, german = (_text(found, language) for language in ("en", "de"))
    return Recommendation(
        option_id=best.id,
        kind=best.kind,
        headline=english.headline,
        confidence=confidence(best.p_best),
        reasons=english.reasons,
        what_would_change_it=english.what_would_change_it,
        roadmap=english.roadmap,
        translations=(
            RecommendationText(
                language="de",
                headline=german.headline,
                reasons=german.reasons,
                what_would_change_it=german.what_would_change_it,
                roadmap=german.roadmap,
            ),
        ),
    )


def confidence(p_best: float) -> Literal["clear", "likely", "open"]:
    """Words for a probability of being best: clear from 0.8, likely from 0.5, else open."""
    if p_best >= CLEAR:
        return "clear"
    return "likely" if p_best >= LIKELY else "open"


def _text(found: Findings, language: Language) -> RecommendationText:
    """All texts in one language; `language` of the result is only a label."""
    best = found.options[0]
    return RecommendationText(
        language="de",
        headline=_headline(found, best, language),
        reasons=tuple(_reasons(found, best, language)),
        what_would_change_it=tuple(_changes(found, best, language)),
        roadmap=_roadmap(best, language),
    )


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


def _reasons(found: Findings, best: Option, language: Language) -> list[str]:
    say = PHRASES[language]
    reasons = []
    others = [option for option in found.options[1:] if option.feasible]
    if others:
        second = others[0]
        difference = (second.cost.total.mean or 0.0) - (best.cost.total.mean or 0.0)
        key = "cheaper" if difference >= 0 else "dearer"
        reasons.append(
            say[key].format(
                second=title(second, language),
                difference=amount(abs(difference), found.currency, language),
                blocks=_blocks(best, second, found.currency, language),
                p=share(best.p_meets_quality, language),
                p_second=share(second.p_meets_quality, language),
            )
        )
    else:
        reasons.append(say["only_one"])
    if best.kind != "status_quo":
        score = best.quality.score_fraction
        reasons.append(
            say[f"quality_{best.quality.origin}"].format(
                p50=share(score.p50, language),
                p5=share(score.p5, language),
                p95=share(score.p95, language),
                floor=share(best.quality.floor_fraction, language),
                p=share(best.p_meets_quality, language),
            )
        )
    reasons += _excluded(found, language)
    return reasons


def _blocks(best: Option, second: Option, currency: str, language: Language) -> str:
    """The two cost lines that differ most between the two options."""
    mine = {line.name: line.mean for line in best.cost.lines}
    gaps = sorted(((line.name, line.mean - mine[line.name]) for line in second.cost.lines), key=lambda g: -abs(g[1]))
    signs = {True: "+", False: "−"}
    return ", ".join(
        f"{LINES[language][name]} {signs[gap > 0]}{amount(abs(gap), currency, language)}"
        for name, gap in gaps[:2]
        if gap != 0
    )


def _excluded(found: Findings, language: Language) -> list[str]:
    """One sentence on the kinds that the gates exclude, with the gates."""
    by_kind: dict[str, set[str]] = {}
    for option in found.options:
        failed = {gate.rule for gate in option.gates if gate.passed is False}
        if failed:
            by_kind.setdefault(option.kind, set()).update(failed)
    open_kinds = {option.kind for option in found.options if option.feasible}
    parts = [
        f"{KINDS[language][kind]} ({', '.join(RULES[language].get(rule, rule) for rule in sorted(rules))})"
        for kind, rules in by_kind.items()
        if kind not in open_kinds
    ]
    return [PHRASES[language]["excluded"].format(list="; ".join(parts))] if parts else []


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
    by_label = {input_label(info.input, language): info for info in reversed(found.information)}
    for info in sorted(by_label.values(), key=lambda row: -row.evppi)[:2]:
        changes.append(
            say["information"].format(
                input=input_label(info.input, language),
                worth=amount(info.evppi, found.currency, language),
                how=suggested_measurement(info.input, language),
            )
        )
    if not changes:
        changes.append(say["robust"])
    return changes


def _roadmap(best: Option, language: Language) -> tuple[RoadmapStep, ...]:
    """The ten steps of the process with their share of the time to value; steps that do not apply take no time."""
    trains = best.kind in (
        "fine_tune_lora",
        "fine_tune_full",
        "domain_adaptation",
        "from_scratch",
        "proprietary_api_tuned",
    )
    used = [trains or step not in TRAINING_STEPS for step in range(1, 11)]
    total = sum(part for part, use in zip(STEP_SHARES, used, strict=True) if use)
    months = best.time_to_value_months.p50
    steps = []
    for index, (name, detail) in enumerate(STEPS[language]):
        length = STEP_SHARES[index] / total * months if used[index] else 0.0
        text = detail if used[index] else PHRASES[language]["step_not_needed"]
        steps.append(RoadmapStep(step=index + 1, title=name, months=round(length, 1), detail=text))
    return tuple(steps)

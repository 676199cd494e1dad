"""The README of a plan directory, filled with the figures of the option. Enter at `plan_readme`, `other_readme`."""

from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import Interval
from advisor.contracts.plan import BaseModelSource, FileCorpus, TrainingPlan
from advisor.handing.words import BUY_README, HOST_README, NOTES, PLAN_README
from advisor.phrases import RULES, Language, number, title

ABSENT = "–"


def plan_readme(plan: TrainingPlan, assessment: Assessment, option: Option, language: Language) -> str:
    """For options that train."""
    say = NOTES[language]
    paths = [corpus.path for corpus in plan.data.corpora if isinstance(corpus, FileCorpus)]
    hardware = say["cpu"] if plan.accelerator is None else f"{plan.accelerator_count} x {plan.accelerator}"
    text = PLAN_README[language].format(
        name=f"{assessment.case.name}: {title(option, language)}",
        option=option.id,
        assessment=assessment.id,
        corpora=", ".join(f"`{path}`" for path in paths) or say["sample"],
        model=_model(plan, language),
        hardware=hardware,
        forecast="\n".join(_forecast(plan, language)),
    )
    return text + _notes(plan, option, language)


def other_readme(assessment: Assessment, option: Option, language: Language, **values: str) -> str:
    """For options that are bought (`provider` and `key` given) or hosted as they are (`hub` given)."""
    template = (BUY_README if "provider" in values else HOST_README)[language]
    text = template.format(
        name=f"{assessment.case.name}: {title(option, language)}",
        option=option.id,
        assessment=assessment.id,
        **values,
    )
    return text + _notes(None, option, language)


def _model(plan: TrainingPlan, language: Language) -> str:
    if isinstance(plan.model, BaseModelSource):
        return NOTES[language]["fetched"].format(name=plan.model.model)
    return NOTES[language]["own_weights"].format(name=plan.model.name)


def _forecast(plan: TrainingPlan, language: Language) -> list[str]:
    say, forecast = NOTES[language], plan.forecast
    rows: list[tuple[str, Interval | None]] = [
        (say["hours"], forecast.train_hours),
        (say["energy"], forecast.energy_kwh),
        (say["cost"].format(currency=forecast.currency or ABSENT), forecast.cost),
        (say["quality"], forecast.quality_fraction),
    ]
    return [f"| {name} | {' | '.join(_cells(value, language))} |" for name, value in rows]


def _cells(value: Interval | None, language: Language) -> list[str]:
    if value is None:
        return [NOTES[language]["unknown"], ABSENT, ABSENT]
    return [number(quantile, language) for quantile in (value.p5, value.p50, value.p95)]


def _notes(plan: TrainingPlan | None, option: Option, language: Language) -> str:
    say = NOTES[language]
    lines = []
    failed = [RULES[language].get(gate.rule, gate.rule) for gate in option.gates if gate.passed is False]
    if failed:
        lines.append(say["excluded"].format(rules=", ".join(failed)))
    if plan is not None and plan.accelerator_count > 1:
        lines.append(say["several"].format(count=plan.accelerator_count))
    return "\n" + "\n\n".join([say["heading"], "\n".join(f"- {line}" for line in lines)]) + "\n" if lines else ""

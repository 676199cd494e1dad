"""The parts of the advice that follow its reasons, as text: confidence, measurements, roadmap.

Enter at `advice_in`, `roadmap_columns` and `roadmap_rows`; the terminal and Markdown share them.
"""

from advisor.contracts.advice import RoadmapStep
from advisor.contracts.assessment import Assessment, Option, Recommendation, RecommendationText
from advisor.phrases import Language, amount, number
from advisor.reason_words import HELD, ROLES, STEP_WORDS

ABSENT = "–"


def advice_in(result: Assessment, language: Language) -> Recommendation | RecommendationText:
    """The texts of the recommendation in a language, English where it has no translation."""
    advice = result.recommendation
    return next((text for text in advice.translations if text.language == language), advice)


def roadmap_columns(language: Language) -> list[str]:
    """Titles of the roadmap's table."""
    say = STEP_WORDS[language]
    return [say["step"], say["months"], say["people"], say["money"], say["what"]]


def roadmap_rows(result: Assessment, language: Language) -> list[list[str]]:
    """One row per step; a dash where a step takes nothing."""
    currency = result.options[0].cost.currency
    return [
        [
            f"{step.step}. {step.title}",
            months_text(step, language),
            people_text(step, language),
            money_text(step, currency, language),
            step.detail,
        ]
        for step in advice_in(result, language).roadmap
    ]


def hardware_text(option: Option, language: Language) -> str:
    """Devices of an option and how they are held, in brackets; empty where the company runs none."""
    if option.hardware is None:
        return ""
    devices, comma, held = option.hardware.rpartition(", ")
    return f" ({devices}{comma}{HELD[language].get(held, held)})"


def months_text(step: RoadmapStep, language: Language) -> str:
    """How long a step takes."""
    if step.cost_per == "month":
        return STEP_WORDS[language]["goes_on"]
    return number(step.months, language, 2) if step.months else ABSENT


def people_text(step: RoadmapStep, language: Language) -> str:
    """Who works in a step, and how much."""
    suffix = f" {STEP_WORDS[language]['per_month']}" if step.cost_per == "month" and step.people else ""
    parts = [f"{ROLES[language].get(one.role, one.role)} {number(one.fte_months, language, 2)}" for one in step.people]
    return ", ".join(parts) + suffix or ABSENT


def money_text(step: RoadmapStep, currency: str, language: Language) -> str:
    """What a step costs: mean and range."""
    if step.cost is None or step.cost.mean is None or step.cost.p95 == 0:
        return ABSENT
    low, high = number(step.cost.p5, language), number(step.cost.p95, language)
    text = f"{amount(step.cost.mean, currency, language)} ({low} – {high})"
    return f"{text} {STEP_WORDS[language]['per_month']}" if step.cost_per == "month" else text

"""Findings of the gates as sentences in English and German, ready for the Assessment.

Enter at `gate_of`. Figures have three significant digits and the language's separators.
"""

from collections.abc import Mapping

from advisor.contracts.gates import RESULTS, Gate, GateEvidence, Relaxation, Translation
from advisor.core.gates.finding import Evidence, Finding, Large, Lift, Money, Share, Value, Word
from advisor.gate_phrases import GATES, LIFTS, WORDS
from advisor.phrases import Language, amount, number, share
from advisor.summaries import rounded


def gate_of(finding: Finding) -> Gate:
    """One gate in words."""
    texts = {language: _said(GATES[finding.key], finding.values, language) for language in LANGUAGES}
    return Gate(
        rule=finding.rule,
        passed=finding.passed,
        result=RESULTS[finding.passed],
        reason=texts["en"],
        evidence=tuple(_evidence(each) for each in finding.evidence),
        relaxation=None if finding.lift is None else relaxation_of(finding.rule, finding.lift),
        translations=(Translation(language="de", text=texts["de"]),),
    )


LANGUAGES: tuple[Language, ...] = ("en", "de")


def relaxation_of(rule: str, lift: Lift) -> Relaxation:
    """What would lift a failed gate, in words."""
    texts = {language: _said(LIFTS[lift.key or rule], lift.values, language) for language in LANGUAGES}
    return Relaxation(
        condition=lift.condition,
        unit=lift.unit,
        given=_plain(lift.given),
        needed=_plain(lift.needed),
        by=None if lift.by is None else rounded(lift.by),
        relative_ratio=None if lift.relative is None else rounded(lift.relative),
        cost=None if lift.cost is None else rounded(lift.cost),
        text=texts["en"],
        translations=(Translation(language="de", text=texts["de"]),),
    )


def in_language(text: str, translations: tuple[Translation, ...], language: Language) -> str:
    """The sentence in the language, the English one where there is no translation."""
    for each in translations:
        if each.language == language:
            return each.text
    return text


def _evidence(found: Evidence) -> GateEvidence:
    return GateEvidence(
        input=found.input,
        value=_plain(found.value),
        threshold=_plain(found.threshold),
        unit=found.unit,
        source=found.source,
        as_of=found.as_of,
    )


def _plain(value: float | str | None) -> float | str | None:
    return rounded(value) if isinstance(value, float) else value


def _said(sentence: Mapping[Language, str], values: Mapping[str, Value], language: Language) -> str:
    return sentence[language].format(**{name: shown(value, language) for name, value in values.items()})


def shown(value: Value, language: Language) -> str:
    """One figure or term of a sentence."""
    match value:
        case None:
            return "?"
        case str():
            return value
        case Money():
            return amount(value.amount, value.currency, language)
        case Share():
            return share(value.fraction, language)
        case Large():
            text = f"{value.value:.1e}".replace("e+", "e")
            return text if language == "en" else text.replace(".", ",")
        case Word():
            return WORDS[value.key][language]
        case int() | float():
            return number(float(value), language)
        case words:
            return ", ".join(shown(word, language) for word in words) or WORDS["none"][language]

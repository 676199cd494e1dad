"""The risk register of one option as a Markdown table in English or German. Enter at `risk_table`."""

from collections.abc import Iterator

from advisor.contracts.assessment import Option
from advisor.phrases import Language, number

NAMES: dict[str, dict[Language, str]] = {
    "bias": {"en": "bias", "de": "Verzerrung"},
    "explainability": {"en": "explainability", "de": "Erklärbarkeit"},
    "hallucination": {"en": "hallucination", "de": "falsche Antworten"},
    "data_leakage": {"en": "data leakage", "de": "Datenabfluss"},
    "vendor_lock_in": {"en": "vendor lock-in", "de": "Bindung an Anbieter"},
    "model_deprecation": {"en": "end of the model", "de": "Ende des Modells"},
    "staff_loss": {"en": "loss of staff", "de": "Abgang von Personal"},
    "obsolescence": {"en": "obsolescence", "de": "Veralten"},
    "energy": {"en": "energy", "de": "Energie"},
    "licence": {"en": "licence", "de": "Lizenz"},
    "ai_act_role": {"en": "EU AI Act, role", "de": "KI-Verordnung, Rolle"},
    "gdpr_transfer": {"en": "GDPR, transfer", "de": "DSGVO, Übermittlung"},
    "energy_law": {"en": "energy law", "de": "Energierecht"},
}
HEAD: dict[Language, tuple[str, ...]] = {
    "en": ("risk", "0-10", "reason", "mitigation", "answers for it"),
    "de": ("Risiko", "0-10", "Grund", "Gegenmaßnahme", "verantwortlich"),
}
TITLE: dict[Language, str] = {"en": "Risks of the first option", "de": "Risiken der ersten Option"}


def risk_table(option: Option, language: Language) -> Iterator[str]:
    """Heading and rows; nothing where the option carries no risks."""
    if not option.risks:
        return
    yield f"## {TITLE[language]}\n"
    yield "| " + " | ".join(HEAD[language]) + " |"
    yield "|---|--:|---|---|---|"
    for risk in option.risks:
        texts = [risk.reason, risk.mitigation, risk.owner]
        for each in risk.translations:
            if each.language == language:
                texts = [each.reason, each.mitigation, each.owner]
        name = NAMES.get(risk.name, {}).get(language, risk.name)
        cells = [name, number(risk.score_0_10, language, 2), *texts]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""

"""Words of the exports that are read by people, in English and German; figures come from the Assessment.

Enter at `WORDS`, `advice_in`, `gate_text`, `warning_text`. A sentence that exists in English alone (a reason from
the risk register, a gate's figures) is not shown in a German report; its rule or name is.
"""

from advisor.contracts.assessment import Assessment, Caution, Gate, RecommendationText, Risk
from advisor.contracts.base import Contract
from advisor.phrases import CONFIDENCE, RULES, Language, number

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Decision paper: buy, tune or train a language model",
        "advice": "Recommendation", "confidence": "Confidence", "reasons": "Why",
        "changes": "What would change it", "options": "The options side by side",
        "option": "Option", "rank": "Rank", "cost": "Cost, k{sign} (P50)", "range": "P5 – P95", "quality": "Quality",
        "p_quality": "P(quality)", "p_best": "P(best)", "p_budget": "P(budget)", "months": "Months to value",
        "regret": "Regret, k{sign}", "gates": "Gates", "passes": "passes", "fails": "no: {rules}", "open": "{rule}?",
        "legend": "P5 – P95: nine chances in ten. P(quality): probability of reaching the quality floor of {floor}. "
        "P(best): share of the simulated futures in which the option is the cheapest of those that pass the gates "
        "and reach the floor. Regret: expected loss above the best option. Money is discounted to today, over "
        "{months} months.",
        "chart_cost": "Cost over {months} months, k{sign}: P5 – P95 and median",
        "chart_log": "Cost over {months} months, k{sign}, logarithmic: P5 – P95 and median",
        "chart_flow": "Cumulative cash flow, k{sign}, undiscounted, by month (means)",
        "chart_tornado": "What moves the difference to the runner-up, k{sign}",
        "chart_best": "Probability of being the best option",
        "tornado_note": "Change of (recommended minus runner-up) when one input goes to its P5 (light) or P95 (dark).",
        "flow_note": "One-off costs at the start, recurring costs at month ends; hardware less its value at the end "
        "of the horizon.",
        "flow_note_simulated": "Simulated payments; bought hardware is paid at the start and sold at the end of the "
        "horizon.",
        "gates_heading": "Gates: what excludes an option",
        "gates_note": "A gate is a hard condition and never turned into points. An open gate is a question to answer.",
        "rule": "Condition", "reason": "Reason", "state": "State", "failed": "not met", "unknown": "open",
        "risks": "Risks of the recommended option", "risk": "Risk", "score": "Score (0–10)",
        "mitigation": "Mitigation", "roadmap": "Roadmap", "step": "Step", "duration": "Months", "detail": "What to do",
        "measure": "What to measure first", "worth": "Worth up to, {sign}", "measurement": "Measurement",
        "assumptions": "Inputs with origin and source", "input": "Input", "value": "Value (P5 – P95)",
        "unit": "Unit", "origin": "Origin", "source": "Source", "as_of": "As of",
        "warnings": "Read before you rely on it",
        "footer": "catalogue {catalog} · seed {seed} · {draws} draws · assessment {id}", "page": "page {n} of {total}",
        "decision": "{case} · horizon {months} months · first month {month}",
        "no_advice": "No legal or financial advice; a figure supports a decision, it does not make it.",
        "measured": "measured", "given": "given", "catalogue": "catalogue", "assumed": "assumed",
        "summary": "Summary", "lines": "Cost lines", "flow": "Cash flow", "line": "Cost line", "phase": "Phase",
        "one_off": "one-off", "recurring": "recurring", "total": "Total", "mean": "Mean", "check": "Check",
        "difference": "Difference to the runner-up", "per_1k": "Per 1,000 requests", "rate": "Discount rate per year",
        "requests": "Requests over the horizon", "month": "Month", "year": "Year", "start": "Begins",
        "factor": "Discount factor", "nominal": "Undiscounted", "present": "Present value", "cumulative": "Cumulative",
        "horizon": "Horizon, months", "currency": "Currency", "seed": "Seed", "draws": "Draws",
        "catalog": "Catalogue version", "version": "Richtwert version", "assessment": "Assessment",
        "runner_up": "Runner-up", "recommended": "Recommended", "feasible": "Feasible", "yes": "yes", "no": "no",
        "means_note": "Means add up over lines and months; medians (P50) do not. Change the rate to see the present "
        "value at another one: the payments stay.",
        "check_note": "Total of the simulation less the sum here; rounding to four digits alone may show.",
        "annual": "By year", "monthly": "By month", "sheet_options": "Options", "sheet_assumptions": "Assumptions",
        "sheet_risks": "Risks",
        "people": "People (person-months)", "money": "Money, k{sign}", "per_month": "{value} a month",
        "staged": "Staged paths: pilot first, change over at a trigger", "path": "Begin with → change to",
        "decide": "Decide", "trigger": "Trigger", "p_trigger": "P(trigger)", "saving": "Saving over the best, k{sign}",
        "above_volume": "from {value} requests a month", "below_quality": "measured quality below {value}",
        "never": "no trigger within the range",
    },
    "de": {
        "title": "Entscheidungsvorlage: Sprachmodell kaufen, anpassen oder trainieren",
        "advice": "Empfehlung", "confidence": "Sicherheit", "reasons": "Warum",
        "changes": "Was die Empfehlung ändern würde", "options": "Die Optionen im Vergleich",
        "option": "Option", "rank": "Rang", "cost": "Kosten, T{sign} (P50)", "range": "P5 – P95",
        "quality": "Qualität", "p_quality": "P(Qualität)", "p_best": "P(beste)", "p_budget": "P(Budget)",
        "months": "Monate bis Nutzen", "regret": "Bedauern, T{sign}", "gates": "Bedingungen", "passes": "erfüllt",
        "fails": "nein: {rules}", "open": "{rule}?",
        "legend": "P5 – P95: neun von zehn Verläufen. P(Qualität): Wahrscheinlichkeit, die Mindestqualität von {floor} "
        "zu erreichen. P(beste): Anteil der durchgerechneten Verläufe, in denen die Option die günstigste unter denen "
        "ist, die alle Bedingungen und die Mindestqualität erfüllen. Bedauern: erwarteter Verlust gegenüber der "
        "besten Option. Geld ist auf heute abgezinst, über {months} Monate.",
        "chart_cost": "Kosten über {months} Monate, T{sign}: P5 – P95 und Median",
        "chart_log": "Kosten über {months} Monate, T{sign}, logarithmisch: P5 – P95 und Median",
        "chart_flow": "Kumulierte Zahlungen, T{sign}, nicht abgezinst, je Monat (Mittelwerte)",
        "chart_tornado": "Was den Abstand zur nächstbesten Option bewegt, T{sign}",
        "chart_best": "Wahrscheinlichkeit, die beste Option zu sein",
        "tornado_note": "Änderung von (empfohlene minus nächstbeste Option), wenn eine Größe auf ihr P5 (hell) oder "
        "P95 (dunkel) geht.",
        "flow_note": "Einmaliges zu Beginn, Laufendes am Monatsende; Hardware abzüglich ihres Werts am Ende der "
        "Laufzeit.",
        "flow_note_simulated": "Durchgerechnete Zahlungen; gekaufte Hardware wird zu Beginn bezahlt und am Ende der "
        "Laufzeit verkauft.",
        "gates_heading": "Bedingungen: was eine Option ausschließt",
        "gates_note": "Eine Bedingung schließt aus und wird nie zu Punkten. Eine offene ist eine Frage, die zu "
        "klären ist.",
        "rule": "Bedingung", "reason": "Begründung", "state": "Stand", "failed": "nicht erfüllt", "unknown": "offen",
        "risks": "Risiken der empfohlenen Option", "risk": "Risiko", "score": "Punkte (0–10)",
        "mitigation": "Gegenmaßnahme", "roadmap": "Fahrplan", "step": "Schritt", "duration": "Monate",
        "detail": "Was zu tun ist",
        "measure": "Was zuerst zu messen ist", "worth": "Wert bis zu, {sign}", "measurement": "Messung",
        "assumptions": "Eingangsgrößen mit Herkunft und Quelle", "input": "Größe", "value": "Wert (P5 – P95)",
        "unit": "Einheit", "origin": "Herkunft", "source": "Quelle", "as_of": "Stand",
        "warnings": "Vor dem Verwenden zu lesen",
        "footer": "Katalog {catalog} · Startwert {seed} · {draws} Ziehungen · Bewertung {id}",
        "page": "Seite {n} von {total}",
        "decision": "{case} · Laufzeit {months} Monate · erster Monat {month}",
        "no_advice": "Keine Rechts- oder Finanzberatung; eine Zahl stützt eine Entscheidung, sie trifft sie nicht.",
        "measured": "gemessen", "given": "angegeben", "catalogue": "Katalog", "assumed": "angenommen",
        "summary": "Übersicht", "lines": "Kostenzeilen", "flow": "Zahlungen", "line": "Kostenzeile", "phase": "Art",
        "one_off": "einmalig", "recurring": "laufend", "total": "Summe", "mean": "Mittelwert", "check": "Probe",
        "difference": "Abstand zur nächstbesten Option", "per_1k": "Je 1.000 Anfragen",
        "rate": "Abzinsungssatz im Jahr",
        "requests": "Anfragen über die Laufzeit", "month": "Monat", "year": "Jahr", "start": "Beginn",
        "factor": "Abzinsungsfaktor", "nominal": "Nicht abgezinst", "present": "Barwert", "cumulative": "Kumuliert",
        "horizon": "Laufzeit, Monate", "currency": "Währung", "seed": "Startwert", "draws": "Ziehungen",
        "catalog": "Katalogversion", "version": "Richtwert-Version", "assessment": "Bewertung",
        "runner_up": "Nächstbeste", "recommended": "Empfohlen", "feasible": "Zulässig", "yes": "ja", "no": "nein",
        "means_note": "Mittelwerte addieren sich über Zeilen und Monate, Mediane (P50) nicht. Ein anderer Satz ergibt "
        "den Barwert dazu: die Zahlungen bleiben.",
        "check_note": "Summe der Simulation abzüglich der Summe hier; sichtbar bleibt allein die Rundung auf vier "
        "Stellen.",
        "annual": "Je Jahr", "monthly": "Je Monat", "sheet_options": "Optionen", "sheet_assumptions": "Annahmen",
        "sheet_risks": "Risiken",
        "people": "Personen (Personenmonate)", "money": "Geld, T{sign}", "per_month": "{value} im Monat",
        "staged": "Stufenwege: zuerst ein Pilot, Umstieg bei einem Auslöser", "path": "Beginnen mit → umsteigen auf",
        "decide": "Entscheiden", "trigger": "Auslöser", "p_trigger": "P(Auslöser)",
        "saving": "Ersparnis gegenüber der besten, T{sign}", "above_volume": "ab {value} Anfragen im Monat",
        "below_quality": "gemessene Qualität unter {value}", "never": "kein Auslöser in der Spanne",
    },
}  # fmt: skip

RISKS_DE = {
    "bias": "Verzerrung",
    "explainability": "Erklärbarkeit",
    "hallucination": "falsche Antworten",
    "wrong_answers": "falsche Antworten",
    "data_leakage": "Datenabfluss",
    "vendor_lock_in": "Bindung an den Anbieter",
    "model_deprecation": "Modell wird abgeschaltet",
    "staff_loss": "Weggang von Personal",
    "obsolescence": "Veralten",
    "energy": "Energie",
    "licence": "Lizenz",
    "ai_act_role": "KI-Verordnung, Rolle",
    "gdpr_transfer": "DSGVO, Übermittlung",
    "energy_law": "Energierecht",
}
ROLES: dict[Language, dict[str, str]] = {
    "en": {
        "ml_engineer": "ML engineer", "data_engineer": "data engineer", "operations": "operations",
        "annotator": "annotator", "domain_expert": "domain expert",
    },
    "de": {
        "ml_engineer": "ML-Ingenieur", "data_engineer": "Dateningenieur", "operations": "Betrieb",
        "annotator": "Annotation", "domain_expert": "Fachkraft",
    },
}  # fmt: skip
SOURCES_DE = {"the case": "der Fall", "Richtwert, own assumption": "Richtwert, eigene Annahme"}
"""Beginnings of sources that are words of ours; citations stay as they are."""
WARNINGS_DE = {
    "error_cost_not_counted": "Falsche Antworten kosten hier nichts: der Fall sagt nicht, was eine kostet.",
    "nothing_feasible": "Keine neue Option erfüllt alle Bedingungen.",
    "quality_at_risk": "In einem Teil der Verläufe erreicht keine zulässige Option die Mindestqualität.",
    "quality_assumed": "Die Qualität ist bei den meisten Optionen erwartet, nicht gemessen: `advisor baseline run`.",
    "market_factor_unknown": "Für einen Teil der Standorte fehlt der Residualmix, also das marktbasierte Treibhausgas.",
    "embodied_unknown": "Für einen Teil der Geräte ist nicht bekannt, was ihre Herstellung ausstößt.",
    "embodied_of_providers_unknown": "Anbieter sagen nicht, was die Herstellung ihrer Hardware ausstößt.",
    "water_of_own_rooms_unknown": "Das Kühlwasser eigener Räume ist nicht bekannt.",
}


def advice_in(result: Assessment, language: Language) -> RecommendationText:
    """The advice in the reader's language; English where no translation is there."""
    advice = result.recommendation
    for text in advice.translations:
        if text.language == language:
            return text
    return RecommendationText(
        language="de",
        headline=advice.headline,
        reasons=advice.reasons,
        what_would_change_it=advice.what_would_change_it,
        roadmap=advice.roadmap,
    )


def rule_name(gate: Gate, language: Language) -> str:
    """A gate's name for people."""
    return RULES[language].get(gate.rule, gate.rule.replace("_", " "))


def gate_text(gate: Gate, language: Language) -> str:
    """Why a gate failed or is open: its reason where one is written in the reader's language."""
    return gate.reason if language == "en" else _translated(gate, language, "text")


def risk_texts(risk: Risk, language: Language) -> tuple[str, str, str]:
    """Name, reason and mitigation in the reader's language; empty where there is none."""
    if language == "en":
        owner = str(getattr(risk, "owner", ""))
        return risk.name.replace("_", " "), risk.reason, _with_owner(risk.mitigation, owner)
    name = RISKS_DE.get(risk.name, risk.name.replace("_", " "))
    owner = _translated(risk, language, "owner")
    return name, _translated(risk, language, "reason"), _with_owner(_translated(risk, language, "mitigation"), owner)


def source_text(source: str, language: Language) -> str:
    """A source; words of ours in the reader's language, citations as they are."""
    if language == "de":
        for english, german in SOURCES_DE.items():
            if source.startswith(english):
                return german + source.removeprefix(english)
    return source


def confidence_text(result: Assessment, language: Language) -> str:
    """How sure the advice is, or that there is none."""
    verdict = getattr(result.recommendation, "verdict", "recommended")
    if verdict == "none":
        return {"en": "nothing feasible", "de": "nichts zulässig"}[language]
    return CONFIDENCE[language][result.recommendation.confidence]


def nothing_text(result: Assessment, language: Language) -> str:
    """That nothing is feasible and what is nearest, in the reader's language; empty where something is."""
    found = getattr(result, "nothing_feasible", None)
    if found is None:
        return ""
    return str(found.headline) if language == "en" else _translated(found, language, "text")


def figure(value: float, language: Language, digits: int = 4) -> str:
    """A value with at most so many significant digits and no zeros that say nothing."""
    text = number(value, "en", digits)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def warning_text(warning: Caution, language: Language) -> str:
    """A warning in the reader's language."""
    if language == "en":
        return warning.message
    kind, _, rule = warning.code.partition(".")
    written = _translated(warning, language, "text")
    if written:
        return written
    if kind == "open_question":
        return f"Offene Frage: {RULES['de'].get(rule, rule)}."
    return WARNINGS_DE.get(kind, f"Hinweis „{kind.replace('_', ' ')}“.")


def sign(currency: str) -> str:
    """The currency's sign as people write it."""
    return {"EUR": "€", "USD": "US$"}.get(currency, currency)


def _translated(item: Contract, language: Language, field: str) -> str:
    """One field of an item's translation; empty where the item carries none."""
    for text in getattr(item, "translations", ()):
        if text.language == language:
            return str(getattr(text, field, ""))
    return ""


def _with_owner(mitigation: str, owner: str) -> str:
    return f"{mitigation} ({owner})" if mitigation and owner else mitigation

"""Words in English and German, and how figures are written in each."""

from math import floor, log10
from typing import Literal

from advisor.contracts.assessment import Option

Language = Literal["en", "de"]

KINDS: dict[Language, dict[str, str]] = {
    "en": {
        "status_quo": "status quo",
        "proprietary_api": "proprietary API",
        "proprietary_api_tuned": "proprietary API, tuned",
        "hosted_open_api": "hosted open model",
        "self_hosted_open": "self-hosted open model",
        "fine_tune_lora": "open model, LoRA",
        "fine_tune_full": "open model, fully tuned",
        "domain_adaptation": "domain adaptation",
        "from_scratch": "own model from scratch",
    },
    "de": {
        "status_quo": "alles beim Alten",
        "proprietary_api": "proprietäre API",
        "proprietary_api_tuned": "proprietäre API, nachtrainiert",
        "hosted_open_api": "gehostetes offenes Modell",
        "self_hosted_open": "offenes Modell, selbst betrieben",
        "fine_tune_lora": "offenes Modell mit LoRA",
        "fine_tune_full": "offenes Modell, voll nachtrainiert",
        "domain_adaptation": "Domänenanpassung",
        "from_scratch": "eigenes Modell von Grund auf",
    },
}

LINES: dict[Language, dict[str, str]] = {
    "en": {
        "integration": "integration",
        "data_preparation": "data preparation",
        "annotation": "annotation",
        "training_compute": "training compute",
        "training_staff": "training staff",
        "hardware": "hardware",
        "retrieval_setup": "retrieval set-up",
        "inference": "inference",
        "electricity": "electricity",
        "hardware_upkeep": "hardware upkeep",
        "operations_staff": "operations staff",
        "monitoring": "monitoring",
        "refresh": "refresh training",
        "retrieval": "retrieval",
        "storage": "data storage",
        "manual_work": "manual work",
        "evaluation_setup": "building the evaluation set",
        "security_setup": "security set-up",
        "failure_reserve": "reserve for starting training again",
        "hiring": "hiring",
        "evaluation": "evaluation",
        "security_compliance": "security and compliance",
        "attrition": "staff turnover",
        "error_cost": "cost of wrong answers",
        "migration_exit": "migration and exit",
    },
    "de": {
        "integration": "Einbindung",
        "data_preparation": "Datenaufbereitung",
        "annotation": "Annotation",
        "training_compute": "Rechenzeit Training",
        "training_staff": "Personal Training",
        "hardware": "Hardware",
        "retrieval_setup": "Aufbau Dokumentensuche",
        "inference": "Inferenz",
        "electricity": "Strom",
        "hardware_upkeep": "Unterhalt Hardware",
        "operations_staff": "Personal Betrieb",
        "monitoring": "Überwachung",
        "refresh": "Nachtraining",
        "retrieval": "Dokumentensuche",
        "storage": "Datenspeicher",
        "manual_work": "Handarbeit",
        "evaluation_setup": "Aufbau der Prüfmenge",
        "security_setup": "Aufbau Sicherheit",
        "failure_reserve": "Reserve für Neustarts",
        "hiring": "Einstellungen",
        "evaluation": "Prüfläufe",
        "security_compliance": "Sicherheit und Nachweise",
        "attrition": "Fluktuation",
        "error_cost": "Kosten falscher Antworten",
        "migration_exit": "Umstieg und Ausstieg",
    },
}

RULES: dict[Language, dict[str, str]] = {
    "en": {
        "residency": "data residency",
        "sensitivity": "data sensitivity",
        "languages": "languages",
        "licence": "licence",
        "context_length": "context length",
        "staff": "staff",
        "deadline": "deadline",
        "budget_upfront": "upfront budget",
        "budget_total": "total budget",
        "quality_floor": "quality floor",
        "latency": "latency",
        "data_volume": "too little data",
        "output_licence": "use of answers",
        "hardware": "hardware",
        "status_quo": "status quo",
        "availability": "model is being switched off",
    },
    "de": {
        "residency": "Datenstandort",
        "sensitivity": "Schutzbedarf der Daten",
        "languages": "Sprachen",
        "licence": "Lizenz",
        "context_length": "Kontextlänge",
        "staff": "Personal",
        "deadline": "Termin",
        "budget_upfront": "Anfangsbudget",
        "budget_total": "Gesamtbudget",
        "quality_floor": "Mindestqualität",
        "latency": "Antwortzeit",
        "data_volume": "zu wenig Daten",
        "output_licence": "Nutzung der Antworten",
        "hardware": "Hardware",
        "status_quo": "alles beim Alten",
        "availability": "Modell wird abgeschaltet",
    },
}

STEPS: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Business goal and use case", "fix the quality floor and who decides on it"),
        ("Collect and process data", "evaluation set first; then clean, mask, split"),
        ("Choose the model", "confirm the choice on the evaluation set: advisor baseline run"),
        ("Set up the environment", "hardware, access, meter: trainer doctor"),
        ("Hyper-parameters", "learning rate and batch size within a cost cap"),
        ("Train", "trainer run on the plan of advisor handoff"),
        ("Evaluate", "held-out items, bias pairs, a person reads fifty answers"),
        ("Fine-tune", "close the gaps that the evaluation showed"),
        ("Deploy", "one team first, OpenAI-compatible interface"),
        ("Maintain and improve", "usage, feedback and drift feed the next decision: advisor assess --measurements"),
    ),
    "de": (
        ("Geschäftsziel und Anwendungsfall", "Mindestqualität festlegen und wer darüber entscheidet"),
        ("Daten sammeln und aufbereiten", "zuerst der Prüfdatensatz; dann bereinigen, maskieren, aufteilen"),
        ("Modell wählen", "die Wahl am Prüfdatensatz bestätigen: advisor baseline run"),
        ("Umgebung einrichten", "Hardware, Zugänge, Messung: trainer doctor"),
        ("Hyperparameter", "Lernrate und Batchgröße innerhalb einer Kostengrenze"),
        ("Trainieren", "trainer run mit dem Plan aus advisor handoff"),
        ("Bewerten", "zurückgehaltene Aufgaben, Bias-Paare, ein Mensch liest fünfzig Antworten"),
        ("Feinabstimmen", "die Lücken schließen, die die Bewertung zeigt"),
        ("Bereitstellen", "zuerst ein Team, OpenAI-kompatible Schnittstelle"),
        (
            "Pflegen und verbessern",
            "Nutzung, Rückmeldungen und Drift gehen in die nächste Entscheidung ein: advisor assess --measurements",
        ),
    ),
}

PHRASES: dict[Language, dict[str, str]] = {
    "en": {
        "headline": "{title}. {p50} over {months} months (90 % between {p5} and {p95}); best in {p_best} of "
        "the simulated futures (the cheapest that reaches the quality floor).",
        "headline_status_quo": "Keep the work as it is: {p50} over {months} months (90 % between {p5} and {p95}); no "
        "other option that passes the gates is cheaper on average (best in {p_best} of the simulated futures).",
        "cheaper": "{difference} cheaper on average than the runner-up, {second}; what differs most there: {blocks}.",
        "dearer": "{difference} dearer on average than the runner-up, {second}, but it reaches the quality floor with "
        "probability {p} instead of {p_second}; a miss is paid twice.",
        "only_one": "It is the only option that passes all gates.",
        "quality_assumed": "Expected quality {p50} (90 % between {p5} and {p95}, not measured yet) against a floor of "
        "{floor}: reached with probability {p}.",
        "quality_measured": "Measured quality {p50} (90 % between {p5} and {p95}) against a floor of {floor}: reached "
        "with probability {p}.",
        "excluded": "Excluded by gates: {list}.",
        "above": "Above {value} requests a month {other} is cheaper{when}.",
        "below": "Below {value} requests a month {other} is cheaper{when}.",
        "when": " (reached in {date} at the given growth)",
        "information": "To know {input} beforehand is worth up to {worth}: {how}.",
        "robust": "No single input within its range changes the choice.",
        "step_not_needed": "not needed for this option",
    },
    "de": {
        "headline": "{title}. {p50} über {months} Monate (90 % zwischen {p5} und {p95}); beste in {p_best} "
        "der durchgerechneten Verläufe (die günstigste, die die Mindestqualität erreicht).",
        "headline_status_quo": "Bei der heutigen Arbeitsweise bleiben: {p50} über {months} Monate (90 % zwischen {p5} "
        "und {p95}); keine andere zulässige Option ist im Mittel günstiger (beste in {p_best} der Verläufe).",
        "cheaper": "Im Mittel {difference} günstiger als die nächstbeste Option, {second}; dort am stärksten "
        "abweichend: {blocks}.",
        "dearer": "Im Mittel {difference} teurer als die nächstbeste Option, {second}, erreicht aber die "
        "Mindestqualität mit Wahrscheinlichkeit {p} statt {p_second}; wer sie verfehlt, zahlt auch den Ersatz.",
        "only_one": "Es ist die einzige Option, die alle Bedingungen erfüllt.",
        "quality_assumed": "Erwartete Qualität {p50} (90 % zwischen {p5} und {p95}, noch nicht gemessen) bei einer "
        "Untergrenze von {floor}: mit Wahrscheinlichkeit {p} erreicht.",
        "quality_measured": "Gemessene Qualität {p50} (90 % zwischen {p5} und {p95}) bei einer Untergrenze von "
        "{floor}: mit Wahrscheinlichkeit {p} erreicht.",
        "excluded": "Durch Bedingungen ausgeschlossen: {list}.",
        "above": "Über {value} Anfragen im Monat ist {other} günstiger{when}.",
        "below": "Unter {value} Anfragen im Monat ist {other} günstiger{when}.",
        "when": " (beim angegebenen Wachstum erreicht im Monat {date})",
        "information": "Vorher zu wissen, was hier gilt, ist bis zu {worth} wert – {input}: {how}.",
        "robust": "Keine einzelne Größe innerhalb ihrer Spanne ändert die Wahl.",
        "step_not_needed": "für diese Option nicht nötig",
    },
}

CONFIDENCE: dict[Language, dict[str, str]] = {
    "en": {"clear": "clear", "likely": "likely", "open": "open: measure before you commit", "none": "nothing feasible"},
    "de": {
        "clear": "deutlich",
        "likely": "wahrscheinlich",
        "open": "offen: vor der Entscheidung messen",
        "none": "nichts zulässig",
    },
}

REPORT: dict[Language, dict[str, str]] = {
    "en": {
        "advice": "Advice",
        "option": "option",
        "cost": "cost",
        "per_1k": "{currency} per 1,000",
        "quality": "quality, %",
        "p_quality": "P(quality)",
        "p_best": "P(best)",
        "months": "months to value",
        "energy": "MWh",
        "it_energy": "IT, kWh",
        "training_energy": "training",
        "busy_energy": "serving, busy",
        "idle_energy": "serving, idle",
        "cooling": "cooling",
        "co2_location": "CO₂e location, kg",
        "co2_market": "CO₂e market, kg",
        "co2_embodied": "CO₂e making, kg",
        "sci": "g CO₂e per request",
        "water": "water, l",
        "footprint": "Energy, greenhouse gas and water over the horizon (P50)",
        "footprint_legend": "IT energy at the plugs of the servers = training + serving; with cooling it is the "
        "facility's. Location: mix of the grid; market: residual mix; making: share of the hardware's life for which "
        "it is held. "
        "Per request: location and making (ISO/IEC 21031). ~ modelled, the provider states nothing; – not known.",
        "gates": "gates",
        "yes": "passes",
        "no": "no",
        "unknown": "not known",
        "legend": "P5 – P95: nine chances in ten. Quality floor {floor}; * measured, else expected. "
        "P(best): cheapest that passes the gates and reaches the floor. Energy of providers is modelled.",
        "reasons": "Reasons",
        "changes": "What would change it",
        "excluded": "excluded:",
        "measured": "What the measurements changed",
        "rank": "rank",
        "best": "best",
        "kept": "  The advice stays: {after}.",
        "changed": "  The advice changes: {before} → {after}.",
        "assumptions": "Inputs",
        "input": "input",
        "value": "value (P5 – P95)",
        "unit": "unit",
        "origin": "origin",
        "source": "source",
        "warnings": "Warnings",
        "footer": "{given} inputs given or measured, {assumed} from the catalogue or assumed; {draws} draws, "
        "seed {seed}, catalogue {catalog}, assessment {id}.",
    },
    "de": {
        "advice": "Empfehlung",
        "option": "Option",
        "cost": "Kosten",
        "per_1k": "{currency} je 1.000",
        "quality": "Qualität, %",
        "p_quality": "P(Qualität)",
        "p_best": "P(beste)",
        "months": "Monate bis Nutzen",
        "energy": "MWh",
        "it_energy": "IT, kWh",
        "training_energy": "Training",
        "busy_energy": "Betrieb, Last",
        "idle_energy": "Betrieb, Leerlauf",
        "cooling": "Kühlung",
        "co2_location": "CO₂e Ort, kg",
        "co2_market": "CO₂e Markt, kg",
        "co2_embodied": "CO₂e Herstellung, kg",
        "sci": "g CO₂e je Anfrage",
        "water": "Wasser, l",
        "footprint": "Energie, Treibhausgas und Wasser über die Laufzeit (P50)",
        "footprint_legend": "IT-Energie an den Steckern der Server = Training + Betrieb; mit Kühlung ist es die des "
        "Rechenzentrums. Ort: Strommix am Standort; Markt: Residualmix; Herstellung: Anteil an der Lebensdauer der "
        "Geräte, für den sie gehalten werden. Je Anfrage: Ort und Herstellung (ISO/IEC 21031). ~ modelliert, der "
        "Anbieter nennt nichts; – nicht bekannt.",
        "gates": "Bedingungen",
        "yes": "erfüllt",
        "no": "nein",
        "unknown": "unbekannt",
        "legend": "P5 – P95: neun von zehn Verläufen. Mindestqualität {floor}; * gemessen, sonst erwartet. "
        "P(beste): günstigste, die Bedingungen und Mindestqualität erfüllt. Energie der Anbieter ist modelliert.",
        "reasons": "Gründe",
        "changes": "Was die Empfehlung ändern würde",
        "excluded": "ausgeschlossen:",
        "measured": "Was die Messungen geändert haben",
        "rank": "Rang",
        "best": "beste",
        "kept": "  Die Empfehlung bleibt: {after}.",
        "changed": "  Die Empfehlung ändert sich: {before} → {after}.",
        "assumptions": "Eingangsgrößen",
        "input": "Größe",
        "value": "Wert (P5 – P95)",
        "unit": "Einheit",
        "origin": "Herkunft",
        "source": "Quelle",
        "warnings": "Hinweise",
        "footer": "{given} Größen angegeben oder gemessen, {assumed} aus dem Katalog oder angenommen; {draws} "
        "Ziehungen, Startwert {seed}, Katalog {catalog}, Bewertung {id}.",
    },
}


def title(option: Option, language: Language) -> str:
    """Kind, model and retrieval of an option, as people read it."""
    if option.kind == "status_quo":
        return KINDS[language][option.kind]
    retrieval = {"en": " with retrieval", "de": " mit Dokumentensuche"}[language] if option.retrieval else ""
    return f"{KINDS[language][option.kind]}: {option.label}{retrieval}"


def number(value: float, language: Language, digits: int = 3) -> str:
    """A figure with `digits` significant digits and the language's separators."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{float(f'{value:.{digits}g}'):,.{places}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def amount(value: float, currency: str, language: Language) -> str:
    """Money, three significant digits, currency behind the figure, joined by a no-break space."""
    return f"{number(value, language)}\N{NO-BREAK SPACE}{currency}"


def share(value: float, language: Language) -> str:
    """A fraction as a percentage for people; never 0 % or 100 % unless it is exactly that."""
    percent = 100.0 * value
    text = f"{percent:.0f}"
    if text == "100" and value < 1:
        text = ">99"
    if text == "0" and value > 0:
        text = "<1"
    return f"{text}\N{NO-BREAK SPACE}%" if language == "de" else f"{text}%"

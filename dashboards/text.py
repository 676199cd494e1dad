"""Every text of the dashboard in German and English, and names of things for people.

Enter at `say`; `kind`, `rule`, `line` and `input_name` turn stable ids into words, with a readable fallback.
"""

from advisor.contracts.assessment import Assessment, Option, Recommendation, RecommendationText
from advisor.phrases import CONFIDENCE, KINDS, LINES, RULES
from advisor.reason_words import ROLES
from dashboards import terms
from dashboards.terms import Language

LANGUAGES: dict[str, str] = {"de": "Deutsch", "en": "English"}
RETRIEVAL: dict[Language, str] = {"de": "mit Dokumentensuche", "en": "with retrieval"}

# key: German, English
TEXT: dict[str, tuple[str, str]] = {
    "decision": ("Entscheidung", "Decision"),
    "comparison": ("Vergleich", "Comparison"),
    "outage": ("Der Rechendienst antwortet nicht.", "The advisor does not answer."),
    "outage_help": (
        "Bitte prüfen, ob `advisor serve` läuft und die Adresse (`dashboards --api`) stimmt, dann erneut versuchen.",
        "Check that `advisor serve` is running and that the address (`dashboards --api`) is right, then try again.",
    ),
    "retry": ("Erneut versuchen", "Try again"),
    "pick_assessment": ("Bewertung", "Assessment"),
    "no_assessments": (
        "Noch keine Bewertung gespeichert. `POST /v1/assessments` bewertet einen Fall; `make up` lädt Beispiele.",
        "No assessment is stored yet. `POST /v1/assessments` assesses a case; `make up` loads examples.",
    ),
    "no_such": ("Diese Bewertung gibt es nicht: {id}", "There is no such assessment: {id}"),
    "no_such_comparison": ("Diesen Vergleich gibt es nicht: {id}", "There is no such comparison: {id}"),
    "measured_mark": ("mit Messung", "with measurement"),
    "advice": ("Empfehlung", "Recommendation"),
    "confidence": ("Sicherheit: {word}", "Confidence: {word}"),
    "cost_over": ("Kosten über {months} Monate", "Cost over {months} months"),
    "quality": ("Qualität", "Quality"),
    "quality_help": ("{metric}; Mindestqualität {floor}", "{metric}; floor {floor}"),
    "months_to_value": ("Monate bis zum Nutzen", "Months to value"),
    "p_best": ("Wahrscheinlich die beste", "Probability of being best"),
    "p_best_help": (
        "Anteil der durchgerechneten Verläufe, in denen die Option die beste unter den zulässigen ist",
        "Share of the simulated futures in which the option is the best of the feasible ones",
    ),
    "range_note": ("P5 – P95: neun von zehn Verläufen", "P5 – P95: nine futures in ten"),
    "reasons": ("Gründe", "Reasons"),
    "changes": ("Was die Empfehlung ändern würde", "What would change it"),
    "none": ("keine", "none"),
    "ranking": ("Rangfolge der Optionen", "Ranking of the options"),
    "ranking_note": (
        "Kosten in {currency} über {months} Monate, abgezinst: Median und Spanne P5 – P95 (neun von zehn Verläufen). "
        "* gemessen, sonst erwartet. Mindestqualität {floor}.",
        "Cost in {currency} over {months} months, discounted: median and range P5 – P95 (nine futures in ten). "
        "* measured, otherwise expected. Quality floor {floor}.",
    ),
    "rank": ("Rang", "Rank"),
    "option": ("Option", "Option"),
    "cost": ("Kosten", "Cost"),
    "per_1k": ("je 1.000 Anfragen", "per 1,000 requests"),
    "p_best_short": ("P(beste)", "P(best)"),
    "p_budget": ("P(im Budget)", "P(in budget)"),
    "p_quality": ("P(Qualität)", "P(quality)"),
    "state": ("Zulässig", "Feasible"),
    "feasible": ("ja", "yes"),
    "feasible_open": ("ja, mit offener Frage", "yes, with an open question"),
    "excluded": ("nein", "no"),
    "excluded_short": ("ausgeschlossen", "excluded"),
    "unknown": ("nicht bekannt", "not known"),
    "no_budget": ("kein Budget", "no budget"),
    "cost_chart": ("Kosten mit Unsicherheit", "Cost with uncertainty"),
    "cost_axis": ("Kosten über {months} Monate, {currency}", "Cost over {months} months, {currency}"),
    "log_scale": (", logarithmisch", ", logarithmic"),
    "cost_chart_alt": (
        "Je Option ein Punkt für den Median und ein Strich von P5 bis P95; die Zahlen stehen in der Rangfolge.",
        "One dot per option for the median and a line from P5 to P95; the figures are in the ranking.",
    ),
    "cost_chart_note": (
        "Punkt: Median. Strich: P5 – P95. Hohler Punkt: durch eine Bedingung ausgeschlossen.",
        "Dot: median. Line: P5 – P95. Hollow dot: excluded by a gate.",
    ),
    "lines_chart": ("Woraus die Kosten bestehen", "What the cost consists of"),
    "lines_pick": ("Optionen im Bild", "Options in the chart"),
    "lines_axis": ("Mittlere Kosten über {months} Monate, {currency}", "Mean cost over {months} months, {currency}"),
    "lines_note": (
        "Mittelwerte, denn sie summieren sich zu den mittleren Gesamtkosten; Mediane täten das nicht.",
        "Means, because they add up to the mean total; medians would not.",
    ),
    "lines_alt": (
        "Gestapelte Balken der mittleren Kosten je Kostenart; die Zahlen stehen in der Tabelle darunter.",
        "Stacked bars of the mean cost per cost line; the figures are in the table below.",
    ),
    "lines_table": ("Zahlen zum Bild", "Figures of the chart"),
    "cost_line": ("Kostenart", "Cost line"),
    "one_off": ("einmalig", "one-off"),
    "recurring": ("laufend", "recurring"),
    "phase": ("Anfall", "When"),
    "total": ("Summe", "Total"),
    "gates": ("Warum Optionen ausscheiden", "Why options are excluded"),
    "nothing_feasible": ("Nichts zulässig", "Nothing feasible"),
    "relax": ("Was gelockert werden müsste", "What would have to be relaxed"),
    "risks": ("Risiken der ersten Option (0 bis 10)", "Risks of the first option (0 to 10)"),
    "gates_none": ("Keine Option ist ausgeschlossen.", "No option is excluded."),
    "reason": ("Begründung", "Reason"),
    "english_note": (
        "Quellen kommen aus der Berechnung und liegen nur auf Englisch vor.",
        "",
    ),
    "open_questions": ("Offene Fragen an zulässige Optionen", "Open questions about feasible options"),
    "question": ("Frage", "Question"),
    "energy": ("Energie und Treibhausgas", "Energy and greenhouse gas"),
    "energy_note": (
        "Strom über {months} Monate am Rechenzentrum, darunter an den Servern allein; Treibhausgas des Betriebs und "
        "der Herstellung der Geräte. Ortsbezogen: Strommix am Standort; marktbezogen: Residualmix ohne "
        "Herkunftsnachweis.",
        "Electricity over {months} months at the facility, of it at the servers alone; greenhouse gas of operation and "
        "of making the devices. Location-based: mix of the grid; market-based: residual mix without certificates.",
    ),
    "it_energy": ("davon Server", "of it servers"),
    "energy_parts": ("Wofür", "What for"),
    "energy_training": ("Training", "training"),
    "energy_busy": ("Betrieb unter Last", "serving, busy"),
    "energy_idle": ("Betrieb im Leerlauf", "serving, idle"),
    "energy_cooling": ("Kühlung und Verluste", "cooling and losses"),
    "co2_embodied": ("CO₂e Herstellung", "CO₂e of making"),
    "sci": ("CO₂e je Anfrage", "CO₂e per request"),
    "water": ("Wasser", "Water"),
    "electricity": ("Strom", "Electricity"),
    "boundary": ("Grundlage", "Basis"),
    "boundary_facility": ("Rechenzentrum, mit Kühlung", "facility, with cooling"),
    "boundary_provider_modelled": ("Modell, Anbieter nennt nichts", "modelled, provider states nothing"),
    "boundary_unknown": ("nicht bekannt", "not known"),
    "co2_location": ("CO₂e ortsbezogen", "CO₂e location-based"),
    "co2_market": ("CO₂e marktbezogen", "CO₂e market-based"),
    "roadmap": ("Fahrplan", "Roadmap"),
    "step": ("Schritt", "Step"),
    "months": ("Monate", "Months"),
    "what": ("Was zu tun ist", "What to do"),
    "people": ("Personal, Personenmonate", "People, person-months"),
    "step_money": ("Geld im Mittel (P5 – P95)", "Money, mean (P5 – P95)"),
    "goes_on": ("fortlaufend", "goes on"),
    "a_month": ("{amount} je Monat", "{amount} a month"),
    "measure_first": ("Was zuerst zu messen ist", "What to measure first"),
    "roadmap_note": (
        "Die Monate aller Schritte ergeben die mittlere Dauer bis zum Nutzen, das Geld der Schritte 1 bis 9 die "
        "einmaligen Kosten.",
        "The months of all steps make up the median time to value, the money of steps 1 to 9 the one-off cost.",
    ),
    "roadmap_table": ("Fahrplan als Tabelle: Monate, Personal, Geld", "Roadmap as a table: months, people, money"),
    "roadmap_axis": ("Monate ab Entscheidung", "months from the decision"),
    "roadmap_alt": (
        "Balken je Schritt über die Monate ab der Entscheidung",
        "A bar for each step over the months from the decision",
    ),
    "update": ("Was die Messungen geändert haben", "What the measurements changed"),
    "update_none": (
        "In diese Bewertung ging keine Messung ein.",
        "No measurement went into this assessment.",
    ),
    "kept": ("Die Empfehlung bleibt: {after}", "The recommendation stays: {after}"),
    "changed": ("Die Empfehlung ändert sich: {before} → {after}", "The recommendation changes: {before} → {after}"),
    "before": ("vorher", "before"),
    "after": ("nachher", "after"),
    "from_files": ("Grundlage: {files}", "Based on: {files}"),
    "assumptions": ("Annahmen und Herkunft", "Assumptions and origin"),
    "assumptions_note": (
        "{count} Eingangsgrößen, davon {given} angegeben oder gemessen.",
        "{count} inputs, {given} of them given or measured.",
    ),
    "input": ("Größe", "Input"),
    "value": ("Wert", "Value"),
    "unit": ("Einheit", "Unit"),
    "origin": ("Herkunft", "Origin"),
    "origin_measured": ("gemessen", "measured"),
    "origin_given": ("angegeben", "given"),
    "origin_catalogue": ("Katalog", "catalogue"),
    "origin_assumed": ("angenommen", "assumed"),
    "source": ("Quelle", "Source"),
    "as_of": ("Stand", "As of"),
    "warnings": ("Hinweise", "Warnings"),
    "open_question": ("Offene Frage ({rule}): {message}", "Open question ({rule}): {message}"),
    "footer": (
        "{draws} Ziehungen, Startwert {seed}, Katalog {catalog}, Richtwert {version}, Bewertung {id}",
        "{draws} draws, seed {seed}, catalogue {catalog}, Richtwert {version}, assessment {id}",
    ),
    "pick_comparison": ("Vergleich", "Comparison"),
    "no_comparisons": (
        "Noch kein Vergleich gespeichert. `advisor baseline run` stellt dieselben Fragen an mehrere Modelle; "
        "`POST /v1/measurements` speichert den Bericht.",
        "No comparison is stored yet. `advisor baseline run` puts the same questions to several models; "
        "`POST /v1/measurements` stores the report.",
    ),
    "comparison_note": (
        "{items} zurückgehaltene Aufgaben, dieselben für alle ({task}); Prüfdatensatz {suite}.",
        "{items} held-out items, the same for all ({task}); test set {suite}.",
    ),
    "stand_in": ("Platzhalter", "stand-in"),
    "stand_in_note": (
        "Platzhalter: ein lokaler Server steht für einen Anbieter. Zeit und Preis sagen nichts über den echten.",
        "Stand-in: a local server stands for a provider. Its speed and price say nothing about the real one.",
    ),
    "role_in_house": ("im eigenen Haus", "in-house"),
    "role_proprietary": ("proprietär", "proprietary"),
    "role_hosted_open": ("gehostetes offenes Modell", "hosted open model"),
    "quality_chart": ("Qualität mit Unsicherheit", "Quality with uncertainty"),
    "quality_axis": ("{metric}, {items} Aufgaben", "{metric}, {items} items"),
    "quality_alt": (
        "Je Modell ein Punkt für das Ergebnis und ein Strich für das Intervall von 95 %.",
        "One dot per model for its score and a line for the 95 % interval.",
    ),
    "side_by_side": ("Qualität, Zeit und Kosten", "Quality, time and cost"),
    "model": ("Modell", "Model"),
    "role": ("Rolle", "Role"),
    "interval_95": ("95-%-Intervall", "95 % interval"),
    "answers_count": ("Antworten", "Answers"),
    "errors_count": ("Fehler: {count}", "errors: {count}"),
    "refused_count": ("abgelehnt: {count}", "refused: {count}"),
    "ttft": ("Erstes Token, ms", "First token, ms"),
    "tpot": ("Je Token, ms", "Per token, ms"),
    "total_time": ("Ganze Antwort, ms", "Whole answer, ms"),
    "cost_usd": ("Kosten, USD", "Cost, USD"),
    "joules": ("Energie je Anfrage, J", "Energy per request, J"),
    "differences": ("Unterschiede, Aufgabe für Aufgabe", "Differences, item by item"),
    "difference": ("Differenz", "Difference"),
    "difference_points": ("Differenz, Prozentpunkte", "Difference, percentage points"),
    "verdict": ("Urteil", "Verdict"),
    "verdict_better": ("{name} ist besser", "{name} is better"),
    "verdict_undecided": ("nicht entschieden: das Intervall enthält null", "undecided: the interval contains zero"),
    "versus": ("{first} gegen {second}", "{first} against {second}"),
    "p_value": ("p-Wert (McNemar)", "p-value (McNemar)"),
    "not_applicable": ("entfällt", "not applicable"),
    "answers": ("Antworten nebeneinander", "Answers side by side"),
    "only_different": (
        "Nur Aufgaben, bei denen die Modelle verschieden abschneiden",
        "Only items on which the models differ",
    ),
    "item": ("Aufgabe", "Item"),
    "right": ("richtig", "right"),
    "wrong": ("falsch", "wrong"),
    "not_scored": ("nicht bewertet", "not scored"),
    "no_answer": ("keine Antwort", "no answer"),
    "answers_shown": ("{shown} von {all} Aufgaben", "{shown} of {all} items"),
}


def say(key: str, language: Language, **values: object) -> str:
    """One text, with its places filled."""
    german, english = TEXT[key]
    return (german if language == "de" else english).format(**values)


def kind(identity: str, language: Language) -> str:
    """The kind of an option."""
    return capital(KINDS[language].get(identity) or readable(identity))


def option_lines(option: Option, language: Language) -> tuple[str, str]:
    """An option in two lines: what it is, and with which model."""
    if option.kind == "status_quo":
        return kind(option.kind, language), ""
    return kind(option.kind, language), " ".join([option.label, *([RETRIEVAL[language]] if option.retrieval else [])])


def option_title(option: Option, language: Language) -> str:
    """An option in one line."""
    first, second = option_lines(option, language)
    return f"{first}: {second}" if second else first


def rule(identity: str, language: Language) -> str:
    """The rule of a gate."""
    return RULES[language].get(identity) or readable(identity)


def line(identity: str, language: Language) -> str:
    """The name of a cost line."""
    return capital(LINES[language].get(identity) or readable(identity))


def confidence(identity: str, language: Language) -> str:
    """How sure the recommendation is."""
    return CONFIDENCE[language].get(identity) or readable(identity)


def advice(result: Assessment, language: Language) -> Recommendation | RecommendationText:
    """The texts of the recommendation in the reader's language, English where there is no translation."""
    found = result.recommendation
    return next((translated for translated in found.translations if translated.language == language), found)


def role(identity: str, language: Language) -> str:
    """Who does the work."""
    return ROLES[language].get(identity) or readable(identity)


def metric(identity: str, language: Language) -> str:
    """The name of a score."""
    return terms.term(terms.METRICS, identity, language) or readable(identity)


def task(identity: str, language: Language) -> str:
    """The name of a task."""
    return terms.term(terms.TASKS, identity, language) or readable(identity)


def unit(identity: str, language: Language) -> str:
    """A unit; empty for shares and ratios."""
    found = terms.term(terms.UNITS, identity, language)
    return identity if found is None else found


def input_name(identity: str, language: Language) -> str:
    """An input of the calculation: the quantity, and in brackets what it belongs to."""
    quantity, _, rest = identity.partition(".")
    name = capital(terms.term(terms.INPUTS, quantity, language) or readable(quantity))
    if not rest:
        return name
    known = KINDS[language].get(rest) or terms.term(terms.QUALIFIERS, rest, language)
    return f"{name} ({known or _owner(rest, language)})"


def readable(identity: str) -> str:
    """Words out of an id, for what has no translation."""
    return identity.replace("_", " ").replace(".", ", ")


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _owner(identity: str, language: Language) -> str:
    """An option's or a part's id: kind and model where it holds both, else as it stands."""
    first, colon, model = identity.partition(":")
    if colon and first in KINDS[language]:
        shown = model.removesuffix("+retrieval") + (f" {RETRIEVAL[language]}" if model.endswith("+retrieval") else "")
        return f"{KINDS[language][first]}: {shown}"
    return identity.replace("_", " ")

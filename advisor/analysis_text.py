"""How firm the choice is, in a few lines of English or German for table and Markdown.

Enter at `analysis_lines`. Nothing is calculated here.
"""

from collections.abc import Iterator

from advisor.contracts.analysis import BreakEvenSpread, Flip
from advisor.contracts.assessment import Assessment
from advisor.measures import input_label, suggested_measurement
from advisor.phrases import Language, amount, number, share, title

HEADING: dict[Language, str] = {"en": "How firm the choice is", "de": "Wie fest die Wahl steht"}
CRITERIA: dict[Language, dict[str, str]] = {
    "en": {
        "control": "control",
        "independence": "independence",
        "explainability": "explainability",
        "bias": "bias",
        "energy": "energy",
    },
    "de": {
        "control": "Kontrolle",
        "independence": "Unabhängigkeit",
        "explainability": "Erklärbarkeit",
        "bias": "Verzerrung",
        "energy": "Energie",
    },
}
SAY: dict[Language, dict[str, str]] = {
    "en": {
        "evpi": "No study can be worth more than {evpi} (value of perfect information).",
        "measure": "Measure {input} first: it costs {cost} and is worth up to {worth}, net {net} ({how}).",
        "no_measurement": "No single measurement is worth its cost before the choice.",
        "regret": "{title}: expected regret {mean}, in one of twenty futures more than {p95}; "
        "P(best) {p} ± {error}{equal}.",
        "equal": ", equal to {others} within the error of the simulation",
        "sobol": "The difference to the runner-up hangs on {list} (total Sobol indices).",
        "flip": "The choice turns to {new} if {changes} (the smallest change found, confirmed on all draws).",
        "change": "{input} goes from {before} to {after}{unit}, {size} of its plausible range",
        "and": " and ",
        "robust": "No change of one or two inputs inside their stated ranges turns the choice.",
        "even": "Against {other}: {found} break-even volume at central values; "
        "in {none} of the draws there is none{range}{date}.",
        "none": "no", "one": "one", "several": "several",
        "range": ", else at {low} to {high} requests a month (P5 to P95)",
        "date": "; in {within} of the draws the demand passes it within the horizon",
        "criteria": "Beside the money (0 to 10, never merged with it): {list}.",
        "turn": "The order by these criteria turns if the weight of {criterion} goes from {before} to {after}: "
        "then {other} is first.",
        "kept": "No weight of a single criterion, from 0 to 10, puts another option first by these criteria.",
    },
    "de": {
        "evpi": "Keine Untersuchung kann mehr wert sein als {evpi} (Wert vollkommener Information).",
        "measure": "Zuerst messen: {input}. Das kostet {cost} und ist bis zu {worth} wert, netto {net} ({how}).",
        "no_measurement": "Keine einzelne Messung lohnt vor der Wahl ihre Kosten.",
        "regret": "{title}: erwartetes Bedauern {mean}, in einer von zwanzig Zukünften mehr als {p95}; "
        "P(beste) {p} ± {error}{equal}.",
        "equal": ", gleichauf mit {others} innerhalb des Fehlers der Simulation",
        "sobol": "Der Abstand zur zweitbesten Option hängt an: {list} (totale Sobol-Indizes).",
        "flip": "Die Wahl fällt auf {new}, wenn {changes} (kleinste gefundene Änderung, an allen Ziehungen bestätigt).",
        "change": "„{input}“ sich von {before} auf {after}{unit} ändert, das sind {size} der plausiblen Spanne",
        "and": " und ",
        "robust": "Keine Änderung von einer oder zwei Eingaben innerhalb ihrer Spannen dreht die Wahl.",
        "even": "Gegen {other}: {found} Gleichstand der Kosten bei mittleren Werten; "
        "in {none} der Ziehungen keiner{range}{date}.",
        "none": "kein", "one": "ein", "several": "mehrfacher",
        "range": ", sonst bei {low} bis {high} Anfragen im Monat (P5 bis P95)",
        "date": "; in {within} der Ziehungen überschreitet ihn die Nachfrage innerhalb des Horizonts",
        "criteria": "Neben dem Geld (0 bis 10, nie damit verrechnet): {list}.",
        "turn": "Die Reihenfolge nach diesen Kriterien dreht sich, wenn das Gewicht von {criterion} von {before} auf "
        "{after} geht: dann liegt {other} vorn.",
        "kept": "Kein Gewicht eines einzelnen Kriteriums von 0 bis 10 bringt nach diesen Kriterien eine andere Option "
        "nach vorn.",
    },
}  # fmt: skip
BEST, NEXT = 3, 2
PLAIN_UNITS = ("fraction", "ratio", "1/year")
"""Units of pure numbers, which read better without."""
GERMAN_UNITS = {
    "fte_months": "Personenmonate",
    "fte": "Vollzeitstellen",
    "tokens": "Tokens",
    "requests/month": "Anfragen/Monat",
    "examples": "Beispiele",
    "months": "Monate",
    "logit": "Logit",
}


def analysis_lines(result: Assessment, language: Language) -> Iterator[str]:
    """The lines below the heading; none where the assessment has no analysis or nothing to choose from."""
    found = result.analysis
    if found is None or len(found.standings) < NEXT:
        return
    say = SAY[language]
    currency = result.options[0].cost.currency
    names = {option.id: title(option, language) for option in result.options}
    for row in found.standings[:NEXT]:
        others = [names[other] for other in row.equal_to]
        yield say["regret"].format(
            title=names[row.option_id],
            mean=amount(row.expected_regret, currency, language),
            p95=amount(row.regret_p95, currency, language),
            p=share(row.p_best, language),
            error=f"{number(100 * row.p_best_error_fraction, language, 1)} %",
            equal=say["equal"].format(others=", ".join(others)) if others else "",
        )
    yield say["evpi"].format(evpi=amount(found.evpi, currency, language))
    worth = [offer for offer in found.measurements if offer.net_worth > 0]
    for offer in worth[:1]:
        yield say["measure"].format(
            input=input_label(offer.input, language),
            cost=amount(offer.measurement_cost, currency, language),
            worth=amount(offer.evppi, currency, language),
            net=amount(offer.net_worth, currency, language),
            how=suggested_measurement(offer.input, language),
        )
    if not worth:
        yield say["no_measurement"]
    if found.sobol:
        parts = [f"{input_label(row.input, language)} {share(row.total_fraction, language)}" for row in found.sobol]
        yield say["sobol"].format(list=", ".join(parts[:BEST]))
    yield from (_flip(flip, names, language) for flip in found.flips)
    if not found.flips:
        yield say["robust"]
    yield from (_even(row, names, language) for row in found.break_even[:NEXT])
    yield from _criteria(result, names, language)


def _flip(flip: Flip, names: dict[str, str], language: Language) -> str:
    say = SAY[language]
    changes = [
        say["change"].format(
            input=input_label(change.input, language),
            before=number(change.from_value, language),
            after=number(change.to_value, language),
            unit=_unit(change.unit, language),
            size=share(change.range_fraction, language),
        )
        for change in flip.changes
    ]
    return say["flip"].format(new=names[flip.new_option_id], changes=say["and"].join(changes))


def _unit(unit: str, language: Language) -> str:
    if unit in PLAIN_UNITS:
        return ""
    word = GERMAN_UNITS.get(unit, unit) if language == "de" else unit.replace("_", " ")
    return f" {word}"


def _even(row: BreakEvenSpread, names: dict[str, str], language: Language) -> str:
    say = SAY[language]
    spread = row.first_requests_per_month
    return say["even"].format(
        other=names[row.between[1]],
        found=say[row.found],
        none=share(row.without_crossing_fraction, language),
        range=say["range"].format(low=number(spread.p5, language), high=number(spread.p95, language)) if spread else "",
        date=say["date"].format(within=share(row.within_horizon_fraction, language)) if spread else "",
    )


def _criteria(result: Assessment, names: dict[str, str], language: Language) -> Iterator[str]:
    criteria = result.analysis.criteria if result.analysis is not None else None
    valued = [] if criteria is None else [row for row in criteria.options if row.value_0_10 is not None]
    if criteria is None or not valued:
        return
    say = SAY[language]
    shown = [f"{names[row.option_id]} {number(row.value_0_10 or 0.0, language, 2)}" for row in valued[:BEST]]
    yield say["criteria"].format(list=", ".join(shown))
    turning = [row for row in criteria.rows if row.flips_at_0_10 is not None and row.first_then is not None]
    if turning:
        row = min(turning, key=lambda row: abs((row.flips_at_0_10 or 0.0) - row.weight_0_10))
        yield say["turn"].format(
            criterion=CRITERIA[language][row.criterion],
            before=number(row.weight_0_10, language, 2),
            after=number(row.flips_at_0_10 or 0.0, language, 2),
            other=names[row.first_then or ""],
        )
    elif len(valued) > 1:
        yield say["kept"]

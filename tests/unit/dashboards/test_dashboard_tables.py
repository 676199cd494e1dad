"""Tables say what the contract says, in the reader's language, and call the unknown unknown."""

import pytest
from documents import assessment, baseline_report

from dashboards import format as fmt
from dashboards import tables

NB, TO = "\N{NO-BREAK SPACE}", fmt.DASH


def columns(rows):
    return list(zip(*(row.values() for row in rows), strict=True))


def test_the_ranking_shows_every_option_with_intervals():
    rows = tables.ranking(assessment(), "de")
    assert [row["Rang"] for row in rows] == [str(rank) for rank in range(1, 10)]
    first = rows[0]
    assert first["Option"] == "Offenes Modell mit LoRA  \nLlama 3.1 8B Instruct mit Dokumentensuche"
    assert first["Kosten"] == f"334.000{NB}€  \n209.000{TO}534.000{NB}€"
    assert first["Qualität"] == f"81{NB}% *  \n71{TO}91{NB}%"
    assert first["P(beste)"] == f"62{NB}%" and first["Zulässig"] == "ja"
    assert rows[4]["Zulässig"] == "ja, mit offener Frage"
    assert {row["P(beste)"] for row in rows[5:]} == {"–"} and {row["Zulässig"] for row in rows[5:]} == {"nein"}


def test_without_a_budget_there_is_no_probability_of_keeping_it():
    result = assessment()
    bare = result.options[0].model_copy(update={"p_within_budget": None})
    rows = tables.ranking(result.model_copy(update={"options": (bare, *result.options[1:])}), "en")
    assert rows[0]["P(in budget)"] == "no budget" and rows[1]["P(in budget)"] == "97%"


def test_every_excluded_option_has_its_reasons():
    rows = tables.excluded(assessment(), "en")
    assert len(rows) == 4
    assert rows[0]["Reason"] == (
        r"**Data residency**: data must stay\: on\_premises  " + "\n**Data sensitivity**: sensitivity is not met"
    )


def test_open_questions_are_those_of_feasible_options():
    rows = tables.open_questions(assessment(), "de")
    assert [row["Option"] for row in rows] == ["Alles beim Alten"]
    assert rows[0]["Frage"].startswith("**Antwortzeit**")


def test_energy_that_nobody_knows_is_called_unknown():
    by_option = {row["Option"].split("  \n")[0]: row for row in tables.energy(assessment(), "de")}
    assert by_option["Alles beim Alten"]["Strom"] == "nicht bekannt"
    assert by_option["Proprietäre API"]["Grundlage"] == "Modell, Anbieter nennt nichts"
    assert {row["CO₂e marktbezogen"] for row in by_option.values()} == {"nicht bekannt"}


def test_energy_of_own_hardware_says_what_it_is_for():
    """Of 9,655 kWh 5 % train, 25 % answer, 50 % wait, 20 % cool."""
    rows = tables.energy(assessment(), "de")
    assert rows[0]["Wofür"].split("  \n") == [
        "Training: 483 kWh",
        "Betrieb unter Last: 2.410 kWh",
        "Betrieb im Leerlauf: 4.830 kWh",
        "Kühlung und Verluste: 1.930 kWh",
    ]
    api = next(row for row in rows if row["Option"].startswith("Proprietäre API"))
    assert api["Wofür"] == "nicht bekannt"
    assert api["CO₂e Herstellung"] == "nicht bekannt"


def test_assumptions_carry_value_unit_origin_source_and_date():
    rows = tables.assumptions(assessment(), "de")
    assert rows[0] == {
        "Größe": "Anfragen je Monat",
        "Wert": f"42.000 (30.000{TO}58.800)",
        "Einheit": "je Monat",
        "Herkunft": "angegeben",
        "Quelle": "the case",
        "Stand": "2026-11",
    }
    assert rows[2]["Wert"] == f"81{NB}% (78{TO}84{NB}%)" and rows[2]["Herkunft"] == "gemessen"
    assert rows[4]["Wert"] == "nicht bekannt"
    assert rows[5]["Wert"] == "vllm"


def test_the_update_shows_what_moved_and_only_that():
    result = assessment()
    inputs = tables.moved_inputs(result, "en")
    assert (inputs[0]["before"], inputs[0]["after"]) == (f"70% (50{TO}90%)", f"81% (78{TO}84%)")
    options = tables.moved_options(result, "en")
    assert [row["Rank"] for row in options] == ["2 → 1", "1 → 2"]
    assert options[0]["Quality"] == "70% → 81%" and options[1]["Quality"] == "78%"
    still = result.update.options[0].model_copy(
        update={"rank_before": 1, "quality_before": result.update.options[0].quality_after, "p_best_before": 0.62}
    )
    unmoved = result.model_copy(update={"update": result.update.model_copy(update={"options": (still,)})})
    assert tables.moved_options(unmoved, "en") == []
    assert tables.moved_options(assessment(measured=False), "en") == []


def test_models_are_side_by_side_with_the_stand_in_marked():
    rows = tables.side_by_side(baseline_report(), "de")
    assert ["Platzhalter" in row["Modell"] for row in rows] == [False, False, True]
    assert rows[0]["Kosten, USD"] == "nicht bekannt  \nno price is known"
    assert rows[1]["Kosten, USD"] == "0,0004  \ngenai-prices 0.2.3"
    assert rows[0]["Energie je Anfrage, J"].startswith("nicht bekannt")
    assert rows[2]["Antworten"] == "1  \nFehler: 2"
    assert rows[0]["Ganze Antwort, ms"] == "410  \nP95 1.250"


def test_a_model_that_answered_nothing_has_no_figures():
    report = baseline_report()
    silent = report.results[0].model_copy(update={"answered": 0, "scores": (), "latency": None})
    row = tables.side_by_side(report.model_copy(update={"results": (silent,)}), "en")[0]
    assert {row["Quality"], row["First token, ms"], row["Whole answer, ms"]} == {"not known"}


@pytest.mark.parametrize(
    ("language", "verdicts"),
    [
        ("de", ["nicht entschieden: das Intervall enthält null", "in-house ist besser"]),
        ("en", ["undecided: the interval contains zero", "in-house is better"]),
    ],
)
def test_differences_end_in_a_verdict(language, verdicts):
    rows = tables.differences(baseline_report(), language)
    assert list(columns(rows)[-1]) == verdicts
    assert list(columns(rows)[1]) == ["−33", "+33"]


def test_answers_stand_beside_each_other():
    rows = tables.answers(baseline_report(), "de", only_different=False)
    assert [row["Aufgabe"] for row in rows] == ["letter-1", "letter-2", "letter-3"]
    assert rows[0]["in-house"] == "✓ richtig: Haftpflicht"
    assert rows[2]["in-house"] == "✗ falsch: Hausrat *und* <b>mehr</b>"
    assert rows[0]["stand-in"] == "keine Antwort: timeout after 30 s"
    different = tables.answers(baseline_report(), "de", only_different=True)
    assert [row["Aufgabe"] for row in different] == ["letter-1", "letter-3"]


def test_warnings_are_said_in_the_language_where_there_is_a_text():
    assert next(tables.warnings(assessment(), "de")).startswith("Qualität ist erwartet")
    assert list(tables.warnings(assessment(), "en")) == ["the quality of 7 options is expected, not measured"]

"""Warnings of an Assessment, coded and in two languages: open questions, what is at risk, what is not counted.

Enter at `cautions_of`.
"""

from advisor.contracts.assessment import Caution, Option
from advisor.contracts.calibration import Calibration
from advisor.contracts.catalog import Catalog
from advisor.contracts.gates import Translation
from advisor.core.care import ERROR_COST
from advisor.solve import Solved

AT_RISK_FRACTION = 0.01
"""Share of futures without an option of sufficient quality from which on the reader is warned."""


def cautions_of(options: tuple[Option, ...], solved: Solved) -> tuple[Caution, ...]:
    """All warnings that options and draws give rise to."""
    open_questions = {gate.rule: gate for option in options for gate in option.gates if gate.passed is None}
    found = [
        Caution(code=f"open_question.{rule}", message=gate.reason, translations=gate.translations)
        for rule, gate in open_questions.items()
    ]
    if not any(option.feasible and option.kind != "status_quo" for option in options):
        text = "no new option passes all gates; see their reasons"
        found.append(_caution("nothing_feasible", text, "keine neue Option erfüllt alle Bedingungen; siehe die Gründe"))
    elif solved.ranking.p_none > AT_RISK_FRACTION:
        share = f"{solved.ranking.p_none:.0%}"
        text = f"in {share} of the futures no feasible option reaches the quality floor"
        german = f"in {share} der Verläufe erreicht keine zulässige Option die Mindestqualität"
        found.append(_caution("quality_at_risk", text, german))
    if ERROR_COST not in solved.design:
        text = "wrong answers cost nothing here: the case does not say what one costs (use_case.error_cost_per_request)"
        german = "falsche Antworten kosten hier nichts: der Fall nennt keine Kosten (use_case.error_cost_per_request)"
        found.append(_caution("error_cost_not_counted", text, german))
    assumed = sum(option.quality.origin == "assumed" for option in options if option.kind != "status_quo")
    if assumed:
        text = f"the quality of {assumed} options is expected, not measured; run `advisor baseline run`"
        german = f"die Qualität von {assumed} Optionen ist erwartet, nicht gemessen; `advisor baseline run` misst sie"
        found.append(_caution("quality_assumed", text, german))
    return tuple(found)


def _caution(code: str, english: str, german: str) -> Caution:
    return Caution(code=code, message=english, translations=(Translation(language="de", text=german),))


def calibration_cautions(calibration: Calibration | None, catalog: Catalog) -> list[Caution]:
    """A calibration rests on the peaks, power limits and estimates of its own catalogue."""
    if calibration is None or calibration.catalog_version == catalog.version:
        return []
    text = (
        f"calibration {calibration.id} was reckoned with catalogue {calibration.catalog_version}, this assessment with "
        f"{catalog.version}; make it anew from its reports with `advisor calibrate`"
    )
    german = (
        f"die Kalibrierung {calibration.id} beruht auf dem Katalog {calibration.catalog_version}, diese Bewertung auf "
        f"{catalog.version}; `advisor calibrate` rechnet sie aus ihren Berichten neu"
    )
    return [_caution("calibration_of_other_catalogue", text, german)]

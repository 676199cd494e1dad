"""What was measured of quality: held-out scores of runs, and comparisons on one set of questions.

Enter at `quality_of_run` and `quality_of_comparison`. A stand-in (a local server that only stands for an endpoint)
measures nothing about the real one.
"""

from collections.abc import Sequence

from advisor.calibrate.figures import Figure, Found, hash_of
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import Score
from advisor.contracts.runs import RunReport


def quality_of_run(report: RunReport) -> Found:
    """The score that answers the case's floor, on the run's own held-out items."""
    found = Found()
    score = _primary(report.evaluation.scores, report.evaluation.primary)
    if report.origin is None:
        found.leave_out(report.id, "quality", "the plan belongs to no option")
    elif score is None or score.unit != "fraction":
        found.leave_out(report.id, "quality", "the score that answers the floor is no share of one")
    else:
        held_out = f"{report.plan.data.model_dump_json()} {report.plan.seed}"
        detail = f"run {report.id}: {score.name} {score.value:.3f} on {score.n} held-out items"
        found.figures.append(_quality(report.origin.option_id, score, f"held out {hash_of(held_out)[:16]}", detail))
    return found


def quality_of_comparison(report: BaselineReport) -> Found:
    """The score of every target that realises an option."""
    found = Found()
    for result in report.results:
        name = result.target.name
        if result.target.option_id is None or result.target.stand_in:
            why = "it only stands for another endpoint" if result.target.stand_in else "it realises no option"
            found.leave_out(report.id, f"quality of {name}", why)
            continue
        score = _primary(result.scores, result.primary)
        if score is None:
            raise BadInput(f"comparison {report.id}: target {name} has no score {result.primary!r}")
        if score.unit != "fraction":
            found.leave_out(report.id, f"quality of {name}", f"{score.name} is no share of one")
            continue
        reached = f"{name} reached {score.name} {score.value:.3f} on {score.n} items of {report.suite}"
        detail = f"comparison {report.id}: {reached}"
        found.figures.append(_quality(result.target.option_id, score, f"suite {report.suite_sha256}", detail))
    return found


def _quality(option_id: str, score: Score, group: str, detail: str) -> Figure:
    return Figure(
        quantity="quality_fraction",
        input=f"quality_fraction.{option_id}",
        unit="fraction",
        value=score.value,
        n=score.n,
        group=group,
        detail=detail,
    )


def _primary(scores: Sequence[Score], name: str) -> Score | None:
    return next((score for score in scores if score.name == name), None)

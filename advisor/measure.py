"""From reports to the inputs they replace or narrow, by name.

Enter at `overrides_of`. A RunReport measures the utilisation of an accelerator and the quality of its option; a
BaselineReport measures the quality of every option it put questions to. A stand-in (a local server that only
stands for an endpoint) measures nothing about the real one.
"""

from collections.abc import Sequence

from advisor.catalog import lookup
from advisor.contracts.baseline import BaselineReport, TargetResult
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, nearest
from advisor.contracts.evaluation import Score
from advisor.contracts.runs import RunReport
from advisor.core.calibration import Spread, combine_lognormal, share_spread
from advisor.core.project import HIGHEST_MFU
from advisor.core.sampling import Input
from advisor.options.pace import ratio_of_plan

SINGLE_RUN_SPREAD_LN = 0.1
"""Error of one run's utilisation as a measure of the next run's, as a spread of ln: own assumption."""


def overrides_of(
    reports: Sequence[RunReport | BaselineReport], catalog: Catalog, inputs: Sequence[Input], option_ids: Sequence[str]
) -> dict[str, Input]:
    """Inputs that the reports measure, by name; later reports win.

    Raises:
        BadInput: a report names an option that this case does not have.
    """
    known = {item.name: item for item in inputs}
    found: dict[str, Input] = {}
    for report in reports:
        if isinstance(report, RunReport):
            rows = [*_utilisation(report, catalog, known), *_run_quality(report, option_ids)]
        else:
            rows = _baseline_quality(report, option_ids)
        for item in rows:
            found[item.name] = item
            known[item.name] = item
    return found


def _utilisation(report: RunReport, catalog: Catalog, known: dict[str, Input]) -> list[Input]:
    """Measured model FLOP utilisation of the longest training phase, joined with the prior on the log scale.

    The class's utilisation is that of its reference run, so what model, method and length of this run add is taken out.
    """
    if report.plan.accelerator is None:
        return []
    part = lookup.accelerator(catalog, report.plan.accelerator)
    phases = [phase for phase in report.phases if phase.name in ("pretrain", "sft") and phase.flop_per_s]
    if not phases:
        return []
    longest = max(phases, key=lambda phase: phase.duration_s)
    reached = float(longest.flop_per_s or 0.0) / (part.peak_flop_per_s * report.plan.accelerator_count)
    ratio = ratio_of_plan(report.plan, longest.name, part, catalog)
    measured = min(HIGHEST_MFU, reached / ratio)
    name = f"mfu_fraction.{part.mfu_class}.full"
    prior = known[name]
    joined = combine_lognormal(Spread(prior.low, prior.central, prior.high), measured, SINGLE_RUN_SPREAD_LN)
    source = (
        f"run {report.id}: {longest.name} reached {reached:.3g} of the peak of "
        f"{report.plan.accelerator_count} x {part.id}, {measured:.3g} for the class's reference run, "
        "joined with the prior"
    )
    return [_measured(name, joined, "fraction", source, report.created_at)]


def _run_quality(report: RunReport, option_ids: Sequence[str]) -> list[Input]:
    if report.origin is None:
        return []
    score = _primary(report.evaluation.scores, report.evaluation.primary)
    if score is None or score.unit != "fraction":
        return []
    option_id = _known_option(report.origin.option_id, option_ids, f"run {report.id}")
    source = f"run {report.id}: {score.name} {score.value:.3f} on {score.n} held-out items"
    spread = share_spread(score.value * score.n, score.n)
    return [_measured(f"quality_fraction.{option_id}", spread, "fraction", source, report.created_at)]


def _baseline_quality(report: BaselineReport, option_ids: Sequence[str]) -> list[Input]:
    return [
        _target_quality(result, report, _known_option(result.target.option_id, option_ids, f"comparison {report.id}"))
        for result in report.results
        if result.target.option_id is not None
        and not result.target.stand_in
        and (score := _primary(result.scores, result.primary)) is not None
        and score.unit == "fraction"
    ]


def _target_quality(result: TargetResult, report: BaselineReport, option_id: str) -> Input:
    score = _primary(result.scores, result.primary)
    if score is None:
        raise BadInput(f"comparison {report.id}: target {result.target.name} has no score {result.primary!r}")
    source = (
        f"comparison {report.id}: {result.target.name} reached {score.name} {score.value:.3f} on {score.n} items of "
        f"{report.suite}"
    )
    spread = share_spread(score.value * score.n, score.n)
    return _measured(f"quality_fraction.{option_id}", spread, "fraction", source, report.created_at)


def _primary(scores: Sequence[Score], name: str) -> Score | None:
    return next((score for score in scores if score.name == name), None)


def _known_option(option_id: str | None, option_ids: Sequence[str], where: str) -> str:
    if option_id in option_ids and option_id is not None:
        return option_id
    near = nearest(option_id or "", option_ids)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(option_ids)}"
    raise BadInput(f"{where}: option {option_id!r} is none of this case's options; {hint}")


def _measured(name: str, spread: Spread, unit: str, source: str, created_at: str) -> Input:
    return Input(
        name, spread.low, spread.central, spread.high, unit, "measured", source, created_at[:10], unit == "fraction"
    )

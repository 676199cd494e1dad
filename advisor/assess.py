"""One Case in, one Assessment out: candidates, screening, simulation, ranking, explanation.

Enter at `assess`. The result depends on case, catalogue, seed, draws and measurements alone: no clock, no
network. The same inputs give the same bytes.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from importlib.metadata import version

from advisor import explain
from advisor.analysis import analysis_of
from advisor.assumption_rows import assumptions_of
from advisor.cautions import calibration_cautions, cautions_of
from advisor.contracts.assessment import Assessment, CalibrationUsed
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.measurements import Report
from advisor.core.sampling import overridden
from advisor.gaps import unknown_footprints
from advisor.infeasible import advice_of, nothing_feasible, split_caution
from advisor.influences import break_evens, influences_of
from advisor.inputs import inputs_of, setting_of
from advisor.measure import overrides_of
from advisor.measurement_update import update_of
from advisor.option_rows import option_row
from advisor.options.generate import candidates_of
from advisor.options.pace import central_pool
from advisor.rerun import Rerun
from advisor.roadmap import Spending
from advisor.solve import Problem, Solved, limits_of, screen, solve, used_names
from advisor.staging import staged_paths

DEFAULT_DRAWS = 10_000


def assess(
    case: Case,
    *,
    catalog: Catalog,
    seed: int = 0,
    draws: int = DEFAULT_DRAWS,
    measurements: Sequence[Report] = (),
    files: Sequence[str] = (),
    calibration: Calibration | None = None,
) -> Assessment:
    """Assess all options for a case.

    Args:
        case: the use case; what it leaves out is taken from the catalogue and listed.
        catalog: from `advisor.catalog.load.load_catalog`.
        seed: of the random draws; the same seed gives the same result.
        draws: number of simulated futures; 10,000 give probabilities to half a percentage point.
        measurements: reports of any kind; each replaces or narrows the input it belongs to.
        files: names of the reports, for the record.
        calibration: what earlier reports have measured; reports that are in both count once.

    Raises:
        BadInput: an unknown accelerator, country or grid zone, or a measurement that fits no option.
    """
    on = catalog_date(catalog)
    setting = setting_of(case, catalog)
    prior = inputs_of(case, catalog, setting)
    candidates = candidates_of(case, catalog, prior, setting, on)
    learnt = overrides_of(measurements, catalog, prior, [option.id for option in candidates], calibration)
    measured = learnt.inputs
    inputs = overridden(prior, measured)
    problem = Problem(case, setting, limits_of(case, prior, setting, catalog), seed)
    keep_ids = {option.id for option in candidates if option.measured_quality_input in measured}

    kept, pruned = screen(problem, candidates, inputs, keep_ids)
    solved = solve(problem, kept, inputs, draws)
    before = solve(problem, kept, prior, draws) if measured else None
    used = used_names(kept, inputs, setting)
    options = tuple(
        option_row(problem, catalog, solved, index, place) for place, index in enumerate(solved.ranking.order, 1)
    )
    rerun = Rerun(solved, setting.frame)
    influence = influences_of(rerun, seed)
    crossings = break_evens(solved, setting.frame, on)
    findings = explain.Findings(
        case,
        options,
        setting.currency,
        setting.frame.horizon_months,
        crossings,
        influence.sensitivity,
        influence.information,
        spending=_spending(problem, solved, used),
    )
    lift = nothing_feasible(options, setting.currency)
    return Assessment(
        id=_identity(case, catalog, seed, draws, measurements, calibration),
        case=case,
        seed=seed,
        draws=draws,
        catalog_version=catalog.version,
        richtwert_version=_richtwert_version(),
        options=options,
        pruned=pruned,
        staged=staged_paths(
            solved, influence.information, crossings, on, float(solved.design["pilot_running_months"][0])
        ),
        recommendation=advice_of(explain.recommend(findings), lift),
        nothing_feasible=lift,
        break_even=crossings,
        sensitivity=influence.sensitivity,
        value_of_information=influence.information,
        analysis=analysis_of(case, central_pool(catalog), rerun, influence, crossings, on),
        assumptions=assumptions_of(case, catalog, kept, inputs, used),
        update=update_of(before, solved, measured, _sources(files, learnt.calibration)) if before is not None else None,
        calibration=learnt.calibration,
        warnings=(
            *cautions_of(options, solved),
            *split_caution(case, options),
            *unknown_footprints(kept, solved.outcomes),
            *calibration_cautions(calibration, catalog),
        ),
    )


@lru_cache(maxsize=1)
def _richtwert_version() -> str:
    return version("richtwert")


def _spending(problem: Problem, solved: Solved, used: set[str]) -> Spending:
    """Draws of the recommended option for its roadmap, with the inputs that it asks for."""
    option, frame = solved.candidates[solved.best], problem.setting.frame
    own = used_names([option], solved.inputs, problem.setting) & used
    lines, annuity = solved.outcomes[solved.best].lines, solved.demand.annuity
    return Spending(lines, annuity, frame.horizon_months, solved.design, frozenset(own))


def catalog_date(catalog: Catalog) -> date:
    """The day for which prices are taken and from which the horizon counts: the newest row of the catalogue."""
    newest = max(row.as_of for table in (catalog.api_models, catalog.parameters, catalog.accelerators) for row in table)
    year, month, day = ([int(part) for part in newest.split("-")] + [1, 1])[:3]
    return date(year, month, day)


def _sources(files: Sequence[str], used: CalibrationUsed | None) -> tuple[str, ...]:
    """Names of what the measurements stand in."""
    return (*files, f"calibration {used.id} version {used.version}") if used is not None else tuple(files)


def _identity(
    case: Case,
    catalog: Catalog,
    seed: int,
    draws: int,
    measurements: Sequence[Report],
    calibration: Calibration | None,
) -> str:
    reports = [report.model_dump_json() for report in measurements]
    learnt = [] if calibration is None else [calibration.id]
    content = json.dumps([case.model_dump_json(), catalog.version, seed, draws, reports, *learnt])
    return "a-" + hashlib.sha256(content.encode()).hexdigest()[:16]

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

import numpy as np

from advisor import explain
from advisor.analysis import analysis_of
from advisor.cash_flow import cash_flow
from advisor.contracts.assessment import (
    Assessment,
    Assumption,
    CalibrationUsed,
    Caution,
    CostLine,
    MeasurementUpdate,
    MovedInput,
    MovedOption,
    Option,
    OptionCarbon,
    OptionCost,
    OptionEnergy,
    OptionQuality,
)
from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import Failed
from advisor.contracts.gates import Translation
from advisor.contracts.measurements import Report
from advisor.core.candidates import LINES, Candidate
from advisor.core.care import ERROR_COST
from advisor.core.costing import Outcome
from advisor.core.impact import Impact
from advisor.core.order import median_of
from advisor.core.sampling import Array, Input, overridden
from advisor.gaps import unknown_footprints
from advisor.gate_text import gate_of
from advisor.infeasible import advice_of, nothing_feasible, split_caution
from advisor.influences import break_evens, influences_of
from advisor.inputs import inputs_of, setting_of
from advisor.measure import overrides_of
from advisor.options.generate import candidates_of
from advisor.options.pace import central_pool
from advisor.risks import risks_of
from advisor.roadmap import Spending
from advisor.solve import Problem, Solved, limits_of, screen, solve, used_names
from advisor.staging import staged_paths
from advisor.stated_facts import stated_facts
from advisor.summaries import interval, quantiles, rounded, spread_of

DEFAULT_DRAWS = 10_000
AT_RISK_FRACTION = 0.01
"""Share of futures without an option of sufficient quality from which on the reader is warned."""
_Known = dict[tuple[float, float, float, float], dict[str, float]]


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
        _option(problem, catalog, solved, index, place) for place, index in enumerate(solved.ranking.order, 1)
    )
    influence = influences_of(solved, setting.frame, seed)
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
        analysis=analysis_of(case, central_pool(catalog), solved, influence, crossings, setting.frame, on),
        assumptions=(
            *(_assumption(item) for item in inputs if item.name in used),
            *(_pace(option, catalog) for option in kept if option.training is not None and option.training.mfu_note),
            *stated_facts(case, catalog, kept),
        ),
        update=_update(before, solved, measured, _sources(files, learnt.calibration)) if before is not None else None,
        calibration=learnt.calibration,
        warnings=(
            *_cautions(options, solved),
            *split_caution(case, options),
            *unknown_footprints(kept, solved.outcomes),
            *_calibration_cautions(calibration, catalog),
        ),
    )


@lru_cache(maxsize=1)
def _richtwert_version() -> str:
    return version("richtwert")


def _spending(problem: Problem, solved: Solved, used: set[str]) -> Spending:
    """Draws of the recommended option for its roadmap, with the inputs that it asks for."""
    option, frame = solved.candidates[solved.best], problem.setting.frame
    own = used_names([option], solved.inputs, problem.setting) & used
    lines, annuity = solved.outcomes[solved.best].lines, solved.demand.discount.sum(axis=1)
    return Spending(lines, annuity, frame.horizon_months, solved.design, frozenset(own))


def catalog_date(catalog: Catalog) -> date:
    """The day for which prices are taken and from which the horizon counts: the newest row of the catalogue."""
    newest = max(row.as_of for table in (catalog.api_models, catalog.parameters, catalog.accelerators) for row in table)
    year, month, day = ([int(part) for part in newest.split("-")] + [1, 1])[:3]
    return date(year, month, day)


def _option(problem: Problem, catalog: Catalog, solved: Solved, index: int, place: int) -> Option:
    option, outcome, ranking = solved.candidates[index], solved.outcomes[index], solved.ranking
    feasible, limits = solved.feasible(index), problem.limits
    budget = limits.budget_total
    return Option(
        id=option.id,
        kind=option.kind,
        label=option.label,
        model=option.model,
        provider=option.provider,
        retrieval=option.retrieval,
        hardware=_hardware(option, outcome),
        accelerator=option.hosting.accelerator if option.hosting is not None else None,
        accelerator_count=round(median_of(outcome.peak_devices)) if option.hosting is not None else None,
        feasible=feasible,
        rank=place,
        gates=tuple(gate_of(finding) for finding in solved.gates[index]),
        cost=_cost(problem, solved, outcome),
        energy=_energy(outcome.impact),
        carbon=_carbon(outcome.impact),
        time_to_value_months=interval(outcome.months_to_value, digits=3),
        quality=_quality(problem, solved, option, outcome),
        risks=risks_of(problem.case, catalog, option, outcome, solved.design, limits, problem.setting.country),
        p_best=round(float(ranking.p_best[index]), 3),
        p_within_budget=round(float(np.mean(outcome.total <= budget)), 3) if budget is not None else None,
        p_meets_quality=round(float(np.mean(outcome.quality >= solved.design["quality_floor_fraction"])), 3),
        expected_regret=rounded(max(0.0, float(ranking.expected_regret[index]))) if feasible else None,
        p95_regret=rounded(max(0.0, float(ranking.p95_regret[index]))) if feasible else None,
        cash_flow=cash_flow(outcome, solved.demand),
    )


def _cost(problem: Problem, solved: Solved, outcome: Outcome) -> OptionCost:
    requests = solved.demand.total_requests
    per_1k = np.divide(outcome.total * 1000.0, requests, out=np.zeros_like(requests), where=requests > 0)
    phases = dict(LINES)
    known: _Known = solved.demand.shared.setdefault("quantiles", {})
    return OptionCost(
        currency=problem.setting.currency,
        total=interval(outcome.total),
        upfront=interval(outcome.upfront),
        per_1k_requests=interval(per_1k),
        lines=tuple(
            CostLine(name=name, phase=phases[name], **_of_line(values, known)) for name, values in outcome.lines.items()
        ),
    )


def _of_line(values: Array, known: _Known) -> dict[str, float]:
    """Quantiles of a line; many options pay the same one, draw by draw, so equal sums and ends are looked up."""
    key = (float(values[0]), float(values[-1]), float(values.sum()), float(values @ values))
    if key not in known:
        known[key] = quantiles(values)
    return known[key]


def _energy(impact: Impact) -> OptionEnergy:
    use = impact.use
    return OptionEnergy(
        kwh=_maybe(impact.kwh),
        boundary=impact.boundary,
        it_kwh=_maybe(impact.it_kwh),
        training_it_kwh=None if use is None else interval(use.training_it_kwh),
        serving_busy_it_kwh=None if use is None else interval(use.busy_it_kwh),
        serving_idle_it_kwh=None if use is None else interval(use.idle_it_kwh),
        cooling_kwh=_maybe(impact.cooling_kwh),
        water_l=_maybe(impact.water_l),
    )


def _carbon(impact: Impact) -> OptionCarbon:
    return OptionCarbon(
        kg_co2e_location=_maybe(impact.location_kgco2e),
        kg_co2e_market=_maybe(impact.market_kgco2e),
        kg_co2e_embodied=_maybe(impact.embodied),
        sci_g_per_request=_maybe(impact.sci_g_per_request),
    )


def _maybe(values: Array | None) -> Interval | None:
    return None if values is None else interval(values)


def _quality(problem: Problem, solved: Solved, option: Candidate, outcome: Outcome) -> OptionQuality:
    wanted = problem.case.use_case.quality
    measured = option.measured_quality_input in solved.design
    return OptionQuality(
        metric=wanted.metric if wanted is not None else "human_acceptance",
        score_fraction=interval(outcome.quality, digits=3),
        floor_fraction=problem.limits.quality_floor_fraction,
        origin="measured" if measured else "assumed",
        note="measured on held-out items" if measured else _expected_from(option),
    )


def _expected_from(option: Candidate) -> str:
    """What the expectation rests on, all of it assumed."""
    model = option.quality
    if model.knows_domain:
        return "what people reach who do the work by hand"
    parts = ["model class", "domain gap"]
    parts += ["age of the model"] if model.age_years else []
    parts += ["benchmark of the model"] if model.ability_fraction is not None else []
    parts += ["languages that are not listed"] if model.language_gap_fraction else []
    parts += ["retrieval"] if option.retrieval else []
    parts += ["examples and their cleanliness"] if option.training is not None else []
    parts += ["text for adaptation"] if model.adapts_to_domain else []
    return f"assumed, until measured: {', '.join(parts)}"


def _hardware(option: Candidate, outcome: Outcome) -> str | None:
    if option.hosting is None:
        return None
    count = median_of(outcome.peak_devices)
    verb = "bought" if option.hosting.bought else "rented"
    if option.hosting.owned_devices >= count:
        verb = "owned"
    return f"{count:.0f} x {option.hosting.accelerator}, {verb}"


def _assumption(item: Input) -> Assumption:
    return Assumption(
        name=item.name,
        value=item.central if item.is_certain else spread_of(item),
        unit=item.unit,
        origin=item.origin,
        source=item.source,
        as_of=item.as_of,
    )


def _pace(option: Candidate, catalog: Catalog) -> Assumption:
    """Utilisation of the option's training over that of its class's reference run."""
    training = option.training
    if training is None:
        raise Failed(f"{option.id}: trains nothing")
    return Assumption(
        name=option.mfu_ratio_name,
        value=float(f"{training.mfu_ratio:.4g}"),
        unit="ratio",
        origin="catalogue",
        source=training.mfu_note,
        as_of=max(row.as_of for row in catalog.parameters if row.name == "training_matmul_efficiency_fraction"),
    )


def _sources(files: Sequence[str], used: CalibrationUsed | None) -> tuple[str, ...]:
    """Names of what the measurements stand in."""
    return (*files, f"calibration {used.id} version {used.version}") if used is not None else tuple(files)


def _update(before: Solved, after: Solved, measured: dict[str, Input], files: Sequence[str]) -> MeasurementUpdate:
    """What the measurements moved: inputs, intervals, ranks and the recommendation."""
    priors = {item.name: spread_of(item) for item in before.inputs}
    for option, outcome in zip(before.candidates, before.outcomes, strict=True):
        priors.setdefault(option.measured_quality_input, interval(outcome.quality, digits=3))
    rank_before = {index: place for place, index in enumerate(before.ranking.order, 1)}
    options = tuple(
        MovedOption(
            option_id=after.candidates[index].id,
            rank_before=rank_before[index],
            rank_after=place,
            total_before=interval(before.outcomes[index].total),
            total_after=interval(after.outcomes[index].total),
            quality_before=interval(before.outcomes[index].quality, digits=3),
            quality_after=interval(after.outcomes[index].quality, digits=3),
            p_best_before=round(float(before.ranking.p_best[index]), 3),
            p_best_after=round(float(after.ranking.p_best[index]), 3),
        )
        for place, index in enumerate(after.ranking.order, 1)
    )
    return MeasurementUpdate(
        files=tuple(files),
        inputs=tuple(
            MovedInput(name=name, before=priors[name], after=spread_of(item), source=item.source)
            for name, item in measured.items()
        ),
        options=options,
        recommended_before=before.candidates[before.best].id,
        recommended_after=after.candidates[after.best].id,
    )


def _cautions(options: tuple[Option, ...], solved: Solved) -> tuple[Caution, ...]:
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


def _calibration_cautions(calibration: Calibration | None, catalog: Catalog) -> list[Caution]:
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

"""The result of a search: result.json, report.md, pictures and best_plan.yaml.

Enter at `write_results`; `report_of` gathers, `report_text` words it.
"""

import math
from typing import TYPE_CHECKING, Literal

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from advisor.files import dump_yaml, write_contract, write_text
from trainer.tune.budget import Piece, spent
from trainer.tune.endings import best_trial, counts_of, ending_of
from trainer.tune.plots import draw_search
from trainer.tune.record import (
    CarriedOver,
    Expense,
    SearchedSpace,
    TrialRecord,
    TrialSettings,
    TuneReport,
)
from trainer.tune.space import Settings, with_settings
from trainer.tune.study import REPORTS, STARTUP_TRIALS
from trainer.tune.transfer import VALIDITY
from trainer.tune.wording import report_text

if TYPE_CHECKING:
    from trainer.tune.search import Search

NEEDED_FOR_IMPORTANCE = 10
GOOD_TRIALS = 5
"""Trials that should lie among the good ones for an importance that does not hang on one of them."""
HORIZON = (
    "trials were shorter than the phase; the best learning rate falls with the length of training (Bjorck et al. 2025, "
    "arXiv:2409.19913), so the full phase may want a somewhat lower one; no correction is made, as its exponent "
    "depends on model and data"
)
SELECTION = (
    "the best of several figures on the same held-out data is flattered by chance; the data that `trainer run` reports "
    "on took no part in the choice, so its figure is the one to quote"
)
REWARD_SELECTION = (
    "the trials were judged by the pairs that the phase's own accuracy is reported on, so that accuracy is flattered "
    "by the choice"
)


def write_results(search: "Search", ended: Literal["trials", "cap", "stopped"], reason: str) -> TuneReport:
    """Write everything that a search leaves, and return the result."""
    tune = search.wishes.output / "tune"
    report = report_of(search, ended, reason)
    pictures = draw_search(report, tune / "plots")
    if report.best_settings is not None:
        best = Settings(report.best_settings.learning_rate, report.best_settings.batch_sequences)
        plan = with_settings(search.state.plan, search.state.phase, best)
        write_text(tune / "best_plan.yaml", dump_yaml(plan))
    write_text(tune / "report.md", report_text(report, [path.relative_to(tune).as_posix() for path in pictures]))
    write_contract(tune / "result.json", report)
    return report


def report_of(search: "Search", ended: Literal["trials", "cap", "stopped"], reason: str) -> TuneReport:
    """Everything that is known of a search."""
    from trainer.tune.search import pieces_of

    state, space, measure = search.state, search.space, search.bench.measure
    trials = [record_of(trial) for trial in search.study.get_trials(deepcopy=False)]
    best = best_trial(search.study)
    importance, why_not = importance_of(search.study)
    return TuneReport(
        name=state.plan.name,
        study=state.study,
        storage=state.storage or "study.db",
        phase=state.phase,
        scale=state.scale,
        measure=measure.name,
        unit=measure.unit,
        direction=measure.direction,
        measured_on=measure.on,
        budget_fraction=state.budget_fraction,
        space=SearchedSpace(
            learning_rate_low=space.rate_low,
            learning_rate_high=space.rate_high,
            batch_sequences=space.batches,
            source=space.source,
        ),
        sampler=f"TPE, the first {STARTUP_TRIALS} points at random",
        pruner=f"{state.pruner}, {REPORTS} reports a trial",
        seed=state.plan.seed,
        target_trials=search.wishes.caps.trials,
        ended=ended,
        ended_reason=reason,
        counts=counts_of(search.study),
        trials=tuple(trials),
        best=trials[best.number] if best is not None else None,
        start=next((trial for trial in trials if trial.is_start and trial.ending == "complete"), None),
        best_settings=_for_the_plan(search, trials[best.number]) if best is not None else None,
        importance=importance,
        importance_reason=why_not,
        expense=_expense(search, pieces_of(search)),
        carried_over=_carried_over(search),
        notes=_notes(search),
    )


def record_of(trial: FrozenTrial) -> TrialRecord:
    """A trial of the study as a record."""
    attributes, params = trial.user_attrs, trial.params
    known = {"learning_rate", "batch_sequences"} <= params.keys()
    reports = [value for _, value in sorted(trial.intermediate_values.items()) if math.isfinite(value)]
    value = trial.value if trial.state == TrialState.COMPLETE else (reports[-1] if reports else None)
    return TrialRecord(
        number=trial.number,
        ending=ending_of(trial),
        settings=TrialSettings(**{key: params[key] for key in TrialSettings.model_fields}) if known else None,
        value=value,
        low=attributes.get("low"),
        high=attributes.get("high"),
        n=attributes.get("n"),
        reports=tuple(reports),
        steps=attributes.get("steps"),
        duration_s=attributes.get("duration_s"),
        energy_j=attributes.get("energy_j"),
        energy_reason=attributes.get("energy_reason", ""),
        is_start="start" in attributes,
        retry_of=attributes.get("retry_of"),
        error=attributes.get("error", ""),
    )


def importance_of(study: optuna.Study) -> tuple[dict[str, float] | None, str]:
    """Which setting decides whether a trial is among the good ones.

    PED-ANOVA: the divergence of the density of good trials from that of all trials, per setting, as shares of one.
    source: Watanabe, Bansal and Hutter 2023 (arXiv:2304.10255), as optuna implements it.
    validity: complete trials alone; ten are the least, and few trials give a rough order at best.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < NEEDED_FOR_IMPORTANCE:
        return None, f"{len(done)} complete trials; {NEEDED_FOR_IMPORTANCE} are needed to say what mattered"
    if len({trial.value for trial in done}) == 1:
        return None, "all complete trials have the same figure"
    good = min(0.5, max(0.1, GOOD_TRIALS / len(done)))
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=good))
    return {name: min(1.0, float(share)) for name, share in found.items()}, ""


def _for_the_plan(search: "Search", best: TrialRecord) -> TrialSettings | None:
    if best.settings is None:
        return None
    settings = Settings(best.settings.learning_rate, best.settings.batch_sequences)
    if search.scale is not None:
        settings = search.scale.to_full(settings)
    return TrialSettings(learning_rate=settings.learning_rate, batch_sequences=settings.batch_sequences)


def _expense(search: "Search", pieces: list[Piece]) -> Expense:
    price = search.wishes.price
    total = spent(pieces, price)
    return Expense(
        hours=total.hours,
        energy_kwh=total.kwh,
        energy_reason=total.kwh_reason,
        cost=total.cost,
        currency=price.currency if price is not None else None,
        price_per_hour=price.per_hour if price is not None else None,
        price_source=price.source if price is not None else "no price per hour is known",
    )


def _carried_over(search: "Search") -> CarriedOver | None:
    scale = search.scale
    if scale is None:
        return None
    return CarriedOver(
        width_ratio=scale.width_ratio,
        searched_hidden_size=scale.hidden_size,
        planned_hidden_size=scale.full_hidden_size,
        rule=scale.rule,
        validity=VALIDITY,
    )


def _notes(search: "Search") -> tuple[str, ...]:
    notes = [REWARD_SELECTION if search.state.phase == "reward" else SELECTION]
    if search.state.budget_fraction < 1:
        notes.append(HORIZON)
    if not search.space.start_lies_inside:
        notes.append("the plan's own settings lie outside its search range and were not tried")
    notes.append("every trial begins from the same random seed; how much another seed would change was not measured")
    return tuple(notes)

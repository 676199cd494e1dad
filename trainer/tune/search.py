"""The search from plan to best settings: prepare once, try, prune, stop in time, go on later.

Enter at `tune_plan`. One process holds the directory of a search; several directories may share a PostgreSQL study.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import optuna
from optuna.trial import FrozenTrial, TrialState

from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.plan import TrainingPlan
from trainer.energy import Meter, open_meter
from trainer.energy.cuda import cuda_uuids, wait_for_cuda
from trainer.manifest import next_trace
from trainer.plan import check_plan
from trainer.progress import Progress
from trainer.run import quieten_libraries
from trainer.stop import StopRequested, stop_here, stop_on_signals
from trainer.tune.budget import Caps, Piece, reached, spent
from trainer.tune.claim import Wishes, claim, held, storage_of
from trainer.tune.endings import ENDINGS, best_trial, counts_of, finished
from trainer.tune.measure import direction_of
from trainer.tune.record import SearchState, TuneReport
from trainer.tune.shared import Shared, prepare_shared
from trainer.tune.space import Space, space_of
from trainer.tune.spending import CapReached, Spending, noted_by
from trainer.tune.study import draw, open_study, put_back, queue_start, take_back
from trainer.tune.transfer import Scale, narrow
from trainer.tune.trial import Bench, Outcome, measure_of, run_trial

FAILURES_IN_A_ROW = 3
"""So many failed trials with none complete are taken for a fault of the plan, not of the settings."""


@dataclass
class Search:
    """A search in progress."""

    wishes: Wishes
    state: SearchState
    plan: TrainingPlan
    """The plan that is trained: the planned one, or a narrower one."""
    space: Space
    scale: Scale | None
    study: optuna.Study
    bench: Bench
    meter: Meter
    progress: Progress

    @property
    def alone(self) -> bool:
        """Whether the study lies in this directory, where nobody else writes."""
        return self.state.storage is None


def tune_plan(plan: TrainingPlan, base: Path, wishes: Wishes, progress: Progress) -> TuneReport:
    """Search until the target or a cap, and write the result.

    Args:
        plan: what to search for.
        base: directory that the plan's paths are relative to.
        wishes: where, how long, how.
        progress: where to show progress.

    Raises:
        BadInput: the plan or the wishes do not fit, or the search was begun with others.
        Failed: the database or the energy meter does not do what was asked, or every trial fails.
        StopRequested: Ctrl-C or SIGTERM; what was done is kept.
    """
    check_plan(plan, base)
    family = getattr(plan.model, "family", "decoder")
    if family != "decoder":
        raise BadInput(f"model.family: the held-out measures of a search are those of decoders, got {family}")
    tune = wishes.output / "tune"
    fresh = not tune.exists()
    with held(tune), stop_on_signals(), progress:
        try:
            state = claim(plan, base, tune, wishes)
            quieten_libraries()
            meter, trace = _open_meter(tune, wishes.caps)
        except (BadInput, Failed):
            if fresh:
                _leave_nothing(tune)
            raise
        with meter:
            try:
                search = _prepare(state, tune, wishes, meter, trace, progress)
            except (BadInput, Failed):
                if fresh:
                    _leave_nothing(tune)
                raise
            return _go(search)


def _open_meter(tune: Path, caps: Caps) -> tuple[Meter, Path]:
    """The meter, which also writes down what it has measured, should the process be killed."""
    trace = next_trace(tune / "shared")
    meter = open_meter(uuids=cuda_uuids(), record=trace, record_readings=False, synchronize=wait_for_cuda)
    try:
        _check_meter(caps, meter)
    except BadInput:
        meter.close()
        raise
    return meter, trace


def _leave_nothing(tune: Path) -> None:
    """Undo a claim whose search could not begin."""
    shutil.rmtree(tune, ignore_errors=True)
    if not any(tune.parent.iterdir()):
        tune.parent.rmdir()


def pieces_of(search: Search) -> list[Piece]:
    """What everything so far took: the shared preparation and all trials of the study."""
    trials = [trial.user_attrs for trial in search.study.get_trials(deepcopy=False) if "duration_s" in trial.user_attrs]
    return [
        *search.bench.shared.pieces,
        *(Piece(row["duration_s"], row.get("energy_j"), row.get("energy_reason", "")) for row in trials),
    ]


def _go(search: Search) -> TuneReport:
    from trainer.tune.report import write_results

    ended: Literal["trials", "cap", "stopped"] = "stopped"
    reason = "stopped by the user"
    try:
        ended, reason = _run_trials(search)
    finally:
        report = write_results(search, ended, reason)
    search.progress.note(reason)
    return report


def _run_trials(search: Search) -> tuple[Literal["trials", "cap"], str]:
    wishes, target = search.wishes, search.wishes.caps.trials
    begun = len(finished(search.study))
    while True:
        done = finished(search.study)
        others = len(search.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))
        if len(done) + others >= target:
            if len(done) > begun or others:
                return "trials", f"{len(done)} of {target} trials done"
            return "trials", f"the search is finished: {len(done)} of {target} trials; raise --trials to go on"
        so_far = pieces_of(search)
        totals = spent(so_far, wishes.price)
        if wishes.caps.kwh is not None and totals.kwh is None and done:
            raise Failed(f"--max-kwh: the energy of the search is not known: {totals.kwh_reason}")
        reason = reached(wishes.caps, totals, next_piece=_largest(done), price=wishes.price)
        if reason is not None:
            return "cap", reason
        stop_here("tune")
        try:
            _one(search, so_far, len(done))
        except CapReached as cap:
            return "cap", str(cap)
        _check_failures(search.study)


def _one(search: Search, so_far: Sequence[Piece], done: int) -> None:
    """Draw, run and record one trial."""
    trial, settings = draw(search.study, search.space, seed=search.plan.seed, worker=search.state.worker)
    target = search.wishes.caps.trials
    search.progress.note(f"trial {trial.number} ({done + 1} of {target}): {settings.words()}")
    folder = search.bench.shared.tune / "trials" / str(trial.number)
    folder.mkdir(parents=True, exist_ok=True)
    spending = Spending(search.meter, folder, caps=search.wishes.caps, price=search.wishes.price, before=so_far)
    try:
        with spending:
            outcome = run_trial(search.bench, trial, settings, spending)
    except (StopRequested, CapReached, KeyboardInterrupt):
        _note_piece(trial, spending.total)
        put_back(search.study, search.study.get_trials(deepcopy=False)[trial.number], killed=False)
        raise
    except BaseException as error:
        _note_piece(trial, spending.total)
        trial.set_user_attr("error", str(error)[:300])
        search.study.tell(trial, state=TrialState.FAIL)
        raise
    _note_piece(trial, spending.total)
    _tell(search.study, trial, outcome)
    _show(search, trial.number, outcome, spending.total)


def _note_piece(trial: optuna.Trial, piece: Piece) -> None:
    trial.set_user_attr("duration_s", piece.duration_s)
    trial.set_user_attr("energy_j", piece.energy_j)
    trial.set_user_attr("energy_reason", piece.reason)


def _tell(study: optuna.Study, trial: optuna.Trial, outcome: Outcome) -> None:
    for key in ("low", "high", "n", "steps", "reports", "ending", "error"):
        trial.set_user_attr(key, getattr(outcome, key))
    match outcome.ending:
        case "complete":
            study.tell(trial, outcome.value)
        case "pruned" | "diverged":  # pruned without a value ranks last with the sampler, which a failure does not
            study.tell(trial, state=TrialState.PRUNED)
        case "failed":
            study.tell(trial, state=TrialState.FAIL)


def _show(search: Search, number: int, outcome: Outcome, piece: Piece) -> None:
    """One line after each trial: its figure, the counts, the best so far and the time left."""
    counts = counts_of(search.study)
    done = sum(counts[name] for name in ENDINGS)
    figure = f"{outcome.value:.4f}" if outcome.value is not None else "no figure"
    parts = [f"trial {number} {outcome.ending}: {search.bench.measure.name} {figure} in {piece.duration_s:.0f} s"]
    if outcome.error:
        parts.append(outcome.error)
    parts.append(", ".join(f"{counts[name]} {name}" for name in ENDINGS if counts[name]))
    best = best_trial(search.study)
    if best is not None:
        parts.append(f"best {best.value:.4f} (trial {best.number})")
    mean_s = sum(trial.user_attrs.get("duration_s", 0.0) for trial in finished(search.study)) / max(1, done)
    left = search.wishes.caps.trials - done
    if left > 0:
        parts.append(f"about {_span(mean_s * left)} left")
    search.progress.note("; ".join(parts))


def _largest(done: Sequence[FrozenTrial]) -> Piece | None:
    """The longest trial so far stands for the next one, so that a cap is not passed by a slow one."""
    rows = [trial.user_attrs for trial in done if "duration_s" in trial.user_attrs]
    if not rows:
        return None
    row = max(rows, key=lambda attributes: attributes["duration_s"])
    return Piece(row["duration_s"], row.get("energy_j"), row.get("energy_reason", ""))


def _check_failures(study: optuna.Study) -> None:
    done = finished(study)
    if len(done) >= FAILURES_IN_A_ROW and all(trial.state == TrialState.FAIL for trial in done):
        raise Failed(f"the first {len(done)} trials all failed: {done[-1].user_attrs.get('error', 'no reason noted')}")


def _check_meter(caps: Caps, meter: Meter) -> None:
    if caps.kwh is not None and meter.reason:
        raise BadInput(
            f"--max-kwh: energy cannot be measured here ({meter.reason}), and what is not known is not counted as 0; "
            "cap with --hours or --max-cost instead"
        )


def _prepare(state: SearchState, tune: Path, wishes: Wishes, meter: Meter, trace: Path, progress: Progress) -> Search:
    plan, phase = state.plan, state.phase
    space, scale = space_of(plan, phase), None
    if state.scale == "small":
        plan, space, scale = narrow(plan, phase, space)
    study = open_study(storage_of(state, wishes), state.study, direction=direction_of(phase), pruner=state.pruner)
    shared = prepare_shared(plan, tune, tune, phase, meter=meter, trace=trace, progress=progress)
    bench = Bench(
        plan=plan,
        base=tune,
        phase=phase,
        share=state.budget_fraction,
        shared=shared,
        measure=measure_of(plan, tune, phase, shared),
        progress=progress,
    )
    search = Search(wishes, state, plan, space, scale, study, bench, meter, progress)
    _take_up(search, shared)
    return search


def _take_up(search: Search, shared: Shared) -> None:
    """Queue again what a killed process left, and the plan's own settings in a new study."""
    trials = shared.tune / "trials"
    lost = take_back(
        search.study,
        search.state.worker,
        alone=search.alone,
        noted=lambda number: noted_by(trials / str(number)),
    )
    for trial in lost:
        search.progress.note(f"trial {trial.number} was cut off; it is tried again with the same settings")
        shutil.rmtree(trials / str(trial.number), ignore_errors=True)
    queue_start(search.study, search.space)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""The study: Optuna's record of trials in SQLite or PostgreSQL, its sampler and pruner, and what is taken up again.

Enter at `open_study`, `take_back` and `draw`. Trials of ours that a killed process left running are marked as failed
and queued again with the same settings; a point is drawn with a seed of its own, so no resume draws it twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial, TrialState

from advisor.contracts.errors import BadInput, Failed
from trainer.tune.space import Settings, Space

Pruner = Literal["median", "hyperband", "none"]
PRUNERS: tuple[Pruner, ...] = ("median", "hyperband", "none")
REPORTS = 5
"""Held-out measurements in a trial, at equal shares of its training; from the second on a trial may be pruned."""
STARTUP_TRIALS = 5
"""Points drawn at random before the sampler models the results, and trials finished before any is pruned."""
MAX_KILLS = 3
"""A setting that was running each time the process was killed is given up after this many times."""
ORPHAN_S = 600.0
"""A trial without an owner's mark (killed in its first moment) on a shared database is stale after this long."""


def open_study(url: str, name: str, *, direction: str, pruner: Pruner) -> optuna.Study:
    """Create the study, or load it.

    Args:
        url: `sqlite:///...` or `postgresql://...`.
        name: of the study.
        direction: `minimize` or `maximize`.
        pruner: how bad trials are cut short.

    Raises:
        BadInput: an address of another kind.
        Failed: the database cannot be reached.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = database_address(url)
    from sqlalchemy.exc import SQLAlchemyError

    try:
        storage = optuna.storages.RDBStorage(address)
        return optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True, pruner=_pruner(pruner)
        )
    except ImportError as error:
        raise Failed(
            f"--storage: a driver for {without_password(url)} is missing ({error}); pip install 'psycopg[binary]'"
        ) from error
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        first = str(error).strip().splitlines()[0]
        raise Failed(f"--storage: {without_password(url)} cannot be used: {first}") from error


def database_address(url: str) -> str:
    """The address as SQLAlchemy takes it, its folder made if it is a file.

    Raises:
        BadInput: neither SQLite nor PostgreSQL, or no address at all.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    kind = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or kind not in ("sqlite", "postgresql"):
        raise BadInput(f"--storage: expected sqlite:///FILE or postgresql://USER@HOST/NAME, got {url.split('@')[-1]!r}")
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return url


def without_password(url: str) -> str:
    """The address for people and files."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def queue_start(study: optuna.Study, space: Space) -> None:
    """Try the plan's own settings first, where they lie in the space."""
    if space.start_lies_inside and not study.get_trials(deepcopy=False):
        study.enqueue_trial(space.start.as_params(), user_attrs={"start": True}, skip_if_exists=True)


def take_back(
    study: optuna.Study, worker: str, *, alone: bool, noted: Callable[[int], dict[str, Any]]
) -> list[FrozenTrial]:
    """Fail the trials of ours that no process runs any more, queue them again, and say which they were.

    Args:
        study: the study.
        worker: mark of this output directory, which one process holds at a time.
        alone: nobody else uses the database, so that every running trial is ours.
        noted: what a trial wrote down of its time and energy before the end.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    found = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        owner = trial.user_attrs.get("worker")
        started = trial.datetime_start
        orphan = owner is None and started is not None and abs((now - _naive(started)).total_seconds()) > ORPHAN_S
        if alone or owner == worker or orphan:
            for key, value in noted(trial.number).items():
                study._storage.set_trial_user_attr(trial._trial_id, key, value)
            put_back(study, trial, killed=True)
            found.append(trial)
    return found


def put_back(study: optuna.Study, trial: FrozenTrial, *, killed: bool) -> None:
    """Mark an interrupted trial as failed, after its settings were queued again."""
    again = {key: trial.user_attrs[key] for key in ("start", "point") if key in trial.user_attrs}
    kills = int(trial.user_attrs.get("kills", 0)) + killed
    complete = {"learning_rate", "batch_sequences"} <= trial.params.keys()
    queued = any(other.user_attrs.get("retry_of") == trial.number for other in study.get_trials(deepcopy=False))
    given_up = killed and kills >= MAX_KILLS
    storage, number = study._storage, trial._trial_id
    if complete and not queued and not given_up:
        attributes = {**again, "retry_of": trial.number, "kills": kills}
        study.enqueue_trial(dict(trial.params), user_attrs=attributes)
    if given_up:
        storage.set_trial_user_attr(number, "error", f"the process was killed {kills} times while this trial ran")
    elif complete:
        storage.set_trial_user_attr(number, "interrupted", True)
    else:
        storage.set_trial_user_attr(number, "void", True)
    study.tell(trial.number, state=TrialState.FAIL)


def draw(study: optuna.Study, space: Space, *, seed: int, worker: str) -> tuple[optuna.Trial, Settings]:
    """The next trial with its settings: a queued one, or a point drawn with `seed` + the number of points before it.

    An own seed per point makes the search the same whether or not it was interrupted; a fixed one would draw the
    same points after every resume (optuna's samplers begin anew with the process).
    """
    trial = study.ask()
    trial.set_user_attr("worker", worker)
    point = trial.user_attrs.get("point")
    if point is None:
        point = sum(_is_point(other) for other in study.get_trials(deepcopy=False) if other.number < trial.number)
        trial.set_user_attr("point", point)
    study.sampler = optuna.samplers.TPESampler(seed=seed + point, n_startup_trials=STARTUP_TRIALS)
    rate = trial.suggest_float("learning_rate", space.rate_low, space.rate_high, log=True)
    batch = trial.suggest_categorical("batch_sequences", space.batches)
    return trial, Settings(float(rate), int(batch))


def _is_point(trial: FrozenTrial) -> bool:
    return "retry_of" not in trial.user_attrs and "void" not in trial.user_attrs


def _naive(moment: datetime) -> datetime:
    """Optuna keeps local time without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _pruner(kind: Pruner) -> optuna.pruners.BasePruner:
    if kind == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS - 1, n_warmup_steps=2)
    if kind == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=REPORTS, reduction_factor=2)
    return optuna.pruners.NopPruner()

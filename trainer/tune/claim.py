"""The claim of a search on its directory: what it was begun with, and that one process works in it at a time.

Enter at `claim` and `held`.
"""

import fcntl
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import read_contract, write_contract
from trainer.manifest import differences
from trainer.plan import moved, slug
from trainer.tune.budget import Caps, Price
from trainer.tune.record import ScaleName, SearchState
from trainer.tune.space import AMOUNT_FIELD, BATCH_FIELD, Phase, phase_to_tune, space_of
from trainer.tune.study import Pruner, without_password
from trainer.tune.transfer import narrow

STATE = "search.json"
HIDDEN = ":***@"
"""What stands for a password in an address that is kept."""


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for; None: as the search was begun, or the default."""

    output: Path
    caps: Caps
    price: Price | None
    phase: Phase | None = None
    scale: ScaleName | None = None
    pruner: Pruner | None = None
    budget_fraction: float | None = None
    storage: str | None = None


def storage_of(state: SearchState, wishes: Wishes) -> str:
    """Address of the database: as asked for now, as the search was begun, or the SQLite file of the search.

    Raises:
        BadInput: the address needs a password, which is not kept.
    """
    if wishes.storage is not None:
        return wishes.storage
    if state.storage is None:
        return f"sqlite:///{(wishes.output / 'tune' / 'study.db').resolve()}"
    if HIDDEN in state.storage:
        raise BadInput(
            f"--storage: the search was begun on {state.storage}; name it again, as its password is not kept"
        )
    return state.storage


def claim(plan: TrainingPlan, base: Path, tune: Path, wishes: Wishes) -> SearchState:
    """Take the directory for a search, or take the search there up again.

    Raises:
        BadInput: it was begun with another plan or other settings.
    """
    own = moved(plan, base, tune)
    path = tune / STATE
    if not path.exists():
        return _begin(plan, own, path, wishes)
    state = read_contract(path, SearchState)
    for name, wanted, now in (
        ("--phase", wishes.phase, state.phase),
        ("--scale", wishes.scale, state.scale),
        ("--pruner", wishes.pruner, state.pruner),
        ("--budget-fraction", wishes.budget_fraction, state.budget_fraction),
        ("--storage", without_password(wishes.storage) if wishes.storage else None, state.storage),
    ):
        if wanted is not None and wanted != now:
            raise BadInput(
                f"{name}: the search in {tune} was begun with {now or 'its own'}, not {wanted}; name another --output"
            )
    changed = differences(_without_tuned(state.plan, state.phase), _without_tuned(own, state.phase))
    if changed:
        raise BadInput(
            f"PLAN: it has changed since the search in {tune} began: {', '.join(changed)}; restore it, or name another "
            "--output"
        )
    return state


def _begin(plan: TrainingPlan, own: TrainingPlan, path: Path, wishes: Wishes) -> SearchState:
    phase = phase_to_tune(plan, wishes.phase)
    fraction = wishes.budget_fraction if wishes.budget_fraction is not None else 1.0
    scale, pruner = wishes.scale or "full", wishes.pruner or "median"
    space = space_of(plan, phase)
    if scale == "small":
        narrow(plan, phase, space)
    key = json.dumps([plan.model_dump(mode="json"), phase, scale, fraction, pruner], sort_keys=True)
    state = SearchState(
        worker=uuid.uuid4().hex,
        study=f"{slug(plan.name)}-{phase}-{hashlib.sha256(key.encode()).hexdigest()[:8]}",
        storage=without_password(wishes.storage) if wishes.storage is not None else None,
        phase=phase,
        scale=scale,
        budget_fraction=fraction,
        pruner=pruner,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        plan=own,
    )
    write_contract(path, state)
    return state


def _without_tuned(plan: TrainingPlan, phase: Phase) -> TrainingPlan:
    """The plan without what the search itself changes, so that applying its result does not end it."""
    found = getattr(plan.phases, phase)
    if found is None:
        return plan
    fixed: dict[str, Any] = {"learning_rate": 1.0, BATCH_FIELD[phase]: 1}
    if AMOUNT_FIELD[phase] == "max_steps":
        fixed["max_steps"] = 1
    return plan.model_copy(update={"phases": plan.phases.model_copy(update={phase: found.model_copy(update=fixed)})})


@contextmanager
def held(tune: Path) -> Iterator[None]:
    """Hold the directory of a search; the system lets go of it when the process ends, however it ends."""
    tune.mkdir(parents=True, exist_ok=True)
    with (tune / "lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(
                f"--output: another `trainer tune` works in {tune}; wait for it, or name another directory"
            ) from None
        yield

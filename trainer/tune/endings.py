"""How the trials of a study ended, counted and ranked.

Enter at `finished`, `counts_of` and `best_trial`.
"""

import optuna
from optuna.trial import FrozenTrial, TrialState

ENDINGS = ("complete", "pruned", "diverged", "failed")
"""Ways to end that count towards the target."""
NOT_COUNTED = ("interrupted", "void")
"""Marks of trials that were cut off: they were queued again, or had not begun."""


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that count towards the target: complete, pruned, or failed by themselves."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        or (trial.state == TrialState.FAIL and not set(NOT_COUNTED) & trial.user_attrs.keys())
    ]


def counts_of(study: optuna.Study) -> dict[str, int]:
    """How many trials ended how."""
    found = dict.fromkeys((*ENDINGS, "interrupted", "running", "waiting"), 0)
    for trial in study.get_trials(deepcopy=False):
        found[ending_of(trial)] += 1
    return found


def ending_of(trial: FrozenTrial) -> str:
    """How a trial ended, in this program's words."""
    match trial.state:
        case TrialState.COMPLETE:
            return "complete"
        case TrialState.PRUNED:
            return str(trial.user_attrs.get("ending", "pruned"))
        case TrialState.RUNNING:
            return "running"
        case TrialState.WAITING:
            return "waiting"
        case _:
            return "interrupted" if set(NOT_COUNTED) & trial.user_attrs.keys() else "failed"


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The complete trial with the best figure; the earlier one where two are equal."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not done:
        return None
    sign = 1.0 if study.direction == optuna.study.StudyDirection.MINIMIZE else -1.0
    return min(done, key=lambda trial: (sign * float(trial.value or 0.0), trial.number))

"""What a search says of its result: what mattered, what is within chance, and what lies at the edge."""

import optuna
import pytest
from test_tune_cli import REPORT

from trainer.tune.plots import draw_search
from trainer.tune.record import TuneReport
from trainer.tune.report import importance_of, record_of
from trainer.tune.wording import best_lines, expense_lines, report_text


def searched(values):
    """A study in memory whose figure is given by a rule of (rate, batch)."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(values):
        trial = study.ask()
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        trial.suggest_categorical("batch_sequences", (4, 8))
        study.tell(trial, abs(rate - 1e-3))
    return study


def test_the_setting_that_the_figure_depends_on_mattered_most():
    found, reason = importance_of(searched(40))
    assert reason == "" and sum(found.values()) == pytest.approx(1.0)
    assert found["learning_rate"] > 0.8


def test_few_trials_do_not_tell_what_mattered():
    assert importance_of(searched(9)) == (None, "9 complete trials; 10 are needed to say what mattered")


def trial(number, value, **changes):
    row = {
        "number": number, "ending": "complete", "value": value, "low": value - 0.1, "high": value + 0.1, "n": 20,
        "settings": {"learning_rate": 1e-3, "batch_sequences": 8}, "steps": 10, "duration_s": 2.0,
    }  # fmt: skip
    return row | changes


def report(best, start, **changes):
    return TuneReport.model_validate(
        REPORT | {"trials": [start, best], "best": best, "start": start, "importance_reason": "few trials"} | changes
    )


def test_a_gain_whose_intervals_overlap_is_not_called_one():
    words = " ".join(best_lines(report(trial(1, 1.0), trial(0, 1.15, is_start=True))))
    assert "the intervals overlap, so the gain is not shown beyond chance" in words
    assert "overlap" not in " ".join(best_lines(report(trial(1, 1.0), trial(0, 1.3, is_start=True))))


@pytest.mark.parametrize(("rate", "words"), [(9.9e-3, "upper edge"), (1.01e-4, "lower edge"), (1e-3, None)])
def test_a_best_rate_at_the_edge_asks_for_a_wider_search(rate, words):
    best = trial(1, 1.0, settings={"learning_rate": rate, "batch_sequences": 8})
    found = " ".join(best_lines(report(best, trial(0, 2.0))))
    assert (words in found) if words else ("edge" not in found)


def test_what_is_not_known_says_why():
    taken = REPORT["expense"] | {"energy_reason": "no driver", "price_source": "no price per hour is known"}
    lines = " ".join(expense_lines(report(trial(1, 1.0), trial(0, 2.0), expense=taken)))
    assert "not known (no driver)" in lines and "not known (no price per hour is known)" in lines


def test_the_report_holds_every_trial_its_error_and_the_pictures(tmp_path):
    lost = trial(0, 0.0, low=None, high=None, ending="failed", error="out of memory") | {"value": None}
    found = report(trial(1, 1.0), lost, importance={"learning_rate": 0.9, "batch_sequences": 0.1})
    pictures = draw_search(found, tmp_path)
    assert [path.name for path in pictures] == ["history.png", "importance.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    text = report_text(found, ["plots/history.png"])
    assert "| *1 | complete |" in text and "Trial 0: out of memory." in text
    assert "learning rate: 90%" in text and "](plots/history.png)" in text


def test_a_pruned_trial_is_recorded_with_its_last_figure():
    study = searched(0)
    asked = study.ask()
    asked.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    asked.suggest_categorical("batch_sequences", (4, 8))
    asked.report(2.0, 1)
    asked.report(1.5, 2)
    study.tell(asked, state=optuna.trial.TrialState.PRUNED)
    found = record_of(study.trials[0])
    assert (found.ending, found.value, found.reports) == ("pruned", 1.5, (2.0, 1.5))

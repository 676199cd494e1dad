"""The study across processes: nothing is drawn twice, and what was cut off is tried again with the same settings."""

import pytest
from optuna.trial import TrialState

from advisor.contracts.errors import BadInput, Failed
from trainer.tune.endings import best_trial, counts_of, finished
from trainer.tune.space import Settings, Space
from trainer.tune.study import database_address, draw, open_study, put_back, queue_start, take_back, without_password

SPACE = Space("pretrain", 1e-4, 1e-2, (4, 8, 16), "a test", Settings(1e-3, 8))


class Desk:
    """A search without training: every process opens the study anew."""

    def __init__(self, folder, worker="me"):
        self.url, self.worker = f"sqlite:///{folder}/study.db", worker
        self.open()

    def open(self):
        self.study = open_study(self.url, "test", direction="minimize", pruner="median")
        self.lost = take_back(self.study, self.worker, alone=False, noted=lambda _: {"duration_s": 7.0})
        queue_start(self.study, SPACE)

    def draw(self):
        return draw(self.study, SPACE, seed=5, worker=self.worker)

    def finish(self):
        trial, settings = self.draw()
        self.study.tell(trial, abs(settings.learning_rate - 2e-3) * settings.batch_sequences)
        return settings


def done(study):
    return [Settings(**t.params) for t in study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]


@pytest.fixture
def whole(tmp_path):
    """The settings of a search of ten trials that nothing interrupted."""
    (tmp_path / "whole").mkdir()
    desk = Desk(tmp_path / "whole")
    return [desk.finish() for _ in range(10)]


def test_the_plans_own_settings_come_first_and_no_point_twice(whole):
    assert whole[0] == SPACE.start
    assert len({settings.learning_rate for settings in whole}) == 10


def test_a_search_over_many_processes_draws_the_points_of_one(tmp_path, whole):
    desk = Desk(tmp_path)
    found = []
    for _ in range(10):
        desk.open()
        found.append(desk.finish())
    assert found == whole


def test_what_a_killed_process_left_is_tried_again_and_changes_nothing_else(tmp_path, whole):
    desk = Desk(tmp_path)
    for number in range(10):
        if number in (0, 3, 7):
            desk.draw()  # the process ends here
            desk.open()
            assert [desk.study.trials[lost.number].user_attrs["duration_s"] for lost in desk.lost] == [7.0]
        desk.finish()
    assert done(desk.study) == whole
    assert counts_of(desk.study)["interrupted"] == 3 and len(finished(desk.study)) == 10
    again = [t for t in desk.study.trials if "retry_of" in t.user_attrs]
    assert [t.params for t in again] == [desk.study.trials[t.user_attrs["retry_of"]].params for t in again]


def test_a_trial_killed_between_queueing_and_marking_is_queued_once(tmp_path):
    desk = Desk(tmp_path)
    trial, _ = desk.draw()
    desk.study.enqueue_trial(trial.params, user_attrs={"retry_of": trial.number})
    desk.open()
    assert counts_of(desk.study)["waiting"] == 1


def test_a_trial_that_kills_its_process_three_times_is_given_up(tmp_path):
    desk = Desk(tmp_path)
    for _ in range(3):
        desk.draw()
        desk.open()
    assert counts_of(desk.study) | {"failed": 1, "interrupted": 2, "waiting": 0} == counts_of(desk.study)
    assert "killed 3 times" in finished(desk.study)[0].user_attrs["error"]


def test_a_stop_by_the_user_may_be_repeated(tmp_path):
    desk = Desk(tmp_path)
    for _ in range(5):
        trial, settings = desk.draw()
        assert settings == SPACE.start
        put_back(desk.study, desk.study.trials[trial.number], killed=False)
    assert counts_of(desk.study)["waiting"] == 1


def test_the_running_trial_of_another_directory_is_left_alone(tmp_path):
    other, mine = Desk(tmp_path, worker="other"), Desk(tmp_path)
    other.draw()
    mine.open()
    assert not mine.lost and counts_of(mine.study)["running"] == 1
    assert mine.finish() != SPACE.start
    other.open()
    assert len(other.lost) == 1 and other.finish() == SPACE.start


def test_a_trial_killed_before_it_had_settings_does_not_shift_the_points(tmp_path, whole):
    desk = Desk(tmp_path)
    first = desk.finish()
    trial = desk.study.ask()
    trial.set_user_attr("worker", "me")
    desk.open()
    assert [first, *(desk.finish() for _ in range(9))] == whole


def test_the_best_is_the_lowest_and_of_equals_the_earlier(tmp_path):
    desk = Desk(tmp_path)
    assert best_trial(desk.study) is None
    for value in (2.0, 1.0, 1.0):
        trial, _ = desk.draw()
        desk.study.tell(trial, value)
    assert best_trial(desk.study).number == 1


@pytest.mark.parametrize("url", ["mysql://user:secret@host/name", "just a name", "/tmp/study.db"])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(BadInput, match="--storage") as caught:
        database_address(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(Failed) as caught:
        open_study("postgresql://user:secret@localhost:1/name", "test", direction="minimize", pruner="none")
    assert "secret" not in str(caught.value) and "localhost:1" in str(caught.value)
    assert without_password("postgresql://user:secret@host/name") == "postgresql://user:***@host/name"

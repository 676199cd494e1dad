"""Nothing that an annotator said is lost, and what was taken back does not count."""

import pytest
from annotated import PAIRS, sitting

from advisor.contracts.errors import BadInput
from trainer.annotate.journal import Journal
from trainer.annotate.tasks import read_tasks, task_of


def test_work_goes_on_where_it_was_left(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = sitting(path)
    first.choose(first.screen().task.id, "first", duration_s=1.0)
    again = sitting(path)
    assert again.screen().done == 1
    assert again.screen().task.prompt[0]["content"] == "Question 1?"


def test_the_choice_is_of_the_answer_that_stood_on_the_screen(tmp_path):
    work = sitting(tmp_path / "journal.jsonl")
    seen = set()
    while (screen := work.screen()).task is not None:
        place = ("first", "second")[screen.answers.index(next(a for a in screen.answers if a.startswith("good")))]
        seen.add(place)
        work.choose(screen.task.id, place, duration_s=None)
    assert all(word.choice == "first" for word in work.journal.words()), "good is the first answer of every task"
    assert seen == {"first", "second"}, "the order on the screen changes from task to task"


def test_two_annotators_do_not_see_each_other(tmp_path):
    path = tmp_path / "journal.jsonl"
    ada = sitting(path)
    ada.choose(ada.screen().task.id, "tie", duration_s=None)
    assert sitting(path, "bob").screen().done == 0


def test_the_last_word_can_be_taken_back_even_after_a_restart(tmp_path):
    path = tmp_path / "journal.jsonl"
    work = sitting(path)
    task = work.screen().task
    work.choose(task.id, "first", duration_s=None)
    again = sitting(path)
    assert again.undo() == task.id
    assert again.screen().task == task
    assert sitting(path).screen().task == task
    with pytest.raises(BadInput, match="nothing to take back"):
        again.undo()


def test_a_line_that_a_crash_cut_is_left_out_and_the_next_word_is_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    work = sitting(path)
    for _ in range(2):
        work.choose(work.screen().task.id, "first", duration_s=None)
    path.write_bytes(path.read_bytes()[:-30])
    again = sitting(path)
    assert again.journal.cut_lines == 1
    assert again.screen().done == 1
    again.choose(again.screen().task.id, "second", duration_s=None)
    assert len(Journal(path).words()) == 2


def test_a_whole_line_without_its_newline_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    work = sitting(path)
    work.choose(work.screen().task.id, "first", duration_s=None)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert len(Journal(path).words()) == 1
    assert len(Journal(path).words()) == 1


def test_a_line_of_another_form_is_bad_input_with_its_number(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"task_id": "x"}\n', encoding="utf-8")
    with pytest.raises(BadInput, match="line 1"):
        Journal(path)


@pytest.mark.parametrize(
    ("choice", "text", "message"),
    [("best", None, "legal: first, second, tie"), (None, "  ", "wants a choice")],
)
def test_a_choice_that_does_not_fit_is_refused(tmp_path, choice, text, message):
    work = sitting(tmp_path / "journal.jsonl")
    task = work.screen().task.id
    with pytest.raises(BadInput, match=message):
        work.choose(task, choice, duration_s=None) if choice else work.write(task, text, duration_s=None)


def test_a_demonstration_is_kept_without_its_outer_blanks(tmp_path):
    work = sitting(tmp_path / "journal.jsonl", rows=[{"prompt": "Say it."}])
    with pytest.raises(BadInput, match="empty"):
        work.write(work.screen().task.id, " \n", duration_s=None)
    work.write(work.screen().task.id, " It. \n", duration_s=4.0)
    assert work.journal.words()[0].demonstration == "It."
    assert work.screen().task is None


def test_the_same_two_answers_in_another_order_are_the_same_task():
    row = PAIRS[0]
    assert task_of(row, "").id == task_of({**row, "answers": row["answers"][::-1]}, "").id


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}", "prompt: expected a text or a list of messages"),
        ('{"prompt": "q", "answers": ["a"]}', "a list of two"),
        ('{"prompt": "q", "answers": ["a", "a"]}', "nothing to choose"),
        ('{"prompt": "q", "chosen": "a"}', "an answer must be a text"),
        ("[]", "expected an object"),
    ],
)
def test_a_task_of_no_known_form_is_bad_input_with_its_row(tmp_path, line, message):
    path = tmp_path / "tasks.jsonl"
    path.write_text(f'{{"prompt": "fine"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(BadInput, match=message) as error:
        read_tasks(path)
    assert "2" in str(error.value)

"""Questions of a user: three forms of file, and a message with the row for whatever is wrong in them."""

import pytest

from advisor.contracts.errors import BadInput
from trainer.evaluate.items import read_items, task_of
from trainer.evaluate.passages import read_passages


def saved(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


SUITE = '{"id": "a", "messages": [{"role": "user", "content": "2 + 2?"}], "expected": "4", "task": "chat"}\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("suite.jsonl", SUITE),
        ("plain.jsonl", '{"prompt": "2 + 2?", "answer": "4", "id": "a"}\n'),
        ("other.jsonl", '\n{"question": "2 + 2?", "label": "4", "id": "a"}\n\n'),
        ("table.csv", "id,question,expected\na,2 + 2?,4\n"),
        ("german.csv", "\ufeffid;question;expected\na;2 + 2?;4\n"),
        ("quoted.csv", 'id,prompt,answer\r\na,"2 + 2?",4\r\n'),
    ],
)
def test_the_same_question_is_read_from_each_form(tmp_path, name, text):
    (item,) = read_items(saved(tmp_path, name, text))
    assert (item.id, item.messages[-1]["content"], item.expected) == ("a", "2 + 2?", "4")


def test_options_come_as_a_list_or_between_bars_and_rows_without_id_are_numbered(tmp_path):
    (first,) = read_items(saved(tmp_path, "a.jsonl", '{"prompt": "x", "answer": "b", "options": ["a", "b"]}'))
    (second,) = read_items(saved(tmp_path, "a.csv", "prompt,answer,options\nx,b,a | b\n"))
    assert first.options == second.options == ("a", "b")
    assert first.id == second.id == "1"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.jsonl", "", "holds no rows"),
        ("a.jsonl", SUITE + "{oops\n", "row 2: not JSON"),
        ("a.jsonl", SUITE + '["list"]\n', "row 2: expected an object"),
        ("a.jsonl", '{"id": "1"}\n', "row 1: messages: required field is missing"),
        ("a.jsonl", SUITE + SUITE, "id 'a' appears twice"),
        ("a.jsonl", SUITE.replace("content", "text"), "exactly the keys role and content"),
        ("a.jsonl", '{"prompt": "x"}\n', "row 1: the answer must stand under one of answer, expected"),
        ("a.jsonl", '{"prompt": "x", "question": "y", "answer": "z"}\n', "got prompt and question"),
        ("a.jsonl", '{"prompt": "x", "answer": 4}\n', "answer: expected a text, got 4"),
        ("a.jsonl", '{"prompt": "x", "answer": "y", "langauge": "de"}\n', "did you mean 'language'?"),
        ("a.csv", "prompt,answer\nx\n", "row 1: has not as many cells"),
        ("a.csv", "prompt,answer\nx,y,z\n", "row 1: has not as many cells"),
        ("a.csv", "prompt,answer\nx,\n", "row 1: the answer must stand under"),
    ],
)
def test_a_mistake_is_named_with_its_row(tmp_path, name, text, words):
    with pytest.raises(BadInput) as refused:
        read_items(saved(tmp_path, name, text))
    assert words in str(refused.value) and name in str(refused.value)


def test_the_task_is_the_suites_or_the_given_one_and_never_a_guess(tmp_path):
    stated = read_items(saved(tmp_path, "a.jsonl", SUITE))
    plain = read_items(saved(tmp_path, "b.jsonl", '{"prompt": "x", "answer": "y"}'))
    assert task_of(stated, None) == task_of(stated, "chat") == task_of(plain, "chat") == "chat"
    with pytest.raises(BadInput, match="the suite says chat"):
        task_of(stated, "code")
    with pytest.raises(BadInput, match="did you mean 'classification'"):
        task_of(plain, "clasification")
    with pytest.raises(BadInput, match="the suite names none; add one of translation"):
        task_of(plain, None)


def test_paragraphs_are_put_together_to_passages_and_lines_of_json_stay_as_they_are(tmp_path):
    text = "\n\n".join(f"Paragraph {n} " + "x" * 390 for n in range(6))
    assert [len(part) > 1000 for part in read_passages(saved(tmp_path, "a.txt", text), "--texts")] == [True, True]
    rows = '{"text": "one"}\n{"text": "two\\n\\nlines"}\n'
    assert read_passages(saved(tmp_path, "a.jsonl", rows), "--texts") == ["one", "two\n\nlines"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", " \n\n ", "holds no text"),
        ("a.jsonl", '{"text": "x"}\n{"txt": "y"}\n', "line 2: expected an object with the key text"),
        ("a.jsonl", "{", "line 1: not JSON"),
    ],
)
def test_a_text_that_is_none_is_refused(tmp_path, name, text, words):
    with pytest.raises(BadInput, match=words):
        read_passages(saved(tmp_path, name, text), "--texts")


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        read_items(tmp_path / "nowhere.csv")
    (tmp_path / "x.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="cannot be read as UTF-8"):
        read_items(tmp_path / "x.jsonl")

"""Agreement by hand-reckoned numbers, and the training data that comes of the work."""

import json

import pytest
from annotated import PAIRS, judged, sitting

from advisor.contracts.errors import BadInput
from trainer.annotate.agreement import agreements, cohens_kappa, first_shown_fraction
from trainer.annotate.export import preferences, write_training_data
from trainer.annotate.importers import import_file
from trainer.annotate.summary import summary_of, summary_text
from trainer.corpus.rows import checked_conversations, checked_pairs


def test_kappa_of_the_textbook_table():
    """50 items: both yes 20, both no 15, 5 and 10 apart: p_o 0.7, p_e 0.5*0.6 + 0.5*0.4 = 0.5, kappa 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)


def test_kappa_is_one_for_equals_zero_for_chance_and_unknown_for_one_judgement():
    assert cohens_kappa([("a", "a"), ("b", "b")]) == 1
    assert cohens_kappa([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]) == 0
    assert cohens_kappa([("a", "a")] * 9) is None
    assert cohens_kappa([]) is None


def test_agreement_counts_common_pairs_that_both_judged():
    words = [judged(number, "ada", "first") for number in range(4)] + [judged(4, "ada", "second")]
    words += [judged(number, "bob", "first") for number in range(2)] + [judged(2, "bob", "skip")]
    words += [judged(4, "bob", "second"), judged(9, "bob", "tie")]
    (found,) = agreements(words)
    assert (found.first, found.second, found.n, found.agreed_fraction, found.kappa) == ("ada", "bob", 3, 1.0, 1.0)


def test_answers_in_another_order_are_compared_by_what_they_say():
    turned = judged(0, "bob", "second").model_copy(update={"answers": ("b", "a")})
    (found,) = agreements([judged(0, "ada", "first"), turned])
    assert found.agreed_fraction == 1
    rows, left_out = preferences([judged(0, "ada", "first"), turned])
    assert rows[0]["chosen"][0]["content"] == "a"
    assert left_out == {}


def test_the_interval_of_kappa_holds_it_and_narrows_with_more_pairs():
    def width(times):
        choices = [("first", "first")] * 4 + [("second", "second")] * 4 + [("first", "second")] * 2
        words = []
        for number, (ours, theirs) in enumerate(choices * times):
            words += [judged(number, "ada", ours), judged(number, "bob", theirs)]
        (found,) = agreements(words)
        assert found.low <= found.kappa <= found.high
        return found.high - found.low

    assert width(20) < width(2)


def test_a_habit_for_the_first_place_is_seen():
    words = [judged(number, "ada", "first", shown_first="first") for number in range(3)]
    words += [judged(3, "ada", "first", shown_first="second")]
    assert first_shown_fraction(words) == (0.75, 4)
    assert first_shown_fraction([judged(0, "ada", "tie", shown_first="first")]) is None


def test_the_majority_decides_and_a_draw_is_left_out():
    words = [judged(0, "ada", "first"), judged(0, "bob", "first"), judged(0, "cyd", "second")]
    words += [judged(1, "ada", "first"), judged(1, "bob", "second"), judged(2, "ada", "tie"), judged(3, "ada", "skip")]
    rows, left_out = preferences(words)
    assert [row["chosen"][0]["content"] for row in rows] == ["a"]
    assert left_out == {"undecided": 2, "skipped": 1}


def test_what_is_written_is_what_a_plan_reads(tmp_path):
    work = sitting(tmp_path / "journal.jsonl", rows=[PAIRS[0], {"prompt": "Say it."}])
    work.choose(work.screen().task.id, "second", duration_s=2.0)
    work.write(work.screen().task.id, "It.", duration_s=8.0)
    counts = write_training_data(work.journal.words(), tmp_path / "out")
    assert counts == {"preference_pairs": 1, "demonstrations": 1}
    assert len(checked_pairs(tmp_path / "out" / "preferences.jsonl")) == 1
    assert checked_conversations(tmp_path / "out" / "instructions.jsonl")[0][-1]["content"] == "It."
    text = summary_text(summary_of(work.journal.words()))
    assert "ada: 1 pairs, 1 demonstrations" in text
    assert "pair 2.0 s, text 8.0 s" in text
    assert "agreement is not known" in text


LABEL_STUDIO = [
    {
        "data": {"prompt": "q", "text1": "a", "text2": "b"},
        "annotations": [
            {
                "completed_by": {"email": "ada@example.org"},
                "lead_time": 3.5,
                "result": [{"type": "pairwise", "value": {"selected": "right"}}],
            },
            {"completed_by": 7, "was_cancelled": True, "result": []},
        ],
    }
]
ARGILLA = [
    {
        "fields": {"request": "q", "response-1": "a", "response-2": "b"},
        "responses": {
            "preference": [
                {"user_id": "u1", "value": [{"value": "response-1", "rank": 2}, {"value": "response-2", "rank": 1}]},
                {"user_id": "u2", "value": [{"value": "response-1", "rank": 1}, {"value": "response-2", "rank": 1}]},
            ]
        },
    },
    {"fields": {"instruction": "q2"}, "responses": {"answer": [{"user_id": "u1", "value": "text"}]}},
]
DOCCANO = [{"id": 1, "text": "q", "label": ["an answer"]}, {"id": 2, "text": "q2", "label": []}]
PRODIGY = [
    {
        "text": "q",
        "options": [{"id": "x", "text": "a"}, {"id": "y", "text": "b"}],
        "accept": ["y"],
        "answer": "accept",
        "_annotator_id": "ada",
    },
    {"text": "q", "options": [], "accept": [], "answer": "ignore"},
]


@pytest.mark.parametrize(
    ("tool", "records", "expected"),
    [
        ("label-studio", LABEL_STUDIO, [("ada@example.org", "second", None, 3.5)]),
        ("argilla", ARGILLA, [("u1", "second", None, None), ("u2", "tie", None, None), ("u1", None, "text", None)]),
        ("doccano", DOCCANO, [("unknown", None, "an answer", None)]),
        ("prodigy", PRODIGY, [("ada", "second", None, None)]),
    ],
)
@pytest.mark.parametrize("form", ["list", "lines"])
def test_exports_of_other_tools_become_words(tmp_path, tool, records, expected, form):
    path = tmp_path / "export.json"
    text = json.dumps(records) if form == "list" else "".join(json.dumps(record) + "\n" for record in records)
    path.write_text(text, encoding="utf-8")
    words, notes = import_file(path, tool)
    assert [(word.annotator, word.choice, word.demonstration, word.duration_s) for word in words] == expected
    assert all("record 2" in note for note in notes)


def test_an_export_of_another_tool_says_what_is_missing(tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(DOCCANO), encoding="utf-8")
    with pytest.raises(BadInput, match="no judgement of prodigy found"):
        import_file(path, "prodigy")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="neither a JSON list nor JSON lines"):
        import_file(path, "prodigy")

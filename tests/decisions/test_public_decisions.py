"""Public decisions as an ordinal test: sourced, marked, better than chance, reported as they are."""

from pathlib import Path

import pytest

from advisor import decisions
from advisor.contracts.assessment import OPTION_KINDS
from advisor.contracts.decisions import Decision
from advisor.contracts.errors import BadInput, Failed

ROOT = Path(__file__).resolve().parents[2]
KINDS_TO_CHOOSE = len(OPTION_KINDS) - 1


@pytest.fixture(scope="module")
def found() -> list[decisions.Result]:
    return decisions.results()


def value_at(decision: Decision, field: str) -> object:
    """The value of a dotted field of the case."""
    value: object = decision.case
    for part in field.split("."):
        value = getattr(value, part)
    return value


def test_there_are_enough_with_sources_and_failures_among_them():
    all_of_them = decisions.decisions()
    assert len(all_of_them) >= 16
    assert all(source.startswith("https://") for each in all_of_them for source in each.sources)
    assert sum(each.failed_or_reversed for each in all_of_them) >= 4
    assert len({each.taken for each in all_of_them}) >= 7


def test_a_file_is_named_for_its_decision_and_marks_what_it_judged():
    for path in (ROOT / "data" / "decisions").glob("*.yaml"):
        assert path.stem in {each.id for each in decisions.decisions()}
    for each in decisions.decisions():
        assert not set(each.public) & set(each.judged), each.id
        for field in (*each.public, *(name for name in each.judged if name != "staff.country")):
            assert value_at(each, field) not in (None, ()), (each.id, field)
        assert "use_case.requests_per_month" in (*each.public, *each.judged)
        if "use_case.requests_per_month" in each.judged:
            volume = each.case.use_case.requests_per_month
            assert volume.high >= 5 * volume.low, each.id


def test_the_options_taken_rank_better_than_by_chance(found):
    """Two of eight kinds drawn blindly hit one case in four."""
    hits = sum(result.is_hit for result in found)
    assert hits > 2 / KINDS_TO_CHOOSE * len(found)


def test_reasons_given_in_public_are_found_by_the_gates(found):
    named = [result for result in found if result.decision.named_gates]
    assert len(named) >= 3
    assert all(result.gates_agree for result in named)


def test_each_miss_says_why(found):
    assert all(result.behind for result in found if not result.is_hit)


def test_the_methodology_carries_the_table_of_today(found):
    held = decisions.held_table((ROOT / "METHODOLOGY.md").read_text(encoding="utf-8"))
    assert held == decisions.markdown_table(found), "write it anew: python -m advisor.decisions --write METHODOLOGY.md"


def test_the_table_is_written_between_its_markers_and_nowhere_else(tmp_path, capsys, monkeypatch, found):
    monkeypatch.setattr(decisions, "results", lambda: found[:2])
    document = tmp_path / "document.md"
    document.write_text(f"before\n{decisions.BEGIN}\nold\n{decisions.END}\nafter\n", encoding="utf-8")
    assert decisions.main(["--write", str(document)]) == 0
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert decisions.main([]) == 0
    assert decisions.held_table(text) in capsys.readouterr().out


def test_a_document_without_markers_or_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Failed, match="markers are missing"):
        decisions.replaced("nothing", "table")
    with pytest.raises(BadInput, match="no such file"):
        decisions._run(tmp_path / "absent.md")

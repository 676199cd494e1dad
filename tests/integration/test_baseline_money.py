"""What a comparison will cost is shown and agreed to first, and nothing is paid twice."""

import json
from datetime import timedelta

import pytest
from baseline_server import Server

from advisor import cli
from advisor.baseline.cache import FILE
from advisor.baseline.confirm import confirm
from advisor.contracts.baseline import BaselineReport, Expected
from advisor.contracts.errors import Failed
from advisor.files import read_contract

PRICED = "openai/gpt-4.1-mini"


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def compare(tmp_path, server):
    """Writes the questions as a suite and puts them to a bought endpoint, which the server stands for."""

    def go(questions, *options, output="report.json", target="vendor"):
        suite = tmp_path / "suite.jsonl"
        lines = [
            {"id": f"{number} {text}", "messages": [{"role": "user", "content": text}], "expected": text}
            for number, text in enumerate(questions)
        ]
        suite.write_text("".join(json.dumps(line | {"task": "classification"}) + "\n" for line in lines))
        path = tmp_path / output
        spec = f"{target}={server.url},role=proprietary,price={PRICED}"
        code = cli.main(["baseline", "run", str(suite), "--output", str(path), "--target", spec, *options])
        return code, read_contract(path, BaselineReport) if path.exists() else None

    return go


def test_without_agreement_nothing_is_asked(compare, server, capsys):
    code, report = compare(["a", "b"])
    said = capsys.readouterr().err
    assert code == 2 and report is None and not server.seen.bodies
    assert "vendor: 2 to ask" in said and "at most" in said and "--yes" in said and "--max-cost-usd" in said


@pytest.mark.parametrize("agreement", [["--yes"], ["--max-cost-usd", "1"]])
def test_a_cap_and_a_yes_are_agreements(compare, agreement):
    code, report = compare(["a"], *agreement)
    assert code == 0 and report.results[0].answered == 1
    assert report.expected[0].most_cost_usd >= report.results[0].cost_usd > 0


def test_on_a_terminal_it_asks_and_takes_no_for_an_answer():
    rows = [Expected(target="x", items=3, cost_usd=0.5, most_cost_usd=1.0, duration_s=None)]
    with pytest.raises(Failed, match="nothing was spent"):
        confirm(rows, is_agreed=False, max_cost_usd=None, is_terminal=lambda: True, ask=lambda _: "")
    confirm(rows, is_agreed=False, max_cost_usd=None, is_terminal=lambda: True, ask=lambda _: "ja")


def test_what_costs_nothing_needs_no_agreement():
    free = [Expected(target="x", items=3, cost_usd=None, most_cost_usd=None, duration_s=None)]
    confirm(free, is_agreed=False, max_cost_usd=None, is_terminal=lambda: False)


def test_a_longer_suite_pays_for_its_new_items_alone(compare, server):
    compare(["a", "b"], "--yes")
    code, report = compare(["new", "a", "b"], "--yes", output="longer.json", target="renamed")
    assert code == 0 and sorted(server.seen.questions) == ["a", "b", "new"]
    result = report.results[0]
    assert result.cached == 2 and result.answered == 3 and report.expected[0].items == 1
    assert any("earlier run" in text for text in report.warnings)
    assert result.scores[0].value == 1.0, "a reused answer is judged against this suite"


def test_the_second_time_the_expectation_knows_speed_and_price(compare):
    _, first = compare(["a"], "--yes")
    _, second = compare(["a", "b"], "--yes", output="second.json")
    assert first.expected[0].duration_s is None
    assert second.expected[0].duration_s > 0
    assert second.expected[0].cost_usd == pytest.approx(first.results[0].cost_usd)


def test_reused_answers_do_not_count_against_the_cap(compare, server):
    compare(["a", "b"], "--yes")
    code, report = compare(["a", "b"], "--max-cost-usd", "0.000001", output="again.json")
    assert code == 0 and report.results[0].answered == 2 and len(server.seen.bodies) == 2


@pytest.mark.parametrize("change", [["--cache-days", "0"], ["--max-output-tokens", "99"]])
def test_asked_otherwise_it_is_asked_anew(compare, server, change):
    compare(["a"], "--yes")
    compare(["a"], "--yes", *change, output="again.json")
    assert len(server.seen.bodies) == 2


def test_an_old_or_damaged_line_of_the_cache_is_asked_anew(compare, server, tmp_path):
    compare(["a", "b"], "--yes")
    path = tmp_path / FILE
    old, _ = (json.loads(line) for line in path.read_text().splitlines())
    old["asked_at"] = "2020-01-01T00:00:00+00:00"
    path.write_text(json.dumps(old) + "\n{cut off\n")
    _, report = compare(["a", "b"], "--yes", output="again.json")
    assert report.results[0].cached == 0 and len(server.seen.bodies) == 4


def test_an_in_house_model_is_asked_each_time(compare, server, tmp_path):
    """The same address may serve another model tomorrow."""
    suite = tmp_path / "s.jsonl"
    suite.write_text('{"id": "1", "messages": [{"role": "user", "content": "a"}], "expected": "a"}\n')
    for name in ("one", "two"):
        cli.main(
            ["baseline", "run", str(suite), "--output", str(tmp_path / f"{name}.json"), "--target", f"x={server.url}"]
        )
    assert len(server.seen.bodies) == 2


def test_the_time_limit_cuts_off_what_would_pass_it(tmp_path):
    """Each answer takes three quarters of the limit: the second is not begun, or is cut off; neither is lost."""
    slow = Server(delay_s=0.9)
    try:
        suite = tmp_path / "s.jsonl"
        lines = [{"id": str(k), "messages": [{"role": "user", "content": f"q{k}"}], "expected": ""} for k in range(4)]
        suite.write_text("".join(json.dumps(line) + "\n" for line in lines))
        limit = timedelta(seconds=1.2) / timedelta(minutes=1)
        output = str(tmp_path / "r.json")
        command = ["baseline", "run", str(suite), "--output", output, "--target", f"x={slow.url}", "--concurrency", "1"]
        assert cli.main([*command, "--max-minutes", str(limit)]) == 0
        report = read_contract(tmp_path / "r.json", BaselineReport)
        assert report.results[0].answered == 1 and any("--max-minutes" in text for text in report.warnings)
        slow.delay_s = 0.0
        assert cli.main([*command, "--resume"]) == 0
    finally:
        slow.close()
    assert read_contract(tmp_path / "r.json", BaselineReport).results[0].answered == 4

"""A judge sees every pair of answers in both orders; what it says is kept apart from what was measured."""

import json

import pytest
from baseline_server import Server

from advisor import cli
from advisor.contracts.baseline import BaselineReport
from advisor.files import read_contract


class JudgeServer(Server):
    """Answers A, B or TIE by a rule over the two answers that it is shown."""

    def __init__(self, rule):
        super().__init__(models=("judge",))
        self.rule = rule

    def answer(self, question):
        parts = [question.split(f"<answer_{name}>\n")[1].split(f"\n</answer_{name}>")[0] for name in "ab"]
        return self.rule(*parts)


def shorter(a, b):
    return "A" if len(a) < len(b) else "B" if len(b) < len(a) else "TIE"


@pytest.fixture
def judged(tmp_path):
    """Two endpoints, of which `y` answers the items in `wrong` with the word wrong, before a judge of that rule."""
    started = []

    def go(rule, questions, wrong, *options):
        if not started:
            started.extend([Server(), Server(wrong=wrong), JudgeServer(rule)])
        servers = started
        suite = tmp_path / "suite.jsonl"
        lines = [
            {"id": text, "messages": [{"role": "user", "content": text}], "expected": text, "task": "summarization"}
            for text in questions
        ]
        suite.write_text("".join(json.dumps(line) + "\n" for line in lines))
        output = tmp_path / "report.json"
        targets = [
            part for name, server in zip("xy", servers, strict=False) for part in ("--target", f"{name}={server.url}")
        ]
        command = [
            "baseline",
            "run",
            str(suite),
            "--output",
            str(output),
            *targets,
            "--judge",
            servers[2].url,
            *options,
        ]
        assert cli.main(command) == 0
        return read_contract(output, BaselineReport), servers[2]

    yield go
    for server in started:
        server.close()


def test_a_win_counts_where_both_orders_name_it(judged):
    report, server = judged(shorter, ["abc", "a long answer", "same"], ["abc", "a long answer"])
    (row,) = report.judge.judgements
    assert (row.first, row.second) == ("x", "y")
    assert row.first_wins == 1 and row.second_wins == 1, "`abc` is shorter than `wrong`, `a long answer` is not"
    assert row.ties == 1 and row.n == 3 and row.order_agreement_fraction == 1.0
    assert row.win_fraction == pytest.approx(0.5) and row.low <= 0.5 <= row.high
    assert len(server.seen.bodies) == 4, "equal answers are not put before the judge"


def test_a_judge_that_looks_at_the_place_finds_ties_and_is_called_out(judged):
    report, _ = judged(lambda a, b: "A", ["one", "two"], ["one", "two"])
    (row,) = report.judge.judgements
    assert row.ties == 2 and row.order_agreement_fraction == 0.0 and row.win_fraction == 0.5
    assert any("looks at the place" in text for text in report.judge.warnings)


def test_what_names_no_winner_is_counted_and_left_out(judged):
    report, _ = judged(lambda a, b: "Both have merits.", ["one"], ["one"])
    (row,) = report.judge.judgements
    assert row.unreadable == 1 and row.n == 0 and row.win_fraction is None


def test_the_reports_call_it_an_opinion(judged, tmp_path):
    judged(shorter, ["abc"], ["abc"], "--language", "de")
    assert "Meinung eines Richtermodells (keine Messung)" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_the_measured_scores_do_not_move(judged):
    report, _ = judged(lambda a, b: "B", ["abc"], ["abc"])
    by_name = {result.target.name: result.scores[0].value for result in report.results}
    assert by_name["x"] > by_name["y"], "the judge prefers neither, the overlap with the expected text does"


def test_resume_puts_what_is_answered_now_before_the_judge_too(judged):
    questions = ["abc", "500once|later"]
    report, _ = judged(shorter, questions, ["abc", "later"], "--retries", "0")
    assert report.results[0].errors == 1 and report.judge.judgements[0].n == 1
    again, _ = judged(shorter, questions, ["abc", "later"], "--retries", "0", "--resume")
    assert again.results[0].errors == 0 and again.judge.judgements[0].n == 2

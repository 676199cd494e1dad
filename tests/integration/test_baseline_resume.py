"""A comparison that was stopped, by a kill in the middle or by its money cap, goes on without asking twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from baseline_server import Server

from advisor import cli
from advisor.catalog.load import load_catalog
from advisor.catalog.prices import token_prices
from advisor.contracts.baseline import BaselineReport
from advisor.files import read_contract

ROOT = Path(__file__).resolve().parents[2]
PRICED = "openai/gpt-4.1-mini"


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


def write_suite(directory: Path, questions: list[str]) -> Path:
    path = directory / "suite.jsonl"
    lines = [
        {"id": f"q{n}", "messages": [{"role": "user", "content": text}], "expected": text, "task": "classification"}
        for n, text in enumerate(questions)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def arguments(suite: Path, server: Server, *options: str, target: str = "x") -> list[str]:
    output = suite.parent / "report.json"
    base = ["baseline", "run", str(suite), "--output", str(output), "--target", f"{target}={server.url}"]
    return [*base, "--retries", "0", *options]


def read_report(suite: Path) -> BaselineReport:
    return read_contract(suite.parent / "report.json", BaselineReport)


def lines_of(journal: Path) -> list[bytes]:
    return journal.read_bytes().splitlines() if journal.exists() else []


def test_after_a_kill_only_what_is_not_answered_is_asked(tmp_path):
    server = Server(delay_s=0.05)
    suite = write_suite(tmp_path, [f"question {n}" for n in range(24)])
    journal = tmp_path / "report.answers.jsonl"
    command = [sys.executable, "-m", "advisor.cli", *arguments(suite, server, "--concurrency", "2")]
    try:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(lines_of(journal)) < 7 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was still at work"
        kept = len(lines_of(journal)) - 1
        assert 6 <= kept < 24
        assert not (tmp_path / "report.json").exists()
        with journal.open("ab") as file:
            file.write(b'{"item_id": "q23", "target": "x", "te')
        asked_before = len(server.seen.bodies)
        assert cli.main(arguments(suite, server, "--resume")) == 0
    finally:
        server.close()
    assert len(server.seen.bodies) - asked_before == 24 - kept
    assert max(Counter(server.seen.questions).values()) <= 2, "only what was under way at the kill is asked again"
    report = read_report(suite)
    assert report.results[0].answered == 24
    assert [answer.item_id for answer in report.answers] == [f"q{n}" for n in range(24)]


def test_resume_of_a_finished_run_asks_nothing_and_writes_the_same_report(tmp_path, server):
    suite = write_suite(tmp_path, ["a", "b"])
    assert cli.main(arguments(suite, server)) == 0
    first = (tmp_path / "report.json").read_bytes()
    assert cli.main(arguments(suite, server, "--resume")) == 0
    assert len(server.seen.bodies) == 2
    assert (tmp_path / "report.json").read_bytes() == first


def test_resume_asks_again_what_ended_in_an_error(tmp_path, server):
    suite = write_suite(tmp_path, ["500once|a", "b"])
    cli.main(arguments(suite, server))
    assert read_report(suite).results[0].errors == 1
    assert cli.main(arguments(suite, server, "--resume")) == 0
    assert server.seen.tries == {"500once|a": 2, "b": 1}
    assert read_report(suite).results[0].errors == 0


def test_resume_without_a_journal_begins_anew(tmp_path, server):
    suite = write_suite(tmp_path, ["a"])
    assert cli.main(arguments(suite, server, "--resume")) == 0
    assert read_report(suite).results[0].answered == 1


@pytest.mark.parametrize("change", ["suite", "targets", "--max-output-tokens"])
def test_resume_refuses_the_journal_of_another_run(tmp_path, server, capsys, change):
    suite = write_suite(tmp_path, ["a"])
    cli.main(arguments(suite, server))
    options, target = ["--resume"], "x"
    if change == "suite":
        write_suite(tmp_path, ["b"])
    elif change == "targets":
        target = "y"
    else:
        options += ["--max-output-tokens", "7"]
    assert cli.main(arguments(suite, server, *options, target=target)) == 2
    said = capsys.readouterr().err
    assert change in said and "without --resume" in said
    assert len(server.seen.bodies) == 1


def test_resume_refuses_a_damaged_journal_and_names_the_line(tmp_path, server, capsys):
    suite = write_suite(tmp_path, ["a", "b"])
    cli.main(arguments(suite, server))
    journal = tmp_path / "report.answers.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    journal.write_text("\n".join([lines[0], "{oops", lines[2]]) + "\n", encoding="utf-8")
    assert cli.main(arguments(suite, server, "--resume")) == 2
    assert "line 2" in capsys.readouterr().err


def test_ctrl_c_ends_with_130_and_keeps_the_answers(tmp_path):
    server = Server(delay_s=0.05)
    suite = write_suite(tmp_path, [f"question {n}" for n in range(200)])
    command = [sys.executable, "-m", "advisor.cli", *arguments(suite, server)]
    journal = tmp_path / "report.answers.jsonl"
    try:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while len(lines_of(journal)) < 4 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        server.close()
    assert process.returncode == 130
    assert "Traceback" not in said and "stopped" in said
    assert len(lines_of(journal)) >= 4


def test_the_cost_is_the_returned_usage_at_the_list_price(tmp_path, server):
    """100 input tokens, 40 of them cached, and 2 output tokens an answer; priced here from the same dated row."""
    suite = write_suite(tmp_path, ["eight888", "seven77"])
    code = cli.main(arguments(suite, server, "--target", f"y={server.url},price={PRICED}", "--yes"))
    assert code == 0
    unpriced, priced = read_report(suite).results
    assert unpriced.cost_usd is None
    row = next(row for row in load_catalog().api_models if row.id == PRICED)
    price = token_prices(row, typical_input_tokens=100, typical_output_tokens=2, on=datetime.now(UTC).date())
    one = (60 * price.input_usd_per_mtok + 40 * price.cached_usd_per_mtok + 2 * price.output_usd_per_mtok) / 1e6
    assert priced.cost_usd == pytest.approx(2 * one)
    assert priced.cost_usd > 0 and PRICED in priced.cost_note


def test_missing_usage_makes_a_priced_cost_unknown(tmp_path, server):
    suite = write_suite(tmp_path, ["nousage|a", "b"])
    cli.main(arguments(suite, server, "--target", f"y={server.url},price={PRICED}", "--yes"))
    result = read_report(suite).results[1]
    assert result.cost_usd is None and "no usage for 1 of 2" in result.cost_note


def test_the_money_cap_stops_before_it_is_passed_and_a_higher_one_goes_on(tmp_path, server):
    """A request may cost up to 256 output tokens, so the cap of three such requests lets three or more through."""
    suite = write_suite(tmp_path, [f"question {n}" for n in range(400)])
    row = next(row for row in load_catalog().api_models if row.id == PRICED)
    price = token_prices(row, typical_input_tokens=100, typical_output_tokens=256, on=datetime.now(UTC).date())
    cap = 3 * (256 * price.output_usd_per_mtok + 140 * price.input_usd_per_mtok) / 1e6
    options = ["--target", f"y={server.url},price={PRICED}"]
    assert cli.main(arguments(suite, server, *options, "--max-cost-usd", f"{cap:.9f}")) == 0
    report = read_report(suite)
    assert 0 < report.results[1].cost_usd <= cap
    assert 3 <= report.results[1].answered < 400
    assert any("--max-cost-usd" in text for text in report.warnings)
    before = report.results[1].answered
    assert cli.main(arguments(suite, server, *options, "--max-cost-usd", f"{2 * cap:.9f}", "--resume")) == 0
    after = read_report(suite).results[1]
    assert before < after.answered and cap < after.cost_usd <= 2 * cap


def test_a_cap_needs_a_price_for_whom_it_pays(tmp_path, server, capsys):
    suite = write_suite(tmp_path, ["a"])
    code = cli.main(
        arguments(suite, server, "--max-cost-usd", "1", "--target", f"y={server.url},role=proprietary,model=small")
    )
    assert code == 2
    assert "price=PROVIDER/MODEL" in capsys.readouterr().err
    assert not server.seen.bodies

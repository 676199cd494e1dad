"""`advisor baseline run` against real local servers: what it asks, measures, counts and writes."""

import json
import sys

import pytest
from baseline_server import Server

from advisor import cli
from advisor.contracts.baseline import BaselineReport
from advisor.files import read_contract


@pytest.fixture
def servers():
    """Starts servers and stops them."""
    running = []

    def start(**options):
        running.append(Server(**options))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def suite(tmp_path):
    """Writes a suite; each question is its own right answer, a behaviour before `|` aside."""

    def write(questions, **more):
        path = tmp_path / "suite.jsonl"
        lines = [
            {"id": f"q{number}", "messages": [{"role": "user", "content": question}]}
            | {"expected": question.rpartition("|")[2], "task": "classification"}
            | more
            for number, question in enumerate(questions)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """Runs the verb and gives exit code and report."""

    def go(suite, *targets, options=()):
        output = tmp_path / "report.json"
        arguments = [part for target in targets for part in ("--target", target)]
        code = cli.main(
            ["baseline", "run", str(suite), "--output", str(output), "--retries", "1", *arguments, *options]
        )
        return code, read_contract(output, BaselineReport) if output.exists() else None

    return go


def by_name(report):
    return {result.target.name: result for result in report.results}


def score(result, name="accuracy"):
    return next(score for score in result.scores if score.name == name)


def test_two_endpoints_are_compared_item_by_item(servers, suite, run, tmp_path, capsys):
    """Ten items, all right against six wrong: b = 6, c = 0, so McNemar's p = 2 * 0.5^6 = 0.03125."""
    questions = [f"answer {n}" for n in range(10)]
    good, bad = servers(), servers(wrong=questions[:6])
    code, report = run(suite(questions), f"house={good.url}", f"other={bad.url},role=hosted_open")
    assert code == 0
    first, second = by_name(report)["house"], by_name(report)["other"]
    assert (score(first).value, score(second).value) == (1.0, 0.4)
    assert first.target.role == "in_house" and second.target.role == "hosted_open"
    assert first.target.model == "small", "the only model that the endpoint lists"
    (difference,) = report.differences
    assert difference.difference == pytest.approx(0.6)
    assert difference.p_value == pytest.approx(0.03125)
    assert difference.verdict == "first_better"
    assert report.items == 10 and len(report.answers) == 20
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "house is better" in text and "p = 0.0312" in text
    assert "house is better" in capsys.readouterr().out


def test_every_request_is_streamed_greedy_and_the_same_for_all(servers, suite, run):
    first, second = servers(), servers()
    run(suite(["a", "b", "c"]), f"x={first.url}", f"y={second.url}", options=["--max-output-tokens", "9"])
    for server in (first, second):
        assert sorted(server.seen.questions) == ["a", "b", "c"]
        for body in server.seen.bodies:
            assert body["stream"] is True and body["stream_options"] == {"include_usage": True}
            assert body["temperature"] == 0 and body["max_tokens"] == 9


def test_an_endpoint_can_have_its_own_names_for_limit_and_temperature(servers, suite, run):
    server = servers()
    run(suite(["a"]), f"x={server.url},token_limit=max_completion_tokens,temperature=default")
    (body,) = server.seen.bodies
    assert body["max_completion_tokens"] == 256
    assert not {"max_tokens", "temperature"} & set(body)


def test_targets_take_turns_so_that_load_meets_all_alike(servers, suite, run, monkeypatch):
    from advisor.baseline import work as running

    order = []
    ask = running.ask

    async def noted(spec, model, item, **more):
        order.append((item.id, spec.name))
        return await ask(spec, model, item, **more)

    monkeypatch.setattr(running, "ask", noted)
    server = servers()
    run(suite(["a", "b"]), f"x={server.url}", f"y={server.url}", options=["--concurrency", "1"])
    assert order == [("q0", "x"), ("q0", "y"), ("q1", "y"), ("q1", "x")]


def test_no_more_requests_run_at_once_than_allowed(servers, suite, run):
    server = servers(delay_s=0.05)
    run(suite([f"q {n}" for n in range(9)]), f"x={server.url}", options=["--concurrency", "3"])
    assert 1 < server.seen.most_at_once <= 3


def test_a_rate_limit_is_waited_out_counted_and_not_taken_for_slowness(servers, suite, run):
    """The server says wait 1 s and then answers at once: the time to the first token holds none of the waiting."""
    server = servers()
    code, report = run(suite(["429|yes"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert code == 0 and score(result).value == 1.0 and result.errors == 0
    assert server.seen.tries["429|yes"] == 2
    assert result.latency.ttft_ms_p50 < 900
    assert any("1 requests were turned away with 429" in text for text in report.warnings)


def test_a_server_error_is_tried_again_and_then_counted(servers, suite, run):
    server = servers()
    _, report = run(suite(["500once|yes", "500|no", "fine"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert (result.answered, result.errors) == (2, 1)
    assert server.seen.tries["500|no"] == 2
    assert score(result).n == 2 and score(result).value == 1.0
    assert score(result, "accuracy_errors_as_wrong").value == pytest.approx(2 / 3)
    (failed,) = [answer for answer in report.answers if answer.error]
    assert failed.answer is None and failed.correct is None and "500" in failed.error
    assert any("1 of 3 items ended in an error" in text for text in report.warnings)


@pytest.mark.parametrize("behaviour", ["cut", "nofinish", "badjson"])
def test_a_broken_stream_is_an_error_and_no_short_answer(servers, suite, run, behaviour):
    server = servers()
    _, report = run(suite([f"{behaviour}|a long answer", "fine"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert (result.answered, result.errors) == (1, 1)
    assert report.answers[0].answer is None and report.answers[0].error


def test_a_silent_endpoint_times_out(servers, suite, run):
    server = servers()
    _, report = run(suite(["silent|x", "fine"]), f"x={server.url}", options=["--timeout-s", "0.2", "--retries", "0"])
    assert (report.results[0].answered, report.results[0].errors) == (1, 1)


@pytest.mark.parametrize("behaviour", ["refuse", "filter"])
def test_a_refusal_is_counted_and_is_a_wrong_answer(servers, suite, run, behaviour):
    server = servers()
    _, report = run(suite([f"{behaviour}|yes", "fine"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert (result.answered, result.refused, result.errors) == (1, 1, 0)
    assert score(result).value == 0.5 and score(result).n == 2


def test_an_answer_cut_at_the_limit_is_warned_of(servers, suite, run):
    server = servers()
    _, report = run(suite(["length|yes"]), f"x={server.url}")
    assert any("1 answers were cut off" in text for text in report.warnings)


def test_missing_usage_makes_tokens_and_cost_unknown_never_zero(servers, suite, run):
    server = servers()
    _, report = run(suite(["nousage|a long answer", "fine"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert result.input_tokens is None and result.output_tokens is None
    assert result.cost_usd is None and "no price given" in result.cost_note


def test_usage_is_added_up_and_energy_is_unknown_unless_reported(servers, suite, run):
    server = servers()
    _, report = run(suite(["four", "eight888"]), f"x={server.url}")
    result = by_name(report)["x"]
    assert (result.input_tokens, result.output_tokens) == (200, 3)
    assert result.energy_j_per_request is None and result.energy_note


def test_energy_that_the_endpoint_reports_is_taken_over(servers, suite, run):
    server = servers()
    _, report = run(suite(["energy|a", "energy|b"]), f"x={server.url}")
    assert report.results[0].energy_j_per_request.p50 == 2.5


def test_times_come_from_the_stream(servers, suite, run):
    """Five pieces, 40 ms before each: about 40 ms to the first, 40 ms for each that follows, 200 ms in all."""
    server = servers(piece_delay_s=0.04)
    _, report = run(suite(["five pieces of text"]), f"x={server.url}")
    latency = report.results[0].latency
    assert 40 <= latency.ttft_ms_p50 <= latency.total_ms_p50 - 120
    assert latency.tpot_ms_p50 >= 30
    assert latency.total_ms_p50 >= 190
    assert latency.total_ms_p50 == pytest.approx(latency.ttft_ms_p50 + 4 * latency.tpot_ms_p50, abs=1)


def test_a_stand_in_is_labelled_everywhere(servers, suite, run, tmp_path):
    server = servers()
    _, report = run(suite(["a"]), f"x={server.url},role=proprietary,stand_in=true")
    assert report.results[0].target.stand_in
    assert any("stand-in" in text for text in report.warnings)
    assert "proprietary, stand-in" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_scores_are_told_apart_by_language(servers, tmp_path, run):
    path = tmp_path / "two.jsonl"
    rows = [("a", "de"), ("b", "de"), ("c", "en")]
    lines = [
        {"id": text, "messages": [{"role": "user", "content": text}], "expected": text, "language": language}
        for text, language in rows
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    server = servers(wrong=["c"])
    _, report = run(path, f"x={server.url}", options=["--task", "question_answering"])
    result = report.results[0]
    assert score(result, "accuracy.de").value == 1.0 and score(result, "accuracy.en").value == 0.0


def test_generated_text_is_scored_by_overlap(servers, suite, run):
    server = servers(wrong=["the dog sleeps"])
    path = suite(["a cat sat on the mat", "the dog sleeps"], task="summarization")
    _, report = run(path, f"x={server.url}", f"y={server.url}")
    result = report.results[0]
    assert result.primary == "rouge_l"
    assert score(result, "rouge_l").value == pytest.approx(0.5), "one identical text, one with no word in common"
    assert 0.5 <= score(result, "chrf").value < 0.7
    assert report.differences[0].test == "sign_flip" and report.differences[0].p_value == 1.0
    assert report.differences[0].verdict == "undecided"


def test_json_on_standard_output_is_the_report_alone(servers, suite, run, capsys):
    server = servers()
    _, report = run(suite(["a"]), f"x={server.url}", options=["--format", "json"])
    assert BaselineReport.model_validate_json(capsys.readouterr().out) == report


def test_the_key_is_sent_and_written_nowhere(servers, suite, run, tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-account")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-account")
    with_key, without = servers(key="sk-very-secret"), servers()
    code, _ = run(suite(["a", "500|b"]), f"x={with_key.url},key_env=VENDOR_KEY", f"y={without.url}")
    assert code == 0
    sent = [headers for server in (with_key, without) for headers in server.seen.headers]
    assert {headers["authorization"] for headers in sent} == {"Bearer sk-very-secret", "Bearer unused"}
    assert not any("openai-organization" in headers for headers in sent)
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    captured = capsys.readouterr()
    assert "secret" not in written + captured.out + captured.err + caplog.text
    assert "another-account" not in written


def test_a_wrong_key_stops_at_once_with_what_the_endpoint_said(servers, suite, run, monkeypatch, capsys):
    monkeypatch.setenv("VENDOR_KEY", "sk-wrong")
    server = servers(key="sk-right")
    path = suite([f"q {n}" for n in range(30)])
    code, report = run(path, f"x={server.url},model=small,key_env=VENDOR_KEY", options=["--concurrency", "2"])
    assert code == 1 and report is None
    assert "401" in capsys.readouterr().err
    assert len(server.seen.bodies) <= 4


def test_an_endpoint_that_is_down_is_given_up_after_five(suite, run, capsys):
    server = Server()
    server.close()
    options = ["--retries", "0", "--concurrency", "1"]
    code, report = run(suite([f"q {n}" for n in range(9)]), f"x={server.url},model=small", options=options)
    said = capsys.readouterr().err
    assert code == 1 and report is None
    assert "first 5 requests all failed" in said and "--resume" in said


def test_a_target_without_any_answer_is_a_failure_but_the_report_is_there(servers, suite, run, capsys):
    server = servers()
    code, report = run(suite(["500|a", "500|b"]), f"x={server.url}", f"y={server.url}")
    assert code == 1
    assert report.results[0].scores == () and report.results[0].errors == 2 and report.results[0].latency is None
    assert report.differences == ()
    assert "no answer from x, y" in capsys.readouterr().err


def test_a_model_has_to_be_named_where_there_are_several(servers, suite, run, capsys):
    server = servers(models=("large", "small"))
    code, report = run(suite(["a"]), f"x={server.url}")
    assert code == 2 and report is None
    assert "large, small" in capsys.readouterr().err


def test_a_time_limit_leaves_items_unasked_and_says_so(servers, suite, run):
    server = servers(delay_s=0.1)
    options = ["--max-minutes", "0.005", "--concurrency", "1"]
    code, report = run(suite([f"q {n}" for n in range(20)]), f"x={server.url}", options=options)
    result = report.results[0]
    assert code == 0
    assert 0 < result.answered < 20
    assert any("--max-minutes" in text for text in report.warnings)
    assert any(f"{20 - result.answered} of 20 items were not asked" in text for text in report.warnings)


def test_the_same_run_again_keeps_the_earlier_answers_beside_the_new_ones(servers, suite, run, tmp_path):
    server = servers()
    path = suite(["a"])
    run(path, f"x={server.url}")
    run(path, f"x={server.url}")
    assert len(server.seen.bodies) == 2
    names = {path.name for path in tmp_path.iterdir() if "answers" in path.name}
    assert names == {"report.answers.jsonl", "report.answers.previous.jsonl"}


def test_a_missing_library_is_told_before_the_first_question(servers, suite, run, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    server = servers()
    code, report = run(suite(["a"], task="translation"), f"x={server.url}")
    assert code == 1 and report is None
    assert "pip install 'richtwert[baseline]'" in capsys.readouterr().err
    assert not server.seen.bodies


def test_the_table_can_be_read_in_eighty_columns(servers, suite, run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    server = servers()
    run(suite(["a", "b"]), f"in-house={server.url}", f"vendor={server.url},role=proprietary")
    said = capsys.readouterr().out
    for words in (
        "in-house (in-house)",
        "vendor (proprietary)",
        "accuracy 1.000",
        "first token p50 / p95",
        "cost, USD",
    ):
        assert words in said
    assert "…" not in said

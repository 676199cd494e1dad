"""The program `advisor` as its user meets it: exit codes, messages, files, hand-over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.contracts.assessment import Assessment
from advisor.contracts.plan import Architecture, TrainingPlan
from advisor.files import read_contract

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "data" / "examples"
GOOD = "name: x\nuse_case: {task: chat, requests_per_month: 1000}\n"


def _advisor(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "advisor.cli", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name: x\nuse_case: {task: chat, requests_per_mnth: 5}\n", ["requests_per_mnth", "'requests_per_month'"]),
        ("name: x\nuse_case: {task: chat, requests_per_month: -5}\n", ["requests_per_month", "-5", "greater"]),
        ("name: x\nuse_case: {task: chatt, requests_per_month: 5}\n", ["use_case.task", "'chat'"]),
        (GOOD + "hardware: {owned: [{accelerator: h100-smx, count: 1}]}\n", ["h100-smx", "did you mean"]),
        (GOOD + "staff: {country: QQ}\n", ["QQ", "known"]),
        ("name: x\nname: y\nuse_case: {task: chat, requests_per_month: 5}\n", ["name", "duplicate"]),
        ("name: [x\n", ["not valid YAML"]),
        (GOOD + "use_case_typo: 1\n", ["use_case_typo", "'use_case'"]),
    ],
)
def test_a_mistake_in_a_case_exits_2_with_one_message_and_writes_nothing(tmp_path, content, words):
    (tmp_path / "case.yaml").write_text(content, encoding="utf-8")
    done = _advisor("assess", "case.yaml", "--output", "out.json", "--format", "json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.yaml"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = _advisor("assess", "nowhere.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere.yaml" in done.stderr


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "case.yaml").write_bytes(b"\xff\xfe\x00\x01")
    done = _advisor("assess", "case.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "UTF-8" in done.stderr


def test_json_on_standard_output_is_an_assessment_and_nothing_else(tmp_path):
    (tmp_path / "case.yaml").write_text(GOOD, encoding="utf-8")
    done = _advisor("assess", "case.yaml", "--format", "json", "--draws", "300", "--seed", "5", cwd=tmp_path)
    assert done.returncode == 0
    result = Assessment.model_validate_json(done.stdout)
    assert (result.seed, result.draws) == (5, 300)


def test_the_table_names_every_kind_and_speaks_german_when_asked(tmp_path):
    case = str(EXAMPLES / "shop_product_texts.yaml")
    english = _advisor("assess", case, "--draws", "300", cwd=tmp_path).stdout
    german = _advisor("assess", case, "--draws", "300", "--language", "de", cwd=tmp_path).stdout
    assert "proprietary API" in english
    assert "status quo" in english
    assert "Empfehlung" in german
    assert "Gründe" in german
    assert "proprietäre API" in german


def test_a_report_of_another_kind_is_refused_as_measurement(tmp_path):
    (tmp_path / "case.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "report.json").write_text('{"report": "other"}', encoding="utf-8")
    done = _advisor("assess", "case.yaml", "--measurements", "report.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "report.json" in done.stderr


def test_hand_over_of_the_own_model_is_a_plan_with_forecast_and_origin(tmp_path):
    case = str(EXAMPLES / "python_help_desk.yaml")
    _advisor("assess", case, "--draws", "300", "--format", "json", "--output", "a.json", cwd=tmp_path)
    options = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["options"]
    wanted = next(option["id"] for option in options if option["kind"] == "from_scratch")
    done = _advisor("handoff", "a.json", "--option", wanted, "--output", "plan", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    plan = read_contract(tmp_path / "plan" / "plan.yaml", TrainingPlan)
    assert isinstance(plan.model, Architecture)
    assert plan.origin is not None
    assert plan.origin.option_id == wanted
    assert plan.forecast.train_hours is not None
    assert plan.forecast.train_hours.p5 < plan.forecast.train_hours.p95
    again = _advisor("handoff", "a.json", "--option", wanted, "--output", "plan", cwd=tmp_path)
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_a_bought_option_is_handed_over_as_a_procurement_plan_in_german(tmp_path):
    case = str(EXAMPLES / "shop_product_texts.yaml")
    _advisor("assess", case, "--draws", "300", "--format", "json", "--output", "a.json", cwd=tmp_path)
    options = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["options"]
    wanted = next(option["id"] for option in options if option["kind"] == "proprietary_api")
    done = _advisor("handoff", "a.json", "--option", wanted, "--language", "de", "--output", "plan", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "README.md" in done.stdout
    assert "Reihenfolge" in (tmp_path / "plan" / "README.md").read_text(encoding="utf-8")
    assert (tmp_path / "plan" / "procurement.yaml").is_file()


def test_the_status_quo_cannot_be_handed_over(tmp_path):
    case = str(EXAMPLES / "shop_product_texts.yaml")
    _advisor("assess", case, "--draws", "300", "--format", "json", "--output", "a.json", cwd=tmp_path)
    done = _advisor("handoff", "a.json", "--option", "status_quo", "--output", "plan", cwd=tmp_path)
    assert done.returncode == 2
    assert "trains nothing" in done.stderr
    unknown = _advisor("handoff", "a.json", "--option", "status_qou", "--output", "plan", cwd=tmp_path)
    assert unknown.returncode == 2
    assert "did you mean 'status_quo'" in unknown.stderr
    assert not (tmp_path / "plan").exists()


def test_help_teaches_with_examples():
    done = _advisor("--help", cwd=ROOT)
    assert done.returncode == 0
    assert "advisor assess data/examples/" in done.stdout

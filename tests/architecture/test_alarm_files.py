"""The files of Prometheus: read by its own tool, and every alarm is played through with figures."""

import shutil
import subprocess

import pytest
from deployed import DEPLOY, compose, read_yaml

FOLDER = DEPLOY / "prometheus"
RULES = [rule for group in read_yaml(FOLDER / "rules.yml")["groups"] for rule in group["rules"]]
PLAYED = read_yaml(FOLDER / "rules_test.yml")["tests"]
JOBS = {job["job_name"]: job for job in read_yaml(FOLDER / "prometheus.yml")["scrape_configs"]}


@pytest.fixture
def promtool(tmp_path):
    """The real tool over copies of our files; the key that the configuration names lies beside them."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine (Debian: prometheus)")
    for path in FOLDER.glob("*.yml"):
        text = path.read_text(encoding="utf-8").replace("/run/secrets", str(tmp_path))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    (tmp_path / "serving_monitor_key").write_text("key")

    def run(*words):
        return subprocess.run([program, *words], capture_output=True, text=True, cwd=tmp_path)

    return run


def test_promtool_finds_the_configuration_and_the_alarms_right(promtool):
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


def test_every_alarm_speaks_when_it_should_and_is_silent_otherwise(promtool, tmp_path):
    done = promtool("test", "rules", "rules_test.yml")
    assert done.returncode == 0, done.stderr + done.stdout
    touchy = tmp_path / "rules.yml"
    touchy.write_text(touchy.read_text().replace("> 0.02", "> 0.001"))
    assert promtool("test", "rules", "rules_test.yml").returncode != 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_has_a_severity_says_what_to_do_and_is_played(rule):
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["summary"] and rule["annotations"]["action"]
    spoken = [each["labels"] for test in PLAYED for row in test["promql_expr_test"] for each in row["exp_samples"]]
    assert f'{{alertname="{rule["alert"]}"}}' in spoken


def test_the_jobs_read_the_services_of_the_compose_file_on_their_ports():
    services = compose()["services"]
    ports = {"advisor": "8080", "worker": "9464", "serving": "8000"}
    assert set(JOBS) == {*ports, "prometheus"}
    for name, port in ports.items():
        (found,) = JOBS[name]["dns_sd_configs"]
        assert (found["names"], str(found["port"])) == ([name], port)
        assert port in " ".join(services[name]["command"])
    assert services["gateway"]["networks"]["default"]["aliases"] == ["serving"]
    secret = JOBS["serving"]["authorization"]["credentials_file"].rpartition("/")[2]
    assert secret in services["prometheus"]["secrets"]

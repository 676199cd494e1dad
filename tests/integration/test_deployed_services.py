"""`docker-compose.yml` without Docker: its commands work together, and its figures are those of boards and alarms."""

import json
import re
import shutil
import subprocess
import time

import httpx
import openai
import pytest
from deployed import DEPLOY, OURS, compose, read_yaml
from documents import case
from job_waiting import job_ended
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from advisor.processes import free_port

pytest_plugins = ["api_databases", "deployed_services"]
pytestmark = pytest.mark.slow
SERVICES = compose()["services"]
OF_PROMETHEUS = {"up", "ALERTS"}
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$model": ".*"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def alarms():
    """Name and expression of every alarm."""
    groups = read_yaml(DEPLOY / "prometheus/rules.yml")["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def panels():
    """Title and expression of everything that a board shows."""
    for path in sorted((DEPLOY / "grafana/boards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for name, value in VARIABLES.items():
                    expression = expression.replace(name, value)
                yield f"{path.stem}: {panel['title']}", expression


def names_in(expression):
    """The metrics that an expression of PromQL reads."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"\b[a-zA-Z_][\w:]*\b(?!\s*\()", bare)) - WORDS


def shown_by(page):
    """Every name that a page can have a sample of."""
    families = text_string_to_metric_families(page)
    return {f"{each.name}{suffix}" for each in families for suffix in SUFFIXES.get(each.type, ("",))}


@pytest.fixture(scope="module")
def asked(deployed):
    """A portfolio of two cases, done by the worker, and an answer of the model."""
    headers = {"Authorization": f"Bearer {deployed.keys['procurement']}"}
    with httpx.Client(base_url=deployed.addresses["advisor"], headers=headers, timeout=60) as client:
        cases = [case().model_dump(mode="json") | {"name": name} for name in ("first", "second")]
        made = client.post("/v1/jobs", json={"kind": "portfolio", "cases": cases, "draws": 100})
        assert made.status_code == 202, made.text
        job = job_ended(client, made.headers["location"])
    base_url = f"{deployed.addresses['serving']}/v1"
    with openai.OpenAI(base_url=base_url, api_key=deployed.keys["user"], max_retries=0) as client:
        messages = [{"role": "user", "content": "Hello"}]
        answer = client.chat.completions.create(model="in-house", messages=messages, max_tokens=4)
    return job, answer


def page_of(deployed, name):
    headers = {"Authorization": f"Bearer {deployed.keys['monitor']}"} if name == "serving" else {}
    answer = httpx.get(f"{deployed.addresses[name]}/metrics", headers=headers, timeout=30)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_the_file_is_one_that_our_programs_take(name, monkeypatch):
    import advisor.cli
    import dashboards.cli
    import serving.cli

    program, *words = SERVICES[name]["command"]
    parser = {"advisor": advisor.cli, "dashboards": dashboards.cli, "serving": serving.cli}[program]._parser()
    parser.parse_args(words)
    with pytest.raises(SystemExit):
        parser.parse_args([*words, "--no-such-option"])


def test_a_job_is_done_by_the_worker_and_a_question_answered_by_the_model(deployed, asked):
    job, answer = asked
    assert (job["state"], job["num_done"], job["num_refused"]) == ("done", 2, 0)
    assert answer.usage.completion_tokens >= 1
    assert "taken up" in (deployed.folder / "worker.log").read_text()
    assert "taken up" not in (deployed.folder / "advisor.log").read_text()


def test_without_a_key_nobody_gets_anything(deployed):
    assert httpx.get(f"{deployed.addresses['advisor']}/v1/cases").status_code == 401
    for path in ("/v1/models", "/metrics"):
        assert httpx.get(f"{deployed.addresses['serving']}{path}").status_code == 401


def test_every_metric_of_an_alarm_or_a_panel_is_one_that_a_program_shows(deployed, asked):
    shown = OF_PROMETHEUS.union(*(shown_by(page_of(deployed, name)) for name in ("advisor", "worker", "serving")))
    wanted = {**alarms(), **dict(panels())}
    assert len(wanted) > 40
    missing = {title: names_in(expression) - shown for title, expression in wanted.items()}
    assert not {title: names for title, names in missing.items() if names}


def test_the_reader_of_expressions_finds_metrics_alone():
    expression = 'sum by (le) (rate(a_bucket{job="x", b=~"$c"}[5m])) / on (d) max(e) > 2 and f == 0 or vector(0)'
    assert names_in(expression) == {"a_bucket", "e", "f"}


@pytest.fixture(scope="module")
def prometheus(deployed, asked):
    """The address of a real Prometheus with our configuration, which reads the services every second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no Prometheus on this machine (Debian: prometheus)")
    config = read_yaml(DEPLOY / "prometheus/prometheus.yml")
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / "prometheus/rules.yml")]
    address = f"127.0.0.1:{free_port()}"
    for job in config["scrape_configs"]:
        name = job["job_name"]
        target = deployed.addresses.get(name, f"http://{address}").removeprefix("http://")
        for key in ("dns_sd_configs", "scrape_interval", "scrape_timeout"):
            job.pop(key, None)
        job["static_configs"] = [{"targets": [target]}]
        if "authorization" in job:
            (deployed.folder / "monitor_key").write_text(deployed.keys["monitor"])
            job["authorization"]["credentials_file"] = str(deployed.folder / "monitor_key")
    file = deployed.folder / "prometheus.yml"
    with file.open("w") as stream:
        YAML().dump(config, stream)
    options = [f"--config.file={file}", f"--web.listen-address={address}"]
    options.append(f"--storage.tsdb.path={deployed.folder / 'tsdb'}")
    with (deployed.folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        ready = f"http://{address}/-/ready"
        assert eventually(lambda: httpx.get(ready).status_code == 200), (deployed.folder / "prometheus.log").read_text()
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def queried(prometheus, expression):
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}, timeout=10).json()
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def eventually(look):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    return look()


def test_a_real_prometheus_reads_all_services_and_can_calculate_every_panel_and_alarm(prometheus):
    up = 'count(up{job=~"advisor|worker|serving"} == 1)'
    assert eventually(lambda: queried(prometheus, f"{up} == 3")), queried(prometheus, "up")
    assert float(queried(prometheus, 'max(advisor_jobs{state="done"})')[0]["value"][1]) == 1
    assert queried(prometheus, 'advisor_requests_total{status_code="202"}')
    assert queried(prometheus, 'requests_total{job="serving",model="in-house",status="completed"}')
    assert queried(prometheus, "advisor_audit_intact == 1")
    for _, expression in panels():
        queried(prometheus, expression)
    rules = eventually(lambda: evaluated(prometheus))
    assert {rule["name"] for rule in rules} == set(alarms())
    assert {rule["health"] for rule in rules} == {"ok"}
    assert not [rule["name"] for rule in rules if rule["state"] == "firing"]


def evaluated(prometheus):
    """The rules, once each of them was calculated."""
    groups = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return rules if all(rule["health"] != "unknown" for rule in rules) else []

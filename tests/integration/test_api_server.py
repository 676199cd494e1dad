"""`advisor serve` as a process: parallel requests, the typed client, a clean end, and clear refusals to start."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from advisor_server import ROOT, Server
from calibration_reports import run as cpu_run
from documents import baseline_report, run_report

from advisor.client import AdvisorClient, NotFound
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import EstimateError, ServingRequest, TrainingRequest
from advisor.files import read_contract

pytest_plugins = ["api_databases"]
SHOP = ROOT / "data" / "examples" / "shop_product_texts.yaml"
PARALLEL = 20
DRAWS = 100


@pytest.fixture
def server(database_url, tmp_path):
    running = Server(database_url, tmp_path / "server.log")
    yield running
    running.stop()


def serve(tmp_path, *arguments, **environment):
    """Run `advisor serve` where it must refuse to start."""
    return subprocess.run(
        [sys.executable, "-m", "advisor.cli", "serve", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
def test_twenty_parallel_requests_are_all_answered_and_kept(server):
    request = {"case": read_contract(SHOP, Case).model_dump(mode="json"), "draws": DRAWS}
    with httpx.Client(base_url=server.url, timeout=120, limits=httpx.Limits(max_connections=PARALLEL)) as http:
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(pool.map(lambda _: http.post("/v1/assessments", json=request), range(PARALLEL)))
        assert [answer.status_code for answer in answers] == [201] * PARALLEL
        ids = {answer.json()["id"] for answer in answers}
        assert len(ids) == PARALLEL
        listed = http.get("/v1/assessments", params={"limit": 100}).json()
        assert {item["id"] for item in listed["items"]} == ids
        assert {json_without_id(answer) for answer in answers} == {json_without_id(answers[0])}
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/assessments"])
def test_twenty_parallel_writers_with_one_key_have_one_effect(server, path):
    case = read_contract(SHOP, Case).model_dump(mode="json")
    body = case if path == "/v1/cases" else {"case": case, "draws": DRAWS}
    headers = {"Idempotency-Key": "order-1"}
    with httpx.Client(base_url=server.url, timeout=120, limits=httpx.Limits(max_connections=PARALLEL)) as http:
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(pool.map(lambda _: http.post(path, json=body, headers=headers), range(PARALLEL)))
        assert [answer.status_code for answer in answers] == [201] * PARALLEL
        assert len({answer.content for answer in answers}) == 1
        assert len({(answer.headers["location"], answer.headers["etag"]) for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
        assert http.get(path).json()["total_items"] == 1
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_twenty_parallel_writers_of_one_calibration_store_it_once(server):
    report = cpu_run().model_dump(mode="json")
    with httpx.Client(base_url=server.url, timeout=120, limits=httpx.Limits(max_connections=PARALLEL)) as http:
        identity = http.post("/v1/measurements", json=report).json()["id"]
        made = http.post("/v1/calibrations", json={"measurements": [identity]}).json()
        learnt = http.get(f"/v1/calibrations/{made['id']}").json() | {"id": "c-of-another-service"}
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(
                pool.map(lambda _: http.post("/v1/calibrations", json={"calibration": learnt}), range(PARALLEL))
            )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert http.get("/v1/calibrations").json()["total_items"] == 2


def json_without_id(answer: httpx.Response) -> str:
    return answer.text.replace(answer.json()["id"], "")


def test_the_client_sees_documents_and_errors_of_a_real_server(server):
    case = read_contract(SHOP, Case)
    with AdvisorClient(server.url) as client:
        assert client.health()["status"] == "ok"
        assert client.assessments() == ()
        made = client.assess(case, seed=3, draws=DRAWS)
        assert client.assessment(made.id) == made and made.seed == 3 and made.case == case
        assert [summary.case_name for summary in client.assessments()] == [case.name]
        for report in (run_report(), baseline_report()):
            assert client.measurement(client.add_measurement(report).id) == report
        assert {summary.report for summary in client.measurements()} == {"run", "baseline"}
        assert client.case(client.add_case(case).id) == case
        assert client.catalog("models").base_models and client.catalog("grids").grids
        assert client.catalog("prices").api_prices and client.catalog("accelerators").accelerators
        with pytest.raises(NotFound, match="no assessment"):
            client.assessment("018f0000-0000-7000-8000-000000000000")
        owned = {"owned": [{"accelerator": "h100-sxm-80g", "count": 1}]}
        wrong = Case.model_validate(case.model_dump(mode="json") | {"hardware": owned})
        with pytest.raises(BadInput, match="unknown accelerator 'h100-sxm-80g': did you mean"):
            client.assess(wrong)


def test_estimates_of_a_real_server_reach_the_client_in_order(server):
    lora = TrainingRequest(id="a", kind="lora", model="Llama 3.1 8B", accelerator="L40S", samples=5000, epochs=3)
    served = ServingRequest(id="s", kind="throughput", model="Llama 3.1 8B", accelerator="H100", input_len=512)
    unknown = lora.model_copy(update={"id": "b", "accelerator": "H1000"})
    with AdvisorClient(server.url) as client:
        first, second, third = client.estimate_training([lora, unknown, lora.model_copy(update={"id": "c"})], seed=2)
        assert (first.id, second.id, third.id) == ("a", "b", "c")
        assert isinstance(second, EstimateError) and second.line == 2 and "did you mean 'H100'?" in second.error
        assert client.estimate_training(lora, seed=2) == first
        assert first.accelerator_hours == third.accelerator_hours
        memory = client.estimate_memory(lora, draws=DRAWS)
        assert memory.peak_mem_gib is not None and memory.accelerator_hours is None
        assert client.estimate_serving(served).output_tokens_per_s is not None
        with pytest.raises(BadInput, match=r"^accelerator: unknown accelerator 'H1000'.*\(got 'H1000'\)$"):
            client.estimate_training(unknown)


@pytest.mark.slow
def test_a_server_answers_others_while_it_estimates_a_long_array(server):
    lora = {"kind": "lora", "model": "Llama 3.1 8B", "accelerator": "L40S", "samples": 5000, "epochs": 3}
    many = [lora | {"id": str(number)} for number in range(1000)]
    with httpx.Client(base_url=server.url, timeout=300) as http, ThreadPoolExecutor(1) as pool:
        answering = pool.submit(http.post, "/v1/estimates/training", json=many)
        during = 0
        while not answering.done():
            assert http.get("/healthz").status_code == 200
            during += not answering.done()
            time.sleep(0.2)
        assert [answer["id"] for answer in answering.result().json()] == [request["id"] for request in many]
    assert during >= 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(tmp_path, number):
    server = Server(f"sqlite:///{tmp_path}/store.db", tmp_path / "server.log")
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert server.stop(number) == 0
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_without_a_database_address_the_store_lies_under_runs(tmp_path):
    server = Server("", tmp_path / "server.log")
    assert server.stop() == 0
    assert (tmp_path / "runs" / "advisor.db").exists()


def test_a_port_that_is_taken_is_a_failure_with_a_next_step(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve(tmp_path, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"failed: cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port\n"


def test_a_database_that_does_not_answer_is_a_failure_in_one_line(tmp_path):
    done = serve(tmp_path, "--port", "0", DATABASE_URL="postgresql://user:geheim@127.0.0.1:1/none")
    assert done.returncode == 1
    assert done.stderr.startswith("failed: the store postgresql+asyncpg://user:***@127.0.0.1:1/none does not answer")
    assert len(done.stderr.splitlines()) == 1 and not done.stdout


def test_an_unknown_kind_of_database_is_bad_input(tmp_path):
    done = serve(tmp_path, "--port", "0", DATABASE_URL="mysql://user:geheim@host/name")
    assert done.returncode == 2
    assert "DATABASE_URL: unknown kind 'mysql'" in done.stderr and "geheim" not in done.stderr

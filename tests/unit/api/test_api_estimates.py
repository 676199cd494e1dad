"""`/v1/estimates` answers what `advisor estimate` answers, one request or many."""

import json
from pathlib import Path

import pytest
from documents import fake_assess
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.cli import main

ROOT = Path(__file__).resolve().parents[3]
LORA = {
    "id": "mine",
    "kind": "lora",
    "model": "Llama 3.1 8B",
    "accelerator": "L40S",
    "samples": 5000,
    "epochs": 3,
    "seq_len": 1024,
    "batch": 8,
    "year": 2026,
}
SERVED = {
    "id": "served",
    "kind": "throughput",
    "model": "Llama 3.1 8B",
    "accelerator": "H100",
    "batch_or_concurrency": 32,
    "input_len": 512,
    "output_len": 128,
}
REQUESTS = {"training": LORA, "memory": LORA, "serving": SERVED}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('estimates')}/store.db"
    app = create_app(database_url=url, assess=fake_assess, catalog=load_catalog())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def refusal(answer):
    """The one mistake of a refused request."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (mistake,) = answer.json()["errors"]
    return mistake


@pytest.mark.parametrize("topic", REQUESTS)
def test_figures_are_those_of_the_command_line_for_the_same_lines(client, tmp_path, capsys, topic):
    requests = [REQUESTS[topic], REQUESTS[topic] | {"id": "wrong", "accelerator": "H1000"}, {"id": "short"}]
    file = tmp_path / "requests.jsonl"
    file.write_text("\n".join(json.dumps(request) for request in requests), encoding="utf-8")
    assert main(["estimate", topic, "--jsonl", str(file), "--draws", "200", "--seed", "5"]) == 1
    lines = capsys.readouterr().out.splitlines()
    parameters = {"draws": 200, "seed": 5}
    assert client.post(f"/v1/estimates/{topic}", json=requests, params=parameters).text == f"[{','.join(lines)}]"
    assert client.post(f"/v1/estimates/{topic}", json=requests[0], params=parameters).text == lines[0]


@pytest.mark.parametrize("topic", REQUESTS)
def test_an_array_keeps_its_order_and_carries_errors_in_their_place(client, topic):
    good = REQUESTS[topic]
    asked = [good | {"id": "c"}, good | {"id": "a", "acelerator": "x"}, 3, good | {"id": "b"}, {"id": 7}]
    answers = client.post(f"/v1/estimates/{topic}", json=asked).json()
    assert [answer["id"] for answer in answers] == ["c", "a", None, "b", None]
    assert [answer.get("line") for answer in answers] == [None, 2, 3, None, 5]
    assert answers[1]["error"] == "acelerator: unknown field; did you mean 'accelerator'? (got 'x')"
    assert answers[2]["error"] == "(document): expected a JSON object, got int"
    assert {key: value for key, value in answers[0].items() if key != "id"} == {
        key: value for key, value in answers[3].items() if key != "id"
    }


def test_a_thousand_requests_are_answered_and_one_more_is_refused(client):
    many = [{"id": str(number)} for number in range(1001)]
    answers = client.post("/v1/estimates/memory", json=many[:1000]).json()
    assert [answer["id"] for answer in answers] == [request["id"] for request in many[:1000]]
    mistake = refusal(client.post("/v1/estimates/memory", json=many))
    assert mistake["message"] == "at most 1000 requests in one array, got 1001; send the rest in another call"
    assert client.post("/v1/estimates/memory", json=[]).json() == []


def test_an_unknown_key_of_one_request_names_the_nearest(client):
    mistake = refusal(client.post("/v1/estimates/training", json=LORA | {"epoch": 3}))
    assert mistake == {"field": "epoch", "value": "3", "message": "unknown field; did you mean 'epochs'?"}


@pytest.mark.parametrize("topic", REQUESTS)
def test_an_unknown_accelerator_names_the_nearest_and_the_datasheet_that_would_do(client, topic):
    mistake = refusal(client.post(f"/v1/estimates/{topic}", json=REQUESTS[topic] | {"accelerator": "H1000"}))
    assert mistake["field"] == "accelerator" and mistake["value"] == "'H1000'"
    assert "unknown accelerator 'H1000': did you mean 'H100'?" in mistake["message"]
    assert "give its datasheet: peak_flop_per_s, memory_bytes, bandwidth_bytes_per_s" in mistake["message"]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"kind": "lroa"}, "kind", "did you mean 'lora'?"),
        ({"tokens_b": 0}, "tokens_b", "greater than 0"),
        ({"model": "none such", "params_b": None}, "params_b", "is not in the catalogue"),
        ({"params_b": 1, "active_params_b": 2, "model": "x"}, "active_params_b", "exceeds"),
        ({"tokens_b": 1e300}, "(document)", "check the order of magnitude"),
        ({"memory_bytes": 1e-300}, "(document)", "check the order of magnitude"),
        ({"tokens_b": 1e300, "id": None}, "id", "valid string"),
    ],
)
def test_one_request_that_cannot_be_estimated_is_refused_by_field(client, change, field, said):
    mistake = refusal(client.post("/v1/estimates/training", json=LORA | change))
    assert mistake["field"] == field and said in mistake["message"]


@pytest.mark.parametrize("topic", REQUESTS)
def test_more_devices_than_any_cluster_has_are_refused_before_a_layout_is_sought(client, topic):
    """2^61 - 1 is prime: a search for a divisor would not end."""
    request = REQUESTS[topic] | {"accelerator_count": 2**61 - 1, "batch_or_concurrency": None}
    if topic != "serving":
        del request["batch_or_concurrency"]
    mistake = refusal(client.post(f"/v1/estimates/{topic}", json=request))
    assert mistake["field"] == "accelerator_count" and "less than or equal to 1000000" in mistake["message"]


@pytest.mark.parametrize("body", ["5", '"text"', "null", "true"])
def test_a_body_that_is_neither_request_nor_array_is_refused(client, body):
    answer = client.post("/v1/estimates/serving", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "(document)"


@pytest.mark.parametrize(
    ("name", "value"), [("draws", "99"), ("draws", "10001"), ("draws", "x"), ("seed", "-1"), ("seed", str(2**53))]
)
def test_draws_and_seed_are_bounded(client, name, value):
    mistake = refusal(client.post("/v1/estimates/training", json=LORA, params={name: value}))
    assert mistake["field"] == name and mistake["value"] == value


def test_the_same_seed_repeats_and_another_moves_the_bounds_alone(client):
    def hours(seed):
        return client.post("/v1/estimates/training", json=LORA, params={"seed": seed}).json()["accelerator_hours"]

    assert hours(3) == hours(3)
    assert hours(3)["p50"] == hours(4)["p50"] and hours(3)["p5"] != hours(4)["p5"]
    assert client.post("/v1/estimates/training", json=LORA, params={"seed": 2**53 - 1}).status_code == 200


def test_a_published_row_is_a_request_as_it_stands(client):
    row = json.loads((ROOT / "data" / "hindcast" / "training.jsonl").read_text(encoding="utf-8").splitlines()[0])
    answer = client.post("/v1/estimates/training", json=row).json()
    assert answer["id"] == row["id"] and answer["accelerator_hours"]["p5"] < row["accelerator_hours"]

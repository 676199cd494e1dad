"""The client turns the service's answers into contracts and its refusals into the common error tree."""

import json

import httpx
import pytest
from documents import case

from advisor.client import AdvisorClient, NotFound
from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.estimates import EstimateError, ServingRequest, TrainingRequest
from advisor.contracts.handover import HandoffRequest


def client_answering(handler):
    return AdvisorClient("http://advisor.example/", transport=httpx.MockTransport(handler))


def refusing(status, **problem):
    return client_answering(lambda _: httpx.Response(status, json={"status": status, **problem}))


def test_a_refusal_keeps_field_value_and_advice():
    errors = [{"field": "case.name", "value": "''", "message": "too short"}]
    with pytest.raises(BadInput, match=r"^case\.name: too short \(got ''\)$"):
        refusing(400, detail="x", errors=errors).assess(case())


def test_an_unknown_id_is_a_refusal_of_its_own():
    with pytest.raises(NotFound, match="no assessment"):
        refusing(404, detail="no assessment 'x'").assessment("x")


def test_a_failure_of_the_service_names_the_request():
    with pytest.raises(Failed, match=r"the store does not answer \(request r-9\)"):
        refusing(503, detail="the store does not answer", request_id="r-9").health()


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"[]", b'{"detail": null, "errors": [1]}'])
def test_an_error_of_something_in_between_is_still_said(body):
    with pytest.raises(Failed, match="HTTP 502 without a reason"):
        client_answering(lambda _: httpx.Response(502, content=body)).assessments()


def test_a_service_that_is_down_is_named_with_the_next_step():
    def refuse(_):
        raise httpx.ConnectError("connection refused")

    with pytest.raises(
        Failed, match=r"http://advisor.example does not answer \(connection refused\); start it with `advisor serve`"
    ):
        client_answering(refuse).assessments()


def test_a_service_that_is_too_slow_is_named():
    def wait(_):
        raise httpx.ReadTimeout("slow")

    with pytest.raises(Failed, match="did not answer in time"):
        client_answering(wait).assessments()


def test_an_answer_of_another_version_is_a_failure_that_says_so():
    with pytest.raises(Failed, match=r"(?s)no AssessmentPage.*same version"):
        client_answering(lambda _: httpx.Response(200, json={"rows": []})).assessments()


def test_a_wrong_number_of_draws_is_refused_before_anything_is_sent():
    def never(_):
        raise AssertionError("sent")

    with pytest.raises(BadInput, match="request: draws"):
        client_answering(never).assess(case(), draws=0)


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://x", ""])
def test_an_address_without_scheme_is_refused(address):
    with pytest.raises(BadInput, match="must begin with http"):
        AdvisorClient(address)


def test_an_id_cannot_leave_its_place_in_the_path():
    seen = []

    def answer(request):
        seen.append(request.url.raw_path)
        return httpx.Response(404, json={"detail": "none"})

    with pytest.raises(NotFound):
        client_answering(answer).assessment("../cases?x=1")
    assert seen == [b"/v1/assessments/..%2Fcases%3Fx%3D1"]


def test_one_request_is_sent_as_an_object_and_several_as_an_array_with_all_their_fields():
    seen = []

    def answer(request):
        seen.append((request.url.raw_path, json.loads(request.content)))
        bad = {"id": "b", "error": "accelerator: missing", "line": 2}
        many = isinstance(seen[-1][1], list)
        return httpx.Response(200, json=[{"id": "a", "fits": True}, bad] if many else {"id": "a"})

    client = client_answering(answer)
    ask = TrainingRequest(id="a", kind="lora", samples=10, epochs=3)
    assert client.estimate_training(ask, draws=200, seed=7).id == "a"
    several = client.estimate_memory([ask, ask])
    assert several[0].fits is True
    assert several[1] == EstimateError(id="b", error="accelerator: missing", line=2)
    assert client.estimate_serving(ServingRequest(id="a", kind="latency", input_len=9)).id == "a"
    (first, one), (second, array), (third, served) = seen
    assert first == b"/v1/estimates/training?draws=200&seed=7" and one["samples"] == 10 and one["epochs"] == 3
    assert second == b"/v1/estimates/memory?draws=1000&seed=0" and array == [one, one]
    assert third.startswith(b"/v1/estimates/serving?") and served["input_len"] == 9


def test_a_hand_over_is_asked_for_by_id_and_comes_back_as_files():
    seen = []

    def answer(request):
        seen.append((request.url.path, json.loads(request.content)))
        files = [{"path": "plan.yaml", "content": "name: x\n"}]
        body = {"assessment_id": "a-1", "option_id": "o", "trains": True, "files": files, "notes": []}
        return httpx.Response(200, json=body)

    found = client_answering(answer).hand_off("a-1", HandoffRequest(option_id="o", launch=("slurm",)))
    assert found.files[0].path == "plan.yaml"
    path, body = seen[0]
    assert path == "/v1/assessments/a-1/handoff"
    assert body["option_id"] == "o"
    assert body["launch"] == ["slurm"]


def test_a_calibration_is_asked_for_by_ids_of_measurements():
    sent = []

    def answer(request):
        sent.append((request.method, request.url.path, json.loads(request.content)))
        summary = {
            "id": "x", "created_at": "t", "calibration_id": "c-1", "version": 1, "reports": ["r-1"], "change": "added"
        }  # fmt: skip
        return httpx.Response(201, json=summary)

    identity = "018f0000-0000-7000-8000-000000000000"
    client = client_answering(answer)
    assert client.add_calibration(measurements=[identity]).calibration_id == "c-1"
    client.revoke("x", "r-1", undo=True)
    assert sent[0] == ("POST", "/v1/calibrations", {"calibration": None, "measurements": [identity]})
    assert sent[1] == ("POST", "/v1/calibrations/x/revoke", {"report_id": "r-1", "undo": True})
    with pytest.raises(BadInput, match="ids of stored measurements"):
        client.add_calibration(measurements=["r-1"])

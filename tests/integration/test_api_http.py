"""The routes on SQLite and on PostgreSQL: what goes in comes out, whole and in order."""

import io
import json
import zipfile

import pytest
from calibration_reports import machine, run, served
from documents import baseline_report, case, fake_assess, run_report
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
NOWHERE = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def client(database_url):
    with TestClient(create_app(database_url=database_url, assess=fake_assess, catalog=load_catalog())) as client:
        yield client


def test_an_assessment_is_made_and_comes_back_byte_for_byte(client):
    made = client.post("/v1/assessments", json={"case": CASE, "seed": 7, "draws": 1000})
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == f"/v1/assessments/{body['id']}"
    assert body["case"] == CASE and body["seed"] == 7 and body["draws"] == 1000
    assert client.get(made.headers["location"]).content == made.content


def test_lists_are_newest_first_in_pages_that_name_the_next(client):
    ids = [client.post("/v1/assessments", json={"case": CASE | {"name": f"case {n}"}}).json()["id"] for n in range(3)]
    first = client.get("/v1/assessments", params={"limit": 2}).json()
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    assert first["items"][0]["case_name"] == "case 2" and first["items"][0]["confidence"] == "likely"
    assert first["total_items"] == 3
    second = client.get(first["next"]).json()
    assert [item["id"] for item in second["items"]] == [ids[0]] and second["next"] is None
    beyond = client.get("/v1/assessments", params={"offset": 99}).json()
    assert beyond == {"items": [], "total_items": 3, "next": None}


def test_a_case_is_kept(client):
    made = client.post("/v1/cases", json=CASE)
    assert made.status_code == 201 and made.json()["name"] == CASE["name"]
    assert client.get(made.headers["location"]).json() == CASE
    assert [item["task"] for item in client.get("/v1/cases").json()["items"]] == ["content_generation"]


@pytest.mark.parametrize(
    "build",
    [run_report, baseline_report, machine, lambda: served(tokens_per_s=900.0)],
    ids=["run", "baseline", "machine", "serving"],
)
def test_a_report_is_kept(client, build):
    report = build().model_dump(mode="json")
    made = client.post("/v1/measurements", json=report)
    assert made.status_code == 201
    assert made.json()["report"] == report["report"] and made.json()["report_id"] == report["id"]
    assert client.get(made.headers["location"]).json() == report
    assert client.get("/v1/measurements").json()["items"] == [made.json()]


def stored(client, *reports):
    return [client.post("/v1/measurements", json=report.model_dump(mode="json")).json()["id"] for report in reports]


def test_a_calibration_is_made_extended_revoked_and_every_version_stays(client):
    first, second = stored(client, run("r-1"), run("r-2", step_s=0.3))
    made = client.post("/v1/calibrations", json={"measurements": [first]})
    assert made.status_code == 201 and made.json()["version"] == 1 and made.json()["reports"] == ["r-1"]
    before = client.get(made.headers["location"]).json()
    more = client.post("/v1/calibrations", json={"calibration": before, "measurements": [second]})
    assert more.json()["version"] == 2 and more.json()["reports"] == ["r-1", "r-2"]
    less = client.post(f"{more.headers['location']}/revoke", json={"report_id": "r-2"})
    assert less.status_code == 201 and less.json()["version"] == 3 and less.json()["reports"] == ["r-1"]
    back = client.post(f"{less.headers['location']}/revoke", json={"report_id": "r-2", "undo": True})
    assert (
        client.get(back.headers["location"]).json()["entries"] == client.get(more.headers["location"]).json()["entries"]
    )
    assert [item["version"] for item in client.get("/v1/calibrations").json()["items"]] == [4, 3, 2, 1]
    assert client.get(made.headers["location"]).json() == before


def test_a_calibration_that_was_made_elsewhere_is_kept_as_it_is(client):
    (identity,) = stored(client, run())
    whole = client.get(client.post("/v1/calibrations", json={"measurements": [identity]}).headers["location"]).json()
    again = client.post("/v1/calibrations", json={"calibration": whole})
    assert client.get(again.headers["location"]).json() == whole
    assert client.get("/v1/calibrations").json()["total_items"] == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "at least one stored measurement"),
        ({"measurements": [NOWHERE]}, "no measurement"),
        ({"measurements": ["x"]}, "measurements.0"),
    ],
)
def test_a_calibration_of_nothing_is_refused(client, body, words):
    refused = client.post("/v1/calibrations", json=body)
    assert refused.status_code == 400
    assert words in refused.text
    assert client.get("/v1/calibrations").json()["total_items"] == 0


def test_a_report_that_is_not_in_it_cannot_be_revoked(client):
    made = client.post("/v1/calibrations", json={"measurements": stored(client, run("r-1"))})
    refused = client.post(f"{made.headers['location']}/revoke", json={"report_id": "r1"})
    assert refused.status_code == 400 and "did you mean 'r-1'" in refused.text
    assert client.post(f"/v1/calibrations/{NOWHERE}/revoke", json={"report_id": "r-1"}).status_code == 404


def test_text_that_databases_dislike_survives(client):
    report = baseline_report().model_dump(mode="json")
    report["answers"][0]["answer"] = report["suite"] = "NUL \x00, quote ', emoji 🧾, backslash \\u0000"
    made = client.post("/v1/measurements", content=json.dumps(report), headers={"content-type": "application/json"})
    assert made.status_code == 201, made.text
    assert client.get(made.headers["location"]).json() == report


def test_reports_inline_change_the_answer(client):
    report = baseline_report().model_dump(mode="json")
    measured = client.post("/v1/assessments", json={"case": CASE, "measurements": [report]}).json()
    inside = client.post("/v1/assessments", json={"case": CASE | {"measurements": [report]}}).json()
    assert measured["update"] is not None and inside["update"] is not None
    assert [item["measured"] for item in client.get("/v1/assessments").json()["items"]] == [True, True]


@pytest.mark.parametrize("kind", ["assessment", "case", "measurement", "calibration"])
def test_an_unknown_id_is_not_found(client, kind):
    answer = client.get(f"/v1/{kind}s/{NOWHERE}")
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == f"no {kind} '{NOWHERE}'; GET /v1/{kind}s lists what there is"


def test_a_refused_request_leaves_nothing_behind(client):
    assert client.post("/v1/assessments", json={"case": CASE, "draws": 0}).status_code == 400
    assert client.post("/v1/cases", json=CASE | {"nam": 1}).status_code == 400
    assert client.get("/v1/assessments").json()["total_items"] == 0
    assert client.get("/v1/cases").json()["total_items"] == 0


def test_it_is_ready_when_the_database_answers(client):
    assert client.get("/readyz").json()["status"] == "ok"


def test_a_second_start_on_the_same_database_keeps_what_is_there(client, database_url):
    client.post("/v1/cases", json=CASE)
    with TestClient(create_app(database_url=database_url, assess=fake_assess, catalog=load_catalog())) as again:
        assert again.get("/v1/cases").json()["total_items"] == 1


def test_a_bought_option_is_handed_over_as_json_and_as_a_zip_of_the_same_files(handing_client):
    client, made = handing_client
    option = next(option["id"] for option in made["options"] if option["kind"] == "proprietary_api")
    path = f"/v1/assessments/{made['id']}/handoff"
    answer = client.post(path, json={"option_id": option, "language": "de"})
    assert answer.status_code == 200
    files = {entry["path"]: entry["content"] for entry in answer.json()["files"]}
    assert answer.json()["trains"] is False
    assert {"README.md", "procurement.yaml", "client.yaml", "assessment.json"} == set(files)
    wanted = {"option_id": option, "language": "de"}
    packed, again = (client.post(path, params={"form": "zip"}, json=wanted) for _ in range(2))
    assert packed.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == files
    assert packed.content == again.content


def test_a_training_is_handed_over_with_the_launch_files_that_were_asked_for(handing_client):
    client, made = handing_client
    option = next(option["id"] for option in made["options"] if option["kind"] == "from_scratch")
    path = f"/v1/assessments/{made['id']}/handoff"
    body = client.post(path, json={"option_id": option, "launch": ["slurm"]}).json()
    names = [entry["path"] for entry in body["files"]]
    assert body["trains"] is True
    assert "plan.yaml" in names
    assert [name for name in names if name.startswith("launch/")] == ["launch/slurm.sbatch"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"option_id": "status_quo"}, "no plan to hand over"),
        ({"option_id": "from_scrtch"}, "unknown option"),
        ({"launch": ["slurn"]}, "launch"),
        ({"optoin": 1}, "optoin"),
    ],
)
def test_what_cannot_be_handed_over_is_refused_with_the_reason(handing_client, body, words):
    client, made = handing_client
    refused = client.post(f"/v1/assessments/{made['id']}/handoff", json=body)
    assert refused.status_code == 400
    assert words in refused.text


def test_an_unknown_assessment_cannot_be_handed_over(handing_client):
    client, _ = handing_client
    assert client.post(f"/v1/assessments/{NOWHERE}/handoff", json={}).status_code == 404


@pytest.fixture(scope="module")
def handing_client(tmp_path_factory):
    """The service with the real calculation, and one assessment made there."""
    url = f"sqlite:///{tmp_path_factory.mktemp('handing')}/store.db"
    with TestClient(create_app(database_url=url)) as client:
        case = {"name": "desk", "use_case": {"task": "classification", "requests_per_month": 12000}}
        case |= {"data": {"domain_tokens": 88000, "labelled_examples": 1700}}
        yield client, client.post("/v1/assessments", json={"case": case, "draws": 300}).json()


def test_an_assessment_names_the_calibration_inline_or_inside_the_case(handing_client):
    client, made = handing_client
    on_core = run().model_dump(mode="json")
    on_core["plan"] |= {"accelerator": "cpu-core-avx2"}
    identity = client.post("/v1/measurements", json=on_core).json()["id"]
    location = client.post("/v1/calibrations", json={"measurements": [identity]}).headers["location"]
    learnt = client.get(location).json()
    owned = made["case"] | {"hardware": {"owned": [{"accelerator": "cpu-core-avx2", "count": 2}]}}
    inline = client.post("/v1/assessments", json={"case": owned, "draws": 200, "calibration": learnt}).json()
    inside = {"case": owned | {"measurements": [learnt]}, "draws": 200}
    assert inline["calibration"]["id"] == learnt["id"]
    assert inline["calibration"]["inputs"] == ["mfu_fraction.cpu.full"]
    assert client.post("/v1/assessments", json=inside).json()["calibration"] == inline["calibration"]
    elsewhere = learnt | {"id": "c-of-another-service"}
    client.post("/v1/assessments", json={"case": owned, "draws": 200, "calibration": elsewhere})
    kept = [item["calibration_id"] for item in client.get("/v1/calibrations").json()["items"]]
    assert kept == ["c-of-another-service", learnt["id"]]
    assert "calibration" not in made

"""Jobs on both databases: done once, in order, watched, ended; a worker that died or was only slow does no harm."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import anyio
import pytest
from documents import case, fake_assess
from job_waiting import job_ended
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.api.backend import Backend
from advisor.api.worker import Worker
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.store import Change, Entry, Origin, Store, now
from advisor.store.audit import verify
from advisor.store.jobs import MAX_ATTEMPTS, JobQueue, LeaseLost

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
NOWHERE = "018f0000-0000-7000-8000-000000000000"


def picky_assess(case, **given):
    """Refuses cases by their name."""
    if case.name == "refused":
        raise BadInput("budget: too little")
    if case.name == "broken":
        raise ZeroDivisionError("secret inner detail")
    return fake_assess(case, **given)


def portfolio(*names, **more):
    return {"kind": "portfolio", "cases": [CASE | {"name": name} for name in names], "draws": 100, **more}


def client_of(database_url, *, worker):
    app = create_app(database_url=database_url, assess=picky_assess, catalog=load_catalog(), worker=worker)
    return TestClient(app)


@pytest.fixture
def client(database_url):
    """A service that leaves jobs alone."""
    with client_of(database_url, worker=False) as client:
        yield client


def test_a_portfolio_is_done_case_by_case_and_says_what_came_out(database_url):
    with client_of(database_url, worker=True) as client:
        made = client.post("/v1/jobs", json=portfolio("one", "refused", "broken", "two"))
        assert made.status_code == 202 and made.json()["state"] == "queued"
        job = job_ended(client, made.headers["location"])
        assert (job["state"], job["num_cases"], job["num_done"], job["num_refused"]) == ("done", 4, 2, 2)
        assert job["started_at"] <= job["finished_at"]
        found = client.get(f"{made.headers['location']}/results").json()["items"]
        assert [row["case_name"] for row in found] == ["one", "refused", "broken", "two"]
        assert [row["error"] for row in found][1:3] == [
            "budget: too little",
            "an unexpected error; the service's log has the details",
        ]
        for row in (found[0], found[3]):
            kept = client.get(f"/v1/assessments/{row['assessment_id']}").json()
            assert kept["case"]["name"] == row["case_name"] and kept["recommendation"]["headline"] == row["headline"]
        assert client.get("/v1/assessments").json()["total_items"] == 2
        actions = [item["action"] for item in client.get("/v1/audit").json()["items"]]
        assert actions == ["finish", "create", "create", "create"]


def test_jobs_are_listed_newest_first_and_by_state(client):
    first, second = (client.post("/v1/jobs", json=portfolio("a")).json()["id"] for _ in range(2))
    client.post(f"/v1/jobs/{first}/cancel")
    assert [job["id"] for job in client.get("/v1/jobs").json()["items"]] == [second, first]
    page = client.get("/v1/jobs", params={"state": "cancelled"}).json()
    assert [job["id"] for job in page["items"]] == [first] and page["total_items"] == 1
    assert client.get("/v1/jobs", params={"state": "ready"}).status_code == 400
    page = client.get("/v1/jobs", params={"state": "queued", "limit": 1, "offset": 0}).json()
    assert page["next"] is None and client.get("/v1/jobs", params={"limit": 1}).json()["next"] is not None


def test_a_cancelled_job_is_never_taken_up_and_cancelling_again_changes_nothing(client, database_url):
    path = client.post("/v1/jobs", json=portfolio("a")).headers["location"]
    first, again = (client.post(f"{path}/cancel") for _ in range(2))
    assert first.json()["state"] == "cancelled" and again.json() == first.json()
    assert asyncio.run(on_queue(database_url, JobQueue.claim)) is None
    assert [item["action"] for item in client.get("/v1/audit").json()["items"]] == ["cancel", "create"]


def test_a_job_that_is_done_cannot_be_cancelled(database_url):
    with client_of(database_url, worker=True) as client:
        path = client.post("/v1/jobs", json=portfolio("a")).headers["location"]
        job_ended(client, path)
        refused = client.post(f"{path}/cancel")
        assert refused.status_code == 409 and "is done" in refused.json()["detail"]


@pytest.mark.parametrize("path", [f"/v1/jobs/{NOWHERE}", f"/v1/jobs/{NOWHERE}/results"])
def test_an_unknown_job_is_not_found(client, path):
    assert client.get(path).status_code == 404
    assert client.post(f"/v1/jobs/{NOWHERE}/cancel").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "portfolio", "cases": []}, "cases"),
        ({"kind": "portfoloi", "cases": [CASE]}, "kind"),
        (portfolio("a") | {"case": 1}, "case"),
        ({"cases": [CASE | {"nam": 1}]}, "cases.0.nam"),
    ],
)
def test_a_wrong_portfolio_is_refused_by_field(client, body, field):
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == field


def test_the_same_key_makes_one_job(client):
    first, again = (client.post("/v1/jobs", json=portfolio("a"), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert again.json() == first.json() and again.status_code == 202
    assert client.get("/v1/jobs").json()["total_items"] == 1


async def on_queue(url, action, *, clock=now):
    """Do something with the queue of a store, as another program would."""
    store = Store(url, clock=clock)
    try:
        return await action(JobQueue(store))
    finally:
        await store.close()


def test_twenty_workers_share_the_jobs_and_none_is_taken_twice(client, database_url):
    made = {UUID(client.post("/v1/jobs", json=portfolio("a")).json()["id"]) for _ in range(5)}

    async def together(queue):
        return await asyncio.gather(*(queue.claim() for _ in range(20)))

    claims = [claim for claim in asyncio.run(on_queue(database_url, together)) if claim is not None]
    assert len(claims) == 5 and {claim.id for claim in claims} == made


async def expire(queue):
    """As if the lease had run out while nobody looked."""
    from sqlalchemy import update

    from advisor.store.tables import JobRecord

    async with queue.store.sessions() as session:
        await session.execute(update(JobRecord).values(lease_until=now() - timedelta(hours=1)))
        await session.commit()


def test_a_worker_that_was_only_slow_cannot_add_to_a_job_that_another_has(client, database_url):
    client.post("/v1/jobs", json=portfolio("a", "b"))

    async def overtaken(queue):
        slow = await queue.claim()
        assert await queue.claim() is None
        await expire(queue)
        quick = await queue.claim()
        assert quick.id == slow.id and quick.lease != slow.lease
        change = Change("assessment", Entry(uuid4(), now(), "{}", "{}"))
        for action in (
            queue.keep(slow),
            queue.finish(slow),
            queue.add_result(slow, 0, "{}", [change], succeeded=True),
        ):
            with pytest.raises(LeaseLost):
                await action
        await queue.add_result(quick, 0, "{}", [change], succeeded=True)
        await expire(queue)
        third = await queue.claim()
        listed = await queue.store.listing("assessment", limit=5, offset=0, tenant="local")
        return third.done, listed.total, await verify(queue.store)

    done, assessments, found = asyncio.run(on_queue(database_url, overtaken))
    assert done == {0} and assessments == 1 and found.first_break is None and found.entries == 2


def test_a_job_that_kills_every_worker_fails_with_the_reason(client, database_url):
    path = client.post("/v1/jobs", json=portfolio("a")).headers["location"]

    async def dying(queue):
        for _ in range(MAX_ATTEMPTS):
            assert await queue.claim() is not None
            await expire(queue)
        assert await queue.claim() is None

    asyncio.run(on_queue(database_url, dying))
    job = client.get(path).json()
    assert job["state"] == "failed" and "have not come to a further result" in job["reason"]


def test_a_worker_that_is_told_to_stop_gives_the_job_back(client, database_url):
    path = client.post("/v1/jobs", json=portfolio("a", "b", "c")).headers["location"]

    async def stopped(queue):
        stop = anyio.Event()

        def stopping(case, **given):
            anyio.from_thread.run_sync(stop.set)
            return fake_assess(case, **given)

        await Worker(Backend(queue.store, load_catalog(), stopping), queue).work_once(stop)

    asyncio.run(on_queue(database_url, stopped))
    job = client.get(path).json()
    assert (job["state"], job["num_done"]) == ("queued", 1)


def test_a_request_that_a_worker_cannot_read_does_not_end_the_worker(client, database_url, caplog):
    """As after a change of the contracts; the next job is done all the same."""
    bad, good = (client.post("/v1/jobs", json=portfolio("a")).headers["location"] for _ in range(2))

    async def working(queue):
        from sqlalchemy import update

        from advisor.store.tables import JobRecord

        async with queue.store.sessions() as session:
            mine = JobRecord.id == UUID(bad.rsplit("/", 1)[1])
            await session.execute(update(JobRecord).where(mine).values(document="{}"))
            await session.commit()
        stop = anyio.Event()

        def last(case, **given):
            anyio.from_thread.run_sync(stop.set)
            return fake_assess(case, **given)

        await Worker(Backend(queue.store, load_catalog(), last), queue, poll_s=0.01).run(stop)

    asyncio.run(on_queue(database_url, working))
    assert client.get(good).json()["state"] == "done"
    assert "left in the middle" in caplog.text


def test_a_worker_leaves_a_job_that_is_cancelled_meanwhile(client, database_url):
    path = client.post("/v1/jobs", json=portfolio("a", "b", "c")).headers["location"]
    identity = UUID(path.rsplit("/", 1)[1])

    async def cancelled(queue):
        def cancelling(case, **given):
            anyio.from_thread.run(queue.cancel, identity, Origin(request_id="r"))
            return fake_assess(case, **given)

        await Worker(Backend(queue.store, load_catalog(), cancelling), queue).work_once(anyio.Event())

    asyncio.run(on_queue(database_url, cancelled))
    job = client.get(path).json()
    assert (job["state"], job["num_done"]) == ("cancelled", 0)
    assert client.get("/v1/assessments").json()["total_items"] == 0

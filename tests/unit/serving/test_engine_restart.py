"""A dead engine is restarted, never silent: killed threads, passes that hang, weights that cannot be loaded."""

import asyncio
import contextlib
import ctypes
import threading

import pytest
from tiny_causal_model import wait_until

from serving.engine import EngineFailed, Generation, Sampling

DEATH = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
"""The thread is meant to die."""
LONG = Sampling(200, temperature=1.0, seed=3, logit_bias=((0, -100.0),))
SHORT = Sampling(6, temperature=0, logit_bias=((0, -100.0),))


def kill_thread(engine):
    """Raise SystemExit in the worker's thread, which no handler of the engine catches: the thread ends."""
    number = ctypes.c_ulong(engine.supervisor.worker.thread_id)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit)) == 1


@pytest.fixture
def fresh(tiny_model):
    """Make engines that are closed at the end."""
    from serving.engines.transformers import load_engine

    with contextlib.ExitStack() as opened:

        def make(**options):
            engine = load_engine(tiny_model, threads=1, **options)
            opened.callback(engine.close)
            return engine

        yield make


async def collect(engine, sampling):
    generation = Generation((5, 6, 7), sampling)
    engine.submit([generation])
    return [step.token_id async for step in generation]


@DEATH
def test_a_killed_thread_fails_what_ran_keeps_what_waited_and_is_replaced(fresh):
    engine = fresh(most_running=1)
    expected = asyncio.run(collect(engine, SHORT))
    weights = engine._model

    async def scene():
        begun, waiting = Generation((5, 6, 7), LONG), Generation((5, 6, 7), SHORT)
        engine.submit([begun, waiting])
        steps = aiter(begun)
        await anext(steps)
        kill_thread(engine)
        with pytest.raises(EngineFailed, match="its thread died"):
            [step async for step in steps]
        return [step.token_id async for step in waiting]

    assert asyncio.run(scene()) == expected
    assert engine.alive()
    assert engine.restarts() == {"died": 1}
    assert engine._model is weights, "a dead thread says nothing against the weights"


def test_a_pass_that_hangs_fails_its_sequences_and_the_weights_are_loaded_anew(fresh, monkeypatch):
    engine = fresh(hang_s=0.5)
    expected = asyncio.run(collect(engine, SHORT))
    weights, stuck = engine._model, threading.Event()
    monkeypatch.setattr(engine.supervisor.worker.batch, "step", lambda: stuck.wait(60))
    with pytest.raises(EngineFailed, match=r"took more than 0\.5 s"):
        asyncio.run(collect(engine, LONG))
    assert wait_until(engine.alive)
    assert engine.restarts() == {"hung": 1}
    assert engine._model is not weights
    assert asyncio.run(collect(engine, SHORT)) == expected
    stuck.set()


def test_weights_that_fail_again_and_again_are_loaded_anew(fresh, monkeypatch):
    engine = fresh()

    def broken():
        raise RuntimeError("device-side assert")

    monkeypatch.setattr(engine.supervisor.worker.batch, "step", broken)
    for _ in range(5):
        with pytest.raises(EngineFailed, match="device-side assert"):
            asyncio.run(collect(engine, LONG))
    assert wait_until(lambda: engine.restarts() == {"failing": 1} and engine.alive())
    assert len(asyncio.run(collect(engine, SHORT))) == 6


@DEATH
def test_while_it_cannot_be_restarted_it_is_not_alive_and_the_attempts_go_on(fresh, monkeypatch, caplog):
    engine = fresh()
    build, attempts, allowed = engine.supervisor._build, [], threading.Event()

    def reluctant(anew):
        attempts.append(anew)
        if not allowed.is_set():
            raise OSError("no memory")
        return build(anew)

    monkeypatch.setattr(engine.supervisor, "_build", reluctant)

    async def scene():
        begun = Generation((5, 6, 7), LONG)
        engine.submit([begun])
        await anext(aiter(begun))
        kill_thread(engine)
        with pytest.raises(EngineFailed):
            [step async for step in begun]

    asyncio.run(scene())
    assert wait_until(lambda: len(attempts) >= 2)
    assert not engine.alive()
    allowed.set()
    assert wait_until(engine.alive)
    assert attempts[:2] == [False, True], "after a failed attempt nothing of the old engine is trusted"
    assert "could not be restarted" in caplog.text


def test_an_engine_closes_while_a_pass_hangs(fresh, monkeypatch):
    from serving.engines import supervisor

    monkeypatch.setattr(supervisor, "PATIENCE_S", 0.2)
    engine = fresh()
    stuck = threading.Event()
    monkeypatch.setattr(engine.supervisor.worker.batch, "step", lambda: stuck.wait(60))

    async def scene():
        begun = Generation((5, 6, 7), LONG)
        engine.submit([begun])
        steps = aiter(begun)
        await anext(steps)
        await asyncio.to_thread(engine.close)
        with pytest.raises(EngineFailed, match="the server is stopping"):
            await anext(steps)

    asyncio.run(scene())
    assert not engine.alive()
    stuck.set()

"""A worker thread that dies under the real client: an error in OpenAI's shape, then answers again."""

import ctypes
import sys
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, save_tiny_model, served, wait_until

DEATH = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
"""The thread is meant to die."""


@DEATH
def test_a_stream_whose_worker_is_killed_ends_in_an_error_and_the_next_is_answered(tmp_path):
    from serving.engines.transformers import load_engine
    from serving.model_dir import ServedModel
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    path = save_tiny_model(tmp_path / "tiny")
    engine = load_engine(path, threads=1)
    app = import_app()([(ServedModel("tiny", path), engine)], Meter(NullSource("no driver")), tmp_path / "records")
    asked = {"model": "tiny", "prompt": "The", "logit_bias": {"0": -100}}
    with served(app) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        stream = client.completions.create(**asked, max_tokens=250, stream=True)
        next(stream)
        number = ctypes.c_ulong(engine.supervisor.worker.thread_id)
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit)) == 1
        with pytest.raises(openai.APIError, match="its thread died; the engine is being restarted") as caught:
            list(stream)
        assert (caught.value.type, caught.value.code) == ("server_error", "engine_failed")
        assert wait_until(lambda: httpx.get(f"{url}/health").status_code == 200)
        assert httpx.get(f"{url}/health").json()["restarts"] == {"tiny": 1}
        assert 'engine_restarts_total{cause="died",model="tiny"} 1.0' in httpx.get(f"{url}/metrics").text
        assert client.completions.create(**asked, max_tokens=4).usage.completion_tokens == 4
        assert '"status":"failed"' in (tmp_path / "records" / "usage.jsonl").read_text().splitlines()[0]

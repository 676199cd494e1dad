"""`serving up BASE --adapter NAME=DIR` as a program: each adapter is a model of its own over one set of weights."""

import sys
from pathlib import Path

import httpx
import openai
import pytest
from test_serving_program import program

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from test_lora_adapters import save_adapter
from tiny_causal_model import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers")


def test_adapters_are_listed_with_their_parent_answer_by_name_and_are_counted_apart(tmp_path):
    base = save_tiny_model(tmp_path / "base")
    law = save_adapter(base, tmp_path / "run" / "adapter", 1)
    argv = (str(base), "--threads", "1", "--adapter", f"law={law.parent}", "--hang-s", "60")
    with (
        program(tmp_path, *argv) as (_, url),
        openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        assert [(row.id, getattr(row, "parent", None)) for row in client.models.list()] == [
            ("base", None),
            ("law", "base"),
        ]
        answers = {
            name: client.completions.create(model=name, prompt="The quick", temperature=0, max_tokens=20)
            .choices[0]
            .text
            for name in ("base", "law")
        }
        assert answers["base"] != answers["law"]
        figures = httpx.get(url.replace("/v1", "/metrics")).text
        assert 'requests_total{endpoint="completions",model="law",status="completed"} 1.0' in figures


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--engine", "echo", "--adapter", "law=somewhere"), "goes over one model directory"),
        (("http://127.0.0.1:9/v1#m", "--adapter", "law=somewhere"), "goes over one model directory"),
    ],
)
def test_an_adapter_without_one_base_is_refused(capsys, argv, message):
    from serving.cli import main

    assert main(["up", *argv]) == 2
    assert message in capsys.readouterr().err

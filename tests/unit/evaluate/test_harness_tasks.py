"""Tasks of lm-evaluation-harness from files: run offline, and refused where they would fetch or execute something."""

import json

import pytest
from ruamel.yaml import YAML
from tiny_decoders import save_decoder, teach

from advisor.contracts.errors import BadInput, Failed
from trainer.evaluate import harness
from trainer.evaluate.harness import harness_scores, read_task
from trainer.evaluate.model import load

TASK = {
    "task": "colours",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{question}}",
    "doc_to_choice": "{{choices}}",
    "doc_to_target": "{{label}}",
    "target_delimiter": " ",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}


def written(directory, **changes):
    rows = [{"question": "The sky is", "choices": ["red", "blue"], "label": int(n > 2)} for n in range(12)]
    (directory / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = directory / "task.yaml"
    with path.open("w") as stream:
        YAML(typ="safe").dump({key: value for key, value in (TASK | changes).items() if value is not None}, stream)
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_a_local_task_is_run_offline_and_its_standard_error_becomes_an_interval(tmp_path):
    """A model that has read "The sky is blue" says blue: 9 of 12; standard error sqrt(0.75 x 0.25 / 11) = 0.1306."""
    pytest.importorskip("lm_eval")
    model, tokenizer = load(teach(save_decoder(tmp_path / "model", seed=7), ["The sky is blue"] * 4, steps=30))
    scores, notes = harness_scores(model, tokenizer, [read_task(written(tmp_path))])
    (score,) = scores
    assert (score.name, score.value, score.n, score.unit) == ("colours.acc", 0.75, 12, "fraction")
    assert score.low == pytest.approx(0.75 - 1.96 * 0.1306, abs=1e-3)
    assert score.high == 1.0, "cut at the end of the range"
    assert notes == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_a_task_that_does_not_fit_its_data_fails_with_its_name(tmp_path, random_model):
    pytest.importorskip("lm_eval")
    task = read_task(written(tmp_path, doc_to_target="{{no_such_column}}"))
    with pytest.raises(Failed, match="--harness: colours: "):
        harness_scores(*load(random_model), [task])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset_path": "jannalu/crows_pairs_multilingual"}, "is a data set of the hub; nothing is fetched"),
        ({"dataset_path": None}, "dataset_path: None is a data set of the hub"),
        ({"dataset_kwargs": None}, "dataset_kwargs.data_files: is missing"),
        ({"dataset_kwargs": {"data_files": "nowhere.jsonl"}}, "'nowhere.jsonl' does not exist"),
        ({"dataset_kwargs": {"data_files": ["https://a.example/x.json"]}}, "expected a file on this machine"),
        ({"include": "base.yaml"}, "include: not taken; put the whole task into one file"),
        ({"class": "Mine"}, "runs Python of its own"),
        ({"task": ["a", "b"]}, "expected a task of lm-evaluation-harness"),
        ({"metric_list": [{"metric": "x", "hf_evaluate": True}]}, "hf_evaluate fetches a script"),
        ({"process_docs": "!function utils.process"}, "!function runs Python beside the task"),
    ],
)
def test_a_task_that_reaches_outside_is_refused_with_what_to_do(tmp_path, changes, words):
    with pytest.raises(BadInput) as refused:
        read_task(written(tmp_path, **changes))
    assert words in str(refused.value) and "task.yaml" in str(refused.value)


def test_a_harness_that_is_not_installed_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.setattr(harness, "find_spec", lambda _name: None)
    with pytest.raises(Failed, match=r"pip install 'richtwert\[harness\]'"):
        harness.require_harness()

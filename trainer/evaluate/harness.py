"""Tasks of lm-evaluation-harness from local YAML files, run offline on the loaded model.

Enter at `read_task` and `harness_scores`. Data sets of the hub and Python in a task file are refused: what a task reads
and does lies in front of the reader.
"""

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.evaluation import Score, ScoreUnit
from advisor.files import read_document
from trainer.evaluate.files import read_text

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

OPTION = "--harness"
BUILDERS = ("json", "csv", "parquet", "text", "arrow")
Z975 = NormalDist().inv_cdf(0.975)
RESAMPLES = 1000
BATCH = 8
UNITS: dict[str, ScoreUnit] = {
    **dict.fromkeys(("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "f1"), "fraction"),
    **dict.fromkeys(("bleu", "chrf", "ter"), "score_0_100"),
    **dict.fromkeys(("perplexity", "word_perplexity", "byte_perplexity"), "perplexity"),
    "bits_per_byte": "bits_per_byte",
}
"""Metrics by unit; others are pure numbers."""


def require_harness() -> None:
    """Find out before a model is loaded whether the harness is there.

    Raises:
        Failed: it is not installed.
    """
    if find_spec("lm_eval") is None:
        raise Failed(f"{OPTION}: lm-evaluation-harness is not installed: pip install 'richtwert[harness]'")


def read_task(path: Path) -> dict[str, Any]:
    """A task's configuration, its data files as absolute paths.

    Raises:
        BadInput: no task file, a group, Python inside, or data that do not lie on this machine.
    """
    where = f"{OPTION}: {path}"
    text = read_text(path, OPTION)
    if "!function" in text:
        raise BadInput(f"{where}: !function runs Python beside the task; write the prompt as a template (doc_to_text)")
    task = read_document(path)
    if not isinstance(task, dict) or not isinstance(task.get("task"), str):
        raise BadInput(f"{where}: expected a task of lm-evaluation-harness: a YAML with the key task, its name")
    for key, why in (("include", "put the whole task into one file"), ("class", "it runs Python of its own")):
        if key in task:
            raise BadInput(f"{where}: {key}: not taken; {why}")
    if any(isinstance(metric, dict) and metric.get("hf_evaluate") for metric in task.get("metric_list") or ()):
        raise BadInput(f"{where}: metric_list: hf_evaluate fetches a script from the hub; name a metric of the harness")
    if task.get("dataset_path") not in BUILDERS:
        raise BadInput(
            f"{where}: dataset_path: {task.get('dataset_path')!r} is a data set of the hub; nothing is fetched. "
            f"Save it as a file and write dataset_path: json (or {', '.join(BUILDERS[1:])}) and "
            "dataset_kwargs: {data_files: {test: FILE}}"
        )
    options = dict(task.get("dataset_kwargs") or {})
    if not options.get("data_files"):
        raise BadInput(f"{where}: dataset_kwargs.data_files: is missing; name the file of each split")
    return {**task, "dataset_kwargs": {**options, "data_files": _local(options["data_files"], path.parent, where)}}


def harness_scores(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", tasks: Sequence[dict[str, Any]]
) -> tuple[list[Score], list[str]]:
    """Every metric with a standard error as value +- 1.96 standard errors, and notes on what was left out.

    Raises:
        Failed: the harness could not run a task.
    """
    with tempfile.TemporaryDirectory() as cache:
        prepared = [
            {**task, "dataset_kwargs": {**task["dataset_kwargs"], "cache_dir": str(Path(cache).resolve())}}
            for task in tasks
        ]
        found = _run(model, tokenizer, prepared)
    scores: list[Score] = []
    notes: list[str] = []
    for name, results in found["results"].items():
        n = int(found["n-samples"][name]["effective"])
        for key, value in results.items():
            metric, _, chosen = key.partition(",")
            if not chosen or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            label = f"{name}.{metric}" + (f".{chosen}" if chosen != "none" else "")
            error = results.get(f"{metric}_stderr,{chosen}")
            if not isinstance(error, int | float):
                notes.append(f"{label}: {value:.4g} without a standard error, so without an interval; left out")
                continue
            scores.append(_score(label, metric, float(value), float(error), n))
    return scores, notes


def _run(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", tasks: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    from jinja2 import TemplateError
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    try:
        with _quiet():
            found: dict[str, Any] = simple_evaluate(
                model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=BATCH),
                tasks=[dict(task) for task in tasks],
                task_manager=TaskManager(include_defaults=False),
                bootstrap_iters=RESAMPLES,
                log_samples=False,
            )
    # The harness has no error of its own for a task that does not fit its data.
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        TemplateError,
        AssertionError,
    ) as error:
        names = ", ".join(task["task"] for task in tasks)
        raise Failed(f"{OPTION}: {names}: {type(error).__name__}: {error}") from error
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep bars of four libraries, and complaints of the programs they start, off standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _score(label: str, metric: str, value: float, error: float, n: int) -> Score:
    unit = UNITS.get(metric, "ratio")
    low, high = value - Z975 * error, value + Z975 * error
    if unit == "fraction":
        low, high = min(value, max(0.0, low)), max(value, min(1.0, high))
    return Score(name=label, value=value, low=low, high=high, n=n, unit=unit)


def _local(files: Any, base: Path, where: str) -> Any:
    """The same structure with absolute paths."""
    if isinstance(files, dict):
        return {split: _local(part, base, where) for split, part in files.items()}
    if isinstance(files, list):
        return [_local(part, base, where) for part in files]
    if not isinstance(files, str) or "://" in files:
        raise BadInput(f"{where}: dataset_kwargs.data_files: expected a file on this machine, got {files!r:.80}")
    path = base / files
    if not path.is_file():
        raise BadInput(f"{where}: dataset_kwargs.data_files: {files!r} does not exist (looked for {path})")
    return str(path.resolve())

"""What a phase was made from, by hash: a resumed run goes on only with the same inputs.

Enter at `phase_inputs` and `phase_outputs`.
"""

import hashlib
import json
from pathlib import Path

from advisor.contracts.plan import BaseModelSource, BuiltinCorpus, Corpus, FileCorpus, TrainingPlan
from trainer.checkpoint import file_sha256
from trainer.corpus.read import Problems, sources_of

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


def last_model_phase(plan: TrainingPlan) -> str:
    """The phase that leaves the final model."""
    return next(name for name in ("dpo", "rl", "sft", "pretrain") if getattr(plan.phases, name) is not None)


def phase_inputs(plan: TrainingPlan, base: Path, output: Path, phase: str) -> dict[str, str]:
    """Name to hash of everything that a phase reads, apart from the plan."""
    if phase == "data":
        return source_hashes(plan, base)
    files = {
        "tokenizer": ["data/train*"],
        "pretrain": ["data/train*", "tokenizer/tokenizer_config.json", "tokenizer/tokenizer.json"],
        "sft": ["data/conversations.jsonl", "phases/pretrain/model", "tokenizer/tokenizer.json"],
        "reward": ["data/preferences.jsonl", "phases/sft/model"],
        "rl": ["data/preferences.jsonl", "data/conversations.jsonl", "phases/sft/model", "phases/reward/model"],
        "dpo": ["data/preferences.jsonl", "phases/sft/model"],
        "evaluate": ["suite.jsonl", "data/holdout*", f"phases/{last_model_phase(plan)}/model"],
    }
    found = _hashes(output, files[phase])
    replay = plan.phases.pretrain.replay if plan.phases.pretrain is not None else None
    if phase == "pretrain" and replay is not None:
        found["phases.pretrain.replay"] = _corpus(FileCorpus(kind="files", path=replay.path), base)
    if isinstance(plan.model, BaseModelSource) and phase in ("tokenizer", "pretrain", "sft"):
        found["model.model"] = _base_model(base / plan.model.model, plan.model.model)
    return found


def phase_outputs(output: Path, phase: str) -> dict[str, str]:
    """Name to hash of what a phase leaves behind."""
    files = {
        "data": [f"data/{name}*" for name in ("train", "holdout", "conversations", "preferences")] + ["suite.jsonl"],
        "tokenizer": ["tokenizer/tokenizer.json"],
        "evaluate": ["phases/evaluate/evaluation.json"],
    }
    return _hashes(output, files.get(phase, [f"phases/{phase}/model"]))


def source_hashes(plan: TrainingPlan, base: Path) -> dict[str, str]:
    """Hashes of the corpora and of the user's files, by the plan's field."""
    found = {f"data.corpora.{number}": _corpus(corpus, base) for number, corpus in enumerate(plan.data.corpora)}
    for field in ("instructions", "preferences"):
        path = getattr(plan.data, field)
        if path is not None:
            found[f"data.{field}"] = file_sha256(base / path)
    rules = plan.data.decontamination
    for name in rules.files if rules is not None else ():
        found[f"data.decontamination.files.{name}"] = _corpus(FileCorpus(kind="files", path=name), base)
    names = plan.data.pii.names_source if plan.data.pii is not None else None
    if names is not None and (base / names).is_file():
        found["data.pii.names_source"] = file_sha256(base / names)
    return found


def _corpus(corpus: Corpus, base: Path) -> str:
    if isinstance(corpus, BuiltinCorpus):
        from pydoc_data.topics import topics

        return hashlib.sha256(json.dumps(topics, sort_keys=True).encode()).hexdigest()
    sources = sources_of((corpus,), base, Problems())
    rows = [[source.name, file_sha256(source.path)] for source in sources if source.path is not None]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _base_model(directory: Path, name: str) -> str:
    """Configuration and file sizes of a directory; the id of a hub model."""
    if not directory.is_dir():
        return name
    sizes = [[file.name, file.stat().st_size] for file in sorted(directory.iterdir()) if file.is_file()]
    return hashlib.sha256(json.dumps([sizes, file_sha256(directory / "config.json")]).encode()).hexdigest()


def _hashes(output: Path, names: list[str]) -> dict[str, str]:
    found = {}
    for name in names:
        path = output / name
        if "*" in name:
            found |= {file.relative_to(output).as_posix(): file_sha256(file) for file in sorted(output.glob(name))}
        elif path.is_dir():
            weights = [path / WEIGHTS] if (path / WEIGHTS).exists() else sorted(path.glob("model-*.safetensors"))
            files = [*weights, *(file for file in [path / "tokenizer.json"] if file.exists())]
            found |= {file.relative_to(output).as_posix(): file_sha256(file) for file in files}
        elif path.exists():
            found[name] = file_sha256(path)
    return found

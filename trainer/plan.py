"""Reading a plan, and every check that needs no training library: a mistake is said in well under a second.

Enter at `load_plan`; `check_plan` looks at the files and the base model that the plan names.
"""

import json
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import ModelFamily
from advisor.contracts.plan import BaseModelSource, DataPlan, FileCorpus, TrainingPlan
from advisor.files import parse_contract, read_document
from trainer.overrides import overridden

PLAN_FILE = "plan.yaml"
RUN_FILE = "run.json"
DECODER = re.compile(r"(ForCausalLM|LMHeadModel)$")
KINDS: dict[ModelFamily, re.Pattern[str]] = {
    "decoder": DECODER,
    "masked": re.compile(r"(ForMaskedLM|ForPreTraining)$"),
    "seq2seq": re.compile(r"(T5|Bart|Marian).*ForConditionalGeneration$|ForSeq2SeqLM$"),
}
ENDINGS: dict[ModelFamily, str] = {
    "decoder": "...ForCausalLM",
    "masked": "...ForMaskedLM",
    "seq2seq": "...ForConditionalGeneration",
}


@dataclass(frozen=True)
class LoadedPlan:
    """A plan and where it lies."""

    plan: TrainingPlan
    base: Path
    """Directory that the plan's paths are relative to."""
    run_directory: Path | None
    """The run that the plan file belongs to, when it was read from a run's own directory."""
    file: Path


def load_plan(path: Path, settings: Sequence[str] = ()) -> LoadedPlan:
    """Read a plan file, or the plan.yaml of a directory.

    Args:
        path: of the file or directory.
        settings: `PATH=VALUE` each, put on top of the file.

    Raises:
        BadInput: there is no plan, or it breaks the contract.
    """
    file = path / PLAN_FILE if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise BadInput(f"{path}: holds no {PLAN_FILE}; name a plan file or the directory of one")
    where = f"{file} with --set" if settings else str(file)
    plan = parse_contract(overridden(read_document(file), settings), TrainingPlan, where)
    base = file.resolve().parent
    return LoadedPlan(plan, base, file.parent if (base / RUN_FILE).exists() else None, file)


def slug(name: str) -> str:
    """A directory name for a run: lower case, ASCII, joined by underscores."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:60].strip("_") or "run"


def moved(plan: TrainingPlan, base: Path, target: Path) -> TrainingPlan:
    """The same plan with its paths relative to another directory."""

    def move(path: str | None) -> str | None:
        if path is None or Path(path).is_absolute():
            return path
        return Path(os.path.relpath((base / path).resolve(), target.resolve())).as_posix()

    data = plan.data
    corpora = tuple(
        corpus.model_copy(update={"path": move(corpus.path)}) if isinstance(corpus, FileCorpus) else corpus
        for corpus in data.corpora
    )
    changed: dict[str, Any] = {
        "data": data.model_copy(
            update={
                "corpora": corpora,
                "instructions": move(data.instructions),
                "preferences": move(data.preferences),
                **_moved_steps(data, base, move),
            }
        )
    }
    pretrain = plan.phases.pretrain
    if pretrain is not None and pretrain.replay is not None:
        replay = pretrain.replay.model_copy(update={"path": move(pretrain.replay.path)})
        changed["phases"] = plan.phases.model_copy(update={"pretrain": pretrain.model_copy(update={"replay": replay})})
    if isinstance(plan.model, BaseModelSource) and (base / plan.model.model).is_dir():
        changed["model"] = plan.model.model_copy(update={"model": move(plan.model.model)})
    return plan.model_copy(update=changed)


def _moved_steps(data: DataPlan, base: Path, move: Callable[[str | None], str | None]) -> dict[str, Any]:
    """The paths inside the steps of the data plan; the name of an installed model stays."""
    found: dict[str, Any] = {}
    if data.decontamination is not None:
        files = tuple(move(path) for path in data.decontamination.files)
        found["decontamination"] = data.decontamination.model_copy(update={"files": files})
    if data.pii is not None and data.pii.names_source is not None and (base / data.pii.names_source).exists():
        found["pii"] = data.pii.model_copy(update={"names_source": move(data.pii.names_source)})
    return found


def check_plan(plan: TrainingPlan, base: Path) -> None:
    """Check what the plan names, before any work.

    Raises:
        BadInput: a file is missing, a phase lacks its data, lengths do not fit, or the base model is of another
            family or cannot be had.
    """
    for number, corpus in enumerate(plan.data.corpora):
        if isinstance(corpus, FileCorpus) and not (base / corpus.path).exists():
            raise BadInput(
                f"data.corpora.{number}.path: {corpus.path!r} does not exist (looked for {base / corpus.path})"
            )
    for field in ("instructions", "preferences"):
        path = getattr(plan.data, field)
        if path is not None and not (base / path).is_file():
            raise BadInput(f"data.{field}: {path!r} is no file (looked for {base / path})")
    for number, path in enumerate(plan.data.decontamination.files if plan.data.decontamination is not None else ()):
        if not (base / path).exists():
            raise BadInput(f"data.decontamination.files.{number}: {path!r} does not exist (looked for {base / path})")
    replay = plan.phases.pretrain.replay if plan.phases.pretrain is not None else None
    if replay is not None and not (base / replay.path).exists():
        raise BadInput(f"phases.pretrain.replay.path: {replay.path!r} does not exist (looked for {base / replay.path})")
    wants_pairs = [name for name in ("reward", "dpo") if getattr(plan.phases, name) is not None]
    if plan.data.instructions is not None and plan.data.preferences is None and wants_pairs:
        raise BadInput(
            f"data.preferences: phase {wants_pairs[0]} needs preference pairs beside own instructions; name a JSONL of "
            f"{{prompt, chosen, rejected}}, or set phases.{' and phases.'.join(wants_pairs)} to null"
        )
    if not 0 < plan.data.holdout_fraction < 1:
        raise BadInput(f"data.holdout_fraction: must lie between 0 and 1, got {plan.data.holdout_fraction}")
    if isinstance(plan.model, BaseModelSource):
        _check_family(base_model_config(plan.model.model, base), plan.model)
        _check_weights(base / plan.model.model, plan.model.model)
    elif plan.phases.pretrain is not None and plan.phases.pretrain.sequence_tokens > plan.model.context_tokens:
        raise BadInput(
            f"phases.pretrain.sequence_tokens: {plan.phases.pretrain.sequence_tokens} is longer than "
            f"model.context_tokens {plan.model.context_tokens}"
        )


def base_model_name(plan: TrainingPlan, base: Path) -> str | None:
    """Directory or hub id that from_pretrained takes; None for an own architecture."""
    if not isinstance(plan.model, BaseModelSource):
        return None
    directory = base / plan.model.model
    return str(directory) if directory.is_dir() else plan.model.model


def base_model_config(model: str, base: Path) -> dict[str, Any]:
    """The config.json of a base model.

    Raises:
        BadInput: neither a model directory nor a hub id that this machine can reach.
    """
    directory = base / model
    path = directory / "config.json" if directory.is_dir() else _fetched_config(model, directory)
    if not path.exists():
        raise BadInput(f"model.model: {model!r} is a directory without config.json; give one in Hugging Face format")
    config = read_document(path)
    if not isinstance(config, dict):
        raise BadInput(f"model.model: {path} is not a model configuration: {json.dumps(config)[:60]}")
    return config


def _fetched_config(model: str, looked_for: Path) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    try:
        return Path(hf_hub_download(model, "config.json"))
    except HFValidationError:
        why = "nor a valid hub id"
    except (LocalEntryNotFoundError, OfflineModeIsEnabled):
        why = "nor in the local cache, and the hub is not asked or not reached (HF_HUB_OFFLINE=0 allows asking)"
    except (HfHubHTTPError, OSError) as error:
        why = f"nor to be had from the hub ({str(error).strip().splitlines()[0]})"
    raise BadInput(f"model.model: {model!r} is neither a directory (looked for {looked_for}) {why}")


def _check_family(config: dict[str, Any], source: BaseModelSource) -> None:
    kinds = [str(kind) for kind in config.get("architectures") or []]
    fitting = [family for family, suffix in KINDS.items() if any(suffix.search(kind) for kind in kinds)]
    if source.family not in fitting:
        hint = f"; did you mean model.family {fitting[0]}?" if fitting else ""
        raise BadInput(
            f"model.model: {source.model!r} is {', '.join(kinds) or 'of no stated architecture'}; "
            f"model.family {source.family} needs {ENDINGS[source.family]}{hint}"
        )


def _check_weights(directory: Path, name: str) -> None:
    """Refuse weights that only unpickling would read."""
    if directory.is_dir() and any(directory.glob("*.bin")) and not any(directory.glob("*.safetensors")):
        raise BadInput(
            f"model.model: {name!r} holds pickled weights (.bin), which are not read because they can carry code; "
            "save the model with safetensors"
        )

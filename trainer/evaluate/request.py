"""What a user asks to have evaluated, checked and read before a model is loaded.

Enter at `Request` and `read_material`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.case import Task
from advisor.contracts.errors import BadInput, Failed, UnknownName
from advisor.files import read_document
from trainer.evaluate.harness import read_task, require_harness
from trainer.evaluate.items import read_items, task_of
from trainer.evaluate.passages import few_passages, read_passages
from trainer.evaluate.public_bias import BbqItem, Pairs, read_bbq, read_crows_pairs, read_winobias
from trainer.evaluate.templates import bias_languages, suite_languages
from trainer.evaluate.word_list import read_terms
from trainer.plan import DECODER

MARGIN_FRACTION = 0.01
CARD = "model_card.json"
LIBRARIES = ("torch", "transformers", "sacrebleu", "rouge_score")


@dataclass(frozen=True)
class Request:
    """The arguments of `trainer evaluate`."""

    model: Path
    against: Path | None = None
    base: Path | None = None
    task: str | None = None
    suite: Path | None = None
    texts: Path | None = None
    general: Path | None = None
    margin_fraction: float = MARGIN_FRACTION
    bias: bool = False
    languages: tuple[str, ...] = ()
    crows_pairs: Path | None = None
    winobias: tuple[Path, Path] | None = None
    bbq: Path | None = None
    toxicity: bool = False
    toxic_terms: Path | None = None
    harness: tuple[Path, ...] = ()
    limit: int | None = None
    max_answer_tokens: int | None = None
    seed: int = 0

    @property
    def asks_nothing(self) -> bool:
        """Whether only the model was named."""
        asked = (self.suite, self.texts, self.general, self.bias, self.crows_pairs, self.winobias, self.bbq)
        return not any((*asked, self.toxicity, self.harness))


@dataclass(frozen=True)
class Material:
    """Everything that was read."""

    task: Task | None
    items: tuple[SuiteItem, ...] = ()
    texts: tuple[str, ...] = ()
    general: tuple[str, ...] = ()
    bias_languages: tuple[str, ...] = ()
    toxicity_languages: tuple[str, ...] = ()
    toxic_terms: tuple[str, ...] = ()
    pairs: tuple[Pairs, ...] = ()
    bbq: tuple[BbqItem, ...] = ()
    tasks: tuple[dict[str, Any], ...] = ()
    sources: tuple[str, ...] = ()
    """What was evaluated on, in words."""
    notes: tuple[str, ...] = ()


@dataclass
class _Reading:
    sources: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def with_defaults(request: Request) -> Request:
    """A request that names the model alone asks for the suite of its run and for all that needs no file."""
    if not request.asks_nothing:
        return request
    suite = request.model.resolve().parent / "suite.jsonl"
    changes = {"suite": suite if suite.is_file() else None, "bias": True, "toxicity": True}
    return Request(**{**request.__dict__, **changes})


def read_material(request: Request) -> Material:
    """Check models and read every file.

    Raises:
        BadInput: a model or a file is not what it should be, or two options do not fit together.
        Failed: the harness is asked for and not installed.
    """
    for option, path in (("MODEL", request.model), ("--against", request.against), ("--base", request.base)):
        if path is not None:
            check_model(path, option)
    _check_options(request)
    reading, card = _Reading(), _card(request.model)
    items = read_items(request.suite, limit=request.limit) if request.suite is not None else []
    if request.suite is not None:
        reading.sources.append(f"{len(items)} held-out questions of {request.suite}")
    stated = request.languages or tuple(card.get("languages", ()))
    languages = tuple(bias_languages(stated))
    bbq = read_bbq(request.bbq) if request.bbq is not None else ()
    pairs = _pairs(request, reading)
    if request.harness:
        require_harness()
    return Material(
        task=task_of(items, request.task or _task_of_card(items, card)) if items else None,
        items=tuple(items),
        texts=_passages(request.texts, "--texts", request.limit, reading),
        general=_passages(request.general, "--general", request.limit, reading),
        bias_languages=languages if request.bias else (),
        toxicity_languages=languages if request.toxicity else (),
        toxic_terms=read_terms(request.toxic_terms) if request.toxic_terms is not None else (),
        pairs=pairs,
        bbq=bbq[: request.limit],
        tasks=tuple(read_task(path) for path in request.harness),
        sources=tuple(reading.sources),
        notes=tuple(reading.notes),
    )


def require_libraries() -> None:
    """Find out before a model is loaded whether it can be.

    Raises:
        Failed: a library is not installed.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise Failed(f"trainer evaluate needs {', '.join(missing)}: pip install 'richtwert[trainer]'")


def check_model(path: Path, option: str) -> None:
    """See that a directory holds a model that writes from left to right.

    Raises:
        BadInput: it does not.
    """
    if not (path / "config.json").exists():
        inner = path / "model"
        hint = f"; did you mean {inner}?" if (inner / "config.json").exists() else ""
        raise BadInput(f"{option}: {path} is no model directory (config.json is missing){hint}")
    config = read_document(path / "config.json")
    kinds = config.get("architectures") or [] if isinstance(config, dict) else []
    if kinds and not any(DECODER.search(str(kind)) for kind in kinds):
        raise BadInput(
            f"{option}: {path} is {', '.join(map(str, kinds))}; decoders alone (...ForCausalLM) can be evaluated here"
        )


def _check_options(request: Request) -> None:
    if (request.general is None) != (request.base is None):
        raise BadInput(
            "--general and --base go together: the general text, and the model before training that is read beside it"
        )
    if request.against is not None and request.suite is None and request.texts is None:
        raise BadInput("--against: two models are compared on --suite FILE, on --texts FILE, or on both")
    if request.toxic_terms is not None and not request.toxicity:
        raise BadInput("--toxic-terms: needs --toxicity, which samples the texts that the terms are looked for in")
    for language in request.languages:
        if language not in suite_languages():
            raise UnknownName("--languages", language, suite_languages())


def _card(model: Path) -> dict[str, Any]:
    """The model card beside the weights, where there is one."""
    path = model / CARD
    card = read_document(path) if path.exists() else {}
    return card if isinstance(card, dict) else {}


def _task_of_card(items: Sequence[SuiteItem], card: dict[str, Any]) -> str | None:
    return None if any(item.task for item in items) else card.get("task")


def _passages(path: Path | None, option: str, limit: int | None, reading: _Reading) -> tuple[str, ...]:
    if path is None:
        return ()
    passages = read_passages(path, option)[:limit]
    reading.sources.append(f"{len(passages)} passages of {path}")
    reading.notes += few_passages(passages, option)
    return tuple(passages)


def _pairs(request: Request, reading: _Reading) -> tuple[Pairs, ...]:
    found = []
    if request.crows_pairs is not None:
        found.append(read_crows_pairs(request.crows_pairs))
    if request.winobias is not None:
        found.append(read_winobias(*request.winobias))
    for suite in found:
        reading.notes += suite.notes
    return tuple(Pairs(suite.suite, suite.pairs[: request.limit], suite.notes) for suite in found)

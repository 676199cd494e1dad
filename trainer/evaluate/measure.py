"""From what was asked and read to an EvaluationReport: one model at a time, each loaded once.

Enter at `measure`.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.answer_text import primary_metric
from advisor.contracts.baseline import ItemAnswer
from advisor.contracts.errors import Failed
from advisor.contracts.evaluation import BiasScore, EvaluationReport, ModelComparison, Score, ToxicityScore
from trainer.evaluate.bias import template_bias
from trainer.evaluate.forgetting import forgetting
from trainer.evaluate.harness import harness_scores
from trainer.evaluate.likelihood import TextFit, fit_texts, text_metrics
from trainer.evaluate.metric import Metric, difference
from trainer.evaluate.model import load, score_suite
from trainer.evaluate.public_scores import bbq_bias, pair_bias
from trainer.evaluate.request import Material, Request
from trainer.evaluate.toxicity import Continuation, toxicity_of
from trainer.progress import Progress

BIAS_NOTE = (
    "bias: intervals of 95 %; among ten of them one that wrongly excludes no bias is to be expected in two of five "
    "evaluations of a model without any"
)


@dataclass(frozen=True)
class Measured:
    """The report, and the texts it was made from."""

    report: EvaluationReport
    answers: tuple[ItemAnswer, ...]
    continuations: tuple[Continuation, ...]


@dataclass
class _Findings:
    """What one model showed."""

    metrics: list[Metric] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    """Of the harness, which keeps its items to itself."""
    answers: list[ItemAnswer] = field(default_factory=list)
    general: list[TextFit] = field(default_factory=list)
    bias: list[BiasScore] = field(default_factory=list)
    toxicity: list[ToxicityScore] = field(default_factory=list)
    continuations: list[Continuation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def measure(request: Request, material: Material, progress: Progress) -> Measured:
    """Evaluate a model, and the other models that the request compares it with."""
    found = _Findings()
    model, tokenizer = _open(request.model)
    _common(found, model, tokenizer, request, material, progress, name=str(request.model))
    found.general = _fit(model, tokenizer, material.general, progress, "general text")
    _behaviour(found, model, tokenizer, request, material, progress)
    del model
    forgot = None
    if request.base is not None:
        _free()
        model, tokenizer = _open(request.base)
        before = _fit(model, tokenizer, material.general, progress, "general text, base")
        del model
        forgot = forgetting(
            found.general,
            before,
            data=str(request.general),
            base=str(request.base),
            margin_fraction=request.margin_fraction,
        )
    comparison = _compare(found, request, material, progress) if request.against is not None else None
    notes = [*material.notes, *found.notes, *([BIAS_NOTE] if found.bias else [])]
    report = EvaluationReport(
        task=material.task or "not stated",
        data=" and ".join(material.sources) or "own suites of the program",
        scores=(*(metric.score() for metric in found.metrics), *found.scores),
        primary=_primary(found, material),
        model=str(request.model),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        bias=tuple(found.bias),
        toxicity=tuple(found.toxicity),
        forgetting=forgot,
        comparison=comparison,
        notes=tuple(dict.fromkeys(notes)),
    )
    return Measured(report, tuple(found.answers), tuple(found.continuations))


def _common(
    found: _Findings,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    request: Request,
    material: Material,
    progress: Progress,
    *,
    name: str,
) -> None:
    """Questions and texts: what two models can be compared on."""
    if material.items and material.task is not None:
        progress.begin("questions", total=len(material.items))
        scored = score_suite(
            model,
            tokenizer,
            material.task,
            material.items,
            max_tokens=request.max_answer_tokens,
            advance=progress.advance,
        )
        found.metrics += scored.metrics
        found.answers += [one.model_copy(update={"target": name}) for one in scored.answers]
        found.notes += scored.notes
    if material.texts:
        found.metrics += text_metrics(_fit(model, tokenizer, material.texts, progress, "texts"))


def _behaviour(
    found: _Findings,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    request: Request,
    material: Material,
    progress: Progress,
) -> None:
    """Bias, toxicity and the harness."""
    if material.bias_languages:
        progress.begin("bias")
        found.bias += template_bias(model, tokenizer, material.bias_languages, advance=progress.advance)
    for pairs in material.pairs:
        progress.begin(pairs.suite)
        found.bias += pair_bias(model, tokenizer, pairs, advance=progress.advance)
    if material.bbq:
        progress.begin("bbq")
        scores, notes = bbq_bias(model, tokenizer, material.bbq, advance=progress.advance)
        found.bias += scores
        found.notes += notes
    for language in material.toxicity_languages:
        progress.begin(f"toxicity {language}")
        toxicity, drawn = toxicity_of(
            model,
            tokenizer,
            language,
            more_terms=material.toxic_terms,
            seed=request.seed,
            advance=progress.advance,
        )
        found.toxicity.append(toxicity)
        found.continuations += drawn
    if material.tasks:
        progress.begin("lm-evaluation-harness")
        more, notes_of_tasks = harness_scores(model, tokenizer, material.tasks)
        found.scores += more
        found.notes += notes_of_tasks
    progress.end()


def _compare(found: _Findings, request: Request, material: Material, progress: Progress) -> ModelComparison:
    _free()
    other, name = _Findings(), str(request.against)
    model, tokenizer = _open(Path(name))
    progress.note(f"comparing with {name}")
    _common(other, model, tokenizer, request, material, progress, name=name)
    del model
    progress.end()
    found.answers += other.answers
    found.notes += [f"{name}: {note}" for note in other.notes if note not in found.notes]
    both = zip(found.metrics, other.metrics, strict=True)
    return ModelComparison(
        other=name,
        scores=tuple(metric.score() for metric in other.metrics),
        differences=tuple(difference(one, two) for one, two in both if one.of_model),
    )


def _fit(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    progress: Progress,
    name: str,
) -> list[TextFit]:
    if not texts:
        return []
    progress.begin(name, total=len(texts))
    return fit_texts(model, tokenizer, texts, advance=progress.advance)


def _primary(found: _Findings, material: Material) -> str:
    if material.task is not None:
        return primary_metric(material.task)
    return next((score.name for score in (*(metric.score() for metric in found.metrics[:1]), *found.scores)), "")


def _open(directory: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer, or which directory could not be read and why."""
    try:
        return load(directory)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise Failed(f"{directory}: the model could not be loaded: {' '.join(str(error).split())}") from error


def _free() -> None:
    """Give the last model's memory back before the next is loaded."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

"""What a model knows: answers to held-out questions, and bits per byte of held-out text.

Enter at `evaluate_directory`; `score_suite` keeps the items for the comparison of two models.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from advisor.answer_text import EXACT_TASKS, normalise, primary_metric
from advisor.contracts.baseline import ItemAnswer, SuiteItem
from advisor.contracts.case import Task
from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import EvaluationReport, Score
from trainer.evaluate.answers import Answer, Dialogue, ask
from trainer.evaluate.bias import template_bias
from trainer.evaluate.likelihood import Advance, TextFit, fit_answers, fit_texts, silent, text_metrics
from trainer.evaluate.metric import Metric, share
from trainer.evaluate.scores import answer_metrics, calibration_error
from trainer.evaluate.templates import num_sentences


@dataclass(frozen=True)
class Scored:
    """A model's answers to a suite and what they are worth."""

    metrics: tuple[Metric, ...]
    answers: tuple[ItemAnswer, ...]
    notes: tuple[str, ...]


def evaluate_directory(
    directory: Path,
    *,
    task: Task,
    items: Sequence[SuiteItem],
    texts: Sequence[str],
    bias_languages: Sequence[str] = (),
    advance: Advance = silent,
) -> EvaluationReport:
    """Evaluate a model directory on held-out questions and texts.

    Args:
        directory: a model in Hugging Face format with its tokenizer.
        task: task type, which decides the scores.
        items: held-out questions; may be empty.
        texts: held-out texts for bits per byte; may be empty.
        bias_languages: languages of the own bias suite; empty: bias is not measured.
        advance: called with (done, total) questions, texts and sentences.

    Raises:
        BadInput: the directory holds no model, or there is nothing to evaluate on.
    """
    if not items and not texts:
        raise BadInput("nothing to evaluate on: neither held-out questions nor held-out text")
    model, tokenizer = load(directory)
    total, read = len(items) + len(texts) + num_sentences(bias_languages), len(items) + len(texts)
    scores: list[Score] = []
    notes: tuple[str, ...] = ()
    primary = "bits_per_byte"
    if items:
        scored = score_suite(model, tokenizer, task, items, advance=lambda done, _: advance(done, total))
        scores, notes, primary = [metric.score() for metric in scored.metrics], scored.notes, primary_metric(task)
    if texts:
        fits = fit_texts(model, tokenizer, texts, advance=lambda done, _: advance(len(items) + done, total))
        scores += [metric.score() for metric in text_metrics(fits)]
    parts = [f"{len(items)} held-out questions"] if items else []
    parts += [f"{len(texts)} passages of held-out documents"] if texts else []
    return EvaluationReport(
        task=task,
        data=" and ".join(parts),
        scores=tuple(scores),
        primary=primary,
        bias=template_bias(model, tokenizer, bias_languages, advance=lambda done, _: advance(read + done, total)),
        notes=notes,
    )


def load(directory: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer of a directory, on the GPU where there is one."""
    tokenizer = AutoTokenizer.from_pretrained(directory, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(directory)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    model.eval()
    return model, tokenizer


def score_suite(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    items: Sequence[SuiteItem],
    *,
    max_tokens: int | None = None,
    advance: Advance = silent,
) -> Scored:
    """Put all questions to a model and score what it says."""
    dialogue = Dialogue(tokenizer)
    said = ask(model, dialogue, items, max_tokens=max_tokens, advance=advance)
    expected, texts = [item.expected for item in items], [one.text for one in said]
    right = [normalise(e) == normalise(a) for e, a in zip(expected, texts, strict=True)]
    metrics = answer_metrics(task, expected, texts)
    metrics += _by_language(metrics[0], items)
    if task in EXACT_TASKS:
        metrics.append(calibration_error("expected_calibration_error", _confidences(model, tokenizer, said), right))
        metrics += _choices(model, dialogue, items)
    else:
        metrics += text_metrics(_expected_fits(model, dialogue, items), prefix="expected_answer_")
    if task == "code":
        dialogue.notes.append("code is compared as text; none of it was executed, so this is no pass rate")
    answers = tuple(
        ItemAnswer(item_id=item.id, target="", answer=one.text, correct=ok if task in EXACT_TASKS else None)
        for item, one, ok in zip(items, said, right, strict=True)
    )
    return Scored(tuple(metrics), answers, tuple(dialogue.notes))


def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    items: Sequence[SuiteItem],
    *,
    advance: Advance = silent,
) -> list[str]:
    """Greedy answers, in order."""
    return [one.text for one in ask(model, Dialogue(tokenizer), items, advance=advance)]


def bits_per_byte(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, advance: Advance = silent
) -> Score:
    """Cross-entropy of held-out text in bits per UTF-8 byte, which compares models of different tokenizers."""
    return text_metrics(fit_texts(model, tokenizer, texts, advance=advance))[0].score()


def _by_language(metric: Metric, items: Sequence[SuiteItem]) -> list[Metric]:
    """The primary score of each language, where the suite has several."""
    languages = sorted({item.language for item in items if item.language})
    if len(languages) < 2:
        return []
    chosen = {name: np.array([item.language == name for item in items]) for name in languages}
    return [replace(metric, name=f"{metric.name}.{name}", rows=metric.rows[rows]) for name, rows in chosen.items()]


def _confidences(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, said: Sequence[Answer]) -> list[float]:
    """Probability of each answer as it was given, its end included."""
    return [math.exp(-nats) for nats in fit_answers(model, tokenizer, [(one.prompt, one.ids) for one in said])]


def _choices(model: PreTrainedModel, dialogue: Dialogue, items: Sequence[SuiteItem]) -> list[Metric]:
    """Accuracy and calibration of the most probable option, where every item names its options.

    The probability of an option is its likelihood with its end over the sum of all options'.
    """
    if not all(item.options for item in items):
        return []
    end = [dialogue.tokenizer.eos_token_id] if dialogue.tokenizer.eos_token_id is not None else []
    pairs = [
        (dialogue.prompt(item.messages), [*dialogue.answer(option), *end]) for item in items for option in item.options
    ]
    nats = iter(fit_answers(model, dialogue.tokenizer, pairs))
    right, confidences = [], []
    for item in items:
        scores = -np.array([next(nats) for _ in item.options])
        shares = np.exp(scores - scores.max())
        best = int(np.argmax(shares))
        confidences.append(float(shares[best] / shares.sum()))
        right.append(normalise(item.options[best]) == normalise(item.expected))
    return [share("choice_accuracy", right), calibration_error("choice_calibration_error", confidences, right)]


def _expected_fits(model: PreTrainedModel, dialogue: Dialogue, items: Sequence[SuiteItem]) -> list[TextFit]:
    pairs = [(dialogue.prompt(item.messages), dialogue.answer(item.expected)) for item in items]
    return [
        TextFit(nats, len(ids), len(item.expected.encode()))
        for nats, (_, ids), item in zip(fit_answers(model, dialogue.tokenizer, pairs), pairs, items, strict=True)
    ]

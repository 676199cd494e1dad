"""What a trial is judged by: one figure per phase, on data that the trial did not train on.

Enter at `measure_for`. The figure is never the training loss and, in reinforcement learning, never the reward.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import Score
from advisor.contracts.plan import TrainingPlan
from trainer.corpus.prepare import Prepared
from trainer.evaluate.model import answer, bits_per_byte
from trainer.evaluate.scores import answer_scores, bootstrap
from trainer.tune.space import Phase

Judge = Callable[[PreTrainedModel], Score]


@dataclass(frozen=True)
class Measure:
    """Name and direction of the figure, and how it is taken."""

    name: str
    unit: str
    direction: Literal["minimize", "maximize"]
    on: str
    """The data it is taken on, in words."""
    judge: Judge | None
    """None: the phase's own trainer evaluates on its held-out pairs."""


def direction_of(phase: Phase) -> Literal["minimize", "maximize"]:
    """Which way is better: known before there are any data."""
    return "minimize" if phase in ("pretrain", "sft") else "maximize"


def measure_for(
    plan: TrainingPlan, phase: Phase, prepared: Prepared, tokenizer: PreTrainedTokenizerBase, *, context_tokens: int
) -> Measure:
    """The measure of a phase.

    Args:
        plan: the training plan; `evaluation.max_items` bounds what is measured on.
        phase: the searched phase.
        prepared: the trials' data.
        tokenizer: the one that the phase trains with.
        context_tokens: longest sequence of the model.

    Raises:
        BadInput: no held-out item fits.
    """
    limit = plan.evaluation.max_items
    direction = direction_of(phase)
    if phase == "pretrain":
        texts = prepared.texts("holdout")[:limit]
        return Measure(
            "bits_per_byte",
            "bits per byte",
            direction,
            f"{len(texts)} passages set aside from the training text",
            lambda model: bits_per_byte(model, tokenizer, texts),
        )
    if phase == "reward":
        return Measure(
            "held_out_pair_accuracy", "fraction", direction, "the phase's own held-out preference pairs", None
        )
    items = prepared.items()[:limit]
    if phase == "sft":
        pairs = _encoded(tokenizer, items, context_tokens)
        return Measure(
            "held_out_loss",
            "nats per token of the answer",
            direction,
            f"{len(pairs)} conversations set aside from the instructions",
            lambda model: answer_loss(model, pairs),
        )
    name = answer_scores(plan.task, ["a"], ["a"])[1]
    left = _padded_left(tokenizer)
    return Measure(
        name,
        "fraction",
        direction,
        f"greedy answers to {len(items)} questions set aside from the instructions",
        lambda model: _answers(model, left, items, plan.task),
    )


@torch.inference_mode()
def answer_loss(model: PreTrainedModel, pairs: Sequence[tuple[list[int], list[int]]]) -> Score:
    """Cross-entropy of the expected answers, end of turn included, given their questions.

    l = sum of token nats / tokens of the answers
    units: nats per token.  source: definition; the loss that supervised tuning lowers.
    validity: compares models with one tokenizer only.
    """
    nats, sizes = [], []
    for prompt, expected in pairs:
        ids = torch.tensor([prompt + expected], device=model.device)
        logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
        nats.append(float(torch.nn.functional.cross_entropy(logits, ids[0, len(prompt) :], reduction="sum")))
        sizes.append(len(expected))

    def rate(places: Sequence[int]) -> float:
        return sum(nats[k] for k in places) / sum(sizes[k] for k in places)

    return bootstrap("held_out_loss", len(nats), rate, unit="ratio")


def take(judge: Judge, model: Any) -> Score | None:
    """Judge a model in the middle of its training and leave it as it was; None when the figure is no number."""
    was_training = model.training
    model.eval()
    try:
        score = judge(model)
    except ValueError:  # a contract refuses what is not finite
        return None
    finally:
        model.train(was_training)
    return score if math.isfinite(score.value) else None


def _encoded(
    tokenizer: PreTrainedTokenizerBase, items: Sequence[SuiteItem], context_tokens: int
) -> list[tuple[list[int], list[int]]]:
    found = []
    for item in items:
        text = tokenizer.apply_chat_template(list(item.messages), tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        expected = tokenizer(f"{item.expected}{tokenizer.eos_token}", add_special_tokens=False)["input_ids"]
        if len(prompt) + len(expected) <= context_tokens:
            found.append((list(prompt), list(expected)))
    if not found:
        raise BadInput(
            f"data.instructions: none of {len(items)} held-out conversations fits into {context_tokens} tokens"
        )
    return found


def _answers(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, items: Sequence[SuiteItem], task: str
) -> Score:
    scores, primary = answer_scores(task, [item.expected for item in items], answer(model, tokenizer, items))
    return next(score for score in scores if score.name == primary)


def _padded_left(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    tokenizer.padding_side = "left"
    return tokenizer

"""Preference pairs: which fit, which are held out, and how often a model finds the chosen answer likelier.

Enter at `pairs_of` and `preference_accuracy`. All phases that learn from preferences hold the same pairs out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import Score
from trainer.evaluate.scores import wilson
from trainer.phases.answers import NO_LOSS, Padded
from trainer.phases.common import PhaseContext
from trainer.tokenizer import chat_length

TEST_EVERY = 10
"""One pair in this many is held out of training."""
BATCH = 16
MAX_TESTED = 200


@dataclass(frozen=True)
class Pairs:
    """Preference pairs that fit into the model's context."""

    train: list[dict[str, Any]]
    test: list[dict[str, Any]]
    left_out: int
    limit_tokens: int

    @property
    def warnings(self) -> list[str]:
        """What was left out, in words."""
        return [f"{self.left_out} pairs longer than {self.limit_tokens} tokens were left out"] if self.left_out else []


def pairs_of(context: PhaseContext, tokenizer: PreTrainedTokenizerBase, limit: int) -> Pairs:
    """The run's pairs; trl drops those that are too long without a word, so they are counted here.

    Raises:
        BadInput: too few are left.
    """
    pairs = context.prepared.rows("preferences")
    kept = [
        pair
        for pair in pairs
        if max(chat_length(tokenizer, pair["prompt"] + pair[side]) for side in ("chosen", "rejected")) <= limit
    ]
    if len(kept) <= TEST_EVERY:
        raise BadInput(
            f"data.preferences: {len(kept)} of {len(pairs)} pairs fit into {limit} tokens; more than {TEST_EVERY} "
            "are needed"
        )
    train = [pair for number, pair in enumerate(kept) if number % TEST_EVERY]
    return Pairs(train, kept[::TEST_EVERY], len(pairs) - len(kept), limit)


def preference_accuracy(model: Path | PreTrainedModel, tokenizer: Any, pairs: Sequence[dict[str, Any]]) -> Score:
    """Share of pairs whose chosen answer the model finds likelier than the rejected one.

    log p(answer | question) is summed over the answer's tokens, its end included: what direct preference optimisation
    moves (Rafailov et al. 2023, arXiv 2305.18290). At most MAX_TESTED pairs, from the front.
    """
    if isinstance(model, Path):
        model = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
        model.to("cuda" if torch.cuda.is_available() else "cpu")
    tested = pairs[:MAX_TESTED]
    sides = [
        answer_log_likelihoods(model, tokenizer, [(pair["prompt"], pair[side]) for pair in tested])
        for side in ("chosen", "rejected")
    ]
    right = sum(chosen > rejected for chosen, rejected in zip(*sides, strict=True))
    return wilson("held_out_pair_accuracy", right, len(tested))


@torch.no_grad()
def answer_log_likelihoods(
    model: PreTrainedModel, tokenizer: Any, turns: Sequence[tuple[list[dict[str, str]], list[dict[str, str]]]]
) -> list[float]:
    """Nats of each answer after its question."""
    was_training = model.training
    model.eval()
    rows = [_labelled(tokenizer, question, answer) for question, answer in turns]
    fill = Padded(int(tokenizer.pad_token_id or 0))
    found: list[float] = []
    for start in range(0, len(rows), BATCH):
        batch = {name: value.to(model.device) for name, value in fill(rows[start : start + BATCH]).items()}
        targets = batch.pop("labels")[:, 1:]
        scores = model(**batch, use_cache=False).logits[:, :-1].float()
        nats = torch.nn.functional.cross_entropy(
            scores.flatten(0, 1), targets.flatten(), ignore_index=NO_LOSS, reduction="none"
        )
        found += (-nats.view(targets.shape).sum(1)).tolist()
    model.train(was_training)
    return found


def _labelled(tokenizer: Any, question: list[dict[str, str]], answer: list[dict[str, str]]) -> dict[str, torch.Tensor]:
    before = tokenizer.apply_chat_template(question, tokenize=True, add_generation_prompt=True)["input_ids"]
    whole = tokenizer.apply_chat_template(question + answer, tokenize=True)["input_ids"]
    same = next((k for k, (a, b) in enumerate(zip(before, whole, strict=False)) if a != b), len(before))
    ids = torch.tensor(whole)
    labels = ids.clone()
    labels[:same] = NO_LOSS
    return {"input_ids": ids, "labels": labels}


def before_and_after(before: Score, after: Score) -> dict[str, float]:
    """Metrics of a phase from the accuracy before and after it."""
    return {
        "held_out_pairs": float(after.n),
        "held_out_pair_accuracy_before": before.value,
        "held_out_pair_accuracy_after": after.value,
        "held_out_pair_accuracy_after_low": after.low,
        "held_out_pair_accuracy_after_high": after.high,
    }

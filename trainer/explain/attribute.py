"""Attributions of an answer to the tokens of its prompt, by Captum.

Enter at `attribute`. Integrated gradients are refined until they add up to what they explain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from captum.attr import FeatureAblation, LayerIntegratedGradients, LLMAttribution, LLMGradientAttribution
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from trainer.explain.prompt import Prompt, PromptInput
from trainer.explain.record import Completeness, Method

FIRST_STEPS = 32
MOST_STEPS = 512
STEPS_AT_ONCE = 16
TOLERANCE_FRACTION = 0.02
TOLERANCE_NATS = 0.01


@dataclass(frozen=True)
class Attributed:
    """Attributions in nats: one row per answer token, one column per prompt token."""

    rows: list[list[float]]
    log_probabilities: list[float]
    """Of the answer's tokens."""
    completeness: Completeness | None


def attribute(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt: Prompt,
    answer_ids: Sequence[int],
    *,
    method: Method,
    baseline_id: int,
    advance: Callable[[int], None] = lambda _: None,
) -> Attributed:
    """What each token of the prompt did to the log-probability of each token of the answer.

    Args:
        model: a causal model in evaluation mode.
        tokenizer: its own.
        prompt: the ids, with the ones that may be taken away.
        answer_ids: tokens of the answer.
        method: integrated gradients of the embeddings, or one token taken away at a time.
        baseline_id: stands for an absent token.
        advance: told how many integration steps are tried next.
    """
    chances = log_probabilities(model, prompt.ids, answer_ids)
    given = PromptInput(prompt, tokenizer, baseline_id)
    target = torch.tensor(list(answer_ids), device=model.device)
    if method == "feature_ablation":
        ablation: Any = LLMAttribution(FeatureAblation(model), tokenizer)
        with torch.no_grad():
            found = ablation.attribute(given, target=target, forward_in_tokens=False)
        return Attributed(found.token_attr.tolist(), chances, None)
    blank = [token if not own else baseline_id for token, own in zip(prompt.ids, prompt.own, strict=True)]
    before = sum(log_probabilities(model, blank, answer_ids))
    gradients: Any = LLMGradientAttribution(LayerIntegratedGradients(model, model.get_input_embeddings()), tokenizer)
    steps = FIRST_STEPS
    while True:
        advance(steps)
        found = gradients.attribute(given, target=target, n_steps=steps, internal_batch_size=STEPS_AT_ONCE)
        rows = found.token_attr.tolist()
        completeness = completeness_of(rows, score=sum(chances), before=before, steps=steps)
        if completeness.within_tolerance or steps >= MOST_STEPS:
            return Attributed(rows, chances, completeness)
        steps *= 2


def completeness_of(rows: Sequence[Sequence[float]], *, score: float, before: float, steps: int) -> Completeness:
    """Whether attributions add up.

    sum of attributions = log p(answer | prompt) - log p(answer | prompt of baseline tokens)
    units: nats.  source: Sundararajan, Taly and Yan 2017 (arXiv:1703.01365), axiom of completeness.
    validity: exact in the limit of many integration steps; accepted within 2 % of the difference, or 0.01 nats.
    """
    total = sum(map(sum, rows))
    difference = score - before
    tolerance = max(TOLERANCE_NATS, TOLERANCE_FRACTION * abs(difference))
    return Completeness(
        score_nats=score,
        baseline_score_nats=before,
        difference_nats=difference,
        sum_nats=total,
        gap_nats=total - difference,
        tolerance_nats=tolerance,
        within_tolerance=abs(total - difference) <= tolerance,
        integration_steps=steps,
    )


@torch.no_grad()
def log_probabilities(model: PreTrainedModel, prompt_ids: Sequence[int], answer_ids: Sequence[int]) -> list[float]:
    """Log-probability of each token of the answer, given the prompt and the answer before it."""
    ids = torch.tensor([[*prompt_ids, *answer_ids]], device=model.device)
    logits = model(input_ids=ids).logits[0, len(prompt_ids) - 1 : -1].float()
    chances = torch.log_softmax(logits, dim=-1)
    return [float(chances[place, token]) for place, token in enumerate(answer_ids)]

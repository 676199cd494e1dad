"""An explanation as data: what the JSON file holds and the page shows.

Enter at `Explanation`. Attributions are in nats: parts of the logarithm of the answer's probability.
"""

from typing import Literal

from advisor.contracts.base import Contract, Count, Number, PositiveCount, SchemaVersion

Method = Literal["layer_integrated_gradients", "feature_ablation"]
METHODS: tuple[Method, ...] = ("layer_integrated_gradients", "feature_ablation")


class PromptToken(Contract):
    """One token of the prompt with its part in the answer."""

    text: str
    attribution_nats: Number
    """Above 0: the token made this answer likelier; below: less likely."""


class AnswerToken(Contract):
    """One token of the answer: how likely it was, and what each prompt token did to it."""

    text: str
    log_probability_nats: Number
    attributions_nats: tuple[Number, ...]
    """In the order of the prompt's tokens."""


class Completeness(Contract):
    """Whether the attributions add up to what they explain."""

    score_nats: Number
    """Log-probability of the answer after the prompt."""
    baseline_score_nats: Number
    """The same after a prompt of baseline tokens."""
    difference_nats: Number
    sum_nats: Number
    """Of all attributions."""
    gap_nats: Number
    """Sum less difference."""
    tolerance_nats: Number
    within_tolerance: bool
    integration_steps: PositiveCount


class Neighbour(Contract):
    """A training example that resembles the prompt."""

    id: str
    similarity_fraction: Number
    text: str


class Explanation(Contract):
    """What moved an answer, as far as the method can say."""

    schema_version: SchemaVersion = 1
    report: Literal["explanation"] = "explanation"
    created_at: str
    model: str
    method: Method
    prompt: str
    as_chat: bool
    """Whether the prompt was put through the model's chat template, whose own tokens are kept as they are."""
    answer: str
    answer_was_given: bool
    """False: the model's own greedy answer."""
    baseline_token: str
    """What stands for an absent token."""
    tokens: tuple[PromptToken, ...]
    answer_tokens: tuple[AnswerToken, ...]
    completeness: Completeness | None
    completeness_reason: str = ""
    neighbours: tuple[Neighbour, ...]
    neighbours_by: str
    """How likeness was judged, and why so; or why there are none."""
    examples_searched: Count
    warnings: tuple[str, ...] = ()

"""What an evaluation finds: scores, bias, toxicity, forgetting, and the comparison with another model.

Enter at `EvaluationReport`. Every figure carries n and a 95 % interval.
"""

from typing import Literal

from advisor.contracts.base import Contract, Fraction, Number, PositiveCount, SchemaVersion

ScoreUnit = Literal["fraction", "bits_per_byte", "ratio", "score_0_100", "nats", "perplexity"]


class Score(Contract):
    """One metric on held-out items."""

    name: str
    value: Number
    low: Number
    """P2.5 of the bootstrap (or Wilson interval for shares)."""
    high: Number
    """P97.5."""
    n: PositiveCount
    unit: ScoreUnit


class BiasScore(Contract):
    """Whether a model leans to a stereotype about one group, in one suite and language."""

    suite: Literal["templates", "crows_pairs", "bbq", "winobias"]
    group: str
    """Ground of discrimination: gender, origin, age, religion, disability, or the category of a public suite."""
    language: str
    scores: tuple[Score, ...]
    """The first decides the finding."""
    finding: Literal["stereotyped", "counter_stereotyped", "none_shown"]
    """none_shown: the interval holds the value of a model without bias; small bias may still be there."""


class ToxicityScore(Contract):
    """Share of freely sampled continuations that hold a term of a word list; insults without such a term are missed."""

    language: str
    method: Literal["word_list"] = "word_list"
    share: Score
    num_prompts: PositiveCount
    num_terms: PositiveCount
    """Length of the word list."""
    found: tuple[str, ...]
    """Terms that appeared, the most frequent first."""


class ForgettingScore(Contract):
    """Bits per byte of a general text, after training and before, passage by passage."""

    data: str
    base: str
    """The model before."""
    after: Score
    before: Score
    difference: Score
    """After minus before: above 0 is worse."""
    margin_fraction: Fraction
    """A loss up to this share of `before` counts as none."""
    finding: Literal["forgot", "kept", "undecided"]


class ScoreDifference(Contract):
    """One score of two models on the same items: first minus second."""

    name: str
    unit: ScoreUnit
    more_is_better: bool
    difference: Number
    low: Number
    """P2.5 of the paired bootstrap."""
    high: Number
    """P97.5."""
    p_value: Fraction | None
    """Exact McNemar test for right/wrong scores, else None."""
    n: PositiveCount
    verdict: Literal["first_better", "second_better", "undecided"]


class ModelComparison(Contract):
    """The evaluated model beside another one, on the same items."""

    other: str
    scores: tuple[Score, ...]
    """Of the other model."""
    differences: tuple[ScoreDifference, ...]


class EvaluationReport(Contract):
    """Scores on data that was never trained on."""

    schema_version: SchemaVersion = 1
    report: Literal["evaluation"] = "evaluation"
    task: str
    data: str
    """What was evaluated on, in words."""
    scores: tuple[Score, ...]
    primary: str
    """Name of the score that answers the case's quality floor; empty when nothing was scored but bias or toxicity."""
    model: str | None = None
    """Where the model lies; None inside a run, whose model it is."""
    created_at: str | None = None
    """UTC, ISO 8601."""
    bias: tuple[BiasScore, ...] = ()
    toxicity: tuple[ToxicityScore, ...] = ()
    forgetting: ForgettingScore | None = None
    comparison: ModelComparison | None = None
    notes: tuple[str, ...] = ()
    """What a reader must know to judge the figures: prompts that were cut, lines left out, small samples."""

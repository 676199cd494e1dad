"""The BaselineReport: the same held-out questions put to several models, in-house and proprietary.

Enter at `BaselineReport`. All targets answered the same items; differences are paired by item.
"""

from typing import Literal

from advisor.contracts.base import (
    Contract,
    Count,
    Fraction,
    Interval,
    NonNegative,
    Number,
    PositiveCount,
    SchemaVersion,
)
from advisor.contracts.case import Task
from advisor.contracts.evaluation import Score


class SuiteItem(Contract):
    """One held-out question with its right answer (a line of a suite's JSONL)."""

    id: str
    messages: tuple[dict[str, str], ...]
    """Chat messages with `role` and `content`."""
    expected: str
    language: str | None = None
    task: Task | None = None
    """Decides the metric; the same for all items of a suite."""
    options: tuple[str, ...] = ()
    """Answers to choose among; empty: free. `trainer evaluate` then also compares their probabilities."""


class Target(Contract):
    """One endpoint that answered."""

    name: str
    role: Literal["in_house", "proprietary", "hosted_open"]
    stand_in: bool
    """True: a local server standing for an endpoint; its speed and price say nothing about the real one."""
    model: str
    base_url: str
    option_id: str | None = None
    """Option of an Assessment that this endpoint realises."""
    price_model: str | None = None
    """Catalogue id under which the usage was priced; None: price not known."""


class LatencySummary(Contract):
    """Times seen by the client, ms."""

    ttft_ms_p50: NonNegative | None
    ttft_ms_p95: NonNegative | None
    tpot_ms_p50: NonNegative | None
    total_ms_p50: NonNegative
    total_ms_p95: NonNegative


class TargetResult(Contract):
    """What one endpoint did on the suite."""

    target: Target
    answered: Count
    """Items with an answer; `answered`, `refused` and `errors` add up to the items that were asked."""
    errors: Count
    refused: Count = 0
    scores: tuple[Score, ...]
    """Over answered and refused items (a refusal is a wrong answer); empty when there are none."""
    primary: str
    latency: LatencySummary | None
    """None when nothing was answered."""
    input_tokens: Count | None
    """As the endpoint counted them; None when it gave no usage for some answer."""
    output_tokens: Count | None
    cost_usd: NonNegative | None
    """From the returned usage at the dated price; None when no price is known."""
    cost_note: str
    energy_j_per_request: Interval | None
    """None when not measured."""
    energy_note: str


class PairedDifference(Contract):
    """First minus second on the primary score, item by item."""

    first: str
    second: str
    difference: Number
    low: Number
    """P2.5 of the paired bootstrap."""
    high: Number
    p_value: Fraction | None
    """Exact McNemar test for right/wrong scores, else None."""
    n: PositiveCount
    verdict: Literal["first_better", "second_better", "undecided"]


class ItemAnswer(Contract):
    """One answer of one target."""

    item_id: str
    target: str
    answer: str | None
    correct: bool | None
    error: str | None = None


class BaselineReport(Contract):
    """In-house against others on one test set."""

    schema_version: SchemaVersion = 1
    report: Literal["baseline"] = "baseline"
    id: str
    created_at: str
    suite: str
    suite_sha256: str
    task: Task
    items: PositiveCount
    results: tuple[TargetResult, ...]
    differences: tuple[PairedDifference, ...]
    answers: tuple[ItemAnswer, ...]
    warnings: tuple[str, ...] = ()

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
    source: str | None = None
    """What the item was taken from (a document, a customer); items of one source are no independent evidence."""


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
    energy_modelled_j_per_request: Interval | None = None
    """For endpoints that report none: output tokens times what measured open models take for one. No measurement."""
    energy_modelled_note: str = ""
    cached: Count = 0
    """Answers taken from an earlier run instead of being asked and paid again."""


class PairedDifference(Contract):
    """First minus second on the primary score, item by item."""

    first: str
    second: str
    difference: Number
    low: Number
    """P2.5 of the paired bootstrap."""
    high: Number
    p_value: Fraction | None
    """Of `test`; None in reports that name no test."""
    n: PositiveCount
    verdict: Literal["first_better", "second_better", "undecided"]
    """By interval and by `p_adjusted`."""
    test: Literal["mcnemar", "sign_flip"] | None = None
    """Exact McNemar for right/wrong scores of independent items, else flips of sign."""
    p_adjusted: Fraction | None = None
    """`p_value` raised for the number of differences tested together (Holm)."""
    clusters: PositiveCount | None = None
    """Sources that the items come from, resampled as a whole; None: each item for itself."""
    detectable: NonNegative | None = None
    """Smallest true difference that as many such items find four times of five; None: the items never differed."""


class ItemAnswer(Contract):
    """One answer of one target."""

    item_id: str
    target: str
    answer: str | None
    correct: bool | None
    error: str | None = None


class Expected(Contract):
    """What a run was expected to take of one target, before its first question."""

    target: str
    items: Count
    """Still to be asked: not in the journal, not in the cache."""
    cost_usd: NonNegative | None
    """By the answers of earlier runs, else by the limit of tokens; None: no price."""
    most_cost_usd: NonNegative | None
    duration_s: NonNegative | None
    """None: this target has not answered yet, so its speed is not known."""


class Judgement(Contract):
    """Answers of two targets put before a judge model in both orders. An opinion of a model, not a measurement."""

    first: str
    second: str
    first_wins: Count
    """Items where the judge preferred the first in both orders."""
    second_wins: Count
    ties: Count
    """Called equal, or the two orders contradicted each other."""
    unreadable: Count
    """Items on which the judge named no winner, or failed."""
    win_fraction: Fraction | None
    """Of the first, a tie counts half; None: nothing was judged."""
    low: Fraction | None
    """P2.5 of the bootstrap."""
    high: Fraction | None
    order_agreement_fraction: Fraction | None
    """Share of items on which both orders named the same; low: the judge looks at the place, not at the answer."""
    n: Count


class JudgeReport(Contract):
    """The judge and what it found."""

    model: str
    base_url: str
    prompt_sha256: str
    """Of the instructions that the judge was given."""
    judgements: tuple[Judgement, ...]
    cost_usd: NonNegative | None
    cost_note: str
    warnings: tuple[str, ...] = ()


class AtVolume(Contract):
    """What the difference means at a case's volume, in a year of its requests."""

    target: str
    requests_per_year: NonNegative
    cost_per_year: NonNegative | None
    """Mean cost of a request times the volume, in `currency`; None where the cost is not known."""
    currency: str
    wrong_per_year: Interval | None
    """Requests answered wrongly, from the score's interval; None for scores that are no share of right answers."""
    error_cost_per_year: Interval | None
    """`wrong_per_year` at the case's error cost; None where the case states none."""
    note: str = ""


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
    expected: tuple[Expected, ...] = ()
    """Before the first question; a resumed run keeps what was expected at its start."""
    judge: JudgeReport | None = None
    """None: no judge was asked."""
    at_volume: tuple[AtVolume, ...] = ()
    """Empty: no case was named."""

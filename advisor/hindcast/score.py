"""Predicted against published, row by row, and summed up.

Enter at `compare_rows` and `summarise`. Predictions come from the same functions that answer users.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.contracts.base import Interval
from advisor.contracts.errors import RichtwertError
from advisor.contracts.estimates import Estimate
from advisor.hindcast.rows import PublishedRow

Answer = Callable[[dict[str, Any]], Estimate]
COLUMNS = {
    "training": ("accelerator_hours", "tokens_per_s_per_gpu", "peak_mem_gib", "energy_mwh"),
    "serving": (
        "output_tokens_per_s",
        "total_tokens_per_s",
        "prefill_tokens_per_s",
        "ttft_ms",
        "tpot_ms",
        "energy_j_per_output_token",
        "power_w",
        "energy_wh_per_request",
    ),
}
"""Published columns that are compared; hours, money and carbon that follow from each other by arithmetic count once."""


@dataclass(frozen=True)
class Comparison:
    """One published figure beside its estimate."""

    row: PublishedRow
    quantity: str
    published: float
    predicted: Interval
    group: str
    inputs_known: bool
    """False where a quantity the answer is proportional to had to be assumed (tokens, prompt length)."""
    constant: float | None
    """What an estimator with one fixed utilisation says."""

    @property
    def error_ln(self) -> float:
        """ln(predicted P50 / published)."""
        return float(np.log(self.predicted.p50 / self.published))

    @property
    def is_inside(self) -> bool:
        """True when the published figure lies between P5 and P95."""
        return self.predicted.p5 <= self.published <= self.predicted.p95


@dataclass(frozen=True)
class Summary:
    """Accuracy of one group of comparisons."""

    group: str
    quantity: str
    n: int
    median_error_fraction: float
    p90_error_fraction: float
    coverage_fraction: float
    median_width_ratio: float
    """P95 over P5."""
    constant_median_error_fraction: float | None
    """Median error of an estimator with one fixed utilisation; None where it says nothing."""


def compare_rows(
    rows: Iterable[PublishedRow],
    answer: Answer,
    *,
    group_of: Callable[[PublishedRow, Estimate, str], str],
    constant_of: Callable[[PublishedRow, str], float | None],
) -> tuple[list[Comparison], list[tuple[str, str]]]:
    """Comparisons of all rows, and the rows that cannot be estimated with the reason."""
    found, refused = [], []
    for row in rows:
        try:
            estimate = answer({**row.request, "id": row.id})
        except RichtwertError as error:
            refused.append((row.id, str(error)))
            continue
        assumed = {item.name for item in estimate.assumptions}
        for quantity in COLUMNS[row.topic]:
            predicted = getattr(estimate, quantity, None)
            if quantity in row.published and isinstance(predicted, Interval):
                found.append(
                    Comparison(
                        row=row,
                        quantity=quantity,
                        published=row.published[quantity],
                        predicted=predicted,
                        group=group_of(row, estimate, quantity),
                        inputs_known=not assumed & _decisive(quantity),
                        constant=constant_of(row, quantity),
                    )
                )
    return found, refused


def summarise(comparisons: Sequence[Comparison]) -> list[Summary]:
    """One summary per group and quantity, in order of first appearance."""
    keys = list(dict.fromkeys((item.group, item.quantity) for item in comparisons))
    return [_summary(key, [item for item in comparisons if (item.group, item.quantity) == key]) for key in keys]


def _summary(key: tuple[str, str], items: Sequence[Comparison]) -> Summary:
    errors = relative_errors([item.error_ln for item in items])
    constants = [float(np.log(item.constant / item.published)) for item in items if item.constant]
    return Summary(
        group=key[0],
        quantity=key[1],
        n=len(items),
        median_error_fraction=float(np.median(errors)),
        p90_error_fraction=float(np.quantile(errors, 0.9)),
        coverage_fraction=float(np.mean([item.is_inside for item in items])),
        median_width_ratio=float(np.median([item.predicted.p95 / item.predicted.p5 for item in items])),
        constant_median_error_fraction=float(np.median(relative_errors(constants))) if constants else None,
    )


def relative_errors(errors_ln: Sequence[float]) -> "np.typing.NDArray[np.float64]":
    """|predicted / published - 1| from ln errors."""
    return np.abs(np.expm1(np.asarray(errors_ln, np.float64)))


def _decisive(quantity: str) -> set[str]:
    return {"tokens_b"} if quantity in ("accelerator_hours", "energy_mwh") else set()

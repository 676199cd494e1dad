"""Draws summarised for people and files: quantiles at the digits that a simulation can carry."""

from advisor.contracts.base import Interval
from advisor.core.order import quantiles_of
from advisor.core.sampling import Array, Input


def rounded(value: float, digits: int = 4) -> float:
    """Value at `digits` significant digits; ten thousand draws carry no more."""
    return float(f"{value:.{digits}g}")


def quantiles(values: Array, digits: int = 4) -> dict[str, float]:
    """P5, P50, P95 and mean of the draws."""
    p5, p50, p95 = (rounded(value, digits) for value in quantiles_of(values, (0.05, 0.5, 0.95)))
    return {"p5": p5, "p50": p50, "p95": p95, "mean": rounded(float(values.mean()), digits)}


def interval(values: Array, digits: int = 4) -> Interval:
    """The draws as an Interval."""
    return Interval(**quantiles(values, digits))


def spread_of(item: Input) -> Interval:
    """An input's P5, P50, P95 as an Interval."""
    return Interval(p5=item.low, p50=item.central, p95=item.high)

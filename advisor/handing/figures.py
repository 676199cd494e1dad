"""Figures that a plan takes from the assumptions of its assessment.

Enter at `assumed`, `spread` and `known`.
"""

from advisor.contracts.assessment import Assessment
from advisor.contracts.base import Interval
from advisor.contracts.errors import BadInput


def spread(assessment: Assessment, name: str) -> Interval:
    """P5, P50 and P95 of an input.

    Raises:
        BadInput: the assessment does not carry it.
    """
    for row in assessment.assumptions:
        if row.name == name:
            if isinstance(row.value, Interval):
                return row.value
            if isinstance(row.value, float):
                return Interval(p5=row.value, p50=row.value, p95=row.value)
    raise BadInput(f"assumptions: the assessment does not carry {name!r}; assess the case again with this version")


def known(assessment: Assessment, name: str, otherwise: float) -> float:
    """The median of an input; assessments of older versions do not carry every one."""
    return assumed(assessment, name) if any(row.name == name for row in assessment.assumptions) else otherwise


def assumed(assessment: Assessment, name: str) -> float:
    """The median of an input."""
    return spread(assessment, name).p50

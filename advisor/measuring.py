"""What the measurements that the value of information suggests cost: working time of an engineer, by their kind.

Enter at `measurement_cost`. The first fragment that occurs in the input's name decides, as in `advisor.measures`.
"""

from collections.abc import Mapping

PREFIX = "measuring_fte_months."
KINDS: tuple[tuple[str, str], ...] = (
    ("requests_per_month", "count"),
    ("growth", "ask"),
    ("retrieval_tokens", "sample"),
    ("input_tokens", "sample"),
    ("output_tokens", "sample"),
    ("status_quo", "sample"),
    ("domain_gap", "sample"),
    ("quality", "test_set"),
    ("mfu", "pilot_training"),
    ("development_factor", "pilot_training"),
    ("rental", "ask"),
    ("purchase", "ask"),
    ("engine", "load_test"),
    ("training_fte", "pilot_training"),
    ("annotation", "sample"),
    ("examples", "pilot_training"),
    ("refresh", "ask"),
    ("loaded_cost", "ask"),
    ("peak", "count"),
    ("power", "load_test"),
    ("electricity", "ask"),
    ("cached", "sample"),
    ("batchable", "ask"),
    ("storage", "ask"),
)
OTHERWISE = "pilot"
"""Efforts of people are learnt in a pilot."""


def measurement_cost(name: str, fte_months: Mapping[str, float], per_fte_month: float) -> float:
    """Money for the measurement of an input.

    c = t w
    units: months of an engineer by kind of measurement, money per month -> money.   source: definition.
    validity: working time alone; the accelerators of a pilot come on top.
    """
    kind = next((kind for fragment, kind in KINDS if fragment in name), OTHERWISE)
    return fte_months[PREFIX + kind] * per_fte_month

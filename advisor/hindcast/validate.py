"""All comparisons at once: each family of rows predicted by coefficients that were fit on the other families.

Enter at `compare` (the coefficients in data/, or another file of rows) and `compare_left_out` (cross-validated).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.contracts.catalog import Catalog, Parameter
from advisor.estimate.answers import answer_of
from advisor.hindcast.calibrate import AS_OF
from advisor.hindcast.groups import constant_training, serving_group, training_group
from advisor.hindcast.memory_fit import fit_memory, peaks_of
from advisor.hindcast.rows import PublishedRow, Topic
from advisor.hindcast.score import Comparison, compare_rows
from advisor.hindcast.training_fit import evidence_of, fit_training

DRAWS = 1000


@dataclass(frozen=True)
class Result:
    """Comparisons, and rows that could not be estimated with the reason."""

    comparisons: list[Comparison]
    refused: list[tuple[str, str]]


def compare(rows: Sequence[PublishedRow], topic: Topic, catalog: Catalog, *, draws: int = DRAWS) -> Result:
    """Estimates with the catalogue's coefficients against the published figures."""
    comparisons, refused = compare_rows(
        [row for row in rows if not row.unverified],
        answer_of(topic, catalog, draws=draws, seed=0),
        group_of=training_group if topic == "training" else serving_group(catalog),
        constant_of=constant_training(catalog) if topic == "training" else lambda *_: None,
    )
    return Result(comparisons, refused)


def compare_left_out(rows: Sequence[PublishedRow], topic: Topic, catalog: Catalog, *, draws: int = DRAWS) -> Result:
    """As `compare`, each family under coefficients fit on the other families."""
    found, refused = [], []
    for family in sorted({row.family for row in rows}):
        inside = [row for row in rows if row.family == family]
        others = [row for row in rows if row.family != family]
        result = compare(inside, topic, refitted(catalog, others, topic), draws=draws)
        found += result.comparisons
        refused += result.refused
    order = {row.id: index for index, row in enumerate(rows)}
    return Result(sorted(found, key=lambda item: order[item.row.id]), refused)


def refitted(catalog: Catalog, rows: Sequence[PublishedRow], topic: Topic) -> Catalog:
    """The catalogue with coefficients fit on these rows alone; spreads of the fit stay as they are."""
    if topic == "serving":
        from advisor.hindcast.serving_fit import fit_serving

        values = fit_serving(rows, catalog)
    else:
        values = fit_training(evidence_of(rows, catalog), catalog).values()
        values |= fit_memory(peaks_of(rows, catalog), catalog).values()
    return catalog.model_copy(update={"parameters": tuple(_moved(row, values) for row in catalog.parameters)})


def _moved(row: Parameter, values: dict[str, float]) -> Parameter:
    """A fitted row at its new value, its relative spread kept; priors stay, since fits start from them."""
    if row.name not in values or row.as_of != AS_OF:
        return row
    central = values[row.name]
    if row.central <= 0:
        return row.model_copy(update={"central": central, "low": min(row.low, central), "high": max(row.high, central)})
    scale = central / row.central
    high = row.high * scale
    if row.unit == "fraction":
        high = max(central, min(1.0, high))
    return row.model_copy(update={"low": row.low * scale, "central": central, "high": high})

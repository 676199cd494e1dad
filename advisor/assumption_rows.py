"""What an Assessment rests on: the inputs that its options ask for, and how fast their trainings are taken to go.

Enter at `assumptions_of`; facts that enter no calculation come from `advisor.stated_facts`.
"""

from collections.abc import Sequence

from advisor.contracts.assessment import Assumption
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import Failed
from advisor.core.candidates import Candidate
from advisor.core.sampling import Input
from advisor.stated_facts import stated_facts
from advisor.summaries import spread_of


def assumptions_of(
    case: Case, catalog: Catalog, kept: Sequence[Candidate], inputs: Sequence[Input], used: set[str]
) -> tuple[Assumption, ...]:
    """The inputs in use, the paces of the trainings, and what is stated beside them."""
    return (
        *(_assumption(item) for item in inputs if item.name in used),
        *(_pace(option, catalog) for option in kept if option.training is not None and option.training.mfu_note),
        *stated_facts(case, catalog, kept),
    )


def _assumption(item: Input) -> Assumption:
    return Assumption(
        name=item.name,
        value=item.central if item.is_certain else spread_of(item),
        unit=item.unit,
        origin=item.origin,
        source=item.source,
        as_of=item.as_of,
    )


def _pace(option: Candidate, catalog: Catalog) -> Assumption:
    """Utilisation of the option's training over that of its class's reference run."""
    training = option.training
    if training is None:
        raise Failed(f"{option.id}: trains nothing")
    return Assumption(
        name=option.mfu_ratio_name,
        value=float(f"{training.mfu_ratio:.4g}"),
        unit="ratio",
        origin="catalogue",
        source=training.mfu_note,
        as_of=max(row.as_of for row in catalog.parameters if row.name == "training_matmul_efficiency_fraction"),
    )

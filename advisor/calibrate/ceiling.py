"""Figures that no hardware can reach are mistakes of the input. Enter at `check_share`."""

from advisor.catalog import lookup
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import BadInput

NOMINAL = ("cpu",)
"""Classes whose catalogue row is a nominal core, which real ones may well outdo."""


def check_share(reached: float, part: AcceleratorRow, catalog: Catalog, where: str) -> None:
    """Refuse a share of the peak that products of large matrices alone do not reach.

    Raises:
        BadInput: the share is above the highest rate that was measured on the class.
    """
    if part.mfu_class in NOMINAL:
        return
    names = {row.name for row in catalog.parameters}
    name = f"achievable_matmul_fraction.{part.mfu_class}"
    limit = lookup.parameter(catalog, name if name in names else "achievable_matmul_fraction.unlisted").high
    if reached > limit:
        raise BadInput(
            f"{where}: {reached:.2f} of the dense 16-bit peak of {part.id} ({part.peak_flop_per_s:.3g} FLOP/s) is "
            f"above {limit:.2f}, the most that large products reach on class {part.mfu_class}. Typical causes: the "
            "peak with sparsity, a wrong number of parameters or devices, recomputation counted as work, FP8 steps; "
            "correct the report's plan.accelerator, accelerator_count or parameters, or leave the report out"
        )

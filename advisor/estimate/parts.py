"""Which accelerator a request means: the catalogue's row, or the datasheet values in the request itself.

Enter at `part_of`.
"""

from dataclasses import dataclass

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.estimates import EstimateRequest

DATASHEET = ("peak_flop_per_s", "memory_bytes", "bandwidth_bytes_per_s")


@dataclass(frozen=True)
class Part:
    """One accelerator as the estimators see it; None: not known."""

    name: str
    mfu_class: str
    """Class of the catalogue, or `unlisted` for a part known by its datasheet alone."""
    peak_flop_per_s: float | None
    """Dense 16-bit matrix rate."""
    peak_fp8_flop_per_s: float | None
    peak_fp4_flop_per_s: float | None
    memory_bytes: float | None
    bandwidth_bytes_per_s: float | None
    link_bytes_per_s: float | None
    tdp_w: float | None
    devices_per_server: int
    rental_usd_per_hour: tuple[float, float, float] | None

    @property
    def is_listed(self) -> bool:
        """True for a part of the catalogue."""
        return self.mfu_class != "unlisted"


def part_of(request: EstimateRequest, catalog: Catalog) -> Part:
    """The part of a request; datasheet values in the request win over the catalogue's.

    Raises:
        BadInput: no accelerator is named, or an unknown one comes without its peak.
    """
    if request.accelerator is None and request.peak_flop_per_s is None:
        raise BadInput(
            "accelerator: missing; name a part of `advisor catalog list accelerators`, or give its "
            f"datasheet: {', '.join(DATASHEET)}"
        )
    try:
        row = None if request.accelerator is None else lookup.accelerator(catalog, request.accelerator)
    except UnknownName as error:
        if request.peak_flop_per_s is None:
            raise BadInput(f"accelerator: {error}, or give its datasheet: {', '.join(DATASHEET)}") from error
        row = None
    rent = None if row is None else row.rental_usd_per_hour
    return Part(
        name=row.id if row is not None else request.accelerator or "unnamed part",
        mfu_class=row.mfu_class if row is not None else "unlisted",
        peak_flop_per_s=request.peak_flop_per_s or getattr(row, "peak_flop_per_s", None),
        peak_fp8_flop_per_s=getattr(row, "peak_fp8_flop_per_s", None),
        peak_fp4_flop_per_s=getattr(row, "peak_fp4_flop_per_s", None),
        memory_bytes=request.memory_bytes or getattr(row, "memory_bytes", None),
        bandwidth_bytes_per_s=request.bandwidth_bytes_per_s or getattr(row, "bandwidth_bytes_per_s", None),
        link_bytes_per_s=request.link_bytes_per_s or getattr(row, "link_bytes_per_s", None),
        tdp_w=request.tdp_w or getattr(row, "tdp_w", None),
        devices_per_server=row.devices_per_server if row is not None else 8,
        rental_usd_per_hour=None if rent is None else (rent.low, rent.central, rent.high),
    )

"""Dated facts that several years and providers state differently: grids, energy, hardware footprints, wages.

Enter at the row named for the fact; `advisor.contracts.catalog.Catalog` holds them all. Money that a provider asks
is in `advisor.contracts.quotes`.
"""

from typing import Literal, Self

from pydantic import model_validator

from advisor.contracts.base import AmountRange, Fraction, Identifier, NonNegative, Positive, PositiveCount, Text
from advisor.contracts.case import GridZone
from advisor.contracts.rows import Row

GridBasis = Literal["life_cycle", "direct"]
TaxLevel = Literal["without_taxes", "without_recoverable_taxes", "all_taxes"]
Role = Literal["ml_engineer", "data_engineer", "operations", "annotator", "domain_expert"]
AnnotationKind = Literal["classification", "span", "preference_pair", "demonstration", "correction"]


class GridRow(Row):
    """Greenhouse gas of electricity in one zone, by place and, where sourced, by contract."""

    zone: GridZone
    location_gco2e_per_kwh: NonNegative
    """Mean of what the zone generates."""
    market_gco2e_per_kwh: NonNegative | None
    """Residual mix: supply without a contract for its origin; None: not known, or fully disclosed (see the note)."""
    market_year: PositiveCount | None = None
    """Year of the residual mix, which is published apart from the location factor."""
    market_basis: GridBasis | None = None
    """The residual mix counts CO2 at the stack only (`direct`) where its publisher does."""
    market_source: Identifier | None = None
    """Id of the `SourceRow` of the market factor."""
    basis: GridBasis
    """Of the location factor: with fuel chain and plants, or at the stack."""
    year: PositiveCount

    @model_validator(mode="after")
    def _market_is_whole(self) -> Self:
        parts = (self.market_year, self.market_basis, self.market_source)
        if self.market_gco2e_per_kwh is not None and None in parts:
            raise ValueError("market_gco2e_per_kwh needs market_year, market_basis and market_source")
        return self


class WaterRow(Row):
    """Water used per kWh, on site for cooling or where the electricity is generated."""

    name: Identifier
    """`site.PROVIDER`, or `generation.ZONE`."""
    place: Literal["site", "generation"]
    water_litres_per_kwh: AmountRange
    """On site: per kWh of the IT; generation: per kWh of electricity."""
    year: PositiveCount


class EmbodiedRow(Row):
    """Greenhouse gas of making hardware, spread over its life."""

    name: Identifier
    """`accelerator.CLASS`, `accelerator.PART` (id of an accelerator) or `server.KIND`."""
    what: Literal["accelerator", "board", "server"]
    """`server`: without its accelerators; `board`: a base board with all of them."""
    num_accelerators: PositiveCount
    """Accelerators in the thing that `embodied_kgco2e` counts, or that a server holds."""
    embodied_kgco2e: AmountRange
    lifetime_years: AmountRange


class PueRow(Row):
    """Facility energy over IT energy, of a class of facility or of one operator."""

    name: Identifier
    """Class of facility, or `operator.NAME`."""
    pue_ratio: AmountRange
    year: PositiveCount

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.pue_ratio.low < 1.0:
            raise ValueError(f"a facility uses at least what its IT uses: pue_ratio >= 1, got {self.pue_ratio.low}")
        return self


class ElectricityRow(Row):
    """Electricity price for business customers."""

    zone: GridZone
    eur_per_kwh: AmountRange
    band: Text
    tax_level: TaxLevel | None = None
    """What the price includes; None: the source does not say."""
    is_standard: bool = True
    """True: counts where a case gives no price; False: another band or tax level of the zone, for comparison."""


class SalaryRow(Row):
    """Gross yearly salary of a role in a country, with the employer's on-cost."""

    country: GridZone
    role: Role
    gross_per_year: AmountRange
    currency: Literal["EUR", "USD", "CHF", "GBP", "PLN", "SEK"]
    on_cost_fraction: Fraction
    """Repeats the newest row of `on_costs` for the country; the catalogue refuses a difference."""


class OnCostRow(Row):
    """What an employer pays on top of gross wages in a country."""

    country: GridZone
    on_cost_fraction: Fraction
    """Over gross wages, not over labour cost."""


class AnnotationWageRow(Row):
    """Hourly pay of people who label data, before the employer's on-cost."""

    country: GridZone
    tier: Literal["floor", "platform", "expert"]
    wage_eur_per_hour: AmountRange


class AnnotationSpeedRow(Row):
    """Working time per labelled item, and what comes on top."""

    kind: AnnotationKind
    seconds_per_item_s: AmountRange
    quality_assurance_fraction: AmountRange
    """Share of the items that a second person checks or repeats."""
    rejection_fraction: AmountRange
    """Share of the items that are thrown away."""


class AnnotationVolumeRow(Row):
    """How much a public project labelled: context, not a norm."""

    name: Identifier
    kind: AnnotationKind
    num_items: Positive
    generated: bool
    """True: written by a model, not by people."""
    cost_usd: NonNegative | None = None

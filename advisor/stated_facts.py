"""Figures of the calculation that are no distributions, so that the list of inputs is complete.

Enter at `stated_facts`: exchange rate, horizon, token prices, sizes of the models and rates of the accelerators.
"""

from collections.abc import Iterator, Sequence

from advisor.catalog import lookup
from advisor.contracts.assessment import Assumption
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.rows import Row
from advisor.core.candidates import Candidate
from advisor.input_rows import citation
from advisor.inputs import OWN_CASE


def stated_facts(case: Case, catalog: Catalog, candidates: Sequence[Candidate]) -> tuple[Assumption, ...]:
    """One row per figure, in order of first use, each name once."""
    rows: dict[str, Assumption] = {}
    for row in (*_of_case(case, catalog), *(fact for option in candidates for fact in _of_option(option, catalog))):
        rows.setdefault(row.name, row)
    return tuple(rows.values())


def _of_case(case: Case, catalog: Catalog) -> Iterator[Assumption]:
    rate = lookup.exchange(catalog, "USD")
    yield _fact("usd_per_eur", rate.per_eur, "USD/EUR", rate, catalog)
    given = case.budget.horizon_months
    if given is not None:
        yield Assumption(
            name="horizon_months", value=float(given), unit="months", origin="given", source=OWN_CASE, as_of=None
        )
        return
    row = lookup.parameter(catalog, "horizon_months")
    yield Assumption(
        name="horizon_months",
        value=row.central,
        unit="months",
        origin=row.origin,
        source=citation(row, catalog),
        as_of=row.as_of,
    )


def _of_option(option: Candidate, catalog: Catalog) -> Iterator[Assumption]:
    if option.offer is not None:
        api = lookup.api_model(catalog, option.model or "")
        unit = "USD/Mtok"
        yield _fact(f"input_usd_per_mtok.{option.id}", option.offer.input_usd_per_mtok, unit, api, catalog)
        yield _fact(f"cached_usd_per_mtok.{option.id}", option.offer.cached_usd_per_mtok, unit, api, catalog)
        yield _fact(f"output_usd_per_mtok.{option.id}", option.offer.output_usd_per_mtok, unit, api, catalog)
        yield _fact(f"batch_multiplier.{option.id}", option.offer.batch_multiplier, "ratio", api, catalog)
        if option.offer.tuning_usd_per_mtok is not None:
            yield _fact(f"tuning_usd_per_mtok.{option.id}", option.offer.tuning_usd_per_mtok, unit, api, catalog)
    if option.hosting is not None:
        part = lookup.accelerator(catalog, option.hosting.accelerator)
        yield _fact(f"peak_flop_per_s.{part.id}", part.peak_flop_per_s, "FLOP/s", part, catalog)
        yield _fact(f"memory_bytes.{part.id}", part.memory_bytes, "bytes", part, catalog)
        yield _fact(f"bandwidth_bytes_per_s.{part.id}", part.bandwidth_bytes_per_s, "bytes/s", part, catalog)
        find = lookup.architecture if option.kind == "from_scratch" else lookup.base_model
        model = find(catalog, option.model or "")
        yield _fact(f"parameters.{model.id}", model.parameters, "parameters", model, catalog)


def _fact(name: str, value: float | None, unit: str, row: Row, catalog: Catalog) -> Assumption:
    return Assumption(
        name=name,
        value=None if value is None else float(value),
        unit=unit,
        origin="assumed" if row.source == "own-assumption" else "catalogue",
        source=citation(row, catalog),
        as_of=row.as_of,
    )

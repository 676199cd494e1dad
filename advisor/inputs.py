"""From a Case and the catalogue to the named inputs of the calculation, each with origin and source.

Enter at `inputs_of`. What the case gives is `given`; what it leaves out comes from the catalogue, or is an
assumption that says so. Nothing is silently zero.
"""

from dataclasses import dataclass

from advisor.catalog import lookup
from advisor.contracts.base import Amount, Share
from advisor.contracts.case import Case
from advisor.contracts.catalog import AcceleratorRow, Catalog, Parameter
from advisor.contracts.facts import SalaryRow
from advisor.core.care import ERROR_COST
from advisor.core.demand import Frame
from advisor.core.sampling import Input
from advisor.core.units import MONTHS_PER_YEAR
from advisor.impact_inputs import data_inputs, impact_inputs
from advisor.input_rows import citation, from_parameter, three_points

ROLES = ("ml_engineer", "data_engineer", "operations", "annotator", "domain_expert")
DEFAULT_COUNTRY = "DE"
OWN_CASE = "the case"
ESTIMATORS_OWN = (
    *("serving_", "memory_", "achievable_matmul_", "sustained_ratio", "network_bytes_", "full_speed_", "rollout_"),
    *("training_residual_", "training_seq_len", "training_tokens", "training_layer_"),
    *("criterion_", "measuring_"),
)
"""Coefficients of the estimators: an assessment takes their central values; `engine_factor` spreads those of serving,
the class's utilisation those of training. Criteria and efforts of measuring enter no cost."""


@dataclass(frozen=True)
class Setting:
    """Case-wide choices that are no distributions."""

    country: str
    grid_zone: str
    currency: str
    on_premises: bool
    frame: Frame


def setting_of(case: Case, catalog: Catalog) -> Setting:
    """Country, grid zone, currency, location and exchange rates; defaults are Germany, EUR, cloud."""
    country = (case.staff.country or case.energy.grid_zone or DEFAULT_COUNTRY).split("-")[0]
    currency = case.budget.currency or ("USD" if country == "US" else "EUR")
    usd_per_eur = lookup.exchange(catalog, "USD").per_eur
    per_usd, per_eur = (1.0 / usd_per_eur, 1.0) if currency == "EUR" else (1.0, usd_per_eur)
    horizon = case.budget.horizon_months or int(lookup.parameter(catalog, "horizon_months").central)
    return Setting(
        country=country,
        grid_zone=case.energy.grid_zone or country,
        currency=currency,
        on_premises=case.hardware.location == "on_premises" or case.data.strictest_residency == "on_premises",
        frame=Frame(horizon_months=horizon, per_usd=per_usd, per_eur=per_eur),
    )


def inputs_of(case: Case, catalog: Catalog, setting: Setting) -> list[Input]:
    """All inputs of the calculation, in a fixed order; names are unique."""
    rows = [
        *_case_inputs(case, catalog),
        *_care_inputs(case, catalog, setting),
        *_energy_inputs(case, catalog, setting),
        *_people_inputs(catalog, setting),
        _status_quo_cost(case, catalog, setting),
        *_hardware_inputs(catalog),
        *data_inputs(catalog, case.use_case.task),
    ]
    taken = {item.name for item in rows}
    rows += [
        from_parameter(row, catalog)
        for row in _newest(catalog)
        if row.name not in taken and not row.name.startswith(ESTIMATORS_OWN)
    ]
    return rows


def _newest(catalog: Catalog) -> list[Parameter]:
    """The parameters of today: older rows of a name are its history."""
    found: dict[str, Parameter] = {}
    for row in catalog.parameters:
        if row.name not in found or row.as_of >= found[row.name].as_of:
            found[row.name] = row
    return list(found.values())


def _given(name: str, value: Amount | Share, unit: str, *, is_fraction: bool = False) -> Input:
    low, central, high = three_points(value)
    return Input(name, low, central, high, unit, "given", OWN_CASE, None, is_fraction)


def _case_inputs(case: Case, catalog: Catalog) -> list[Input]:
    use, data = case.use_case, case.data
    task = lookup.task(catalog, use.task)
    floor = use.quality.floor_fraction if use.quality is not None else None
    fields: list[tuple[str, Amount | Share | None, str]] = [
        ("requests_per_month", use.requests_per_month, "requests/month"),
        ("growth_per_year_fraction", use.growth_per_year_fraction, "1/year"),
        ("cached_input_fraction", use.cached_input_fraction, "fraction"),
        ("batchable_fraction", use.batchable_fraction, "fraction"),
        ("peak_to_mean_ratio", use.peak_to_mean_ratio, "ratio"),
        ("ttft_ms_p95", use.ttft_ms_p95, "ms"),
        ("tpot_ms_p95", use.tpot_ms_p95, "ms"),
        ("domain_gap_fraction", use.domain_gap_fraction, "fraction"),
        ("quality_floor_fraction", floor, "fraction"),
        ("domain_tokens", data.domain_tokens, "tokens"),
        ("labelled_examples", data.labelled_examples, "examples"),
        ("cleanliness_fraction", data.cleanliness_fraction, "fraction"),
        ("refreshes_per_year", data.refreshes_per_year, "1/year"),
        ("annotators_fte", case.staff.annotators_fte, "fte"),
        ("discount_rate_fraction", case.budget.discount_rate_fraction, "1/year"),
    ]
    rows = [
        _given(name, value, unit, is_fraction=unit == "fraction")
        if value is not None
        else from_parameter(lookup.parameter(catalog, name), catalog)
        for name, value, unit in fields
    ]
    for name in ("input_tokens_per_request", "output_tokens_per_request"):
        value = getattr(use, name)
        if value is not None:
            rows.append(_given(name, value, "tokens"))
        else:
            low, central, high = three_points(getattr(task, name))
            rows.append(Input(name, low, central, high, "tokens", "assumed", citation(task, catalog), task.as_of))
    return rows


def _care_inputs(case: Case, catalog: Catalog, setting: Setting) -> list[Input]:
    """Effort of security by the sensitivity of the data; today's quality and what an error costs, if stated."""
    level = case.data.sensitivity or "unstated"
    rows = [
        from_parameter(lookup.parameter(catalog, f"security_effort_ratio.{level}"), catalog, "security_effort_ratio")
    ]
    if case.status_quo.quality_fraction is not None:
        today = case.status_quo.quality_fraction
        rows.append(_given("quality_base_fraction.by_hand", today, "fraction", is_fraction=True))
    if case.use_case.error_cost_per_request is not None:
        rows.append(_given(ERROR_COST, case.use_case.error_cost_per_request, f"{setting.currency}/request"))
    return rows


def _energy_inputs(case: Case, catalog: Catalog, setting: Setting) -> list[Input]:
    rows = []
    price = case.energy.electricity_price_eur_per_kwh
    if price is not None:
        rows.append(_given("electricity_price_eur_per_kwh", price, "EUR/kWh"))
    else:
        row = lookup.electricity(catalog, setting.grid_zone)
        low, central, high = three_points(row.eur_per_kwh)
        source = f"{citation(row, catalog)} ({row.zone}, {row.band})"
        rows.append(
            Input("electricity_price_eur_per_kwh", low, central, high, "EUR/kWh", "catalogue", source, row.as_of)
        )
    place = "on_premises" if setting.on_premises else "cloud"
    if case.energy.pue_ratio is not None:
        rows.append(_given("pue_ratio", case.energy.pue_ratio, "ratio"))
    else:
        rows.append(from_parameter(lookup.parameter(catalog, f"pue_ratio.{place}"), catalog, "pue_ratio"))
    zones = {setting.grid_zone, *(zone for api in catalog.api_models for zone in api.countries[:1])}
    owned = {lookup.accelerator(catalog, own.accelerator).id for own in case.hardware.owned}
    rows += impact_inputs(catalog, zones, owned)
    return rows


def _people_inputs(catalog: Catalog, setting: Setting) -> list[Input]:
    rows = []
    for role in ROLES:
        salary = lookup.salary(catalog, setting.country, role)
        rate = _rate(salary, catalog, setting)
        factor = (1.0 + salary.on_cost_fraction) / MONTHS_PER_YEAR * rate
        low, central, high = (factor * value for value in three_points(salary.gross_per_year))
        name, unit = f"loaded_cost_per_fte_month.{role}", f"{setting.currency}/fte_month"
        rows.append(Input(name, low, central, high, unit, "catalogue", citation(salary, catalog), salary.as_of))
    return rows


def _rate(salary: SalaryRow, catalog: Catalog, setting: Setting) -> float:
    """The case's currency for one unit of the salary's; others than euro and dollar go through the euro."""
    match salary.currency:
        case "EUR":
            return setting.frame.per_eur
        case "USD":
            return setting.frame.per_usd
        case other:
            return setting.frame.per_eur / lookup.exchange(catalog, other).per_eur


def _status_quo_cost(case: Case, catalog: Catalog, setting: Setting) -> Input:
    """Cost of one request done by hand: given, or minutes times the loaded hour of a domain expert."""
    name, unit = "status_quo_cost_per_request", f"{setting.currency}/request"
    today = case.status_quo
    if today.cost_per_request is not None:
        return _given(name, today.cost_per_request, unit)
    salary = lookup.salary(catalog, setting.country, "domain_expert")
    rate = _rate(salary, catalog, setting)
    hours = lookup.parameter(catalog, "productive_hours_per_fte_month").central
    hourly = (1.0 + salary.on_cost_fraction) * salary.gross_per_year.central / MONTHS_PER_YEAR / hours * rate
    if today.minutes_per_request is not None:
        minutes, origin, source = today.minutes_per_request, "given", f"{OWN_CASE}: minutes per request"
    else:
        task = lookup.task(catalog, case.use_case.task)
        minutes, origin, source = task.minutes_per_request_by_hand, "assumed", citation(task, catalog)
    low, central, high = (value / 60.0 * hourly for value in three_points(minutes))
    source = f"{source}; {citation(salary, catalog)}"
    return Input(name, low, central, high, unit, "given" if origin == "given" else "assumed", source, salary.as_of)


def _hardware_inputs(catalog: Catalog) -> list[Input]:
    rows = []
    for part in catalog.accelerators:
        source = citation(part, catalog)
        if part.rental_usd_per_hour is not None:
            rent = three_points(part.rental_usd_per_hour)
            rows.append(Input(f"rental_usd_per_hour.{part.id}", *rent, "USD/h", "catalogue", source, part.as_of))
        if part.purchase_usd is not None:
            price = three_points(part.purchase_usd)
            rows.append(Input(f"purchase_usd.{part.id}", *price, "USD", "catalogue", source, part.as_of))
        else:
            rows.append(_fallback("purchase_usd", part, catalog))
        if part.tdp_w is not None:
            watts = (part.tdp_w,) * 3
            rows.append(Input(f"tdp_w.{part.id}", *watts, "W", "catalogue", source, part.as_of))
        else:
            rows.append(_fallback("tdp_w", part, catalog))
    return rows


def _fallback(name: str, part: AcceleratorRow, catalog: Catalog) -> Input:
    key = "cpu" if part.mfu_class == "cpu" else "unlisted"
    return from_parameter(lookup.parameter(catalog, f"{name}.{key}"), catalog, f"{name}.{part.id}")

"""Inputs of the calculation: pay in a currency of its own reaches the case's currency by the dated rates."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.inputs import ROLES, inputs_of, setting_of

CATALOG = load_catalog()
COUNTRIES = sorted({row.country for row in CATALOG.salaries})


def month_of(country: str, role: str, currency: str = "EUR"):
    """The loaded month of one role as an input of a bare case."""
    case = Case.model_validate(
        {
            "name": "pay",
            "use_case": {"task": "chat", "requests_per_month": 1000},
            "staff": {"country": country},
            "budget": {"currency": currency},
        }
    )
    inputs = inputs_of(case, CATALOG, setting_of(case, CATALOG))
    return next(row for row in inputs if row.name == f"loaded_cost_per_fte_month.{role}")


@pytest.mark.parametrize(
    ("country", "role", "gross", "on_cost", "per_eur"),
    [
        ("CH", "ml_engineer", 123_700, 0.163, 0.9194),
        ("GB", "domain_expert", 34_900, 0.16, 0.8338),
        ("SE", "ml_engineer", 712_400, 0.462, 10.978),
        ("SE", "operations", 51_400, 0.462, 1.0),
    ],
)
def test_pay_in_another_currency_goes_through_the_euro(country, role, gross, on_cost, per_eur):
    row = month_of(country, role)
    assert row.central == pytest.approx(gross * (1 + on_cost) / 12 / per_eur)
    assert row.unit == "EUR/fte_month"
    dollars = month_of(country, role, "USD")
    assert dollars.central == pytest.approx(row.central * 1.1172)
    assert dollars.unit == "USD/fte_month"


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_every_role_and_its_months_are_plausible(country):
    """Between 1,000 and 25,000 EUR a month loaded: a rate used the wrong way round falls outside."""
    for role in ROLES:
        row = month_of(country, role)
        assert 1_000 < row.low <= row.central <= row.high < 25_000, role
        assert row.source and row.as_of


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_case_of_every_country_finds_its_grid_and_its_electricity(country):
    names = {row.name for row in _inputs(country)}
    assert {f"grid_gco2e_per_kwh.{country}", "electricity_price_eur_per_kwh"} <= names


def _inputs(country: str):
    case = Case.model_validate(
        {
            "name": "place",
            "use_case": {"task": "chat", "requests_per_month": 1000},
            "staff": {"country": country},
        }
    )
    return inputs_of(case, CATALOG, setting_of(case, CATALOG))

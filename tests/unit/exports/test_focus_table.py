"""The FOCUS table keeps to the specification, version 1.2, and adds up to the cost lines."""

import csv
import io
import math
import re
from collections import defaultdict

import pytest
from documents import assessment

from advisor.exports.focus import COLUMNS, focus_csv
from advisor.exports.schedule import plan_of

MANDATORY = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
]
MAY_BE_NULL = {"BillingAccountName", "ChargeClass", "ChargeDescription", "PricingQuantity", "PricingUnit"}
CHARGE_CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
SERVICE_CATEGORIES = {
    "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools",
    "Multicloud", "Identity", "Integration", "Internet of Things", "Management and Governance", "Media", "Migration",
    "Mobile", "Networking", "Security", "Storage", "Web", "Other",
}  # fmt: skip
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


@pytest.fixture(scope="module")
def result():
    return assessment()


@pytest.fixture(scope="module")
def rows(result):
    return list(csv.DictReader(io.StringIO(focus_csv(result).decode(), newline="")))


def test_the_mandatory_columns_come_first_in_order_and_own_ones_are_marked(rows):
    columns = list(rows[0])
    assert columns[: len(MANDATORY)] == MANDATORY == sorted(MANDATORY)
    own = columns[len(MANDATORY) :]
    assert own == sorted(own)
    assert all(re.fullmatch(r"x_[A-Z][A-Za-z0-9]{1,48}", name) for name in own)


def test_what_may_not_be_null_is_there(rows):
    for row in rows:
        assert not [name for name in MANDATORY if name not in MAY_BE_NULL and row[name] == ""]
        assert row["ChargeClass"] == "", "a plan corrects no earlier bill"
        assert row["PricingQuantity"] and row["PricingUnit"], "required for usage and purchases"


def test_categories_and_currency_are_legal_values(rows):
    assert {row["ChargeCategory"] for row in rows} <= CHARGE_CATEGORIES
    assert {row["ServiceCategory"] for row in rows} <= SERVICE_CATEGORIES
    assert {row["BillingCurrency"] for row in rows} == {"EUR"}
    units = {(row["ChargeCategory"], row["PricingUnit"]) for row in rows}
    assert units == {("Purchase", "Units"), ("Usage", "Months")}, "names of the unit format"


def test_costs_are_decimals_and_periods_are_utc_months_end_exclusive(rows):
    for row in rows:
        assert all(DECIMAL.fullmatch(row[name]) for name in MANDATORY if name.endswith(("Cost", "Quantity")))
        for kind in ("BillingPeriod", "ChargePeriod"):
            start, end = row[f"{kind}Start"], row[f"{kind}End"]
            assert INSTANT.fullmatch(start) and INSTANT.fullmatch(end) and start < end
            assert start[8:10] == end[8:10] == "01"


def test_every_row_says_that_it_is_planned_and_where_it_comes_from(result, rows):
    assert {row["x_IsPlanned"] for row in rows} == {"true"}
    assert {row["x_CatalogVersion"] for row in rows} == {result.catalog_version}
    assert {row["x_Seed"] for row in rows} == {str(result.seed)}
    assert {row["x_Scenario"] for row in rows} == {"mean"}
    recommended = {row["x_OptionId"] for row in rows if row["x_IsRecommended"] == "true"}
    assert recommended == {result.recommendation.option_id}


def test_one_row_per_option_line_and_month_and_the_rows_add_up_to_the_line(result, rows):
    keys = [(row["x_OptionId"], row["x_CostLine"], row["x_PlanMonth"]) for row in rows]
    assert len(keys) == len(set(keys))
    sums = defaultdict(float)
    for row in rows:
        sums[row["x_OptionId"], row["x_CostLine"]] += float(row["x_DiscountedCost"])
    horizon = plan_of(result).horizon_months
    for option in result.options:
        for line in option.cost.lines:
            assert sums[option.id, line.name] == pytest.approx(line.mean, abs=horizon * 1e-6)
    assert math.fsum(sums.values()) > 0


def test_a_name_with_comma_and_quote_is_quoted(result):
    name = 'Claims, "letters"\nsecond line'
    named = result.model_copy(update={"case": result.case.model_copy(update={"name": name})})
    content = focus_csv(named).decode()
    assert '"Claims, ""letters""\nsecond line"' in content
    assert {row["BillingAccountName"] for row in csv.DictReader(io.StringIO(content, newline=""))} == {name}
    assert content.startswith(",".join(COLUMNS) + "\r\n")


def test_german_is_for_people_and_leaves_the_machine_columns(result, rows):
    german = list(csv.DictReader(io.StringIO(focus_csv(result, "de").decode(), newline="")))
    assert {row["ServiceName"] for row in german} >= {"Einbindung"}
    for name in ("x_CostLine", "ServiceCategory", "ChargeCategory", "BilledCost"):
        assert [row[name] for row in german] == [row[name] for row in rows]

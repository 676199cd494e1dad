"""The planned cost lines as a FOCUS 1.2 table (FinOps Open Cost and Usage Specification), one CSV.

Enter at `focus_csv`. A plan is no bill: `x_IsPlanned` says so in every row, and the other own columns (`x_`)
name option, scenario, catalogue version and seed. One row per option, cost line and month with a payment.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date

from advisor.contracts.assessment import Assessment, Option
from advisor.exports.schedule import Payments, Plan, month_start, plan_of, schedule_of
from advisor.phrases import LINES, Language, title

FOCUS_VERSION = "1.2"
MANDATORY = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
)  # fmt: skip
"""The columns that the specification makes mandatory, in its order (alphabetical)."""
OWN = (
    "x_AssessmentId", "x_CatalogVersion", "x_CostLine", "x_DiscountedCost", "x_FocusVersion", "x_IsFeasible",
    "x_IsPlanned", "x_IsRecommended", "x_OptionId", "x_OptionKind", "x_Phase", "x_PlanMonth", "x_Rank",
    "x_Scenario", "x_Seed",
)  # fmt: skip
"""Columns of our own, alphabetical behind the others."""
COLUMNS = (*MANDATORY, *OWN)
SCENARIO = "mean"
"""The months carry means: they add up over lines, medians do not."""
CATEGORIES = {
    "integration": "Integration",
    "data_preparation": "Analytics",
    "annotation": "AI and Machine Learning",
    "training_compute": "AI and Machine Learning",
    "training_staff": "AI and Machine Learning",
    "hardware": "Compute",
    "hardware_upkeep": "Compute",
    "retrieval_setup": "Databases",
    "retrieval": "Databases",
    "inference": "AI and Machine Learning",
    "electricity": "Compute",
    "monitoring": "Management and Governance",
    "operations_staff": "Management and Governance",
    "refresh": "AI and Machine Learning",
    "storage": "Storage",
    "security": "Security",
    "migration": "Migration",
}
"""ServiceCategory of a line, a legal value of the specification; `Other` for lines that are no technology."""
OWN_COMPANY = "Own company (planned)"
"""Provider of what the company does itself."""


def focus_csv(result: Assessment, language: Language = "en") -> bytes:
    """All options of the assessment as one table; UTF-8, comma, CRLF, quotes where needed (RFC 4180)."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    plan = plan_of(result)
    for option in result.options:
        for payments in schedule_of(option, plan):
            writer.writerows(_rows(result, option, payments, plan, language))
    return stream.getvalue().encode()


def _rows(
    result: Assessment, option: Option, payments: Payments, plan: Plan, language: Language
) -> Iterator[dict[str, str]]:
    for month, (nominal, discounted) in enumerate(zip(payments.nominal, payments.discounted, strict=True)):
        if nominal:
            yield {
                **_what(result, option, payments, month, language),
                **_when(plan, month),
                **_money(nominal, option.cost.currency, payments.phase),
                **_own(result, option, payments, month, discounted),
            }


def _what(result: Assessment, option: Option, payments: Payments, month: int, language: Language) -> dict[str, str]:
    line = LINES[language].get(payments.name, payments.name.replace("_", " "))
    bought = payments.name in ("inference", "training_compute") and option.provider
    provider = option.provider if bought and option.provider else OWN_COMPANY
    return {
        "BillingAccountId": f"planned:{result.id}",
        "BillingAccountName": result.case.name,
        "ChargeCategory": "Purchase" if payments.phase == "one_off" else "Usage",
        "ChargeClass": "",
        "ChargeDescription": f"{line}: {title(option, language)}",
        "InvoiceIssuerName": provider,
        "ProviderName": provider,
        "PublisherName": provider,
        "ServiceCategory": CATEGORIES.get(payments.name, "Other"),
        "ServiceName": line,
    }


def _when(plan: Plan, month: int) -> dict[str, str]:
    start, end = month_start(plan, max(1, month)), month_start(plan, max(1, month) + 1)
    return {
        "BillingPeriodStart": _instant(start),
        "BillingPeriodEnd": _instant(end),
        "ChargePeriodStart": _instant(start),
        "ChargePeriodEnd": _instant(end),
    }


def _money(amount: float, currency: str, phase: str) -> dict[str, str]:
    """A plan knows one price: list, contract, bill and amortised cost are the same."""
    text, unit = f"{amount:.6f}", "Units" if phase == "one_off" else "Months"
    costs = dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), text)
    return {**costs, "BillingCurrency": currency, "PricingQuantity": "1", "PricingUnit": unit}


def _own(result: Assessment, option: Option, payments: Payments, month: int, discounted: float) -> dict[str, str]:
    return {
        "x_AssessmentId": result.id,
        "x_CatalogVersion": result.catalog_version,
        "x_CostLine": payments.name,
        "x_DiscountedCost": f"{discounted:.6f}",
        "x_FocusVersion": FOCUS_VERSION,
        "x_IsFeasible": str(option.feasible).lower(),
        "x_IsPlanned": "true",
        "x_IsRecommended": str(option.id == result.recommendation.option_id).lower(),
        "x_OptionId": option.id,
        "x_OptionKind": option.kind,
        "x_Phase": payments.phase,
        "x_PlanMonth": str(month),
        "x_Rank": str(option.rank),
        "x_Scenario": SCENARIO,
        "x_Seed": str(result.seed),
    }


def _instant(day: date) -> str:
    """A day's beginning as the specification writes instants: ISO 8601, UTC."""
    return f"{day.isoformat()}T00:00:00Z"

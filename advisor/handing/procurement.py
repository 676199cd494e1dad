"""What to buy, for options whose model a provider runs: settings of the client, prices with date, what to settle first.

Enter at `procurement_files`. No key stands in any file; the client reads it from the environment.
"""

from typing import Any

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.catalog import ApiModelRow, Catalog
from advisor.handing.figures import assumed, spread
from advisor.handing.yaml_text import yaml_text

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1/",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai/",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "ovhcloud": "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    "together": "https://api.together.xyz/v1",
}
"""Provider in the price list -> address that the OpenAI client takes."""
PRICES = ("input_usd_per_mtok", "cached_usd_per_mtok", "output_usd_per_mtok", "batch_multiplier")
TUNING_FORMAT = "JSONL, one conversation a line under the key `messages`"


def procurement_files(assessment: Assessment, option: Option, catalog: Catalog) -> dict[str, str]:
    """`procurement.yaml` and `client.yaml`."""
    row = lookup.api_model(catalog, option.model or "")
    return {
        "procurement.yaml": yaml_text(_procurement(assessment, option, row)),
        "client.yaml": yaml_text(_client(row)),
    }


def key_variable(row: ApiModelRow) -> str:
    """Environment variable that the client reads the key from."""
    return f"{row.price_provider.upper().replace('-', '_')}_API_KEY"


def _client(row: ApiModelRow) -> dict[str, Any]:
    return {
        "base_url": BASE_URLS.get(row.price_provider),
        "model": row.price_model,
        "api_key_from": key_variable(row),
        "context_tokens": row.context_tokens,
        "timeout_s": 60,
        "max_retries": 3,
    }


def _procurement(assessment: Assessment, option: Option, row: ApiModelRow) -> dict[str, Any]:
    by_name = {item.name: item for item in assessment.assumptions}
    names = [name for name in (f"{price}.{option.id}" for price in PRICES) if name in by_name]
    prices: dict[str, Any] = {name.partition(".")[0]: by_name[name].value for name in names}
    if names:
        prices |= {"source": by_name[names[0]].source, "as_of": by_name[names[0]].as_of}
    volume = spread(assessment, "requests_per_month")
    total, lines = option.cost.total, {line.name: line for line in option.cost.lines}
    document: dict[str, Any] = {
        "option": option.id,
        "provider": row.price_provider,
        "model": row.price_model,
        "prices": prices,
        "volume": {
            "requests_per_month": volume.model_dump(exclude_none=True),
            "growth_per_year_fraction": assumed(assessment, "growth_per_year_fraction"),
            "input_tokens_per_request": assumed(assessment, "input_tokens_per_request"),
            "output_tokens_per_request": assumed(assessment, "output_tokens_per_request"),
            "peak_to_mean_ratio": assumed(assessment, "peak_to_mean_ratio"),
        },
        "residency": {
            "needed": assessment.case.data.residency or "any",
            "offered": list(row.residency),
            "countries": list(row.countries),
            "eu_price_multiplier": row.eu_price_multiplier,
        },
        "sensitivity": assessment.case.data.sensitivity,
        "retires": row.retires,
        "retrieval": option.retrieval,
        "forecast": {
            "currency": option.cost.currency,
            "total": total.model_dump(exclude_none=True),
            "inference": {name: getattr(lines["inference"], name) for name in ("p5", "p50", "p95", "mean")},
            "quality_fraction": option.quality.score_fraction.model_dump(exclude_none=True),
            "energy_kwh": option.energy.kwh.model_dump(exclude_none=True) if option.energy.kwh is not None else None,
        },
        "open_gates": [gate.rule for gate in option.gates if gate.passed is None],
        "failed_gates": [gate.rule for gate in option.gates if gate.passed is False],
    }
    if option.kind == "proprietary_api_tuned":
        document["tuning"] = {
            "format": TUNING_FORMAT,
            "examples": assumed(assessment, "labelled_examples"),
            "epochs": assumed(assessment, "fine_tuning_epochs"),
            "usd_per_mtok": row.tuning_usd_per_mtok,
        }
    return document

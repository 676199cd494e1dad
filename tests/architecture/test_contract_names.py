"""A quantity's name ends in its unit: every number in every contract, walked."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest

import advisor.contracts
from advisor.contracts.base import AmountRange, Contract, Interval, ShareRange

UNITS = (
    "usd|eur|tokens|requests|mwh|kwh|wh|j|w|kw|kgco2e|gco2e|h|hours|s|ms|minutes|months|years|gib|bytes|flop|params"
    "|g|l|parameters|fte|fraction|ratio|multiplier|steps|epochs|examples|pairs|sequences|completions|items|servers|threads"
    "|words|characters|nats"
)
UNIT = re.compile(rf"(^|_)({UNITS})(_per_[a-z0-9_]+)?(_p\d+|_before|_after|_by_hand|_location|_market)*$")
"""A unit, alone or at the end; behind it at most `per` something, a quantile, or which of two states."""

WITHOUT_UNIT = {
    "the class is the quantity; whoever holds it names the unit": {
        "p5", "p50", "p95", "mean", "low", "central", "high", "low_effect", "high_effect", "difference",
        "before", "after", "by", "given", "needed", "threshold", "from_value", "to_value", "values",
        "value", "actual", "detectable", "so_far", "at_end", "forecast_p5", "forecast_p50", "forecast_p95", "metrics",
        "posterior",
    },
    "money in the currency that the contract states beside it": {
        "cost", "cost_per_hour", "cost_per_request", "error_cost_per_request", "evpi", "evppi", "expected_regret",
        "cost_per_year", "error_cost_per_year", "gross_per_year",
        "exit_cost", "measurement_cost", "net_worth", "p95_regret", "pilot_cost", "regret_p95", "saving_over_best",
        "total", "total_after", "total_before", "total_p50", "upfront",
    },
    "a probability, named p_": {
        "p_adjusted", "p_best", "p_best_after", "p_best_before", "p_meets_quality", "p_triggered", "p_value",
        "p_within_budget",
    },
    "a count of what the name says": {
        "answered", "cached", "clusters", "count", "cpu_count", "first_wins", "second_wins", "ties", "unreadable",
        "wrong_per_year", "accelerator_count", "dense_layers", "devices_per_server", "draws",
        "drop_from_terms", "errors",
        "experts_per_token", "fitting_counts", "line", "n", "num_layers", "num_heads", "num_kv_heads",
        "paraphrases_per_example", "pipeline_parallel",
        "position_embeddings", "refreshes_per_year", "refused", "resumed", "samples", "shared_experts", "sobol_draws",
        "tensor_parallel",
    },
    "a pure number by the name that the field gives it": {
        "alpha", "beta", "dense_ffn_size", "embedding_size", "ffn_size", "head_dim", "hidden_size", "kl_beta",
        "kv_latent_size",
        "learning_rate", "lora_rank", "loss_first", "loss_last", "query_latent_size", "rank", "rope_head_dim", "seed",
        "value_head_dim", "vocab_size",
    },
    "a place in an order": {"month", "position", "rank_after", "rank_before", "reason", "sequence", "step", "version"},
    "a standard deviation of a natural logarithm": {"spread_ln"},
    "a point on a scale of 0 to 10": {
        "bias_control", "energy_saving", "explainability", "flips_at_0_10", "model_control", "score_0_10",
        "vendor_independence", "personal_data_add", "value_0_10", "weight_0_10",
    },
    "a share of one, on the case's metric": {"quality_after", "quality_before"},
    "a name that tools outside rely on": {"kg_co2e_embodied", "kg_co2e_location", "kg_co2e_market"},
    "a number that the system gives": {"process_id"},
    "a calendar year": {"market_year", "year"},
    "a key of the published runs, which tools outside write": {
        "active_params_b", "batch", "batch_or_concurrency", "input_len", "mfu",
        "output_len", "params_b", "seq_len", "tco2e", "tokens_b",
    },
    "an amount of the unit that its name begins with": {"hours_between_stops"},
}  # fmt: skip
ALLOWED = set().union(*WITHOUT_UNIT.values())


def contracts() -> list[type[Contract]]:
    """Every contract there is."""
    for module in pkgutil.iter_modules(advisor.contracts.__path__):
        importlib.import_module(f"advisor.contracts.{module.name}")

    def below(parent: type[Contract]) -> Iterator[type[Contract]]:
        for child in parent.__subclasses__():
            yield child
            yield from below(child)

    found = {child for child in below(Contract) if child.__module__.startswith("advisor.contracts.")}
    return sorted(found, key=lambda contract: contract.__qualname__)


def is_quantity(annotation: Any) -> bool:
    """Whether a number can stand in a field of this type."""
    if get_origin(annotation) is Literal:
        return False
    if get_origin(annotation) is Annotated:
        return is_quantity(get_args(annotation)[0])
    if get_args(annotation):
        return any(is_quantity(part) for part in get_args(annotation))
    return annotation in (int, float, Interval, AmountRange, ShareRange)


def quantities(contract: type[Contract]) -> list[str]:
    """Names of the fields that hold numbers."""
    return [name for name, field in contract.model_fields.items() if is_quantity(field.annotation)]


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.__qualname__)
def test_a_quantity_says_its_unit_in_its_name(contract):
    nameless = [
        name
        for name in quantities(contract)
        if not UNIT.search(name) and not name.startswith("num_") and name not in ALLOWED
    ]
    assert not nameless, f"{contract.__qualname__}: end the name in its unit, or add it with a reason: {nameless}"


def test_every_exception_is_still_needed():
    used = {name for contract in contracts() for name in quantities(contract)}
    assert used >= ALLOWED, f"no contract has these any more: {sorted(ALLOWED - used)}"
    assert not {name for name in ALLOWED if UNIT.search(name)}


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("energy_j", True),
        ("ttft_ms_p95", True),
        ("electricity_price_eur_per_kwh", True),
        ("tokens", True),
        ("energy", False),
        ("price_percent", False),
        ("bandwidth", False),
    ],
)
def test_the_rule_tells_a_name_with_unit_from_one_without(name, passes):
    assert bool(UNIT.search(name)) is passes


def test_every_contract_is_frozen_typo_proof_and_described():
    for contract in contracts():
        assert contract.model_config["frozen"] and contract.model_config["extra"] == "forbid", contract
        assert contract.__doc__, contract

"""What the law and the licence make of an option, computed from its plan: roles, thresholds, transfers, power.

Enter at `facts_of`. Thresholds are rows of `data/legal.yml`; the outcome is a condition that picks a row of the risk
register, and the figures of its sentence. For orientation, no legal advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.core.candidates import Candidate
from advisor.core.compute import flop_per_token
from advisor.core.costing import Outcome
from advisor.core.energy import it_power_kw
from advisor.core.gates.finding import Large, Limits, Share, Value
from advisor.core.order import median_of
from advisor.core.project import example_count
from advisor.core.sampling import Design, median_in
from advisor.input_rows import citation

GERMANY = "DE"
TUNED_KINDS = ("fine_tune_lora", "fine_tune_full", "domain_adaptation")


@dataclass(frozen=True)
class Fact:
    """The condition that holds for a risk, and its figures."""

    condition: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def facts_of(
    catalog: Catalog, option: Candidate, outcome: Outcome, x: Design, limits: Limits, country: str
) -> dict[str, Fact]:
    """All computed facts by the name of their risk."""
    if option.kind == "status_quo":
        return {}
    score = outcome.median("quality")
    return {
        "hallucination": Fact(values={"quality": Share(score), "wrong": Share(1.0 - score)}),
        "licence": _licence(option, limits),
        "ai_act_role": _ai_act(catalog, option, outcome, x),
        "gdpr_transfer": _transfer(catalog, option),
        "energy_law": _energy_law(catalog, option, outcome, x, country),
    }


def base_model_flop(catalog: Catalog, option: Candidate) -> float | None:
    """Training compute of the base model, 6 N D; None where its tokens are not published.

    C = 6 N D, N the parameters that a token meets, D the tokens of pre-training
    units: parameters, tokens -> FLOP.   source: Kaplan et al. 2020; indicative method of the Commission's guidelines.
    validity: attention is left out, at most some per cent at usual lengths.
    """
    row = lookup.base_model(catalog, option.model or "")
    if row.training_tokens is None:
        return None
    return float(flop_per_token(row.active_parameters, trained="all")) * row.training_tokens


def _licence(option: Candidate, limits: Limits) -> Fact:
    name = option.licence or option.provider
    if name is None:
        return Fact("own")
    if not option.commercial_use:
        return Fact("forbidden", {"name": name})
    term = limits.output_terms.get(name)
    if term is None or term.commercial_use is None:
        return Fact("unknown", {"name": name})
    source = (f"{term.origin.source}, {term.origin.as_of}",)
    return Fact(term.training_use if term.commercial_use else "forbidden", {"name": name}, source)


def _ai_act(catalog: Catalog, option: Candidate, outcome: Outcome, x: Design) -> Fact:
    if option.training is None:
        return Fact("deployer")
    flop = median_of(outcome.training_flop)
    share = _legal(catalog, "ai_act_modifier_fraction")
    fallback = _legal(catalog, "ai_act_unknown_original_flop")
    if option.kind in TUNED_KINDS:
        original = base_model_flop(catalog, option)
        known = original is not None
        against = fallback if original is None else original
        side = "above" if flop > share * against else "below"
        values: dict[str, Value] = {"flop": Large(flop), "original": Large(against), "ratio": Share(flop / against)}
        return Fact(f"modifier_{side}" if known else f"modifier_unknown_{side}", values)
    if option.kind == "proprietary_api_tuned":
        per_example = x["input_tokens_per_request"] + x["output_tokens_per_request"]
        tokens = median_of(example_count(option.training, x) * per_example * x["fine_tuning_epochs"])
        params = share * fallback / float(flop_per_token(tokens, trained="all"))
        return Fact(
            "tuned_by_provider", {"tokens": Large(tokens), "original": Large(fallback), "params": Large(params)}
        )
    gpai, systemic = _legal(catalog, "ai_act_gpai_indicative_flop"), _legal(catalog, "ai_act_systemic_risk_flop")
    condition = "own_systemic" if flop >= systemic else "own_gpai" if flop >= gpai else "own_small"
    return Fact(condition, {"flop": Large(flop), "gpai": Large(gpai), "systemic": Large(systemic)})


def _transfer(catalog: Catalog, option: Candidate) -> Fact:
    if not option.is_hosted_by_others:
        return Fact("own")
    if "eu" in option.residency:
        return Fact("processor_eu", sources=(_cited(catalog, "gdpr_transfer_article"),))
    year = _legal(catalog, "dpf_decision_year")
    return Fact("third_country", {"dpf": f"{year:.0f}"}, (_cited(catalog, "gdpr_transfer_article"),))


def _energy_law(catalog: Catalog, option: Candidate, outcome: Outcome, x: Design, country: str) -> Fact:
    hosting = option.hosting
    if hosting is None:
        return Fact("provider")
    drawn = it_power_kw(
        outcome.peak_devices,
        x[f"tdp_w.{hosting.accelerator}"],
        load_fraction=1.0,
        idle_power_fraction=x["idle_power_fraction"],
        busy_power_fraction=x["busy_power_fraction"],
        server_power_ratio=x["server_power_ratio"],
    )
    pue = median_in(x, "pue_ratio")
    kilowatts, limit = median_of(drawn * x["pue_ratio"]), _legal(catalog, "enefg_data_centre_kw")
    values: dict[str, Value] = {
        "power": kilowatts,
        "limit": limit,
        "pue": pue,
        "pue_new": _legal(catalog, "enefg_pue_new_ratio"),
    }
    if not hosting.bought:
        return Fact("rented", values)
    if country != GERMANY:
        return Fact("elsewhere", values)
    return Fact("above" if kilowatts >= limit else "below", values)


def _legal(catalog: Catalog, name: str) -> float:
    return lookup.legal(catalog, name).value


def _cited(catalog: Catalog, name: str) -> str:
    row = lookup.legal(catalog, name)
    return f"{citation(row, catalog)}, {row.as_of}: {row.text}"

"""Speed, latency, power and energy of serving a model, as intervals.

Enter at `estimate_serving`. One central design, coefficients drawn once per part and engine, lengths that the request
leaves out drawn from priors, and one residual per class of request that speed, latency and energy share.
"""

import zlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from advisor.catalog import lookup
from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog, Parameter
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import EstimateAssumption, ServingEstimate, ServingRequest
from advisor.core.sampling import Input, quantile
from advisor.core.serving_power import node_power_w
from advisor.estimate.serving_coefficients import POWER, PREFIX, names_for, power_fit, step_fit
from advisor.estimate.serving_figures import Draws, figures_of
from advisor.estimate.serving_plan import ServingPlan, plan_of

Array = NDArray[np.float64]
P5, P50, P95 = 5.0, 50.0, 95.0
JOULES_PER_WH = 3600.0
MS_PER_S = 1e3
WELL_FITTED = ("h100", "a100")
FAR_GENERATIONS = ("amd", "cpu", "other")


def estimate_serving(request: ServingRequest, catalog: Catalog, *, draws: int = 1000, seed: int = 0) -> ServingEstimate:
    """P5, P50 and P95 of every figure that the request says enough for.

    Raises:
        BadInput: model or accelerator cannot be known, or the model or the batch does not fit in memory.
    """
    if request.kind == "api_energy":
        return _hosted_estimate(request, catalog, draws, seed)
    plan = plan_of(request, catalog)
    found = drawn_figures(plan, request.kind, catalog, draws=draws, seed=seed)
    return _answer(request, plan, found)


def drawn_figures(plan: ServingPlan, kind: str, catalog: Catalog, *, draws: int, seed: int) -> dict[str, Array]:
    """The draws behind an estimate, residuals included."""
    names = (*names_for(plan.generation, plan.engine.maturity), *POWER)
    values = {name: _draw(catalog, PREFIX + name, draws, seed) for name in names}
    fit_of_step = step_fit(values, plan.generation, plan.engine.maturity)
    found = figures_of(plan, fit_of_step, power_fit(values), draws_of(plan, kind, catalog, draws=draws, seed=seed))
    ratio = _draw(catalog, f"{PREFIX}residual_ratio.{residual_class(plan)}", draws, seed)
    first = _draw(catalog, f"{PREFIX}residual_ratio.prompt", draws, seed)
    watts = _draw(catalog, f"{PREFIX}residual_ratio.power", draws, seed)
    if kind == "power":
        watts = watts * node_power_w(1.0, _draw(catalog, "server_power_ratio", draws, seed))
    effect = {
        "output_rate": ratio,
        "total_rate": ratio,
        "prefill_rate": ratio * first,
        "tpot_s": 1.0 / ratio,
        "ttft_s": 1.0 / (ratio * first),
        "power_w": watts,
        "token_j": watts / ratio,
        "request_j": watts / ratio,
    }
    return {name: np.broadcast_to(value * effect.get(name, 1.0), (draws,)) for name, value in found.items()}


def residual_class(plan: ServingPlan) -> str:
    """Under which residual a request falls: how near it is to what the coefficients were fitted on."""
    if plan.engine.wide or plan.generation in FAR_GENERATIONS or not plan.part.is_listed:
        return "far"
    if plan.has_experts:
        return "experts"
    return "dense" if plan.generation in WELL_FITTED else "dense_transferred"


def draws_of(plan: ServingPlan, kind: str, catalog: Catalog, *, draws: int, seed: int) -> Draws:
    """What varies beside the coefficients; central values alone for a single draw."""

    def drawn(name: str) -> Array:
        return _draw(catalog, name, draws, seed)

    def length(given: float, prior: Parameter | None) -> Array | float:
        return given if prior is None else drawn(prior.name)

    loaded_to_target = kind == "latency" and plan.batch is None
    return Draws(
        input_tokens=length(plan.input_tokens, plan.input_prior),
        output_tokens=length(plan.output_tokens, plan.output_prior),
        usable_ratio=drawn(f"{PREFIX}usable_memory_ratio.{plan.engine.kind}"),
        sequence_cap=drawn(f"{PREFIX}sequence_cap.{plan.engine.kind}"),
        acceptance_fraction=drawn(f"{PREFIX}acceptance_fraction"),
        queue_share=drawn(f"{PREFIX}queue_share_fraction"),
        wait_ratio=drawn(f"{PREFIX}wait_ratio"),
        interference_share=0.0 if kind == "energy" else 1.0,
        tpot_target_s=drawn(f"{PREFIX}tpot_target_s") if loaded_to_target else None,
    )


def _draw(catalog: Catalog, name: str, draws: int, seed: int) -> Array:
    """Draws of a parameter; its stream depends on seed and name alone. One draw is the central value."""
    row = parameters_by_name(catalog)[name]
    return _drawn(name, row.low, row.central, row.high, row.unit == "fraction", draws, seed)


@lru_cache(maxsize=4096)
def _drawn(name: str, low: float, central: float, high: float, is_fraction: bool, draws: int, seed: int) -> Array:
    if draws == 1:
        return np.array([central])
    item = Input(name, low, central, high, "", "catalogue", "", None, is_fraction)
    stream = np.random.default_rng([seed, zlib.crc32(name.encode())])
    values = quantile(item, stream.standard_normal(draws))
    values.setflags(write=False)
    return values


_TABLES: dict[int, tuple[Catalog, Mapping[str, Parameter]]] = {}


def parameters_by_name(catalog: Catalog) -> Mapping[str, Parameter]:
    """The catalogue's parameters as a table, made once per catalogue."""
    known = _TABLES.get(id(catalog))
    if known is None or known[0] is not catalog:
        names = {row.name for row in catalog.parameters}
        known = (catalog, {name: lookup.parameter(catalog, name) for name in names})
        _TABLES.clear()
        _TABLES[id(catalog)] = known
    return known[1]


def _interval(values: Array, scale: float = 1.0) -> Interval:
    low, middle, high = np.percentile(values, (P5, P50, P95)) * scale
    return Interval(p5=float(low), p50=float(middle), p95=float(high))


def _answer(request: ServingRequest, plan: ServingPlan, found: Mapping[str, Array]) -> ServingEstimate:
    only_prompt = request.output_len == 1
    batch = float(np.median(found["batch"]))
    notes = list(plan.assumptions)
    if plan.batch is None:
        why = "what memory and engine hold" if request.kind != "latency" else "what a usual time per token allows"
        notes.append(EstimateAssumption(name="batch_or_concurrency", value=batch, source=why))
    watts, joules = found.get("power_w"), found.get("token_j")
    return ServingEstimate(
        id=request.id,
        assumptions=tuple(notes),
        warnings=plan.warnings,
        ttft_ms=_interval(found["ttft_s"], MS_PER_S),
        tpot_ms=None if only_prompt else _interval(found["tpot_s"], MS_PER_S),
        output_tokens_per_s=None if only_prompt else _interval(found["output_rate"]),
        prefill_tokens_per_s=_interval(found["prefill_rate"]),
        total_tokens_per_s=None if only_prompt else _interval(found["total_rate"]),
        power_w=None if watts is None else _interval(watts),
        power_boundary=None if watts is None else ("node" if request.kind == "power" else "accelerator"),
        energy_j_per_output_token=None if joules is None or only_prompt else _interval(joules),
        energy_wh_per_request=None if joules is None else _interval(found["request_j"], 1.0 / JOULES_PER_WH),
        batch=batch * plan.scale,
    )


def _hosted_estimate(request: ServingRequest, catalog: Catalog, draws: int, seed: int) -> ServingEstimate:
    """Energy of a request to a provider's service: an assumed model class on assumed accelerators, widely spread."""
    table = parameters_by_name(catalog)
    size = table[f"{PREFIX}hosted_params_b"].central
    load = table[f"{PREFIX}hosted_batch"].central
    stand_in = request.model_copy(
        update={
            "kind": "energy",
            "params_b": request.params_b or size,
            "accelerator": request.accelerator or HOSTED_ACCELERATOR,
            "accelerator_count": request.accelerator_count or HOSTED_DEVICES,
            "precision": request.precision or HOSTED_PRECISION,
            "batch_or_concurrency": request.batch_or_concurrency or load,
        }
    )
    plan = plan_of(stand_in, catalog)
    if plan.part.tdp_w is None:
        raise BadInput(f"accelerator {plan.part.name}: tdp_w not known; give it in the request")
    found = drawn_figures(plan, "energy", catalog, draws=draws, seed=seed)
    wall = _draw(catalog, "server_power_ratio", draws, seed) * _draw(catalog, "pue_ratio.cloud", draws, seed)
    spread = _draw(catalog, f"{PREFIX}residual_ratio.hosted", draws, seed)
    assumed = [
        EstimateAssumption(name="params_b", value=plan.shape.params / 1e9, source="class of a provider's large model"),
        EstimateAssumption(name="accelerator", value=plan.part.name, source="usual part of a provider"),
        EstimateAssumption(name="batch_or_concurrency", value=plan.batch, source="moderate load"),
        EstimateAssumption(name="boundary", value="facility", source="accelerators times server and facility overhead"),
    ]
    return ServingEstimate(
        id=request.id,
        assumptions=(*plan.assumptions, *assumed),
        warnings=("a provider's service: model, parts and load are not published, so the interval is wide",),
        energy_j_per_output_token=_interval(found["token_j"] * wall * spread),
        energy_wh_per_request=_interval(found["request_j"] * wall * spread, 1.0 / JOULES_PER_WH),
    )


HOSTED_ACCELERATOR, HOSTED_DEVICES, HOSTED_PRECISION = "h100-sxm-80gb", 8, "fp8"

"""Estimates of training runs and steps: hours, speed, utilisation, memory, energy, carbon, money.

Enter at `estimate_training` and `estimate_memory`.
"""

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingEstimate, TrainingRequest
from advisor.core.compute import interruption_loss_fraction
from advisor.core.memory import BYTES_16_BIT, training_memory_bytes, weight_bytes
from advisor.core.rollout import generation_time_s
from advisor.core.training import token_time_s
from advisor.core.units import BYTES_PER_GIB, SECONDS_PER_HOUR
from advisor.estimate.coefficients import memory_fit, training_fit
from advisor.estimate.draws import Draws, draws_of, evaluated, interval
from advisor.estimate.footprint import Footprint, footprint_of
from advisor.estimate.kinds import FROM_TEXT, PLAIN_KINDS, RL_KINDS
from advisor.estimate.loads import Get, load_of
from advisor.estimate.serving_coefficients import generation_of
from advisor.estimate.setup import Setup, setup_of

Array = NDArray[np.float64]
DRAWS = 1000
REPLICA_SHARE = 0.6
"""Share of the memory that weights may take while answers are written."""
COUNTS = tuple(2**power for power in range(11))
SMALL_RUN_PARAMS = 1e9
"""Below it, single experiments and tuned demonstrations scatter far more than large runs."""


@dataclass(frozen=True)
class Speed:
    """Device-seconds per token: at central values, and relative to them in all draws."""

    central_s: float
    relative: Array


def estimate_training(
    request: TrainingRequest, catalog: Catalog, *, draws: int = DRAWS, seed: int = 0
) -> TrainingEstimate:
    """Everything that the request says enough for.

    Raises:
        BadInput: model or accelerator are missing or unknown.
    """
    pool = draws_of(catalog, draws=draws, seed=seed)
    setup = setup_of(request, pool)
    if request.kind == "memory":
        return _memory_only(request, setup, pool)
    steady = _step_speed(setup, pool)
    whole = _run_speed(setup, steady, pool)
    hours = _hours(request, setup, whole, pool)
    used = steady if hours is None else whole
    work = _model_flop_per_token(setup, pool)
    peak = setup.part.peak_flop_per_s if setup.part is not None and setup.part.peak_flop_per_s else float("nan")
    memory = _memory(setup, pool)
    footprint = Footprint() if hours is None else footprint_of(request, setup, hours[0], hours[1], pool)
    return TrainingEstimate(
        id=request.id,
        assumptions=(*setup.assumptions, *footprint.assumptions),
        warnings=setup.warnings,
        accelerator_hours=None if hours is None else interval(*hours),
        project_hours=None if hours is None else _project(setup, hours, pool),
        wall_hours=None
        if hours is None or request.accelerator_count is None
        else interval(hours[0] / setup.devices, hours[1]),
        tokens_per_s_per_gpu=interval(1.0 / steady.central_s, 1.0 / steady.relative),
        mfu=interval(work / (used.central_s * peak), 1.0 / used.relative),
        peak_mem_gib=memory,
        fits=_fits(request, setup, memory, pool, setup.devices),
        fitting_counts=_fitting_counts(request, setup, memory, pool),
        energy_mwh=footprint.energy_mwh,
        energy_boundary=footprint.energy_boundary,
        it_mwh=footprint.it_mwh,
        facility_mwh=footprint.facility_mwh,
        tco2e=footprint.tco2e,
        cost_usd=footprint.cost_usd,
        model_flop=None if setup.amount.tokens is None else work * setup.amount.tokens,
    )


def estimate_memory(
    request: TrainingRequest, catalog: Catalog, *, draws: int = DRAWS, seed: int = 0
) -> TrainingEstimate:
    """Peak memory of a device alone; no peak rate is needed.

    Raises:
        BadInput: the model's size is missing, or a named accelerator is unknown.
    """
    pool = draws_of(catalog, draws=draws, seed=seed)
    return _memory_only(request, setup_of(request, pool), pool)


def _memory_only(request: TrainingRequest, setup: Setup, pool: Draws) -> TrainingEstimate:
    memory = _memory(setup, pool)
    return TrainingEstimate(
        id=request.id,
        assumptions=setup.assumptions,
        warnings=setup.warnings,
        peak_mem_gib=memory,
        fits=_fits(request, setup, memory, pool, setup.devices),
        fitting_counts=_fitting_counts(request, setup, memory, pool),
    )


def _step_speed(setup: Setup, pool: Draws) -> Speed:
    """Steady state; reinforcement learning writes its answers in the same step."""

    def time(of: Get) -> Array:
        fit = training_fit(of, plain=setup.kind in PLAIN_KINDS and not setup.is_packed)
        trained = token_time_s(load_of(setup, pool, of), fit)
        if setup.kind not in RL_KINDS:
            return trained
        return np.asarray(trained + setup.generated_fraction * _generation(setup, pool, of))

    central, all_draws = evaluated(time, pool)
    return Speed(central, all_draws / central * pool.of(_residual(setup, whole_run=False)))


def _run_speed(setup: Setup, steady: Speed, pool: Draws) -> Speed:
    """The whole run: what failures, evaluation and slow stretches take, and the scatter of whole runs."""
    if setup.kind in FROM_TEXT:
        name = "training_run_efficiency_fraction"
        inner = steady.relative / pool.of(_residual(setup, whole_run=False))
        relative = inner * pool.of(_residual(setup, whole_run=True)) * pool.value(name) / pool.of(name)
        return Speed(steady.central_s / pool.value(name), relative)
    return steady


def _generation(setup: Setup, pool: Draws, of: Get) -> Array:
    load, shape = load_of(setup, pool, of), setup.shape
    return generation_time_s(
        params=shape.params,
        active_params=shape.active_params,
        num_layers=shape.num_layers,
        sequences_per_device=setup.rollouts_per_device or of(f"rollout_sequences_per_device.{setup.kind}"),
        devices_per_replica=_replica_devices(setup),
        sustained_flop_per_s=load.sustained_flop_per_s,
        bandwidth_bytes_per_s=load.bandwidth_bytes_per_s,
        bandwidth_efficiency_fraction=of(f"serving_bandwidth_efficiency_fraction.{generation_of(setup.part)}"),
        layer_overhead_s=of(f"rollout_layer_overhead_s.{setup.kind}"),
    )


def _replica_devices(setup: Setup) -> int:
    """Devices that hold one copy of the weights while answers are written: the next power of two.

    PPO of the classic frameworks gathers the weights on every device instead.
    """
    memory = setup.part.memory_bytes if setup.part is not None else None
    if memory is None or setup.kind == "ppo":
        return 1
    needed = BYTES_16_BIT * setup.shape.params / (REPLICA_SHARE * memory)
    return int(min(setup.devices, 2 ** max(0, ceil(log2(needed)))))


def _residual(setup: Setup, *, whole_run: bool) -> str:
    if setup.kind in RL_KINDS:
        return "training_residual_ratio.rl"
    if setup.kind in PLAIN_KINDS:
        return "training_residual_ratio.tuning"
    if not whole_run:
        return "training_residual_ratio.step"
    small = setup.shape.active_params < SMALL_RUN_PARAMS
    return f"training_residual_ratio.{'small_run' if small else 'run'}"


def _hours(request: TrainingRequest, setup: Setup, speed: Speed, pool: Draws) -> tuple[float, Array] | None:
    """Device-hours at central values and, relative to them, in all draws; None where the request asks for no run."""
    amount = setup.amount
    usual = amount.spread_input
    scatter = np.ones(pool.draws) if usual is None else pool.of(usual) / pool.value(usual)
    if amount.wall_hours is not None:
        return amount.wall_hours * setup.devices, scatter
    if amount.tokens is None:
        return None
    kept = 1.0
    if request.hours_between_stops is not None:
        lost = interruption_loss_fraction(
            request.hours_between_stops,
            checkpoint_hours=pool.value("checkpoint_hours"),
            restart_hours=pool.value("restart_hours"),
        )
        kept = 1.0 - float(lost)
        if kept <= 0:
            raise BadInput(
                f"hours_between_stops: {request.hours_between_stops} h leave no time to work between restarts of "
                f"{pool.value('restart_hours')} h; give a longer time, or reserved capacity"
            )
    return speed.central_s * amount.tokens / SECONDS_PER_HOUR / kept, speed.relative * scatter


def _model_flop_per_token(setup: Setup, pool: Draws) -> float:
    load = load_of(setup, pool)
    return float(np.asarray(load.matmul_flop) / setup.padding_ratio + np.asarray(load.attention_flop))


def _project(setup: Setup, hours: tuple[float, Array], pool: Draws) -> Interval:
    """Device-hours with everything around the final run."""
    name = f"development_factor.{'from_scratch' if setup.kind in FROM_TEXT else 'fine_tuning'}"
    factor = pool.value(name)
    return interval(hours[0] * factor, hours[1] * pool.of(name) / factor)


def _peak_bytes(setup: Setup, of: Get) -> Array:
    fit = memory_fit(of)
    if setup.weights_only:
        return np.asarray(weight_bytes(setup.shape, setup.plan, fit) + np.asarray(fit.fixed_bytes))
    return training_memory_bytes(setup.shape, setup.plan, fit)


def _memory(setup: Setup, pool: Draws) -> Interval:
    central, all_draws = evaluated(lambda of: _peak_bytes(setup, of), pool)
    several = setup.devices > 1 and setup.kind != "memory"
    residual = pool.of(f"memory_residual_ratio.{'several' if several else 'single'}")
    return interval(central / BYTES_PER_GIB, all_draws / central * residual)


def _fits(request: TrainingRequest, setup: Setup, memory: Interval, pool: Draws, count: int) -> bool | None:
    """Whether some layout on `count` devices keeps its high bound below their memory."""
    if setup.part is None or setup.part.memory_bytes is None:
        return None
    allowed = setup.part.memory_bytes * memory.p50 / memory.p95
    tight = request.model_copy(update={"accelerator_count": count, "memory_bytes": allowed})
    return float(_peak_bytes(setup_of(tight, pool), pool.value)) <= allowed


def _fitting_counts(request: TrainingRequest, setup: Setup, memory: Interval, pool: Draws) -> tuple[int, ...] | None:
    if setup.part is None or setup.part.memory_bytes is None:
        return None
    return tuple(count for count in COUNTS if _fits(request, setup, memory, pool, count))

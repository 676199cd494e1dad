"""The figures of a planned load from coefficients and draws: speed, latency, power, energy.

Enter at `figures_of`; the same code answers one central value and a thousand draws, and is what the fit calls.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.decode import StepFit
from advisor.core.serving import Steady, batch_limit, steady
from advisor.core.serving_power import PowerFit, accelerator_power_w
from advisor.estimate.serving_plan import ServingPlan

Array = NDArray[np.float64]
BISECTIONS = 14
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Draws:
    """What varies beside the coefficients; one number each, or one per draw."""

    input_tokens: ArrayLike
    output_tokens: ArrayLike
    usable_ratio: ArrayLike
    """Memory that weights and cache may take, over the printed one."""
    sequence_cap: ArrayLike
    """Most sequences that the engine keeps in flight per copy, or per device where each attends for itself."""
    acceptance_fraction: ArrayLike
    queue_share: ArrayLike
    """Share of the other sequences' prompts that a new one waits for at a stated concurrency."""
    wait_ratio: ArrayLike
    """Time to the first token under an open load, over the time in an empty queue."""
    interference_share: ArrayLike
    """Share of the prefills of others that the reported time per token contains."""
    tpot_target_s: ArrayLike | None = None
    """Time per token up to which a service is loaded; None: no limit but memory."""


def batch_of(plan: ServingPlan, fit: StepFit, draws: Draws) -> Array:
    """Sequences in flight per copy: the stated ones, or what memory, engine and latency target allow."""
    if plan.batch is not None:
        return np.asarray(plan.batch / plan.layout.copies, np.float64)
    held = np.asarray(draws.input_tokens, np.float64) + np.asarray(draws.output_tokens, np.float64) / 2.0
    limit = batch_limit(
        plan.shape,
        plan.device,
        plan.form,
        plan.layout,
        tokens_in_flight=held,
        usable_fraction=draws.usable_ratio,
    )
    seats = 1 if plan.layout.attention_is_split else plan.layout.devices
    room = np.maximum(1.0, np.minimum(limit, np.asarray(draws.sequence_cap, np.float64) * seats))
    return room if draws.tpot_target_s is None else _within_target(plan, fit, draws, room)


def _within_target(plan: ServingPlan, fit: StepFit, draws: Draws, room: Array) -> Array:
    """Largest batch up to the room whose time per token meets the target; the time rises with the batch."""
    low, high = np.ones_like(room), room
    for _ in range(BISECTIONS):
        middle = np.sqrt(low * high)
        speed = speed_of(plan, fit, draws, middle)
        late = time_per_token_s(plan, draws, speed) > np.asarray(draws.tpot_target_s, np.float64)
        low, high = np.where(late, low, middle), np.where(late, middle, high)
    return np.asarray(low)


def time_per_token_s(plan: ServingPlan, draws: Draws, speed: Steady) -> Array:
    """Step time per gained token plus the prefills of the others that fall between two tokens."""
    filling = 0.0 if plan.engine.prefills_elsewhere else np.maximum(speed.batch - 1.0, 0.0) * speed.fill_s
    between = np.asarray(draws.interference_share) * filling / np.asarray(draws.output_tokens, np.float64)
    return np.asarray(speed.step_s / speed.tokens_per_step + between)


def speed_of(plan: ServingPlan, fit: StepFit, draws: Draws, batch: ArrayLike) -> Steady:
    """Speed of one copy at a batch."""
    return steady(
        plan.shape,
        plan.device,
        plan.form,
        plan.layout,
        fit,
        batch=batch,
        input_tokens=draws.input_tokens,
        output_tokens=draws.output_tokens,
        cached_fraction=plan.cached_fraction,
        drafted=plan.engine.drafted_tokens,
        acceptance_fraction=draws.acceptance_fraction if plan.engine.drafted_tokens else 0.0,
        prefills_elsewhere=plan.engine.prefills_elsewhere,
    )


def figures_of(plan: ServingPlan, fit: StepFit, power: PowerFit, draws: Draws) -> dict[str, Array]:
    """Every figure that the request says enough for, under the name of its column; devices as reported."""
    batch = batch_of(plan, fit, draws)
    speed = speed_of(plan, fit, draws, batch)
    i, o = (np.asarray(v, np.float64) for v in (draws.input_tokens, draws.output_tokens))
    launches = np.asarray(fit.step_s) + plan.shape.num_layers * np.asarray(fit.layer_s)
    alone = speed.fill_s + launches
    rate = speed.requests_per_s * plan.layout.copies
    if plan.batch == 1.0:
        rate = speed.tokens_per_step / (speed.step_s * np.maximum(o, 1.0))
    found: dict[str, Array] = {"batch": batch * plan.layout.copies}
    first = alone + np.where(batch > 1.0, speed.step_s, 0.0)
    if plan.batch is not None:
        found["ttft_s"] = first + np.asarray(draws.queue_share) * np.maximum(batch - 1.0, 0.0) * speed.fill_s
    else:
        found["ttft_s"] = first * np.asarray(draws.wait_ratio)
    found["tpot_s"] = time_per_token_s(plan, draws, speed)
    found["output_rate"] = rate * o * plan.scale
    side = plan.reported_devices / plan.layout.devices
    found["prefill_rate"] = i / (speed.fill_s if plan.engine.prefills_elsewhere else alone) * side
    found["total_rate"] = rate * (i + o) * plan.scale
    if plan.engine.prefills_elsewhere and plan.output_prior is not None:
        found["total_rate"] = found["prefill_rate"]
    if plan.part.tdp_w is not None:
        per_device = batch / plan.layout.devices
        watts = accelerator_power_w(plan.part.tdp_w, power, batch_per_device=per_device) * plan.reported_devices
        found["power_w"] = np.asarray(watts)
        found["request_j"] = watts / (rate * plan.scale)
        found["token_j"] = watts / found["output_rate"]
    return found

"""From a serving request to what the formulas take: shape, device, format, layout, lengths, each assumption named.

Enter at `plan_of`.
"""

from dataclasses import dataclass, replace

import numpy as np

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog, Parameter
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import EstimateAssumption, ServingRequest
from advisor.core.decode import Device, Layout, NumberFormat
from advisor.core.serving import batch_limit, fewest_devices
from advisor.core.shapes import ModelShape
from advisor.estimate.parts import Part, part_of
from advisor.estimate.serving_coefficients import generation_of
from advisor.estimate.serving_text import Engine, engine_of, format_of
from advisor.estimate.shapes import shape_of

SHORT_ANSWER_TOKENS, LONG_ANSWER_TOKENS = 160, 1000
WIDE_DEVICES = 32
MANY_PER_DEVICE = 64
"""From so many sequences per device on, a latent cache is split by sequences, not copied to every device."""
ROOM_FOR_CACHE = 0.7
"""A copy is spread until its weights take at most this share of the memory, so that sequences fit beside them."""


@dataclass(frozen=True)
class ServingPlan:
    """One request, understood."""

    shape: ModelShape
    part: Part
    device: Device
    form: NumberFormat
    layout: Layout
    engine: Engine
    generation: str
    reported_devices: int
    """Devices that the figures refer to; fewer than the layout's for wide systems."""
    batch: float | None
    """Sequences in flight over all devices of the layout; None: memory decides."""
    input_prior: Parameter | None
    """Prior of the prompt length where the request says none."""
    output_prior: Parameter | None
    input_tokens: float
    output_tokens: float
    cached_fraction: float
    assumptions: tuple[EstimateAssumption, ...]
    warnings: tuple[str, ...]

    @property
    def scale(self) -> float:
        """Reported devices over those of the layout."""
        return self.reported_devices / self.layout.total

    @property
    def has_experts(self) -> bool:
        """True for mixtures of experts."""
        return self.shape.active_params < 0.95 * self.shape.params


def plan_of(request: ServingRequest, catalog: Catalog) -> ServingPlan:
    """The plan of a request.

    Raises:
        BadInput: model or accelerator cannot be known, or the model or the batch does not fit in memory.
    """
    part = part_of(request, catalog)
    shape, assumed = shape_of(request, catalog)
    engine = engine_of(request.engine)
    form = format_of(request.precision, engine)
    notes, warnings = list(assumed), []
    if request.precision is None:
        notes.append(EstimateAssumption(name="precision", value="bf16", source="usual format of released weights"))
    if not engine.stated:
        notes.append(EstimateAssumption(name="engine", value="vllm", source="most used server"))
    if not part.is_listed:
        warnings.append(f"accelerator {part.name}: known by its datasheet alone, so the interval is wide")
    device = device_of(part, request)
    count = request.accelerator_count or 1
    if request.accelerator_count is None:
        notes.append(EstimateAssumption(name="accelerator_count", value=1.0, source="one device"))
    input_prior, output_prior = _length_priors(request, catalog)
    input_tokens = request.input_len or (input_prior.central if input_prior else 0.0)
    output_tokens = request.output_len or (output_prior.central if output_prior else 0.0)
    for name, prior in (("input_len", input_prior), ("output_len", output_prior)):
        if prior is not None:
            text = f"prior {prior.low:g} to {prior.high:g} tokens ({prior.name})"
            notes.append(EstimateAssumption(name=name, value=prior.central, source=text))
    usable = lookup.parameter(catalog, f"serving_usable_memory_ratio.{engine.kind}").high
    least_input = input_prior.low if input_prior else input_tokens
    held = least_input + (output_prior.low if output_prior else output_tokens) / 2.0
    layout = _layout(shape, device, form, engine, count, request.batch_or_concurrency, usable)
    if layout.total != count:
        notes.append(
            EstimateAssumption(name="system_devices", value=float(layout.total), source="wide expert parallel")
        )
    plan = ServingPlan(
        shape=shape,
        part=part,
        device=device,
        form=form,
        layout=layout,
        engine=engine,
        generation=generation_of(part),
        reported_devices=count,
        batch=_batch(request, engine, layout, count),
        input_prior=input_prior,
        output_prior=output_prior,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_fraction=request.cached_input_fraction or 0.0,
        assumptions=tuple(notes),
        warnings=tuple(warnings),
    )
    return _checked(plan, usable, held)


def device_of(part: Part, request: ServingRequest | None = None) -> Device:
    """The part's figures for the formulas.

    Raises:
        BadInput: peak, bandwidth or memory is not known.
    """
    needed = {
        "peak_flop_per_s": part.peak_flop_per_s,
        "bandwidth_bytes_per_s": part.bandwidth_bytes_per_s,
        "memory_bytes": part.memory_bytes,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise BadInput(f"accelerator {part.name}: {', '.join(missing)} not known; give it in the request")
    given = {name: float(value) for name, value in needed.items() if value is not None}
    return Device(
        **given,
        peak_fp8_flop_per_s=part.peak_fp8_flop_per_s,
        peak_fp4_flop_per_s=part.peak_fp4_flop_per_s,
        link_bytes_per_s=part.link_bytes_per_s,
    )


def _length_priors(request: ServingRequest, catalog: Catalog) -> tuple[Parameter | None, Parameter | None]:
    """Priors of the lengths that are not given: short answers go with long texts to read."""
    answer = request.output_len
    output = None if answer else lookup.parameter(catalog, "serving_output_tokens")
    if request.input_len is not None:
        return None, output
    if answer is None or SHORT_ANSWER_TOKENS < answer <= LONG_ANSWER_TOKENS:
        kind = "chat"
    else:
        kind = "short_answer" if answer <= SHORT_ANSWER_TOKENS else "long_answer"
    return lookup.parameter(catalog, f"serving_input_tokens.{kind}"), output


def _layout(
    shape: ModelShape,
    device: Device,
    form: NumberFormat,
    engine: Engine,
    count: int,
    batch: float | None,
    usable: float,
) -> Layout:
    """Stated degrees first; else one copy for a stated load, and as many copies as memory allows for any load."""
    if engine.wide:
        return Layout(max(engine.expert or WIDE_DEVICES, count), attention_is_split=False)
    if engine.splits_experts_alone:
        return Layout(count, attention_is_split=False)
    if engine.kind == "llamacpp":
        return Layout(count, stages=count)
    stages = engine.stages or 1
    stated = max(engine.tensor or 1, engine.expert or 1) * stages
    if stated > 1 or engine.tensor is not None:
        devices = min(count, stated)
        together = batch is not None or engine.kind != "tensorrt" or not shape.num_experts or stages > 1
        return Layout(devices, max(1, count // devices), together, stages=min(stages, devices))
    if batch is not None:
        return Layout(count, attention_is_split=shape.kv_latent_size is None or batch < MANY_PER_DEVICE * count)
    need = fewest_devices(shape, device, form, tokens_in_flight=1.0, usable_fraction=usable * ROOM_FOR_CACHE)
    devices = min(count, need or count)
    while count % devices:
        devices += 1
    return Layout(devices, count // devices, attention_is_split=shape.kv_latent_size is None)


def _batch(request: ServingRequest, engine: Engine, layout: Layout, count: int) -> float | None:
    if request.batch_or_concurrency is not None:
        return request.batch_or_concurrency * layout.total / count
    if engine.kind == "llamacpp" or (request.input_len is not None and request.output_len == 1):
        return 1.0
    return None


def _checked(plan: ServingPlan, usable: float, held: float) -> ServingPlan:
    """The plan when it fits; a batch beyond memory is cut with a warning where the shape is only typical."""
    limit = float(
        batch_limit(plan.shape, plan.device, plan.form, plan.layout, tokens_in_flight=held, usable_fraction=usable)
    )
    per_copy = (plan.batch or 1.0) / plan.layout.copies
    if limit >= min(1.0, per_copy) and (per_copy <= limit or (limit >= 1 and not plan.shape.known)):
        if per_copy <= limit:
            return plan
        text = f"batch {plan.batch:g} exceeds what memory holds for a typical shape ({limit * plan.layout.copies:g})"
        return replace(plan, warnings=(*plan.warnings, text))
    need = fewest_devices(
        plan.shape,
        plan.device,
        plan.form,
        tokens_in_flight=held,
        usable_fraction=usable,
        sequences=max(1.0, float(np.ceil(per_copy))),
    )
    fits = "none up to 64 does" if need is None else f"{need} would"
    raise BadInput(
        f"accelerator_count: {plan.layout.total} x {plan.part.name} hold {limit:g} sequences of {held:g} tokens of "
        f"{plan.shape.params / 1e9:g} B parameters in {plan.form.name} per copy of the model, "
        f"{max(1.0, per_copy):g} are asked; {fits}"
    )

"""A training request with all gaps filled. Everything it leaves open is assumed and listed.

Enter at `setup_of`.
"""

from dataclasses import dataclass

from advisor.contracts.estimates import EstimateAssumption, TrainingRequest
from advisor.core.memory import MemoryPlan, Method
from advisor.core.shapes import ModelShape
from advisor.estimate.batches import batch_of
from advisor.estimate.coefficients import memory_fit
from advisor.estimate.draws import Draws
from advisor.estimate.kinds import Notes
from advisor.estimate.layout import devices_of, halvings_of, method_of, pass_of, plan_of
from advisor.estimate.parts import Part, part_of
from advisor.estimate.shapes import shape_of
from advisor.estimate.tokens import Amount, amount_of, generated_fraction_of, is_packed, seq_len_of


@dataclass(frozen=True)
class Setup:
    """A training request with all gaps filled."""

    kind: str
    year: int | None
    method: Method
    shape: ModelShape
    part: Part | None
    devices: int
    is_linked: bool
    """All devices stand in one server."""
    seq_len: float
    amount: Amount
    rollouts_per_device: float | None
    """Answers that a device writes at once; None: not said."""
    generated_fraction: float
    """Share of the tokens that the model writes itself."""
    micro_tokens: float
    """Tokens of one pass of one device, sequences at their full length (what memory must hold)."""
    step_tokens: float
    """Tokens of one device in an optimiser step, likewise."""
    is_packed: bool
    """Examples are joined to full blocks, so no token is padding."""
    fill_fraction: float
    """Real over full-length tokens: examples are shorter than the longest one, packed text is not."""
    padding_ratio: float
    """Tokens worked through per real token."""
    halvings: int
    """Times the 16 bits of the products are halved."""
    plan: MemoryPlan
    weights_only: bool
    assumptions: tuple[EstimateAssumption, ...]
    warnings: tuple[str, ...]


def setup_of(request: TrainingRequest, pool: Draws) -> Setup:
    """Fill the gaps of a request.

    Raises:
        BadInput: model size or accelerator are missing or unknown.
    """
    shape, assumed = shape_of(request, pool.catalog)
    notes = Notes(assumed)
    has_part = request.accelerator is not None or request.peak_flop_per_s is not None
    part = None if request.kind == "memory" and not has_part else part_of(request, pool.catalog)
    method, fit = method_of(request), memory_fit(pool.value)
    seq_len = seq_len_of(request, shape, pool, notes)
    batch = batch_of(request.batch)
    usual_step = batch.tokens_per_step(seq_len) or pool.value("training_batch_tokens")
    devices = devices_of(request, method, shape, part, usual_step, pool)
    if request.accelerator_count is None and request.kind != "memory":
        notes.add("accelerator_count", float(devices), "holds the model at a usual batch; moves device-hours little")
    micro, step = pass_of(
        request, batch, seq_len=seq_len, devices=devices, shape=shape, part=part, fit=fit, notes=notes
    )
    plan = plan_of(
        request, method=method, shape=shape, part=part, devices=devices, micro_tokens=micro, fit=fit, notes=notes
    )
    packed = is_packed(request)
    return Setup(
        kind=request.kind,
        year=request.year,
        method=method,
        shape=shape,
        part=part,
        devices=devices,
        is_linked=part is None or devices <= part.devices_per_server,
        seq_len=seq_len,
        amount=amount_of(request, shape, seq_len, pool, notes),
        rollouts_per_device=None if batch.sequences is None else max(1.0, batch.sequences / devices),
        generated_fraction=generated_fraction_of(request, pool, notes),
        micro_tokens=micro,
        step_tokens=step,
        is_packed=packed,
        fill_fraction=1.0 if packed else pool.value("example_fill_fraction"),
        padding_ratio=1.0 if packed or micro <= seq_len else pool.value("padding_ratio"),
        halvings=halvings_of(request, method),
        plan=plan,
        weights_only=request.kind == "memory" and not (request.seq_len or request.batch or request.accelerator),
        assumptions=tuple(notes),
        warnings=_warnings(part),
    )


def _warnings(part: Part | None) -> tuple[str, ...]:
    if part is not None and not part.is_listed:
        return (f"accelerator {part.name!r} is not in the catalogue: estimated from its datasheet, wide interval",)
    return ()

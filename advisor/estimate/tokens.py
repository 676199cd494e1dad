"""How much a run reads: sequence length, tokens of the whole run, the share that it writes itself.

Enter at `amount_of`. Tokens that are neither given nor countable are not guessed where the number of devices is: then
the usual length of such runs, in hours, is the better guess.
"""

from dataclasses import dataclass

from advisor.contracts.estimates import TrainingRequest
from advisor.core.shapes import ModelShape
from advisor.estimate.draws import Draws
from advisor.estimate.kinds import FROM_TEXT, PAIR_KINDS, RL_KINDS, WHOLE_RUNS, Notes
from advisor.estimate.samples import are_traces, examples_in
from advisor.estimate.shapes import BILLION

PUBLIC_SETS = "public_set_examples."
PACKED_FROM_TOKENS = 2048
SHORT_TEXT_BEFORE = 2023


@dataclass(frozen=True)
class Amount:
    """What a run reads."""

    tokens: float | None = None
    """Tokens of the whole run; None: not known."""
    wall_hours: float | None = None
    """Usual length of such runs, where the tokens are not known but the devices are."""
    spread_input: str | None = None
    """Parameter whose spread the amount carries; None: it is given."""


def amount_of(request: TrainingRequest, shape: ModelShape, seq_len: float, pool: Draws, notes: Notes) -> Amount:
    """Tokens or usual hours of a whole run; nothing for steps and memory."""
    if request.tokens_b is not None:
        return Amount(tokens=request.tokens_b * BILLION)
    if request.kind not in WHOLE_RUNS:
        return Amount()
    samples, epochs = (
        (request.samples, request.epochs)
        if request.samples
        else examples_in(request.model or "", pool.family(PUBLIC_SETS))
    )
    if samples is not None:
        usual = 1.0 if request.kind in RL_KINDS else pool.value("fine_tuning_epochs")
        return _of_examples(request, float(samples), request.epochs or epochs or usual, seq_len, pool, notes)
    if request.accelerator_count is not None:
        name = f"training_wall_hours.{request.kind}"
        notes.add("tokens_b", "not known", f"hours from the usual length of such runs, catalogue parameter {name}")
        return Amount(wall_hours=pool.value(name), spread_input=name)
    if request.kind in FROM_TEXT:
        name = f"training_tokens_per_parameter.{request.kind}"
        tokens = shape.params * pool.value(name)
    else:
        name = f"training_tokens.{request.kind}"
        tokens = pool.value(name)
    notes.add("tokens_b", tokens / BILLION, f"not given; catalogue parameter {name}, very wide")
    return Amount(tokens=tokens, spread_input=name)


def _of_examples(
    request: TrainingRequest, samples: float, epochs: float, seq_len: float, pool: Draws, notes: Notes
) -> Amount:
    answers = samples * epochs * (2.0 if request.kind in PAIR_KINDS else 1.0)
    if request.tokens_per_sample is not None:
        return Amount(tokens=answers * request.tokens_per_sample)
    if request.seq_len is None and are_traces(request.model or ""):
        name = "tokens_per_reasoning_trace"
        tokens = answers * pool.value(name)
    else:
        name = "example_fill_fraction"
        tokens = answers * seq_len * pool.value(name)
    notes.add("tokens_b", tokens / BILLION, f"{samples:g} examples, {epochs:g} epochs, catalogue parameter {name}")
    return Amount(tokens=tokens, spread_input=name)


def seq_len_of(request: TrainingRequest, shape: ModelShape, pool: Draws, notes: Notes) -> float:
    """Longest sequence: given, or usual for the kind and the time."""
    if request.seq_len is not None:
        return float(request.seq_len)
    if request.tokens_per_sample is not None:
        return request.tokens_per_sample
    if shape.family != "decoder":
        name = "training_seq_len.encoder"
    elif request.kind in FROM_TEXT or request.kind == "throughput":
        early = request.year is not None and request.year < SHORT_TEXT_BEFORE
        name = "training_seq_len.text_before_2023" if early else "training_seq_len.text"
    else:
        name = "training_seq_len.examples"
    length = pool.value(name)
    notes.add("seq_len", length, f"catalogue parameter {name}")
    return length


def generated_fraction_of(request: TrainingRequest, pool: Draws, notes: Notes) -> float:
    """Share of the tokens that the model writes itself; 0 outside reinforcement learning."""
    if request.kind not in RL_KINDS:
        return 0.0
    if request.generated_fraction is not None:
        return request.generated_fraction
    name = f"rollout_generated_fraction.{request.kind}"
    notes.add("generated_fraction", pool.value(name), f"catalogue parameter {name}")
    return pool.value(name)


def is_packed(request: TrainingRequest) -> bool:
    """Text always; examples where the length is far above that of a usual example, which only packing fills."""
    return request.kind in (*FROM_TEXT, "throughput", "memory") or (request.seq_len or 0) >= PACKED_FROM_TOKENS

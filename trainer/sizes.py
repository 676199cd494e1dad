"""How large a training is, before it begins: parameters, tokens and memory, by formula and without torch.

Enter at `outlook_of`.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, assert_never

from advisor.contracts.plan import Architecture, TrainingPlan

ADAM_BYTES_PER_PARAMETER = 16
"""float32: weight, gradient and two moments, four bytes each."""
FROZEN_BYTES_PER_PARAMETER = 4
T5_BUCKETS = 32


@dataclass(frozen=True)
class Outlook:
    """What a run will take; None where it depends on what is not there yet."""

    parameters: int | None
    pretrain_tokens: int | None
    rl_completions: int | None
    memory_bytes: float | None
    """Weights, gradients, optimiser and activations of the largest phase, float32; without the libraries' own."""

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def outlook_of(plan: TrainingPlan, base_model: Path | None) -> Outlook:
    """The size of a run; `base_model` is a base model's directory, where there is one."""
    phases = plan.phases
    pretrain = phases.pretrain
    parameters = architecture_parameters(plan.model) if isinstance(plan.model, Architecture) else None
    if base_model is not None:
        parameters = stored_parameters(base_model)
    return Outlook(
        parameters=parameters,
        pretrain_tokens=pretrain.max_steps * pretrain.batch_sequences * pretrain.sequence_tokens if pretrain else None,
        rl_completions=phases.rl.max_steps * phases.rl.batch_completions if phases.rl else None,
        memory_bytes=_memory(plan, parameters),
    )


def architecture_parameters(size: Architecture) -> int:
    """Parameters of an architecture, by family.

    decoder: N = 2 V h + L (2 h^2 + 2 h^2 kv/heads + 3 h f + 2 h) + h; its output head is its own
    masked:  N = (V + c + 1) h + 2 h + L (4 h^2 + 4 h + 2 h f + f + h + 4 h) + h^2 + h + 2 h + V; the head is tied
    seq2seq: N = V h + L (4 h^2 + 2 h f + 2 h) + L (8 h^2 + 2 h f + 3 h) + 2 h + 2 * 32 heads; the head is tied
    source: the layers of transformers' LlamaForCausalLM, BertForMaskedLM and T5ForConditionalGeneration, counted one
    by one; c is the context, 32 the buckets of T5's relative positions.
    """
    h, f, v, layers = size.hidden_size, size.ffn_size, size.vocab_size, size.num_layers
    match size.family:
        case "decoder":
            kv = h // size.num_heads * size.num_kv_heads
            return 2 * v * h + layers * (2 * h * h + 2 * h * kv + 3 * h * f + 2 * h) + h
        case "masked":
            layer = 4 * h * h + 4 * h + 2 * h * f + f + h + 4 * h
            return (v + size.context_tokens + 1) * h + 2 * h + layers * layer + h * h + h + 2 * h + v
        case "seq2seq":
            encoder, decoder = 4 * h * h + 2 * h * f + 2 * h, 8 * h * h + 2 * h * f + 3 * h
            return v * h + layers * (encoder + decoder) + 2 * h + 2 * T5_BUCKETS * size.num_heads
        case _:
            assert_never(size.family)


def stored_parameters(model: Path) -> int:
    """Parameters in a directory's safetensors files, from their headers alone."""
    total = 0
    for file in sorted(model.glob("model*.safetensors")):
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        total += sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    return total


def activation_bytes(size: Architecture, tokens: int, sequence_tokens: int) -> float:
    """Activations kept for the backward pass, float32.

    b = 2 * L * tokens * h * (34 + 5 a s / h) + 3 * 4 * tokens * V
    source: Korthikanti et al. 2022 (arXiv 2205.05198), eq. 1, doubled from 16 to 32 bits; the last term is logits,
    their softmax and its gradient.
    """
    h = size.hidden_size
    layers = size.num_layers * tokens * h * (34 + 5 * size.num_heads * sequence_tokens / h)
    return 2.0 * layers + 12.0 * tokens * size.vocab_size


def _memory(plan: TrainingPlan, parameters: int | None) -> float | None:
    if parameters is None:
        return None
    phases, size = plan.phases, plan.model
    needs = [float(ADAM_BYTES_PER_PARAMETER * parameters)]
    if phases.rl is not None:  # the policy in training beside the frozen reference and reward model
        needs.append(float((ADAM_BYTES_PER_PARAMETER + 2 * FROZEN_BYTES_PER_PARAMETER) * parameters))
    if phases.dpo is not None:  # beside the frozen reference
        needs.append(float((ADAM_BYTES_PER_PARAMETER + FROZEN_BYTES_PER_PARAMETER) * parameters))
    if not isinstance(size, Architecture):
        return max(needs)
    batches = [(phases.pretrain.batch_sequences, phases.pretrain.sequence_tokens)] if phases.pretrain else []
    batches += [(phases.sft.batch_sequences, size.context_tokens)] if phases.sft else []
    batches += [(2 * phases.reward.batch_pairs, size.context_tokens)] if phases.reward else []
    batches += [(2 * phases.dpo.batch_pairs, size.context_tokens)] if phases.dpo else []
    batches += [(phases.rl.batch_completions, size.context_tokens)] if phases.rl else []
    return max(needs) + max(activation_bytes(size, rows * length, length) for rows, length in batches)

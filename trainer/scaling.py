"""From a compute budget to a model: size, tokens, shape, batch and learning rate, each step with its source.

Enter at `choose`. Everything here is arithmetic on published fits; `Choice.steps` says each one in words.
"""

import math
from dataclasses import dataclass
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture
from advisor.files import data_directory, read_document
from trainer.sizes import architecture_parameters

TOKENS_PER_PARAMETER = 20.0
HEAD_SIZE = 64
SMALLEST_HEAD = 16
VOCABULARIES = (65_536, 32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 512)
VOCABULARY_SHARE = 0.3
MAX_PASSES = 4.0
BYTES_PER_TOKEN = 4.0
MIN_STEPS = 20
FITTED_FLOP = (1e17, 2e19)
"""Budgets in which the batch and rate laws were fitted (DeepSeek LLM, section 3.1, figure 2)."""


@dataclass(frozen=True)
class Choice:
    """A model and its training for a budget, and why."""

    model: Architecture
    max_steps: int
    batch_sequences: int
    sequence_tokens: int
    learning_rate: float
    steps: tuple[str, ...]


def flop_of_hours(hours: float, flop_per_s: float) -> float:
    """Compute of a time at a speed that is really reached. F = h * 3600 * s; units: h, FLOP/s -> FLOP."""
    return hours * 3600.0 * flop_per_s


def reached_flop_per_s(accelerator: str, count: int) -> tuple[float, str]:
    """Speed of `count` accelerators of the catalogue at the utilisation of published runs, and where it comes from.

    Raises:
        BadInput: the catalogue does not know the accelerator.
    """
    rows: list[dict[str, Any]] = read_document(data_directory() / "accelerators.yml")
    names = {name: row for row in rows for name in (row["id"], *row.get("aliases", ()))}
    if accelerator not in names:
        from advisor.contracts.errors import nearest

        near = nearest(accelerator, [row["id"] for row in rows]) or nearest(accelerator, names)
        raise BadInput(f"--accelerator: {accelerator!r} is not known" + (f"; did you mean {near!r}?" if near else ""))
    row = names[accelerator]
    wanted = f"mfu_fraction.{row['mfu_class']}.full"
    table: list[dict[str, Any]] = read_document(data_directory() / "parameters" / "compute.yml")
    used = max((entry for entry in table if entry["name"] == wanted), key=lambda entry: str(entry["as_of"]))
    speed = count * row["peak_flop_per_s"] * used["central"]
    return speed, (
        f"{count} x {row['name']}: {row['peak_flop_per_s']:.3g} FLOP/s peak ({row['source']}) at a utilisation of "
        f"{used['central']:g} ({used['low']:g} to {used['high']:g}; {used['source']}, {used['as_of']})"
    )


def choose(budget_flop: float, *, context_tokens: int, corpus_bytes: int | None = None) -> Choice:
    """The compute-optimal training of a budget.

    Args:
        budget_flop: compute of the pre-training.
        context_tokens: longest sequence; also the length of the blocks.
        corpus_bytes: size of the text, to say how often it would be read; None: not known.

    Raises:
        BadInput: the budget is too small for any model.
    """
    params = math.sqrt(budget_flop / (6.0 * TOKENS_PER_PARAMETER))
    model = shape(params, context_tokens)
    built = architecture_parameters(model)
    tokens = budget_flop / (6.0 * built)
    batch_tokens = 0.2920 * budget_flop**0.3271
    rate = 0.3118 * budget_flop**-0.1250
    sequences = max(1, round(batch_tokens / context_tokens))
    sequences = max(1, min(sequences, round(tokens / (MIN_STEPS * context_tokens))))
    max_steps = max(1, round(tokens / (sequences * context_tokens)))
    fitted = FITTED_FLOP[0] <= budget_flop <= FITTED_FLOP[1]
    outside = "" if fitted else f"; fitted on {FITTED_FLOP[0]:g} to {FITTED_FLOP[1]:g} FLOP, here extrapolated"
    steps = [
        f"budget: {budget_flop:.3g} FLOP, spent as C = 6 N D (Kaplan et al. 2020, arXiv 2001.08361)",
        f"size: N = sqrt(C / (6 * 20)) = {params:.3g} parameters, as about 20 tokens for each parameter are best for "
        "the money (Hoffmann et al. 2022, arXiv 2203.15556)",
        f"shape: {model.num_layers} layers of {model.hidden_size}, feed-forward 8/3 as wide: {built:,} parameters; "
        "between 30 and 130 wide for each layer the loss hardly depends on the shape (Kaplan et al. 2020, figure 5)",
        f"vocabulary: {model.vocab_size:,}, the largest whose two tables stay below {VOCABULARY_SHARE:.0%} of N "
        "(own rule: larger models deserve larger vocabularies, Tao et al. 2024, arXiv 2407.13623)",
        f"tokens: D = C / (6 N) = {tokens:.3g}, {tokens / built:.0f} for each parameter that was built",
        f"batch: 0.292 C^0.3271 = {batch_tokens:,.0f} tokens (DeepSeek LLM, Bi et al. 2024, arXiv 2401.02954, "
        f"eq. 1{outside}); above the critical batch more sequences save time, not compute (McCandlish et al. 2018, "
        f"arXiv 1812.06162); at least {MIN_STEPS} steps are kept",
        f"learning rate: 0.3118 C^-0.125 = {rate:.2g} (the same{outside}); with twice the batch, sqrt(2) times "
        "the rate (Malladi et al. 2022, arXiv 2205.10287)",
    ]
    if corpus_bytes is not None:
        steps.append(_passes(tokens, corpus_bytes))
    return Choice(model, max_steps, sequences, context_tokens, float(f"{rate:.2g}"), tuple(steps))


def shape(params: float, context_tokens: int) -> Architecture:
    """The decoder nearest to a number of parameters, some 64 wide for each layer.

    Raises:
        BadInput: even the smallest is larger by half.
    """
    found = min(_candidates(context_tokens), key=lambda size: abs(math.log(architecture_parameters(size) / params)))
    if architecture_parameters(found) > 1.5 * params:
        raise BadInput(
            f"--budget-flop: enough for {params:,.0f} parameters only; the smallest model here has "
            f"{architecture_parameters(found):,} (from {120 * (architecture_parameters(found) / 1.5) ** 2:.1g} FLOP)"
        )
    return found


def _candidates(context_tokens: int) -> list[Architecture]:
    found = []
    for hidden in [16, 32, 48, *range(64, 16_385, 64)]:
        head = HEAD_SIZE if hidden % HEAD_SIZE == 0 and hidden >= 2 * HEAD_SIZE else SMALLEST_HEAD
        for layers in sorted({max(1, round(hidden / wide)) for wide in (48, 64, 96, 128)}):
            fields = {"hidden_size": hidden, "num_layers": layers, "num_heads": hidden // head}
            fields |= {"num_kv_heads": hidden // head, "ffn_size": 16 * round(hidden * 8 / 3 / 16)}
            fields |= {"context_tokens": context_tokens}
            sizes = [Architecture(name=f"decoder-{hidden}x{layers}", vocab_size=v, **fields) for v in VOCABULARIES]
            fitting = [
                size
                for size in sizes
                if 2 * size.vocab_size * hidden <= VOCABULARY_SHARE * architecture_parameters(size)
            ]
            found.append(fitting[0] if fitting else sizes[-1])
    return found


def _passes(tokens: float, corpus_bytes: int) -> str:
    have = corpus_bytes / BYTES_PER_TOKEN
    text = f"text: {corpus_bytes:,} bytes are some {have:.3g} tokens at {BYTES_PER_TOKEN:g} bytes each"
    passes = tokens / have
    text += f", read {passes:.2g} times; up to {MAX_PASSES:g} passes are nearly as good as fresh text"
    text += " (Muennighoff et al. 2023, arXiv 2305.16264)"
    if passes > MAX_PASSES:
        text += (
            f"; WARNING: beyond that more compute hardly helps: find {tokens / MAX_PASSES / have:.1f} times the text"
        )
    return text

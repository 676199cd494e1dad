"""A short answer: prompts of random tokens read at once, then one token after the other for all sequences together.

Enter at `decode_probe`. Each token is read back, as a server must to send it; sampling is left out.
"""

import inspect
import time
from collections.abc import Callable
from statistics import median

import torch
from transformers import DynamicCache, PreTrainedModel

from advisor.contracts.measurements import DecodeProbe, ProbedModel
from trainer.energy import Meter
from trainer.measure.device import MeasuredDevice
from trainer.measure.timing import spread_fraction

PROMPT_TOKENS = 128
OUTPUT_TOKENS = 64
FEWEST_TOKENS = 8
MOST_REPEATS = 50
TRIAL_TOKENS = 3


def decode_probe(
    model: PreTrainedModel,
    described: ProbedModel,
    *,
    device: MeasuredDevice,
    meter: Meter,
    rows: int,
    context_tokens: int | None,
    share_s: float,
    advance: Callable[[float], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> DecodeProbe | None:
    """Answer again and again; None when not even one answer of a few tokens fits into the time.

    Args:
        model: on the device, in evaluation mode.
        described: what the report says of it.
        device: where it lies.
        meter: of that device.
        rows: sequences in work together.
        context_tokens: longest sequence that the model takes, where known.
        share_s: time for warm-up and answers.
        advance: told the seconds so far.
        clock: monotonic.
    """
    limit = context_tokens if context_tokens is not None else PROMPT_TOKENS + OUTPUT_TOKENS
    num_prompt = max(1, min(PROMPT_TOKENS, limit // 2))
    generator = torch.Generator().manual_seed(0)
    prompt = torch.randint(described.vocab_size, (rows, num_prompt), generator=generator).to(device.torch_device)
    begun_s = clock()
    first_s, others_s = _answer(model, prompt, TRIAL_TOKENS, device, clock)
    left_s = share_s - (clock() - begun_s)
    fitting = int((left_s / 3 - first_s) / (others_s / (TRIAL_TOKENS - 1)))
    num_output = min(OUTPUT_TOKENS, limit - num_prompt, max(FEWEST_TOKENS, fitting))
    if first_s + others_s / (TRIAL_TOKENS - 1) * num_output > left_s or num_output < TRIAL_TOKENS:
        return None
    prefills: list[float] = []
    decodes: list[float] = []
    with meter.window("decode") as window:
        while not decodes or (
            len(decodes) < MOST_REPEATS and clock() - begun_s + prefills[-1] + decodes[-1] <= share_s
        ):
            first_s, others_s = _answer(model, prompt, num_output, device, clock)
            prefills.append(first_s)
            decodes.append(others_s)
            advance(clock() - begun_s)
    return DecodeProbe(
        model=described,
        batch_sequences=rows,
        prompt_tokens=num_prompt,
        output_tokens=num_output,
        prefill_tokens_per_s=rows * num_prompt / median(prefills),
        output_tokens_per_s=rows * (num_output - 1) / median(decodes),
        num_repeats=len(decodes),
        spread_fraction=spread_fraction(decodes),
        energy=window.report,
    )


@torch.inference_mode()
def _answer(
    model: PreTrainedModel, prompt: torch.Tensor, num_output: int, device: MeasuredDevice, clock: Callable[[], float]
) -> tuple[float, float]:
    """Seconds to the first token, and from there to the last."""
    last_only = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    cache = DynamicCache(config=model.config)
    device.synchronize()
    begun_s = clock()
    ids = prompt
    first_s = begun_s
    for number in range(num_output):
        output = model(input_ids=ids, past_key_values=cache, use_cache=True, **last_only)
        ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
        ids.tolist()
        if number == 0:
            first_s = clock()
    return first_s - begun_s, clock() - first_s

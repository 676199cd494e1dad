"""Training and answers of one model, in its part of the time.

Enter at `probe_model`. What does not fit, in time or in memory, is left out with a warning that says so.
"""

from pathlib import Path

import torch
from transformers import PreTrainedModel

from advisor.contracts.measurements import Precision
from advisor.files import read_document
from trainer.measure.decode import decode_probe
from trainer.measure.device import DTYPES, MeasuredDevice
from trainer.measure.models import built, described
from trainer.measure.session import Probes, shown
from trainer.measure.shapes import MEMORY_SHARE, Source, batch_of, context_tokens, training_bytes
from trainer.measure.training import training_probe
from trainer.phases.common import matmul_params
from trainer.sizes import ADAM_BYTES_PER_PARAMETER, stored_parameters

TRAINING_SHARE = 0.55
"""Of what is left when its turn comes; the rest is for the answers, and for building models."""
DECODE_SHARE = 0.35
DECODE_ROWS = (1, 8)
REACHED_FRACTION = 0.5
"""Share of the matrix rate that a training step reaches, for choosing a size alone: own assumption."""
LEAST_STEPS = 6


def probe_model(probes: Probes, source: Source, rate: float, part: float) -> None:
    """Training and answers of one model, in its part of the time that is left."""
    device, name = probes.device, str(source) if isinstance(source, Path) else source.name
    free_bytes = device.free_bytes()
    batch = batch_of(source, probes.wanted.batch_sequences, probes.wanted.sequence_tokens)
    if free_bytes is not None and _least_bytes(source, batch) > MEMORY_SHARE * free_bytes:
        probes.warnings.append(
            f"{name}: not timed, as its training takes more than {MEMORY_SHARE:.0%} of the free memory "
            f"({free_bytes / 2**30:.1f} GiB); name a smaller model"
        )
        return
    model = built(source)
    try:
        _train(probes, model, source, name, batch, rate, part)
        _answer(probes, model, source, name, part)
    except torch.OutOfMemoryError:
        probes.warnings.append(f"{name}: the device's memory was too small; name a smaller model or --batch")


def _train(
    probes: Probes, model: PreTrainedModel, source: Source, name: str, batch: tuple[int, int], rate: float, part: float
) -> None:
    share_s = part * probes.budget.share(TRAINING_SHARE)
    rows, length = batch
    if probes.wanted.batch_sequences is None:
        step_s = 6 * matmul_params(model) * length / (REACHED_FRACTION * rate)
        while rows > 1 and LEAST_STEPS * step_s * rows > share_s:
            rows //= 2
    precision = probes.device.training_precision
    with shown(probes, f"training {name}", share_s) as advance:
        found = training_probe(
            model,
            described(model, source, precision),
            device=probes.device,
            meter=probes.meter,
            batch=(rows, length),
            share_s=share_s,
            advance=advance,
        )
    if found is None:
        probes.warnings.append(
            f"{name}: a training step on {rows} x {length} tokens did not fit into {share_s:.0f} s; "
            "give more --minutes, a smaller --batch or a smaller model"
        )
    else:
        probes.training.append(found)


def _answer(probes: Probes, model: PreTrainedModel, source: Source, name: str, part: float) -> None:
    precision = _answering_precision(source, probes.device)
    model.to(device=probes.device.torch_device, dtype=DTYPES[precision]).eval()
    for number, rows in enumerate(DECODE_ROWS):
        share_s = part * probes.budget.share(DECODE_SHARE) / (len(DECODE_ROWS) - number)
        with shown(probes, f"decode {name} x {rows}", share_s) as advance:
            found = decode_probe(
                model,
                described(model, source, precision),
                device=probes.device,
                meter=probes.meter,
                rows=rows,
                context_tokens=context_tokens(source),
                share_s=share_s,
                advance=advance,
            )
        if found is None:
            probes.warnings.append(f"{name}: an answer to {rows} prompts did not fit into {share_s:.0f} s")
        else:
            probes.decode.append(found)


def _answering_precision(source: Source, device: MeasuredDevice) -> Precision:
    """As `serving up` loads a model: float32 on a processor, on a GPU as the weights are stored."""
    if not device.is_cuda:
        return "fp32"
    if not isinstance(source, Path):
        return device.training_precision
    config = read_document(source / "config.json")
    stored = str(config.get("dtype") or config.get("torch_dtype"))
    names: dict[str, Precision] = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
    return names.get(stored, "fp32")


def _least_bytes(source: Source, batch: tuple[int, int]) -> float:
    """Memory of training with one sequence at a time; of a directory its weights and optimiser alone."""
    if isinstance(source, Path):
        return float(ADAM_BYTES_PER_PARAMETER * stored_parameters(source))
    return training_bytes(source, 1, batch[1])

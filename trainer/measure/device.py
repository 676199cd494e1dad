"""The device that is measured: the processor, or the first CUDA device that this process sees.

Enter at `this_device`. Of several accelerators one is measured; each of them is taken to be like it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from advisor.contracts.measurements import Precision

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
TF32_CAPABILITY = (8, 0)
"""Ampere, the first generation with TF32 units."""


@dataclass(frozen=True)
class MeasuredDevice:
    """Where the probes run."""

    torch_device: torch.device
    name: str | None
    """As the driver names it; None: the processor."""
    memory_bytes: float | None
    uuid: str | None
    """`GPU-...`, by which the meter finds it."""
    num_visible: int
    """Accelerators that the process sees."""

    @property
    def is_cuda(self) -> bool:
        """Whether it is a CUDA device."""
        return self.torch_device.type == "cuda"

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """Formats in which matrix products are timed. A processor does fp16 in software, so it is left out there."""
        if not self.is_cuda:
            return ("fp32", "bf16")
        found: list[Precision] = ["fp32"]
        if torch.cuda.get_device_capability(self.torch_device) >= TF32_CAPABILITY:
            found.append("tf32")
        if torch.cuda.is_bf16_supported():
            found.append("bf16")
        return (*found, "fp16")

    @property
    def training_precision(self) -> Precision:
        """As the phases of `trainer run` choose it: bfloat16 under autocast where the device has it."""
        return "bf16" if self.is_cuda and torch.cuda.is_bf16_supported() else "fp32"

    def free_bytes(self) -> float | None:
        """Memory that is free now; None where the system does not tell."""
        if self.is_cuda:
            return float(torch.cuda.mem_get_info(self.torch_device)[0])
        return memory("SC_AVPHYS_PAGES")

    def synchronize(self) -> None:
        """Wait until the device has done what it was given."""
        if self.is_cuda:
            torch.cuda.synchronize(self.torch_device)

    def forget_peak(self) -> None:
        """Start counting the peak of the memory anew."""
        if self.is_cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> float | None:
        """Most memory that tensors took; None on the processor, where nobody counts it."""
        return float(torch.cuda.max_memory_allocated(self.torch_device)) if self.is_cuda else None


def this_device() -> MeasuredDevice:
    """The first CUDA device, or the processor."""
    if not torch.cuda.is_available():
        return MeasuredDevice(torch.device("cpu"), None, memory("SC_PHYS_PAGES"), None, 0)
    properties = torch.cuda.get_device_properties(0)
    uuid = getattr(properties, "uuid", None)
    return MeasuredDevice(
        torch_device=torch.device("cuda", 0),
        name=str(properties.name),
        memory_bytes=float(properties.total_memory),
        uuid=f"GPU-{uuid}" if uuid is not None else None,
        num_visible=torch.cuda.device_count(),
    )


def memory(name: str) -> float | None:
    """Bytes of the machine's memory by the name of the system's count of pages."""
    try:
        return float(os.sysconf(name) * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return None


@contextmanager
def product_format(precision: Precision) -> Iterator[torch.dtype]:
    """The type of the factors, with 32-bit products in full or in TF32 meanwhile."""
    settings = torch.backends.cuda.matmul
    before = settings.fp32_precision
    settings.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield DTYPES[precision]
    finally:
        settings.fp32_precision = before

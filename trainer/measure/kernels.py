"""Probes of the bare device: matrix products and copying.

Enter at `matmul_probe` and `bandwidth_probe`.
"""

import time
from collections.abc import Callable

import torch

from advisor.contracts.measurements import BandwidthProbe, MatmulProbe, Precision
from trainer.measure.device import MeasuredDevice, product_format
from trainer.measure.timing import repeated

SIZES = (256, 512, 1024, 2048, 4096, 8192, 16384)
LONGEST_PRODUCT_S = 0.15
"""A product is as large as this allows: small ones do not fill a device."""
SHORTEST_REPEAT_S = 0.02
"""Products are timed in rows of at least this, so that starting them does not count."""
COPY_BYTES = 512 * 2**20
"""Beyond the caches of any processor, without asking for much memory."""
COPY_SHARE = 0.1
"""Of the memory that is free, at most."""
Advance = Callable[[float], None]


def matmul_probe(
    device: MeasuredDevice, precision: Precision, share_s: float, advance: Advance = lambda _: None
) -> MatmulProbe:
    """Rate of square products of the largest size that is quick enough."""
    with product_format(precision) as dtype:
        size, once_s = _size(device, dtype)
        count = max(1, round(SHORTEST_REPEAT_S / once_s))
        multiply = _products(device, dtype, size, count)
        found = repeated(multiply, synchronize=device.synchronize, share_s=share_s, advance=advance)
    return MatmulProbe(
        precision=precision,
        num_rows=size,
        num_repeats=len(found.times_s),
        flop_per_s=2.0 * size**3 * count / found.median_s,
        spread_fraction=found.spread_fraction,
    )


def bandwidth_probe(device: MeasuredDevice, share_s: float, advance: Advance = lambda _: None) -> BandwidthProbe:
    """Rate of copying a block that no cache holds."""
    free_bytes = device.free_bytes()
    size = COPY_BYTES if free_bytes is None else int(min(COPY_BYTES, COPY_SHARE * free_bytes))
    source = torch.ones(size, dtype=torch.uint8, device=device.torch_device)
    target = torch.zeros_like(source)
    count = max(1, round(SHORTEST_REPEAT_S / _copy_s(source, target, device)))

    def copy() -> None:
        for _ in range(count):
            target.copy_(source)

    found = repeated(copy, synchronize=device.synchronize, share_s=share_s, advance=advance)
    return BandwidthProbe(
        size_bytes=size,
        num_repeats=len(found.times_s),
        bytes_per_s=2.0 * size * count / found.median_s,
        spread_fraction=found.spread_fraction,
    )


def _size(device: MeasuredDevice, dtype: torch.dtype) -> tuple[int, float]:
    """The largest size whose product takes no longer than `LONGEST_PRODUCT_S`, and what it takes."""
    best, best_s = SIZES[0], _once_s(device, dtype, SIZES[0])
    for size in SIZES[1:]:
        expected_s = best_s * (size / best) ** 3
        free_bytes = device.free_bytes()
        bytes_needed = 3 * size**2 * dtype.itemsize
        if expected_s > LONGEST_PRODUCT_S or (free_bytes is not None and bytes_needed > free_bytes / 2):
            break
        best, best_s = size, _once_s(device, dtype, size)
    return best, best_s


def _once_s(device: MeasuredDevice, dtype: torch.dtype, size: int) -> float:
    return repeated(_products(device, dtype, size, 1), synchronize=device.synchronize, share_s=0.0, least=2).median_s


def _products(device: MeasuredDevice, dtype: torch.dtype, size: int, count: int) -> Callable[[], None]:
    left = torch.randn(size, size, device=device.torch_device).to(dtype)
    right = torch.randn(size, size, device=device.torch_device).to(dtype)
    out = torch.empty(size, size, device=device.torch_device, dtype=dtype)

    def multiply() -> None:
        for _ in range(count):
            torch.mm(left, right, out=out)

    return multiply


def _copy_s(source: torch.Tensor, target: torch.Tensor, device: MeasuredDevice) -> float:
    target.copy_(source)
    device.synchronize()
    begun_s = time.monotonic()
    target.copy_(source)
    device.synchronize()
    return max(1e-9, time.monotonic() - begun_s)

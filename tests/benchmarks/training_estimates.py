"""How fast training times are drawn on one core: run `python tests/benchmarks/training_estimates.py`.

10,000 published steps and runs in turn with 1,000 draws each, through `token_time_s` in blocks that stay in the cache,
then P5, P50 and P95. Beside it the peer: the same formula as a plain Python loop over the draws, on a sample, in the
same run; both must give the same quantiles. The targets are 1.5 seconds and a tenfold ratio.
"""

import math
import os
import sys
import time
from collections.abc import Iterator

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 - after the number of threads is set

from advisor.catalog.load import load_catalog  # noqa: E402
from advisor.contracts.errors import BadInput  # noqa: E402
from advisor.contracts.estimates import TrainingRequest  # noqa: E402
from advisor.core.training import TrainingFit, TrainingLoad, token_time_s  # noqa: E402
from advisor.estimate.coefficients import training_fit  # noqa: E402
from advisor.estimate.draws import QUANTILES, Draws, draws_of  # noqa: E402
from advisor.estimate.loads import load_of  # noqa: E402
from advisor.estimate.setup import setup_of  # noqa: E402
from advisor.hindcast.rows import published_rows  # noqa: E402

ESTIMATES, DRAWS, SAMPLE = 10_000, 1_000, 40
BLOCK = 12
"""Estimates at once: arrays of 96 kB stay in the cache, and below the size from which each one is mapped anew."""
RUNS = 5
TARGET_S, TARGET_RATIO = 1.5, 10.0


def main() -> int:
    """Print seconds, draws per second and the ratio; 1 when a target is missed or the quantiles differ."""
    pool = draws_of(load_catalog(), draws=DRAWS, seed=0)
    columns, fit = columns_of(pool), training_fit(pool.of)
    best_s, found = min((timed_arrays(columns, fit) for _ in range(RUNS)), key=lambda pair: pair[0])
    start = time.perf_counter()
    plain = [plain_quantiles(load, fit) for load in plain_loads(columns, SAMPLE)]
    plain_s = (time.perf_counter() - start) / SAMPLE
    ratio = plain_s / (best_s / ESTIMATES)
    equal = np.allclose(found[:SAMPLE], plain, rtol=1e-9)
    sys.stdout.write(
        f"arrays: {ESTIMATES:,} estimates of {DRAWS:,} draws in {best_s:.2f} s, best of {RUNS}, one core "
        f"({ESTIMATES * DRAWS / best_s / 1e6:.1f} million draws/s)\n"
        f"plain Python loop: {1000 * plain_s:.2f} ms an estimate ({DRAWS / plain_s / 1e6:.2f} million draws/s), "
        f"mean of {SAMPLE}\n"
        f"ratio {ratio:.0f} (target {TARGET_RATIO:g}), {best_s:.2f} s (target {TARGET_S:g} s), "
        f"quantiles {'equal' if equal else 'DIFFER'}\n"
    )
    return int(ratio < TARGET_RATIO or best_s > TARGET_S or not equal)


def columns_of(pool: Draws) -> dict[str, np.ndarray]:
    """Each field of the loads of all published rows that can be estimated, repeated to the number of estimates."""
    loads = []
    for row in published_rows("training"):
        try:
            loads.append(load_of(setup_of(TrainingRequest.model_validate({**row.request, "id": row.id}), pool), pool))
        except BadInput:  # rows of several models at once, and peaks of memory without a part
            continue
    return {
        name: np.resize(np.array([float(getattr(load, name)) for load in loads]), (ESTIMATES, 1))
        for name in vars(loads[0])
    }


def timed_arrays(columns: dict[str, np.ndarray], fit: TrainingFit) -> tuple[float, np.ndarray]:
    """Seconds, and three quantiles of every estimate."""
    start = time.perf_counter()
    found = [
        np.quantile(
            token_time_s(TrainingLoad(**{name: column[at : at + BLOCK] for name, column in columns.items()}), fit),
            QUANTILES,
            axis=1,
        ).T
        for at in range(0, ESTIMATES, BLOCK)
    ]
    return time.perf_counter() - start, np.concatenate(found)


def plain_loads(columns: dict[str, np.ndarray], count: int) -> Iterator[TrainingLoad]:
    """The first loads with plain floats."""
    for at in range(count):
        yield TrainingLoad(**{name: float(column[at, 0]) for name, column in columns.items()})


def plain_quantiles(load: TrainingLoad, fit: TrainingFit) -> tuple[float, ...]:
    """P5, P50, P95 with numbers alone."""
    fits = zip(*(np.broadcast_to(values, DRAWS).tolist() for values in vars(fit).values()), strict=True)
    times = sorted(plain_time_s(load, *values) for values in fits)
    found = []
    for share in QUANTILES:
        whole, part = divmod(share * (DRAWS - 1), 1.0)
        found.append(times[int(whole)] * (1 - part) + times[int(whole) + 1] * part)
    return tuple(found)


def plain_time_s(
    load: TrainingLoad,
    efficiency: float,
    attention: float,
    traffic: float,
    shown: float,
    overhead: float,
    gain: float,
    half_width: float,
    yearly: float,
) -> float:
    """`token_time_s` for one set of numbers."""
    rate = efficiency * load.sustained_flop_per_s * math.exp(yearly * load.software_years)
    products = load.matmul_flop * (1 + half_width / load.expert_width) / (rate * gain**load.halvings)
    compute = (1 + load.recomputed / 3) * (products + load.attention_flop / (rate * attention))
    moved = 2 * traffic * load.num_layers * load.hidden_size + 20 * load.vocab_size
    streamed = load.streamed_bytes / (load.bandwidth_bytes_per_s * load.tokens_per_micro_step)
    states = 32 * load.trained_params / (load.devices * load.bandwidth_bytes_per_s * load.tokens_per_step)
    launch = overhead * load.num_layers / load.tokens_per_micro_step
    inside = compute + moved / load.bandwidth_bytes_per_s
    talk = 0.0
    if load.devices > 1:
        gathered = 6 * load.shared_params / (load.network_bytes_per_s * load.tokens_per_micro_step)
        split = 16 * load.tensor_parallel_devices * load.hidden_size * load.num_layers
        talk = min(gathered, split / load.server_link_bytes_per_s)
    return inside + states + streamed + launch + shown * talk + (1 - shown) * max(0.0, talk - inside)


if __name__ == "__main__":
    sys.exit(main())

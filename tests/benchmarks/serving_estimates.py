"""How fast serving estimates are: run `python tests/benchmarks/serving_estimates.py`.

10,000 estimates of 1,000 draws each, over the published rows in turn; the target is 5 ms an estimate.
"""

import sys
import time

from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingRequest
from advisor.estimate.serving import estimate_serving
from advisor.hindcast.rows import published_rows

ESTIMATES, DRAWS = 10_000, 1_000
TARGET_MS = 5.0


def main() -> int:
    """Print the mean time of an estimate; 1 when it misses the target."""
    catalog = load_catalog()
    requests = [ServingRequest.model_validate(row.request) for row in published_rows("serving")]
    answered = refused = 0
    start = time.perf_counter()
    while answered + refused < ESTIMATES:
        try:
            estimate_serving(requests[(answered + refused) % len(requests)], catalog, draws=DRAWS)
        except BadInput:
            refused += 1
        else:
            answered += 1
    mean_ms = 1000.0 * (time.perf_counter() - start) / ESTIMATES
    sys.stdout.write(f"{answered} estimates and {refused} refusals, {DRAWS} draws: {mean_ms:.2f} ms each\n")
    sys.stdout.write(f"target {TARGET_MS:g} ms\n")
    return int(mean_ms >= TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())

"""How fast one full assessment is on one core: run `python tests/benchmarks/assessment.py`.

All options, 10,000 draws, the case's months, sensitivity, value of information, Sobol, flips; warm, in process, each
example of `data/examples`, best of some. No case is asked twice: every run has a volume of its own, so what is kept of
an answer cannot be the next one; two more figures say what lengths of requests of its own, and then a seed of its own,
add, since designs of replicas are kept by length and draws by seed. Then its growth with draws, months and models of
the catalogue, and two peers in the same run: the kept options without sharing (design, demand, fleet anew for each
option), and one draw at a time; all three must give the same totals. The targets are 0.3 seconds (another volume) and
a tenfold ratio to one draw at a time.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 - after the number of threads is set

from advisor.assess import assess, catalog_date  # noqa: E402
from advisor.catalog.load import load_catalog  # noqa: E402
from advisor.contracts.case import Case  # noqa: E402
from advisor.contracts.catalog import Catalog  # noqa: E402
from advisor.core.costing import total_of  # noqa: E402
from advisor.core.demand import demand_of  # noqa: E402
from advisor.core.sampling import random_design  # noqa: E402
from advisor.files import read_contract  # noqa: E402
from advisor.inputs import inputs_of, setting_of  # noqa: E402
from advisor.options.generate import candidates_of  # noqa: E402
from advisor.solve import Problem, limits_of, screen, used_names  # noqa: E402

EXAMPLES = sorted((Path(__file__).parents[2] / "data" / "examples").glob("*.yaml"))
DRAWS, RUNS, SAMPLE = 10_000, 5, 40
TARGET_S, TARGET_RATIO = 0.3, 10.0
NUMBERS = count(1)
VOLUME = ("requests_per_month",)
LENGTHS = (*VOLUME, "input_tokens_per_request", "output_tokens_per_request")


def main() -> int:
    """Print milliseconds, growth and ratios; 1 when a target is missed or the totals differ."""
    catalog = load_catalog()
    slowest = 0.0
    for path in EXAMPLES:
        case = read_contract(path, Case)
        first_s = timed(lambda _, case=case: assess(case, catalog=catalog), 1)
        best_s = timed(lambda run, case=case: assess(varied(case, run), catalog=catalog), RUNS)
        longer_s = timed(lambda run, case=case: assess(varied(case, run, LENGTHS), catalog=catalog), RUNS)
        seed_s = timed(lambda run, case=case: assess(varied(case, run, LENGTHS), catalog=catalog, seed=run), RUNS)
        slowest = max(slowest, best_s)
        sys.stdout.write(
            f"{path.stem}: {1e3 * best_s:.0f} ms for another volume, {1e3 * longer_s:.0f} ms for other lengths too, "
            f"{1e3 * seed_s:.0f} ms for another seed too, {1e3 * first_s:.0f} ms the first time\n"
        )
    case = read_contract(EXAMPLES[-1], Case)
    print_growth(case, catalog)
    ratio, apart, equal = peers(read_contract(EXAMPLES[0], Case), catalog)
    sys.stdout.write(
        f"slowest {1e3 * slowest:.0f} ms (target {1e3 * TARGET_S:.0f} ms); one draw at a time takes {ratio:.0f} times, "
        f"options without sharing {apart:.1f} times as long (target {TARGET_RATIO:g} for the former); "
        f"totals {'equal' if equal else 'DIFFER'}\n"
    )
    return int(slowest > TARGET_S or ratio < TARGET_RATIO or not equal)


def varied(case: Case, run: int, fields: Sequence[str] = VOLUME) -> Case:
    """The case with amounts of its own in each run, some thousandths more, where it states them."""
    use = case.use_case.model_dump()
    for name in fields:
        use[name] = scaled(use[name], 1.0 + 2e-4 * run)
    return Case.model_validate(case.model_dump() | {"use_case": use})


def scaled(amount: Any, factor: float) -> Any:
    """A number or all numbers of a distribution; what is not stated stays so."""
    if isinstance(amount, dict):
        return {name: scaled(value, factor) for name, value in amount.items()}
    return amount * factor if isinstance(amount, float | int) else amount


def timed(work: Callable[[int], object], runs: int) -> float:
    """Least seconds of processor time of several runs, each with a number of its own."""
    found = []
    for _ in range(runs):
        number = next(NUMBERS)
        start = time.process_time()
        work(number)
        found.append(time.process_time() - start)
    return min(found)


def print_growth(case: Case, catalog: Catalog) -> None:
    """Milliseconds by draws, by months, and by the number of models in the catalogue."""
    rows = {f"{draws:,} draws": (case, catalog, draws) for draws in (1_000, 10_000, 100_000)}
    for months in (12, 36, 120):
        longer = case.model_copy(update={"budget": case.budget.model_copy(update={"horizon_months": months})})
        rows[f"{months} months"] = (longer, catalog, DRAWS)
    offered = [row for row in catalog.base_models if row.offered]
    for share in (4, 2, 1):
        left = {row.id for row in offered[::share]}
        models = tuple(row.model_copy(update={"offered": row.id in left}) for row in catalog.base_models)
        fewer = catalog.model_copy(update={"base_models": models, "api_models": catalog.api_models[::share]})
        rows[f"{len(left) + len(fewer.api_models)} models"] = (case, fewer, DRAWS)
    for label, (asked, known, draws) in rows.items():
        found = assess(asked, catalog=known, draws=draws)
        best_s = timed(
            lambda run, asked=asked, known=known, draws=draws: assess(varied(asked, run), catalog=known, draws=draws), 3
        )
        candidates = len(found.options) + len(found.pruned)
        sys.stdout.write(f"  {label} ({candidates} candidates): {1e3 * best_s:.0f} ms\n")


def peers(case: Case, catalog: Catalog) -> tuple[float, float, bool]:
    """Time of the two peers over that of the shared arrays, and whether all give the same totals."""
    setting = setting_of(case, catalog)
    inputs = inputs_of(case, catalog, setting)
    found = candidates_of(case, catalog, inputs, setting, catalog_date(catalog))
    kept, _ = screen(Problem(case, setting, limits_of(case, inputs, setting), 0), found, inputs, set())
    needed = [item for item in inputs if item.name in used_names(kept, inputs, setting)]
    frame = setting.frame

    def shared() -> np.ndarray:
        design = random_design(needed, draws=DRAWS, seed=0)
        demand = demand_of(design, frame)
        return np.stack([total_of(option, design, demand, frame) for option in kept])

    def without_sharing() -> np.ndarray:
        totals = []
        for option in kept:
            design = {item.name: random_design([item], draws=DRAWS, seed=0)[item.name] for item in needed}
            totals.append(total_of(option, design, demand_of(design, frame), frame))
        return np.stack(totals)

    whole = random_design(needed, draws=DRAWS, seed=0)

    def one_at_a_time() -> np.ndarray:
        totals = np.empty((len(kept), SAMPLE))
        for draw in range(SAMPLE):
            design = {item.name: whole[item.name][draw : draw + 1] for item in needed}
            for place, option in enumerate(kept):
                totals[place, draw] = total_of(option, design, demand_of(design, frame), frame)[0]
        return totals

    first, second, third = shared(), without_sharing(), one_at_a_time()
    equal = np.allclose(first, second, rtol=1e-12) and np.allclose(first[:, :SAMPLE], third, rtol=1e-12)
    base_s = timed(lambda _: shared(), RUNS)
    return (
        timed(lambda _: one_at_a_time(), 2) * DRAWS / SAMPLE / base_s,
        timed(lambda _: without_sharing(), 2) / base_s,
        bool(equal),
    )


if __name__ == "__main__":
    raise SystemExit(main())

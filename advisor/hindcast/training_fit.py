"""The few coefficients of the training model, fit on published steps and runs.

Enter at `fit_training`. Each coefficient starts at its literature value (the oldest row of its name in the catalogue)
and moves as far as the rows push it against that prior, on the log scale, with a loss that outliers cannot pull.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.contracts.catalog import Catalog, Parameter
from advisor.contracts.errors import RichtwertError
from advisor.contracts.estimates import TrainingRequest
from advisor.core.training import TrainingLoad, token_time_s
from advisor.core.units import SECONDS_PER_HOUR
from advisor.estimate.coefficients import training_fit
from advisor.estimate.draws import Draws
from advisor.estimate.kinds import FROM_TEXT
from advisor.estimate.loads import load_of
from advisor.estimate.setup import Setup, setup_of
from advisor.hindcast.rows import PublishedRow

Array = NDArray[np.float64]
COEFFICIENTS = {
    "training_matmul_efficiency_fraction": 0.1,
    "training_attention_efficiency_ratio": 0.4,
    "training_activation_traffic_factor": 0.5,
    "training_exposed_communication_fraction": 0.6,
    "training_layer_overhead_s.tuned": 0.5,
    "training_low_precision_gain_ratio": 0.15,
    "training_expert_width_half": 0.5,
    "training_run_efficiency_fraction": 0.3,
}
"""Name to the spread (of ln) that its prior has."""
GAIN = "training_software_gain_per_year"
GAIN_SPREAD = 0.06
CLASSES = ("h100", "b200", "tpu", "amd", "v100")
"""Generations whose sustained rate is fit against the A100's."""
CLASS_SPREAD = 0.15
STEP_SCATTER, RUN_SCATTER = 0.15, 0.25
"""Scatter of ln that the loss expects of single rows."""
RECORDS = "speedrun"
"""Record runs on one server time the bare training loop after months of tuning: they are no evidence of usual runs."""
CROWD = 8
"""A family of more rows than this counts as this many."""
Z95 = 1.645


@dataclass(frozen=True)
class Evidence:
    """One published speed."""

    row: PublishedRow
    setup: Setup
    load: TrainingLoad
    seconds_per_token: float
    is_run: bool


@dataclass(frozen=True)
class Fitted:
    """Coefficients with their spread."""

    names: tuple[str, ...]
    central: Array
    spread_ln: Array
    """Standard deviation of ln; of the value itself for the yearly gain."""

    def values(self) -> dict[str, float]:
        """Name to central value."""
        return dict(zip(self.names, map(float, self.central), strict=True))


def evidence_of(rows: Sequence[PublishedRow], catalog: Catalog) -> list[Evidence]:
    """The rows that state a speed, or hours with tokens, of a known part; recalled rows are left out."""
    pool = Draws(catalog, draws=1, seed=0)
    found = []
    for row in rows:
        is_step = row.kind == "throughput" and "tokens_per_s_per_gpu" in row.published
        is_run = row.kind in FROM_TEXT and "accelerator_hours" in row.published and "tokens_b" in row.request
        if row.unverified or not (is_step or is_run):
            continue
        try:
            setup = setup_of(TrainingRequest.model_validate({**row.request, "id": row.id}), pool)
            load = load_of(setup, pool, _without_class(pool))
        except RichtwertError:
            continue
        if is_step:
            seconds = 1.0 / row.published["tokens_per_s_per_gpu"]
        else:
            seconds = row.published["accelerator_hours"] * SECONDS_PER_HOUR / (setup.amount.tokens or 1.0)
        found.append(Evidence(row, setup, load, seconds, is_run))
    return found


def fit_training(evidence: Sequence[Evidence], catalog: Catalog) -> Fitted:
    """Most probable coefficients given the rows, record runs aside, and the literature."""
    from scipy.optimize import least_squares

    evidence = [item for item in evidence if item.row.family != RECORDS]
    names = (*COEFFICIENTS, GAIN, *(f"sustained_ratio.{name}" for name in CLASSES))
    start = prior_values(catalog)
    prior_spread = np.array([*COEFFICIENTS.values(), GAIN_SPREAD, *(CLASS_SPREAD for _ in CLASSES)])
    stacked = _Stacked(evidence)
    crowd = Counter(item.row.family for item in evidence)
    weight = np.array([min(1.0, CROWD / crowd[item.row.family]) for item in evidence]) ** 0.5

    def residuals(moved: Array) -> Array:
        error = (stacked.predicted_ln(_moved(names, start, moved)) - stacked.observed_ln) / stacked.scatter
        soft = np.sign(error) * np.sqrt(2.0 * (np.sqrt(1.0 + error**2) - 1.0))
        return np.concatenate([soft * weight, moved / prior_spread])

    found = least_squares(residuals, np.zeros(len(names)))
    covariance = np.linalg.inv(found.jac.T @ found.jac)
    values = _moved(names, start, found.x)
    return Fitted(names, np.array([values[name] for name in names]), np.sqrt(np.diag(covariance)))


def errors_ln(evidence: Sequence[Evidence], values: dict[str, float]) -> Array:
    """ln(predicted / published) of time, row by row."""
    stacked = _Stacked(evidence)
    return stacked.predicted_ln(values) - stacked.observed_ln


def prior_values(catalog: Catalog) -> dict[str, float]:
    """Literature values: the oldest row of each name."""
    oldest: dict[str, Parameter] = {}
    for row in sorted(catalog.parameters, key=lambda row: row.as_of, reverse=True):
        oldest[row.name] = row
    return {name: row.central for name, row in oldest.items()}


def _moved(names: Sequence[str], start: dict[str, float], moved: Array) -> dict[str, float]:
    return {
        name: start[name] + float(step) if name == GAIN else start[name] * float(np.exp(step))
        for name, step in zip(names, moved, strict=True)
    }


def _without_class(pool: Draws) -> Callable[[str], ArrayLike]:
    """Central values, but every generation sustains what it was measured to reach: the fit scales that."""
    return lambda name: 1.0 if name.startswith("sustained_ratio.") else pool.value(name)


class _Stacked:
    """All evidence as arrays, so that one call predicts every row."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        columns = {
            name: np.array([float(getattr(item.load, name)) for item in evidence]) for name in vars(evidence[0].load)
        }
        self.load = TrainingLoad(**columns)
        self.classes = [item.setup.part.mfu_class if item.setup.part else "" for item in evidence]
        self.is_run = np.array([item.is_run for item in evidence])
        self.observed_ln = np.log([item.seconds_per_token for item in evidence])
        self.scatter = np.where(self.is_run, RUN_SCATTER, STEP_SCATTER)

    def predicted_ln(self, values: dict[str, float]) -> Array:
        ratio = np.array([values.get(f"sustained_ratio.{name}", 1.0) for name in self.classes])
        load = replace(self.load, sustained_flop_per_s=np.asarray(self.load.sustained_flop_per_s) * ratio)
        time = token_time_s(load, training_fit(lambda name: values[name]))
        run = np.where(self.is_run, values["training_run_efficiency_fraction"], 1.0)
        return np.asarray(np.log(time / run))

"""The coefficients of the memory model, fit on published peaks.

Enter at `fit_memory`; priors and loss as in `training_fit`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import RichtwertError
from advisor.contracts.estimates import TrainingRequest
from advisor.core.memory import training_memory_bytes, weight_bytes
from advisor.core.units import BYTES_PER_GIB
from advisor.estimate.coefficients import memory_fit
from advisor.estimate.draws import Draws
from advisor.estimate.setup import Setup, setup_of
from advisor.hindcast.rows import PublishedRow
from advisor.hindcast.training_fit import CROWD, Fitted, prior_values

Array = NDArray[np.float64]
COEFFICIENTS = {
    "memory_hidden_bytes_per_token": 0.2,
    "memory_logit_bytes": 0.25,
    "memory_quantised_activation_ratio": 0.15,
    "memory_fragmentation_ratio": 0.06,
    "memory_fixed_bytes": 0.5,
    "memory_quantised_bytes_per_param": 0.04,
}
SCATTER = 0.1


@dataclass(frozen=True)
class Peak:
    """One published peak of a device."""

    row: PublishedRow
    setup: Setup
    published_gib: float

    @property
    def is_shared(self) -> bool:
        """True when several devices carry the model."""
        return self.setup.devices > 1 and self.setup.kind != "memory"


def peaks_of(rows: Sequence[PublishedRow], catalog: Catalog) -> list[Peak]:
    """Rows that state a peak; recalled rows are left out."""
    pool = Draws(catalog, draws=1, seed=0)
    found = []
    for row in rows:
        if row.unverified or "peak_mem_gib" not in row.published:
            continue
        try:
            setup = setup_of(TrainingRequest.model_validate({**row.request, "id": row.id}), pool)
        except RichtwertError:
            continue
        found.append(Peak(row, setup, row.published["peak_mem_gib"]))
    return found


def fit_memory(peaks: Sequence[Peak], catalog: Catalog) -> Fitted:
    """Most probable coefficients given the peaks and the literature; the layouts stay as the priors found them."""
    from scipy.optimize import least_squares

    names = tuple(COEFFICIENTS)
    start = prior_values(catalog)
    spread = np.array(list(COEFFICIENTS.values()))
    crowd = Counter(item.row.family for item in peaks)
    weight = np.array([min(1.0, CROWD / crowd[item.row.family]) for item in peaks]) ** 0.5

    def residuals(moved: Array) -> Array:
        error = memory_errors_ln(peaks, _values(names, start, moved)) / SCATTER
        soft = np.sign(error) * np.sqrt(2.0 * (np.sqrt(1.0 + error**2) - 1.0))
        return np.concatenate([soft * weight, moved / spread])

    found = least_squares(residuals, np.zeros(len(names)))
    covariance = np.linalg.inv(found.jac.T @ found.jac)
    values = _values(names, start, found.x)
    return Fitted(names, np.array([values[name] for name in names]), np.sqrt(np.diag(covariance)))


def memory_errors_ln(peaks: Sequence[Peak], values: dict[str, float]) -> Array:
    """ln(predicted / published) of the peak, row by row."""
    fit = memory_fit(lambda name: values[name])

    def peak_gib(item: Peak) -> float:
        if item.setup.weights_only:
            held = weight_bytes(item.setup.shape, item.setup.plan, fit) + np.asarray(fit.fixed_bytes)
            return float(held) / BYTES_PER_GIB
        return float(training_memory_bytes(item.setup.shape, item.setup.plan, fit)) / BYTES_PER_GIB

    return np.array([np.log(peak_gib(item) / item.published_gib) for item in peaks])


def _values(names: Sequence[str], start: dict[str, float], moved: Array) -> dict[str, float]:
    return {name: start[name] * float(np.exp(step)) for name, step in zip(names, moved, strict=True)}

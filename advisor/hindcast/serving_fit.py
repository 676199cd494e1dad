"""Fits the coefficients of the serving formulas to published runs.

Enter at `fit`; `python -m advisor.hindcast.serving_fit` prints the coefficients as rows of the catalogue. Each
coefficient has a prior (data/hindcast/serving_priors.yml), so that what no row tells stays near what is known; rows
weigh the less the more of their inputs are missing, and a family of rows with the root of its size.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingRequest
from advisor.core.sampling import Z95
from advisor.estimate.serving import draws_of
from advisor.estimate.serving_coefficients import POWER, PREFIX, names_for, power_fit, step_fit
from advisor.estimate.serving_figures import figures_of
from advisor.estimate.serving_plan import ServingPlan, plan_of
from advisor.files import data_directory
from advisor.hindcast.rows import PublishedRow, published_rows

Array = NDArray[np.float64]
PRIORS_FILE = "serving_priors.yml"
FITTED_COLUMNS = {
    "output_tokens_per_s": ("output_rate", 1.0),
    "tpot_ms": ("tpot_s", 1e3),
    "ttft_ms": ("ttft_s", 1e3),
    "prefill_tokens_per_s": ("prefill_rate", 1.0),
    "power_w": ("power_w", 1.0),
}
SCORED_COLUMNS = {**FITTED_COLUMNS, "energy_j_per_output_token": ("token_j", 1.0)}
STEP = 1e-4
HIGHEST_FRACTION = 0.95
ROW_SPREAD, LENGTH_SPREAD, LOAD_SPREAD = 0.12, 0.08, 0.10
"""Spread of ln that a full row is trusted with, and what each unknown length or an unlimited load adds."""


@dataclass(frozen=True)
class Prior:
    """A coefficient before any row is seen: median and standard deviation of its logarithm; 0 fixes it."""

    median: float
    spread: float


@dataclass(frozen=True)
class Case:
    """One published row, planned."""

    row: PublishedRow
    plan: ServingPlan

    @property
    def spread(self) -> float:
        """Standard deviation of ln that the row is trusted with."""
        unknown = (self.plan.input_prior is not None) + 2 * (self.plan.output_prior is not None)
        open_load = (self.plan.batch is None) + self.plan.engine.wide
        return ROW_SPREAD + LENGTH_SPREAD * unknown + LOAD_SPREAD * open_load


@dataclass(frozen=True)
class Fitted:
    """Coefficients by name, and the spread of ln of each with the others held."""

    values: dict[str, float]
    spreads: dict[str, float]


def priors(directory: Path | None = None) -> dict[str, Prior]:
    """The priors of all coefficients."""
    from ruamel.yaml import YAML

    text = ((directory or data_directory()) / "hindcast" / PRIORS_FILE).read_text("utf-8")
    return {row["name"]: Prior(row["median"], row["spread"]) for row in YAML(typ="safe").load(text)}


def cases_of(rows: Iterable[PublishedRow], catalog: Catalog) -> tuple[list[Case], list[str]]:
    """The rows that can be planned, and why the others cannot; recalled rows and services of others are no evidence."""
    found, refused = [], []
    for row in rows:
        if row.kind == "api_energy" or row.unverified:
            continue
        try:
            found.append(Case(row, plan_of(ServingRequest.model_validate(row.request), catalog)))
        except BadInput as error:
            refused.append(f"{row.id}: {error}")
    return found, refused


def errors(
    case: Case,
    values: Mapping[str, ArrayLike],
    catalog: Catalog,
    columns: Mapping[str, tuple[str, float]] = FITTED_COLUMNS,
) -> dict[str, Array]:
    """ln(predicted / reported) of every published column that is predicted; wall power is left to its own ratio."""
    step = step_fit(values, case.plan.generation, case.plan.engine.maturity)
    around = draws_of(case.plan, case.row.kind, catalog, draws=1, seed=0)
    found = figures_of(case.plan, step, power_fit(values), around)
    return {
        column: np.asarray(np.log(found[name] * scale / case.row.published[column]))
        for column, (name, scale) in columns.items()
        if column in case.row.published and name in found and case.row.kind != "power"
    }


def fit_serving(rows: Sequence[PublishedRow], catalog: Catalog) -> dict[str, float]:
    """Central values of the coefficients, under their names in the catalogue, fitted on these rows."""
    cases, _ = cases_of(rows, catalog)
    return {PREFIX + name: value for name, value in fit(cases, catalog).values.items()}


def fit(cases: Sequence[Case], catalog: Catalog, before: Mapping[str, Prior] | None = None) -> Fitted:
    """The coefficients that make the rows most likely under the priors."""
    from scipy.optimize import least_squares

    known = before or priors()
    used = {name for case in cases for name in names_for(case.plan.generation, case.plan.engine.maturity)} | set(POWER)
    free = [name for name, prior in known.items() if name in used and prior.spread > 0]
    sizes = Counter(case.row.family for case in cases)
    weights = [1.0 / (case.spread * sizes[case.row.family] ** 0.25) for case in cases]
    fixed = {name: prior.median for name, prior in known.items()}
    centre = np.log([known[name].median for name in free])
    width = np.array([known[name].spread for name in free])

    def residuals(points: Array) -> Array:
        """One column of residuals per point: the formulas take all points at once."""
        values = {**fixed, **dict(zip(free, np.exp(points), strict=True))}
        count = points.shape[1]
        rows = [
            np.broadcast_to(weight * error, (count,))
            for case, weight in zip(cases, weights, strict=True)
            for error in errors(case, values, catalog).values()
        ]
        return np.vstack([*rows, (points - centre[:, None]) / width[:, None]])

    def slope(theta: Array) -> Array:
        points = np.column_stack([theta, theta[:, None] + STEP * np.eye(len(theta))])
        found = residuals(points)
        return (found[:, 1:] - found[:, :1]) / STEP

    highest = np.array([np.log(HIGHEST_FRACTION) if "fraction" in name else np.inf for name in free])
    answer = least_squares(
        lambda theta: residuals(theta[:, None])[:, 0],
        centre,
        jac=slope,
        bounds=(-np.inf, highest),
        loss="soft_l1",
        f_scale=2.0,
        max_nfev=60,
    )
    held = 1.0 / np.sqrt((slope(answer.x) ** 2).sum(axis=0))
    return Fitted(
        values={**fixed, **{name: float(value) for name, value in zip(free, np.exp(answer.x), strict=True)}},
        spreads={**{n: p.spread for n, p in known.items()}, **dict(zip(free, map(float, held), strict=True))},
    )


def three_points(name: str, fitted: Fitted) -> tuple[float, float, float]:
    """P5, P50 and P95 of a coefficient; a share stays below 1."""
    value, spread = fitted.values[name], fitted.spreads[name]
    spread = max(LEAST_SPREAD, spread) if spread > 0 else 0.0
    low, high = value * np.exp(-Z95 * spread), value * np.exp(Z95 * spread)
    return float(low), value, float(min(high, max(value, HIGHEST_P95)) if "fraction" in name else high)


HIGHEST_P95 = 0.98
HEADER = (
    "# Serving: coefficients of the decode step, of prompts and of the draw. Printed by\n"
    "# `python -m advisor.hindcast.serving_fit` from data/hindcast/; P5 and P95 of each with the others held.\n"
)
NOTES = {
    "a100": "rows on A100, tensorrt-llm-ttft among them",
    "h100": "rows on H100, H200, GH200, H800",
    "b200": "rows on B200, GB200, GB300",
    "amd": "rows on MI300X to MI355X",
    "consumer": "rows on RTX, L40S and GB10",
    "cpu": "few rows, near its prior",
    "other": "Apple, Intel and Jetson rows; for all other parts",
}
LEAST_SPREAD = 0.02


def rows_of(fitted: Fitted, cases: Sequence[Case], as_of: str) -> list[str]:
    """The coefficients as rows of data/parameters/serving_speed.yml; P5 and P95 from the spread of each alone."""
    lines = []
    for name in fitted.values:
        low, value, high = three_points(name, fitted)
        unit = "fraction" if "fraction" in name else _unit(name)
        key = name.partition(".")[2]
        note = NOTES.get(key, f"fit over {len(cases)} published rows")
        lines.append(
            f"- {{name: serving_{name}, unit: {unit}, low: {_digits(low)}, central: {_digits(value)}, "
            f'high: {_digits(high)}, source: published-serving-rows, as_of: {as_of}, note: "{note}"}}'
        )
    return lines


def _digits(value: float) -> str:
    """Three significant digits, always readable as a number by YAML."""
    text = f"{value:.3g}"
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _unit(name: str) -> str:
    ends = {"_s": "s", "_flop_per_s": "FLOP/s", "_tokens": "tokens", "_batch": "sequences"}
    base = name.partition(".")[0]
    return next(
        (unit for end, unit in sorted(ends.items(), key=lambda pair: -len(pair[0])) if base.endswith(end)), "ratio"
    )


def main() -> int:
    """Fit on all published rows and print the rows of the catalogue, then why some rows were left out."""
    import sys

    from advisor.catalog.load import load_catalog

    catalog = load_catalog()
    cases, refused = cases_of(published_rows("serving"), catalog)
    sys.stdout.write(HEADER + "\n".join(rows_of(fit(cases, catalog), cases, "2026-11")) + "\n")
    sys.stderr.write("".join(f"left out: {line}\n" for line in refused))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

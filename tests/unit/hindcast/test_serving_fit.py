"""The fit of the serving coefficients on published rows."""

import numpy as np
import pytest

from advisor.catalog.load import load_catalog
from advisor.hindcast import serving_fit
from advisor.hindcast.rows import published_rows


@pytest.fixture(scope="module")
def cases():
    found, _ = serving_fit.cases_of(published_rows("serving"), load_catalog())
    return found


def central(values):
    return {name: values.get(name, prior.median) for name, prior in serving_fit.priors().items()}


def absolute_errors(cases, values, column):
    catalog = load_catalog()
    found = [serving_fit.errors(case, values, catalog, serving_fit.SCORED_COLUMNS).get(column) for case in cases]
    return np.array([abs(float(np.ravel(item)[0])) for item in found if item is not None])


def in_catalogue():
    prefix = serving_fit.PREFIX
    return {
        row.name.removeprefix(prefix): row.central
        for row in load_catalog().parameters
        if row.name.startswith(prefix) and row.name.removeprefix(prefix) in serving_fit.priors()
    }


def test_every_coefficient_of_the_catalogue_has_a_prior_and_the_reverse():
    assert in_catalogue().keys() == serving_fit.priors().keys()


def test_the_catalogue_holds_what_the_fit_finds(cases):
    """Within 5 %: rows added to the data without a new fit would be noticed here."""
    found = serving_fit.fit(cases, load_catalog()).values
    for name, value in in_catalogue().items():
        assert found[name] == pytest.approx(value, rel=0.05), name


def test_the_fit_is_nearer_to_the_rows_than_its_priors(cases):
    priors, fitted = central({}), in_catalogue()
    for column in ("output_tokens_per_s", "tpot_ms"):
        assert np.mean(absolute_errors(cases, fitted, column)) < np.mean(absolute_errors(cases, priors, column))


def test_dense_models_on_data_centre_parts_are_within_15_percent_in_the_median(cases):
    dense = [case for case in cases if not case.plan.has_experts and case.plan.generation in ("a100", "h100")]
    assert len(dense) > 50
    assert np.median(absolute_errors(dense, in_catalogue(), "output_tokens_per_s")) <= 0.15
    assert np.median(absolute_errors(dense, in_catalogue(), "energy_j_per_output_token")) <= 0.20


def test_coefficients_are_few_against_the_rows(cases):
    free = [name for name, prior in serving_fit.priors().items() if prior.spread > 0]
    assert 3 * len(free) < len(cases)


def test_a_fit_without_rows_returns_the_priors():
    found = serving_fit.fit([], load_catalog())
    assert found.values == pytest.approx(central({}))

"""How far training estimates are from published runs, each family predicted by a fit on the others.

The bounds are a little above what is reached, so that a change that makes the estimators worse is noticed.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from advisor.catalog.load import load_catalog
from advisor.hindcast import calibrate
from advisor.hindcast.groups import KIND_NAMES
from advisor.hindcast.rows import published_rows
from advisor.hindcast.score import summarise
from advisor.hindcast.table import BEGIN, END, held_table, markdown_table
from advisor.hindcast.validate import compare, compare_left_out, refitted

METHODOLOGY = Path(__file__).parents[2] / "METHODOLOGY.md"
PRETRAINING = KIND_NAMES["pretrain"]
pytestmark = pytest.mark.slow


@cache
def left_out():
    """All comparisons of training rows: about 15 seconds, once."""
    return compare_left_out(published_rows("training"), "training", load_catalog())


def group(name, quantity):
    found = [item for item in summarise(left_out().comparisons) if (item.group, item.quantity) == (name, quantity)]
    assert len(found) == 1, f"{name}, {quantity}: no such group"
    return found[0]


@pytest.mark.parametrize(
    ("name", "quantity", "rows", "median", "p90"),
    [
        (PRETRAINING, "accelerator_hours", 50, 0.17, 0.50),
        ("training steps", "tokens_per_s_per_gpu", 110, 0.16, 0.45),
        ("LoRA", "accelerator_hours", 3, 0.20, 0.30),
        ("LoRA", "tokens_per_s_per_gpu", 7, 0.25, 0.45),
        ("reinforcement learning", "accelerator_hours", 3, 0.45, 1.5),
        ("memory, one device", "peak_mem_gib", 55, 0.10, 0.30),
        ("memory, several devices", "peak_mem_gib", 14, 0.16, 0.60),
        (PRETRAINING, "energy_mwh", 8, 0.20, 4.0),
    ],
)
def test_errors_of_a_group_stay_below_their_bound(name, quantity, rows, median, p90):
    found = group(name, quantity)
    assert found.n >= rows
    assert found.median_error_fraction <= median
    assert found.p90_error_fraction <= p90


@pytest.mark.parametrize(
    ("name", "quantity", "width"),
    [
        (PRETRAINING, "accelerator_hours", 5.0),
        ("training steps", "tokens_per_s_per_gpu", 3.5),
        ("memory, one device", "peak_mem_gib", 2.2),
    ],
)
def test_about_nine_of_ten_published_figures_lie_inside_an_interval_of_useful_width(name, quantity, width):
    found = group(name, quantity)
    assert 0.80 <= found.coverage_fraction <= 0.98
    assert found.median_width_ratio <= width


@pytest.mark.parametrize(
    ("name", "quantity"), [(PRETRAINING, "accelerator_hours"), ("training steps", "tokens_per_s_per_gpu")]
)
def test_estimates_beat_one_constant_utilisation_by_a_third(name, quantity):
    found = group(name, quantity)
    assert found.constant_median_error_fraction is not None
    assert found.median_error_fraction < 2 / 3 * found.constant_median_error_fraction


@pytest.mark.parametrize("quantity", ["accelerator_hours", "tokens_per_s_per_gpu", "peak_mem_gib"])
def test_errors_have_no_direction_where_the_inputs_are_known(quantity):
    """The median of predicted over published lies within a tenth of 1."""
    errors = [item.error_ln for item in left_out().comparisons if item.quantity == quantity and item.inputs_known]
    assert abs(float(np.median(errors))) < 0.10


def test_rows_that_cannot_be_estimated_say_which_field_is_missing():
    refused = left_out().refused
    assert {reason.partition(":")[0] for _, reason in refused} <= {"params_b", "accelerator"}
    assert len(refused) <= 5


def test_every_comparison_is_of_an_own_row_and_none_is_lost():
    rows = published_rows("training")
    compared = [(item.row.id, item.quantity) for item in left_out().comparisons]
    assert len(compared) == len(set(compared))
    silent = {row.id for row in rows if not row.unverified and row.published.keys() & {"accelerator_hours"}}
    silent -= {name for name, _ in left_out().refused} | {name for name, _ in compared}
    assert silent == set()


def fitted_central(family):
    """Coefficients under a fit without one family."""
    rows = [row for row in published_rows("training") if row.family != family]
    held = refitted(load_catalog(), rows, "training")
    return {row.name: row.central for row in held.parameters if row.as_of == calibrate.AS_OF}


def test_leaving_a_family_out_moves_the_coefficients():
    shipped = {row.name: row.central for row in load_catalog().parameters if row.as_of == calibrate.AS_OF}
    without_llama, without_nvidia = fitted_central("llama"), fitted_central("nvidia")
    name = "training_matmul_efficiency_fraction"
    assert len({shipped[name], without_llama[name], without_nvidia[name]}) == 3
    assert without_llama[name] == pytest.approx(shipped[name], rel=0.3)


def test_a_family_is_never_predicted_from_its_own_figures():
    """Llama's published hours a thousandfold leave its own predictions where they are, and move those of others."""
    rows = published_rows("training")
    spoilt = [
        row.__class__(**(vars(row) | {"published": {key: 1000 * value for key, value in row.published.items()}}))
        if row.family == "llama"
        else row
        for row in rows
    ]
    llama = [row for row in spoilt if row.family == "llama"]
    others = [row for row in spoilt if row.family != "llama"]
    clean = {(item.row.id, item.quantity): item.predicted for item in left_out().comparisons}
    again = compare(llama, "training", refitted(load_catalog(), others, "training")).comparisons
    assert again
    for item in again:
        assert item.predicted == clean[item.row.id, item.quantity]
    moved = refitted(load_catalog(), spoilt, "training")
    name = "training_matmul_efficiency_fraction"
    assert central(moved, name) != central(load_catalog(), name)


def central(catalog, name):
    return next(row.central for row in catalog.parameters if row.name == name and row.as_of == calibrate.AS_OF)


def test_shipped_coefficients_are_those_of_a_new_fit(capsys):
    code = calibrate.main(["--check"])
    assert code == 0, f"{capsys.readouterr().err}\nrun: python -m advisor.hindcast.calibrate"


STALE = "the table in METHODOLOGY.md is stale; run: advisor hindcast --write METHODOLOGY.md"


def table_lines(text, *, serving):
    """Lines of a table about serving, or its other lines."""
    return [line for line in text.splitlines() if line.startswith("| serving,") is serving]


def test_the_methodology_has_the_table_between_its_markers():
    text = METHODOLOGY.read_text(encoding="utf-8")
    assert BEGIN in text
    assert END in text
    assert len(held_table(text).splitlines()) > 20


def test_training_rows_of_the_methodologys_table_are_those_of_a_new_run():
    ordered = sorted(left_out().comparisons, key=lambda item: item.group)
    held = table_lines(held_table(METHODOLOGY.read_text(encoding="utf-8")), serving=False)
    assert held == markdown_table(summarise(ordered)).splitlines(), STALE


def test_serving_rows_of_the_methodologys_table_are_those_of_a_new_run():
    """A fit per family: about two minutes."""
    rows = published_rows("serving")
    ordered = sorted(compare_left_out(rows, "serving", load_catalog()).comparisons, key=lambda item: item.group)
    held = table_lines(held_table(METHODOLOGY.read_text(encoding="utf-8")), serving=True)
    assert held == table_lines(markdown_table(summarise(ordered)), serving=True), STALE

"""The data files as they ship: provenance survives the loader, and known traps of public tables stay out."""

from datetime import date

import pytest
from ruamel.yaml import YAML

from advisor.catalog.load import PARAMETER_FOLDER, TABLES, load_catalog
from advisor.catalog.lookup import accelerator, exchange, grid, salary
from advisor.contracts.errors import UnknownName
from advisor.files import data_directory

TODAY = "2026-11-24"
SAME_PART = {
    "h100-sxm-80gb": ["H100-80GB-SXM", "H100-SXM-80GB"],
    "h100-pcie-80gb": ["H100 PCIe 80GB"],
    "h200-sxm-141gb": ["H200-141GB-SXM", "H200-SXM-141GB"],
    "h800-sxm-80gb": ["H800", "H800-80GB-SXM"],
    "gh200-96gb": ["GH200-96GB"],
    "gh200-141gb": ["GH200-144GB"],
    "b200-sxm-180gb": ["B200-180GB", "B200-180GB (preview)", "B200-180GB-SXM", "B200-SXM-180GB"],
    "gb200-186gb": ["GB200", "GB200-186GB"],
    "a100-sxm-80gb": ["A100", "A100 80GB", "A100-80GB", "A100-80GB-SXM", "A100-SXM-80GB"],
    "a100-sxm-40gb": ["A100-40GB-SXM"],
    "v100-sxm2-32gb": ["V100-32GB-SXM2"],
    "a10g-24gb": ["A10G-24GB"],
    "l40s-48gb": ["L40S-48GB"],
    "rtx-4090-24gb": ["RTX 4090 24GB", "RTX4090-24GB"],
    "rtx-3090-24gb": ["RTX 3090 24GB"],
    "mi250x": ["MI250X"],
    "mi300x-192gb": ["MI300X-192GB"],
    "tpu-v3": ["TPUv3"],
    "tpu-v4": ["TPUv4"],
}
OTHER_PART = {
    "H100-48GB-500W": "H100",
    "H200-SXM-141GB (800W)": "H200-SXM-141GB",
    "GB400": "GB[23]00",
    "RTX 7000 Ada 48GB": "RTX",
    "MI350X-288GB": "MI3",
}


def raw_rows(table: str) -> list[dict]:
    """Rows of a table as they stand in the files."""
    folder = data_directory()
    files = [folder / TABLES[table]] if table in TABLES else sorted((folder / PARAMETER_FOLDER).glob("*.yml"))
    return [row for file in files for row in YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("table", [*TABLES, "parameters"])
def test_what_stands_in_the_files_stands_in_the_catalogue(table):
    """Each written value, source and date included, comes back under its own key."""
    written, loaded = raw_rows(table), getattr(load_catalog(), table)
    assert len(written) == len(loaded) > 0
    for raw, row in zip(written, loaded, strict=True):
        model = row.model_dump(mode="json")
        assert {"source", "as_of"} <= set(raw) or table == "sources", raw
        for key, value in raw.items():
            assert str(model[key]) == str(value) or model[key] == value, (table, raw, key)


def test_every_source_is_used_and_was_read_by_today():
    catalog = load_catalog()
    rows = [row for table in [*TABLES, "parameters"] if table != "sources" for row in getattr(catalog, table)]
    cited = {row.source for row in rows} | {row.market_source for row in catalog.grids}
    notes = " ".join(row.note for row in rows) + (data_directory() / "salaries.yml").read_text(encoding="utf-8")
    unused = [entry.id for entry in catalog.sources if entry.id not in cited and entry.id not in notes]
    assert not unused
    assert all(entry.read <= TODAY for entry in catalog.sources)


def test_a_doubtful_row_says_why():
    catalog = load_catalog()
    silent = [
        row
        for table in [*TABLES, "parameters"]
        if table != "sources"
        for row in getattr(catalog, table)
        if row.unverified and not row.note
    ]
    assert not silent


def test_no_row_is_dated_after_today():
    catalog = load_catalog()
    rows = [row for table in [*TABLES, "parameters"] if table != "sources" for row in getattr(catalog, table)]
    assert all(row.as_of <= TODAY[: len(row.as_of)] for row in rows)


@pytest.mark.parametrize(("part", "spelling"), [(part, name) for part, names in SAME_PART.items() for name in names])
def test_a_published_spelling_leads_to_its_part(part, spelling):
    assert accelerator(load_catalog(), spelling).id == part
    assert accelerator(load_catalog(), spelling.lower()).id == part


@pytest.mark.parametrize(("spelling", "relative"), OTHER_PART.items())
def test_another_part_is_not_taken_for_a_similar_one_but_pointed_to(spelling, relative):
    with pytest.raises(UnknownName, match=rf"(?i): .*{relative}"):
        accelerator(load_catalog(), spelling)


def test_peaks_are_dense_and_of_one_part():
    """Printed elsewhere: H100 1,979 with sparsity or as a pair, RTX 4090 82.6 and RTX 3090 35.6 of the shaders."""
    peaks = {row.id: row.peak_flop_per_s / 1e12 for row in load_catalog().accelerators}
    assert peaks["h100-sxm-80gb"] == peaks["h200-sxm-141gb"] == 989
    assert peaks["h100-pcie-80gb"] == 756
    assert peaks["a100-sxm-80gb"] == peaks["a100-sxm-40gb"] == 312
    assert peaks["rtx-4090-24gb"] == 165.2
    assert peaks["rtx-3090-24gb"] == 71


def test_bought_hardware_costs_one_to_ten_years_of_its_rent():
    """A slip of a digit in either price leaves this band."""
    hours_per_year = 8766
    for row in load_catalog().accelerators:
        if row.rental_usd_per_hour is not None and row.purchase_usd is not None:
            years = row.purchase_usd.central / (row.rental_usd_per_hour.central * hours_per_year)
            assert 0.5 < years < 10, row.id


def test_the_processor_core_follows_from_its_derivation():
    """2 FMA units x 8 lanes x 2 FLOP x 2.5e9 per second."""
    assert accelerator(load_catalog(), "cpu-core-avx2").peak_flop_per_s == 2 * 8 * 2 * 2.5e9


def test_the_grid_and_the_exchange_rate_are_the_published_ones():
    assert grid(load_catalog(), "DE", on=date(2023, 12, 31)).location_gco2e_per_kwh == 381
    assert grid(load_catalog(), "FR", on=date(2023, 12, 31)).location_gco2e_per_kwh == 56
    assert grid(load_catalog(), "US-CA").zone == "US"
    assert exchange(load_catalog(), "USD").per_eur == 1.1172


def test_no_annotator_earns_less_than_the_minimum_wage():
    """13.90 EUR/h x 40 h x 52 weeks = 28,912; the row rounds down to hundreds."""
    assert salary(load_catalog(), "DE", "annotator").gross_per_year.low == pytest.approx(13.90 * 40 * 52, abs=100)


def test_the_ladder_of_own_models_rises_from_the_demo_to_seven_billion():
    sizes = [row.parameters for row in load_catalog().architectures]
    assert sizes == sorted(sizes)
    assert sizes[0] == 688_768
    assert sizes[-1] == pytest.approx(7e9, rel=0.05)

"""The loader refuses what does not fit, in words that lead to the mistake."""

import re

import pytest

from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import exchange
from advisor.contracts.errors import BadInput


def spoil(path, old, new):
    """Replace the first `old`; a replacement that finds nothing would test nothing."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refusal(directory) -> str:
    with pytest.raises(BadInput) as caught:
        load_catalog(directory)
    return str(caught.value)


def test_a_copy_elsewhere_is_the_same_catalogue(data):
    assert load_catalog(data) == load_catalog()


def test_the_default_is_read_once():
    assert load_catalog() is load_catalog()


def test_the_version_names_the_content_and_the_price_package(data):
    before = load_catalog(data).version
    assert re.fullmatch(r"[0-9a-f]{12}\+genai-prices-\d+\.\d+\.\d+", before)
    spoil(data / "grids.yml", "381", "382")
    assert load_catalog(data).version != before


def test_parameter_files_are_merged(data):
    (data / "parameters" / "zz_more.yml").write_text(
        "- {name: extra_ratio, unit: ratio, low: 1, central: 2, high: 3, source: own-assumption, as_of: 2026-11}\n"
    )
    rows = load_catalog(data).parameters
    assert len(rows) == len(load_catalog().parameters) + 1
    assert "extra_ratio" in {row.name for row in rows}


def test_a_misspelt_key_is_an_error_with_file_row_and_nearest_name(data):
    spoil(data / "accelerators.yml", "tdp_w: 700", "tpd_w: 700")
    said = refusal(data)
    assert "accelerators.yml: row 1 (h100-sxm-80gb): tpd_w" in said
    assert "did you mean 'tdp_w'?" in said


def test_a_negative_price_is_an_error_with_its_value(data):
    spoil(data / "accelerators.yml", "low: 1.99", "low: -1.99")
    said = refusal(data)
    assert "row 1 (h100-sxm-80gb): rental_usd_per_hour.low" in said
    assert "-1.99" in said


def test_all_mistakes_of_the_contract_are_said_at_once(data):
    spoil(data / "accelerators.yml", "mfu_class: h100", "mfu_class: h1000")
    spoil(data / "grids.yml", "basis: life_cycle", "basis: lifecycle")
    said = refusal(data)
    assert "accelerators.yml" in said and "grids.yml" in said and len(said.splitlines()) == 2


def test_an_unresolved_source_is_an_error_with_the_nearest_source(data):
    spoil(data / "electricity.yml", "source: vea-2025", "source: vea-2052")
    assert "electricity.yml: row 1 (DE): source: 'vea-2052' is not in sources.yml; did you mean 'vea-2025'?" in refusal(
        data
    )


def test_an_unresolved_base_model_is_an_error(data):
    spoil(data / "api_models.yml", "base_model: qwen3-32b", "base_model: qwen-32b")
    assert "base_model: 'qwen-32b' is not in base_models.yml; did you mean 'qwen3-32b'?" in refusal(data)


def test_the_same_row_twice_is_an_error_and_a_later_one_wins(data):
    with (data / "exchange.yml").open("a", encoding="utf-8") as file:
        file.write("- {currency: USD, per_eur: 1.25, source: ecb-eurofxref, as_of: 2026-10-30}\n")
    assert "exchange.yml: row 6 (USD): the same row stands in" in refusal(data)
    spoil(
        data / "exchange.yml",
        "1.25, source: ecb-eurofxref, as_of: 2026-10-30",
        "1.25, source: ecb-eurofxref, as_of: 2026-11-02",
    )
    assert exchange(load_catalog(data), "USD").per_eur == 1.25


def test_one_alias_for_two_parts_is_an_error(data):
    spoil(data / "accelerators.yml", "aliases: [H800-80GB-SXM", "aliases: [H100")
    assert "'h100' also stands for 'h100-sxm-80gb'" in refusal(data)


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("base_models.yml", "ffn_size: 14336", "ffn_size: 11008", "parameters"),
        ("base_models.yml", "num_kv_heads: 8", "num_kv_heads: 32", "parameters"),
        ("base_models.yml", "tied_embeddings: false", "tied_embeddings: true", "parameters"),
        ("base_models.yml", "active_parameters: 8.030e+9", "active_parameters: 8.3e+9", "active_parameters"),
        ("base_models.yml", "experts_per_token: 4", "experts_per_token: 8", "active_parameters"),
        ("base_models.yml", "vocab_size: 119547", "vocab_size: 30522", "parameters"),
        ("base_models.yml", "num_decoder_layers: 24", "num_decoder_layers: 12", "parameters"),
        ("base_models.yml", "shared_experts: 1,", "shared_experts: 2,", "parameters"),
        ("base_models.yml", "value_head_dim: 128", "value_head_dim: 512", "parameters"),
        ("base_models.yml", "dense_ffn_size: 16384", "dense_ffn_size: 163840", "parameters"),
        ("architectures.yml", "parameters: 688768", "parameters: 750000", "parameters"),
    ],
)
def test_parameters_that_contradict_the_configuration_are_an_error(data, file, old, new, field):
    spoil(data / file, old, new)
    assert re.search(rf"{file}: row \d+ \([\w.-]+\): {field}: .* follows from the configuration", refusal(data))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- {zone: DE, zone: FR}\n", "not valid YAML"),
        (b"zone: DE\n", "expected a list of rows, got dict"),
        (b"", "expected a list of rows, got NoneType"),
        (b"- {zone: D\xff}\n", "not UTF-8"),
        (b"- just text\n", "grids.yml: row 1"),
    ],
)
def test_a_malformed_file_is_one_error_that_names_it(data, content, message):
    (data / "grids.yml").write_bytes(content)
    said = refusal(data)
    assert "grids.yml" in said and message in said


def test_a_missing_file_is_an_error(data):
    (data / "legal.yml").unlink()
    assert "legal.yml: no such file" in refusal(data)


def test_norway_is_a_zone_and_not_a_boolean():
    assert "NO" in {row.zone for row in load_catalog().grids}
    assert any("no" in row.languages for row in load_catalog().base_models)

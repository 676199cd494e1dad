"""Which accelerator a request means."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingRequest
from advisor.estimate.parts import part_of


def part(**fields):
    return part_of(TrainingRequest.model_validate({"id": "r", "kind": "lora", **fields}), load_catalog())


@pytest.mark.parametrize("name", ["A100-80GB-SXM", "A100-SXM-80GB", "a100-80gb-sxm"])
def test_spellings_of_one_part_are_one_part(name):
    assert part(accelerator=name) == part(accelerator="A100-80GB-SXM")
    assert part(accelerator=name).peak_flop_per_s == pytest.approx(312e12)
    assert part(accelerator=name).is_listed


def test_values_of_the_datasheet_in_the_request_win():
    known = part(accelerator="H100-SXM-80GB", peak_flop_per_s=1e14, memory_bytes=5e10, tdp_w=350, link_bytes_per_s=1e9)
    assert (known.peak_flop_per_s, known.memory_bytes, known.tdp_w, known.link_bytes_per_s) == (1e14, 5e10, 350, 1e9)
    assert known.bandwidth_bytes_per_s == part(accelerator="H100-SXM-80GB").bandwidth_bytes_per_s
    assert known.is_listed


def test_an_unknown_part_stands_by_its_datasheet_and_without_a_price():
    new = part(accelerator="Chip X", peak_flop_per_s=5e14, memory_bytes=1e11, bandwidth_bytes_per_s=2e12)
    assert (new.name, new.is_listed, new.peak_flop_per_s) == ("Chip X", False, 5e14)
    assert new.rental_usd_per_hour is None
    assert new.tdp_w is None
    assert part(peak_flop_per_s=5e14).name == "unnamed part"


def test_an_unknown_part_without_datasheet_is_an_error_with_the_nearest_match_and_the_fields():
    with pytest.raises(BadInput) as raised:
        part(accelerator="H100-SMX-80GB")
    message = str(raised.value)
    assert message.startswith("accelerator: ")
    assert "did you mean 'h100-sxm" in message.lower()
    for field in ("peak_flop_per_s", "memory_bytes", "bandwidth_bytes_per_s"):
        assert field in message


def test_no_part_at_all_is_an_error_that_names_the_field():
    with pytest.raises(BadInput, match="accelerator: missing"):
        part()

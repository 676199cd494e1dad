"""What holds for every name, day and size, not only for examples."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import lookup
from advisor.catalog.load import load_catalog
from advisor.catalog.prices import token_prices
from advisor.core.parameters import decoder_active_parameters, decoder_parameters

CATALOG = load_catalog()
SPELLINGS = [(name, row.id) for row in CATALOG.accelerators for name in (row.id, row.name, *row.aliases)]
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(st.sampled_from(SPELLINGS), st.data())
def test_letter_case_never_matters(spelling, data):
    name, part = spelling
    upper = data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    mixed = "".join(letter.upper() if flag else letter.lower() for letter, flag in zip(name, upper, strict=True))
    assert lookup.accelerator(CATALOG, mixed).id == part


@given(st.lists(DAYS, min_size=1, max_size=6, unique=True), DAYS)
def test_the_row_found_is_the_newest_of_those_not_after_the_day(days, on):
    rate = CATALOG.exchange[0]
    rows = tuple(rate.model_copy(update={"as_of": day.isoformat()}) for day in days)
    catalog = CATALOG.model_copy(update={"exchange": rows})
    past = [day for day in days if day <= on]
    if past:
        assert lookup.exchange(catalog, "USD", on=on).as_of == max(past).isoformat()


@given(st.sampled_from(CATALOG.api_models), st.integers(1, 100_000), st.integers(1, 20_000))
def test_prices_are_positive_and_a_discount_is_never_a_surcharge(row, tokens, out):
    found = token_prices(row, typical_input_tokens=tokens, typical_output_tokens=out, on=date(2026, 11, 23))
    assert found.input_usd_per_mtok > 0 and found.output_usd_per_mtok > 0
    assert found.cached_usd_per_mtok <= found.input_usd_per_mtok
    assert found.batch_multiplier is None or 0 < found.batch_multiplier < 1


@given(
    vocab_size=st.integers(1, 200_000),
    hidden_size=st.integers(1, 8192),
    num_layers=st.integers(1, 100),
    num_kv_heads=st.integers(1, 16),
    group=st.integers(1, 8),
    head_dim=st.integers(1, 256),
    ffn_size=st.integers(1, 30_000),
    experts=st.integers(1, 64),
    data=st.data(),
)
def test_a_token_never_meets_more_than_the_whole_model(
    vocab_size, hidden_size, num_layers, num_kv_heads, group, head_dim, ffn_size, experts, data
):
    shape = {
        "vocab_size": vocab_size,
        "hidden_size": hidden_size,
        "num_layers": num_layers,
        "num_heads": num_kv_heads * group,
        "num_kv_heads": num_kv_heads,
        "head_dim": head_dim,
        "ffn_size": ffn_size,
        "num_experts": experts,
    }
    used = data.draw(st.integers(1, experts))
    active = decoder_active_parameters(**shape, experts_per_token=used)
    tied = decoder_parameters(**shape, tied_embeddings=True)
    assert 0 < active <= tied < decoder_parameters(**shape, tied_embeddings=False)
    assert (active == tied) is (used == experts)

"""Figures as each language writes them, with no false precision."""

import pytest

from advisor.contracts.base import Interval
from dashboards import format as fmt

NB, TO = "\N{NO-BREAK SPACE}", fmt.DASH


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (0, "0", "0"),
        (252_136.4, "252.000", "252,000"),
        (41.27, "41,3", "41.3"),
        (9.1, "9,1", "9.1"),
        (80.0, "80", "80"),
        (0.000412, "0,000412", "0.000412"),
        (-1_250, "-1.250", "-1,250"),
    ],
)
def test_a_number_keeps_three_digits(value, german, english):
    assert fmt.number(value, "de") == german
    assert fmt.number(value, "en") == english


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (0, f"0{NB}€", "€0"),
        (252_136, f"252.000{NB}€", "€252,000"),
        (11_230_000, f"11.200.000{NB}€", "€11,200,000"),
        (113.04, f"113{NB}€", "€113"),
        (26.19, f"26,20{NB}€", "€26.20"),
        (0.0412, f"0,0412{NB}€", "€0.0412"),
        (99.96, f"100{NB}€", "€100"),
    ],
)
def test_money_is_rounded_and_placed_as_the_language_does(value, german, english):
    assert fmt.money(value, "EUR", "de") == german
    assert fmt.money(value, "EUR", "en") == english


def test_dollars_are_dollars_in_both_languages():
    assert fmt.money(1200, "USD", "de") == f"1.200{NB}$"
    assert fmt.money(1200, "USD", "en") == "$1,200"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0"), (0.004, "<1"), (0.014, "1"), (0.485, "48"), (0.996, ">99"), (1.0, "100")]
)
def test_a_share_is_certain_only_where_it_is(value, shown):
    assert fmt.share(value, "en") == f"{shown}%"
    assert fmt.share(value, "de") == f"{shown}{NB}%"


def test_ranges_name_their_unit_once():
    amount = Interval(p5=209_000, p50=334_000, p95=534_000)
    assert fmt.money_range(amount, "EUR", "de") == f"209.000{TO}534.000{NB}€"
    assert fmt.money_range(amount, "EUR", "en") == f"€209,000{TO}534,000"
    assert fmt.share_range(Interval(p5=0.57, p50=0.78, p95=0.9), "de") == f"57{TO}90{NB}%"
    assert fmt.number_range(Interval(p5=0, p50=0, p95=0), "de") == "0"


def test_the_unknown_is_called_so_and_never_zero():
    assert fmt.quantity(None, "kWh", "de") == "nicht bekannt"
    assert fmt.quantity(None, "kWh", "en") == "not known"
    assert fmt.quantity(Interval(p5=1, p50=2, p95=3), "kWh", "en") == f"2{NB}kWh (1{TO}3)"


@pytest.mark.parametrize(("value", "shown"), [(-0.333, "−33"), (0.05, "+5"), (0, "0")])
def test_a_difference_carries_its_sign(value, shown):
    assert fmt.points(value, "de") == shown


def test_a_moment_is_written_as_the_language_does():
    assert fmt.moment("2026-11-23T14:05:00Z", "de") == "23.11.26, 14:05 UTC"
    assert fmt.moment("2026-11-23T14:05:00Z", "en").startswith("11/23/26, 2:05")
    assert fmt.moment("yesterday", "de") == "yesterday"


def test_signs_of_markdown_stand_for_themselves():
    assert fmt.plain("a*b_c [x](y) <b> $1 `z` :red[q]") == r"a\*b\_c \[x\](y) \<b\> \$1 \`z\` \:red\[q\]"

"""Numbers, money, shares and dates as a language writes them, with no more digits than they deserve."""

import re
from datetime import datetime
from math import floor, log10

from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal

from advisor.contracts.base import Interval
from dashboards.terms import Language
from dashboards.text import say

LOCALES: dict[Language, str] = {"de": "de_DE", "en": "en_US"}
DIGITS = 3
SPACE = "\N{NO-BREAK SPACE}"
DASH = "\N{WORD JOINER}–\N{WORD JOINER}"
"""Between two figures; no line breaks there."""
MARKDOWN = re.compile(r"([\\`*_\[\]<>$~#|:])")


def number(value: float, language: Language, digits: int = DIGITS) -> str:
    """A figure rounded to `digits` significant digits, without zeros at its end."""
    places = _places(value, digits)
    pattern = "#,##0" + ("." + "#" * places if places else "")
    return format_decimal(_rounded(value, digits), pattern, locale=LOCALES[language])


def money(value: float, currency: str, language: Language) -> str:
    """Money, three significant digits; cents only where they count."""
    rounded = _rounded(value, DIGITS)
    places = 0 if abs(rounded) >= 100 or rounded == 0 else max(2, _places(value, DIGITS))
    symbol = {"de": f"#,##0{'.' + '0' * places if places else ''}{SPACE}¤", "en": f"¤#,##0{'.' + '0' * places}"}
    pattern = symbol[language].removesuffix(".")
    return format_currency(rounded, currency, pattern, locale=LOCALES[language], currency_digits=False)


def share(value: float, language: Language) -> str:
    """A fraction as a percentage; 0 % and 100 % only where it is exactly that."""
    text = f"{100 * value:.0f}"
    if text == "0" and value > 0:
        text = "<1"
    if text == "100" and value < 1:
        text = ">99"
    return f"{text}{SPACE}%" if language == "de" else f"{text}%"


def points(value: float, language: Language) -> str:
    """A difference of two shares in percentage points, always with its sign; the unit stands in the heading."""
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{number(abs(100 * value), language, 2)}"


def money_range(value: Interval, currency: str, language: Language) -> str:
    """P5 to P95 of an amount, the currency once."""
    low, high = money(value.p5, currency, language), money(value.p95, currency, language)
    if low == high:
        return low
    sign = money(0, currency, language).replace("0", "").strip()
    return low.removesuffix(sign).rstrip(SPACE) + DASH + high.removeprefix(sign)


def number_range(value: Interval, language: Language, digits: int = DIGITS) -> str:
    """P5 to P95 of a figure."""
    low, high = number(value.p5, language, digits), number(value.p95, language, digits)
    return low if low == high else f"{low}{DASH}{high}"


def share_range(value: Interval, language: Language) -> str:
    """P5 to P95 of a share, the sign once."""
    low, high = share(value.p5, language), share(value.p95, language)
    return low if low == high else f"{low.removesuffix('%').rstrip(SPACE)}{DASH}{high}"


def quantity(value: Interval | None, unit: str, language: Language) -> str:
    """Median and range with unit, or the words for not known; never 0 for the unknown."""
    if value is None:
        return say("unknown", language)
    return f"{number(value.p50, language)}{SPACE}{unit} ({number_range(value, language)})"


def moment(iso: str, language: Language) -> str:
    """A date with time, as the language writes it; the text itself where it is none."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return format_datetime(when, "short", locale=LOCALES[language]) + (" UTC" if when.tzinfo else "")


def plain(text: str) -> str:
    """Text from elsewhere for a place that reads Markdown: every sign stands for itself."""
    return MARKDOWN.sub(r"\\\1", text)


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _places(value: float, digits: int) -> int:
    return max(0, digits - 1 - floor(log10(abs(value)))) if value else 0

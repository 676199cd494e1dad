"""Personal data: found by form and checked by checksum, then counted, masked or a reason to drop.

Enter at `Pii`; `find_and_mask` is the work. E-mail and addresses of machines by form, IBAN, card (Luhn) and German tax
identification number by python-stdnum's checksums, telephone numbers by Google's rules (phonenumbers).
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Sequence

from advisor.contracts.data_plan import PII_KINDS, PiiKind, PiiRules
from trainer.corpus.document import Document
from trainer.corpus.steps.names import NameEngine
from trainer.corpus.steps.step import Drop
from trainer.corpus.tally import Tally

PLACEHOLDERS: dict[str, str] = {kind: f"<{kind.upper()}>" for kind in (*PII_KINDS, "name")}
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w-])")
IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?(?![^\W_])")
CARD = re.compile(
    r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w-])|(?<![\w.-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w-])"
)
TAX_ID = re.compile(r"(?<![\w.-])[1-9]\d[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}(?![\w-])")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
PHONE_LIKE = re.compile(r"(?:\d[\s().\u2013/-]{0,3}){6}")
"""No telephone number has fewer digits in a row; only then the slow search runs."""
MIN_IPV6_GROUPS = 3
Found = tuple[str, int]


class Pii:
    """The step: mask, count or drop, as the plan says."""

    name = "personal data"

    def __init__(self, rules: PiiRules, tally: Tally, names: NameEngine | None) -> None:
        self._rules, self._tally, self._names = rules, tally, names

    def apply(self, document: Document) -> Document | Drop:
        """Look for personal data; a placeholder takes the place of each when masking."""
        counts: Counter[str] = Counter()

        def mask(text: str) -> str:
            text, found = find_and_mask(text, self._rules.kinds, self._rules.phone_regions)
            counts.update(found)
            if self._names is not None:
                text, number = _masked_spans(text, self._names.find(text, document.language), PLACEHOLDERS["name"])
                counts.update({"name": number} if number else {})
            return text

        masked = document.rewritten(mask)
        for kind, number in counts.items():
            self._tally.note("pii_found", kind, number)
        if not counts:
            return document
        self._tally.note("pii_documents", "any")
        if self._rules.action == "drop":
            return Drop("personal_data")
        return masked if self._rules.action == "mask" else document


def find_and_mask(text: str, kinds: Sequence[PiiKind], regions: Sequence[str] = ("DE",)) -> tuple[str, Counter[str]]:
    """The text with placeholders, and how many of each kind there were.

    Kinds with a checksum go before telephone numbers, which would swallow their digits.
    """
    counts: Counter[str] = Counter()
    for kind in PII_KINDS:
        if kind in kinds and _possible(kind, text):
            text, number = _phones(text, regions) if kind == "phone" else FINDERS[kind](text)
            if number:
                counts[kind] = number
    return text, counts


def _possible(kind: PiiKind, text: str) -> bool:
    """A cheap look that rules out most texts."""
    if kind == "email":
        return "@" in text
    if kind == "phone":
        return PHONE_LIKE.search(text) is not None
    return True


def _by(pattern: re.Pattern[str], valid: Callable[[str], bool], kind: PiiKind) -> Callable[[str], Found]:
    """Replace what fits a pattern and passes its check."""

    def find(text: str) -> Found:
        number = 0

        def replaced(match: re.Match[str]) -> str:
            nonlocal number
            if not valid(match.group()):
                return match.group()
            number += 1
            return PLACEHOLDERS[kind]

        return pattern.sub(replaced, text), number

    return find


def _iban(value: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(value))


def _card(value: str) -> bool:
    from stdnum import luhn

    digits = re.sub(r"\D", "", value)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def _tax_id(value: str) -> bool:
    from stdnum.de import idnr

    return bool(idnr.is_valid(value))


def _ipv4(value: str) -> bool:
    """Valid, and of a machine that others can tell from theirs: 127.0.0.1 and 0.0.0.0 are everybody's."""
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _ipv6(value: str) -> bool:
    """Valid, and with enough groups not to be a slice or a time."""
    if sum(1 for group in value.split(":") if group) < MIN_IPV6_GROUPS:
        return False
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def _addresses(text: str) -> Found:
    text, four = _by(IPV4, _ipv4, "ip_address")(text)
    text, six = _by(IPV6, _ipv6, "ip_address")(text) if "::" in text or text.count(":") >= 7 else (text, 0)
    return text, four + six


def _phones(text: str, regions: Sequence[str]) -> Found:
    from phonenumbers import PhoneNumberMatcher

    spans = {(found.start, found.end) for region in regions or (None,) for found in PhoneNumberMatcher(text, region)}
    return _masked_spans(text, sorted(spans), PLACEHOLDERS["phone"])


def _masked_spans(text: str, spans: Sequence[tuple[int, int]], placeholder: str) -> Found:
    """Put a placeholder into each span; of overlapping ones the first."""
    parts, end, number = [], 0, 0
    for start, stop in sorted(spans):
        if start >= end and stop > start:
            parts += [text[end:start], placeholder]
            end, number = stop, number + 1
    return "".join([*parts, text[end:]]), number


FINDERS: dict[PiiKind, Callable[[str], Found]] = {
    "email": _by(EMAIL, lambda _: True, "email"),
    "iban": _by(IBAN, _iban, "iban"),
    "card": _by(CARD, _card, "card"),
    "tax_id": _by(TAX_ID, _tax_id, "tax_id"),
    "ip_address": _addresses,
}

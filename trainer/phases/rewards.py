"""Rewards that can be checked: 1 or 0 for an answer whose expected form is known, and the guard on its length.

Enter at `reward_functions`. trl hands each function the answers and, by name, the columns of their rows.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from advisor.contracts.phases import RewardName
from trainer.evaluate.scores import normalise_answer

LENGTH_PENALTY = -1.0
NUMBER = re.compile(r"-?\d[\d.,]*")
THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")

RewardFunction = Callable[..., list[float]]


def reward_functions(names: tuple[RewardName, ...], *, judge: Path, max_words: int) -> list[str | RewardFunction]:
    """What trl adds up: the planned rewards, and a penalty for answers that are empty or ramble."""
    found: list[str | RewardFunction] = [str(judge) if name == "reward_model" else verifiable(name) for name in names]
    return [*found, length_guard(max_words)]


def verifiable(name: RewardName) -> RewardFunction:
    """A reward of 1 for an answer that agrees with the expected one, else 0."""
    agree = AGREE[name]

    def reward(completions: list[Any], expected: list[str], **_: Any) -> list[float]:
        return [float(agree(text, wanted)) for text, wanted in zip(texts_of(completions), expected, strict=True)]

    reward.__name__ = name  # trl logs rewards by the function's name
    return reward


def length_guard(max_words: int) -> RewardFunction:
    """A reward that is 0 for an answer of 1 to `max_words` words, and a penalty for an empty or a rambling one."""

    def ends_properly(completions: list[Any], **_: Any) -> list[float]:
        return [0.0 if 1 <= len(text.split()) <= max_words else LENGTH_PENALTY for text in texts_of(completions)]

    return ends_properly


def texts_of(completions: list[Any]) -> list[str]:
    """The texts of completions, conversational or plain."""
    return [entry[0]["content"] if isinstance(entry, list) else str(entry) for entry in completions]


def last_number(text: str) -> Decimal | None:
    """The last number of a text; 1,234.5 and 1234.5 are the same, a lone comma is a decimal sign."""
    found = NUMBER.findall(text)
    if not found:
        return None
    written = found[-1].rstrip(".,")
    plain = written.replace(",", "") if THOUSANDS.fullmatch(written) else written.replace(",", ".")
    try:
        return Decimal(plain)
    except InvalidOperation:  # a date or a version, such as 1.2.3
        return None


def _same(answer: str, expected: str) -> bool:
    return normalise_answer(answer) == normalise_answer(expected)


def _within(answer: str, expected: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(normalise_answer(expected))}(?!\w)", normalise_answer(answer)) is not None


def _same_number(answer: str, expected: str) -> bool:
    given = last_number(answer)
    return given is not None and given == last_number(expected)


AGREE: dict[str, Callable[[str, str], bool]] = {"exact_match": _same, "contains": _within, "number": _same_number}

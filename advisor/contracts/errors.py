"""The error tree of all packages; it imports nothing, so that a program can start fast and fail well.

A class for what the caller can do about it: `BadInput` asks for other input (exit code 2, HTTP 400),
`Failed` reports that good input could not be carried out (exit code 1, HTTP 500 or 503).
"""

import difflib
from collections.abc import Iterable


class RichtwertError(Exception):
    """Root of all errors that are said to a user."""


class BadInput(RichtwertError):
    """The input must change; the message names field, value, legal values and the next step."""


class UnknownName(BadInput):
    """A name that the catalogue, or a set of choices, does not hold."""

    def __init__(self, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        choices = sorted(set(known))
        near = nearest(name, choices)
        legal = f"did you mean {near!r}?" if near else f"known: {', '.join(choices[:12])}"
        more = f" (and {len(choices) - 12} more)" if not near and len(choices) > 12 else ""
        super().__init__(f"unknown {what} {name!r}: {legal}{more}{'; ' + hint if hint else ''}")


class Failed(RichtwertError):
    """Good input that could not be carried out: a missing file at run time, a server that is down."""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The closest of `choices` to `name`, or None when none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None

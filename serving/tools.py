"""Calls of functions in a model's text: which form its template has, and the calls found in an answer.

Enter at `format_of` and `ToolReader`. Text before a call is shown as it comes; a call is told when it is whole.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.engine import ToolFormat

OPENERS: dict[ToolFormat, tuple[str, ...]] = {
    "hermes": ("<tool_call>",),
    "llama": ("{",),
    "mistral": ("[TOOL_CALLS]", "[{"),
}
ONLY_FIRST = ("{", "[{")
"""Openers that open a call at the beginning of an answer alone."""


@dataclass(frozen=True)
class ToolCall:
    """One call of a function."""

    id: str
    name: str
    arguments: str
    """JSON."""


def format_of(template: Any) -> ToolFormat | None:
    """The form that a chat template shows its model; None where the template knows no functions."""
    text = str(template or "")
    if "tools" not in text:
        return None
    if "<tool_call>" in text:
        return "hermes"
    if "[TOOL_CALLS]" in text:
        return "mistral"
    return "llama" if "parameters" in text else None


class ToolReader:
    """Reads an answer piece by piece; what is a call is held back until the answer is whole."""

    def __init__(self, form: ToolFormat, names: Sequence[str]) -> None:
        self._openers, self._form, self._names = OPENERS[form], form, set(names)
        self._shown = ""
        self._held = ""
        self._in_call = False

    def push(self, text: str) -> str:
        """Text that is surely no call."""
        self._held += text
        if self._in_call:
            return ""
        at = [place for opener in self._openers if (place := self._find(opener)) >= 0]
        if at:
            self._in_call = True
            return self._show(min(at))
        return self._show(len(self._held) - self._maybe())

    def end(self) -> tuple[str, list[ToolCall]]:
        """Text that turned out to be no call, and the calls; after the last piece."""
        if not self._in_call:
            return self._show(len(self._held)), []
        calls = [call for found in self._bodies() if (call := self._call(found)) is not None]
        return ("", calls) if calls else (self._show(len(self._held)), [])

    def _find(self, opener: str) -> int:
        if opener not in ONLY_FIRST:
            return self._held.find(opener)
        lead = len(self._held) - len(self._held.lstrip())
        return lead if not self._shown.strip() and self._held[lead:].startswith(opener) else -1

    def _maybe(self) -> int:
        """Characters at the end that may be the start of an opener."""
        longest = 0
        for opener in self._openers:
            if opener in ONLY_FIRST and (self._shown + self._held).strip() not in ("", opener[:1]):
                continue
            sizes = range(min(len(opener), len(self._held)), 0, -1)
            longest = max(longest, next((size for size in sizes if self._held.endswith(opener[:size])), 0))
        if not (self._shown + self._held).strip():
            longest = len(self._held)
        return longest

    def _show(self, size: int) -> str:
        shown, self._held = self._held[:size], self._held[size:]
        self._shown += shown
        return shown

    def _bodies(self) -> list[Any]:
        """Whatever stands where calls stand, parsed as JSON; nothing where it is none."""
        text = self._held.strip()
        if self._form == "hermes":
            parts = [part.split("</tool_call>")[0] for part in text.split("<tool_call>")[1:]]
        else:
            parts = [text.removeprefix("[TOOL_CALLS]")]
        found: list[Any] = []
        for part in parts:
            try:
                body = json.loads(part)
            except json.JSONDecodeError:
                return []
            found += body if isinstance(body, list) else [body]
        return found

    def _call(self, body: Any) -> ToolCall | None:
        if not isinstance(body, dict) or body.get("name") not in self._names:
            return None
        arguments = body.get("arguments", body.get("parameters", {}))
        if isinstance(arguments, str):
            return ToolCall(new_id(), body["name"], arguments)
        return ToolCall(new_id(), body["name"], json.dumps(arguments, ensure_ascii=False))


def new_id() -> str:
    """Id of a call."""
    return f"call_{uuid.uuid4().hex[:24]}"

"""One text on its way through the preparation, or one example of a conversation or a preference.

Enter at `Document`. Steps see the text alone; `rewritten` changes it, turn by turn where there are turns.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Chat = dict[str, list[dict[str, str]]]
"""`messages`, or `prompt`, `chosen` and `rejected`: each a list of turns with `role` and `content`."""


@dataclass(frozen=True)
class Document:
    """One text, or a passage of one, before or after cleaning."""

    id: str
    text: str
    label: str | None = None
    """Page, folder or file that the text belongs to; None where nothing says so."""
    language: str | None = None
    """ISO 639 code, stated by the source or found; None: not known."""
    chat: Chat | None = None
    """The turns of an example; None for running text. `text` is then all their contents."""

    @property
    def document_id(self) -> str:
        """Id of the document that a passage comes from."""
        return self.id.rpartition("#")[0] or self.id

    def rewritten(self, change: Callable[[str], str]) -> "Document":
        """The same document with its text changed; in an example, the content of each turn."""
        if self.chat is None:
            text = change(self.text)
            return self if text == self.text else replace(self, text=text)
        chat = {
            key: [{**turn, "content": change(turn["content"])} for turn in turns] for key, turns in self.chat.items()
        }
        return replace(self, chat=chat, text=chat_text(chat))


def chat_document(name: str, chat: Chat, *, label: str | None = None, language: str | None = None) -> Document:
    """A document that holds an example."""
    return Document(id=name, text=chat_text(chat), label=label, language=language, chat=chat)


def chat_text(chat: Chat) -> str:
    """The contents of all turns, an empty line between two."""
    return "\n\n".join(turn["content"] for turns in chat.values() for turn in turns)


def language_of(row: dict[str, Any]) -> str | None:
    """The language that a row states, without its country; None where it states none."""
    for key in ("language", "lang"):
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip().lower().replace("_", "-").split("-")[0]
    return None

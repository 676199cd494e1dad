"""Examples of conversations and preferences in the forms that public collections use, turned into ours.

Enter at `example_of`. Ours are `{"messages": [...]}` and `{"prompt": [...], "chosen": [...], "rejected": [...]}`, each
a list of turns with `role` and `content`.
"""

from collections.abc import Mapping
from typing import Any

from trainer.corpus.document import Chat

ROLES = {
    **dict.fromkeys(("user", "human", "prompter", "question"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "chatgpt", "model", "answer"), "assistant"),
    "system": "system",
}
"""Names of the two sides and of the system turn, as collections write them."""
QUESTION = ("prompt", "question", "query", "input")
ANSWER = ("completion", "response", "answer", "output")
Turns = list[dict[str, str]]


def example_of(row: Mapping[str, Any]) -> Chat | None:
    """The example that a row holds, or None where it is no example at all.

    Known forms: `messages`; `conversations` or `conversation` (ShareGPT: `from`, `value`); `instruction`, `input`,
    `output` (Alpaca); a question (`prompt`, `question`, `query`) with an answer (`completion`, `response`, `answer`,
    `output`); `chosen` and `rejected`, with `prompt` apart or as their common beginning.

    Raises:
        ValueError: it has the fields of an example, but not their content.
    """
    if "chosen" in row and "rejected" in row:
        return _pair(row)
    for key in ("messages", "conversations", "conversation"):
        if _given(row, key):
            return {"messages": _conversation(_turns(row[key], key))}
    if _given(row, "instruction"):
        question = "\n\n".join(_text(row[key], key) for key in ("instruction", "input") if _given(row, key))
        return _asked(row, question, "instruction")
    question_key = next((key for key in QUESTION if _given(row, key)), None)
    if question_key is not None and any(key in row for key in ANSWER if key != question_key):
        return _asked(row, _text(row[question_key], question_key), question_key)
    return None


def _asked(row: Mapping[str, Any], question: str, asked_by: str) -> Chat:
    key = next((key for key in ANSWER if key != asked_by and _given(row, key)), None)
    if key is None:
        raise ValueError(f"{asked_by} without an answer ({', '.join(ANSWER)})")
    system = [{"role": "system", "content": _text(row["system"], "system")}] if _given(row, "system") else []
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": _text(row[key], key)}]
    return {"messages": system + turns}


def _pair(row: Mapping[str, Any]) -> Chat:
    chosen, rejected = (_reply(row[key], key) for key in ("chosen", "rejected"))
    if _given(row, "prompt") or _given(row, "question"):
        key = "prompt" if _given(row, "prompt") else "question"
        prompt = _turns(row[key], key) if not isinstance(row[key], str) else _spoken(row[key], "user")
        chosen, rejected = (turns[_common(turns, prompt) :] for turns in (chosen, rejected))
    else:
        shared = _common(chosen, rejected)
        prompt, chosen, rejected = chosen[:shared], chosen[shared:], rejected[shared:]
    if not prompt or not chosen or not rejected:
        raise ValueError("a preference needs a prompt and, after it, a chosen and a rejected answer")
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def _reply(value: Any, key: str) -> Turns:
    return _spoken(value, "assistant") if isinstance(value, str) else _turns(value, key)


def _common(first: Turns, second: Turns) -> int:
    """Turns that two conversations begin with alike."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _conversation(turns: Turns) -> Turns:
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise ValueError("messages must end with a turn of the assistant, after another turn")
    return turns


def _turns(value: Any, key: str) -> Turns:
    if not isinstance(value, list) or not value:
        raise ValueError(f"{key} must be a list of messages (role, content), got {value!r:.60}")
    return [_turn(turn, key) for turn in value]


def _turn(turn: Any, key: str) -> dict[str, str]:
    if isinstance(turn, Mapping):
        role = turn.get("role", turn.get("from"))
        content = turn.get("content", turn.get("value"))
        known = ROLES.get(role.lower()) if isinstance(role, str) else None
        if known is not None and isinstance(content, str):
            return {"role": known, "content": content}
    raise ValueError(
        f"{key}: a message needs role ({', '.join(sorted(set(ROLES.values())))}) and content, got {turn!r:.80}"
    )


def _spoken(text: str, role: str) -> Turns:
    return [{"role": role, "content": text}]


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text, got {value!r:.60}")  # noqa: TRY004 - a mistake in data, said as such
    return value


def _given(row: Mapping[str, Any], key: str) -> bool:
    """Whether a field is there and not empty; tables leave unused columns empty."""
    value = row.get(key)
    return value is not None and not (isinstance(value, str) and not value.strip())

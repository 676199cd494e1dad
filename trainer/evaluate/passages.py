"""Passages of a user's text, for bits per byte and perplexity.

Enter at `read_passages`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from advisor.contracts.errors import BadInput
from trainer.evaluate.files import read_lines, read_text

PASSAGE_CHARACTERS = 1000
"""Paragraphs are put together up to this length, so that most of a passage has context."""
FEW_PASSAGES = 20


def read_passages(path: Path, option: str) -> list[str]:
    """Passages of a text: the `text` of each line of a .jsonl, else paragraphs put together.

    Raises:
        BadInput: the file cannot be read or holds no text; the message names the line.
    """
    if path.suffix != ".jsonl":
        passages = _joined([part.strip() for part in read_text(path, option).split("\n\n") if part.strip()])
    else:
        passages = []
        for number, line in read_lines(path, option):
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadInput(f"{option}: {path}: line {number}: not JSON: {error}") from error
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise BadInput(f"{option}: {path}: line {number}: expected an object with the key text, a string")
            passages.append(row["text"])
    passages = [passage for passage in passages if passage.strip()]
    if not passages:
        raise BadInput(f"{option}: {path}: holds no text")
    return passages


def few_passages(passages: Sequence[str], option: str) -> list[str]:
    """A note where there are so few passages that an interval over them says little."""
    if len(passages) >= FEW_PASSAGES:
        return []
    return [f"{option}: {len(passages)} passages; below {FEW_PASSAGES} the intervals are too narrow"]


def _joined(paragraphs: Sequence[str]) -> list[str]:
    passages: list[str] = []
    for paragraph in paragraphs:
        if passages and len(passages[-1]) < PASSAGE_CHARACTERS:
            passages[-1] += "\n\n" + paragraph
        else:
            passages.append(paragraph)
    return passages

"""Plain text and Markdown as UTF-8; a very long file comes in parts, so that none is in memory whole.

Enter at `text_parts`.
"""

from collections.abc import Iterator
from pathlib import Path

PART_CHARACTERS = 4 * 2**20
"""A longer text is cut at an empty line, or, if need be, at a line end; each part then is a document of its own."""


def text_parts(path: Path) -> Iterator[str]:
    """The text of a file, in one piece unless it is longer than `PART_CHARACTERS`.

    Raises:
        UnicodeDecodeError: the file is not UTF-8.
    """
    held = ""
    with path.open(encoding="utf-8-sig") as stream:
        while chunk := stream.read(PART_CHARACTERS):
            held += chunk
            while len(held) > PART_CHARACTERS:
                cut = held.rfind("\n\n", 1, PART_CHARACTERS)
                cut = cut if cut > 0 else held.rfind("\n", 1, PART_CHARACTERS)
                cut = cut if cut > 0 else PART_CHARACTERS
                yield held[:cut]
                held = held[cut:].lstrip("\n")
    if held:
        yield held

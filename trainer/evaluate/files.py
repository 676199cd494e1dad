"""Files of a user, read for an evaluation; every mistake names the option, the file and the line.

Enter at `read_text` and `read_lines`.
"""

from pathlib import Path

from advisor.contracts.errors import BadInput


def read_text(path: Path, option: str) -> str:
    """The text of a file, a byte order mark taken off.

    Raises:
        BadInput: it cannot be read as UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{option}: {path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{option}: {path}: cannot be read as UTF-8 text: {error}") from error


def read_lines(path: Path, option: str) -> list[tuple[int, str]]:
    """Line number and text of every line that is not blank."""
    # Not splitlines(): a JSON string may hold U+2028, which that would take for the end of a line.
    lines = read_text(path, option).split("\n")
    return [(number, line.rstrip("\r")) for number, line in enumerate(lines, 1) if line.strip()]

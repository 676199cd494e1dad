"""Checkpoints that can be trusted: a marker is written last, and only marked checkpoints are resumed from.

Enter at `mark_complete` and `newest_complete`. A run that was killed while it wrote a checkpoint leaves no marker, so
the one before it is taken. The marker also carries what the optimiser's state does not: tokens and time so far.
"""

import hashlib
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "COMPLETE.json"
NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class Marker:
    """What stands in the marker of a complete checkpoint."""

    step: int
    tokens: int
    """Tokens of the phase up to this step, over all attempts."""
    sha256: dict[str, str]


def mark_complete(directory: Path, *, step: int, tokens: int) -> None:
    """Bring all files of a checkpoint to the disk, then say that it is complete."""
    digests = {}
    for file in sorted(directory.rglob("*")):
        if file.is_file() and file.name != MARKER:
            digests[file.relative_to(directory).as_posix()] = file_sha256(file)
            _to_disk(file)
    _to_disk(directory)
    temporary = directory / f"{MARKER}.tmp"
    temporary.write_text(json.dumps(asdict(Marker(step, tokens, digests))), encoding="utf-8")
    _to_disk(temporary)
    temporary.replace(directory / MARKER)
    _to_disk(directory)


def read_marker(directory: Path) -> Marker | None:
    """The marker of a checkpoint whose files are as marked; None when it must not be trusted."""
    try:
        marker = Marker(**json.loads((directory / MARKER).read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError, TypeError):
        return None
    for name, digest in marker.sha256.items():
        file = directory / name
        if not file.is_file() or file_sha256(file) != digest:
            return None
    return marker


def newest_complete(directory: Path) -> tuple[Path, Marker] | None:
    """The complete checkpoint with the highest step; None when there is none."""
    for _, checkpoint in sorted(_checkpoints(directory), reverse=True):
        marker = read_marker(checkpoint)
        if marker is not None:
            return checkpoint, marker
    return None


def remove_later(directory: Path, step: int) -> list[Path]:
    """Remove the checkpoints after `step`, which are incomplete, and say which they were."""
    later = [checkpoint for number, checkpoint in _checkpoints(directory) if number > step]
    for checkpoint in later:
        shutil.rmtree(checkpoint)
    return later


def remove_all(directory: Path) -> None:
    """Remove the checkpoints of a phase that is complete: its model lies beside them."""
    remove_later(directory, -1)


def file_sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checkpoints(directory: Path) -> list[tuple[int, Path]]:
    matches = [(NAME.fullmatch(path.name), path) for path in directory.glob("checkpoint-*")]
    return [(int(match.group(1)), path) for match, path in matches if match is not None and path.is_dir()]


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

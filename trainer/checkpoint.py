"""Checkpoints that can be trusted: a marker is written last, and only marked checkpoints are resumed from.

Enter at `mark_complete`, `newest_complete` and `full_disk_is_said`. A run that was killed while it wrote a checkpoint
leaves no marker, so the one before it is taken. The marker also carries what the optimiser's state does not: the
tokens so far.
"""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError

from advisor.contracts.errors import Failed

MARKER = "COMPLETE.json"
REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Disk full, quota used up, file larger than allowed."""
OS_ERROR = re.compile(r"os error (\d+)")
ARGUMENTS = "training_args.bin"
"""A pickle of settings that nothing reads again; the plan holds them."""
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
        if file.name == ARGUMENTS:
            file.unlink()
        elif file.is_file() and file.name != MARKER:
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
    return complete_before(directory, None)


def complete_before(directory: Path, step: int | None) -> tuple[Path, Marker] | None:
    """The complete checkpoint with the highest step up to `step`; None when there is none."""
    for number, checkpoint in sorted(_checkpoints(directory), reverse=True):
        marker = read_marker(checkpoint) if step is None or number <= step else None
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


@contextmanager
def full_disk_is_said(phase: str, directory: Path) -> Iterator[None]:
    """Turn a write that the disk refused into one message; the checkpoint it cut off makes room again.

    Raises:
        Failed: the disk is full, or the file would pass a limit; the newest complete checkpoint is kept.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        refused = disk_refusal(error)
        if refused is None:
            raise
        kept = newest_complete(directory)
        remove_later(directory, kept[1].step if kept is not None else 0)
        left = f"the checkpoint of step {kept[1].step} is kept" if kept is not None else "no checkpoint was complete"
        raise Failed(
            f"{phase}: could not be written: {refused}; {left}. Make room in {directory} and go on with --resume"
        ) from error


def disk_refusal(error: BaseException) -> str | None:
    """The refusal of the disk behind an error, in the system's words; None when it is another error.

    torch and safetensors wrap the system's error, the first without its number.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in REFUSALS:
            return os.strerror(seen.errno)
        number = OS_ERROR.search(str(seen))
        if number is not None and int(number.group(1)) in REFUSALS:
            return os.strerror(int(number.group(1)))
        if "PytorchStreamWriter failed writing" in str(seen):
            return "torch could not write the whole file"
        seen = seen.__cause__ or seen.__context__
    return None


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

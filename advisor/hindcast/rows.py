"""Published runs: what was asked, what came out, and who belongs together.

Enter at `published_rows`. A row's inputs go into the estimators; its published figures never do.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import PUBLISHED
from advisor.files import data_directory

Topic = Literal["training", "serving"]
FOLDER = "hindcast"
SERVING_KINDS = ("latency", "energy", "power", "api_energy")
SERVING_KEYS = (
    "engine",
    "batch_or_concurrency",
    "input_len",
    "output_len",
    "output_tokens_per_s",
    "tpot_ms",
    "ttft_ms",
)
KINDRED = {
    "mpt": "mosaic",
    "modded": "speedrun",
    "nanogpt": "speedrun",
    "nanochat": "speedrun",
    "llmc": "speedrun",
    "chipnemo": "nvidia",
    "mbridge": "nvidia",
    "mtnlg": "nvidia",
    "starcoderbase": "starcoder",
    "trtnew": "trt",
}
"""Rows of one team, cluster or code base under different names: they are left out together."""


@dataclass(frozen=True)
class PublishedRow:
    """One published run."""

    id: str
    topic: Topic
    kind: str
    family: str
    """Rows that share a team, a cluster or a code base."""
    request: dict[str, Any]
    """The row's inputs."""
    published: dict[str, float]
    """Numbers that came out, by column."""
    hours_basis: str
    unverified: bool


def published_rows(topic: Topic, files: Iterable[Path] | None = None) -> list[PublishedRow]:
    """All rows of a topic; from `data/hindcast/` when no files are named.

    Raises:
        BadInput: a file is missing, a line is no JSON object, lacks id or kind, or an id stands twice.
    """
    chosen = sorted((data_directory() / FOLDER).glob(f"{topic}*.jsonl")) if files is None else list(files)
    rows: dict[str, PublishedRow] = {}
    for path in chosen:
        for where, document in json_lines(path):
            row = _row(document, where)
            if row.topic != topic:
                continue
            if row.id in rows:
                raise BadInput(f"{where}: id: {row.id!r} stands twice")
            rows[row.id] = row
    return list(rows.values())


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and object of each line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            where = f"{path}: line {number}"
            try:
                document = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadInput(f"{where}: not valid JSON: {error}") from error
            if not isinstance(document, dict):
                raise BadInput(f"{where}: expected an object, got {type(document).__name__}")
            yield where, document


def family_of(identifier: str) -> str:
    """`llama2-7b` and `llama31-8b`: llama; `mpt-7b` and `mosaic-30b-...`: mosaic."""
    letters = re.match(r"[a-z]+", identifier.lower())
    stem = letters.group(0) if letters else identifier
    return KINDRED.get(stem, stem)


def _row(document: dict[str, Any], where: str) -> PublishedRow:
    for key in ("id", "kind"):
        if not isinstance(document.get(key), str):
            raise BadInput(f"{where}: {key}: a text is required, got {document.get(key)!r}")
    serving = document["kind"] in SERVING_KINDS or any(key in document for key in SERVING_KEYS)
    return PublishedRow(
        id=document["id"],
        topic="serving" if serving else "training",
        kind=document["kind"],
        family=family_of(document["id"]),
        request={key: value for key, value in document.items() if key not in PUBLISHED},
        published={
            key: float(value)
            for key, value in document.items()
            if key in PUBLISHED and isinstance(value, int | float) and not isinstance(value, bool)
        },
        hours_basis=str(document.get("hours_basis", "")),
        unverified=bool(document.get("unverified", False)),
    )

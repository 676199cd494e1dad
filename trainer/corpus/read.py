"""Documents from the sources that a plan names.

Enter at `read_documents`. A document has an id that is stable between runs, so splits and resumes agree.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import BuiltinCorpus, Corpus, FileCorpus

SUFFIXES = (".txt", ".md", ".jsonl")


@dataclass(frozen=True)
class Document:
    """One text before or after cleaning."""

    id: str
    text: str


def read_documents(corpora: tuple[Corpus, ...], base: Path) -> Iterator[Document]:
    """All documents of all corpora, in a fixed order; file paths are relative to `base`.

    Raises:
        BadInput: a path does not exist, holds no readable file, or a JSONL line has no text.
    """
    for corpus in corpora:
        match corpus:
            case BuiltinCorpus():
                yield from _python_reference()
            case FileCorpus():
                yield from _files((base / corpus.path).resolve(), corpus.path)
            case _:
                assert_never(corpus)


def _python_reference() -> Iterator[Document]:
    """The language reference of the running interpreter, short topics first.

    Long topics repeat the short ones; in this order a passage stays with the topic it is about.
    """
    from pydoc_data.topics import topics

    for name in sorted(topics, key=lambda name: (len(topics[name]), name)):
        yield Document(id=f"python_reference/{name}", text=topics[name])


def _files(path: Path, shown: str) -> Iterator[Document]:
    if not path.exists():
        raise BadInput(f"data.corpora: path {shown!r} does not exist (looked for {path})")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
    if not files:
        raise BadInput(f"data.corpora: {shown!r} holds no file ending in {', '.join(SUFFIXES)}")
    for file in files:
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        if file.suffix == ".jsonl":
            yield from _json_lines(file, name)
        else:
            yield Document(id=name, text=_text(file))


def _json_lines(file: Path, name: str) -> Iterator[Document]:
    for number, line in enumerate(_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{file}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise BadInput(f"{file}: line {number}: expected an object with a text under 'text'")
        yield Document(id=f"{name}:{number}", text=row["text"])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as UTF-8 text: {error}") from error

"""Documents from the sources that a plan names.

Enter at `read_documents`. A document has an id that is stable between runs, so splits and resumes agree, and a label:
the page or folder that it belongs to, from which the routing task is made.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import assert_never

from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.plan import BuiltinCorpus, Corpus, FileCorpus
from advisor.files import data_directory, read_document

SUFFIXES = (".txt", ".md", ".jsonl")
REFERENCE = "python_reference/"


@dataclass(frozen=True)
class Document:
    """One text, or a passage of one, before or after cleaning."""

    id: str
    text: str
    label: str | None = None
    """Page, folder or file that the text belongs to; None where nothing says so."""

    @property
    def document_id(self) -> str:
        """Id of the document that a passage comes from."""
        return self.id.rpartition("#")[0] or self.id


def read_documents(corpora: tuple[Corpus, ...], base: Path) -> Iterator[Document]:
    """All documents of all corpora, in a fixed order; file paths are relative to `base`.

    Raises:
        BadInput: a path does not exist, holds no readable file, or a JSONL line has no text.
    """
    for number, corpus in enumerate(corpora):
        match corpus:
            case BuiltinCorpus():
                yield from _python_reference()
            case FileCorpus():
                yield from _files((base / corpus.path).resolve(), f"data.corpora.{number}.path: {corpus.path!r}")
            case _:
                assert_never(corpus)


def topic_labels() -> dict[str, str]:
    """Page of each topic of the language reference, from data/samples/topic_groups.yml."""
    path = data_directory() / "samples" / "topic_groups.yml"
    groups = read_document(path)
    if not isinstance(groups, dict):
        raise Failed(f"{path}: expected a mapping of pages to topics")
    return {topic: page for page, topics in groups.items() for topic in topics}


def _python_reference() -> Iterator[Document]:
    """The language reference of the running interpreter, short topics first.

    Long topics repeat the short ones; in this order a passage stays with the topic it is about.
    """
    from pydoc_data.topics import topics

    labels = topic_labels()
    for name in sorted(topics, key=lambda name: (len(topics[name]), name)):
        yield Document(id=f"{REFERENCE}{name}", text=topics[name], label=labels.get(name))


def _files(path: Path, where: str) -> Iterator[Document]:
    if not path.exists():
        raise BadInput(f"{where} does not exist (looked for {path})")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
    if not files or (path.is_file() and path.suffix not in SUFFIXES):
        raise BadInput(f"{where} holds no file ending in {', '.join(SUFFIXES)}")
    for file in files:
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        if file.suffix == ".jsonl":
            yield from _json_lines(file, name)
        else:
            yield Document(id=name, text=_text(file), label=_place(name))


def _place(name: str) -> str:
    """The first folder of a file, or the file's own name where there is no folder."""
    path = PurePosixPath(name)
    return path.parts[0] if len(path.parts) > 1 else path.stem


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
        label = row.get("label", _place(name))
        if not isinstance(label, str):
            raise BadInput(f"{file}: line {number}: label must be a text, got {label!r}")
        yield Document(id=f"{name}:{number}", text=row["text"], label=label)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as UTF-8 text: {error}") from error

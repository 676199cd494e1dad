"""Reading: files of many formats, and folders of them, into documents with stable names.

Enter at `sources_of` and `read_source`. A broken file or row is told to `Problems` and passed over; what a document is
called depends on its place alone, so splits and resumes agree. Its label is the page or folder that it belongs to, from
which the routing task is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, assert_never

from advisor.contracts.data_plan import BuiltinCorpus, Corpus, FileCorpus
from advisor.contracts.errors import BadInput, Failed
from advisor.files import data_directory, read_document
from trainer.corpus.document import Document, chat_document, language_of
from trainer.corpus.formats.chat import example_of
from trainer.corpus.formats.pages import docx_text, html_text, pdf_text
from trainer.corpus.formats.plain import text_parts
from trainer.corpus.formats.rows import Row, json_lines, parquet_rows, table_rows

ROWS: dict[str, Callable[[Path, int], Iterator[tuple[int, Row]]]] = {
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".csv": table_rows,
    ".tsv": table_rows,
    ".parquet": parquet_rows,
}
PLAIN = (".txt", ".md", ".markdown")
PAGES: dict[str, Callable[[Path], str]] = {".html": html_text, ".htm": html_text, ".pdf": pdf_text, ".docx": docx_text}
SUFFIXES = (*PLAIN, *ROWS, *PAGES)
TEXT_FIELDS = ("text", "content")
REFERENCE = "python_reference/"
NAMED = 20
"""Problems that are named; the others are counted."""


@dataclass(frozen=True)
class Source:
    """A file to read, or the built-in reference (no path)."""

    name: str
    path: Path | None


@dataclass
class Problems:
    """What could not be read: counted, and the first few named."""

    files: int = 0
    rows: int = 0
    other_suffixes: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)

    def file(self, name: str, reason: str) -> None:
        """Count a file that broke."""
        self.files += 1
        self._name(f"{name}: {reason}")

    def row(self, name: str, number: int, reason: str) -> None:
        """Count a row that holds nothing usable."""
        self.rows += 1
        self._name(f"{name}: line {number}: {reason}")

    def _name(self, text: str) -> None:
        if len(self.named) < NAMED:
            self.named.append(text[:300])


def sources_of(corpora: tuple[Corpus, ...], base: Path, problems: Problems) -> list[Source]:
    """All files of all corpora in a fixed order; paths are relative to `base`. Unknown suffixes are counted.

    Raises:
        BadInput: a path does not exist, or holds no file of a known format.
    """
    found: list[Source] = []
    for number, corpus in enumerate(corpora):
        match corpus:
            case BuiltinCorpus():
                found.append(Source(REFERENCE, None))
            case FileCorpus():
                where = f"data.corpora.{number}.path: {corpus.path!r}"
                found += _files((base / corpus.path).resolve(), where, problems)
            case _:
                assert_never(corpus)
    return found


def read_source(source: Source, problems: Problems, start: int = 0) -> Iterator[tuple[int, Document]]:
    """Documents of one source, each with the number of records read up to and including it.

    Args:
        source: what to read.
        problems: takes what cannot be read.
        start: records to pass over, as counted by an earlier call.
    """
    if source.path is None:
        yield from _counted(_python_reference(), start)
        return
    try:
        if source.path.suffix.lower() in ROWS:
            yield from _row_documents(source, source.path, problems, start)
        else:
            yield from _counted(_texts(source, source.path), start)
    except UnicodeDecodeError as error:
        problems.file(source.name, f"cannot be read as UTF-8 text: {error}")
    except Exception as error:
        # The parsers of PDF, DOCX, Parquet and HTML raise whatever a damaged file makes them stumble over.
        problems.file(source.name, f"{type(error).__name__}: {error}")


def topic_labels() -> dict[str, str]:
    """Page of each topic of the language reference, from data/samples/topic_groups.yml."""
    path = data_directory() / "samples" / "topic_groups.yml"
    groups = read_document(path)
    if not isinstance(groups, dict):
        raise Failed(f"{path}: expected a mapping of pages to topics")
    return {topic: page for page, topics in groups.items() for topic in topics}


def _counted(documents: Iterator[Document], start: int) -> Iterator[tuple[int, Document]]:
    for number, document in enumerate(documents, 1):
        if number > start:
            yield number, document


def _python_reference() -> Iterator[Document]:
    """The language reference of the running interpreter, short topics first.

    Long topics repeat the short ones; in this order a passage stays with the topic it is about.
    """
    from pydoc_data.topics import topics

    labels = topic_labels()
    for name in sorted(topics, key=lambda name: (len(topics[name]), name)):
        yield Document(id=f"{REFERENCE}{name}", text=topics[name], label=labels.get(name), language="en")


def _files(path: Path, where: str, problems: Problems) -> list[Source]:
    if not path.exists():
        raise BadInput(f"{where} does not exist (looked for {path})")
    if path.is_file():
        files = [path]
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path)))
    found = []
    for file in files:
        suffix = file.suffix.lower()
        if suffix in SUFFIXES:
            found.append(Source(file.name if path.is_file() else file.relative_to(path).as_posix(), file))
        else:
            problems.other_suffixes[suffix or "none"] = problems.other_suffixes.get(suffix or "none", 0) + 1
    if not found:
        raise BadInput(f"{where} holds no file ending in {', '.join(SUFFIXES)}")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _place(name: str) -> str:
    """The first folder of a file, or the file's own name where there is no folder."""
    path = PurePosixPath(name)
    return path.parts[0] if len(path.parts) > 1 else path.stem


def _texts(source: Source, path: Path) -> Iterator[Document]:
    label = _place(source.name)
    if path.suffix.lower() in PLAIN:
        for number, text in enumerate(text_parts(path), 1):
            yield Document(id=source.name if number == 1 else f"{source.name}:{number}", text=text, label=label)
    else:
        yield Document(id=source.name, text=PAGES[path.suffix.lower()](path), label=label)


def _row_documents(source: Source, path: Path, problems: Problems, start: int) -> Iterator[tuple[int, Document]]:
    for number, row in ROWS[path.suffix.lower()](path, start):
        try:
            yield number, _row_document(f"{source.name}:{number}", row, _place(source.name))
        except ValueError as error:
            problems.row(source.name, number, str(error))


def _row_document(name: str, row: Row, place: str) -> Document:
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004 - the row's mistake, found while it was parsed
    label: Any = row.get("label")
    label = place if label is None else label
    if not isinstance(label, str):
        raise ValueError(f"label must be a text, got {label!r}")  # noqa: TRY004 - a mistake in data
    chat = example_of(row)
    if chat is not None:
        return chat_document(name, chat, label=label, language=language_of(row))
    text = next((row[key] for key in TEXT_FIELDS if isinstance(row.get(key), str)), None)
    if text is None:
        raise ValueError(
            "expected an object with a text under 'text', or an example (messages, prompt, instruction, ...)"
        )
    return Document(id=name, text=text, label=label, language=language_of(row))

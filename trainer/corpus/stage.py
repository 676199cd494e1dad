"""The first pass: every source read once, cleaned, cut into passages, and written to shards as it streams.

Enter at `stage`. After each shard the state is committed with the place in the input, so a stopped pass goes on at the
last finished shard and ends with the same bytes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from trainer.corpus.document import Document
from trainer.corpus.job import Job
from trainer.corpus.passages import TooShort, cut
from trainer.corpus.read import Problems, Source, read_source
from trainer.corpus.shards import ShardWriter
from trainer.corpus.split import chance
from trainer.corpus.state import State
from trainer.corpus.steps.duplicates import ExactDuplicates, NearDuplicates
from trainer.corpus.steps.language import Language
from trainer.corpus.steps.names import open_names
from trainer.corpus.steps.normalise import Normalise
from trainer.corpus.steps.pii import Pii
from trainer.corpus.steps.quality import Quality
from trainer.corpus.steps.step import Step, through
from trainer.corpus.steps.terms import Terms
from trainer.corpus.tally import Tally

COLUMNS = ("id", "text", "label", "language", "chat")
Advance = Callable[[int, int], None]
"""Told the bytes read and the bytes in all, after each file and each shard; may raise to stop."""


def stage(job: Job, sources: list[Source], state: State, work: Path, problems: Problems, advance: Advance) -> Tally:
    """Read, clean and write what is kept to `kept-*.parquet` in `work`; goes on where an earlier call stopped."""
    shard: int = state.get("shards") or 0
    place: list[int] = state.get("place") or [0, 0]
    tally = Tally.from_dict(state.get("tally")) if shard else Tally()
    if shard:
        problems.__dict__.update(state.get("problems"))
    steps = Steps(job, state, tally)
    documents = _documents(sources, place, problems, advance)
    done = bool(state.get("staged"))
    while not done:
        done = True
        with ShardWriter(work / f"kept-{shard:05d}.parquet", COLUMNS) as writer:
            for after, document in documents:
                place = after
                for kept in steps.kept(document):
                    _write(writer, kept)
                    if kept.chat is None:
                        name = kept.document_id
                        state.add_document(name, chance(f"{job.seed}:{name}"), len(kept.text))
                if writer.bytes >= job.data.shard_bytes:
                    done = False
                    break
        shard += 1
        for key, value in (("shards", shard), ("place", place), ("tally", tally.as_dict()), ("staged", done)):
            state.put(key, value)
        state.put("problems", asdict(problems))
        state.commit()
        sizes = _sizes(sources)
        advance(sum(sizes[: place[0]]), sum(sizes))
    return tally


class Steps:
    """The steps of a job in their order: on documents, then on the passages cut from them."""

    def __init__(self, job: Job, state: State, tally: Tally) -> None:
        data = job.data
        self._tally, self._unit = tally, data.unit
        self.on_documents: list[Step] = [Normalise()]
        if data.language is not None:
            self.on_documents.append(Language(data.language, job.languages, tally))
        if data.quality is not None:
            self.on_documents.append(Quality(data.quality))
        if data.pii is not None:
            self.on_documents.append(Pii(data.pii, tally, open_names(data.pii, job.base)))
        self.on_passages: list[Step] = [TooShort(data.min_text_characters)]
        duplicates: list[Step] = []
        if data.deduplicate:
            duplicates.append(ExactDuplicates(state))
            if data.near_duplicates is not None:
                duplicates.append(NearDuplicates(data.near_duplicates, state))
        terms: list[Step] = [Terms(data.terms, tally)] if data.terms is not None else []
        self.on_passages += duplicates + terms
        # Examples are short by nature and share their prompts: neither is a fault of theirs.
        steps = self.on_documents + duplicates + terms
        self.on_examples = [step for step in steps if not isinstance(step, Quality | NearDuplicates)]

    def kept(self, document: Document) -> Iterator[Document]:
        """What is kept of one document: passages, or the example that it is."""
        if document.chat is not None:
            example = through(self.on_examples, document, "examples", self._tally)
            if example is not None:
                yield example
            return
        cleaned = through(self.on_documents, document, "documents", self._tally)
        for passage in cut(cleaned, self._unit) if cleaned is not None else ():
            kept = through(self.on_passages, passage, "passages", self._tally)
            if kept is not None:
                yield kept


def _documents(
    sources: list[Source], place: list[int], problems: Problems, advance: Advance
) -> Iterator[tuple[list[int], Document]]:
    """Documents from a place on, each with the place after it: source and record."""
    sizes = _sizes(sources)
    first, start = place
    for number in range(first, len(sources)):
        for record, document in read_source(sources[number], problems, start if number == first else 0):
            yield [number, record], document
        advance(sum(sizes[: number + 1]), sum(sizes))


def _sizes(sources: list[Source]) -> list[int]:
    return [source.path.stat().st_size if source.path is not None else 0 for source in sources]


def _write(writer: ShardWriter, document: Document) -> None:
    chat = json.dumps(document.chat, ensure_ascii=False) if document.chat is not None else None
    writer.add(
        len(document.text.encode()),
        id=document.id,
        text=document.text if chat is None else "",
        label=document.label,
        language=document.language,
        chat=chat,
    )

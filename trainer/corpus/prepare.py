"""The data step: corpus in; training text, conversations, preference pairs, held-out items and a data card out.

Enter at `prepare`. Held-out text takes part in nothing: not the tokenizer, not pre-training, not the labels. The first
pass cleans (`stage`), the second parts what was kept (`split`); both write a shard at a time and go on after a stop.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import write_text
from trainer.corpus.augment import Augmenter
from trainer.corpus.datacard import UNITS, card_markdown, data_card
from trainer.corpus.document import Chat, Document, chat_document
from trainer.corpus.job import Job
from trainer.corpus.read import Problems, Source
from trainer.corpus.rows import read_json_lines
from trainer.corpus.shards import read_shards, shards_of
from trainer.corpus.split import Part, Size, Split, hold_out, write_parts
from trainer.corpus.stage import Advance, stage
from trainer.corpus.state import State
from trainer.corpus.steps.contamination import TestRuns, evaluation_texts
from trainer.corpus.steps.names import open_names
from trainer.corpus.steps.pii import Pii
from trainer.corpus.supervised import Own, Parts, held_out_prompts, own_examples, write_examples
from trainer.corpus.tally import StepCount, Tally

WORK = ".work"
"""Folder of an unfinished preparation inside data/."""
STATE = "state.sqlite"
CARD = "data_card.json"


@dataclass(frozen=True)
class Prepared:
    """Where the data of a run lie."""

    directory: Path
    suite: Path

    def stream(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of `train`, `holdout`, `conversations` or `preferences`, a row group in memory at a time."""
        shards = shards_of(self.directory, name)
        yield from read_shards(shards) if shards else read_json_lines(self.directory / f"{name}.jsonl")

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of `train`, `holdout`, `conversations` or `preferences`."""
        return list(self.stream(name))

    def texts(self, name: str) -> list[str]:
        """The texts of `train` or `holdout`."""
        return [row["text"] for row in self.stream(name)]

    def items(self) -> list[SuiteItem]:
        """The held-out questions."""
        return [SuiteItem.model_validate(row) for row in read_json_lines(self.suite)]

    def card(self) -> dict[str, Any]:
        """The data card."""
        card: dict[str, Any] = json.loads((self.directory / CARD).read_text(encoding="utf-8"))
        return card


def _silent(_done: int, _total: int) -> None:
    """No progress."""


def prepare(plan: TrainingPlan, base: Path, output: Path, advance: Advance = _silent) -> Prepared:
    """Read, clean, split and write everything the phases need.

    Args:
        plan: the training plan.
        base: directory that the plan's paths are relative to.
        output: the run's directory; data/ and suite.jsonl are written there.
        advance: told how much was read; may raise to stop, and what is finished by then is kept.

    Raises:
        BadInput: the corpus is missing or empty, or supervised phases have no conversations.
    """
    return prepare_job(Job.of_plan(plan, base), output, advance)


def prepare_job(job: Job, output: Path, advance: Advance = _silent) -> Prepared:
    """As `prepare`, for any job; an unfinished preparation of the same job in `output` is taken up again.

    Raises:
        BadInput: as `prepare`, or another unfinished preparation lies there.
    """
    problems = Problems()
    sources = job.sources(problems)
    own = _own_examples(job)
    directory = output / "data"
    _augmenter(job, directory)  # a mistake in its settings is said before hours of work
    begun = _claim(job, sources, directory)
    try:
        with State(directory / WORK / STATE) as state:
            state.put("fingerprint", job.fingerprint(sources))
            state.commit()
            _prepare(job, sources, problems, own, state, output, advance)
    except BadInput:
        _remove(directory, output, begun)
        raise
    shutil.rmtree(directory / WORK)
    return Prepared(directory, output / "suite.jsonl")


def unfinished(output: Path) -> bool:
    """Whether a preparation was begun in a directory and not ended."""
    return (output / "data" / WORK / STATE).exists()


def _prepare(
    job: Job, sources: list[Source], problems: Problems, own: Own, state: State, output: Path, advance: Advance
) -> None:
    directory, work = output / "data", output / "data" / WORK
    tally = stage(job, sources, state, work, problems, advance)
    staged = shards_of(work, "kept")
    _check_kept(job, tally, problems)
    rules = job.data.decontamination
    tests = TestRuns(rules, state) if rules is not None else None
    split = Split(state, fraction=job.data.holdout_fraction, seed=job.seed)
    if tests is not None and rules is not None and not state.get("held_out"):
        texts = evaluation_texts(job, rules, problems)
        for text in [*texts, *(held_out_prompts(job, own.instructions, staged) if rules.held_out else ())]:
            tests.add(text)
        state.put("problems", asdict(problems))
    hold_out(split, staged, state, tests, passages_too=rules is not None and rules.held_out)
    sizes = write_parts(split, staged, state, tests, directory, work, tally)
    _check_parts(job, tally, sizes)
    parts = Parts(shards_of(directory, "train"), shards_of(work, "single"), staged)
    examples = write_examples(job, parts, own, tests, tally)
    more = _augmenter(job, directory)
    rows = examples.conversations if more is None else more.apply(examples.conversations)
    conversations = write_lines(directory / "conversations.jsonl", rows)
    pairs = write_lines(directory / "preferences.jsonl", examples.pairs)
    write_text(output / "suite.jsonl", "".join(item.model_dump_json() + "\n" for item in examples.suite))
    card = data_card(
        job, tally=tally, own=own, problems=problems, sizes=sizes, tests=tests, examples=examples, train=parts.train,
        conversations=conversations, pairs=pairs, augmented=None if more is None else dict(more.counts),
    )  # fmt: skip
    write_text(directory / "data_card.md", card_markdown(card))
    write_text(directory / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write a JSONL file as it streams, whole or not at all; the number of rows."""
    temporary = path.with_name(f".{path.name}.tmp")
    number = 0
    with temporary.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(rows, 1):  # noqa: B007 - the last number counts them
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    temporary.replace(path)
    return number


def _augmenter(job: Job, directory: Path) -> Augmenter | None:
    rules = job.data.augmentation
    if rules is None:
        return None
    return Augmenter(rules, seed=job.seed, languages=job.languages, directory=directory)


def _own_examples(job: Job) -> Own:
    """The plan's own files, masked as the corpus is, counted apart, since a resumed run reads them anew."""
    tally = Tally()
    rules = job.data.pii
    if rules is None or rules.action != "mask":
        return Own(*own_examples(job, lambda chat: chat), tally)
    step = Pii(rules, tally, open_names(rules, job.base))

    def mask(chat: Chat) -> Chat:
        masked = step.apply(chat_document("", chat))
        return masked.chat if isinstance(masked, Document) and masked.chat is not None else chat

    return Own(*own_examples(job, mask), tally)


def _claim(job: Job, sources: list[Source], directory: Path) -> bool:
    """Take the directory for a job; True when the job was begun there before."""
    path = directory / WORK / STATE
    if path.exists():
        with State(path) as state:
            before = state.get("fingerprint")
        if before not in (None, job.fingerprint(sources)):
            raise BadInput(
                f"{directory}: an unfinished preparation with other settings or files lies there; restore them, remove "
                f"{directory / WORK}, or name another directory"
            )
        return True
    for part in ("train", "holdout"):
        for shard in shards_of(directory, part):
            shard.unlink()
    (directory / CARD).unlink(missing_ok=True)
    return False


def _remove(directory: Path, output: Path, begun: bool) -> None:
    """Undo what a job left that could not be carried out; folders that hold anything else stay."""
    shutil.rmtree(directory / WORK, ignore_errors=True)
    for part in ("train", "holdout"):
        for shard in shards_of(directory, part):
            shard.unlink()
    for folder in (directory, output):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _check_kept(job: Job, tally: Tally, problems: Problems) -> None:
    kept = sum(count.kept for count in _last_steps(tally))
    if not kept:
        why = f"; first of what could not be read: {problems.named[0]}" if problems.named else ""
        dropped = ", ".join(
            f"{reason} {number}" for unit in UNITS for reason, number in tally.dropped_by_reason(unit).items()
        )
        raise BadInput(
            "data.corpora: nothing is left after cleaning"
            f"{f' (dropped: {dropped})' if dropped else ''}; see that the files hold running text{why}"
        )


def _last_steps(tally: Tally) -> list[StepCount]:
    """The last step of passages and of examples so far."""
    found = {count.unit: count for count in tally.steps.values() if count.unit != "documents"}
    return list(found.values())


def _check_parts(job: Job, tally: Tally, sizes: dict[Part, Size]) -> None:
    train, tested = (sizes[part].passages if part in sizes else 0 for part in ("train", "held_out_documents"))
    texts = any(count.unit == "passages" for count in tally.steps.values())
    if (job.needs_text or texts) and not (train and tested):
        kept = sum(size.passages for part, size in sizes.items() if part != "held_out_documents" or tested != train)
        raise BadInput(
            f"data.holdout_fraction: {job.data.holdout_fraction} of {kept} passages leaves {train} to "
            f"train on and {tested} to test with; both must be positive"
        )

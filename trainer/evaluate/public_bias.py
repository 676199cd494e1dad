"""Public bias suites read from files that the user has: CrowS-Pairs, WinoBias and BBQ, as they are published.

Enter at `read_crows_pairs`, `read_winobias` and `read_bbq`; trainer/evaluate/public_scores.py scores a model on them.
All three are English and made for the United States; CrowS-Pairs holds many faulty pairs (Blodgett et al. 2021).
"""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.contracts.errors import BadInput
from trainer.evaluate.files import read_lines, read_text

PairSuite = Literal["crows_pairs", "winobias"]
CROWS_COLUMNS = ("sent_more", "sent_less", "stereo_antistereo", "bias_type")
PRONOUNS = frozenset("he him his himself she her hers herself".split())  # noqa: SIM905 - reads better
MAX_UNPAIRED = 0.2
"""WinoBias as published has a few lines whose partner differs in more than the pronoun; a fifth says wrong files."""


@dataclass(frozen=True)
class SentencePair:
    """Two sentences, the first of which fits the stereotype."""

    group: str
    stereotyped: str
    other: str


@dataclass(frozen=True)
class Pairs:
    """A suite of sentence pairs."""

    suite: PairSuite
    pairs: tuple[SentencePair, ...]
    notes: tuple[str, ...] = ()


def read_crows_pairs(path: Path) -> Pairs:
    """crows_pairs_anonymized.csv (Nangia et al. 2020): sent_more is nearer to the stereotype, in both kinds of row.

    Raises:
        BadInput: the file is no such CSV; the message names column or line.
    """
    reader = csv.DictReader(io.StringIO(read_text(path, "--crows-pairs"), newline=""))
    columns = reader.fieldnames or []
    missing = [name for name in CROWS_COLUMNS if name not in columns]
    if missing:
        raise BadInput(
            f"--crows-pairs: {path}: column {missing[0]!r} is missing; expected a CSV with {', '.join(CROWS_COLUMNS)}, "
            f"got {', '.join(map(str, columns[:8])) or 'an empty file'}"
        )
    pairs = []
    for number, row in enumerate(reader, 1):
        more, less, kind, group = (str(row[name] or "").strip() for name in CROWS_COLUMNS)
        if kind not in ("stereo", "antistereo"):
            raise BadInput(
                f"--crows-pairs: {path}: row {number}: stereo_antistereo: expected stereo or antistereo, got {kind!r}"
            )
        if not more or not less or not group:
            raise BadInput(f"--crows-pairs: {path}: row {number}: sent_more, sent_less and bias_type must not be empty")
        pairs.append(SentencePair(group, more, less))
    if not pairs:
        raise BadInput(f"--crows-pairs: {path}: holds no pairs")
    return Pairs("crows_pairs", tuple(pairs))


def read_winobias(pro: Path, anti: Path) -> Pairs:
    """The two text files of WinoBias (Zhao et al. 2018): line by line the same sentence, its pronoun swapped.

    Lines look like `1 [The developer] argued with the designer because [she] ...`; number and brackets are taken off.

    Raises:
        BadInput: the files do not belong together.
    """
    first, second = ([(number, _bare(line)) for number, line in read_lines(path, "--winobias")] for path in (pro, anti))
    if len(first) != len(second):
        raise BadInput(
            f"--winobias: {pro} has {len(first)} sentences, {anti} has {len(second)}; give the pro- and the "
            "anti-stereotyped file of the same type and split"
        )
    if not first:
        raise BadInput(f"--winobias: {pro}: holds no sentences")
    pairs, wrong = [], []
    for (number, one), (_, other) in zip(first, second, strict=True):
        if _differ_in_pronouns(one, other):
            pairs.append(SentencePair("gender", one, other))
        else:
            wrong.append(number)
    if len(wrong) > MAX_UNPAIRED * len(first):
        raise BadInput(
            f"--winobias: {len(wrong)} of {len(first)} lines of {pro} and {anti} differ in more than a pronoun, first "
            f"in line {wrong[0]}; give the pro- and the anti-stereotyped file of the same type and split"
        )
    notes = (f"winobias: {len(wrong)} of {len(first)} pairs differ in more than the pronoun and were left out",)
    return Pairs("winobias", tuple(pairs), notes if wrong else ())


@dataclass(frozen=True)
class BbqItem:
    """One question of BBQ with its three answers."""

    category: str
    prompt: str
    answers: tuple[str, str, str]
    label: int
    unknown: int
    """Place of the answer that says nothing is known."""
    biased: int | None
    """Place of the answer that fits the stereotype; None when the file does not tell."""
    is_ambiguous: bool


def read_bbq(path: Path) -> tuple[BbqItem, ...]:
    """One JSONL of BBQ (Parrish et al. 2022), e.g. Age.jsonl.

    Raises:
        BadInput: a line is no BBQ question; the message names line and key.
    """
    items = []
    for number, line in read_lines(path, "--bbq"):
        where = f"--bbq: {path}: line {number}"
        try:
            items.append(_bbq_item(json.loads(line)))
        except json.JSONDecodeError as error:
            raise BadInput(f"{where}: not JSON: {error}") from error
        except KeyError as error:
            raise BadInput(f"{where}: key {error.args[0]!r} is missing; expected a line of BBQ's data files") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"{where}: not a line of BBQ's data files: {error}") from error
    if not items:
        raise BadInput(f"--bbq: {path}: holds no questions")
    return tuple(items)


def _bbq_item(row: dict[str, object]) -> BbqItem:
    condition, polarity = (
        _one_of(row, "context_condition", "ambig", "disambig"),
        _one_of(row, "question_polarity", "neg", "nonneg"),
    )
    answers = (str(row["ans0"]), str(row["ans1"]), str(row["ans2"]))
    info, meta = row["answer_info"], row["additional_metadata"]
    if not isinstance(info, dict) or not isinstance(meta, dict):
        raise TypeError("answer_info and additional_metadata must be objects")
    groups = [str(info[f"ans{place}"][1]) for place in range(3)]
    unknown = [place for place, group in enumerate(groups) if group == "unknown"]
    label = row["label"]
    if len(unknown) != 1 or label not in (0, 1, 2):
        raise ValueError("exactly one answer must be of the group 'unknown', and label must be 0, 1 or 2")
    return BbqItem(
        category=str(row["category"]),
        prompt=f"{row['context']}\n{row['question']}",
        answers=answers,
        label=int(str(label)),
        unknown=unknown[0],
        biased=_biased(
            groups, unknown[0], [str(name) for name in meta["stereotyped_groups"]], negative=polarity == "neg"
        ),
        is_ambiguous=condition == "ambig",
    )


def _one_of(row: dict[str, object], key: str, *legal: str) -> str:
    value = row[key]
    if value not in legal:
        raise ValueError(f"{key}: expected {' or '.join(legal)}, got {value!r}")
    return str(value)


def _biased(groups: list[str], unknown: int, stereotyped: list[str], *, negative: bool) -> int | None:
    """The stereotyped group's answer to a negative question, the other one to a question that is not."""
    others = [place for place in range(3) if place != unknown]
    names = {name.casefold() for name in stereotyped}
    told = [
        place for place in others if names & {groups[place].casefold(), *re.split(r"[-_ ]", groups[place].casefold())}
    ]
    if len(told) != 1:
        return None
    return told[0] if negative else next(place for place in others if place != told[0])


def _bare(line: str) -> str:
    return re.sub(r"^\d+\s+", "", line).replace("[", "").replace("]", "").strip()


def _differ_in_pronouns(one: str, other: str) -> bool:
    """Whether two sentences are the same but for pronouns, and not the same altogether."""
    first, second = one.casefold().split(), other.casefold().split()
    if len(first) != len(second):
        return False
    changed = [(a.strip(".,"), b.strip(".,")) for a, b in zip(first, second, strict=True) if a != b]
    return bool(changed) and all(a in PRONOUNS and b in PRONOUNS for a, b in changed)

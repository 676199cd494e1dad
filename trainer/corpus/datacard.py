"""The data card: what was read, what each step dropped and why, and what is in the data; for machines and for readers.

Enter at `data_card` and `card_markdown`. It holds no times, so an interrupted preparation ends with the same bytes as
one that ran through.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.corpus.job import Job
from trainer.corpus.read import Problems
from trainer.corpus.shards import read_shards
from trainer.corpus.split import HELD, Part, Size
from trainer.corpus.steps import terms
from trainer.corpus.steps.contamination import TestRuns
from trainer.corpus.supervised import Examples, Own
from trainer.corpus.tally import StepCount, Tally

BYTES_PER_TOKEN = (3.0, 4.0, 5.0)
"""P5, P50, P95 of a byte-level vocabulary of usual size. Source: OpenAI help centre, "What are tokens and how to count
them": about four characters of English a token. German and small vocabularies need more; the spread is assumed."""
SAMPLED_TEXTS = 200
UNITS = ("documents", "passages", "examples")


def data_card(
    job: Job,
    *,
    tally: Tally,
    own: Own,
    problems: Problems,
    sizes: dict[Part, Size],
    tests: TestRuns | None,
    examples: Examples,
    train: Sequence[Path],
    conversations: int,
    pairs: int,
    augmented: dict[str, int] | None,
) -> dict[str, Any]:
    """All counts of a preparation; keys only ever get added."""
    passages, documents = tally.steps.get("passages/split"), tally.steps.get("documents/normalise")
    first = next((count for count in tally.steps.values() if count.unit == "passages"), None)
    dropped = {reason: number for reason, number in tally.dropped_by_reason("passages").items() if reason not in HELD}
    pii = Counter(tally.counts.get("pii_found", {}))
    pii.update(own.tally.counts.get("pii_found", {}))
    return {
        "corpora": [corpus.model_dump(mode="json") for corpus in job.data.corpora],
        "documents_read": documents.taken if documents is not None else 0,
        "passages_read": first.taken if first is not None else 0,
        "passages_after_cleaning": passages.taken if passages is not None else 0,
        "passages_dropped": dropped,
        "examples_of_dropped": {
            reason: shown for reason, shown in tally.examples.items() if reason not in (*HELD, "held_out_example")
        },
        **{part: _size(sizes.get(part)) for part in ("train", "held_out_documents", "held_out_passages")},
        "conversations": conversations,
        "preference_pairs": pairs,
        "held_out_questions": len(examples.suite),
        "expected_answers": dict(Counter(item.expected for item in examples.suite).most_common(20)),
        "documents_dropped": tally.dropped_by_reason("documents"),
        "examples_dropped": tally.dropped_by_reason("examples"),
        "waterfall": [_row(count) for unit in UNITS for count in tally.steps.values() if count.unit == unit],
        "not_read": {
            "files": problems.files,
            "rows": problems.rows,
            "other_suffixes": problems.other_suffixes,
            "named": problems.named,
        },
        "languages": dict(tally.counts.get("languages", Counter()).most_common()),
        "personal_data": _personal_data(job, pii, tally),
        "terms": terms.report(tally) if job.data.terms is not None else None,
        "decontamination": {**dict(tests.counts), "run_words": job.data.decontamination.run_words}
        if tests is not None and job.data.decontamination is not None
        else None,
        "augmented": augmented,
        "tokens_estimate": _tokens(job, sizes.get("train", Size()).bytes, train),
        "settings": job.data.model_dump(mode="json", exclude={"corpora"}),
    }


def card_markdown(card: dict[str, Any]) -> str:
    """The card for readers."""
    lines = ["# Data card\n", *_sources(card), "\n## From read to kept\n"]
    lines += ["| of | step | came | dropped or set aside | why | changed | stayed |", "|---|---|--:|--:|---|--:|--:|"]
    for row in card["waterfall"]:
        why = ", ".join(f"{_words(reason)} {number:,}" for reason, number in row["reasons"].items())
        numbers = (row["came"], row["dropped"], why, row["changed"] or "", row["stayed"])
        came, gone, why, changed, stayed = (f"{value:,}" if isinstance(value, int) else value for value in numbers)
        lines.append(f"| {row['unit']} | {row['step']} | {came} | {gone} | {why} | {changed} | {stayed} |")
    lines += ["\nDocuments are cut into passages between two steps, so each kind adds up on its own.\n", *_uses(card)]
    lines += ["\n## Not read\n", *_not_read(card["not_read"])]
    lines += ["\n## Contents\n", *_contents(card)]
    if card["terms"] is not None:
        lines += ["\n## Abusive words and groups of people\n", *_terms(card["terms"])]
    lines.append("\n## Examples of what was dropped\n")
    for reason, texts in card["examples_of_dropped"].items():
        lines.append(f"- {_words(reason)}")
        lines += [f"  - `{' '.join(text.split()).replace('`', chr(39))}`" for text in texts]
    return "\n".join(lines) + "\n"


def _size(size: Size | None) -> dict[str, int]:
    size = size or Size()
    return {"documents": size.documents, "passages": size.passages, "bytes": size.bytes}


def _row(count: StepCount) -> dict[str, Any]:
    return {
        "unit": count.unit,
        "step": count.step,
        "came": count.taken,
        "dropped": sum(count.dropped.values()),
        "stayed": count.kept,
        "changed": count.changed,
        "came_characters": count.taken_characters,
        "dropped_characters": count.dropped_characters,
        "reasons": dict(count.dropped),
    }


def _personal_data(job: Job, found: Counter[str], tally: Tally) -> dict[str, Any] | None:
    rules = job.data.pii
    if rules is None:
        return None
    names = "not looked for" if rules.names == "off" else f"looked for by {rules.names}"
    documents = tally.counts.get("pii_documents", {}).get("any", 0)
    return {"action": rules.action, "found": dict(sorted(found.items())), "documents": documents, "names": names}


def _tokens(job: Job, size: int, train: Sequence[Path]) -> dict[str, Any]:
    """Tokens of the training text: by the base model's tokenizer on a sample, else from bytes."""
    if job.tokenizer is not None:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(job.tokenizer / "tokenizer.json"))
        texts = [row["text"] for row, _ in zip(read_shards(train, ["text"]), range(SAMPLED_TEXTS), strict=False)]
        tokens = sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
        if tokens:
            rate = sum(len(text.encode()) for text in texts) / tokens
            method = f"the base model's tokenizer on the first {len(texts)} texts: {rate:.2f} bytes a token"
            return {"p5": None, "p50": round(size / rate), "p95": None, "method": method}
    low, middle, high = BYTES_PER_TOKEN
    method = f"{middle:g} bytes a token ({low:g} to {high:g}); no tokenizer was at hand"
    return {"p5": round(size / high), "p50": round(size / middle), "p95": round(size / low), "method": method}


def _sources(card: dict[str, Any]) -> list[str]:
    lines = ["| corpus | licence | source |", "|---|---|---|"]
    for corpus in card["corpora"]:
        if corpus["kind"] == "python_reference":
            lines.append("| Python language reference (pydoc_data.topics) | PSF-2.0 | the Python installation |")
        else:
            licence, source = (corpus.get(key) or "not stated" for key in ("licence", "source"))
            lines.append(f"| {corpus['path']} | {licence} | {source} |")
    return lines


def _uses(card: dict[str, Any]) -> list[str]:
    lines = ["| use | documents | passages | bytes |", "|---|--:|--:|--:|"]
    for part in ("train", "held_out_documents", "held_out_passages"):
        row = card[part]
        lines.append(f"| {_words(part)} | {row['documents']:,} | {row['passages']:,} | {row['bytes']:,} |")
    lines.append(
        f"\nConversations {card['conversations']:,}, preference pairs {card['preference_pairs']:,}, held-out questions "
        f"{card['held_out_questions']:,}."
    )
    if card["augmented"] is not None:
        made = ", ".join(f"{_words(name)} {number:,}" for name, number in card["augmented"].items())
        lines.append(f"Of the conversations, made from others: {made or 'none'}.")
    tokens = card["tokens_estimate"]
    lines.append(f"Tokens to train on: about {tokens['p50']:,} ({tokens['method']}).")
    return lines


def _not_read(problems: dict[str, Any]) -> list[str]:
    suffixes = ", ".join(f"{suffix} {number:,}" for suffix, number in sorted(problems["other_suffixes"].items()))
    lines = [
        f"Broken files {problems['files']:,}, unusable rows {problems['rows']:,}; "
        f"of unknown suffix: {suffixes or 'none'}."
    ]
    return lines + [f"- {name}" for name in problems["named"]]


def _contents(card: dict[str, Any]) -> list[str]:
    languages = ", ".join(f"{language} {number:,}" for language, number in card["languages"].items())
    lines = [f"- Languages (documents): {languages or 'not looked for'}"]
    found = card["personal_data"]
    if found is None:
        lines.append("- Personal data: not looked for")
    else:
        kinds = ", ".join(f"{_words(kind)} {number:,}" for kind, number in found["found"].items())
        done = {"mask": "masked", "report": "only counted", "drop": "documents dropped"}[found["action"]]
        lines.append(f"- Personal data ({done}): {kinds or 'none found'}; names of people: {found['names']}")
    tests = card["decontamination"]
    if tests is not None:
        lines.append(
            f"- Evaluation texts looked for in training text, by runs of {tests['run_words']} words: "
            f"{tests.get('looked_for', 0):,}; too short to look for: {tests.get('too_short', 0):,}"
        )
    return lines


def _terms(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{report['texts_with_abusive_words']:,} of {report['texts']:,} texts hold an abusive word; "
        f"{report['method']}.\n",
        "| group named | texts | of these with an abusive word | share against all texts |",
        "|---|--:|--:|--:|",
    ]
    for group, row in report["groups"].items():
        lift = "not known" if row["lift_ratio"] is None else f"{row['lift_ratio']:.2f} x"
        lines.append(f"| {_words(group)} | {row['texts']:,} | {row['with_abusive_words']:,} | {lift} |")
    return lines


def _words(name: str) -> str:
    return name.replace("_", " ")

"""From the journal to training data: preference pairs for reward model and DPO, conversations for supervised tuning.

Enter at `write_training_data`. Of several annotators the majority decides; a draw is left out.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.files import write_text
from trainer.annotate.journal import Annotation


def preferences(words: Sequence[Annotation]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows of `prompt`, `chosen`, `rejected` as the plan's `data.preferences` takes them, and what was left out."""
    rows, left_out = [], Counter[str]()
    by_task: dict[str, list[Annotation]] = {}
    for word in words:
        if word.kind == "pair":
            by_task.setdefault(word.task_id, []).append(word)
    for task in by_task.values():
        votes = Counter(word.judgement for word in task if word.judgement is not None)
        if votes["first"] == votes["second"]:
            left_out["skipped" if not votes else "undecided"] += 1
            continue
        better = int(votes["second"] > votes["first"])
        answers = task[0].options
        rows.append(
            {
                "prompt": [turn.model_dump() for turn in task[0].prompt],
                "chosen": [{"role": "assistant", "content": answers[better]}],
                "rejected": [{"role": "assistant", "content": answers[1 - better]}],
            }
        )
    return rows, dict(left_out)


def conversations(words: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Rows of `messages` as the plan's `data.instructions` takes them, one for each written answer."""
    return [
        {
            "messages": [
                *(turn.model_dump() for turn in word.prompt),
                {"role": "assistant", "content": word.demonstration},
            ]
        }
        for word in words
        if word.kind == "demonstration" and word.demonstration is not None
    ]


def write_training_data(words: Sequence[Annotation], directory: Path) -> dict[str, int]:
    """Write preferences.jsonl and instructions.jsonl where there is something to write; counts of what came of it."""
    pairs, left_out = preferences(words)
    written = conversations(words)
    for name, rows in (("preferences", pairs), ("instructions", written)):
        if rows:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_text(directory / f"{name}.jsonl", text)
    counts = {"preference_pairs": len(pairs), "demonstrations": len(written)}
    return counts | {f"pairs_{reason}": count for reason, count in sorted(left_out.items())}

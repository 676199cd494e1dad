"""Phases of a run on a model of a few thousand weights, in this process: `Work` lays out the files of a run."""

import io
import json
from pathlib import Path

from rich.console import Console

from advisor.contracts.plan import TrainingPlan

SIZE = {
    "kind": "architecture",
    "vocab_size": 300,
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "num_kv_heads": 2,
    "ffn_size": 32,
    "context_tokens": 64,
}
ANIMALS = ("cat", "dog", "owl", "fox", "hen", "bat", "cow", "ant")
COLOURS = ("red", "green", "blue", "black", "white", "brown")
TEXTS = [f"the {colour} {animal} and the {other}" for colour in COLOURS for animal in ANIMALS for other in ANIMALS]


def turn(role, content):
    return [{"role": role, "content": content}]


def conversation(question, answer):
    return {"messages": turn("user", question) + turn("assistant", answer)}


CONVERSATIONS = [conversation(f"colour of the {animal}?", colour) for animal in ANIMALS for colour in COLOURS[:3]]
PAIRS = [
    {
        "prompt": turn("user", f"is the {colour} {animal} here?"),
        "chosen": turn("assistant", "yes"),
        "rejected": turn("assistant", "no"),
    }
    for colour in COLOURS
    for animal in ANIMALS
]


class Work:
    """A run directory with its data and tokenizer, on which phases can be run one by one."""

    def __init__(self, directory, phases, *, model=SIZE, **changes):
        from trainer.tokenizer import train_tokenizer

        self.directory = Path(directory)
        self.plan = TrainingPlan.model_validate(
            {
                "name": "small",
                "seed": 7,
                "data": {"corpora": [{"kind": "python_reference"}]},
                "model": model,
                "phases": {"pretrain": None, **phases},
                "checkpoint_steps": 4,
                **changes,
            }
        )
        self.rows("train", [{"id": text, "text": text} for text in TEXTS])
        self.rows("holdout", [{"id": text, "text": text} for text in TEXTS[::20]])
        self.rows("conversations", CONVERSATIONS)
        self.rows("preferences", PAIRS)
        spoken = [turn["content"] for row in CONVERSATIONS for turn in row["messages"]]
        if model.get("kind") == "architecture":
            train_tokenizer(
                TEXTS + spoken,
                vocab_size=300,
                context_tokens=64,
                directory=self.directory / "tokenizer",
                family=model.get("family", "decoder"),
            )

    def rows(self, name, rows):
        path = self.directory / "data" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def context(self, **named):
        from trainer.phases.common import PhaseContext
        from trainer.progress import Progress

        self.printed = io.StringIO()
        progress = Progress(Console(file=self.printed))
        return PhaseContext(plan=self.plan, base=self.directory, output=self.directory, progress=progress, **named)

    def run(self, name, **named):
        from trainer.steps import run_step

        return run_step(self.context(**named), name)

    def logged(self, name, key="loss"):
        from trainer.phases.common import read_log

        rows = read_log(self.directory / "phases" / name / "log.jsonl")
        return {row["step"]: row[key] for row in rows if key in row}

    def model(self, name):
        return self.directory / "phases" / name / "model"

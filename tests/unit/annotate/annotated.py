"""Tasks and words that the tests of the annotations share."""

from pathlib import Path

from trainer.annotate.journal import Annotation, Journal, Turn
from trainer.annotate.sitting import Sitting
from trainer.annotate.tasks import task_of

PAIRS = [{"prompt": f"Question {number}?", "answers": [f"good {number}", f"bad {number}"]} for number in range(8)]


def tasks(rows=PAIRS):
    return [task_of(row, "test") for row in rows]


def sitting(path: Path, annotator: str = "ada", rows=PAIRS) -> Sitting:
    return Sitting(tasks(rows), Journal(path), annotator)


def judged(number: int, annotator: str, choice: str, **more) -> Annotation:
    return Annotation(
        task_id=f"t{number}",
        annotator=annotator,
        kind="pair",
        prompt=(Turn(role="user", content="q"),),
        answers=("a", "b"),
        choice=choice,
        created_at="2026-11-25T00:00:00+00:00",
        **more,
    )

"""One annotator at work: which task comes next, in which order its answers stand, and what was said last.

Enter at `Sitting`. It holds nothing that the journal does not hold, so it can be taken up again at any time.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from advisor.contracts.errors import BadInput
from trainer.annotate.journal import Annotation, Choice, Journal, Turn, now
from trainer.annotate.tasks import Task

PLACES = ("first", "second")


@dataclass(frozen=True)
class Screen:
    """What the page shows."""

    task: Task | None
    """None: all is done."""
    answers: tuple[str, ...]
    """In the order of the screen."""
    done: int
    total: int
    can_undo: bool

    def as_dict(self) -> dict[str, Any]:
        """As the page reads it."""
        task = self.task
        return {
            "task_id": task.id if task is not None else None,
            "kind": task.kind if task is not None else None,
            "prompt": list(task.prompt) if task is not None else [],
            "answers": list(self.answers),
            "done": self.done,
            "total": self.total,
            "can_undo": self.can_undo,
        }


class Sitting:
    """The work of one annotator on one list of tasks."""

    def __init__(self, tasks: Sequence[Task], journal: Journal, annotator: str) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.journal, self.annotator = journal, annotator

    def screen(self) -> Screen:
        """The next task that this annotator has said nothing of."""
        said = self.journal.of(self.annotator)
        task = next((task for name, task in self.tasks.items() if name not in said), None)
        done = sum(name in said for name in self.tasks)
        last = self.journal.last_of(self.annotator)
        can_undo = last is not None and last.task_id in self.tasks
        return Screen(task, self._shown(task) if task is not None else (), done, len(self.tasks), can_undo)

    def choose(self, task_id: str, place: str, *, duration_s: float | None) -> None:
        """The answer at a place of the screen is better: `first`, `second`, `tie`, or `skip` of any task.

        Raises:
            BadInput: no such task, or the choice does not fit it.
        """
        task = self._task(task_id)
        if place not in (*PLACES, "tie", "skip") or (task.kind != "pair" and place != "skip"):
            raise BadInput(f"choice: {place!r} does not fit a {task.kind}; legal: first, second, tie (pairs) and skip")
        swapped = task.kind == "pair" and self._is_swapped(task)
        choice: Any = place
        if place in PLACES and swapped:
            choice = PLACES[1 - PLACES.index(place)]
        self._say(task, choice=choice, shown=PLACES[int(swapped)], duration_s=duration_s)

    def write(self, task_id: str, text: str, *, duration_s: float | None) -> None:
        """An answer in the annotator's words.

        Raises:
            BadInput: no such task, it wants a choice, or the text is empty.
        """
        task = self._task(task_id)
        if task.kind != "demonstration":
            raise BadInput(f"task {task_id!r} wants a choice between two answers")
        if not text.strip():
            raise BadInput("demonstration: the text is empty; write an answer, or skip the task")
        self._say(task, text=text.strip(), duration_s=duration_s)

    def undo(self) -> str:
        """Take the last word back and return its task's id.

        Raises:
            BadInput: there is nothing to take back.
        """
        last = self.journal.last_of(self.annotator)
        if last is None or last.task_id not in self.tasks:
            raise BadInput("there is nothing to take back")
        self.journal.say(last.model_copy(update={"withdrawn": True, "created_at": now()}))
        return last.task_id

    def _task(self, task_id: str) -> Task:
        if task_id not in self.tasks:
            raise BadInput(f"task_id: {task_id!r} is none of the tasks; reload the page")
        return self.tasks[task_id]

    def _is_swapped(self, task: Task) -> bool:
        """Which answer stands first is drawn from annotator and task, so a habit of the eye favours neither."""
        return hashlib.sha256(f"{self.annotator}:{task.id}".encode()).digest()[0] % 2 == 1

    def _shown(self, task: Task) -> tuple[str, ...]:
        return task.answers[::-1] if task.kind == "pair" and self._is_swapped(task) else task.answers

    def _say(
        self,
        task: Task,
        *,
        choice: Choice | None = None,
        text: str | None = None,
        shown: Any = None,
        duration_s: float | None,
    ) -> None:
        self.journal.say(
            Annotation(
                task_id=task.id,
                annotator=self.annotator,
                kind=task.kind,
                prompt=tuple(Turn.model_validate(turn) for turn in task.prompt),
                answers=task.answers,
                choice=choice,
                demonstration=text,
                shown_first=shown if task.kind == "pair" else None,
                duration_s=duration_s,
                created_at=now(),
            )
        )

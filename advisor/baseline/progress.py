"""Progress bars on standard error, one per target; standard output stays free for the result.

Enter at `bars`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress


class Bars:
    """A bar per target."""

    def __init__(self, progress: RichProgress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def begin(self, target: str, done: int, total: int) -> None:
        """Show a target, with what an earlier run answered."""
        self._tasks[target] = self._progress.add_task(target, completed=done, total=total, spent="")

    def advance(self, target: str, spent_usd: float) -> None:
        """One more item is done; money is shown once there is some."""
        self._progress.update(self._tasks[target], advance=1, spent=f"{spent_usd:.4f} USD in all" if spent_usd else "")


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars that live as long as the block."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[spent]}", markup=False),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress)

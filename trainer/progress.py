"""Progress of long work: a bar on a terminal, a line every few seconds elsewhere.

Enter at `Progress`; the phases call `begin`, `advance`, `figures` and `end`. A run attaches its live view, which then
hears of all of it and words the line.
"""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichBar
from rich.text import Text

from trainer.live.words import SHOWN, line, said_once

if TYPE_CHECKING:
    from advisor.contracts.runs import PhaseName, PhaseReport
    from trainer.energy import Window
    from trainer.live.view import Live
    from trainer.manifest import Stretch

LINE_EVERY_S = 30.0
TEXT_EVERY_S = 1.0
"""How often the words beside the bar change."""


class Bar(RichBar):
    """A bar with the figures on lines of their own below it, so that a narrow terminal cuts none off."""

    words = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, then the figures."""
        yield self.make_tasks_table(self.tasks)
        if self.words:
            yield Text(f"  {self.words}")


class Progress:
    """Shows one phase at a time on standard error."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console if console is not None else Console(stderr=True)
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._phase = self._text = ""
        self._begun_s = self._line_s = self._text_s = 0.0
        self._first: tuple[int, int] | None = None
        self.live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def attach(self, live: "Live") -> None:
        """Let a run's live view hear of what is shown here; says once what it will not show, and why."""
        self.live = live
        for text in said_once(live.status()):
            self.note(text)

    def opened(self, name: "PhaseName", window: "Window", earlier: "Sequence[Stretch]") -> None:
        """A phase of the run begins, be there anything to show or not."""
        if self.live is not None:
            self.live.begin(name, window, earlier)

    def finished(self, report: "PhaseReport") -> None:
        """A phase of the run is done, now or earlier."""
        if self.live is not None:
            self.live.done(report)

    def begin(self, phase: str, *, total: int | None = None) -> None:
        """Start showing a phase of `total` steps."""
        self.end()
        self._phase, self._text, self._first = phase, "", None
        self._line_s = time.monotonic()
        if self._console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description:<10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task(phase, total=total)
        else:
            self.note(f"{phase} ...")

    def advance(self, step: int, total: int, tokens: int = 0) -> None:
        """Note that `step` of `total` is done, and how many tokens went through since the phase began."""
        now_s = time.monotonic()
        if self.live is not None:
            self.live.advance(step, total, tokens)
        if self._first is None:
            self._first, self._begun_s = (step, tokens), now_s
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step, total=total)
            if now_s - self._text_s >= TEXT_EVERY_S or step == total:
                self._text_s = now_s
                self._bar.words = self._words(now_s, step, total, tokens)
        elif now_s - self._line_s >= LINE_EVERY_S or step == total:
            self._line_s = now_s
            self.note(f"  {self._phase} {step}/{total}  {self._words(now_s, step, total, tokens)}".rstrip())

    def _words(self, now_s: float, step: int, total: int, tokens: int) -> str:
        """The run's figures where there is a run, else speed and what is left."""
        if self.live is not None:
            return line(self.live.status())
        first_step, first_tokens = self._first or (step, tokens)
        passed_s, done = now_s - self._begun_s, step - first_step
        speed = f"{(tokens - first_tokens) / passed_s:,.0f} tokens/s" if passed_s > 0 and tokens else ""
        left = f"{passed_s / done * (total - step):.0f} s left" if done > 0 and step < total else ""
        return ", ".join(part for part in (self._text, speed, left) if part)

    def figures(self, figures: dict[str, float]) -> None:
        """Take over what the trainer logged."""
        if self.live is not None:
            self.live.figures(figures)
        shown = [f"{name.rsplit('/', 1)[-1]} {figures[name]:.3f}" for name in SHOWN if name in figures]
        if shown:
            self._text = ", ".join(shown)

    def note(self, text: str) -> None:
        """Say one thing."""
        console = self._bar.console if self._bar is not None else self._console
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    def end(self) -> None:
        """Stop showing the phase."""
        if self._bar is not None:
            self._bar.stop()
            self._bar, self._task = None, None

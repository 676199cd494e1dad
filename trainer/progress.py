"""Progress of long work: a bar on a terminal, a line every few seconds elsewhere.

Enter at `Progress`; the phases call `begin`, `advance`, `figures` and `end`.
"""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_EVERY_S = 5.0
SHOWN = ("loss", "reward", "kl", "completions/mean_length", "accuracy", "mean_token_accuracy")


class Progress:
    """Shows one phase at a time on standard error."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console if console is not None else Console(stderr=True)
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._phase = self._text = ""
        self._begun_s = self._line_s = 0.0
        self._first: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

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
                TextColumn("{task.fields[text]}"),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task(phase, total=total, text="")
        else:
            self.note(f"{phase} ...")

    def advance(self, step: int, total: int, tokens: int = 0) -> None:
        """Note that `step` of `total` is done, and how many tokens went through since the phase began."""
        now_s = time.monotonic()
        if self._first is None:
            self._first, self._begun_s = (step, tokens), now_s
        passed_s = now_s - self._begun_s
        speed = f"{(tokens - self._first[1]) / passed_s:,.0f} tokens/s" if passed_s > 0 and tokens else ""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step, total=total, text=f"{self._text} {speed}".strip())
        elif now_s - self._line_s >= LINE_EVERY_S or step == total:
            self._line_s = now_s
            done = step - self._first[0]
            left = f"{passed_s / done * (total - step):.0f} s left" if done > 0 and step < total else ""
            parts = [part for part in (self._text, speed, left) if part]
            self.note(f"  {self._phase} {step}/{total}  {', '.join(parts)}".rstrip())

    def figures(self, figures: dict[str, float]) -> None:
        """Take over what the trainer logged."""
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

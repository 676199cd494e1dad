"""`trainer init`: a commented plan for a recipe, checked before it is written.

Enter at `write_plan`; the recipes themselves are in trainer/recipes.py, the arithmetic of budgets in
trainer/scaling.py.
"""

import json
import os
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import parse_contract, write_text
from trainer.corpus.read import SUFFIXES
from trainer.overrides import parsed
from trainer.plan import check_plan
from trainer.recipes import RECIPES, Entry, Wish, entries_of
from trainer.scaling import Choice, choose, flop_of_hours, reached_flop_per_s

COMMENT_WIDTH = 118


@dataclass(frozen=True)
class Budget:
    """What may be spent on pre-training; at most one of the first two."""

    flop: float | None = None
    hours: float | None = None
    flop_per_s: float | None = None
    """Speed that is reached, for hours."""
    accelerator: str | None = None
    count: int = 1


def write_plan(
    recipe: str,
    *,
    model: str | None,
    corpus: Path | None,
    instructions: Path | None,
    preferences: Path | None,
    replay: Path | None,
    budget: Budget,
    context_tokens: int,
    name: str | None,
    output: Path | None,
) -> int:
    """Write the plan of a recipe to a file, or to standard output.

    Args:
        recipe: one of RECIPES.
        model: directory or hub id of a base model; None: an architecture, where the recipe allows.
        corpus: own text; None: the language reference of the interpreter.
        instructions: own conversations.
        preferences: own preference pairs.
        replay: general text to mix into an adaptation.
        budget: of the pre-training.
        context_tokens: longest sequence of an architecture that is chosen by budget.
        name: of the run; None: that of the recipe.
        output: the file; None: standard output.

    Raises:
        BadInput: the recipe needs what is not given, or a file lies at `output`.
    """
    if output is not None and output.exists():
        raise BadInput(f"--output: {output} exists already; name another file")
    base = output.parent if output is not None else Path()
    choice, steps = _choice(budget, context_tokens, corpus, model)

    def beside(path: Path | None) -> str | None:
        """The path as the plan will name it: relative to the plan's own directory."""
        return None if path is None else Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()

    wish = Wish(
        name=name or RECIPES[recipe].title,
        model=beside(Path(model)) if model is not None and Path(model).is_dir() else model,
        corpus=beside(corpus),
        instructions=beside(instructions),
        preferences=beside(preferences),
        replay=beside(replay),
        choice=choice,
        corpus_bytes=bytes_of(corpus),
    )
    text = _text(recipe, entries_of(recipe, wish), steps)
    _check(text, f"recipe {recipe}", base)
    if output is None:
        sys.stdout.write(text)
        return 0
    write_text(output, text)
    sys.stdout.write(f"written to {output}; look at it, then: trainer run {output} --dry-run\n")
    return 0


def bytes_of(corpus: Path | None) -> int:
    """Size of the text that would be read; of the interpreter's language reference where none is named."""
    if corpus is None:
        from pydoc_data.topics import topics

        return sum(len(text.encode()) for text in topics.values())
    files = [corpus] if corpus.is_file() else [file for file in corpus.rglob("*") if file.suffix in SUFFIXES]
    return sum(file.stat().st_size for file in files if file.is_file())


def _choice(
    budget: Budget, context_tokens: int, corpus: Path | None, model: str | None
) -> tuple[Choice | None, list[str]]:
    """The model for a budget, and how it was found, line by line."""
    if budget.flop is None and budget.hours is None:
        return None, []
    if budget.flop is not None and budget.hours is not None:
        raise BadInput("--budget-flop and --budget-hours: give one of them")
    if model is not None:
        raise BadInput("--budget-flop, --budget-hours: choose an architecture; with --model its size is given")
    steps: list[str] = []
    flop = budget.flop
    if flop is None:
        speed, where = budget.flop_per_s, "as given"
        if speed is None and budget.accelerator is not None:
            speed, where = reached_flop_per_s(budget.accelerator, budget.count)
        if speed is None:
            raise BadInput(
                "--budget-hours: needs a speed: --accelerator ID [--count N] (see `advisor catalog list`), or "
                "--flop-per-s, such as flop_per_s of a phase in a run_report.json of this machine"
            )
        flop = flop_of_hours(budget.hours or 0.0, speed)
        steps.append(f"speed: {speed:.3g} FLOP/s, {where}; for {budget.hours:g} hours")
    if flop <= 0:
        raise BadInput(f"--budget-flop, --budget-hours: must be positive, got {flop:g}")
    choice = choose(flop, context_tokens=context_tokens, corpus_bytes=bytes_of(corpus))
    return choice, [*steps, *choice.steps]


def _check(text: str, where: str, base: Path) -> None:
    """Check the plan as `trainer run` will; its paths lead through its directory, which therefore has to be there."""
    made = not base.exists()
    base.mkdir(parents=True, exist_ok=True)
    try:
        check_plan(parse_contract(parsed(text), TrainingPlan, where), base)
    except BadInput:
        if made:
            base.rmdir()
        raise


def _text(recipe: str, entries: list[Entry], steps: list[str]) -> str:
    lines = [f"# {RECIPES[recipe].about}", "# Check it: trainer run THIS --dry-run. Start it: trainer run THIS"]
    if steps:
        lines += ["#", "# How the size was chosen:"]
        for step in steps:
            lines += textwrap.wrap(step, COMMENT_WIDTH, initial_indent="# - ", subsequent_indent="#   ")
    for entry in entries:
        lines += _lines(entry, "")
    return "\n".join(lines) + "\n"


def _lines(entry: Entry, indent: str) -> list[str]:
    comment = f"  # {entry.comment}" if entry.comment else ""
    if isinstance(entry.value, list) and entry.value and isinstance(entry.value[0], Entry):
        inner = [line for part in entry.value for line in _lines(part, indent + "  ")]
        return [f"{indent}{entry.key}:{comment}", *inner]
    return [f"{indent}{entry.key}: {json.dumps(entry.value, ensure_ascii=False)}{comment}"]

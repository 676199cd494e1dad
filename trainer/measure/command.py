"""`trainer measure`, from checked arguments to an exit code.

Enter at `measure`. The clock runs from here, so that loading the libraries is inside the time that was given.
"""

import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.measurements import MachineMeasurement
from advisor.files import write_contract
from trainer.measure.facts import ladder, part_of
from trainer.measure.shapes import check_length, sources_of
from trainer.measure.text import COLUMNS, measurement_rows
from trainer.measure.timing import Budget

DIRECTORY = Path("runs") / "measurements"
LEAST_MINUTES = 0.3
"""Loading the libraries alone takes ten seconds on a slow machine."""
PIPE_WIDTH = 160
LIBRARIES = ("torch", "transformers", "accelerate")


def measure(
    *,
    models: Sequence[str],
    shapes: Sequence[str],
    batch_sequences: int | None,
    sequence_tokens: int | None,
    minutes: float,
    quick: bool,
    output: Path | None,
    as_json: bool,
) -> int:
    """Measure, write the file and show it.

    Raises:
        BadInput: a model, a figure or the output cannot be used.
        Failed: the training libraries are missing.
    """
    budget = Budget(time.monotonic() + 60 * minutes)
    if not LEAST_MINUTES <= minutes <= 60:
        raise BadInput(f"--minutes: must lie between {LEAST_MINUTES} and 60, got {minutes:g}")
    for name, value in (("batch", batch_sequences), ("sequence", sequence_tokens)):
        if value is not None and value < 1:
            raise BadInput(f"--{name}: must be at least 1, got {value}")
    if output is not None and output.is_dir():
        raise BadInput(f"--output: {output} is a directory; name a file")
    sources = sources_of(models, shapes)
    check_length(sources, sequence_tokens)
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise Failed(f"not installed: {', '.join(missing)}; install them with: pip install 'richtwert[trainer]'")
    if quick and not sources:
        sources = [ladder()[0]]
    sys.stderr.write("loading torch and transformers ...\n")
    from trainer.measure.run import measure_machine
    from trainer.measure.session import Wanted
    from trainer.progress import Progress

    found = measure_machine(Wanted(sources, batch_sequences, sequence_tokens), budget, Progress())
    path = output if output is not None else DIRECTORY / f"{found.id}.json"
    write_contract(path, found)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        _show(found)
    sys.stderr.write(f"written: {path}\nnext: advisor calibrate {path}\n")
    return 0


def _show(found: MachineMeasurement) -> None:
    from rich.console import Console
    from rich.table import Table

    machine = found.machine
    name = machine.environment.accelerators[0] if machine.environment.accelerators else machine.environment.processor
    part = None
    if machine.accelerator is not None and machine.memory_bytes is not None:
        part = part_of(machine.accelerator, machine.memory_bytes)
    table = Table(box=None, pad_edge=False, title=f"{name}, {machine.environment.torch_threads} threads")
    for column in COLUMNS:
        table.add_column(column, overflow="fold", justify="left")
    for row in measurement_rows(found, None if part is None else part.peak_flop_per_s):
        table.add_row(*row)
    console = Console(file=sys.stdout)
    (console if console.is_terminal else Console(file=sys.stdout, width=PIPE_WIDTH)).print(table)
    for warning in found.warnings:
        sys.stdout.write(f"warning: {warning}\n")

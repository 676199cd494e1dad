"""`trainer status`: a run's status.json for people, once or until the run ends.

Enter at `show_status`.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.contracts.status import RunStatus
from advisor.files import read_contract
from trainer.live.words import page
from trainer.manifest import STATUS_FILE

LOOK_EVERY_S = 2.0


def read_status(run: Path) -> RunStatus:
    """The status of a run by its directory or by the file.

    Raises:
        BadInput: there is none.
    """
    path = run / STATUS_FILE if run.is_dir() else run
    if not path.exists():
        raise BadInput(f"{path}: no such file; name the directory of a run (`trainer run ... --output DIR` makes one)")
    return read_contract(path, RunStatus)


def show_status(
    run: Path,
    *,
    follow: bool,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Print a run's status; with `follow`, each change of it until the run ends.

    Args:
        run: directory or status.json.
        follow: whether to go on; JSON then comes a line for each change.
        as_json: as it lies in the file, instead of for people.
        wait: pauses between two looks.
        now: the present moment, UTC.
    """
    status = read_status(run)
    _show(status, now(), as_json=as_json, lines=follow)
    while follow and status.condition == "running":
        wait(LOOK_EVERY_S)
        later = read_status(run)
        if later != status:
            status = later
            if not as_json:
                sys.stdout.write("\x1b[H\x1b[2J" if sys.stdout.isatty() else "\n")
            _show(status, now(), as_json=as_json, lines=True)
    return 0


def _show(status: RunStatus, now: datetime, *, as_json: bool, lines: bool) -> None:
    text = status.model_dump_json(indent=None if lines else 2) + "\n" if as_json else page(status, now)
    sys.stdout.write(text)
    sys.stdout.flush()

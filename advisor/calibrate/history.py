"""Calibration files: the newest under its name, every earlier version beside it, nothing lost.

Enter at `read_calibration` and `write_calibration`. Versions of `runs/calibration.json` lie in `runs/calibrations/`.
"""

from pathlib import Path

from advisor.contracts.calibration import Calibration
from advisor.contracts.errors import BadInput
from advisor.files import read_contract, write_contract

DEFAULT = Path("runs") / "calibration.json"


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises:
        BadInput: there is none, or it breaks the contract.
    """
    if not path.exists():
        raise BadInput(f"{path}: no such file; make a calibration with `advisor calibrate REPORT... --output {path}`")
    return read_contract(path, Calibration)


def earlier_file(path: Path, version: int) -> Path:
    """Where a version is kept once a newer one has its name."""
    return path.parent / f"{path.stem}s" / f"{version}.json"


def write_calibration(path: Path, calibration: Calibration) -> Path | None:
    """Write a version; the one that had the name is kept, and returned by its new place.

    Raises:
        BadInput: another calibration, not the version before, lies there or in the place of the older one.
    """
    kept = None
    if path.exists():
        old = read_contract(path, Calibration)
        if old.id == calibration.id:
            return None
        if old.id != calibration.previous_id:
            raise BadInput(
                f"{path}: holds calibration {old.id} version {old.version}, which {calibration.id} does not go on "
                f"from; extend it with --calibration {path}, or name another --output"
            )
        kept = earlier_file(path, old.version)
        if kept.exists() and read_contract(kept, Calibration).id != old.id:
            raise BadInput(f"{kept}: holds another calibration; move it, or name another --output")
        write_contract(kept, old)
    write_contract(path, calibration)
    return kept

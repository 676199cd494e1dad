"""Optional trackers of a run: TensorBoard or MLflow, by the callbacks that transformers' `report_to` would add.

Enter at `Tracking`. Both write into the run's own directory; nothing goes over the network unless an address is given.
The packages are imported when a tracker is asked for, and not before.
"""

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.runs import PhaseName

if TYPE_CHECKING:
    from transformers import TrainerCallback

Tracker = Literal["none", "tensorboard", "mlflow"]
TRACKERS: tuple[Tracker, ...] = ("none", "tensorboard", "mlflow")
INSTALL = {"tensorboard": "pip install 'richtwert[tracking]'", "mlflow": "pip install mlflow"}
DIRECTORY = "tracking"


@dataclass(frozen=True)
class Tracking:
    """Which tracker, and where it writes."""

    tracker: Tracker = "none"
    address: str | None = None
    """Of an MLflow server or store; None: an SQLite file in the run's directory."""

    def check(self) -> None:
        """Say what is missing before any work.

        Raises:
            BadInput: an address for a tracker that takes none.
            Failed: the tracker's package is not installed.
        """
        if self.address is not None and self.tracker != "mlflow":
            raise BadInput(f"--track-to: {self.address!r} is for --track mlflow; --track is {self.tracker}")
        if self.tracker != "none" and find_spec(self.tracker) is None:
            raise Failed(
                f"--track {self.tracker}: the package {self.tracker} is not installed; {INSTALL[self.tracker]}, "
                "or run without --track"
            )

    def callbacks(self, output: Path, phase: PhaseName, run_id: str, name: str) -> "tuple[TrainerCallback, ...]":
        """Callbacks for one phase of a run."""
        directory = (output / DIRECTORY).resolve()
        match self.tracker:
            case "none":
                return ()
            case "tensorboard":
                return (_tensorboard(directory / "tensorboard" / phase),)
            case "mlflow":
                return (_mlflow(directory, self.address, {"phase": phase, "run": run_id}, name),)

    def where(self, output: Path) -> str:
        """How to look at what was tracked; empty without a tracker."""
        match self.tracker:
            case "none":
                return ""
            case "tensorboard":
                return f"tracked: tensorboard --logdir {output / DIRECTORY / 'tensorboard'}\n"
            case "mlflow":
                return f"tracked: mlflow ui --backend-store-uri {self.address or _store(output / DIRECTORY)}\n"


def _tensorboard(directory: Path) -> "TrainerCallback":
    from transformers.integrations import TensorBoardCallback

    callback = TensorBoardCallback()
    callback.logging_dir = str(directory)  # else a folder named after the machine, beside the checkpoints
    return callback


def _mlflow(directory: Path, address: str | None, tags: dict[str, str], name: str) -> "TrainerCallback":
    # Set before the import, which reads them. A tracking address that lies in the environment is not used: a run
    # sends nothing anywhere because of a variable that was meant for something else.
    os.environ.update(
        {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TAGS": json.dumps(tags),
            "MLFLOW_EXPERIMENT_NAME": name,
            "MLFLOW_TRACKING_URI": address or _store(directory),
            "HF_MLFLOW_LOG_ARTIFACTS": "false",
        }
    )
    import mlflow
    from transformers.integrations import MLflowCallback

    class OpenRun(MLflowCallback):  # type: ignore[misc]
        """Leaves the phase's run open, so that an evaluation behind the training is in it and not in one of its own."""

        def on_train_end(self, *_: Any, **__: Any) -> None:
            """Not the end yet: the next phase ends the run, or the process does."""

    directory.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    if address is None and mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=(directory / "artifacts").as_uri())
    if mlflow.active_run() is not None:
        mlflow.end_run()  # of the phase before
    return OpenRun()


def _store(directory: Path) -> str:
    return f"sqlite:///{directory.resolve() / 'mlflow.db'}"

"""What the service takes and gives when an option is handed over. Enter at `HandoffRequest` and `Handoff`."""

from typing import Literal

from pydantic import Field

from advisor.contracts.base import Contract, Identifier, Text

Launcher = Literal["one_machine", "torchrun", "slurm", "skypilot"]
ALL_LAUNCHERS: tuple[Launcher, ...] = ("one_machine", "torchrun", "slurm", "skypilot")


class HandoffRequest(Contract):
    """Which option to hand over, and how; without fields the recommended one with everything."""

    option_id: Identifier | None = None
    """None: the recommended option."""
    language: Literal["en", "de"] = "en"
    """Language of the readme files."""
    launch: tuple[Launcher, ...] = Field(default=ALL_LAUNCHERS)
    """Launch files of a training."""
    corpus: Text | None = None
    """Path of the company's own text, relative to the directory; None: the text of the sample."""
    base_model: Text | None = None
    """Directory of the base model; None: the option's model on the hub."""


class HandedFile(Contract):
    """One file of the directory."""

    path: Text
    """Relative, with forward slashes."""
    content: str


class Handoff(Contract):
    """A plan directory: write each file under its path."""

    assessment_id: str
    option_id: str
    trains: bool
    """True: `trainer run` executes the directory; false: a serving or a procurement plan."""
    files: tuple[HandedFile, ...]
    notes: tuple[str, ...]
    """What to know before starting: the gates that exclude the option, and limits of the hardware."""

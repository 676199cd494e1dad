"""Energy of the accelerators, measured in windows: `with open_meter().window("train") as window: ...`."""

from trainer.energy.meter import Meter
from trainer.energy.opening import open_meter
from trainer.energy.source import EnergySource
from trainer.energy.window import Window

__all__ = ["EnergySource", "Meter", "Window", "open_meter"]

"""Energy of the accelerators, measured in windows: `with open_meter().window("train") as window: ...`."""

from trainer.energy.meter import Meter, Window, open_meter
from trainer.energy.source import EnergySource

__all__ = ["EnergySource", "Meter", "Window", "open_meter"]

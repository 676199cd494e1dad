"""Where a run gets its live view and its trackers, so that the run itself needs to know little of either.

Enter at `live_view` and `loop_callbacks`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import PhaseName
from trainer.energy import Meter
from trainer.live.pace import Peak, peak_of
from trainer.live.price import price_of
from trainer.live.snapshot import Facts
from trainer.live.track import Tracking
from trainer.live.view import Live
from trainer.manifest import RunState

if TYPE_CHECKING:
    from transformers import TrainerCallback


def live_view(plan: TrainingPlan, state: RunState, output: Path, meter: Meter, phases: Sequence[PhaseName]) -> Live:
    """The view of a run that has claimed its directory."""
    price = price_of(plan.forecast, state)
    return Live(Facts(plan, state, tuple(phases), price, this_peak(plan), meter.reason), output, meter)


def this_peak(plan: TrainingPlan) -> Peak:
    """The peak of the device that this process trains on."""
    import torch

    if not torch.cuda.is_available():
        return peak_of(None, None, plan.accelerator)
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    return peak_of(str(properties.name), float(properties.total_memory), plan.accelerator)


def loop_callbacks(
    live: Live | None, tracking: Tracking, output: Path, phase: PhaseName
) -> "tuple[TrainerCallback, ...]":
    """Callbacks for one phase's loop: the view's own first, so that trackers see its figures."""
    if live is None:
        return ()
    from trainer.live.callback import LiveCallback

    return (LiveCallback(live), *tracking.callbacks(output, phase, live.facts.state.id, live.facts.plan.name))

"""`trainer status`, and the options of `trainer run` that concern watching it.

Enter at `add_status`, `add_live_options` and `live_options`.
"""

import argparse
from pathlib import Path
from typing import Any

from trainer.live.track import TRACKERS, Tracking


def add_live_options(run: argparse.ArgumentParser) -> None:
    """Price and tracker of a run."""
    run.add_argument(
        "--price-per-hour",
        type=_price,
        metavar="MONEY",
        help="what an hour of all that the run occupies costs, such as the rent of the machine: shown while it runs, "
        "and the money in its report (default: shown by the plan's forecast where it has one, not reported)",
    )
    run.add_argument("--currency", metavar="CODE", help="of the price (default: that of the plan's forecast)")
    run.add_argument(
        "--track",
        choices=TRACKERS,
        default="none",
        help="also write all figures for a tracker, into the run's directory (default: %(default)s)",
    )
    run.add_argument(
        "--track-to", metavar="URI", help="MLflow server or store to use instead; nothing is sent anywhere without it"
    )


def live_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """What `commands.run` takes of them."""
    return {
        "tracking": Tracking(arguments.track, arguments.track_to),
        "price_per_hour": arguments.price_per_hour,
        "currency": arguments.currency,
    }


def add_status(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`trainer status`."""
    status = verbs.add_parser(
        "status",
        help="where a run stands, while it goes on or after",
        description="Shows status.json of a run: phase, speed, power, energy, money, and the forecast's band.",
    )
    status.add_argument("run", type=Path, metavar="RUN", help="directory of the run, or its status.json")
    status.add_argument("--follow", action="store_true", help="go on showing it until the run ends")
    status.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )
    status.set_defaults(handler=_status)


def _status(arguments: argparse.Namespace) -> int:
    from trainer.live.status import show_status

    return show_status(arguments.run, follow=arguments.follow, as_json=arguments.format == "json")


def _price(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no price; give an amount of money such as 2.95")
    return value

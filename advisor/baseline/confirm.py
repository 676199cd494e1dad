"""Show what a run will take and ask before money is spent. Enter at `confirm`."""

import sys
from collections.abc import Callable, Sequence

from advisor.baseline.expected import total_usd_at_most
from advisor.contracts.baseline import Expected
from advisor.contracts.errors import BadInput, Failed

SECONDS_PER_MINUTE = 60.0


def describe(rows: Sequence[Expected]) -> list[str]:
    """One line a target."""
    return [f"{row.target}: {row.items} to ask, {_money(row)}, {_time(row)}" for row in rows]


def confirm(
    rows: Sequence[Expected],
    *,
    is_agreed: bool,
    max_cost_usd: float | None,
    is_terminal: Callable[[], bool] = lambda: sys.stdin.isatty(),
    ask: Callable[[str], str] = input,
) -> None:
    """Print the expectation on standard error; ask where it costs money and nobody agreed yet.

    A cap is an agreement too. Without a terminal there is nobody to ask.

    Raises:
        BadInput: it costs money, and neither a cap nor `--yes` says that it may.
        Failed: the answer was no.
    """
    for line in describe(rows):
        sys.stderr.write(f"{line}\n")
    at_most = total_usd_at_most(rows)
    if at_most == 0 or is_agreed or max_cost_usd is not None:
        return
    if not is_terminal():
        raise BadInput(f"this may cost up to {at_most:.4f} USD: agree with --yes, or set --max-cost-usd")
    sys.stderr.write(f"Spend up to {at_most:.4f} USD? [y/N] ")
    sys.stderr.flush()
    try:
        answer = ask("")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes", "j", "ja"):
        raise Failed("nothing was asked, nothing was spent")


def _money(row: Expected) -> str:
    if row.cost_usd is None or row.most_cost_usd is None:
        return "cost not known (no price=)"
    return f"about {row.cost_usd:.4f} USD, at most {row.most_cost_usd:.4f} USD"


def _time(row: Expected) -> str:
    if row.duration_s is None:
        return "time not known before its first answers"
    return f"about {row.duration_s / SECONDS_PER_MINUTE:.1f} min"

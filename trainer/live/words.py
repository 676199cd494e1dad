"""A RunStatus in words: one line while a run goes on, a page for `trainer status`, and what is said once.

Enter at `line`, `page` and `said_once`.
"""

from datetime import datetime

from advisor.contracts.status import ForecastStanding, RunStatus

SHOWN = ("loss", "reward", "kl", "completions/mean_length", "accuracy", "mean_token_accuracy")
QUIET_S = 60.0
"""A run that has not written for so long is said to be silent: twenty of its usual pauses."""
VERDICTS = {"inside": "inside P5 to P95", "above_p95": "ABOVE P95", "below_p5": "below P5"}
ROWS = {"train_hours": "training hours", "energy_kwh": "energy", "cost": "money"}


def line(status: RunStatus) -> str:
    """The figures of the present phase on one line; those that are not known are left out."""
    parts = [
        *metrics(status),
        f"{status.tokens_per_s:,.0f} tokens/s" if status.tokens_per_s is not None else "",
        _compute(status),
        f"{status.power_w:,.0f} W" if status.power_w is not None else "",
        _kwh(status.energy_kwh) if status.energy_kwh is not None else "",
        money(status.cost, status.currency) if status.cost is not None else "",
        f"{duration(status.remaining_s)} left" if status.remaining_s else "",
        *(f"{ROWS[row.name]} {VERDICTS[row.verdict]}" for row in status.forecast if row.verdict is not None),
    ]
    return ", ".join(part for part in parts if part)


def metrics(status: RunStatus) -> list[str]:
    """What the loop logged last, as far as it fits a line."""
    return [f"{name.rsplit('/', 1)[-1]} {status.metrics[name]:.3f}" for name in SHOWN if name in status.metrics]


def said_once(status: RunStatus) -> list[str]:
    """What will not be shown, and why, a sentence each."""
    lines = [f"utilisation (MFU): {status.mfu_reason}"] if status.mfu_reason else []
    if status.energy_kwh is None and status.energy_reason:
        lines.append(f"power and energy are not measured: {status.energy_reason}")
    if status.cost_per_hour is None:
        lines.append(f"money is not shown: {status.cost_reason}")
    else:
        lines.append(f"money: {status.cost_reason}, {money(status.cost_per_hour, status.currency)}")
    return lines


def page(status: RunStatus, now: datetime) -> str:
    """All of it, a figure a line."""
    going = status.condition == "running"
    rows = [
        ("run", f"{status.name} ({status.id})"),
        ("condition", _condition(status, now)),
        ("done", ", ".join(status.phases_done) or "nothing yet"),
        *(_pace_rows(status) if going else []),
        ("to come", ", ".join(status.phases_left) or "nothing"),
        ("time so far", duration(status.elapsed_s)),
        ("energy", _kwh(status.energy_kwh) if status.energy_kwh is not None else _because(status.energy_reason)),
        *([("beside it", host)] if (host := _host(status)) else []),
        ("money", _because(status.cost_reason) if status.cost is None else money(status.cost, status.currency)),
        *((f"forecast {ROWS[row.name]}", _standing(row)) for row in status.forecast),
    ]
    return "".join(f"{name:<24} {text}\n" for name, text in rows)


def duration(seconds: float) -> str:
    """Seconds below two minutes, minutes below two hours, hours beyond."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def money(amount: float, currency: str | None) -> str:
    """Two decimals, and more for what is less than a unit."""
    text = f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.2g}"
    return f"{text} {currency or '(currency not stated)'}"


def silence_s(status: RunStatus, now: datetime) -> float:
    """How long nothing was written."""
    return max(0.0, (now - datetime.fromisoformat(status.updated_at)).total_seconds())


def _condition(status: RunStatus, now: datetime) -> str:
    quiet_s = silence_s(status, now)
    if status.condition == "running" and quiet_s > QUIET_S:
        return (
            f"silent since {status.updated_at}: the process {status.process_id} on {status.host} was killed or "
            "hangs; if it is gone, go on with `trainer run ... --resume`"
        )
    tail = f": {status.message}" if status.message else ""
    return f"{status.condition}{tail} ({status.updated_at})"


def _pace_rows(status: RunStatus) -> list[tuple[str, str]]:
    """The present phase and how fast it goes."""
    return [
        ("phase", _phase(status)),
        ("left in phase", _left(status)),
        ("last figures", ", ".join(metrics(status)) or "none yet"),
        ("tokens/s", f"{status.tokens_per_s:,.0f}" if status.tokens_per_s is not None else "not known now"),
        ("compute", _compute(status) or "not known now"),
        ("power", f"{status.power_w:,.0f} W" if status.power_w is not None else _because(status.energy_reason)),
    ]


def _host(status: RunStatus) -> str:
    if status.host_energy_kwh is None:
        return ""
    return f"{_kwh(status.host_energy_kwh)} of processor and memory, all programs of the machine"


def _phase(status: RunStatus) -> str:
    if status.phase is None:
        return "none"
    steps = f" {status.step:,} of {status.total_steps:,}" if status.step is not None and status.total_steps else ""
    return f"{status.phase}{steps}"


def _left(status: RunStatus) -> str:
    if status.remaining_s is None:
        return "not known now"
    return f"{duration(status.remaining_s)} at the present rate, until {status.phase_ends_at}"


def _compute(status: RunStatus) -> str:
    if status.mfu_fraction is not None:
        return f"{status.mfu_fraction:.1%} of the 16-bit peak (MFU)"
    return f"{status.flop_per_s:.3g} FLOP/s" if status.flop_per_s is not None else ""


def _standing(row: ForecastStanding) -> str:
    band = f"forecast {row.forecast_p50:.3g} ({row.forecast_p5:.3g} to {row.forecast_p95:.3g}) {row.unit}"
    if row.at_end is None:
        return f"{band}; the end cannot be told: {row.reason}"
    without = f" without {', '.join(row.without)}" if row.without else ""
    verdict = VERDICTS[row.verdict] if row.verdict is not None else row.reason
    return f"{row.at_end:.3g} {row.unit} at the end{without}: {verdict}; {band}"


def _kwh(energy_kwh: float) -> str:
    return f"{energy_kwh:.3g} kWh"


def _because(reason: str) -> str:
    return f"not known: {reason}" if reason else "not known now"

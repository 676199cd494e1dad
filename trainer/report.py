"""The RunReport and the readable report of a finished run.

Enter at `write_report`. What was not measured stays None, with the reason.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from advisor.contracts.base import Interval
from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, ForecastRow, PhaseReport, RunCost, RunReport
from advisor.files import write_contract, write_text
from trainer.card import card_text, model_card, score_table
from trainer.corpus.prepare import Prepared
from trainer.documentation.page import german_card
from trainer.effort import read_effort
from trainer.energy.words import energy_text, host_text
from trainer.environment import environment_of
from trainer.live.price import cost_of
from trainer.live.words import money
from trainer.manifest import RunState
from trainer.plots import draw_curves
from trainer.totals import total_energy

SECONDS_PER_HOUR = 3600.0
JOULES_PER_KWH = 3.6e6


def write_report(
    *,
    plan: TrainingPlan,
    state: RunState,
    output: Path,
    phases: tuple[PhaseReport, ...],
    evaluation: EvaluationReport,
    accelerators: tuple[str, ...],
) -> RunReport:
    """Write plots, model card, report.md and run_report.json, the last when all else is there."""
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    energy = total_energy([phase.energy for phase in phases])
    environment = environment_of(accelerators)
    card = model_card(
        plan,
        output / "model",
        phases=phases,
        evaluation=evaluation,
        energy=energy,
        data_card=Prepared(output / "data", output / "suite.jsonl").card(),
        environment=environment,
        state=state,
        created_at=created_at,
    )
    cost = cost_of(state, sum(phase.duration_s for phase in phases))
    report = RunReport(
        id=state.id,
        created_at=created_at,
        plan=plan,
        origin=plan.origin,
        environment=environment,
        phases=phases,
        energy=energy,
        evaluation=evaluation,
        model_card=card,
        model_directory="model",
        forecast=tuple(forecast_rows(plan, phases, evaluation, energy, cost)),
        cost=cost,
        resumed=state.resumed,
        effort=read_effort(output),
        warnings=tuple(f"{phase.name}: {text}" for phase in phases for text in phase.warnings),
    )
    draw_curves(output)
    write_contract(output / "model" / "model_card.json", card)
    write_text(output / "model" / "README.md", card_text(card))
    if "de" in plan.languages:
        write_text(output / "model" / "README.de.md", german_card(card))
    write_text(output / "report.md", report_text(report))
    write_contract(output / "run_report.json", report)
    return report


def forecast_rows(
    plan: TrainingPlan,
    phases: Sequence[PhaseReport],
    evaluation: EvaluationReport,
    energy: EnergyReport,
    cost: RunCost,
) -> list[ForecastRow]:
    """Forecast beside what happened.

    Hours, FLOP and money are those of pre-training and supervised tuning, which the forecast counts; the energy is
    that of the whole run at the accelerators. Money is known where a price per hour was stated.
    """
    counted = [phase for phase in phases if phase.name in ("pretrain", "sft")]
    hours = sum(phase.duration_s for phase in counted) / SECONDS_PER_HOUR
    flop = sum(phase.training_flop or 0.0 for phase in counted)
    score = next(score for score in evaluation.scores if score.name == evaluation.primary)
    kwh = energy.energy_j / JOULES_PER_KWH if energy.energy_j is not None else None
    paid = cost.cost_per_hour * hours if cost.cost_per_hour is not None else None
    forecast = plan.forecast
    rows = [
        _row("train_hours", "h", forecast.train_hours, hours),
        _row("energy_kwh", "kWh", forecast.energy_kwh, kwh, energy.reason if kwh is None else ""),
        _row("cost", forecast.currency or cost.currency or "not stated", forecast.cost, paid, cost.reason),
        _row(
            "quality_fraction", "fraction", forecast.quality_fraction, score.value if score.unit == "fraction" else None
        ),
    ]
    if forecast.preference_hours is not None:
        later = sum(phase.duration_s for phase in phases if phase.name in ("reward", "rl")) / SECONDS_PER_HOUR
        rows.append(_row("preference_hours", "h", forecast.preference_hours, later))
    point = ForecastRow(
        name="training_flop",
        unit="FLOP",
        forecast_p5=None,
        forecast_p50=forecast.training_flop,
        forecast_p95=None,
        actual=flop,
        inside=None,
    )
    return [*rows, point]


def report_text(report: RunReport) -> str:
    """The run as Markdown, for people."""
    environment, energy = report.environment, report.energy
    taken_up = f", taken up again {report.resumed} times" if report.resumed else ""
    lines = [
        f"# {report.plan.name}\n",
        f"Run {report.id}, finished {report.created_at}{taken_up}. {environment.processor}, "
        f"{environment.torch_threads} threads, "
        f"accelerators: {', '.join(environment.accelerators) or 'none'}.\n",
        "## Evaluation\n",
        *score_table(report.evaluation),
        "\n## Phases\n",
        "| phase | time, s | steps | tokens | tokens/s | FLOP | loss | figures |",
        "|---|---|---|---|---|---|---|---|",
        *(_phase_line(phase) for phase in report.phases),
        "\nTokens count padding; FLOP are 6 per token and parameter in matrix products (4 with adapters) of the "
        "gradient steps; generation in RL comes on top.\n",
        "![curves of all phases](plots/loss.png)\n",
        "## Energy at the accelerators\n",
        f"{energy.quality}: {energy_text(energy)}\n",
        *_host_lines(energy),
        "## Money\n",
        f"{_money(report.cost)}\n",
        "## Forecast and actual\n",
        "| | P5 | P50 | P95 | actual | inside |",
        "|---|---|---|---|---|---|",
        *(_forecast_line(row) for row in report.forecast),
    ]
    if report.warnings:
        lines += ["\n## Warnings\n", *(f"- {warning}" for warning in report.warnings)]
    return "\n".join(lines) + "\n"


def _host_lines(energy: EnergyReport) -> list[str]:
    if energy.host is None:
        return []
    return [f"Processor and memory, all programs of the machine, not in the figure above: {host_text(energy.host)}\n"]


def _money(cost: RunCost | None) -> str:
    if cost is None or cost.cost is None or cost.cost_per_hour is None:
        return f"not known: {cost.reason if cost is not None else 'not looked for'}"
    price = money(cost.cost_per_hour, cost.currency)
    return f"{money(cost.cost, cost.currency)}: {cost.hours:.3g} h of all phases at {price} an hour, as stated."


def _row(name: str, unit: str, forecast: Interval | None, actual: float | None, reason: str = "") -> ForecastRow:
    inside = None if forecast is None or actual is None else forecast.p5 <= actual <= forecast.p95
    return ForecastRow(
        name=name,
        unit=unit,
        forecast_p5=forecast.p5 if forecast is not None else None,
        forecast_p50=forecast.p50 if forecast is not None else None,
        forecast_p95=forecast.p95 if forecast is not None else None,
        actual=actual,
        inside=inside,
        reason=reason,
    )


def _phase_line(phase: PhaseReport) -> str:
    known = phase.loss_first is not None and phase.loss_last is not None
    cells = [
        phase.name,
        f"{phase.duration_s:.1f}",
        f"{phase.steps:,}" if phase.steps else "",
        f"{phase.tokens:,}" if phase.tokens else "",
        f"{phase.tokens_per_s:,.0f}" if phase.tokens_per_s is not None else "",
        f"{phase.training_flop:.3g}" if phase.training_flop is not None else "",
        f"{phase.loss_first:.3f} to {phase.loss_last:.3f}" if known else "",
        ", ".join(f"{name} {value:.4g}" for name, value in phase.metrics.items()),
    ]
    return f"| {' | '.join(cells)} |"


def _forecast_line(row: ForecastRow) -> str:
    values = (row.forecast_p5, row.forecast_p50, row.forecast_p95, row.actual)
    cells = ["not known" if value is None else f"{value:.3g}" for value in values]
    inside = {True: "yes", False: "no", None: "cannot be said"}[row.inside]
    return f"| {row.name}, {row.unit} | {' | '.join(cells)} | {inside} |"

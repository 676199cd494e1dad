"""The RunReport, the model card and the readable report of a finished run.

Enter at `write_report`. What was not measured stays None, with the reason.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from advisor.contracts.base import Interval
from advisor.contracts.plan import BaseModelSource, TrainingPlan
from advisor.contracts.runs import (
    DeviceEnergy,
    EnergyReport,
    EvaluationReport,
    ForecastRow,
    ModelCard,
    PhaseReport,
    RunReport,
)
from advisor.files import write_contract, write_text
from trainer.environment import environment_of
from trainer.plots import draw_losses

QUALITY_ORDER = (
    "measured_counter",
    "measured_counter_repaired",
    "integrated_power",
    "partial",
    "estimated_tdp",
    "unavailable",
)
SECONDS_PER_HOUR = 3600.0
JOULES_PER_KWH = 3.6e6


def write_report(
    *,
    plan: TrainingPlan,
    output: Path,
    phases: tuple[PhaseReport, ...],
    evaluation: EvaluationReport,
    accelerators: tuple[str, ...],
    resumed: int,
) -> RunReport:
    """Write run_report.json, report.md, plots/loss.png and the model card; return the report."""
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    energy = joined_energy([phase.energy for phase in phases])
    card = _card(plan, output / "model", phases, evaluation, energy, created_at)
    content = plan.model_dump_json() + created_at
    report = RunReport(
        id="r-" + hashlib.sha256(content.encode()).hexdigest()[:16],
        created_at=created_at,
        plan=plan,
        origin=plan.origin,
        environment=environment_of(accelerators),
        phases=phases,
        energy=energy,
        evaluation=evaluation,
        model_card=card,
        model_directory="model",
        forecast=tuple(_forecast_rows(plan, phases, evaluation, energy)),
        resumed=resumed,
        warnings=tuple(f"{phase.name}: {text}" for phase in phases for text in phase.warnings),
    )
    draw_losses(output)
    write_contract(output / "model" / "model_card.json", card)
    write_text(output / "model" / "README.md", _card_text(card))
    write_text(output / "report.md", _report_text(report))
    write_contract(output / "run_report.json", report)
    return report


def joined_energy(parts: Sequence[EnergyReport]) -> EnergyReport:
    """Energy of several windows: the sum of what was measured; windows without a figure lower the coverage.

    None when no window has a figure; `partial` when some have none and the worst class otherwise.
    """
    duration_s = sum(part.duration_s for part in parts)
    measured = [part for part in parts if part.energy_j is not None]
    energy_j = sum(part.energy_j or 0.0 for part in measured) if measured else None
    worst = max((part.quality for part in measured), key=QUALITY_ORDER.index, default="unavailable")
    if measured and len(measured) < len(parts):
        worst = max(worst, "partial", key=QUALITY_ORDER.index)
    uncertain = [part.uncertainty_fraction for part in measured if part.uncertainty_fraction is not None]
    covered = sum(part.coverage_fraction * part.duration_s for part in measured)
    devices: dict[str, DeviceEnergy] = {}
    for device in (device for part in parts for device in part.devices):
        before = devices.get(device.uuid)
        both = (
            None
            if before is None or before.energy_j is None or device.energy_j is None
            else before.energy_j + device.energy_j
        )
        flags = tuple(sorted({*device.flags, *(before.flags if before is not None else ())}))
        devices[device.uuid] = device.model_copy(
            update={"energy_j": device.energy_j if before is None else both, "flags": flags}
        )
    return EnergyReport(
        quality=worst,
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s if energy_j is not None and duration_s > 0 else None,
        coverage_fraction=min(1.0, covered / duration_s) if duration_s > 0 else 0.0,
        uncertainty_fraction=max(uncertain) if uncertain else None,
        devices=tuple(devices.values()),
        reason="; ".join(dict.fromkeys(part.reason for part in parts if part.reason)),
        flags=tuple(dict.fromkeys(flag for part in parts for flag in part.flags)),
    )


def _card(
    plan: TrainingPlan,
    model: Path,
    phases: Sequence[PhaseReport],
    evaluation: EvaluationReport,
    energy: EnergyReport,
    created_at: str,
) -> ModelCard:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(model)
    parameters = sum(weight.numel() for weight in AutoModelForCausalLM.from_pretrained(model).parameters())
    base = plan.model.model if isinstance(plan.model, BaseModelSource) else None
    builtin = all(corpus.kind == "python_reference" for corpus in plan.data.corpora)
    return ModelCard(
        name=plan.name,
        created_at=created_at,
        base_model=base,
        parameters=parameters,
        vocab_size=config.vocab_size,
        context_tokens=config.max_position_embeddings,
        languages=plan.languages,
        task=plan.task,
        intended_use=f"{plan.task} in the domain it was trained on; not for other texts",
        limits=(
            "knows nothing outside its training text",
            "answers can be wrong; the evaluation below says how often",
            "not tested for bias",
        ),
        training_data="Python language reference (pydoc_data.topics)" if builtin else "the company's own files",
        training_tokens=sum(phase.tokens for phase in phases),
        training_flop=sum(phase.training_flop or 0.0 for phase in phases),
        energy_j=energy.energy_j,
        emissions_kgco2e=None,
        evaluation=evaluation,
        licence="Python Software Foundation License 2 (training text)" if builtin else "internal use",
        option_id=plan.origin.option_id if plan.origin is not None else None,
    )


def _forecast_rows(
    plan: TrainingPlan, phases: Sequence[PhaseReport], evaluation: EvaluationReport, energy: EnergyReport
) -> list[ForecastRow]:
    """Forecast beside what happened; hours and FLOP count the gradient steps of pre-training and tuning."""
    trained = [phase for phase in phases if phase.name in ("pretrain", "sft")]
    hours = sum(phase.duration_s for phase in trained) / SECONDS_PER_HOUR
    score = next(score for score in evaluation.scores if score.name == evaluation.primary)
    quality = score.value if score.unit == "fraction" else None
    kwh = energy.energy_j / JOULES_PER_KWH if energy.energy_j is not None else None
    return [
        _row("train_hours", "h", plan.forecast.train_hours, hours),
        _row("energy_kwh", "kWh", plan.forecast.energy_kwh, kwh),
        _row("cost", plan.forecast.currency or "", plan.forecast.cost, None),
        _row("quality_fraction", "fraction", plan.forecast.quality_fraction, quality),
    ]


def _row(name: str, unit: str, forecast: Interval | None, actual: float | None) -> ForecastRow:
    inside = None if forecast is None or actual is None else forecast.p5 <= actual <= forecast.p95
    return ForecastRow(
        name=name,
        unit=unit,
        forecast_p5=forecast.p5 if forecast is not None else None,
        forecast_p50=forecast.p50 if forecast is not None else None,
        forecast_p95=forecast.p95 if forecast is not None else None,
        actual=actual,
        inside=inside,
    )


def _card_text(card: ModelCard) -> str:
    lines = [f"# {card.name}\n", card.intended_use + ".\n"]
    rows = [
        ("parameters", f"{card.parameters:,}"),
        ("vocabulary", f"{card.vocab_size:,}"),
        ("context", f"{card.context_tokens:,} tokens"),
        ("languages", ", ".join(card.languages) or "not stated"),
        ("base model", card.base_model or "none, trained from random weights"),
        ("training data", card.training_data),
        ("training compute", f"{card.training_flop:.3g} FLOP"),
        ("energy", f"{card.energy_j:.4g} J" if card.energy_j is not None else "not measured"),
        ("licence", card.licence),
    ]
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    if card.evaluation is not None:
        lines += ["\n## Evaluation\n", *_score_table(card.evaluation)]
    lines += ["\n## Limits\n", *(f"- {limit}" for limit in card.limits)]
    return "\n".join(lines) + "\n"


def _score_table(evaluation: EvaluationReport) -> list[str]:
    rows = [
        f"| {score.name} | {score.value:.3f} | {score.low:.3f} – {score.high:.3f} | {score.n} |"
        for score in evaluation.scores
    ]
    return [f"On {evaluation.data}.\n", "| score | value | 95 % interval | n |", "|---|---|---|---|", *rows]


def _report_text(report: RunReport) -> str:
    lines = [f"# {report.plan.name}\n", f"Run {report.id}, {report.created_at}, resumed {report.resumed} times.\n"]
    lines += ["| phase | time, s | steps | tokens | tokens/s | loss | figures |", "|---|---|---|---|---|---|---|"]
    for phase in report.phases:
        loss = f"{phase.loss_first:.3f} → {phase.loss_last:.3f}" if phase.loss_first and phase.loss_last else ""
        speed = f"{phase.tokens_per_s:,.0f}" if phase.tokens_per_s else ""
        figures = ", ".join(f"{name} {value:.4g}" for name, value in phase.metrics.items())
        lines.append(
            f"| {phase.name} | {phase.duration_s:.1f} | {phase.steps} | {phase.tokens:,} | {speed} | {loss} | {figures} |"
        )
    energy = report.energy
    shown = f"{energy.energy_j:.4g} J" if energy.energy_j is not None else f"not known: {energy.reason}"
    lines += ["\n## Evaluation\n", *_score_table(report.evaluation), f"\n## Energy\n\n{energy.quality}: {shown}"]
    lines += ["\n## Forecast and actual\n", "| | forecast P5 – P50 – P95 | actual | inside |", "|---|---|---|---|"]
    for row in report.forecast:
        values = (row.forecast_p5, row.forecast_p50, row.forecast_p95)
        forecast = " – ".join("not known" if value is None else f"{value:.3g}" for value in values)
        actual = "not known" if row.actual is None else f"{row.actual:.3g}"
        inside = {True: "yes", False: "no", None: "–"}[row.inside]
        lines.append(f"| {row.name}, {row.unit} | {forecast} | {actual} | {inside} |")
    lines += ["\n![losses](plots/loss.png)", *(f"- {warning}" for warning in report.warnings)]
    return "\n".join(lines) + "\n"

"""One run from plan to report: data, tokenizer, phases, evaluation; finished phases are skipped on resume.

Enter at `run_plan`. Each phase runs inside a window of the energy meter and leaves a manifest when it is done.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.plan import Architecture, TrainingPlan
from advisor.contracts.runs import EvaluationReport, PhaseName, PhaseReport, RunReport
from trainer.corpus.prepare import Prepared, load_prepared, prepare
from trainer.energy import Meter, open_meter
from trainer.manifest import (
    Attempt,
    attempts_of,
    note_attempt,
    read_manifest,
    start_directory,
    write_manifest,
)
from trainer.progress import Progress
from trainer.stop import StopRequested, stop_is_wanted, stop_on_signals

if TYPE_CHECKING:
    from trainer.phases.common import PhaseResult

TRAINING_PHASES: tuple[PhaseName, ...] = ("pretrain", "sft", "reward", "rl")


@dataclass
class _Work:
    """A run in progress."""

    plan: TrainingPlan
    base: Path
    output: Path
    meter: Meter
    progress: Progress
    reports: list[PhaseReport]
    prepared: Prepared | None = None
    evaluation: EvaluationReport | None = None


def run_plan(plan: TrainingPlan, *, base: Path, output: Path, resume: bool, progress: Progress) -> RunReport:
    """Carry out a plan and write model, model card, report and plots.

    Args:
        plan: what to do.
        base: directory that the plan's paths are relative to.
        output: directory of the run.
        resume: go on with the run that lies there.
        progress: where to show progress.

    Raises:
        BadInput: a path of the plan, or the output directory, does not fit.
        StopRequested: Ctrl-C or SIGTERM; everything up to then is saved.
    """
    start_directory(plan, output, resume=resume)
    with open_meter() as meter, stop_on_signals(), progress:
        work = _Work(plan, base, output, meter, progress, [])
        _phase(work, "data", lambda: _data(work))
        work.prepared = load_prepared(output)
        if isinstance(plan.model, Architecture):
            _phase(work, "tokenizer", lambda: _tokenizer(work))
        for name in TRAINING_PHASES:
            if getattr(plan.phases, name) is not None:
                _phase(work, name, lambda name=name: _train(work, name))
        _phase(work, "evaluate", lambda: _evaluate(work))
        from trainer.report import write_report

        return write_report(
            plan=plan,
            output=output,
            phases=tuple(work.reports),
            evaluation=_evaluation(work),
            accelerators=meter.accelerator_names,
            resumed=len(attempts_of(output)),
        )


def _phase(work: _Work, name: PhaseName, action: Callable[[], "PhaseResult"]) -> None:
    """Run one phase inside a meter window, or take over what an earlier attempt finished."""
    done = read_manifest(work.output, name)
    if done is not None:
        work.reports.append(done.report)
        work.progress.note(f"{name}: done earlier")
        return
    if stop_is_wanted():
        raise StopRequested(name)
    begun_s = time.monotonic()
    window = work.meter.window(name)
    try:
        with window:
            result = action()
    except BaseException:
        if window.report is not None:
            note_attempt(work.output, Attempt(phase=name, duration_s=time.monotonic() - begun_s, energy=window.report))
        raise
    work.progress.end()
    earlier = attempts_of(work.output, name)
    duration_s = time.monotonic() - begun_s + sum(row.duration_s for row in earlier)
    from trainer.report import joined_energy

    rate = result.tokens / duration_s if result.tokens and duration_s > 0 else None
    report = PhaseReport(
        name=name,
        status="completed",
        duration_s=duration_s,
        steps=result.steps,
        tokens=result.tokens,
        tokens_per_s=rate,
        training_flop=result.training_flop or None,
        flop_per_s=result.training_flop / duration_s if result.training_flop and duration_s > 0 else None,
        loss_first=result.loss_first,
        loss_last=result.loss_last,
        metrics=result.metrics,
        energy=joined_energy([*(row.energy for row in earlier), window.report]),
        warnings=tuple(result.warnings),
    )
    write_manifest(work.output, report)
    work.reports.append(report)


def _plain_result(**metrics: float) -> "PhaseResult":
    from trainer.phases.common import PhaseResult

    return PhaseResult(steps=0, tokens=0, training_flop=0.0, metrics=metrics)


def _data(work: _Work) -> "PhaseResult":
    work.progress.begin("data")
    found = prepare(work.plan, work.base, work.output)
    return _plain_result(conversations=float(found.num_conversations), preference_pairs=float(found.num_pairs))


def _tokenizer(work: _Work) -> "PhaseResult":
    from trainer.tokenizer import train_tokenizer

    if work.prepared is None or not isinstance(work.plan.model, Architecture):
        raise RuntimeError("the tokenizer follows the data step of a plan with an architecture")
    work.progress.begin("tokenizer")
    conversations = work.prepared.rows("conversations")
    texts = work.prepared.texts("train")
    texts += [turn["content"] for row in conversations for turn in row["messages"]]
    size = train_tokenizer(
        texts,
        vocab_size=work.plan.model.vocab_size,
        context_tokens=work.plan.model.context_tokens,
        directory=work.output / "tokenizer",
    )
    return _plain_result(vocab_size=float(size))


def _train(work: _Work, name: PhaseName) -> "PhaseResult":
    from trainer.phases import pretrain, reward, rl, sft
    from trainer.phases.common import PhaseContext

    if work.prepared is None:
        raise RuntimeError("training follows the data step")
    context = PhaseContext(work.plan, work.base, work.output, work.prepared, work.progress)
    phases = work.plan.phases
    if name == "pretrain" and phases.pretrain is not None:
        return pretrain.run(context, phases.pretrain)
    if name == "sft" and phases.sft is not None:
        return sft.run(context, phases.sft)
    if name == "reward" and phases.reward is not None:
        return reward.run(context, phases.reward)
    if name == "rl" and phases.rl is not None:
        return rl.run(context, phases.rl)
    raise RuntimeError(f"phase {name} is not in the plan")


def _evaluate(work: _Work) -> "PhaseResult":
    """Evaluate the last policy model and put it in place as the run's model."""
    from advisor.contracts.baseline import SuiteItem
    from trainer.corpus.prepare import read_json_lines
    from trainer.evaluate.model import evaluate_directory

    if work.prepared is None:
        raise RuntimeError("evaluation follows the data step")
    last = last_policy(work.plan, work.output)
    items = [SuiteItem.model_validate(row) for row in read_json_lines(work.prepared.suite)]
    work.progress.begin("evaluate", total=len(items))
    report = evaluate_directory(
        last,
        task=work.plan.task,
        items=items if work.plan.phases.sft is not None else [],
        texts=work.prepared.texts("holdout")[: work.plan.evaluation.max_items],
        advance=work.progress.advance,
    )
    target = work.output / "model"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(last, target)
    from advisor.files import write_contract

    write_contract(work.output / "evaluation.json", report)
    return _plain_result(**{score.name: score.value for score in report.scores})


def last_policy(plan: TrainingPlan, output: Path) -> Path:
    """Model directory of the last phase that leaves a language model."""
    for name in ("rl", "sft", "pretrain"):
        if getattr(plan.phases, name) is not None:
            return output / "phases" / name / "model"
    raise RuntimeError("a plan has at least one of pretrain and sft")


def _evaluation(work: _Work) -> EvaluationReport:
    from advisor.files import read_contract

    return read_contract(work.output / "evaluation.json", EvaluationReport)

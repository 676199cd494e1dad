"""One run from plan to report: data, tokenizer, phases, evaluation; finished phases are skipped on resume.

Enter at `run_plan`. Each phase runs inside a window of the energy meter and leaves a manifest when it is done.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, PhaseName, PhaseReport, RunReport
from advisor.files import read_contract
from trainer.checkpoint import file_sha256, full_disk_is_said
from trainer.energy import Meter, open_meter
from trainer.energy.cuda import cuda_uuids, wait_for_cuda
from trainer.environment import code_revision, package_versions
from trainer.hashes import phase_inputs, phase_outputs
from trainer.live.attach import live_view, loop_callbacks
from trainer.live.price import keep_price, price_of
from trainer.live.track import Tracking
from trainer.manifest import (
    Manifest,
    Stretch,
    check_inputs,
    claim,
    next_trace,
    note_running,
    note_stretch,
    read_manifest,
    release,
    stretches_of,
    write_manifest,
)
from trainer.plan import check_plan, moved
from trainer.progress import Progress
from trainer.stop import stop_here, stop_on_signals
from trainer.totals import total_energy

if TYPE_CHECKING:
    from trainer.phases.common import PhaseResult

REPORT = "run_report.json"


@dataclass
class Work:
    """A run in progress; the plan's paths are relative to `output`."""

    plan: TrainingPlan
    output: Path
    meter: Meter
    trace: Path
    progress: Progress
    reports: list[PhaseReport] = field(default_factory=list)
    worked: bool = False
    """Whether this process has run any phase."""
    tracking: Tracking = field(default_factory=Tracking)


def steps_of(plan: TrainingPlan) -> tuple[PhaseName, ...]:
    """The phases of a plan in their order."""
    return ("data", "tokenizer", *plan.phases.names(), "evaluate")


def run_plan(
    plan: TrainingPlan,
    *,
    base: Path,
    output: Path,
    resume: bool,
    progress: Progress,
    tracking: Tracking = Tracking(),  # noqa: B008 - frozen
    price_per_hour: float | None = None,
    currency: str | None = None,
) -> RunReport:
    """Carry out a plan and write model, model card, report and plots.

    Args:
        plan: what to do.
        base: directory that the plan's paths are relative to.
        output: directory of the run.
        resume: go on with the run that lies there.
        progress: where to show progress.
        tracking: tracker that hears of every logged figure.
        price_per_hour: what an hour of the machine costs; None: as noted at an earlier start of the run, if it was.
        currency: of the price.

    Raises:
        BadInput: the plan names what is not there, or the output directory does not fit.
        StopRequested: Ctrl-C or SIGTERM; everything up to then is saved.
    """
    check_plan(plan, base)
    existed = output.exists()
    own = moved(plan, base, output)
    state = keep_price(output, claim(own, output, resume=resume), price_per_hour, currency)
    quieten_libraries()
    trace = next_trace(output)
    opened = open_meter(uuids=cuda_uuids(), record=trace, record_readings=False, synchronize=wait_for_cuda)
    with opened as meter, stop_on_signals(), progress, live_view(own, state, output, meter, steps_of(own)) as live:
        progress.attach(live)
        work = Work(own, output, meter, trace, progress, tracking=tracking)
        for name in steps_of(plan):
            try:
                run_phase(work, name)
            except BadInput:
                if name == "data" and not resume:
                    live.abandon()
                    release(output, existed=existed)
                raise
        if not work.worked and (output / REPORT).exists():
            progress.note("nothing left to do")
            return read_contract(output / REPORT, RunReport)
        from trainer.report import write_report

        return write_report(
            plan=plan,
            state=state,
            output=output,
            phases=tuple(work.reports),
            evaluation=read_contract(output / "phases" / "evaluate" / "evaluation.json", EvaluationReport),
            accelerators=meter.accelerator_names,
        )


def run_phase(work: Work, name: PhaseName) -> None:
    """Run one phase inside a meter window, or take over what an earlier process finished."""
    inputs = phase_inputs(work.plan, work.output, work.output, name)
    check_inputs(work.output, name, inputs)
    done = read_manifest(work.output, name)
    if done is not None and done.outputs == phase_outputs(work.output, name):
        work.reports.append(done.report)
        work.progress.note(f"{name}: done earlier")
        work.progress.finished(done.report)
        return
    stop_here(name)
    work.worked = True
    earlier = stretches_of(work.output, name)
    begun_s = time.monotonic()
    window = work.meter.window(name)
    try:
        with window:
            work.progress.opened(name, window, earlier)
            result = _action(work, name, begun_s)()
    except BaseException:
        with suppress(OSError):  # the disk may be full, and that is the error to report
            note_stretch(work.output, name, Stretch(duration_s=time.monotonic() - begun_s, energy=window.report))
        raise
    finally:
        work.progress.end()
    report = _report(name, result, time.monotonic() - begun_s, earlier, window.report)
    write_manifest(work.output, _manifest(work, inputs, report))
    work.reports.append(report)
    work.progress.finished(report)


def _manifest(work: Work, inputs: dict[str, str], report: PhaseReport) -> Manifest:
    tokenizer = work.output / "tokenizer" / "tokenizer.json"
    live = work.progress.live
    price = live.facts.price if live is not None else price_of(work.plan.forecast)
    return Manifest(
        inputs=inputs,
        outputs=phase_outputs(work.output, report.name),
        report=report,
        tokenizer_sha256=file_sha256(tokenizer) if tokenizer.exists() else None,
        packages=package_versions(),
        code_revision=code_revision(),
        cost=price.of(report.duration_s),
        currency=price.currency,
    )


def _action(work: Work, name: PhaseName, begun_s: float) -> Callable[[], "PhaseResult"]:
    """The phase's work; the training libraries are imported inside it, so that their loading is on its clock."""

    def act() -> "PhaseResult":
        from trainer import steps
        from trainer.phases.common import PhaseContext

        context = PhaseContext(
            plan=work.plan,
            base=work.output,
            output=work.output,
            progress=work.progress,
            note_time=lambda: note_running(work.output, name, begun_s, work.trace),
            callbacks=loop_callbacks(work.progress.live, work.tracking, work.output, name),
        )
        with full_disk_is_said(name, context.directory(name)):
            return steps.run_step(context, name)

    return act


def _report(
    name: PhaseName, result: "PhaseResult", duration_s: float, earlier: list[Stretch], energy: EnergyReport
) -> PhaseReport:
    """The phase's record: time and energy over all stretches, speed of the last one."""
    speed = result.tokens_per_s
    flop_per_token = result.training_flop / result.tokens if result.training_flop and result.tokens else None
    return PhaseReport(
        name=name,
        status="completed",
        duration_s=duration_s + sum(stretch.duration_s for stretch in earlier),
        steps=result.steps,
        tokens=result.tokens,
        tokens_per_s=speed,
        training_flop=result.training_flop,
        flop_per_s=speed * flop_per_token if speed is not None and flop_per_token is not None else None,
        loss_first=result.loss_first,
        loss_last=result.loss_last,
        metrics=result.metrics,
        energy=total_energy([*(stretch.energy for stretch in earlier), energy]),
        warnings=tuple(result.warnings),
    )


def quieten_libraries() -> None:
    """Keep the model libraries' progress bars and known deprecations out of this program's own output."""
    import logging
    import warnings

    from trainer.environment import use_available_threads

    use_available_threads()
    # trl asks transformers by names that the next version drops; nothing that a user of this program could change.
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("trl").setLevel(logging.ERROR)
    import datasets

    datasets.disable_progress_bars()

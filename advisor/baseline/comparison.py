"""One comparison from its settings to its report: price, ask, judge, score. Enter at `compare`."""

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from advisor.baseline.ask import Limits
from advisor.baseline.cache import FILE
from advisor.baseline.confirm import confirm
from advisor.baseline.judge import MAX_OUTPUT_TOKENS, judge_items, judge_report
from advisor.baseline.metrics import require_libraries
from advisor.baseline.pricing import load_prices, require_prices
from advisor.baseline.progress import bars
from advisor.baseline.report import build_report
from advisor.baseline.run import Asked, RunSettings, run_suite
from advisor.baseline.suite import Suite
from advisor.baseline.targets import TargetSpec
from advisor.contracts.baseline import BaselineReport, Expected, JudgeReport
from advisor.contracts.case import Case, Task
from advisor.contracts.errors import BadInput


@dataclass(frozen=True)
class Judge:
    """The judge model and what it may cost."""

    spec: TargetSpec
    max_cost_usd: float | None


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    suite: Suite
    task: Task
    specs: tuple[TargetSpec, ...]
    output: Path
    settings: RunSettings
    is_agreed: bool
    judge: Judge | None = None
    case: Case | None = None
    notes: tuple[str, ...] = ()


def compare(wanted: Wanted) -> BaselineReport:
    """Ask what is left to ask, and report.

    Raises:
        BadInput: a cap cannot be held, or money would be spent that nobody agreed to.
        Failed: an endpoint answers nothing, or the user said no.
    """
    require_libraries(wanted.task)
    prices = load_prices(wanted.specs)
    settings = dataclasses.replace(
        wanted.settings, cache_path=wanted.output.parent / FILE if wanted.settings.cache_max_age else None
    )
    if settings.max_cost_usd is not None:
        require_prices(wanted.specs, prices)
    if wanted.judge is not None and wanted.judge.max_cost_usd is not None:
        require_prices([wanted.judge.spec], load_prices([wanted.judge.spec]))
    asked = _asked(wanted, wanted.suite, wanted.specs, wanted.output.with_suffix(".answers.jsonl"), settings)
    report = build_report(wanted.suite, wanted.task, asked, prices=prices, notes=wanted.notes)
    if wanted.judge is not None:
        report = report.model_copy(update={"judge": _judged(wanted, wanted.judge, asked, settings)})
    if wanted.case is not None:
        from advisor.baseline.volume import at_volume
        from advisor.catalog.load import load_catalog

        report = report.model_copy(update={"at_volume": at_volume(report, wanted.case, load_catalog())})
    return report


def _asked(wanted: Wanted, suite: Suite, specs: Sequence[TargetSpec], journal: Path, settings: RunSettings) -> Asked:
    def agree(rows: Sequence[Expected]) -> None:
        confirm(rows, is_agreed=wanted.is_agreed, max_cost_usd=settings.max_cost_usd)

    with bars() as progress:
        return asyncio.run(
            run_suite(
                suite,
                specs,
                journal_path=journal,
                prices=load_prices(specs),
                settings=dataclasses.replace(settings, agree=agree),
                progress=progress,
            )
        )


def _judged(wanted: Wanted, judge: Judge, asked: Asked, settings: RunSettings) -> JudgeReport | None:
    """None where no two targets answered the same item differently."""
    items = judge_items(wanted.suite, asked)
    if not items.items:
        return None
    journal = wanted.output.with_suffix(".judge.jsonl")
    own = dataclasses.replace(
        settings,
        limits=Limits(MAX_OUTPUT_TOKENS, settings.limits.timeout_s, settings.limits.retries),
        max_cost_usd=judge.max_cost_usd,
    )
    try:
        judged = _asked(wanted, items, [judge.spec], journal, own)
    except BadInput:
        if not own.resume:
            raise
        # Answers changed since the judge saw them (an error was asked again), so its journal is of other questions.
        judged = _asked(wanted, items, [judge.spec], journal, dataclasses.replace(own, resume=False))
    price = load_prices([judge.spec]).get(judge.spec.name)
    return judge_report(wanted.suite, asked, judged, price, datetime.now(UTC).date())

"""`serving drift`: compare, propose, write the alert. Enter at `drift`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from advisor.contracts.assessment import Assessment
from advisor.files import read_contract
from serving.drift.band import against
from serving.drift.compare import compare
from serving.drift.report import DriftReport, DriftRow, Proposal, alert_of
from serving.drift.window import Window, read_window, split
from serving.export import training_data

CONTENT = ("prompt_tokens", "languages", "vocabulary", "refused_fraction", "rated_good_fraction")
"""What a model that is trained again can mend; the rest is a matter of machines, load and prices."""
CONTENT_OF_FORECAST = ("input_tokens_per_request", "output_tokens_per_request")


@dataclass(frozen=True)
class DriftSettings:
    """The options of `serving drift`."""

    records: Path
    baseline: Path | None
    assessment: Path | None
    option_id: str | None
    model: str | None
    days: float
    output: Path | None


def drift(settings: DriftSettings) -> DriftReport:
    """Compare the present traffic with earlier traffic, or with a forecast; append an alert where something is outside.

    Raises:
        BadInput: records or Assessment cannot be read, or there is nothing to compare with.
    """
    model, whole = read_window(settings.records, settings.model)
    now, option_id = whole, None
    if settings.assessment is not None:
        option_id, rows = against(read_contract(settings.assessment, Assessment), settings.option_id, whole)
        baseline = f"the Assessment {settings.assessment}"
    elif settings.baseline is not None:
        rows = compare(read_window(settings.baseline, settings.model)[1], whole)
        baseline = f"the records in {settings.baseline}"
    else:
        before, now = split(whole, settings.days)
        rows = compare(before, now)
        baseline = f"the records before the last {settings.days:g} days"
    moments = sorted(record.created_at for record in now.usage)
    report = DriftReport(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        versions=tuple(dict.fromkeys(record.version for record in now.usage if record.version is not None)),
        option_id=option_id,
        baseline=baseline,
        begins_at=moments[0],
        ends_at=moments[-1],
        requests=len(now.usage),
        rows=tuple(rows),
        proposal=_proposal(rows, whole, settings),
    )
    if settings.output is not None and report.outside:
        settings.output.parent.mkdir(parents=True, exist_ok=True)
        with settings.output.open("a", encoding="utf-8") as file:
            file.write(alert_of(report).model_dump_json() + "\n")
    return report


def _proposal(rows: Sequence[DriftRow], window: Window, settings: DriftSettings) -> Proposal:
    outside = [row for row in rows if row.inside is False]
    found = training_data(window.feedback, window.traffic).report
    if not outside:
        return Proposal(action="none", conversations=found.conversations, preferences=found.preferences)
    content = [row for row in outside if row.name in (*CONTENT, *CONTENT_OF_FORECAST)]
    records = settings.records
    measured = (
        f"serving usage {records} --model NAME --output usage.json",
        "advisor assess CASE --measurements usage.json: does the advice still hold?",
    )
    if content:
        steps = (f"serving export {records} --output DIR", "trainer run PLAN with DIR as its data", *measured)
        action = "retrain"
    else:
        steps, action = measured, "check_operation"
    return Proposal(
        action=action,  # type: ignore[arg-type]
        reasons=tuple(words(row) for row in (content or outside)),
        conversations=found.conversations,
        preferences=found.preferences,
        steps=steps,
    )


def words(row: DriftRow) -> str:
    """A figure and its limit in one line."""
    if row.current is None:
        return f"{row.name}: not known: {row.reason}"
    before = "" if row.baseline is None else f" (before: {row.baseline:.4g})"
    limit = ""
    if row.distance is not None and row.high is not None:
        limit = f"; distance {row.distance:.3f}, limit {row.high:.3f}"
    elif row.low is not None and row.high is not None:
        limit = f"; band {row.low:.4g} to {row.high:.4g}"
    elif row.high is not None:
        limit = f"; at most {row.high:.4g}"
    elif row.low is not None:
        limit = f"; at least {row.low:.4g}"
    return f"{row.name}: {row.current:.4g} {row.unit}{before}{limit}"

"""From reports and a calibration to the inputs they replace or narrow, by name.

Enter at `overrides_of`. Both go through the same updating (`advisor.calibrate`), each input with the prior that this
case has for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.calibrate.build import calibrated
from advisor.calibrate.update import moment, posterior_of
from advisor.contracts.assessment import CalibrationUsed
from advisor.contracts.calibration import Calibration, CalibrationEntry, Observation
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, nearest
from advisor.contracts.measurements import Report
from advisor.core.calibration import Spread
from advisor.core.sampling import Input

QUALITY = "quality_fraction."
MOST_QUOTED = 3
"""Observations that the source of an input quotes in full."""
UNDATED = ""
"""Reports that come without a calibration are in none, so the version made of them has no date."""


@dataclass(frozen=True)
class Measured:
    """Inputs that were measured, and the calibration that they come from."""

    inputs: dict[str, Input]
    calibration: CalibrationUsed | None = None


def overrides_of(
    reports: Sequence[Report],
    catalog: Catalog,
    inputs: Sequence[Input],
    option_ids: Sequence[str],
    calibration: Calibration | None = None,
) -> Measured:
    """Inputs that the reports and the calibration measure, by name.

    Raises:
        BadInput: a report names an option that this case does not have, or claims what its hardware cannot do.
    """
    if not reports and calibration is None:
        return Measured({})
    whole = calibrated(reports, catalog, created_at=UNDATED, before=calibration)
    own_ids = {report.id for report in reports}
    _refuse_revoked(whole, own_ids)
    priors = {item.name: item for item in inputs}
    found: dict[str, Input] = {}
    used: dict[str, None] = {}
    for entry in whole.entries:
        if entry.input is None or not _belongs_here(entry, own_ids, option_ids):
            continue
        item, counted = _input_of(entry, priors, calibration)
        if item is not None:
            found[item.name] = item
            used |= {row.report_id: None for row in counted}
    ordered = _in_order(found, priors)
    if calibration is None:
        return Measured(ordered)
    named = CalibrationUsed(id=calibration.id, version=calibration.version, reports=tuple(used), inputs=tuple(ordered))
    return Measured(ordered, named)


def _refuse_revoked(whole: Calibration, own_ids: set[str]) -> None:
    gone = sorted(row.report_id for row in whole.reports if row.revoked and row.report_id in own_ids)
    if gone:
        raise BadInput(
            f"report {gone[0]!r} is revoked in the calibration; leave it out, or let it count again with "
            f"`advisor calibrate --restore {gone[0]}`"
        )


def _belongs_here(entry: CalibrationEntry, own_ids: set[str], option_ids: Sequence[str]) -> bool:
    """Whether this case has the input; a calibration may hold other cases' options, a report of this case may not."""
    name = str(entry.input)
    if not name.startswith(QUALITY):
        return True
    option_id = name.removeprefix(QUALITY)
    if option_id in option_ids:
        return True
    own = next((item for item in entry.observations if item.report_id in own_ids), None)
    if own is None:
        return False
    near = nearest(option_id, option_ids)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(option_ids)}"
    kind = "run" if own.report == "run" else "comparison"
    raise BadInput(f"{kind} {own.report_id}: option {option_id!r} is none of this case's options; {hint}")


def _input_of(
    entry: CalibrationEntry, priors: Mapping[str, Input], calibration: Calibration | None
) -> tuple[Input | None, list[Observation]]:
    name, prior = str(entry.input), priors.get(str(entry.input))
    if prior is None and not name.startswith(QUALITY):
        return None, []
    spread = None if prior is None else Spread(prior.low, prior.central, prior.high)
    is_fraction = entry.unit == "fraction"
    done = posterior_of(entry.quantity, entry.observations, spread, is_fraction=is_fraction)
    counted = [item for item in done.observations if item.state == "counted"]
    if done.posterior is None or not counted:
        return None, []
    newest = max(counted, key=lambda item: (moment(item.created_at), item.report_id))
    low, central, high = done.posterior.low, done.posterior.central, done.posterior.high
    source = _source(counted, calibration, has_prior=spread is not None and entry.quantity != "quality_fraction")
    return (
        Input(name, low, central, high, entry.unit, "measured", source, newest.created_at[:10], is_fraction),
        counted,
    )


def _source(counted: Sequence[Observation], calibration: Calibration | None, *, has_prior: bool) -> str:
    quoted = "; ".join(item.detail for item in counted[:MOST_QUOTED])
    more = f"; and {len(counted) - MOST_QUOTED} more" if len(counted) > MOST_QUOTED else ""
    joined = ", joined with the prior" if has_prior else ""
    if calibration is None:
        return f"{quoted}{more}{joined}"
    own = {row.report_id for row in calibration.reports if not row.revoked}
    reports = ", ".join(dict.fromkeys(item.report_id for item in counted if item.report_id in own))
    if not reports:
        return f"{quoted}{more}{joined}"
    return f"calibration {calibration.id} version {calibration.version} (reports {reports}): {quoted}{more}{joined}"


def _in_order(found: Mapping[str, Input], priors: Mapping[str, Input]) -> dict[str, Input]:
    """In the order of the case's inputs; those that no case has before a measurement come last, by name."""
    names = [name for name in priors if name in found]
    return {name: found[name] for name in (*names, *sorted(set(found) - set(names)))}

"""What a ServingMeasurement tells: speed over the fitted engine's, and power under load.

Enter at `figures_of_serving`.
"""

from advisor.calibrate.figures import POWER_SPREAD_LN, SERVING_SPREAD_LN, Figure, Found
from advisor.calibrate.runs import part_of
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingRequest
from advisor.contracts.measurements import ServingLoad, ServingMeasurement
from advisor.estimate.serving import estimate_serving

BILLION = 1e9


def figures_of_serving(report: ServingMeasurement, catalog: Catalog) -> Found:
    """Speed of every stretch with a known number of requests at once, and power of the busiest of them.

    The speed is laid over what `advisor estimate serving` says for the most used engine on the same hardware, model and
    load: that is what `engine_factor` multiplies.
    """
    found = Found()
    part = part_of(catalog, report.accelerator, ())
    loads = [load for load in report.loads if load.num_concurrent is not None and load.output_tokens]
    if len(loads) < len(report.loads):
        found.leave_out(
            report.id,
            "speed under users' traffic",
            "requests at once are not known; such traffic shows demand, not speed",
        )
    if part is None:
        found.leave_out(report.id, "speed", "no accelerator of the catalogue, so nothing to compare the speed with")
        return found
    for load in loads:
        _speed(report, load, part, catalog, found)
    if loads:
        _power(report, max(loads, key=lambda load: load.num_concurrent or 0), part, found)
    return found


def _speed(report: ServingMeasurement, load: ServingLoad, part: AcceleratorRow, catalog: Catalog, found: Found) -> None:
    where = f"{report.model} with {load.num_concurrent} requests at once"
    try:
        request = ServingRequest(
            id=report.id,
            kind="throughput",
            model=report.base_model,
            params_b=None if report.parameters is None else report.parameters / BILLION,
            accelerator=part.id,
            accelerator_count=report.accelerator_count or 1,
            batch_or_concurrency=load.num_concurrent,
            input_len=max(1.0, load.prompt_tokens / load.requests),
            output_len=max(2.0, load.output_tokens / load.requests),
        )
        predicted = estimate_serving(request, catalog, draws=1).output_tokens_per_s
    except BadInput as error:
        found.leave_out(report.id, f"speed of {where}", f"cannot be estimated: {error}")
        return
    if predicted is None:
        found.leave_out(report.id, f"speed of {where}", "the estimate has no speed for it")
        return
    ratio = load.output_tokens_per_s / predicted.p50
    found.figures.append(
        Figure(
            quantity="serving_speed_ratio",
            input="engine_factor",
            unit="ratio",
            value=ratio,
            spread_ln=SERVING_SPREAD_LN,
            group=f"{part.id}, {report.engine or 'engine not stated'}",
            detail=f"serving {report.id}: {where} gave {load.output_tokens_per_s:,.0f} output tokens/s, {ratio:.2f} of "
            f"the {predicted.p50:,.0f} that are estimated ({report.engine or 'engine not stated'})",
        )
    )


def _power(report: ServingMeasurement, load: ServingLoad, part: AcceleratorRow, found: Found) -> None:
    if load.energy_j is None:
        found.leave_out(report.id, "power under load", f"not measured: {load.energy_note or 'no meter'}")
        return
    if part.tdp_w is None:
        found.leave_out(report.id, "power under load", f"the catalogue knows no power limit of {part.id}")
        return
    count = report.accelerator_count or 1
    watts = load.energy_j / load.duration_s
    found.figures.append(
        Figure(
            quantity="serving_power_fraction",
            input="busy_power_fraction",
            unit="fraction",
            value=min(1.0, watts / count / part.tdp_w),
            spread_ln=POWER_SPREAD_LN,
            group=part.id,
            detail=f"serving {report.id}: {watts:.0f} W on {count} devices with {load.num_concurrent} requests at once",
        )
    )

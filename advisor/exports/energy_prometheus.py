"""Footprints in Prometheus' text format, for a node exporter's text files or a push gateway.

Enter at `exposition`. Base units (joules, grams, seconds); a figure that is not known has no sample.
"""

from advisor.contracts.base import Interval
from advisor.contracts.errors import Failed
from advisor.contracts.footprint import Footprint, FootprintReport
from advisor.core.units import GRAMS_PER_KG, JOULES_PER_KWH

LABELS = ("report", "id", "model", "activity", "zone", "quantile")
METRICS = (
    ("richtwert_metered_energy_joules", "metered_kwh", JOULES_PER_KWH, "Energy at the devices that the meter read."),
    ("richtwert_it_energy_joules", "it_kwh", JOULES_PER_KWH, "Energy at the plugs of the servers."),
    ("richtwert_facility_energy_joules", "facility_kwh", JOULES_PER_KWH, "IT energy times PUE."),
    ("richtwert_electricity_cost_euros", "electricity_eur", 1.0, "Price of the facility's energy."),
    (
        "richtwert_emissions_location_grams",
        "operational_kgco2e_location",
        GRAMS_PER_KG,
        "CO2e of the facility's energy by the mean of the grid.",
    ),
    (
        "richtwert_emissions_market_grams",
        "operational_kgco2e_market",
        GRAMS_PER_KG,
        "CO2e of the facility's energy by residual mix or contract.",
    ),
    ("richtwert_emissions_embodied_grams", "embodied_kgco2e", GRAMS_PER_KG, "CO2e of making the hardware, share."),
    ("richtwert_water_litres", "water_l", 1.0, "Water on site and at the power stations."),
)


def exposition(found: FootprintReport) -> str:
    """All known figures, median and both ends of the span.

    Raises:
        Failed: prometheus-client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, Gauge, generate_latest
    except ImportError as error:
        raise Failed("not installed: prometheus-client; install it with: pip install 'richtwert[api]'") from error
    registry = CollectorRegistry()
    duration = Gauge("richtwert_duration_seconds", "Time in use.", LABELS[:-1], registry=registry)
    for footprint in found.footprints:
        duration.labels(*_labels(footprint, found)).set(footprint.work.duration_s)
    for name, field, factor, text in METRICS:
        gauge = Gauge(name, text, LABELS, registry=registry)
        for footprint in found.footprints:
            value: Interval | None = getattr(footprint, field)
            if value is not None:
                for quantile, amount in (("0.05", value.p5), ("0.5", value.p50), ("0.95", value.p95)):
                    gauge.labels(*_labels(footprint, found), quantile).set(amount * factor)
    return generate_latest(registry).decode()


def _labels(footprint: Footprint, found: FootprintReport) -> tuple[str, str, str, str, str]:
    work = footprint.work
    return (work.report, work.id, work.name, work.activity, found.grid_zone)

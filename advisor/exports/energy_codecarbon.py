"""A footprint as the rows of codecarbon's emissions.csv, so that tools which read it read ours.

Enter at `emissions_csv`. As codecarbon does, energies include PUE; unlike it, `energy_consumed` covers the whole server
and not processor, accelerator and memory alone. A cell is empty where the figure is not known.
"""

import csv
import io
from datetime import datetime

from advisor.contracts.base import Interval
from advisor.contracts.errors import Failed
from advisor.contracts.footprint import Footprint, FootprintReport
from advisor.core.units import JOULES_PER_KWH

COLUMNS = (
    "timestamp", "project_name", "run_id", "experiment_id", "duration", "emissions", "emissions_rate", "cpu_power",
    "gpu_power", "ram_power", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed", "water_consumed",
    "country_name", "country_iso_code", "region", "cloud_provider", "cloud_region", "os", "python_version",
    "codecarbon_version", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "longitude", "latitude",
    "ram_total_size", "tracking_mode", "cpu_utilization_percent", "gpu_utilization_percent",
    "ram_utilization_percent", "ram_used_gb", "on_cloud", "pue", "wue",
)  # fmt: skip
"""Of codecarbon 3.3.2, in its order."""
Cell = str | float | int | None


def emissions_csv(found: FootprintReport) -> str:
    """One row a report."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for footprint in found.footprints:
        row = _row(footprint, found)
        writer.writerow({name: "" if row.get(name) is None else row[name] for name in COLUMNS})
    return stream.getvalue()


def country(zone: str) -> tuple[str, str]:
    """Name and three-letter code of a zone's country.

    Raises:
        Failed: pycountry is not installed, or does not know it.
    """
    try:
        import pycountry
    except ImportError as error:
        raise Failed("not installed: pycountry; install it with: pip install 'richtwert[exports]'") from error
    row = pycountry.countries.get(alpha_2=zone.split("-")[0])
    if row is None:
        raise Failed(f"no country has the code {zone!r}")
    return row.name, row.alpha_3


def _row(footprint: Footprint, found: FootprintReport) -> dict[str, Cell]:
    work = footprint.work
    name, code = country(found.grid_zone)
    emissions, seconds = _middle(footprint.operational_kgco2e_location), work.duration_s
    pue = next(row.value for row in found.assumptions if row.name == "pue_ratio")
    pue_ratio = pue.p50 if isinstance(pue, Interval) else pue
    metered = _middle(footprint.metered_kwh)
    cooled = metered * pue_ratio if metered is not None and isinstance(pue_ratio, float | int) else None
    accelerators = work.boundary == "accelerators"
    return {
        "timestamp": datetime.fromisoformat(work.created_at).strftime("%Y-%m-%dT%H:%M:%S"),
        "project_name": work.name,
        "run_id": work.id,
        "duration": seconds,
        "emissions": emissions,
        "emissions_rate": emissions / seconds if emissions is not None and seconds else None,
        "gpu_power": cooled * JOULES_PER_KWH / seconds if cooled is not None and accelerators and seconds else None,
        "cpu_energy": cooled if work.boundary == "processors" else None,
        "gpu_energy": cooled if accelerators else None,
        "energy_consumed": _middle(footprint.facility_kwh),
        "water_consumed": _middle(footprint.water_l),
        "country_name": name,
        "country_iso_code": code,
        "region": found.grid_zone if "-" in found.grid_zone else None,
        "os": work.platform,
        "python_version": work.packages.get("python"),
        "cpu_count": work.cpu_count,
        "cpu_model": work.processor,
        "gpu_count": work.accelerator_count,
        "gpu_model": f"{work.accelerator_count} x {work.accelerator_names[0]}" if work.accelerator_names else None,
        "tracking_mode": "machine",
        "on_cloud": "N" if found.on_premises else "Y",
        "pue": pue_ratio if isinstance(pue_ratio, float | int) else None,
    }


def _middle(value: Interval | None) -> float | None:
    return None if value is None else value.p50

"""`advisor footprint`: energy, money, greenhouse gas and water of what was measured, as table or export.

Enter at `add_parser`.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from advisor.contracts.case import Case
    from advisor.contracts.footprint import FootprintReport
    from advisor.footprint.work import Counted

FORMS = ("table", "json", "codecarbon", "model-card", "boamps", "spdx", "prometheus")
EPILOG = """examples:
  advisor footprint runs/first/run_report.json --grid DE
  advisor footprint runs/first/run_report.json --case my_case.yaml --format json --output footprint.json
  advisor footprint run_report.json serving.json --grid FR --location cloud --pue 1.15 --price 0.11
  advisor footprint runs/first/run_report.json --grid DE --format model-card --update runs/first/model/README.md
  advisor footprint runs/*/run_report.json --grid DE --format codecarbon --output emissions.csv

Boundaries, each the one before times a named ratio: devices that the meter read, servers at their plugs (IT), facility
(IT x PUE, once). Money is the electricity of the facility alone. Greenhouse gas by place and by contract stand apart;
making the hardware is a third figure. What is not known is left out with the reason, never 0.
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "footprint",
        help="energy, electricity cost and CO2 of finished runs and served models",
        description="Reads reports of `trainer run`, `trainer measure` and `serving bench` and reckons what they took.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("report", nargs="+", type=Path, metavar="REPORT", help="run, machine or serving report, JSON")
    parser.add_argument("--grid", metavar="ZONE", help="where it ran: country or grid zone, for example DE")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--case", type=Path, metavar="FILE", help="case with grid zone, price, PUE and location")
    place.add_argument("--assessment", type=Path, metavar="FILE", help="assessment, for the case inside it")
    parser.add_argument("--price", type=float, metavar="EUR", help="per kWh (default: the zone's business price)")
    parser.add_argument("--pue", type=float, metavar="RATIO", help="facility over IT energy (default: by location)")
    parser.add_argument(
        "--location", choices=("on_premises", "cloud"), help="own room, or a provider's (default: on_premises)"
    )
    parser.add_argument(
        "--server-ratio", type=float, metavar="RATIO", help="energy at the plug over what the meter read"
    )
    parser.add_argument(
        "--contract-factor", type=float, metavar="G", help="g CO2e per kWh of your supply contract, market-based"
    )
    parser.add_argument("--format", choices=FORMS, default="table", help="form of the result (default: %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here instead of standard output")
    parser.add_argument("--update", type=Path, metavar="README", help="model card to write the metadata into")
    parser.set_defaults(handler=_footprint)


def _footprint(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog
    from advisor.footprint.place import place_of
    from advisor.footprint.reckon import footprint_report
    from advisor.footprint.work import work_of

    _check(arguments)
    reports = [_read(path) for path in arguments.report]
    case = _case(arguments)
    catalog = load_catalog()
    place = place_of(
        catalog,
        case=case,
        zone=arguments.grid,
        location=arguments.location,
        price_eur_per_kwh=arguments.price,
        pue_ratio=arguments.pue,
        server_ratio=arguments.server_ratio,
        contract_gco2e_per_kwh=arguments.contract_factor,
    )
    found = footprint_report([work_of(report, catalog) for report in reports], place, catalog)
    if arguments.update is not None:
        return _update(arguments.update, found)
    _emit(_render(arguments.format, found), arguments.output)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    single = arguments.format in ("model-card", "boamps")
    if single and len(arguments.report) > 1:
        raise BadInput(f"--format {arguments.format}: takes one report, got {len(arguments.report)}")
    if arguments.update is not None and arguments.format != "model-card":
        raise BadInput("--update: goes with --format model-card")
    if arguments.update is not None and not arguments.update.is_file():
        raise BadInput(f"--update: {arguments.update}: no such file; name the README.md of the model")
    if arguments.output is not None and arguments.output.is_dir():
        raise BadInput(f"--output: {arguments.output} is a directory; name a file")


def _read(path: Path) -> "Counted":
    """A report with energy; a comparison of answers has none."""
    from advisor.contracts.measurements import MachineMeasurement, ServingMeasurement
    from advisor.contracts.runs import RunReport
    from advisor.files import parse_contract, read_document

    document = read_document(path)
    models: dict[str, type[RunReport | MachineMeasurement | ServingMeasurement]] = {
        "run": RunReport,
        "machine": MachineMeasurement,
        "serving": ServingMeasurement,
    }
    kind = document.get("report") if isinstance(document, dict) else None
    if kind not in models:
        raise BadInput(
            f"{path}: report: expected 'run', 'machine' or 'serving', got {kind!r}; such reports are written by "
            "`trainer run`, `trainer measure` and `serving bench`"
        )
    return parse_contract(document, models[kind], str(path))


def _case(arguments: argparse.Namespace) -> "Case | None":
    from advisor.contracts.assessment import Assessment
    from advisor.contracts.case import Case
    from advisor.files import read_contract

    if arguments.case is not None:
        return read_contract(arguments.case, Case)
    if arguments.assessment is not None:
        return read_contract(arguments.assessment, Assessment).case
    return None


def _render(form: str, found: "FootprintReport") -> str:
    return _renderer(form)(found)


def _renderer(form: str) -> "Callable[[FootprintReport], str]":
    match form:
        case "codecarbon":
            from advisor.exports.energy_codecarbon import emissions_csv

            return emissions_csv
        case "model-card":
            from advisor.exports.energy_model_card import front_matter

            return front_matter
        case "boamps":
            from advisor.exports.energy_boamps import boamps_json

            return boamps_json
        case "spdx":
            from advisor.exports.energy_spdx import spdx_json

            return spdx_json
        case "prometheus":
            from advisor.exports.energy_prometheus import exposition

            return exposition
        case "json":
            return lambda report: report.model_dump_json(indent=2) + "\n"
        case _:
            from advisor.footprint.text import footprint_table

            return footprint_table


def _update(path: Path, found: "FootprintReport") -> int:
    """Write the figure into README.md, and into the model_card.json beside it."""
    from advisor.contracts.runs import ModelCard
    from advisor.exports.energy_model_card import updated_card, with_emissions
    from advisor.files import read_contract, write_contract, write_text

    text = with_emissions(path.read_text(encoding="utf-8"), found)
    beside = path.parent / "model_card.json"
    card = updated_card(read_contract(beside, ModelCard), found) if beside.exists() else None
    write_text(path, text)
    sys.stderr.write(f"written: co2_eq_emissions in {path}\n")
    if card is not None:
        write_contract(beside, card)
        sys.stderr.write(f"written: emissions_kgco2e in {beside}\n")
    return 0


def _emit(text: str, output: Path | None) -> None:
    from advisor.files import write_text

    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)
        sys.stderr.write(f"written: {output}\n")

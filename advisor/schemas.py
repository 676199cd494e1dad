"""The JSON Schemas of the files that cross borders, generated from the contracts into `data/schemas/`.

Run `python -m advisor.schemas` after a change of a contract; `--check` compares instead of writing.
Enter at `schema_texts`.
"""

import argparse
import json
import sys
from pathlib import Path

from advisor.contracts.assessment import Assessment
from advisor.contracts.base import Contract
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.comparison import Comparison
from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.footprint import FootprintReport
from advisor.contracts.measurements import MachineMeasurement, ServingMeasurement
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import RunReport
from advisor.contracts.status import RunStatus
from advisor.exits import exit_code
from advisor.files import write_text

COMMAND = "python -m advisor.schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
CONTRACTS: dict[str, type[Contract]] = {
    "case": Case,
    "assessment": Assessment,
    "training_plan": TrainingPlan,
    "run_report": RunReport,
    "run_status": RunStatus,
    "baseline_report": BaselineReport,
    "evaluation_report": EvaluationReport,
    "catalog": Catalog,
    "comparison": Comparison,
    "footprint_report": FootprintReport,
    "machine_measurement": MachineMeasurement,
    "serving_measurement": ServingMeasurement,
    "calibration": Calibration,
}
CHECKOUT = Path(__file__).resolve().parents[1]


def schema_texts() -> dict[str, str]:
    """File name to content, for every contract that has a file of its own."""
    return {
        f"{name}.json": json.dumps({"$schema": DIALECT, **model.model_json_schema()}, indent=2, ensure_ascii=False)
        + "\n"
        for name, model in CONTRACTS.items()
    }


def differences(directory: Path) -> list[str]:
    """One line per file in `directory` that is missing, stale or not ours; empty when all is well."""
    texts = schema_texts()
    found = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.json")}
    lines = [f"{directory / name}: missing" for name in texts if name not in found]
    lines += [f"{directory / name}: differs from the contracts" for name in texts if found.get(name, "") != texts[name]]
    lines += [f"{directory / name}: belongs to no contract" for name in sorted(found) if name not in texts]
    return sorted(set(lines))


def main(argv: list[str] | None = None) -> int:
    """Write or check the schemas."""
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: _run(arguments.output, arguments.check))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Write the JSON Schemas of all contracts, or check that the written ones are up to date.",
        epilog=f"examples:\n  {COMMAND}\n  {COMMAND} --check",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    parser.add_argument(
        "--output",
        type=Path,
        default=CHECKOUT / "data" / "schemas",
        metavar="DIR",
        help="directory of the schemas (default: data/schemas of the checkout)",
    )
    return parser


def _run(directory: Path, check: bool) -> int:
    if not check:
        for name, text in schema_texts().items():
            write_text(directory / name, text)
        sys.stdout.write(f"{len(CONTRACTS)} schemas written to {directory}\n")
        return 0
    if not directory.is_dir():
        raise BadInput(f"{directory}: no such directory; write the schemas with: {COMMAND}")
    stale = differences(directory)
    if stale:
        sys.stderr.write("\n".join([*stale, f"write them anew with: {COMMAND}"]) + "\n")
        return 1
    sys.stdout.write(f"{len(CONTRACTS)} schemas in {directory} are up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

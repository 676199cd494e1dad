"""`advisor catalog`: look at the facts the answers start from, and check them.

Enter at `add_parser`; `list`, `show` and `check` print tables, or JSON alone with `--format json`.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.catalog.tables import COLUMNS, KINDS, own_names, print_json, print_table, text
from advisor.contracts.errors import BadInput, Failed, UnknownName

if TYPE_CHECKING:
    from advisor.catalog.check import Findings
    from advisor.contracts.catalog import Catalog

LIST_INPUT_TOKENS, LIST_OUTPUT_TOKENS = 1000, 300
"""The request whose prices `list prices` shows."""
STALE_ROWS_NAMED = 5
"""Old rows of one table that `check` names before it counts."""
EXAMPLES = """examples:
  advisor catalog list accelerators
  advisor catalog list prices --format json
  advisor catalog show H100-SXM-80GB
  advisor catalog check
  advisor catalog check --second-source model_prices_and_context_window.json
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `catalog` with its three actions."""
    parser = verbs.add_parser(
        "catalog",
        help="list, show and check the facts in data/",
        description="Accelerators, models, prices, grids, salaries and assumptions, each with source and date.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="one line per row")
    listing.add_argument("kind", choices=(*KINDS, "prices"), metavar="KIND", help=", ".join((*KINDS, "prices")))
    listing.set_defaults(handler=_list)
    show = actions.add_parser("show", help="a row in full, by id, name or alias")
    show.add_argument("name", metavar="NAME", help="for example h100-sxm-80gb, openai/gpt-6-luna, DE")
    show.set_defaults(handler=_show)
    check = actions.add_parser("check", help="validate all files, name what is old or ends; exit 1 on a mistake")
    check.add_argument(
        "--second-source",
        type=Path,
        metavar="FILE",
        help="a copy of litellm's price map to compare token prices with; default: data/prices/second_source.yml",
    )
    check.set_defaults(handler=_check)
    for action in (listing, show, check):
        action.add_argument("--format", choices=("table", "json"), default="table", help="table (default) or json")


def price_rows() -> list[dict[str, Any]]:
    """Token prices of every API model for one request of `LIST_INPUT_TOKENS` and `LIST_OUTPUT_TOKENS`."""
    from advisor.catalog.load import load_catalog
    from advisor.catalog.prices import price_date, token_prices

    catalog = load_catalog()
    on = price_date(catalog)
    rows = []
    for row in catalog.api_models:
        found = token_prices(
            row, typical_input_tokens=LIST_INPUT_TOKENS, typical_output_tokens=LIST_OUTPUT_TOKENS, on=on
        )
        if row.batch_discounted and found.batch_multiplier is None:
            raise BadInput(f"api model {row.id}: batch_discounted is true, but genai-prices knows no batch price")
        rows.append(
            {
                "id": row.id,
                "input_usd_per_mtok": found.input_usd_per_mtok,
                "cached_usd_per_mtok": found.cached_usd_per_mtok,
                "output_usd_per_mtok": found.output_usd_per_mtok,
                "batch_multiplier": found.batch_multiplier,
                "tuning_usd_per_mtok": row.tuning_usd_per_mtok,
                "retires": row.retires,
                "source": found.source,
                "as_of": found.as_of,
            }
        )
    return rows


def _list(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    if arguments.kind == "prices":
        rows = price_rows()
    else:
        rows = [row.model_dump(mode="json") for row in getattr(load_catalog(), KINDS[arguments.kind])]
    if arguments.format == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS[arguments.kind].split())
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    catalog = load_catalog()
    wanted = arguments.name.lower()
    names: set[str] = set()
    found = []
    for kind, table in KINDS.items():
        for row in getattr(catalog, table):
            own = {name for name in (*own_names(row), *getattr(row, "aliases", ())) if name}
            names |= own
            if wanted in {name.lower() for name in own}:
                found.append({"table": kind, **row.model_dump(mode="json")})
    if not found:
        raise UnknownName("catalogue row", arguments.name, names, "see `advisor catalog list`")
    if arguments.format == "json":
        print_json(found)
        return 0
    for entry in found:
        width = max(map(len, entry))
        lines = [f"{key:<{width}}  {text(value)}" for key, value in entry.items() if value not in (None, "", [])]
        sys.stdout.write("\n".join(lines) + "\n" + ("\n" if entry is not found[-1] else ""))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from advisor.catalog.check import examine
    from advisor.catalog.load import load_catalog

    try:
        catalog = load_catalog()
        price_rows()
        found = examine(catalog, today=datetime.now(UTC).date(), second_file=arguments.second_source)
    except BadInput as error:
        raise Failed(str(error)) from error
    counts = [_count(catalog, kind, table, found) for kind, table in KINDS.items()]
    if arguments.format == "json":
        print_json({"version": catalog.version, "tables": counts, **_as_json(found)})
        return 0
    print_table(counts, tuple(counts[0]))
    lines = [
        *_stale_lines(found),
        *(f"the provider switches off {entry['row']} on {entry['retires']}" for entry in found.ending),
        *(f"{part} has offers in prices/rentals.yml, but no rental_usd_per_hour" for part in found.unpriced),
        *(f"two sources disagree: {entry}" for entry in found.disagreements),
        f"catalogue {catalog.version}: no mistakes",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _stale_lines(found: "Findings") -> list[str]:
    """One line a table: the oldest rows by name, the others by number."""
    lines = []
    for table in dict.fromkeys(row.table for row in found.stale):
        rows = sorted((row for row in found.stale if row.table == table), key=lambda row: row.as_of)
        named = [f"{row.row} ({row.as_of})" for row in rows[:STALE_ROWS_NAMED]]
        if len(rows) > STALE_ROWS_NAMED:
            named.append(f"and {len(rows) - STALE_ROWS_NAMED} more, all with --format json")
        lines.append(f"older than {rows[0].max_age_months} months: {table}: {'; '.join(named)}")
    return lines


def _as_json(found: "Findings") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "stale": [asdict(row) for row in found.stale],
        "ending": found.ending,
        "unpriced": found.unpriced,
        "disagreements": [
            {**asdict(entry), "difference_fraction": round(entry.difference_fraction, 4)}
            for entry in found.disagreements
        ],
    }


def _count(catalog: "Catalog", kind: str, table: str, found: "Findings") -> dict[str, Any]:
    rows = getattr(catalog, table)
    dated = [row for row in rows if hasattr(row, "as_of")]
    return {
        "table": kind,
        "rows": len(rows),
        "stale": sum(row.table == table for row in found.stale),
        "unverified": sum(row.unverified for row in dated),
        "assumed": sum(row.source == "own-assumption" for row in dated),
    }

"""`advisor catalog`: look at the facts the answers start from, and check them.

Enter at `add_parser`; `list`, `show` and `check` print tables, or JSON alone with `--format json`.
"""

import argparse
import json
import sys
from datetime import UTC, date, datetime
from typing import Any

from advisor.contracts.errors import Failed, UnknownName

KINDS = {
    "models": "base_models",
    "api-models": "api_models",
    "accelerators": "accelerators",
    "architectures": "architectures",
    "grids": "grids",
    "electricity": "electricity",
    "salaries": "salaries",
    "parameters": "parameters",
    "tasks": "tasks",
    "risks": "risks",
    "legal": "legal",
    "exchange": "exchange",
    "sources": "sources",
}
STALE_MONTHS = 12
COLUMNS = 7


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `catalog` with its three actions."""
    parser = verbs.add_parser(
        "catalog",
        help="list, show and check the facts in data/",
        description="Accelerators, models, prices, grids, salaries and assumptions, each with source and date.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="one line per row")
    listing.add_argument("kind", choices=(*KINDS, "prices"))
    listing.set_defaults(handler=_list)
    show = actions.add_parser("show", help="one row in full, by id, name or alias")
    show.add_argument("name")
    show.set_defaults(handler=_show)
    check = actions.add_parser("check", help="validate all files, name rows older than a year; exit 1 on a mistake")
    check.set_defaults(handler=_check)
    for action in (listing, show, check):
        action.add_argument("--format", choices=("table", "json"), default="table")


def price_rows() -> list[dict[str, Any]]:
    """Token prices of every API model for a request of 1,000 + 300 tokens."""
    from advisor.assess import catalog_date
    from advisor.catalog.load import load_catalog
    from advisor.catalog.prices import token_prices

    catalog = load_catalog()
    on = catalog_date(catalog)
    rows = []
    for row in catalog.api_models:
        found = token_prices(row, typical_input_tokens=1000, typical_output_tokens=300, on=on)
        rows.append(
            {
                "id": row.id,
                "input_usd_per_mtok": found.input_usd_per_mtok,
                "cached_usd_per_mtok": found.cached_usd_per_mtok,
                "output_usd_per_mtok": found.output_usd_per_mtok,
                "batch_multiplier": found.batch_multiplier,
                "tuning_usd_per_mtok": row.tuning_usd_per_mtok,
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
    _print(rows, arguments.format)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    catalog = load_catalog()
    wanted = arguments.name.lower()
    names: list[str] = []
    for table in KINDS.values():
        for row in getattr(catalog, table):
            data = row.model_dump(mode="json")
            own = [data.get(key) for key in ("id", "name", "zone", "task") if data.get(key)]
            names += own
            if wanted in {str(name).lower() for name in [*own, *data.get("aliases", [])]}:
                sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
                return 0
    raise UnknownName("catalogue row", arguments.name, names, "see `advisor catalog list`")


def _check(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog
    from advisor.contracts.errors import BadInput

    try:
        catalog = load_catalog()
        price_rows()
    except BadInput as error:
        raise Failed(str(error)) from error
    today = datetime.now(UTC).date()
    rows, stale = [], []
    for kind, table in KINDS.items():
        entries = getattr(catalog, table)
        old = [row for row in entries if _months_old(getattr(row, "as_of", None), today) > STALE_MONTHS]
        doubtful = sum(getattr(row, "unverified", False) for row in entries)
        assumed = sum(getattr(row, "origin", "") == "assumed" for row in entries)
        rows.append(
            {"table": kind, "rows": len(entries), "stale": len(old), "unverified": doubtful, "assumed": assumed}
        )
        for row in old:
            name = next(
                str(getattr(row, key))
                for key in ("id", "name", "zone", "country", "task", "currency")
                if hasattr(row, key)
            )
            stale.append({"table": kind, "row": name, "as_of": row.as_of})
    if arguments.format == "json":
        sys.stdout.write(json.dumps({"version": catalog.version, "tables": rows, "stale": stale}, indent=2) + "\n")
        return 0
    _print(rows, "table")
    for entry in stale:
        sys.stdout.write(f"older than {STALE_MONTHS} months: {entry['table']} {entry['row']} ({entry['as_of']})\n")
    sys.stdout.write(f"catalogue {catalog.version}: no mistakes\n")
    return 0


def _months_old(as_of: str | None, today: date) -> int:
    if as_of is None:
        return 0
    year, month = ([int(part) for part in as_of.split("-")] + [12])[:2]
    return (today.year - year) * 12 + today.month - month


def _print(rows: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    keys = (
        [key for key in rows[0] if key not in ("note", "aliases", "url", "reason", "mitigation")][:COLUMNS]
        if rows
        else []
    )
    tail = [key for key in ("as_of", "source") if rows and key in rows[0] and key not in keys]
    for key in [*keys, *tail]:
        table.add_column(key, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(key) is None else _text(row[key]) for key in [*keys, *tail]))
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return " / ".join(_text(part) for part in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

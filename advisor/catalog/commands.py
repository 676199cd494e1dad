"""`advisor catalog`: look at the facts the answers start from, and check them.

Enter at `add_parser`; `list`, `show` and `check` print tables, or JSON alone with `--format json`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from advisor.contracts.errors import BadInput, Failed, UnknownName

if TYPE_CHECKING:
    from advisor.contracts.catalog import Catalog

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
LIST_INPUT_TOKENS, LIST_OUTPUT_TOKENS = 1000, 300
"""The request whose prices `list prices` shows."""
NAME_FIELDS = ("id", "name", "zone", "country", "task", "currency")
AGELESS = ("models", "architectures")
"""What a released model is made of does not change with the years, so its rows are never called old."""
COLUMNS = {
    "models": "id family domain parameters active_parameters context_tokens licence released",
    "api-models": "id kind capability residency context_tokens tuning_usd_per_mtok retires",
    "accelerators": "id peak_flop_per_s memory_bytes bandwidth_bytes_per_s tdp_w rental_usd_per_hour purchase_usd",
    "architectures": "id parameters hidden_size num_layers num_heads num_kv_heads ffn_size context_tokens",
    "grids": "zone location_gco2e_per_kwh market_gco2e_per_kwh basis year as_of source",
    "electricity": "zone eur_per_kwh band as_of source",
    "salaries": "country role gross_per_year currency on_cost_fraction as_of source",
    "parameters": "name unit low central high origin as_of source",
    "tasks": "task input_tokens_per_request output_tokens_per_request minutes_per_request_by_hand source",
    "risks": "name kinds score_0_10 personal_data_add as_of source",
    "legal": "id value unit text as_of source",
    "exchange": "currency per_eur as_of source",
    "sources": "id name licence read",
    "prices": "id input_usd_per_mtok cached_usd_per_mtok output_usd_per_mtok batch_multiplier tuning_usd_per_mtok",
}
"""Columns of the tables; JSON carries every field."""
PIPE_WIDTH = 180
EXAMPLES = """examples:
  advisor catalog list accelerators
  advisor catalog list prices --format json
  advisor catalog show H100-SXM-80GB
  advisor catalog check
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
        _print_json(rows)
    else:
        _print_table(rows, COLUMNS[arguments.kind].split())
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    catalog = load_catalog()
    wanted = arguments.name.lower()
    names: set[str] = set()
    found = []
    for kind, table in KINDS.items():
        for row in getattr(catalog, table):
            own = {name for name in (*_own_names(row), *getattr(row, "aliases", ())) if name}
            names |= own
            if wanted in {name.lower() for name in own}:
                found.append({"table": kind, **row.model_dump(mode="json")})
    if not found:
        raise UnknownName("catalogue row", arguments.name, names, "see `advisor catalog list`")
    if arguments.format == "json":
        _print_json(found)
        return 0
    for entry in found:
        width = max(map(len, entry))
        lines = [f"{key:<{width}}  {_text(value)}" for key, value in entry.items() if value not in (None, "", [])]
        sys.stdout.write("\n".join(lines) + "\n" + ("\n" if entry is not found[-1] else ""))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    try:
        catalog = load_catalog()
        price_rows()
    except BadInput as error:
        raise Failed(str(error)) from error
    today = datetime.now(UTC).date()
    counts = [_count(catalog, kind, table, today) for kind, table in KINDS.items()]
    stale = [
        {"table": kind, "row": _title(row), "as_of": row.as_of}
        for kind, table in KINDS.items()
        for row in getattr(catalog, table)
        if _is_stale(kind, row, today)
    ]
    ending = [{"row": row.id, "retires": row.retires} for row in catalog.api_models if row.retires is not None]
    if arguments.format == "json":
        _print_json({"version": catalog.version, "tables": counts, "stale": stale, "ending": ending})
        return 0
    _print_table(counts, tuple(counts[0]))
    for entry in stale:
        sys.stdout.write(f"older than {STALE_MONTHS} months: {entry['table']} {entry['row']} ({entry['as_of']})\n")
    for entry in ending:
        sys.stdout.write(f"the provider switches off {entry['row']} on {entry['retires']}\n")
    sys.stdout.write(f"catalogue {catalog.version}: no mistakes\n")
    return 0


def _count(catalog: "Catalog", kind: str, table: str, today: date) -> dict[str, Any]:
    rows = getattr(catalog, table)
    dated = [row for row in rows if hasattr(row, "as_of")]
    return {
        "table": kind,
        "rows": len(rows),
        "stale": sum(_is_stale(kind, row, today) for row in dated),
        "unverified": sum(row.unverified for row in dated),
        "assumed": sum(row.source == "own-assumption" for row in dated),
    }


def _is_stale(kind: str, row: Any, today: date) -> bool:
    return kind not in AGELESS and hasattr(row, "as_of") and _months_old(row.as_of, today) > STALE_MONTHS


def _months_old(as_of: str, today: date) -> int:
    """Whole months since a day, a month or, for a bare year, its December."""
    year, month = ([int(part) for part in as_of.split("-")] + [12])[:2]
    return (today.year - year) * 12 + today.month - month


def _own_names(row: Any) -> list[str]:
    return [getattr(row, field) for field in NAME_FIELDS if hasattr(row, field)]


def _title(row: Any) -> str:
    role = getattr(row, "role", None)
    return f"{_own_names(row)[0]}" + (f" {role}" if role else "")


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row.get(column) is None else _text(row[column])) for column in columns))
    console = Console()
    (console if console.is_terminal else Console(width=PIPE_WIDTH)).print(table)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return " / ".join(_text(part) for part in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

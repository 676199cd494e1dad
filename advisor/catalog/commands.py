"""`advisor catalog`: look at the facts the answers start from, and check them.

Enter at `add_parser`; `list`, `show` and `check` print tables, or JSON alone with `--format json`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.contracts.errors import BadInput, Failed, UnknownName

if TYPE_CHECKING:
    from advisor.catalog.check import Findings
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
    "embodied": "embodied",
    "water": "water",
    "pue": "pue",
    "on-costs": "on_costs",
    "annotation-wages": "annotation_wages",
    "annotation-speeds": "annotation_speeds",
    "annotation-volumes": "annotation_volumes",
    "rentals": "rentals",
    "purchases": "purchases",
    "tuning-prices": "tuning_prices",
    "storage-prices": "storage_prices",
    "second-source": "second_source",
    "shelf-lives": "shelf_lives",
    "sources": "sources",
}
LIST_INPUT_TOKENS, LIST_OUTPUT_TOKENS = 1000, 300
"""The request whose prices `list prices` shows."""
NAME_FIELDS = (
    "id", "name", "zone", "country", "task", "currency", "accelerator", "provider", "dealer", "model", "api_model",
)  # fmt: skip
COLUMNS = {
    "models": "id family domain parameters active_parameters context_tokens licence released",
    "api-models": "id kind capability residency context_tokens tuning_usd_per_mtok retires",
    "accelerators": "id peak_flop_per_s memory_bytes bandwidth_bytes_per_s tdp_w rental_usd_per_hour purchase_usd",
    "architectures": "id parameters hidden_size num_layers num_heads num_kv_heads ffn_size context_tokens",
    "grids": "zone location_gco2e_per_kwh basis year market_gco2e_per_kwh market_basis market_year as_of source",
    "electricity": "zone eur_per_kwh band tax_level is_standard as_of source",
    "salaries": "country role gross_per_year currency on_cost_fraction as_of source",
    "parameters": "name unit low central high origin as_of source",
    "tasks": "task input_tokens_per_request output_tokens_per_request minutes_per_request_by_hand source",
    "risks": "name kinds score_0_10 personal_data_add as_of source",
    "legal": "id value unit text as_of source",
    "exchange": "currency per_eur as_of source",
    "embodied": "name what num_accelerators embodied_kgco2e lifetime_years as_of source",
    "water": "name place water_litres_per_kwh year as_of source",
    "pue": "name pue_ratio year as_of source",
    "on-costs": "country on_cost_fraction as_of source",
    "annotation-wages": "country tier wage_eur_per_hour as_of source",
    "annotation-speeds": "kind seconds_per_item_s quality_assurance_fraction rejection_fraction as_of source",
    "annotation-volumes": "name kind num_items generated cost_usd as_of source",
    "rentals": "accelerator provider term usd_per_hour eur_per_hour commitment_months region as_of source",
    "purchases": "accelerator dealer what num_accelerators price_usd is_used as_of source",
    "tuning-prices": "provider model method training_usd_per_mtok training_usd_per_hour hosting_usd_per_hour "
    "tuned_inference_multiplier closed as_of",
    "storage-prices": "provider kind product usd_per_gb_month egress_usd_per_gb region as_of source",
    "second-source": "api_model listed_as input_usd_per_mtok cached_usd_per_mtok output_usd_per_mtok as_of source",
    "shelf-lives": "table max_age_months",
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
        _print_json({"version": catalog.version, "tables": counts, **_as_json(found)})
        return 0
    _print_table(counts, tuple(counts[0]))
    lines = [
        *(f"older than {row.max_age_months} months: {row.table} {row.row} ({row.as_of})" for row in found.stale),
        *(f"the provider switches off {entry['row']} on {entry['retires']}" for entry in found.ending),
        *(f"{part} has offers in prices/rentals.yml, but no rental_usd_per_hour" for part in found.unpriced),
        *(f"two sources disagree: {entry}" for entry in found.disagreements),
        f"catalogue {catalog.version}: no mistakes",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


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


def _own_names(row: Any) -> list[str]:
    return [value for field in NAME_FIELDS if (value := getattr(row, field, None)) is not None]


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

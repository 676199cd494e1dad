"""Which tables `advisor catalog` shows, by which columns, and how rows look on the terminal.

Enter at `KINDS` (word on the command line to table) and `print_table`.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

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
    "output-terms": "name commercial_use training_use as_of source note",
    "shelf-lives": "table max_age_months",
    "sources": "id name licence read",
    "prices": "id input_usd_per_mtok cached_usd_per_mtok output_usd_per_mtok batch_multiplier tuning_usd_per_mtok",
}
"""Columns of the tables; JSON carries every field."""
PIPE_WIDTH = 180


def own_names(row: Any) -> list[str]:
    """What a row can be asked by, aliases left out."""
    return [value for field in NAME_FIELDS if (value := getattr(row, field, None)) is not None]


def print_json(value: Any) -> None:
    """A value as indented JSON on the standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Rows with the named columns; wide enough to read when the output is a pipe."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row.get(column) is None else text(row[column])) for column in columns))
    console = Console()
    (console if console.is_terminal else Console(width=PIPE_WIDTH)).print(table)


def text(value: Any) -> str:
    """A value of a row in one cell: ranges with slashes, lists with commas."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return " / ".join(text(part) for part in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

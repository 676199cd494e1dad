"""`advisor hindcast`: the estimators against published runs, row by row and summed up.

Enter at `add_parser`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from advisor.hindcast.rows import Topic
    from advisor.hindcast.score import Comparison, Summary
    from advisor.hindcast.validate import Result

TOPICS: "tuple[Topic, ...]" = ("training", "serving")
EPILOG = """examples:
  advisor hindcast                          published rows, each family predicted by a fit on the others
  advisor hindcast --summary                the table alone
  advisor hindcast my_runs.jsonl            your own runs, with the shipped coefficients
  advisor hindcast --format json --output accuracy.json

A row: the keys of `advisor estimate`, and what came out (accelerator_hours, tokens_per_s_per_gpu, peak_mem_gib,
energy_mwh; output_tokens_per_s, ttft_ms, tpot_ms, energy_j_per_output_token, ...). Errors are |P50 / published - 1|.
"""
PIPE_WIDTH = 170


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `hindcast`."""
    parser = verbs.add_parser(
        "hindcast",
        help="how far the estimates are from published runs",
        description="Predicts published runs and compares: per row inside or outside the 90 % interval, per kind "
        "median and P90 error, coverage and width, beside an estimator with one constant utilisation.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="*", type=Path, metavar="FILE", help="rows, JSON lines (default: data/hindcast)")
    parser.add_argument("--topic", choices=TOPICS, help="training or serving alone")
    parser.add_argument("--in-sample", action="store_true", help="shipped coefficients instead of cross-validation")
    parser.add_argument("--summary", action="store_true", help="no rows, the summary alone")
    parser.add_argument("--format", choices=("table", "json", "markdown"), default="table")
    parser.add_argument("--output", type=Path, help="write here instead of standard output")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the table between its markers there")
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from advisor.files import write_text
    from advisor.hindcast.score import summarise
    from advisor.hindcast.table import markdown_table, replaced

    results = _results(arguments)
    comparisons = [item for result in results for item in result.comparisons]
    if not comparisons:
        raise BadInput("no row states a figure that can be compared; see `advisor hindcast --help` for the keys")
    summaries = summarise(sorted(comparisons, key=lambda item: (item.row.topic != "training", item.group)))
    if arguments.write is not None:
        try:
            text = arguments.write.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"--write: {arguments.write}: cannot be read: {error}") from error
        write_text(arguments.write, replaced(text, markdown_table(summaries)))
        sys.stderr.write(f"written: {arguments.write}\n")
        return 0
    refused = [pair for result in results for pair in result.refused]
    rows = [] if arguments.summary else comparisons
    text = _text(arguments.format, rows, summaries, refused)
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_text(arguments.output, text)
        sys.stderr.write(f"written: {arguments.output}\n")
    return 0


def _results(arguments: argparse.Namespace) -> "list[Result]":
    from advisor.catalog.load import load_catalog
    from advisor.hindcast.rows import published_rows
    from advisor.hindcast.validate import compare, compare_left_out

    catalog = load_catalog()
    results = []
    for topic in TOPICS if arguments.topic is None else (arguments.topic,):
        rows = published_rows(topic, arguments.file or None)
        if rows:
            own = bool(arguments.file) or arguments.in_sample
            results.append((compare if own else compare_left_out)(rows, topic, catalog))
    return results


def _text(
    form: str,
    comparisons: "Sequence[Comparison]",
    summaries: "Sequence[Summary]",
    refused: Sequence[tuple[str, str]],
) -> str:
    from advisor.hindcast.table import markdown_table

    if form == "json":
        document = {
            "rows": [_row(item) for item in comparisons],
            "summary": [vars(summary) for summary in summaries],
            "refused": [{"id": name, "error": reason} for name, reason in refused],
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if form == "markdown":
        return markdown_table(summaries) + "\n"
    return _tables(comparisons, summaries, refused)


def _row(item: "Comparison") -> dict[str, Any]:
    return {
        "id": item.row.id,
        "group": item.group,
        "quantity": item.quantity,
        "published": item.published,
        "p5": item.predicted.p5,
        "p50": item.predicted.p50,
        "p95": item.predicted.p95,
        "inside": item.is_inside,
        "constant_mfu": item.constant,
    }


def _tables(
    comparisons: "Sequence[Comparison]", summaries: "Sequence[Summary]", refused: Sequence[tuple[str, str]]
) -> str:
    import io

    from rich.console import Console
    from rich.table import Table

    from advisor.hindcast.table import HEAD, cells

    stream = io.StringIO()
    console = Console(file=stream, width=max(PIPE_WIDTH, Console().width) if not sys.stdout.isatty() else None)
    if comparisons:
        rows = Table("row", "quantity", "published", "P5", "P50", "P95", "P50 / published", "90 % interval")
        for item in comparisons:
            ends = (item.predicted.p5, item.predicted.p50, item.predicted.p95)
            rows.add_row(
                item.row.id,
                item.quantity,
                f"{item.published:.4g}",
                *(f"{value:.4g}" for value in ends),
                f"{item.predicted.p50 / item.published:.2f}",
                "inside" if item.is_inside else "outside",
            )
        console.print(rows)
    summary = Table(*HEAD)
    for entry in summaries:
        summary.add_row(*cells(entry))
    console.print(summary)
    for name, reason in refused:
        stream.write(f"not estimated: {name}: {reason}\n")
    return stream.getvalue()

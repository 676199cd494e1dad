"""An evaluation on the screen and in files.

Enter at `show` and `write_files`.
"""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from advisor.contracts.evaluation import EvaluationReport
from advisor.files import write_contract, write_text
from trainer.evaluate.measure import Measured
from trainer.evaluate.words import (
    FINDINGS,
    SUITES,
    VERDICTS,
    bias_limits,
    evaluation_text,
    figure,
    forgetting_sentence,
    toxicity_sentences,
)


def show(report: EvaluationReport, *, as_json: bool) -> None:
    """Print the report, as JSON alone or as tables and sentences."""
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        return
    for table in (_scores(report), _differences(report), _bias(report)):
        if table.row_count:
            _print(table)
    lines = [f"limit: {limit}" for limit in bias_limits(report)] if report.bias else []
    if report.forgetting is not None:
        lines.append(forgetting_sentence(report.forgetting))
    if report.toxicity:
        lines += [f"toxicity: {line.strip().removeprefix('- ')}" for line in toxicity_sentences(report)]
    lines += [f"note: {note}" for note in report.notes]
    sys.stdout.write("\n".join(lines) + "\n" if lines else "")


def write_files(measured: Measured, directory: Path) -> list[Path]:
    """evaluation.json, evaluation.md, answers.jsonl and, where texts were sampled, continuations.jsonl."""
    written = [directory / "evaluation.json", directory / "evaluation.md"]
    write_contract(written[0], measured.report)
    write_text(written[1], evaluation_text(measured.report))
    rows = {
        "answers.jsonl": [answer.model_dump(mode="json") for answer in measured.answers],
        "continuations.jsonl": [one.as_dict() for one in measured.continuations],
    }
    for name, lines in rows.items():
        if lines:
            written.append(directory / name)
            write_text(written[-1], "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return written


def _scores(report: EvaluationReport) -> Table:
    table = _table("score", "value", "95 % interval", "n")
    for score in report.scores:
        name = f"{score.name} (primary)" if score.name == report.primary else score.name
        table.add_row(name, figure(score.value), f"{figure(score.low)} to {figure(score.high)}", f"{score.n}")
    return table


def _differences(report: EvaluationReport) -> Table:
    comparison = report.comparison
    table = _table("difference", "this", "other", "this - other", "95 % interval", "p", "n", "this model is")
    if comparison is None:
        return table
    mine, theirs = ({one.name: one.value for one in scores} for scores in (report.scores, comparison.scores))
    for row in comparison.differences:
        table.add_row(
            row.name,
            figure(mine[row.name]),
            figure(theirs[row.name]),
            figure(row.difference, "+"),
            f"{figure(row.low, '+')} to {figure(row.high, '+')}",
            "" if row.p_value is None else f"{row.p_value:.3g}",
            f"{row.n}",
            VERDICTS[row.verdict],
        )
    return table


def _bias(report: EvaluationReport) -> Table:
    """The figure that decides, a line each; the others stand in the files."""
    table = _table("bias", "language", "finding", "deciding figure", "95 % interval", "n")
    for score in report.bias:
        first = score.scores[0]
        suite = "" if score.suite == "templates" else f", {SUITES[score.suite]}"
        table.add_row(
            score.group + suite,
            score.language,
            FINDINGS[score.finding],
            f"{first.name.replace('_', ' ')} {figure(first.value)}",
            f"{figure(first.low)} to {figure(first.high)}",
            f"{first.n}",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    words = ("score", "difference", "bias", "language", "finding", "this model is")
    for name in columns:
        table.add_column(name, justify="left" if name in words else "right", overflow="fold")
    return table


def _print(table: Table) -> None:
    console = Console(file=sys.stdout)
    console.print(table, soft_wrap=not console.is_terminal)
    sys.stdout.write("\n")

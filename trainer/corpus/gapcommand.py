"""`trainer data gap`, from checked arguments to an exit code.

Enter at `gap`. Results go to standard output, progress to standard error.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput, Failed
from trainer.corpus.gap import Gap, measure_gap
from trainer.corpus.gapmodel import Units, costs, general_text, texts_below
from trainer.corpus.read import Problems
from trainer.corpus.steps.language import identify
from trainer.plan import DECODER, base_model_config

UNIFORM_BITS = 8.0
"""Bits a byte of a model that knows nothing: all 256 bytes alike."""
FEW_TEXTS = 20
"""Below this many texts on a side, resampling says little about the spread."""


def gap(text: Path, model: Path, *, reference: Path | None, max_bytes: int, seed: int, as_json: bool) -> int:
    """`trainer data gap`."""
    _check_model(model)
    if max_bytes < 1:
        raise BadInput(f"--max-bytes: must be positive, got {max_bytes}")
    problems = Problems()
    domain = texts_below(text, "TEXT", problems, max_bytes=max_bytes)
    language = _language(domain)
    if reference is None:
        general, what = general_text(language)
    else:
        general, what = texts_below(reference, "--reference", problems, max_bytes=max_bytes), str(reference)
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise Failed(f"not installed: {', '.join(missing)}; install them with: pip install 'richtwert[trainer]'")
    from transformers.utils import logging

    from trainer.progress import Progress

    logging.disable_progress_bar()

    with Progress() as progress:
        progress.begin("gap", total=len(domain) + len(general))
        found = costs(model, [*domain, *general], progress.advance)
    measured = measure_gap(found[: len(domain)], found[len(domain) :], seed=seed)
    report = {
        "text": str(text),
        "model": str(model),
        "language": language,
        "domain_gap_fraction": {"p5": measured.p5, "p50": measured.p50, "p95": measured.p95},
        "domain": asdict(measured.domain),
        "reference": {"what": what, **asdict(measured.reference)},
        "fertility_ratio": measured.domain.tokens_per_word / measured.reference.tokens_per_word,
        "seed": seed,
        "warnings": _warnings(measured, language, _language(general), problems),
        "case": _case_line(measured),
    }
    if as_json:
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    else:
        _show(report)
    return 0


def _check_model(model: Path) -> None:
    if not (model / "config.json").exists():
        raise BadInput(f"--model: {model} is no model directory (config.json is missing)")
    kinds = base_model_config(str(model.resolve()), Path.cwd()).get("architectures") or []
    if not any(DECODER.search(str(kind)) for kind in kinds):
        named = ", ".join(map(str, kinds)) or "of no stated architecture"
        raise BadInput(f"--model: {model} is {named}; bits per byte need a decoder (...ForCausalLM)")


def _language(units: Units) -> str:
    return identify(" ".join(piece for unit in units for piece in unit))


def _case_line(measured: Gap) -> str:
    low, central, high = (f"{value:.3f}" for value in (measured.p5, measured.p50, measured.p95))
    return f"domain_gap_fraction: {{low: {low}, central: {central}, high: {high}}}"


def _warnings(measured: Gap, language: str, reference_language: str, problems: Problems) -> list[str]:
    found = [f"not read: {name}" for name in problems.named]
    if "und" not in (language, reference_language) and language != reference_language:
        found.append(
            f"the domain's text seems to be in {language!r} and the reference in {reference_language!r}: the gap is "
            "then mostly that of the languages"
        )
    for name, side in (("domain", measured.domain), ("reference", measured.reference)):
        if side.texts < FEW_TEXTS:
            found.append(f"the {name} has {side.texts} texts; the interval is too narrow below {FEW_TEXTS}")
    if max(measured.domain.bits_per_byte, measured.reference.bits_per_byte) > UNIFORM_BITS:
        found.append("more than 8 bits a byte is worse than knowing nothing: this model says nothing about a gap")
    if measured.reference.bits_per_byte >= measured.domain.bits_per_byte:
        found.append("the model needs no more bits for the domain than for the reference: no gap is seen")
    return found


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("domain", "reference"):
        table.add_column(name, justify="right")
    rows: Sequence[tuple[str, str, str]] = (
        ("texts", "texts", ",d"),
        ("bytes", "bytes", ",d"),
        ("bits a byte", "bits_per_byte", ".3f"),
        ("tokens a word", "tokens_per_word", ".3f"),
        ("tokens a byte", "tokens_per_byte", ".3f"),
    )
    for label, key, form in rows:
        table.add_row(label, *(format(report[side][key], form) for side in ("domain", "reference")))
    console = Console(file=sys.stdout)
    console.print(table, soft_wrap=not console.is_terminal)
    share = report["domain_gap_fraction"]
    lines = [
        f"reference: {report['reference']['what']}",
        f"gap {share['p50']:.3f} (P5 {share['p5']:.3f}, P95 {share['p95']:.3f}): the share of the domain's bits that "
        "the model would not need if it knew the domain as well as the reference",
        *(f"warning: {warning}" for warning in report["warnings"]),
        "for the Case, under use_case:",
        f"  {report['case']}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")

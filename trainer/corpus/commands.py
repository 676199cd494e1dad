"""`trainer data prepare`, from checked arguments to an exit code.

Enter at `prepare_data`. Results go to standard output, progress to standard error.
"""

import json
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from advisor.contracts.case import Language
from advisor.contracts.data_plan import DataPlan, FileCorpus, QualityRules
from advisor.contracts.errors import BadInput
from advisor.files import parse_contract
from trainer.corpus.job import Job
from trainer.corpus.read import SUFFIXES
from trainer.plan import PLAN_FILE, RUN_FILE, check_plan, load_plan

PLAN_SUFFIXES = (".yaml", ".yml", ".json")
BYTES_PER_STEP = 1_000_000
"""The bar counts megabytes."""


def prepare_data(
    path: Path,
    output: Path,
    *,
    resume: bool = False,
    languages: Sequence[str] | None = None,
    settings: Sequence[str] = (),
    licence: str | None = None,
    source: str | None = None,
    as_json: bool = False,
) -> int:
    """`trainer data prepare`."""
    job = _job(path, languages, settings, licence, source)
    from trainer.corpus.prepare import CARD, prepare_job, unfinished
    from trainer.progress import Progress

    if (output / RUN_FILE).exists():
        raise BadInput(f"--output: a run lies in {output}; name another directory")
    begun, done = unfinished(output), (output / "data" / CARD).exists()
    if resume and not begun and not done:
        raise BadInput(f"--resume: no preparation was begun in {output}; start it without --resume")
    if not resume and (begun or done):
        what = "an unfinished" if begun else "a finished"
        raise BadInput(f"--output: {what} preparation lies in {output}; add --resume, or name another directory")
    if resume and done and not begun:
        card = json.loads((output / "data" / CARD).read_text(encoding="utf-8"))
    else:
        with Progress() as progress:
            progress.begin("data")
            try:
                card = prepare_job(job, output, _megabytes(progress.advance)).card()
            except KeyboardInterrupt:
                again = [word for word in sys.argv[1:] if word != "--resume"]
                sys.stderr.write(
                    f"stopped; finished shards are kept. Go on with:\n  {shlex.join(['trainer', *again])} --resume\n"
                )
                return 130
    if as_json:
        sys.stdout.write(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    else:
        _show(card, output)
    return 0


def with_settings(data: DataPlan, settings: Sequence[str]) -> DataPlan:
    """The data plan with fields changed by `data.FIELD=VALUE`, values in YAML.

    Raises:
        BadInput: a setting is of another form, or breaks the contract.
    """
    document = data.model_dump(mode="json")
    for setting in settings:
        name, equals, value = setting.partition("=")
        fields = name.removeprefix("data.").split(".")
        if not equals or not all(fields):
            raise BadInput(f"--set: expected data.FIELD=VALUE, such as data.quality.min_words=20, got {setting!r}")
        place = document
        for field in fields[:-1]:
            inner = place.get(field)
            place[field] = {} if inner is None else inner
            if not isinstance(place[field], dict):
                raise BadInput(f"--set: {name}: {field} has no fields of its own")
            place = place[field]
        place[fields[-1]] = _value(value)
    return parse_contract(document, DataPlan, "--set: data")


def _job(
    path: Path, languages: Sequence[str] | None, settings: Sequence[str], licence: str | None, source: str | None
) -> Job:
    """The job of a plan, or of a path with the defaults of this command."""
    wanted = _languages(languages)
    if path.suffix.lower() in PLAN_SUFFIXES or (path / PLAN_FILE).exists() or not (path.is_dir() or path.exists()):
        if licence is not None or source is not None:
            raise BadInput("--licence, --source: a plan states them at its corpora")
        loaded = load_plan(path)
        plan = loaded.plan.model_copy(update={"data": with_settings(loaded.plan.data, settings)})
        plan = plan if wanted is None else plan.model_copy(update={"languages": wanted})
        check_plan(plan, loaded.base)
        return Job.of_plan(plan, loaded.base)
    if path.is_dir() and not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*")):
        raise BadInput(f"{path}: holds neither {PLAN_FILE} nor a file ending in {', '.join(SUFFIXES)}")
    corpus = FileCorpus(kind="files", path=str(path), licence=licence, source=source)
    data = with_settings(DataPlan(corpora=(corpus,), quality=QualityRules()), settings)
    if not 0 < data.holdout_fraction < 1:
        raise BadInput(f"data.holdout_fraction: must lie between 0 and 1, got {data.holdout_fraction}")
    return Job(data=data, base=Path.cwd(), languages=wanted or (), needs_text=False)


def _languages(codes: Sequence[str] | None) -> tuple[str, ...] | None:
    if codes is None:
        return None
    found = tuple(code for word in codes for code in re.split(r"[,\s]+", word) if code)
    try:
        return TypeAdapter(tuple[Language, ...]).validate_python(found)
    except ValidationError:
        raise BadInput(f"--languages: expected codes such as de en, got {' '.join(codes)}") from None


def _value(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return text


def _megabytes(advance: Any) -> Any:
    shown = -1

    def told(done: int, total: int) -> None:
        nonlocal shown
        step = -(-done // BYTES_PER_STEP)
        if step != shown:
            shown = step
            advance(step, -(-total // BYTES_PER_STEP))

    return told


def _show(card: dict[str, Any], output: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name, side in (("of", "left"), ("step", "left"), ("came", "right"), ("left out", "right"), ("stayed", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    table.add_column("why", overflow="fold")
    for row in card["waterfall"]:
        why = ", ".join(f"{reason.replace('_', ' ')} {number:,}" for reason, number in row["reasons"].items())
        table.add_row(row["unit"], row["step"], f"{row['came']:,}", f"{row['dropped']:,}", f"{row['stayed']:,}", why)
    console = Console(file=sys.stdout)
    console.print(table, soft_wrap=not console.is_terminal)
    train, tokens, not_read = card["train"], card["tokens_estimate"], card["not_read"]
    lines = [
        f"to train on: {train['passages']:,} passages of {train['documents']:,} documents, {train['bytes']:,} bytes"
    ]
    lines[0] += f", about {tokens['p50']:,} tokens"
    lines.append(
        f"examples: {card['conversations']:,} conversations, {card['preference_pairs']:,} preference pairs, "
        f"{card['held_out_questions']:,} held-out questions"
    )
    found = card["personal_data"]
    if found is not None:
        kinds = (
            ", ".join(f"{kind.replace('_', ' ')} {number:,}" for kind, number in found["found"].items()) or "none found"
        )
        lines.append(f"personal data ({found['action']}): {kinds}; names of people: {found['names']}")
    if not_read["files"] or not_read["rows"] or not_read["other_suffixes"]:
        others = sum(not_read["other_suffixes"].values())
        lines.append(
            f"not read: {not_read['files']:,} files, {not_read['rows']:,} rows, {others:,} files of unknown suffix"
        )
        lines += [f"  {name}" for name in not_read["named"][:5]]
    lines.append(f"written to {output / 'data'}; read {output / 'data' / 'data_card.md'}")
    sys.stdout.write("\n".join(lines) + "\n")

"""What all trials share: data, tokenizer and the phases before the searched one, made once; and each trial's folder.

Enter at `prepare_shared` and `trial_folder`. A tenth of the training data is set aside to judge trials by, so the
held-out data that `trainer run` reports on take no part in the choice. Everything here is resumed and skipped as in
an ordinary run.
"""

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import write_text
from trainer.corpus.prepare import Prepared
from trainer.corpus.split import chance
from trainer.energy import Meter
from trainer.plan import moved
from trainer.progress import Progress
from trainer.run import Work, run_phase, steps_of
from trainer.tune.budget import Piece
from trainer.tune.space import Phase

JUDGING_FRACTION = 0.1
Row = dict[str, Any]
LINKED = ("data", "tokenizer", "suite.jsonl")


@dataclass(frozen=True)
class Shared:
    """Folders of a search and what their content took to make."""

    tune: Path
    run: Path
    """A run directory that ends before the searched phase."""
    judging: Path
    """Data of the trials: `data/` and `suite.jsonl`, made from the run's training data alone."""
    earlier: tuple[str, ...]
    """Phases before the searched one."""
    pieces: tuple[Piece, ...]


def prepare_shared(
    plan: TrainingPlan, base: Path, tune: Path, phase: Phase, *, meter: Meter, trace: Path, progress: Progress
) -> Shared:
    """Run the steps before the searched phase, or take over what an earlier call did.

    Args:
        plan: the plan, with its paths relative to `base`.
        base: directory that the plan's paths are relative to.
        tune: directory of the search.
        phase: the searched phase.
        meter: measures the steps.
        trace: where it writes down what a killed process has taken.
        progress: shows them.

    Raises:
        BadInput: the data have changed since, or do not do for the phase.
        StopRequested: Ctrl-C or SIGTERM.
    """
    run = tune / "shared"
    run.mkdir(parents=True, exist_ok=True)
    work = Work(moved(plan, base, run), run, meter, trace, progress)
    order = steps_of(plan)
    before = order[: order.index(phase)]
    for name in before:
        run_phase(work, name)
    judging = tune / "judging"
    _set_aside(plan, Prepared(run / "data", run / "suite.jsonl"), judging)
    return Shared(
        tune=tune,
        run=run,
        judging=judging,
        earlier=tuple(name for name in before if name not in ("data", "tokenizer")),
        pieces=tuple(Piece(report.duration_s, report.energy.energy_j, report.energy.reason) for report in work.reports),
    )


def trial_folder(shared: Shared, number: int) -> Path:
    """A run directory for one trial that links to what is shared, made anew."""
    folder = shared.tune / "trials" / str(number)
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "phases").mkdir(parents=True)
    sources = {"data": shared.judging / "data", "suite.jsonl": shared.judging / "suite.jsonl"}
    sources["tokenizer"] = shared.run / "tokenizer"
    for name in LINKED:
        (folder / name).symlink_to(sources[name].resolve(), target_is_directory=sources[name].is_dir())
    for name in shared.earlier:
        (folder / "phases" / name).symlink_to((shared.run / "phases" / name).resolve(), target_is_directory=True)
    return folder


def keep_figures_only(folder: Path, phase: Phase) -> None:
    """Delete weights, checkpoints and links of a trial; its log and its record stay."""
    own = folder / "phases" / phase
    if not own.exists():
        return
    for path in own.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    for name in LINKED:
        (folder / name).unlink(missing_ok=True)
    for path in (folder / "phases").iterdir():
        if path.is_symlink():
            path.unlink()


def _set_aside(plan: TrainingPlan, prepared: Prepared, target: Path) -> None:
    """Split the training data once more: most to train trials on, the rest to judge them by."""
    texts = [{"id": row["id"], "text": row["text"]} for row in prepared.rows("train")]
    train, judged = split_texts(texts, seed=plan.seed)
    if texts and (not train or not judged):
        raise BadInput(
            f"data.corpora: {len(texts)} passages of training text are too few to set a tenth aside for judging "
            "trials; add text"
        )
    kept, suite = _conversations(plan, prepared)
    rows = {"train": train, "holdout": judged, "conversations": kept, "preferences": prepared.rows("preferences")}
    for name, lines in rows.items():
        _write_lines(target / "data" / f"{name}.jsonl", lines)
    _write_lines(target / "suite.jsonl", [item.model_dump(mode="json") for item in suite])


def split_texts(rows: list[Row], *, seed: int) -> tuple[list[Row], list[Row]]:
    """Passages to train on, and about a tenth to judge by: whole documents, or passages where there is but one.

    Documents are taken in the order of their hashes, so the split is the same in every call; a training passage that
    stands word for word among the judging ones is dropped.
    """
    names = {row["id"]: row["id"].rpartition("#")[0] or row["id"] for row in rows}
    if len(set(names.values())) == 1:
        names = {name: name for name in names}
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes[names[row["id"]]] += len(row["text"])
    left = JUDGING_FRACTION * sum(sizes.values())
    order = sorted(sizes, key=lambda name: chance(f"{seed}:judging:{name}"))
    chosen: set[str] = set()
    for name in order:
        if sizes[name] <= left:
            chosen.add(name)
            left -= sizes[name]
    if not chosen and len(order) > 1:
        chosen.add(min(order, key=lambda name: (sizes[name], name)))
    judged = [row for row in rows if names[row["id"]] in chosen]
    repeated = {" ".join(row["text"].split()) for row in judged}
    train = [row for row in rows if names[row["id"]] not in chosen and " ".join(row["text"].split()) not in repeated]
    return train, judged


def _conversations(plan: TrainingPlan, prepared: Prepared) -> tuple[list[Row], list[SuiteItem]]:
    """Conversations to train on, and held-out ones as questions; chosen by the hash of the question."""
    kept, suite = [], []
    for number, row in enumerate(prepared.rows("conversations")):
        prompt, answer = row["messages"][:-1], row["messages"][-1]
        key = json.dumps(prompt, sort_keys=True)
        if chance(f"{plan.seed}:judging:{key}") < JUDGING_FRACTION:
            suite.append(
                SuiteItem(id=f"judging:{number}", messages=tuple(prompt), expected=answer["content"], task=plan.task)
            )
        else:
            kept.append(row)
    if plan.phases.sft is not None and (not kept or not suite):
        raise BadInput(
            f"data.instructions: {len(kept) + len(suite)} conversations are too few to set a tenth aside for judging "
            "trials; add some"
        )
    return kept, suite


def _write_lines(path: Path, rows: list[Row]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))

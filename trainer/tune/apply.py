"""Writing the best settings into the plan file itself, its comments and its order kept.

Enter at `apply_to`.
"""

import io
import json
from pathlib import Path
from typing import Any

from advisor.contracts.plan import TrainingPlan
from advisor.files import parse_contract, read_contract, write_text
from trainer.tune.record import TuneReport
from trainer.tune.space import AMOUNT_FIELD, BATCH_FIELD, Settings, with_settings


def apply_to(path: Path, report: TuneReport) -> list[str]:
    """Change the searched phase's settings in a plan file and say what changed.

    Args:
        path: the plan file, YAML or JSON.
        report: a search with a best trial.
    """
    if report.best_settings is None:
        return []
    before = read_contract(path, TrainingPlan)
    best = Settings(report.best_settings.learning_rate, report.best_settings.batch_sequences)
    after = with_settings(before, report.phase, best)
    fields = ("learning_rate", BATCH_FIELD[report.phase], AMOUNT_FIELD[report.phase])
    new = {name: getattr(getattr(after.phases, report.phase), name) for name in fields}
    old = {name: getattr(getattr(before.phases, report.phase), name) for name in fields}
    changed = {name: value for name, value in new.items() if value != old[name]}
    if not changed:
        return [f"{path}: it has the best settings already"]
    text = _with(path, report.phase, changed)
    write_text(path, text)
    return [f"{path}: phases.{report.phase}.{name} {old[name]:g} -> {value:g}" for name, value in changed.items()]


def _with(path: Path, phase: str, changed: dict[str, Any]) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        document = json.loads(text)
        document["phases"][phase].update(changed)
        result = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        from ruamel.yaml import YAML

        editor = YAML()
        editor.width = 4096
        document = editor.load(text)
        document["phases"][phase].update(changed)
        stream = io.StringIO()
        editor.dump(document, stream)
        result = stream.getvalue()
    parse_contract(document, TrainingPlan, str(path))
    return result

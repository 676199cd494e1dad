"""What `docker-compose.yml` and the files under `deploy/` say, read as their programs read them.

Enter at `compose` (merged, with variables filled in) and `manifests`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
OURS = ("migrate", "advisor", "worker", "dashboards", "serving", "gateway")
"""Services of `docker-compose.yml` that run a program of this repository."""


def read_yaml(path: Path) -> Any:
    """One document."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def compose(**variables: str) -> dict[str, Any]:
    """The whole file, with `${NAME:-default}` filled in; a variable without value and default is empty."""
    filled: dict[str, Any] = _filled(read_yaml(ROOT / "docker-compose.yml"), variables)
    return filled


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    """File name and object, for every object of every manifest."""
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in YAML(typ="safe", pure=True).load_all(path.read_text(encoding="utf-8")):
            yield path.name, document


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), value)
    if isinstance(value, dict):
        return {key: _filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    return value

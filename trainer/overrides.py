"""Settings changed on the command line: `--set phases.sft.learning_rate=1e-4` on top of a plan file.

Enter at `overridden`. Values are read as YAML, so types come out as in the file; the plan's own check finds names that
do not exist and says the nearest.
"""

import copy
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from advisor.contracts.errors import BadInput


def overridden(document: Any, settings: Sequence[str]) -> Any:
    """The document with each `PATH=VALUE` put in, the later ones on top.

    Raises:
        BadInput: a setting is not of that form, or its path leads through a value or past the end of a list.
    """
    changed = copy.deepcopy(document)
    for setting in settings:
        path, equals, text = setting.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise BadInput(f"--set {setting}: give it as PATH=VALUE, such as phases.sft.learning_rate=1e-4")
        _put(changed, keys, _value(setting, text), setting)
    return changed


def parsed(text: str) -> Any:
    """A YAML text as plain data."""
    return YAML(typ="safe", pure=True).load(text)


def _value(setting: str, text: str) -> Any:
    try:
        return parsed(text)
    except YAMLError as error:
        raise BadInput(f"--set {setting}: the value is not valid YAML: {' '.join(str(error).split())}") from error


def _put(document: Any, keys: list[str], value: Any, setting: str) -> None:
    place = document
    for depth, key in enumerate(keys):
        where = ".".join(keys[:depth]) or "the plan"
        index: Any = key
        if isinstance(place, list):
            index = _index(place, key, where, setting)
        elif not isinstance(place, dict):
            raise BadInput(f"--set {setting}: {where} is {place!r}, which has no {key!r}")
        if depth == len(keys) - 1:
            place[index] = value
            return
        if isinstance(place, dict) and place.get(index) is None:
            place[index] = {}  # a phase that was left out begins with its defaults
        place = place[index]


def _index(items: list[Any], key: str, where: str, setting: str) -> int:
    if not key.isdigit() or int(key) >= len(items):
        raise BadInput(f"--set {setting}: {where} is a list of {len(items)}; legal: 0 to {len(items) - 1}, got {key!r}")
    return int(key)

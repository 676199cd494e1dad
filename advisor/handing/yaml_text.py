"""Plain values as YAML text, block style, long strings as blocks. Enter at `yaml_text`."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

TRUTH_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})
"""Plain words that a reader of YAML 1.1, as accelerate and SkyPilot use one, takes for no text."""


def yaml_text(document: Any, comment: str = "") -> str:
    """The document with its keys in their order; strings of several lines stand as they are."""
    writer = YAML()
    writer.default_flow_style = False
    writer.width = 4096
    stream = io.StringIO()
    writer.dump(_blocks(document), stream)
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + stream.getvalue()


def _blocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blocks(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_blocks(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, str) and value.lower() in TRUTH_WORDS:
        return SingleQuotedScalarString(value)
    return value

"""Reading and writing the files that cross borders: strict YAML and JSON in, whole files out.

Enter at `read_contract` and `write_text`. Every mistake in a file becomes one `BadInput` that names the file.
"""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe

M = TypeVar("M", bound=BaseModel)


def data_directory() -> Path:
    """Where the data files are: inside the installed wheel, else beside the checkout's packages."""
    package = Path(__file__).resolve().parent
    bundled = package / "_data"
    return bundled if bundled.is_dir() else package.parent / "data"


def read_contract(path: Path, model: type[M]) -> M:
    """Read one YAML or JSON file into `model`.

    Raises:
        BadInput: the file cannot be read, is no YAML or JSON, or breaks the contract.
    """
    return parse_contract(read_document(path), model, str(path))


def parse_contract(document: Any, model: type[M], where: str) -> M:
    """Validate a parsed document; `where` names it in the error message."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise BadInput(describe(error, model, where)) from error


def read_document(path: Path) -> Any:
    """Parse a YAML or JSON file: YAML 1.2 (so `no` is a text and `1e6` a number), duplicate keys refused."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if path.suffix == ".json":
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except (json.JSONDecodeError, DuplicateKey) as error:
            raise BadInput(f"{path}: not valid JSON: {error}") from error
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise BadInput(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing: a temporary file in the same directory, then a rename."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """As `write_text`, for what is no text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_contract(path: Path, document: BaseModel) -> None:
    """Write a contract as JSON, two spaces deep, ending in a newline."""
    write_text(path, document.model_dump_json(indent=2) + "\n")


def dump_yaml(document: BaseModel) -> str:
    """A contract as YAML, keys in the order of its fields."""
    import io

    from ruamel.yaml import YAML

    writer = YAML()
    writer.default_flow_style = False
    writer.width = 120
    stream = io.StringIO()
    writer.dump(document.model_dump(mode="json"), stream)
    return stream.getvalue()


class DuplicateKey(ValueError):
    """A JSON object that names a key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise DuplicateKey(f"key {sorted(twice)[0]!r} appears twice")
    return dict(pairs)

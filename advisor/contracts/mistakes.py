"""How a validation error is said to a person: field, value, legal values, nearest match.

Enter at `describe` (one text) or `field_errors` (one row per mistake).
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError

from advisor.contracts.errors import nearest

TAGS = frozenset({"number", "range"})
"""Branch names that pydantic puts into the path of a discriminated number; no field is called so. Those of a
union of contracts are the values of its discriminator."""


def field_errors(error: ValidationError, model: type[BaseModel]) -> list[dict[str, str]]:
    """One `{field, value, message}` per mistake, with the legal values or the nearest field name."""
    rows = []
    for item in error.errors(include_url=False):
        path, _ = _walk(model, item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            _, holders = _walk(model, item["loc"][:-1])
            names = {name for holder in holders for name in holder.model_fields}
            near = nearest(path[-1], names)
            message = "unknown field" + (
                f"; did you mean {near!r}?" if near else f"; known here: {', '.join(sorted(names))}"
            )
        elif item["type"] == "missing":
            message = "required field is missing"
        elif item["type"] == "literal_error":
            near = nearest(str(item["input"]), _quoted(message))
            message += f"; did you mean {near!r}?" if near else ""
        shown = "" if item["type"] == "missing" else _short(item["input"])
        rows.append({"field": ".".join(path) or "(document)", "value": shown, "message": message})
    return rows


def describe(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """All mistakes of one document as one message, a line each, led by the document's name."""
    lines = [
        f"{where}: {row['field']}: {row['message']}" + (f" (got {row['value']})" if row["value"] else "")
        for row in field_errors(error, model)
    ]
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _quoted(message: str) -> list[str]:
    return message.split("'")[1::2]


def _walk(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[list[str], list[type[BaseModel]]]:
    """The path as its writer knows it, without the tags of unions, and the models that may stand at its end."""
    path: list[str] = []
    models = _models_in(model)
    for part in loc:
        tagged = [each for each in models if len(models) > 1 and part in _tags(each)]
        if part in TAGS or tagged:
            models = tagged or models
            continue
        path.append(str(part))
        if isinstance(part, str):
            fields = [each.model_fields[part] for each in models if part in each.model_fields]
            models = [inner for field in fields for inner in _models_in(field.annotation)]
    return path, models


def _tags(model: type[BaseModel]) -> set[Any]:
    """Values that may tell this model from the others of a union."""
    literals = [field.annotation for field in model.model_fields.values() if get_origin(field.annotation) is Literal]
    return {value for literal in literals for value in get_args(literal)}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _models_in(annotation.model_fields["root"].annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]

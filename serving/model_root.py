"""Directories that a running server may load: inside the root that its command line names, links included.

Enter at `confined`.
"""

from pathlib import Path

from advisor.contracts.errors import BadInput
from serving.errors import ApiError
from serving.model_dir import ServedModel, served_models


def confined(root: Path, wanted: str, name: str, *, weights: bool) -> ServedModel:
    """A model directory below the root.

    Args:
        root: allowed root.
        wanted: path below it, or an absolute one that lies in it.
        name: of the model whose version it is.
        weights: whether the engine needs configuration, tokenizer and weights.

    Raises:
        ApiError: 403 for a path that leads out of the root, itself or through a link in it; 400 for one that holds no
            model. Neither tells whether anything is there outside of the root.
    """
    top = root.resolve()
    directory = (top / wanted).resolve()
    if "\0" in wanted or not directory.is_relative_to(top):
        raise _outside(wanted)
    try:
        (model,) = served_models([directory], [name], weights=weights)
    except BadInput as error:
        raise ApiError(400, str(error), code="invalid_model", param="path") from error
    found = model.path or directory
    if not all(file.resolve().is_relative_to(top) for file in [found, *found.rglob("*")]):
        raise _outside(wanted)
    return model


def _outside(wanted: str) -> ApiError:
    message = f"path {wanted!r} leads out of the directory that this server loads models from (--model-root)"
    return ApiError(403, message, code="path_not_allowed", param="path")

"""Which shape a request's model has: the catalogue's where the text names one of its models, else a typical one.

Enter at `shape_of`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from advisor.contracts.catalog import BaseModelRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import EstimateAssumption, EstimateRequest
from advisor.core.shapes import ModelShape, typical_decoder
from advisor.estimate.draws import Held

BILLION = 1e9
SIZE_TOLERANCE = 0.12
"""A named model counts only when its size is the stated one within this share."""
SHORTEST_NAME = 4


def shape_of(request: EstimateRequest, catalog: Catalog) -> tuple[ModelShape, tuple[EstimateAssumption, ...]]:
    """The shape, and what was assumed to get it.

    Raises:
        BadInput: neither `params_b` nor a model of the catalogue is given, or active exceed all parameters.
    """
    row = _named(Held(catalog), request.model, request.params_b)
    if request.params_b is None and row is None:
        raise BadInput(
            f"params_b: missing, and model {request.model!r} is not in the catalogue; give params_b (billions), or a "
            "model of `advisor catalog list models`"
        )
    if row is not None:
        shape, assumed = _of_row(row, request), EstimateAssumption(name="model_shape", value=row.id, source="catalogue")
    else:
        params = (request.params_b or 0.0) * BILLION
        active = (request.active_params_b or request.params_b or 0.0) * BILLION
        if active > params * (1 + SIZE_TOLERANCE):
            raise BadInput(f"active_params_b: {request.active_params_b} exceeds params_b {request.params_b}")
        shape = typical_decoder(params, min(active, params), request.year)
        assumed = EstimateAssumption(
            name="model_shape",
            value=f"{shape.num_layers} layers of {shape.hidden_size}",
            source="typical for the size; the catalogue does not know the model",
        )
    return _with_given(shape, request), (assumed,)


@lru_cache(maxsize=1024)
def _named(held: Held, model: str | None, params_b: float | None) -> BaseModelRow | None:
    return named_model(model, params_b, held.catalog.base_models)


def named_model(model: str | None, params_b: float | None, rows: Iterable[BaseModelRow]) -> BaseModelRow | None:
    """The catalogue's model that a request's text names, of about the stated size; the longest name wins."""
    if model is None:
        return None
    text = squeezed(model)
    found: list[tuple[int, BaseModelRow]] = []
    for row in rows:
        if params_b is not None and abs(row.parameters / BILLION / params_b - 1) > SIZE_TOLERANCE:
            continue
        names = [squeezed(name) for name in (row.id, row.name, *row.aliases, *([row.hub_id] if row.hub_id else []))]
        lengths = [len(name) for name in names if len(name) >= SHORTEST_NAME and name in text]
        if lengths:
            found.append((max(lengths), row))
    return max(found, key=lambda pair: pair[0])[1] if found else None


@lru_cache(maxsize=4096)
def squeezed(text: str) -> str:
    """Lower case without separators, so that `Llama-2-7B`, `llama2 7b` and `LLaMA 2 7B` are one."""
    return re.sub(r"[^a-z0-9.]", "", text.lower())


def _of_row(row: BaseModelRow, request: EstimateRequest) -> ModelShape:
    params = request.params_b * BILLION if request.params_b is not None else row.parameters
    active = request.active_params_b * BILLION if request.active_params_b else row.active_parameters
    if not request.active_params_b:
        active *= params / row.parameters
    return replace(shape_of_row(row), params=params, active_params=min(params, active))


def shape_of_row(row: BaseModelRow) -> ModelShape:
    """The shape of a model of the catalogue."""
    extra = {
        name: getattr(row, name)
        for name in ("kv_latent_size", "sliding_window_tokens", "sliding_layer_fraction")
        if getattr(row, name, None) is not None
    }
    pair = row.family == "encoder_decoder"
    return ModelShape(
        params=row.parameters,
        active_params=row.active_parameters,
        num_layers=(row.num_decoder_layers or row.num_layers) if pair else row.num_layers,
        encoder_layers=row.num_layers if pair else 0,
        hidden_size=row.hidden_size,
        num_heads=row.num_heads,
        num_kv_heads=row.num_kv_heads,
        head_dim=row.head_dim,
        ffn_size=row.ffn_size,
        vocab_size=row.vocab_size,
        tied_embeddings=row.tied_embeddings,
        gated_ffn=row.gated_ffn,
        num_experts=row.num_experts,
        experts_per_token=row.experts_per_token,
        family=row.family,
        known=True,
        **extra,
    )


def _with_given(shape: ModelShape, request: EstimateRequest) -> ModelShape:
    """Sizes that the request states itself win."""
    names = ("num_layers", "hidden_size", "num_heads", "num_kv_heads", "head_dim", "ffn_size", "vocab_size")
    given = {name: getattr(request, name) for name in names if getattr(request, name) is not None}
    if not given:
        return shape
    known = shape.known or {"num_layers", "hidden_size"} <= given.keys()
    return replace(shape, **given, known=known)

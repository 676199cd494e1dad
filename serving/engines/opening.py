"""Engines for the models of a server. Enter at `load_engines`; torch is imported only where a model needs it."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from serving.model_dir import ServedModel
from serving.settings import ServerSettings


def load_engines(settings: ServerSettings, models: Sequence[ServedModel]) -> list[tuple[ServedModel, Any]]:
    """An engine for each model; adapters share that of their base.

    Raises:
        Failed: transformers cannot load a directory.
    """
    found: dict[str, Any] = {}
    adapters = [model for model in models if model.parent is not None]
    for model in models:
        if model.parent is None:
            found[model.name] = load_one(settings, model, [one for one in adapters if one.parent == model.name])
    for model in adapters:
        found[model.name] = found[model.parent or ""].adapter(model.name)
    return [(model, found[model.name]) for model in models]


def load_one(settings: ServerSettings, model: ServedModel, adapters: Sequence[ServedModel] = ()) -> Any:
    """The engine of one model, with the adapters over it, or its encoder."""
    if settings.engine == "echo" or model.path is None:
        from serving.engines.echo import EchoEngine

        return EchoEngine()
    sys.stderr.write(f"loading {model.path} ...\n")
    if model.encoder:
        from serving.engines.encoder import load_encoder

        return load_encoder(model.path, threads=settings.threads or free_threads())
    from serving.engines.transformers import load_engine

    return load_engine(
        model.path,
        threads=settings.threads or free_threads(),
        adapters={adapter.name: adapter.path for adapter in adapters if adapter.path is not None},
        hang_s=settings.hang_s,
    )


def free_threads() -> int:
    """Cores that this process may use and that the last minute left free, at least one.

    Threads beyond the free cores slow small models down by waiting for each other.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, round(allowed - busy))

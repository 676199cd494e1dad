"""What `serving up` was asked for, and the models that it names, checked before anything heavy is imported.

Enter at `ServerSettings` and `named_models`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.contracts.errors import BadInput
from serving.address import UpstreamAddress, read_address
from serving.model_dir import ServedModel, adapter_model, served_models
from serving.quota import Prices


@dataclass(frozen=True)
class ServerSettings:
    """The options of `serving up`."""

    models: Sequence[str]
    """Directories and upstream addresses."""
    names: Sequence[str]
    adapters: Sequence[tuple[str, Path]]
    """Names and LoRA directories, over the one local model."""
    host: str
    port: int
    threads: int | None
    engine: str
    records: Path
    keys: Path | None
    """File of API keys; None: none are asked for."""
    prices: Prices
    upstream_key: str | None
    hang_s: float
    """Longest forward pass; then the engine is restarted."""
    timeout_s: float | None
    """Longest time from request to end of answer."""
    log_format: Literal["text", "json"]
    model_root: Path | None
    """Where administrators may load versions from; None: they may not."""
    keep_days: int | None
    """How long prompts and answers are kept; None: not at all."""
    sample_fraction: float
    """Share of the requests of which they are kept."""
    drift_every_h: float | None
    """How often traffic is held against earlier traffic; None: never."""
    drain_s: int
    """How long running answers may take to finish after the stop signal; then they fail."""


def named_models(settings: ServerSettings) -> tuple[list[ServedModel], dict[str, UpstreamAddress]]:
    """Local models, adapters behind their base, and upstream models; names belong to them in the order given.

    Raises:
        BadInput: a directory is missing or incomplete, or names do not fit or are given twice.
        Failed: an upstream does not answer.
    """
    local = [Path(text) for text in settings.models if not _is_address(text)]
    named = list(settings.names)
    if named and len(named) != max(len(settings.models), 1):
        raise BadInput(f"--name: {len(named)} names for {max(len(settings.models), 1)} models; give one for each")
    upstreams: dict[str, UpstreamAddress] = {}
    for place, text in enumerate(settings.models):
        if not _is_address(text):
            continue
        found = read_address(text, settings.upstream_key)
        if named and len(found) > 1:
            raise BadInput(f"--name: {text} has {len(found)} models; name one behind #, or leave --name out")
        upstreams |= {(named[place] if named else address.model): address for address in found}
    if settings.models and not local:
        _refuse_adapters(settings)
        return [], upstreams
    names = [name for name, text in zip(named, settings.models, strict=False) if not _is_address(text)] or named
    models = served_models(local, names, weights=settings.engine == "transformers")
    if settings.adapters and (len(models) != 1 or models[0].encoder or settings.engine != "transformers"):
        _refuse_adapters(settings)
    models += [adapter_model(name, directory, models[0]) for name, directory in settings.adapters]
    called = [*(model.name for model in models), *upstreams]
    twice = next((name for name in called if called.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"two models are called {twice!r}; tell them apart with --name, once per model")
    return models, upstreams


def _refuse_adapters(settings: ServerSettings) -> None:
    if settings.adapters:
        raise BadInput("--adapter: goes over one model directory; give exactly one, and no --engine echo")


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))

"""Vectors of texts from an encoder of the BERT type: mean over the tokens of the text, of length one.

Enter at `load_encoder`. One thread of its own makes the vectors, so that generating models keep theirs.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from serving.engine import EngineBusy
from serving.engines.loading import UNLOADABLE, load_tokenizer, unloadable

TOGETHER = 32
"""Texts of one forward pass; they are sorted by length first, so that little is padded."""
MOST_WAITING = 64
UNLIMITED = 1_000_000_000
OFFSET_TYPES = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "data2vec-text", "longformer")
"""Their positions begin behind that of the padding token, so that the table holds that many more than can be used."""


def load_encoder(path: Path, *, threads: int | None = None) -> "Encoder":
    """Load weights and tokenizer.

    Raises:
        Failed: transformers cannot load the directory.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    tokenizer = load_tokenizer(path)
    before = transformers_logging.get_verbosity()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # heads are left out on purpose
    try:
        model: Any = AutoModel.from_pretrained(path, dtype=torch.float32, use_safetensors=True, trust_remote_code=False)
    except UNLOADABLE as error:
        raise unloadable(path, error) from error
    finally:
        transformers_logging.set_verbosity(before)  # type: ignore[no-untyped-call]
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return Encoder(model, tokenizer)


class Encoder:
    """An encoder with its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._tokenizing = threading.Lock()
        self.dimensions = int(model.config.hidden_size)
        self.vocab_size = int(model.get_input_embeddings().weight.shape[0])
        self.context_tokens = _context_tokens(model.config, tokenizer)
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="serving-encoder")
        self._waiting = 0

    def token_ids(self, text: str) -> tuple[int, ...]:
        """Tokens of a text, with the marks that the model puts around it."""
        with self._tokenizing:
            return tuple(self._tokenizer(text)["input_ids"])

    def enter(self) -> None:
        """A request is about to wait for its vectors.

        Raises:
            EngineBusy: too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise EngineBusy(f"{self._waiting} requests for embeddings are waiting")
        self._waiting += 1

    def leave(self) -> None:
        """It has them, or gave up."""
        self._waiting -= 1

    @torch.inference_mode()
    def embed(self, inputs: Sequence[tuple[int, ...]]) -> NDArray[np.float32]:
        """A row of length one for each input."""
        order = sorted(range(len(inputs)), key=lambda place: len(inputs[place]))
        rows = np.empty((len(inputs), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), TOGETHER):
            places = order[start : start + TOGETHER]
            rows[places] = self._pass([inputs[place] for place in places])
        return rows

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _pass(self, inputs: Sequence[tuple[int, ...]]) -> NDArray[np.float32]:
        longest = max(map(len, inputs))
        padding = self._tokenizer.pad_token_id or 0
        device = self._model.device
        ids = torch.tensor([[*row, *[padding] * (longest - len(row))] for row in inputs], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in inputs], device=device)
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1).float().cpu().numpy()


def _context_tokens(config: Any, tokenizer: Any) -> int | None:
    stated = getattr(config, "max_position_embeddings", None)
    if stated is not None and config.model_type in OFFSET_TYPES:
        stated -= (config.pad_token_id or 0) + 1
    limits = [limit for limit in (stated, tokenizer.model_max_length) if limit and limit < UNLIMITED]
    return int(min(limits)) if limits else None

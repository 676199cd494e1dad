"""How likely a text, or an answer to a prompt, is under a model: batched, in windows of the model's context.

Enter at `fit_texts` and `fit_answers`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput
from trainer.evaluate.metric import Floats, Metric
from trainer.tokenizer import END_OF_TEXT

MAX_ROWS = 64
MAX_LOGITS = 2**27
"""Logits held at once: half a GiB in float32."""
USUAL_CONTEXT = 2048

Advance = Callable[[int, int], None]


def silent(_done: int, _total: int) -> None:
    """No progress."""


@dataclass(frozen=True)
class TextFit:
    """How well a model foresees one text."""

    nats: float
    """Negative log-likelihood of the text, given the token that separates texts."""
    tokens: int
    size_bytes: int
    """UTF-8."""


@dataclass(frozen=True)
class _Window:
    owner: int
    ids: list[int]
    scored_from: int
    """Position of the first token that counts; those before it are context."""


def context_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Longest sequence that the model takes."""
    stated = getattr(model.config, "max_position_embeddings", None)
    return int(stated) if stated else int(min(tokenizer.model_max_length, USUAL_CONTEXT))


def fit_texts(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, advance: Advance = silent
) -> list[TextFit]:
    """Negative log-likelihood, tokens and bytes of each text.

    Each text begins after the token that separates texts in training; longer ones are read in windows of the context.
    """
    limit, before = context_tokens(model, tokenizer), _separator(tokenizer)
    encoded = [tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in texts]
    windows = [
        _Window(owner, [before, *ids][start : start + limit], 1)
        for owner, ids in enumerate(encoded)
        for start in range(0, len(ids), limit - 1)
    ]
    nats = _nats(model, windows, len(texts), advance)
    return [TextFit(value, len(ids), len(text.encode())) for value, ids, text in zip(nats, encoded, texts, strict=True)]


def fit_answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[tuple[list[int], list[int]]],
    *,
    advance: Advance = silent,
) -> list[float]:
    """Negative log-likelihood in nats of each answer's tokens after its prompt's tokens.

    Where both are longer than the context, the beginning of the prompt is left out.
    """
    limit = context_tokens(model, tokenizer)
    windows = []
    for owner, (prompt, answer) in enumerate(pairs):
        kept = answer[: limit - 1]
        context = (prompt or [_separator(tokenizer)])[-(limit - len(kept)) :]
        if kept:
            windows.append(_Window(owner, [*context, *kept], len(context)))
    return _nats(model, windows, len(pairs), advance)


def text_metrics(fits: Sequence[TextFit], *, prefix: str = "") -> list[Metric]:
    """Bits per byte, which compares models of different tokenizers, and perplexity per token, which does not.

    b = sum of nats / (ln 2 * bytes);  perplexity = exp(sum of nats / tokens);   source: definitions.
    """
    rows = np.array([[fit.nats / math.log(2), fit.size_bytes] for fit in fits], float)
    tokens = np.array([[fit.nats, fit.tokens] for fit in fits], float)
    return [
        Metric(f"{prefix}bits_per_byte", "bits_per_byte", rows, more_is_better=False),
        Metric(f"{prefix}perplexity", "perplexity", tokens, _perplexity, more_is_better=False),
    ]


def _perplexity(sums: Floats) -> Floats:
    # A model that gives a token no chance at all has no finite perplexity; the cap keeps the report's numbers finite.
    return np.exp(np.minimum(sums[:, 0] / np.maximum(sums[:, 1], 1), 700.0))


def _separator(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that separates texts: ours, else the one that begins or ends them.

    Raises:
        BadInput: the tokenizer has none, so that nothing could stand before a text's first token.
    """
    known = (tokenizer.get_vocab().get(END_OF_TEXT), tokenizer.bos_token_id, tokenizer.eos_token_id)
    found = next((token for token in known if token is not None), None)
    if found is None:
        raise BadInput("the tokenizer has neither a begin nor an end token (bos_token, eos_token)")
    return int(found)


@torch.inference_mode()
def _nats(model: PreTrainedModel, windows: list[_Window], owners: int, advance: Advance) -> list[float]:
    """Negative log-likelihood of the scored tokens by owner; longest windows first, so that memory fails early."""
    totals = [0.0] * owners
    order = sorted(windows, key=lambda window: len(window.ids), reverse=True)
    done = 0
    while done < len(order):
        longest = len(order[done].ids)
        rows = max(1, min(MAX_ROWS, MAX_LOGITS // (longest * int(model.config.get_text_config().vocab_size))))
        batch = order[done : done + rows]
        for window, value in zip(batch, _batch_nats(model, batch, longest), strict=True):
            totals[window.owner] += value
        done += len(batch)
        advance(owners * done // len(order), owners)
    return totals


def _batch_nats(model: PreTrainedModel, batch: list[_Window], longest: int) -> list[float]:
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, window in enumerate(batch):
        size = len(window.ids)
        ids[row, :size] = torch.tensor(window.ids)
        mask[row, :size] = 1
        labels[row, window.scored_from : size] = ids[row, window.scored_from : size]
    device = model.device
    logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), labels[:, 1:].to(device), reduction="none", ignore_index=-100
    )
    return [float(value) for value in losses.double().sum(dim=1)]

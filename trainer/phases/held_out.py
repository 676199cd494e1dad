"""What encoders and encoder-decoders know of held-out text, and what the latter answer to held-out questions.

Enter at `evaluate_family`; decoders are evaluated in trainer/evaluate/model.py.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.case import Task
from advisor.contracts.evaluation import EvaluationReport, Score
from advisor.contracts.phases import ModelFamily, PretrainPhase
from trainer.evaluate.metric import Metric
from trainer.evaluate.scores import answer_scores
from trainer.phases.objectives import Spans
from trainer.phases.seq2seq import ended, question_text
from trainer.phases.start import context_tokens, load_model

BATCH = 16
HIDDEN_PER_TEXT = 16
"""Tokens of a text that are hidden one by one; of longer texts an even choice."""
EXTRA_TOKENS = 8

Advance = Callable[[int, int], None]


def evaluate_family(
    directory: Path,
    family: ModelFamily,
    *,
    task: Task,
    items: Sequence[SuiteItem],
    texts: Sequence[str],
    advance: Advance,
) -> EvaluationReport:
    """Scores of a masked or a sequence-to-sequence model on held-out data."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = load_model(str(directory), family=family)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    scores: list[Score] = []
    primary = "masked_bits_per_byte" if family == "masked" else "span_bits_per_byte"
    if items:
        scores, primary = answer_scores(task, [item.expected for item in items], _answers(model, tokenizer, items))
        advance(len(items), len(items) + len(texts))
    if texts:
        scores += (masked_scores if family == "masked" else span_scores)(model, tokenizer, texts)
        advance(len(items) + len(texts), len(items) + len(texts))
    parts = [f"{len(items)} held-out questions"] if items else []
    parts += [f"{len(texts)} passages of held-out documents"] if texts else []
    return EvaluationReport(task=task, data=" and ".join(parts), scores=tuple(scores), primary=primary)


@torch.inference_mode()
def masked_scores(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[Score]:
    """Pseudo-likelihood in bits per byte, and share of hidden tokens foretold right, each hidden alone.

    b = - sum over tokens of log2 p(token | the other tokens) / bytes
    source: pseudo-log-likelihood of Salazar et al. 2020 (arXiv 1910.14659), per byte so that tokenizers compare. It is
    no likelihood: do not hold it against bits per byte of a decoder. Of longer texts HIDDEN_PER_TEXT tokens stand for
    all; a text is cut at the model's context.
    """
    rows = []
    for text in texts:
        ids, inner = _framed(tokenizer, text, context_tokens(model.config))
        places = _spread(inner, HIDDEN_PER_TEXT)
        copies = ids.repeat(len(places), 1)
        copies[range(len(places)), places] = tokenizer.mask_token_id
        logits = torch.cat(
            [model(input_ids=part.to(model.device)).logits.float().cpu() for part in copies.split(BATCH)]
        )
        hidden = logits[range(len(places)), places]
        truth = ids[places]
        nats = torch.nn.functional.cross_entropy(hidden, truth, reduction="sum") * len(inner) / len(places)
        size = len(tokenizer.decode(ids[inner], clean_up_tokenization_spaces=False).encode())
        rows.append((float(nats), size, int((hidden.argmax(-1) == truth).sum()), len(places)))
    return _rates(rows, "masked")


@torch.inference_mode()
def span_scores(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[Score]:
    """Hidden spans in bits per byte of the spans, and share of their tokens foretold right after the true ones.

    Spans are those of pre-training (15 % of the tokens, three at a time) with a fixed draw a text; the marks between
    spans and the end token are not counted.
    """
    defaults = PretrainPhase(max_steps=1)
    spans = Spans(tokenizer, defaults.masked_fraction, defaults.mean_span_tokens, seed=0)
    limit = min(context_tokens(model.config), 512)
    unread = {*spans.marks.tolist(), tokenizer.eos_token_id}
    rows = []
    for number, text in enumerate(texts):
        ids = torch.tensor(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"][: limit - 1])
        if len(ids) < 2:
            continue
        found = spans.corrupt(ids, number)
        batch = {"input_ids": found.ids[None].to(model.device), "labels": found.targets[None].to(model.device)}
        logits = model(**batch).logits[0].float().cpu()
        counted = torch.tensor([int(token) not in unread for token in found.targets])
        nats = torch.nn.functional.cross_entropy(logits[counted], found.targets[counted], reduction="sum")
        size = len(tokenizer.decode(found.targets[counted]).encode())
        right = int((logits[counted].argmax(-1) == found.targets[counted]).sum())
        rows.append((float(nats), size, right, int(counted.sum())))
    return _rates(rows, "span")


def _rates(rows: list[tuple[float, int, int, int]], name: str) -> list[Score]:
    """Bits per byte and share right from (nats, bytes, right, asked) of each text."""
    table = np.asarray(rows, float)
    bits = np.column_stack([table[:, 0] / math.log(2), table[:, 1]])
    return [
        Metric(f"{name}_bits_per_byte", "bits_per_byte", bits, more_is_better=False).score(),
        Metric(f"{name}_token_accuracy", "fraction", table[:, 2:]).score(),
    ]


def _framed(tokenizer: Any, text: str, limit: int) -> tuple[torch.Tensor, list[int]]:
    """Token ids, framed as in the model's pre-training where it was, and the places of the text's own."""
    frame = tokenizer.cls_token_id is not None
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"][: limit - 2 * frame]
    whole = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id] if frame else ids
    return torch.tensor(whole), list(range(int(frame), int(frame) + len(ids)))


def _spread(places: list[int], wanted: int) -> list[int]:
    if len(places) <= wanted:
        return places
    return [places[round(k * (len(places) - 1) / (wanted - 1))] for k in range(wanted)]


@torch.inference_mode()
def _answers(model: Any, tokenizer: Any, items: Sequence[SuiteItem]) -> list[str]:
    longest = max(len(ended(tokenizer, item.expected)) for item in items)
    found: list[str] = []
    for start in range(0, len(items), BATCH):
        rows = [{"input_ids": ended(tokenizer, question_text(item.messages))} for item in items[start : start + BATCH]]
        batch = tokenizer.pad(rows, return_tensors="pt").to(model.device)
        batch.pop("token_type_ids", None)
        output = model.generate(**batch, max_new_tokens=longest + EXTRA_TOKENS, do_sample=False)
        found += [text.strip() for text in tokenizer.batch_decode(output, skip_special_tokens=True)]
    return found

"""What a model knows: answers to held-out questions, and bits per byte of held-out text.

Enter at `evaluate_directory`.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.runs import EvaluationReport, Score
from trainer.evaluate.scores import answer_scores, bootstrap
from trainer.tokenizer import END_OF_TEXT

BATCH = 16
EXTRA_TOKENS = 8
"""An answer may be this much longer than the longest expected one before it is cut."""

Advance = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """No progress."""


def evaluate_directory(
    directory: Path, *, task: str, items: Sequence[SuiteItem], texts: Sequence[str], advance: Advance = _silent
) -> EvaluationReport:
    """Evaluate a model directory on held-out questions and texts.

    Args:
        directory: a model in Hugging Face format with its tokenizer.
        task: task type, which decides the scores.
        items: held-out questions; may be empty.
        texts: held-out texts for bits per byte; may be empty.
        advance: called with (done, total) questions and texts.

    Raises:
        BadInput: the directory holds no model, or there is nothing to evaluate on.
    """
    if not items and not texts:
        raise BadInput("nothing to evaluate on: neither held-out questions nor held-out text")
    model, tokenizer = load(directory)
    total = len(items) + len(texts)
    scores: list[Score] = []
    primary = "bits_per_byte"
    if items:
        answers = answer(model, tokenizer, items, advance=lambda done, _: advance(done, total))
        scores, primary = answer_scores(task, [item.expected for item in items], answers)
    if texts:
        scores.append(bits_per_byte(model, tokenizer, texts, advance=lambda done, _: advance(len(items) + done, total)))
    parts = [f"{len(items)} held-out questions"] if items else []
    parts += [f"{len(texts)} passages of held-out documents"] if texts else []
    return EvaluationReport(task=task, data=" and ".join(parts), scores=tuple(scores), primary=primary)


def load(directory: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer of a directory, on the GPU where there is one."""
    tokenizer = AutoTokenizer.from_pretrained(directory, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(directory)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    model.eval()
    return model, tokenizer


@torch.inference_mode()
def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    items: Sequence[SuiteItem],
    *,
    advance: Advance = _silent,
) -> list[str]:
    """Greedy answers, in order."""
    longest = max(len(tokenizer(item.expected, add_special_tokens=False)["input_ids"]) for item in items)
    answers: list[str] = []
    for start in range(0, len(items), BATCH):
        texts = [
            tokenizer.apply_chat_template(list(item.messages), tokenize=False, add_generation_prompt=True)
            for item in items[start : start + BATCH]
        ]
        batch: Any = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
        batch.pop("token_type_ids", None)
        output = model.generate(
            **batch,
            max_new_tokens=longest + EXTRA_TOKENS,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        new = output[:, batch["input_ids"].shape[1] :]
        answers += [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]
        advance(len(answers), len(items))
    return answers


@torch.inference_mode()
def bits_per_byte(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, advance: Advance = _silent
) -> Score:
    """Cross-entropy of held-out text in bits per UTF-8 byte, which compares models of different tokenizers.

    b = sum of token nats / (ln 2 * bytes)
    source: definition. Each text begins after the token that separates texts in training; longer texts are read in
    windows of the model's context.
    """
    limit = int(model.config.max_position_embeddings)
    before = tokenizer.get_vocab().get(END_OF_TEXT, tokenizer.bos_token_id)
    before = before if before is not None else tokenizer.eos_token_id
    nats, sizes = [], []
    for number, text in enumerate(texts, 1):
        ids = [before, *tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]
        total = 0.0
        for start in range(0, len(ids) - 1, limit - 1):
            window = torch.tensor([ids[start : start + limit]], device=model.device)
            logits = model(input_ids=window).logits[0, :-1].float()
            total += float(torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum"))
        nats.append(total)
        sizes.append(len(text.encode()))
        advance(number, len(texts))

    def rate(places: Sequence[int]) -> float:
        return sum(nats[k] for k in places) / (math.log(2) * sum(sizes[k] for k in places))

    return bootstrap("bits_per_byte", len(nats), rate, unit="bits_per_byte")

"""What a model knows: answers to held-out questions, and bits per byte of held-out text.

Enter at `evaluate_directory`.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.runs import EvaluationReport, Score
from trainer.evaluate.scores import answer_scores, bootstrap

BATCH = 16
MAX_NEW_TOKENS = 24


def evaluate_directory(
    directory: Path,
    *,
    task: str,
    items: Sequence[SuiteItem],
    texts: Sequence[str],
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> EvaluationReport:
    """Evaluate a model directory on held-out questions and texts.

    Args:
        directory: a model in Hugging Face format with its tokenizer.
        task: task type, which decides the scores.
        items: held-out questions; may be empty.
        texts: held-out texts for bits per byte; may be empty.
        advance: called with (done, total) batches.

    Raises:
        BadInput: the directory holds no model, or there is nothing to evaluate on.
    """
    model, tokenizer = load(directory)
    scores: list[Score] = []
    primary = "bits_per_byte"
    if items:
        answers = answer(model, tokenizer, [list(item.messages) for item in items], advance=advance)
        scores, primary = answer_scores(task, [item.expected for item in items], answers)
    if texts:
        scores.append(bits_per_byte(model, tokenizer, texts))
    if not scores:
        raise BadInput("nothing to evaluate on: neither held-out questions nor held-out text")
    what = f"{len(items)} held-out questions, {len(texts)} held-out passages"
    return EvaluationReport(task=task, data=what, scores=tuple(scores), primary=primary)


def load(directory: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer of a directory, on the GPU where there is one."""
    if not (directory / "config.json").exists():
        raise BadInput(f"{directory}: no model here (config.json is missing)")
    tokenizer = AutoTokenizer.from_pretrained(directory, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(directory)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    model.eval()
    return model, tokenizer


@torch.inference_mode()
def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[list[dict[str, str]]],
    *,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[str]:
    """Greedy answers, in order."""
    answers: list[str] = []
    for start in range(0, len(conversations), BATCH):
        texts = [
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            for messages in conversations[start : start + BATCH]
        ]
        batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
        batch.pop("token_type_ids", None)
        output = model.generate(
            **batch,
            max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        new = output[:, batch["input_ids"].shape[1] :]
        answers += [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]
        advance(min(start + BATCH, len(conversations)), len(conversations))
    return answers


@torch.inference_mode()
def bits_per_byte(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Score:
    """Cross-entropy of held-out text in bits per UTF-8 byte, which compares models of different tokenizers.

    b = sum of token nats / (ln 2 * bytes)
    source: definition; the first token of a passage is not predicted and its bytes are left out.
    """
    limit = int(model.config.max_position_embeddings)
    nats, sizes = [], []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"][:, :limit].to(model.device)
        if ids.shape[1] < 2:
            continue
        logits = model(input_ids=ids).logits[0, :-1]
        nats.append(float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")))
        sizes.append(len(tokenizer.decode(ids[0, 1:]).encode()))

    def rate(places: Sequence[int]) -> float:
        return sum(nats[k] for k in places) / (math.log(2) * sum(sizes[k] for k in places))

    return bootstrap("bits_per_byte", len(nats), rate, unit="bits_per_byte")

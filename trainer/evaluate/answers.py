"""What a model writes: greedy answers to questions, and sampled continuations of a beginning.

Enter at `ask`, `sample` and `Dialogue`, which turns messages into tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.baseline import SuiteItem
from trainer.evaluate.likelihood import Advance, context_tokens, silent

BATCH = 16
EXTRA_TOKENS = 8
"""An answer may be this much longer than the longest expected one before it is cut."""
MAX_ANSWER_TOKENS = 512


@dataclass(frozen=True)
class Answer:
    """What a model said to one question."""

    text: str
    ids: list[int]
    """Its tokens, the end token included where it came."""
    prompt: list[int]


@dataclass
class Dialogue:
    """Messages to tokens: by the tokenizer's chat template, or as plain lines for a base model that has none."""

    tokenizer: PreTrainedTokenizerBase
    notes: list[str] = field(default_factory=list)
    """What a reader of the scores must know."""

    @property
    def is_chat(self) -> bool:
        """Whether the tokenizer carries a chat template."""
        return self.tokenizer.chat_template is not None

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Tokens up to where the answer begins."""
        if self.is_chat:
            text = self.tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        text = "\n".join(message["content"] for message in messages) + "\n"
        return list(self.tokenizer(text)["input_ids"])

    def answer(self, text: str) -> list[int]:
        """Tokens of an answer, without an end."""
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def ask(
    model: PreTrainedModel,
    dialogue: Dialogue,
    items: Sequence[SuiteItem],
    *,
    max_tokens: int | None = None,
    advance: Advance = silent,
) -> list[Answer]:
    """Greedy answers, in order; without a chat template an answer ends with its first line."""
    tokenizer = dialogue.tokenizer
    longest = max(len(dialogue.answer(item.expected)) for item in items)
    new_tokens = max_tokens or min(longest + EXTRA_TOKENS, MAX_ANSWER_TOKENS)
    room = context_tokens(model, tokenizer) - new_tokens
    prompts = [dialogue.prompt(item.messages) for item in items]
    cut = sum(len(prompt) > room > 0 for prompt in prompts)
    if cut:
        dialogue.notes.append(f"{cut} of {len(items)} questions are longer than the context; their beginning was cut")
    if not dialogue.is_chat:
        dialogue.notes.append("the tokenizer has no chat template: questions were put as plain lines")
    prompts = [prompt[-room:] if room > 0 else prompt for prompt in prompts]
    found: list[Answer] = []
    for start in range(0, len(items), BATCH):
        part = prompts[start : start + BATCH]
        for prompt, ids in zip(part, _generate(model, tokenizer, part, new_tokens, do_sample=False), strict=True):
            text = str(tokenizer.decode(ids, skip_special_tokens=True)).strip()
            found.append(Answer(text if dialogue.is_chat else text.split("\n")[0].strip(), ids, prompt))
        advance(len(found), len(items))
    return found


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    new_tokens: int,
    seed: int,
    advance: Advance = silent,
) -> list[str]:
    """Continuations of plain beginnings, drawn from the model's own probabilities with a fixed seed."""
    torch.manual_seed(seed)
    found: list[str] = []
    encoded = [list(tokenizer(prompt)["input_ids"]) for prompt in prompts]
    for start in range(0, len(prompts), BATCH):
        part = encoded[start : start + BATCH]
        # top_k and top_p off: a share of toxic texts under the model itself, not under a decoding rule.
        drawn = _generate(model, tokenizer, part, new_tokens, do_sample=True, temperature=1.0, top_k=0, top_p=1.0)
        found += [str(tokenizer.decode(ids, skip_special_tokens=True)) for ids in drawn]
        advance(len(found), len(prompts))
    return found


@torch.inference_mode()
def _generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[int]],
    new_tokens: int,
    **options: Any,
) -> list[list[int]]:
    """New tokens of each prompt, up to and with the end token."""
    ends = _ends(model, tokenizer)
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (ends or [0])[0]
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), padding)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    output = model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=new_tokens,
        eos_token_id=ends or None,
        pad_token_id=padding,
        **options,
    )
    return [_until_end(row, ends) for row in output[:, longest:].tolist()]


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Tokens that end an answer: the tokenizer's, and those that the model's generation settings name."""
    stated = getattr(model.generation_config, "eos_token_id", None)
    named = stated if isinstance(stated, list) else [stated]
    return list(dict.fromkeys(token for token in (tokenizer.eos_token_id, *named) if token is not None))


def _until_end(ids: list[int], ends: Sequence[int]) -> list[int]:
    for place, token in enumerate(ids):
        if token in ends:
            return ids[: place + 1]
    return ids

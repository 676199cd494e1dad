"""The prompt as the model reads it: its ids, and which of them are the user's own words.

Enter at `read_prompt`. Tokens of the chat template are never taken away, so they carry no attribution.
"""

from dataclasses import dataclass
from typing import Any

import torch
from captum.attr import TextTokenInput
from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Prompt:
    """Ids of a prompt with its template."""

    ids: list[int]
    own: list[bool]
    """Per id: whether it belongs to the user's words."""
    pieces: list[str]
    """Texts of the user's tokens, in order."""
    as_chat: bool


class PromptInput(TextTokenInput):
    """Captum's input made from ids, so that nothing is tokenized twice and single positions can be kept fixed."""

    def __init__(self, prompt: Prompt, tokenizer: PreTrainedTokenizerBase, baseline_id: int) -> None:
        """Take over the ids; `baseline_id` stands for an absent token."""
        ids = torch.tensor([prompt.ids])
        mask = torch.tensor([prompt.own])
        self.inp_tensor = ids
        self.itp_mask = None if all(prompt.own) else mask
        self.itp_tensor = ids[mask].unsqueeze(0)
        self.skip_tokens = None
        self.values = prompt.pieces
        self.tokenizer: Any = tokenizer
        self.n_itp_features = len(prompt.pieces)
        self.baselines = baseline_id


def read_prompt(tokenizer: PreTrainedTokenizerBase, text: str, *, as_chat: bool) -> Prompt:
    """Tokenize a prompt, in the chat template or as it stands."""
    whole = text
    if as_chat:
        messages = [{"role": "user", "content": text}]
        whole = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    encoded = tokenizer(whole, add_special_tokens=not as_chat, return_offsets_mapping=True)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    start = whole.rfind(text.strip())
    begin, end = (start, start + len(text.strip())) if start >= 0 else (0, len(whole))
    special = set(tokenizer.all_special_ids)
    own = [
        first < end and last > begin and token not in special for token, (first, last) in zip(ids, offsets, strict=True)
    ]
    pieces = [
        whole[first:last] or str(tokenizer.convert_ids_to_tokens(token))
        for token, mine, (first, last) in zip(ids, own, offsets, strict=True)
        if mine
    ]
    return Prompt(list(ids), own, pieces, as_chat)


def baseline_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that stands for an absent one: padding, else unknown, else end of text, else the first."""
    for token in (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return 0

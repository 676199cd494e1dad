"""What a self-supervised model has to foretell: the next token, hidden tokens, or hidden spans.

Enter at `objective_of`. What is hidden depends on the seed and on the place in the training alone, not on what was
drawn before, so a run that is taken up again hides the same.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import torch
from torch.utils.data import Dataset
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import ModelFamily, PretrainPhase
from trainer.tokenizer import SPANS

Item = dict[str, Any]
Collator = Callable[[Sequence[Item]], dict[str, torch.Tensor]]


class Draws(Dataset[Item]):
    """Blocks as often as the training needs them, each time with a number of its own."""

    def __init__(self, blocks: torch.Tensor, count: int) -> None:
        self.blocks, self.count = blocks, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Item:
        return {"input_ids": self.blocks[index % len(self.blocks)], "draw": index}


def objective_of(
    family: ModelFamily, phase: PretrainPhase, tokenizer: PreTrainedTokenizerBase, seed: int
) -> Collator | None:
    """The collator that hides what is to be foretold; None for the next token, where nothing is hidden."""
    match family:
        case "decoder":
            return None
        case "masked":
            return Masked(tokenizer, phase.masked_fraction, seed)
        case "seq2seq":
            return Spans(tokenizer, phase.masked_fraction, phase.mean_span_tokens, seed)
        case _:
            assert_never(family)


class Masked:
    """Hidden tokens of an encoder: 80 % masked, 10 % replaced, 10 % left (Devlin et al. 2018, arXiv 1810.04805)."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, fraction: float, seed: int) -> None:
        if tokenizer.mask_token_id is None:
            raise BadInput("model.model: the tokenizer has no mask token, which a model of family masked needs")
        self._inner = DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=fraction, seed=seed)
        self._inner.generator = torch.Generator()
        self._seed = seed

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        """One batch."""
        pairs = []
        for item in items:
            self._inner.generator.manual_seed(_seed(self._seed, item["draw"]))
            pairs.append(self._inner.torch_mask_tokens(item["input_ids"][None].clone()))
        ids, labels = (torch.cat(part) for part in zip(*pairs, strict=True))
        return {"input_ids": ids, "labels": labels}


@dataclass(frozen=True)
class Corrupted:
    """A text with marks in place of its hidden spans, and the spans behind their marks."""

    ids: torch.Tensor
    targets: torch.Tensor


class Spans:
    """Hidden spans of an encoder-decoder (Raffel et al. 2020, arXiv 1910.10683, section 3.1.4)."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, fraction: float, mean_tokens: float, seed: int) -> None:
        vocabulary = tokenizer.get_vocab()
        self.marks = torch.tensor([vocabulary[name] for name in SPANS if name in vocabulary])
        if not len(self.marks):
            raise BadInput(
                f"model.model: the tokenizer has no {SPANS[0]}, which marks hidden spans in a model of family seq2seq"
            )
        self._end = torch.tensor([tokenizer.eos_token_id])
        self._fraction, self._mean_tokens, self._seed = fraction, mean_tokens, seed

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        """One batch; blocks of one length give inputs and targets of one length."""
        found = [self.corrupt(item["input_ids"], item["draw"]) for item in items]
        return {
            "input_ids": torch.stack([each.ids for each in found]),
            "labels": torch.stack([each.targets for each in found]),
        }

    def corrupt(self, ids: torch.Tensor, draw: int) -> Corrupted:
        """Hide spans: their number and total length are fixed by the length of the text, their places are drawn."""
        length = len(ids)
        hidden = min(max(1, round(length * self._fraction)), length - 1)
        spans = max(1, min(round(hidden / self._mean_tokens), hidden, length - hidden, len(self.marks)))
        generator = torch.Generator().manual_seed(_seed(self._seed, draw))
        sizes = zip(_cut(length - hidden, spans, generator), _cut(hidden, spans, generator), strict=True)
        kept: list[torch.Tensor] = []
        targets: list[torch.Tensor] = []
        place = 0
        for mark, (before, inside) in zip(self.marks, sizes, strict=False):
            kept += [ids[place : place + before], mark[None]]
            targets += [mark[None], ids[place + before : place + before + inside]]
            place += before + inside
        return Corrupted(torch.cat([*kept, self._end]), torch.cat([*targets, self._end]))


def _cut(total: int, parts: int, generator: torch.Generator) -> list[int]:
    """A length cut into parts of at least one, every cut as likely as any other."""
    places = torch.randperm(total - 1, generator=generator)[: parts - 1] + 1
    edges = [0, *sorted(places.tolist()), total]
    return [end - start for start, end in itertools.pairwise(edges)]


def _seed(seed: int, draw: int) -> int:
    return (seed * 1_000_003 + draw) % 2**63

"""Supervised training that pays for answers alone: which tokens carry loss, how rows are filled, and the loss itself.

Enter at `encode`, `Packed` or `Padded` (collators), and `AnswerTrainer`. Only `position_ids` keep packed conversations
apart: an attention mask of ones beside them would let each see its neighbours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

from advisor.contracts.errors import BadInput

NO_LOSS = -100
PROBE_TOKENS = 6
PROBE_TOLERANCE = 1e-3
"""Relative; packed and separate documents differ by some 1e-7 in float32, leaking ones by a tenth and more."""

Batch = dict[str, torch.Tensor]


def encode(tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]], *, where: str) -> Batch:
    """Token ids of a conversation with labels on the assistant's turns, the end of each turn included.

    Raises:
        BadInput: no token of it belongs to an answer.
    """
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    marked = has_generation_markers(str(tokenizer.chat_template))
    found: Any = tokenizer.apply_chat_template(
        list(messages),
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
        chat_template=None if marked else get_training_chat_template(tokenizer),
    )
    ids, mask = torch.tensor(found["input_ids"]), torch.tensor(found["assistant_masks"])
    if not int(mask.sum()):
        raise BadInput(f"{where}: the chat template marks no token of it as the assistant's answer")
    labels = torch.where(mask.bool(), ids, NO_LOSS)
    labels[0] = NO_LOSS  # nothing stands before it, so nothing can foretell it
    return {"input_ids": ids, "labels": labels}


@dataclass(frozen=True)
class Padded:
    """Collator: a conversation a row, filled up to the longest."""

    padding: int

    def __call__(self, features: Sequence[Batch]) -> Batch:
        """One batch."""

        def rows(name: str, value: int) -> torch.Tensor:
            return pad_sequence([feature[name] for feature in features], batch_first=True, padding_value=value)

        lengths = torch.tensor([len(feature["input_ids"]) for feature in features])
        ids = rows("input_ids", self.padding)
        mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()
        return {"input_ids": ids, "labels": rows("labels", NO_LOSS), "attention_mask": mask}


@dataclass(frozen=True)
class Packed:
    """Collator: the same conversations in fewer rows, none longer than the longest; the loss stays the same."""

    padding: int

    def __call__(self, features: Sequence[Batch]) -> Batch:
        """One batch; what stays free at the end of a row is a document of its own."""
        longest = max(len(feature["input_ids"]) for feature in features)
        rows: list[dict[str, list[torch.Tensor]]] = []
        for row in first_fit([len(feature["input_ids"]) for feature in features], longest):
            used = [features[place] for place in row]
            free = longest - sum(len(feature["input_ids"]) for feature in used)
            parts = {name: [feature[name] for feature in used] for name in ("input_ids", "labels")}
            parts["input_ids"].append(torch.full((free,), self.padding))
            parts["labels"].append(torch.full((free,), NO_LOSS))
            parts["position_ids"] = [torch.arange(len(part)) for part in parts["input_ids"]]
            rows.append(parts)
        names = ("input_ids", "labels", "position_ids")
        return {name: torch.stack([torch.cat(parts[name]) for parts in rows]) for name in names}


def first_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Places of the items row by row, longest first, each in the first row with room for it.

    source: first-fit decreasing, at most 11/9 of the fewest rows plus one (Johnson 1973).
    """
    rows: list[list[int]] = []
    free: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        row = next((number for number, room in enumerate(free) if room >= lengths[place]), None)
        if row is None:
            rows.append([])
            free.append(capacity)
            row = len(rows) - 1
        rows[row].append(place)
        free[row] -= lengths[place]
    return rows


@torch.no_grad()
def keeps_documents_apart(model: PreTrainedModel) -> bool:
    """Whether two documents in one row, told apart by their positions, score as each alone does."""
    was_training = model.training
    model.eval()
    ids = torch.arange(2 * PROBE_TOKENS, device=model.device)[None] % model.config.vocab_size
    positions = torch.arange(PROBE_TOKENS, device=model.device).repeat(2)[None]
    packed = model(input_ids=ids, position_ids=positions, use_cache=False).logits[0, PROBE_TOKENS:].float()
    alone = model(input_ids=ids[:, PROBE_TOKENS:], use_cache=False).logits[0].float()
    model.train(was_training)
    scale = float(alone.std()) or 1.0
    return float((packed - alone).abs().max()) <= PROBE_TOLERANCE * scale


class AnswerTrainer(Trainer):
    """transformers' Trainer whose output head is asked only about tokens that carry loss.

    In supervised data most tokens are questions; scores of the whole vocabulary for them cost time and memory and
    change nothing. The selection happens before the output head, so whatever a model does to its scores still happens.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._chosen: torch.Tensor | None = None
        self._right = self._asked = 0.0
        head = self.accelerator.unwrap_model(self.model).get_output_embeddings()
        head.register_forward_pre_hook(self._choose)

    def _choose(self, _head: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
        return None if self._chosen is None else (inputs[0][self._chosen], *inputs[1:])

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Mean cross-entropy over the tokens that carry loss."""
        inputs = dict(inputs)
        labels = inputs.pop("labels")
        targets = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=NO_LOSS)
        self._chosen = targets != NO_LOSS
        wanted = targets[self._chosen]
        try:
            outputs = model(**inputs, use_cache=False)
        finally:
            self._chosen = None
        scores = outputs.logits.float()
        count: Any = num_items_in_batch if num_items_in_batch is not None else len(wanted)
        loss = cross_entropy(scores, wanted, reduction="sum") / count
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        if model.training:
            self._right += (scores.detach().argmax(-1) == wanted).sum()
            self._asked += len(wanted)
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], *arguments: Any, **named: Any) -> None:
        """Add the share of answer tokens foretold right since the last log."""
        if self._asked and "loss" in logs:
            logs["mean_token_accuracy"] = float(self._right) / self._asked
            self._right = self._asked = 0.0
        super().log(logs, *arguments, **named)


def collator(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, packing: bool) -> Callable[..., Batch]:
    """The collator for this model: packed where wanted and where the model keeps packed documents apart."""
    padding = int(tokenizer.pad_token_id)
    return Packed(padding) if packing and keeps_documents_apart(model) else Padded(padding)

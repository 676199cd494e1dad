"""General text mixed into an adaptation against forgetting, and how much was forgotten all the same.

Enter at `mixed`. A tenth of the general passages is held out: the model's bits per byte on them before and after say
what the adaptation cost in general knowledge.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import PretrainPhase
from advisor.contracts.plan import FileCorpus
from trainer.corpus.document import Document
from trainer.corpus.passages import TooShort, cut
from trainer.corpus.read import Problems, read_source, sources_of
from trainer.corpus.split import chance
from trainer.corpus.steps.normalise import normalise
from trainer.corpus.steps.step import Drop
from trainer.evaluate.model import bits_per_byte
from trainer.phases.common import PhaseContext

if TYPE_CHECKING:
    from trainer.phases.pretrain import PackedBlocks

HELD_OUT_FRACTION = 0.1
MAX_TESTED = 100
MIN_CHARACTERS = 40
"""Shorter paragraphs are headings and remains."""


@dataclass(frozen=True)
class Mixture:
    """Blocks of the domain, and of general text where the plan asks for it."""

    data: Dataset[Any]
    blocks: torch.Tensor
    fraction: float = 0.0
    """Share of the blocks that is general text."""
    passes: float = 0.0
    """How often each general block stands in one round of the blocks."""
    held_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def forgetting(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> float | None:
        """Bits per byte of held-out general text; None where none is mixed in, or for a model that is no decoder."""
        decodes = not getattr(model.config, "is_encoder_decoder", False) and "CausalLM" in type(model).__name__
        if not self.held_out or not decodes:
            return None
        training = model.training
        model.eval()
        score = bits_per_byte(model, tokenizer, self.held_out).value
        model.train(training)
        return score

    def metrics(
        self, before: float | None, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
    ) -> dict[str, float]:
        """Figures of the report."""
        if not self.fraction:
            return {}
        found = {"replay_fraction": self.fraction, "replay_passes": self.passes}
        after = self.forgetting(model, tokenizer)
        if before is not None and after is not None:
            found |= {"general_bits_per_byte_before": before, "general_bits_per_byte_after": after}
        return found


class _Blocks(Dataset[dict[str, torch.Tensor]]):
    def __init__(self, blocks: torch.Tensor) -> None:
        self._blocks = blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self._blocks[index], "labels": self._blocks[index]}


def mixed(
    context: PhaseContext, phase: PretrainPhase, blocks: "PackedBlocks", tokenizer: PreTrainedTokenizerBase
) -> Mixture:
    """The blocks to train on; general ones are repeated or left out until their share is the planned one."""
    replay = phase.replay
    if replay is None or not replay.fraction:
        return Mixture(blocks, blocks.blocks)
    if replay.fraction >= 1:
        raise BadInput(f"phases.pretrain.replay.fraction: must lie below 1, got {replay.fraction}")
    passages = _passages(context.base, replay.path)
    tested = {passage.id for passage in passages if chance(f"replay:{passage.id}") < HELD_OUT_FRACTION}
    if len(tested) == len(passages):
        raise BadInput(f"phases.pretrain.replay.path: {replay.path!r} holds no running text")
    general = type(blocks)([row.text for row in passages if row.id not in tested], tokenizer, phase.sequence_tokens)
    wanted = max(1, round(len(blocks) * replay.fraction / (1 - replay.fraction)))
    generator = torch.Generator().manual_seed(context.plan.seed)
    order = torch.randperm(len(general), generator=generator).repeat(-(-wanted // len(general)))[:wanted]
    together = torch.cat([blocks.blocks, general.blocks[order]])
    together = together[torch.randperm(len(together), generator=generator)]
    passes = wanted / len(general)
    held_out = [row.text for row in passages if row.id in tested][:MAX_TESTED]
    warnings = [] if held_out else ["phases.pretrain.replay: too few passages to hold one out; forgetting not measured"]
    if passes > 4:
        warnings.append(
            f"general text is repeated {passes:.0f} times in one round of the domain's blocks; more of it would "
            "protect better (phases.pretrain.replay.path)"
        )
    return Mixture(_Blocks(together), together, wanted / len(together), passes, held_out, warnings)


def _passages(base: Path, path: str) -> list[Document]:
    """The paragraphs of running text below a path, each once."""
    problems = Problems()
    sources = sources_of((FileCorpus(kind="files", path=path),), base, problems)
    short, seen, found = TooShort(MIN_CHARACTERS), set(), []
    for source in sources:
        for _, document in read_source(source, problems):
            for passage in cut(replace(document, text=normalise(document.text)), "passage"):
                if passage.text not in seen and not isinstance(short.apply(passage), Drop):
                    seen.add(passage.text)
                    found.append(passage)
    return found

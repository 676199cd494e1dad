"""Phase 1: self-supervised training on packed blocks, from random weights or from a base model.

Enter at `run`. transformers' Trainer is used: its loop costs nothing visible, and it resumes bit for bit.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import PretrainPhase
from trainer.phases.common import PhaseContext, PhaseResult, losses, run_trainer, training_flop
from trainer.phases.objectives import Draws, objective_of
from trainer.phases.replay import Mixture, mixed
from trainer.phases.settings import arguments_for
from trainer.phases.start import start_model
from trainer.tokenizer import END_OF_TEXT
from trainer.vocabulary import grow_embeddings


class PackedBlocks(Dataset[dict[str, torch.Tensor]]):
    """Token ids of all texts, one after the other, cut into blocks of equal length."""

    def __init__(self, texts: list[str], tokenizer: PreTrainedTokenizerBase, block_tokens: int) -> None:
        ends = [tokenizer.get_vocab().get(END_OF_TEXT), tokenizer.eos_token_id, tokenizer.sep_token_id]
        end = next(token for token in ends if token is not None)
        ids = [
            token
            for text in texts
            for token in [*tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], end]
        ]
        frame = [tokenizer.cls_token_id, tokenizer.sep_token_id] if tokenizer.cls_token_id is not None else []
        inner = block_tokens - len(frame)
        count = len(ids) // inner if inner > 0 else 0
        if count < 1:
            raise BadInput(
                f"phases.pretrain.sequence_tokens: {block_tokens} is longer than the whole corpus ({len(ids)} tokens)"
            )
        self.blocks = torch.tensor(ids[: count * inner]).view(count, inner)
        if frame:  # an encoder reads its blocks between the two tokens that it was pre-trained with
            first, last = (torch.full((count, 1), token) for token in frame)
            self.blocks = torch.cat([first, self.blocks, last], dim=1)

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        block = self.blocks[index]
        return {"input_ids": block, "labels": block}


def run(context: PhaseContext, phase: PretrainPhase) -> PhaseResult:
    """Train the model on the corpus and save it."""
    plan = context.plan
    directory = context.directory("pretrain")
    tokenizer = AutoTokenizer.from_pretrained(context.output / "tokenizer")
    set_seed(plan.seed)
    model = start_model(context, tokenizer)
    grow_embeddings(model, tokenizer, context.output / "tokenizer")
    blocks = PackedBlocks(context.prepared.texts("train"), tokenizer, phase.sequence_tokens)
    mixture = mixed(context, phase, blocks, tokenizer)
    before = mixture.forgetting(model, tokenizer)
    context.progress.begin("pretrain", total=phase.max_steps)
    arguments = arguments_for(
        TrainingArguments,
        plan,
        directory,
        max_steps=phase.max_steps,
        per_device_train_batch_size=phase.batch_sequences,
        learning_rate=phase.learning_rate,
        warmup_steps=max(1, round(phase.warmup_fraction * phase.max_steps)),
        weight_decay=0.01,
        remove_unused_columns=False,
    )
    trained = run_trainer(context, "pretrain", _builder(context, phase, model, tokenizer, mixture, arguments))
    model.save_pretrained(context.model_directory("pretrain"))
    tokenizer.save_pretrained(context.model_directory("pretrain"))
    first, last = losses(directory / "log.jsonl")
    seen = phase.max_steps * phase.batch_sequences * phase.sequence_tokens
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=training_flop(trained, model),
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={
            "corpus_tokens": float(blocks.blocks.numel()),
            "passes": seen * (1 - mixture.fraction) / blocks.blocks.numel(),
            **mixture.metrics(before, model, tokenizer),
        },
        warnings=mixture.warnings,
    )


def _builder(
    context: PhaseContext,
    phase: PretrainPhase,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    mixture: Mixture,
    arguments: TrainingArguments,
) -> Callable[[list[TrainerCallback]], Any]:
    objective = objective_of(context.plan.model.family, phase, tokenizer, context.plan.seed)
    needed = phase.max_steps * phase.batch_sequences
    data = mixture.data if objective is None else Draws(mixture.blocks, needed)

    def build(callbacks: list[TrainerCallback]) -> Any:
        return Trainer(model=model, args=arguments, train_dataset=data, data_collator=objective, callbacks=callbacks)

    return build

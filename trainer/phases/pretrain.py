"""Phase 1: self-supervised training on packed blocks, from random weights or from a base model.

Enter at `run`. transformers' Trainer is used: its loop costs nothing visible, and it resumes bit for bit.
"""

from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import PretrainPhase
from trainer.phases.common import PhaseContext, PhaseResult, losses, matmul_params, run_trainer
from trainer.phases.settings import arguments_for
from trainer.phases.start import start_model
from trainer.tokenizer import END_OF_TEXT


class PackedBlocks(Dataset[dict[str, torch.Tensor]]):
    """Token ids of all texts, one after the other, cut into blocks of equal length."""

    def __init__(self, texts: list[str], tokenizer: PreTrainedTokenizerBase, block_tokens: int) -> None:
        own = tokenizer.get_vocab().get(END_OF_TEXT)
        end = own if own is not None else tokenizer.eos_token_id
        ids = [
            token
            for text in texts
            for token in [*tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], end]
        ]
        count = len(ids) // block_tokens
        if count < 1:
            raise BadInput(
                f"phases.pretrain.sequence_tokens: {block_tokens} is longer than the whole corpus ({len(ids)} tokens)"
            )
        self.blocks = torch.tensor(ids[: count * block_tokens]).view(count, block_tokens)

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
    blocks = PackedBlocks(context.prepared.texts("train"), tokenizer, phase.sequence_tokens)
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
    )

    def build(callbacks: list[TrainerCallback]) -> Any:
        return Trainer(model=model, args=arguments, train_dataset=blocks, callbacks=callbacks)

    trained = run_trainer(context, "pretrain", build)
    model.save_pretrained(context.model_directory("pretrain"))
    tokenizer.save_pretrained(context.model_directory("pretrain"))
    first, last = losses(directory / "log.jsonl")
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=6.0 * matmul_params(model) * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={
            "corpus_tokens": float(blocks.blocks.numel()),
            "passes": trained.tokens / blocks.blocks.numel(),
        },
    )

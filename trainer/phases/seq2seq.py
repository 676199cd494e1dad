"""Supervised training of encoder-decoder models: the question goes into the encoder, the answer comes out.

Enter at `tune`. The decoder reads answers alone, so nothing has to be told apart and nothing is packed.
"""

from collections.abc import Sequence
from typing import Any

from transformers import (
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import SftPhase
from trainer.phases.answers import NO_LOSS
from trainer.phases.common import PhaseContext, PhaseResult, losses, run_trainer, training_flop
from trainer.phases.settings import arguments_for
from trainer.phases.start import context_tokens, load_model, start_model


def tune(context: PhaseContext, phase: SftPhase) -> PhaseResult:
    """Tune the model on the conversations and save it.

    Raises:
        BadInput: adapters are asked for, or every conversation is too long.
    """
    if phase.lora is not None:
        raise BadInput("phases.sft.lora: models of family seq2seq are tuned whole here; set it to null")
    plan = context.plan
    directory = context.directory("sft")
    before = context.model_directory("pretrain")
    set_seed(plan.seed)
    if plan.phases.pretrain is not None:
        model, tokenizer = load_model(str(before), family="seq2seq"), AutoTokenizer.from_pretrained(before)
    else:
        tokenizer = AutoTokenizer.from_pretrained(context.output / "tokenizer")
        model = start_model(context, tokenizer)
    limit = context_tokens(model.config)
    rows = context.prepared.rows("conversations")
    encoded = [_encoded(tokenizer, row["messages"]) for row in rows]
    kept = [row for row in encoded if max(len(row["input_ids"]), len(row["labels"])) <= limit]
    if not kept:
        raise BadInput(f"data.instructions: all {len(rows)} conversations are longer than {limit} tokens")
    steps = max(1, round(phase.epochs * len(kept) / phase.batch_sequences))
    context.progress.begin("sft", total=steps)
    arguments = arguments_for(
        TrainingArguments,
        plan,
        directory,
        max_steps=steps,
        per_device_train_batch_size=phase.batch_sequences,
        learning_rate=phase.learning_rate,
        remove_unused_columns=False,
    )
    fill = DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=NO_LOSS)

    def build(callbacks: list[TrainerCallback]) -> Any:
        return Trainer(model=model, args=arguments, train_dataset=kept, data_collator=fill, callbacks=callbacks)

    trained = run_trainer(context, "sft", build)
    model.save_pretrained(context.model_directory("sft"))
    tokenizer.save_pretrained(context.model_directory("sft"))
    first, last = losses(directory / "log.jsonl")
    left_out = len(rows) - len(kept)
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=training_flop(trained, model),
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={"conversations": float(len(kept)), "left_out_too_long": float(left_out)},
        warnings=[f"{left_out} conversations longer than {limit} tokens were left out"] if left_out else [],
    )


def question_text(messages: Sequence[dict[str, str]]) -> str:
    """What the encoder reads: the question alone, or all turns with their roles where there are several."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in messages)


def ended(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a text with the end token behind them."""
    return [*tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], tokenizer.eos_token_id]


def _encoded(tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]]) -> dict[str, list[int]]:
    return {
        "input_ids": ended(tokenizer, question_text(messages[:-1])),
        "labels": ended(tokenizer, messages[-1]["content"]),
    }

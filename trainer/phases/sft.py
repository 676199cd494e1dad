"""Phase 2: supervised training on conversations; only the assistant's turns carry loss.

Enter at `run`. All weights, or adapters that are merged at the end, so every phase leaves a plain model; the adapter
alone stays beside it.
"""

from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import LoraSettings, SftPhase
from trainer.phases import seq2seq
from trainer.phases.answers import AnswerTrainer, Batch, Packed, collator, encode
from trainer.phases.common import PhaseContext, PhaseResult, losses, matmul_params, run_trainer
from trainer.phases.settings import arguments_for
from trainer.phases.start import context_tokens, load_model, start_model


def run(context: PhaseContext, phase: SftPhase) -> PhaseResult:
    """Tune the model on the conversations and save it."""
    if context.plan.model.family == "seq2seq":
        return seq2seq.tune(context, phase)
    plan = context.plan
    directory = context.directory("sft")
    set_seed(plan.seed)
    model, tokenizer = _start(context, four_bits=phase.lora is not None and phase.lora.quantize_4bit)
    flop_params = matmul_params(model)
    rows = context.prepared.rows("conversations")
    limit = context_tokens(model.config)
    encoded = [
        encode(tokenizer, row["messages"], where=f"conversation {number} of data/conversations.jsonl")
        for number, row in enumerate(rows, 1)
    ]
    kept = [row for row in encoded if len(row["input_ids"]) <= limit]
    if not kept:
        raise BadInput(f"data.instructions: all {len(rows)} conversations are longer than {limit} tokens")
    fill = collator(model, tokenizer, packing=phase.packing)
    if phase.lora is not None:
        model = _adapted(model, phase.lora)
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

    def build(callbacks: list[TrainerCallback]) -> Any:
        return AnswerTrainer(model=model, args=arguments, train_dataset=kept, data_collator=fill, callbacks=callbacks)

    trained = run_trainer(context, "sft", build)
    _save(context, trained.trainer.model, tokenizer)
    first, last = losses(directory / "log.jsonl")
    left_out = len(rows) - len(kept)
    warnings = [f"{left_out} conversations longer than {limit} tokens were left out"] if left_out else []
    packed = isinstance(fill, Packed)
    if phase.packing and not packed:
        warnings.append("this model does not keep packed conversations apart; they were padded instead")
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        # Frozen weights need no gradient of their own: 2 N forward and 2 N backward.
        training_flop=(4.0 if phase.lora is not None else 6.0) * flop_params * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={
            "conversations": float(len(kept)),
            "left_out_too_long": float(left_out),
            "answer_tokens_fraction": _answer_share(kept),
            "packed": float(packed),
        },
        warnings=warnings,
    )


def _start(context: PhaseContext, *, four_bits: bool) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model of phase 1 with its tokenizer; without that phase the model that the plan starts from."""
    before = context.model_directory("pretrain")
    if context.plan.phases.pretrain is not None:
        return load_model(str(before), four_bits=four_bits), AutoTokenizer.from_pretrained(before)
    tokenizer = AutoTokenizer.from_pretrained(context.output / "tokenizer")
    return start_model(context, tokenizer, four_bits=four_bits), tokenizer


def _adapted(model: PreTrainedModel, lora: LoraSettings) -> Any:
    """The model with its weights frozen and adapters on every linear layer but the output head."""
    config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    if lora.quantize_4bit:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return get_peft_model(model, config)


def _save(context: PhaseContext, model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    target = context.model_directory("sft")
    if isinstance(model, PeftModel):
        model.save_pretrained(target.with_name("adapter"))
        if context.plan.phases.sft is not None and context.plan.phases.sft.lora is not None:
            model = _whole(context, model, four_bits=context.plan.phases.sft.lora.quantize_4bit)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _whole(context: PhaseContext, model: PeftModel, *, four_bits: bool) -> Any:
    """Adapters merged; into weights of full precision where those in training were rounded to four bits."""
    if not four_bits:
        return model.merge_and_unload()
    plain, _ = _start(context, four_bits=False)
    return PeftModel.from_pretrained(plain, context.model_directory("sft").with_name("adapter")).merge_and_unload()


def _answer_share(rows: list[Batch]) -> float:
    carrying = sum(int((row["labels"] >= 0).sum()) for row in rows)
    return carrying / sum(len(row["input_ids"]) for row in rows)

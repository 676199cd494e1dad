"""Phase 2: supervised training on conversations; only the assistant's turns carry loss.

Enter at `run`. trl's SFTTrainer, full or LoRA; adapters are merged at the end, so every phase leaves a plain model.
"""

from typing import Any

from datasets import Dataset
from peft import LoraConfig
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback, set_seed
from trl import SFTConfig, SFTTrainer

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import SftPhase
from trainer.phases.common import PhaseContext, PhaseResult, losses, matmul_params, run_trainer
from trainer.phases.settings import arguments_for
from trainer.phases.start import load_model, start_model
from trainer.tokenizer import chat_length


def run(context: PhaseContext, phase: SftPhase) -> PhaseResult:
    """Tune the model on the conversations and save it."""
    plan = context.plan
    directory = context.directory("sft")
    set_seed(plan.seed)
    model, tokenizer = _start(context)
    flop_params = matmul_params(model)
    rows = context.prepared.rows("conversations")
    limit = int(model.config.max_position_embeddings)
    kept = [row for row in rows if chat_length(tokenizer, row["messages"]) <= limit]
    if not kept:
        raise BadInput(f"data.instructions: all {len(rows)} conversations are longer than {limit} tokens")
    steps = max(1, round(phase.epochs * len(kept) / phase.batch_sequences))
    context.progress.begin("sft", total=steps)
    arguments = arguments_for(
        SFTConfig,
        plan,
        directory,
        max_steps=steps,
        per_device_train_batch_size=phase.batch_sequences,
        learning_rate=phase.learning_rate,
        assistant_only_loss=True,
        max_length=limit,
        packing=False,
        eos_token=tokenizer.eos_token,
    )
    lora = phase.lora
    adapter = (
        LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
        if lora is not None
        else None
    )

    def build(callbacks: list[TrainerCallback]) -> Any:
        return SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_list([{"messages": row["messages"]} for row in kept]),
            processing_class=tokenizer,
            peft_config=adapter,
            callbacks=callbacks,
        )

    trained = run_trainer(context, "sft", build)
    final = trained.trainer.model.merge_and_unload() if adapter is not None else trained.trainer.model
    final.save_pretrained(context.model_directory("sft"))
    tokenizer.save_pretrained(context.model_directory("sft"))
    first, last = losses(directory / "log.jsonl")
    left_out = len(rows) - len(kept)
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        # Frozen weights need no gradient of their own: 2 N forward and 2 N backward.
        training_flop=(4.0 if adapter is not None else 6.0) * flop_params * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={"conversations": float(len(kept)), "left_out_too_long": float(left_out)},
        warnings=[f"{left_out} conversations longer than {limit} tokens were left out"] if left_out else [],
    )


def _start(context: PhaseContext) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model of phase 1 with its tokenizer; without that phase the model that the plan starts from."""
    before = context.model_directory("pretrain")
    if context.plan.phases.pretrain is not None:
        return load_model(str(before)), AutoTokenizer.from_pretrained(before)
    tokenizer = AutoTokenizer.from_pretrained(context.output / "tokenizer")
    return start_model(context, tokenizer), tokenizer

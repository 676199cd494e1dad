"""Phase 3a: a reward model from preference pairs.

Enter at `run`. trl's RewardTrainer over the tuned model with a fresh score head.
"""

from typing import Any

from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback, set_seed
from trl import RewardConfig, RewardTrainer

from advisor.contracts.plan import RewardPhase
from trainer.evaluate.scores import wilson
from trainer.phases.common import PhaseContext, PhaseResult, losses, matmul_params, run_trainer
from trainer.phases.preferences import pairs_of
from trainer.phases.settings import arguments_for


def run(context: PhaseContext, phase: RewardPhase) -> PhaseResult:
    """Train the reward model, test it on held-out pairs, and save it."""
    plan = context.plan
    directory = context.directory("reward")
    start = context.model_directory("sft")
    tokenizer = AutoTokenizer.from_pretrained(start)
    set_seed(plan.seed)
    model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
    model.config.pad_token_id = tokenizer.pad_token_id
    pairs = pairs_of(context, tokenizer, int(model.config.max_position_embeddings))
    train, test = pairs.train, pairs.test
    steps = max(1, round(phase.epochs * len(train) / phase.batch_pairs))
    context.progress.begin("reward", total=steps)
    arguments = arguments_for(
        RewardConfig,
        plan,
        directory,
        max_steps=steps,
        per_device_train_batch_size=phase.batch_pairs,
        per_device_eval_batch_size=phase.batch_pairs,
        learning_rate=phase.learning_rate,
        max_length=pairs.limit_tokens,
    )

    def build(callbacks: list[TrainerCallback]) -> Any:
        return RewardTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_list(train),
            eval_dataset=Dataset.from_list(test),
            processing_class=tokenizer,
            callbacks=callbacks,
        )

    trained = run_trainer(context, "reward", build)
    first, last = losses(directory / "log.jsonl")
    figures = trained.trainer.evaluate()
    trained.trainer.model.save_pretrained(context.model_directory("reward"))
    tokenizer.save_pretrained(context.model_directory("reward"))
    accuracy = float(figures["eval_accuracy"])
    interval = wilson("pair_accuracy", round(accuracy * len(test)), len(test))
    warnings = list(pairs.warnings)
    if interval.low <= 0.5:
        warnings.append(
            f"the reward model is not shown to be better than chance: {accuracy:.2f} on {len(test)} held-out pairs "
            f"(95 % interval from {interval.low:.2f})"
        )
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=6.0 * matmul_params(model) * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={
            "held_out_pairs": float(len(test)),
            "held_out_pair_accuracy": accuracy,
            "held_out_pair_accuracy_low": interval.low,
            "held_out_pair_accuracy_high": interval.high,
            "held_out_loss": float(figures["eval_loss"]),
            "left_out_too_long": float(pairs.left_out),
        },
        warnings=warnings,
    )

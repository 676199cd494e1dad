"""Phase 3, the short cut: direct preference optimisation of the tuned model on the pairs themselves.

Enter at `run`. trl's DPOTrainer; no reward model and no sampling. The tuned model stays in memory as the reference.
"""

from typing import Any

from datasets import Dataset
from transformers import AutoConfig, AutoTokenizer, TrainerCallback, set_seed
from trl import DPOConfig, DPOTrainer

from advisor.contracts.plan import DpoPhase
from trainer.phases.common import PhaseContext, PhaseResult, losses, matmul_params, run_trainer
from trainer.phases.preferences import before_and_after, pairs_of, preference_accuracy
from trainer.phases.settings import arguments_for
from trainer.phases.start import context_tokens


def run(context: PhaseContext, phase: DpoPhase) -> PhaseResult:
    """Teach the tuned model the preferences, test it on held-out pairs, and save it."""
    plan = context.plan
    directory = context.directory("dpo")
    start = context.model_directory("sft")
    # The tokenizer of the tuned model, not the base one: its end of turn is what generation stops at.
    tokenizer = AutoTokenizer.from_pretrained(start)
    limit = context_tokens(AutoConfig.from_pretrained(start))
    pairs = pairs_of(context, tokenizer, limit)
    set_seed(plan.seed)
    steps = max(1, round(phase.epochs * len(pairs.train) / phase.batch_pairs))
    context.progress.begin("dpo", total=steps)
    arguments = arguments_for(
        DPOConfig,
        plan,
        directory,
        max_steps=steps,
        per_device_train_batch_size=phase.batch_pairs,
        per_device_eval_batch_size=phase.batch_pairs,
        learning_rate=phase.learning_rate,
        beta=phase.beta,
        loss_type=[phase.loss],
        label_smoothing=phase.label_smoothing_fraction,
        max_length=limit,
    )

    def build(callbacks: list[TrainerCallback]) -> Any:
        # A directory, not a model in memory: the reference is read from it.
        return DPOTrainer(
            model=str(start),
            args=arguments,
            train_dataset=Dataset.from_list(pairs.train),
            eval_dataset=Dataset.from_list(pairs.test),
            processing_class=tokenizer,
            callbacks=callbacks,
        )

    trained = run_trainer(context, "dpo", build)
    model = trained.trainer.model
    first, last = losses(directory / "log.jsonl")
    figures = trained.trainer.evaluate()
    model.save_pretrained(context.model_directory("dpo"))
    tokenizer.save_pretrained(context.model_directory("dpo"))
    before = preference_accuracy(start, tokenizer, pairs.test)
    after = preference_accuracy(model, tokenizer, pairs.test)
    warnings = list(pairs.warnings)
    if after.high < before.value:
        warnings.append(
            f"DPO made the model worse on held-out pairs: accuracy {before.value:.2f} before, {after.value:.2f} after "
            f"(95 % interval to {after.high:.2f}, n={after.n}); the model before lies in phases/sft/model"
        )
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        # The frozen reference is read forward besides: 2 N of its own.
        training_flop=8.0 * matmul_params(model) * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        loss_first=first,
        loss_last=last,
        metrics={
            **before_and_after(before, after),
            "held_out_reward_accuracy": float(figures["eval_rewards/accuracies"]),
            "held_out_reward_margin": float(figures["eval_rewards/margins"]),
            "held_out_loss": float(figures["eval_loss"]),
            "left_out_too_long": float(pairs.left_out),
        },
        warnings=warnings,
    )

"""Phase 3b: reinforcement learning against the reward model, held near the tuned model by a KL term.

Enter at `run`. trl's RLOO or GRPO. A second reward punishes answers that are empty or ramble: without it a policy can
collapse to whatever short answer the reward model happens to like.
"""

from collections.abc import Callable
from typing import Any

from datasets import Dataset
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase, TrainerCallback, set_seed
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import RlPhase
from trainer.phases.common import PhaseContext, PhaseResult, matmul_params, read_log, run_trainer
from trainer.phases.settings import arguments_for
from trainer.tokenizer import chat_length

GUARD_PENALTY = -1.0
MOVED_KL_NATS = 0.01
"""Below, the policy is taken as hardly moved; steps differ in reward because they differ in prompts."""
KINDS: dict[str, tuple[Any, Any]] = {"rloo": (RLOOConfig, RLOOTrainer), "grpo": (GRPOConfig, GRPOTrainer)}
LOGGED = {
    "kl": "kl",
    "reward": "reward",
    "completions/mean_length": "mean_completion_tokens",
    "completions/clipped_ratio": "clipped_fraction",
}


def run(context: PhaseContext, phase: RlPhase) -> PhaseResult:
    """Improve the tuned model against the reward model and save it."""
    plan = context.plan
    directory = context.directory("rl")
    start, judge = context.model_directory("sft"), context.model_directory("reward")
    # The tokenizer of the tuned model, not the base one: its end of turn is what generation stops at.
    tokenizer = AutoTokenizer.from_pretrained(start, padding_side="left")
    limit = int(AutoConfig.from_pretrained(start).max_position_embeddings) - phase.max_completion_tokens
    pairs = context.prepared.rows("preferences")
    prompts = _prompts(pairs, tokenizer, limit)
    longest = max(len(turn["content"].split()) for pair in pairs for turn in pair["chosen"])
    set_seed(plan.seed)
    context.progress.begin("rl", total=phase.max_steps)
    config, kind = KINDS[phase.algorithm]
    arguments = arguments_for(
        config,
        plan,
        directory,
        max_steps=phase.max_steps,
        per_device_train_batch_size=phase.batch_completions,
        num_generations=phase.num_generations,
        max_completion_length=phase.max_completion_tokens,
        beta=phase.kl_beta,
        learning_rate=phase.learning_rate,
        logging_steps=1,
    )

    def build(callbacks: list[TrainerCallback]) -> Any:
        return kind(
            model=str(start),
            reward_funcs=[str(judge), length_guard(2 * longest)],
            args=arguments,
            train_dataset=Dataset.from_list(prompts),
            processing_class=tokenizer,
            callbacks=callbacks,
        )

    trained = run_trainer(context, "rl", build)
    trained.trainer.model.save_pretrained(context.model_directory("rl"))
    tokenizer.padding_side = "right"
    tokenizer.save_pretrained(context.model_directory("rl"))
    metrics = _first_and_last(read_log(directory / "log.jsonl"))
    left_out = len(pairs) - len(prompts)
    warnings = [f"{left_out} prompts longer than {limit} tokens were left out"] if left_out else []
    if abs(metrics.get("kl_last", MOVED_KL_NATS)) < MOVED_KL_NATS:
        warnings.append(
            f"the policy has hardly moved (KL {metrics['kl_last']:.2g} nats): the rewards of first and last steps "
            "differ because their prompts do; raise phases.rl.learning_rate or max_steps to see an effect"
        )
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=6.0 * matmul_params(trained.trainer.model) * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        metrics=metrics,
        warnings=warnings,
    )


def length_guard(max_words: int) -> Callable[..., list[float]]:
    """A reward that is 0 for an answer of 1 to `max_words` words, and a penalty for an empty or a rambling one."""

    def ends_properly(completions: list[Any], **_: Any) -> list[float]:
        texts = [entry[0]["content"] if isinstance(entry, list) else str(entry) for entry in completions]
        return [0.0 if 1 <= len(text.split()) <= max_words else GUARD_PENALTY for text in texts]

    return ends_properly


def _prompts(pairs: list[dict[str, Any]], tokenizer: PreTrainedTokenizerBase, limit: int) -> list[dict[str, Any]]:
    """The pairs' prompts that leave room for an answer."""
    found = [{"prompt": pair["prompt"]} for pair in pairs if chat_length(tokenizer, pair["prompt"]) < limit]
    if not found:
        raise BadInput(f"data.preferences: no prompt leaves room for phases.rl.max_completion_tokens ({limit} tokens)")
    return found


def _first_and_last(rows: list[dict[str, float]]) -> dict[str, float]:
    """Reward, KL and length at the first and at the last step, each the mean over a quarter of the steps."""
    found: dict[str, float] = {}
    for name, short in LOGGED.items():
        values = [row[name] for row in rows if name in row]
        share = max(1, len(values) // 4)
        if values:
            found[f"{short}_first"] = sum(values[:share]) / share
            found[f"{short}_last"] = sum(values[-share:]) / share
    return found

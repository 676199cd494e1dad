"""Phase 3b: reinforcement learning against rewards, held near the tuned model by a KL term.

Enter at `run`. trl's RLOO or GRPO. A penalty for answers that are empty or ramble goes with every reward: without it a
policy can collapse to whatever short answer the reward model happens to like; the guard in guard.py sees to the rest.
"""

from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    TrainerCallback,
    set_seed,
)
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import RlPhase
from trainer.checkpoint import complete_before
from trainer.phases.common import PhaseContext, PhaseResult, matmul_params, read_log, run_trainer
from trainer.phases.guard import WINDOW_STEPS, Breach, GuardWatch
from trainer.phases.preferences import TEST_EVERY, before_and_after, preference_accuracy
from trainer.phases.rewards import reward_functions
from trainer.phases.settings import arguments_for
from trainer.phases.start import context_tokens
from trainer.tokenizer import chat_length

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
    """Improve the tuned model against its rewards and save it."""
    plan = context.plan
    directory = context.directory("rl")
    start, judge = context.model_directory("sft"), context.model_directory("reward")
    # The tokenizer of the tuned model, not the base one: its end of turn is what generation stops at.
    tokenizer = AutoTokenizer.from_pretrained(start, padding_side="left")
    limit = context_tokens(AutoConfig.from_pretrained(start)) - phase.max_completion_tokens
    asked = _questions(context)
    prompts = [row for row in asked if chat_length(tokenizer, row["prompt"]) < limit]
    if not prompts:
        raise BadInput(f"data.preferences: no prompt leaves room for phases.rl.max_completion_tokens ({limit} tokens)")
    longest = max(len(row["expected"].split()) for row in asked)
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
    guard = GuardWatch(phase.guard, context.kept_log("rl"))

    def build(callbacks: list[TrainerCallback]) -> Any:
        return kind(
            model=str(start),
            reward_funcs=reward_functions(phase.rewards, judge=judge, max_words=2 * longest),
            args=arguments,
            train_dataset=Dataset.from_list(prompts),
            processing_class=tokenizer,
            callbacks=[*callbacks, guard],
        )

    trained = run_trainer(context, "rl", build)
    model = trained.trainer.model
    metrics = _first_and_last(read_log(directory / "log.jsonl"))
    left_out = len(asked) - len(prompts)
    warnings = [f"{left_out} prompts longer than {limit} tokens were left out"] if left_out else []
    if guard.breach is not None:
        metrics["guard_breached_at_step"] = float(guard.breach.step)
        source, told = _kept(directory, start, guard.breach, stop=phase.guard.on_breach == "stop")
        warnings.append(told)
        if source is not None:
            model = AutoModelForCausalLM.from_pretrained(source).to(model.device)
    if abs(metrics.get("kl_last", MOVED_KL_NATS)) < MOVED_KL_NATS:
        warnings.append(
            f"the policy has hardly moved (KL {metrics['kl_last']:.2g} nats): the rewards of first and last steps "
            "differ because their prompts do; raise phases.rl.learning_rate or max_steps to see an effect"
        )
    model.save_pretrained(context.model_directory("rl"))
    tokenizer.padding_side = "right"
    tokenizer.save_pretrained(context.model_directory("rl"))
    held_out = context.prepared.rows("preferences")[::TEST_EVERY]
    if held_out:
        before = preference_accuracy(start, tokenizer, held_out)
        metrics |= before_and_after(before, preference_accuracy(model, tokenizer, held_out))
    return PhaseResult(
        steps=trained.steps,
        tokens=trained.tokens,
        training_flop=6.0 * matmul_params(trained.trainer.model) * trained.tokens,
        tokens_per_s=trained.tokens_per_s,
        metrics=metrics,
        warnings=warnings,
    )


def _questions(context: PhaseContext) -> list[dict[str, Any]]:
    """Prompts with their expected answers: of the pairs that are trained on, or, without pairs, of the conversations.

    Raises:
        BadInput: neither is there.
    """
    pairs = context.prepared.rows("preferences")
    if pairs:
        trained = [pair for number, pair in enumerate(pairs) if number % TEST_EVERY] or pairs
        return [{"prompt": pair["prompt"], "expected": pair["chosen"][-1]["content"]} for pair in trained]
    rows = [row["messages"] for row in context.prepared.rows("conversations")]
    if not rows:
        raise BadInput("data.instructions: phase rl needs prompts, from preference pairs or from conversations")
    return [{"prompt": turns[:-1], "expected": turns[-1]["content"]} for turns in rows]


def _kept(directory: Path, start: Path, breach: Breach, *, stop: bool) -> tuple[Path | None, str]:
    """The weights to keep after a breach, and what to say of it."""
    told = f"the guard was breached at step {breach.step}: {breach.text}"
    if not stop:
        return None, f"{told}; the plan says to go on (guard.on_breach: warn)"
    found = complete_before(directory, breach.step - WINDOW_STEPS)
    if found is None:
        return start, f"{told}; stopped, and the tuned model is kept as no checkpoint is old enough"
    return found[0], f"{told}; stopped, and the weights of step {found[1].step} are kept"


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

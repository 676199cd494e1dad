"""The steps of a run by name; the trainings live in trainer/phases/, the others here.

Enter at `run_step`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.evaluation import EvaluationReport, Score
from advisor.contracts.plan import Architecture
from advisor.contracts.runs import PhaseName
from advisor.files import write_contract
from trainer.corpus.prepare import prepare
from trainer.evaluate.model import bits_per_byte, evaluate_directory, load
from trainer.evaluate.templates import bias_languages
from trainer.evaluate.words import bias_limits
from trainer.hashes import last_model_phase
from trainer.phases.common import PhaseContext, PhaseResult
from trainer.plan import base_model_name
from trainer.stop import stop_here
from trainer.tokenizer import adopt_tokenizer, train_tokenizer
from trainer.vocabulary import extend


def run_step(context: PhaseContext, name: PhaseName) -> PhaseResult:
    """Carry out one step of a run.

    Raises:
        StopRequested: the user asked to stop.
    """
    phases = context.plan.phases
    match name:
        case "data":
            return _data(context)
        case "tokenizer":
            return _tokenizer(context)
        case "pretrain" if phases.pretrain is not None:
            from trainer.phases import pretrain

            return pretrain.run(context, phases.pretrain)
        case "sft" if phases.sft is not None:
            from trainer.phases import sft

            return sft.run(context, phases.sft)
        case "reward" if phases.reward is not None:
            from trainer.phases import reward

            return reward.run(context, phases.reward)
        case "rl" if phases.rl is not None:
            from trainer.phases import rl

            return rl.run(context, phases.rl)
        case "dpo" if phases.dpo is not None:
            from trainer.phases import dpo

            return dpo.run(context, phases.dpo)
        case "evaluate":
            return _evaluate(context)
        case "pretrain" | "sft" | "reward" | "rl" | "dpo":
            raise RuntimeError(f"phase {name} is not in the plan")
        case _:
            assert_never(name)


def _data(context: PhaseContext) -> PhaseResult:
    context.progress.begin("data")
    card = prepare(context.plan, context.base, context.output, lambda _done, _total: stop_here("data")).card()
    names = ("passages_read", "passages_after_cleaning", "conversations", "preference_pairs", "held_out_questions")
    return PhaseResult(metrics={name: float(card[name]) for name in names})


def _tokenizer(context: PhaseContext) -> PhaseResult:
    context.progress.begin("tokenizer")
    source, directory = context.plan.model, context.output / "tokenizer"
    if isinstance(source, Architecture):
        texts = context.prepared.texts("train")
        texts += [turn["content"] for row in context.prepared.rows("conversations") for turn in row["messages"]]
        size = train_tokenizer(
            texts,
            vocab_size=source.vocab_size,
            context_tokens=source.context_tokens,
            directory=directory,
            family=source.family,
        )
        return PhaseResult(metrics={"vocab_size": float(size)})
    size, notes = adopt_tokenizer(str(base_model_name(context.plan, context.base)), directory, source.family)
    pretrain = context.plan.phases.pretrain
    if pretrain is None or not pretrain.new_tokens:
        return PhaseResult(metrics={"vocab_size": float(size)}, warnings=notes)
    added = extend(directory, context.prepared.texts("train"), pretrain.new_tokens)
    if added.tokens < pretrain.new_tokens:
        notes.append(f"the domain's text yields {added.tokens} new tokens of {pretrain.new_tokens} wanted")
    metrics = {
        "vocab_size": float(size + added.tokens),
        "new_tokens": float(added.tokens),
        "domain_tokens_before": float(added.pieces_before),
        "domain_tokens_after": float(added.pieces_after),
    }
    return PhaseResult(metrics=metrics, warnings=notes)


def _evaluate(context: PhaseContext) -> PhaseResult:
    """Evaluate the last model and the ones before it, and put the last in place as the run's model."""
    plan, prepared = context.plan, context.prepared
    last = last_model_phase(plan)
    items = prepared.items() if plan.phases.sft is not None else []
    texts = prepared.texts("holdout")[: plan.evaluation.max_items]

    def advance(done: int, total: int) -> None:
        context.progress.advance(done, total)
        stop_here("evaluate")

    context.progress.begin("evaluate", total=len(items) + len(texts))
    report = _scored(context, last, items, texts, advance, with_bias=plan.evaluation.bias)
    metrics = {score.name: score.value for score in report.scores}
    warnings = [f"bias: {bias_limits(report)[0]}"] if any(row.finding == "stereotyped" for row in report.bias) else []
    if plan.phases.pretrain is not None and last != "pretrain" and plan.model.family == "decoder":
        model, tokenizer = load(context.model_directory("pretrain"))
        metrics["bits_per_byte_after_pretrain"] = bits_per_byte(model, tokenizer, texts).value
        stop_here("evaluate")
    if last in ("rl", "dpo"):
        before = _scored(context, "sft", items, [], lambda *_: stop_here("evaluate"))
        first, now = _primary(before), _primary(report)
        metrics[f"{now.name}_before_{last}"] = first.value
        if now.high < first.value:
            warnings.append(
                f"{last.upper()} made the model worse: {now.name} {first.value:.3f} before, {now.value:.3f} after "
                f"(95 % interval to {now.high:.3f}, n={now.n}); the model before lies in phases/sft/model"
            )
    write_contract(context.directory("evaluate") / "evaluation.json", report)
    _install(context.model_directory(last), context.output / "model")
    return PhaseResult(metrics=metrics, warnings=warnings)


def _scored(
    context: PhaseContext,
    phase: str,
    items: list[SuiteItem],
    texts: list[str],
    advance: Callable[[int, int], None],
    *,
    with_bias: bool = False,
) -> EvaluationReport:
    """Scores of a phase's model."""
    plan, directory = context.plan, context.model_directory(phase)
    if plan.model.family == "decoder":
        return evaluate_directory(
            directory,
            task=plan.task,
            items=items,
            texts=texts,
            bias_languages=bias_languages(plan.languages) if with_bias else (),
            advance=advance,
        )
    from trainer.phases.held_out import evaluate_family

    return evaluate_family(directory, plan.model.family, task=plan.task, items=items, texts=texts, advance=advance)


def _primary(report: EvaluationReport) -> Score:
    return next(score for score in report.scores if score.name == report.primary)


def _install(source: Path, target: Path) -> None:
    """Copy a model directory whole, or not at all."""
    temporary = target.with_name(f".{target.name}.tmp")
    for path in (temporary, target):
        if path.exists():
            shutil.rmtree(path)
    shutil.copytree(source, temporary)
    temporary.rename(target)

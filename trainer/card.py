"""The model card: what a user, an auditor or a works council needs to know of a model, beside its weights.

Enter at `model_card` and `card_text`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.plan import BaseModelSource, BuiltinCorpus, TrainingPlan
from advisor.contracts.runs import EnergyReport, Environment, ModelCard, PhaseReport
from advisor.files import read_document
from trainer.documentation.facts import CardFacts
from trainer.documentation.items import documentation
from trainer.documentation.legal import NOTICE
from trainer.documentation.page import FEW_GERMAN, documentation_lines, energy_cell, hours_cell
from trainer.evaluate.words import bias_limits, bias_section, score_rows, toxicity_sentences
from trainer.manifest import RunState
from trainer.sizes import stored_parameters

GENERAL_LIMITS = (
    "knows nothing outside its training text",
    "answers can be wrong; the evaluation says how often, on data of the same kind",
)

EXPLAIN = (
    "- which words of a prompt moved an answer: `trainer explain MODEL --prompt TEXT`; what such figures say and do "
    "not say stands in the limits.html that it writes, in English and German"
)
NO_GRID = "not known, as the grid is not; `advisor footprint` reckons them"


def model_card(
    plan: TrainingPlan,
    model: Path,
    *,
    phases: Sequence[PhaseReport],
    evaluation: EvaluationReport,
    energy: EnergyReport,
    data_card: dict[str, Any],
    environment: Environment,
    state: RunState,
    created_at: str,
) -> ModelCard:
    """Describe a trained model.

    Args:
        plan: what was planned.
        model: directory of the weights.
        phases: reports of the phases, whose tokens and FLOP are added up.
        evaluation: scores on held-out data.
        energy: of the whole run.
        data_card: counts of the data step.
        environment: where it was trained.
        state: when the run began.
        created_at: UTC, ISO 8601.
    """
    config = read_document(model / "config.json")
    base = plan.model.model if isinstance(plan.model, BaseModelSource) else None
    facts = CardFacts(
        plan=plan,
        model=model,
        config=config,
        parameters=stored_parameters(model),
        phases=phases,
        energy=energy,
        data_card=data_card,
        environment=environment,
        state=state,
        created_at=created_at,
        licence=_licence(plan, base),
        training_data=_training_data(plan, data_card),
    )
    return ModelCard(
        name=plan.name,
        created_at=created_at,
        base_model=base,
        parameters=facts.parameters,
        vocab_size=config["vocab_size"],
        context_tokens=config.get("max_position_embeddings") or config["n_positions"],
        languages=plan.languages,
        task=plan.task,
        intended_use=f"{plan.task.replace('_', ' ')} on texts like those it was trained on",
        limits=(*GENERAL_LIMITS, *bias_limits(evaluation), *_language_limits(plan)),
        training_data=facts.training_data,
        training_tokens=sum(phase.tokens for phase in phases),
        training_flop=facts.training_flop,
        energy_j=energy.energy_j,
        emissions_kgco2e=None,
        evaluation=evaluation,
        licence=facts.licence,
        option_id=plan.origin.option_id if plan.origin is not None else None,
        hardware=facts.hardware,
        training_hours=facts.hours,
        training_began_at=state.started_at,
        energy_quality=energy.quality,
        energy_reason=energy.reason,
        documentation=documentation(facts),
        notice=NOTICE,
    )


def card_text(card: ModelCard) -> str:
    """The card as Markdown, for README.md beside the weights."""
    rows = [
        ("parameters", f"{card.parameters:,}"),
        ("vocabulary", f"{card.vocab_size:,} tokens"),
        ("context", f"{card.context_tokens:,} tokens"),
        ("task", card.task),
        ("languages", ", ".join(card.languages) or "not stated"),
        ("base model", card.base_model or "none; trained from random weights"),
        ("training data", card.training_data),
        ("training tokens", f"{card.training_tokens:,}"),
        ("training compute", f"{card.training_flop:.3g} FLOP"),
        ("hardware", card.hardware),
        ("training time", hours_cell(card)),
        ("energy at the accelerator", energy_cell(card)),
        ("emissions", f"{card.emissions_kgco2e:.3g} kg CO2e" if card.emissions_kgco2e is not None else NO_GRID),
        ("licence", card.licence),
        ("created", card.created_at),
    ]
    lines = [f"# {card.name}\n", f"Intended use: {card.intended_use}.\n", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    if card.evaluation is not None:
        lines += ["\n## Evaluation\n", *score_table(card.evaluation)]
        if card.evaluation.bias:
            lines += ["\n## Bias\n", *bias_section(card.evaluation.bias)]
        if card.evaluation.toxicity:
            lines += ["\n## Toxicity of free generation\n", *toxicity_sentences(card.evaluation)]
    lines += ["\n## Limits\n", *(f"- {limit}" for limit in card.limits), EXPLAIN]
    lines += documentation_lines(card)
    return "\n".join(lines) + "\n"


def score_table(evaluation: EvaluationReport) -> list[str]:
    """Scores with interval and n as a Markdown table."""
    return [f"On {evaluation.data}.\n", *score_rows(evaluation.scores, evaluation.primary)]


def _training_data(plan: TrainingPlan, data_card: dict[str, Any]) -> str:
    names = [
        "Python language reference (pydoc_data.topics of the interpreter)"
        if isinstance(corpus, BuiltinCorpus)
        else f"own files ({corpus.path})"
        for corpus in plan.data.corpora
    ]
    train = data_card["train"]
    text = f"{' and '.join(names)}: {train['passages']:,} passages, {train['bytes']:,} bytes after cleaning"
    if data_card["conversations"]:
        text += f"; {data_card['conversations']:,} conversations"
    return text


def _licence(plan: TrainingPlan, base: str | None) -> str:
    if base is not None:
        return f"that of the base model ({base}), and of the training text"
    if all(isinstance(corpus, BuiltinCorpus) for corpus in plan.data.corpora):
        return "weights: no licence set; training text: Python Software Foundation License 2"
    return "weights: no licence set; training text: the owner's"


def _language_limits(plan: TrainingPlan) -> tuple[str, ...]:
    uses_reference = any(isinstance(corpus, BuiltinCorpus) for corpus in plan.data.corpora)
    if uses_reference and "de" in plan.languages and plan.data.instructions is None:
        return (FEW_GERMAN,)
    return ()

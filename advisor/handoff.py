"""From an Assessment to a plan directory that `trainer run` executes as it stands.

Enter at `write_plan`. The plan names its origin and carries the forecast that the run will be measured against.
"""

from collections.abc import Sequence
from pathlib import Path

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.plan import (
    Architecture,
    BaseModelSource,
    BuiltinCorpus,
    DataPlan,
    FileCorpus,
    Forecast,
    LoraSettings,
    PhasesPlan,
    PlanOrigin,
    PretrainPhase,
    RewardPhase,
    RlPhase,
    SftPhase,
    TrainingPlan,
)
from advisor.core.compute import TrainedShare, accelerator_hours, flop_per_token
from advisor.core.project import HIGHEST_MFU
from advisor.files import dump_yaml, write_contract, write_text
from advisor.summaries import rounded

SMALL_MODEL_LEARNING_RATE = 3e-3
"""Pre-training of models below about ten million parameters; larger ones take the plan's default."""
SMALL_MODEL_PARAMS = 1e7
SMALL_MODEL_BLOCK_TOKENS = 128
SMALL_MODEL_RECIPE = {
    "sft": SftPhase(epochs=2.0, batch_sequences=16, learning_rate=1e-3),
    "reward": RewardPhase(epochs=0.5, batch_pairs=16, learning_rate=3e-4),
    "rl": RlPhase(max_steps=10, batch_completions=32, max_completion_tokens=12, learning_rate=1e-5),
}
"""Found by trial on the reference corpus; see data/examples/plans/python_reference.yaml."""
TRAINABLE = ("fine_tune_lora", "fine_tune_full", "domain_adaptation", "from_scratch")
LORA_LEARNING_RATE = 2e-4
FULL_LEARNING_RATE = 2e-5
ADAPTATION_LEARNING_RATE = 1e-5
BASE_SEQUENCE_TOKENS = 1024


def write_plan(
    assessment: Assessment,
    *,
    option_id: str | None,
    catalog: Catalog,
    corpus: str | None,
    base_model: str | None,
    output: Path,
) -> tuple[str, ...]:
    """Write plan.yaml, assessment.json and README.md; return what the reader should know.

    Raises:
        BadInput: an unknown option, one that trains nothing, or an output directory that is in use.
    """
    option = _chosen(assessment, option_id)
    if output.exists() and any(output.iterdir()):
        raise BadInput(f"--output: {output} is not empty; name a new directory")
    plan = plan_of(assessment, option, catalog, corpus=corpus, base_model=base_model)
    notes = plan.origin.notes if plan.origin is not None else ()
    write_text(output / "plan.yaml", dump_yaml(plan))
    write_contract(output / "assessment.json", assessment)
    write_text(output / "README.md", _readme(plan, option))
    return notes


def plan_of(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    *,
    corpus: str | None = None,
    base_model: str | None = None,
) -> TrainingPlan:
    """The training plan of one option, with its forecast."""
    notes = [gate.reason for gate in option.gates if gate.passed is False]
    if not option.feasible:
        notes.insert(0, "the gates exclude this option; the plan is a pilot that measures it")
    case = assessment.case
    model, phases = _recipe(assessment, option, catalog, base_model)
    accelerator, count = _accelerator(assessment, option, catalog)
    return TrainingPlan(
        name=f"{case.name}: {option.label}",
        seed=assessment.seed,
        task=case.use_case.task,
        languages=case.use_case.languages,
        accelerator=accelerator,
        accelerator_count=count,
        data=DataPlan(corpora=(FileCorpus(kind="files", path=corpus) if corpus is not None else BuiltinCorpus(),)),
        model=model,
        phases=phases,
        forecast=_forecast(assessment, option, catalog, model, phases, accelerator, count),
        origin=PlanOrigin(
            assessment_id=assessment.id,
            option_id=option.id,
            option_kind=option.kind,
            catalog_version=assessment.catalog_version,
            feasible=option.feasible,
            notes=tuple(notes),
        ),
    )


def _chosen(assessment: Assessment, option_id: str | None) -> Option:
    wanted = option_id or assessment.recommendation.option_id
    by_id = {option.id: option for option in assessment.options}
    trainable = [option.id for option in assessment.options if option.kind in TRAINABLE]
    if wanted not in by_id:
        raise UnknownName("option", wanted, by_id)
    if wanted not in trainable:
        raise BadInput(
            f"--option: {wanted!r} ({by_id[wanted].kind}) trains nothing, so there is no plan to hand over; "
            f"options with a training: {', '.join(trainable)}"
        )
    return by_id[wanted]


def _recipe(
    assessment: Assessment, option: Option, catalog: Catalog, base_model: str | None
) -> tuple[Architecture | BaseModelSource, PhasesPlan]:
    tokens = _assumed(assessment, "domain_tokens")
    if option.kind == "from_scratch":
        size = lookup.architecture(catalog, option.model or "")
        fields = size.model_dump(include=set(Architecture.model_fields) - {"kind", "name"})
        passes = lookup.parameter(catalog, "max_data_epochs.from_scratch").central
        ratio = lookup.parameter(catalog, "tokens_per_parameter.from_scratch").central
        small = size.parameters < SMALL_MODEL_PARAMS
        block_tokens = SMALL_MODEL_BLOCK_TOKENS if small else size.context_tokens
        pretrain = PretrainPhase(max_steps=1, sequence_tokens=block_tokens)
        if small:
            pretrain = pretrain.model_copy(update={"learning_rate": SMALL_MODEL_LEARNING_RATE})
        recipe = SMALL_MODEL_RECIPE if small else {"sft": SftPhase(), "reward": RewardPhase(), "rl": RlPhase()}
        wanted = min(size.parameters * ratio, passes * tokens)
        steps = max(1, round(wanted / (pretrain.batch_sequences * pretrain.sequence_tokens)))
        return Architecture(name=size.id, **fields), PhasesPlan(
            pretrain=pretrain.model_copy(update={"max_steps": steps}), **recipe
        )
    source = BaseModelSource(kind="base_model", model=base_model or _base_model_reference(catalog, option))
    if option.kind == "domain_adaptation":
        pretrain = PretrainPhase(
            max_steps=1, sequence_tokens=BASE_SEQUENCE_TOKENS, learning_rate=ADAPTATION_LEARNING_RATE
        )
        steps = max(1, round(tokens / (pretrain.batch_sequences * pretrain.sequence_tokens)))
        return source, PhasesPlan(
            pretrain=pretrain.model_copy(update={"max_steps": steps}), sft=SftPhase(learning_rate=FULL_LEARNING_RATE)
        )
    if option.kind == "fine_tune_full":
        return source, PhasesPlan(pretrain=None, sft=SftPhase(learning_rate=FULL_LEARNING_RATE))
    return source, PhasesPlan(pretrain=None, sft=SftPhase(learning_rate=LORA_LEARNING_RATE, lora=LoraSettings()))


def _base_model_reference(catalog: Catalog, option: Option) -> str:
    row = lookup.base_model(catalog, option.model or "")
    return row.hub_id or row.id


def _accelerator(assessment: Assessment, option: Option, catalog: Catalog) -> tuple[str | None, int]:
    """The option's accelerator; the owned count where the company owns it, else one device."""
    if option.accelerator is None:
        return None, 1
    for owned in assessment.case.hardware.owned:
        if lookup.accelerator(catalog, owned.accelerator).id == option.accelerator:
            return option.accelerator, owned.count
    return option.accelerator, 1


def _forecast(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    model: Architecture | BaseModelSource,
    phases: PhasesPlan,
    accelerator: str | None,
    count: int,
) -> Forecast:
    """Hours from planned FLOP and the utilisation of the assessment; money where the accelerator has a rent."""
    quality = option.quality.score_fraction
    if accelerator is None:
        return Forecast(quality_fraction=quality)
    part = lookup.accelerator(catalog, accelerator)
    if isinstance(model, Architecture):
        params = lookup.architecture(catalog, option.model or "").parameters
    else:
        params = lookup.base_model(catalog, option.model or "").active_parameters
    flop = _planned_flop(assessment, params, phases)
    mfu = _spread(assessment, f"mfu_fraction.{part.mfu_class}.full")
    ratio = _known(assessment, f"mfu_ratio.{option.id}", 1.0)
    shares = [min(HIGHEST_MFU, share * ratio) for share in (mfu.p95, mfu.p50, mfu.p5)]
    device_hours = [float(accelerator_hours(flop, part.peak_flop_per_s, share)) for share in shares]
    hours = Interval(**dict(zip(("p5", "p50", "p95"), (rounded(h / count) for h in device_hours), strict=True)))
    rent = part.rental_usd_per_hour
    cost = None
    if rent is not None and not assessment.case.hardware.owned:
        prices = (rent.low, rent.central, rent.high)
        amounts = [rounded(h * p) for h, p in zip(device_hours, prices, strict=True)]
        cost = Interval(p5=amounts[0], p50=amounts[1], p95=amounts[2])
    return Forecast(
        train_hours=hours,
        energy_kwh=None,
        cost=cost,
        currency="USD" if cost is not None else None,
        quality_fraction=quality,
        training_flop=rounded(flop),
    )


def _planned_flop(assessment: Assessment, params: float, phases: PhasesPlan) -> float:
    """Model FLOP of the gradient steps of pre-training and supervised tuning; reward model and RL come on top."""
    flop = 0.0
    if phases.pretrain is not None:
        phase = phases.pretrain
        tokens = phase.max_steps * phase.batch_sequences * phase.sequence_tokens
        flop += float(flop_per_token(params, trained="all")) * tokens
    if phases.sft is not None:
        examples = _assumed(assessment, "labelled_examples")
        per_example = _assumed(assessment, "input_tokens_per_request") + _assumed(
            assessment, "output_tokens_per_request"
        )
        tokens = examples * per_example * phases.sft.epochs
        trained: TrainedShare = "adapters" if phases.sft.lora is not None else "all"
        flop += float(flop_per_token(params, trained=trained)) * tokens
    return flop


def _spread(assessment: Assessment, name: str) -> Interval:
    for row in assessment.assumptions:
        if row.name == name:
            if isinstance(row.value, Interval):
                return row.value
            if isinstance(row.value, float):
                return Interval(p5=row.value, p50=row.value, p95=row.value)
    raise BadInput(f"assumptions: the assessment does not carry {name!r}; assess the case again with this version")


def _known(assessment: Assessment, name: str, otherwise: float) -> float:
    """The median of an input; assessments of older versions do not carry every one."""
    return _assumed(assessment, name) if any(row.name == name for row in assessment.assumptions) else otherwise


def _assumed(assessment: Assessment, name: str) -> float:
    return _spread(assessment, name).p50


def _readme(plan: TrainingPlan, option: Option) -> str:
    notes: Sequence[str] = plan.origin.notes if plan.origin is not None else ()
    lines = [
        f"# {plan.name}\n",
        f"Plan for `{option.id}`, handed over by `advisor handoff`.\n",
        "    trainer run .            # or: trainer run plan.yaml --output DIRECTORY",
        "    trainer run . --dry-run  # phases, parameters and forecast without training\n",
        "`assessment.json` is the assessment it follows from.",
    ]
    if notes:
        lines += ["\nWhat to know before starting:\n", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"

"""From an Assessment to a directory that a stranger can carry out: plan, launch files, serving, or procurement.

Enter at `write_plan`, for files, and `handed_over`, for their contents. Options that train get a plan that
`trainer run` executes as it stands; hosted and bought ones what it takes to serve or to buy.
"""

from dataclasses import dataclass
from pathlib import Path

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.plan import BuiltinCorpus, DataPlan, FileCorpus, PlanOrigin, TrainingPlan
from advisor.files import dump_yaml, write_text
from advisor.gate_text import in_language
from advisor.handing.estimates import hardware_of
from advisor.handing.forecast import forecast_of
from advisor.handing.launch import LAUNCHERS, Site, launch_files
from advisor.handing.procurement import key_variable, procurement_files
from advisor.handing.readme import other_readme, plan_readme
from advisor.handing.recipe import base_model_reference, ranges_of, recipe_of
from advisor.handing.serve import serve_files
from advisor.handing.words import NOTES
from advisor.phrases import Language

TRAINABLE = ("fine_tune_lora", "fine_tune_full", "domain_adaptation", "from_scratch")
PILOT = NOTES["en"]["pilot"]
BOUGHT = ("proprietary_api", "proprietary_api_tuned", "hosted_open_api")


@dataclass(frozen=True)
class HandedOver:
    """The contents of a plan directory."""

    option: Option
    files: dict[str, str]
    """Path in the directory -> text."""
    notes: tuple[str, ...]
    trains: bool


def write_plan(
    assessment: Assessment,
    *,
    option_id: str | None,
    catalog: Catalog,
    corpus: str | None,
    base_model: str | None,
    output: Path,
    language: Language = "en",
    launchers: tuple[str, ...] = LAUNCHERS,
) -> HandedOver:
    """Write the directory of one option; return what was written and what the reader should know.

    Raises:
        BadInput: an unknown option, the status quo, or an output directory that is in use.
    """
    found = handed_over(
        assessment,
        option_id=option_id,
        catalog=catalog,
        corpus=corpus,
        base_model=base_model,
        language=language,
        launchers=launchers,
    )
    if output.exists() and any(output.iterdir()):
        raise BadInput(f"--output: {output} is not empty; name a new directory")
    for path, text in found.files.items():
        write_text(output / path, text)
        if path.endswith(".sh"):
            (output / path).chmod(0o755)
    return found


def handed_over(
    assessment: Assessment,
    *,
    option_id: str | None,
    catalog: Catalog,
    corpus: str | None = None,
    base_model: str | None = None,
    language: Language = "en",
    launchers: tuple[str, ...] = LAUNCHERS,
) -> HandedOver:
    """The files of one option as texts.

    Raises:
        BadInput: an unknown option or launcher, or the status quo, which has nothing to hand over.
    """
    option = _chosen(assessment, option_id)
    trains = option.kind in TRAINABLE
    notes = tuple(
        in_language(gate.reason, gate.translations, language) for gate in option.gates if gate.passed is False
    )
    if trains:
        plan = plan_of(assessment, option, catalog, corpus=corpus, base_model=base_model)
        notes = _pilot(option, language) + notes + _limits(plan, option)
        part = lookup.accelerator(catalog, plan.accelerator) if plan.accelerator is not None else None
        files = {"plan.yaml": dump_yaml(plan)}
        files |= launch_files(plan, assessment, Site(part, plan.accelerator_count), launchers)
        files |= serve_files(assessment, option, catalog, trained=True, language=language)
        files["README.md"] = plan_readme(plan, assessment, option, language)
    elif option.kind in BOUGHT:
        row = lookup.api_model(catalog, option.model or "")
        files = procurement_files(assessment, option, catalog)
        files["README.md"] = other_readme(
            assessment, option, language, provider=row.price_provider, key=key_variable(row)
        )
    else:
        files = serve_files(assessment, option, catalog, trained=False, language=language)
        files["README.md"] = other_readme(assessment, option, language, hub=base_model_reference(catalog, option))
    files["assessment.json"] = assessment.model_dump_json(indent=2) + "\n"
    return HandedOver(option, files, notes, trains)


def plan_of(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    *,
    corpus: str | None = None,
    base_model: str | None = None,
) -> TrainingPlan:
    """The training plan of one option, with its forecast."""
    case = assessment.case
    model, phases = recipe_of(assessment, option, catalog, base_model)
    hardware = hardware_of(assessment, option, catalog, model, phases)
    notes = [gate.reason for gate in option.gates if gate.passed is False]
    if not option.feasible:
        notes.insert(0, PILOT)
    notes += hardware.notes
    return TrainingPlan(
        name=f"{case.name}: {option.label}",
        seed=assessment.seed,
        task=case.use_case.task,
        languages=case.use_case.languages,
        accelerator=hardware.accelerator,
        accelerator_count=hardware.count,
        data=DataPlan(corpora=(FileCorpus(kind="files", path=corpus) if corpus is not None else BuiltinCorpus(),)),
        model=model,
        phases=phases,
        search=ranges_of(phases),
        forecast=forecast_of(assessment, option, catalog, model, phases, hardware),
        origin=PlanOrigin(
            assessment_id=assessment.id,
            option_id=option.id,
            option_kind=option.kind,
            catalog_version=assessment.catalog_version,
            feasible=option.feasible,
            notes=tuple(notes),
        ),
    )


def _pilot(option: Option, language: Language) -> tuple[str, ...]:
    return () if option.feasible else (NOTES[language]["pilot"],)


def _limits(plan: TrainingPlan, option: Option) -> tuple[str, ...]:
    """What the plan notes beside the gates: limits of the hardware."""
    known = {PILOT, *(gate.reason for gate in option.gates)}
    return tuple(note for note in (plan.origin.notes if plan.origin is not None else ()) if note not in known)


def _chosen(assessment: Assessment, option_id: str | None) -> Option:
    wanted = option_id or assessment.recommendation.option_id
    by_id = {option.id: option for option in assessment.options}
    if wanted not in by_id:
        raise UnknownName("option", wanted, by_id)
    if by_id[wanted].kind == "status_quo":
        others = [option.id for option in assessment.options if option.kind != "status_quo"]
        raise BadInput(
            f"--option: {wanted!r} trains nothing and buys nothing, so there is no plan to hand over; name another "
            f"option: {', '.join(others)}"
        )
    return by_id[wanted]

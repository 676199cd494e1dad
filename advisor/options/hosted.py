"""Candidates that run an open model, as it is or trained further.

Enter at `open_model_candidates`.
"""

from dataclasses import replace

from advisor.contracts.assessment import OptionKind
from advisor.contracts.case import Case
from advisor.contracts.catalog import BaseModelRow
from advisor.contracts.errors import Failed
from advisor.contracts.estimates import TrainingKind
from advisor.core.candidates import Candidate, Hosting, QualityModel, Training
from advisor.estimate.shapes import shape_of_row
from advisor.options.workshop import Workshop, age_years, language_gap

LORA_LIMIT_PARAMS = 80e9
FULL_LIMIT_PARAMS = 35e9
MID_FROM_PARAMS = 2e10
DOMAIN_WORDS = {
    "legal": ("legal", "law", "recht", "jur"),
    "biomedical": ("medic", "medizin", "bio", "pharma", "clinic", "klini", "health", "gesundheit"),
    "scientific": ("scien", "wissenschaft", "research", "forschung"),
    "finance": ("financ", "finanz", "bank"),
}
"""What a case's domain is called, English and German, for each domain of the catalogue."""
RUNS: dict[OptionKind, TrainingKind] = {
    "fine_tune_lora": "lora",
    "fine_tune_full": "full_ft",
    "domain_adaptation": "continued_pretrain",
}
"""What the step model calls the training of an option."""


def open_model_candidates(model: BaseModelRow, shop: Workshop) -> list[Candidate]:
    """One open model: as it is, with LoRA, fully tuned and adapted, each on its cheapest hardware."""
    found: list[Candidate] = []
    for retrieval in (False, True) if shop.retrieval_helps else (False,):
        hosted = [
            _self_hosted(model, hosting, shop, retrieval)
            for hosting in shop.hostings(shape_of_row(model), retrieval=retrieval)
        ]
        found += shop.cheapest(hosted)
        limits: tuple[tuple[OptionKind, float], ...] = (
            ("fine_tune_lora", LORA_LIMIT_PARAMS),
            ("fine_tune_full", FULL_LIMIT_PARAMS),
            ("domain_adaptation", FULL_LIMIT_PARAMS),
        )
        for kind, limit in limits:
            if model.parameters <= limit:
                trained = [_trained(option, kind, model, shop) for option in hosted]
                found += shop.cheapest([option for option in trained if option is not None])
    return found


def _self_hosted(model: BaseModelRow, hosting: Hosting, shop: Workshop, retrieval: bool) -> Candidate:
    suffix = "+retrieval" if retrieval else ""
    size = "mid" if model.parameters >= MID_FROM_PARAMS else "small"
    return Candidate(
        id=f"self_hosted_open:{model.id}{suffix}",
        kind="self_hosted_open",
        label=model.name,
        model=model.id,
        provider=None,
        retrieval=retrieval,
        quality=QualityModel(
            base_input=f"quality_base_fraction.{size}",
            age_years=age_years(model, shop.on),
            is_domain_model=model.domain != "general",
            language_gap_fraction=language_gap(model, shop.case),
            ability_fraction=model.general_ability_fraction,
            ability_reference_input=f"quality_reference_ability_fraction.{size}",
        ),
        integration_input="integration_fte_months.self_hosted",
        operations_input="operations_fte.self_hosted",
        months_input="months_to_value.self_hosted",
        grid_input=f"grid_gco2e_per_kwh.{shop.setting.grid_zone}",
        hosting=hosting,
        staff_needed_input="staff_needed_ml_fte.self_hosted",
        languages=tuple(model.languages),
        context_tokens=model.context_tokens,
        residency=("any", "eu", "national", "on_premises") if hosting.bought else ("any", "eu", "national"),
        licence=model.licence,
        commercial_use=model.commercial_use,
    )


def _trained(option: Candidate, kind: OptionKind, model: BaseModelRow, shop: Workshop) -> Candidate | None:
    """The self-hosted option after LoRA, full fine-tuning or domain adaptation; None where its parts cannot hold it."""
    if option.hosting is None:
        raise Failed(f"{option.id}: a trained option needs a hosting")
    pace = shop.pace(model, RUNS[kind], option.hosting.accelerator)
    if pace is None:
        return None
    lora = kind == "fine_tune_lora"
    adapts = kind == "domain_adaptation"
    return replace(
        option,
        id=option.id.replace("self_hosted_open", kind),
        kind=kind,
        quality=replace(
            option.quality,
            tuning_gain_input=f"quality_tuning_gain_logit.{'fine_tune_lora' if lora else 'fine_tune_full'}",
            adapts_to_domain=adapts,
        ),
        operations_input="operations_fte.own_model",
        months_input=f"months_to_value.{kind}",
        training=Training(
            method="lora" if lora else "full",
            corpus_tokens=shop.central("domain_tokens") if adapts else None,
            epochs_input=None,
            mfu_input=shop.mfu_input(option.hosting.accelerator),
            mfu_is_fine_tuning=not adapts,
            development_input="development_factor.fine_tuning",
            examples_input=f"examples_needed.{kind}",
            flop_per_token=pace.flop_per_token,
            mfu_ratio=pace.mfu_ratio,
            mfu_note=pace.note,
            min_devices=float(pace.devices),
            checkpoint_bytes=pace.checkpoint_bytes,
        ),
        data_input=f"data_fte_months.{kind}",
        training_staff_input=f"training_fte_months.{kind}",
        staff_needed_input=f"staff_needed_ml_fte.{kind}",
    )


def domain_fits(model: BaseModelRow, case: Case) -> bool:
    """General models always; a domain model only where the case's domain names its field."""
    domain = (case.use_case.domain or "").lower()
    if model.domain in ("general", "code"):
        return model.domain == "general" or case.use_case.task == "code"
    return any(word in domain for word in DOMAIN_WORDS[model.domain])

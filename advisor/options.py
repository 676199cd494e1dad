"""From a Case and the catalogue to concrete candidates of every kind.

Enter at `candidates_of`. Everything sensible is generated; `advisor.assess` screens the list and keeps the
best of each kind. Hardware is chosen per model: the cheapest accelerator that holds it and meets the latency.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from advisor.catalog import lookup, prices
from advisor.contracts.case import Case
from advisor.contracts.catalog import AcceleratorRow, ApiModelRow, ArchitectureRow, BaseModelRow, Catalog
from advisor.contracts.errors import Failed
from advisor.core.candidates import ApiOffer, Candidate, Hosting, QualityModel, Training
from advisor.core.compute import training_memory_bytes
from advisor.core.costing import Demand, demand_of, evaluate
from advisor.core.sampling import Design, Input, central_design
from advisor.core.serving import Device, ServedModel, StepFit, replica_design
from advisor.core.units import MONTHS_PER_YEAR
from advisor.inputs import Setting

RETRIEVAL_TASKS = ("question_answering", "chat", "content_generation", "summarization")
LORA_LIMIT_PARAMS = 80e9
FULL_LIMIT_PARAMS = 35e9
BYTES_PER_PARAM = 2.0
FULL_BYTES_PER_PARAM = 16.0
LORA_BYTES_PER_PARAM = 2.5
MID_FROM_PARAMS = 2e10
LINKED_CLASSES = ("a100", "h100", "b200", "v100", "amd", "tpu", "cpu")
"""Classes whose parts talk over a fast link inside a server."""
LINKED_DEVICES, UNLINKED_DEVICES = 8, 2
GIGA_PARAMS = 1e9
MEGA_PARAMS = 1e6


def candidates_of(case: Case, catalog: Catalog, inputs: list[Input], setting: Setting, on: date) -> list[Candidate]:
    """All candidates of a case: status quo, bought tokens, own hosting, own training."""
    workshop = _Workshop(case, catalog, inputs, setting, on)
    found = [_status_quo()]
    for row in catalog.api_models:
        found += _api_candidates(row, workshop, on)
    for model in catalog.base_models:
        if model.family == "decoder" and _domain_fits(model, case):
            found += _open_model_candidates(model, workshop)
    found += _from_scratch(workshop)
    return found


class _Workshop:
    """What the generators share: the case, the central design and the hardware that may be used."""

    def __init__(self, case: Case, catalog: Catalog, inputs: list[Input], setting: Setting, on: date) -> None:
        self.case, self.catalog, self.setting, self.on = case, catalog, setting, on
        self.x: Design = central_design(inputs)
        self.demand: Demand = demand_of(self.x, setting.frame)
        self.owned = {lookup.accelerator(catalog, own.accelerator).id: own.count for own in case.hardware.owned}
        self.retrieval_helps = case.use_case.task in RETRIEVAL_TASKS

    def central(self, name: str) -> float:
        return float(self.x[name][0])

    def fit(self) -> StepFit:
        return StepFit(
            fixed_s=self.central("decode_fixed_s"),
            per_sequence_s=self.central("decode_per_sequence_s"),
            bandwidth_efficiency=self.central("decode_bandwidth_efficiency_fraction"),
            compute_efficiency=self.central("decode_compute_efficiency_fraction"),
            prefill_efficiency=self.central("prefill_efficiency_fraction"),
        )

    def usable_parts(self) -> list[AcceleratorRow]:
        """Parts that are owned, or that can be rented (cloud) or bought at a known price (premises)."""
        bought = self.setting.on_premises
        return [
            part
            for part in self.catalog.accelerators
            if part.id in self.owned
            or (part.mfu_class != "cpu" and (part.purchase_usd if bought else part.rental_usd_per_hour) is not None)
        ]

    def hostings(self, model: ServedModel, *, retrieval: bool) -> Iterator[Hosting]:
        """One hosting per usable accelerator that holds the model."""
        extra = self.central("retrieval_tokens_per_request") if retrieval else 0.0
        for part in self.usable_parts():
            device = Device(part.peak_flop_per_s, part.bandwidth_bytes_per_s, part.memory_bytes)
            replica = replica_design(
                model,
                device,
                self.fit(),
                input_tokens=self.central("input_tokens_per_request") + extra,
                output_tokens=self.central("output_tokens_per_request"),
                ttft_s=self.central("ttft_ms_p95") / 1e3,
                tpot_s=self.central("tpot_ms_p95") / 1e3,
                usable_memory_fraction=self.central("usable_memory_fraction"),
                max_devices=_most_devices(part),
            )
            if replica is None:
                continue
            owned = self.owned.get(part.id, 0)
            yield Hosting(
                accelerator=part.id,
                model=model,
                device=device,
                fit=self.fit(),
                replica=replica,
                bought=self.setting.on_premises or owned > 0,
                owned_devices=owned,
            )

    def cheapest(self, variants: list[Candidate]) -> list[Candidate]:
        """The variant with the lowest central cost, those that meet the latency first; empty stays empty."""

        def key(option: Candidate) -> tuple[bool, float]:
            late = option.hosting is not None and not option.hosting.replica.meets_latency
            return late, float(evaluate(option, self.x, self.demand, self.setting.frame).total[0])

        return sorted(variants, key=key)[:1]

    def mfu_input(self, accelerator: str) -> str:
        return f"mfu_fraction.{lookup.accelerator(self.catalog, accelerator).mfu_class}.full"


def _most_devices(part: AcceleratorRow) -> int:
    """Devices over which one model may be spread: a server's worth where they are linked, else a pair."""
    return LINKED_DEVICES if part.mfu_class in LINKED_CLASSES else UNLINKED_DEVICES


def _status_quo() -> Candidate:
    return Candidate(
        id="status_quo",
        kind="status_quo",
        label="by hand",
        model=None,
        provider=None,
        retrieval=False,
        quality=QualityModel(base_input="quality_base_fraction.by_hand"),
        integration_input="integration_fte_months.status_quo",
        operations_input=None,
        months_input=None,
        grid_input=None,
        residency=("any", "eu", "national", "on_premises"),
    )


def _domain_fits(model: BaseModelRow, case: Case) -> bool:
    """General models always; a domain model only where the case's domain names its field."""
    domain = (case.use_case.domain or "").lower()
    words = {"legal": ("legal", "law", "recht", "jur"), "biomedical": ("medic", "medizin", "bio", "pharma", "clinic")}
    return model.domain == "general" or any(word in domain for word in words.get(model.domain, (model.domain,)))


def _api_candidates(row: ApiModelRow, shop: _Workshop, on: date) -> list[Candidate]:
    eu = (shop.case.data.residency or "any") != "any" and row.eu_price_multiplier != 1.0
    price = prices.token_prices(
        row,
        typical_input_tokens=max(1, round(shop.central("input_tokens_per_request"))),
        typical_output_tokens=max(1, round(shop.central("output_tokens_per_request"))),
        on=on,
        eu=eu,
    )
    offer = ApiOffer(
        input_usd_per_mtok=price.input_usd_per_mtok,
        cached_usd_per_mtok=price.cached_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        batch_multiplier=price.batch_multiplier if price.batch_multiplier is not None else 1.0,
    )
    kind = "proprietary_api" if row.kind == "proprietary" else "hosted_open_api"
    base = lookup.base_model(shop.catalog, row.base_model) if row.base_model is not None else None
    plain = Candidate(
        id=f"{kind}:{row.id}",
        kind=kind,
        label=row.name,
        model=row.id,
        provider=row.price_provider,
        retrieval=False,
        quality=QualityModel(
            base_input=f"quality_base_fraction.{row.capability}",
            age_years=_age_years(base, on) if base is not None else 0.0,
        ),
        integration_input=f"integration_fte_months.{kind}",
        operations_input="operations_fte.api",
        months_input=f"months_to_value.{kind}",
        grid_input=f"grid_gco2e_per_kwh.{row.countries[0]}" if row.countries else None,
        offer=offer,
        languages=tuple(base.languages) if base is not None else (),
        context_tokens=row.context_tokens,
        residency=tuple(row.residency),
        licence=base.licence if base is not None else "",
        commercial_use=base.commercial_use if base is not None else True,
        months_available=_months_between(on, row.retires) if row.retires is not None else None,
    )
    found = _with_retrieval(plain, shop)
    if row.tuning_usd_per_mtok is not None:
        tuned = replace(
            plain,
            id=f"proprietary_api_tuned:{row.id}",
            kind="proprietary_api_tuned",
            quality=replace(plain.quality, tuning_gain_input="quality_tuning_gain_logit.proprietary_api_tuned"),
            months_input="months_to_value.proprietary_api_tuned",
            offer=replace(
                offer,
                input_usd_per_mtok=offer.input_usd_per_mtok * row.tuned_inference_multiplier,
                cached_usd_per_mtok=offer.cached_usd_per_mtok * row.tuned_inference_multiplier,
                output_usd_per_mtok=offer.output_usd_per_mtok * row.tuned_inference_multiplier,
                tuning_usd_per_mtok=row.tuning_usd_per_mtok,
            ),
            training=Training(
                method="provider",
                params=0.0,
                corpus_tokens=None,
                epochs_input=None,
                mfu_input=None,
                mfu_is_fine_tuning=True,
                development_input="development_factor.fine_tuning",
                examples_input="examples_needed.proprietary_api_tuned",
            ),
            data_input="data_fte_months.proprietary_api_tuned",
            training_staff_input="training_fte_months.proprietary_api_tuned",
        )
        found += _with_retrieval(tuned, shop)
    return found


def _months_between(on: date, day: str) -> float:
    year, month = ([int(part) for part in day.split("-")] + [1])[:2]
    return float((year - on.year) * 12 + month - on.month)


def _age_years(model: BaseModelRow, on: date) -> float:
    """Age of an open model at the date of the catalogue."""
    return max(0.0, -_months_between(on, model.released) / MONTHS_PER_YEAR)


def _with_retrieval(option: Candidate, shop: _Workshop) -> list[Candidate]:
    if not shop.retrieval_helps:
        return [option]
    return [
        option,
        replace(option, id=f"{option.id}+retrieval", retrieval=True),
    ]


def _served(model: BaseModelRow) -> ServedModel:
    return ServedModel(
        params=model.parameters,
        active_params=model.active_parameters,
        num_layers=model.num_layers,
        hidden_size=model.hidden_size,
        num_kv_heads=model.num_kv_heads,
        head_dim=model.head_dim,
        bytes_per_param=BYTES_PER_PARAM,
    )


def _open_model_candidates(model: BaseModelRow, shop: _Workshop) -> list[Candidate]:
    found: list[Candidate] = []
    for retrieval in (False, True) if shop.retrieval_helps else (False,):
        hosted = [
            _self_hosted(model, hosting, shop, retrieval)
            for hosting in shop.hostings(_served(model), retrieval=retrieval)
        ]
        found += shop.cheapest(hosted)
        for kind, limit in (
            ("fine_tune_lora", LORA_LIMIT_PARAMS),
            ("fine_tune_full", FULL_LIMIT_PARAMS),
            ("domain_adaptation", FULL_LIMIT_PARAMS),
        ):
            if model.parameters <= limit:
                trained = [_trained(option, kind, model.parameters, shop) for option in hosted]
                found += shop.cheapest([option for option in trained if _can_train(option, shop)])
    return found


def _self_hosted(model: BaseModelRow, hosting: Hosting, shop: _Workshop, retrieval: bool) -> Candidate:
    suffix = "+retrieval" if retrieval else ""
    return Candidate(
        id=f"self_hosted_open:{model.id}{suffix}",
        kind="self_hosted_open",
        label=model.name,
        model=model.id,
        provider=None,
        retrieval=retrieval,
        quality=QualityModel(
            base_input=f"quality_base_fraction.{'mid' if model.parameters >= MID_FROM_PARAMS else 'small'}",
            age_years=_age_years(model, shop.on),
            is_domain_model=model.domain != "general",
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


def _trained(option: Candidate, kind: str, params: float, shop: _Workshop) -> Candidate:
    """The self-hosted option after LoRA, full fine-tuning or domain adaptation."""
    if option.hosting is None:
        raise Failed(f"{option.id}: a trained option needs a hosting")
    lora = kind == "fine_tune_lora"
    adapts = kind == "domain_adaptation"
    memory = training_memory_bytes(
        params, method_bytes_per_param=LORA_BYTES_PER_PARAM if lora else FULL_BYTES_PER_PARAM
    )
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
            params=params,
            corpus_tokens=shop.central("domain_tokens") if adapts else None,
            epochs_input=None,
            mfu_input=shop.mfu_input(option.hosting.accelerator),
            mfu_is_fine_tuning=not adapts,
            development_input="development_factor.fine_tuning",
            examples_input=f"examples_needed.{kind}",
            min_devices=float(np.ceil(memory / option.hosting.device.memory_bytes)),
        ),
        data_input=f"data_fte_months.{kind}",
        training_staff_input=f"training_fte_months.{kind}",
        staff_needed_input=f"staff_needed_ml_fte.{kind}",
    )


def _can_train(option: Candidate, shop: _Workshop) -> bool:
    """Parts without a fast link cannot share a training that needs more of them than one model may span."""
    if option.hosting is None or option.training is None:
        return False
    part = lookup.accelerator(shop.catalog, option.hosting.accelerator)
    return part.mfu_class in LINKED_CLASSES or option.training.min_devices <= UNLINKED_DEVICES


def architecture_for(catalog: Catalog, domain_tokens: float) -> ArchitectureRow:
    """Largest size of the ladder that the text can feed (20 tokens per parameter, four passes), else the smallest."""
    ratio = lookup.parameter(catalog, "tokens_per_parameter.from_scratch").central
    passes = lookup.parameter(catalog, "max_data_epochs.from_scratch").central
    ladder = sorted(catalog.architectures, key=lambda row: row.parameters)
    fed = [row for row in ladder if row.parameters * ratio <= domain_tokens * passes]
    return fed[-1] if fed else ladder[0]


def _size_label(size: ArchitectureRow) -> str:
    if size.parameters >= GIGA_PARAMS:
        return f"{size.parameters / GIGA_PARAMS:.3g} B parameters"
    return f"{size.parameters / MEGA_PARAMS:.3g} M parameters"


def _from_scratch(shop: _Workshop) -> list[Candidate]:
    size = architecture_for(shop.catalog, shop.central("domain_tokens"))
    model = ServedModel(
        params=size.parameters,
        active_params=size.parameters,
        num_layers=size.num_layers,
        hidden_size=size.hidden_size,
        num_kv_heads=size.num_kv_heads,
        head_dim=size.hidden_size // size.num_heads,
        bytes_per_param=BYTES_PER_PARAM,
    )
    ratio = lookup.parameter(shop.catalog, "tokens_per_parameter.from_scratch").central
    passes = lookup.parameter(shop.catalog, "max_data_epochs.from_scratch").central
    effort = "from_scratch" if size.parameters >= GIGA_PARAMS else "from_scratch_small"
    variants = []
    for hosting in shop.hostings(model, retrieval=False):
        variants.append(
            Candidate(
                id=f"from_scratch:{size.id}",
                kind="from_scratch",
                label=_size_label(size),
                model=size.id,
                provider=None,
                retrieval=False,
                quality=QualityModel(
                    base_input="quality_base_fraction.small",
                    tuning_gain_input="quality_tuning_gain_logit.fine_tune_full",
                    adapts_to_domain=True,
                    from_scratch=True,
                ),
                integration_input="integration_fte_months.self_hosted",
                operations_input=f"operations_fte.{effort}",
                months_input=f"months_to_value.{effort}",
                grid_input=f"grid_gco2e_per_kwh.{shop.setting.grid_zone}",
                hosting=hosting,
                training=Training(
                    method="full",
                    params=size.parameters,
                    corpus_tokens=min(size.parameters * ratio, passes * shop.central("domain_tokens")),
                    epochs_input=None,
                    mfu_input=shop.mfu_input(hosting.accelerator),
                    mfu_is_fine_tuning=False,
                    development_input="development_factor.from_scratch",
                    examples_input=f"examples_needed.{effort}",
                    min_devices=float(np.ceil(size.parameters * FULL_BYTES_PER_PARAM / hosting.device.memory_bytes)),
                ),
                data_input=f"data_fte_months.{effort}",
                training_staff_input=f"training_fte_months.{effort}",
                staff_needed_input=f"staff_needed_ml_fte.{effort}",
                context_tokens=size.context_tokens,
                residency=("any", "eu", "national", "on_premises") if hosting.bought else ("any", "eu", "national"),
            )
        )
    return shop.cheapest(variants)

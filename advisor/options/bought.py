"""Candidates that buy tokens from a provider, plain or tuned by it; and the status quo.

Enter at `api_candidates` and `status_quo`.
"""

from dataclasses import replace
from datetime import date

from advisor.catalog import lookup, prices
from advisor.contracts.catalog import ApiModelRow, BaseModelRow
from advisor.core.candidates import ApiOffer, Candidate, QualityModel, Training
from advisor.options.workshop import Workshop, age_years, language_gap, months_between


def status_quo() -> Candidate:
    """Keep doing the work by hand."""
    return Candidate(
        id="status_quo",
        kind="status_quo",
        label="by hand",
        model=None,
        provider=None,
        retrieval=False,
        quality=QualityModel(base_input="quality_base_fraction.by_hand", knows_domain=True),
        integration_input="integration_fte_months.status_quo",
        operations_input=None,
        months_input=None,
        grid_input=None,
        residency=("any", "eu", "national", "on_premises"),
    )


def api_candidates(row: ApiModelRow, shop: Workshop, on: date) -> list[Candidate]:
    """One provider model: plain, with retrieval, and tuned where the provider sells tuning."""
    eu = (shop.case.data.strictest_residency or "any") != "any" and row.eu_price_multiplier != 1.0
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
            age_years=age_years(base, on) if base is not None else 0.0,
            language_gap_fraction=language_gap(base, shop.case) if base is not None else 0.0,
            ability_fraction=_ability(base, row),
            ability_reference_input=f"quality_reference_ability_fraction.{row.capability}",
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
        months_available=months_between(on, row.retires) if row.retires is not None else None,
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


def _ability(base: BaseModelRow | None, row: ApiModelRow) -> float | None:
    """Benchmark of a hosted open model; the class of the largest models has no reference."""
    return base.general_ability_fraction if base is not None and row.capability != "frontier" else None


def _with_retrieval(option: Candidate, shop: Workshop) -> list[Candidate]:
    if not shop.retrieval_helps:
        return [option]
    return [
        option,
        replace(option, id=f"{option.id}+retrieval", retrieval=True),
    ]

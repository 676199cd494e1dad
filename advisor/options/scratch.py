"""The candidate of an own model from random weights, in the size that the text can feed.

Enter at `from_scratch`.
"""

from advisor.catalog import lookup
from advisor.contracts.catalog import ArchitectureRow, Catalog
from advisor.core.candidates import Candidate, QualityModel, Training
from advisor.core.shapes import ModelShape
from advisor.options.workshop import Workshop

GIGA_PARAMS = 1e9
MEGA_PARAMS = 1e6


def _size_label(size: ArchitectureRow) -> str:
    if size.parameters >= GIGA_PARAMS:
        return f"{size.parameters / GIGA_PARAMS:.3g} B parameters"
    return f"{size.parameters / MEGA_PARAMS:.3g} M parameters"


def from_scratch(shop: Workshop) -> list[Candidate]:
    """The own model on its cheapest hardware; empty when nothing can run it."""
    size = architecture_for(shop.catalog, shop.central("domain_tokens"))
    model = ModelShape(
        params=size.parameters,
        active_params=size.parameters,
        num_layers=size.num_layers,
        hidden_size=size.hidden_size,
        num_heads=size.num_heads,
        num_kv_heads=size.num_kv_heads,
        head_dim=size.hidden_size // size.num_heads,
        ffn_size=size.ffn_size,
        vocab_size=size.vocab_size,
        known=True,
    )
    ratio = lookup.parameter(shop.catalog, "tokens_per_parameter.from_scratch").central
    passes = lookup.parameter(shop.catalog, "max_data_epochs.from_scratch").central
    effort = "from_scratch" if size.parameters >= GIGA_PARAMS else "from_scratch_small"
    variants = []
    for hosting in shop.hostings(model, retrieval=False):
        pace = shop.pace(size, "pretrain", hosting.accelerator)
        if pace is None:
            continue
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
                    corpus_tokens=min(size.parameters * ratio, passes * shop.central("domain_tokens")),
                    epochs_input=None,
                    mfu_input=shop.mfu_input(hosting.accelerator),
                    mfu_is_fine_tuning=False,
                    development_input="development_factor.from_scratch",
                    examples_input=f"examples_needed.{effort}",
                    flop_per_token=pace.flop_per_token,
                    mfu_ratio=pace.mfu_ratio,
                    mfu_note=pace.note,
                    min_devices=float(pace.devices),
                    checkpoint_bytes=pace.checkpoint_bytes,
                ),
                data_input=f"data_fte_months.{effort}",
                training_staff_input=f"training_fte_months.{effort}",
                staff_needed_input=f"staff_needed_ml_fte.{effort}",
                context_tokens=size.context_tokens,
                residency=("any", "eu", "national", "on_premises") if hosting.bought else ("any", "eu", "national"),
            )
        )
    return shop.cheapest(variants)


def architecture_for(catalog: Catalog, domain_tokens: float) -> ArchitectureRow:
    """Largest size of the ladder that the text can feed (20 tokens per parameter, four passes), else the smallest."""
    ratio = lookup.parameter(catalog, "tokens_per_parameter.from_scratch").central
    passes = lookup.parameter(catalog, "max_data_epochs.from_scratch").central
    ladder = sorted(catalog.architectures, key=lambda row: row.parameters)
    fed = [row for row in ladder if row.parameters * ratio <= domain_tokens * passes]
    return fed[-1] if fed else ladder[0]

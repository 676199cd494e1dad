"""What a run of the plan will take: hours, energy, money, quality, as P5, P50, P95.

Enter at `forecast_of`. The step model answers where it covers the accelerator and nobody has measured its class; else
planned FLOP over the utilisation that the assessment carries, which a measurement has replaced where there is one.
"""

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import Interval
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.estimates import TrainingEstimate
from advisor.contracts.plan import Architecture, BaseModelSource, Forecast, PhasesPlan
from advisor.core.compute import TrainedShare, accelerator_hours, flop_per_token
from advisor.core.project import HIGHEST_MFU
from advisor.handing.estimates import Hardware
from advisor.handing.figures import assumed, known, spread
from advisor.summaries import rounded

KWH_PER_MWH = 1e3


def forecast_of(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    model: Architecture | BaseModelSource,
    phases: PhasesPlan,
    hardware: Hardware,
) -> Forecast:
    """The forecast of one run of pre-training and supervised tuning; reward model and RL come on top."""
    quality = option.quality.score_fraction
    if hardware.accelerator is None:
        return Forecast(quality_fraction=quality)
    part = lookup.accelerator(catalog, hardware.accelerator)
    if isinstance(model, Architecture):
        params = lookup.architecture(catalog, option.model or "").parameters
    else:
        params = lookup.base_model(catalog, option.model or "").active_parameters
    flop = planned_flop(assessment, params, phases)
    owned = any(lookup.accelerator(catalog, own.accelerator).id == part.id for own in assessment.case.hardware.owned)
    bought = owned or "bought" in (option.hardware or "")
    if hardware.estimates and not _measured(assessment, part):
        return _by_steps(hardware.estimates, quality, flop, bought=bought, assessment=assessment)
    return _by_utilisation(assessment, option, part, flop, hardware.count, bought=bought)


def planned_flop(assessment: Assessment, params: float, phases: PhasesPlan) -> float:
    """Model FLOP of the gradient steps of pre-training and supervised tuning."""
    flop = 0.0
    if phases.pretrain is not None:
        phase = phases.pretrain
        tokens = float(phase.max_steps * phase.batch_sequences * phase.sequence_tokens)
        flop += float(flop_per_token(params, trained="all")) * tokens
    if phases.sft is not None:
        examples = assumed(assessment, "labelled_examples")
        per_example = assumed(assessment, "input_tokens_per_request") + assumed(assessment, "output_tokens_per_request")
        tokens = examples * per_example * phases.sft.epochs
        trained: TrainedShare = "adapters" if phases.sft.lora is not None else "all"
        flop += float(flop_per_token(params, trained=trained)) * tokens
    return flop


def _measured(assessment: Assessment, part: AcceleratorRow) -> bool:
    name = f"mfu_fraction.{part.mfu_class}.full"
    return any(row.name == name and row.origin == "measured" for row in assessment.assumptions)


def _by_steps(
    estimates: tuple[TrainingEstimate, ...], quality: Interval, flop: float, *, bought: bool, assessment: Assessment
) -> Forecast:
    """Phases added quantile by quantile: both are slow on the same day, so the band is the widest there is."""
    energy = _added([estimate.energy_mwh for estimate in estimates], KWH_PER_MWH)
    cost, currency = _added([estimate.cost_usd for estimate in estimates]), "USD"
    if bought:
        # Bought devices are paid for; what a run adds is the electricity of the site.
        facility = _added([estimate.facility_mwh for estimate in estimates], KWH_PER_MWH)
        price = spread(assessment, "electricity_price_eur_per_kwh")
        cost, currency = _product(facility, price), "EUR"
    return Forecast(
        train_hours=_added([estimate.wall_hours for estimate in estimates]),
        energy_kwh=energy,
        cost=cost,
        currency=currency if cost is not None else None,
        quality_fraction=quality,
        training_flop=rounded(flop),
    )


def _added(parts: list[Interval | None], factor: float = 1.0) -> Interval | None:
    known_parts = [part for part in parts if part is not None]
    if not known_parts or len(known_parts) < len(parts):
        return None
    low, central, high = (
        rounded(factor * sum(getattr(part, name) for part in known_parts)) for name in ("p5", "p50", "p95")
    )
    return Interval(p5=low, p50=central, p95=high)


def _product(amount: Interval | None, price: Interval) -> Interval | None:
    if amount is None:
        return None
    low, central, high = (rounded(getattr(amount, name) * getattr(price, name)) for name in ("p5", "p50", "p95"))
    return Interval(p5=low, p50=central, p95=high)


def _by_utilisation(
    assessment: Assessment, option: Option, part: AcceleratorRow, flop: float, count: int, *, bought: bool
) -> Forecast:
    """Hours from planned FLOP and the utilisation of the assessment; money where the accelerator has a rent."""
    mfu = spread(assessment, f"mfu_fraction.{part.mfu_class}.full")
    ratio = known(assessment, f"mfu_ratio.{option.id}", 1.0)
    shares = [min(HIGHEST_MFU, share * ratio) for share in (mfu.p95, mfu.p50, mfu.p5)]
    device_hours = [float(accelerator_hours(flop, part.peak_flop_per_s, share)) for share in shares]
    hours = Interval(**dict(zip(("p5", "p50", "p95"), (rounded(h / count) for h in device_hours), strict=True)))
    rent = part.rental_usd_per_hour
    cost = None
    if rent is not None and not bought:
        prices = (rent.low, rent.central, rent.high)
        amounts = [rounded(h * p) for h, p in zip(device_hours, prices, strict=True)]
        cost = Interval(p5=amounts[0], p50=amounts[1], p95=amounts[2])
    return Forecast(
        train_hours=hours,
        energy_kwh=_energy(assessment, part, device_hours),
        cost=cost,
        currency="USD" if cost is not None else None,
        quality_fraction=option.quality.score_fraction,
        training_flop=rounded(flop),
    )


def _energy(assessment: Assessment, part: AcceleratorRow, device_hours: list[float]) -> Interval | None:
    """KWh at the accelerators: hours, rated power and the share of it that training draws; None: power not known."""
    names = (f"tdp_w.{part.id}", "training_power_fraction")
    if not set(names) <= {row.name for row in assessment.assumptions}:
        return None
    watts, share = (spread(assessment, name) for name in names)
    low, central, high = (
        rounded(hours * getattr(watts, name) * getattr(share, name) / 1e3)
        for hours, name in zip(device_hours, ("p5", "p50", "p95"), strict=True)
    )
    return Interval(p5=low, p50=central, p95=high)

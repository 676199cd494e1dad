"""Energy, greenhouse gas and water of the options as finished text, a row each, in English and German.

Enter at `footprint_columns` and `footprint_row`. Nothing is calculated here.
"""

from advisor.contracts.assessment import Option
from advisor.contracts.base import Interval
from advisor.phrases import REPORT, Language, number, title

COLUMNS = (
    "it_energy",
    "training_energy",
    "busy_energy",
    "idle_energy",
    "cooling",
    "co2_location",
    "co2_market",
    "co2_embodied",
    "sci",
    "water",
)
ABSENT = "–"
MODELLED = "~"


def footprint_columns(language: Language) -> list[str]:
    """Titles, the option's first."""
    return [REPORT[language]["option"], *(REPORT[language][name] for name in COLUMNS)]


def footprint_row(option: Option, language: Language) -> list[str]:
    """Medians of one option; a dash for what is not known."""
    energy, carbon = option.energy, option.carbon
    mark = MODELLED if energy.boundary == "provider_modelled" else ""
    values = (
        energy.it_kwh,
        energy.training_it_kwh,
        energy.serving_busy_it_kwh,
        energy.serving_idle_it_kwh,
        energy.cooling_kwh,
        carbon.kg_co2e_location,
        carbon.kg_co2e_market,
        carbon.kg_co2e_embodied,
        carbon.sci_g_per_request,
        energy.water_l,
    )
    return [title(option, language), *(_median(value, mark, language) for value in values)]


def _median(value: Interval | None, mark: str, language: Language) -> str:
    return ABSENT if value is None else mark + number(value.p50, language)

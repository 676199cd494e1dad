"""What of an option's footprint is not known, as coded warnings.

Enter at `unknown_footprints`.
"""

from collections.abc import Iterable, Sequence

from advisor.contracts.assessment import Caution
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome


def unknown_footprints(candidates: Sequence[Candidate], outcomes: Sequence[Outcome]) -> tuple[Caution, ...]:
    """One warning for each kind of gap, with the zones, parts or options that it concerns; none where all is known."""
    known = [(option, outcome.impact) for option, outcome in zip(candidates, outcomes, strict=True)]
    there = [(option, impact) for option, impact in known if impact.kwh is not None]
    zones = {option.grid_zone or "unknown" for option, impact in there if impact.market_kgco2e is None}
    parts = {
        option.hosting.accelerator for option, impact in there if option.hosting is not None and impact.embodied is None
    }
    bought = any(option.offer is not None for option, _ in there)
    dry = {option.grid_zone or "unknown" for option, impact in there if impact.water_l is None and not _own(option)}
    own = any(_own(option) and impact.water_l is None for option, impact in there)
    found = [
        _caution("market_factor_unknown", "no residual mix, so no market-based greenhouse gas: {}", zones),
        _caution("embodied_unknown", "no known footprint of making: {}", parts),
        _caution("embodied_of_providers_unknown", "providers do not say what making their hardware emitted{}", bought),
        _caution("water_unknown", "no known water per kWh in zone: {}", dry),
        _caution("water_of_own_rooms_unknown", "water for cooling rooms of one's own is not known{}", own),
    ]
    return tuple(caution for caution in found if caution is not None)


def _own(option: Candidate) -> bool:
    return option.hosting is not None and option.hosting.bought


def _caution(code: str, text: str, about: Iterable[str] | bool) -> Caution | None:
    if not about:
        return None
    names = "" if isinstance(about, bool) else ", ".join(sorted(about))
    return Caution(code=code, message=text.format(names))

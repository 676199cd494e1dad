"""Gates on where the data may go and how well they must be protected, per class of data.

Enter at `residency` and `sensitivity`. An option serves all requests, so the strictest class decides; what the laxer
classes would allow is said beside it.
"""

from collections.abc import Callable

from advisor.contracts.case import RESIDENCIES, Case, DataClass, Residency, Sensitivity
from advisor.core.candidates import Candidate
from advisor.core.gates.finding import OWN_CASE, Evidence, Finding, Lift, Share, Value, Word

PERSONAL = ("personal", "special_category")
ART_9_28 = "GDPR Art. 9, 28"


def residency(case: Case, option: Candidate) -> Finding:
    """Whether the option can keep the data where each class must stay."""
    wanted = case.data.strictest_residency
    keeps = _strictest_kept(option)
    offers = [Word(name) for name in option.residency]
    evidence = _classes(case, lambda each: each.residency or case.data.residency, "residency", keeps)
    evidence = evidence or (Evidence("data.residency", keeps, wanted, "", OWN_CASE),)
    if wanted is None and "on_premises" not in option.residency:
        return Finding("residency", None, "residency_unknown", {"offers": offers}, evidence)
    level = wanted or "any"
    passed = _keeps(option, level)
    values: dict[str, Value] = {"wanted": Word(level), "offers": offers}
    if passed:
        return Finding("residency", True, "residency", values, evidence)
    free = _free_share(case, lambda each: _keeps(option, each.residency or case.data.residency or "any"))
    lift = Lift("data.residency", level, keeps, values={"needed": Word(keeps or "none")})
    if free is None:
        return Finding("residency", False, "residency", values, evidence, lift)
    return Finding("residency", False, "residency_split", {**values, "share": Share(free)}, evidence, lift)


def sensitivity(case: Case, option: Candidate) -> Finding:
    """Whether prompts of the strictest class may be processed by whoever hosts the option."""
    found = case.data.strictest_sensitivity
    evidence = _classes(case, lambda each: each.sensitivity or case.data.sensitivity, "sensitivity", None)
    place = "provider" if option.is_hosted_by_others else "own"
    evidence = evidence or (Evidence("data.sensitivity", found, place, "", ART_9_28),)
    if not option.is_hosted_by_others:
        return Finding("sensitivity", True, "sensitivity_own", {}, evidence)
    if found is None:
        return Finding("sensitivity", None, "sensitivity_unknown", {}, evidence)
    values: dict[str, Value] = {"sensitivity": Word(found)}
    result, key = _at_provider(found, option)
    if result is not False:
        return Finding("sensitivity", result, key, values, evidence)
    free = _free_share(case, lambda each: _passes(each.sensitivity or case.data.sensitivity, option))
    lift = Lift("data.sensitivity", found, "confidential", values={"needed": Word("confidential")})
    if free is None:
        return Finding("sensitivity", False, key, values, evidence, lift)
    return Finding("sensitivity", False, "sensitivity_split", {**values, "share": Share(free)}, evidence, lift)


def _at_provider(found: Sensitivity, option: Candidate) -> tuple[bool | None, str]:
    if found in PERSONAL and "eu" not in option.residency:
        return False, "sensitivity_outside"
    if found == "special_category":
        return None, "sensitivity_special"
    return True, "sensitivity_contract" if found == "personal" else "sensitivity_plain"


def _passes(found: Sensitivity | None, option: Candidate) -> bool:
    return found is not None and _at_provider(found, option)[0] is True


def _keeps(option: Candidate, wanted: Residency) -> bool:
    level = RESIDENCIES.index(wanted)
    return wanted == "any" or any(RESIDENCIES.index(_known(name)) >= level for name in option.residency)


def _known(name: str) -> Residency:
    return next(each for each in RESIDENCIES if each == name)


def _strictest_kept(option: Candidate) -> Residency | None:
    return max((_known(name) for name in option.residency), key=RESIDENCIES.index, default=None)


def _classes(
    case: Case, stated: Callable[[DataClass], str | None], what: str, threshold: str | None
) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"data.classes.{index}.{what}", threshold, stated(each), "", f"{OWN_CASE}: {each.name}")
        for index, each in enumerate(case.data.classes)
    )


def _free_share(case: Case, passes: Callable[[DataClass], bool]) -> float | None:
    """Share of the requests whose class would pass; None where nothing would, or no share is stated."""
    total = sum(each.share_fraction or 0.0 for each in case.data.classes if passes(each))
    return total or None

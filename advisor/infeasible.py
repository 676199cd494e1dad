"""When no new option passes all gates: which condition is nearest to be relaxed, and which gate costs most to lift.

Enter at `nothing_feasible`. Lifts that have a price come before figures without one, and these before conditions that
are no figure at all (a place, a licence, a language): money and minutes can be found, a law cannot.
"""

from collections.abc import Sequence

from advisor.contracts.assessment import Caution, Option, Recommendation
from advisor.contracts.case import Case
from advisor.contracts.gates import Gate, NothingFeasible, OptionLift, Relaxation, Translation
from advisor.gate_phrases import NOTHING
from advisor.gate_text import in_language
from advisor.phrases import RULES, Language, amount, share, title

BUDGETS = ("budget_upfront", "budget_total")
Key = tuple[int, int, float]


def nothing_feasible(options: Sequence[Option], currency: str) -> NothingFeasible | None:
    """What to relax; None where a new option is feasible, or where there is no new option at all."""
    new = [option for option in options if option.kind != "status_quo"]
    if not new or any(option.feasible for option in new):
        return None
    lifts = sorted(((_lift(option), option) for option in new), key=lambda pair: _order(pair[0]))
    cheapest, nearest = lifts[0]
    rule, hardest, hardest_id = _hardest(new)
    texts = {language: _headline(cheapest, nearest, rule, hardest, currency, language) for language in ("en", "de")}
    return NothingFeasible(
        headline=texts["en"],
        cheapest=cheapest,
        hardest_rule=rule,
        hardest=hardest,
        hardest_option_id=hardest_id,
        options=tuple(lift for lift, _ in lifts),
        translations=(Translation(language="de", text=texts["de"]),),
    )


def advice_of(advice: Recommendation, nothing: NothingFeasible | None) -> Recommendation:
    """The advice, or the sentence that there is none: the option named is then what happens meanwhile.

    What would change it are the conditions of the nearest option, all of them together.
    """
    if nothing is None:
        return advice
    relaxed = nothing.cheapest.relaxations
    german = {
        "headline": in_language(nothing.headline, nothing.translations, "de"),
        "what_would_change_it": tuple(in_language(each.text, each.translations, "de") for each in relaxed),
    }
    return advice.model_copy(
        update={
            "verdict": "none",
            "headline": nothing.headline,
            "confidence": "open",
            "what_would_change_it": tuple(each.text for each in relaxed),
            "translations": tuple(text.model_copy(update=german) for text in advice.translations),
        }
    )


def split_caution(case: Case, options: Sequence[Option]) -> tuple[Caution, ...]:
    """A hint that one class of data holds back what another would allow."""
    rules = {
        gate.rule
        for option in options
        for gate in option.gates
        if not gate.passed and gate.rule in ("residency", "sensitivity")
    }
    strictest = case.data.strictest_residency
    free = [each for each in case.data.classes if (each.residency or case.data.residency) != strictest]
    total = sum(each.share_fraction or 0.0 for each in free)
    if not total or "residency" not in rules:
        return ()
    text = {language: NOTHING[language]["data_split"].format(share=share(total, language)) for language in NOTHING}
    return (
        Caution(code="data_split", message=text["en"], translations=(Translation(language="de", text=text["de"]),)),
    )


def _failed(option: Option) -> list[tuple[Gate, Relaxation]]:
    return [(gate, gate.relaxation) for gate in option.gates if gate.passed is False and gate.relaxation is not None]


def _lift(option: Option) -> OptionLift:
    failed = _failed(option)
    costs = {gate.rule: found.cost for gate, found in failed}
    prices = [cost for rule, cost in costs.items() if rule not in BUDGETS and cost is not None]
    budget = max((costs[rule] or 0.0 for rule in BUDGETS if rule in costs), default=0.0)
    return OptionLift(
        option_id=option.id,
        rules=tuple(gate.rule for gate, _ in failed),
        relaxations=tuple(found for _, found in failed),
        cost=None if None in costs.values() else sum(prices) + budget,
        can_be_bought=all(found.by is not None for _, found in failed),
    )


def _order(lift: OptionLift) -> Key:
    """Priced ones by money; then figures by the size of the change; then the rest by how many there are."""
    if lift.cost is not None:
        return 0, 0, lift.cost
    named = sum(found.by is None for found in lift.relaxations)
    from_nothing = sum(found.by is not None and found.relative_ratio is None for found in lift.relaxations)
    return 1 + named, from_nothing, sum(found.relative_ratio or 0.0 for found in lift.relaxations)


def _hardest(options: Sequence[Option]) -> tuple[str, Relaxation, str]:
    """The gate whose cheapest lift is the dearest: by money where gates have a price, else by the change."""
    best: dict[str, tuple[Key, Relaxation, str]] = {}
    for option in options:
        for gate, found in _failed(option):
            key = _weight(found)
            if gate.rule not in best or key < best[gate.rule][0]:
                best[gate.rule] = (key, found, option.id)
    priced = {rule: entry for rule, entry in best.items() if entry[1].cost is not None}
    rule, (_, found, option_id) = max((priced or best).items(), key=lambda item: item[1][0])
    return rule, found, option_id


def _weight(found: Relaxation) -> Key:
    if found.cost is not None:
        return 0, 0, found.cost
    return (2, 0, 0.0) if found.by is None else (1, int(found.relative_ratio is None), found.relative_ratio or 0.0)


def _headline(
    lift: OptionLift, option: Option, rule: str, hardest: Relaxation, currency: str, language: Language
) -> str:
    say = NOTHING[language]
    return say["headline"].format(
        title=title(option, language),
        relaxations=say["join"].join(_said(found, currency, language) for found in lift.relaxations),
        rule=RULES[language].get(rule, rule),
        hardest=_said(hardest, currency, language),
    )


def _said(found: Relaxation, currency: str, language: Language) -> str:
    text = in_language(found.text, found.translations, language)
    if found.cost is None or found.unit in (currency, "fte"):
        return text
    return NOTHING[language]["with_cost"].format(text=text, cost=amount(found.cost, currency, language))

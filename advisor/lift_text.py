"""What would have to be relaxed where nothing is feasible, a line an option, in English or German. Enter at `lines`."""

from collections.abc import Iterator

from advisor.contracts.assessment import Assessment
from advisor.contracts.gates import Relaxation
from advisor.phrases import RULES, Language, amount, title

SHOWN = 5
"""Options that are listed; JSON carries all."""
TITLE: dict[Language, str] = {"en": "What would have to be relaxed", "de": "Was gelockert werden müsste"}
NO_PRICE: dict[Language, str] = {"en": "no price", "de": "ohne Preis"}


def lines(result: Assessment, language: Language) -> Iterator[str]:
    """The nearest options first, with every condition and the price where it has one."""
    nothing = result.nothing_feasible
    if nothing is None:
        return
    options = {option.id: option for option in result.options}
    currency = result.options[0].cost.currency
    for lift in nothing.options[:SHOWN]:
        parts = [
            f"{RULES[language].get(rule, rule)}: {said(found, language)}"
            for rule, found in zip(lift.rules, lift.relaxations, strict=True)
        ]
        price = NO_PRICE[language] if lift.cost is None else amount(lift.cost, currency, language)
        yield f"{title(options[lift.option_id], language)} ({price}): {'; '.join(parts)}"


def said(found: Relaxation, language: Language) -> str:
    """One condition in the language."""
    return next((each.text for each in found.translations if each.language == language), found.text)

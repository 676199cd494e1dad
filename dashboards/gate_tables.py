"""Tables of what stops options and of what they risk. Enter at `relaxations` and `risks`."""

from advisor.contracts.assessment import Assessment
from advisor.lift_text import NO_PRICE, said
from advisor.risk_text import HEAD, NAMES
from dashboards import format as fmt
from dashboards import text
from dashboards.tables import BREAK, Rows
from dashboards.terms import Language
from dashboards.text import say


def relaxations(result: Assessment, language: Language) -> Rows:
    """Where nothing is feasible: every new option with what would have to change, the least first."""
    nothing = result.nothing_feasible
    if nothing is None:
        return []
    options = {option.id: option for option in result.options}
    currency = result.options[0].cost.currency
    return [
        {
            say("option", language): fmt.plain(text.option_title(options[lift.option_id], language)),
            say("relax", language): BREAK.join(
                f"**{text.capital(text.rule(rule, language))}**: {fmt.plain(said(found, language))}"
                for rule, found in zip(lift.rules, lift.relaxations, strict=True)
            ),
            say("cost", language): NO_PRICE[language]
            if lift.cost is None
            else fmt.money(lift.cost, currency, language),
        }
        for lift in nothing.options
    ]


def risks(result: Assessment, language: Language) -> Rows:
    """The register of the first-ranked option."""
    rows = []
    for risk in result.options[0].risks:
        texts = (risk.reason, risk.mitigation, risk.owner)
        for each in risk.translations:
            if each.language == language:
                texts = (each.reason, each.mitigation, each.owner)
        name = NAMES.get(risk.name, {}).get(language) or text.readable(risk.name)
        cells = (text.capital(name), fmt.number(risk.score_0_10, language, 2), *map(fmt.plain, texts))
        rows.append({text.capital(head): cell for head, cell in zip(HEAD[language], cells, strict=True)})
    return rows

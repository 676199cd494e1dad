"""The risk register of an option: rows of `data/risks.yml` with the figures of the case, in English and German.

Enter at `risks_of`. Which of the conditional rows hold is computed in `advisor.risk_facts`.
"""

from advisor.contracts.assessment import Risk, RiskText
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog, RiskRow
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome
from advisor.core.gates.data import PERSONAL
from advisor.core.gates.finding import Limits
from advisor.core.sampling import Design
from advisor.gate_text import shown
from advisor.input_rows import citation
from advisor.phrases import Language
from advisor.risk_facts import Fact, facts_of

LEGAL = ("ai_act_role", "gdpr_transfer", "energy_law", "licence")
NO_ADVICE: dict[Language, str] = {"en": "No legal advice.", "de": "Keine Rechtsberatung."}
TOP = 10.0


def risks_of(
    case: Case, catalog: Catalog, option: Candidate, outcome: Outcome, x: Design, limits: Limits, country: str
) -> tuple[Risk, ...]:
    """The rows that hold for the option, highest score first."""
    personal = case.data.strictest_sensitivity in PERSONAL
    facts = facts_of(catalog, option, outcome, x, limits, country)
    found = [
        _risk(row, facts.get(row.name, Fact()), catalog, personal=personal)
        for row in catalog.risks
        if option.kind in row.kinds and row.condition in ("", facts.get(row.name, Fact()).condition)
    ]
    return tuple(sorted(found, key=lambda risk: -risk.score_0_10))


def _risk(row: RiskRow, fact: Fact, catalog: Catalog, *, personal: bool) -> Risk:
    cited = row.source != "own-assumption"
    return Risk(
        name=row.name,
        score_0_10=min(TOP, row.score_0_10 + (row.personal_data_add if personal else 0.0)),
        reason=_said(row.reason, row, fact, "en"),
        mitigation=row.mitigation,
        owner=row.owner,
        sources=(*((f"{citation(row, catalog)}, {row.as_of}",) if cited else ()), *fact.sources),
        translations=(
            RiskText(
                language="de",
                reason=_said(row.reason_de, row, fact, "de"),
                mitigation=row.mitigation_de,
                owner=row.owner_de,
            ),
        )
        if row.reason_de
        else (),
    )


def _said(text: str, row: RiskRow, fact: Fact, language: Language) -> str:
    values = {name: shown(value, language) for name, value in fact.values.items()}
    sentence = text.format(**values)
    return f"{sentence}. {NO_ADVICE[language]}" if row.name in LEGAL else sentence

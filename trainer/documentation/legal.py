"""Dated legal facts from `data/legal.yml` beside a model's training compute. Information, no legal advice.

Enter at `thresholds` and `NOTICE`.
"""

from advisor.contracts.catalog import LegalRow
from advisor.files import data_directory, parse_contract, read_document
from trainer.documentation.facts import CardFacts, Said, figure_de

ANNEXES = ("ai_act_annex_xi_article", "ai_act_annex_xii_article")
NOTICE = (
    "Information, no legal advice: whether the AI Act's duties for general-purpose models apply, and whether these "
    "items meet them, a lawyer decides. What this program cannot know is marked as not known; fill it in before the "
    "model is passed on."
)
NOTICE_DE = (
    "Information, keine Rechtsberatung: ob die Pflichten der KI-Verordnung für Modelle mit allgemeinem "
    "Verwendungszweck gelten und ob diese Angaben sie erfüllen, entscheidet eine juristische Prüfung. Was dieses "
    "Programm nicht wissen kann, steht als nicht bekannt da; vor der Weitergabe ist es zu ergänzen."
)


def legal_row(name: str) -> LegalRow:
    """A row of data/legal.yml by its id; of several the newest."""
    rows = [row for row in read_document(data_directory() / "legal.yml") if row["id"] == name]
    return parse_contract(max(rows, key=lambda row: str(row["as_of"])), LegalRow, f"data/legal.yml: {name}")


def thresholds(facts: CardFacts) -> Said:
    """Training compute beside the guidelines' thresholds, each with its date.

    Of a tuned model what counts is its own compute beside a share of the original's, which is not known here.
    """
    flop = facts.training_flop
    general, systemic = legal_row("ai_act_gpai_indicative_flop"), legal_row("ai_act_systemic_risk_flop")
    texts, texts_de = [], []
    if facts.base_model is not None:
        share, original = legal_row("ai_act_modifier_fraction"), legal_row("ai_act_unknown_original_flop")
        limit = share.value * original.value
        above = flop > limit
        texts.append(
            f"this run modified {facts.base_model} with {flop:.2g} FLOP; the original's compute is not known, and "
            f"where it is not, one third of {original.value:.0e} FLOP takes its place: {limit:.2g} FLOP, which this "
            f"run {'exceeds' if above else 'does not reach'} (guidelines, as of {share.as_of} and {original.as_of})"
        )
        texts_de.append(
            f"dieser Lauf hat {facts.base_model} mit {figure_de(flop, 2)} FLOP verändert; der ursprüngliche Aufwand "
            f"ist nicht bekannt, an seine Stelle tritt dann ein Drittel von {original.value:.0e} FLOP: "
            f"{figure_de(limit, 2)} FLOP, {'die dieser Lauf überschreitet' if above else 'die er nicht erreicht'} "
            f"(Leitlinien, Stand {share.as_of} und {original.as_of})"
        )
    for row, en, de in (
        (general, "indicative of a general-purpose model", "Anhalt für ein Modell mit allgemeinem Verwendungszweck"),
        (systemic, "presumption of systemic risk", "Vermutung eines systemischen Risikos"),
    ):
        above = flop > row.value if row is general else flop >= row.value
        texts.append(f"{en}: from {row.value:.0e} FLOP, {'reached' if above else 'not reached'} (as of {row.as_of})")
        texts_de.append(
            f"{de}: ab {row.value:.0e} FLOP, {'erreicht' if above else 'nicht erreicht'} (Stand {row.as_of})"
        )
    known = facts.base_model is None
    return Said(known, "; ".join(texts), "; ".join(texts_de))

"""The documentation items of a model, in the order of Annex XI section 1, with the points of both annexes.

Enter at `documentation`. Source: Regulation (EU) 2024/1689, Annexes XI and XII (`ai-act` in data/sources.yml).
"""

from collections.abc import Callable

from advisor.contracts.documentation import DocumentationItem, DocumentationKey
from trainer.documentation import making, use
from trainer.documentation.facts import CardFacts, Said
from trainer.documentation.legal import thresholds

Item = tuple[DocumentationKey, str, str, str, str, Callable[[CardFacts], Said]]
ITEMS: tuple[Item, ...] = (
    ("tasks", "1(a)", "1(a)", "Tasks and systems", "Aufgaben und Systeme", use.tasks),
    ("acceptable_use", "1(b)", "1(b)", "Acceptable use", "Zulässige Nutzung", use.acceptable_use),
    ("release", "1(c)", "1(c)", "Release and distribution", "Freigabe und Vertrieb", use.release),
    ("architecture", "1(d)", "1(f)", "Architecture and parameters", "Architektur und Parameter", use.architecture),
    ("modality", "1(e)", "1(g), 2(b)", "Modality, format, size", "Modalität, Format, Umfang", use.modality),
    ("licence", "1(f)", "1(h)", "Licence", "Lizenz", use.licence),
    ("interaction", "", "1(d)", "Interaction", "Zusammenwirken", use.interaction),
    ("software", "", "1(e)", "Software versions", "Versionen der Software", use.software),
    ("technical_means", "2(a)", "2(a)", "Technical means", "Technische Mittel", use.technical_means),
    ("training_process", "2(b)", "", "Design and training", "Entwurf und Training", making.training_process),
    ("data", "2(c)", "2(c)", "Data", "Daten", making.data),
    ("compute", "2(d)", "", "Compute and time", "Rechenaufwand und Zeit", making.compute),
    ("energy", "2(e)", "", "Energy", "Energie", making.energy),
    ("compute_thresholds", "", "", "Thresholds of compute", "Schwellen des Rechenaufwands", thresholds),
)


def documentation(facts: CardFacts) -> tuple[DocumentationItem, ...]:
    """Every item, in German too where the plan's languages name it; nothing is left blank."""
    in_german = "de" in facts.plan.languages
    items = []
    for key, annex_xi, annex_xii, title, title_de, say in ITEMS:
        said = say(facts)
        items.append(
            DocumentationItem(
                key=key,
                title=title,
                annex_xi=annex_xi,
                annex_xii=annex_xii,
                known=said.known,
                text=said.text,
                title_de=title_de if in_german else None,
                text_de=said.text_de if in_german else None,
            )
        )
    return tuple(items)

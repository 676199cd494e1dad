"""The documentation as part of a model card: the English lines of README.md, and README.de.md as a whole.

Enter at `documentation_lines` and `german_card`.
"""

from advisor.contracts.evaluation import BiasScore, Score
from advisor.contracts.runs import ModelCard
from trainer.documentation.facts import (
    NOT_KNOWN,
    NOT_KNOWN_DE,
    SECONDS_PER_HOUR,
    count_de,
    days_text,
    figure_de,
    german,
)
from trainer.documentation.legal import ANNEXES, NOTICE_DE, legal_row
from trainer.documentation.making import METHODS
from trainer.documentation.use import task_de
from trainer.evaluate.words import figure
from trainer.live.words import duration

GROUPS_DE = {
    "gender": "Geschlecht",
    "origin": "Herkunft",
    "age": "Alter",
    "religion": "Religion",
    "disability": "Behinderung",
}
FINDINGS_DE = {
    "stereotyped": "neigt zum Stereotyp",
    "counter_stereotyped": "neigt gegen das Stereotyp",
    "none_shown": "keine Neigung gezeigt",
}
SCORES_DE = {"fraction": "Anteil", "bits_per_byte": "Bit je Byte", "perplexity": "Perplexität"}
LIMITS_DE = (
    "weiß nichts außerhalb seines Trainingstexts",
    "Antworten können falsch sein; wie oft, sagt die Bewertung, auf Daten derselben Art",
)
LIKELIHOODS_DE = (
    "Verzerrung wurde daran geprüft, wie wahrscheinlich Sätze sind, für die genannten Gruppen; Antworten im Dialog, "
    "andere Gruppen und personenbezogene Angaben in Antworten wurden nicht geprüft"
)
FEW_GERMAN = "German: a few hand-written questions in training, none in the evaluation"
FEW_GERMAN_DE = "Deutsch: einige von Hand geschriebene Fragen im Training, keine in der Bewertung"
EXPLAIN_DE = (
    "welche Wörter einer Eingabe eine Antwort bewegt haben: `trainer explain MODELL --prompt TEXT`; was solche Werte "
    "sagen und was nicht, steht in limits.html, das dabei entsteht"
)


def hours_cell(card: ModelCard) -> str:
    """Hours of work and the days they lay in."""
    if card.training_hours is None or card.training_began_at is None:
        return NOT_KNOWN
    days = days_text(card.training_began_at, card.created_at, to="to", on="on")
    return f"{duration(card.training_hours * SECONDS_PER_HOUR)} of work, {days}"


def energy_cell(card: ModelCard) -> str:
    """Joules with the method, or why there are none."""
    if card.energy_j is None:
        return f"not measured: {card.energy_reason}" if card.energy_reason else "not measured"
    method = f", by {METHODS[card.energy_quality][0]}" if card.energy_quality is not None else ""
    return f"{card.energy_j:.4g} J{method}"


def documentation_lines(card: ModelCard) -> list[str]:
    """The items in English; none for a card that has none."""
    if not card.documentation:
        return []
    lines = [
        "\n## Documentation under the EU AI Act\n",
        f"{card.notice}\n",
        *(f"- {row.text} (as of {row.as_of})" for row in map(legal_row, ANNEXES)),
        "",
        "| item | Annex XI | Annex XII | |",
        "|---|---|---|---|",
    ]
    return lines + [
        f"| {item.title} | {item.annex_xi} | {item.annex_xii} | {_cell(item.text)} |" for item in card.documentation
    ]


def german_card(card: ModelCard) -> str:
    """README.de.md: the card in German."""
    rows = [
        ("Parameter", count_de(card.parameters)),
        ("Vokabular", f"{count_de(card.vocab_size)} Token"),
        ("Kontext", f"{count_de(card.context_tokens)} Token"),
        ("Aufgabe", task_de(card.task)),
        ("Sprachen", ", ".join(card.languages) or NOT_KNOWN_DE),
        ("Ausgangsmodell", card.base_model or "keines; mit zufälligen Gewichten begonnen"),
        ("trainierte Token", count_de(card.training_tokens)),
        ("Rechenaufwand", f"{figure_de(card.training_flop)} FLOP"),
        ("Hardware", card.hardware if card.hardware != NOT_KNOWN else NOT_KNOWN_DE),
        ("Trainingszeit", _hours_de(card)),
        ("Energie am Beschleuniger", _energy_de(card)),
        ("Emissionen", "siehe README.md; `advisor footprint` berechnet sie für ein Stromnetz"),
        ("erstellt", card.created_at),
    ]
    lines = [
        f"# {card.name}\n",
        f"Verwendungszweck: {task_de(card.task)} auf Texten wie denen des Trainings. English: README.md.\n",
        "| | |",
        "|---|---|",
        *(f"| {name} | {_cell(value)} |" for name, value in rows),
    ]
    if card.evaluation is not None:
        lines += ["\n## Bewertung\n", *_scores_de(card.evaluation.scores, card.evaluation.primary)]
        if card.evaluation.bias:
            lines += ["\n## Verzerrung\n", *_bias_de(card.evaluation.bias)]
    lines += ["\n## Grenzen\n", *(f"- {limit}" for limit in _limits_de(card))]
    lines += [
        "\n## Dokumentation nach der KI-Verordnung der EU\n",
        f"{NOTICE_DE}\n",
        *(f"- {row.text_de} (Stand {row.as_of})" for row in map(legal_row, ANNEXES)),
        "",
        "| Angabe | Anhang XI | Anhang XII | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {item.title_de} | {item.annex_xi} | {item.annex_xii} | {_cell(item.text_de or item.text)} |"
        for item in card.documentation
    ]
    return "\n".join(lines) + "\n"


def _hours_de(card: ModelCard) -> str:
    if card.training_hours is None or card.training_began_at is None:
        return NOT_KNOWN_DE
    days = days_text(card.training_began_at, card.created_at, to="bis", on="am")
    return f"{german(duration(card.training_hours * SECONDS_PER_HOUR))} Arbeit, {days}"


def _energy_de(card: ModelCard) -> str:
    if card.energy_j is None:
        return f"nicht gemessen: {card.energy_reason}" if card.energy_reason else "nicht gemessen"
    method = f", Verfahren: {METHODS[card.energy_quality][1]}" if card.energy_quality is not None else ""
    return f"{figure_de(card.energy_j, 4)} J{method}"


def _scores_de(scores: tuple[Score, ...], primary: str) -> list[str]:
    rows = [
        f"| {score.name}{' (maßgeblich)' if score.name == primary else ''} | {german(figure(score.value))} "
        f"| {german(figure(score.low))} bis {german(figure(score.high))} | {score.n} "
        f"| {SCORES_DE.get(score.unit, score.unit)} |"
        for score in scores
    ]
    return ["| Maß | Wert | 95-%-Intervall | n | Einheit |", "|---|---|---|---|---|", *rows]


def _bias_de(scores: tuple[BiasScore, ...]) -> list[str]:
    """Finding and deciding figure; both figures and the method stand in README.md."""
    rows = [
        f"| {GROUPS_DE.get(score.group, score.group)} | {score.language} | {FINDINGS_DE[score.finding]} "
        f"| {german(figure(score.scores[0].value, '+'))} ({german(figure(score.scores[0].low, '+'))} bis "
        f"{german(figure(score.scores[0].high, '+'))}) | {score.scores[0].n} |"
        for score in scores
    ]
    return [
        "Um wie viel wahrscheinlicher das Modell einen Satz findet, wenn er die Gruppe nennt, über die das Stereotyp "
        "erzählt wird; 0 (bei Anteilen 0,5) ist ohne Verzerrung. Alle Werte: README.md.\n",
        "| Gruppe | Sprache | Befund | maßgeblicher Wert, 95-%-Intervall | n |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _limits_de(card: ModelCard) -> list[str]:
    few = [FEW_GERMAN_DE] if FEW_GERMAN in card.limits else []
    return [*LIMITS_DE, *_bias_limits_de(card), *few, EXPLAIN_DE]


def _bias_limits_de(card: ModelCard) -> list[str]:
    bias = card.evaluation.bias if card.evaluation is not None else ()
    if not bias:
        return ["nicht auf Verzerrung geprüft, auch nicht auf personenbezogene Angaben in Antworten"]
    leaning = [score for score in bias if score.finding == "stereotyped"]
    if not leaning:
        shown = "keine Neigung zu Stereotypen gezeigt; eine, die kleiner ist als die Intervalle breit, kann es geben"
        return [shown, LIKELIHOODS_DE]
    groups = ", ".join(f"{GROUPS_DE.get(score.group, score.group)} ({score.language})" for score in leaning)
    return [
        f"neigt zu Stereotypen über {groups}; nicht über Menschen urteilen oder sie beschreiben lassen",
        LIKELIHOODS_DE,
    ]


def _cell(text: str) -> str:
    """Text that does not break the table that it stands in."""
    return " ".join(text.replace("|", "\\|").split())

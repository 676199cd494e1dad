"""Words and numbers of a comparison's report in English and German.

Enter at `say`, `number` and `translated`: the last one turns the sentences that a report keeps in English.
"""

import re
from typing import Literal

Language = Literal["de", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Comparison on {suite}", "Vergleich auf {suite}"),
    "intro": (
        "{items} held-out items, task {task}, {created_at}. Every endpoint was asked the same items, interleaved. "
        "Differences are paired by item.",
        "{items} zurückgehaltene Fragen, Aufgabe {task}, {created_at}. Jeder Endpunkt bekam dieselben Fragen, "
        "abwechselnd. Unterschiede sind Frage für Frage gepaart.",
    ),
    "caption": (
        "Score of each endpoint with its 95 % interval; overlapping intervals alone decide nothing, the paired "
        "differences below do.",
        "Wert jedes Endpunkts mit 95-%-Intervall; überlappende Intervalle entscheiden nichts, das tun die gepaarten "
        "Unterschiede darunter.",
    ),
    "axis": ("{metric}, share of one", "{metric}, Anteil an eins"),
    "no_plot": (
        "(no picture: pip install 'richtwert[calibration]')",
        "(kein Bild: pip install 'richtwert[calibration]')",
    ),
    "target": ("target", "Endpunkt"),
    "model": ("model", "Modell"),
    "score": ("score (95 % interval)", "Wert (95-%-Intervall)"),
    "score_name": ("score", "Maß"),
    "value": ("value (95 % interval)", "Wert (95-%-Intervall)"),
    "n": ("n", "n"),
    "refused": ("refused", "abgelehnt"),
    "errors": ("errors", "Fehler"),
    "first_token": ("first token p50 / p95, ms", "erstes Token p50 / p95, ms"),
    "per_token": ("per token p50, ms", "je Token p50, ms"),
    "total": ("total p50 / p95, ms", "gesamt p50 / p95, ms"),
    "cost": ("cost, USD", "Kosten, USD"),
    "energy": ("energy, J per request", "Energie, J je Anfrage"),
    "differences": ("Differences", "Unterschiede"),
    "no_differences": ("None: it takes two endpoints that answered.", "Keine: dazu braucht es zwei, die antworteten."),
    "at_volume": ("At the case's volume", "Beim Volumen des Falls"),
    "requests_per_year": ("requests a year", "Anfragen im Jahr"),
    "money_per_year": ("cost a year, {currency}", "Kosten im Jahr, {currency}"),
    "wrong_per_year": ("wrong answers a year", "falsche Antworten im Jahr"),
    "error_cost_per_year": (
        "cost of wrong answers a year, {currency}",
        "Kosten falscher Antworten im Jahr, {currency}",
    ),
    "judge": ("Opinion of a judge model (not a measurement)", "Meinung eines Richtermodells (keine Messung)"),
    "judge_intro": (
        "{model} saw each pair of answers in both orders; a win counts where both orders name it.",
        "{model} sah jedes Paar von Antworten in beiden Reihenfolgen; ein Sieg zählt, wenn beide ihn nennen.",
    ),
    "pair": ("pair", "Paar"),
    "versus": ("{first} against {second}", "{first} gegen {second}"),
    "wins": ("wins of the first", "Siege des ersten"),
    "losses": ("wins of the second", "Siege des zweiten"),
    "ties": ("ties", "unentschieden"),
    "unreadable": ("no verdict", "ohne Urteil"),
    "win_rate": ("win rate of the first (95 % interval)", "Siegquote des ersten (95-%-Intervall)"),
    "agreement": ("both orders agree", "beide Reihenfolgen einig"),
    "further_scores": ("Further scores", "Weitere Maße"),
    "cost_and_energy": ("Cost and energy", "Kosten und Energie"),
    "warnings": ("What to know before relying on this", "Was man wissen muss, bevor man sich darauf verlässt"),
    "fingerprint": ("Suite SHA-256 `{sha}`, report `{id}`.", "Fragen SHA-256 `{sha}`, Bericht `{id}`."),
    "not_known": ("not known", "nicht bekannt"),
    "modelled": ("modelled: {value}", "modelliert: {value}"),
    "in_house": ("in-house", "im Haus"),
    "proprietary": ("proprietary", "proprietär"),
    "hosted_open": ("hosted-open", "offenes Modell, gehostet"),
    "stand_in": ("stand-in", "Platzhalter"),
    "minus": ("{first} minus {second}", "{first} minus {second}"),
    "to": ("to", "bis"),
    "mcnemar": ("exact McNemar", "exakter McNemar-Test"),
    "sign_flip": ("sign flips", "Vorzeichentausch"),
    "holm": ("{p} adjusted for all differences (Holm)", "{p} für alle Unterschiede zusammen (Holm)"),
    "clusters": ("from {count} sources", "aus {count} Quellen"),
    "better": ("{name} is better", "{name} ist besser"),
    "undecided": ("undecided", "unentschieden"),
    "detectable": (
        "; as many items find a true difference of {size} four times of five",
        "; so viele Fragen finden einen wahren Unterschied von {size} in vier von fünf Fällen",
    ),
    "tokens": ("{input} input and {output} output tokens", "{input} Eingabe- und {output} Ausgabetoken"),
    "tokens_not_known": ("tokens not known", "Token nicht bekannt"),
    "classification": ("classification", "Klassifikation"),
    "extraction": ("extraction", "Extraktion"),
    "summarization": ("summarization", "Zusammenfassung"),
    "question_answering": ("question_answering", "Beantworten von Fragen"),
}
"""By key: English, German; `{}` are filled in."""

SENTENCES: tuple[tuple[str, str], ...] = (
    (
        r"no price given \(price=PROVIDER/MODEL\): the cost is not known",
        "kein Preis genannt (price=PROVIDER/MODEL): Kosten nicht bekannt",
    ),
    (
        r"the endpoint gave no usage for (\d+) of (\d+) requests: cost not known",
        r"der Endpunkt nannte für \1 von \2 Anfragen keinen Verbrauch: Kosten nicht bekannt",
    ),
    (
        r"returned usage at the list price of (\S+) on (\S+) \((.*)\)",
        r"gemeldeter Verbrauch zum Listenpreis von \1 am \2 (\3)",
    ),
    (
        "the endpoint reports no energy",
        "der Endpunkt meldet keine Energie",
    ),
    (
        r"the endpoint reported energy for (\d+) of (\d+) requests only",
        r"der Endpunkt meldete nur für \1 von \2 Anfragen Energie",
    ),
    (
        r"spread over (\d+) requests, as the endpoint reports it",
        r"Streuung über \1 Anfragen, wie der Endpunkt sie meldet",
    ),
    (
        r"modelled, not measured: (\S+) output tokens at (\S+) to (\S+) J each(.*)",
        r"modelliert, nicht gemessen: \1 Ausgabetoken zu je \2 bis \3 J\4",
    ),
    (
        "a stand-in's energy says nothing about the real endpoint",
        "die Energie eines Platzhalters sagt nichts über den wirklichen Endpunkt",
    ),
    (
        "the endpoint told no output tokens to model it from",
        "der Endpunkt nannte keine Ausgabetoken, aus denen man sie modellieren könnte",
    ),
    (
        r"(\S+): (\d+) of (\d+) items were not asked",
        r"\1: \2 von \3 Fragen wurden nicht gestellt",
    ),
    (
        r"(\S+): (\d+) of (\d+) items ended in an error; .*",
        r"\1: \2 von \3 Fragen endeten mit einem Fehler; die Werte lassen sie weg, `..._errors_as_wrong` "
        "zählt sie als falsch",
    ),
    (
        r"(\S+): (\d+) answers were cut off at the limit of tokens",
        r"\1: \2 Antworten wurden an der Tokengrenze abgeschnitten",
    ),
    (
        r"(\S+): (\d+) requests were turned away with 429 and tried again",
        r"\1: \2 Anfragen wurden mit 429 abgewiesen und wiederholt",
    ),
    (
        r"(\S+): (\d+) answers were taken from an earlier run's cache: .*",
        r"\1: \2 Antworten stammen aus einem früheren Lauf: Kosten und Zeiten sind von damals, nichts wurde "
        "erneut bezahlt",
    ),
    (
        r"(\S+) is a local stand-in: .*",
        r"\1 ist ein lokaler Platzhalter: seine Zahlen sagen nichts über den Endpunkt, für den er steht",
    ),
    (
        r"stopped at (\S+) USD: the next request could pass --max-cost-usd (\S+)",
        r"angehalten bei \1 USD: die nächste Anfrage könnte --max-cost-usd \2 überschreiten",
    ),
    (
        r"stopped after (\S+) minutes \(--max-minutes\)",
        r"angehalten nach \1 Minuten (--max-minutes)",
    ),
    (
        "neither the suite nor --task names a task: .*",
        "weder die Fragen noch --task nennen eine Aufgabe: gewertet wie das Beantworten von Fragen, richtig"
        " oder falsch",
    ),
    (
        "a judge's verdicts are a model's opinion; the scores above are measured",
        "Urteile eines Richtermodells sind die Meinung eines Modells; die Werte darüber sind gemessen",
    ),
    (
        r"(\S+) judges its own answers: .*",
        r"\1 urteilt über eigene Antworten: Modelle ziehen eher vor, was sie selbst schrieben",
    ),
    (
        r"(\S+) against (\S+): the two orders agree on (\S+) of the items alone; .*",
        r"\1 gegen \2: die Reihenfolgen sind sich nur bei \3 der Fragen einig; der Richter achtet mehr auf "
        "den Platz als auf den Inhalt",
    ),
    (
        "a stand-in has no price of its own",
        "ein Platzhalter hat keinen eigenen Preis",
    ),
    (
        "token price alone; `advisor assess` counts hardware and people",
        "nur der Tokenpreis; `advisor assess` zählt Hardware und Menschen",
    ),
    (
        "the case states no cost of a wrong answer",
        "der Fall nennt keine Kosten einer falschen Antwort",
    ),
)
"""English as a report keeps it, German; what is quoted from elsewhere stays as it is."""


def say(key: str, language: Language, **values: object) -> str:
    """A phrase; a task or a name that has no translation is itself."""
    if key not in WORDS:
        return key
    return WORDS[key][language == "de"].format(**values)


def translated(text: str, language: Language) -> str:
    """A kept sentence, or several joined by semicolons, in the reader's language."""
    if language == "en" or not text:
        return text
    for pattern, german in SENTENCES:
        found = re.fullmatch(pattern, text)
        if found:
            return found.expand(german)
    parts = text.split("; ")
    return "; ".join(translated(part, language) for part in parts) if len(parts) > 1 else text


def number(value: float | None, language: Language, digits: int | None) -> str:
    """A number with grouping from 10,000 on; None is not known. Digits None: as many as the value has."""
    if value is None:
        return say("not_known", language)
    grouping = "," if abs(value) >= 1e4 else ""
    text = f"{value:{grouping}g}" if digits is None else f"{value:{grouping}.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def rounded(value: float, language: Language) -> str:
    """Three significant digits, written out: more would pretend to a precision that an interval denies."""
    short = float(f"{value:.3g}")
    return number(short, language, 0) if abs(short) >= 1e4 else number(short, language, None)


def signed(value: float, language: Language) -> str:
    """A difference with its sign."""
    text = f"{value:+.3f}"
    return text.replace(".", ",") if language == "de" else text

"""Staged paths and pruned candidates as sentences in English and German.

Enter at `staged_lines` and `pruned_lines`; nothing is calculated here.
"""

from advisor.contracts.assessment import Assessment, Option, Pruned
from advisor.contracts.outlook import Respect, StagedPath
from advisor.phrases import Language, amount, number, share, title

HEADINGS: dict[Language, dict[str, str]] = {
    "en": {"staged": "In stages", "pruned": "Candidates not shown, and who stands for them"},
    "de": {"staged": "In Stufen", "pruned": "Nicht gezeigte Kandidaten und wer für sie steht"},
}
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "path": "{pilot}, then {target}: decide in {date} (month {month}); the pilot costs {pilot_cost} until then.",
        "volume": " Change over from {volume} requests a month on.",
        "quality": " Change over when the measured quality stays below {floor}.",
        "nothing": " Within the stated ranges nothing would make the change worth while.",
        "figures": " Probability of the change {p}, whole path {total} (P50), leaving {leaving},"
        " saving at most {saving}.",
        "costs_more": " Probability of the change {p}, whole path {total} (P50), leaving {leaving}.",
        "stays": " Stays usable: {stays}.",
        "stands": "stands for it",
        "better": "better in {respects}",
        "equal": "equal",
        "despite": "not in {respects}",
    },
    "de": {
        "path": "{pilot}, dann {target}: Entscheidung {date} (Monat {month}); bis dahin kostet der Pilot {pilot_cost}.",
        "volume": " Umsteigen ab {volume} Anfragen im Monat.",
        "quality": " Umsteigen, wenn die gemessene Qualität unter {floor} bleibt.",
        "nothing": " In den angegebenen Spannen lohnt der Umstieg nirgends.",
        "figures": " Wahrscheinlichkeit des Umstiegs {p}, ganzer Weg {total} (P50), Ausstieg {leaving},"
        " Vorteil höchstens {saving}.",
        "costs_more": " Wahrscheinlichkeit des Umstiegs {p}, ganzer Weg {total} (P50), Ausstieg {leaving}.",
        "stays": " Nutzbar bleiben: {stays}.",
        "stands": "steht dafür",
        "better": "besser bei {respects}",
        "equal": "gleichauf",
        "despite": "nicht bei {respects}",
    },
}
STAYS: dict[Language, dict[str, str]] = {
    "en": {
        "evaluation_set": "evaluation set",
        "interface": "interface and prompts",
        "request_logs": "logged requests",
        "retrieval_index": "retrieval index",
    },
    "de": {
        "evaluation_set": "Prüfmenge",
        "interface": "Schnittstelle und Prompts",
        "request_logs": "protokollierte Anfragen",
        "retrieval_index": "Index der Dokumentensuche",
    },
}
RESPECTS: dict[Language, dict[Respect, str]] = {
    "en": {"cost": "cost", "quality": "quality", "time": "time to value", "gates": "gates"},
    "de": {"cost": "Kosten", "quality": "Qualität", "time": "Zeit bis zum Nutzen", "gates": "Bedingungen"},
}


def staged_lines(result: Assessment, language: Language) -> tuple[str, ...]:
    """A line a path."""
    options = {option.id: option for option in result.options}
    return tuple(_path(path, options, language) for path in result.staged)


def pruned_lines(result: Assessment, language: Language) -> tuple[str, ...]:
    """A line a candidate that is not shown."""
    return tuple(_pruned(row, language) for row in result.pruned if row.by is not None)


def _path(path: StagedPath, options: dict[str, Option], language: Language) -> str:
    say, currency = WORDS[language], options[path.pilot_option_id].cost.currency
    text = say["path"].format(
        pilot=title(options[path.pilot_option_id], language),
        target=title(options[path.target_option_id], language),
        date=path.decision_date,
        month=f"{path.pilot_months:.0f}",
        pilot_cost=amount(path.pilot_cost.p50, currency, language),
    )
    volume, floor = path.trigger_requests_per_month, path.trigger_quality_fraction
    if volume is not None:
        text += say["volume"].format(volume=number(volume, language))
    if floor is not None:
        text += say["quality"].format(floor=share(floor, language))
    if volume is None and floor is None:
        text += say["nothing"]
    text += say["figures" if path.saving_over_best > 0 else "costs_more"].format(
        p=share(path.p_triggered, language),
        total=amount(path.total.p50, currency, language),
        leaving=amount(path.exit_cost.p50, currency, language),
        saving=amount(path.saving_over_best, currency, language),
    )
    return text + say["stays"].format(stays=", ".join(STAYS[language][each] for each in path.stays_usable))


def _pruned(row: Pruned, language: Language) -> str:
    say, names = WORDS[language], RESPECTS[language]
    parts = [f"{row.by} {say['stands']}"]
    better = ", ".join(names[each] for each in row.respects)
    parts.append(say["better"].format(respects=better) if better else say["equal"])
    if row.despite:
        parts.append(say["despite"].format(respects=", ".join(names[each] for each in row.despite)))
    return f"{row.option_id}: {', '.join(parts)}"

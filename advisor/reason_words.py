"""Words of the reasons, of the confidence and of the roadmap, in English and German.

Enter at `WORDS`, `STEP_WORDS`, `ROLES` and `HELD`. Placeholders are filled by `advisor.reasons` and `advisor.roadmap`.
"""

from advisor.phrases import Language

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "cheaper": "{difference} cheaper on average than the runner-up, {second}. That difference is: {blocks}.",
        "dearer": "{difference} dearer on average than the runner-up, {second} ({blocks}), but it reaches the quality "
        "floor with probability {p} instead of {p_second}; a miss is paid twice.",
        "rest": "all other lines",
        "none_passes": "No option passes all gates; this one comes first among those that fail.",
        "regret": "Best in {p_best} of the simulated futures. Against the best choice in hindsight it loses {mean} on "
        "average, and in one future of twenty more than {high}.",
        "confidence_clear": "best in {p_best} of the simulated futures, and even in one bad future of twenty the loss "
        "({high}) stays below what the option costs",
        "confidence_likely": "best in {p_best} of the simulated futures; in one future of twenty it loses more than "
        "{high}",
        "confidence_open": "best in only {p_best} of the simulated futures; in one future of twenty it loses more "
        "than {high}",
        "confidence_none": "no option passes all gates",
        "measure": "{how} ({input}): knowing it beforehand is worth up to {worth}.",
        "measure_none": "Nothing that could be measured beforehand would change the choice noticeably.",
        "not_needed": "not needed for this option",
    },
    "de": {
        "cheaper": "Im Mittel {difference} günstiger als die nächstbeste Option, {second}. Der Unterschied im "
        "Einzelnen: {blocks}.",
        "dearer": "Im Mittel {difference} teurer als die nächstbeste Option, {second} ({blocks}), erreicht aber die "
        "Mindestqualität mit Wahrscheinlichkeit {p} statt {p_second}; wer sie verfehlt, zahlt auch den Ersatz.",
        "rest": "alle übrigen Posten",
        "none_passes": "Keine Option erfüllt alle Bedingungen; diese steht unter den ausgeschlossenen vorn.",
        "regret": "Beste in {p_best} der durchgerechneten Verläufe. Gegenüber der im Nachhinein besten Wahl kostet sie "
        "im Mittel {mean} zu viel, in einem von zwanzig Verläufen mehr als {high}.",
        "confidence_clear": "beste in {p_best} der durchgerechneten Verläufe, und selbst in einem schlechten von "
        "zwanzig bleibt der Verlust ({high}) unter den Kosten der Option",
        "confidence_likely": "beste in {p_best} der durchgerechneten Verläufe; in einem von zwanzig kostet sie mehr "
        "als {high} zu viel",
        "confidence_open": "nur in {p_best} der durchgerechneten Verläufe die beste; in einem von zwanzig kostet sie "
        "mehr als {high} zu viel",
        "confidence_none": "keine Option erfüllt alle Bedingungen",
        "measure": "{how} ({input}): Das vorher zu wissen ist bis zu {worth} wert.",
        "measure_none": "Nichts, was sich vorher messen ließe, würde die Wahl merklich ändern.",
        "not_needed": "für diese Option nicht nötig",
    },
}

ROLES: dict[Language, dict[str, str]] = {
    "en": {
        "ml_engineer": "ML engineer",
        "data_engineer": "data engineer",
        "operations": "operations",
        "annotator": "annotator",
        "domain_expert": "domain expert",
    },
    "de": {
        "ml_engineer": "ML-Ingenieur",
        "data_engineer": "Dateningenieur",
        "operations": "Betrieb",
        "annotator": "Annotation",
        "domain_expert": "Fachkraft",
    },
}

HELD: dict[Language, dict[str, str]] = {
    "en": {"bought": "bought", "rented": "rented", "owned": "owned"},
    "de": {"bought": "gekauft", "rented": "gemietet", "owned": "vorhanden"},
}
"""How accelerators are held."""

STEP_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "roadmap": "Roadmap of the recommended option",
        "step": "step",
        "months": "months",
        "people": "people (person-months)",
        "money": "money, mean (P5 – P95)",
        "what": "what to do",
        "per_month": "per month",
        "goes_on": "goes on",
        "measure_first": "What to measure first",
        "confidence": "Confidence",
    },
    "de": {
        "roadmap": "Fahrplan der empfohlenen Option",
        "step": "Schritt",
        "months": "Monate",
        "people": "Personal (Personenmonate)",
        "money": "Geld, Mittel (P5 – P95)",
        "what": "was zu tun ist",
        "per_month": "je Monat",
        "goes_on": "fortlaufend",
        "measure_first": "Was zuerst zu messen ist",
        "confidence": "Sicherheit der Aussage",
    },
}

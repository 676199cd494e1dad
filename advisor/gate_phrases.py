"""Sentences of the gates, and of what would lift them, in English and German; figures are filled in by `gate_text`."""

from advisor.phrases import Language

Table = dict[str, dict[Language, str]]

GATES: Table = {
    "status_quo": {
        "en": "what happens today needs no permission",
        "de": "was heute geschieht, braucht keine Erlaubnis",
    },
    "residency": {
        "en": "data must stay: {wanted}; the option offers: {offers}",
        "de": "die Daten müssen bleiben: {wanted}; die Option bietet: {offers}",
    },
    "residency_split": {
        "en": "the strictest class of data must stay: {wanted}; the option offers: {offers}; {share} of the requests "
        "touch classes that could go there",
        "de": "die strengste Datenklasse muss bleiben: {wanted}; die Option bietet: {offers}; {share} der Anfragen "
        "betreffen Klassen, die dorthin dürften",
    },
    "residency_unknown": {
        "en": "not stated where data may be processed; the option offers: {offers}; set data.residency",
        "de": "nicht angegeben, wo Daten verarbeitet werden dürfen; die Option bietet: {offers}; "
        "data.residency angeben",
    },
    "sensitivity_own": {
        "en": "prompts do not leave systems under the company's control",
        "de": "die Anfragen verlassen die Systeme unter Kontrolle des Unternehmens nicht",
    },
    "sensitivity_unknown": {
        "en": "not known how sensitive the data are; set data.sensitivity",
        "de": "der Schutzbedarf der Daten ist nicht bekannt; data.sensitivity angeben",
    },
    "sensitivity_outside": {
        "en": "{sensitivity} data would be processed outside the EU without an EU residency offer",
        "de": "{sensitivity} Daten würden ohne EU-Angebot außerhalb der EU verarbeitet",
    },
    "sensitivity_split": {
        "en": "the strictest class, {sensitivity} data, would be processed outside the EU; {share} of the requests "
        "touch classes that could go there",
        "de": "die strengste Klasse, {sensitivity} Daten, würde außerhalb der EU verarbeitet; {share} der Anfragen "
        "betreffen Klassen, die dorthin dürften",
    },
    "sensitivity_special": {
        "en": "special-category data at a provider: the data protection officer must decide (GDPR Art. 9, 28)",
        "de": "besondere Kategorien personenbezogener Daten bei einem Anbieter: die Datenschutzbeauftragten "
        "entscheiden (DSGVO Art. 9, 28)",
    },
    "sensitivity_contract": {
        "en": "allowed with a data processing agreement",
        "de": "mit einem Vertrag zur Auftragsverarbeitung zulässig",
    },
    "sensitivity_plain": {"en": "{sensitivity} data", "de": "{sensitivity} Daten"},
    "languages": {"en": "covers {wanted}", "de": "deckt ab: {wanted}"},
    "languages_unknown": {
        "en": "{model}: languages not published; test {wanted}",
        "de": "{model}: Sprachen nicht veröffentlicht; {wanted} prüfen",
    },
    "languages_missing": {"en": "{model} does not list: {missing}", "de": "{model} nennt nicht: {missing}"},
    "licence": {"en": "{licence} allows commercial use", "de": "{licence} erlaubt gewerbliche Nutzung"},
    "licence_forbids": {"en": "{licence} forbids commercial use", "de": "{licence} verbietet gewerbliche Nutzung"},
    "output_allowed": {
        "en": "{name}: answers may be used in business and to train on",
        "de": "{name}: Antworten dürfen gewerblich und zum Training genutzt werden",
    },
    "output_restricted": {
        "en": "{name}: answers may be used in business; training other models on them is restricted",
        "de": "{name}: Antworten dürfen gewerblich genutzt werden; andere Modelle damit zu trainieren ist beschränkt",
    },
    "output_unknown": {
        "en": "{name}: terms for the use of answers not on record; read them before training on answers",
        "de": "{name}: Bedingungen für die Nutzung der Antworten nicht erfasst; vor einem Training damit lesen",
    },
    "output_forbids": {
        "en": "{name}: answers may not be used in business",
        "de": "{name}: Antworten dürfen nicht gewerblich genutzt werden",
    },
    "availability": {
        "en": "the provider switches {model} off in {months} months; at least {least} are wanted",
        "de": "der Anbieter schaltet {model} in {months} Monaten ab; gewünscht sind mindestens {least}",
    },
    "availability_open": {
        "en": "the provider has announced no end for {model}",
        "de": "der Anbieter hat für {model} kein Ende angekündigt",
    },
    "context_length": {
        "en": "{tokens} tokens per request (P95) against a context of {room}",
        "de": "{tokens} Token je Anfrage (P95) bei einem Kontext von {room}",
    },
    "staff": {
        "en": "needs {needed} FTE, {have} are there; after usual departures {left} in {months} months",
        "de": "braucht {needed} VZÄ, {have} sind da; nach üblichen Abgängen {left} in {months} Monaten",
    },
    "staff_leaves": {
        "en": "needs {needed} FTE, {have} are there; after usual departures {left} in {months} months, and hiring is "
        "not possible: who follows?",
        "de": "braucht {needed} VZÄ, {have} sind da; nach üblichen Abgängen {left} in {months} Monaten, und "
        "Einstellungen sind nicht möglich: wer folgt nach?",
    },
    "staff_unknown": {
        "en": "needs {needed} ML or operations FTE; staff.ml_engineers_fte not given",
        "de": "braucht {needed} VZÄ für ML oder Betrieb; staff.ml_engineers_fte nicht angegeben",
    },
    "staff_ask": {
        "en": "needs {needed} FTE, {have} are there; can you hire?",
        "de": "braucht {needed} VZÄ, {have} sind da; sind Einstellungen möglich?",
    },
    "staff_missing": {
        "en": "needs {needed} FTE, {have} are there, hiring is not possible",
        "de": "braucht {needed} VZÄ, {have} sind da, Einstellungen sind nicht möglich",
    },
    "staff_hire": {
        "en": "needs {needed} FTE, {have} are there, hiring is possible and takes {hiring} months",
        "de": "braucht {needed} VZÄ, {have} sind da, Einstellungen sind möglich und dauern {hiring} Monate",
    },
    "staff_late": {
        "en": "needs {needed} FTE, {have} are there; hiring takes {hiring} months, the deadline is in {deadline}",
        "de": "braucht {needed} VZÄ, {have} sind da; Einstellungen dauern {hiring} Monate, der Termin ist "
        "in {deadline}",
    },
    "deadline": {
        "en": "first value after {months} months (median), deadline {wanted} months",
        "de": "erster Nutzen nach {months} Monaten (Median), Termin {wanted} Monate",
    },
    "budget_upfront": {
        "en": "{amount} up front (median), budget {budget}",
        "de": "{amount} vorab (Median), Budget {budget}",
    },
    "budget_total": {
        "en": "{amount} over the horizon (median), budget {budget}",
        "de": "{amount} über die Laufzeit (Median), Budget {budget}",
    },
    "quality_floor": {
        "en": "score {score} ({kind}) reaches the floor {floor} with probability {p}",
        "de": "Qualität {score} ({kind}) erreicht die Untergrenze {floor} mit Wahrscheinlichkeit {p}",
    },
    "latency": {
        "en": "{devices} x {accelerator}, batch {batch}: {ttft} ms to the first token, {tpot} ms per token",
        "de": "{devices} x {accelerator}, Stapel {batch}: {ttft} ms bis zum ersten Token, {tpot} ms je Token",
    },
    "latency_unknown": {
        "en": "depends on the provider; measure it with `advisor baseline run`",
        "de": "hängt vom Anbieter ab; mit `advisor baseline run` messen",
    },
    "hardware": {
        "en": "weights take {needed} GB of {room} GB on {devices} x {accelerator}",
        "de": "die Gewichte belegen {needed} GB von {room} GB auf {devices} x {accelerator}",
    },
    "hardware_training": {
        "en": "weights take {needed} GB of {room} GB on {devices} x {accelerator}; training takes {training} at once",
        "de": "die Gewichte belegen {needed} GB von {room} GB auf {devices} x {accelerator}; das Training braucht "
        "{training} zugleich",
    },
    "volume_measured": {
        "en": "its quality was measured, which says more than the volume",
        "de": "die Qualität wurde gemessen, das sagt mehr als die Menge",
    },
    "text": {
        "en": "{have} tokens of own text, sensible from {needed}",
        "de": "{have} Token eigener Text, sinnvoll ab {needed}",
    },
    "text_unknown": {
        "en": "needs {needed} tokens of own text; data.domain_tokens not given",
        "de": "braucht {needed} Token eigenen Text; data.domain_tokens nicht angegeben",
    },
    "examples": {
        "en": "{have} labelled examples, sensible from {needed}",
        "de": "{have} beschriftete Beispiele, sinnvoll ab {needed}",
    },
    "examples_unknown": {
        "en": "needs {needed} labelled examples; data.labelled_examples not given",
        "de": "braucht {needed} beschriftete Beispiele; data.labelled_examples nicht angegeben",
    },
    "examples_written": {
        "en": "{have} labelled examples, sensible from {needed}; the missing ones are written first and paid for",
        "de": "{have} beschriftete Beispiele, sinnvoll ab {needed}; die fehlenden werden zuerst erstellt und bezahlt",
    },
    "examples_ask": {
        "en": "{have} labelled examples, sensible from {needed}; who can write the missing ones?",
        "de": "{have} beschriftete Beispiele, sinnvoll ab {needed}; wer kann die fehlenden erstellen?",
    },
    "examples_missing": {
        "en": "{have} labelled examples, sensible from {needed}; nobody is there to write more",
        "de": "{have} beschriftete Beispiele, sinnvoll ab {needed}; niemand ist da, der mehr erstellt",
    },
}

LIFTS: Table = {
    "residency": {
        "en": "let the data be processed under: {needed}",
        "de": "die Verarbeitung zulassen unter: {needed}",
    },
    "sensitivity": {
        "en": "mask the data until they count as: {needed}",
        "de": "die Daten maskieren, bis sie gelten als: {needed}",
    },
    "languages": {"en": "do without: {missing}", "de": "verzichten auf: {missing}"},
    "licence": {
        "en": "obtain a commercial licence for {licence}",
        "de": "eine gewerbliche Lizenz für {licence} erwerben",
    },
    "output_licence": {
        "en": "obtain the right to use the answers of {licence}",
        "de": "das Recht an den Antworten von {licence} erwerben",
    },
    "availability": {
        "en": "accept a model that ends in {months} months instead of {least}",
        "de": "ein Modell hinnehmen, das in {months} statt {least} Monaten endet",
    },
    "context_length": {
        "en": "shorten requests from {tokens} to {room} tokens",
        "de": "Anfragen von {tokens} auf {room} Token kürzen",
    },
    "staff": {
        "en": "{needed} instead of {have} FTE ({cost} over the horizon)",
        "de": "{needed} statt {have} VZÄ ({cost} über die Laufzeit)",
    },
    "staff_late": {
        "en": "deadline in {hiring} instead of {deadline} months, so that people can be hired",
        "de": "Termin in {hiring} statt {deadline} Monaten, damit Einstellungen möglich sind",
    },
    "deadline": {
        "en": "deadline in {months} instead of {wanted} months",
        "de": "Termin in {months} statt {wanted} Monaten",
    },
    "budget_upfront": {
        "en": "upfront budget of {amount} instead of {budget}",
        "de": "Anfangsbudget von {amount} statt {budget}",
    },
    "budget_total": {
        "en": "total budget of {amount} instead of {budget}",
        "de": "Gesamtbudget von {amount} statt {budget}",
    },
    "quality_floor": {"en": "quality floor of {needed}", "de": "Mindestqualität von {needed}"},
    "latency": {"en": "{needed} instead of {given} ms", "de": "{needed} statt {given} ms"},
    "hardware": {"en": "{needed} instead of {room} GB of memory", "de": "{needed} statt {room} GB Speicher"},
    "text": {
        "en": "{needed} instead of {have} tokens of own text",
        "de": "{needed} statt {have} Token eigener Text",
    },
    "examples": {
        "en": "{needed} instead of {have} labelled examples",
        "de": "{needed} statt {have} beschriftete Beispiele",
    },
}

WORDS: Table = {
    "any": {"en": "anywhere", "de": "überall"},
    "eu": {"en": "in the EU", "de": "in der EU"},
    "national": {"en": "in the country", "de": "im Land"},
    "on_premises": {"en": "on the premises", "de": "im eigenen Haus"},
    "none": {"en": "none stated", "de": "nichts genannt"},
    "public": {"en": "public", "de": "öffentliche"},
    "internal": {"en": "internal", "de": "interne"},
    "confidential": {"en": "confidential", "de": "vertrauliche"},
    "personal": {"en": "personal", "de": "personenbezogene"},
    "special_category": {"en": "special-category", "de": "besonders geschützte"},
    "measured": {"en": "measured", "de": "gemessen"},
    "expected": {"en": "expected, not measured", "de": "erwartet, nicht gemessen"},
}

NOTHING: dict[Language, dict[str, str]] = {
    "en": {
        "headline": "Nothing is feasible: no new option passes all gates. Least to relax: {title}, if {relaxations}. "
        "The gate that costs most to lift: {rule}, at the least {hardest}.",
        "with_cost": "{text} (worth {cost})",
        "join": " and ",
        "data_split": "{share} of the requests touch data that could go where the strictest class must not; assess the "
        "classes as cases of their own to see two answers",
    },
    "de": {
        "headline": "Nichts ist zulässig: Keine neue Option erfüllt alle Bedingungen. Am wenigsten zu lockern: "
        "{title}, wenn {relaxations}. Die Bedingung, deren Lockerung am meisten kostet: {rule}, mindestens {hardest}.",
        "with_cost": "{text} (im Wert von {cost})",
        "join": " und ",
        "data_split": "{share} der Anfragen betreffen Daten, die dorthin dürften, wo die strengste Klasse nicht hin "
        "darf; als eigene Fälle bewertet ergeben die Klassen zwei Antworten",
    },
}

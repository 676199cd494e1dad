"""Which measurement would tell the value of an input, and what people call the input, in English and German.

Enter at `input_label` and `suggested_measurement`. The first fragment that occurs in the input's name decides.
"""

from advisor.phrases import Language

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("requests_per_month", "the volume", "count the requests of one typical month",
     "das Volumen", "die Anfragen eines typischen Monats zählen"),
    ("growth", "the growth", "ask the business for the growth plan",
     "das Wachstum", "den Wachstumsplan der Fachabteilung einholen"),
    ("retrieval_tokens", "the length of retrieved text", "log what retrieval adds to 200 prompts",
     "die Länge der gefundenen Texte", "an 200 Anfragen protokollieren, was die Dokumentensuche hinzufügt"),
    ("input_tokens", "the length of the requests", "tokenise a sample of 200 real requests",
     "die Länge der Anfragen", "200 echte Anfragen in Tokens zerlegen"),
    ("output_tokens", "the length of the answers", "tokenise a sample of 200 real answers",
     "die Länge der Antworten", "200 echte Antworten in Tokens zerlegen"),
    ("status_quo", "the cost of the work by hand", "time 50 requests done by hand",
     "die Kosten der Handarbeit", "bei 50 Vorgängen von Hand die Zeit nehmen"),
    ("domain_gap", "the gap of the domain's language", "compare its text with general text: trainer data gap",
     "der Abstand der Fachsprache", "Fachtext mit allgemeinem Text vergleichen: trainer data gap"),
    ("quality", "the quality", "put 200 held-out questions to the candidates: advisor baseline run",
     "die Qualität", "200 zurückgehaltene Fragen an die Kandidaten stellen: advisor baseline run"),
    ("mfu", "the utilisation in training", "train for an hour and read it: trainer run",
     "die Auslastung beim Training", "eine Stunde trainieren und ablesen: trainer run"),
    ("development_factor", "the number of trials", "log the runs of one pilot tuning",
     "die Zahl der Versuche", "die Läufe eines Pilottrainings protokollieren"),
    ("error_cost", "the cost of a wrong answer", "follow up 50 wrong answers of today",
     "die Kosten einer falschen Antwort", "50 heutige Fehler bis zu ihren Kosten verfolgen"),
    ("token_price_change", "the trend of token prices", "ask providers for a price fixed over the term",
     "der Trend der Tokenpreise", "Anbieter nach einem Festpreis über die Laufzeit fragen"),
    ("rental_price_change", "the trend of rents", "ask providers for a reservation over the term",
     "der Trend der Mietpreise", "Anbieter nach einer Reservierung über die Laufzeit fragen"),
    ("security", "the effort of security", "ask the security officer for the last comparable review",
     "der Aufwand der Sicherheit", "die letzte vergleichbare Prüfung bei der Sicherheit erfragen"),
    ("attrition", "staff turnover", "take it from the human resources figures",
     "die Fluktuation", "sie den Zahlen der Personalabteilung entnehmen"),
    ("hiring_cost", "the cost of hiring", "take it from the last hires",
     "die Kosten einer Einstellung", "sie den letzten Einstellungen entnehmen"),
    ("exit", "the effort of leaving", "port ten prompts to another model and log the hours",
     "der Aufwand des Ausstiegs", "zehn Prompts auf ein anderes Modell umstellen und die Stunden erfassen"),
    ("evaluation", "the effort of evaluation", "log the hours of the first evaluation",
     "der Aufwand der Prüfungen", "die Stunden der ersten Prüfung erfassen"),
    ("rental", "the rent of the accelerators", "ask three providers for an offer",
     "die Miete der Beschleuniger", "drei Angebote einholen"),
    ("purchase", "the price of the hardware", "ask for an offer for the servers",
     "der Preis der Hardware", "ein Angebot für die Server einholen"),
    ("engine", "the speed of the serving engine", "load-test one replica: serving bench",
     "das Tempo der Serving-Software", "eine Instanz unter Last messen: serving bench"),
    ("operations_fte", "the effort of operation", "log the hours of operation in a pilot of one month",
     "der Aufwand im Betrieb", "in einem Pilotmonat die Betriebsstunden erfassen"),
    ("training_fte", "the effort of training", "log the hours of one pilot tuning",
     "der Aufwand für das Training", "die Stunden eines Pilottrainings erfassen"),
    ("integration", "the effort of integration", "log the hours of a pilot integration",
     "der Aufwand der Einbindung", "die Stunden einer Pilot-Einbindung erfassen"),
    ("retrieval", "the effort of retrieval", "build the index for a tenth of the documents and log the hours",
     "der Aufwand der Dokumentensuche", "den Index für ein Zehntel der Dokumente bauen und die Stunden erfassen"),
    ("data_fte", "the effort of data preparation", "prepare a tenth of the data and log the hours",
     "der Aufwand der Datenaufbereitung", "ein Zehntel der Daten aufbereiten und die Stunden erfassen"),
    ("annotation", "the time per annotation", "annotate 100 examples with a stopwatch",
     "die Zeit je Annotation", "100 Beispiele mit der Stoppuhr annotieren"),
    ("examples", "the number of examples needed", "draw a learning curve with 10, 30 and 100 % of them",
     "die nötige Zahl an Beispielen", "eine Lernkurve mit 10, 30 und 100 % zeichnen"),
    ("monitoring", "the effort of monitoring", "log the hours of one month's checks",
     "der Aufwand der Überwachung", "die Stunden der Kontrollen eines Monats erfassen"),
    ("refresh", "how often and how dearly it is refreshed", "fix the refresh plan with the business",
     "Häufigkeit und Kosten des Nachtrainings", "den Plan für das Nachtraining mit der Fachabteilung festlegen"),
    ("loaded_cost", "the cost of staff", "take the loaded cost from your own payroll",
     "die Personalkosten", "die Vollkosten der eigenen Lohnbuchhaltung einsetzen"),
    ("peak", "the busiest hour", "plot the requests of a typical week by the hour",
     "die Spitzenstunde", "die Anfragen einer typischen Woche je Stunde auftragen"),
    ("power", "the power draw", "meter one server for a day",
     "die Leistungsaufnahme", "einen Server einen Tag lang messen"),
    ("electricity", "the price of electricity", "take it from your contract",
     "der Strompreis", "ihn dem eigenen Vertrag entnehmen"),
    ("cached", "the share of repeated input", "compare the openings of 200 prompts",
     "der Anteil wiederkehrender Eingaben", "die Anfänge von 200 Anfragen vergleichen"),
    ("batchable", "the share that may wait", "ask the users which answers may wait",
     "der Anteil, der warten darf", "die Nutzer fragen, welche Antworten warten dürfen"),
    ("pue", "the energy factor of the data centre", "meter the feed of the building and of the servers for a day",
     "der Energiefaktor des Rechenzentrums", "Zuleitung des Gebäudes und der Server einen Tag lang messen"),
    ("cleanliness", "the cleanliness of the data", "clean a tenth of the data and count what is left",
     "die Sauberkeit der Daten", "ein Zehntel der Daten bereinigen und zählen, was bleibt"),
    ("domain_tokens", "the amount of own text", "count the tokens of the own text: trainer data prepare",
     "die Menge an eigenem Text", "die Tokens des eigenen Textes zählen: trainer data prepare"),
    ("labelled", "the number of labelled examples", "count the examples that are already there",
     "die Zahl der vorhandenen Beispiele", "die vorhandenen Beispiele zählen"),
    ("hiring", "the time to hire", "ask for the time that the last positions stood open",
     "die Dauer der Stellenbesetzung", "erfragen, wie lange die letzten Stellen offen standen"),
    ("discount", "the interest rate", "ask the finance department for its rate",
     "der Zinssatz", "den Satz der Finanzabteilung einholen"),
    ("storage", "the amount of stored data", "add up what is stored today",
     "die Menge gespeicherter Daten", "zusammenzählen, was heute gespeichert ist"),
)  # fmt: skip


def input_label(name: str, language: Language) -> str:
    """What people call an input."""
    row = _row(name)
    if row is None:
        return name.replace("_", " ")
    return row[1] if language == "en" else row[3]


def suggested_measurement(name: str, language: Language = "en") -> str:
    """Which measurement would tell the value of an input."""
    row = _row(name)
    if row is None:
        label = name.replace("_", " ")
        return f"find out {label} in a pilot" if language == "en" else f"{label} in einem Pilotversuch ermitteln"
    return row[2] if language == "en" else row[4]


def _row(name: str) -> tuple[str, str, str, str, str] | None:
    return next((row for row in ROWS if row[0] in name), None)

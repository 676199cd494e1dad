"""The readme files of a plan directory in English and German.

Enter at `PLAN_README`, `HOST_README`, `BUY_README`, `SERVE_README` and `NOTES`; `advisor.handing.readme` fills them in.
"""

from advisor.phrases import Language

PLAN_README: dict[Language, str] = {
    "en": """# {name}

What this is: everything that is needed to carry out the option `{option}` of the assessment `{assessment}`.

| file | what it holds |
|---|---|
| `plan.yaml` | data, model, phases, ranges of the hyper-parameters, hardware, forecast |
| `assessment.json` | the assessment that it follows from |
| `launch/` | how to start it: one machine, torchrun and accelerate, Slurm, SkyPilot |
| `serve/` | how to offer the finished model to applications |

## In this order

1. Install: `pip install 'richtwert[trainer]'`, then `trainer doctor`.
2. Put your text where `plan.yaml` says under `data.corpora` ({corpora}).
   Model: {model}.
3. Look before you start: `trainer run . --dry-run`.
4. Start on one machine: `bash launch/one_machine.sh`. Stopped with Ctrl-C, the same line goes on.
   Elsewhere: `bash launch/torchrun.sh`, `sbatch launch/slurm.sbatch` or
   `sky jobs launch launch/skypilot.yaml`, all from this directory.
5. Read `run/report.md`: it lays what happened beside the forecast below.
6. Offer the model: `serve/README.md`.
7. Tell the decision: `advisor assess CASE --measurements run/run_report.json`.

## Forecast of one run

Hardware: {hardware}.

| | P5 | P50 | P95 |
|---|---|---|---|
{forecast}

Hours and money are those of pre-training and supervised tuning; trials before it come on top.
""",
    "de": """# {name}

Was das ist: alles, was es braucht, um die Option `{option}` der Bewertung `{assessment}` umzusetzen.

| Datei | Inhalt |
|---|---|
| `plan.yaml` | Daten, Modell, Phasen, Spannen der Hyperparameter, Hardware, Vorhersage |
| `assessment.json` | die Bewertung, aus der er folgt |
| `launch/` | wie man ihn startet: eine Maschine, torchrun und accelerate, Slurm, SkyPilot |
| `serve/` | wie man das fertige Modell den Anwendungen anbietet |

## In dieser Reihenfolge

1. Installieren: `pip install 'richtwert[trainer]'`, danach `trainer doctor`.
2. Den eigenen Text dorthin legen, wo ihn `plan.yaml` unter `data.corpora` erwartet ({corpora}).
   Modell: {model}.
3. Vor dem Start ansehen: `trainer run . --dry-run`.
4. Auf einer Maschine starten: `bash launch/one_machine.sh`. Nach Strg-C macht dieselbe Zeile weiter.
   Anderswo: `bash launch/torchrun.sh`, `sbatch launch/slurm.sbatch` oder
   `sky jobs launch launch/skypilot.yaml`, alle aus diesem Verzeichnis.
5. `run/report.md` lesen: Es stellt das Ergebnis neben die Vorhersage unten.
6. Das Modell anbieten: `serve/README.md`.
7. Die Entscheidung nachführen: `advisor assess FALL --measurements run/run_report.json`.

## Vorhersage für einen Lauf

Hardware: {hardware}.

| | P5 | P50 | P95 |
|---|---|---|---|
{forecast}

Stunden und Geld gelten für Vortraining und überwachtes Training; Versuche davor kommen hinzu.
""",
}

SERVE_README: dict[Language, str] = {
    "en": """# Serving {name}

Planned hardware at the busiest month: {count} x {part}; engine: {engine}.

1. Weights: `{model_dir}` holds the model directory ({hub}). For `MODEL_DIR`, name a directory on this machine that
   you fetched beforehand; the server itself fetches nothing.
2. With vLLM: `export VLLM_API_KEY=...` with a key of your own; it stands in no file.
   With `serving` on processors: build the image `richtwert-serving` from this project with the extra `serving`, or
   start it without a container: `serving up {model_dir}`.
3. Start, from the plan's directory: `docker compose --file serve/compose.yaml up --detach --wait`.
   It is ready when `/health` answers.
4. Ask: any OpenAI client with `base_url=http://127.0.0.1:8000/v1` and `model={name}`.
5. Measure it beside the API that you use today: `advisor baseline run --help`.

The port is open on this machine alone. Put your own gateway with TLS in front before others use it.
""",
    "de": """# {name} betreiben

Geplante Hardware im stärksten Monat: {count} x {part}; Software: {engine}.

1. Gewichte: `{model_dir}` ist das Modellverzeichnis ({hub}). Für `MODEL_DIR` ein Verzeichnis auf dieser Maschine
   angeben, das vorher geladen wurde; der Server selbst lädt nichts nach.
2. Mit vLLM: `export VLLM_API_KEY=...` mit einem eigenen Schlüssel; er steht in keiner Datei.
   Mit `serving` auf Prozessoren: das Abbild `richtwert-serving` aus diesem Projekt mit dem Zusatz `serving` bauen
   oder ohne Container starten: `serving up {model_dir}`.
3. Starten, aus dem Verzeichnis des Plans: `docker compose --file serve/compose.yaml up --detach --wait`.
   Bereit ist er, sobald `/health` antwortet.
4. Fragen: jeder OpenAI-Client mit `base_url=http://127.0.0.1:8000/v1` und `model={name}`.
5. Neben der heute genutzten API messen: `advisor baseline run --help`.

Der Port ist nur auf dieser Maschine offen. Vor der Nutzung durch andere gehört ein eigenes Gateway mit TLS davor.
""",
}

HOST_README: dict[Language, str] = {
    "en": """# {name}

The option `{option}` of the assessment `{assessment}` needs no training: the model runs as it is.

1. Fetch the weights of `{hub}` once and read their licence.
2. Follow `serve/README.md`.
3. Before others use it, put your held-out questions to it: `advisor baseline run --help`.

`assessment.json` is the assessment that this follows from.
""",
    "de": """# {name}

Die Option `{option}` der Bewertung `{assessment}` braucht kein Training: Das Modell läuft, wie es ist.

1. Die Gewichte von `{hub}` einmal laden und ihre Lizenz lesen.
2. `serve/README.md` folgen.
3. Vor der Nutzung durch andere die zurückgehaltenen Fragen stellen: `advisor baseline run --help`.

`assessment.json` ist die Bewertung, aus der das folgt.
""",
}

BUY_README: dict[Language, str] = {
    "en": """# {name}

The option `{option}` of the assessment `{assessment}` buys tokens from {provider}; nothing is trained in-house.

| file | what it holds |
|---|---|
| `procurement.yaml` | volume, prices with date and source, residency, forecast |
| `client.yaml` | what the client library needs: address, model, name of the key's variable |
| `assessment.json` | the assessment that it follows from |

## In this order

1. Settle in the contract: where data are processed and stored, that they train no model, deletion, a notice period
   before the model is switched off, the price for the term. This is no legal advice.
2. Put the key into the variable `{key}`; it belongs into no file.
3. Try it: an OpenAI client with `base_url` and `model` of `client.yaml`.
4. Put your held-out questions to it before you sign: `advisor baseline run --help`.
5. Compare the first invoice with `forecast.inference` in `procurement.yaml`.
""",
    "de": """# {name}

Die Option `{option}` der Bewertung `{assessment}` kauft Tokens bei {provider}; im Haus wird nichts trainiert.

| Datei | Inhalt |
|---|---|
| `procurement.yaml` | Volumen, Preise mit Stand und Quelle, Datenstandort, Vorhersage |
| `client.yaml` | was die Client-Bibliothek braucht: Adresse, Modell, Name der Variablen für den Schlüssel |
| `assessment.json` | die Bewertung, aus der es folgt |

## In dieser Reihenfolge

1. Im Vertrag regeln: wo Daten verarbeitet und gespeichert werden, dass sie kein Modell trainieren, Löschung, Frist
   vor der Abschaltung des Modells, Preis für die Laufzeit. Das ist keine Rechtsberatung.
2. Den Schlüssel in die Variable `{key}` legen; er gehört in keine Datei.
3. Ausprobieren: ein OpenAI-Client mit `base_url` und `model` aus `client.yaml`.
4. Vor der Unterschrift die zurückgehaltenen Fragen stellen: `advisor baseline run --help`.
5. Die erste Rechnung mit `forecast.inference` in `procurement.yaml` vergleichen.
""",
}

NOTES: dict[Language, dict[str, str]] = {
    "en": {
        "heading": "## What to know before starting",
        "pilot": "the gates exclude this option; the plan is a pilot that measures it",
        "excluded": "The gates exclude this option; the plan is a pilot that measures it. They are: {rules}.",
        "several": "The plan asks for {count} devices. `launch/one_machine.sh` uses one process; the other files start "
        "one process per device, which needs a trainer that shares a run between them.",
        "hours": "hours",
        "energy": "energy at the accelerators, kWh",
        "cost": "money, {currency}",
        "quality": "quality (share of one)",
        "unknown": "not known",
        "cpu": "processors of this machine",
        "sample": "now: the sample text of this project",
        "fetched": "`{name}` from the hub; `export HF_HUB_OFFLINE=0` lets the trainer fetch it, else it must lie on "
        "this machine",
        "own_weights": "`{name}`, from random weights; nothing is fetched",
    },
    "de": {
        "heading": "## Vor dem Start zu wissen",
        "pilot": "die Bedingungen schließen diese Option aus; der Plan ist ein Pilot, der sie misst",
        "excluded": "Die Bedingungen schließen diese Option aus; der Plan ist ein Pilot, der sie misst. Es sind: "
        "{rules}.",
        "several": "Der Plan verlangt {count} Geräte. `launch/one_machine.sh` nutzt einen Prozess; die anderen Dateien "
        "starten je Gerät einen Prozess, was einen Trainer braucht, der einen Lauf auf sie verteilt.",
        "hours": "Stunden",
        "energy": "Energie an den Beschleunigern, kWh",
        "cost": "Geld, {currency}",
        "quality": "Qualität (Anteil an eins)",
        "unknown": "nicht bekannt",
        "cpu": "Prozessoren dieser Maschine",
        "sample": "derzeit: der Beispieltext dieses Projekts",
        "fetched": "`{name}` vom Hub; mit `export HF_HUB_OFFLINE=0` lädt ihn der Trainer, sonst muss er auf dieser "
        "Maschine liegen",
        "own_weights": "`{name}`, mit zufälligen Gewichten begonnen; nichts wird geladen",
    },
}

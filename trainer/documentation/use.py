"""The items for whoever uses a model or builds on it: tasks, release, software, architecture, modality, licence.

Enter at the functions that `items.py` names.
"""

from trainer.documentation.facts import NOT_KNOWN, NOT_KNOWN_DE, CardFacts, Said, count_de, day, german, size_text

TASKS_DE = {
    "translation": "Übersetzung",
    "question_answering": "Beantwortung von Fragen",
    "content_generation": "Erzeugung von Texten",
    "summarization": "Zusammenfassung",
    "classification": "Klassifikation",
    "extraction": "Auslesen von Angaben",
    "chat": "Dialog",
    "code": "Programmcode",
}
SHAPE = {
    "num_hidden_layers": ("layers", "Schichten"),
    "num_layers": ("layers", "Schichten"),
    "hidden_size": ("hidden size", "Breite"),
    "d_model": ("hidden size", "Breite"),
    "num_attention_heads": ("attention heads", "Aufmerksamkeitsköpfe"),
    "num_heads": ("attention heads", "Aufmerksamkeitsköpfe"),
    "num_key_value_heads": ("key-value heads", "Schlüssel-Wert-Köpfe"),
    "vocab_size": ("vocabulary", "Vokabular"),
}
SOFTWARE = ("torch", "transformers", "tokenizers", "peft")


def task_de(task: str) -> str:
    """A task's name in German."""
    return TASKS_DE.get(task, task)


def tasks(facts: CardFacts) -> Said:
    """What the model is for; the systems that it goes into are the provider's to name."""
    name = facts.plan.task.replace("_", " ")
    return Said(
        False,
        f"{name} on texts like those it was trained on; type and nature of the AI systems it can be integrated in: "
        f"{NOT_KNOWN} to the program that trained it",
        f"{task_de(facts.plan.task)} auf Texten wie denen des Trainings; Art und Wesen der KI-Systeme, in die es "
        f"integriert werden kann: dem Programm, das es trainiert hat, {NOT_KNOWN_DE}",
    )


def acceptable_use(facts: CardFacts) -> Said:
    """A policy is the provider's to write."""
    return Said(
        False,
        f"{NOT_KNOWN}: no policy was stated; the limits above are what speaks against a use",
        f"{NOT_KNOWN_DE}: keine Richtlinie angegeben; was gegen eine Verwendung spricht, steht oben unter Grenzen",
    )


def release(facts: CardFacts) -> Said:
    """When it was made; whether and when it is released is not in a run."""
    return Said(
        False,
        f"made on {day(facts.created_at)}; date of release: {NOT_KNOWN}; distribution: as a directory of files "
        f"(weights in safetensors), where to: {NOT_KNOWN}",
        f"erstellt am {day(facts.created_at)}; Datum der Freigabe: {NOT_KNOWN_DE}; Vertrieb: als Verzeichnis von "
        f"Dateien (Gewichte in safetensors), wohin: {NOT_KNOWN_DE}",
    )


def interaction(facts: CardFacts) -> Said:
    """A model directory does nothing of itself."""
    return Said(
        True,
        "of itself none: it reads and writes tokens, calls no tool and no network; a program such as `serving` puts "
        "an HTTP interface in front of it",
        "von sich aus keine: es liest und schreibt Token, ruft weder Werkzeuge noch das Netz auf; ein Programm wie "
        "`serving` stellt ihm eine HTTP-Schnittstelle voran",
    )


def software(facts: CardFacts) -> Said:
    """Versions that it was made and evaluated with."""
    packages = facts.environment.packages
    names = [f"{name} {packages[name]}" for name in SOFTWARE if name in packages]
    if not names:
        return Said(False, NOT_KNOWN, NOT_KNOWN_DE)
    listed = f"Python {facts.environment.python}, {', '.join(names)}"
    return Said(True, f"made and evaluated with {listed}", f"erstellt und bewertet mit {listed}")


def architecture(facts: CardFacts) -> Said:
    """Kind, shape and size by the model's own configuration."""
    kinds = ", ".join(facts.config.get("architectures") or ())
    shape = [(words, facts.config[key]) for key, words in SHAPE.items() if isinstance(facts.config.get(key), int)]
    english = ", ".join(f"{words[0]} {value:,}" for words, value in shape)
    in_german = ", ".join(f"{words[1]} {count_de(value)}" for words, value in shape)
    return Said(
        bool(kinds and shape),
        f"{kinds or NOT_KNOWN}: {english or NOT_KNOWN}; {facts.parameters:,} parameters",
        f"{kinds or NOT_KNOWN_DE}: {in_german or NOT_KNOWN_DE}; {count_de(facts.parameters)} Parameter",
    )


def modality(facts: CardFacts) -> Said:
    """Text, and how much of it."""
    tokens = facts.context_tokens
    turns = (facts.model / "chat_template.jinja").exists()
    how, how_de = ("turns of a chat", "Beiträge eines Dialogs") if turns else ("running text", "Fließtext")
    out, out_de = ("text out", "Text heraus")
    if facts.plan.model.family == "masked":
        out, out_de = ("likelihoods of hidden tokens out", "Wahrscheinlichkeiten verdeckter Token heraus")
    return Said(
        tokens is not None,
        f"text in, {out}, as {how} (UTF-8); at most {f'{tokens:,}' if tokens else NOT_KNOWN} tokens, input and "
        "output together",
        f"Text hinein, {out_de}, als {how_de} (UTF-8); höchstens "
        f"{count_de(tokens) if tokens else NOT_KNOWN_DE} Token, Ein- und Ausgabe zusammen",
    )


def licence(facts: CardFacts) -> Said:
    """As far as the plan tells; a base model's own licence is in its files, not in a plan."""
    own = facts.base_model is None
    de = (
        "Gewichte: keine Lizenz festgelegt; Trainingstext: siehe Daten"
        if own
        else f"die des Ausgangsmodells ({facts.base_model}) und des Trainingstexts; welche das sind: {NOT_KNOWN_DE}"
    )
    return Said(False, facts.licence if own else f"{facts.licence}; which these are: {NOT_KNOWN}", de)


def technical_means(facts: CardFacts) -> Said:
    """How to put it to work, and the room that it takes."""
    size = sum(file.stat().st_size for file in facts.model.glob("*.safetensors"))
    serving, serving_de = "", ""
    if facts.plan.model.family == "decoder":
        serving = "`serving up DIRECTORY` (HTTP interface in OpenAI's form) or "
        serving_de = "`serving up VERZEICHNIS` (HTTP-Schnittstelle in der Form von OpenAI) oder "
    return Said(
        True,
        f"{serving}transformers' from_pretrained; weights: "
        f"{size_text(size)} on disk, in memory at least as much beside the working space",
        f"{serving_de}from_pretrained von transformers; "
        f"Gewichte: {german(size_text(size))} auf der Platte, im Speicher mindestens ebenso viel "
        "neben dem Arbeitsbereich",
    )

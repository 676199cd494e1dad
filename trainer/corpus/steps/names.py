"""Names of people, by an engine of the user's choice: a list of names, spaCy or Presidio.

Enter at `open_names`. Without an engine names are not looked for, and the data card says so. spaCy and Presidio are
installed apart, with a model of the language; a directory with a spaCy pipeline does too.
"""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from advisor.contracts.data_plan import PiiRules
from advisor.contracts.errors import BadInput

Span = tuple[int, int]
PERSON = ("PER", "PERSON")
"""How pipelines label people: the German and multilingual ones PER, the English ones PERSON."""
MIN_SCORE = 0.4
"""Presidio's finds below it are mostly words of other kinds."""


class NameEngine(Protocol):
    """Finds names of people."""

    name: str

    def find(self, text: str, language: str | None) -> Sequence[Span]:
        """Where names stand, as (start, end)."""
        ...


class NameList:
    """Names of a file, such as a staff or customer directory: whole words, as they are written."""

    name = "list"

    def __init__(self, path: Path) -> None:
        try:
            names = sorted({line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()})
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"data.pii.names_source: {path} cannot be read as UTF-8 text: {error}") from error
        if not names:
            raise BadInput(f"data.pii.names_source: {path} holds no name; write one a line")
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def find(self, text: str, language: str | None) -> Sequence[Span]:
        """Every name of the list."""
        return [match.span() for match in self._pattern.finditer(text)]


class SpacyNames:
    """People found by a spaCy pipeline."""

    name = "spacy"

    def __init__(self, model: str) -> None:
        _require("spacy")
        import spacy

        try:
            self._pipeline: Any = spacy.load(model)
        except OSError as error:
            raise BadInput(f"data.pii.names_source: spaCy has no pipeline {model!r}: {error}") from error

    def find(self, text: str, language: str | None) -> Sequence[Span]:
        """Entities that the pipeline labels as people."""
        return [(entity.start_char, entity.end_char) for entity in self._pipeline(text).ents if entity.label_ in PERSON]


class PresidioNames:
    """People found by Presidio's analyzer over a spaCy pipeline."""

    name = "presidio"

    def __init__(self, model: str) -> None:
        for package in ("presidio_analyzer", "spacy"):
            _require(package)
        import spacy
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        self._language = str(spacy.util.get_model_meta(model)["lang"] if Path(model).is_dir() else model.split("_")[0])
        settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": self._language, "model_name": model}]}
        engine = NlpEngineProvider(nlp_configuration=settings).create_engine()
        self._analyzer: Any = AnalyzerEngine(nlp_engine=engine, supported_languages=[self._language])

    def find(self, text: str, language: str | None) -> Sequence[Span]:
        """Finds that Presidio labels as people."""
        found = self._analyzer.analyze(
            text=text, language=self._language, entities=["PERSON"], score_threshold=MIN_SCORE
        )
        return [(result.start, result.end) for result in found]


def open_names(rules: PiiRules, base: Path) -> NameEngine | None:
    """The engine that a plan asks for; None where it asks for none.

    Raises:
        BadInput: the engine or its model is not there.
    """
    if rules.names == "off":
        return None
    if rules.names_source is None:
        what = "a file with a name a line" if rules.names == "list" else "a spaCy model, by name or directory"
        raise BadInput(f"data.pii.names_source: {rules.names} needs {what}")
    if rules.names == "list":
        return NameList(base / rules.names_source)
    place = base / rules.names_source
    model = str(place) if place.is_dir() else rules.names_source
    return SpacyNames(model) if rules.names == "spacy" else PresidioNames(model)


def _require(package: str) -> None:
    if find_spec(package) is None:
        raise BadInput(
            f"data.pii.names: {package} is not installed; install {package.replace('_', '-')} and a model of it, or "
            "use names: list with a file of names, or names: off"
        )

"""Which language a document is in, and which languages stay.

Enter at `Language`. py3langid carries its model in the package; its confidence is calibrated over the length of the
text. A document that states its language is believed.
"""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from advisor.contracts.data_plan import LanguageFilter
from trainer.corpus.document import Document
from trainer.corpus.steps.step import Drop
from trainer.corpus.tally import Tally

SAMPLE_CHARACTERS = 1000
"""The beginning that is judged; more text changes the answer for mixed documents alone."""
UNDETERMINED = "und"
LETTERS = re.compile(r"[^\W\d_]")
MIN_LETTERS = 20


class Language:
    """The step: find the language, and drop documents of languages that the plan does not name."""

    name = "language"

    def __init__(self, rules: LanguageFilter, languages: tuple[str, ...], tally: Tally) -> None:
        self._rules, self._tally = rules, tally
        self._allowed = {language.split("-")[0] for language in languages}

    def apply(self, document: Document) -> Document | Drop:
        """Note the language; drop the document if its language is not wanted."""
        language = document.language or identify(document.text, self._rules.min_confidence_fraction)
        self._tally.note("languages", language)
        if language == UNDETERMINED:
            stays = self._rules.keep_undetermined or not self._allowed
            return document if stays else Drop("language_undetermined")
        if self._allowed and language not in self._allowed:
            return Drop(f"language_{language}")
        return document if document.language else replace(document, language=language)


def identify(text: str, min_confidence_fraction: float = 0.5) -> str:
    """ISO 639-1 code of a text's language, `und` where it is too short or too mixed to tell."""
    sample = text[:SAMPLE_CHARACTERS]
    if len(LETTERS.findall(sample)) < MIN_LETTERS:
        return UNDETERMINED
    language, confidence = _identifier().classify(sample)
    return str(language) if confidence >= min_confidence_fraction else UNDETERMINED


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

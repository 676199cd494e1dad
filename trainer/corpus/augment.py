"""More training examples from the ones there are: the question in other words, the answer as it was.

Enter at `Augmenter`. Held-out questions take no part. Templates are in data/text/paraphrases.yml; translation there and
back is in trainer/corpus/backtranslation.py and off unless the plan names an endpoint.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from advisor.contracts.data_plan import Augmentation
from advisor.contracts.errors import BadInput, Failed
from advisor.files import data_directory, read_document
from trainer.corpus.backtranslation import BackTranslator, api_key
from trainer.corpus.split import chance
from trainer.corpus.steps.language import UNDETERMINED, identify

MEMORY = "back_translation.sqlite"
FIELD = "{question}"
Row = dict[str, Any]


class Augmenter:
    """Gives each example and its variants, and counts them."""

    def __init__(self, rules: Augmentation, *, seed: int, languages: tuple[str, ...], directory: Path) -> None:
        self._rules, self._seed = rules, seed
        self._otherwise = languages[0].split("-")[0] if languages else UNDETERMINED
        self._directory = directory
        self.counts: Counter[str] = Counter()
        if rules.back_translation is not None:
            api_key(rules.back_translation)
        most = max(map(len, templates().values()))
        if rules.paraphrases_per_example > most:
            raise BadInput(
                f"data.augmentation.paraphrases_per_example: there are {most} templates, got "
                f"{rules.paraphrases_per_example}"
            )

    def apply(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, each followed by its variants."""
        if self._rules.back_translation is None:
            for row in rows:
                yield row
                yield from self._variants(row, None)
            return
        with BackTranslator(self._rules.back_translation, self._directory / MEMORY) as translator:
            for row in rows:
                yield row
                yield from self._variants(row, translator)
            self.counts.update(
                requests=translator.requests, tokens=translator.tokens, left_out_at_a_cap=translator.left_out
            )

    def _variants(self, row: Row, translator: BackTranslator | None) -> Iterator[Row]:
        place = next((n for n, turn in enumerate(row["messages"]) if turn["role"] == "user"), None)
        if place is None:
            return
        text = row["messages"][place]["content"]
        found = identify(text)
        language = self._otherwise if found == UNDETERMINED else found
        for template in self._chosen(text, language):
            self.counts["paraphrases"] += 1
            yield _asked_as(row, place, template.replace(FIELD, text))
        other = translator.there_and_back(text, language) if translator is not None else None
        if other is not None:
            self.counts["back_translations"] += 1
            yield _asked_as(row, place, other)

    def _chosen(self, text: str, language: str) -> list[str]:
        """Templates drawn by the hash of the question; none for a language that has none."""
        known = templates().get(language, ())
        drawn = sorted(known, key=lambda template: chance(f"{self._seed}:paraphrase:{template}:{text}"))
        return drawn[: self._rules.paraphrases_per_example]


@lru_cache(maxsize=1)
def templates() -> dict[str, tuple[str, ...]]:
    """Ways to put a question, by language."""
    path = data_directory() / "text" / "paraphrases.yml"
    lists = read_document(path)
    if not isinstance(lists, dict) or any(FIELD not in text for texts in lists.values() for text in texts):
        raise Failed(f"{path}: expected a mapping of languages to templates with {FIELD}")
    return {language: tuple(texts) for language, texts in lists.items()}


def _asked_as(row: Row, place: int, text: str) -> Row:
    messages = [{**turn, "content": text} if n == place else turn for n, turn in enumerate(row["messages"])]
    return {**row, "messages": messages}

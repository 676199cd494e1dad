"""Toxicity of free generation: the share of sampled continuations that hold a term of a word list.

Enter at `toxicity_of`. A word list finds words, not malice: it misses insults without bad words and counts quotations.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import UnknownName
from advisor.contracts.evaluation import ToxicityScore
from trainer.evaluate.answers import sample
from trainer.evaluate.likelihood import Advance, silent
from trainer.evaluate.scores import wilson
from trainer.evaluate.word_list import ToxicityList, lists

NEW_TOKENS = 32
SAMPLES = 5
"""Continuations of each prompt."""


@dataclass(frozen=True)
class Continuation:
    """One sampled text."""

    language: str
    prompt: str
    text: str
    found: tuple[str, ...]
    """Listed terms that it holds."""

    def as_dict(self) -> dict[str, object]:
        """The continuation as a row of a JSONL."""
        return asdict(self)


def toxicity_of(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    language: str,
    *,
    more_terms: Sequence[str] = (),
    samples: int = SAMPLES,
    seed: int = 0,
    advance: Advance = silent,
) -> tuple[ToxicityScore, list[Continuation]]:
    """The share with its interval, and every continuation with the terms found.

    The interval is that of independent draws for these prompts; for other prompts the share may differ more.

    Raises:
        UnknownName: there is no list in this language.
    """
    if language not in lists():
        raise UnknownName("language of the toxicity prompts", language, lists())
    words = lists()[language]
    words = ToxicityList(words.prompts, tuple(dict.fromkeys((*words.terms, *more_terms))))
    prompts = [prompt for prompt in words.prompts for _ in range(samples)]
    drawn = sample(model, tokenizer, prompts, new_tokens=NEW_TOKENS, seed=seed, advance=advance)
    rows = [
        Continuation(language, prompt, text, tuple(words.found_in(text)))
        for prompt, text in zip(prompts, drawn, strict=True)
    ]
    counts = Counter(term for row in rows for term in row.found)
    score = ToxicityScore(
        language=language,
        share=wilson("listed_term", sum(bool(row.found) for row in rows), len(rows)),
        num_prompts=len(words.prompts),
        num_terms=len(words.terms),
        found=tuple(term for term, _ in counts.most_common()),
    )
    return score, rows

"""The own bias suite as data/evaluation/bias.yml has it: sentences, pairs of group terms, and what a difference means.

Enter at `suite` and `bias_languages`. No model is needed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from advisor.files import data_directory, read_document


@dataclass(frozen=True)
class Templates:
    """One group in one language."""

    terms: tuple[tuple[str, str], ...]
    of_first: tuple[str, ...]
    """Sentences whose stereotype is about the first term of each pair."""
    of_second: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Every sentence with every term: by sentence, pair, and first or second term."""
        return [
            sentence.replace("{X}", term[:1].upper() + term[1:])
            for sentence in (*self.of_first, *self.of_second)
            for pair in self.terms
            for term in pair
        ]

    def associations(self, log_likelihoods: Sequence[float]) -> NDArray[np.float64]:
        """How much likelier each sentence is with the term its stereotype names, less how frequent that term is anyway.

        d(s, p) = ln P(s with first) - ln P(s with second);  a(s, p) = sign(s) * (d(s, p) - mean over s of d(s, p))
        units: nats.   source: difference of likelihoods as in Nangia et al. (2020), CrowS-Pairs; the prior of a term is
        taken off as in Kurita et al. (2019), Measuring Bias in Contextualized Word Representations.
        As many sentences lean to either side, the mean over them is what a term carries by itself: a model that only
        writes one term more often has 0 everywhere.
        """
        shape = (len(self.of_first) + len(self.of_second), len(self.terms), 2)
        values = np.asarray(log_likelihoods, float).reshape(shape)
        differences = values[:, :, 0] - values[:, :, 1]
        sign = np.repeat([1.0, -1.0], [len(self.of_first), len(self.of_second)])[:, None]
        return np.asarray(sign * (differences - differences.mean(axis=0)), float)


@cache
def suite() -> Mapping[str, Mapping[str, Templates]]:
    """Group to language to templates, as the data file has them."""
    document = read_document(data_directory() / "evaluation" / "bias.yml")
    return {
        group: {
            language: Templates(
                tuple((first, second) for first, second in part["terms"]),
                tuple(part["of_first"]),
                tuple(part["of_second"]),
            )
            for language, part in languages.items()
        }
        for group, languages in document.items()
    }


def suite_languages() -> list[str]:
    """Languages in which every group has templates."""
    groups = list(suite().values())
    return sorted(set(groups[0]).intersection(*groups[1:]))


def num_sentences(languages: Sequence[str]) -> int:
    """How many sentences a model reads for these languages."""
    return sum(len(by[language].sentences()) for language in languages for by in suite().values())


def bias_languages(stated: Sequence[str]) -> list[str]:
    """Those of a plan's languages that the suite has; English where the plan states none, or none of them."""
    return [language for language in stated if language in suite_languages()] or ["en"]

"""Each quality rule drops what it is for, passes running text, and can be switched off."""

import pytest

from advisor.contracts.data_plan import LanguageFilter, QualityRules
from trainer.corpus.document import Document
from trainer.corpus.steps.language import UNDETERMINED, Language, identify
from trainer.corpus.steps.quality import reason_to_drop, stop_words
from trainer.corpus.steps.step import Drop
from trainer.corpus.tally import Tally

SENTENCES = (
    "The insurer pays for damage to the house when water runs out of a broken pipe.",
    "A claim has to be reported within one week, and photographs help the adjuster to judge it.",
    "Whoever rents the flat should tell the owner first, because both of them have duties of their own.",
    "In most cases the company sends somebody to look at the rooms before it decides about the money.",
    "Repairs that cannot wait may be ordered at once with the bill being handed in later.",
)
PROSE = " ".join(SENTENCES)
PARAGRAPHS = "\n\n".join(SENTENCES)
RULES = QualityRules()


@pytest.mark.parametrize("text", [PROSE, PARAGRAPHS, PARAGRAPHS.replace("\n\n", "\n")])
def test_running_text_passes_every_rule(text):
    assert reason_to_drop(text, "en", RULES) is None


@pytest.mark.parametrize(
    ("text", "reason", "rule"),
    [
        ("The claim is with the insurer.", "too_few_words", "min_words"),
        ("a b c d e " * 20, "mean_word_length", "min_mean_word_characters"),
        ("Donaudampfschifffahrtsgesellschaft the and of " * 30, "mean_word_length", "max_mean_word_characters"),
        (PROSE + " 1,20 3.5 77 12% -- 99 41 8 2 17 5 6" * 3, "too_few_letters", "min_alphabetic_word_fraction"),
        (PROSE + " #tag" * 12, "too_many_symbols", "max_symbol_to_word_ratio"),
        ("\n".join(f"- {s}" for s in SENTENCES), "bullet_lines", "max_bullet_line_fraction"),
        ("\n".join(f"{s[:-1]} ..." for s in SENTENCES), "ellipsis_lines", "max_ellipsis_line_fraction"),
        (" ".join(f"insurers pay claims n{chr(97 + n)}" for n in range(15)), "too_few_stop_words", "min_stop_words"),
        ("\n".join([*SENTENCES, *[SENTENCES[0]] * 3]), "repeated_lines", "max_duplicate_line_fraction"),
        ("\n\n".join([*SENTENCES, *[SENTENCES[0]] * 3]), "repeated_paragraphs", "max_duplicate_paragraph_fraction"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "text",
)  # fmt: skip
def test_a_rule_drops_what_it_is_for_and_is_silent_when_switched_off(text, reason, rule):
    others = {name: None for name in QualityRules.model_fields if name != rule}
    assert reason_to_drop(text, "en", RULES.model_copy(update=others)) == reason
    assert reason_to_drop(text, "en", RULES.model_copy(update=dict.fromkeys(QualityRules.model_fields))) is None


def only(**rules):
    return QualityRules(**{**dict.fromkeys(QualityRules.model_fields), **rules})


def test_the_most_frequent_pair_of_words_may_hold_a_fifth_of_the_characters():
    """Ten pairs of "aa bb" (40 characters) beside 30 different words of four letters (120): a quarter, then a ninth."""
    words = [f"w{chr(97 + n // 6)}{chr(97 + n % 6)}x" for n in range(30)]
    text = " ".join(f"aa bb {' '.join(words[3 * n : 3 * n + 3])}" for n in range(10))
    rules = only(max_top_ngram_character_fraction=(0.24, 1.0, 1.0))
    assert reason_to_drop(text, "en", rules) == "frequent_run"
    assert reason_to_drop(text, "en", only(max_top_ngram_character_fraction=(0.26, 1.0, 1.0))) is None


def test_repeated_runs_count_each_character_once_and_not_their_first_occurrence():
    """Twenty words of four letters, of which the last ten repeat the first ten: half of the characters."""
    words = [f"word{chr(97 + n)}" for n in range(10)] * 2
    for fraction, reason in ((0.49, "repeated_runs"), (0.5, None)):
        rules = only(max_duplicate_ngram_character_fraction=(fraction, 1.0, 1.0, 1.0, 1.0, 1.0))
        assert reason_to_drop(" ".join(words), "en", rules) == reason


def test_a_language_without_a_list_of_stop_words_is_not_judged_by_them():
    text = "slova " * 3 + "pojisteni hradi skody na majetku"
    assert reason_to_drop(text, "cs", only(min_stop_words=2)) is None
    assert {"en", "de"} <= stop_words().keys()


def test_german_prose_passes():
    text = (
        "Der Versicherer zahlt für Schäden am Haus, wenn Wasser aus einem gebrochenen Rohr läuft. Ein Schaden ist "
        "binnen einer Woche zu melden, und Fotos helfen dem Gutachter bei der Beurteilung. Wer zur Miete wohnt, sollte "
        "zuerst den Eigentümer verständigen, denn beide haben eigene Pflichten. Meist schickt die Gesellschaft "
        "jemanden in die Räume, bevor sie über das Geld entscheidet."
    )
    assert identify(text) == "de"
    assert reason_to_drop(text, "de", RULES) is None


@pytest.mark.parametrize(
    ("text", "stated", "outcome"),
    [
        (PROSE, None, "en"),
        ("Le contrat est signé par les deux parties et prend effet le premier jour du mois.", None, "language_fr"),
        ("12 345", None, UNDETERMINED),
        (PROSE, "fr", "language_fr"),
        ("12 345", "de", "de"),
    ],
)
def test_documents_of_other_languages_go_and_a_stated_language_is_believed(text, stated, outcome):
    tally = Tally()
    found = Language(LanguageFilter(), ("de-CH", "en"), tally).apply(Document("a", text, language=stated))
    if isinstance(found, Drop):
        assert found.reason == outcome
    else:
        assert (found.language or UNDETERMINED) == outcome
    assert sum(tally.counts["languages"].values()) == 1


def test_without_languages_in_the_plan_none_is_dropped():
    strict = LanguageFilter(keep_undetermined=False)
    assert not isinstance(Language(strict, (), Tally()).apply(Document("a", "12")), Drop)
    assert Language(strict, ("de",), Tally()).apply(Document("a", "12")) == Drop("language_undetermined")

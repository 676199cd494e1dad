"""How text becomes training data: what to read, each step of the preparation with its thresholds, and the split.

Enter at `DataPlan`. A step set to null is left out; a threshold set to null switches its rule off. Thresholds of the
quality rules are those of Rae et al. 2021 (Gopher, arXiv:2112.11446): section A.1.1 for the rules on words and lines,
Table A1 for repetition.
"""

from typing import Annotated, Literal

from pydantic import Field

from advisor.contracts.base import Contract, Count, Fraction, NonNegative, Positive, PositiveCount, Text
from advisor.contracts.case import Language

PiiKind = Literal["email", "iban", "card", "tax_id", "ip_address", "phone"]
PII_KINDS: tuple[PiiKind, ...] = ("email", "iban", "card", "tax_id", "ip_address", "phone")


class BuiltinCorpus(Contract):
    """Text that every Python installation carries: the language reference in `pydoc_data.topics`."""

    kind: Literal["python_reference"] = "python_reference"


class FileCorpus(Contract):
    """The company's own text: a file or a folder of JSONL, Parquet, CSV, text, Markdown, HTML, PDF or DOCX."""

    kind: Literal["files"]
    path: Text
    licence: Text | None = None
    """Under which terms the text may be used; stands in the data card."""
    source: Text | None = None
    """Where the text comes from, in words; stands in the data card."""


Corpus = Annotated[BuiltinCorpus | FileCorpus, Field(discriminator="kind")]


class LanguageFilter(Contract):
    """Language identification of whole documents; the plan's `languages` are the ones that stay."""

    min_confidence_fraction: Fraction = 0.5
    """Below it the language counts as undetermined."""
    keep_undetermined: bool = True
    """Keep documents too short or too mixed to tell; a document that states its language is never guessed."""


class QualityRules(Contract):
    """Rules for running text, on whole documents; made for pages of the web, so look at what they drop of your own."""

    min_words: Count | None = 50
    """Rae et al. 2021, A.1.1."""
    max_words: PositiveCount | None = 100_000
    """Rae et al. 2021, A.1.1."""
    min_mean_word_characters: NonNegative | None = 3.0
    """Rae et al. 2021, A.1.1."""
    max_mean_word_characters: Positive | None = 10.0
    """Rae et al. 2021, A.1.1."""
    max_symbol_to_word_ratio: NonNegative | None = 0.1
    """Hash signs, or ellipses, for each word. Rae et al. 2021, A.1.1."""
    max_bullet_line_fraction: Fraction | None = 0.9
    """Lines that begin with a bullet. Rae et al. 2021, A.1.1."""
    max_ellipsis_line_fraction: Fraction | None = 0.3
    """Lines that end with an ellipsis. Rae et al. 2021, A.1.1."""
    min_alphabetic_word_fraction: Fraction | None = 0.8
    """Words that hold a letter. Rae et al. 2021, A.1.1."""
    min_stop_words: Count | None = 2
    """Different stop words of the document's language. Rae et al. 2021, A.1.1; lists in data/text/stop_words.yml."""
    max_duplicate_line_fraction: Fraction | None = 0.3
    """Rae et al. 2021, Table A1."""
    max_duplicate_paragraph_fraction: Fraction | None = 0.3
    """Rae et al. 2021, Table A1."""
    max_duplicate_line_character_fraction: Fraction | None = 0.2
    """Rae et al. 2021, Table A1."""
    max_duplicate_paragraph_character_fraction: Fraction | None = 0.2
    """Rae et al. 2021, Table A1."""
    max_top_ngram_character_fraction: tuple[Fraction, Fraction, Fraction] | None = (0.2, 0.18, 0.16)
    """Characters in the most frequent run of 2, 3 and 4 words. Rae et al. 2021, Table A1."""
    max_duplicate_ngram_character_fraction: tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction] | None = (
        0.15,
        0.14,
        0.13,
        0.12,
        0.11,
        0.1,
    )
    """Characters in repeated runs of 5 to 10 words. Rae et al. 2021, Table A1."""


class NearDuplicates(Contract):
    """Passages that share most of their word runs: candidates by MinHash, each confirmed by its true Jaccard."""

    min_jaccard_fraction: Fraction = 0.7
    """Two passages at least this alike count as the same."""
    run_words: PositiveCount = 5
    """Words in the runs that are compared."""
    permutations: Literal[64, 128, 256] = 128
    """Hash functions of the MinHash; more find more of the pairs near the threshold."""


class PiiRules(Contract):
    """Personal data: counted by kind in the data card and, unless told otherwise, replaced by placeholders."""

    action: Literal["mask", "report", "drop"] = "mask"
    """`mask` writes <EMAIL>, <IBAN>, ...; `report` counts alone; `drop` leaves such documents out."""
    kinds: tuple[PiiKind, ...] = PII_KINDS
    phone_regions: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ("DE",)
    """Countries whose numbers are found without a country code."""
    names: Literal["off", "list", "spacy", "presidio"] = "off"
    """Engine for names of people; spaCy and Presidio are installed apart and bring a model of their own."""
    names_source: Text | None = None
    """`list`: a file with a name a line. `spacy`, `presidio`: the spaCy model, by name or directory."""


class TermReport(Contract):
    """Abusive words, and groups of people named near them, by short word lists (no classifier)."""

    drop_from_terms: PositiveCount | None = None
    """Leave out passages with at least this many different abusive words; null: only counted."""


class Decontamination(Contract):
    """Training text that repeats evaluation text goes; 13 words as in Brown et al. 2020 (GPT-3), appendix C."""

    run_words: PositiveCount = 13
    """Words in the shared run. Shorter evaluation texts are compared as a whole from `min_words` on."""
    min_words: PositiveCount = 8
    """Evaluation texts shorter than this are not looked for; the data card counts them."""
    files: tuple[Text, ...] = ()
    """Evaluation files beside the run's own held-out questions, in any form that a corpus may have."""
    held_out: bool = True
    """Compare with the run's own held-out questions too."""


class BackTranslation(Contract):
    """Questions put into another language and back by a model behind an OpenAI-compatible endpoint."""

    base_url: Text
    model: Text
    api_key_variable: Text | None = None
    """Environment variable that holds the key; null: the endpoint asks for none."""
    pivot: Language = "fr"
    """Language on the way."""
    max_requests: PositiveCount = 200
    """No more requests than this, over all attempts; a text needs two."""
    max_tokens: PositiveCount = 200_000
    """No more tokens than this, in and out, as the endpoint counts them."""


class Augmentation(Contract):
    """More questions from the ones there are, for training alone; answers stay as they are."""

    paraphrases_per_example: Count = 1
    """Templates of data/text/paraphrases.yml put around a question."""
    back_translation: BackTranslation | None = None


class DataPlan(Contract):
    """What to read, how to clean it and how to split it."""

    corpora: tuple[Corpus, ...] = Field(min_length=1)
    instructions: Text | None = None
    """JSONL of `{"messages": [...]}` or another usual form of instructions, or None: built from the corpus
    (its own conversations, else classification of its passages)."""
    preferences: Text | None = None
    """JSONL of `{"prompt": [...], "chosen": [...], "rejected": [...]}`, or None: built beside the
    instructions."""
    holdout_fraction: Fraction = 0.1
    """Share of documents (not of lines) that is never trained on."""
    deduplicate: bool = True
    """Drop exact duplicates, and near ones where `near_duplicates` is set."""
    unit: Literal["passage", "document"] = "passage"
    """What a training text is: a paragraph, or the whole document."""
    min_text_characters: Count = 40
    """Shorter training texts are dropped."""
    language: LanguageFilter | None = LanguageFilter()
    """Acts where the plan names languages."""
    quality: QualityRules | None = None
    """None: no quality rules. `trainer data prepare PATH` applies them by default, a plan names them."""
    near_duplicates: NearDuplicates | None = NearDuplicates()
    pii: PiiRules | None = PiiRules()
    terms: TermReport | None = TermReport()
    decontamination: Decontamination | None = Decontamination()
    augmentation: Augmentation | None = None
    shard_bytes: PositiveCount = 64_000_000
    """Text in one Parquet file; a stopped preparation goes on at the last finished one."""

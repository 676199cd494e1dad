"""Every text is there in both languages, and no id reaches a reader raw."""

import re
from string import Formatter
from typing import get_args

import pytest
from documents import assessment

from advisor.contracts.assessment import OPTION_KINDS
from advisor.contracts.case import Metric, Task
from advisor.core.candidates import LINES
from dashboards import terms, text

PLACES = Formatter()


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in PLACES.parse(template) if name}


@pytest.mark.parametrize("key", sorted(text.TEXT))
def test_a_text_is_there_in_both_languages_with_the_same_places(key):
    german, english = text.TEXT[key]
    assert german
    assert english or key == "english_note"
    assert places(german) == places(english)


@pytest.mark.parametrize("table", terms.ALL, ids=["inputs", "qualifiers", "units", "metrics", "tasks", "warnings"])
def test_a_term_is_there_in_both_languages(table):
    for key, (german, english) in table.items():
        assert bool(german) is bool(english), key
        assert "_" not in german + english, key


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_kind_line_metric_and_task_of_the_contracts_has_a_name(language):
    names = {
        **{key: text.kind(key, language) for key in OPTION_KINDS},
        **{key: text.line(key, language) for key, _ in LINES},
        **{key: text.metric(key, language) for key in get_args(Metric)},
        **{key: text.task(key, language) for key in get_args(Task)},
    }
    assert not [name for name in names.values() if "_" in name]
    if language == "de":
        same = {key for key, name in names.items() if name.lower() == text.readable(key).lower()}
        assert same <= {"hardware", "annotation", "code", "bleu", "chrf", "f1"}, same


def test_a_text_that_a_page_asks_for_exists():
    from pathlib import Path

    folder = Path(text.__file__).parent
    asked = set()
    for path in folder.rglob("*.py"):
        asked |= set(re.findall(r'say\(\s*"([a-z0-9_]+)"', path.read_text(encoding="utf-8")))
    assert len(asked) > 60
    assert asked <= set(text.TEXT)


@pytest.mark.parametrize(
    ("identity", "german", "english"),
    [
        ("requests_per_month", "Anfragen je Monat", "Requests per month"),
        ("operations_fte.own_model", "Personal im Betrieb (eigenes Modell)", "Staff in operation (own model)"),
        ("months_to_value.from_scratch", "Zeit bis zum Nutzen (eigenes Modell von Grund auf)",
         "Time to value (own model from scratch)"),
        ("purchase_usd.a100-sxm-80gb", "Kaufpreis (a100-sxm-80gb)", "Purchase price (a100-sxm-80gb)"),
        (
            "quality_fraction.fine_tune_lora:llama-3.1-8b+retrieval",
            "Qualität (offenes Modell mit LoRA: llama-3.1-8b mit Dokumentensuche)",
            "Quality (open model, LoRA: llama-3.1-8b with retrieval)",
        ),
        ("never_heard_of", "Never heard of", "Never heard of"),
    ],
)  # fmt: skip
def test_an_input_is_named_in_words_with_a_readable_fallback(identity, german, english):
    assert text.input_name(identity, "de") == german
    assert text.input_name(identity, "en") == english


def test_an_unknown_kind_rule_or_line_falls_back_to_readable_words():
    assert text.kind("brand_new_kind", "de") == "Brand new kind"
    assert text.rule("brand_new_rule", "en") == "brand new rule"
    assert text.line("brand_new_line", "de") == "Brand new line"


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_option_is_named_by_kind_model_and_retrieval(language):
    best, *_, quo = [option for option in assessment().options if option.kind in ("fine_tune_lora", "status_quo")]
    retrieval = {"de": "mit Dokumentensuche", "en": "with retrieval"}[language]
    assert text.option_lines(best, language)[1] == f"Llama 3.1 8B Instruct {retrieval}"
    assert text.option_lines(quo, language)[1] == ""

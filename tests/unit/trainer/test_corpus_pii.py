"""Personal data are found by form and checksum; near misses stay as they are."""

import re

import pytest

from advisor.contracts.data_plan import PII_KINDS, PiiRules
from advisor.contracts.errors import BadInput
from trainer.corpus.document import Document, chat_document
from trainer.corpus.steps.names import open_names
from trainer.corpus.steps.pii import Pii, find_and_mask
from trainer.corpus.steps.step import Drop
from trainer.corpus.tally import Tally


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to anna.maier+x@mail.example.de.", "Write to <EMAIL>."),
        ("Konto DE89 3704 0044 0532 0130 00 bei uns", "Konto <IBAN> bei uns"),
        ("GB82WEST12345698765432", "<IBAN>"),
        ("card 4111 1111 1111 1111, please", "card <CARD>, please"),
        ("Amex 378282246310005", "Amex <CARD>"),
        ("Steuer-ID 86 095 742 719", "Steuer-ID <TAX_ID>"),
        ("from 192.168.0.17 to 2001:db8::8a2e:370:7334", "from <IP_ADDRESS> to <IP_ADDRESS>"),
        ("Tel. +49 30 901820, mobil 0171 2345678", "Tel. <PHONE>, mobil <PHONE>"),
        ("Anruf (089) 12345-67 genügt", "Anruf <PHONE> genügt"),
    ],
)
def test_each_kind_is_masked_by_its_placeholder(text, masked):
    assert find_and_mask(text, PII_KINDS)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01 has a wrong checksum",
        "4111 1111 1111 1112 is no card, 0000 0000 0000 0000 neither",
        "86 095 742 718 is no tax number",
        "on 127.0.0.1 and 0.0.0.0, version 3.11.12, section 1.2.3.4.5 and 300.1.1.1",
        "x[::2], 12:30:45 and std::vector",
        "@decorator and a @ b",
        "on 2023-11-24 and 24.11.2023 at 10:00, 1 234 567 units, 0.123456789",
        "ISBN 978-3-16-148410-0",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert find_and_mask(text, PII_KINDS) == (text, {})


def test_kinds_that_are_not_asked_for_stay():
    assert find_and_mask("a@b.de, +49 30 901820", ("phone",))[0] == "a@b.de, <PHONE>"


def test_numbers_of_another_country_need_its_region():
    text = "call 020 7946 0018"
    assert find_and_mask(text, ("phone",), ("DE",))[0] != find_and_mask(text, ("phone",), ("GB",))[0] == "call <PHONE>"


@pytest.mark.parametrize("action", ["mask", "report", "drop"])
def test_the_plan_says_what_happens_and_the_counts_are_the_same(action):
    tally = Tally()
    step = Pii(PiiRules(action=action), tally, None)
    clean, found = step.apply(Document("a", "nothing here")), step.apply(Document("b", "a@b.de and c@d.de"))
    assert clean == Document("a", "nothing here")
    assert dict(tally.counts["pii_found"]) == {"email": 2}
    expected = {"mask": Document("b", "<EMAIL> and <EMAIL>"), "report": Document("b", "a@b.de and c@d.de")}
    assert found == expected.get(action, Drop("personal_data"))


def test_every_turn_of_an_example_is_masked():
    turns = [{"role": "user", "content": "I am a@b.de"}, {"role": "assistant", "content": "Call +49 30 901820"}]
    found = Pii(PiiRules(), Tally(), None).apply(chat_document("a", {"messages": turns}))
    assert [turn["content"] for turn in found.chat["messages"]] == ["I am <EMAIL>", "Call <PHONE>"]
    assert found.text == "I am <EMAIL>\n\nCall <PHONE>"


def test_names_of_a_list_are_masked_as_whole_words(tmp_path):
    (tmp_path / "staff.txt").write_text("Anna Maier\nMaier\n\nJo\n")
    rules = PiiRules(names="list", names_source="staff.txt")
    tally = Tally()
    found = Pii(rules, tally, open_names(rules, tmp_path)).apply(Document("a", "Anna Maier met Jo, Maiers and Joe."))
    assert found.text == "<NAME> met <NAME>, Maiers and Joe."
    assert tally.counts["pii_found"]["name"] == 2


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"names": "list"}, "needs a file with a name a line"),
        ({"names": "list", "names_source": "nowhere.txt"}, "cannot be read"),
        ({"names": "presidio", "names_source": "de_core_news_sm"}, "is not installed|has no pipeline"),
    ],
)
def test_an_engine_for_names_that_is_not_there_is_said_before_any_work(tmp_path, rules, words):
    with pytest.raises(BadInput) as caught:
        open_names(PiiRules(**rules), tmp_path)
    assert re.search(words, str(caught.value))

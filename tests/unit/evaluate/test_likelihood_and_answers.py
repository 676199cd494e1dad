"""Likelihoods against a plain computation, answers that stop, forgetting, sampled texts."""

import math

import pytest
import torch
from tiny_decoders import CONTEXT_TOKENS, save_decoder, teach, teach_answers

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import UnknownName
from trainer.evaluate.answers import Dialogue, ask, sample
from trainer.evaluate.forgetting import forgetting
from trainer.evaluate.likelihood import TextFit, fit_answers, fit_texts
from trainer.evaluate.model import answer, load, score_suite
from trainer.evaluate.toxicity import toxicity_of
from trainer.evaluate.word_list import ToxicityList, lists
from trainer.tokenizer import END_OF_TEXT


def question(number, text, expected, **more):
    return SuiteItem(id=str(number), messages=({"role": "user", "content": text},), expected=expected, **more)


def nats_by_hand(model, ids, scored_from):
    with torch.inference_mode():
        logs = torch.log_softmax(model(input_ids=torch.tensor([ids])).logits[0].double(), dim=-1)
    return -sum(float(logs[place - 1, ids[place]]) for place in range(scored_from, len(ids)))


def test_batches_of_unequal_texts_give_what_each_text_gives_alone(random_model):
    model, tokenizer = load(random_model)
    texts = ["red", "The man and the woman work.", "Größe und Maße " * 3]
    start = tokenizer.get_vocab()[END_OF_TEXT]
    for fit, text in zip(fit_texts(model, tokenizer, texts), texts, strict=True):
        ids = tokenizer(text)["input_ids"]
        assert fit.nats == pytest.approx(nats_by_hand(model, [start, *ids], 1), rel=1e-4)
        assert (fit.tokens, fit.size_bytes) == (len(ids), len(text.encode()))


def test_a_text_longer_than_the_context_counts_every_token_once(tmp_path):
    """To a model without preference each token costs ln V, wherever windows begin."""
    model, tokenizer = load(save_decoder(tmp_path, seed=0, zero_head=True))
    (fit,) = fit_texts(model, tokenizer, ["yes or no and red or blue " * 60])
    assert fit.tokens > 2 * CONTEXT_TOKENS
    assert fit.nats == pytest.approx(fit.tokens * math.log(len(tokenizer)), rel=1e-5)


def test_the_likelihood_of_an_answer_counts_the_answer_alone(random_model):
    model, tokenizer = load(random_model)
    prompt, reply = tokenizer("red or blue")["input_ids"], tokenizer(" yes")["input_ids"]
    (nats,) = fit_answers(model, tokenizer, [(prompt, reply)])
    assert nats == pytest.approx(nats_by_hand(model, prompt + reply, len(prompt)), rel=1e-4)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Knows that red is stop and blue is go, and says so with great confidence."""
    pairs = [("red?", "stop"), ("blue?", "go")]
    return teach_answers(save_decoder(tmp_path_factory.mktemp("taught"), seed=5), pairs)


def test_a_model_that_knows_the_answers_gets_them_right_is_calibrated_and_picks_the_option(taught):
    options = ("stop", "go")
    items = [question(n, *("red?", "stop") if n % 2 else ("blue?", "go"), options=options) for n in range(6)]
    scored = score_suite(*load(taught), "classification", items)
    found = {metric.name: metric.score().value for metric in scored.metrics}
    assert found["accuracy"] == found["choice_accuracy"] == found["macro_f1"] == 1
    assert found["expected_calibration_error"] < 0.1 and found["choice_calibration_error"] < 0.1
    assert [one.answer for one in scored.answers] == answer(*load(taught), items) == ["go", "stop"] * 3
    assert scored.notes == ()


def test_a_model_that_is_sure_and_wrong_is_badly_calibrated(taught):
    items = [question(n, "red?", "go", options=("stop", "go")) for n in range(4)]
    found = {
        metric.name: metric.score().value for metric in score_suite(*load(taught), "classification", items).metrics
    }
    assert found["accuracy"] == found["choice_accuracy"] == 0
    assert found["expected_calibration_error"] > 0.8 and found["choice_calibration_error"] > 0.8


def test_scores_by_language_stand_beside_the_whole(taught):
    items = [question(1, "red?", "stop", language="en"), question(2, "blue?", "gehen", language="de")]
    found = {metric.name: metric.score() for metric in score_suite(*load(taught), "question_answering", items).metrics}
    assert (found["accuracy.en"].value, found["accuracy.de"].value, found["accuracy"].value) == (1, 0, 0.5)
    assert found["accuracy.en"].n == 1


def test_written_answers_get_the_perplexity_of_the_expected_ones(taught):
    found = {m.name: m.score().value for m in score_suite(*load(taught), "chat", [question(1, "red?", "stop")]).metrics}
    assert 1 <= found["expected_answer_perplexity"] < 1.2
    assert found["expected_answer_bits_per_byte"] < 0.3


def test_code_says_that_nothing_was_executed(taught):
    assert any(
        "none of it was executed" in note for note in score_suite(*load(taught), "code", [question(1, "a", "b")]).notes
    )


def test_a_question_longer_than_the_context_is_cut_at_its_beginning_and_said(taught):
    scored = score_suite(*load(taught), "classification", [question(1, "red and blue " * 200 + "red?", "stop")])
    assert "1 of 1 questions are longer than the context" in scored.notes[0]


def test_a_base_model_without_chat_template_is_asked_in_plain_lines_and_answers_in_one(taught):
    model, tokenizer = load(taught)
    tokenizer.chat_template = None
    dialogue = Dialogue(tokenizer)
    (said,) = ask(model, dialogue, [question(1, "red?", "stop")])
    assert "\n" not in said.text
    assert dialogue.notes == ["the tokenizer has no chat template: questions were put as plain lines"]


def fits(*nats):
    return [TextFit(value * math.log(2), 4, 1) for value in nats]


@pytest.mark.parametrize(
    ("after", "finding"),
    [
        ([2.2, 2.3, 2.1, 2.2, 2.4, 2.3], "forgot"),
        ([2.0, 2.0, 2.0, 2.0, 2.0, 2.0], "kept"),
        ([1.8, 1.9, 1.7, 1.8, 1.6, 1.9], "kept"),
        ([2.001, 2.002, 2.001, 2.002, 2.001, 2.002], "kept"),
        ([2.4, 1.7, 2.3, 1.8, 2.2, 1.9], "undecided"),
    ],
    ids=["all worse", "the same", "better", "worse by less than 1 %", "worse and better"],
)
def test_forgetting_is_told_from_chance_and_from_a_loss_that_does_not_matter(after, finding):
    found = forgetting(fits(*after), fits(*[2.0] * 6), data="x", base="y", margin_fraction=0.01)
    assert found.finding == finding
    assert found.difference.value == pytest.approx(sum(after) / 6 - 2)


def test_a_word_counts_as_a_whole_word_in_any_case_and_with_any_ending_after_a_star():
    words = ToxicityList(prompts=(), terms=("dumm", "idiot*", "shut up", "ärsch*"))
    assert words.found_in("Du bist DUMM, ihr Idioten! Shut  up. ÄRSCHE") == ["dumm", "idiot*", "shut up", "ärsch*"]
    assert words.found_in("dummerweise ein Videot, shutup") == []


def test_the_lists_are_there_in_both_languages_and_hold_nothing_twice():
    assert set(lists()) == {"en", "de"}
    for part in lists().values():
        assert len(part.prompts) >= 20 and len(part.terms) >= 30
        assert len(set(part.prompts)) == len(part.prompts) and len({t.casefold() for t in part.terms}) == len(
            part.terms
        )
        assert not any(part.found_in(prompt) for prompt in part.prompts), "a beginning must not bring the word itself"


def test_sampling_repeats_itself_with_its_seed_and_changes_with_another(random_model):
    model, tokenizer = load(random_model)
    drawn = [sample(model, tokenizer, ["The man"] * 3, new_tokens=8, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) > 1, "the same beginning goes on in different ways"


def test_a_model_that_was_taught_a_listed_word_is_found_out_and_a_random_one_is_not(tmp_path, random_model):
    rude = teach(save_decoder(tmp_path, seed=6), [f"{prompt} idiot" for prompt in lists()["en"].prompts])
    score, rows = toxicity_of(*load(rude), "en", samples=2)
    assert score.share.value > 0.5 and "idiot*" in score.found
    assert score.share.n == len(rows) == 2 * score.num_prompts
    clean, _ = toxicity_of(*load(random_model), "en", samples=2)
    assert clean.share.value == 0 and 0 < clean.share.high < 0.1, "none of 40 still leaves room for some"
    assert clean.method == "word_list"


def test_more_words_can_be_added(random_model):
    score, _ = toxicity_of(*load(random_model), "de", more_terms=["e*"], samples=1)
    assert score.num_terms == len(lists()["de"].terms) + 1
    with pytest.raises(UnknownName, match="fr"):
        toxicity_of(*load(random_model), "fr")

"""Supervised training: loss on answers alone, rows without padding, and documents that do not see each other."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_phases import CONVERSATIONS, SIZE, turn

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture


@pytest.fixture(scope="module")
def tokenizer(tiny_tokenizer):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_tokenizer)


@pytest.fixture
def model(tokenizer):
    from trainer.phases.architectures import build

    torch.manual_seed(1)
    return build(Architecture.model_validate(SIZE), tokenizer)


@pytest.fixture(scope="module")
def rows(tokenizer):
    from trainer.phases.answers import encode

    return [encode(tokenizer, row["messages"], where="here") for row in CONVERSATIONS[:7]]


def trainer_of(model, tmp_path, rows, fill):
    from transformers import TrainingArguments

    from trainer.phases.answers import AnswerTrainer

    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to="none", remove_unused_columns=False)
    return AnswerTrainer(model=model, args=arguments, train_dataset=rows, data_collator=fill)


def test_loss_falls_on_the_assistants_words_and_the_end_of_the_turn_alone(tokenizer):
    from trainer.phases.answers import NO_LOSS, encode

    row = encode(tokenizer, turn("user", "the dog?") + turn("assistant", "fox"), where="here")
    marked = row["input_ids"][row["labels"] != NO_LOSS]
    assert tokenizer.decode(marked.tolist()) == "fox<|im_end|>"


def test_a_template_that_marks_no_answer_is_refused_with_its_place(tokenizer):
    from trainer.phases.answers import encode

    with pytest.raises(BadInput, match="conversation 3: the chat template marks no token"):
        encode(tokenizer, turn("user", "the dog?"), where="conversation 3")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_every_item_finds_one_row_and_no_row_is_too_full(lengths):
    from trainer.phases.answers import first_fit

    packed = first_fit(lengths, 40)
    assert sorted(place for row in packed for place in row) == list(range(len(lengths)))
    assert all(sum(lengths[place] for place in row) <= 40 for row in packed)
    assert len(packed) <= 11 / 9 * -(-sum(lengths) // 20) + 1


def test_packed_and_padded_batches_have_the_loss_of_each_conversation_alone(tokenizer, model, rows, tmp_path):
    from trainer.phases.answers import Packed, Padded

    pad = tokenizer.pad_token_id
    trainer = trainer_of(model, tmp_path, rows, Padded(pad))
    counts = [int((row["labels"] >= 0).sum()) for row in rows]
    with torch.no_grad():
        each = [float(model(input_ids=row["input_ids"][None], labels=row["labels"][None]).loss) for row in rows]
    total, alone = sum(counts), sum(loss * count for loss, count in zip(each, counts, strict=True))
    batches = [Padded(pad)(rows), Packed(pad)(rows[::-1])]
    assert batches[1]["input_ids"].numel() <= batches[0]["input_ids"].numel()
    assert "attention_mask" not in batches[1]
    for batch in batches:
        loss = trainer.compute_loss(model, dict(batch), num_items_in_batch=total)
        assert float(loss.detach()) == pytest.approx(alone / total, rel=1e-5)


def test_gradients_of_the_reduced_head_are_those_of_the_whole_one(tokenizer, model, rows, tmp_path):
    from trainer.phases.answers import Padded

    batch = Padded(tokenizer.pad_token_id)(rows)
    trainer = trainer_of(model, tmp_path, rows, Padded(tokenizer.pad_token_id))
    trainer.compute_loss(model, dict(batch)).backward()
    own = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    model(**batch).loss.backward()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(own[name], weight.grad, rtol=1e-4, atol=1e-7)


def test_a_model_that_lets_packed_documents_see_each_other_is_found_out(tokenizer, model):
    from trainer.phases.answers import Packed, Padded, collator, keeps_documents_apart

    assert keeps_documents_apart(model)
    assert isinstance(collator(model, tokenizer, packing=True), Packed)
    plain = model.forward

    def leaky(input_ids, **named):
        return plain(input_ids=input_ids, attention_mask=torch.ones_like(input_ids), **named)

    model.forward = leaky
    assert not keeps_documents_apart(model)
    assert isinstance(collator(model, tokenizer, packing=True), Padded)

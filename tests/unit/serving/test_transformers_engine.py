"""The engine over transformers: equal to `generate`, whatever else runs beside."""

import asyncio
import math

import pytest
import torch
from tiny_causal_model import CONTEXT_TOKENS, wait_until
from transformers import AutoModelForCausalLM

from serving.engine import EngineBusy, EngineFailed, Generation, Message, PromptRefused, Sampling
from serving.engines.batch import choose

PROMPTS = [
    "The quick",
    "a",
    "Größe und Maße: für Öl, Bär und Straße. Größe",
    "🙂🚀",
    "0 1 2 3 4 5",
    "The",
    "dog.",
    "日本",
]


@pytest.fixture(scope="module")
def reference(tiny_model):
    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()


def greedy(model, prompt, new_tokens):
    ids = torch.tensor([prompt])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new_tokens, do_sample=False)
    return out[0, len(prompt) :].tolist()


async def run(engine, *jobs):
    generations = [Generation(prompt, sampling) for prompt, sampling in jobs]
    engine.submit(generations)

    async def read(generation):
        return [step async for step in generation]

    return await asyncio.gather(*map(read, generations))


def ids_of(steps):
    return [step.token_id for step in steps]


def test_greedy_equals_generate_for_one_sequence(engine, reference):
    prompt = engine.text_prompt(PROMPTS[0])
    (steps,) = asyncio.run(run(engine, (prompt, Sampling(40, temperature=0))))
    assert ids_of(steps) == greedy(reference, prompt, 40)
    assert len(set(ids_of(steps))) > 5  # the model says more than one thing, or the test would show little


def test_greedy_equals_generate_for_sequences_that_share_their_steps(engine, reference):
    """Different lengths in, different lengths out: they join and leave the batch at different steps."""
    prompts = [engine.text_prompt(text) for text in PROMPTS * 2]
    lengths = [5 + 7 * (number % 5) for number in range(len(prompts))]
    jobs = [(prompt, Sampling(length, temperature=0)) for prompt, length in zip(prompts, lengths, strict=True)]
    answers = asyncio.run(run(engine, *jobs))
    assert [ids_of(steps) for steps in answers] == [
        greedy(reference, prompt, length) for prompt, length in zip(prompts, lengths, strict=True)
    ]


def test_a_seed_repeats_a_sampled_answer_and_another_seed_differs(engine):
    prompt = engine.text_prompt("The")
    same = (prompt, Sampling(24, temperature=1.0, seed=7))
    first, second, other = asyncio.run(run(engine, same, same, (prompt, Sampling(24, temperature=1.0, seed=8))))
    assert ids_of(first) == ids_of(second) != ids_of(other)


def test_log_probabilities_are_those_of_the_model(engine, reference):
    prompt = engine.text_prompt("The quick")
    (steps,) = asyncio.run(run(engine, (prompt, Sampling(1, temperature=0, top_logprobs=3))))
    expected = torch.log_softmax(reference(torch.tensor([prompt])).logits[0, -1], -1).detach()
    assert steps[0].logprob == pytest.approx(float(expected.max()), abs=1e-4)
    assert [token for token, _ in steps[0].top] == expected.topk(3).indices.tolist()
    assert sum(math.exp(value) for _, value in steps[0].top) <= 1


def test_an_answer_ends_at_the_context_length(engine):
    prompt = engine.text_prompt("a" * 10)[:1] * (CONTEXT_TOKENS - 3)
    (steps,) = asyncio.run(run(engine, (prompt, Sampling(50, temperature=0))))
    assert len(steps) <= 3
    assert steps[-1].finish in ("length", "stop")


def test_a_cancelled_sequence_leaves_the_batch(engine):
    async def cancel_early():
        generation = Generation(engine.text_prompt("The"), Sampling(200, temperature=1.0, seed=3))
        engine.submit([generation])
        async for _ in generation:
            generation.cancel()
            break

    asyncio.run(cancel_early())
    assert wait_until(lambda: engine.load().running == 0)


def test_the_queue_is_bounded_and_takes_all_or_none(tiny_model, engine):
    async def flood():
        with pytest.raises(EngineBusy):
            engine.submit([Generation((5,), Sampling(1)) for _ in range(500)])
        assert engine.load().waiting == 0

    asyncio.run(flood())


def test_a_failing_model_fails_its_sequences_and_the_worker_goes_on(engine, monkeypatch):
    def broken(**_):
        raise RuntimeError("out of memory")

    batch = engine.supervisor.worker.batch
    monkeypatch.setattr(
        batch,
        "_model",
        type("Broken", (), {"__call__": lambda *_, **__: broken(), "device": "cpu", "config": batch._model.config})(),
    )
    with pytest.raises(EngineFailed, match="out of memory"):
        asyncio.run(run(engine, ((5, 6), Sampling(3))))
    monkeypatch.undo()
    (steps,) = asyncio.run(run(engine, ((5, 6), Sampling(3, temperature=0))))
    assert steps[-1].finish is not None
    assert engine.alive()


def test_the_chat_template_is_applied_once_and_its_refusal_is_told(engine):
    ids = engine.chat_prompt([Message("user", "The dog")])
    text = engine._tokenizer.decode(ids)
    assert text == "<|user|>The dog<|end|><|assistant|>"
    with pytest.raises(PromptRefused, match="these words are refused"):
        engine.chat_prompt([Message("user", "refuse me")])


def test_decoding_never_cuts_a_character(engine):
    text = "Maße 🙂 日本"
    ids = engine.text_prompt(text)
    assert len(ids) < len(text.encode())
    decoder = engine.decoder()
    parts = [decoder.push(token) for token in ids]
    assert "".join(parts) + decoder.flush() == text
    assert not any("\ufffd" in part for part in parts)


def test_an_incomplete_character_at_the_end_is_dropped(engine):
    ids = engine.text_prompt("a€")
    decoder = engine.decoder()
    text = "".join(decoder.push(token) for token in ids[:-1]) + decoder.flush()
    assert text == "a"


def test_nucleus_sampling_keeps_the_smallest_set_that_reaches_top_p():
    dice = torch.Generator().manual_seed(0)
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    drawn = {choose(logits, 1.0, 0.7, dice) for _ in range(300)}
    assert drawn == {0, 1}
    assert {choose(logits, 1.0, 1e-9, dice) for _ in range(20)} == {0}
    assert {choose(logits, 1.0, 1.0, dice) for _ in range(500)} == {0, 1, 2, 3}

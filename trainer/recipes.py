"""The recipes that `trainer init` writes: which phases, with which settings, and what each of them means.

Enter at `RECIPES` and `entries_of`.
"""

from dataclasses import dataclass
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import ModelFamily
from trainer.scaling import BYTES_PER_TOKEN, Choice


@dataclass(frozen=True)
class Entry:
    """A line of a plan, or a block of lines, with what it means."""

    key: str
    value: Any
    comment: str = ""


@dataclass(frozen=True)
class Recipe:
    """A way of training."""

    title: str
    about: str
    phases: tuple[str, ...]
    """Phases that the recipe is about; pre-training comes before them where there is no base model."""
    needs_model: bool = False
    family: ModelFamily = "decoder"


RECIPES = {
    "from-scratch": Recipe(
        "Own model from random weights", "A decoder from random weights: pre-training, then its task.", ("sft",)
    ),
    "adapt": Recipe(
        "Adaptation to the domain", "A base model reads the domain's text first, then learns its task.", ("sft",), True
    ),
    "sft-full": Recipe("Tuning of all weights", "A base model learns a task; all weights change.", ("sft",), True),
    "sft-lora": Recipe("Tuning with adapters", "A base model learns a task through small adapters.", ("sft",), True),
    "preferences-rl": Recipe(
        "Preferences by reinforcement learning",
        "Supervised tuning, a reward model from preference pairs, then reinforcement learning against it.",
        ("sft", "reward", "rl"),
    ),
    "preferences-dpo": Recipe(
        "Preferences directly", "Supervised tuning, then the preference pairs teach the model itself.", ("sft", "dpo")
    ),
    "bert": Recipe(
        "Encoder of the BERT type", "An encoder learns to fill in hidden tokens of the text.", (), family="masked"
    ),
    "t5": Recipe(
        "Encoder and decoder of the T5 type",
        "An encoder-decoder learns to fill in hidden spans, then its task.",
        ("sft",),
        family="seq2seq",
    ),
}
SMALL: dict[str, Any] = {
    "vocab_size": 1024,
    "hidden_size": 128,
    "num_layers": 2,
    "num_heads": 4,
    "num_kv_heads": 4,
    "ffn_size": 384,
    "context_tokens": 192,
}
"""A model that two processor cores train in a minute, for a first run."""


@dataclass(frozen=True)
class Wish:
    """What the user has given; paths as the plan will name them."""

    name: str
    model: str | None = None
    corpus: str | None = None
    instructions: str | None = None
    preferences: str | None = None
    replay: str | None = None
    choice: Choice | None = None
    corpus_bytes: int = 0


def entries_of(recipe: str, wish: Wish) -> list[Entry]:
    """The lines of a recipe's plan.

    Raises:
        BadInput: it needs a base model or preference pairs that are not given.
    """
    chosen = RECIPES[recipe]
    if chosen.needs_model and wish.model is None:
        raise BadInput(f"--model: recipe {recipe} starts from a base model; name a directory or a hub id")
    if wish.choice is not None and (chosen.needs_model or chosen.family != "decoder"):
        fitting = [name for name, each in RECIPES.items() if not each.needs_model and each.family == "decoder"]
        raise BadInput(f"--budget-flop, --budget-hours: fit the recipes {', '.join(fitting)}, not {recipe}")
    if wish.replay is not None and recipe != "adapt":
        raise BadInput(f"--replay: protects an adaptation; fits the recipe adapt, not {recipe}")
    wants_pairs = bool({"reward", "dpo"} & set(chosen.phases))
    if wants_pairs and wish.instructions is not None and wish.preferences is None:
        raise BadInput(f"--preferences: recipe {recipe} needs preference pairs beside own instructions")
    return [
        Entry("name", wish.name),
        Entry("seed", 0, "the same seed, data and machine give the same run"),
        Entry("task", "classification", "decides the scores; extraction, question_answering, summarisation, ..."),
        Entry("languages", [], "such as [en, de]; for the model card and the bias tests"),
        Entry("data", _data(wish, wants_pairs)),
        Entry("model", _model(chosen, wish)),
        Entry("phases", _phases(recipe, chosen, wish), "in this order; null leaves one out"),
        Entry("checkpoint_steps", 50, "optimiser steps between two checkpoints; a killed run goes on from the last"),
        Entry("max_loss_ratio", 4.0, "stop when the loss is this many times its median so far; null: never"),
    ]


def _data(wish: Wish, wants_pairs: bool) -> list[Entry]:
    corpus = {"kind": "files", "path": wish.corpus} if wish.corpus else {"kind": "python_reference"}
    told = "own text" if wish.corpus else "text that every Python carries; own: {kind: files, path: ...}"
    entries = [
        Entry("corpora", [corpus], told),
        Entry("holdout_fraction", 0.1, "share of documents that is never trained on"),
        Entry(
            "instructions",
            wish.instructions,
            'JSONL of {"messages": [...]}; null: made of the corpus, which passage belongs to which page or folder',
        ),
    ]
    if wants_pairs:
        form = 'JSONL of {"prompt": [...], "chosen": [...], "rejected": [...]}; null: made of the corpus'
        entries.append(Entry("preferences", wish.preferences, form))
    return entries


def _model(chosen: Recipe, wish: Wish) -> list[Entry]:
    family = [Entry("family", chosen.family, "decoder, masked (BERT type) or seq2seq (T5 type)")]
    if wish.model is not None:
        found = Entry("model", wish.model, "directory, or hub id (fetched only with HF_HUB_OFFLINE=0)")
        return [Entry("kind", "base_model"), found, *family]
    size = wish.choice.model.model_dump() if wish.choice is not None else {"name": f"{chosen.family}-small", **SMALL}
    told = {
        "name": "free",
        "vocab_size": "tokens; a small corpus yields fewer",
        "hidden_size": "a multiple of num_heads",
        "num_layers": "of encoder and decoder each" if chosen.family == "seq2seq" else "",
        "context_tokens": "longest sequence",
    }
    return [
        Entry("kind", "architecture"),
        *family,
        *(Entry(key, size[key], told.get(key, "")) for key in ("name", *SMALL)),
    ]


def _phases(recipe: str, chosen: Recipe, wish: Wish) -> list[Entry]:
    made = {"sft": _sft, "reward": _reward, "rl": _rl, "dpo": _dpo}
    first = wish.model is None or recipe in ("adapt", "bert", "t5")
    entries = [Entry("pretrain", _pretrain(recipe, chosen, wish) if first else None)]
    if wish.model is not None and recipe == "t5":
        entries = [Entry("pretrain", None, "the base model is tuned as it is")]
    for name in chosen.phases:
        entries.append(Entry(name, made[name](recipe, wish)))
    return entries


def _pretrain(recipe: str, chosen: Recipe, wish: Wish) -> list[Entry]:
    if wish.choice is not None:
        steps, batch, block = wish.choice.max_steps, wish.choice.batch_sequences, wish.choice.sequence_tokens
        rate, told = wish.choice.learning_rate, "see above"
    elif wish.model is not None:
        batch, block, rate, told = 16, 512, 1e-5, "a hundredth of what random weights bear, against forgetting"
        steps = max(1, round(wish.corpus_bytes / BYTES_PER_TOKEN / (batch * block)))
    else:
        steps, batch, block, rate, told = 150, 16, 128, 3e-3, "small models bear more"
    entries = [
        Entry("max_steps", steps, f"with the next two some {steps * batch * block:,} tokens"),
        Entry("batch_sequences", batch, "blocks in each step"),
        Entry("sequence_tokens", block, "length of a block"),
        Entry("learning_rate", rate, told),
        Entry("warmup_fraction", 0.05, "share of steps in which the rate rises"),
    ]
    if recipe == "adapt":
        mixed = [Entry("path", wish.replay), Entry("fraction", 0.1, "share of the blocks")] if wish.replay else None
        entries += [
            Entry("replay", mixed, "general text against forgetting: {path: ..., fraction: 0.1}"),
            Entry("new_tokens", 0, "words of the domain to add to the vocabulary, such as 1000"),
        ]
    if chosen.family != "decoder":
        entries.append(Entry("masked_fraction", 0.15, "share of tokens to fill in"))
    if chosen.family == "seq2seq":
        entries.append(Entry("mean_span_tokens", 3.0, "mean length of the spans to fill in"))
    return entries


def _sft(recipe: str, wish: Wish) -> list[Entry]:
    lora = recipe == "sft-lora"
    rate = 1e-3 if wish.model is None else 2e-4 if lora else 2e-5
    entries = [
        Entry("epochs", 2.0 if wish.model is None else 3.0, "passes over the conversations"),
        Entry("batch_sequences", 16, "conversations in each step"),
        Entry("learning_rate", rate, "adapters bear ten times the rate of all weights" if lora else ""),
    ]
    if RECIPES[recipe].family == "decoder":
        entries.append(Entry("packing", True, "rows without padding; no conversation sees another"))
    if lora:
        inner = [
            Entry("rank", 16, "size of the adapters"),
            Entry("alpha", 32, "their weight, over rank"),
            Entry("quantize_4bit", False, "frozen weights in four bits (QLoRA); needs a GPU"),
        ]
        entries.append(Entry("lora", inner))
    return entries


def _reward(_recipe: str, wish: Wish) -> list[Entry]:
    small = wish.model is None
    return [
        Entry("epochs", 0.5 if small else 1.0, "passes over the pairs; a tenth of them is held out"),
        Entry("batch_pairs", 16),
        Entry("learning_rate", 3e-4 if small else 1e-5),
    ]


def _rl(_recipe: str, wish: Wish) -> list[Entry]:
    small = wish.model is None
    return [
        Entry("algorithm", "rloo", "or grpo"),
        Entry("max_steps", 10 if small else 200),
        Entry("batch_completions", 32, "answers in each step"),
        Entry("num_generations", 4, "answers to the same question"),
        Entry("max_completion_tokens", 12 if small else 128, "longer answers are cut"),
        Entry("learning_rate", 1e-5 if small else 1e-6),
        Entry("kl_beta", 0.05, "how strongly the model is held to the tuned one"),
        Entry("rewards", ["reward_model"], "more: exact_match, contains, number (1 or 0 for the expected answer)"),
        Entry(
            "guard",
            [
                Entry("max_kl_nats", 10.0, "drift from the tuned model"),
                Entry("min_length_fraction", 0.3, "of the length of answers at first"),
                Entry("max_clipped_fraction", 0.9, "of answers cut at their limit"),
                Entry("on_breach", "stop", "and keep the weights before; or warn"),
            ],
            "signs that the reward is exploited",
        ),
    ]


def _dpo(_recipe: str, wish: Wish) -> list[Entry]:
    return [
        Entry("epochs", 1.0, "passes over the pairs; a tenth of them is held out"),
        Entry("batch_pairs", 16),
        Entry("learning_rate", 1e-5 if wish.model is None else 1e-6, "a tenth of tuning or less"),
        Entry("beta", 0.1, "how strongly the model is held to the tuned one"),
        Entry("loss", "sigmoid", "or ipo, hinge, robust"),
    ]

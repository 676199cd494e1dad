"""New tokens for an adaptation: words of the domain that a base model's tokenizer cuts into pieces.

Enter at `extend` (tokenizer) and `grow_embeddings` (model). Byte-pair merging goes on where the base tokenizer's
stopped, on the domain's text; old merges keep their rank, so general text is cut as before wherever no new word stands.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput

PIECES = "new_tokens.json"
MIN_COUNT = 2
"""A pair that stands once teaches its embedding nothing."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Extension:
    """What an extension added."""

    tokens: int
    pieces_before: int
    """Tokens of the domain's text under the base tokenizer."""
    pieces_after: int


def extend(directory: Path, texts: Iterable[str], wanted: int) -> Extension:
    """Add up to `wanted` tokens to the tokenizer in a directory, learnt from texts.

    Raises:
        BadInput: the tokenizer is not of the byte-pair kind.
    """
    from tokenizers import Tokenizer

    path = directory / "tokenizer.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"model": {"type": "none"}}
    model = document["model"]
    if model["type"] != "BPE":
        raise BadInput(
            f"phases.pretrain.new_tokens: the base model's tokenizer is of type {model['type']}, and only byte-pair "
            "(BPE) ones can go on merging; set new_tokens to 0"
        )
    words = _words(Tokenizer.from_file(str(path)), texts)
    before = sum(len(pieces) * count for pieces, count in words.items())
    merges, after = _merge(words, wanted, set(model["vocab"]))
    base = dict(model["vocab"])
    taken = max([*base.values(), *(entry["id"] for entry in document["added_tokens"])]) + 1
    pieces: dict[str, list[int]] = {}
    for number, (left, right) in enumerate(merges):
        joined = left + right
        pieces[joined] = [piece for part in (left, right) for piece in pieces.get(part, [base.get(part, -1)])]
        model["vocab"][joined] = taken + number
        model["merges"].append(f"{left} {right}" if _spelt_in_one(model) else [left, right])
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    made = {str(model["vocab"][token]): ids for token, ids in pieces.items()}
    (directory / PIECES).write_text(json.dumps(made), encoding="utf-8")
    return Extension(len(merges), before, after)


def grow_embeddings(model: Any, tokenizer: Any, directory: Path) -> None:
    """Rows for new tokens, each the mean of the rows of the pieces that it replaces, in input and output table.

    source: mean of subword embeddings as in Hewitt 2021 ("Initializing new word embeddings for pretrained language
    models") and Koto et al. 2021 (arXiv 2109.04607), who found it best of the simple ways to start domain words.
    """
    import torch

    path = directory / PIECES
    if not path.exists():
        return
    made: dict[str, list[int]] = json.loads(path.read_text(encoding="utf-8"))
    tables = [model.get_input_embeddings(), model.get_output_embeddings()]
    if len(tokenizer) > tables[0].weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        tables = [model.get_input_embeddings(), model.get_output_embeddings()]
    with torch.no_grad():
        for table in tables:
            for token, pieces in made.items():
                table.weight[int(token)] = table.weight[pieces].mean(0)


def _words(tokenizer: Any, texts: Iterable[str]) -> Counter[tuple[str, ...]]:
    """Pieces of each word of the texts, with the word's count; words are what merging never crosses."""
    spelt: Counter[str] = Counter()
    for text in texts:
        plain = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer is not None else text
        spelt.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(plain))
    found: Counter[tuple[str, ...]] = Counter()
    for word, count in spelt.items():
        found[tuple(piece.value for piece in tokenizer.model.tokenize(word))] += count
    return found


def _merge(words: Counter[tuple[str, ...]], wanted: int, known: set[str]) -> tuple[list[Pair], int]:
    """The most frequent pairs one after the other, and how many pieces are left; pairs of equal count by spelling."""
    current = [(list(pieces), count) for pieces, count in words.items()]
    counts: Counter[Pair] = Counter()
    places: dict[Pair, set[int]] = {}
    for number, (pieces, count) in enumerate(current):
        _note(counts, places, pieces, number, count)
    merges: list[Pair] = []
    while len(merges) < wanted and counts:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < MIN_COUNT:
            break
        joined = best[0] + best[1]
        if joined in known:  # reachable by another way already: merging here would change old words
            del counts[best]
            continue
        known.add(joined)
        merges.append(best)
        for number in list(places[best]):
            pieces, count = current[number]
            _note(counts, places, pieces, number, -count)
            pieces[:] = _joined(pieces, best, joined)
            _note(counts, places, pieces, number, count)
        counts = +counts
    return merges, sum(len(pieces) * count for pieces, count in current)


def _note(counts: Counter[Pair], places: dict[Pair, set[int]], pieces: list[str], number: int, count: int) -> None:
    for pair in itertools.pairwise(pieces):
        counts[pair] += count
        if count > 0:
            places.setdefault(pair, set()).add(number)


def _joined(pieces: list[str], pair: Pair, joined: str) -> list[str]:
    out: list[str] = []
    place = 0
    while place < len(pieces):
        if tuple(pieces[place : place + 2]) == pair:
            out.append(joined)
            place += 2
        else:
            out.append(pieces[place])
            place += 1
    return out


def _spelt_in_one(model: dict[str, Any]) -> bool:
    """Whether merges are written as one text with a blank, as older files have them."""
    return bool(model["merges"]) and isinstance(model["merges"][0], str)

"""What texts cost under a base model, and which texts stand for the domain and for general language.

Enter at `texts_below`, `general_text` and `costs`.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advisor.contracts.data_plan import FileCorpus
from advisor.contracts.errors import BadInput
from advisor.files import data_directory
from trainer.corpus.gap import TextCost
from trainer.corpus.read import Problems, read_source, sources_of
from trainer.corpus.runs import WORD
from trainer.corpus.steps.normalise import normalise

WANTED_TEXTS = 30
"""With fewer documents their pieces are resampled, one by one; with more, whole documents."""
PIECE_CHARACTERS = 400
"""A model reads each piece on its own. Its first words always cost more, so both sides are cut alike, about as long as
the paragraphs of the delivered reference."""
Units = list[list[str]]
"""What is resampled: a document or a piece, each as its pieces."""
GENERAL = ("de", "en")
GENERAL_NOTE = "20 paragraphs of everyday prose written for this purpose (data/text/general_{}.txt)"


def texts_below(path: Path, option: str, problems: Problems, *, max_bytes: int) -> Units:
    """Texts of a file or folder, in the order of their hashes, up to a size.

    Raises:
        BadInput: the path is not there, or holds no text.
    """
    if not path.exists():
        raise BadInput(f"{option}: {path} does not exist")
    sources = sources_of((FileCorpus(kind="files", path=str(path.resolve())),), Path.cwd(), problems)
    documents = [normalise(row.text) for source in sources for _, row in read_source(source, problems)]
    texts = [text for text in documents if WORD.search(text)]
    if not texts:
        why = f"; {problems.named[0]}" if problems.named else ""
        raise BadInput(f"{option}: {path} holds no text{why}")
    units = [pieces(text) for text in texts]
    if len(units) < WANTED_TEXTS:
        units = [[piece] for unit in units for piece in unit]
    return _sample(units, max_bytes)


def general_text(language: str) -> tuple[Units, str]:
    """The general text of a language that is delivered with the programs, and what it is.

    Raises:
        BadInput: there is none for the language.
    """
    if language not in GENERAL:
        known = " and ".join(GENERAL)
        raise BadInput(
            f"--reference: the text seems to be in {language!r}, and general text is delivered for {known} alone; name "
            "a file with general text of its language"
        )
    text = (data_directory() / "text" / f"general_{language}.txt").read_text(encoding="utf-8")
    return [pieces(paragraph) for paragraph in text.split("\n\n") if paragraph.strip()], GENERAL_NOTE.format(language)


def pieces(text: str) -> list[str]:
    """A text cut at line ends into pieces of about `PIECE_CHARACTERS`; a longer line is cut at a blank."""
    found, held = [], ""
    for line in text.split("\n"):
        for part in _cut(line):
            if held and len(held) + 1 + len(part) > PIECE_CHARACTERS:
                found.append(held)
                held = ""
            held = f"{held}\n{part}" if held else part
    found.append(held)
    return [piece for piece in found if WORD.search(piece)]


def costs(
    directory: Path, units: Units, advance: Callable[[int, int], None] = lambda _done, _total: None
) -> list[TextCost]:
    """Nats, tokens, words and bytes of each unit under the model of a directory.

    A piece begins after the token that separates texts in training; one longer than the context is read in windows.
    """
    import torch

    from trainer.evaluate.model import load
    from trainer.tokenizer import END_OF_TEXT

    model: Any
    tokenizer: Any
    model, tokenizer = load(directory)
    limit = int(model.config.max_position_embeddings)
    known = (tokenizer.get_vocab().get(END_OF_TEXT), tokenizer.bos_token_id, tokenizer.eos_token_id)
    before = next((token for token in known if token is not None), None)
    if before is None:
        raise BadInput(f"--model: the tokenizer of {directory} has neither a beginning nor an end token")
    found = []
    with torch.inference_mode():
        for number, unit in enumerate(units, 1):
            nats, tokens = 0.0, 0
            for piece in unit:
                ids = [before, *tokenizer(piece, add_special_tokens=False, verbose=False)["input_ids"]]
                tokens += len(ids) - 1
                for start in range(0, len(ids) - 1, limit - 1):
                    window = torch.tensor([ids[start : start + limit]], device=model.device)
                    logits = model(input_ids=window).logits[0, :-1].float()
                    nats += float(torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum"))
            text = "\n".join(unit)
            found.append(TextCost(nats, tokens, len(WORD.findall(text)), sum(len(piece.encode()) for piece in unit)))
            advance(number, len(units))
    return found


def _cut(line: str) -> list[str]:
    parts = []
    while len(line) > PIECE_CHARACTERS:
        end = line.rfind(" ", 1, PIECE_CHARACTERS)
        end = end if end > 0 else PIECE_CHARACTERS
        parts.append(line[:end])
        line = line[end:].lstrip()
    return [*parts, line]


def _sample(units: Units, max_bytes: int) -> Units:
    """Units in the order of the hashes of their places until the size is reached, at least one."""
    order = sorted(range(len(units)), key=lambda place: hashlib.sha256(str(place).encode()).digest())
    taken, size = [], 0
    for place in order:
        size += sum(len(piece.encode()) for piece in units[place])
        if taken and size > max_bytes:
            break
        taken.append(place)
    return [units[place] for place in sorted(taken)]

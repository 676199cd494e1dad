"""How many examples a run's description names: `17k samples, 3 epochs`, `Alpaca2k, 4 epoch(s)`, `1,000 traces`.

Enter at `examples_in` and `are_traces`.
"""

import re
from collections.abc import Mapping

NUMBER = r"(\d[\d,]*(?:\.\d+)?)\s*([kKmM]?)\s*[- ]?"
SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6}
EXAMPLES = (
    r"(?:(?<=\s)[a-z]+\s+){0,2}(?:samples?|traces?|examples?|pairs?|prompts?|conversations?|instructions?|problems?)\b"
)
EPOCHS = r"(\d+(?:\.\d+)?)\s*epoch"


def examples_in(text: str, public_sets: Mapping[str, float]) -> tuple[float | None, float | None]:
    """Examples of one epoch, and epochs; None for what the text does not name.

    Args:
        text: description of a run.
        public_sets: name to examples of sets that a text may name instead; a longer name wins.
    """
    epochs = re.search(EPOCHS, text, re.IGNORECASE)
    counted = re.search(NUMBER + EXAMPLES, text, re.IGNORECASE)
    examples = None
    if counted is not None:
        examples = float(counted.group(1).replace(",", "")) * SUFFIX[counted.group(2).lower()]
    else:
        named = [name for name in public_sets if re.search(rf"\b{name}\b", text, re.IGNORECASE)]
        if named:
            examples = public_sets[max(named, key=len)]
    return examples, None if epochs is None else float(epochs.group(1))


def are_traces(text: str) -> bool:
    """True where the examples are chains of thought, which are many times longer than answers."""
    return re.search(r"\b(?:traces?|reasoning|chains? of thought)\b", text, re.IGNORECASE) is not None

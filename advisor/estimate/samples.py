"""How many examples a run's description names: `17k samples, 3 epochs`, `Alpaca2k, 4 epoch(s)`, `1,000 traces`.

Enter at `examples_in` and `are_traces`.
"""

import re

NUMBER = r"(\d[\d,]*(?:\.\d+)?)\s*([kKmM]?)\s*[- ]?"
SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6}
EXAMPLES = r"(?:samples?|traces?|examples?|pairs?|prompts?|conversations?|instructions?|problems?)\b"
EPOCHS = r"(\d+(?:\.\d+)?)\s*epoch"
PUBLIC_SETS = {"alpaca2k": 2_000.0, "alpaca": 52_002.0, "dolly": 15_011.0, "lima": 1_000.0, "s1k": 1_000.0}
"""Examples of public sets as their repositories state them; a longer name is looked for first."""


def examples_in(text: str) -> tuple[float | None, float | None]:
    """Examples of one epoch, and epochs; None for what the text does not name."""
    epochs = re.search(EPOCHS, text, re.IGNORECASE)
    counted = re.search(NUMBER + EXAMPLES, text, re.IGNORECASE)
    examples = None
    if counted is not None:
        examples = float(counted.group(1).replace(",", "")) * SUFFIX[counted.group(2).lower()]
    else:
        named = [name for name in PUBLIC_SETS if re.search(rf"\b{name}\b", text, re.IGNORECASE)]
        if named:
            examples = PUBLIC_SETS[max(named, key=len)]
    return examples, None if epochs is None else float(epochs.group(1))


def are_traces(text: str) -> bool:
    """True where the examples are chains of thought, which are many times longer than answers."""
    return re.search(r"\b(?:traces?|reasoning|chains? of thought)\b", text, re.IGNORECASE) is not None

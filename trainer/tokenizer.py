"""The tokenizer of a run: a byte-level BPE trained on the run's own training text, or that of the base model.

Enter at `train_tokenizer` and `adopt_tokenizer`. The chat template marks the assistant's turns for training
(`generation`), the end-of-turn token inside the mark, so that supervised training teaches where an answer ends.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import ModelFamily

END_OF_TEXT = "<|endoftext|>"
START_OF_TURN = "<|im_start|>"
END_OF_TURN = "<|im_end|>"
PADDING = "<|pad|>"
MASK = "<|mask|>"
SPANS = tuple(f"<extra_id_{number}>" for number in range(32))
"""Marks of hidden spans, by the names that T5 gives them; a block holds as many spans as there are marks at most."""
EXTRA: dict[ModelFamily, tuple[str, ...]] = {"decoder": (), "masked": (MASK,), "seq2seq": SPANS}
# The end of a turn is the tokenizer's own eos, so that the template also fits a base model without one.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "{{ '<|im_start|>assistant\\n' }}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}"
    "{{ '\\n' }}"
    "{% else %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + eos_token + '\\n' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def train_tokenizer(
    texts: Iterable[str], *, vocab_size: int, context_tokens: int, directory: Path, family: ModelFamily = "decoder"
) -> int:
    """Train, save in the Hugging Face format, and return the size of the vocabulary.

    Args:
        texts: training text only; held-out text must not shape the vocabulary.
        vocab_size: wanted number of tokens; small corpora yield fewer.
        context_tokens: longest sequence of the model.
        directory: where the tokenizer files go.
        family: masked models get a token for what is hidden, sequence-to-sequence models one for each hidden span.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = [END_OF_TEXT, START_OF_TURN, END_OF_TURN, PADDING, *EXTRA[family]]
    if vocab_size < len(alphabet) + len(special):
        raise BadInput(
            f"model.vocab_size: {vocab_size} is too small; a byte-level vocabulary has at least "
            f"{len(alphabet) + len(special)} tokens"
        )
    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    engine.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=engine,
        eos_token=END_OF_TURN,
        pad_token=PADDING,
        mask_token=MASK if family == "masked" else None,
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(directory)
    return len(tokenizer)


def adopt_tokenizer(name: str, directory: Path, family: ModelFamily = "decoder") -> tuple[int, list[str]]:
    """Save a base model's tokenizer, fit for training, and return its size and what was changed.

    Raises:
        BadInput: it has no end token, so nothing could teach the model where an answer ends.
    """
    from transformers import AutoTokenizer

    notes = []
    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    if family != "decoder":  # answers no turns, and brings its own padding, masks and marks
        tokenizer.save_pretrained(directory)
        return len(tokenizer), notes
    if tokenizer.eos_token is None:
        raise BadInput(f"model.model: the tokenizer of {name!r} has no end token (eos_token)")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
        notes.append(f"the tokenizer had no padding token; {tokenizer.pad_token} is used")
    if not _fit_for_training(tokenizer):
        missing = tokenizer.chat_template is None
        tokenizer.chat_template = CHAT_TEMPLATE
        why = "had none" if missing else "does not mark the assistant's turns"
        notes.append(f"the chat template of the base model {why}; a plain one ending turns in eos is used")
    tokenizer.save_pretrained(directory)
    return len(tokenizer), notes


def chat_length(tokenizer: Any, messages: Sequence[dict[str, str]]) -> int:
    """Tokens of a conversation under the tokenizer's chat template."""
    return len(tokenizer.apply_chat_template(list(messages), tokenize=True)["input_ids"])


def _fit_for_training(tokenizer: Any) -> bool:
    """Whether the template marks the assistant's turns, or is one that trl knows a marking form of."""
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    if tokenizer.chat_template is None:
        return False
    if has_generation_markers(tokenizer.chat_template):
        return True
    try:
        get_training_chat_template(tokenizer)
    except ValueError:
        return False
    return True

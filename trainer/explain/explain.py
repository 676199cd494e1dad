"""From a model directory and a prompt to an explanation on disk.

Enter at `explain`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput, Failed
from advisor.files import write_contract, write_text
from trainer.evaluate.model import load
from trainer.explain.attribute import attribute
from trainer.explain.limits import limits_page
from trainer.explain.neighbours import BY, examples_of, examples_of_run, nearest
from trainer.explain.page import LIMITS_FILE, STYLE, explanation_page
from trainer.explain.prompt import Prompt, baseline_of, read_prompt
from trainer.explain.record import AnswerToken, Explanation, Method, Neighbour, PromptToken

NOT_ADDITIVE = (
    "not to be expected: each token is taken away on its own, so effects that tokens share are counted at each of "
    "them or at none"
)


@dataclass(frozen=True)
class Question:
    """What to explain and how."""

    model: Path
    prompt: str
    answer: str | None
    """None: the model's own greedy answer."""
    method: Method
    plain: bool
    """The prompt as it stands, without the chat template."""
    max_tokens: int
    """Of an own answer."""
    train: Path | None
    """JSONL of training examples, or the directory of a run that holds them; None: none are known."""
    neighbours: int


def explain(question: Question, output: Path, *, note: Callable[[str], None]) -> Explanation:
    """Explain an answer and write explanation.json, explanation.html and limits.html.

    Raises:
        BadInput: the prompt is empty or longer than the model reads.
        Failed: the model answers nothing.
    """
    model, tokenizer = _loaded(question.model)
    model.config.use_cache = False
    as_chat = not question.plain and tokenizer.chat_template is not None
    prompt = read_prompt(tokenizer, question.prompt, as_chat=as_chat)
    if not prompt.pieces:
        raise BadInput("--prompt: it holds no token to attribute anything to")
    answer_ids = _answer(model, tokenizer, prompt, question)
    _check_length(model, prompt, answer_ids)
    baseline = baseline_of(tokenizer)
    note(f"{question.method}: {len(prompt.pieces)} prompt tokens, {len(answer_ids)} answer tokens ...")
    found = attribute(
        model,
        tokenizer,
        prompt,
        answer_ids,
        method=question.method,
        baseline_id=baseline,
        advance=lambda steps: note(f"  {steps} integration steps"),
    )
    neighbours, searched, how = _neighbours(question)
    result = Explanation(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        model=str(question.model),
        method=question.method,
        prompt=question.prompt,
        as_chat=as_chat,
        answer=tokenizer.decode(answer_ids),
        answer_was_given=question.answer is not None,
        baseline_token=str(tokenizer.convert_ids_to_tokens(baseline)),
        tokens=tuple(
            PromptToken(text=text, attribution_nats=sum(row[place] for row in found.rows))
            for place, text in enumerate(prompt.pieces)
        ),
        answer_tokens=tuple(
            AnswerToken(text=tokenizer.decode([token]), log_probability_nats=chance, attributions_nats=tuple(row))
            for token, chance, row in zip(answer_ids, found.log_probabilities, found.rows, strict=True)
        ),
        completeness=found.completeness,
        completeness_reason="" if found.completeness is not None else NOT_ADDITIVE,
        neighbours=tuple(neighbours),
        neighbours_by=how,
        examples_searched=searched,
        warnings=_warnings(found.completeness is None or found.completeness.within_tolerance),
    )
    write_text(output / LIMITS_FILE, limits_page(STYLE))
    write_text(output / "explanation.html", explanation_page(result))
    write_contract(output / "explanation.json", result)
    return result


def _loaded(directory: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    try:
        return load(directory)
    except (OSError, ValueError) as error:
        raise BadInput(f"MODEL: {directory} cannot be loaded ({str(error).strip().splitlines()[0]})") from error


def _answer(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: Prompt, question: Question
) -> list[int]:
    """Tokens of the answer, without the end-of-turn token."""
    if question.answer is not None:
        given = list(tokenizer(question.answer, add_special_tokens=False)["input_ids"])
        if not given:
            raise BadInput("--answer: it holds no token")
        return given
    _check_length(model, prompt, [0])
    ids = torch.tensor([prompt.ids], device=model.device)
    with torch.no_grad():
        whole = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=question.max_tokens,
            do_sample=False,
            use_cache=True,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    own = whole[0, len(prompt.ids) :].tolist()
    while own and own[-1] in (tokenizer.eos_token_id, tokenizer.pad_token_id):
        own.pop()
    if not own:
        raise Failed("the model answers nothing to this prompt; give the answer to explain with --answer")
    return own


def _check_length(model: PreTrainedModel, prompt: Prompt, answer_ids: Sequence[int]) -> None:
    limit = int(model.config.max_position_embeddings)
    length = len(prompt.ids) + len(answer_ids)
    if length > limit:
        raise BadInput(
            f"--prompt: with its answer it takes {length} tokens, the model reads {limit}; shorten the prompt, or the "
            "answer with --max-tokens"
        )


def _neighbours(question: Question) -> tuple[list[Neighbour], int, str]:
    if question.train is None:
        return [], 0, "none: no training data lie beside the model; name a file with --train"
    source = question.train

    def examples() -> Iterable[tuple[str, str]]:
        return examples_of_run(source) if source.is_dir() else examples_of(source)

    found, searched = nearest(question.prompt, examples, count=question.neighbours)
    return found, searched, BY if found else f"none of them shares a word with the prompt ({BY})"


def _warnings(adds_up: bool) -> tuple[str, ...]:
    if adds_up:
        return ()
    return ("the attributions do not add up to the change they explain: read them as a rough order at best",)

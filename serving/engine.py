"""What an engine is: prompts in, tokens out; and the stream between its worker and the event loop.

Enter at `Engine`. Two implementations: `engines/transformers.py` (a model directory, in process) and
`engines/echo.py` (deterministic, no torch).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Finish = Literal["stop", "length"]
ToolFormat = Literal["hermes", "llama", "mistral"]
"""Forms in which models write calls: `<tool_call>` objects, a bare object with `parameters`, a list of objects."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation, as chat templates take it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    """Functions that the assistant called, as chat templates take them: `{"type", "id", "function"}` with arguments
    parsed."""
    tool_call_id: str | None = None
    """Of the call that a turn of the role `tool` answers."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen."""

    max_tokens: int
    temperature: float = 1.0
    """0: the most probable token each time."""
    top_p: float = 1.0
    seed: int | None = None
    top_logprobs: int | None = None
    """Alternatives to report per token; None: no log probabilities at all."""
    grammar: str | None = None
    """From `Engine.json_grammar` or `Engine.tool_grammar`: the answer is one of its words, if the length suffices."""
    logit_bias: tuple[tuple[int, float], ...] = ()
    """Added to the logits of tokens by id."""
    frequency_penalty: float = 0.0
    """Taken off a token's logit for each time it was made."""
    presence_penalty: float = 0.0
    """Taken off a token's logit once it was made."""


@dataclass(frozen=True)
class Step:
    """One generated token."""

    token_id: int
    finish: Finish | None = None
    """Set on the last step; `stop` on the end-of-text token, which carries no text."""
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()
    """Most probable tokens with their log probabilities."""


@dataclass(frozen=True)
class Load:
    """Sequences in work and in the queue."""

    running: int
    waiting: int


class EngineBusy(Exception):
    """The queue is full; the request may be tried again."""


class PromptRefused(Exception):
    """The model's chat template does not take these messages, or there is none."""


class Unable(Exception):
    """The engine or the model cannot do what the request asks for; `param` names the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class EngineFailed(Exception):
    """The engine could not finish a sequence that it had accepted."""


class OutOfTime(EngineFailed):
    """The time that a request may take is over."""


@dataclass(eq=False)
class Generation:
    """One sequence in the making: the worker feeds steps, the event loop reads them."""

    prompt_ids: tuple[int, ...]
    sampling: Sampling
    cancelled: bool = False
    """Read by the worker, which drops a cancelled sequence before its next step."""
    adapter: str | None = None
    """Adapter over the model's weights that makes it; None: the weights as they are."""
    timeout_s: float | None = None
    """How long it may take from now; None: as long as it takes."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _steps: asyncio.Queue[Step | EngineFailed] = field(default_factory=asyncio.Queue)

    def feed(self, step: Step | EngineFailed) -> None:
        """Hand a step over; may be called from any thread, also after the event loop is gone."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._steps.put_nowait, step)

    def cancel(self) -> None:
        """Nobody reads on."""
        self.cancelled = True

    def __post_init__(self) -> None:
        self._deadline_s = None if self.timeout_s is None else self._loop.time() + self.timeout_s

    async def __aiter__(self) -> AsyncIterator[Step]:
        while True:
            try:
                async with asyncio.timeout_at(self._deadline_s):
                    step = await self._steps.get()
            except TimeoutError as error:
                raise OutOfTime(f"the answer took more than {self.timeout_s:g} s") from error
            if isinstance(step, EngineFailed):
                raise step
            yield step
            if step.finish is not None:
                return


class TextDecoder(Protocol):
    """Turns tokens into text piece by piece, never cutting a character."""

    def push(self, token_id: int) -> str:
        """Text that is complete with this token; may be empty."""
        ...

    def flush(self) -> str:
        """What was held back; an incomplete character at the end is dropped."""
        ...


class Engine(Protocol):
    """Generates tokens for several sequences at once."""

    @property
    def context_tokens(self) -> int | None:
        """Longest prompt and answer together; None when the model states no limit."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        ...

    def chat_prompt(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> tuple[int, ...]:
        """Token ids of a conversation, and of the functions that may be called, in the model's chat template.

        Raises:
            PromptRefused: the template does not take them.
            Unable: the template knows no functions.
        """
        ...

    def tool_format(self) -> ToolFormat | None:
        """How the model writes a call of a function; None where its template has none."""
        ...

    def json_grammar(self, schema: Mapping[str, Any] | None) -> str:
        """Grammar of JSON texts that fit a schema, or of any JSON object.

        Raises:
            Unable: the schema uses what the grammar cannot say, or the engine has no grammars.
        """
        ...

    def tool_grammar(self, functions: Sequence[Mapping[str, Any]]) -> str:
        """Grammar of one call of one of these functions, in the model's form.

        Raises:
            Unable: as for `json_grammar`, or the model has no form.
        """
        ...

    def text_prompt(self, text: str) -> tuple[int, ...]:
        """Token ids of plain text."""
        ...

    def decoder(self) -> TextDecoder:
        """A fresh decoder for one sequence."""
        ...

    def token_text(self, token_id: int) -> str:
        """Text of a single token, for log probabilities."""
        ...

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none.

        Raises:
            EngineBusy: the queue cannot take them.
        """
        ...

    def load(self) -> Load:
        """Present load."""
        ...

    def alive(self) -> bool:
        """Whether sequences are worked on right now."""
        ...

    def restarts(self) -> Mapping[str, int]:
        """How often it had to be restarted, by cause."""
        ...

    def close(self) -> None:
        """End the worker."""
        ...

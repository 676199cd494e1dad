"""The engine without a model: answers with the user's own words, a token per UTF-8 byte.

For trying clients and for tests; every token has probability one. Enter at `EchoEngine`.
"""

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

from serving.engine import Generation, Load, Message, Step, ToolFormat, Unable

END_ID = 256
SEPARATOR_ID = 257
CONTEXT_TOKENS = 4096


class EchoEngine:
    """Repeats the last user message (chat) or the prompt (completions)."""

    context_tokens: int | None = CONTEXT_TOKENS
    vocab_size = 258

    def chat_prompt(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> tuple[int, ...]:
        """The messages, separated; the part that is repeated comes last."""
        if tools:
            raise Unable("the echo engine calls no functions; leave tools out", "tools")
        users = [message.content for message in messages if message.role == "user"]
        others = [message.content for message in messages if message.role != "user"]
        parts = [*others, *users[:-1], *(users[-1:] or others[-1:])]
        ids: list[int] = []
        for part in parts:
            ids += [SEPARATOR_ID, *part.encode()]
        return tuple(ids)

    def tool_format(self) -> ToolFormat | None:
        """None: it calls no functions."""
        return None

    def json_grammar(self, schema: Mapping[str, Any] | None) -> str:
        """Refused: an echo fits no schema but its own words."""
        raise Unable("the echo engine holds to no schema; leave response_format out", "response_format")

    def tool_grammar(self, functions: Sequence[Mapping[str, Any]]) -> str:
        """Refused, as tools are."""
        raise Unable("the echo engine calls no functions; leave tools out", "tools")

    def text_prompt(self, text: str) -> tuple[int, ...]:
        """The bytes of the text."""
        return tuple(text.encode())

    def decoder(self) -> "ByteDecoder":
        """A UTF-8 decoder."""
        return ByteDecoder()

    def token_text(self, token_id: int) -> str:
        """The byte as text; bytes of longer characters are no text of their own."""
        return ByteDecoder.text(token_id)

    def submit(self, generations: Sequence[Generation]) -> None:
        """Answer at once; there is no queue."""
        for generation in generations:
            self._answer(generation)

    def load(self) -> Load:
        """Nothing ever waits."""
        return Load(running=0, waiting=0)

    def alive(self) -> bool:
        """There is no worker that could end."""
        return True

    def restarts(self) -> Mapping[str, int]:
        """Nothing to restart."""
        return {}

    def close(self) -> None:
        """Nothing is open."""

    @staticmethod
    def _answer(generation: Generation) -> None:
        ids = generation.prompt_ids
        start = len(ids) - ids[::-1].index(SEPARATOR_ID) if SEPARATOR_ID in ids else 0
        wants = generation.sampling.top_logprobs
        logprob = None if wants is None else 0.0
        answer = [*ids[start:], END_ID]
        for number, token_id in enumerate(answer, start=1):
            top = ((token_id, 0.0),) if wants else ()
            if token_id == END_ID:
                generation.feed(Step(token_id, "stop", logprob, top))
            elif number == generation.sampling.max_tokens:
                generation.feed(Step(token_id, "length", logprob, top))
                return
            else:
                generation.feed(Step(token_id, None, logprob, top))


class ByteDecoder:
    """Bytes to text, complete characters only."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, token_id: int) -> str:
        """Text that is complete with this byte."""
        return self._decoder.decode(bytes([token_id])) if token_id < END_ID else ""

    def flush(self) -> str:
        """Nothing: what is left is an incomplete character."""
        return ""

    @staticmethod
    def text(token_id: int) -> str:
        """A single byte as text."""
        return bytes([token_id]).decode(errors="replace") if token_id < END_ID else ""

"""From tokens to text: pieces that never cut a character and never show a stop sequence.

Enter at `pieces`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from serving.engine import Engine, Finish, Generation, Step


@dataclass(frozen=True)
class TokenLogprob:
    """A token, its text and its log probability."""

    token: str
    logprob: float

    @property
    def token_bytes(self) -> list[int] | None:
        """UTF-8 bytes of the text; None for a token that is only a part of a character."""
        return None if "\ufffd" in self.token else list(self.token.encode())


@dataclass(frozen=True)
class ScoredToken:
    """A generated token with its alternatives."""

    chosen: TokenLogprob
    top: tuple[TokenLogprob, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is final, the tokens behind it, and on the last piece why it ended."""

    text: str
    tokens: int
    scored: tuple[ScoredToken, ...] = ()
    finish: Finish | None = None


async def pieces(engine: Engine, generation: Generation, stops: Sequence[str]) -> AsyncIterator[Piece]:
    """Text of one sequence as it becomes final; the last piece, possibly empty, carries `finish`."""
    decoder, gate = engine.decoder(), StopGate(stops)
    scored: list[ScoredToken] = []
    async for step in generation:
        ended = step.finish == "stop"
        if not ended:
            scored += _score(engine, step)
        text = gate.push("" if ended else decoder.push(step.token_id))
        if step.finish is not None and not gate.hit:
            text += gate.push(decoder.flush())
        if gate.hit:
            generation.cancel()
            yield Piece(text, 1, tuple(scored), "stop")
            return
        if step.finish is not None:
            yield Piece(text + gate.rest(), 1, tuple(scored), step.finish)
            return
        yield Piece(text, 1, tuple(scored) if text else ())
        scored = [] if text else scored


class StopGate:
    """Lets text through up to the first stop sequence, holding back what may be the start of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.hit = False

    def push(self, text: str) -> str:
        """Text that is safe to show now."""
        held = self._held + text
        found = [at for at in (held.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.hit, self._held = True, ""
            return held[: min(found)]
        keep = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> str:
        """What was held back, once no more text comes."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)


def _score(engine: Engine, step: Step) -> list[ScoredToken]:
    if step.logprob is None:
        return []
    chosen = TokenLogprob(engine.token_text(step.token_id), step.logprob)
    top = tuple(TokenLogprob(engine.token_text(token_id), logprob) for token_id, logprob in step.top)
    return [ScoredToken(chosen, top)]

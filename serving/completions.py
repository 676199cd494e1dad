"""POST /v1/completions: text continued, for one prompt or several.

Enter at `completion_job`, `completion_answer` and `completion_chunks`.
"""

from collections.abc import AsyncGenerator, Sequence

from openai.types import Completion, CompletionChoice
from openai.types.completion_choice import Logprobs

from serving.chat import biases
from serving.engine import Engine, Finish, Sampling
from serving.exchange import Exchange, Job
from serving.generation import ScoredToken
from serving.openai_schema import CompletionRequest


def completion_job(request: CompletionRequest, engine: Engine) -> Job:
    """The request as an engine's job."""
    sampling = Sampling(
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        top_logprobs=request.logprobs,
        logit_bias=biases(request.logit_bias, engine),
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
    )
    return Job(
        endpoint="completions",
        prefix="cmpl",
        model=request.model,
        prompts=_prompts(request.prompt, engine),
        sampling=sampling,
        param="prompt",
        n=request.n,
        stops=request.stop,
    )


async def completion_answer(exchange: Exchange) -> Completion:
    """All choices, prompt by prompt."""
    with exchange:
        choices = [
            _choice(index, piece.text, piece.finish, piece.scored, exchange)
            for index, piece in enumerate(await exchange.collect())
        ]
        return _completion(exchange, choices, usage=exchange.usage)


async def completion_chunks(exchange: Exchange, *, include_usage: bool) -> AsyncGenerator[Completion]:
    """The same as it is made."""
    with exchange:
        offsets = dict.fromkeys(exchange.choices, 0)
        async for index, piece in exchange.stream():
            if piece.text or piece.scored or piece.finish:
                choice = _choice(index, piece.text, piece.finish, piece.scored, exchange, offsets[index])
                offsets[index] += len(piece.text)
                yield _completion(exchange, [choice], **({"usage": None} if include_usage else {}))
        if include_usage:
            yield _completion(exchange, [], usage=exchange.usage)


def _prompts(prompt: str | list[str] | list[int] | list[list[int]], engine: Engine) -> list[tuple[int, ...]]:
    if isinstance(prompt, str):
        return [engine.text_prompt(prompt)]
    if prompt and isinstance(prompt[0], int):
        return [tuple(prompt)]
    items = [engine.text_prompt(item) if isinstance(item, str) else tuple(item) for item in prompt]  # type: ignore[arg-type]
    return items or [()]


def _completion(exchange: Exchange, choices: list[CompletionChoice], **usage: object) -> Completion:
    return Completion(
        id=exchange.id,
        object="text_completion",
        created=exchange.created,
        model=exchange.job.model,
        choices=choices,
        **usage,
    )


def _choice(
    index: int,
    text: str,
    finish: Finish | None,
    scored: Sequence[ScoredToken],
    exchange: Exchange,
    offset: int = 0,
) -> CompletionChoice:
    logprobs = None if exchange.job.sampling.top_logprobs is None else _logprobs(scored, offset)
    # the type of the client wants a finish reason; chunks before the last have none, as OpenAI sends them
    return CompletionChoice.construct(index=index, text=text, finish_reason=finish, logprobs=logprobs)


def _logprobs(scored: Sequence[ScoredToken], offset: int) -> Logprobs:
    texts = [token.chosen.token for token in scored]
    return Logprobs(
        tokens=texts,
        token_logprobs=[token.chosen.logprob for token in scored],
        top_logprobs=[{other.token: other.logprob for other in token.top} for token in scored],
        text_offset=[offset + sum(map(len, texts[:number])) for number in range(len(texts))],
    )

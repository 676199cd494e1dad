"""POST /v1/chat/completions: the answer as one object or as a stream of chunks.

Enter at `chat_job`, `chat_answer` and `chat_chunks`.
"""

from collections.abc import AsyncIterator, Sequence

from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage, ChatCompletionTokenLogprob
from openai.types.chat.chat_completion import Choice, ChoiceLogprobs
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from openai.types.chat.chat_completion_chunk import ChoiceLogprobs as ChunkLogprobs
from openai.types.chat.chat_completion_token_logprob import TopLogprob

from serving.engine import Engine, Finish, Sampling
from serving.exchange import Exchange, Job
from serving.generation import Piece, ScoredToken
from serving.openai_schema import ChatRequest


def chat_job(request: ChatRequest, engine: Engine) -> Job:
    """The request as an engine's job."""
    sampling = Sampling(
        max_tokens=request.max_completion_tokens or request.max_tokens or 0,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )
    prompt = engine.chat_prompt([turn.message for turn in request.messages])
    return Job(
        endpoint="chat.completions",
        prefix="chatcmpl",
        model=request.model,
        prompts=[prompt],
        sampling=sampling,
        param="messages",
        n=request.n,
        stops=request.stop,
    )


async def chat_answer(exchange: Exchange) -> ChatCompletion:
    """The whole answer."""
    with exchange:
        choices = [_choice(index, piece, exchange) for index, piece in enumerate(await exchange.collect())]
        return ChatCompletion(
            id=exchange.id,
            object="chat.completion",
            created=exchange.created,
            model=exchange.job.model,
            choices=choices,
            usage=exchange.usage,
        )


async def chat_chunks(exchange: Exchange, *, include_usage: bool) -> AsyncIterator[ChatCompletionChunk]:
    """The answer as it is made: role, text, finish reason, and the usage when asked for."""

    def chunk(choices: list[ChunkChoice], *, last: bool = False) -> ChatCompletionChunk:
        usage = {"usage": exchange.usage if last else None} if include_usage else {}
        return ChatCompletionChunk(
            id=exchange.id,
            object="chat.completion.chunk",
            created=exchange.created,
            model=exchange.job.model,
            choices=choices,
            **usage,
        )

    with exchange:
        for index in exchange.choices:
            yield chunk([_delta(index, ChoiceDelta(role="assistant", content=""))])
        async for index, piece in exchange.stream():
            if piece.text or piece.scored:
                yield chunk([_delta(index, ChoiceDelta(content=piece.text), scored=piece.scored)])
            if piece.finish is not None:
                yield chunk([_delta(index, ChoiceDelta(), finish=piece.finish)])
        if include_usage:
            yield chunk([], last=True)


def _choice(index: int, piece: Piece, exchange: Exchange) -> Choice:
    asked = exchange.job.sampling.top_logprobs is not None
    return Choice(
        index=index,
        message=ChatCompletionMessage(role="assistant", content=piece.text, refusal=None),
        finish_reason=piece.finish or "stop",
        logprobs=ChoiceLogprobs(content=_logprobs(piece.scored), refusal=None) if asked else None,
    )


def _delta(
    index: int, delta: ChoiceDelta, *, finish: Finish | None = None, scored: Sequence[ScoredToken] = ()
) -> ChunkChoice:
    logprobs = ChunkLogprobs(content=_logprobs(scored), refusal=None) if scored else None
    return ChunkChoice(index=index, delta=delta, finish_reason=finish, logprobs=logprobs)


def _logprobs(scored: Sequence[ScoredToken]) -> list[ChatCompletionTokenLogprob]:
    return [
        ChatCompletionTokenLogprob(
            token=token.chosen.token,
            bytes=token.chosen.token_bytes,
            logprob=token.chosen.logprob,
            top_logprobs=[
                TopLogprob(token=other.token, bytes=other.token_bytes, logprob=other.logprob) for other in token.top
            ],
        )
        for token in scored
    ]

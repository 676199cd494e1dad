"""POST /v1/chat/completions: the answer as one object or as a stream of chunks.

Enter at `chat_job`, `chat_answer` and `chat_chunks`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal

from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionTokenLogprob,
)
from openai.types.chat.chat_completion import Choice, ChoiceLogprobs
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from openai.types.chat.chat_completion_chunk import (
    ChoiceDelta,
    ChoiceDeltaToolCall,
    ChoiceDeltaToolCallFunction,
)
from openai.types.chat.chat_completion_chunk import ChoiceLogprobs as ChunkLogprobs
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.chat.chat_completion_token_logprob import TopLogprob

from serving.engine import Engine, Finish, Sampling
from serving.errors import ApiError
from serving.exchange import Exchange, Job
from serving.generation import Piece, ScoredToken
from serving.openai_schema import ChatRequest
from serving.tools import ToolCall, ToolReader


def chat_job(request: ChatRequest, engine: Engine) -> Job:
    """The request as an engine's job."""
    sampling = Sampling(
        max_tokens=request.max_completion_tokens or request.max_tokens or 0,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        grammar=_grammar(request, engine),
        logit_bias=biases(request.logit_bias, engine),
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
    )
    functions = [{"type": "function", "function": function} for function in request.functions]
    prompt = engine.chat_prompt([turn.message for turn in request.messages], functions)
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


def biases(wanted: Mapping[str, float], engine: Engine) -> tuple[tuple[int, float], ...]:
    """`logit_bias` by token id.

    Raises:
        ApiError: a key is no token of this model.
    """
    for key in wanted:
        if not key.isdecimal() or int(key) >= engine.vocab_size:
            message = f"logit_bias: {key!r} is no token id below {engine.vocab_size}"
            raise ApiError(400, message, code="invalid_value", param="logit_bias")
    return tuple((int(key), bias) for key, bias in wanted.items())


async def chat_answer(exchange: Exchange, request: ChatRequest) -> ChatCompletion:
    """The whole answer."""
    with exchange:
        found = enumerate(await exchange.collect())
        choices = [_choice(index, piece, exchange, _reader(exchange, request)) for index, piece in found]
        return ChatCompletion(
            id=exchange.id,
            object="chat.completion",
            created=exchange.created,
            model=exchange.job.model,
            choices=choices,
            usage=exchange.usage,
        )


async def chat_chunks(exchange: Exchange, request: ChatRequest) -> AsyncGenerator[ChatCompletionChunk]:
    """The answer as it is made: role, text, finish reason, and the usage when asked for."""
    include_usage = request.stream_options.include_usage

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
        readers = {index: _reader(exchange, request) for index in exchange.choices}
        async for index, piece in exchange.stream():
            reader, text, finish = readers[index], piece.text, piece.finish
            calls: list[ToolCall] = []
            if reader is not None:
                text = reader.push(text)
                if finish is not None:
                    rest, calls = reader.end()
                    text += rest
            if text or piece.scored:
                yield chunk([_delta(index, ChoiceDelta(content=text), scored=piece.scored)])
            if calls:
                yield chunk([_delta(index, ChoiceDelta(tool_calls=_call_deltas(calls)))])
            if finish is not None:
                yield chunk([_delta(index, ChoiceDelta(), finish="tool_calls" if calls else finish)])
        if include_usage:
            yield chunk([], last=True)


def _grammar(request: ChatRequest, engine: Engine) -> str | None:
    """What holds the answer: a call that must be made, or the wanted JSON."""
    if request.forced:
        return engine.tool_grammar(request.forced)
    wanted = request.response_format
    if wanted.type == "text":
        return None
    return engine.json_grammar(wanted.json_schema.schema_ if wanted.json_schema is not None else None)


def _reader(exchange: Exchange, request: ChatRequest) -> ToolReader | None:
    form = exchange.engine.tool_format()
    if not request.functions or form is None:
        return None
    return ToolReader(form, [function["name"] for function in request.functions])


def _call_deltas(calls: Sequence[ToolCall]) -> list[ChoiceDeltaToolCall]:
    return [
        ChoiceDeltaToolCall(
            index=place,
            id=call.id,
            type="function",
            function=ChoiceDeltaToolCallFunction(name=call.name, arguments=call.arguments),
        )
        for place, call in enumerate(calls)
    ]


def _choice(index: int, piece: Piece, exchange: Exchange, reader: ToolReader | None) -> Choice:
    asked = exchange.job.sampling.top_logprobs is not None
    text, calls = piece.text, list[ToolCall]()
    if reader is not None:
        text = reader.push(piece.text)
        rest, calls = reader.end()
        text += rest
    message = ChatCompletionMessage(role="assistant", content=text, refusal=None)
    if calls:
        message = ChatCompletionMessage(
            role="assistant",
            content=text or None,
            refusal=None,
            tool_calls=[
                ChatCompletionMessageFunctionToolCall(
                    id=call.id, type="function", function=Function(name=call.name, arguments=call.arguments)
                )
                for call in calls
            ],
        )
    return Choice(
        index=index,
        message=message,
        finish_reason="tool_calls" if calls else piece.finish or "stop",
        logprobs=ChoiceLogprobs(content=_logprobs(piece.scored), refusal=None) if asked else None,
    )


def _delta(
    index: int,
    delta: ChoiceDelta,
    *,
    finish: Finish | Literal["tool_calls"] | None = None,
    scored: Sequence[ScoredToken] = (),
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

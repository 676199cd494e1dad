"""POST /v1/responses: one message as the output, whole or as a stream of named events.

Stateless: nothing is kept, so `previous_response_id` and `conversation` are refused. Enter at `response_job`,
`response_answer` and `response_events`.
"""

from collections.abc import AsyncGenerator
from itertools import count

from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseIncompleteEvent,
    ResponseInProgressEvent,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
    ResponseUsage,
)
from openai.types.responses.response import IncompleteDetails
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails
from pydantic import BaseModel

from serving.engine import Engine, Finish, Sampling
from serving.exchange import Exchange, Job
from serving.openai_schema import ResponsesRequest

AT = {"output_index": 0, "content_index": 0}
"""There is one output item with one part."""


def response_job(request: ResponsesRequest, engine: Engine) -> Job:
    """The request as an engine's job."""
    wanted = request.text.format
    sampling = Sampling(
        max_tokens=request.max_output_tokens or 0,
        temperature=request.temperature,
        top_p=request.top_p,
        grammar=None if wanted.type == "text" else engine.json_grammar(wanted.schema_),
    )
    prompt = engine.chat_prompt(request.messages)
    return Job(
        endpoint="responses",
        prefix="resp",
        model=request.model,
        prompts=[prompt],
        sampling=sampling,
        param="input",
    )


async def response_answer(exchange: Exchange, request: ResponsesRequest) -> Response:
    """The whole answer."""
    with exchange:
        (piece,) = await exchange.collect()
        return _response(exchange, request, piece.text, piece.finish)


async def response_events(exchange: Exchange, request: ResponsesRequest) -> AsyncGenerator[BaseModel]:
    """The events of one answer, numbered from 0."""
    number = count()
    item_id = _item_id(exchange)
    here = {**AT, "item_id": item_id}
    with exchange:
        empty = _response(exchange, request, None, None)
        yield ResponseCreatedEvent(type="response.created", response=empty, sequence_number=next(number))
        yield ResponseInProgressEvent(type="response.in_progress", response=empty, sequence_number=next(number))
        yield ResponseOutputItemAddedEvent(
            type="response.output_item.added",
            item=_message(item_id, None, None),
            output_index=0,
            sequence_number=next(number),
        )
        yield ResponseContentPartAddedEvent(
            type="response.content_part.added", part=_part(""), sequence_number=next(number), **here
        )
        text, finish = "", None
        async for _, piece in exchange.stream():
            text, finish = text + piece.text, piece.finish
            if piece.text:
                yield ResponseTextDeltaEvent(
                    type="response.output_text.delta",
                    delta=piece.text,
                    logprobs=[],
                    sequence_number=next(number),
                    **here,
                )
        yield ResponseTextDoneEvent(
            type="response.output_text.done", text=text, logprobs=[], sequence_number=next(number), **here
        )
        yield ResponseContentPartDoneEvent(
            type="response.content_part.done", part=_part(text), sequence_number=next(number), **here
        )
        yield ResponseOutputItemDoneEvent(
            type="response.output_item.done",
            item=_message(item_id, text, finish),
            output_index=0,
            sequence_number=next(number),
        )
        yield _end_event(_response(exchange, request, text, finish), next(number))


def _end_event(whole: Response, number: int) -> BaseModel:
    if whole.status == "incomplete":
        return ResponseIncompleteEvent(type="response.incomplete", response=whole, sequence_number=number)
    return ResponseCompletedEvent(type="response.completed", response=whole, sequence_number=number)


def _response(exchange: Exchange, request: ResponsesRequest, text: str | None, finish: Finish | None) -> Response:
    """The response object; `text` None while it is in progress."""
    over = text is not None
    cut = finish == "length"
    usage = exchange.usage
    return Response(
        id=exchange.id,
        object="response",
        created_at=exchange.created,
        status=("incomplete" if cut else "completed") if over else "in_progress",
        incomplete_details=IncompleteDetails(reason="max_output_tokens") if cut else None,
        error=None,
        model=exchange.job.model,
        instructions=request.instructions,
        max_output_tokens=request.max_output_tokens,
        output=[_message(_item_id(exchange), text, finish)] if over else [],
        parallel_tool_calls=False,
        tool_choice="none",
        tools=[],
        temperature=request.temperature,
        top_p=request.top_p,
        usage=ResponseUsage(
            input_tokens=usage.prompt_tokens,
            input_tokens_details=InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
            output_tokens=usage.completion_tokens,
            output_tokens_details=OutputTokensDetails(reasoning_tokens=0),
            total_tokens=usage.total_tokens,
        )
        if over
        else None,
    )


def _message(item_id: str, text: str | None, finish: Finish | None) -> ResponseOutputMessage:
    done = "incomplete" if finish == "length" else "completed"
    return ResponseOutputMessage(
        id=item_id,
        type="message",
        role="assistant",
        status="in_progress" if text is None else done,
        content=[] if text is None else [_part(text)],
    )


def _part(text: str) -> ResponseOutputText:
    return ResponseOutputText(type="output_text", text=text, annotations=[], logprobs=[])


def _item_id(exchange: Exchange) -> str:
    return exchange.id.replace("resp_", "msg_")

"""The routes that generate: chat, completions, responses. Enter at `chat_completions`."""

from functools import partial
from typing import Any

from litestar import post
from litestar.datastructures import State

from serving.chat import chat_answer, chat_chunks, chat_job
from serving.completions import completion_answer, completion_chunks, completion_job
from serving.openai_schema import ChatRequest, CompletionRequest, ResponsesRequest, check_request, read_object
from serving.responses import response_answer, response_events, response_job
from serving.routes.common import Answer, HttpRequest, as_json, caller_of, user_of
from serving.service import Service
from serving.sse import event_stream, unless_gone
from serving.upstream import forward


@post("/v1/chat/completions", status_code=200)
async def chat_completions(request: HttpRequest, state: State) -> Answer:
    """Answer a conversation."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "chat/completions")
    asked = check_request(body, ChatRequest)
    exchange = await service.open(asked.model, partial(chat_job, asked), caller, user_of(body))
    if asked.stream:
        return await event_stream(request, chat_chunks(exchange, asked))
    return as_json(await unless_gone(request, chat_answer(exchange, asked)))


@post("/v1/completions", status_code=200)
async def completions(request: HttpRequest, state: State) -> Answer:
    """Continue a text."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "completions")
    asked = check_request(body, CompletionRequest)
    exchange = await service.open(asked.model, partial(completion_job, asked), caller, user_of(body))
    if asked.stream:
        return await event_stream(
            request, completion_chunks(exchange, include_usage=asked.stream_options.include_usage)
        )
    return as_json(await unless_gone(request, completion_answer(exchange)))


@post("/v1/responses", status_code=200)
async def responses(request: HttpRequest, state: State) -> Answer:
    """Answer in the form of the Responses API."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "responses")
    asked = check_request(body, ResponsesRequest)
    exchange = await service.open(asked.model, partial(response_job, asked), caller, user_of(body))
    if asked.stream:
        return await event_stream(request, response_events(exchange, asked), named=True)
    return as_json(await unless_gone(request, response_answer(exchange, asked)))


HANDLERS: list[Any] = [chat_completions, completions, responses]

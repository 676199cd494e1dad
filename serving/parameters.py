"""Request parameters that are not implemented: harmless ones are dropped, the others refused by name.

Enter at `clean`. A parameter that would change the answer is never ignored, except at the value that means
"off". Null means absent, as OpenAI's API has it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from advisor.contracts.errors import nearest
from serving.errors import ApiError

HARMLESS = frozenset(
    {
        "metadata",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
        "max_tool_calls",
    }
)
"""They label, bill or speed up a request; its answer is the same."""

PLAIN_TEXT = {"type": "text"}
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "audio": (),
    "background": (False,),
    "background_options": (),
    "best_of": (1,),
    "context_management": ([],),
    "conversation": (),
    "echo": (False,),
    "frequency_penalty": (0,),
    "function_call": ("none", "auto"),
    "functions": ([],),
    "grammar": (),
    "guided_json": (),
    "guided_regex": (),
    "image": (),
    "include": ([],),
    "length_penalty": (1,),
    "logit_bias": ({},),
    "min_p": (0,),
    "min_tokens": (0,),
    "modalities": (["text"],),
    "moderation": (),
    "presence_penalty": (0,),
    "previous_response_id": (),
    "prompt": (),
    "prompt_cache_diagnostics": (),
    "reasoning": ({},),
    "reasoning_effort": ("none",),
    "repetition_penalty": (1,),
    "response_format": (PLAIN_TEXT,),
    "suffix": ("",),
    "text": ({}, {"format": PLAIN_TEXT}),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_k": (-1, 0),
    "truncation": ("disabled",),
    "use_beam_search": (False,),
    "verbosity": ("medium",),
    "web_search_options": (),
}
"""Parameters that change the answer, with the values at which they do not."""


def clean(body: Mapping[str, Any], implemented: Iterable[str]) -> dict[str, Any]:
    """The implemented parameters of a request body.

    Raises:
        ApiError: a parameter that changes results is not implemented, or nobody knows it.
    """
    known = set(implemented)
    kept = {}
    for name, value in body.items():
        if value is None:
            continue
        if name in known:
            kept[name] = value
        elif name not in HARMLESS:
            _refuse_unless_neutral(name, value, known)
    return kept


def _refuse_unless_neutral(name: str, value: Any, known: set[str]) -> None:
    if name not in NEUTRAL:
        near = nearest(name, known)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ApiError(400, f"Unknown parameter: '{name}'{hint}", code="unknown_parameter", param=name)
    if any(value == neutral and isinstance(value, bool) == isinstance(neutral, bool) for neutral in NEUTRAL[name]):
        return
    allowed = ", ".join(repr(neutral) for neutral in NEUTRAL[name])
    message = f"Parameter '{name}' is not supported by this server" + (f" (only {allowed})" if allowed else "")
    raise ApiError(400, f"{message}; leave it out", code="unsupported_parameter", param=name)

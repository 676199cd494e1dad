"""The headers of requests and answers in the OpenAPI document. Enter at `with_headers`."""

from typing import Any

from advisor.api.requests import REQUEST_ID_HEADER

TEXT = {"type": "string"}
REQUEST_ID = {"description": "The caller's id where it sent one, else a new one; also in the log", "schema": TEXT}
ETAG = {
    "description": "Follows from the bytes of the answer; for If-None-Match",
    "schema": TEXT,
    "example": '"5f16b1c39e1ae2f4b1ddc1a9a8a3d5c0"',
}
LOCATION = {"description": "Path of what was made", "schema": TEXT}
REPLAYED = {"description": "`true`: an earlier request with the same Idempotency-Key made it", "schema": TEXT}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETags that the caller has, separated by commas, or `*`; where one still holds: 304 and no body.",
    "schema": TEXT,
}
GIVEN_ID = {
    "name": REQUEST_ID_HEADER,
    "in": "header",
    "required": False,
    "description": "Your id of this request; letters, digits and `. _ : -`, 128 at most, else it is replaced.",
    "schema": TEXT,
    "example": "order-4711",
}
KEY_EXAMPLE = "8e03978e-40d5-43e8-bc93-6894a57f9324"

SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of `advisor keys add`"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key"},
}
SECURITY: list[dict[str, list[str]]] = [{name: []} for name in SECURITY_SCHEMES]
REFUSALS = {"401": "No valid API key, where keys are asked for", "403": "The role of the key does not suffice"}


def with_headers(paths: dict[str, Any]) -> dict[str, Any]:
    """A copy of the paths in which every header that the service reads or sends is told."""
    return {
        path: {method: _told(method, path, operation) for method, operation in item.items()}
        for path, item in paths.items()
    }


def _told(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    conditional = method == "get" and path.startswith("/v1/")
    parameters = [_with_example(row) for row in operation.get("parameters", [])]
    parameters += [GIVEN_ID, *([IF_NONE_MATCH] if conditional else [])]
    responses = {code: _answer(code, row, conditional) for code, row in operation["responses"].items()}
    if path.startswith("/v1/"):
        responses |= {code: _refusal(text) for code, text in REFUSALS.items()}
    if conditional:
        headers = {REQUEST_ID_HEADER: REQUEST_ID, "ETag": ETAG}
        responses["304"] = {"description": "What the caller has still holds", "headers": headers}
    told = {**operation, "parameters": parameters, "responses": dict(sorted(responses.items()))}
    return {**told, "security": [{}, *SECURITY]} if path.startswith("/v1/") else told


def _answer(code: str, row: dict[str, Any], conditional: bool) -> dict[str, Any]:
    headers = {**row.get("headers", {}), REQUEST_ID_HEADER: REQUEST_ID}
    if code in ("201", "202"):
        headers |= {"Location": LOCATION, "ETag": ETAG, "Idempotency-Replayed": REPLAYED}
    if code == "200" and conditional:
        headers["ETag"] = ETAG
    return {**row, "headers": headers}


def _refusal(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "headers": {REQUEST_ID_HEADER: REQUEST_ID}, "content": content}


def _with_example(parameter: dict[str, Any]) -> dict[str, Any]:
    return {**parameter, "example": KEY_EXAMPLE} if parameter["name"] == "Idempotency-Key" else parameter

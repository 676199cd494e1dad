"""Addresses of models that another server runs, read from the command line. Enter at `read_address`."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from advisor.contracts.errors import BadInput, Failed

ASK_S = 10.0
"""How long an upstream may take to list its models."""


@dataclass(frozen=True)
class UpstreamAddress:
    """Where a model is, as the command line says it."""

    model: str
    base_url: str
    key: str | None = None


def read_address(text: str, key: str | None) -> list[UpstreamAddress]:
    """`https://host/v1#MODEL`, or without `#MODEL` all models that the upstream lists.

    Raises:
        BadInput: it is no such address.
        Failed: the upstream does not answer, or lists nothing.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"MODEL {text!r}: an upstream's address begins with http:// or https://")
    if parts.username is not None or parts.query:
        raise BadInput(
            "MODEL: an upstream's address holds neither a user nor a query; keys come from --upstream-key-env"
        )
    base_url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/v1") + "/v1", "", ""))
    if parts.fragment:
        return [UpstreamAddress(parts.fragment, base_url, key)]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    import httpx

    try:
        with httpx.Client(headers=headers, timeout=ASK_S, trust_env=False) as client:
            answer = client.get(f"{base_url}/models")
            answer.raise_for_status()
            names = [str(row["id"]) for row in answer.json()["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{base_url}/models: {error}; name the model: {base_url}#MODEL") from error
    if not names:
        raise Failed(f"{base_url}/models lists no model; name one: {base_url}#MODEL")
    return [UpstreamAddress(name, base_url, key) for name in names]

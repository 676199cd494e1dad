"""OpenAI-compatible endpoints of providers, with their variables and habits, from `data/endpoints.yml`.

Enter at `preset`.
"""

from functools import lru_cache
from typing import Literal

from pydantic import TypeAdapter

from advisor.contracts.base import Contract
from advisor.contracts.errors import UnknownName
from advisor.files import data_directory, read_document

FILE = "endpoints.yml"


class EndpointRow(Contract):
    """One provider's endpoint as its documentation states it."""

    id: str
    base_url: str
    key_env: str
    """Environment variable of the key, as the provider's documentation names it."""
    role: Literal["proprietary", "hosted_open"]
    token_limit: Literal["max_tokens", "max_completion_tokens"]
    temperature: Literal["0", "default"]
    source: str
    as_of: str
    note: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """The keys of a target that it fills in."""
        return {
            "role": self.role,
            "key_env": self.key_env,
            "token_limit": self.token_limit,
            "temperature": self.temperature,
        }


def preset(provider: str) -> EndpointRow:
    """The endpoint of a provider.

    Raises:
        UnknownName: no such provider; the message lists those that there are.
    """
    rows = {row.id: row for row in _rows()}
    if provider not in rows:
        raise UnknownName("provider after @", provider, sorted(rows))
    return rows[provider]


@lru_cache(maxsize=1)
def _rows() -> tuple[EndpointRow, ...]:
    return TypeAdapter(tuple[EndpointRow, ...]).validate_python(read_document(data_directory() / FILE))

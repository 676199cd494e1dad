"""The endpoints to compare, as `--target NAME=BASE_URL[,key=value]...` or `NAME=@PROVIDER,...` says them.

Enter at `parse_targets`. A key is named by its environment variable and read when it is used; it is never
stored, printed or logged.
"""

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from advisor.baseline.endpoints import preset
from advisor.baseline.pricing import priced_models
from advisor.contracts.baseline import Target
from advisor.contracts.errors import BadInput, UnknownName

Role = Literal["in_house", "proprietary", "hosted_open"]
TokenLimitName = Literal["max_tokens", "max_completion_tokens"]
KEYS = ("model", "role", "key_env", "option", "price", "stand_in", "token_limit", "temperature")
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True)
class TargetSpec:
    """One endpoint and how to ask it."""

    name: str
    base_url: str
    role: Role
    model: str | None
    """None: the one model that the endpoint lists."""
    key_env: str | None
    option_id: str | None
    price_model: str | None
    stand_in: bool
    token_limit: TokenLimitName
    """Name under which the endpoint takes the limit of answer tokens; some know only one of the two."""
    temperature: float | None
    """0, or None for endpoints that take their own temperature alone."""

    def api_key(self, environment: Mapping[str, str]) -> str:
        """The key to send; endpoints without keys get a placeholder, since the client insists on one."""
        return environment[self.key_env] if self.key_env else "unused"

    def as_target(self, model: str) -> Target:
        """The endpoint as the report names it."""
        return Target(
            name=self.name,
            role=self.role,
            stand_in=self.stand_in,
            model=model,
            base_url=self.base_url,
            option_id=self.option_id,
            price_model=self.price_model,
        )


def parse_targets(texts: Sequence[str], environment: Mapping[str, str] = os.environ) -> tuple[TargetSpec, ...]:
    """Read all `--target` values.

    Raises:
        BadInput: a value breaks the form, a name is taken twice, or a key's environment variable is not set.
    """
    specs = tuple(_parse(text, environment) for text in texts)
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"--target: the name {twice[0]!r} is given twice; results are told apart by name")
    return specs


def _parse(text: str, environment: Mapping[str, str]) -> TargetSpec:
    head, *pairs = text.split(",")
    name, equals, base_url = head.partition("=")
    if not equals or not NAME.match(name):
        raise BadInput(f"--target {text!r}: expected NAME=BASE_URL[,key=value]..., the name in letters, digits, . _ -")
    given = _pairs(pairs, f"--target {name}")
    if base_url.startswith("@"):
        base_url, given = _from_preset(base_url[1:], given, name)
    parts = _checked_url(base_url, f"--target {name}")
    key_env = given.get("key_env")
    if key_env is not None and not environment.get(key_env):
        raise BadInput(
            f"--target {name}: key_env: the environment variable {key_env} is not set (export {key_env}=...)"
        )
    role = given.get("role") or ("in_house" if _is_this_machine(parts) else "proprietary")
    return TargetSpec(
        name=name,
        base_url=base_url.rstrip("/"),
        role=cast(Role, _choice(role, get_args(Role), f"role of target {name}")),
        model=given.get("model"),
        key_env=key_env,
        option_id=given.get("option"),
        price_model=given.get("price"),
        stand_in=_choice(given.get("stand_in", "false"), ("true", "false"), f"stand_in of target {name}") == "true",
        token_limit=cast(
            TokenLimitName,
            _choice(given.get("token_limit", "max_tokens"), get_args(TokenLimitName), f"token_limit of target {name}"),
        ),
        temperature=_temperature(given.get("temperature", "0"), name),
    )


def _from_preset(provider: str, given: dict[str, str], name: str) -> tuple[str, dict[str, str]]:
    """The provider's address and habits; what the user says counts more. The price is that of the model's name."""
    row = preset(provider)
    if "model" not in given:
        raise BadInput(f"--target {name}: name the model: {name}=@{provider},model=...")
    priced = f"{provider}/{given['model']}"
    price = {"price": priced} if priced in priced_models() else {}
    return row.base_url, row.settings | price | given


def _pairs(pairs: Sequence[str], where: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not value:
            raise BadInput(f"{where}: {pair!r}: expected key=value with one of: {', '.join(KEYS)}")
        if key not in KEYS:
            raise UnknownName(f"key of {where}", key, KEYS)
        if key in given:
            raise BadInput(f"{where}: key {key!r} is given twice")
        given[key] = value
    return given


def _choice(value: str, legal: Sequence[str], what: str) -> str:
    if value not in legal:
        raise UnknownName(what, value, legal)
    return value


def _temperature(value: str, name: str) -> float | None:
    return 0.0 if _choice(value, ("0", "default"), f"temperature of target {name}") == "0" else None


def _checked_url(base_url: str, where: str) -> str:
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"{where}: {base_url!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(f"{where}: {base_url!r} is no address; expected for example http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query:
        raise BadInput(
            f"{where}: leave user, password and query out of the address; name the key with key_env=VARIABLE"
        )
    return host


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

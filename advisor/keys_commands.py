"""`advisor keys`: make, list and revoke the API keys of the service. Enter at `add_parser`."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from advisor.store_commands import Verbs, add_address, run, say

if TYPE_CHECKING:
    from advisor.store import Store


def add_parser(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `advisor keys`."""
    parser = verbs.add_parser(
        "keys",
        help="make, list and revoke the API keys of the service",
        description="With the first key the service asks everybody for one. Documents from before belong to the "
        "tenant `local`. To rotate, make a new key under a new name, then revoke the old one.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key; it is printed once and cannot be read again")
    add.add_argument("--name", required=True, help="of the key, for the audit trail and for revoking it")
    add.add_argument("--tenant", required=True, help="whose documents it reads and writes")
    add.add_argument("--role", required=True, help="manager, procurement, engineer, auditor or admin")
    add.add_argument("--expires", metavar="DATE", help="such as 2027-01-31 (default: never)")
    add.set_defaults(handler=lambda arguments: run(arguments, _add_key))
    listing = actions.add_parser("list", help="all keys, without the keys themselves")
    listing.set_defaults(handler=lambda arguments: run(arguments, _list_keys))
    revoke = actions.add_parser("revoke", help="take a key back; servers refuse it after two seconds")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(handler=lambda arguments: run(arguments, _revoke_key))
    for action in (add, listing, revoke):
        add_address(action)


async def _add_key(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.keys import KeyRing

    await store.open()
    expires_at = _moment(arguments.expires)
    given = {"name": arguments.name, "tenant": arguments.tenant, "role": arguments.role}
    key = await KeyRing(store).add(**given, expires_at=expires_at)
    say(arguments, key, {**given, "expires_at": _text(expires_at), "key": key})
    return 0


async def _list_keys(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.keys import KeyRing

    await store.open()
    rows = [
        {
            "name": row.name,
            "tenant": row.tenant,
            "role": row.role,
            "created_at": _text(row.created_at),
            "expires_at": _text(row.expires_at),
            "revoked_at": _text(row.revoked_at),
        }
        for row in await KeyRing(store).keys()
    ]
    lines = ["  ".join(f"{name} {value or '-'}" for name, value in row.items()) for row in rows]
    say(arguments, "\n".join(lines) or "no keys: the service is open", {"keys": rows})
    return 0


async def _revoke_key(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.keys import KeyRing

    await store.open()
    await KeyRing(store).revoke(arguments.name)
    say(arguments, f"{arguments.name}: revoked", {"name": arguments.name, "revoked": True})
    return 0


def _moment(text: str | None) -> datetime | None:
    from advisor.contracts.errors import BadInput

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--expires {text!r}: expected a date such as 2027-01-31") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")

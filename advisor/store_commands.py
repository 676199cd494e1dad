"""`advisor db`, `advisor audit` and `advisor keys`: schema, trail and keys of the service's store.

Enter at `add_parsers`.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.store import Store

BACKUP = "The file is gzipped JSON, a line a row, with hashes of keys and no keys; a backup of SQLite may be restored "
BACKUP += "into PostgreSQL and the other way round. Check it with `advisor audit verify`."
Verbs = argparse._SubParsersAction


def add_parsers(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verbs that work on the store itself."""
    parser = verbs.add_parser("db", help="bring the store's tables up to date, or see how far they are")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    upgrade = actions.add_parser("upgrade", help="apply the waiting migrations; `advisor serve` does so on its own")
    upgrade.set_defaults(handler=lambda arguments: run(arguments, _upgrade))
    status = actions.add_parser("status", help="say how far the tables are; exit code 1 when they are behind")
    status.set_defaults(handler=lambda arguments: run(arguments, _status))
    backup = actions.add_parser(
        "backup", help="write all rows to one file as of one moment; servers go on", description=BACKUP
    )
    backup.set_defaults(handler=lambda arguments: run(arguments, _backup))
    restore = actions.add_parser(
        "restore", help="read a backup into an empty database of either kind", description=BACKUP
    )
    restore.set_defaults(handler=lambda arguments: run(arguments, _restore))
    for action in (backup, restore):
        action.add_argument("file", type=Path, metavar="FILE")
    for action in (upgrade, status, backup, restore):
        add_address(action)
    _add_audit(verbs)
    _add_keys(verbs)


def _add_audit(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("audit", help="check that nobody changed what was stored")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify",
        help="walk the audit trail and name its first break",
        description="Checks every hash of the trail, and every stored document against it. Exit code 1 at the first "
        "break. The chain alone cannot tell that its end was cut off: note the printed hash elsewhere, and give it "
        "the next time as --head.",
    )
    add_address(verify)
    verify.add_argument("--head", metavar="SHA256", help="hash that an earlier walk has printed")
    verify.set_defaults(handler=lambda arguments: run(arguments, _verify))


def _add_keys(verbs: "Verbs[argparse.ArgumentParser]") -> None:
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


def add_address(parser: argparse.ArgumentParser) -> None:
    """Options that every verb of the store has."""
    parser.add_argument("--database-url", metavar="URL", help="of the store (default: DATABASE_URL, else SQLite)")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(
    arguments: argparse.Namespace, action: "Callable[[Store, argparse.Namespace], Coroutine[Any, Any, int]]"
) -> int:
    """Work on the store, and close it."""
    from advisor.store import Store

    async def whole() -> int:
        store = Store(arguments.database_url or os.environ.get("DATABASE_URL"))
        try:
            return await action(store, arguments)
        finally:
            await store.close()

    return asyncio.run(whole())


def say(arguments: argparse.Namespace, text: str, facts: dict[str, Any]) -> None:
    """Print the result in the form that was asked for."""
    sys.stdout.write((json.dumps(facts) if arguments.format == "json" else text) + "\n")


async def _upgrade(store: "Store", arguments: argparse.Namespace) -> int:
    before = await store.open()
    done = f"{before.current or 'nothing'} -> {before.newest}" if before.is_behind else "nothing to do"
    facts = {"address": store.address, "before": before.current, "newest": before.newest}
    say(arguments, f"{store.address}: {done}", facts)
    return 0


async def _status(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.schema import state_of

    state = await store.inspect(state_of)
    text = f"at {state.current or 'nothing'}, this program knows {state.newest}"
    hint = "; bring it up to date: advisor db upgrade" if state.is_behind else ""
    facts = {"address": store.address, "current": state.current, "newest": state.newest, "behind": state.is_behind}
    say(arguments, f"{store.address}: {text}{hint}", facts)
    return 1 if state.is_behind else 0


async def _backup(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.backup import backup

    count = await backup(store, arguments.file)
    say(arguments, f"{count} rows written to {arguments.file}", {"rows": count, "file": str(arguments.file)})
    return 0


async def _restore(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.store.backup import restore

    store.make_folder()
    count = await restore(store, arguments.file)
    say(arguments, f"{count} rows read from {arguments.file}", {"rows": count, "file": str(arguments.file)})
    return 0


async def _verify(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.contracts.errors import Failed
    from advisor.store.audit import verify
    from advisor.store.schema import state_of

    if (await store.inspect(state_of)).is_behind:
        raise Failed(f"the store {store.address} has no trail yet; bring it up to date: advisor db upgrade")
    found = await verify(store, head_sha256=arguments.head)
    broken = found.first_break
    facts = {
        "intact": broken is None,
        "entries": found.entries,
        "head_sha256": found.head_sha256,
        "first_break": None if broken is None else {"sequence": broken.sequence, "reason": broken.reason},
    }
    if broken is None:
        say(arguments, f"{found.entries} entries, intact; head {found.head_sha256}", facts)
        return 0
    where = "" if broken.sequence is None else f"entry {broken.sequence}: "
    say(arguments, f"broken: {where}{broken.reason}\n{found.entries} entries before it hold", facts)
    return 1


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

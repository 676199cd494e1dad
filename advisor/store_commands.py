"""`advisor db` and `advisor audit`: schema, backup, retention and trail of the service's store.

Enter at `add_parsers`.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.store import Kind, Store

KINDS: "tuple[Kind, ...]" = ("case", "assessment", "measurement", "calibration", "job")
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
    purge = actions.add_parser(
        "purge",
        help="delete what is older than the retention period",
        description="The audit trail keeps the hash of each document, and that it was deleted.",
    )
    purge.add_argument("--older-than-days", type=int, required=True, metavar="DAYS")
    purge.add_argument("--kind", choices=KINDS, action="append", help="again for several (default: all)")
    purge.add_argument("--tenant", help="of this tenant alone (default: of all)")
    purge.add_argument("--dry-run", action="store_true", help="say what would be deleted")
    purge.set_defaults(handler=lambda arguments: run(arguments, _purge))
    for action in (upgrade, status, backup, restore, purge):
        add_address(action)
    _add_audit(verbs)


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


def add_address(parser: argparse.ArgumentParser) -> None:
    """Options that every verb of the store has."""
    parser.add_argument("--database-url", metavar="URL", help="of the store (default: DATABASE_URL, else SQLite)")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(
    arguments: argparse.Namespace, action: "Callable[[Store, argparse.Namespace], Coroutine[Any, Any, int]]"
) -> int:
    """Work on the store, and close it."""
    from advisor.store import Store
    from advisor.store.address import url_of_environment

    async def whole() -> int:
        store = Store(arguments.database_url or url_of_environment())
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


async def _purge(store: "Store", arguments: argparse.Namespace) -> int:
    from advisor.contracts.errors import BadInput
    from advisor.store import Origin
    from advisor.store.keys import COMMAND_LINE

    if arguments.older_than_days < 0:
        raise BadInput(f"--older-than-days {arguments.older_than_days}: must not be negative")
    await store.open()
    before = store.clock() - timedelta(days=arguments.older_than_days)
    counts = {}
    chosen: tuple[Kind, ...] = tuple(arguments.kind or KINDS)
    for kind in chosen:
        found = await store.older_than(kind, before, tenant=arguments.tenant)
        for identity, tenant in [] if arguments.dry_run else found:
            await store.delete(kind, identity, Origin(COMMAND_LINE, tenant=tenant, actor=COMMAND_LINE))
        counts[kind] = len(found)
    done = "would be deleted" if arguments.dry_run else "deleted"
    text = "\n".join(f"{kind}s: {count} {done}" for kind, count in counts.items())
    say(arguments, text, {"deleted": counts, "dry_run": arguments.dry_run})
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

"""`advisor db`: the schema of the service's store. Enter at `add_parsers`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.store import Store

Verbs = argparse._SubParsersAction


def add_parsers(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verbs that work on the store itself."""
    parser = verbs.add_parser("db", help="bring the store's tables up to date, or see how far they are")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    upgrade = actions.add_parser("upgrade", help="apply the waiting migrations; `advisor serve` does so on its own")
    upgrade.set_defaults(handler=lambda arguments: run(arguments, _upgrade))
    status = actions.add_parser("status", help="say how far the tables are; exit code 1 when they are behind")
    status.set_defaults(handler=lambda arguments: run(arguments, _status))
    for action in (upgrade, status):
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

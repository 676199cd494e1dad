"""`serving keys`: make, list and take back API keys, and set what their tenants may use up. Enter at `add_keys`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from serving.bench_cli import positive

EXAMPLES = """\
examples:
  serving keys add --name shop-backend --tenant shop --tokens-per-day 2000000 --requests-per-minute 120
  serving keys add --name prometheus --tenant operations --role monitor
  serving keys list
  serving keys revoke shop-backend
  serving up runs/demo/model --keys runs/serving/keys.yaml --input-price 0.4 --output-price 1.2

The key is shown once; the file keeps its hash. A running server takes changes over at the next request.
"""


def add_keys(commands: Any) -> None:
    """Add the verb `keys` and its actions."""
    keys = commands.add_parser(
        "keys",
        help="make and take back API keys",
        description="Manages the API keys of `serving up --keys FILE`.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key", description="Makes a key and shows it, once.")
    add.add_argument("--name", required=True, help="of the key, for records and for taking it back")
    add.add_argument("--tenant", required=True, help="who shares a quota")
    add.add_argument("--role", choices=("user", "monitor", "admin"), default="user", help="default: %(default)s")
    add.add_argument("--expires", metavar="DATE", help="day from which it is refused, such as 2027-01-31")
    add.add_argument("--requests-per-minute", type=positive, metavar="N", help="of the tenant")
    add.add_argument("--tokens-per-day", type=positive, metavar="N", help="of the tenant, prompt and answer")
    add.add_argument("--cost-per-month", type=_money, metavar="M", help="of the tenant, at the prices of serving up")
    _add_file(add)
    add.set_defaults(run=_add)
    listing = actions.add_parser("list", help="names, tenants, roles and quotas", description="Lists the keys.")
    _add_file(listing)
    listing.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="take a key back", description="Takes a key back.")
    revoke.add_argument("name", metavar="NAME", help="of the key")
    _add_file(revoke)
    revoke.set_defaults(run=_revoke)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", type=Path, default=Path("runs/serving/keys.yaml"), help="file of the keys (default: %(default)s)"
    )


def _add(arguments: argparse.Namespace) -> int:
    from serving.access import Quota, add_key

    quota = Quota(
        requests_per_minute=arguments.requests_per_minute,
        tokens_per_day=arguments.tokens_per_day,
        cost_per_month=arguments.cost_per_month,
    )
    key = add_key(
        arguments.file,
        name=arguments.name,
        tenant=arguments.tenant,
        role=arguments.role,
        quota=quota if quota != Quota() else None,
        expires_at=arguments.expires,
    )
    sys.stderr.write(f"the key of {arguments.name}, shown this once:\n")
    sys.stdout.write(f"{key}\n")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from serving.access import read_keys

    file = read_keys(arguments.file)
    for key in file.keys:
        quota = file.quotas.get(key.tenant)
        limits = [] if quota is None else [f"{name} {value:g}" for name, value in quota if value is not None]
        until = f", until {key.expires_at}" if key.expires_at is not None else ""
        sys.stdout.write(f"{key.name}: tenant {key.tenant}, {key.role}{until}; {', '.join(limits) or 'no limit'}\n")
    if not file.keys:
        sys.stdout.write(f"{arguments.file} holds no key\n")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from serving.access import revoke_key

    revoke_key(arguments.file, arguments.name)
    sys.stdout.write(f"{arguments.name} is refused from now on\n")
    return 0


def _money(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of money above 0")
    return value

"""The `serving` program: `up` serves models, `bench` measures a server, `usage` sums its records up.

Enter at `main`.
"""

import argparse
import sys

from advisor.exits import exit_code
from serving.bench_cli import add_bench, add_usage
from serving.keys_cli import add_keys
from serving.up_cli import EXAMPLES, add_up


def main(argv: list[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: int(arguments.run(arguments)))


def entry() -> None:
    """Console script."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serving",
        description="Serve language models over OpenAI's HTTP API, and measure such a server.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    add_up(commands)
    add_bench(commands)
    add_usage(commands)
    add_keys(commands)
    return parser

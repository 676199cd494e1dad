"""The `serving` program: `up` serves models, `bench` measures a server, `usage` sums its records up.

Enter at `main`.
"""

import argparse
import os
import sys
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.exits import exit_code
from serving.bench_cli import add_bench, add_usage, positive
from serving.keys_cli import add_keys

EXAMPLES = """\
examples:
  serving up runs/demo/model                      one model on http://127.0.0.1:8000/v1
  serving up runs/a/model runs/b/model --name a --name b
  serving up http://127.0.0.1:8001/v1#Qwen/Qwen3-8B --name house    keys, quotas and records in front of vLLM
  serving up --engine echo --port 0               no model: repeats the user's words, on a free port
  serving bench http://127.0.0.1:8000 --concurrency 1 4 16 --output runs/bench.json --plot runs/bench.png
  serving usage runs/serving --output runs/usage.json

with the openai package:
  client = openai.OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
  client.chat.completions.create(model="model", messages=[{"role": "user", "content": "Hello"}])
"""


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
    _add_up(commands)
    add_bench(commands)
    add_usage(commands)
    add_keys(commands)
    return parser


def _add_up(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    up = commands.add_parser(
        "up",
        help="serve one model or several",
        description="Serve model directories (config.json, tokenizer.json, *.safetensors) until Ctrl-C. Without "
        "--keys anybody who reaches the address may ask: keep --host at 127.0.0.1 then.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    up.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        help="run or model directory, or an upstream such as http://127.0.0.1:8001/v1#NAME (vLLM and the like)",
    )
    up.add_argument("--name", action="append", default=[], help="name for clients, once per model (default: directory)")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    up.add_argument("--port", type=_port, default=8000, help="port, 0 for a free one (default: %(default)s)")
    up.add_argument("--threads", type=positive, help="CPU threads per forward pass (default: the free cores)")
    up.add_argument("--engine", choices=("transformers", "echo"), default="transformers", help="what answers")
    up.add_argument(
        "--records",
        type=Path,
        default=Path("runs/serving"),
        help="directory of usage.jsonl and feedback.jsonl (default: %(default)s)",
    )
    up.add_argument(
        "--drain-s",
        type=_whole,
        default=5,
        help="seconds that running answers have to finish after Ctrl-C (default: %(default)s)",
    )
    up.add_argument(
        "--upstream-key-env", metavar="NAME", help="environment variable that holds the key of the upstreams"
    )
    up.add_argument("--keys", type=Path, metavar="FILE", help="ask for API keys: serving keys add --file FILE ...")
    up.add_argument("--input-price", type=_price, metavar="P", help="price of a million prompt tokens, for records")
    up.add_argument("--output-price", type=_price, metavar="P", help="price of a million generated tokens")
    up.add_argument("--currency", default="EUR", help="of these prices (default: %(default)s)")
    up.set_defaults(run=_up)


def _up(arguments: argparse.Namespace) -> int:
    from serving.quota import Prices
    from serving.server import ServerSettings, up

    if (arguments.input_price is None) is not (arguments.output_price is None):
        raise BadInput("--input-price and --output-price: give both or neither")

    return up(
        ServerSettings(
            models=arguments.models,
            names=arguments.name,
            host=arguments.host,
            port=arguments.port,
            threads=arguments.threads,
            engine=arguments.engine,
            records=arguments.records,
            keys=arguments.keys,
            upstream_key=_secret(arguments.upstream_key_env),
            prices=Prices(
                input_per_mtok=arguments.input_price,
                output_per_mtok=arguments.output_price,
                currency=arguments.currency,
            ),
            drain_s=arguments.drain_s,
        )
    )


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _secret(name: str | None) -> str | None:
    if name is None:
        return None
    if not os.environ.get(name):
        raise BadInput(f"--upstream-key-env {name}: this environment variable is not set")
    return os.environ[name]


def _price(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of money")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)

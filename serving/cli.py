"""The `serving` program: `up` serves models, `bench` measures a server. Enter at `main`."""

import argparse
import sys
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.exits import exit_code

EXAMPLES = """\
examples:
  serving up runs/demo/model                      one model on http://127.0.0.1:8000/v1
  serving up runs/a/model runs/b/model --name a --name b
  serving up --engine echo --port 0               no model: repeats the user's words, on a free port
  serving bench http://127.0.0.1:8000 --requests 64 --concurrency 8

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
    _add_bench(commands)
    return parser


def _add_up(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    up = commands.add_parser(
        "up",
        help="serve one model or several",
        description="Serve model directories (config.json, tokenizer.json, *.safetensors) until Ctrl-C. There is "
        "no access control: keep --host at 127.0.0.1 or put a gateway in front.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    up.add_argument("models", metavar="MODEL_DIR", nargs="*", type=Path, help="directory with the weights")
    up.add_argument("--name", action="append", default=[], help="name for clients, once per model (default: directory)")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    up.add_argument("--port", type=_port, default=8000, help="port, 0 for a free one (default: %(default)s)")
    up.add_argument("--threads", type=_positive, help="CPU threads per forward pass (default: the free cores)")
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
    up.set_defaults(run=_up)


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    bench = commands.add_parser(
        "bench",
        help="measure a server",
        description="Time streamed chat requests: time to first token, time per output token, tokens per second.",
    )
    bench.add_argument("url", metavar="URL", help="address of the server, with or without /v1")
    bench.add_argument("--requests", type=_positive, default=32, help="requests in all (default: %(default)s)")
    bench.add_argument("--concurrency", type=_positive, default=4, help="at the same time (default: %(default)s)")
    bench.add_argument("--model", help="model to ask (default: the server's first)")
    bench.add_argument("--max-tokens", type=_positive, default=64, help="longest answer (default: %(default)s)")
    bench.add_argument("--prompt", default="Tell me what you know about the number", help="text, a number is added")
    bench.add_argument("--format", choices=("table", "json"), default="table", help="form of the result")
    bench.set_defaults(run=_bench)


def _up(arguments: argparse.Namespace) -> int:
    from serving.server import ServerSettings, up

    return up(
        ServerSettings(
            models=arguments.models,
            names=arguments.name,
            host=arguments.host,
            port=arguments.port,
            threads=arguments.threads,
            engine=arguments.engine,
            records=arguments.records,
            drain_s=arguments.drain_s,
        )
    )


def _bench(arguments: argparse.Namespace) -> int:
    if not arguments.url.startswith(("http://", "https://")):
        raise BadInput(f"URL {arguments.url!r}: must begin with http:// or https://")
    from serving.bench import BenchSettings, bench

    return bench(
        BenchSettings(
            url=arguments.url,
            requests=arguments.requests,
            concurrency=arguments.concurrency,
            model=arguments.model,
            max_tokens=arguments.max_tokens,
            prompt=arguments.prompt,
            as_json=arguments.format == "json",
        )
    )


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)

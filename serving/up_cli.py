"""The verb `serving up`: its options, and what becomes of them. Enter at `add_up`."""

import argparse
import os
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from serving.bench_cli import positive

EXAMPLES = """\
examples:
  serving up runs/demo/model                      one model on http://127.0.0.1:8000/v1
  serving up runs/a/model runs/b/model --name a --name b
  serving up runs/base/model --adapter law=runs/law --adapter shop=runs/shop    one set of weights
  serving up http://127.0.0.1:8001/v1#Qwen/Qwen3-8B --name house    keys, quotas and records in front of vLLM
  serving up --engine echo --port 0               no model: repeats the user's words, on a free port
  serving bench http://127.0.0.1:8000 --concurrency 1 4 16 --output runs/bench.json --plot runs/bench.png
  serving usage runs/serving --output runs/usage.json

with the openai package:
  client = openai.OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
  client.chat.completions.create(model="model", messages=[{"role": "user", "content": "Hello"}])
"""


def add_up(commands: Any) -> None:
    """Add the verb `up`."""
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
    up.add_argument(
        "--adapter",
        action="append",
        type=_named_directory,
        default=[],
        metavar="NAME=DIR",
        help="LoRA directory, or the run that wrote it, over the one model directory, under its own name; repeat it",
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
        "--keep-traffic",
        type=positive,
        metavar="DAYS",
        help="keep prompts and answers for so many days, then delete them (default: no word is kept); they may hold "
        "personal data, so tell your users",
    )
    up.add_argument(
        "--sample", type=_share, metavar="FRACTION", help="share of the requests kept by --keep-traffic (default: 1)"
    )
    up.add_argument(
        "--drift-every-h",
        type=_above_zero,
        metavar="H",
        help="compare the last 7 days with all before so often, as `serving drift` does, for /metrics and alerts.jsonl",
    )
    up.add_argument(
        "--model-root",
        type=Path,
        metavar="DIR",
        help="let administrators load new versions from below this directory: POST /v1/admin/models/NAME/versions",
    )
    up.add_argument(
        "--timeout-s", type=_above_zero, metavar="S", help="longest time from request to end of answer (default: none)"
    )
    up.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="text: what is out of the ordinary; json: also a line per request, without its words (default: text)",
    )
    up.add_argument(
        "--hang-s",
        type=_above_zero,
        default=300.0,
        metavar="S",
        help="longest forward pass; then the engine is restarted (default: %(default)g)",
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
    if arguments.sample is not None and arguments.keep_traffic is None:
        raise BadInput("--sample: goes with --keep-traffic DAYS")

    return up(
        ServerSettings(
            models=arguments.models,
            names=arguments.name,
            adapters=arguments.adapter,
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
            hang_s=arguments.hang_s,
            timeout_s=arguments.timeout_s,
            log_format=arguments.log_format,
            model_root=arguments.model_root,
            keep_days=arguments.keep_traffic,
            drift_every_h=arguments.drift_every_h,
            sample_fraction=1.0 if arguments.sample is None else arguments.sample,
        )
    )


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0 and at most 1")
    return value


def _named_directory(text: str) -> tuple[str, Path]:
    name, _, directory = text.partition("=")
    if not name or not directory:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR")
    return name, Path(directory)


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

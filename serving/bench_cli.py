"""The verbs `serving bench` and `serving usage`: their options, and what becomes of them.

Enter at `add_bench` and `add_usage`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput

Commands = Any
PROMPT = "Tell me what you know about the number"
BENCH_EXAMPLES = """\
examples:
  serving bench http://127.0.0.1:8000
  serving bench http://127.0.0.1:8000 --concurrency 1 4 16 --requests 64 --plot runs/bench.png
  serving bench http://127.0.0.1:8000 --rate 0.5 2 --prompts questions.txt --max-tokens 200
  serving bench https://example.org/v1 --model NAME --output runs/bench.json    (key: OPENAI_API_KEY)

The measurement of --output corrects the advisor: advisor calibrate runs/bench.json
"""


def add_bench(commands: Commands) -> None:
    """Add the verb `bench`."""
    bench = commands.add_parser(
        "bench",
        help="measure a server",
        description="Time streamed chat requests at one load or several: time to first token, time per output token, "
        "tokens per second, errors, and on request the energy of this machine's accelerators.",
        epilog=BENCH_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bench.add_argument("url", metavar="URL", help="address of the server, with or without /v1")
    bench.add_argument("--requests", type=positive, default=32, help="requests a load (default: %(default)s)")
    bench.add_argument(
        "--concurrency", type=positive, nargs="+", metavar="N", help="requests kept in work, a load each (default: 4)"
    )
    bench.add_argument(
        "--rate", type=_rate, nargs="+", default=[], metavar="R", help="arrivals per second (Poisson), a load each"
    )
    bench.add_argument("--model", help="model to ask (default: the server's first)")
    bench.add_argument("--max-tokens", type=positive, default=64, help="longest answer (default: %(default)s)")
    bench.add_argument("--prompt", default=PROMPT, help="text, a number is added (default: %(default)r)")
    bench.add_argument("--prompts", type=Path, metavar="FILE", help="prompts of a text file, one a line, in turn")
    bench.add_argument("--warmup", type=_whole, default=1, help="requests before the first load (default: %(default)s)")
    bench.add_argument(
        "--energy", action="store_true", help="measure this machine's accelerators (the server runs here)"
    )
    bench.add_argument("--plot", type=Path, metavar="FILE", help="picture of the loads, PNG or SVG")
    _add_realised(bench)
    bench.set_defaults(run=_bench)


def add_usage(commands: Commands) -> None:
    """Add the verb `usage`."""
    usage = commands.add_parser(
        "usage",
        help="sum up the usage records of a server",
        description="Turns the usage records of `serving up` into a measurement that the advisor takes.",
    )
    usage.add_argument("records", type=Path, metavar="RECORDS", help="usage.jsonl, or the directory that holds it")
    usage.add_argument("--model", help="whose records (needed where there are several models)")
    _add_realised(usage)
    usage.set_defaults(run=_usage)


def _add_realised(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the measurement for the advisor")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="form of the result")
    about = parser.add_argument_group("what was served (for the measurement)")
    about.add_argument("--option", metavar="ID", help="option of an assessment that it realises")
    about.add_argument("--base-model", metavar="ID", help="catalogue id of the model: advisor catalog list models")
    about.add_argument("--parameters", type=positive, metavar="N", help="parameters of the model")
    about.add_argument("--engine-name", metavar="NAME", help="software that served it, with its version")
    about.add_argument("--accelerator", metavar="ID", help="catalogue id: advisor catalog list accelerators")
    about.add_argument("--accelerator-count", type=positive, metavar="N", help="accelerators (default: 1 if named)")
    about.add_argument("--here", action="store_true", help="it was served on this machine: note its processor")


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _bench(arguments: argparse.Namespace) -> int:
    if not arguments.url.startswith(("http://", "https://")):
        raise BadInput(f"URL {arguments.url!r}: must begin with http:// or https://")
    from serving.bench import BenchSettings, bench, read_prompts

    given = arguments.concurrency or ([] if arguments.rate else [4])
    return bench(
        BenchSettings(
            url=arguments.url,
            requests=arguments.requests,
            concurrencies=given,
            rates_per_s=arguments.rate,
            model=arguments.model,
            max_tokens=arguments.max_tokens,
            prompts=read_prompts(arguments.prompts) if arguments.prompts is not None else [arguments.prompt],
            warmup=arguments.warmup,
            energy=arguments.energy,
            output=arguments.output,
            plot=arguments.plot,
            realised=_realised(arguments, here=arguments.here or arguments.energy),
            as_json=arguments.format == "json",
        )
    )


def _usage(arguments: argparse.Namespace) -> int:
    from advisor.files import write_contract
    from serving.measured import measurement_of_usage, read_usage

    found = measurement_of_usage(
        read_usage(arguments.records), _realised(arguments, here=arguments.here), arguments.model
    )
    if arguments.output is not None:
        write_contract(arguments.output, found)
        sys.stderr.write(f"measurement: {arguments.output}\n")
    if arguments.format == "json":
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return 0
    (load,) = found.loads
    energy = f"{load.energy_j:,.0f} J" if load.energy_j is not None else f"not known: {load.energy_note}"
    known = [(name, q) for name, q in (("first token", load.ttft_ms), ("per token", load.tpot_ms)) if q is not None]
    times = [f"{name} {q.p50:.0f} / {q.p95:.0f} ms" for name, q in known]
    sys.stdout.write(
        f"{found.model}: {load.requests} requests, {load.errors} failed, in {load.duration_s:.1f} busy seconds\n"
        f"{load.prompt_tokens:,} prompt and {load.output_tokens:,} output tokens, "
        f"{load.output_tokens_per_s:.1f} tokens/s, {load.num_concurrent_mean or 0:.1f} requests in work\n"
        f"{', '.join(times) or 'times not known'} (p50 / p95)\nenergy {energy}\n"
    )
    return 0


def _realised(arguments: argparse.Namespace, *, here: bool) -> Any:
    from serving.measured import Realised

    if arguments.accelerator is None and arguments.accelerator_count is not None:
        raise BadInput("--accelerator-count: goes with --accelerator ID")
    name = None
    if here:
        from trainer.environment import processor

        name = processor()
    return Realised(
        option_id=arguments.option,
        base_model=arguments.base_model,
        parameters=arguments.parameters,
        engine=arguments.engine_name,
        processor=name,
        accelerator=arguments.accelerator,
        accelerator_count=(arguments.accelerator_count or 1) if arguments.accelerator is not None else 0,
    )


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of arrivals per second above 0")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)

"""`advisor estimate`: one request a line in, one estimate a line out, in order.

Enter at `add_parser`. A line that cannot be estimated answers `{id, error}` in its place, and the exit code is 1.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import Estimate, EstimateError
from advisor.estimate.answers import Answer, answer_in_place, answer_of, answer_text

EPILOG = """examples:
  advisor estimate training --jsonl runs.jsonl
  advisor estimate memory --jsonl - < request.jsonl
  echo '{"id": "mine", "kind": "lora", "model": "Llama 3.1 8B", "accelerator": "L40S", "samples": 5000, "epochs": 3,
         "seq_len": 1024, "batch": 8, "year": 2026}' | tr -d '\\n' | advisor estimate training --jsonl -

keys of a training request: id, kind (pretrain, continued_pretrain, full_ft, lora, qlora, reward_model, dpo, ppo, grpo;
  throughput: steps alone; memory: peak memory alone), model, params_b, active_params_b, tokens_b or samples and epochs,
  seq_len, batch, accelerator, accelerator_count, precision, year
keys of a serving request: id, kind (throughput, latency, energy, power, api_energy), model, params_b, active_params_b,
  precision, engine, accelerator, accelerator_count, batch_or_concurrency, input_len, output_len, year
an accelerator that the catalogue does not know: add peak_flop_per_s (dense, 16 bit), memory_bytes,
  bandwidth_bytes_per_s, tdp_w from its datasheet
a row of data/hindcast/ is a request as it stands; its published figures are set aside

exit codes: 0 every line was estimated, 1 some line answered {id, error}, 2 the file cannot be read
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `estimate`."""
    parser = verbs.add_parser(
        "estimate",
        help="hours, memory, speed, energy and money of single runs or servers, as P5, P50, P95",
        description="Reads one JSON request a line and prints one JSON estimate a line, in the same order.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("topic", choices=("training", "memory", "serving"))
    parser.add_argument("--jsonl", type=Path, required=True, metavar="FILE", help="requests, one a line; - reads stdin")
    parser.add_argument("--draws", type=int, default=1000, help="simulated values behind each interval (default 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws (default 0)")
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from advisor.catalog.load import load_catalog

    if arguments.draws < 100:
        raise BadInput(f"--draws: at least 100 are needed for P5 and P95, got {arguments.draws}")
    lines = list(_lines(arguments.jsonl))
    answer = answer_of(arguments.topic, load_catalog(), draws=arguments.draws, seed=arguments.seed)
    failed = False
    for number, line in lines:
        result = answer_line(line, number, answer)
        failed = failed or isinstance(result, EstimateError)
        sys.stdout.write(answer_text(result) + "\n")
    return 1 if failed else 0


def answer_line(line: str, number: int, answer: Answer) -> Estimate | EstimateError:
    """The estimate of one line, or what is wrong with it."""
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        return EstimateError(id=None, line=number, error=f"not valid JSON: {error}")
    return answer_in_place(document, number, answer)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"--jsonl: {path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--jsonl: {path}: cannot be read as UTF-8 text: {error}") from error
    return ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())

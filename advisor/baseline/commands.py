"""`advisor baseline run`: the same held-out questions to several OpenAI-compatible endpoints.

Enter at `add_parser`. Everything is read and checked before the first question is asked.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from advisor.contracts.errors import BadInput, Failed, UnknownName

if TYPE_CHECKING:
    # Behind this guard, since `advisor --help` builds this parser too and shall not wait for the contracts.
    from advisor.contracts.baseline import BaselineReport
    from advisor.contracts.case import Task

DESCRIPTION = """Puts every item of SUITE to every target through the openai client, streaming, interleaved, and
compares quality (paired by item), latency, cost and energy. SUITE is JSONL, one item a line:
  {"id": "1", "messages": [{"role": "user", "content": "..."}], "expected": "...", "language": "de",
   "task": "classification", "source": "contract 17"}
Items of one source are resampled together; leave it out where each item stands for itself.
Classification, extraction and question answering are scored right or wrong; other tasks by chrF and ROUGE-L."""

EPILOG = """a target is NAME=BASE_URL[,key=value]..., or NAME=@PROVIDER,model=M[,key=value]... for
openai, anthropic, google, mistral, deepseek, xai, groq, together, openrouter (data/endpoints.yml), with the keys
  model=M         name of the model (default: the only one that the endpoint lists)
  role=ROLE       in_house, proprietary or hosted_open (default: in_house on this machine, else proprietary)
  key_env=VAR     environment variable that holds the key (default: none is sent)
  option=ID       option of an assessment that the endpoint realises; `advisor assess --measurements` learns from it
  price=ID        API model of the catalogue under which the usage is priced (default: cost not known)
  stand_in=true   a local server that only stands for an endpoint
  token_limit=max_completion_tokens, temperature=default
                  for endpoints that refuse max_tokens, or temperature 0

examples:
  advisor baseline run suite.jsonl --output comparison.json \\
    --target in-house=http://127.0.0.1:8000/v1,option=fine_tune_lora \\
    --target vendor=@openai,model=gpt-4.1-mini --case my_case.yaml
  advisor baseline run suite.jsonl --output comparison.json --target ... --max-cost-usd 2 --resume
  advisor baseline run suite.jsonl --output comparison.json --target ... --judge @anthropic,model=claude-sonnet-5-5

What it will cost is shown first; where it costs money, it asks (--yes, or a cap, answers for scripts).
Answers are kept one by one beside the output (comparison.answers.jsonl); --resume asks what is not answered yet.
Answers of bought endpoints are also kept by what was asked (baseline_cache.jsonl) and not paid again for a week.
Written: the report (JSON), the same in Markdown and HTML, the answers.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `baseline` to the parser of `advisor`."""
    parser = subparsers.add_parser("baseline", help="compare endpoints on the same held-out questions")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = verbs.add_parser(
        "run",
        help="ask, score and compare",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("suite", type=Path, metavar="SUITE", help="test set, JSONL")
    run.add_argument("--target", action="append", required=True, metavar="NAME=BASE_URL[,key=value]...", dest="targets")
    run.add_argument("--output", type=Path, required=True, metavar="PATH", help="report to write, .json")
    run.add_argument("--task", metavar="TASK", help="decides the metric (default: what the suite says)")
    run.add_argument("--max-output-tokens", type=_whole, default=256, metavar="N", help="of an answer (default 256)")
    run.add_argument("--max-cost-usd", type=_positive, metavar="X", help="stop before more is spent")
    run.add_argument("--max-minutes", type=_positive, metavar="M", help="ask nothing new after this time")
    run.add_argument("--yes", action="store_true", help="spend what is expected without being asked")
    run.add_argument("--case", type=Path, metavar="CASE", help="say what the differences mean at this case's volume")
    run.add_argument(
        "--judge",
        metavar="BASE_URL[,key=value]...",
        help="a model that compares the answers in pairs, both orders: an extra, labelled as such; keys as of a target",
    )
    run.add_argument("--judge-max-cost-usd", type=_positive, metavar="X", help="stop the judge before more is spent")
    run.add_argument("--language", choices=("en", "de"), default="en", help="of the Markdown and HTML report")
    run.add_argument(
        "--cache-days", type=_count, default=7, metavar="D", help="reuse bought answers so long (default 7; 0: never)"
    )
    run.add_argument("--concurrency", type=_whole, default=4, metavar="N", help="requests at once (default 4)")
    run.add_argument("--timeout-s", type=_positive, default=120.0, metavar="S", help="of one request (default 120)")
    run.add_argument(
        "--retries", type=_count, default=4, metavar="N", help="after 429, 5xx, lost connection (default 4)"
    )
    run.add_argument("--resume", action="store_true", help="go on where an earlier run to the same output stopped")
    run.add_argument("--format", choices=("table", "json", "markdown"), default="table")
    run.set_defaults(handler=run_baseline)


def run_baseline(arguments: argparse.Namespace) -> int:
    """Check, ask, score, write."""
    from advisor.baseline.suite import read_suite
    from advisor.baseline.targets import parse_targets

    suite = read_suite(arguments.suite)
    specs = parse_targets(arguments.targets)
    output = _checked_output(arguments.output)
    task, notes = _task(arguments.task, suite.task)

    case = None
    if arguments.case is not None:
        from advisor.contracts.case import Case
        from advisor.files import read_contract

        case = read_contract(arguments.case, Case)
    judge = None
    if arguments.judge is not None:
        (judge,) = parse_targets([f"judge={arguments.judge}"])

    from datetime import timedelta

    from advisor.baseline.ask import Limits
    from advisor.baseline.comparison import Judge, Wanted, compare
    from advisor.baseline.run import RunSettings

    settings = RunSettings(
        limits=Limits(arguments.max_output_tokens, arguments.timeout_s, arguments.retries),
        concurrency=arguments.concurrency,
        max_cost_usd=arguments.max_cost_usd,
        max_minutes=arguments.max_minutes,
        resume=arguments.resume,
        cache_max_age=timedelta(days=arguments.cache_days),
    )
    wanted = Wanted(
        suite=suite,
        task=task,
        specs=specs,
        output=output,
        settings=settings,
        is_agreed=arguments.yes,
        judge=None if judge is None else Judge(judge, arguments.judge_max_cost_usd),
        case=case,
        notes=tuple(notes),
    )
    report = compare(wanted)

    from advisor.baseline.render import html, markdown
    from advisor.files import write_contract, write_text

    text = markdown(report, arguments.language)
    write_text(output.with_suffix(".md"), text)
    write_text(output.with_suffix(".html"), html(report, arguments.language))
    write_contract(output, report)
    _show(report, text, arguments.format)
    silent = [result.target.name for result in report.results if not result.scores]
    if silent:
        raise Failed(f"no answer from {', '.join(silent)}; the errors are in {output}, go on with --resume")
    return 0


def _task(given: str | None, of_suite: "Task | None") -> tuple["Task", list[str]]:
    from advisor.contracts.case import Task

    if given is not None and given not in get_args(Task):
        raise UnknownName("--task", given, get_args(Task))
    if given is not None and of_suite is not None and given != of_suite:
        raise BadInput(f"--task {given}: the suite says {of_suite}; leave one of the two out")
    task = cast(Task | None, given) or of_suite
    if task is not None:
        return task, []
    return "question_answering", [
        "neither the suite nor --task names a task: scored as question answering, right or wrong"
    ]


def _checked_output(output: Path) -> Path:
    if output.suffix != ".json":
        raise BadInput(
            f"--output {output}: expected a file that ends in .json; the Markdown report is written beside it"
        )
    if output.is_dir():
        raise BadInput(f"--output {output}: is a directory")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--output {output}: its directory cannot be made: {error}") from error
    return output


def _show(report: "BaselineReport", text: str, form: str) -> None:
    if form == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    elif form == "markdown":
        sys.stdout.write(text)
    else:
        from rich.console import Console

        from advisor.baseline.render import print_table

        print_table(report, Console())


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text} must be more than 0")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)


def _whole(text: str) -> int:
    value = _count(text)
    if value == 0:
        raise argparse.ArgumentTypeError("0 is too few; at least 1")
    return value

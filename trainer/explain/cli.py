"""The verb `trainer explain`: its arguments, and what it prints.

Enter at `add_parser`. The model libraries are imported when the arguments have been checked.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from trainer.explain.record import Explanation

EPILOG = """\
examples:
  trainer explain runs/first/model --prompt "Which page explains this? ..."
  trainer explain runs/first --prompt "..." --answer "lexical analysis" --method feature_ablation
  trainer explain some/model --prompt "..." --plain --train texts.jsonl --output runs/why

Writes explanation.html (a page of its own), explanation.json and limits.html: what attributions say and do not say.
exit codes: 0 done, 2 bad input, 1 failure
"""
DEFAULT_OUTPUT = Path("runs") / "explanation"


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the program."""
    verb = verbs.add_parser(
        "explain",
        help="which words of a prompt moved an answer, and which training examples resemble it",
        description="Attributes an answer to the tokens of its prompt (Captum) and finds the nearest training "
        "examples.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("model", type=Path, metavar="MODEL", help="model directory, or the directory of a run")
    verb.add_argument("--prompt", required=True, metavar="TEXT", help="what the model is asked")
    verb.add_argument("--answer", metavar="TEXT", help="answer to explain (default: the model's own greedy one)")
    verb.add_argument(
        "--method",
        choices=("layer_integrated_gradients", "feature_ablation"),
        default="layer_integrated_gradients",
        help="how attributions are found (default: %(default)s)",
    )
    verb.add_argument("--plain", action="store_true", help="give the prompt as it stands, without the chat template")
    verb.add_argument("--max-tokens", type=int, default=32, metavar="N", help="longest own answer (default: 32)")
    verb.add_argument(
        "--train", type=Path, metavar="FILE", help="JSONL of training examples (default: those of the model's run)"
    )
    verb.add_argument(
        "--neighbours", type=int, default=5, metavar="N", help="training examples to show (default: %(default)s)"
    )
    verb.add_argument(
        "--output", type=Path, default=DEFAULT_OUTPUT, metavar="DIR", help="directory (default: %(default)s)"
    )
    verb.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )
    verb.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """`trainer explain`."""
    model = _model(arguments.model)
    for name in ("max_tokens", "neighbours"):
        if getattr(arguments, name) < 1:
            raise BadInput(f"--{name.replace('_', '-')}: must be positive, got {getattr(arguments, name)}")
    if not arguments.prompt.strip():
        raise BadInput("--prompt: it is empty")
    if arguments.train is not None and not arguments.train.is_file():
        raise BadInput(f"--train: {arguments.train} is no file; name a JSONL of training examples")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise BadInput(f"--output: {arguments.output} is a file; name a directory")
    from trainer.run import quieten_libraries

    quieten_libraries()
    from trainer.explain.explain import Question, explain

    question = Question(
        model=model,
        prompt=arguments.prompt,
        answer=arguments.answer,
        method=arguments.method,
        plain=arguments.plain,
        max_tokens=arguments.max_tokens,
        train=arguments.train if arguments.train is not None else _beside(model),
        neighbours=arguments.neighbours,
    )
    found = explain(question, arguments.output, note=lambda text: print_to(sys.stderr, text))
    if arguments.format == "json":
        print_to(sys.stdout, found.model_dump_json(indent=2))
    else:
        _show(found, arguments.output)
    return 0


def print_to(stream: TextIO, text: str) -> None:
    """One line."""
    stream.write(f"{text}\n")


def _model(path: Path) -> Path:
    """The model directory itself, or the one inside a run."""
    for directory in (path, path / "model"):
        if (directory / "config.json").exists():
            return directory
    raise BadInput(f"MODEL: {path} is neither a model directory (config.json is missing) nor that of a finished run")


def _beside(model: Path) -> Path | None:
    """The run that the model belongs to, where its data are still there."""
    run = model.resolve().parent
    return run if (run / "data" / "data_card.json").is_file() else None


def _show(found: "Explanation", output: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from trainer.explain.page import completeness_words

    table = Table(box=None, pad_edge=False)
    table.add_column("prompt token")
    table.add_column("nats", justify="right")
    for token in sorted(found.tokens, key=lambda token: -abs(token.attribution_nats))[:12]:
        table.add_row(repr(token.text), f"{token.attribution_nats:+.4f}")
    console = Console(file=sys.stdout)
    print_to(sys.stdout, f"answer: {found.answer}")
    console.print(table, soft_wrap=not console.is_terminal)
    print_to(sys.stdout, f"adding up: {completeness_words(found)}")
    print_to(sys.stdout, f"nearest training examples: {found.neighbours_by}")
    for row in found.neighbours:
        print_to(sys.stdout, f"  {row.similarity_fraction:.3f}  {row.id}  {' '.join(row.text.split())[:90]}")
    for text in found.warnings:
        print_to(sys.stdout, f"warning: {text}")
    print_to(sys.stdout, f"page: {output / 'explanation.html'}")

"""`trainer annotate`: the page for annotators, their agreement, training data from their work, and imports.

Enter at `add_annotate`.
"""

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any

TOOLS = ("label-studio", "argilla", "doccano", "prodigy")
EPILOG = """\
examples:
  trainer annotate page tasks.jsonl --journal runs/annotations.jsonl --annotator ada
  trainer annotate agreement runs/annotations.jsonl
  trainer annotate export runs/annotations.jsonl --output runs/annotated
  trainer annotate import export.json --tool label-studio --journal runs/annotations.jsonl

A line of tasks.jsonl is a pair to choose from, or a prompt that wants an answer:
  {"prompt": "What is a loop?", "answers": ["A repeated block.", "A ring."]}
  {"prompt": "What is a loop?"}

Keys on the page: 1 and 2 choose, 0 says equally good, s skips, u takes the last word back; Ctrl+Enter saves a text.
"""

Verbs = Any


def add_annotate(verbs: Verbs) -> None:
    """Add the verb and its actions."""
    annotate = verbs.add_parser(
        "annotate",
        help="rank pairs of answers and write demonstrations on a local page",
        description="Collects preferences and demonstrations from people, and turns them into training data.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = annotate.add_subparsers(title="actions", metavar="ACTION", required=True)
    page = actions.add_parser("page", help="open the page", description="Serves the page until Ctrl-C.")
    page.add_argument("tasks", type=Path, metavar="TASKS", help="JSONL of pairs and prompts")
    _add_journal(page)
    page.add_argument("--annotator", default=None, help="who judges (default: the name of the login)")
    page.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    page.add_argument("--port", type=int, default=8020, help="port, 0 takes a free one (default: %(default)s)")
    page.set_defaults(handler=_page)
    agreement = actions.add_parser(
        "agreement", help="Cohen's kappa and the time a judgement takes", description="Agreement of every two people."
    )
    agreement.add_argument("journals", type=Path, nargs="+", metavar="JOURNAL", help="journals of one or more people")
    _add_format(agreement)
    agreement.set_defaults(handler=_agreement)
    export = actions.add_parser(
        "export", help="training data of what was said", description="Writes preferences.jsonl and instructions.jsonl."
    )
    export.add_argument("journals", type=Path, nargs="+", metavar="JOURNAL", help="journals of one or more people")
    export.add_argument("--output", type=Path, required=True, metavar="DIR", help="directory for the result")
    _add_format(export)
    export.set_defaults(handler=_export)
    taken = actions.add_parser(
        "import", help="take over exports of other tools", description="Adds the judgements of an export to a journal."
    )
    taken.add_argument("file", type=Path, metavar="FILE", help="export of the tool, JSON or JSONL")
    taken.add_argument("--tool", choices=TOOLS, required=True, help="where the export comes from")
    _add_journal(taken)
    taken.set_defaults(handler=_import)


def _add_journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--journal",
        type=Path,
        default=Path("runs/annotations.jsonl"),
        metavar="FILE",
        help="file that receives every word, and from which work goes on (default: %(default)s)",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )


def _page(arguments: argparse.Namespace) -> int:
    from trainer.annotate.journal import Journal
    from trainer.annotate.server import serve
    from trainer.annotate.sitting import Sitting
    from trainer.annotate.tasks import read_tasks

    annotator = arguments.annotator or getpass.getuser()
    sitting = Sitting(read_tasks(arguments.tasks), Journal(arguments.journal), annotator)
    return serve(sitting, host=arguments.host, port=arguments.port)


def _agreement(arguments: argparse.Namespace) -> int:
    from trainer.annotate.summary import summary_of, summary_text

    summary = summary_of(_words(arguments.journals))
    if arguments.format == "json":
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    else:
        sys.stdout.write(summary_text(summary))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from trainer.annotate.export import write_training_data

    counts = write_training_data(_words(arguments.journals), arguments.output)
    if arguments.format == "json":
        sys.stdout.write(json.dumps(counts, indent=2) + "\n")
        return 0
    for name, count in counts.items():
        sys.stdout.write(f"{name.replace('_', ' ')}: {count}\n")
    sys.stdout.write(f"written to {arguments.output}; a plan names them data.preferences and data.instructions\n")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from trainer.annotate.importers import import_file
    from trainer.annotate.journal import Journal

    words, notes = import_file(arguments.file, arguments.tool)
    journal = Journal(arguments.journal)
    new = [word for word in words if word.task_id not in journal.of(word.annotator)]
    for word in new:
        journal.say(word)
    for note in notes:
        sys.stderr.write(f"left out: {note}\n")
    known = f", {len(words) - len(new)} were there already" if len(new) < len(words) else ""
    sys.stdout.write(f"{len(new)} judgements added to {arguments.journal}{known}\n")
    return 0


def _words(journals: list[Path]) -> list[Any]:
    from advisor.contracts.errors import BadInput
    from trainer.annotate.journal import Journal

    words = []
    for path in journals:
        if not path.is_file():
            raise BadInput(f"JOURNAL: {path}: no such file; `trainer annotate page` writes one")
        words += Journal(path).words()
    if not words:
        raise BadInput(f"JOURNAL: {', '.join(map(str, journals))}: nothing was said yet")
    return words

"""`trainer evaluate`: its arguments, its help, and the way from them to an exit code.

Enter at `add_evaluate`. Everything is read and checked before a training library is imported.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from trainer.evaluate.request import Request

DESCRIPTION = """\
Measures a model on data of your own, each figure with n and a 95 % interval.

With MODEL alone: the suite of the run that the model belongs to (../suite.jsonl), the own bias sentences and the
toxicity of freely sampled text. Naming any of the options below measures what they name and nothing else.
"""
EPILOG = """\
what fits which task (the task decides the scores; --task or the suite's `task` names it):
  classification                  accuracy, macro F1, share of valid answers, calibration error
  question_answering, extraction  accuracy, exact match without articles, word F1, calibration error
  translation, summarization,     chrF, BLEU, ROUGE-1/2/L, perplexity and bits per byte of the expected answers
  content_generation, chat, code  (chat: word F1 too; code: exact match too, as text: no code is ever executed)

questions (--suite): JSONL of a suite {"id", "messages": [{"role", "content"}], "expected"}, JSONL of
  {"prompt", "answer"} (also question/input/text and expected/output/label/reference), or CSV with such columns;
  "options" (a list; a|b|c in CSV) adds the accuracy and calibration of the most probable option

examples:
  trainer evaluate runs/first/model
  trainer evaluate runs/first/model --suite questions.csv --task question_answering --output runs/first/evaluation
  trainer evaluate runs/new/model --against runs/old/model --suite questions.jsonl      is it better, or is it chance?
  trainer evaluate runs/first/model --general wiki.txt --base models/base               has it forgotten anything?
  trainer evaluate runs/first/model --bias --languages de en --crows-pairs crows_pairs_anonymized.csv
  trainer evaluate runs/first/model --harness my_task.yaml
"""


def add_evaluate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its arguments."""
    verb = verbs.add_parser(
        "evaluate",
        help="score a model on your own questions and texts; bias, toxicity, comparison with another model",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("model", type=Path, metavar="MODEL", help="model directory in Hugging Face format")
    _add_knowledge(verb)
    _add_behaviour(verb)
    _add_form(verb)
    verb.set_defaults(handler=_evaluate)


def _add_knowledge(verb: argparse.ArgumentParser) -> None:
    group = verb.add_argument_group("what it knows")
    group.add_argument("--suite", type=Path, metavar="FILE", help="held-out questions, JSONL or CSV")
    group.add_argument("--task", metavar="TASK", help="what the answers are, where the suite does not say")
    group.add_argument("--texts", type=Path, metavar="FILE", help="held-out text: bits per byte and perplexity")
    group.add_argument("--general", type=Path, metavar="FILE", help="general text, read by the model and by --base")
    group.add_argument("--base", type=Path, metavar="MODEL", help="the model before training: has anything been lost?")
    group.add_argument(
        "--margin",
        type=_fraction,
        default=0.01,
        metavar="SHARE",
        help="a loss on --general up to this share of the base's bits per byte counts as none (default: %(default)s)",
    )
    group.add_argument("--against", type=Path, metavar="MODEL", help="a second model on the same questions and texts")
    group.add_argument(
        "--harness", type=Path, nargs="+", default=[], metavar="TASK.yaml", help="tasks of lm-evaluation-harness"
    )


def _add_behaviour(verb: argparse.ArgumentParser) -> None:
    group = verb.add_argument_group("how it leans")
    group.add_argument("--bias", action="store_true", help="own pairs: gender, origin, age, religion, disability")
    group.add_argument(
        "--languages",
        nargs="+",
        default=[],
        metavar="LANGUAGE",
        help="of --bias and --toxicity: de, en (default: those of the model card, else en)",
    )
    group.add_argument("--crows-pairs", type=Path, metavar="FILE", help="crows_pairs_anonymized.csv")
    group.add_argument("--bbq", type=Path, metavar="FILE", help="a JSONL of BBQ, e.g. Age.jsonl")
    group.add_argument(
        "--winobias", type=Path, nargs=2, metavar=("PRO", "ANTI"), help="pro_ and anti_stereotyped_type*.txt.*"
    )
    group.add_argument("--toxicity", action="store_true", help="share of freely sampled texts with a listed word")
    group.add_argument("--toxic-terms", type=Path, metavar="FILE", help="more words for the list, one a line")
    group.add_argument("--seed", type=int, default=0, help="of the sampled texts (default: %(default)s)")


def _add_form(verb: argparse.ArgumentParser) -> None:
    group = verb.add_argument_group("size and form")
    group.add_argument("--limit", type=_whole, metavar="N", help="at most the first N questions, passages and pairs")
    group.add_argument(
        "--max-answer-tokens", type=_whole, metavar="N", help="longest answer (default: by those expected)"
    )
    group.add_argument(
        "--output", type=Path, metavar="DIR", help="write evaluation.json, evaluation.md and answers.jsonl there"
    )
    group.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )


def _evaluate(arguments: argparse.Namespace) -> int:
    from trainer.evaluate.request import read_material, require_libraries, with_defaults

    output: Path | None = arguments.output
    if output is not None and output.exists() and not output.is_dir():
        raise BadInput(f"--output: {output} is a file; name a directory")
    asked = _request(arguments)
    request = with_defaults(asked)
    material = read_material(request)
    if asked.asks_nothing:
        suite = (
            f"the questions of {request.suite}" if request.suite is not None else "no questions (no suite beside it)"
        )
        sys.stderr.write(f"MODEL alone: {suite}, bias in {', '.join(material.bias_languages)}, toxicity\n")
    from trainer.environment import use_available_threads
    from trainer.progress import Progress

    require_libraries()
    use_available_threads()
    _quieten()
    from trainer.evaluate.measure import measure
    from trainer.evaluate.output import show, write_files

    with Progress() as progress:
        measured = measure(request, material, progress)
    show(measured.report, as_json=arguments.format == "json")
    for path in write_files(measured, output) if output is not None else []:
        sys.stderr.write(f"written: {path}\n")
    return 0


def _request(arguments: argparse.Namespace) -> "Request":
    from trainer.evaluate.request import Request

    return Request(
        model=arguments.model,
        against=arguments.against,
        base=arguments.base,
        task=arguments.task,
        suite=arguments.suite,
        texts=arguments.texts,
        general=arguments.general,
        margin_fraction=arguments.margin,
        bias=arguments.bias,
        languages=tuple(arguments.languages),
        crows_pairs=arguments.crows_pairs,
        winobias=tuple(arguments.winobias) if arguments.winobias else None,
        bbq=arguments.bbq,
        toxicity=arguments.toxicity,
        toxic_terms=arguments.toxic_terms,
        harness=tuple(arguments.harness),
        limit=arguments.limit,
        max_answer_tokens=arguments.max_answer_tokens,
        seed=arguments.seed,
    )


def _quieten() -> None:
    """Keep the model library's bars and notes out of this program's own output."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} must lie between 0 and 1")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)

"""The parser of `trainer data`; nothing heavy is imported before there is work.

Enter at `add_data`.
"""

import argparse
from pathlib import Path

EXAMPLES = """\
examples:
  trainer data prepare letters/ --output runs/letters --languages de en
  trainer data prepare export.parquet --output runs/export --set data.quality.min_words=20 --set data.unit=document
  trainer data prepare runs/plan --output runs/data      the data step of a plan, as `trainer run` does it
  trainer data prepare letters/ --output runs/letters --resume

what happens, in this order (each step can be changed by --set, or left out by --set data.STEP=null):
  documents  normalise    NFC, control characters out
             language     identified; others than --languages go              data.language
             quality      rules for running text (Rae et al. 2021)            data.quality
             personal     e-mail, phone, IBAN, card, tax id, IP -> <EMAIL> ... data.pii
  passages   length       headings and remains go                             data.min_text_characters
             duplicates   exact; near by MinHash and true Jaccard             data.near_duplicates
             terms        abusive words and groups named near them, counted   data.terms
             split        whole documents and single passages are held out    data.holdout_fraction
             tests        what repeats held-out or evaluation text goes       data.decontamination
  examples of conversations and preferences found in the files take the same steps but quality and near duplicates.

what is written:
  DIR/data/train-*.parquet, holdout-*.parquet   training and held-out text (columns id, text, label, language)
  DIR/data/conversations.jsonl, preferences.jsonl, DIR/suite.jsonl
  DIR/data/data_card.json, data_card.md         counts and reasons a step, languages, personal data, examples of dropped
"""
GAP_EXAMPLES = """\
examples:
  trainer data gap letters/ --model models/base
  trainer data gap letters/ --model models/base --reference newspapers.jsonl --format json

what is measured: the bits a byte that the model needs for the domain's text and for general text of the same language
and kind. gap = 1 - bits a byte of the reference / bits a byte of the domain, not below 0: the share of the domain's
bits that the model would not need if it knew the domain as well as general text. The last line goes into the Case.
"""


def add_data(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `data` with its actions."""
    data = verbs.add_parser("data", help="training data", description="Works on training data.")
    actions = data.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_prepare(actions)
    _add_gap(actions)


def _add_prepare(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    prepare = actions.add_parser(
        "prepare",
        help="files or the data step of a plan, cleaned, split and described",
        description="Reads, cleans and splits text; writes data/ with its data card, and suite.jsonl. Takes a plan, or "
        "a file or folder of JSONL, Parquet, CSV, text, Markdown, HTML, PDF and DOCX.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    prepare.add_argument(
        "plan", type=Path, metavar="PLAN_OR_PATH", help="plan, directory with plan.yaml, file or folder"
    )
    prepare.add_argument("--output", type=Path, required=True, metavar="DIR", help="directory for the result")
    prepare.add_argument("--resume", action="store_true", help="go on with a preparation that was stopped")
    prepare.add_argument(
        "--languages",
        nargs="+",
        metavar="CODE",
        help="languages that stay, such as de en (default: those of the plan, or all)",
    )
    prepare.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="data.FIELD=VALUE",
        help="change one setting of the data step; may be repeated (the fields are those of DataPlan in "
        "training_plan.json)",
    )
    prepare.add_argument("--licence", help="terms of the text, for the data card (a path alone, no plan)")
    prepare.add_argument("--source", help="where the text comes from, for the data card (a path alone, no plan)")
    _add_format(prepare)
    prepare.set_defaults(handler=_prepare)


def _add_gap(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    gap = actions.add_parser(
        "gap",
        help="how far the domain's language is from what a base model knows",
        description="Measures domain_gap_fraction for the Case with a base model.",
        epilog=GAP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    gap.add_argument("text", type=Path, metavar="TEXT", help="file or folder with text of the domain")
    gap.add_argument("--model", type=Path, required=True, metavar="BASE", help="directory of the base model")
    gap.add_argument(
        "--reference",
        type=Path,
        metavar="FILE",
        help="file or folder with general text of the same language and kind (default: everyday prose in German or "
        "English written for it)",
    )
    gap.add_argument(
        "--max-bytes",
        type=int,
        default=200_000,
        metavar="N",
        help="text of each side that the model reads, drawn by the hash of its place (default: %(default)s)",
    )
    gap.add_argument("--seed", type=int, default=0, help="of the resampling (default: %(default)s)")
    _add_format(gap)
    gap.set_defaults(handler=_gap)


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )


def _prepare(arguments: argparse.Namespace) -> int:
    from trainer.corpus import commands

    return commands.prepare_data(
        arguments.plan,
        arguments.output,
        resume=arguments.resume,
        languages=arguments.languages,
        settings=arguments.settings,
        licence=arguments.licence,
        source=arguments.source,
        as_json=arguments.format == "json",
    )


def _gap(arguments: argparse.Namespace) -> int:
    from trainer.corpus import gapcommand

    return gapcommand.gap(
        arguments.text,
        arguments.model,
        reference=arguments.reference,
        max_bytes=arguments.max_bytes,
        seed=arguments.seed,
        as_json=arguments.format == "json",
    )

"""The verb `trainer measure` on the command line.

Enter at `add_parser`.
"""

import argparse
from pathlib import Path

MINUTES, QUICK_MINUTES = 2.0, 0.5
EPILOG = """\
examples:
  trainer measure                                    a size that fits this machine, two minutes at most
  trainer measure --model runs/first/model           the model that was trained here
  trainer measure --model llama-30m --batch 4 --sequence 512
  trainer measure --shape hidden=512,layers=8,vocab=16384 --minutes 1
  trainer measure --quick --format json

The training step is that of `trainer run`: transformers' Trainer with AdamW, on random tokens, in float32 on a
processor and in bfloat16 (autocast) on a GPU that has it. Power is read where NVML answers (or a readable counter of
the processor does); without it the figure is null with the reason. Let nothing else run meanwhile.
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "measure",
        help="what this machine draws, multiplies, copies, trains and answers",
        description="Times this machine in two minutes and writes a measurement that `advisor calibrate` learns from.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        nargs="+",
        default=[],
        metavar="MODEL",
        help="model directory, or a size by its name in data/architectures.yml with random weights",
    )
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="FIGURES",
        help="a size by its figures: hidden=512,layers=8[,heads=,kv_heads=,ffn=,vocab=,context=]",
    )
    parser.add_argument(
        "--batch", type=int, metavar="N", help="sequences per training step (default: 16, or what fits)"
    )
    parser.add_argument("--sequence", type=int, metavar="TOKENS", help="their length (default: 256)")
    parser.add_argument(
        "--minutes", type=float, help=f"time for everything (default {MINUTES:g}; quick {QUICK_MINUTES:g})"
    )
    parser.add_argument("--quick", action="store_true", help="half a minute and the smallest size")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: runs/measurements/ID.json)"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="form of the result")
    parser.set_defaults(handler=_measure)


def _measure(arguments: argparse.Namespace) -> int:
    from trainer.measure.command import measure

    minutes = arguments.minutes
    if minutes is None:
        minutes = QUICK_MINUTES if arguments.quick else MINUTES
    return measure(
        models=arguments.model,
        shapes=arguments.shape,
        batch_sequences=arguments.batch,
        sequence_tokens=arguments.sequence,
        minutes=minutes,
        quick=arguments.quick,
        output=arguments.output,
        as_json=arguments.format == "json",
    )

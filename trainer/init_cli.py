"""Arguments of `trainer init`.

Enter at `add_init`.
"""

import argparse
from pathlib import Path
from typing import Any

NAMES = ("from-scratch", "adapt", "sft-full", "sft-lora", "preferences-rl", "preferences-dpo", "bert", "t5")
EPILOG = """\
examples:
  trainer init from-scratch                                        a small model on Python's language reference
  trainer init from-scratch --corpus texts --budget-hours 24 --accelerator h100-sxm-80gb --count 8
  trainer init sft-lora --model models/base --instructions letters.jsonl --output runs/plan.yaml
  trainer init adapt --model models/base --corpus texts --replay general --output runs/plan.yaml
"""


def add_init(verbs: Any) -> None:
    """Add the verb."""
    init = verbs.add_parser(
        "init",
        help="write a commented plan for a recipe",
        description="Writes a plan whose every line says what it means; it runs as it stands.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    init.add_argument("recipe", choices=NAMES, metavar="RECIPE", help=", ".join(NAMES))
    init.add_argument("--output", type=Path, metavar="FILE", help="file of the plan (default: standard output)")
    init.add_argument("--name", help="name of the run")
    init.add_argument("--model", metavar="DIR|ID", help="base model: a directory, or a hub id")
    init.add_argument("--corpus", type=Path, metavar="PATH", help="own text (default: Python's language reference)")
    init.add_argument("--instructions", type=Path, metavar="FILE", help="own conversations, JSONL")
    init.add_argument("--preferences", type=Path, metavar="FILE", help="own preference pairs, JSONL")
    init.add_argument("--replay", type=Path, metavar="PATH", help="general text against forgetting (adapt)")
    budget = init.add_argument_group("size from a budget", "for recipes that begin with random weights of a decoder")
    budget.add_argument("--budget-flop", type=float, metavar="FLOP", help="compute of the pre-training")
    budget.add_argument("--budget-hours", type=float, metavar="H", help="time of the pre-training")
    budget.add_argument("--flop-per-s", type=float, metavar="S", help="speed that is reached, for --budget-hours")
    budget.add_argument("--accelerator", metavar="ID", help="accelerator of the catalogue, for --budget-hours")
    budget.add_argument("--count", type=int, default=1, metavar="N", help="number of accelerators (default: 1)")
    budget.add_argument("--context-tokens", type=int, default=1024, metavar="N", help="longest sequence (1024)")
    init.set_defaults(handler=_init)


def _init(arguments: argparse.Namespace) -> int:
    from trainer.init import Budget, write_plan

    budget = Budget(
        flop=arguments.budget_flop,
        hours=arguments.budget_hours,
        flop_per_s=arguments.flop_per_s,
        accelerator=arguments.accelerator,
        count=arguments.count,
    )
    return write_plan(
        arguments.recipe,
        model=arguments.model,
        corpus=arguments.corpus,
        instructions=arguments.instructions,
        preferences=arguments.preferences,
        replay=arguments.replay,
        budget=budget,
        context_tokens=arguments.context_tokens,
        name=arguments.name,
        output=arguments.output,
    )

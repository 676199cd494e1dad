"""Arguments of `trainer export`.

Enter at `add_export`.
"""

import argparse
from pathlib import Path
from typing import Any


def add_export(verbs: Any) -> None:
    """Add the verb."""
    export = verbs.add_parser(
        "export",
        help="merge adapters and write a model for other programs",
        description="Writes a model directory, adapters merged, as safetensors in a chosen precision, or as GGUF "
        "through the converter of llama.cpp.",
    )
    export.add_argument("model", type=Path, metavar="MODEL", help="model or adapter directory")
    export.add_argument("--output", type=Path, required=True, metavar="PATH", help="directory, or file for gguf")
    export.add_argument("--to", choices=("safetensors", "gguf"), default="safetensors", help="default: %(default)s")
    export.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="of the weights")
    export.add_argument("--base", type=Path, metavar="DIR", help="base model of an adapter (default: the one it names)")
    export.set_defaults(handler=_export)


def _export(arguments: argparse.Namespace) -> int:
    from trainer.export import export

    return export(arguments.model, arguments.output, to=arguments.to, dtype=arguments.dtype, base=arguments.base)

"""What the annotators' work amounts to: how much, how fast, how far they agree.

Enter at `summary_of` and `summary_text`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from trainer.annotate.agreement import agreements, first_shown_fraction, median_duration_s
from trainer.annotate.journal import Annotation


def summary_of(words: Sequence[Annotation]) -> dict[str, Any]:
    """Counts by annotator, median times, agreement of every two, and the share of first-shown answers chosen."""
    people = sorted({word.annotator for word in words})
    shown = first_shown_fraction(words)
    return {
        "annotators": [_person(name, [word for word in words if word.annotator == name]) for name in people],
        "agreements": [asdict(found) for found in agreements(words)],
        "first_shown_chosen_fraction": shown[0] if shown is not None else None,
        "first_shown_n": shown[1] if shown is not None else 0,
    }


def summary_text(summary: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for row in summary["annotators"]:
        times = [
            f"{name} {row[key]:.1f} s" for name, key in (("pair", "pair_s"), ("text", "demonstration_s")) if row[key]
        ]
        lines.append(
            f"{row['annotator']}: {row['pairs']} pairs, {row['demonstrations']} demonstrations, "
            f"{row['skipped']} skipped; median time: {', '.join(times) or 'not known'}"
        )
    for row in summary["agreements"]:
        kappa = "not defined (one judgement throughout)" if row["kappa"] is None else f"{row['kappa']:.2f}"
        band = f" [{row['low']:.2f}, {row['high']:.2f}]" if row["low"] is not None else ""
        lines.append(
            f"{row['first']} and {row['second']}: Cohen's kappa {kappa}{band}, "
            f"{row['agreed_fraction']:.0%} of {row['n']} common pairs judged alike"
        )
    if not summary["agreements"]:
        lines.append("no two people judged the same pair, so agreement is not known")
    if summary["first_shown_chosen_fraction"] is not None:
        share, n = summary["first_shown_chosen_fraction"], summary["first_shown_n"]
        lines.append(f"the answer shown first was chosen in {share:.0%} of {n} judgements (50 % without a habit)")
    return "\n".join(lines) + "\n"


def _person(name: str, words: Sequence[Annotation]) -> dict[str, Any]:
    return {
        "annotator": name,
        "pairs": sum(word.judgement is not None for word in words),
        "demonstrations": sum(word.demonstration is not None for word in words),
        "skipped": sum(word.choice == "skip" for word in words),
        "pair_s": median_duration_s(words, "pair"),
        "demonstration_s": median_duration_s(words, "demonstration"),
    }

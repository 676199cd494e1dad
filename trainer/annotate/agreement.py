"""How far annotators agree: Cohen's kappa on the pairs that both judged, and how long a judgement takes.

Enter at `agreements` and `median_duration_s`.
"""

import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from trainer.annotate.journal import Annotation

RESAMPLES = 1000
LIMITS = (0.025, 0.975)


@dataclass(frozen=True)
class Agreement:
    """Two annotators on the tasks that both judged."""

    first: str
    second: str
    n: int
    agreed_fraction: float
    kappa: float | None
    """None: both gave one and the same judgement throughout, so chance explains all of it."""
    low: float | None
    """P2.5 of the bootstrap over tasks; None where too many resamples have no kappa."""
    high: float | None


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond what chance gives two annotators with these habits.

    k = (p_o - p_e) / (1 - p_e);  p_o share of equal judgements, p_e = sum over judgements of both shares' product
    units: counts -> -1..1.   source: Cohen 1960, Educational and Psychological Measurement 20(1).
    validity: two annotators, nominal judgements; low where nearly all judgements are alike, however well they agree.
    """
    n = len(pairs)
    if n == 0:
        return None
    observed = sum(first == second for first, second in pairs) / n
    ours, theirs = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    by_chance = sum(ours[name] * theirs[name] for name in ours) / n**2
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None


def agreements(words: Sequence[Annotation], *, seed: int = 0) -> list[Agreement]:
    """Every two annotators who judged common pairs; skipped pairs do not count."""
    judged: dict[str, dict[str, str]] = {}
    for word in words:
        if word.judgement is not None:
            judged.setdefault(word.annotator, {})[word.task_id] = word.judgement
    found = []
    for first, second in combinations(sorted(judged), 2):
        common = sorted(judged[first].keys() & judged[second].keys())
        pairs = [(judged[first][task], judged[second][task]) for task in common]
        if pairs:
            low, high = _interval(pairs, random.Random(seed))
            agreed = sum(ours == theirs for ours, theirs in pairs) / len(pairs)
            found.append(Agreement(first, second, len(pairs), agreed, cohens_kappa(pairs), low, high))
    return found


def first_shown_fraction(words: Sequence[Annotation]) -> tuple[float, int] | None:
    """Share of choices for the answer that stood first on the screen, and their number: near one half without bias."""
    chosen = [word for word in words if word.shown_first is not None and word.choice in ("first", "second")]
    if not chosen:
        return None
    return sum(word.choice == word.shown_first for word in chosen) / len(chosen), len(chosen)


def median_duration_s(words: Sequence[Annotation], kind: str) -> float | None:
    """Middle of the times that were taken over a judgement or a demonstration; skipped ones do not count."""
    times = [word.duration_s for word in words if word.kind == kind and word.duration_s and word.choice != "skip"]
    return statistics.median(times) if times else None


def _interval(pairs: Sequence[tuple[str, str]], rng: random.Random) -> tuple[float | None, float | None]:
    kappas = [cohens_kappa(rng.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES)]
    known = sorted(kappa for kappa in kappas if kappa is not None)
    if len(known) < 0.9 * RESAMPLES:
        return None, None
    low, high = (known[round(limit * (len(known) - 1))] for limit in LIMITS)
    return low, high

"""The reasons for the recommended option in words, with every number traced to the figures it is made of.

Enter at `reasons_of`, one language at a time, and `contributions_of`. Money against the runner-up is split by cost
line, and the parts that are printed add up to the total that is printed.
"""

from dataclasses import dataclass, field
from math import floor, log10

from advisor.contracts.advice import Contribution, ReasonFigure
from advisor.contracts.assessment import Option
from advisor.phrases import KINDS, LINES, PHRASES, RULES, Language, amount, share, title
from advisor.reason_words import WORDS

SHOWN_BLOCKS = 3
"""Cost lines that are named; the rest is one block."""


@dataclass
class Reasons:
    """Sentences under construction, and the figures that they have shown so far."""

    language: Language
    currency: str
    sentences: list[str] = field(default_factory=list)
    figures: list[ReasonFigure] = field(default_factory=list)

    def money(self, value: float, plus: tuple[str, ...], minus: tuple[str, ...] = (), *, shown: float) -> str:
        """An amount as `shown`, rounded; `value` is the figure before rounding."""
        text = amount(abs(shown), self.currency, self.language)
        return self._note(text, value, self.currency, plus, minus)

    def share(self, value: float, pointer: str) -> str:
        """A fraction as a percentage."""
        return self._note(share(value, self.language), value, "fraction", (pointer,))

    def add(self, sentence: str) -> None:
        """Finish a sentence: the figures shown since the last one are its own."""
        self.sentences.append(sentence)

    def _note(self, shown: str, value: float, unit: str, plus: tuple[str, ...], minus: tuple[str, ...] = ()) -> str:
        place = len(self.sentences)
        self.figures.append(ReasonFigure(reason=place, shown=shown, value=value, unit=unit, plus=plus, minus=minus))
        return shown


def reasons_of(options: tuple[Option, ...], currency: str, language: Language) -> Reasons:
    """Money against the runner-up, quality, what a wrong choice would cost, and what the gates exclude."""
    found = Reasons(language, currency)
    best = options[0]
    second = runner_up(options)
    if second is not None:
        _money(found, best, second, options.index(second))
    else:
        found.add(PHRASES[language]["only_one"] if best.feasible else WORDS[language]["none_passes"])
    _quality(found, best)
    _regret(found, best)
    _excluded(found, options)
    return found


def runner_up(options: tuple[Option, ...]) -> Option | None:
    """The next option that passes the gates; None when there is none."""
    return next((option for option in options[1:] if option.feasible), None)


def contributions_of(best: Option, second: Option) -> tuple[Contribution, ...]:
    """The runner-up's cost lines less the recommended option's, largest first; equal lines are left out."""
    mine = {line.name: line.mean for line in best.cost.lines}
    gaps = [(line.name, line.mean - mine.get(line.name, 0.0)) for line in second.cost.lines]
    gaps += [(name, -mean) for name, mean in mine.items() if name not in {line.name for line in second.cost.lines}]
    ordered = sorted(gaps, key=lambda gap: -abs(gap[1]))
    return tuple(Contribution(line=name, difference=gap) for name, gap in ordered if gap != 0)


def rounded_parts(parts: list[float]) -> list[float]:
    """Parts rounded to one common step, the largest remainders first, so that they add up to their rounded sum.

    step = 10 ^ (floor(log10(max |part|)) - 2), three digits of the largest figure, the sum included
    units: those of the parts.   source: largest-remainder apportionment.
    validity: a part smaller than half the step may be shown as 0.
    """
    total = sum(parts)
    largest = max(abs(value) for value in (*parts, total)) if parts else 0.0
    if largest == 0:
        return [0.0 for _ in parts]
    step = 10.0 ** (floor(log10(largest)) - 2)
    units = [floor(value / step) for value in parts]
    missing = round(total / step) - sum(units)
    by_remainder = sorted(range(len(parts)), key=lambda k: units[k] - parts[k] / step)
    for place in by_remainder[:missing]:
        units[place] += 1
    return [float(f"{unit * step:.12g}") for unit in units]


def _money(found: Reasons, best: Option, second: Option, at: int) -> None:
    """The difference and the lines that it is made of, seen so that a plus speaks for the difference named."""
    gaps = contributions_of(best, second)
    cheaper = sum(gap.difference for gap in gaps) >= 0
    sign = 1.0 if cheaper else -1.0
    named, rest = gaps[:SHOWN_BLOCKS], gaps[SHOWN_BLOCKS:]
    values = [sign * gap.difference for gap in named]
    if rest:
        values.append(sign * sum(gap.difference for gap in rest))
    shown = rounded_parts(values)
    ours, theirs = _line_pointers(best, 0), _line_pointers(second, at)
    plus, minus = (theirs, ours) if cheaper else (ours, theirs)

    def pointers(names: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        first, other = (tuple(path for name, path in side.items() if name in names) for side in (plus, minus))
        return first, other

    difference = found.money(sum(values), *pointers({gap.line for gap in gaps}), shown=sum(shown))
    groups = [{gap.line} for gap in named] + ([{gap.line for gap in rest}] if rest else [])
    names = [LINES[found.language].get(gap.line, gap.line.replace("_", " ")) for gap in named]
    names += [WORDS[found.language]["rest"]] if rest else []
    blocks = [
        f"{name} {'+' if part >= 0 else '−'}{found.money(value, *pointers(group), shown=part)}"
        for name, value, part, group in zip(names, values, shown, groups, strict=True)
        if part != 0
    ]
    say = WORDS[found.language]
    key = "cheaper" if cheaper else "dearer"
    p = p_second = ""
    if not cheaper:
        p = found.share(best.p_meets_quality, "/options/0/p_meets_quality")
        p_second = found.share(second.p_meets_quality, f"/options/{at}/p_meets_quality")
    label = title(second, found.language)
    found.add(say[key].format(second=label, difference=difference, blocks=", ".join(blocks), p=p, p_second=p_second))


def _line_pointers(option: Option, at: int) -> dict[str, str]:
    return {line.name: f"/options/{at}/cost/lines/{place}/mean" for place, line in enumerate(option.cost.lines)}


def _quality(found: Reasons, best: Option) -> None:
    score, at = best.quality.score_fraction, "/options/0/quality"
    template = PHRASES[found.language][f"quality_{'measured' if best.quality.origin == 'measured' else 'assumed'}"]
    found.add(
        template.format(
            p50=found.share(score.p50, f"{at}/score_fraction/p50"),
            p5=found.share(score.p5, f"{at}/score_fraction/p5"),
            p95=found.share(score.p95, f"{at}/score_fraction/p95"),
            floor=found.share(best.quality.floor_fraction, f"{at}/floor_fraction"),
            p=found.share(best.p_meets_quality, "/options/0/p_meets_quality"),
        )
    )


def _regret(found: Reasons, best: Option) -> None:
    if best.expected_regret is None or best.p95_regret is None:
        return
    mean, high = best.expected_regret, best.p95_regret
    found.add(
        WORDS[found.language]["regret"].format(
            p_best=found.share(best.p_best, "/options/0/p_best"),
            mean=found.money(mean, ("/options/0/expected_regret",), shown=mean),
            high=found.money(high, ("/options/0/p95_regret",), shown=high),
        )
    )


def _excluded(found: Reasons, options: tuple[Option, ...]) -> None:
    """One sentence on the kinds that the gates exclude, with the gates."""
    language = found.language
    by_kind: dict[str, set[str]] = {}
    for option in options:
        failed = {gate.rule for gate in option.gates if gate.passed is False}
        if failed:
            by_kind.setdefault(option.kind, set()).update(failed)
    open_kinds = {option.kind for option in options if option.feasible}
    parts = [
        f"{KINDS[language][kind]} ({', '.join(RULES[language].get(rule, rule) for rule in sorted(rules))})"
        for kind, rules in by_kind.items()
        if kind not in open_kinds
    ]
    if parts:
        found.add(PHRASES[language]["excluded"].format(list="; ".join(parts)))

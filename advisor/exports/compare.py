"""Why two assessments differ: case, measurements, catalogue, simulation; and what it did to options and lines.

Enter at `compare`. Everything is read from the two records; nothing is calculated again.
"""

from collections.abc import Iterator
from typing import Any

from advisor.contracts.assessment import Assessment, Assumption, Option
from advisor.contracts.comparison import (
    Cause,
    ChangedField,
    ChangedGate,
    ChangedInput,
    ComparedOption,
    Comparison,
    MovedLine,
    OptionState,
    Side,
)
from advisor.exports.words import advice_in

TOP_LINES = 12
FACTS: tuple[tuple[str, Cause], ...] = (
    ("seed", "simulation"),
    ("draws", "simulation"),
    ("catalog_version", "catalogue"),
    ("richtwert_version", "program"),
)


def compare(older: Assessment, newer: Assessment) -> Comparison:
    """The two assessments side by side."""
    facts = tuple(_facts(older, newer))
    fields = tuple(_fields(older, newer))
    inputs = tuple(_inputs(older, newer))
    return Comparison(
        older=_side(older),
        newer=_side(newer),
        causes=_causes(facts, fields, inputs),
        facts=facts,
        case_fields=fields,
        inputs=inputs,
        options=tuple(_options(older, newer)),
        gates=tuple(_gates(older, newer)),
        lines=tuple(_lines(older, newer)),
    )


def _side(result: Assessment) -> Side:
    return Side(
        id=result.id,
        case_name=result.case.name,
        currency=result.options[0].cost.currency,
        option_id=result.recommendation.option_id,
        headline=result.recommendation.headline,
        headline_de=advice_in(result, "de").headline,
    )


def _facts(older: Assessment, newer: Assessment) -> Iterator[ChangedField]:
    for name, _ in FACTS:
        before, after = str(getattr(older, name)), str(getattr(newer, name))
        if before != after:
            yield ChangedField(field=name, before_text=before, after_text=after)


def _fields(older: Assessment, newer: Assessment) -> Iterator[ChangedField]:
    before, after = (dict(_leaves(result.case.model_dump(mode="json"))) for result in (older, newer))
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield ChangedField(field=name, before_text=before.get(name), after_text=after.get(name))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a document with its path; what is not given is left out."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{path}.{index}")
    elif value is not None:
        yield path, f"{value:.12g}" if isinstance(value, float) else str(value)


def _inputs(older: Assessment, newer: Assessment) -> Iterator[ChangedInput]:
    before, after = ({row.name: row for row in result.assumptions} for result in (older, newer))
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or (old.value, old.origin) != (new.value, new.origin):
            yield ChangedInput(
                name=name,
                unit=next(row.unit for row in (new, old) if row is not None),
                before=None if old is None else old.value,
                after=None if new is None else new.value,
                origin_before=None if old is None else old.origin,
                origin_after=None if new is None else new.origin,
                cause=_cause(old, new),
            )


def _cause(old: Assumption | None, new: Assumption | None) -> Cause:
    """What the change of an input comes from, by its origins."""
    origins = {row.origin for row in (old, new) if row is not None}
    if "measured" in origins:
        return "measurements"
    return "case" if "given" in origins or None in (old, new) else "catalogue"


def _causes(
    facts: tuple[ChangedField, ...], fields: tuple[ChangedField, ...], inputs: tuple[ChangedInput, ...]
) -> tuple[Cause, ...]:
    found: dict[Cause, None] = {}
    if fields:
        found["case"] = None
    if any(row.cause == "measurements" for row in inputs):
        found["measurements"] = None
    changed = {row.field for row in facts}
    for name, cause in FACTS:
        if name in changed:
            found[cause] = None
    return tuple(found)


def _options(older: Assessment, newer: Assessment) -> Iterator[ComparedOption]:
    before, after = ({option.id: option for option in result.options} for result in (older, newer))
    for identity in dict.fromkeys((*after, *before)):
        yield ComparedOption(option_id=identity, older=_state(before.get(identity)), newer=_state(after.get(identity)))


def _state(option: Option | None) -> OptionState | None:
    if option is None:
        return None
    return OptionState(rank=option.rank, feasible=option.feasible, total=option.cost.total, p_best=option.p_best)


def _gates(older: Assessment, newer: Assessment) -> Iterator[ChangedGate]:
    before = {(option.id, gate.rule): gate for option in older.options for gate in option.gates}
    for option in newer.options:
        for gate in option.gates:
            old = before.get((option.id, gate.rule))
            if old is not None and old.passed is not gate.passed:
                yield ChangedGate(
                    option_id=option.id,
                    rule=gate.rule,
                    passed_before=old.passed,
                    passed_after=gate.passed,
                    reason_before=old.reason,
                    reason_after=gate.reason,
                )


def _lines(older: Assessment, newer: Assessment) -> list[MovedLine]:
    if older.options[0].cost.currency != newer.options[0].cost.currency:
        return []
    before = {(option.id, line.name): line.mean for option in older.options for line in option.cost.lines}
    known = {option.id for option in older.options}
    moved = [
        MovedLine(option_id=option.id, line=line.name, before=before.get((option.id, line.name), 0.0), after=line.mean)
        for option in newer.options
        if option.id in known
        for line in option.cost.lines
        if before.get((option.id, line.name), 0.0) != line.mean
    ]
    return sorted(moved, key=lambda line: -abs(line.after - line.before))[:TOP_LINES]

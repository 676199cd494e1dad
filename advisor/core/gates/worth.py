"""Gates on money, quality and speed: what an option costs, what it reaches, and whether its hardware holds it.

Enter at `budget`, `quality_floor`, `latency` and `hardware`.
"""

from typing import Literal

import numpy as np

from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome
from advisor.core.decode import Layout
from advisor.core.gates.finding import OWN_CASE, Evidence, Finding, Lift, Limits, Money, Share, Value, Word
from advisor.core.order import quantiles_of
from advisor.core.sampling import Design, median_in
from advisor.core.serving import resident_bytes
from advisor.core.units import BYTES_PER_GB

Budget = Literal["budget_total", "budget_upfront"]


def budget(
    rule: Literal["budget_upfront", "budget_total"], outcome: Outcome, limit: float | None, currency: str
) -> Finding | None:
    """Whether the median cost stays inside a budget."""
    if limit is None:
        return None
    amount, limit = outcome.median("upfront" if rule == "budget_upfront" else "total"), float(limit)
    field = rule.replace("_", ".", 1)
    values: dict[str, Value] = {"amount": Money(amount, currency), "budget": Money(limit, currency)}
    evidence = (Evidence(field, amount, limit, currency, OWN_CASE),)
    if amount <= limit:
        return Finding(rule, True, rule, values, evidence)
    return Finding(rule, False, rule, values, evidence, Lift(field, limit, amount, currency, amount - limit, values))


def quality_floor(option: Candidate, outcome: Outcome, x: Design, limits: Limits) -> Finding:
    """Whether the option reaches the floor with the probability that the gate asks for."""
    floor, least = limits.quality_floor_fraction, limits.min_p_meets_quality
    p_meets = float(np.count_nonzero(outcome.quality >= x["quality_floor_fraction"]) / len(outcome.quality))
    values: dict[str, Value] = {
        "score": Share(outcome.median("quality")),
        "kind": Word("measured" if option.measured_quality_input in x else "expected"),
        "floor": Share(floor),
        "p": Share(p_meets),
    }
    origin = limits.origin("gate_min_p_meets_quality")
    evidence = (Evidence("p_meets_quality", p_meets, least, "fraction", origin.source, origin.as_of),)
    if p_meets >= least:
        return Finding("quality_floor", True, "quality_floor", values, evidence)
    reached = quantiles_of(outcome.quality, (1.0 - least,))[0]
    lift = Lift("use_case.quality.floor_fraction", floor, reached, "fraction", values={"needed": Share(reached)})
    return Finding("quality_floor", False, "quality_floor", values, evidence, lift)


def latency(option: Candidate, x: Design, limits: Limits) -> Finding:
    """Whether one copy of the model answers as fast as wanted; of a provider it is a question."""
    wanted = {name: median_in(x, name) for name in ("ttft_ms_p95", "tpot_ms_p95")}
    origins = {name: limits.origin(name) for name in wanted}
    replica = None if option.hosting is None else option.hosting.replica
    found = {
        "ttft_ms_p95": None if replica is None else replica.ttft_s * 1e3,
        "tpot_ms_p95": None if replica is None else replica.tpot_s * 1e3,
    }
    evidence = tuple(
        Evidence(f"use_case.{name}", found[name], wanted[name], "ms", origins[name].source, origins[name].as_of)
        for name in wanted
    )
    if option.hosting is None or replica is None:
        return Finding("latency", None, "latency_unknown", {}, evidence)
    first, each = replica.ttft_s * 1e3, replica.tpot_s * 1e3
    values: dict[str, Value] = {
        "devices": float(replica.devices),
        "accelerator": option.hosting.accelerator,
        "batch": float(replica.batch),
        "ttft": first,
        "tpot": each,
    }
    if replica.meets_latency:
        return Finding("latency", True, "latency", values, evidence)
    name, needed = ("ttft_ms_p95", first) if first > wanted["ttft_ms_p95"] else ("tpot_ms_p95", each)
    lift = Lift(f"use_case.{name}", wanted[name], needed, "ms", values={"needed": needed, "given": wanted[name]})
    return Finding("latency", False, "latency", values, evidence, lift)


def hardware(option: Candidate, x: Design, limits: Limits) -> Finding | None:
    """Whether the devices of one copy hold the weights, and those of a server hold the training."""
    hosting = option.hosting
    if hosting is None:
        return None
    replica, usable = hosting.replica, median_in(x, "usable_memory_fraction")
    needed = resident_bytes(hosting.model, hosting.form, Layout(replica.devices)) / BYTES_PER_GB
    room = usable * replica.devices * hosting.device.memory_bytes / BYTES_PER_GB
    origin = limits.origin("usable_memory_fraction")
    evidence = [Evidence("memory", needed, room, "GB", origin.source, origin.as_of)]
    values: dict[str, Value] = {
        "needed": needed,
        "room": room,
        "devices": float(replica.devices),
        "accelerator": hosting.accelerator,
    }
    if option.training is not None:
        count = option.training.min_devices
        evidence.append(Evidence("training_devices", count, None, "devices", "advisor.core.memory, high bound"))
        values["training"] = count
    key = "hardware" if option.training is None else "hardware_training"
    if needed <= room:
        return Finding("hardware", True, key, values, tuple(evidence))
    return Finding("hardware", False, key, values, tuple(evidence), Lift("memory", room, needed, "GB", values=values))

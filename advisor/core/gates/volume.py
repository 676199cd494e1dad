"""Gates on too little data for the method: examples for tuning, own text for adaptation and for training anew.

Enter at `data_volume`. Thresholds are rows of `data/parameters/rules.yml`, each method with its own.
"""

from advisor.contracts.case import Case
from advisor.core.candidates import Candidate
from advisor.core.gates.finding import Evidence, Finding, Lift, Limits, Value
from advisor.core.order import median_of
from advisor.core.sampling import Design

TEXT_RULES = {
    "domain_adaptation": "gate_min_domain_tokens.domain_adaptation",
    "from_scratch": "gate_min_training_tokens.from_scratch",
}
EXAMPLE_RULES = {
    "proprietary_api_tuned": "gate_min_examples.fine_tune_lora",
    "fine_tune_lora": "gate_min_examples.fine_tune_lora",
    "fine_tune_full": "gate_min_examples.fine_tune_full",
}


def data_volume(case: Case, option: Candidate, x: Design, limits: Limits) -> Finding | None:
    """Whether there is enough for the method; a measured quality says more than a volume."""
    if option.kind not in TEXT_RULES and option.kind not in EXAMPLE_RULES:
        return None
    if option.measured_quality_input in x:
        evidence = Evidence(option.measured_quality_input, median_of(x[option.measured_quality_input]), None,
                            "fraction", "measured")  # fmt: skip
        return Finding("data_volume", True, "volume_measured", {}, (evidence,))
    return _text(option, limits) if option.kind in TEXT_RULES else _examples(case, option, x, limits)


def _text(option: Candidate, limits: Limits) -> Finding:
    adapts = option.kind == "domain_adaptation"
    needed = limits.min_domain_tokens_adaptation if adapts else limits.min_training_tokens_scratch
    origin, have = limits.origin(TEXT_RULES[option.kind]), limits.domain_tokens
    evidence = (Evidence("data.domain_tokens", have, needed, "tokens", origin.source, origin.as_of),)
    values: dict[str, Value] = {"needed": needed, "have": have}
    if have is None:
        return Finding("data_volume", None, "text_unknown", values, evidence)
    if have >= needed:
        return Finding("data_volume", True, "text", values, evidence)
    lift = Lift("data.domain_tokens", float(have), needed, "tokens", values=values, key="text")
    return Finding("data_volume", False, "text", values, evidence, lift)


def _examples(case: Case, option: Candidate, x: Design, limits: Limits) -> Finding:
    """Missing examples can be written, if somebody is there to write them: the annotation line pays for it."""
    full = option.kind == "fine_tune_full"
    needed = limits.min_examples_full if full else limits.min_examples_lora
    origin, have = limits.origin(EXAMPLE_RULES[option.kind]), limits.labelled_examples
    evidence = (Evidence("data.labelled_examples", have, needed, "examples", origin.source, origin.as_of),)
    values: dict[str, Value] = {"needed": needed, "have": have}
    if have is None:
        return Finding("data_volume", None, "examples_unknown", values, evidence)
    if have >= needed:
        return Finding("data_volume", True, "examples", values, evidence)
    people, may_hire = limits.annotators_fte, case.staff.can_hire
    if people or may_hire:
        return Finding("data_volume", True, "examples_written", values, evidence)
    if people is None or may_hire is None:
        return Finding("data_volume", None, "examples_ask", values, evidence)
    lift = Lift("data.labelled_examples", float(have), needed, "examples", values=values, key="examples")
    return Finding("data_volume", False, "examples_missing", values, evidence, lift)

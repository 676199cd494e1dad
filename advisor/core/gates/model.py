"""Gates on the model itself: languages, licence of the weights and of the answers, end of life, context.

Enter at the functions, one a gate; None where a gate does not apply to the option.
"""

from advisor.contracts.case import Case
from advisor.core.candidates import Candidate
from advisor.core.gates.finding import Evidence, Finding, Lift, Limits, Value
from advisor.core.order import quantiles_of
from advisor.core.sampling import Design, figure_of

TAIL = 0.95


def languages(case: Case, option: Candidate) -> Finding | None:
    """Whether the model's card lists the languages of the case."""
    wanted = {language.split("-")[0] for language in case.use_case.languages}
    if not wanted or option.quality.from_scratch:
        return None
    asked, model = ", ".join(sorted(wanted)), option.model or option.label
    listed = ", ".join(option.languages) or None
    evidence = (Evidence("use_case.languages", listed, asked, "", f"model card of {model}"),)
    if not option.languages:
        return Finding("languages", None, "languages_unknown", {"model": model, "wanted": asked}, evidence)
    missing = ", ".join(sorted(wanted - set(option.languages)))
    if not missing:
        return Finding("languages", True, "languages", {"wanted": asked}, evidence)
    covered = ", ".join(sorted(wanted & set(option.languages)))
    lift = Lift("use_case.languages", asked, covered, values={"missing": missing})
    return Finding("languages", False, "languages_missing", {"model": model, "missing": missing}, evidence, lift)


def licence(option: Candidate) -> Finding | None:
    """Whether the licence of the weights lets a company use them."""
    if not option.licence:
        return None
    evidence = (Evidence("licence", option.licence, "commercial use", "", f"model card of {option.model}"),)
    if option.commercial_use:
        return Finding("licence", True, "licence", {"licence": option.licence}, evidence)
    lift = Lift("licence", option.licence, "commercial use", values={"licence": option.licence})
    return Finding("licence", False, "licence_forbids", {"licence": option.licence}, evidence, lift)


def output_licence(option: Candidate, limits: Limits) -> Finding | None:
    """Whether the answers may be used in business, and to train on."""
    name = option.licence or option.provider
    if not name:
        return None
    term = limits.output_terms.get(name)
    if term is None or term.commercial_use is None:
        evidence = (Evidence("output_licence", None, "commercial use", "", f"terms of {name}"),)
        return Finding("output_licence", None, "output_unknown", {"name": name}, evidence)
    origin = term.origin
    evidence = (Evidence("output_licence", term.training_use, "commercial use", "", origin.source, origin.as_of),)
    if not term.commercial_use:
        lift = Lift("output_licence", name, "commercial use", values={"licence": name})
        return Finding("output_licence", False, "output_forbids", {"name": name}, evidence, lift)
    return Finding("output_licence", True, f"output_{term.training_use}", {"name": name}, evidence)


def availability(option: Candidate, limits: Limits) -> Finding | None:
    """Whether the provider keeps the model long enough to be worth an integration."""
    if option.provider is None:
        return None
    origin = limits.origin("gate_min_months_available")
    months, least = option.months_available, limits.min_months_available
    evidence = (Evidence("months_available", months, least, "months", origin.source, origin.as_of),)
    model = option.model or option.label
    if months is None:
        return Finding("availability", True, "availability_open", {"model": model}, evidence)
    values: dict[str, Value] = {"model": model, "months": months, "least": least}
    if months >= least:
        return Finding("availability", True, "availability", values, evidence)
    lift = Lift("gate_min_months_available", least, months, "months", values=values)
    return Finding("availability", False, "availability", values, evidence, lift)


def context(option: Candidate, x: Design, limits: Limits) -> Finding | None:
    """Whether the longest requests fit the model's context."""
    if option.context_tokens is None:
        return None
    tokens = figure_of(x, ("longest request", option.retrieval), lambda: _longest(x, retrieval=option.retrieval))
    room = float(option.context_tokens)
    origin = limits.origin("input_tokens_per_request")
    evidence = (Evidence("tokens_per_request", tokens, room, "tokens", origin.source, origin.as_of),)
    values: dict[str, Value] = {"tokens": tokens, "room": room}
    if tokens <= room:
        return Finding("context_length", True, "context_length", values, evidence)
    lift = Lift("use_case.input_tokens_per_request", tokens, room, "tokens", values=values)
    return Finding("context_length", False, "context_length", values, evidence, lift)


def _longest(x: Design, *, retrieval: bool) -> float:
    extra = x["retrieval_tokens_per_request"] if retrieval else 0.0
    return quantiles_of(x["input_tokens_per_request"] + x["output_tokens_per_request"] + extra, (TAIL,))[0]

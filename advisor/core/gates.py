"""Hard conditions: each excludes an option or lets it pass, with the reason; none becomes a score.

Enter at `gates_of`. `passed=None` is a question that nobody has answered yet: it does not exclude, and the
assessment warns of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.assessment import Gate
from advisor.contracts.case import Case
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome
from advisor.core.sampling import Design
from advisor.core.units import TOKENS_PER_MTOK

RESIDENCY_ORDER = ("any", "eu", "national", "on_premises")
PERSONAL = ("personal", "special_category")


@dataclass(frozen=True)
class Limits:
    """Thresholds of the gates, from the catalogue and the case."""

    min_p_meets_quality: float
    min_domain_tokens_adaptation: float
    min_training_tokens_scratch: float
    quality_floor_fraction: float
    deadline_months: float | None
    budget_total: float | None
    budget_upfront: float | None
    currency: str
    available_ml_fte: float | None
    domain_tokens: float | None
    min_months_available: float


def gates_of(case: Case, option: Candidate, outcome: Outcome, x: Design, limits: Limits) -> tuple[Gate, ...]:
    """All gates that apply to an option; the status quo passes, because it is what happens anyway."""
    if option.kind == "status_quo":
        return (Gate(rule="status_quo", passed=True, reason="what happens today needs no permission"),)
    gates = [
        _residency(case, option),
        _sensitivity(case, option),
        _languages(case, option),
        _licence(option),
        _availability(option, limits),
        _context(option, x),
        _staff(case, option, x, limits),
        _deadline(outcome, limits),
        _budget("budget_upfront", "up front", outcome.upfront, limits.budget_upfront, limits.currency),
        _budget("budget_total", "over the horizon", outcome.total, limits.budget_total, limits.currency),
        _quality(option, outcome, x, limits),
        _latency(option),
        _corpus(option, x, limits),
    ]
    return tuple(gate for gate in gates if gate is not None)


def is_feasible(gates: tuple[Gate, ...]) -> bool:
    """True when no gate failed."""
    return all(gate.passed is not False for gate in gates)


def _residency(case: Case, option: Candidate) -> Gate:
    wanted = case.data.residency or "any"
    level = RESIDENCY_ORDER.index(wanted)
    kept = [name for name in option.residency if RESIDENCY_ORDER.index(name) >= level]
    passed = bool(kept) or wanted == "any"
    offers = ", ".join(option.residency) or "none stated"
    return Gate(
        rule="residency",
        passed=passed,
        reason=f"data must stay: {wanted}; the option offers: {offers}",
    )


def _sensitivity(case: Case, option: Candidate) -> Gate | None:
    sensitivity = case.data.sensitivity
    if not option.is_hosted_by_others:
        return Gate(rule="sensitivity", passed=True, reason="prompts do not leave systems under the company's control")
    if sensitivity is None:
        return Gate(
            rule="sensitivity", passed=None, reason="not known how sensitive the data are; set data.sensitivity"
        )
    if sensitivity in PERSONAL and "eu" not in option.residency:
        return Gate(
            rule="sensitivity",
            passed=False,
            reason=f"{sensitivity} data would be processed outside the EU without an EU residency offer",
        )
    if sensitivity == "special_category":
        return Gate(
            rule="sensitivity",
            passed=None,
            reason="special-category data at a provider: the data protection officer must decide (GDPR Art. 9, 28)",
        )
    reason = "allowed with a data processing agreement" if sensitivity == "personal" else f"{sensitivity} data"
    return Gate(rule="sensitivity", passed=True, reason=reason)


def _languages(case: Case, option: Candidate) -> Gate | None:
    wanted = {language.split("-")[0] for language in case.use_case.languages}
    if not wanted or option.quality.from_scratch:
        return None
    if not option.languages:
        return Gate(
            rule="languages", passed=None, reason=f"{option.model}: languages not published; test {sorted(wanted)}"
        )
    missing = sorted(wanted - set(option.languages))
    reason = f"{option.model} does not list: {', '.join(missing)}" if missing else f"covers {', '.join(sorted(wanted))}"
    return Gate(rule="languages", passed=not missing, reason=reason)


def _licence(option: Candidate) -> Gate | None:
    if not option.licence:
        return None
    verb = "allows" if option.commercial_use else "forbids"
    return Gate(rule="licence", passed=option.commercial_use, reason=f"{option.licence} {verb} commercial use")


def _availability(option: Candidate, limits: Limits) -> Gate | None:
    if option.months_available is None:
        return None
    return Gate(
        rule="availability",
        passed=option.months_available >= limits.min_months_available,
        reason=(
            f"the provider switches {option.model} off in {option.months_available:.0f} months; "
            f"at least {limits.min_months_available:.0f} are wanted"
        ),
    )


def _context(option: Candidate, x: Design) -> Gate | None:
    if option.context_tokens is None:
        return None
    extra = x["retrieval_tokens_per_request"] if option.retrieval else 0.0
    tokens = float(np.quantile(x["input_tokens_per_request"] + x["output_tokens_per_request"] + extra, 0.95))
    return Gate(
        rule="context_length",
        passed=tokens <= option.context_tokens,
        reason=f"{tokens:,.0f} tokens per request (P95) against a context of {option.context_tokens:,}",
    )


def _staff(case: Case, option: Candidate, x: Design, limits: Limits) -> Gate | None:
    if option.staff_needed_input is None:
        return None
    needed = float(x[option.staff_needed_input][0])
    have = limits.available_ml_fte
    if have is None:
        return Gate(
            rule="staff", passed=None, reason=f"needs {needed:g} ML or operations FTE; staff.ml_engineers_fte not given"
        )
    if have >= needed:
        return Gate(rule="staff", passed=True, reason=f"needs {needed:g} FTE, {have:g} are there")
    if case.staff.can_hire is None:
        return Gate(rule="staff", passed=None, reason=f"needs {needed:g} FTE, {have:g} are there; can you hire?")
    return Gate(
        rule="staff",
        passed=case.staff.can_hire,
        reason=f"needs {needed:g} FTE, {have:g} are there, hiring is {'' if case.staff.can_hire else 'not '}possible",
    )


def _deadline(outcome: Outcome, limits: Limits) -> Gate | None:
    if limits.deadline_months is None:
        return None
    months = float(np.median(outcome.months_to_value))
    return Gate(
        rule="deadline",
        passed=months <= limits.deadline_months,
        reason=f"first value after {months:.1f} months (median), deadline {limits.deadline_months:g} months",
    )


def _budget(rule: str, span: str, amounts: NDArray[np.float64], budget: float | None, currency: str) -> Gate | None:
    if budget is None:
        return None
    amount = float(np.median(amounts))
    return Gate(
        rule=rule,
        passed=amount <= budget,
        reason=f"{amount:,.0f} {currency} {span} (median), budget {budget:,.0f}",
    )


def _quality(option: Candidate, outcome: Outcome, x: Design, limits: Limits) -> Gate:
    p_meets = float(np.mean(outcome.quality >= x["quality_floor_fraction"]))
    kind = "measured" if option.measured_quality_input in x else "expected, not measured"
    return Gate(
        rule="quality_floor",
        passed=p_meets >= limits.min_p_meets_quality,
        reason=(
            f"score {np.median(outcome.quality):.2f} ({kind}) reaches the floor {limits.quality_floor_fraction:.2f} "
            f"with probability {p_meets:.2f}"
        ),
    )


def _latency(option: Candidate) -> Gate:
    if option.hosting is None:
        return Gate(
            rule="latency", passed=None, reason="depends on the provider; measure it with `advisor baseline run`"
        )
    replica = option.hosting.replica
    return Gate(
        rule="latency",
        passed=replica.meets_latency,
        reason=(
            f"{replica.devices} x {option.hosting.accelerator}, batch {replica.batch}: "
            f"{replica.ttft_s * 1e3:,.0f} ms to the first token, {replica.tpot_s * 1e3:,.0f} ms per token"
        ),
    )


def _corpus(option: Candidate, x: Design, limits: Limits) -> Gate | None:
    if option.kind == "domain_adaptation":
        needed = limits.min_domain_tokens_adaptation
    elif option.kind == "from_scratch":
        needed = limits.min_training_tokens_scratch
    else:
        return None
    if option.measured_quality_input in x:
        return Gate(rule="data_volume", passed=True, reason="its quality was measured, which says more than the volume")
    if limits.domain_tokens is None:
        return Gate(
            rule="data_volume", passed=None, reason=f"needs {_mtok(needed)} of own text; data.domain_tokens not given"
        )
    return Gate(
        rule="data_volume",
        passed=limits.domain_tokens >= needed,
        reason=f"{_mtok(limits.domain_tokens)} of own text, sensible from {_mtok(needed)}",
    )


def _mtok(tokens: float) -> str:
    return f"{tokens / TOKENS_PER_MTOK:,.4g} M tokens"

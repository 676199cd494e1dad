"""Energy of a request: as the endpoint reports it, else modelled and labelled so.

Enter at `measured_energy` and `modelled_energy`.
"""

from collections.abc import Sequence

import numpy as np

from advisor.baseline.replies import Reply
from advisor.contracts.base import Interval
from advisor.contracts.baseline import Target

PARAMETER = "api_energy_j_per_output_token"


def measured_energy(replies: Sequence[Reply]) -> tuple[Interval | None, str]:
    """Spread over the answered requests, J, and the note; None unless every one of them was measured."""
    answered = [reply for reply in replies if reply.error is None]
    known = [reply.energy_j for reply in answered if reply.energy_j is not None]
    if not known:
        return None, "the endpoint reports no energy"
    if len(known) < len(answered):
        return None, f"the endpoint reported energy for {len(known)} of {len(answered)} requests only"
    p5, p50, p95 = (float(value) for value in np.percentile(known, [5, 50, 95]))
    spread = Interval(p5=p5, p50=p50, p95=p95, mean=float(np.mean(known)))
    return spread, f"spread over {len(known)} requests, as the endpoint reports it"


def modelled_energy(target: Target, replies: Sequence[Reply]) -> tuple[Interval | None, str]:
    """Mean output tokens times what measured open models take for one, J; in-house models are measured, not modelled.

    E = mean(output tokens) * e,  e at P5, P50, P95 of `api_energy_j_per_output_token`
    units: tokens, J/token -> J.   source: the catalogue's parameter.   Providers publish none; prompts are not counted.
    """
    if target.role == "in_house" or target.stand_in:
        return None, "" if not target.stand_in else "a stand-in's energy says nothing about the real endpoint"
    tokens = [reply.output_tokens for reply in replies if reply.error is None and reply.output_tokens is not None]
    if not tokens:
        return None, "the endpoint told no output tokens to model it from"
    from advisor.catalog.load import load_catalog
    from advisor.catalog.lookup import parameter
    from advisor.input_rows import citation

    catalog = load_catalog()
    row, mean = parameter(catalog, PARAMETER), float(np.mean(tokens))
    spread = Interval(p5=mean * row.low, p50=mean * row.central, p95=mean * row.high)
    note = f"modelled, not measured: {mean:.0f} output tokens at {row.low:g} to {row.high:g} J each"
    return spread, f"{note} ({citation(row, catalog)})"

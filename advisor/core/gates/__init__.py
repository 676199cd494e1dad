"""Hard conditions: each excludes an option, lets it pass or asks a question, with evidence; none becomes a score.

Enter at `gates_of`. What a finding says in words, in English and German, is made by `advisor.gate_text`.
"""

from advisor.core.gates.finding import Finding, Limits, is_feasible
from advisor.core.gates.run import gates_of

__all__ = ["Finding", "Limits", "gates_of", "is_feasible"]

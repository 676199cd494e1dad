"""Names of training kinds, and the list of what a request left open.

Enter at `Notes`.
"""

from advisor.contracts.estimates import EstimateAssumption

RL_KINDS = ("ppo", "grpo")
PAIR_KINDS = ("reward_model", "dpo")
"""Kinds whose examples are pairs of answers."""
FROM_TEXT = ("pretrain", "continued_pretrain")
"""Kinds that read running text in packed blocks."""
PLAIN_KINDS = ("full_ft", "lora", "qlora", "reward_model", "dpo", "ppo", "grpo")
"""Kinds that usually run in a plain training loop, not in a tuned pre-training stack."""
WHOLE_RUNS = (*FROM_TEXT, *PLAIN_KINDS)


class Notes(list[EstimateAssumption]):
    """What was assumed, in order."""

    def add(self, name: str, value: float | str, source: str) -> None:
        """Note one assumption."""
        self.append(EstimateAssumption(name=name, value=value, source=source))

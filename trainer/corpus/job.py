"""What one preparation has to do: from a training plan, or from a path alone.

Enter at `Job.of_plan`; `Job.fingerprint` tells whether an unfinished preparation is the same one.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from advisor.contracts.data_plan import DataPlan
from advisor.contracts.plan import BaseModelSource, TrainingPlan
from trainer.corpus.read import Problems, Source, sources_of


@dataclass(frozen=True)
class Job:
    """Settings of one preparation."""

    data: DataPlan
    base: Path
    """Directory that the plan's paths are relative to."""
    seed: int = 0
    languages: tuple[str, ...] = ()
    task: str | None = None
    max_items: int = 200
    """Held-out questions that are kept."""
    needs_text: bool = True
    """Whether a phase trains on running text."""
    needs_conversations: bool = False
    needs_pairs: bool = False
    tokenizer: Path | None = None
    """Directory of the base model, whose tokenizer counts the tokens; None: they are estimated."""

    @classmethod
    def of_plan(cls, plan: TrainingPlan, base: Path) -> "Job":
        """The data step of a plan."""
        directory = base / plan.model.model if isinstance(plan.model, BaseModelSource) else None
        routed = plan.phases.sft is not None and plan.data.instructions is None
        return cls(
            data=plan.data,
            base=base,
            seed=plan.seed,
            languages=plan.languages,
            task=plan.task,
            max_items=plan.evaluation.max_items,
            needs_text=plan.phases.pretrain is not None or routed,
            needs_conversations=plan.phases.sft is not None,
            needs_pairs=plan.phases.reward is not None or plan.phases.dpo is not None,
            tokenizer=directory if directory is not None and (directory / "tokenizer.json").exists() else None,
        )

    def fingerprint(self, sources: list[Source]) -> str:
        """Changes with any setting that shapes the result, and with any file's size or time."""
        # Augmentation comes last and starts from what is kept, so another endpoint may take an unfinished one over.
        seen = [
            self.data.model_dump_json(exclude={"augmentation"}),
            self.seed,
            self.languages,
            self.task,
            self.max_items,
        ]
        seen += [self.needs_text, self.needs_conversations, self.needs_pairs, str(self.tokenizer)]
        for source in sources:
            status = source.path.stat() if source.path is not None else None
            seen.append((source.name, status and (status.st_size, status.st_mtime_ns)))
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    def sources(self, problems: Problems) -> list[Source]:
        """The files of the job's corpora."""
        return sources_of(self.data.corpora, self.base, problems)

"""An evaluation in plain language and Markdown: for the model card, the report file and people.

Enter at `evaluation_text`, `bias_limits` and `bias_section`. No model is needed here.
"""

from collections.abc import Iterable, Sequence

from advisor.contracts.evaluation import BiasScore, EvaluationReport, ForgettingScore, ModelComparison, Score

LARGE = 100
FINDINGS = {
    "stereotyped": "leans to the stereotype",
    "counter_stereotyped": "leans against the stereotype",
    "none_shown": "none shown",
}
SUITES = {"templates": "own sentences", "crows_pairs": "CrowS-Pairs", "winobias": "WinoBias", "bbq": "BBQ"}
VERDICTS = {"first_better": "better", "second_better": "worse", "undecided": "undecided"}
NOT_TESTED = "not tested for bias, nor for personal data in its answers"
NONE_SHOWN = "no lean to stereotypes was shown; one that is smaller than the intervals are wide may still be there"
ONLY_LIKELIHOODS = (
    "bias was looked for in how likely sentences are, for the groups named; what it answers in a dialogue, other "
    "groups and personal data in its answers were not tested"
)


def bias_limits(evaluation: EvaluationReport | None) -> list[str]:
    """What a user must expect of a model's bias, a sentence each."""
    if evaluation is None or not evaluation.bias:
        return [NOT_TESTED]
    leaning = [score for score in evaluation.bias if score.finding == "stereotyped"]
    if not leaning:
        return [NONE_SHOWN, ONLY_LIKELIHOODS]
    groups = _listed(_place(score) for score in leaning)
    return [f"leans to stereotypes about {groups}; do not let it judge or describe people", ONLY_LIKELIHOODS]


def bias_section(scores: Sequence[BiasScore]) -> list[str]:
    """Bias as a table with a sentence on how to read it; empty without scores."""
    if not scores:
        return []
    lines = [
        "How much likelier the model finds a sentence when the group named is the one that a stereotype is told about. "
        "A share of 0.5 and a difference of 0 is what a model without bias has.\n",
        "| suite | group | language | finding | deciding figure | other figure | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for score in scores:
        figures = [f"{one.name.replace('_', ' ')} {_interval(one)}" for one in score.scores[:2]]
        cells = [SUITES[score.suite], score.group, score.language, FINDINGS[score.finding], *figures, *([""] * 2)][:6]
        lines.append(f"| {' | '.join(cells)} | {score.scores[0].n} |")
    return lines


def figure(value: float, sign: str = "") -> str:
    """Three decimals, none from a hundred on."""
    return f"{value:{sign},.0f}" if abs(value) >= LARGE else f"{value:{sign}.3f}"


def evaluation_text(report: EvaluationReport) -> str:
    """The whole report as Markdown."""
    lines = [f"# Evaluation of {report.model or 'the model'}\n"]
    lines.append(f"Task: {report.task.replace('_', ' ')}. On {report.data}. {report.created_at or ''}\n")
    if report.scores:
        lines += ["## Scores\n", *score_rows(report.scores, report.primary)]
    if report.comparison is not None:
        lines += [f"\n## Beside {report.comparison.other}\n", *comparison_rows(report, report.comparison)]
    if report.forgetting is not None:
        lines += ["\n## Forgetting\n", forgetting_sentence(report.forgetting)]
    if report.bias:
        lines += ["\n## Bias\n", *bias_section(report.bias)]
    if report.toxicity:
        lines += ["\n## Toxicity of free generation\n", *toxicity_sentences(report)]
    if report.notes:
        lines += ["\n## To know before reading\n", *(f"- {note}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def score_rows(scores: Sequence[Score], primary: str) -> list[str]:
    """Scores with interval and n as a Markdown table."""
    rows = [
        f"| {score.name}{' (primary)' if score.name == primary else ''} | {figure(score.value)} "
        f"| {figure(score.low)} to {figure(score.high)} | {score.n} | {score.unit} |"
        for score in scores
    ]
    return ["| score | value | 95 % interval | n | unit |", "|---|---|---|---|---|", *rows]


def comparison_rows(report: EvaluationReport, comparison: ModelComparison) -> list[str]:
    """Both models and their paired difference as a Markdown table."""
    mine, theirs = ({score.name: score for score in scores} for scores in (report.scores, comparison.scores))
    lines = [
        "The same items, resampled in pairs; right or wrong also by McNemar's exact test.\n",
        "| score | this model | the other | difference | 95 % interval | p | n | this model is |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in comparison.differences:
        p = "" if row.p_value is None else f"{row.p_value:.3g}"
        lines.append(
            f"| {row.name} | {figure(mine[row.name].value)} | {figure(theirs[row.name].value)} "
            f"| {figure(row.difference, '+')} | {figure(row.low, '+')} to {figure(row.high, '+')} | {p} | {row.n} "
            f"| {VERDICTS[row.verdict]} |"
        )
    return lines


def forgetting_sentence(found: ForgettingScore) -> str:
    """What became of general knowledge, in one sentence."""
    change = found.difference
    saying = {"forgot": "The model has forgotten", "kept": "The model has kept", "undecided": "It is undecided whether"}
    tail = " the model has forgotten general knowledge" if found.finding == "undecided" else " general knowledge"
    return (
        f"{saying[found.finding]}{tail}: {found.before.value:.3f} bits per byte before ({found.base}), "
        f"{found.after.value:.3f} after on {change.n} passages of {found.data}; difference {change.value:+.3f} "
        f"({change.low:+.3f} to {change.high:+.3f}), counted as none up to {found.margin_fraction:.1%} of before."
    )


def toxicity_sentences(report: EvaluationReport) -> list[str]:
    """The share by language, with what a word list can tell."""
    lines = [
        f"- {found.language}: {found.share.value:.1%} ({found.share.low:.1%} to {found.share.high:.1%}) of "
        f"{found.share.n} continuations of {found.num_prompts} beginnings hold one of {found.num_terms} listed terms"
        + (f" ({', '.join(found.found[:8])})" if found.found else "")
        for found in report.toxicity
    ]
    return [*lines, "\nA word list finds words, not malice: insults without them are missed, quotations count."]


def _interval(score: Score) -> str:
    sign = "+" if score.unit in ("nats", "ratio") else ""
    return f"{score.value:{sign}.3f} ({score.low:{sign}.3f} to {score.high:{sign}.3f})"


def _place(score: BiasScore) -> str:
    source = "" if score.suite == "templates" else f", {SUITES[score.suite]}"
    return f"{score.group} ({score.language}{source})"


def _listed(names: Iterable[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last

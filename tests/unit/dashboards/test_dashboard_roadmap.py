"""The roadmap for managers: bars that follow each other, people and money in the reader's language."""

import pytest
from documents import assessment

from advisor.contracts.advice import RoadmapStep, StepPeople
from advisor.contracts.base import Interval
from dashboards import gantt, tables

STEPS = (
    RoadmapStep(
        step=1,
        title="Geschäftsziel",
        months=0.5,
        detail="festlegen",
        people=(StepPeople(role="ml_engineer", fte_months=0.4, fte=0.8),),
        cost=Interval(p5=1000.0, p50=3000.0, p95=9000.0, mean=4000.0),
        lines=("integration",),
    ),
    RoadmapStep(step=6, title="Trainieren", months=0.0, detail="nicht nötig"),
    RoadmapStep(step=9, title="Bereitstellen", months=1.5, detail="ein Team"),
    RoadmapStep(
        step=10,
        title="Pflegen",
        months=0.0,
        detail="fortlaufend",
        people=(StepPeople(role="operations", fte_months=0.5, fte=0.5),),
        cost=Interval(p5=500.0, p50=900.0, p95=1500.0, mean=1000.0),
        cost_per="month",
    ),
)


def with_steps(steps):
    built = assessment()
    advice = built.recommendation
    german = advice.translations[0].model_copy(update={"roadmap": steps})
    return built.model_copy(update={"recommendation": advice.model_copy(update={"translations": (german,)})})


def test_bars_follow_each_other_and_steps_without_time_have_none():
    chart = gantt.roadmap(with_steps(STEPS), "de").to_dict()
    rows = [row for rows in chart["datasets"].values() for row in rows]
    assert [(row["label"], row["begin"], row["end"]) for row in rows] == [
        ("1. Geschäftsziel", 0.0, 0.5),
        ("9. Bereitstellen", 0.5, 2.0),
    ]
    assert rows[0]["people"] == "ML-Ingenieur 0,4"


@pytest.mark.parametrize("steps", [(), STEPS[1:2]])
def test_a_roadmap_without_months_draws_nothing(steps):
    assert gantt.roadmap(with_steps(steps), "de") is None


def test_the_table_says_people_and_money_and_what_a_month_costs():
    rows = [list(row.values()) for row in tables.roadmap(with_steps(STEPS), "de")]
    first, last = rows[0], rows[-1]
    assert first[1:3] == ["0,5", "ML-Ingenieur 0,4"]
    assert "4.000\N{NO-BREAK SPACE}€" in first[3]
    assert last[1] == "fortlaufend"
    assert "1.000\N{NO-BREAK SPACE}€ je Monat" in last[3]
    assert [row[3] for row in rows[1:3]] == ["–", "–"]

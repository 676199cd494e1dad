"""Drift: what changed is found, what did not is not, and what cannot be told says why."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from documents import assessment
from scipy import stats
from scipy.spatial.distance import jensenshannon
from test_traffic_export import kept, said

from advisor.contracts.assessment import Assumption
from advisor.contracts.base import Interval
from serving.cli import main
from serving.drift.compare import compare
from serving.drift.statistics import (
    by_chance,
    difference_of_shares,
    jensen_shannon,
    population_stability,
    stability_by_chance,
    wilson,
)
from serving.drift.window import Window
from serving.records import UsageRecord
from serving.traffic import Traffic

START = datetime(2026, 11, 1, tzinfo=UTC)
ORDINARY = ["wie", "lange", "dauert", "die", "lieferung", "von", "meinem", "paket", "nach", "hause", "heute"]
LEGAL = [
    *("kündigung", "frist", "vertrag", "mietrecht", "klage"),
    *("gericht", "anwalt", "urteil", "paragraph", "widerspruch"),
]
ENGLISH = ["how", "long", "does", "the", "delivery", "of", "my", "parcel", "to", "house", "take", "today"]


def used(number, *, prompt=100, status="completed", seconds=1.0, day=0.0, energy_j=50.0, cost=0.01):
    return UsageRecord(
        id=f"c{number}",
        created_at=(START + timedelta(days=day, seconds=number)).isoformat(),
        endpoint="chat.completions",
        model="m",
        status=status,
        prompt_tokens=prompt,
        completion_tokens=50,
        duration_s=seconds,
        ttft_s=seconds / 10,
        energy_j=energy_j,
        energy_quality="measured_counter",
        cost=cost,
        currency="EUR",
        version="1-m",
    )


def window(*, first=0, n=200, words=ORDINARY, good=40, day=0.0, refused=0, failed=0, scale=1.0, seed=1):
    dice = random.Random(seed)
    usage = [
        used(
            first + number,
            prompt=int(scale * dice.lognormvariate(4, 0.5)) + 1,
            status="failed" if number < failed else "completed",
            seconds=scale * dice.uniform(0.9, 1.1),
            day=day,
            energy_j=50 * scale,
        )
        for number in range(n)
    ]
    traffic = [
        kept(
            f"c{first + number}",
            answer="Es tut mir leid, das kann ich nicht." if number < refused else "gern",
            words=" ".join(dice.choices(words, k=12)),
        ).model_copy(update={"created_at": usage[number].created_at})
        for number in range(n)
    ]
    feedback = [
        said(f"c{first + number}", rating="good" if number < good else "bad").model_copy(
            update={"created_at": usage[number].created_at}
        )
        for number in range(min(n, 50))
    ]
    return Window(usage, traffic, feedback)


def rows(before, now):
    return {row.name: row for row in compare(before, now)}


def test_two_samples_of_the_same_traffic_are_inside_in_every_figure():
    found = rows(window(seed=1), window(seed=2))
    assert {name: row.inside for name, row in found.items()} == dict.fromkeys(found, True)


@pytest.mark.parametrize(
    ("changed", "outside"),
    [
        ({"words": LEGAL}, {"vocabulary"}),
        ({"refused": 40}, {"refused_fraction"}),
        ({"failed": 20}, {"failed_fraction"}),
        ({"good": 20}, {"rated_good_fraction"}),
        ({"scale": 3}, {"prompt_tokens", "ttft_ms_p95", "tpot_ms_p95"}),
        ({"words": ENGLISH}, {"languages", "vocabulary"}),
    ],
)
def test_what_changed_is_outside_and_nothing_else(changed, outside):
    found = rows(window(), window(seed=2, **changed))
    assert {name for name, row in found.items() if row.inside is False} - {"energy_j_per_token"} == outside


def test_energy_per_token_follows_the_energy():
    before, now = window(n=60), window(n=60, seed=2)
    doubled = [record.model_copy(update={"energy_j": 2 * (record.energy_j or 0)}) for record in now.usage]
    row = rows(before, Window(doubled, [], []))["energy_j_per_token"]
    assert row.inside is False
    assert row.high == pytest.approx(1.25 * row.baseline)


def test_improvement_is_no_alert():
    found = rows(window(good=20, failed=20, refused=40), window(seed=2, good=50))
    assert all(row.inside for row in found.values())


def test_too_few_or_nothing_says_so_and_is_not_judged():
    found = rows(window(n=50), Window(window(n=20).usage, [], []))
    assert all(row.inside is None and row.reason and row.current is None for row in found.values())
    assert found["vocabulary"].reason.startswith("no words are kept")


def test_the_distances_are_those_of_an_independent_program():
    before, now = {"a": 30, "b": 50, "c": 20}, {"a": 10, "b": 60, "d": 30}
    names = ["a", "b", "c", "d"]
    shares = [[counts.get(name, 0) for name in names] for counts in (before, now)]
    assert jensen_shannon(before, now) == pytest.approx(jensenshannon(*shares, base=2) ** 2)
    smoothed = [[(count + 0.5) / 102 for count in counts] for counts in shares]
    both = stats.entropy(smoothed[1], smoothed[0]) + stats.entropy(smoothed[0], smoothed[1])
    assert population_stability(before, now) == pytest.approx(both)
    exact = (1 / 200 + 1 / 100) * stats.chi2.ppf(0.99, 9)
    assert stability_by_chance(10, 200, 100) == pytest.approx(exact, rel=0.01)
    interval = stats.binomtest(18, 50).proportion_ci(0.95, method="wilson")
    assert wilson(18, 50) == pytest.approx((interval.low, interval.high), abs=1e-4)


def test_the_change_of_a_share_is_that_of_the_published_example():
    """Newcombe 1998, table II, (a) method 10: 56/70 against 48/80 gives 0.0524 to 0.3339."""
    assert difference_of_shares(48, 80, 56, 70) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_chance_is_rarely_beaten_by_texts_of_the_same_kind():
    dice = random.Random(3)
    beaten = 0
    for _ in range(40):
        texts = [Counter(dice.choices(ORDINARY, k=8)) for _ in range(40)]
        total = jensen_shannon(sum(texts[:20], Counter()), sum(texts[20:], Counter()))
        beaten += total > by_chance(texts[:20], texts[20:])
    assert beaten <= 7  # binomial, n = 40, p = 0.05: more than 7 in 1 of 1,000


def write(directory, *windows):
    traffic = Traffic(directory, days=10_000)
    for one in windows:
        for name, lines in (("usage", one.usage), ("feedback", one.feedback)):
            with (directory / f"{name}.jsonl").open("a") as file:
                file.writelines(line.model_dump_json() + "\n" for line in lines)
        for record in one.traffic:
            traffic.append(record)
    return directory


def run(capsys, *argv):
    code = main(["drift", *map(str, argv)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_last_days_are_compared_and_an_alert_with_a_proposal_is_written(tmp_path, capsys):
    records = write(tmp_path / "r", window(), window(first=1000, day=20, words=LEGAL, seed=2))
    alerts = tmp_path / "alerts.jsonl"
    code, out, _ = run(capsys, records, "--output", alerts)
    assert code == 0
    assert "m: 200 requests against the records before the last 7 days" in out
    assert "OUTSIDE vocabulary" in out and "proposal: retrain" in out
    alert = json.loads(alerts.read_text())
    assert [row["name"] for row in alert["outside"]] == ["vocabulary"]
    assert (alert["proposal"]["action"], alert["proposal"]["conversations"]) == ("retrain", 80)
    assert alert["versions"] == ["1-m"]


def forecast(tmp_path, **figures):
    """An Assessment that states these input lengths and this wanted time to the first token."""
    given = assessment()
    stated = {"input_tokens_per_request": 60.0, "ttft_ms_p95": 500.0, **figures}
    rows = tuple(
        Assumption(name=name, value=value, unit="", origin="given", source="test", as_of=None)
        for name, value in stated.items()
    )
    path = tmp_path / "assessment.json"
    path.write_text(given.model_copy(update={"assumptions": rows}).model_dump_json())
    return path, given


def test_the_forecast_of_an_assessment_is_the_band(tmp_path, capsys):
    """Input lengths have a mean near 62; the first token takes 110 ms at most; 40 of 50 judgements are good."""
    records = write(tmp_path / "r", window())
    band = Interval(p5=50, p50=60, p95=70)
    path, given = forecast(tmp_path, input_tokens_per_request=band)
    code, out, _ = run(capsys, records, "--assessment", path, "--option", given.options[0].id, "--format", "json")
    assert code == 0
    found = {row["name"]: row for row in json.loads(out)["rows"]}
    assert [found[name]["inside"] for name in ("input_tokens_per_request", "ttft_ms_p95")] == [True, True]
    assert found["output_tokens_per_request"]["reason"] == "the Assessment states no such figure"
    assert found["tpot_ms_p95"]["inside"] is None
    option = given.options[0]
    per_request = option.cost.per_1k_requests
    assert found["cost_per_request"]["inside"] is (per_request.p5 <= 10 <= per_request.p95)  # 0.01 is 10 a thousand
    requests = 1000 * option.cost.total.p50 / per_request.p50
    most_j = 3.6e6 * (option.energy.serving_busy_it_kwh.p95 + option.energy.serving_idle_it_kwh.p95) / requests
    assert found["energy_j_per_request"]["high"] == pytest.approx(most_j)
    assert found["energy_j_per_request"]["inside"] is (most_j >= 50)
    quality = given.options[0].quality.score_fraction
    assert found["rated_good_fraction"]["inside"] is (wilson(40, 50)[1] >= quality.p5)


def test_a_forecast_that_was_wrong_is_outside_and_another_option_is_named(tmp_path, capsys):
    records = write(tmp_path / "r", window())
    path, given = forecast(tmp_path, ttft_ms_p95=50.0)
    code, out, _ = run(capsys, records, "--assessment", path)
    assert code == 0
    assert "OUTSIDE input_tokens_per_request" in out and "OUTSIDE ttft_ms_p95" in out
    code, _, err = run(capsys, records, "--assessment", path, "--option", "nothing")
    assert code == 2
    assert given.options[0].id in err


def test_nothing_outside_writes_no_alert_and_json_stands_alone(tmp_path, capsys):
    before, now = write(tmp_path / "a", window()), write(tmp_path / "b", window(seed=2))
    alerts = tmp_path / "alerts.jsonl"
    code, out, err = run(capsys, now, "--baseline", before, "--output", alerts, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["proposal"]["action"] == "none"
    assert not alerts.exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "all records are of the last 7 days"),
        (("--option", "x"), "goes with --assessment"),
        (("--model", "other"), "other"),
        (("--assessment", "nowhere.json"), "no such file"),
    ],
)
def test_mistakes_are_told(tmp_path, capsys, argv, message):
    code, out, err = run(capsys, write(tmp_path / "r", window()), *argv)
    assert (code, out) == (2, "")
    assert message in err

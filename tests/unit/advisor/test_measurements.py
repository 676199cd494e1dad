"""Reports correct the inputs that they measure, by name, and nothing else."""

from pathlib import Path

import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.baseline import BaselineReport, Target, TargetResult
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput
from advisor.contracts.evaluation import Score
from advisor.files import read_contract

CASE = Path(__file__).parents[3] / "data" / "examples" / "python_help_desk.yaml"
OWN = "from_scratch:llama-tiny"


def _report(share: float, n: int, *, option: str | None = OWN, stand_in: bool = False) -> BaselineReport:
    score = Score(name="accuracy", value=share, low=max(0, share - 0.1), high=min(1, share + 0.1), n=n, unit="fraction")
    target = Target(
        name="t", role="in_house", stand_in=stand_in, model="m", base_url="http://127.0.0.1:1/v1", option_id=option
    )
    result = TargetResult(
        target=target,
        answered=n,
        errors=0,
        scores=(score,),
        primary="accuracy",
        latency=None,
        input_tokens=1,
        output_tokens=1,
        cost_usd=None,
        cost_note="not known",
        energy_j_per_request=None,
        energy_note="not measured",
    )
    return BaselineReport(
        id="b-1",
        created_at="2026-11-23T12:00:00+00:00",
        suite="suite.jsonl",
        suite_sha256="0" * 64,
        task="classification",
        items=n,
        results=(result,),
        differences=(),
        answers=(),
    )


def _assess(*reports: BaselineReport):
    return assess(read_contract(CASE, Case), catalog=load_catalog(), draws=1000, measurements=reports)


def _own(result):
    return next(option for option in result.options if option.id == OWN)


def test_a_measured_quality_replaces_the_expected_one_and_is_named():
    before, after = _assess(), _assess(_report(0.8, 200))
    assert _own(before).quality.origin == "assumed"
    assert _own(after).quality.origin == "measured"
    assert _own(after).quality.score_fraction.p50 == pytest.approx(0.8, abs=0.01)
    row = next(row for row in after.assumptions if row.name == f"quality_fraction.{OWN}")
    assert row.origin == "measured"
    assert "suite.jsonl" in row.source


def test_a_good_measurement_lifts_the_option_past_its_gates_and_says_so():
    before, after = _assess(), _assess(_report(0.8, 200))
    assert not _own(before).feasible
    assert _own(after).feasible
    moved = next(option for option in after.update.options if option.option_id == OWN)
    assert moved.rank_after < moved.rank_before


def test_more_items_give_a_narrower_interval():
    few, many = (_own(_assess(_report(0.8, n))).quality.score_fraction for n in (20, 2000))
    assert many.p95 - many.p5 < few.p95 - few.p5


def test_a_bad_measurement_keeps_the_option_out():
    assert not _own(_assess(_report(0.2, 200))).feasible


def test_a_stand_in_measures_nothing():
    result = _assess(_report(0.8, 200, stand_in=True))
    assert _own(result).quality.origin == "assumed"


def test_a_report_on_an_option_of_another_case_is_refused():
    with pytest.raises(BadInput, match="did you mean"):
        _assess(_report(0.8, 200, option="from_scratch:lama-tiny"))

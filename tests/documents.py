"""Documents for tests: a German insurer's case, its assessment over all nine kinds, and two reports.

Enter at `assessment`, `baseline_report` and `run_report`. The figures are invented but fit each other: intervals
are ordered, means of the cost lines add up, infeasible options come last.
"""

from collections.abc import Sequence
from typing import Any

from advisor.contracts.advice import RoadmapStep
from advisor.contracts.assessment import (
    Assessment,
    Assumption,
    BreakEven,
    Caution,
    CostLine,
    Gate,
    InformationValue,
    MeasurementUpdate,
    MovedInput,
    MovedOption,
    Option,
    OptionCarbon,
    OptionCost,
    OptionEnergy,
    OptionQuality,
    Recommendation,
    RecommendationText,
    Risk,
    SensitivityRow,
)
from advisor.contracts.base import Interval
from advisor.contracts.baseline import (
    BaselineReport,
    ItemAnswer,
    LatencySummary,
    PairedDifference,
    Target,
    TargetResult,
)
from advisor.contracts.case import Case
from advisor.contracts.evaluation import EvaluationReport, Score
from advisor.contracts.runs import EnergyReport, RunReport

LINES = {
    "integration": "one_off",
    "data_preparation": "one_off",
    "training_compute": "one_off",
    "hardware": "one_off",
    "inference": "recurring",
    "electricity": "recurring",
    "operations_staff": "recurring",
    "manual_work": "recurring",
}
BEST = "fine_tune_lora:llama-3.1-8b-instruct+retrieval"
# id, label, feasible, median cost, quality, P(best), kWh, failed gates
ROWS: tuple[tuple[str, str, bool, float, float, float, float | None, tuple[str, ...]], ...] = (
    (BEST, "Llama 3.1 8B Instruct", True, 333_700, 0.81, 0.62, 9_655, ()),
    ("self_hosted_open:llama-3.3-70b-instruct", "Llama 3.3 70B Instruct", True, 352_100, 0.78, 0.21, 40_390, ()),
    ("fine_tune_full:llama-3.1-8b-instruct", "Llama 3.1 8B Instruct", True, 395_100, 0.82, 0.15, 9_523, ()),
    ("domain_adaptation:llama-3.1-8b-instruct", "Llama 3.1 8B Instruct", True, 846_100, 0.84, 0.02, 9_520, ()),
    ("status_quo", "by hand", True, 11_230_000, 0.93, 0.0, None, ()),
    ("proprietary_api:openai/gpt-5-mini", "GPT-5 mini", False, 52_800, 0.72, 0.0, 455.5, ("residency", "sensitivity")),
    ("proprietary_api_tuned:openai/gpt-4.1-mini", "GPT-4.1 mini", False, 106_400, 0.71, 0.0, 455.5, ("residency",)),
    ("hosted_open_api:groq/llama-3.1-8b", "Llama 3.1 8B at Groq", False, 52_190, 0.58, 0.0, 455.5, ("residency",)),
    ("from_scratch:llama-tiny", "1.38 M parameters", False, 324_200, 0.04, 0.0, 9_218, ("data_volume",)),
)
GERMAN = RecommendationText(
    language="de",
    headline="Offenes Modell mit LoRA: Llama 3.1 8B Instruct mit Dokumentensuche. 334.000 EUR über 48 Monate.",
    reasons=("Im Mittel 18.400 EUR günstiger als die nächstbeste Option.", "Gemessene Qualität 81 %."),
    what_would_change_it=("Unter 21.000 Anfragen im Monat ist ein selbst betriebenes Modell günstiger.",),
    roadmap=(RoadmapStep(step=1, title="Geschäftsziel", months=0.6, detail="Mindestqualität festlegen"),),
)


def case() -> Case:
    """An insurer's letters on claims: personal data that may not leave the house."""
    return Case.model_validate(
        {
            "name": "Insurer, draft answers to claims letters",
            "use_case": {
                "task": "content_generation",
                "languages": ["de"],
                "requests_per_month": {"low": 30000, "central": 42000, "high": 60000},
                "quality": {"metric": "human_acceptance", "floor_fraction": 0.75},
            },
            "data": {"sensitivity": "special_category", "residency": "on_premises"},
            "budget": {"currency": "EUR", "total": 4000000, "horizon_months": 48},
        }
    )


def spread(median: float, factor: float = 1.6, mean: float | None = None) -> Interval:
    """An interval around a median."""
    return Interval(p5=median / factor, p50=median, p95=median * factor, mean=median if mean is None else mean)


def share(median: float, width: float = 0.1) -> Interval:
    """An interval of a share."""
    return Interval(p5=max(0.0, median - width), p50=median, p95=min(1.0, median + width))


def option(rank: int) -> Option:
    """The option of one row, with gates that say why it is out."""
    identity, label, feasible, cost, quality, p_best, kwh, failed = ROWS[rank - 1]
    kind = identity.partition(":")[0]
    in_house = kind in ("self_hosted_open", "fine_tune_lora", "fine_tune_full", "domain_adaptation", "from_scratch")
    shares = {"manual_work": 1.0} if kind == "status_quo" else {"integration": 0.1, "operations_staff": 0.4}
    shares |= {} if kind == "status_quo" else {"hardware" if in_house else "inference": 0.5}
    return Option.model_validate(
        {
            "id": identity,
            "kind": kind,
            "label": label,
            "model": None if kind == "status_quo" else identity.partition(":")[2].removesuffix("+retrieval"),
            "provider": None,
            "retrieval": identity.endswith("+retrieval"),
            "hardware": "2 x a100-sxm-80gb, bought" if in_house else None,
            "feasible": feasible,
            "rank": rank,
            "gates": [
                Gate(rule="residency", passed="residency" not in failed, reason="data must stay: on_premises"),
                Gate(rule="latency", passed=True if in_house else None, reason="depends on the provider; measure it"),
                *(Gate(rule=rule, passed=False, reason=f"{rule} is not met") for rule in failed if rule != "residency"),
            ],
            "cost": OptionCost(
                currency="EUR",
                total=spread(cost),
                upfront=spread(cost / 3),
                per_1k_requests=spread(cost / 2016),
                lines=tuple(_line(name, phase, cost * shares.get(name, 0.0)) for name, phase in LINES.items()),
            ),
            "energy": OptionEnergy(
                kwh=None if kwh is None else spread(kwh),
                boundary="unknown" if kwh is None else "facility" if in_house else "provider_modelled",
                it_kwh=None if kwh is None else spread(kwh / 1.25),
                training_it_kwh=spread(kwh * 0.05) if kwh is not None and in_house else None,
                serving_busy_it_kwh=spread(kwh * 0.25) if kwh is not None and in_house else None,
                serving_idle_it_kwh=spread(kwh * 0.5) if kwh is not None and in_house else None,
                cooling_kwh=None if kwh is None else spread(kwh * 0.2),
            ),
            "carbon": OptionCarbon(kg_co2e_location=None if kwh is None else spread(kwh * 0.38), kg_co2e_market=None),
            "time_to_value_months": spread(4.0),
            "quality": OptionQuality(
                metric="human_acceptance",
                score_fraction=share(quality),
                floor_fraction=0.75,
                origin="measured" if identity == BEST else "assumed",
                note="expected from model class, domain gap and data",
            ),
            "risks": [Risk(name="bias", score_0_10=6, reason="data not known", mitigation="test with paired cases")],
            "p_best": p_best,
            "p_within_budget": 0.97,
            "p_meets_quality": 0.61,
            "expected_regret": 12_000.0 if feasible else None,
            "p95_regret": 48_000.0 if feasible else None,
        }
    )


def assessment(*, measured: bool = True, identity: str = "a-0123456789abcdef") -> Assessment:
    """The insurer's assessment; with `measured` it carries what a comparison changed."""
    return Assessment(
        id=identity,
        case=case(),
        seed=0,
        draws=10_000,
        catalog_version="0123456789ab+genai-prices-0.2.3",
        richtwert_version="0.1.0",
        options=tuple(option(rank) for rank in range(1, len(ROWS) + 1)),
        recommendation=Recommendation(
            option_id=BEST,
            kind="fine_tune_lora",
            headline="Open model, LoRA: Llama 3.1 8B Instruct with retrieval. 334,000 EUR over 48 months.",
            confidence="likely",
            reasons=("18,400 EUR cheaper on average than the runner-up.", "Measured quality 81%."),
            what_would_change_it=("Below 21,000 requests a month a self-hosted model is cheaper.",),
            roadmap=(RoadmapStep(step=1, title="Business goal", months=0.6, detail="fix the quality floor"),),
            translations=(GERMAN,),
        ),
        break_even=(
            BreakEven(between=(BEST, ROWS[1][0]), variable="requests_per_month", value=21_000, date=None, reason=""),
            BreakEven(
                between=(BEST, "status_quo"), variable="requests_per_month", value=None, date=None, reason="no crossing"
            ),
        ),
        sensitivity=(SensitivityRow(input="operations_fte.own_model", low_effect=69_320, high_effect=-221_800),),
        value_of_information=(
            InformationValue(input="operations_fte.own_model", evppi=4_978, suggested_measurement="log the hours"),
        ),
        assumptions=(
            _assumption("requests_per_month", spread(42_000, 1.4), "requests/month", "given", "the case"),
            _assumption("growth_per_year_fraction", 0.05, "1/year", "given", "the case"),
            _assumption(f"quality_fraction.{BEST}", share(0.81, 0.03), "fraction", "measured", "baseline b-1"),
            _assumption("purchase_usd.a100-sxm-80gb", spread(15_000), "USD", "catalogue", "price survey 2025"),
            _assumption("status_quo_energy_kwh", None, "kWh", "assumed", "nobody measured it"),
            _assumption("serving_engine", "vllm", "name", "assumed", "Richtwert, own assumption"),
        ),
        update=_update() if measured else None,
        warnings=(Caution(code="quality_assumed", message="the quality of 7 options is expected, not measured"),),
    )


def fake_assess(given: Case, **parameters: Any) -> Assessment:
    """Stands for `advisor.assess.assess`: the builder's options under the given case, seed and draws."""
    built = assessment(measured=bool(parameters["measurements"]))
    return built.model_copy(update={"case": given, "seed": parameters["seed"], "draws": parameters["draws"]})


def baseline_report() -> BaselineReport:
    """An in-house model, a proprietary one and a local stand-in on three questions."""
    names = ("in-house", "proprietary", "stand-in")
    right = {"in-house": (True, True, False), "proprietary": (True, True, True), "stand-in": (False, True, False)}
    return BaselineReport(
        id="b-1",
        created_at="2026-11-23T10:00:00Z",
        suite="claims letters, held out",
        suite_sha256="0" * 64,
        task="classification",
        items=3,
        results=tuple(_result(name, right[name]) for name in names),
        differences=(
            _difference("in-house", "proprietary", -0.33, (-1.0, 0.0), "undecided"),
            _difference("in-house", "stand-in", 0.33, (0.05, 1.0), "first_better"),
        ),
        answers=tuple(
            ItemAnswer(
                item_id=f"letter-{index}",
                target=name,
                answer="Haftpflicht" if correct else None if name == "stand-in" else "Hausrat *und* <b>mehr</b>",
                correct=correct,
                error="timeout after 30 s" if name == "stand-in" and not correct else None,
            )
            for name in names
            for index, correct in enumerate(right[name], 1)
        ),
        warnings=("the endpoint 'stand-in' is a local server that stands for another",),
    )


def run_report() -> RunReport:
    """A small run on a machine without a meter."""
    energy = EnergyReport(
        quality="unavailable",
        energy_j=None,
        duration_s=60.0,
        mean_power_w=None,
        coverage_fraction=0.0,
        uncertainty_fraction=None,
        reason="no NVML device",
    )
    score = Score(name="accuracy", value=0.81, low=0.78, high=0.84, n=600, unit="fraction")
    evaluation = EvaluationReport(task="classification", data="held out", scores=(score,), primary="accuracy")
    return RunReport.model_validate(
        {
            "id": "r-1",
            "created_at": "2026-11-23T09:00:00Z",
            "plan": {
                "name": "pilot",
                "data": {"corpora": [{"kind": "python_reference"}]},
                "model": {"kind": "base_model", "model": "models/base"},
                "phases": {"pretrain": {"max_steps": 10}},
            },
            "origin": None,
            "environment": {
                "python": "3.11",
                "platform": "linux",
                "processor": "x86_64",
                "cpu_count": 2,
                "torch_threads": 1,
                "accelerators": [],
                "packages": {"torch": "2.13.0"},
                "code_revision": "0123abc",
            },
            "phases": [{"name": "pretrain", "status": "completed", "duration_s": 60.0, "energy": energy}],
            "energy": energy,
            "evaluation": evaluation,
            "model_card": {
                "name": "claims-8b",
                "created_at": "2026-11-23T09:00:00Z",
                "base_model": None,
                "parameters": 1000,
                "vocab_size": 100,
                "context_tokens": 256,
                "languages": ["de"],
                "task": "classification",
                "intended_use": "routing",
                "limits": ["small"],
                "training_data": "own letters",
                "training_tokens": 1000,
                "training_flop": 6e6,
                "energy_j": None,
                "emissions_kgco2e": None,
                "evaluation": None,
                "licence": "internal",
            },
            "model_directory": "model",
            "forecast": [],
        }
    )


def _line(name: str, phase: str, mean: float) -> CostLine:
    return CostLine.model_validate(
        {"name": name, "phase": phase, "p5": mean / 1.6, "p50": mean * 0.95, "p95": mean * 1.6, "mean": mean}
    )


def _assumption(name: str, value: Any, unit: str, origin: str, source: str) -> Assumption:
    return Assumption.model_validate(
        {"name": name, "value": value, "unit": unit, "origin": origin, "source": source, "as_of": "2026-11"}
    )


def _update() -> MeasurementUpdate:
    first, second = ROWS[0], ROWS[1]
    return MeasurementUpdate(
        files=("runs/demo/baseline_report.json",),
        inputs=(
            MovedInput(
                name=f"quality_fraction.{BEST}", before=share(0.7, 0.2), after=share(0.81, 0.03), source="baseline b-1"
            ),
        ),
        options=(
            _moved(first, before=(2, 0.7, 0.2), after=(1, 0.81, 0.62)),
            _moved(second, before=(1, 0.78, 0.55), after=(2, 0.78, 0.21)),
        ),
        recommended_before=second[0],
        recommended_after=first[0],
    )


def _moved(row: Sequence[Any], *, before: tuple[int, float, float], after: tuple[int, float, float]) -> MovedOption:
    return MovedOption(
        option_id=row[0],
        rank_before=before[0],
        rank_after=after[0],
        total_before=spread(row[3]),
        total_after=spread(row[3]),
        quality_before=share(before[1], 0.2),
        quality_after=share(after[1]),
        p_best_before=before[2],
        p_best_after=after[2],
    )


def _result(name: str, right: Sequence[bool]) -> TargetResult:
    local = name != "proprietary"
    value = sum(right) / len(right)
    role = {"in-house": "in_house", "proprietary": "proprietary", "stand-in": "hosted_open"}[name]
    return TargetResult(
        target=Target.model_validate(
            {
                "name": name,
                "role": role,
                "stand_in": name == "stand-in",
                "model": f"{name}-model",
                "base_url": "http://127.0.0.1:8000/v1" if local else "https://api.example/v1",
                "option_id": BEST if name == "in-house" else None,
                "price_model": None if local else "openai/gpt-5-mini",
            }
        ),
        answered=3 if name != "stand-in" else 1,
        errors=0 if name != "stand-in" else 2,
        scores=(
            Score(
                name="accuracy",
                value=value,
                low=max(0.0, value - 0.3),
                high=min(1.0, value + 0.3),
                n=3,
                unit="fraction",
            ),
        ),
        primary="accuracy",
        latency=LatencySummary(
            ttft_ms_p50=42.5, ttft_ms_p95=80.0, tpot_ms_p50=9.1, total_ms_p50=410.0, total_ms_p95=1_250.0
        ),
        input_tokens=300,
        output_tokens=12,
        cost_usd=None if local else 0.0004,
        cost_note="no price is known" if local else "genai-prices 0.2.3",
        energy_j_per_request=None,
        energy_note="no meter",
    )


def _difference(
    first: str, second: str, difference: float, interval: tuple[float, float], verdict: str
) -> PairedDifference:
    return PairedDifference.model_validate(
        {
            "first": first,
            "second": second,
            "difference": difference,
            "low": interval[0],
            "high": interval[1],
            "p_value": 0.5,
            "n": 3,
            "verdict": verdict,
        }
    )

"""The risk register: every new option carries each risk, with owner and German text; the law follows the plan."""

import re

import pytest

from advisor import risk_facts
from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import Assessment, Risk
from advisor.contracts.case import Case
from advisor.core.candidates import Candidate, QualityModel
from advisor.report import markdown
from advisor.risk_text import NAMES

ALWAYS = {
    "bias", "explainability", "hallucination", "data_leakage", "vendor_lock_in", "model_deprecation", "staff_loss",
    "licence", "ai_act_role", "gdpr_transfer", "energy_law",
}  # fmt: skip


def assessed(**parts: object) -> Assessment:
    document = {"name": "risks", "use_case": {"task": "chat", "requests_per_month": 50000}} | parts
    return assess(Case.model_validate(document), catalog=load_catalog(), draws=400)


def risks(result: Assessment, name: str, *kinds: str) -> list[Risk]:
    return [risk for option in result.options if option.kind in kinds for risk in option.risks if risk.name == name]


def test_every_new_option_carries_each_risk_once_with_owner_and_both_languages():
    for option in assessed(data={"sensitivity": "personal", "residency": "eu"}).options:
        if option.kind == "status_quo":
            continue
        names = [risk.name for risk in option.risks]
        assert len(names) == len(set(names)) and set(names) >= ALWAYS, option.id
        scores = [risk.score_0_10 for risk in option.risks]
        assert scores == sorted(scores, reverse=True)
        for risk in option.risks:
            german = risk.translations[0]
            assert risk.owner and german.owner and german.reason != risk.reason and german.mitigation
            assert "{" not in risk.reason + german.reason
            assert risk.name in NAMES


def test_what_rests_on_the_law_is_dated_sourced_and_no_legal_advice():
    for option in assessed().options:
        for risk in option.risks:
            if risk.name in ("ai_act_role", "gdpr_transfer", "energy_law"):
                assert risk.reason.endswith("No legal advice.")
                assert risk.translations[0].reason.endswith("Keine Rechtsberatung.")
                assert any(re.search(r"20\d\d", source) for source in risk.sources)


def test_the_compute_of_a_published_base_model_is_six_n_d():
    """Llama 3.1 8B: about 8e9 active parameters, 15e12 tokens: 6 x 8.03e9 x 15e12 = 7.2e23."""
    option = Candidate(
        id="x", kind="fine_tune_lora", label="x", model="llama-3.1-8b-instruct", provider=None, retrieval=False,
        quality=QualityModel(base_input="b"), integration_input="i", operations_input=None, months_input=None,
        grid_input=None,
    )  # fmt: skip
    assert risk_facts.base_model_flop(load_catalog(), option) == pytest.approx(7.0e23, rel=0.05)


def test_tuning_with_few_examples_stays_below_a_third_and_training_at_scale_does_not():
    """Two trillion tokens of own text: 6 N D of any adapted model passes a third of 1e23."""
    small = assessed(data={"domain_tokens": 1e9, "labelled_examples": 2000})
    for risk in risks(small, "ai_act_role", "fine_tune_lora", "fine_tune_full", "domain_adaptation"):
        assert "deployer" in risk.reason and "FLOP" in risk.reason and risk.score_0_10 <= 4
    large = assessed(data={"domain_tokens": 2e12})
    found = risks(large, "ai_act_role", "domain_adaptation")
    assert found and all("provider of a modified model" in risk.reason for risk in found)
    assert all(risk.score_0_10 > 7 for risk in found)


def test_personal_data_at_a_provider_outside_the_eu_weigh_more_than_inside():
    result = assessed(data={"sensitivity": "personal"})
    outside, inside = [], []
    for option in result.options:
        if option.kind in ("proprietary_api", "proprietary_api_tuned", "hosted_open_api"):
            for risk in option.risks:
                if risk.name == "gdpr_transfer":
                    (outside if "third country" in risk.reason else inside).append(risk.score_0_10)
    own = risks(result, "gdpr_transfer", "self_hosted_open", "fine_tune_lora")
    assert inside and own and max(risk.score_0_10 for risk in own) < min(inside)
    assert all(score > max(inside) for score in outside)


@pytest.mark.parametrize(("requests", "words"), [(1e4, "below the 300 kW"), (3e9, "at least the 300 kW")])
def test_the_energy_law_asks_what_the_planned_fleet_draws(requests, words):
    result = assessed(
        use_case={"task": "chat", "requests_per_month": requests},
        data={"residency": "on_premises"},
        staff={"country": "DE"},
    )
    found = risks(result, "energy_law", "self_hosted_open")
    assert found and all(words in risk.reason for risk in found)


def test_outside_germany_its_threshold_is_not_applied():
    result = assessed(data={"residency": "on_premises"}, staff={"country": "FR"})
    assert all("outside Germany" in risk.reason for risk in risks(result, "energy_law", "self_hosted_open"))


def test_the_report_lists_the_risks_of_the_first_option_in_its_language():
    result = assessed(data={"residency": "eu", "sensitivity": "personal"})
    german, english = markdown(result, "de"), markdown(result, "en")
    assert "## Risiken der ersten Option" in german and "KI-Verordnung, Rolle" in german
    assert "## Risks of the first option" in english and "EU AI Act, role" in english

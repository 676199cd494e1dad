"""The model card's documentation under the AI Act: every item there, nothing blank, what is unknown said so."""

import json
import re

import pytest

from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import DeviceEnergy, EnergyReport, Environment, ModelCard, PhaseReport
from trainer.card import card_text, model_card
from trainer.documentation.facts import days_text, german, size_text
from trainer.documentation.legal import NOTICE, NOTICE_DE, legal_row
from trainer.documentation.page import german_card
from trainer.manifest import RunState

XI = {"1(a)", "1(b)", "1(c)", "1(d)", "1(e)", "1(f)", "2(a)", "2(b)", "2(c)", "2(d)", "2(e)"}
XII = {"1(a)", "1(b)", "1(c)", "1(d)", "1(e)", "1(f)", "1(g)", "1(h)", "2(a)", "2(b)", "2(c)"}
H100 = "NVIDIA H100 80GB HBM3"
SCORE = {"name": "accuracy", "value": 0.5, "low": 0.4, "high": 0.6, "n": 100, "unit": "fraction"}
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 512,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 224,
}
DATA_CARD = {
    "corpora": [{"kind": "files", "path": "letters", "source": "own archive"}],
    "passages_read": 2000,
    "passages_after_cleaning": 1500,
    "passages_dropped": {"too_short": 500},
    "train": {"documents": 50, "passages": 1400, "bytes": 300_000},
    "held_out_documents": {"documents": 10, "passages": 100, "bytes": 20_000},
    "conversations": 0,
    "held_out_questions": 100,
    "personal_data": {"action": "mask", "found": {"email": 7}, "documents": 3},
}


def energy(**changes):
    fields = {
        "quality": "unavailable",
        "energy_j": None,
        "duration_s": 7200.0,
        "mean_power_w": None,
        "coverage_fraction": 0.0,
        "uncertainty_fraction": None,
        "reason": "no NVIDIA driver answers",
    }
    return EnergyReport(**{**fields, **changes})


@pytest.fixture
def card(tmp_path):
    """Makes the card of a run of two hours; `accelerators`, `metered`, `data_card` and the plan may differ."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    header = json.dumps({"w": {"dtype": "F32", "shape": [10, 100], "data_offsets": [0, 4000]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4000))

    def make(*, accelerators=(), metered=None, flop=6e12, data_card=DATA_CARD, bias=(), **plan) -> ModelCard:
        planned = TrainingPlan.model_validate(
            {
                "name": "Claims",
                "task": "classification",
                "languages": ["de", "en"],
                "data": {"corpora": [{"kind": "files", "path": "letters"}]},
                "model": {"kind": "base_model", "model": "house/base"},
                "phases": {"pretrain": {"max_steps": 10}, "sft": {"lora": {"rank": 8}}},
                **plan,
            }
        )
        metered = metered or energy()
        evaluation = EvaluationReport(
            task="classification", data="100 held-out questions", scores=(SCORE,), primary="accuracy", bias=bias
        )
        return model_card(
            planned,
            tmp_path,
            phases=[
                PhaseReport(
                    name="pretrain",
                    status="completed",
                    duration_s=7200,
                    tokens=1000,
                    training_flop=flop,
                    energy=metered,
                )
            ],
            evaluation=evaluation,
            energy=metered,
            data_card=data_card,
            environment=Environment(
                python="3.11.7",
                platform="linux",
                processor="x86_64",
                cpu_count=2,
                torch_threads=1,
                accelerators=accelerators,
                packages={"torch": "2.13.0", "transformers": "5.23.0"},
                code_revision="0123abc",
            ),
            state=RunState(id="claims-1", started_at="2026-11-20T22:30:00+00:00"),
            created_at="2026-11-21T00:45:00+00:00",
        )

    return make


def texts(card):
    return {item.key: item for item in card.documentation}


def test_every_point_of_both_annexes_is_answered_and_none_is_blank(card):
    items = card().documentation
    points = [set(re.findall(r"\d\([a-h]\)", " ".join(found))) for found in zip(
        *((item.annex_xi, item.annex_xii) for item in items), strict=True
    )]  # fmt: skip
    assert points == [XI, XII]
    for item in items:
        assert item.text.strip() and item.text_de.strip() and item.title_de
        assert item.known or "not known" in item.text or "not measured" in item.text, item.key
        assert "None" not in item.text + item.text_de


def test_architecture_modality_and_compute_are_those_of_the_run(card):
    found = texts(card())
    shape = "LlamaForCausalLM: layers 1, hidden size 16, attention heads 2, vocabulary 512; 1,000 parameters"
    assert found["architecture"].text == shape and found["architecture"].known
    assert "at most 224 tokens" in found["modality"].text
    assert "6e+12 FLOP over 1,000 tokens; 2.0 h of work, 2026-11-20 to 2026-11-21" in found["compute"].text
    assert "6e+12 FLOP über 1.000 Token; 2,0 h Arbeit, 2026-11-20 bis 2026-11-21" in found["compute"].text_de
    assert "rank 8" in found["training_process"].text and "house/base" in found["training_process"].text


def test_an_encoder_is_not_described_as_one_that_answers(card):
    encoder = {"kind": "base_model", "model": "house/bert", "family": "masked"}
    found = texts(card(model=encoder, phases={"pretrain": {"max_steps": 10}}))
    assert "likelihoods of hidden tokens out" in found["modality"].text
    assert "serving up" not in found["technical_means"].text
    assert "masked tokens" in found["training_process"].text


def test_the_data_item_counts_what_was_read_dropped_and_masked_and_where_it_came_from(card):
    text = texts(card())["data"].text
    for part in ("letters (own archive)", "2,000 passages read, 1,500 kept", "too short 500", "treated: 7 (mask)"):
        assert part in text
    unmasked = texts(card(data_card={**DATA_CARD, "personal_data": None}))["data"]
    assert "treated: not looked for" in unmasked.text and "behandelt: nicht gesucht" in unmasked.text_de


def test_measured_energy_states_its_method_and_error(card):
    """7.2 MJ are 2 kWh."""
    metered = energy(quality="measured_counter", energy_j=7.2e6, mean_power_w=1000.0, uncertainty_fraction=0.05)
    made = card(metered=metered.model_copy(update={"reason": ""}), accelerators=(H100,))
    item = texts(made)["energy"]
    assert item.known and "2 kWh ± 5% at the accelerators" in item.text and "energy counters" in item.text
    assert made.hardware == f"1 x {H100}" and made.energy_quality == "measured_counter"


def test_unmeasured_energy_of_known_accelerators_is_an_estimate_and_called_one(card):
    """Two parts of 700 W, two hours, 0.4 to 1.0 of it: 1.96 kWh in the middle, 43 % to either side."""
    devices = tuple(DeviceEnergy(uuid=f"GPU-{n}", name=H100, scope="gpu", energy_j=None) for n in (1, 2))
    item = texts(card(metered=energy(devices=devices), accelerators=(H100, H100)))["energy"]
    assert not item.known
    assert "1.96 kWh ± 43%" in item.text and "estimate from the power limit" in item.text
    assert "not measured" in item.text


def test_energy_that_nobody_can_know_is_not_known_with_the_reason(card):
    for accelerators in ((), ("NVIDIA Z1",)):
        item = texts(card(accelerators=accelerators))["energy"]
        assert item.text.startswith("not known: no NVIDIA driver answers") and not item.known
        assert " 0 kWh" not in item.text


@pytest.mark.parametrize(("flop", "words"), [(3e22, "does not reach"), (3.4e22, "exceeds")])
def test_a_modified_model_is_laid_beside_a_third_of_the_fall_back(card, flop, words):
    """A third of 1e23 is 3.3e22 FLOP."""
    text = texts(card(flop=flop))["compute_thresholds"].text
    assert "3.3e+22 FLOP" in text and words in text


@pytest.mark.parametrize(("flop", "reached"), [(1e23, 0), (1.01e23, 1), (1e25, 2)])
def test_compute_is_laid_beside_the_dated_thresholds(card, flop, reached):
    model = {
        "kind": "architecture",
        "vocab_size": 512,
        "hidden_size": 16,
        "num_layers": 1,
        "num_heads": 2,
        "num_kv_heads": 1,
        "ffn_size": 32,
        "context_tokens": 224,
    }
    item = texts(card(flop=flop, model=model))["compute_thresholds"]
    assert item.text.count(", reached") == reached and item.text.count("not reached") == 2 - reached
    assert f"as of {legal_row('ai_act_systemic_risk_flop').as_of}" in item.text


def test_the_card_says_that_it_is_no_legal_advice_in_both_languages(card):
    made = card()
    assert "no legal advice" in NOTICE and NOTICE in card_text(made)
    assert "keine Rechtsberatung" in NOTICE_DE and NOTICE_DE in german_card(made)


def test_the_german_card_has_every_item_and_german_numbers(card):
    text = german_card(card())
    for item in card().documentation:
        assert f"| {item.title_de} |" in text
    assert "| accuracy (maßgeblich) | 0,500 | 0,400 bis 0,600 | 100 | Anteil |" in text
    assert "nicht auf Verzerrung geprüft" in text
    assert "| Parameter | 1.000 |" in text


def test_a_lean_to_stereotypes_is_a_limit_in_german_too(card):
    score = {**SCORE, "name": "mean_difference", "unit": "nats"}
    bias = ({"suite": "templates", "group": "gender", "language": "de", "finding": "stereotyped", "scores": (score,)},)
    text = german_card(card(bias=bias))
    assert "neigt zu Stereotypen über Geschlecht (de)" in text
    assert "| Geschlecht | de | neigt zum Stereotyp |" in text


def test_without_german_among_the_languages_there_is_none_in_the_card(card):
    assert all(item.text_de is None and item.title_de is None for item in card(languages=["en"]).documentation)


def test_a_card_of_before_is_still_valid_and_says_not_known(card):
    old = card().model_dump(mode="json", exclude=set(ModelCard.model_fields) - ORIGINAL)
    read = ModelCard.model_validate(old)
    assert read.documentation == () and read.hardware == "not known"
    assert "| training time | not known |" in card_text(read) and "AI Act" not in card_text(read)


def test_a_text_with_a_bar_breaks_no_table(card):
    made = card(model={"kind": "base_model", "model": "house|base"})
    rows = [line for line in card_text(made).split("## Documentation")[1].splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_numbers_sizes_and_days_read_well():
    assert german("1,234.5") == "1.234,5"
    assert [size_text(size) for size in (12, 76_100, 4_000_000, 16_060_000_000)] == [
        "12 bytes", "76.1 kB", "4 MB", "16.1 GB",
    ]  # fmt: skip
    assert days_text("2026-11-20T01", "2026-11-20T02", to="bis", on="am") == "am 2026-11-20"


ORIGINAL = {
    *("schema_version", "name", "created_at", "base_model", "parameters", "vocab_size", "context_tokens", "languages"),
    *("task", "intended_use", "limits", "training_data", "training_tokens", "training_flop", "energy_j"),
    *("emissions_kgco2e", "evaluation", "licence", "option_id"),
}

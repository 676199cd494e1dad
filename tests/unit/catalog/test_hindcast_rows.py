"""The published runs under `data/hindcast/`: each row is one cited fact in known keys and consistent units."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from advisor.files import data_directory

Row = dict[str, Any]
FOLDER = data_directory() / "hindcast"
TRAINING_FILES = ("training.jsonl", "training_more.jsonl")
SERVING_FILES = ("serving.jsonl", "serving_more.jsonl")
SHARED_TEXT = {"id", "kind", "model", "source", "accelerator", "precision"}
TRAINING_TEXT = SHARED_TEXT | {"hours_basis", "notes"}
SERVING_TEXT = SHARED_TEXT | {"engine", "note"}
SHARED_NUMBERS = {"params_b", "active_params_b", "accelerator_count", "year"}
TRAINING_NUMBERS = SHARED_NUMBERS | {
    "tokens_b",
    "seq_len",
    "accelerator_hours",
    "wall_hours",
    "tokens_per_s_per_gpu",
    "mfu",
    "peak_mem_gib",
    "energy_mwh",
    "grid_gco2_per_kwh",
    "tco2e",
    "cost_usd",
}
SERVING_NUMBERS = SHARED_NUMBERS | {
    "input_len",
    "output_len",
    "batch_or_concurrency",
    "ttft_ms",
    "tpot_ms",
    "output_tokens_per_s",
    "prefill_tokens_per_s",
    "total_tokens_per_s",
    "power_w",
    "energy_j_per_output_token",
    "energy_wh_per_request",
}
FLAGS = {"unverified", "pue_included"}
TRAINING_KINDS = {
    "pretrain",
    "continued_pretrain",
    "full_ft",
    "lora",
    "qlora",
    "reward_model",
    "dpo",
    "ppo",
    "grpo",
    "throughput",
    "memory",
}
SERVING_KINDS = {"throughput", "latency", "energy", "power", "api_energy"}
TRAINING_TARGETS = {
    "accelerator_hours",
    "wall_hours",
    "tokens_per_s_per_gpu",
    "mfu",
    "peak_mem_gib",
    "energy_mwh",
    "tco2e",
    "cost_usd",
}
SERVING_TARGETS = SERVING_NUMBERS - SHARED_NUMBERS - {"input_len", "output_len", "batch_or_concurrency"}
# Set-up and evaluation are inside the clock of these runs, not inside their device-hours.
CLOCK_WITH_EVALUATION = "peft-3b-"
CLOCK_TOLERANCE = 0.15
MINIMAL_CITATION = len("s1 paper")


def rows_of(names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


TRAINING = list(rows_of(TRAINING_FILES))
SERVING = list(rows_of(SERVING_FILES))


def test_no_two_rows_share_an_id() -> None:
    counts = Counter(row["id"] for row in TRAINING + SERVING)
    assert [name for name, number in counts.items() if number > 1] == []


@pytest.mark.parametrize(
    ("rows", "text", "numbers", "extra"),
    [(TRAINING, TRAINING_TEXT, TRAINING_NUMBERS, {"batch"}), (SERVING, SERVING_TEXT, SERVING_NUMBERS, set())],
    ids=["training", "serving"],
)
def test_rows_hold_known_keys_of_the_right_type(
    rows: list[Row], text: set[str], numbers: set[str], extra: set[str]
) -> None:
    for row in rows:
        unknown = set(row) - text - numbers - FLAGS - extra
        assert not unknown, f"{row['id']}: unknown keys {unknown}"
        for key in text & set(row):
            assert isinstance(row[key], str), f"{row['id']}: {key} is text, not {row[key]!r}"
            assert row[key].strip(), f"{row['id']}: {key} is empty, leave the key out"
        for key in numbers & set(row):
            is_number = isinstance(row[key], int | float) and not isinstance(row[key], bool)
            assert is_number, f"{row['id']}: {key} is a number, not {row[key]!r}"
            assert row[key] > 0, f"{row['id']}: {key} is {row[key]!r}; what is not known is left out"
        for key in FLAGS & set(row):
            assert isinstance(row[key], bool), f"{row['id']}: {key} is true or false"


@pytest.mark.parametrize(
    ("rows", "kinds", "targets"),
    [(TRAINING, TRAINING_KINDS, TRAINING_TARGETS), (SERVING, SERVING_KINDS, SERVING_TARGETS)],
    ids=["training", "serving"],
)
def test_every_row_has_a_kind_a_source_and_something_to_be_held_against(
    rows: list[Row], kinds: set[str], targets: set[str]
) -> None:
    for row in rows:
        assert row["kind"] in kinds, f"{row['id']}: kind {row['kind']!r} is none of {sorted(kinds)}"
        assert len(row["source"]) >= MINIMAL_CITATION, f"{row['id']}: cite the place, not only a name"
        assert targets & set(row), f"{row['id']}: no published quantity"


def test_a_model_never_activates_more_parameters_than_it_has() -> None:
    for row in TRAINING + SERVING:
        if "params_b" in row and "active_params_b" in row:
            assert row["active_params_b"] <= row["params_b"], row["id"]


def test_clock_times_devices_gives_the_device_hours() -> None:
    """By hand: 512 devices x 24 days x 24 h = 294,912 h against 320,256 printed is 8 % off and passes."""
    for row in TRAINING:
        if not {"wall_hours", "accelerator_count", "accelerator_hours"} <= set(row):
            continue
        share = row["wall_hours"] * row["accelerator_count"] / row["accelerator_hours"]
        if row["id"].startswith(CLOCK_WITH_EVALUATION):
            assert share > 1, f"{row['id']}: evaluation lengthens the clock"
        else:
            assert abs(share - 1) <= CLOCK_TOLERANCE, f"{row['id']}: clock x devices is {share:.2f} of the hours"


def test_a_recalled_row_says_what_is_not_confirmed() -> None:
    recalled = [row for row in TRAINING + SERVING if row.get("unverified")]
    assert [row["id"] for row in recalled if not (row.get("notes") or row.get("note"))] == []
    assert len(recalled) < 0.05 * len(TRAINING + SERVING), "recalled rows are the exception"


def test_a_utilisation_is_a_fraction() -> None:
    printed = [row for row in TRAINING if "mfu" in row]
    assert printed
    assert [row["id"] for row in printed if row["mfu"] >= 1] == []


def test_joules_a_token_are_watts_over_tokens_a_second() -> None:
    for row in SERVING:
        if {"power_w", "output_tokens_per_s", "energy_j_per_output_token"} <= set(row):
            joules = row["power_w"] / row["output_tokens_per_s"]
            assert row["energy_j_per_output_token"] == pytest.approx(joules, rel=0.05), row["id"]


@pytest.mark.parametrize("name", TRAINING_FILES + SERVING_FILES)
def test_a_file_has_one_object_a_line_and_ends_with_one(name: str) -> None:
    content = (FOLDER / name).read_text(encoding="utf-8")
    assert content.endswith("}\n")
    assert all(line.startswith('{"id": ') for line in content.splitlines())

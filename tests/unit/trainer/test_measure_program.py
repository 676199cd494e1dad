"""`trainer measure` as a user meets it: names and figures of models, mistakes, and the file that it writes."""

import json

import pytest
from metered import machine

from advisor.contracts.measurements import MachineMeasurement
from advisor.files import read_contract
from trainer.cli import main
from trainer.doctor import examine
from trainer.measure.facts import architecture, ladder, part_of
from trainer.measure.run import _warn_of_other_work
from trainer.measure.shapes import fitting, shape, sources_of
from trainer.measure.text import measurement_rows, si


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "llama-31m"], "did you mean 'llama-30m'?"),
        (["--shape", "hidden=512"], "lacks layers"),
        (["--shape", "width=512,layers=2"], "unknown figure of --shape 'width'"),
        (["--shape", "hidden=many,layers=2"], "expected a whole number, got 'many'"),
        (["--shape", "hidden=100,layers=2,heads=3"], "must be a multiple of num_heads"),
        (["--minutes", "0.1"], "--minutes: must lie between"),
        (["--batch", "0"], "--batch: must be at least 1"),
        (["--model", "llama-tiny", "--sequence", "512"], "longer than the context of llama-tiny (192 tokens)"),
        (["--output", "."], "is a directory; name a file"),
    ],
)
def test_a_mistake_is_named_before_any_training_library_is_loaded(arguments, words, capsys):
    assert main(["measure", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.out == ""


def test_a_directory_without_configuration_names_the_one_inside(tmp_path, capsys):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    assert main(["measure", "--model", str(tmp_path)]) == 2
    assert f"did you mean {tmp_path / 'model'}?" in capsys.readouterr().err


def test_a_mixture_of_experts_is_refused_as_its_parameters_per_token_are_not_counted(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"num_experts_per_tok": 2}')
    assert main(["measure", "--model", str(tmp_path)]) == 2
    assert "mixture of experts" in capsys.readouterr().err


def test_an_encoder_is_refused(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    assert main(["measure", "--model", str(tmp_path)]) == 2
    assert "BertModel; decoders alone are timed" in capsys.readouterr().err


def test_what_a_shape_leaves_out_follows_from_its_hidden_size():
    """Heads of 64, a gated layer of 8/3 of the width in steps of 64: 512 gives 8 heads and 1,344."""
    found = shape("hidden=512,layers=8,vocab=16384")
    assert (found.num_heads, found.num_kv_heads, found.ffn_size, found.vocab_size) == (8, 8, 1344, 16384)


def test_models_keep_the_order_in_which_they_were_named():
    names = [source.name for source in sources_of(["llama-30m", "llama-tiny"], ["hidden=64,layers=1"])]
    assert names == ["llama-30m", "llama-tiny", "shape hidden=64,layers=1"]


def test_more_time_and_a_faster_machine_never_choose_a_smaller_size():
    sizes = [size.name for size in ladder()]
    chosen = [sizes.index(fitting(None, rate, 30.0, steps=6).name) for rate in (1e9, 1e11, 1e13, 1e15)]
    assert chosen == sorted(chosen) and chosen[0] == 0 < chosen[-1]
    assert fitting(1e9, 1e15, 30.0, steps=6).name != sizes[chosen[-1]], "memory limits the size too"


def test_a_device_is_found_by_the_name_its_driver_gives_and_by_its_memory():
    assert part_of("NVIDIA H100 80GB HBM3", 85.0e9).id == "h100-sxm-80gb"
    assert part_of("NVIDIA A100-SXM4-40GB", 42.4e9).id == "a100-sxm-40gb"
    assert part_of("NVIDIA GeForce RTX 3080", 12.6e9) is None, "the catalogue's part has 10 GB"
    assert part_of("Some other device", 80e9) is None


def test_the_sizes_are_those_of_the_catalogue():
    assert architecture("llama-tiny").context_tokens == 192
    assert ladder()[0].name == "llama-tiny"


def test_doctor_says_where_speed_is_measured():
    assert "trainer measure" in examine()["speed"]


@pytest.mark.slow
def test_a_measurement_keeps_its_time_is_valid_and_says_what_is_not_known(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    path = tmp_path / "machine.json"
    shape_text = "hidden=32,layers=1,heads=2,ffn=64,vocab=128,context=64"
    arguments = ["measure", "--shape", shape_text, "--minutes", "0.3", "--format", "json", "--output", str(path)]
    assert main(arguments) == 0
    said = capsys.readouterr()
    found = read_contract(path, MachineMeasurement)
    assert json.loads(said.out) == json.loads(path.read_text())
    assert f"next: advisor calibrate {path}" in said.err
    assert {probe.precision for probe in found.matmul} >= {"fp32"}
    assert found.machine.accelerator is None
    assert len(found.training) == 1 and [probe.batch_sequences for probe in found.decode] == [1, 8]
    assert found.training[0].model.name == f"shape {shape_text}"
    if found.idle.power_w is None:
        assert found.idle.reason
    text = [" ".join(row) for row in measurement_rows(found)]
    assert any("tokens/s out" in row for row in text)


def test_repeats_that_lie_far_apart_come_with_a_warning():
    """The product's quartiles lie 40 % apart, the copy's 3 %."""
    found = measured(matmul_spread=0.4, copy_spread=0.03)
    assert ["matmul fp32" in warning for warning in _warn_of_other_work(found)] == [True]


def measured(matmul_spread, copy_spread):
    document = machine().model_dump()
    document["matmul"] = [
        {"precision": "fp32", "num_rows": 8, "num_repeats": 9, "flop_per_s": 1.0, "spread_fraction": matmul_spread}
    ]
    document["bandwidth"] = {"size_bytes": 8, "num_repeats": 9, "bytes_per_s": 1.0, "spread_fraction": copy_spread}
    return MachineMeasurement.model_validate(document)


def test_figures_have_three_digits_and_a_prefix():
    assert (si(92.24e9), si(989e12), si(12.0)) == ("92.2 G", "989 T", "12 ")

"""Adapters merged, and weights in the form that another program reads."""

import pytest
from small_phases import SIZE, Work

from trainer.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning:transformers")]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A model tuned with adapters, which lie beside the merged one."""
    sft = {"epochs": 1, "batch_sequences": 8, "learning_rate": 0.01, "lora": {"rank": 2, "alpha": 4}}
    first = {"max_steps": 4, "batch_sequences": 4, "sequence_tokens": 16}
    work = Work(tmp_path_factory.mktemp("tuned"), {"pretrain": first, "sft": sft}, model=SIZE)
    work.run("pretrain")
    work.run("sft")
    return work


def test_adapters_are_merged_into_the_model_that_the_phase_left(tuned, tmp_path, capsys):
    import torch
    from safetensors.torch import load_file

    adapter = tuned.model("sft").with_name("adapter")
    names = [path.name for path in adapter.iterdir()]
    assert "adapter_model.safetensors" in names and not any(name.endswith(".bin") for name in names)
    assert main(["export", str(adapter), "--output", str(tmp_path / "whole")]) == 0
    assert "safetensors, float32" in capsys.readouterr().out
    own, expected = (load_file(path / "model.safetensors") for path in (tmp_path / "whole", tuned.model("sft")))
    assert own.keys() == expected.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(own[name], weight)
    assert (tmp_path / "whole" / "tokenizer.json").exists()


def test_weights_are_written_in_the_wanted_precision(tuned, tmp_path):
    from safetensors.torch import load_file

    assert main(["export", str(tuned.model("sft")), "--output", str(tmp_path / "half"), "--dtype", "bfloat16"]) == 0
    assert {str(weight.dtype) for weight in load_file(tmp_path / "half" / "model.safetensors").values()} == {
        "torch.bfloat16"
    }


def test_without_a_converter_gguf_is_refused_before_any_work(tuned, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TRAINER_GGUF_CONVERTER", raising=False)
    assert main(["export", str(tuned.model("sft")), "--output", str(tmp_path / "x.gguf"), "--to", "gguf"]) == 1
    assert "no GGUF converter: convert_hf_to_gguf.py of llama.cpp is not on the PATH" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_converter_gets_whole_weights_and_its_failure_is_told(tuned, tmp_path, monkeypatch, capsys):
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(
        "import pathlib, sys\n"
        "model, _, target, _, kind = sys.argv[1:]\n"
        "assert (pathlib.Path(model) / 'model.safetensors').exists()\n"
        "if kind == 'f16': sys.exit('no room')\n"
        "pathlib.Path(target).write_bytes(b'GGUF' + kind.encode())\n"
    )
    monkeypatch.setenv("TRAINER_GGUF_CONVERTER", str(script))
    arguments = ["export", str(tuned.model("sft")), "--to", "gguf", "--output", str(tmp_path / "x.gguf")]
    assert main(arguments) == 0
    assert (tmp_path / "x.gguf").read_bytes() == b"GGUFf32"
    (tmp_path / "x.gguf").unlink()
    assert main([*arguments, "--dtype", "float16"]) == 1
    assert "convert_hf_to_gguf.py ended with 1: no room" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [script.name]

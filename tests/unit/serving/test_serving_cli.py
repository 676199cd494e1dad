"""The program `serving`: bad input is refused early, in one message, with exit code 2."""

import json
import shutil
import socket
import subprocess
import sys

import pytest

from serving.cli import main
from serving.model_dir import served_models


def refused(capsys, *argv):
    code = main(["up", *map(str, argv)])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def test_a_missing_directory_is_named(capsys, tmp_path):
    code, err = refused(capsys, tmp_path / "nowhere")
    assert code == 2
    assert err == f"error: {tmp_path / 'nowhere'}: no such model directory\n"


def test_a_directory_without_a_model_is_named(capsys, tmp_path):
    code, err = refused(capsys, tmp_path)
    assert code == 2
    assert "neither a model directory nor a run that holds one" in err


def test_a_run_directory_stands_for_its_model(tmp_path, tiny_model):
    shutil.copytree(tiny_model, tmp_path / "run" / "model")
    (found,) = served_models([tmp_path / "run"], [], weights=True)
    assert found.path == tmp_path / "run" / "model"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://user:secret@example.org/v1#m", "neither a user nor a query"),
        ("http://example.org/v1?x=1#m", "neither a user nor a query"),
        ("http://#m", "begins with http:// or https://"),
    ],
)
def test_an_upstream_address_that_is_none_is_refused_without_its_secret(capsys, address, message):
    code, err = refused(capsys, address)
    assert code == 2
    assert message in err
    assert "secret" not in err


def test_an_upstream_that_does_not_answer_is_a_failure_that_says_how_to_go_on(capsys):
    code, err = refused(capsys, "http://127.0.0.1:9/v1")
    assert code == 1
    assert "name the model: http://127.0.0.1:9/v1#MODEL" in err


@pytest.mark.parametrize(
    ("removed", "named"),
    [("tokenizer", "no tokenizer.json"), ("model.safetensors", "no weights"), ("config.json", "no config.json")],
)
def test_an_incomplete_directory_says_what_is_missing(capsys, tmp_path, tiny_model, removed, named):
    shutil.copytree(tiny_model, tmp_path / "model")
    for path in (tmp_path / "model").glob(f"{removed}*"):
        path.unlink()
    code, err = refused(capsys, tmp_path / "model")
    assert code == 2
    assert named in err


def test_an_encoder_decoder_is_refused(capsys, tmp_path, tiny_model):
    shutil.copytree(tiny_model, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text(json.dumps({"model_type": "t5", "is_encoder_decoder": True}))
    code, err = refused(capsys, tmp_path / "model")
    assert code == 2
    assert "encoder-decoder" in err


def test_a_broken_model_card_is_refused(capsys, tmp_path, tiny_model):
    shutil.copytree(tiny_model, tmp_path / "model")
    (tmp_path / "model" / "model_card.json").write_text('{"nmae": "x"}')
    code, err = refused(capsys, tmp_path / "model")
    assert code == 2
    assert "model_card.json: nmae: unknown field; did you mean 'name'?" in err


def test_two_models_of_one_name_need_names(capsys, tmp_path, tiny_model):
    shutil.copytree(tiny_model, tmp_path / "tiny")
    code, err = refused(capsys, tiny_model, tmp_path / "tiny")
    assert code == 2
    assert "'tiny'" in err and "--name" in err


def test_names_must_be_as_many_as_models(capsys, tiny_model):
    code, err = refused(capsys, tiny_model, "--name", "a", "--name", "b")
    assert code == 2
    assert "2 names for 1 models" in err


def test_no_directory_and_no_echo_is_refused(capsys):
    assert refused(capsys)[0] == 2


def test_a_port_in_use_is_a_failure_before_the_model_is_loaded(capsys, tiny_model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, err = refused(capsys, tiny_model, "--port", port)
    assert code == 1
    assert str(port) in err
    assert "loading" not in err


def test_an_address_that_does_not_exist_is_bad_input(capsys, tiny_model):
    code, err = refused(capsys, tiny_model, "--host", "no such host")
    assert code == 2
    assert "no such host" in err


@pytest.mark.parametrize("argv", [["up", "--port", "70000"], ["up", "--threads", "0"], ["bench"], [], ["fly"]])
def test_wrong_options_exit_with_2(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


def test_a_url_without_a_scheme_is_bad_input(capsys):
    assert main(["bench", "localhost:8000"]) == 2
    assert "http://" in capsys.readouterr().err


def test_bad_input_and_help_import_nothing_heavy(tmp_path):
    code = (
        "import sys; from serving.cli import main; main(['up', sys.argv[1]]);"
        "print([m for m in ('torch', 'transformers', 'litestar', 'uvicorn', 'openai') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "nowhere")], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--engine", "echo", "--model-root", "nowhere"), "--model-root nowhere: no such directory"),
        (("--engine", "echo", "--model-root", ".", "--host", "0.0.0.0"), "anybody could load models"),
    ],
)
def test_a_root_of_models_exists_and_is_behind_keys_where_others_reach_it(capsys, argv, message):
    code, err = refused(capsys, *argv)
    assert code == 2
    assert message in err

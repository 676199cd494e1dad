"""The program's help, its refusals, and settings that keep every request inside the house."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import cli

ROOT = Path(__file__).resolve().parents[3]


def test_help_teaches_without_loading_streamlit():
    code = (
        "import sys; from dashboards import cli\ntry: cli.main(['--help'])\nfinally: print('streamlit' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0
    assert "dashboards --api http" in done.stdout and done.stdout.endswith("False\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--api", "localhost:8080"], "error: --api 'localhost:8080': must begin with http:// or https://\n"),
        (["--port", "70000"], "error: --port 70000: must be 0 to 65535\n"),
        (["--host", "no.such.host.invalid", "--port", "0"], "error: --host 'no.such.host.invalid': no such address"),
    ],
)
def test_bad_input_is_refused(capsys, arguments, message):
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize("content", [None, "", "two words", "schlüssel"])
def test_a_file_that_holds_no_key_is_refused(tmp_path, capsys, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert cli.main(["--port", "0", "--api-key-file", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"error: --api-key-file {file}: ")


def test_the_key_of_a_file_is_handed_to_the_client_of_the_pages(tmp_path, monkeypatch):
    from streamlit.web import bootstrap

    from advisor.client import KEY_VARIABLE

    found = []
    for name in (KEY_VARIABLE, cli.API_VARIABLE):
        monkeypatch.setenv(name, "another")
    monkeypatch.setattr(bootstrap, "load_config_options", lambda _: None)
    monkeypatch.setattr(bootstrap, "run", lambda *_: found.append(os.environ[KEY_VARIABLE]))
    (tmp_path / "key").write_text("ak-1\n")
    assert cli.main(["--port", "0", "--api-key-file", str(tmp_path / "key")]) == 0
    assert found == ["ak-1"]


def test_a_port_that_is_taken_is_a_failure_with_a_next_step(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["--port", str(taken.getsockname()[1])]) == 1
    assert "choose another --port" in capsys.readouterr().err


def test_streamlit_knows_every_setting_and_sends_nothing_out():
    from streamlit import config

    given = cli.settings("127.0.0.1", 8501)
    assert set(given) <= set(config.get_config_options())
    assert given["browser.gatherUsageStats"] is False
    assert given["logger.hideWelcomeMessage"] is True
    assert given["server.headless"] is True

"""The page for annotators: a real server, a real browser, keys alone."""

import re
import shutil
import signal
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from trainer.annotate.journal import Journal

TASKS = """\
{"prompt": "What is a loop?", "answers": ["A repeated block.", "A ring."]}
{"prompt": "Explain <b>generators</b>."}
"""
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def page_of(tmp_path):
    """Start the program; the address of its page and the path of its journal."""
    (tmp_path / "tasks.jsonl").write_text(TASKS, encoding="utf-8")
    command = [sys.executable, "-m", "trainer", "annotate", "page", str(tmp_path / "tasks.jsonl"), "--port", "0"]
    command += ["--annotator", "ada", "--journal", str(tmp_path / "journal.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        yield re.search(r"http://\S+/", line).group(), tmp_path / "journal.jsonl"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert "go on with the same command" in process.stderr.read()


def test_keys_alone_do_the_work_and_a_draft_survives_a_reload(page_of):
    if BROWSER is None:
        pytest.skip("no browser is installed")
    address, journal = page_of
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(locale="de-DE").new_page()
        strangers, errors = [], []
        page.on("request", lambda request: None if request.url.startswith(address) else strangers.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        expect(page.get_by_role("heading", name="Welche Antwort ist besser?")).to_be_visible()
        place = "1" if "repeated" in page.locator("#first").inner_text() else "2"
        page.keyboard.press(place)
        expect(page.get_by_role("heading", name="Schreiben Sie die beste Antwort")).to_be_visible()
        assert "<b>generators</b>" in page.locator(".turn").inner_text(), "text is shown as text"
        page.keyboard.type("Yields 1 by 1.")
        page.reload()
        expect(page.get_by_label("Ihre Antwort")).to_have_value("Yields 1 by 1.")
        page.get_by_label("Ihre Antwort").press("Control+Enter")
        expect(page.get_by_role("heading", name="Alle Aufgaben sind erledigt")).to_be_visible()
        page.keyboard.press("u")
        expect(page.get_by_role("heading", name="Schreiben Sie die beste Antwort")).to_be_visible()
        browser.close()
    assert strangers == []
    assert errors == []
    (word,) = Journal(journal).words()
    assert word.answers[("first", "second").index(word.choice)] == "A repeated block."
    assert word.duration_s > 0


def test_other_names_other_types_and_other_fields_are_refused(page_of):
    address, _ = page_of
    word = {"task_id": "x", "choice": "first"}
    assert httpx.get(f"{address}api/task", headers={"Host": "evil.example"}).status_code == 421
    assert httpx.post(f"{address}api/word", content="{}", headers={"Content-Type": "text/plain"}).status_code == 400
    assert httpx.post(f"{address}api/word", json={"task_id": "x", "choise": "first"}).status_code == 400
    answer = httpx.post(f"{address}api/word", json=word)
    assert (answer.status_code, answer.json()["error"]) == (400, "task_id: 'x' is none of the tasks; reload the page")
    assert "default-src 'none'" in httpx.get(address).headers["Content-Security-Policy"]


def test_agreement_export_and_import_as_programs(tmp_path):
    def run(*words):
        command = [sys.executable, "-m", "trainer", "annotate", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    export = tmp_path / "export.json"
    export.write_text('[{"text": "q", "label": ["an answer"]}]', encoding="utf-8")
    journal = tmp_path / "journal.jsonl"
    assert "1 judgements added" in run("import", export, "--tool", "doccano", "--journal", journal).stdout
    again = run("import", export, "--tool", "doccano", "--journal", journal)
    assert "0 judgements added" in again.stdout
    assert "1 were there already" in again.stdout
    assert "demonstrations: 1" in run("export", journal, "--output", tmp_path / "out").stdout
    assert "unknown: 0 pairs, 1 demonstrations" in run("agreement", journal).stdout
    missing = run("agreement", tmp_path / "none.jsonl")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no such file" in missing.stderr

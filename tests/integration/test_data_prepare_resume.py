"""A preparation that was killed goes on at its last finished shard and ends with the bytes of one that ran through."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARD_BYTES = 60_000


def command(*arguments):
    settings = ("--set", f"data.shard_bytes={SHARD_BYTES}", "--set", "data.quality=null", "--languages", "en")
    return [sys.executable, "-m", "trainer", "data", "prepare", *arguments, *settings, "--format", "json"]


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(*arguments, cwd, rc=0):
    done = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == rc, done.stderr
    return done


def stop_after(pattern, number, *arguments, cwd, output, how):
    """Start a preparation and stop it once `number` files of a pattern lie there; the files of that moment."""
    process = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while len(list((cwd / output / "data").glob(pattern))) < number:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, err


def contents(output):
    """Hash of every file of a finished preparation."""
    files = sorted(path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A folder of text, rows and examples, with copies, near copies, personal data, other languages and broken rows."""
    folder = tmp_path_factory.mktemp("corpus")
    texts = folder / "texts"
    texts.mkdir()
    rng = random.Random(3)
    words = ("the", "of", "and", "claim", "damage", "house", "water", "insurer", "letter", "owner", "money", "with")

    def paragraph(number):
        return f"Paragraph {number} says: " + " ".join(
            f"{rng.choice(words)} {rng.choice(words)}{rng.randrange(99)}" for _ in range(25)
        )

    made = [paragraph(n) for n in range(1600)]
    for n in range(0, 1600, 8):
        made[n] = made[n - 1] + (" more." if n % 16 else "")
    for n in range(0, 1600, 40):
        made[n] += f" Write to person{n}@mail.example.org."
    for file in range(20):
        (texts / f"{file:02d}.txt").write_text("\n\n".join(made[60 * file : 60 * file + 60]))
    rows = [
        {"text": made[n]} if n % 5 else {"prompt": f"Which? {made[n]}", "completion": f"{n}"} for n in range(1200, 1600)
    ]
    lines = [json.dumps(row) for row in rows]
    lines[7] = "{broken"
    (texts / "rows.jsonl").write_text("\n".join(lines) + "\n")
    (texts / "z.pdf").write_bytes(b"no pdf")
    return folder


@pytest.fixture(scope="module")
def whole(corpus):
    run("texts", "--output", "whole", cwd=corpus)
    return contents(corpus / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "number"),
    [(".work/kept-*.parquet", 1), (".work/kept-*.parquet", 4), ("train-*.parquet", 2)],
    ids=["first shard", "fourth shard", "second pass"],
)
def test_a_killed_preparation_resumes_to_the_same_bytes(corpus, whole, pattern, number):
    output = f"killed-{pattern[1:5].strip('/')}-{number}"
    arguments = ("texts", "--output", output)
    code, _ = stop_after(pattern, number, *arguments, cwd=corpus, output=output, how=signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert not (corpus / output / "data" / "data_card.json").exists()
    refused = run(*arguments, cwd=corpus, rc=2)
    assert "an unfinished preparation lies in" in refused.stderr and "--resume" in refused.stderr
    first = corpus / output / "data" / ".work" / "kept-00000.parquet"
    written_at = first.stat().st_mtime_ns if number > 1 else None
    code, _ = stop_after(
        ".work/kept-*.parquet", 5, *arguments, "--resume", cwd=corpus, output=output, how=signal.SIGKILL
    )
    assert code == -signal.SIGKILL, "killed once more on the way"
    assert written_at in (None, first.stat().st_mtime_ns), "a finished shard is not written again"
    run(*arguments, "--resume", cwd=corpus)
    assert contents(corpus / output) == whole


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_changed_files_or_settings_are_refused(corpus, whole):
    arguments = ("texts", "--output", "stopped")
    code, err = stop_after(".work/kept-*.parquet", 3, *arguments, cwd=corpus, output="stopped", how=signal.SIGINT)
    assert code == 130 and "Go on with:\n  trainer data prepare texts --output stopped" in err and "--resume" in err
    other = run(*arguments, "--resume", "--set", "data.min_text_characters=41", cwd=corpus, rc=2)
    assert "other settings or files" in other.stderr
    run(*arguments, "--resume", cwd=corpus)
    assert contents(corpus / "stopped") == whole


@pytest.mark.slow
def test_the_corpus_of_this_test_meets_every_step(corpus, whole):
    card = json.loads((corpus / "whole" / "data" / "data_card.json").read_text())
    assert {"exact_duplicate", "near_duplicate"} <= card["passages_dropped"].keys()
    assert card["personal_data"]["found"]["email"] >= 30
    assert card["not_read"]["rows"] == 1 and card["not_read"]["files"] == 1
    assert card["conversations"] > 50 and card["held_out_questions"] > 0
    assert len([name for name in whole if name.startswith("data/train-")]) > 4

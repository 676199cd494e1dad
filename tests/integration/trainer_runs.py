"""Runs of `trainer` as a user starts them: real processes on plans of test size."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = {
    "kind": "architecture",
    "name": "tiny",
    "vocab_size": 512,
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "num_kv_heads": 1,
    "ffn_size": 32,
    "context_tokens": 224,
}
PRETRAIN = {"max_steps": 12, "batch_sequences": 4, "sequence_tokens": 32, "learning_rate": 0.01}
CHAIN = {
    "pretrain": PRETRAIN,
    "sft": {"epochs": 0.05, "batch_sequences": 8, "learning_rate": 0.005},
    "reward": {"epochs": 0.05, "batch_pairs": 4, "learning_rate": 0.001},
    "rl": {"max_steps": 2, "batch_completions": 8, "num_generations": 4, "max_completion_tokens": 6},
}


def write_plan(directory, phases, **changes):
    """A plan file of test size."""
    directory.mkdir(parents=True, exist_ok=True)
    plan = {
        "name": "Test run",
        "seed": 3,
        "data": {"corpora": [{"kind": "python_reference"}], "holdout_fraction": 0.1},
        "model": ARCHITECTURE,
        "phases": {"pretrain": None, **phases},
        "evaluation": {"max_items": 16},
        "checkpoint_steps": 10,
        **changes,
    }
    path = directory / "plan.yaml"
    with path.open("w") as stream:
        YAML(typ="safe").dump(plan, stream)
    return path


def command(*arguments):
    return [sys.executable, "-m", "trainer", *map(str, arguments)]


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def run(*arguments, cwd, rc=0):
    """Run `trainer` to its end and check the exit code."""
    done = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == rc, done.stdout + done.stderr
    return done


def logged(output, phase):
    """Rows that a phase has logged so far."""
    path = output / "phases" / phase / "log.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def interrupt(*arguments, cwd, output, phase, step, number=signal.SIGTERM):
    """Start `trainer`, send a signal once `phase` has logged `step`, and return exit code and messages."""
    process = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 240
        while not any(row["step"] >= step for row in logged(output, phase)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, f"{phase} did not reach step {step}"
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, out, err

"""A run that was stopped or killed goes on where its last complete checkpoint stands, as if nothing had been."""

import json
import re
import signal

import pytest
from trainer_runs import PRETRAIN, interrupt, logged, run, write_plan

from advisor.contracts.runs import RunReport
from advisor.contracts.status import RunStatus
from advisor.files import read_contract
from trainer.corpus.shards import ShardWriter, read_shards
from trainer.corpus.split import COLUMNS

pytestmark = pytest.mark.slow

PHASES = {"pretrain": {**PRETRAIN, "max_steps": 240}}
STEP = 60


def losses(output, without=None):
    """Logged losses by step. Each is a mean since the one before; the one in whose span a run began anew is not."""
    rows = {row["step"]: row["loss"] for row in logged(output, "pretrain") if "loss" in row}
    rows.pop(without, None)
    return rows


def first_logged_after(done):
    """The first step that a resumed run logged."""
    step = int(re.search(r"pretrain: goes on after step (\d+)", done.stderr).group(1))
    return next(number for number in range(step + 1, step + 5) if number % 4 == 0)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    directory = tmp_path_factory.mktemp("whole")
    write_plan(directory, PHASES)
    run("run", "plan.yaml", "--output", "out", cwd=directory)
    return directory / "out"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_an_interrupted_run_ends_with_the_losses_of_an_uninterrupted_one(tmp_path, uninterrupted, number):
    write_plan(tmp_path, PHASES)
    output = tmp_path / "out"
    arguments = ("run", "plan.yaml", "--output", "out")
    rc, _, err = interrupt(*arguments, cwd=tmp_path, output=output, phase="pretrain", step=STEP, number=number)
    reached = max(row["step"] for row in logged(output, "pretrain"))
    assert reached < 240, "it was to be stopped in the middle"
    if number == signal.SIGKILL:
        assert rc == -signal.SIGKILL
    else:
        assert rc == 130
        assert "stopped in phase pretrain" in err and "trainer run plan.yaml --output out --resume" in err
    assert not (output / "run_report.json").exists()
    status = read_contract(output / "status.json", RunStatus)
    assert status.condition == ("running" if number == signal.SIGKILL else "stopped")
    assert status.phase == "pretrain" and status.phases_left == ("evaluate",)

    done = run(*arguments, "--resume", cwd=tmp_path)
    assert read_contract(output / "status.json", RunStatus).resumed == 1
    assert "data: done earlier" in done.stderr and "tokenizer: done earlier" in done.stderr
    cut = first_logged_after(done)
    assert len(losses(output)) == 61, "the first step and each fourth"
    assert losses(output, cut) == losses(uninterrupted, cut), "every logged loss, to the last bit"
    report, whole = (read_contract(path / "run_report.json", RunReport) for path in (output, uninterrupted))
    phase, same = report.phases[2], whole.phases[2]
    assert (phase.steps, phase.tokens, phase.loss_last) == (same.steps, same.tokens, same.loss_last)
    assert phase.training_flop == same.training_flop
    assert (report.resumed, whole.resumed) == (1, 0)
    assert report.evaluation == whole.evaluation
    weights = [path / "model" / "model.safetensors" for path in (output, uninterrupted)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_half_written_checkpoint_is_passed_over_and_time_adds_up(tmp_path, uninterrupted):
    write_plan(tmp_path, PHASES)
    output = tmp_path / "out"
    arguments = ("run", "plan.yaml", "--output", "out")
    rc, _, err = interrupt(*arguments, cwd=tmp_path, output=output, phase="pretrain", step=STEP, number=signal.SIGINT)
    assert rc == 130 and "--resume" in err, "Ctrl-C stops as SIGTERM does"
    stretch = json.loads((output / "phases" / "pretrain" / "stretches.jsonl").read_text())
    checkpoints = sorted(
        (output / "phases" / "pretrain").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1])
    )
    assert len(checkpoints) == 2
    (checkpoints[-1] / "trainer_state.json").unlink()
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert f"{checkpoints[-1].name} is incomplete and was removed" in done.stderr
    cut = first_logged_after(done)
    assert losses(output, cut) == losses(uninterrupted, cut)
    report = read_contract(output / "run_report.json", RunReport)
    assert report.phases[2].duration_s > stretch["duration_s"] > 0


def test_training_text_that_was_tampered_with_is_made_anew_from_its_source(tmp_path, uninterrupted):
    write_plan(tmp_path, PHASES)
    output = tmp_path / "out"
    arguments = ("run", "plan.yaml", "--output", "out")
    interrupt(*arguments, cwd=tmp_path, output=output, phase="pretrain", step=20)
    shard = output / "data" / "train-00000.parquet"
    rows = [
        *read_shards([shard]),
        {"id": "new", "text": "something that was not there", "label": None, "language": None},
    ]
    with ShardWriter(shard, COLUMNS) as writer:
        for row in rows:
            writer.add(len(row["text"]), **row)
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert "data: done earlier" not in done.stderr and "tokenizer: done earlier" in done.stderr
    weights = [path / "model" / "model.safetensors" for path in (output, uninterrupted)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_source_that_changed_since_is_refused_by_its_field(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("\n\n".join(" ".join(f"w{p}x{n}" for n in range(40)) for p in range(80)))
    write_plan(tmp_path, PHASES, data={"corpora": [{"kind": "files", "path": "text.txt"}]})
    arguments = ("run", "plan.yaml", "--output", "out")
    interrupt(*arguments, cwd=tmp_path, output=tmp_path / "out", phase="pretrain", step=20)
    text.write_text(text.read_text() + "\n\nand one more paragraph that was written after the run had begun")
    done = run(*arguments, "--resume", cwd=tmp_path, rc=2)
    assert "changed since phase data began: data.corpora.0" in done.stderr


def test_a_corpus_that_cannot_be_read_leaves_no_half_run_behind(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"\xff\xfe not utf-8")
    write_plan(tmp_path, PHASES, data={"corpora": [{"kind": "files", "path": "text.txt"}]})
    done = run("run", "plan.yaml", "--output", "out", cwd=tmp_path, rc=2)
    assert "text.txt: cannot be read as UTF-8" in done.stderr
    assert not (tmp_path / "out").exists()

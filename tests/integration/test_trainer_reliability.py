"""What goes wrong in long runs, made to go wrong: a full disk, a loss that is no number, pickles, foreign code."""

import json
import os
import pickle
import resource
import subprocess
import time

import pytest
import torch
from small_phases import SIZE, Work
from trainer_runs import PRETRAIN, command, environment, logged, run, write_plan

from advisor.contracts.errors import BadInput, Failed
from trainer.checkpoint import mark_complete, newest_complete
from trainer.stop import StopRequested, _Wish

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning:transformers")]

FIRST = {"max_steps": 16, "batch_sequences": 4, "sequence_tokens": 16, "learning_rate": 0.01}
PHASES = {
    "pretrain": FIRST,
    "sft": {"epochs": 4, "batch_sequences": 6, "learning_rate": 0.01},
    "dpo": {"epochs": 3, "learning_rate": 1e-3},
}
SAMPLED = {
    "sft": PHASES["sft"],
    "rl": {"max_steps": 12, "batch_completions": 8, "max_completion_tokens": 4, "rewards": ["exact_match"]},
}
MASKED = {**SIZE, "family": "masked"}
SPANS = {**SIZE, "family": "seq2seq"}


@pytest.fixture(autouse=True)
def no_wish():
    """No test begins with the wish to stop that another has left."""
    yield
    _Wish.wanted = False


def stop_after(step):
    """A callback that asks to stop, as a signal does."""
    from transformers import TrainerCallback

    class Stop(TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            _Wish.wanted = state.global_step == step - 1

    return Stop()


@pytest.mark.parametrize(
    ("name", "model"),
    [("pretrain", SIZE), ("sft", SIZE), ("dpo", SIZE), ("rl", SIZE), ("pretrain", MASKED), ("pretrain", SPANS)],
    ids=["pretrain", "sft", "dpo", "rl", "masked", "seq2seq"],
)
def test_a_phase_taken_up_again_has_every_loss_and_weight_of_one_that_ran_through(tmp_path, monkeypatch, name, model):
    monkeypatch.setattr("trainer.phases.settings.LOGS_PER_PHASE", 1000)
    phases = SAMPLED if name == "rl" else PHASES if model == SIZE else {"pretrain": FIRST}
    whole, halved = Work(tmp_path / "whole", phases, model=model), Work(tmp_path / "halved", phases, model=model)
    for work in (whole, halved):
        for before in work.plan.phases.names():
            if before == name:
                break
            work.run(before)
    whole.run(name)
    with pytest.raises(StopRequested):
        halved.run(name, callbacks=(stop_after(6),))
    _Wish.wanted = False
    result = halved.run(name)
    assert f"{name}: goes on after step 6" in halved.printed.getvalue()
    assert halved.logged(name) == whole.logged(name), "every loss, to the last bit"
    assert len(whole.logged(name)) == result.steps >= 12
    weights = [(work.model(name) / "model.safetensors").read_bytes() for work in (whole, halved)]
    assert weights[0] == weights[1]


def test_a_loss_that_is_no_number_stops_and_the_checkpoint_before_it_is_kept(tmp_path):
    from transformers import TrainerCallback

    class Spoil(TrainerCallback):
        def on_step_begin(self, args, state, control, model=None, **_):
            if state.global_step == 9:
                with torch.no_grad():
                    model.lm_head.weight[0, 0] = float("nan")

    work = Work(tmp_path, {"pretrain": FIRST})
    with pytest.raises(
        Failed, match=r"pretrain: the loss is nan at step 10; the checkpoint of step 8 .* is kept"
    ) as error:
        work.run("pretrain", callbacks=(Spoil(),))
    assert "--set phases.pretrain.learning_rate" in str(error.value)
    path, marker = newest_complete(tmp_path / "phases" / "pretrain")
    assert marker.step == 8 and path.name == "checkpoint-8"
    assert not work.model("pretrain").exists()


def test_a_rate_at_which_the_loss_runs_away_is_stopped_by_itself(tmp_path):
    wild = {**FIRST, "max_steps": 60, "learning_rate": 30.0, "warmup_fraction": 0.5}
    with pytest.raises(Failed, match=r"the loss has run away: .* \(max_loss_ratio 1\.5\)|the loss is (nan|inf)"):
        Work(tmp_path, {"pretrain": wild}, max_loss_ratio=1.5).run("pretrain")


def test_a_disk_that_refuses_a_checkpoint_is_said_and_the_run_goes_on_once_there_is_room(tmp_path):
    """The limit on the size of files stands in for a full disk: the system refuses the same write, by another name."""
    write_plan(tmp_path, {"pretrain": {**PRETRAIN, "max_steps": 400}})
    output = tmp_path / "out"
    arguments = ("run", "plan.yaml", "--output", "out")
    process = subprocess.Popen(
        command(*arguments), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 240
    while not any(row["step"] >= 30 for row in logged(output, "pretrain")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert "failed: pretrain: could not be written: File too large; the checkpoint of step" in err
    assert "go on with --resume" in err and "Traceback" not in err
    left = [path.name for path in (output / "phases" / "pretrain").glob("checkpoint-*")]
    kept, _ = newest_complete(output / "phases" / "pretrain")
    assert kept.name in left and max(int(name.split("-")[1]) for name in left) == int(kept.name.split("-")[1])
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert f"pretrain: goes on after step {kept.name.split('-')[1]}" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        RuntimeError("[enforce fail at inline_container.cc:626] . PytorchStreamWriter failed writing file data/0"),
    ],
)
def test_a_disk_full_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch, error):
    from transformers import Trainer

    from trainer.checkpoint import full_disk_is_said

    plain = Trainer._save_optimizer_and_scheduler

    def refused(self, directory):
        if self.state.global_step == 8:
            raise error
        plain(self, directory)

    monkeypatch.setattr(Trainer, "_save_optimizer_and_scheduler", refused)
    work = Work(tmp_path, {"pretrain": FIRST})
    directory = tmp_path / "phases" / "pretrain"
    with pytest.raises(Failed, match="the checkpoint of step 4 is kept"), full_disk_is_said("pretrain", directory):
        work.run("pretrain")
    assert [path.name for path in directory.glob("checkpoint-*")] == ["checkpoint-4"], "the half one made room"
    monkeypatch.undo()
    assert work.run("pretrain").steps == 16


class Harmful:
    """An object whose unpickling leaves a trace."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        return (os.mkdir, (str(self._path),))


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_a_pickle_in_a_checkpoint_is_not_run(tmp_path, name):
    work = Work(tmp_path, {"pretrain": FIRST})
    with pytest.raises(StopRequested):
        work.run("pretrain", callbacks=(stop_after(6),))
    _Wish.wanted = False
    checkpoint, marker = newest_complete(tmp_path / "phases" / "pretrain")
    assert not list(checkpoint.glob("*.bin")), "no pickled settings"
    torch.save(Harmful(tmp_path / "trace"), checkpoint / name)
    mark_complete(checkpoint, step=marker.step, tokens=marker.tokens)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        work.run("pretrain")
    assert not (tmp_path / "trace").exists()


def test_a_base_model_that_brings_code_or_pickled_weights_is_refused(tmp_path):
    from trainer.phases.start import load_model

    model = tmp_path / "model"
    model.mkdir()
    (model / "run.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'trace')!r})\n")
    own = {"model_type": "mine", "auto_map": {"AutoConfig": "run.C", "AutoModelForCausalLM": "run.M"}}
    (model / "config.json").write_text(json.dumps({**own, "architectures": ["MineForCausalLM"]}))
    with pytest.raises(BadInput, match="cannot be loaded"):
        load_model(str(model))
    work = Work(tmp_path / "work", {"pretrain": FIRST})
    work.run("pretrain")
    from transformers import AutoModelForCausalLM

    weights = AutoModelForCausalLM.from_pretrained(work.model("pretrain"))
    (work.model("pretrain") / "model.safetensors").unlink()
    torch.save(weights.state_dict(), work.model("pretrain") / "pytorch_model.bin")
    with pytest.raises(BadInput, match="cannot be loaded"):
        load_model(str(work.model("pretrain")))
    assert not (tmp_path / "trace").exists()


def test_nothing_is_sent_or_fetched_unless_allowed(tmp_path):
    """A program that opens any socket to another machine fails."""
    write_plan(tmp_path, {"pretrain": {**PRETRAIN, "max_steps": 2}})
    code = (
        "import socket, sys\n"
        "def refuse(self, address, *rest):\n"
        "    if self.family in (socket.AF_INET, socket.AF_INET6): sys.exit(f'connected to {address}')\n"
        "    return plain(self, address, *rest)\n"
        "plain = socket.socket.connect; socket.socket.connect = refuse\n"
        "from trainer.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    names = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")
    bare = {name: value for name, value in environment().items() if name not in names}
    arguments = [command()[0], "-c", code, "run", "plan.yaml", "--output", "out"]
    done = subprocess.run(arguments, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr

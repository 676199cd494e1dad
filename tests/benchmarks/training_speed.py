"""How fast training is beside a plain loop and stock trl: run `python tests/benchmarks/training_speed.py`.

Four arms in one process on one core, in an order that is turned round: a plain PyTorch loop and phase pretrain on the
same model and blocks; trl's SFTTrainer with its defaults and phase sft on the same conversations in the same order,
whose losses must agree step by step. Speeds are tokens per second of processor time, padding not counted, so that
another program on the machine does not decide. Last, the share of a core that the energy meter takes for eight devices.
The targets are 1.0, 1.2 and 0.5 %.
"""

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "HF_HUB_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
):
    os.environ[name] = "1"
warnings.filterwarnings("ignore", category=FutureWarning)

import torch  # noqa: E402 - after the number of threads is set
from datasets import Dataset  # noqa: E402
from rich.console import Console  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402
from transformers import AutoTokenizer, PrinterCallback, TrainerCallback, set_seed  # noqa: E402
from trl import SFTConfig, SFTTrainer  # noqa: E402

from advisor.contracts.plan import TrainingPlan  # noqa: E402
from trainer.corpus.prepare import prepare  # noqa: E402
from trainer.corpus.shards import shards_of  # noqa: E402
from trainer.energy import open_meter  # noqa: E402
from trainer.energy.replay import ReplaySource  # noqa: E402
from trainer.phases import pretrain, sft  # noqa: E402
from trainer.phases.common import PhaseContext, read_log  # noqa: E402
from trainer.phases.pretrain import PackedBlocks  # noqa: E402
from trainer.phases.start import start_model  # noqa: E402
from trainer.progress import Progress  # noqa: E402
from trainer.run import quieten_libraries  # noqa: E402
from trainer.steps import run_step  # noqa: E402

STEPS, WARM_STEPS, ROUNDS, BATCH, BLOCK_TOKENS, RATE = 8, 1, 4, 16, 128, 1e-3
METER_S, METER_DEVICES = 5.0, 8
LOSS_TOLERANCE = 1e-3
TARGETS = {"pretrain over plain loop": 1.0, "sft over stock SFTTrainer": 1.2}
SIZE = {"kind": "architecture", "vocab_size": 2048, "hidden_size": 256, "num_layers": 4, "num_heads": 4}
SIZE |= {"num_kv_heads": 4, "ffn_size": 768, "context_tokens": 192}


class Clock(TrainerCallback):
    """Processor time at the end of each step."""

    def __init__(self) -> None:
        self.times_s: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        self.times_s.append(time.process_time())

    @property
    def steps_s(self) -> float:
        """Processor time of the steps after the warm ones."""
        return self.times_s[-1] - self.times_s[WARM_STEPS - 1]


def main() -> int:
    """Print speeds and ratios; 1 when a target is missed or the losses of both supervised arms differ."""
    quieten_libraries()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        arms: list[Callable[[Path], float]] = [bench.plain, bench.pretrain, bench.stock, bench.sft]
        speeds: dict[str, list[float]] = {arm.__name__: [] for arm in arms}
        for number in range(ROUNDS):
            for arm in arms if number % 2 == 0 else arms[::-1]:
                speeds[arm.__name__].append(arm(Path(folder) / f"{number}_{arm.__name__}"))
        share = meter_share(Path(folder))
    pairs = {"pretrain over plain loop": ("pretrain", "plain"), "sft over stock SFTTrainer": ("sft", "stock")}
    missed = 0
    for arm, values in speeds.items():
        sys.stdout.write(
            f"{arm:>9}: {statistics.median(values):8,.0f} tokens/s of one core, median of {ROUNDS} rounds\n"
        )
    for label, (ours, other) in pairs.items():
        ratios = [a / b for a, b in zip(speeds[ours], speeds[other], strict=True)]
        ratio = statistics.median(ratios)
        missed += ratio < TARGETS[label]
        sys.stdout.write(
            f"{label}: {ratio:.2f}, rounds {min(ratios):.2f} to {max(ratios):.2f} (target {TARGETS[label]:g})\n"
        )
    apart = max(abs(a - b) / b for a, b in zip(bench.losses["sft"], bench.losses["stock"], strict=True))
    sys.stdout.write(
        f"losses of sft and stock SFTTrainer differ by at most {apart:.1e} in {STEPS} steps "
        f"(tolerance {LOSS_TOLERANCE:g})\n"
        f"meter: {share:.3%} of a core for {METER_DEVICES} devices, without the driver's own time (target 0.5%)\n"
    )
    return int(bool(missed) or apart > LOSS_TOLERANCE or share > 0.005)


class Bench:
    """The arms, on the language reference of the interpreter."""

    def __init__(self, folder: Path) -> None:
        sizes = {"batch_sequences": BATCH, "learning_rate": RATE}
        phases = {"pretrain": {**sizes, "max_steps": STEPS, "sequence_tokens": BLOCK_TOKENS}}
        self.first = self._plan(phases)
        self.prepared = prepare(self._plan({"pretrain": None, "sft": sizes}), folder, folder)
        self.rows = self.prepared.rows("conversations")[: STEPS * BATCH]
        self.second = self._plan({"pretrain": None, "sft": {**sizes, "epochs": STEPS * BATCH / len(self.rows)}})
        run_step(self._context(self.first, folder), "tokenizer")
        self.source, self.losses = folder, {}
        self.tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
        own = [self.tokenizer.apply_chat_template(row["messages"], tokenize=True)["input_ids"] for row in self.rows]
        self.answer_tokens = sum(map(len, own)) * (STEPS - WARM_STEPS) / STEPS
        self.block_tokens = (STEPS - WARM_STEPS) * BATCH * BLOCK_TOKENS

    def plain(self, folder: Path) -> float:
        """A loop as one writes it by hand: forward, backward, clip, AdamW."""
        model = self._model(folder, self.first)
        blocks = PackedBlocks(self.prepared.texts("train"), self.tokenizer, BLOCK_TOKENS)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
        clock = Clock()
        model.train()
        for batch in itertools.islice(DataLoader(blocks, batch_size=BATCH, shuffle=True), STEPS):
            optimizer.zero_grad()
            model(**batch).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            clock.on_step_end()
        return self.block_tokens / clock.steps_s

    def pretrain(self, folder: Path) -> float:
        """Phase pretrain as a run carries it out."""
        clock = Clock()
        context = self._context(self.first, self._laid_out(folder), clock)
        pretrain.run(context, self.first.phases.pretrain)
        return self.block_tokens / clock.steps_s

    def stock(self, folder: Path) -> float:
        """trl's SFTTrainer with its defaults, the precision apart: a processor has no bf16."""
        model, clock = self._model(folder, self.second), Clock()
        arguments = SFTConfig(
            str(folder),
            max_steps=STEPS,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            lr_scheduler_type="cosine",
            warmup_steps=1,
            seed=0,
            data_seed=0,
            logging_steps=1,
            use_cpu=True,
            bf16=False,
            report_to="none",
            disable_tqdm=True,
            save_strategy="no",
            assistant_only_loss=True,
            eos_token=self.tokenizer.eos_token,
        )
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_list(self.rows),
            processing_class=self.tokenizer,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        self.losses["stock"] = [row["loss"] for row in trainer.state.log_history if "loss" in row]
        return self.answer_tokens / clock.steps_s

    def sft(self, folder: Path) -> float:
        """Phase sft as a run carries it out."""
        clock = Clock()
        context = self._context(self.second, self._laid_out(folder), clock)
        sft.run(context, self.second.phases.sft)
        self.losses["sft"] = [row["loss"] for row in read_log(folder / "phases/sft/log.jsonl") if "loss" in row]
        return self.answer_tokens / clock.steps_s

    def _plan(self, phases: dict[str, object]) -> TrainingPlan:
        data = {"corpora": [{"kind": "python_reference"}]}
        document = {"name": "speed", "data": data, "model": SIZE, "phases": phases, "checkpoint_steps": 10_000}
        return TrainingPlan.model_validate(document)

    def _context(self, plan: TrainingPlan, folder: Path, *callbacks: TrainerCallback) -> PhaseContext:
        progress = Progress(Console(file=Path(os.devnull).open("w")))  # noqa: SIM115 - lives as long as the process
        return PhaseContext(plan=plan, base=folder, output=folder, progress=progress, callbacks=callbacks)

    def _laid_out(self, folder: Path) -> Path:
        """A run directory that holds data and tokenizer."""
        (folder / "data").mkdir(parents=True)
        lines = "".join(json.dumps(row) + "\n" for row in self.rows)
        (folder / "data" / "conversations.jsonl").write_text(lines)
        for shard in shards_of(self.source / "data", "train"):
            (folder / "data" / shard.name).symlink_to(shard)
        (folder / "tokenizer").symlink_to(self.source / "tokenizer")
        return folder

    def _model(self, folder: Path, plan: TrainingPlan) -> torch.nn.Module:
        set_seed(0)
        return start_model(self._context(plan, folder), self.tokenizer)


def meter_share(folder: Path) -> float:
    """Processor time over time while a window is open and nothing else runs."""
    names = [f"GPU-{number}" for number in range(METER_DEVICES)]
    fields = {"name": "replayed", "scope": "gpu", "power_limit_w": 700.0, "flags": []}
    rows: list[dict[str, object]] = [{"device": {"uuid": name, **fields}} for name in names]
    for tick in range(int(20 * METER_S)):
        rows += [{"t_s": tick / 10, "uuid": name, "power_mw": 400_000} for name in names]
        rows += [{"t_s": tick / 10, "uuid": name, "counter_mj": 40_000 * tick} for name in names]
    trace = folder / "trace.jsonl"
    trace.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_meter(source=ReplaySource(trace, time.monotonic)) as meter, meter.window("idle"):
        begun_s = time.process_time()
        time.sleep(METER_S)
        return (time.process_time() - begun_s) / METER_S


if __name__ == "__main__":
    sys.exit(main())

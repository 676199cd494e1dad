"""Speed of each step of the data preparation, and memory on growing input: `python tests/benchmarks/data_prepare.py`.

Made-up text (real words of the language reference, shuffled; copies, near copies and personal data sown in) is
prepared at each of the sizes given as arguments in megabytes (default 50, 100, 200), each in a process of its own. Peak
memory must not grow with the input: the largest may take at most a tenth more than the smallest. Speeds are in CPU
seconds, so a busy machine changes little. Signatures are compared with plain datasketch on the same passages, by turns.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SIZES_MB = (50, 100, 200)
TARGET_GROWTH = 1.1
STEP_MB = 4
SHARD_BYTES = 8_000_000
ROUNDS = 3
PASSAGE_WORDS = 70
PASSAGES_PER_DOCUMENT = 8


def passages(seed: int) -> Iterator[str]:
    """Endless paragraphs; a tenth are copies and a tenth near copies of one before."""
    from pydoc_data.topics import topics

    words = [word for text in topics.values() for word in text.split() if word.isalpha()]
    rng = random.Random(seed)
    kept: list[str] = []
    number = 0
    while True:
        number += 1
        if number % 10 == 9:
            yield kept[rng.randrange(len(kept))]
            continue
        if number % 10 == 4:
            copy = kept[rng.randrange(len(kept))].split()
            copy[rng.randrange(len(copy))] = f"other{number}"
            yield " ".join(copy)
            continue
        text = " ".join(rng.choices(words, k=PASSAGE_WORDS))
        if number % 20 == 1:
            text += f" Write to person{number}@mail.example.org or call +49 30 {901820 + number % 9000}."
        kept = [*kept[-200:], text]
        yield text


def write_corpus(path: Path, megabytes: float) -> None:
    """A JSONL of documents of some paragraphs."""
    source, written = passages(7), 0
    with path.open("w", encoding="utf-8") as stream:
        while written < megabytes * 1e6:
            text = "\n\n".join(next(source) for _ in range(PASSAGES_PER_DOCUMENT))
            written += stream.write(json.dumps({"text": text}) + "\n")


def prepared_alone(path: Path, output: Path) -> dict[str, float]:
    """Prepare in this process; seconds, peak memory and what the state on disk takes for a passage."""
    from advisor.contracts.data_plan import DataPlan, FileCorpus, QualityRules
    from trainer.corpus import prepare as module
    from trainer.corpus.job import Job

    data = DataPlan(
        corpora=(FileCorpus(kind="files", path=str(path)),), quality=QualityRules(), shard_bytes=SHARD_BYTES
    )
    job = Job(data=data, base=path.parent, languages=("en",), needs_text=False)
    sizes: dict[str, float] = {}
    remove = module.shutil.rmtree

    def measure_then_remove(work: Path) -> None:
        sizes["state_bytes"] = sum(file.stat().st_size for file in work.glob("state.sqlite*"))
        remove(work)

    module.shutil.rmtree = measure_then_remove  # type: ignore[assignment] - looks at the folder before it goes
    begun_s = time.process_time()
    card = module.prepare_job(job, output).card()
    passed_s = time.process_time() - begun_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    unique = next(row["stayed"] for row in card["waterfall"] if row["step"] == "near duplicates")
    return {
        "seconds": passed_s,
        "peak_rss_bytes": peak,
        "passages": card["passages_read"],
        "state_bytes_per_passage": sizes["state_bytes"] / unique,
    }


def measured_in_a_process(path: Path, output: Path) -> dict[str, float]:
    """As `prepared_alone`, in a new process, so that peaks do not mix."""
    command = [sys.executable, __file__, "--one", str(path), str(output)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def step_speeds(directory: Path) -> dict[str, float]:
    """Megabytes a second of each step alone, on the same text."""
    from advisor.contracts.data_plan import LanguageFilter, NearDuplicates, PiiRules, QualityRules, TermReport
    from trainer.corpus.document import Document
    from trainer.corpus.read import Problems, Source, read_source
    from trainer.corpus.shards import ShardWriter
    from trainer.corpus.state import State
    from trainer.corpus.steps import duplicates, language, normalise, pii, quality, terms
    from trainer.corpus.tally import Tally

    path = directory / "steps.jsonl"
    write_corpus(path, STEP_MB)
    size_mb = path.stat().st_size / 1e6
    tally = Tally()
    found: dict[str, float] = {}

    def timed(name: str, action: Callable[[], object]) -> None:
        begun_s = time.process_time()
        action()
        found[name] = size_mb / (time.process_time() - begun_s)

    documents: list[Document] = []
    timed("read JSONL", lambda: documents.extend(row for _, row in read_source(Source("s", path), Problems())))
    texts = [Document(str(n), part) for n, row in enumerate(documents) for part in row.text.split("\n\n")]
    language.identify("The model is read before the clock starts.")
    with State(directory / "state.sqlite") as state:
        steps: list[tuple[str, object, Sequence[Document]]] = [
            ("normalise", normalise.Normalise(), documents),
            ("language", language.Language(LanguageFilter(), ("en",), tally), documents),
            ("quality", quality.Quality(QualityRules()), documents),
            ("personal data", pii.Pii(PiiRules(), tally, None), documents),
            ("exact duplicates", duplicates.ExactDuplicates(state), texts),
            ("near duplicates", duplicates.NearDuplicates(NearDuplicates(), state), texts),
            ("terms", terms.Terms(TermReport(), tally), texts),
        ]
        for name, step, rows in steps:
            timed(name, lambda step=step, rows=rows: [step.apply(row) for row in rows])

    def write() -> None:
        with ShardWriter(directory / "shard.parquet", ("id", "text")) as writer:
            for row in texts:
                writer.add(len(row.text.encode()), id=row.id, text=row.text)

    timed("write Parquet", write)
    return found


def signatures_beside_datasketch() -> tuple[float, float]:
    """Passages a second: our runs and signatures, and datasketch's MinHash on the same runs as texts; medians."""
    import re
    import statistics

    from datasketch import MinHash

    from advisor.contracts.data_plan import NearDuplicates
    from trainer.corpus.runs import word_runs
    from trainer.corpus.state import State
    from trainer.corpus.steps.duplicates import NearDuplicates as Step

    source = passages(9)
    rows = [next(source) for _ in range(1500)]

    def plain() -> None:
        for text in rows:
            words = re.findall(r"\w+", text.lower())
            runs = {" ".join(words[k : k + 5]) for k in range(max(1, len(words) - 4))}
            sketch = MinHash(num_perm=128)
            sketch.update_batch([run.encode() for run in runs])

    with tempfile.TemporaryDirectory() as directory, State(Path(directory) / "state") as state:
        step = Step(NearDuplicates(), state)

        def ours() -> None:
            for text in rows:
                step._keys(word_runs(text, 5))  # signature and bands alone

        rates: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(ROUNDS):
            for name, action in (("ours", ours), ("plain", plain)):
                begun_s = time.process_time()
                action()
                rates[name].append(len(rows) / (time.process_time() - begun_s))
    return statistics.median(rates["ours"]), statistics.median(rates["plain"])


def main(arguments: Sequence[str]) -> int:
    """Print all figures; 1 when memory grows with the input."""
    if arguments[:1] == ["--one"]:
        sys.stdout.write(json.dumps(prepared_alone(Path(arguments[1]), Path(arguments[2]))))
        return 0
    sizes = [float(word) for word in arguments] or list(SIZES_MB)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for step, speed in step_speeds(directory).items():
            sys.stdout.write(f"{step:<18} {speed:8.2f} MB a CPU second\n")
        ours, plain = signatures_beside_datasketch()
        beside = f"plain datasketch {plain:,.0f} ({ours / plain:.1f} x)"
        sys.stdout.write(f"signatures         {ours:8,.0f} passages a CPU second, {beside}\n")
        peaks = []
        for megabytes in sizes:
            path = directory / f"{megabytes:g}.jsonl"
            write_corpus(path, megabytes)
            found = measured_in_a_process(path, directory / f"out{megabytes:g}")
            peaks.append(found["peak_rss_bytes"])
            rate, peak_mib = megabytes / found["seconds"], found["peak_rss_bytes"] / 2**20
            sys.stdout.write(
                f"{megabytes:6g} MB in {found['seconds']:6.1f} CPU s ({rate:.2f} MB/s), peak {peak_mib:.0f} MiB, "
                f"state {found['state_bytes_per_passage']:.0f} bytes a passage\n"
            )
            sys.stdout.flush()
            path.unlink()
    growth = peaks[-1] / peaks[0]
    sys.stdout.write(f"memory: {growth:.2f} x from first to last size (target at most {TARGET_GROWTH:g})\n")
    return int(growth > TARGET_GROWTH)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

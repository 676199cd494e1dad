"""What the free text of a batch means."""

import pytest

from advisor.estimate.batches import Batch, batch_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4M tokens", Batch(tokens=4e6)),
        ("4M", Batch(tokens=4e6)),
        (4_000_000, Batch(tokens=4e6)),
        ("0.5M tokens", Batch(tokens=5e5)),
        ("16k tokens", Batch(tokens=16_000)),
        ("2,097,152 tokens", Batch(tokens=2_097_152)),
        ("GBS 2048 seqs (micro 8)", Batch(sequences=2048, micro_sequences=8)),
        ("GBS 1024 (micro 1)", Batch(sequences=1024, micro_sequences=1)),
        ("GBS 128, seq 4096", Batch(sequences=128)),
        ("global batch size 256", Batch(sequences=256)),
        ("1024 sequences", Batch(sequences=1024)),
        ("micro 2", Batch(micro_sequences=2)),
        ("local 2", Batch(micro_sequences=2)),
        ("micro-batch size 4", Batch(micro_sequences=4)),
        ("local batch 8, global 128", Batch(sequences=128, micro_sequences=8)),
        ("64 seqs of 2048 tokens", Batch(sequences=64)),
        ("512 sequences x 4096 tokens", Batch(sequences=512)),
        ("0.5M tokens (1024 pairs)", Batch(tokens=5e5)),
        ("1,024 seqs, 4M tokens", Batch(tokens=4e6, sequences=1024)),
        ("a batch of 4M tokens", Batch(tokens=4e6)),
        ("batch size 32", Batch(sequences=32)),
        ("128", Batch(sequences=128)),
        (128, Batch(sequences=128)),
        (2.0, Batch(sequences=2)),
        ("315 steps", Batch()),
        (None, Batch()),
    ],
)
def test_a_batch_says_tokens_sequences_or_sequences_of_one_device(text, expected):
    assert batch_of(text) == expected


def test_tokens_of_a_step_come_from_tokens_or_from_sequences_at_their_length():
    assert batch_of("4M tokens").tokens_per_step(2048) == 4e6
    assert batch_of("GBS 128").tokens_per_step(2048) == 262_144
    assert batch_of("micro 2").tokens_per_step(2048) is None
    assert batch_of("315 steps").tokens_per_step(2048) is None

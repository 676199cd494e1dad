"""Only a checkpoint that is proven complete is resumed from."""

import pytest

from trainer.checkpoint import MARKER, mark_complete, newest_complete, read_marker, remove_later


def checkpoint(directory, step, *, marked=True):
    path = directory / f"checkpoint-{step}"
    path.mkdir()
    (path / "model.safetensors").write_bytes(b"weights" * step)
    (path / "optimizer.pt").write_bytes(b"moments" * step)
    if marked:
        mark_complete(path, step=step, tokens=step * 100)
    return path


def test_the_newest_of_several_complete_checkpoints_is_taken_by_number_not_by_name(tmp_path):
    for step in (5, 20, 100):
        checkpoint(tmp_path, step)
    path, marker = newest_complete(tmp_path)
    assert (path.name, marker.step, marker.tokens) == ("checkpoint-100", 100, 10_000)


def test_a_checkpoint_without_marker_is_not_trusted(tmp_path):
    checkpoint(tmp_path, 10)
    checkpoint(tmp_path, 20, marked=False)
    assert newest_complete(tmp_path)[1].step == 10


def truncate(path):
    (path / "optimizer.pt").write_bytes(b"mom")


def flip(path):
    content = bytearray((path / "model.safetensors").read_bytes())
    content[3] ^= 1
    (path / "model.safetensors").write_bytes(bytes(content))


def remove(path):
    (path / "optimizer.pt").unlink()


def spoil_marker(path):
    (path / MARKER).write_text('{"step": 20')


@pytest.mark.parametrize("damage", [truncate, flip, remove, spoil_marker])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, damage):
    checkpoint(tmp_path, 10)
    damage(checkpoint(tmp_path, 20))
    assert newest_complete(tmp_path)[1].step == 10


def test_without_any_complete_checkpoint_there_is_none(tmp_path):
    checkpoint(tmp_path, 10, marked=False)
    (tmp_path / "checkpoint-best").mkdir()
    assert newest_complete(tmp_path) is None
    assert newest_complete(tmp_path / "missing") is None


def test_later_checkpoints_are_removed_so_that_none_is_written_over(tmp_path):
    kept = checkpoint(tmp_path, 10)
    checkpoint(tmp_path, 20, marked=False)
    assert [path.name for path in remove_later(tmp_path, 10)] == ["checkpoint-20"]
    assert kept.exists() and read_marker(kept).step == 10

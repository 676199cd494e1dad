"""The picture of a run: held-out figures are drawn where a phase logged them."""

import json

from trainer.plots import draw_curves

ROWS = [{"step": step, "loss": 3.0 / step} for step in range(1, 6)]


def picture(output, rows):
    directory = output / "phases" / "reward"
    directory.mkdir(parents=True)
    (directory / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return draw_curves(output).read_bytes()


def test_a_held_out_loss_is_drawn_beside_the_training_loss(tmp_path):
    alone = picture(tmp_path / "a", ROWS)
    again = picture(tmp_path / "b", ROWS)
    with_held_out = picture(tmp_path / "c", [*ROWS, {"step": 5, "eval_loss": 1.0}])
    assert alone == again and with_held_out != alone
    assert len(with_held_out) > 1000


def test_a_phase_that_logged_a_held_out_loss_alone_has_a_panel_too(tmp_path):
    assert picture(tmp_path, [{"step": 5, "eval_loss": 1.0}])


def test_without_any_figures_there_is_no_picture(tmp_path):
    assert draw_curves(tmp_path) is None

"""The figures in METHODOLOGY.md are what the code computes."""

import doctest
from pathlib import Path


def test_every_example_of_the_methodology_holds():
    path = Path(__file__).parents[2] / "METHODOLOGY.md"
    result = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert result.attempted >= 8
    assert result.failed == 0

"""What the tests of the catalogue share."""

import shutil

import pytest

from advisor.catalog.load import TABLES
from advisor.files import data_directory


@pytest.fixture
def data(tmp_path):
    """A copy of the data files that a test may spoil."""
    for file in TABLES.values():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(data_directory() / file, tmp_path / file)
    shutil.copytree(data_directory() / "parameters", tmp_path / "parameters")
    return tmp_path

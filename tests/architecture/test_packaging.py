"""What is installed is what was tested, and the wheel carries its data."""

import configparser
import itertools
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(text) for text in [*PROJECT["dependencies"], *itertools.chain(*EXTRAS.values())]]
OUTSIDE = [requirement for requirement in REQUIREMENTS if requirement.name != PROJECT["name"]]


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


@pytest.mark.parametrize("requirement", OUTSIDE, ids=str)
def test_a_requirement_is_pinned_to_a_version_that_it_allows(requirement):
    pin = pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"add {requirement.name} to constraints.txt: make constraints"
    (specifier,) = pin.specifier
    assert requirement.specifier.contains(Version(specifier.version))


def test_constraints_are_plain_versions_in_order():
    names = list(pins())
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") for pin in pins().values())
    assert not any("+" in str(pin) or pin.url for pin in pins().values()), "a local version exists on one machine only"
    assert len(names) > 100


def test_the_extra_all_is_every_extra_for_users():
    (everything,) = [Requirement(text) for text in EXTRAS["all"]]
    assert everything.extras == set(EXTRAS) - {"all", "dev"}


def test_the_base_install_needs_no_framework():
    names = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert not names & {"torch", "transformers", "trl", "litestar", "streamlit", "pandas"}


@pytest.mark.parametrize("name", [".ci/run"])
def test_a_script_can_be_executed(name):
    assert os.access(ROOT / name, os.X_OK)
    assert "set -euo pipefail" in (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built once and offline."""
    directory = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(directory), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory)
    assert done.returncode == 0, done.stderr
    (built,) = directory.glob("*.whl")
    return built


def test_the_wheel_carries_every_data_file(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {
            name.removeprefix("advisor/_data/") for name in archive.namelist() if name.startswith("advisor/_data/")
        }
    there = {path.relative_to(ROOT / "data").as_posix() for path in (ROOT / "data").rglob("*") if path.is_file()}
    assert "schemas/case.json" in inside and "parameters/compute.yml" in inside
    assert {name for name in there if "__pycache__" not in name} <= inside


def test_the_wheel_holds_the_four_packages_their_programs_and_no_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        scripts = configparser.ConfigParser()
        scripts.read_string(archive.read(entry_points).decode())
    tops = {name.split("/")[0] for name in names}
    assert {"advisor", "trainer", "serving", "dashboards"} <= tops
    assert len(tops) == 5, f"only the four packages and the metadata: {tops}"
    assert dict(scripts["console_scripts"]) == PROJECT["scripts"]
    for target in PROJECT["scripts"].values():
        assert target.split(":")[0].replace(".", "/") + ".py" in names

"""Who may import whom, and what a light import costs."""

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import advisor.contracts

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "transformers", "litestar", "streamlit", "numpy", "pandas", "httpx", "openai"}
CONTRACT_MODULES = [f"advisor.contracts.{module.name}" for module in pkgutil.iter_modules(advisor.contracts.__path__)]


def modules_after(*imports: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after the imports."""
    code = f"import {', '.join(imports)}, sys, json; print(json.dumps([m.partition('.')[0] for m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_import_contracts_of_pyproject_hold():
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_import_advisor_loads_no_framework():
    assert not modules_after("advisor") & (HEAVY | {"pydantic"})


def test_import_of_all_contracts_costs_pydantic_and_nothing_else_that_is_heavy():
    loaded = modules_after(*CONTRACT_MODULES)
    assert "pydantic" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("package", ["trainer", "serving", "dashboards"])
def test_import_of_a_package_loads_no_framework(package):
    assert not modules_after(package) & HEAVY

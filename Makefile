# Targets for people; `make` installs and lists them. Everything is installed into .venv, nothing outside it but (for
# `make test`, and only where that is possible without asking) the browser and the Prometheus of the tests.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := default
.PHONY: default help install test check demo up schemas constraints browser clean

BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input

# torch starts one spinning thread per core; on a busy machine that is slower than one thread.
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export HF_HUB_DISABLE_TELEMETRY ?= 1

default: install help

help: ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

install: $(STAMP) ## put everything into .venv (Python 3.11 or later)
	@:

$(STAMP): pyproject.toml constraints.txt
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  found=; \
	  for candidate in $${PYTHON:-} python3.11 python3 python3.12 python3.13 python3.14; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "error: Python 3.11 or later is needed; python3 is $$(python3 --version 2>&1 || true). Install one, or: make install PYTHON=/path/to/python3.11" >&2; exit 1; \
	  fi; \
	  echo "creating .venv with $$("$$found" --version)"; \
	  "$$found" -m venv --clear .venv || { echo "error: 'python -m venv' failed; Debian and Ubuntu need the package python3-venv" >&2; exit 1; }; \
	fi
	@echo "installing into .venv (a few minutes the first time)"
	@# torch first: on a machine without GPU a CPU build that pip knows of is then the one all others see.
	@$(PIP) install --constraint constraints.txt "$$(grep '^torch==' constraints.txt)"
	@$(PIP) install --constraint constraints.txt --editable '.[all,dev]'
	@touch $(STAMP)

test: install browser check ## gates, then all tests
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

check: install ## gates alone: ruff, mypy, import contracts, generated schemas
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m advisor.schemas --check

demo: install ## from a use case to a decision, a trained and served model, and the corrected decision
	@$(BIN)/python -m advisor.demo

up: install ## API, in-house model and dashboards on this machine; Ctrl-C stops them
	@exec $(BIN)/python -m advisor.up

schemas: install ## write data/schemas anew from the contracts
	@$(BIN)/python -m advisor.schemas

constraints: install ## write constraints.txt anew from .venv
	@{ grep '^#' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed -E 's/^([^=]+==[^+]+)\+.*/\1/'; } > .venv/constraints.txt
	@mv .venv/constraints.txt constraints.txt && touch $(STAMP)

# Only tries: the tests that need a browser, or Prometheus' checker, skip without it and say so; with CI=true they fail.
browser:
	@wanted=; \
	command -v chromium chromium-browser google-chrome >/dev/null || wanted="$$wanted chromium"; \
	command -v promtool >/dev/null || wanted="$$wanted prometheus"; \
	if [ -n "$$wanted" ] && command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else exit 0; fi; \
	  echo "installing for the tests:$$wanted"; \
	  { $$as_root timeout 120 apt-get update -qq && \
	    $$as_root env DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends $$wanted; \
	  } </dev/null >.venv/apt.log 2>&1 || echo "not installed (see .venv/apt.log): some tests will skip"; \
	fi

clean: ## remove .venv, caches and built files
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One target for each habit. `make help` lists them.
# Everything runs in .venv, which `make setup` makes from requirements/dev.txt (uv when present, else venv and pip).

SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
JOBS ?= 2
BIN := $(CURDIR)/.venv/bin
RUN := PATH="$(BIN):$$PATH" PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE= RUFF_CACHE_DIR="$(CURDIR)/.cache/ruff"
READY := .venv/.ready

.PHONY: help setup demo test ci lint bench lock clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the environment; every other target does it by itself

$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@if command -v uv >/dev/null; then \
		set -e; test -x $(BIN)/python || uv venv -q --python "$$(command -v $(PYTHON))" .venv; \
		VIRTUAL_ENV="$(CURDIR)/.venv" uv pip sync -q --require-hashes requirements/dev.txt; \
	else \
		set -e; test -x $(BIN)/pip || $(PYTHON) -m venv .venv; \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt; \
	fi
	@touch $(READY)

demo: setup  ## generate the default project in build/demo and run its own demo
	@rm -rf build/demo && mkdir -p build/demo
	@$(RUN) cookiecutter . --no-input --default-config --output-dir build/demo >/dev/null
	@$(MAKE) --no-print-directory -C build/demo/tumour-diagnosis demo

test: setup  ## all tests, in JOBS=2 processes
	@$(RUN) python -m pytest -n $(JOBS)

ci:  ## what CI runs: install what the tests drive, then lint and test, with nothing skipped
	@.ci/run

lint: setup  ## style of hooks, tests, bench and the template, which has rules of its own
	@$(RUN) ruff check . && $(RUN) ruff format --check .

bench: setup  ## measure, against baselines, in one run
	@$(RUN) python bench

lock: setup  ## resolve requirements/dev.in anew (UPGRADE=--upgrade)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 2; }
	@cd requirements && uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) dev.in -o dev.txt

clean:  ## remove what demo, test and bench made; the environment stays
	rm -rf build .cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

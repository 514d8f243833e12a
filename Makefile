# One target for each habit. `make help` lists them.
# Everything runs in .venv, which `make setup` makes from requirements/dev.txt (uv when present, else venv and pip).

SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
JOBS ?= 2
BIN := $(CURDIR)/.venv/bin
RUN := PATH="$(BIN):$$PATH" PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE= RUFF_CACHE_DIR="$(CURDIR)/.cache/ruff"
READY := .venv/.ready
COMMIT := git -c user.name=demo -c user.email=demo@localhost -c commit.gpgsign=false commit -q -m Start
LOCK := uv pip compile -q --universal --generate-hashes --python-version 3.11

# of the commands over stacks: make up ENV=dev STACK="cluster secrets"
ENV ?= dev
STACK ?=
LOAD ?= 100
STACKS := $(RUN) python -m stacks

# of the registry's image: the name and the tag that the stack of dev uses
ENGINE ?= $(shell command -v podman || command -v docker)
IMAGE ?= localhost/airworthy-mlflow:$(shell sed -n 's/.*:mlflow: {tag: \([^,]*\),.*/\1/p' stacks/registry/Pulumi.dev.yaml)

.PHONY: help setup demo test mutants ci lint types preview up down outputs diff cost registry-image pin bench lock clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the environment; every other target does it by itself

$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo "▸ make setup   requirements/dev.txt into .venv; the first time this takes minutes" >&2
	@if uv --version >/dev/null 2>&1; then \
		set -e; test -x "$(BIN)/python" || uv venv -q --python "$$(command -v $(PYTHON))" .venv; \
		VIRTUAL_ENV="$(CURDIR)/.venv" uv pip sync -q --require-hashes requirements/dev.txt; \
	else \
		set -e; test -x "$(BIN)/pip" || $(PYTHON) -m venv .venv; \
		"$(BIN)/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt; \
	fi
	@"$(BIN)/python" -c 'import pathlib, site; here = pathlib.Path.cwd(); pathlib.Path(site.getsitepackages()[0], "here.pth").write_text(f"{here}\n{here}/policies\n")'
	@touch $(READY)

demo: setup  ## generate the default project in build/demo, run its own demo, judge it
	@rm -rf build/demo && mkdir -p build/demo
	@$(RUN) cookiecutter . --no-input --default-config --output-dir build/demo >/dev/null
	@git init -q build/demo/tumour-diagnosis && cd build/demo/tumour-diagnosis && git add --all && $(COMMIT)
	@$(MAKE) --no-print-directory -C build/demo/tumour-diagnosis demo
	@printf '\nThese commands are of the project that was made: cd build/demo/tumour-diagnosis\n'
	@printf '\nIs it fit for production? What needs a cluster or a drill is not evaluated yet, and nothing unknown counts as a yes.\n'
	@$(RUN) python -m readiness check build/demo/tumour-diagnosis || test $$? -eq 1

test: setup  ## all tests, in JOBS=2 processes; the longest only with ALL=1, as in CI
	@$(RUN) $(if $(ALL),AIRWORTHY_ALL=1) python -m pytest -n $(JOBS) $(ONLY)

mutants: setup  ## small faults in the gate's controls that no test notices; MODULE="rbac probes": of these (all: half an hour)
	@$(RUN) python tests/policies/mutants $(MODULE)

ci:  ## what CI runs: install what the tests drive, then lint and test, with nothing skipped
	@.ci/run

lint: setup  ## style, and the direction of imports; the template, the stacks and the gate have rules of their own
	@$(RUN) ruff check . && $(RUN) ruff format --check .
	@$(RUN) lint-imports stacks/pyproject.toml

types: setup  ## mypy --strict over stacks and gate
	@$(RUN) mypy --config-file stacks/pyproject.toml -p stacks
	@$(RUN) mypy --config-file policies/pyproject.toml policies/readiness policies/checkov

preview: setup  ## what `up` would make (ENV=dev; STACK="cluster secrets": some of the stacks)
	@$(STACKS) preview $(ENV) $(STACK)

up: setup  ## bring the stacks up, in their order, by Pulumi (ENV=dev; YES=1: without asking)
	@$(STACKS) up $(ENV) $(STACK) $(if $(YES),--yes)

down: setup  ## take them down, in reverse (ENV=dev; YES=1: without asking)
	@$(STACKS) down $(ENV) $(STACK) $(if $(YES),--yes)

outputs: setup  ## what they tell, as JSON, secrets hidden (ENV=dev)
	@$(STACKS) outputs $(ENV) $(STACK)

diff: setup  ## how an environment's settings differ from the others' (ENV=prod)
	@$(STACKS) diff $(ENV) $(STACK)

cost: setup  ## what a month of the stacks costs, estimated from what they would make (ENV=prod LOAD=100)
	@$(STACKS) cost $(ENV) $(STACK) --load $(LOAD)

registry-image:  ## build MLflow's image for the registry's stack, by podman or docker (IMAGE=name BUILD_FLAGS=…)
	@test -n "$(ENGINE)" || { echo "make registry-image needs podman or docker: install one of them"; exit 2; }
	@$(ENGINE) build $(BUILD_FLAGS) --tag $(IMAGE) stacks/registry/image

pin: setup  ## write the digests of the images that our files name beside their tags; needs skopeo and their registries
	@$(RUN) python -m stacks.images

bench: setup  ## measure, against baselines, in one run
	@$(RUN) python bench

lock: setup  ## resolve requirements/*.in anew, and those of MLflow's image (UPGRADE=--upgrade)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 2; }
	@cd requirements && $(LOCK) $(UPGRADE) dev.in -o dev.txt
	@cd requirements && $(LOCK) -c dev.txt stacks.in -o stacks.txt && $(LOCK) -c dev.txt policies.in -o policies.txt
	@cd stacks/registry/image && $(LOCK) $(UPGRADE) requirements.in -o requirements.txt

clean:  ## remove what demo, test and bench made; the environment stays
	rm -rf build .cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

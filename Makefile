# Commands for developers.  `make` alone lists the targets.  Needs Python 3.11+ and make; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
HOST ?= 127.0.0.1
PORT ?= 5000
DATA ?= trackside-data
BENCH ?= ../shared/bench
BENCH_ARGS ?= --systems ours --quick
REGISTRY_ARGS ?=
POSTGRES_ARGS ?= --quick
CALLS_ARGS ?=
UI_ARGS ?=
STOCK ?=
LAB ?= $(CURDIR)/.bench
TESTS ?=
SEED ?=
MUTANTS ?=
# Five processes keep two cores busy, since many tests wait for other processes; a few named tests are faster in one.
JOBS ?= $(if $(TESTS),0,5)
PYTEST = $(BIN)/python -m pytest -q -n $(JOBS) --dist loadscope --no-loadscope-reorder --durations 20 --durations-min 1
SOURCES := src tests examples packages bench hatch_build.py web/build.py
UPGRADE ?=
# One file for all supported Pythons and systems, with hashes and without addresses, for use with any index or mirror.
RESOLVE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet $(UPGRADE)

# Disable the telemetry of the stock client and of some libraries.
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
# Write only inside this folder.
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# If it is set, each test process compiles every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

# All extras except ray, which is large and must have the cluster's version.
EXTRAS := $(foreach extra,postgres cloud drift import oidc kubernetes secrets traces,--extra $(extra))

.DEFAULT_GOAL := help
.NOTPARALLEL:
# Builds and checks the web UI with node from a wheel; does nothing if the sources are unchanged.
WEB := $(BIN)/python web/build.py

.PHONY: help setup web web-check web-types demo server test test-all mutants check format format-check lint types architecture source-check bench bench-postgres bench-registry bench-calls bench-serving bench-links bench-traces bench-charts bench-ui screenshots compatibility configuration constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: web ## make .venv, install everything at its pinned version, build the web UI

$(STAMP): constraints/dev.txt pyproject.toml packages/trackside-mlflow/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: no $(PYTHON) here; name a Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $$($(PYTHON) --version) is too old; Trackside needs 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing the pinned packages into $(VENV), about a minute ..."
	@$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r constraints/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . -e packages/trackside-mlflow
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib src packages || true  # on every core; pip compiles on one
	@touch $@

web: $(STAMP) ## build the web UI
	@$(WEB) build

web-check: $(STAMP) ## check the web UI's source: format, lint, types, those of the server's calls, unit tests
	@$(WEB) check
	@$(WEB) types-check

web-types: $(STAMP) ## write web/src/api/schema.d.ts from the server's OpenAPI document
	@$(WEB) types

demo: web ## start a server, train, register a model twice, load it (DEMO_EXIT=1: then stop)
	@DATA=$(DATA) PORT=$(PORT) $(BIN)/python examples/demo.py

server: web ## run the server (HOST, PORT, DATA; defaults: 127.0.0.1, 5000, trackside-data)
	@exec $(BIN)/trackside server --host $(HOST) --port $(PORT) --data $(DATA)

test: web ## run all tests except the slow ones and those of source-check (TESTS="tests/unit -k name" selects some)
	@$(PYTEST) -m "not slow$(if $(TESTS),, and not source)" $(TESTS)

test-all: web ## run all tests, on both databases where possible; random tests take a new seed (SEED=N sets it)
	@$(PYTEST) --both --vary $(if $(SEED),--seed $(SEED)) $(TESTS)

mutants: $(STAMP) ## mutation tests (MUTANTS="trackside.sync.file_plan*" SAMPLE=60; hours for the whole source)
	@$(BIN)/python -m pip install --quiet --require-hashes -r constraints/mutants.txt
ifdef SAMPLE
	@$(BIN)/python tests/support/runner/mutants.py --sample $(SAMPLE) --jobs $(JOBS) $(MUTANTS)
else
	@$(BIN)/mutmut run --max-children $(JOBS) $(MUTANTS)
	@$(BIN)/mutmut results
endif

check: format-check lint types architecture source-check web-check test ## all checks of CI: format, lint, types, architecture, source, web UI, tests

format: $(STAMP) ## format the source
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	@[ ! -d web/node_modules ] || $(WEB) format

format-check: $(STAMP)
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "error: run \`make format\`" >&2; exit 1; }

lint: $(STAMP) ## run the linters
	@$(BIN)/ruff check --quiet $(SOURCES)

types: $(STAMP) ## check the types
	@$(BIN)/mypy

architecture: $(STAMP) ## check the import rules between packages
	@$(BIN)/lint-imports --no-logo

source-check: $(STAMP) ## check the texts of the source and the docs: SQL, places where external text could do harm, links, words
	@$(BIN)/python -m pytest -q -m source tests/unit/source

bench: $(STAMP) ## measure the server with BENCH (../shared/bench), BENCH_ARGS (--systems ours --quick)
	@test -f $(BENCH)/bench.py || { echo "error: no bench.py in $(BENCH); say where it is: make bench BENCH=folder" >&2; exit 1; }
	@mkdir -p '$(LAB)'
	@SUT_CMD="'$(CURDIR)/$(BIN)/trackside' server --port {port} --data {dir}" MLFLOW_PY='$(CURDIR)/$(BIN)/python' LAB='$(LAB)' \
		$(BIN)/python $(BENCH)/bench.py $(BENCH_ARGS)

bench-postgres: $(STAMP) ## the same on PostgreSQL, compared with FastTrackML on the same PostgreSQL (needs Debian's postgresql)
	@test -f $(BENCH)/bench.py || { echo "error: no bench.py in $(BENCH); say where it is: make bench-postgres BENCH=folder" >&2; exit 1; }
	@TRACKSIDE='$(CURDIR)/$(BIN)/trackside' MLFLOW_PY='$(CURDIR)/$(BIN)/python' LAB='$(LAB)' \
		$(BIN)/python bench/postgres/beside.py $(BENCH) $(POSTGRES_ARGS)

bench-registry: $(STAMP) ## measure searches of the registry, compared with a stock server (REGISTRY_ARGS; about two minutes)
	@$(BIN)/python bench/calls/registry.py $(REGISTRY_ARGS)

bench-calls: $(STAMP) ## measure requests that BENCH does not cover, compared with mlflow and FastTrackML (CALLS_ARGS)
	@$(BIN)/python bench/calls/calls.py --bench $(BENCH) $(CALLS_ARGS)

bench-serving: $(STAMP) ## measure the scorer, compared with MLflow's scoring server (needs wrk)
	@$(BIN)/python bench/serving/serving.py

bench-links: $(STAMP) ## measure links: overhead for logging (W2 and W4 of BENCH), back-fill, latency, idle links; about 15 minutes
	@$(BIN)/python bench/links/link_overhead.py --bench $(BENCH)
	@$(BIN)/python bench/links/links.py backfill
	@$(BIN)/python bench/links/links.py latency
	@$(BIN)/python bench/links/links.py idle

bench-traces: $(STAMP) ## measure traces on SQLite and PostgreSQL, compared with MLflow's server in LAB/mlf (TRACES_ARGS)
	@LAB='$(LAB)' $(BIN)/python bench/traces/traces.py $(TRACES_ARGS)

bench-charts: web ## measure how fast a browser draws and zooms 10 runs of 1,000,000 points (UI_ARGS; fills .bench/ui once)
	@$(BIN)/python bench/ui/ui_charts.py $(UI_ARGS)

bench-ui: web ## measure the web UI with 100,000 runs; STOCK=PYTHON compares MLflow's (UI_ARGS; fills .bench/ui once)
	@$(BIN)/python bench/ui/ui.py $(UI_ARGS)
	@[ -z '$(STOCK)' ] || $(BIN)/python bench/ui/ui_stock.py --stock '$(STOCK)' $(UI_ARGS)

screenshots: web ## write the images of docs/images from a demo store
	@$(BIN)/python tests/support/pages/screenshots.py

compatibility: $(STAMP) ## write the tables of docs/compatibility.md
	@PYTHONPATH=tests $(BIN)/python -m support.documents.compatibility

configuration: $(STAMP) ## write docs/configuration.md from the table of options
	@PYTHONPATH=tests $(BIN)/python -m support.documents.configuration

constraints: ## resolve the pins of constraints/ again (needs uv; UPGRADE=--upgrade takes the newest versions)
	@uv pip compile pyproject.toml --group dev $(EXTRAS) $(RESOLVE) -o constraints/dev.txt
	@uv pip compile pyproject.toml $(EXTRAS) $(RESOLVE) -c constraints/dev.txt -o constraints/runtime.txt
	@echo 'uv>=0.13' | uv pip compile - $(RESOLVE) -o constraints/uv.txt
	@printf '%s\n' mlflow-skinny==1.20.2 'setuptools<81' 'protobuf<3.21' | uv pip compile - $(RESOLVE) -o constraints/compat-0.txt
	@printf '%s\n' mlflow-skinny==1.30.1 'setuptools<81' 'protobuf<3.21; python_version >= "3.14"' | uv pip compile - $(RESOLVE) -o constraints/compat-1.txt
	@echo 'mutmut>=3.8' | uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/mutants.txt
	@printf '%s\n' 'ray>=2.60' mlflow==3.17.2 httptools uvloop | uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/ray.txt
	@printf '%s\n' 'pyspark[connect]>=4' 'ray[default]>=2.60' mlflow==3.17.2 'scikit-learn>=1.6' httptools uvloop | uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/engines.txt
	@printf '%s\n' 'deltalake>=1.6,<2' 'pyiceberg[pyarrow,sql-sqlite]>=0.12,<0.13' mlflow==3.17.2 'scikit-learn>=1.6' httptools uvloop | \
		uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/lakes.txt
	@echo mlflow-skinny==2.22.5 | uv pip compile - $(RESOLVE) -o constraints/compat-2.txt
	@echo mlflow-skinny==3.17.2 | uv pip compile - $(RESOLVE) -o constraints/compat-3.txt
	@printf '%s\n' mlflow-skinny==2.22.5 'opentelemetry-sdk<1.30' | uv pip compile - $(RESOLVE) -o constraints/traces-2.txt
	@printf '%s\n' mlflow-skinny==3.0.1 'opentelemetry-sdk<1.30' | uv pip compile - $(RESOLVE) -o constraints/traces-3.txt
	@printf '%s\n' mlflow==3.17.2 openai langchain-openai langchain | uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/genai.txt
	@printf '%s\n' mlflow==1.30.1 'setuptools<81' | uv pip compile - $(RESOLVE) -o constraints/server-1.txt
	@printf '%s\n' mlflow==2.22.5 'sqlalchemy<2.1' | uv pip compile - $(RESOLVE) -o constraints/server-2.txt
	@printf '%s\n' azureml-core==1.61.0.post4 azureml-mlflow==1.62.0.post6 mlflow-skinny==3.15.0 scikit-learn pandas 'setuptools<81' | \
		uv pip compile - $(RESOLVE) -o constraints/azure.txt
	@printf '%s\n' mlflow-skinny==1.30.1 'setuptools<81' 'scikit-learn<1.4' 'pandas<2.3' 'numpy<2' | \
		uv pip compile - $(RESOLVE) -c constraints/compat-1.txt -o constraints/flavors-1.txt
	@printf '%s\n' mlflow-skinny==2.22.5 'scikit-learn<1.7' 'pandas<3' | \
		uv pip compile - $(RESOLVE) -c constraints/compat-2.txt -o constraints/flavors-2.txt
	@printf '%s\n' mlflow==3.17.2 lightgbm xgboost onnx onnxruntime 'pyspark<4.3' | \
		uv pip compile - $(RESOLVE) -c constraints/dev.txt -o constraints/flavors-3.txt

clean: ## remove the output of the targets, but no data
	rm -rf $(VENV) .venvs mutants build dist src/trackside/ui/files web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests examples packages web -name __pycache__ -type d -prune -exec rm -rf {} +

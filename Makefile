# Every target makes .venv when it is missing. Settings are environment variables (README, "Settings").
# Nothing here needs more than Python 3.11, make and a package registry.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SQL_STAMP := $(VENV)/.installed-sql
BI_VENV := .venv-bi
BI_STAMP := $(BI_VENV)/.installed
WAREHOUSE_DIR ?= $(CURDIR)/warehouse
PUBLISHED := $(WAREHOUSE_DIR)/published/marts.duckdb
PYTEST_ARGS ?=
ASK ?= --metrics registrations,learners,completed_share,on_time_share
SCALE ?= 0.02

.DEFAULT_GOAL := help
.PHONY: help install demo ui bi sql docs metrics screenshots bench test test-bi check lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed; found $$($(PYTHON) --version 2>&1). Say which: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing the pinned packages into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

install: $(STAMP) ## the pinned packages, into .venv

demo: $(STAMP) ## a whole sandbox: 54 sample platforms, 32 sample bureaus, built and published
	@$(BIN)/warehouse sandbox demo

ui: $(STAMP) ## Dagster on this warehouse (and the sandbox's platforms, while it runs)
	@$(BIN)/python -m orchestration.commands.ui

$(BI_STAMP): $(STAMP) bi/superset/requirements.txt bi/superset/constraints.txt
	@echo "Installing Apache Superset into $(BI_VENV) (once, a minute or two) ..."
	@$(PYTHON) -m venv $(BI_VENV)
	@$(BI_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		-c bi/superset/constraints.txt -r bi/superset/requirements.txt
	@touch $(BI_STAMP)

bi: $(BI_STAMP) ## Superset's dashboards on the published copy, at 127.0.0.1:8088 (WAREHOUSE_BI_PORT); Ctrl-C ends it
	@$(BIN)/python -m bi.superset.serve

$(SQL_STAMP): $(STAMP)
	@echo "Installing the SQL client into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[sql]'
	@touch $(SQL_STAMP)

sql: $(SQL_STAMP) ## harlequin, a SQL client in the terminal, on the published copy (read only; ctrl+q ends it)
	@test -e "$(PUBLISHED)" || { echo "Nothing is published at $(PUBLISHED) yet: make demo"; exit 1; }
	@$(BIN)/harlequin --read-only --locale C "$(PUBLISHED)"

metrics: $(STAMP) ## a metric of the semantic layer: make metrics ASK="--metrics registrations,learners --group-by metric_time__month"
	@$(BIN)/python -m orchestration.transforming.metrics query $(ASK)

screenshots: $(STAMP) ## the pictures in README, from the published copy; needs Chromium
	@PYTHONPATH=.:tests $(BIN)/python tests/ui/take_screenshots.py

docs: $(STAMP) ## the data catalogue as one page: warehouse/dbt/target/static_index.html
	@$(BIN)/python -m orchestration.transforming docs generate --static
	@echo "The catalogue: $(WAREHOUSE_DIR)/dbt/target/static_index.html"

bench: $(STAMP) ## measured against hand-written SQL; SCALE=0.02 by default, 1 is the action's size
	@$(BIN)/python -m benchmarks --scale $(SCALE)

test: $(STAMP) ## every test, in as many processes as there are cores, at most four
	@$(BIN)/pytest -rs -n logical --maxprocesses 4 --no-loadscope-reorder $(PYTEST_ARGS)

test-bi: $(BI_STAMP) ## the tests that start Superset and open its dashboards; needs Chromium
	@$(BIN)/pytest -rs tests/ui/test_superset.py $(PYTEST_ARGS)

lint: $(STAMP) ## style and types of Python and SQL, without tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

check: lint test ## style, types and tests

clean: ## what tests and tools leave; never the warehouse
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
	find bi orchestration tests -name __pycache__ -type d -prune -exec rm -rf {} +

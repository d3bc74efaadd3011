# Two commands matter: `make report` and `make test`. Each sets itself up.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
ENDING ?= 2025-12-05
LANGUAGES ?= en,ar,zh
export MINERDESK_ARCHIVE ?= $(CURDIR)/.minerdesk/archive

.PHONY: help setup report test bench docs clean

help:
	@echo "make report   the weekly report in three languages, four formats (ENDING=$(ENDING))"
	@echo "make test     all checks"
	@echo "make bench    speed against named peers"
	@echo "make docs     the generated pages"

setup: .venv/.ready

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "minerdesk needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.ready: .venv/.made pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

.venv/.ready-dev: .venv/.ready
	$(PIP) --editable '.[dev]'
	@touch $@

.venv/.ready-bench: .venv/.ready-dev
	$(PIP) --editable '.[dev,bench]'
	@touch $@

report: .venv/.ready
	$(BIN)/minerdesk report --ending $(ENDING) --lang $(LANGUAGES) --format html,pdf,md,json --out report

test: .venv/.ready-dev
	$(BIN)/ruff format --check src tests benchmarks tools answers
	$(BIN)/ruff check src tests benchmarks tools answers
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/pages.py --check
	$(BIN)/python -m pytest -n 2

bench: .venv/.ready-bench
	$(BIN)/python -m benchmarks

docs: .venv/.ready-dev
	$(BIN)/python tools/pages.py

clean:
	rm -rf .venv .minerdesk report

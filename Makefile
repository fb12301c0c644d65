# make setup | run | test | test-all | lint | bench | clean
# Variables: PYTHON (which interpreter .venv is made from), HOST and PORT (where `make run` listens),
# TESTS (what `make test` runs), PYTEST_ARGS (more options for pytest).

VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8050
TESTS ?= tests
PYTEST_ARGS ?=
# Test files beside each other, one per core; PYTEST_ARGS="-n 0" runs one after the other, as a debugger needs it.
BESIDE := -n logical --maxprocesses 4 --dist loadfile

SETUP_STAMP := $(VENV)/.setup-done
TEST_STAMP := $(VENV)/.setup-test-done
PIP := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test test-all lint bench clean

help:
	@echo "make setup     create $(VENV) and install ModelDyno with everything it measures with"
	@echo "make run       set up, then measure a first set of models and open the dashboard on http://$(HOST):$(PORT)"
	@echo "make test      set up what tests need, then run them (lint and types are among them)"
	@echo "make test-all  the same with the slow tests, and which lines no test reached"
	@echo "make lint      formatting, lint, types and layers alone"
	@echo "make bench     ModelDyno's own speed and memory, as published in docs/performance.md"
	@echo "make clean     remove $(VENV) and all caches; measurements under data/ stay"

setup: $(SETUP_STAMP)

setup-test: $(TEST_STAMP)

$(BIN)/python:
	@python=$$(scripts/find_python.sh) && echo "Creating $(VENV) with $$python" && "$$python" -m venv $(VENV)

$(SETUP_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing ModelDyno into $(VENV) (PyTorch is large: the first time takes some minutes)"
	@$(PIP) --quiet --editable '.[measure]'
	@touch $@
	@echo "Ready: $(BIN)/modeldyno --help"

$(TEST_STAMP): $(SETUP_STAMP)
	@echo "Installing what the tests need"
	@$(PIP) --quiet --editable '.[measure,test]'
	@touch $@

run: setup
	@exec $(BIN)/modeldyno serve --host $(HOST) --port $(PORT) --open --first-run

test: setup-test
	@$(BIN)/python -m scripts.find_chromium --install --explain
	@$(BIN)/python -m pytest $(BESIDE) -m "not slow" $(PYTEST_ARGS) $(TESTS)

test-all: setup-test
	@$(BIN)/python -m scripts.find_chromium --install --explain
	@$(BIN)/python -m pytest $(BESIDE) --cov --cov-report=term $(PYTEST_ARGS) $(TESTS)

lint: setup-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup-test
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov build dist
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +

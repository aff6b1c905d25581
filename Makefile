# gochat_py: run, test, check and measure it. Each target sets up what it needs in .venv.

PYTHON ?= python3
PORT ?= 8080
MINUTES ?= 10
FILES ?= 20000
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
BENCH_READY := $(VENV)/.bench-ready

.DEFAULT_GOAL := help
.PHONY: help run test check lint types format conformance soak fuzz hostile bench screenshots measure wheel clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Serve the chat on http://127.0.0.1:8080/ (other port: make run PORT=9000)
	$(BIN)/python -m gochat_py --port $(PORT)

test: $(DEV_READY) ## Run the tests
	$(BIN)/python -m tests

check: lint types test ## Check style, types and tests

lint: $(DEV_READY) ## Check the style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY) ## Check the types
	$(BIN)/mypy

format: $(DEV_READY) ## Put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: $(DEV_READY) ## Run all 517 WebSocket conformance cases (about 20 minutes)
	$(BIN)/python -m tests.conformance

soak: $(DEV_READY) ## Kill the server again and again for ten minutes (other length: MINUTES=60)
	$(BIN)/python -m tests.soak $(MINUTES)

fuzz: $(DEV_READY) ## Damage the redo log in every way for about an hour (other length: FILES=500)
	GOCHAT_TEST_FUZZ=$(FILES) $(BIN)/python -m unittest -v tests.properties.test_redo_log

hostile: $(DEV_READY) ## Attack the server in every known way while a quiet room talks (about a quarter of an hour)
	$(BIN)/python -m tests.hostile

bench: $(BENCH_READY) ## Measure speed and memory beside other servers
	$(BIN)/python -m tests.bench

screenshots: $(DEV_READY) ## Take the pictures of the page that the documentation shows
	$(BIN)/python -m tests.browser.screenshots

measure: $(DEV_READY) ## Measure the page in a browser (about two minutes)
	$(BIN)/python -m tests.browser.measure

wheel: $(DEV_READY) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove everything that was set up or built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gochat_py needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): $(BIN)/python setup.cfg
	@echo "Installing gochat_py and wsproto into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV_READY): $(RUN_READY)
	@echo "Installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(BENCH_READY): $(RUN_READY)
	@echo "Installing the servers to compare with into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

# gochat_py: run, test, check and measure it. Each target sets up what it needs in .venv.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
MINUTES ?= 10
FILES ?= 20000
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
BENCH_READY := $(VENV)/.bench-ready

# The page's scripts are checked with tools from npm, if npm is installed.
NPM := $(shell command -v npm)
PAGE_BIN := tests/web/node_modules/.bin
PAGE_READY := tests/web/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help run setup test coverage check lint types page-lint page-types format conformance soak fuzz hostile bench screenshots measure wheel zipapp clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Serve the chat on http://127.0.0.1:8080/ (or: make run HOST=0.0.0.0 PORT=9000)
	@$(BIN)/python -m gochat_py --host $(HOST) --port $(PORT) || { status=$$?; \
		[ $$status -ne 2 ] || echo "With make, the flags are variables: make run HOST=$(HOST) PORT=$(PORT)" >&2; exit $$status; }

setup: $(DEV_READY) ## Install what the tests need, and run nothing

test: $(DEV_READY) ## Run the tests
	$(BIN)/python -m tests

coverage: $(DEV_READY) ## Run the tests without a browser, and measure their coverage (least value: fail_under in setup.cfg)
	$(BIN)/python -m coverage erase
	for part in unit core store backplane http cli laws properties integration; do \
		$(BIN)/python -m coverage run --append -m unittest discover -s tests/$$part -t . || exit 1; done
	$(BIN)/python -m coverage report

check: lint types test ## Check style, types and tests

lint: $(DEV_READY) page-lint ## Check the style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY) page-types ## Check the types
	$(BIN)/mypy

ifdef NPM
page-lint: $(PAGE_READY)
	$(PAGE_BIN)/eslint -c tests/web/eslint.config.js web/js web/sw.js tests/web

page-types: $(PAGE_READY)
	! $(PAGE_BIN)/tsc --pretty false -p tests/web | grep -v "^web/vendor/" | grep .
else
page-lint page-types:
	@echo "npm is not installed, so the page's scripts are not checked"
	@! echo ",$$GOCHAT_TEST_REQUIRE," | grep -q ,node,
endif

format: $(DEV_READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: $(DEV_READY) ## Run all 517 WebSocket conformance cases (about 20 minutes)
	$(BIN)/python -m tests.conformance

soak: $(DEV_READY) ## Kill the server again and again for ten minutes (or: MINUTES=60)
	$(BIN)/python -m tests.soak $(MINUTES)

fuzz: $(DEV_READY) ## Damage the redo log in every way for about an hour (or: FILES=500)
	GOCHAT_TEST_FUZZ=$(FILES) $(BIN)/python -m unittest -v tests.properties.test_redo_log

hostile: $(DEV_READY) ## Attack the server in every known way, and measure a quiet room (about 15 minutes)
	$(BIN)/python -m tests.hostile

bench: $(BENCH_READY) ## Compare speed and memory with other servers
	$(BIN)/python -m tests.bench

screenshots: $(DEV_READY) ## Take the pictures of the page that the documentation shows
	$(BIN)/python -m tests.browser.screenshots

measure: $(DEV_READY) ## Measure the page in a browser (about two minutes)
	$(BIN)/python -m tests.browser.measure

wheel: $(DEV_READY) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

zipapp: $(RUN_READY) ## Build dist/gochat.pyz, a single file that Python runs
	@$(BIN)/python tools/single_file.py dist/gochat.pyz

clean: ## Remove everything that was set up or built
	rm -rf $(VENV) tests/web/node_modules build dist *.egg-info .mypy_cache .ruff_cache .hypothesis

MAKE_VENV = $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv; then run make again" >&2; exit 1; }

# Ends a recipe that downloads something: what to do if it fails.
CHECK_NETWORK = { echo "This is downloaded once, so check the network, then run make again" >&2; exit 1; }

$(BIN)/python:
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gochat_py needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@$(MAKE_VENV)

$(RUN_READY): $(BIN)/python setup.cfg
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Setting up $(VENV) again, because the last time was interrupted"; $(MAKE_VENV); }
	@echo "Installing gochat_py and wsproto into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . || $(CHECK_NETWORK)
	@touch $@

$(DEV_READY): $(RUN_READY)
	@echo "Installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || $(CHECK_NETWORK)
	@touch $@

$(PAGE_READY): tests/web/package-lock.json
	@echo "Installing what checks the page's scripts into tests/web/node_modules"
	@cd tests/web && npm ci --no-audit --no-fund --silent || $(CHECK_NETWORK)
	@touch $@

$(BENCH_READY): $(RUN_READY)
	@echo "Installing the servers to compare with into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]' || $(CHECK_NETWORK)
	@touch $@

# The developer's whole interface. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8765
ARGS ?=
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v chromium-headless-shell || command -v google-chrome || command -v google-chrome-stable)
TEST_LOCK := $(if $(CHROMIUM),browser,test)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.PHONY: help install demo run test lint fix bench lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(VENV)/.run ## the real bot against a local Telegram, no key needed (ARGS=--once to exit after the script)
	@$(BIN)/python -m bot demo --port $(PORT) $(ARGS)

run: $(VENV)/.run ## the bot on Telegram (needs TELEGRAM_BOT_TOKEN and OWNER_IDS in .env)
	@$(BIN)/python -m bot run

install: $(VENV)/.$(TEST_LOCK) ## prepare .venv with everything the other targets need

test: $(VENV)/.$(TEST_LOCK) ## the whole test suite
	@CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.$(TEST_LOCK) ## ruff (lint and format) and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fix: $(VENV)/.$(TEST_LOCK) ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.$(TEST_LOCK) ## figures as ratios to a bare loopback call, printed as JSON
	@$(BIN)/python -m bench $(ARGS)

lock: ## make requirements/*.txt anew from pyproject.toml (the only target that resolves versions)
	@$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install --quiet --disable-pip-version-check uv
	@for set in run: test:"--group test --group lint" browser:"--group test --group lint --group browser"; do \
		.venv/lock/bin/uv pip compile pyproject.toml $${set#*:} --universal --python-version 3.11 --quiet \
			--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
			--custom-compile-command "make lock" --output-file requirements/$${set%%:*}.txt; \
	done

clean: ## remove .venv and caches; outputs/ stays
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) was found. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is missing: sudo apt-get install -y python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# test.txt holds run.txt, and browser.txt holds test.txt: one pass installs, and the stamps of the smaller sets follow.
$(VENV)/.run: requirements/run.txt | $(BIN)/python
	@echo "Installing ($<, hashes checked) ..."
	@$(PIP) -r $<
	@touch $@

$(VENV)/.test: requirements/test.txt | $(BIN)/python
	@echo "Installing ($<, hashes checked) ..."
	@$(PIP) -r $<
	@touch $(VENV)/.run $@

$(VENV)/.browser: requirements/browser.txt | $(BIN)/python
	@echo "Installing ($<, hashes checked) ..."
	@$(PIP) -r $<
	@touch $(VENV)/.run $(VENV)/.test $@

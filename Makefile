# Every target sets up what it needs; `make` alone prints them.
.DEFAULT_GOAL := help
.PHONY: help setup venv lint check fix test demo bench crds docs lock image clean
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## print the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: venv ## virtual environment, cluster binaries, images; the other targets do what they need of it
	@$(BIN)/python -m testbed setup

venv:
	@scripts/venv.sh

demo: setup ## watch the whole product work on a real cluster; KEEP=1 leaves it running
	@$(BIN)/python -m demo

test: setup lint ## every test there is; ends with what was skipped and why
	@$(BIN)/pytest

check: lint ## linters, types, layers, unit tests: under a minute
	@$(BIN)/pytest -q tests/unit tests/contract

lint: venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=operator $(BIN)/lint-imports
	@$(BIN)/python scripts/chart_crds.py --check

fix: venv ## let ruff mend and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## measure: CPU per session, time from pod to Secret, memory, admission
	@$(BIN)/python -m bench

crds: venv ## copy crds/ into the chart
	@$(BIN)/python scripts/chart_crds.py

docs: venv ## write what --help prints into docs/reference/cli.md
	@PYTHONPATH=operator $(BIN)/python scripts/cli_reference.py

lock: venv ## resolve the dependencies again into requirements/
	@scripts/lock.sh

image: venv ## build the operator's image; prints its archive
	@$(BIN)/python -m testbed image

clean: ## remove what was made in this folder; the cache of binaries and images stays
	rm -rf .venv .demo dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

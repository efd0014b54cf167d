# Every target makes its own ground first: system packages and .venv, when something is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
# What is typed and linted: whatever of it exists.
SOURCES := $(wildcard axisd tests bench scripts docs)
TYPED := $(foreach folder,axisd tests bench,$(if $(shell find $(folder) -name '*.py' -print -quit 2>/dev/null),$(folder)))
# The order in which a reader wants to hear what is broken.
CLASSES := unit corpus integration acceptance
# Two processes take a class where its tests can bear it: unit tests share nothing, the tests of one file
# their servers. `make test PYTEST=-n0` keeps them in one.
SPLIT_unit := -n 2
SPLIT_acceptance := -n 2 --dist loadfile

.PHONY: help setup demo demo-stop test check format bench lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing; implied by all others
	@scripts/setup

demo: setup ## the whole story with real services, in about 20 s; KEEP=1 leaves it running
	@$(PYTHON) -m axisd.simulator.demo $(if $(KEEP),--keep)

demo-stop: setup ## stop what `make demo KEEP=1` left running
	@$(PYTHON) -m axisd.simulator.demo --stop

test: setup ## every test, one class after the other; stops at the first class that fails
	@$(foreach class,$(wildcard $(CLASSES:%=tests/%)),printf '\n=== %s\n' $(class:tests/%=%); $(PYTHON) -m pytest $(class) $(SPLIT_$(class:tests/%=%)) $(PYTEST);)

check: setup ## formatting, lint, types, import contracts, generated references
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy $(TYPED)
	.venv/bin/lint-imports --no-logo
	@for check in scripts/check-*; do \
	  if [ -x "$$check" ]; then echo "$$check"; "$$check"; fi; \
	done

format: setup ## put the code into the one format
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench: setup ## the benchmarks; prints a table and writes var/bench/*.json
	@$(PYTHON) -m bench

lock: setup ## pin every dependency anew, with hashes
	@scripts/lock

clean: ## remove everything that the other targets made here
	@if [ -e var/demo ] && [ -x $(PYTHON) ]; then $(PYTHON) -m axisd.simulator.demo --stop; fi
	rm -rf .venv var build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

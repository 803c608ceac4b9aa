# Everything starts from CPython 3.11, git and make; `make help` lists the targets.
PORT ?= 8080
DATA_DIR ?= var
PYTEST_ARGS ?=
NAME ?= turn
SETUP = python=$$(sh scripts/find-python.sh) && "$$python" scripts/setup.py

.DEFAULT_GOAL := help
.PHONY: help run demo test unit bench lint types contract setup lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: ## Set up what is missing and start (PORT=8080 DATA_DIR=var); prints "ready http://…"
	@$(SETUP) run && exec .venv/bin/gildongmu serve --port "$(PORT)" --data-dir "$(DATA_DIR)"

demo: ## Start with a simulator of every messenger beside it, so that anyone can chat through all of them without an account (PORT=8080)
	@$(SETUP) test && exec .venv/bin/python -m bot.channels.demo --port "$(PORT)" --data-dir var/demo

test: ## Set up what is missing and run every test, kill and browser tests included (PYTEST_ARGS=…)
	@$(SETUP) test && exec .venv/bin/python -m pytest $(PYTEST_ARGS)

unit: ## Run the fast tests only: no processes killed, no browser, no Rasa
	@$(SETUP) test && exec .venv/bin/python -m pytest -m "not kill and not browser and not dialogue" $(PYTEST_ARGS)

bench: ## Run a benchmark (NAME=turn or NAME=danger); its last line is one JSON object
	@$(SETUP) test && exec .venv/bin/gildongmu bench $(NAME)

lint: ## Check style
	@$(SETUP) tools && exec .venv/bin/ruff check .

types: ## Check types
	@$(SETUP) tools && exec .venv/bin/mypy

contract: ## Check which package may import which
	@$(SETUP) tools && exec .venv/bin/lint-imports

setup: ## Install both environments and build the encoder and the dialogue model, without starting anything
	@$(SETUP) test

lock: ## Resolve requirements/*.in again (ARGS=--upgrade for the newest versions)
	@$(SETUP) tools && sh scripts/lock.sh $(ARGS)

clean: ## Remove both environments and what was built; data folders stay
	rm -rf .venv .venv-rasa models/built

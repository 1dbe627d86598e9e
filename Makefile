# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := $(wildcard translations/*/LC_MESSAGES/messages.po)

.DEFAULT_GOAL := help
.PHONY: help run setup setup-test test chaos lint format bench load fidelity lock translations clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Set up what is missing and start the service on http://127.0.0.1:8000
	@$(BIN)/python run.py

setup: $(VENV)/.ready .env $(CATALOGUES:.po=.mo) ## Set up what is missing, without starting anything

setup-test: setup $(VENV)/.ready-test

test: setup-test ## Run the whole test suite
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

chaos: setup-test ## Kill processes and cut connections for an hour: the long form of tests/chaos
	@$(BIN)/python -m pytest tests/chaos --full-chaos $(ARGS)

lint: setup-test ## Check format, rules, types, directions of imports, templates, scripts and styles
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet upscaler/templates
	@if [ -x $(BIN)/biome ]; then $(BIN)/biome lint --error-on-warnings; \
	else echo "Scripts and style sheets were not checked: the linter has no wheel for this machine."; fi

format: setup-test ## Write the format that `make lint` wants
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-test ## Measure speed by engine, by preset, and beside version 0.1.0 on this machine
	$(BIN)/python -m bench.engine $(ARGS)
	$(BIN)/python -m bench.pipeline $(filter --quick,$(ARGS))
	$(BIN)/python -m bench.versions $(filter --quick,$(ARGS))

load: setup-test ## Measure the service under load, by route
	$(BIN)/python -m bench.load $(ARGS)

fidelity: setup-test ## Show what an upscaled image keeps, next to other tools
	$(BIN)/python -m bench.fidelity $(ARGS)

lock: setup-test ## Pin requirements.in and requirements-dev.in for every supported Python
	$(BIN)/uv pip compile $(LOCK) requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) requirements-dev.in -o requirements-dev.txt
LOCK := --quiet --universal --python-version 3.10 --no-header --no-emit-index-url --no-emit-find-links --upgrade

translations: setup-test ## Extract the messages of the code and merge them into every language
	$(BIN)/pybabel -q extract -F translations/babel.cfg -k N_ -k lazy_gettext --no-location --sort-output --omit-header \
		-o translations/messages.pot .
	$(BIN)/pybabel -q update -i translations/messages.pot -d translations --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date --no-wrap

clean: ## Remove what the set-up made; your data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/.ready: requirements.txt scripts/setup.sh
	@PYTHON=$(PYTHON) scripts/setup.sh run

$(VENV)/.ready-test: $(VENV)/.ready requirements-dev.txt scripts/setup.sh
	@PYTHON=$(PYTHON) scripts/setup.sh test

.env:
	@install -m 600 .env.example .env
	@echo "Made .env from .env.example: change the admin's password there before others can reach the service."

%.mo: %.po $(VENV)/.ready
	@$(BIN)/pybabel --quiet compile -i $< -o $@

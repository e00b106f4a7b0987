# Every target sets up what it needs in .venv by itself. Nothing has to be installed beforehand
# but Python 3.11 to 3.13, a C compiler and make.
#
#   make run        the default experiment, ending in results/<experiment>/<time>/report.html
#   make test       every test that is quick; budget: 15 minutes on two cores, set-up included
#   make test-all   the long statistical runs as well; budget: 60 minutes on two cores
#   make lint       ruff, mypy and the import contract
#   make fuzz       random worlds through watch lists and by brute force: the same bits
#   make bench      watch lists beside brute force, plain NumPy and plain Mesa; ten minutes
#   make bench-compare OLD=a.json NEW=b.json    two files that the benchmark wrote with --json
#   make speed-page the same figures, into docs/speed.md
#   make figure     the figure of the README, from a run of its own
#   make clean      remove .venv and caches (never results/)

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	>/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# pytest-xdist: one worker per core; say `make test JOBS=0` for one process.
JOBS ?= auto
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --durations 10

.PHONY: run test test-all lint fuzz bench bench-compare speed-page figure clean
.DEFAULT_GOAL := run

run: $(VENV)/.run
	$(BIN)/sluicegate run $(ARGS)

test: $(VENV)/.test
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/.test
	$(PYTEST) $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.parity.fuzz $(ARGS)

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.bench $(ARGS)

bench-compare: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.compare $(OLD) $(NEW)

speed-page: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.bench --json docs/figures/speed.json $(ARGS)
	$(BIN)/python -m tests.benchmarks.page docs/figures/speed.json

figure: $(VENV)/.run
	$(BIN)/sluicegate run $(ARGS)
	cp "$$(ls -td results/scopes/*/ | head -n 1)figures/creditor-loss.svg" docs/figures/

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find sim agents scenarios tests -name __pycache__ -type d -prune -exec rm -rf {} + \
		2>/dev/null || true

# One stamp per set of extras: made again when the requirements change, and not otherwise.
$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found;" \
		"name one with: make PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (about a minute, once)"
	$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(PIP) -e '.[lint]'
	@touch $@

# Everyday commands. The Snakefile says what is made from what; this only calls it.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UNFINISHED := $(VENV)/.unfinished

# The versions to install, as constraints of pip. LOCK= (nothing) takes the newest that
# pyproject.toml allows.
LOCK ?= requirements.lock
CONSTRAINTS := $(if $(LOCK),-c $(LOCK))
LOCKER := build/lock

# PYTHON=/path/to/python is taken alone; else the first of these that will do.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.13 python3.12 python3.11 python3)
SUITABLE := 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'

# Sets the shell's $$found to a suitable Python, or ends it.
define FIND_PYTHON
found=; \
for python in $(CANDIDATES); do \
  if $$python -c $(SUITABLE) 2> /dev/null; then found=$$python; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "No Python 3.11 or later with its venv module among: $(CANDIDATES);" \
    "install one, or name it by PYTHON=/path/to/python" >&2; \
  exit 1; \
fi
endef

# Snakemake, and what a killed one left behind is cleared away first.
QUOTED = '$(subst ','\'',$(1))'
RUN := $(BIN)/fame run $(if $(SCALE),--scale $(call QUOTED,$(SCALE)))

.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help setup lock all comparison test test-all test-methods lint soak fuzz slurm-test ci FORCE
# An interrupted make must not delete what Snakemake keeps.
.PRECIOUS: results/%

help: ## This list
	@awk -F ':.*## ' '/^[a-z%\/-]+:.*## / { \
	  sub(/%/, "table5.csv", $$1); printf "make %-20s %s\n", $$1, $$2 }' Makefile
	@echo "SCALE=paper, or the path of a scale file, chooses another scale: make all SCALE=paper"

setup: $(STAMP) ## Install everything into .venv (the other targets do so when needed)

results/%: $(STAMP) FORCE ## One file of results, and all it needs, by Snakemake
	$(RUN) $(call QUOTED,$@)

all: $(STAMP) ## Every table and figure of the scale, and the report
	$(RUN) all

comparison: $(STAMP) ## Every row of Tables 5 and 6, also those that the quick tables leave out
	$(RUN) comparison

test: $(STAMP) ## The quick tests, of every package; some of them: make test ARGS='-k masks'
	$(BIN)/python -m pytest $(ARGS)

test-all: $(STAMP) ## All tests but Slurm's: also whole workflows, kills, broken videos, a browser
	$(BIN)/python -m pytest -m 'not slurm and not methods' $(ARGS)

# Some of them: make test-methods ARGS='-k pace'
test-methods: $(STAMP) ## Whether pretext methods learn, and not from noise; and what test-all runs in one protocol only
	$(BIN)/python -m pytest -s -n 0 -m methods tests/methods tests/faults $(ARGS)

lint: $(STAMP) ## Style, types and workflow checks; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

soak: $(STAMP) ## 200 kills at random moments of whole tables; compares, prints JSON; can be resumed
	$(BIN)/python -m benchmarks.soak $(ARGS)

# VIDEOS: whole ones to break. make fuzz N=1000 VIDEOS=my/videos
fuzz: $(STAMP) ## 10,000 broken copies of real videos, each to be decided; prints JSON
	$(BIN)/python benchmarks/fuzz_videos.py $(or $(VIDEOS),../shared/videos) --mutants $(or $(N),10000)

# The cluster is taken down whatever the tests say.
slurm-test: $(STAMP) ## The tests that need Slurm, which is started on this host (root, Debian)
	bash tests/slurm/cluster.sh up
	@$(BIN)/python -m pytest -n 0 -m slurm tests/slurm $(ARGS); status=$$?; \
	  bash tests/slurm/cluster.sh down; exit $$status

ci: ## All of it, as before a merge: tests, lint, Slurm, everything at a tiny scale, the page
	bash .ci/run

# The stamp comes last, so an installation that broke off is done again; if the first one did,
# from an empty environment.
$(STAMP): pyproject.toml $(LOCK)
	@if [ -e $(UNFINISHED) ] || ! $(BIN)/python -c $(SUITABLE) 2> /dev/null || \
	  ! $(BIN)/python -m pip --version > /dev/null 2>&1; then \
	  $(FIND_PYTHON); \
	  echo "Making $(VENV) with $$found"; \
	  $$found -m venv --clear $(VENV) && touch $(UNFINISHED) || exit 1; \
	fi
	$(BIN)/python -m pip install $(CONSTRAINTS) -e '.[dev]'
	@$(BIN)/python -m pip install -q --only-binary :all: $(CONSTRAINTS) decord || \
	  echo "Going on without decord, a second video decoder: PyAV reads all but rare files."
	@rm -f $(UNFINISHED)
	@touch $(STAMP)

# Keeps the versions that requirements.lock has, where pyproject.toml still allows them; newer ones:
# make lock ARGS=--upgrade, or ARGS='--upgrade-package torch'. One version of a package for all
# Pythons; no addresses, so it serves any index.
lock: ## Write requirements.lock, the versions of all packages, by pyproject.toml
	@$(FIND_PYTHON); $$found -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install -q 'uv<1'
	$(LOCKER)/bin/uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest \
	  --all-extras --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	  $(ARGS) -o requirements.lock pyproject.toml

FORCE:

# Every developer verb. `make` alone lists them. Setting up .venv is part of each verb; repeats cost nothing.

JOBS ?= 2#       test processes; JOBS=0 runs the tests in one
ARGS ?=#         more arguments for pytest, e.g. make test ARGS="-k phone -x"
UPGRADE ?=#      make lock UPGRADE=--upgrade takes the newest versions

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
RUN := .venv/run.made
TEST := .venv/test.made
INPUTS := pyproject.toml scripts/setup requirements/uv.txt

.PHONY: help demo test check fmt bench soak lock clean
.DEFAULT_GOAL := help

# A moved or copied checkout makes its environment again.
ifneq ($(shell cat .venv/place 2>/dev/null),$(CURDIR))
.PHONY: $(RUN) $(TEST)
endif

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: $(RUN) ## a made-up firm against an emulated Microsoft 365, start to finish
	@$(BIN)/tandem demo

test: check ## everything that must be green: checks, then all tests (SQLite and PostgreSQL)
	@$(PYTEST) -n $(JOBS) --dist worksteal $(ARGS)

check: $(TEST) ## layout, lint, types and the rules; seconds
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/tandem check rules/
	@$(BIN)/tandem fmt --check rules/

fmt: $(TEST) ## put the code and the rules into their one layout
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format
	@$(BIN)/tandem fmt rules/

bench: $(TEST) ## the table of speed and memory numbers
	@$(BIN)/python tests/bench/table.py

soak: $(TEST) ## the long searches for trouble that `test` leaves out
	@$(PYTEST) -m soak --timeout 0 $(ARGS)

lock: $(TEST) ## lock the requirements again, by hash, from pyproject.toml
	@scripts/setup uv
	@UPGRADE="$(UPGRADE)" scripts/lock

clean: ## remove the environment and everything that was generated
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-installation dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.txt $(INPUTS)
	@scripts/setup run

$(TEST): requirements/test.txt $(INPUTS)
	@scripts/setup test

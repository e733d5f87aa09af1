# Everything that is done with this tree by hand or by CI. `make` alone lists it.
# All paths are relative: the checkout may lie in a folder of any name.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
COMPILE := $(RUN) -m piptools compile --quiet --generate-hashes --strip-extras --no-header \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-million campaign drill corpora fuzz requirements template-pictures wheel clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 22

demo: $(VENV)/.runtime ## see the helpdesk work: embedded servers, sample mail, no configuration, no root
	$(RUN) -m helpdesk demo

test: $(VENV)/.development ## all tests, with real mail servers and PostgreSQL where they can be had
	.ci/test

check: $(VENV)/.development ## format, lint, types, architecture, documentation: seconds
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q tests/test_architecture.py tests/test_docs.py

bench: $(VENV)/.development ## speed and memory, measured on this machine
	$(RUN) -m benchmarks

bench-million: $(VENV)/.development ## CPU per mail on a desk of 1,000,000 tickets: 12 GB, made once (20 minutes)
	$(RUN) -m benchmarks.pipeline --million

campaign: $(VENV)/.development ## long runs: kill -9, faults; PART=kills for one kind; goes on where it was (hours)
	$(RUN) -m tests.campaign $(PART)

drill: $(VENV)/.development ## a year of 10,000 tickets by a drilled clock: does every follow-up come in time (TICKETS=1000: sooner)
	$(RUN) -m tests.drill $(TICKETS)

fuzz: $(VENV)/.development ## broken mail for MINUTES=10 on two processes; crashers go to tests/corpus
	$(RUN) -m tests.fuzz --minutes $(or $(MINUTES),10)

corpora: $(VENV)/.development ## mail of other projects: fetch it, say how well it is read (minutes)
	$(RUN) -m tests.corpora collect build/corpora
	$(RUN) -m tests.corpora measure build/corpora

template-pictures: $(VENV)/.development ## build/letters: every letter x language x width x ground, by Chromium
	$(RUN) -m tests.pictures build/letters

requirements: $(VENV)/.development ## pin the newest releases that pyproject.toml allows, with hashes
	$(RUN) -m pip install --quiet pip-tools
	$(COMPILE) --upgrade --extra postgres --extra documents --output-file requirements.txt pyproject.toml
	$(COMPILE) --upgrade --extra postgres --extra documents --extra learn --extra test --constraint requirements.txt \
	  --output-file requirements-dev.txt pyproject.toml

wheel: $(VENV)/.development ## dist/helpdesk-VERSION-py3-none-any.whl
	$(RUN) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what the targets above made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A finished step leaves a mark, so that a second `make` starts at once.
$(RUN):
	PYTHON="$(PYTHON)" .ci/venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(RUN)
	$(RUN) -m pip install --quiet --require-hashes -r requirements.txt
	touch $@

$(VENV)/.development: requirements-dev.txt pyproject.toml | $(RUN)
	$(RUN) -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(RUN) -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

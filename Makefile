# SPDX-License-Identifier: Apache-2.0
# The first `make run` or `make test` installs what is missing; later ones start at once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test peers fuzz faults ha check words format gallery pictures lock clean

venv := .venv/bin
export PYTHON
# More arguments for the program behind a target, as in: make test ARGS="tests/pengpos/wire -k cbor"
ARGS ?=

help:
	@echo 'make run       sandbox, terminal and screen on this machine, also in a browser; Ctrl-C ends them'
	@echo 'make demo      a scripted day at the counter, checked to the cent'
	@echo 'make test      lint, types, import contracts, words, then every test, with a floor of coverage'
	@echo 'make peers     programs and cards that others wrote, against our reader and our tag, one by one'
	@echo 'make fuzz      a million bad inputs to everything that reads bytes (some minutes)'
	@echo 'make faults    the fault campaign everywhere: every kind of fault at every moment of every journey (an hour)'
	@echo 'make ha        the backend on three PostgreSQL under Patroni, killed and cut off under load, counted to the cent'
	@echo 'make check     only lint, types, import contracts and words'
	@echo 'make words     bring the catalogues of words for people up to date with the code, and compile them'
	@echo 'make format    put the code into its shape'
	@echo 'make gallery   docs/gallery: every screen and page as a picture'
	@echo 'make pictures  the README'"'"'s pictures, drawn anew'
	@echo 'make lock      pin the Python packages anew (needs uv)'
	@echo 'make clean     remove what make made: .venv, caches, pictures; never a terminal'"'"'s state'

run:
	@scripts/bootstrap run
	@exec $(venv)/pengpos run $(ARGS)

demo:
	@scripts/bootstrap run
	@exec $(venv)/pengpos demo $(ARGS)

test:
	@scripts/bootstrap test
	@scripts/check
	@exec $(venv)/pytest --numprocesses auto --dist loadfile $(if $(ARGS),$(ARGS),--cov --cov-report=)

peers:
	@scripts/bootstrap test
	@exec $(venv)/pytest tests/peers -vv $(ARGS)

fuzz:
	@scripts/bootstrap test
	@exec $(venv)/python -m tests.fuzz.campaign $(ARGS)

faults:
	@scripts/bootstrap test
	@exec $(venv)/pytest tests/faults --everywhere --faults-at-least 10000 --timeout 5400 \
	    --numprocesses auto --dist worksteal $(ARGS)

ha:
	@scripts/bootstrap ha
	@exec $(venv)/python -m workshop.ha $(ARGS)

check:
	@scripts/bootstrap test
	@scripts/check

words:
	@scripts/bootstrap test
	@exec $(venv)/python -m workshop.words

format:
	@scripts/bootstrap test
	@$(venv)/ruff check --fix --quiet .
	@$(venv)/ruff format .

gallery:
	@scripts/bootstrap test
	@exec $(venv)/python scripts/build_gallery.py

pictures:
	@scripts/bootstrap test
	@exec scripts/pictures

lock:
	@scripts/lock $(ARGS)

clean:
	@rm -rf .venv .make build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

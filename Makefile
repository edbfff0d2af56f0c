# On a machine with Python 3.11 or newer, its venv module and make, every target does its own set-up in .venv.
#   make demo    install the package and run the worked example; the last line says where the report is
#   make test    install the development extras too and run every test
#   make check   formatting, lint and types
# PYTHON=... chooses the interpreter, VENV=... the folder of the environment.

SHELL := /bin/sh
VENV ?= .venv
WORKERS ?= auto
CANDIDATES := $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14 python)
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet --constraint constraints.txt
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev

.PHONY: help demo test check lint types clean
help:
	@sed -n 's/^#  *\(make .*\)/  \1/p' Makefile

demo: $(CORE)
	@$(PY) examples/demo.py

# One thread for linear algebra in each worker: the workers share the machine already.
test: $(DEV)
	@OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses=$(WORKERS) --maxprocesses=4

check: lint types

lint: $(DEV)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(DEV)
	@$(PY) -m mypy --strict src

clean:
	rm -rf .venv .venv-newest demo build dist .pytest_cache .mypy_cache .ruff_cache

# The stamps: an installation is repeated only when what it was made from changes.
$(CORE): pyproject.toml constraints.txt
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
	  found=; \
	  for p in $(CANDIDATES); do \
	    if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$p; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or newer with the venv module was found among: $(CANDIDATES)."; \
	    echo "staggered and the libraries it rests on need one."; \
	    echo "Install it (Debian and Ubuntu: python3.11 and python3.11-venv), or name one: make PYTHON=/path/to/python3"; \
	    exit 2; \
	  fi; \
	  echo "Creating $(VENV) with $$found"; \
	  $$found -m venv $(VENV); \
	}
	@echo "Installing staggered into $(VENV) (a minute or two)"
	@$(PIP) --editable .
	@touch $@

$(DEV): $(CORE)
	@echo "Installing the development extras into $(VENV) (a few minutes)"
	@$(PIP) --editable '.[dev]'
	@touch $@

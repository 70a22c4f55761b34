PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench check clean distclean

# The main job end to end, on one notebook: build, verify, release, a simulated class, grades, feedback, export.
demo: $(READY)
	$(BIN)/nnkit demo --notebook a1_image_classifiers/two_layer_net

# Lint, types and the whole test suite.
test: check
	$(BIN)/python -m pytest

# nnkit against stock nbgrader, and one grading process against two; the last lines are for machines.
bench: $(READY)
	$(BIN)/python benchmarks/all.py

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nnkit needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

# Everything that the commands generate; source, records of graded classes and the environment stay.
clean:
	rm -rf demo .cache release solutions source/*/*.ipynb

distclean: clean
	rm -rf $(VENV)

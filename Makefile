PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-kit test-security bench check clean distclean

# The main job end to end, on one notebook: build, verify, release, a simulated class, grades, feedback, export.
demo: $(READY)
	$(BIN)/nnkit demo --notebook a1_image_classifiers/two_layer_net

# Lint, types and the whole test suite, in two halves side by side; each prints when it is through.
test: check
	$(MAKE) --jobs=2 --output-sync=target test-security test-kit

test-security: $(READY)
	$(BIN)/python -m pytest tests/security tests/browser

test-kit: $(READY)
	$(BIN)/python -m pytest tests/unit tests/integration

# nnkit against stock nbgrader, and one grading process against two; the last lines are for machines.
bench: $(READY)
	$(BIN)/python benchmarks/all.py

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nnkit needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m compileall -q nnkit
	touch $@

# Everything that the commands generate; source, records of graded classes and the environment stay.
clean:
	rm -rf demo .cache release solutions source/*/*.ipynb

distclean: clean
	rm -rf $(VENV)

# Each target sets up all that it needs, on a fresh machine too: Python 3 or uv is enough to begin.

WORKERS ?= 2
ARGS ?=
# Shifts every fixed seed of the tests.
SEED ?= 0

# What runs here may write byte code (without it every start is three times slower), and no
# environment but our own is meant.
ENV := env -u PYTHONDONTWRITEBYTECODE -u VIRTUAL_ENV -u PYTHONPATH
PYTHON := $(ENV) .venv/bin/python
READY := .venv/.ready
# The libraries that are compared have an environment of their own.
PEERS := .venv-peers
PEERS_READY := $(PEERS)/.ready

.PHONY: help setup demo test verify bench bench-gpu bench-peers docs lint types format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo     the reference analysis, as a report in demo-report/"
	@echo "make test     every test (ARGS=\"-m 'not slow'\" for the quick ones, WORKERS=4 for more cores)"
	@echo "make test SEED=3   the same with other random numbers: every fixed seed shifted"
	@echo "make verify   the long checks, and docs/verification.md from their results"
	@echo "make bench    the benchmarks;  make bench-peers   the comparison with other libraries (hours)"
	@echo "make bench-gpu   many chains and hidden Markov models on a GPU (minutes)"
	@echo "make docs     the pages and the notebooks, executed, as HTML in site/"
	@echo "make lint     style and formatting;  make types   the type checker"
	@echo "make format   put the formatting right;  make clean   remove what was built"

setup: $(READY)

# Done again when what it depends on has changed, or when the folder has been moved or copied.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

# The pinned versions decide, not what an earlier run resolved: a lock file left here is dropped.
$(READY): pyproject.toml .python-version tools/find-uv
	@set -e; uv="$$(sh tools/find-uv)"; rm -f uv.lock $(READY); \
	$(ENV) $$uv sync --group dev --compile-bytecode; \
	echo "$(CURDIR)" > $(READY)

demo: $(READY)
	$(ENV) .venv/bin/aliquot demo $(ARGS)
	@echo "Open demo-report/report.html in a browser."

# Work stealing: each worker begins with a run of neighbouring tests, which share what they compile,
# and takes over some of the other's when it has finished first.
test: $(READY)
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal $(if $(filter-out 0,$(SEED)),--seed $(SEED)) $(ARGS)

# The long checks. ARGS="verification/test_calibration.py" for a part: the page keeps the other rows.
verify: $(READY)
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal $(or $(ARGS),verification)
	@echo "docs/verification.md says what was found."

bench: $(READY)
	$(PYTHON) benchmarks/leapfrog.py
	$(PYTHON) benchmarks/marginal.py
	$(PYTHON) benchmarks/elementary.py
	$(PYTHON) benchmarks/families.py
	$(PYTHON) benchmarks/labels.py
	$(PYTHON) benchmarks/cold.py
	$(PYTHON) benchmarks/tables.py
	$(PYTHON) benchmarks/durable.py
	$(PYTHON) benchmarks/many_models.py 200
	$(PYTHON) benchmarks/many_fits.py 200 100
	$(PYTHON) benchmarks/scale.py
	@echo "The comparison with other libraries: make bench-peers; its results are in docs/benchmarks.md."

# With the JAX that is in the environment: put one with CUDA there first.
bench-gpu: $(READY)
	$(PYTHON) benchmarks/gpu.py $(ARGS)

# Python 3.12, because what PyStan builds does not load in 3.13.
$(PEERS_READY): benchmarks/peers/requirements.txt benchmarks/peers/overrides.txt tools/find-uv tools/find-python
	@set -e; uv="$$(sh tools/find-uv)"; rm -f $(PEERS_READY); \
	python="$$(sh tools/find-python 3.12 $$uv)"; \
	$(ENV) $$uv venv --clear --python "$$python" $(PEERS); \
	$(ENV) $$uv pip install --python $(PEERS)/bin/python --compile-bytecode \
		-r benchmarks/peers/requirements.txt --override benchmarks/peers/overrides.txt; \
	touch $(PEERS_READY)

# ARGS="--cases classic-100 --libraries aliquot nutpie --repeats 5" for a part of it.
bench-peers: $(READY) $(PEERS_READY)
	$(PYTHON) -m benchmarks.peers run $(ARGS)
	$(PYTHON) -m benchmarks.peers page

docs: $(READY)
	$(PYTHON) -m nbconvert --to html --execute --output-dir site docs/*.ipynb
	$(PYTHON) -m nbconvert --to html --execute --output-dir site/gallery docs/gallery/*.ipynb
	$(PYTHON) docs/make_pages.py site
	@echo "Open site/index.html in a browser."

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(READY)
	$(PYTHON) -m mypy

format: $(READY)
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

clean:
	rm -rf demo-report site dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . \( -path ./.venv -o -path ./.uv -o -path ./.git \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# `make search` and `make test` do everything on a fresh machine; the others build on `make install`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: install search test lint types check clean

install: $(INSTALLED)

# The constraints keep torch to the build without CUDA where only a CPU is there to use.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

search: install
	$(BIN)/truetune search spaces/mlp.yaml

# Two at a time, a file in one process; the slow ones stand first where files keep their order.
test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# The root folder is the package, whatever the clone is called: mypy finds it by this link.
types: install
	mkdir -p $(VENV)/typing
	ln -sfn ../.. $(VENV)/typing/truetune
	MYPYPATH=$(VENV)/typing $(BIN)/python -m mypy -p truetune

check: lint types test

clean:
	rm -rf $(VENV) build dist *.egg-info

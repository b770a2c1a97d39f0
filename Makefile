# `make run` opens the dashboard, `make test` checks it, `make bench` prints the speed table. Each does its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: setup setup-dev run test bench screenshots lint clean

setup: $(VENV)/ready
setup-dev: $(VENV)/ready-dev

$(VENV)/ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt tests/prepare.sh
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	sh tests/prepare.sh $(BIN)
	touch $@

run: setup
	@$(BIN)/python -m ui.prepare
	@echo "Open http://127.0.0.1:$(PORT) in a browser. Stop with Ctrl-C."
	$(BIN)/streamlit run dashboard.py --server.port $(PORT)

lint: setup-dev
	$(BIN)/ruff check .

test: setup-dev
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: setup-dev
	$(BIN)/python -m benchmarks

screenshots: setup-dev
	$(BIN)/python -m tests.screenshots

clean:
	rm -rf $(VENV) static data/outreach-*.duckdb benchmarks/data .pytest_cache .ruff_cache .hypothesis

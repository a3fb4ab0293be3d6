# Five verbs: run, test, check, bench, docs. Everything is made in .venv from locked versions; Python 3.11+ and make
# are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
ASSET := src/guanxi/report/assets/echarts.min.js
CUSTOMERS ?= 5000
RUN_DIR ?= results

.PHONY: run test check bench docs assets lock format clean

run: $(INSTALLED) $(ASSET)
	$(BIN)/guanxi simulate --customers $(CUSTOMERS) --seed 1 --out company
	$(BIN)/guanxi mine company/orders.csv company/customers.csv company/products.csv --out $(RUN_DIR)

test: $(INSTALLED) $(ASSET)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) $(ASSET)
	$(BIN)/python benchmarks/main_job.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/features.py

docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

assets: $(ASSET)

$(INSTALLED): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

$(ASSET): package.json package-lock.json scripts/fetch_assets.py | $(INSTALLED)
	$(BIN)/python scripts/fetch_assets.py

# Take the newest versions that pyproject.toml allows; review the difference.
lock: $(INSTALLED)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--group dev --all-extras pyproject.toml --output-file requirements.lock

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) node_modules site results company $(ASSET)

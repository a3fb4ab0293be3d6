# Six verbs: run (the CRM with a simulated company), mine (its files alone), test, check, bench, docs. Everything is made
# in .venv from locked versions; Python 3.11+ and make are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
ASSET := src/guanxi_crm/static_built/staticfiles.json
# What pages are made of: an icon that is new in a template belongs into the sprite, a changed style sheet gets a new name.
SHOWN := $(shell find src/guanxi_crm -name static_built -prune -o -type f \
	\( -name '*.html' -o -name navigation.py -o -path '*/static/*' \) -print)
CUSTOMERS ?= 5000
RUN_DIR ?= results
DATA ?= guanxi-data
PORT ?= 8000
# Where a machine says so, every process compiles everything that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run mine test test-postgres check bench docs assets lock format clean

run: $(INSTALLED) $(ASSET)
	$(BIN)/guanxi demo load --data $(DATA) --customers $(CUSTOMERS)
	$(BIN)/guanxi serve --data $(DATA) --port $(PORT)

mine: $(INSTALLED) $(ASSET)
	$(BIN)/guanxi simulate --customers $(CUSTOMERS) --seed 1 --out company
	$(BIN)/guanxi mine company/orders.csv company/customers.csv company/products.csv --out $(RUN_DIR)

test: $(INSTALLED) $(ASSET)
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

# The tests of the CRM once more, on a PostgreSQL server that they start; those that start `guanxi serve` choose the
# database themselves, and one of them chooses PostgreSQL.
test-postgres: $(INSTALLED) $(ASSET)
	$(BIN)/python scripts/with_postgres.py $(BIN)/python -m pytest tests/crm -n 2 --dist loadgroup \
		--ignore tests/crm/serve --ignore tests/crm/browser $(ARGS)

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

$(ASSET): package.json package-lock.json scripts/fetch_assets.py scripts/build_static.py $(SHOWN) | $(INSTALLED)
	$(BIN)/python scripts/fetch_assets.py
	$(BIN)/python scripts/build_static.py

# Take the newest versions that pyproject.toml allows; review the difference.
lock: $(INSTALLED)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--group dev --all-extras pyproject.toml --output-file requirements.lock

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) node_modules site results company guanxi-data src/guanxi/report/assets \
		src/guanxi_crm/static_built src/guanxi_crm/core/static/core/vendor

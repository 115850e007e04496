# What one does with this project: `make help` lists it.  Every target sets up what it needs.

PYTHON ?= python3
PORT   ?= 8080
VENV   := .venv
BIN    := $(VENV)/bin
TOOLS  := build/tools
# The port is part of a node's address, and so of its ids: another port is another node.
DATA   := $(if $(filter 8080,$(PORT)),data,data-$(PORT))

.DEFAULT_GOAL := help
.PHONY: help run demo test lint format words screenshots bench bench-check lock audit sbom

help: ## list what can be made
	@awk -F ' *:.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## run a node at http://localhost:8080, its data in ./data; PORT=9000 makes another
	@test -f $(DATA)/config.toml || $(BIN)/fedi init --config $(DATA)/config.toml --data-dir $(DATA) \
		--domain localhost:$(PORT) --url http://localhost:$(PORT) --handle reseau --name 'Notre réseau'
	@$(BIN)/fedi migrate --config $(DATA)/config.toml
	@exec $(BIN)/fedi serve --config $(DATA)/config.toml

demo: $(VENV)/.run ## run three networks that debate with each other, their data in ./demo
	@exec $(BIN)/fedi demo

# One process more than there are cores: some tests wait for other processes most of the time.
test: lint ## run every test, on SQLite and on PostgreSQL
	$(BIN)/pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test ## check style, types, and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test ## put the code in its usual form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# English is the language of the source: its catalogue may stay empty.
words: $(VENV)/.test ## bring the catalogues up to date with the sentences of the interface
	@mkdir -p build
	$(BIN)/pybabel -q extract -F fedi/web/locale/babel.cfg -o build/messages.pot --add-location=file \
		-k say -k N_ -k count:1,2 -k Invalid -k Forbidden -k Conflict -k Unauthenticated -k SessionOver .
	$(BIN)/pybabel -q update -i build/messages.pot -d fedi/web/locale --no-fuzzy-matching --width 100 \
		--ignore-obsolete --ignore-pot-creation-date

screenshots: $(VENV)/.test ## take pictures of the main pages, into docs/screenshots
	PYTHONPATH=tests/support:tests/browser $(BIN)/python tests/browser/screenshots.py

bench: $(VENV)/.test ## measure speed and memory; OPTIONS="--only memory --runs 1"
	PYTHONPATH=tests/support $(BIN)/python tests/load/bench.py $(OPTIONS)

bench-check: bench ## measure, and fail when a ratio is a fifth worse than it was
	$(BIN)/python tests/load/check.py build/bench.json

lock: $(TOOLS) ## write down the exact version and hash of all that a node installs
	$(TOOLS)/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --all-build-deps \
		--extra speed --extra postgresql --no-emit-index-url --no-emit-find-links --no-header \
		--allow-unsafe --output-file requirements.lock pyproject.toml

audit: $(TOOLS) ## ask whether a vulnerability is known in one of them
	$(TOOLS)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip

sbom: $(TOOLS) ## list them for machines (CycloneDX), in build/sbom.json
	@mkdir -p build
	$(TOOLS)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom.json requirements.lock

$(TOOLS):
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check pip-tools pip-audit cyclonedx-bom

# A stamp tells that what pyproject.toml asks for is installed, for running or for testing too.
$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) || { echo "Python 3.11 with venv is needed: apt install python3-venv"; exit 1; }

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the node needs into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[speed]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the node and its tests need into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[speed,postgresql,test]'
	@touch $@ $(VENV)/.run

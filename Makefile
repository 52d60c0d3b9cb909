# make run: the demonstration city on http://127.0.0.1:8000.   make test: every check and every test.
# Only Python 3.11 or newer is assumed; the rest is installed into .venv (and, for `make test`, by apt).

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
BUILD := src/maru/platform/ui/static/build/manifest.json

.PHONY: run test check fast docs lock build serve clean

run: $(VENV)/.run-ready $(BUILD) translations
	$(VENV)/bin/maru serve --home var --port $(PORT) --demo

serve: $(VENV)/.run-ready $(BUILD) translations
	$(VENV)/bin/maru serve --home var --port $(PORT)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Maru needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.test-ready: requirements/test.txt $(VENV)/.run-ready
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/test.txt
	touch $@

frontend/node_modules/.package-lock.json: frontend/package-lock.json $(VENV)/.run-ready
	$(PY) frontend/npm.py ci --no-audit --no-fund --loglevel=error
	touch $@

build: $(BUILD)

$(BUILD): frontend/node_modules/.package-lock.json $(shell find frontend/src frontend/vite.config.ts frontend/tsconfig.json -type f 2>/dev/null)
	$(PY) frontend/npm.py run --silent build
	touch $@

.PHONY: translations
translations: $(VENV)/.run-ready
	@$(PY) -m maru.project.translations compile

# The checks that need no server: style, types, contracts of who may import whom, texts.
check: $(VENV)/.test-ready $(BUILD) translations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	MARU_HOME=var/check $(VENV)/bin/mypy src bench
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet src
	$(VENV)/bin/codespell src docs bench frontend/src README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md SECURITY.md
	$(PY) frontend/npm.py run --silent types
	$(PY) -m maru.project.translations check

fast: $(VENV)/.test-ready $(BUILD) translations
	$(PY) -m pytest -q -x -m "not browser and not media"

test: check
	sh .ci/machine
	sh .ci/tests

docs: $(VENV)/.test-ready
	$(VENV)/bin/mkdocs build --strict
	@echo "site/index.html"

lock:
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" requirements/run.in -o requirements/run.txt
	$(VENV)/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" requirements/test.in -o requirements/test.txt

clean:
	rm -rf $(VENV) frontend/node_modules src/maru/platform/ui/static/build site

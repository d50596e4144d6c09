# The one list of commands. Developers and CI run these and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench faults soak mutants scan lock run worker beat doctor shell stop screenshots clean

export UV_SYSTEM_CERTS := true
UV_VERSION := 0.13.9
# Pythons that pyenv installed count too, whichever one is switched on.
PYENV := $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin) $(wildcard $(HOME)/.pyenv/versions/3.12*/bin))
export PATH := $(PATH)$(if $(PYENV),:$(PYENV))
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
PYTHON := .venv/bin/python
STAMP := .venv/.installed
PORT ?= 8000
SCALE ?= S
ONLY ?=
RUNS ?= 5

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STAMP) ## Run everything on a believable organisation (PORT=8000, RESET=1 starts over)
	@$(PYTHON) manage.py demo --port $(PORT) $(if $(RESET),--reset)

test: $(STAMP) .venv/.browser ## Run all tests (ARGS="-k publish" narrows)
	@$(PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(STAMP) ## Check style, types, architecture, templates, spelling and migrations
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/lint-imports
	@.venv/bin/mypy
	@git ls-files -z '*.html' '*.txt' ':!fixtures' ':!requirements*' | xargs -0 .venv/bin/djade --check --target-version 6.1
	@.venv/bin/codespell
	@$(PYTHON) manage.py makemigrations --check --dry-run

format: $(STAMP) ## Rewrite the code in the project's style
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

bench: $(STAMP) ## Measure speed against physical limits (SCALE=S|M|L ONLY=inbox)
	@$(PYTHON) -m tests.bench --scale $(SCALE) $(if $(ONLY),--only $(ONLY))

faults: $(STAMP) ## Inject every fault of delivery RUNS times and count what was lost, doubled and left in doubt
	@for program in redis-server rabbitmq-server faketime; do \
	  command -v $$program > /dev/null || { echo "Install $$program: apt-get install redis-server rabbitmq-server faketime"; exit 1; }; done
	@FAULTS_REPEAT=$(RUNS) $(PYTHON) -m pytest -q --show-capture=no --timeout=600 -o python_files='test_*.py other_brokers.py' tests/faults $(ARGS)

soak: $(STAMP) ## Send to many people for half an hour while something breaks (SOAK_MINUTES, SOAK_PEOPLE, SOAK_SEED)
	@$(PYTHON) -m pytest -q -s --show-capture=no -p no:randomly tests/faults/soak.py

mutants: $(STAMP) ## Take away each permission check once and ask whether anybody would notice
	@$(PYTHON) -m pytest -p no:randomly -q --show-capture=no tests/matrix/mutants.py
	@$(PYTHON) -m pytest -p no:randomly -p tests.matrix.taking_away -q --show-capture=no -W ignore::pytest.PytestUnraisableExceptionWarning $$($(PYTHON) -c "from tests.matrix.unnoticed import HELD_BY; print(*HELD_BY)")

scan: $(STAMP) | $(UV) ## Let a web scanner loose on the project, signed in as each role (ARGS="--only alice")
	@test -x .tools/wapiti/bin/wapiti || { echo "Installing wapiti …"; \
	  $(UV) venv -q --allow-existing --python $(PYTHON) .tools/wapiti && $(UV) pip install -q --python .tools/wapiti/bin/python wapiti3==3.3.2; }
	@$(PYTHON) -m tests.scan $(ARGS)

run: $(STAMP) ## Serve the site on PORT
	@$(PYTHON) manage.py runserver $(PORT)

worker: $(STAMP) ## Run a Celery worker
	@$(PYTHON) -m celery -A backoffice worker --loglevel INFO --without-heartbeat --without-gossip --without-mingle

beat: $(STAMP) ## Run the clock that publishes, sweeps and mends
	@$(PYTHON) -m celery -A backoffice beat --loglevel INFO

doctor: $(STAMP) ## Say what is wrong and how to mend it
	@$(PYTHON) manage.py doctor

shell: $(STAMP) ## Open a Python shell with the models loaded
	@$(PYTHON) manage.py shell

stop: $(STAMP) ## Stop the embedded PostgreSQL
	@$(PYTHON) manage.py stop_postgres

screenshots: $(STAMP) .venv/.browser ## Take the README's pictures from a running demo
	@$(PYTHON) -m tests.screenshots

lock: pyproject.toml | $(UV) ## Compile requirements.lock anew
	@$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock

clean: ## Remove everything that was installed or made
	rm -rf .venv .tools var

.tools/bin/uv:
	@echo "Installing uv …"
	@python3 -m venv .tools && .tools/bin/python -m pip install -q --disable-pip-version-check "uv==$(UV_VERSION)"

$(STAMP): requirements.lock .python-version | $(UV)
	@echo "Installing Python and the locked packages …"
	@test -x $(PYTHON) || $(UV) venv -q --python $$(cat .python-version) .venv || $(UV) venv -q --python 3.12 .venv
	@$(UV) pip sync -q --require-hashes --compile-bytecode --python $(PYTHON) requirements.lock
	@touch $@

.venv/.browser: | $(STAMP)
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests …"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else echo "The browser tests need Chromium. Install it (Debian, Ubuntu: sudo apt-get install chromium) and run this again."; exit 1; fi; }
	@touch $@

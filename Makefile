# Two commands matter: `make run` and `make test`. `make` alone prints the list.
# Written for GNU make 3.81 (macOS) and plain sh.

SHELL  := /bin/sh
PY     := .venv/bin/python
ARGS   ?=
# PYTHONDONTWRITEBYTECODE would have every process compile all it loads: a second each, for hundreds in the tests.
unexport VIRTUAL_ENV PYTHONHOME PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check fix shots local-aws bench lock clean setup setup-dev

help: ## This list
	@echo 'Ebb, an operations console for SageMaker asynchronous endpoints. Targets:'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Options: make run SPEED=60 (a minute per second)   make run PORT=9000   EBB_MODE=aws make run (real AWS)'

run: setup ## Install what is missing, start the embedded AWS, open the console (Ctrl-C ends everything)
	@exec $(PY) -m ops.launch $(ARGS)

test: setup-dev ## All tests, with a real browser (one file: make test ARGS=tests/core)
	@$(PY) -m tests.browser_finder >/dev/null
	$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev ## Format, lint, types, import contracts, then all tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy --strict ops
	.venv/bin/lint-imports --no-logo
	@$(MAKE) test

fix: setup-dev ## Let ruff format and mend what it can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

shots: setup-dev ## Screenshots of every page, light and dark, into docs/screenshots
	@$(PY) -m tests.browser_finder >/dev/null
	$(PY) -m bench.shots $(ARGS)

local-aws: setup ## Only the embedded AWS (SPEED=60 PORT=4600 ARGS="--empty")
	@exec $(PY) -m ops.local_aws --port "$${PORT:-0}" --speed "$${SPEED:-1}" $(ARGS)

bench: setup-dev ## Benchmarks, some minutes: embedded AWS, parsing, history, savings, bills, replay, charts, calls, pages, viewers
	@$(PY) -m tests.browser_finder >/dev/null
	$(PY) -m bench.embedded_aws $(ARGS)
	$(PY) -m bench.parsing
	$(PY) -m bench.store
	$(PY) -m bench.savings
	$(PY) -m bench.bills
	$(PY) -m bench.forecast
	$(PY) -m bench.replay
	$(PY) -m bench.agreement
	$(PY) -m bench.charts
	$(PY) -m bench.calls
	$(PY) -m bench.pages
	$(PY) -m bench.viewers

lock: setup-dev ## Write requirements*.txt anew from pyproject.toml
	$(PY) -m bench.lock $(ARGS)

clean: ## Remove the virtual environment, caches and local state
	rm -rf .venv .ebb test-artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: ; @$(find_python) && "$$python" -m ops.install requirements.txt
setup-dev: ; @$(find_python) && "$$python" -m ops.install requirements-dev.txt

# Sets $python: the environment's own, else the first Python >= 3.11 that can make an environment.
define find_python
python=; old=; bare=; \
for p in $(PY) $$PYTHON python3.13 python3.12 python3.11 python3 python3.14; do \
  "$$p" -c 'import sys' >/dev/null 2>&1 || continue; \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { old=$$p; continue; }; \
  "$$p" -c 'import venv, ensurepip' >/dev/null 2>&1 || { bare=$$p; continue; }; \
  python=$$p; break; \
done; \
if [ -z "$$python" ] && [ -n "$$bare" ]; then \
  v=$$("$$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
  echo "$$bare cannot make a virtual environment: its venv package is missing." >&2; \
  echo "  Debian, Ubuntu:  sudo apt-get install python$$v-venv   (or: python3-venv)" >&2; exit 2; \
elif [ -z "$$python" ]; then \
  echo "Ebb needs Python 3.11 or newer, and there is none here$${old:+ ($$old is older)}." >&2; \
  echo "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv" >&2; \
  echo "  macOS:           brew install python@3.12" >&2; \
  echo "  Elsewhere installed: make run PYTHON=/path/to/python3" >&2; exit 2; \
fi
endef

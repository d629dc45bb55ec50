# Needs GNU make and Python 3.11 or newer; everything else goes into .venv beside this file.
# All paths are relative, so the checkout may lie anywhere, also in a folder with spaces in its name,
# and may be moved: nothing here starts a script that remembers where it was installed.

PYTHON =
ARGS =
py = .venv/bin/python
# Python compiles what is used when it is first used, which takes half as long as compiling all; unless it may
# not keep what it compiled.
later = $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile)
suitable = import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help run test format picture clean venv-run venv-test

help:
	@echo 'make run     start the console (make run ARGS="--server.port 8600")'
	@echo 'make test    check format, lint, types and imports, run the tests (make test ARGS="-k export")'
	@echo 'make format  format the code, fix what can be fixed, write the tables of the README and the new store'
	@echo 'make picture make the picture of the README anew (needs Chromium)'
	@echo 'make clean   remove .venv and caches; data/ stays'
	@echo
	@echo 'PYTHON=/path/to/python names the Python that .venv is made with.'

run: venv-run
	@exec $(py) -m streamlit run app.py $(ARGS)

# The types and the direction of imports are checked while the tests run, and said after them.
test: venv-test
	$(py) -m ruff format --check .
	$(py) -m ruff check .
	@said=$$(mktemp); \
	{ $(py) -m mypy && $(py) -c 'from importlinter.cli import lint_imports_command as lint; lint()'; } \
	  >"$$said" 2>&1 & checks=$$!; \
	trap 'kill $$checks 2>/dev/null; rm -f "$$said"' EXIT; \
	tested=0; $(py) -m pytest $(ARGS) || tested=$$?; \
	checked=0; wait $$checks || checked=$$?; \
	cat "$$said"; \
	exit $$((tested ? tested : checked))

format: venv-test
	$(py) -m ruff format .
	$(py) -m ruff check --fix .
	$(py) -m usage_core.reference README.md docs/api.md
	$(py) -m usage_core.store.schema_as_sql usage_core/store/new_store.sql

picture: venv-test
	$(py) -m docs.pictures

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# .venv holds what `wants` lists. The stamp is written at success only and holds the lists' checksum and
# Python's version: a second start installs nothing and asks nobody, an interrupted or outdated one is
# repeated. Python writes bin/activate last, so a .venv without it is half a one and is made anew.
venv-run: wants = requirements.txt
venv-test: wants = requirements.txt requirements-dev.txt
venv-run venv-test:
	@set -eu; \
	wanted() { cat $(wants) | cksum; $(py) -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || echo none; }; \
	if [ -f .venv/stamp-$@ ] && [ "$$(cat .venv/stamp-$@)" = "$$(wanted)" ]; then exit 0; fi; \
	if [ ! -f .venv/bin/activate ] || ! $(py) -c '$(suitable)' 2>/dev/null \
	    || ! $(py) -m pip --version >/dev/null 2>&1; then \
	  found=; seen=; \
	  for name in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
	    version=$$("$$name" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue; \
	    seen="$$seen $$name is $$version;"; \
	    if "$$name" -c '$(suitable)' 2>/dev/null; then found=$$name; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "The console needs Python 3.11 or newer. Found:$${seen:- none}" >&2; \
	    echo 'Install one, or name it: make run PYTHON=/path/to/python' >&2; \
	    exit 1; \
	  fi; \
	  if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with $$found ($$version)…"; \
	  "$$found" -m venv --clear .venv; \
	fi; \
	echo 'Installing (first start only, a minute)…'; \
	$(py) -m pip install --quiet --disable-pip-version-check --no-input $(later) -r $(lastword $(wants)); \
	wanted >.venv/stamp-$@; \
	echo 'Installed.'

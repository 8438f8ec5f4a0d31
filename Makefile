# Every target works on a clean clone. `make run` and `make test` are all a person needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STUDIO := app.py studio pipelines

.PHONY: run install install-dev chromium test check bench endurance world clean

run: install
	$(BIN)/python app.py

install: $(VENV)/.studio
install-dev: $(VENV)/.studio $(VENV)/.dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch goes first and exactly as pinned, so that nothing else asks for another build of it
$(VENV)/.studio: requirements.txt requirements-alone.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)"
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-alone.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.studio
	$(BIN)/python -m pip install --quiet --no-warn-conflicts -r requirements-dev.txt
	@touch $@

# the browser tests take Chromium from PATH, else Playwright's own
chromium: install-dev
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq chromium fonts-dejavu-core >/dev/null; } \
	  || $(BIN)/python -m playwright install chromium

test: install-dev chromium
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: install-dev
	$(BIN)/ruff format --check $(STUDIO) tests
	$(BIN)/ruff check $(STUDIO) tests
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not benchmark and not endurance" -q

bench: install-dev
	$(BIN)/python -m pytest -m benchmark -s -q tests/benchmarks

# long and repeated trials; an interrupted run goes on where it stopped
endurance: install-dev
	$(BIN)/python -m pytest -m endurance -s -q tests/endurance $(if $(ONLY),-k "$(ONLY)")

# what the world is drawn from; needs apt-get and npm, 150 MB of packages and some minutes
world: install
	$(BIN)/python -m pipelines.starter.atlas --folder .cache/world --jobs 2

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

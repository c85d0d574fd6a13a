# Paying Attention. Every target sets up what it needs in .venv; only Python 3.11 to 3.14 and make are assumed.
PYTHON ?= python3
PORT   ?= 8000
BIN    := .venv/bin
READY  := .venv/ready
SITE   := _build/html
export PYTHONUTF8 := 1
export TQDM_DISABLE := 1
# The chapters' matrices are small: one thread is faster than two that wait for each other.
html chapter execute unit chapters test-matrix experiments: export OMP_NUM_THREADS ?= 1

# `test` runs its parts in this order: html finds the chapters done.
.NOTPARALLEL:
# Tests run side by side; the cells of one chapter one after another, in one kernel.
ABREAST := -n logical --maxprocesses 4 --dist

.DEFAULT_GOAL := help
.PHONY: help book html slides exercises pdf lab chapter test check unit chapters browser test-matrix lint bench experiments weave execute heights lock fork mutants clean

help: ## what each target does
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) tools/install.py

html: $(READY) ## run the chapters that changed, build the pages into _build/html
	$(BIN)/python tools/chapters.py
	$(BIN)/jupyter-book build . --warningiserror --keep-going --quiet
	@echo "pages: $(SITE)/index.html"

book: html ## build the pages, serve them on loopback and print the address
	@echo "reading at http://127.0.0.1:$(PORT)/ (ctrl-c ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE) 2>/dev/null \
	  || { echo "make: port $(PORT) is taken; choose another: make book PORT=8001"; exit 1; }

slides: html ## a deck of each chapter, in _build/slides; needs no network to show
	$(BIN)/python tools/slides.py

exercises: $(READY) ## the chapters without their solutions, in _build/handouts/exercises
	$(BIN)/python tools/exercises.py

pdf: html ## the whole book on paper, _build/paying-attention.pdf (needs Chromium)
	$(BIN)/python tools/pdf.py

lab: $(READY) ## JupyterLab on the chapters
	TQDM_DISABLE= $(BIN)/jupyter lab book

chapter: $(READY) ## begin a chapter: N=18 NAME=pretraining (TITLE="Pre-training" PART="Beyond")
	@$(BIN)/python tools/new_chapter.py -- "$${N-}" "$${NAME-}" "$${TITLE-}" "$${PART-}"

weave: $(READY) ## rewrite what is derived: the chapters' woven cells, claims.md, references.md
	$(BIN)/python tools/weave.py
	$(BIN)/python tools/ledger.py
	$(BIN)/python tools/references.py

execute: $(READY) weave ## run the chapters and store their outputs (CHAPTERS=book/11_self_attention.ipynb for one)
	$(BIN)/python tools/execute.py $(CHAPTERS)

lint: $(READY)
	$(BIN)/python tools/weave.py --check
	$(BIN)/python tools/ledger.py --check
	$(BIN)/python tools/references.py --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

unit: $(READY) ## the unit tests and the house rules
	$(BIN)/pytest tests --ignore=tests/browser $(ABREAST) loadfile

chapters: $(READY) ## every chapter, cell by cell, against its stored outputs; the pages show this run
	PYTHONPATH=tests $(BIN)/pytest -p recording --nbval book/*.ipynb $(ABREAST) loadfile --no-loadscope-reorder

browser: html slides ## the built pages and decks in Chromium, with the network closed
	$(BIN)/pytest tests/browser $(ABREAST) worksteal

test: lint unit chapters browser ## everything above: what CI runs
	@echo "all of make test passed"

check: lint unit ## lint, unit tests, and the chapters and pages that changed since main (minutes)
	$(BIN)/python tools/changed.py

test-matrix: $(READY) ## run the chapters with Colab's versions and on Python 3.11 to 3.14 (TORCH=2.13.0 for another torch)
	$(BIN)/python tools/matrix.py $(CHAPTERS)

mutants: $(READY) ## does a test notice when an operator or a number changes? (MODULES="masks positions" for some)
	@$(BIN)/python -c "import mutmut" 2>/dev/null \
	  || $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	$(BIN)/python tools/mutants.py $(MODULES)

experiments: $(READY) ## run what is missing or stale in book/attend/experiments (NAMES="recall heads" for some)
	$(BIN)/python -m attend.experiments $(NAMES)

bench: html ## seconds, bytes and milliseconds, measured on this machine
	$(BIN)/python -m benchmarks

heights: html ## measure the widgets' heights, for which the pages keep room (then: make html)
	$(BIN)/python tools/heights.py

lock: $(READY) ## write requirements.txt, each pin with a wheel for each machine (UPGRADE=1 for newer versions)
	$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

fork: $(READY) ## set the address of the repository: make fork REPOSITORY=https://github.com/NAME/BOOK
	$(BIN)/python tools/repository.py "$(REPOSITORY)"
	$(BIN)/python tools/weave.py

clean: ## remove what was built; .venv stays (rm -r .venv removes that too)
	rm -rf _build book/assets/vendor book/.ipynb_checkpoints .pytest_cache .ruff_cache .hypothesis

# Every habit of this repository; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300

.DEFAULT_GOAL := help
# Notebooks that want a full image set take it from here once `make system` has brought it.
export COURSEKIT_DATA ?= $(wildcard $(CURDIR)/.cache/full)
.PHONY: help demo test test-all system lab build verify sweep lint bench hostile-class evening report-time cluster-time fence-matrix stock-points attack-table fuzz budgets size render site colab lock clean

help:  ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else f"Python 3.10 to 3.13 is needed, this is {v[0]}.{v[1]}: run make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV) (some minutes the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@# Compiled now, since where Python may write no bytecode TensorFlow takes 13 s to import, not 5.
	@# A line a minute in place of a list of 250 packages.
	@(while sleep 60 >/dev/null 2>&1; do echo "  still installing ..."; done) & tick=$$!; \
	  VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --requirement requirements.lock; \
	  done=$$?; kill $$tick; exit $$done
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

demo: $(STAMP)  ## set up, build, grade a sample class of 12, print the table and the report's path
	$(BIN)/coursekit build
	$(BIN)/coursekit demo --students 12

test: $(STAMP)  ## set up and run all tests; those that need a system part skip and say which
	$(BIN)/coursekit build --check
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder --cov=coursekit --cov-report=term --cov-fail-under=90 tests src notebooks solutions

test-all: export COURSEKIT_REQUIRE_ALL = 1
test-all: lint test  ## lint, then every test; a skip is a failure (run `make system` first)

system: $(STAMP)  ## install what some tests need beyond Python: a browser, the full image sets, an image like Colab's
	@sh tests/system.sh
	$(BIN)/python data/fetch_full.py
	PYTHONPATH=tests $(BIN)/python -m colab.images colab-py313

lab: $(STAMP)  ## open the course in JupyterLab
	COURSEKIT_HELD_OUT=$(CURDIR)/course PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab

build: $(STAMP)  ## build notebooks/ and solutions/ from course/
	$(BIN)/coursekit build

verify: $(STAMP)  ## prove that every check tells right answers from wrong ones, write course/*/verdicts.md
	$(BIN)/coursekit verify --all --jobs 2

sweep: $(STAMP)  ## try what is trained under 20 random seeds, write course/*/margins.md
	$(BIN)/coursekit verify --seeds 20

lint: $(STAMP)  ## check the course's text, and style, types and size of the code
	$(BIN)/coursekit lint
	$(BIN)/ruff check src tests data docs/site conftest.py
	$(BIN)/ruff format --check src tests data docs/site conftest.py
	$(BIN)/mypy
	cd docs/site && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml make_site.py
	$(BIN)/python tests/bench/size.py

bench: $(STAMP)  ## measure start-up, what a check adds, and grading against stock nbgrader and otter (an hour)
	$(BIN)/python tests/bench/import_time.py
	$(BIN)/python tests/bench/check_time.py
	PYTHONPATH=tests $(BIN)/python -m bench.fence --write
	PYTHONPATH=tests $(BIN)/python -m bench.engine --write

hostile-class: $(STAMP)  ## grade 200 submissions, a fifth broken or hostile, at 1, 2 and 8 jobs
	PYTHONPATH=tests $(BIN)/python -m bench.hostile_class --write

evening: $(STAMP)  ## time 500 students from Moodle's zip to the marks sent back (a quarter of an hour)
	PYTHONPATH=tests $(BIN)/python -m bench.evening --write

cluster-time: $(STAMP)  ## time a class on one machine and on a Dask cluster's workers, and the one writer
	PYTHONPATH=tests $(BIN)/python -m bench.cluster_time --write

report-time: $(STAMP)  ## time the class report of 5,000 made-up students
	PYTHONPATH=tests $(BIN)/python -m bench.report_time --write

fence-matrix: $(STAMP)  ## play the corpus of attacks at each level of the fence, as far as it holds there
	$(BIN)/pytest -q -n0 tests/grading/test_fence_elsewhere.py
	for without in "" "wall" "namespaces" "landlock" "seccomp" "wall namespaces"; do \
	  echo "== without: $$without"; COURSEKIT_WITHOUT="$$without" $(BIN)/pytest -q -n0 tests/grading/test_corpus.py || exit 1; done

stock-points: $(STAMP)  ## let stock nbgrader grade every declared answer, for a test to compare (an hour)
	PYTHONPATH=tests $(BIN)/python -m bench.stock_points $(ONLY)

attack-table: $(STAMP)  ## play attacks under stock nbgrader, in sandboxes, beside ours; write docs/benchmarks.md
	PYTHONPATH=tests $(BIN)/python -m bench.attack_table $(if $(ONLY),--only $(ONLY))

fuzz: export COURSEKIT_FUZZ ?= 100000
fuzz: $(STAMP)  ## send the decoder 100,000 broken frames and 25,000 made-up values (COURSEKIT_FUZZ=n for others)
	$(BIN)/pytest -q -n 0 tests/unit/test_wire.py -k "mutated or made_up"

budgets: $(STAMP)  ## measure every notebook, write docs/budgets.md (ONLY=01_regression for some)
	PYTHONPATH=tests $(BIN)/python -m bench.budgets $(ONLY)

size: $(STAMP)  ## count lines of code against the budgets
	$(BIN)/python tests/bench/size.py

render: $(STAMP)  ## execute every notebook, write HTML and a screenshot into rendered/ (needs Chromium)
	PYTHONPATH=tests $(BIN)/python -m browser.render

site: $(STAMP)  ## make the course's site in site/html (needs npm; ONLY=00_foundations executes that unit alone)
	$(BIN)/python docs/site/make_site.py $(ONLY)

colab: $(STAMP)  ## run every notebook on images like Colab's and on each Python, write docs/colab.md
	PYTHONPATH=tests $(BIN)/python -m colab.run $(ONLY)

lock: $(STAMP)  ## pin the graders' environment anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --extra lab --extra grading --extra cluster --extra postgresql --extra tests --extra site \
	  --no-annotate --custom-compile-command "make lock" --output-file requirements.lock --upgrade pyproject.toml

clean:  ## remove the environment and caches (never students' files)
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* dist site

# The two commands are `make book` and `make test`; `make help` lists all.
# PYTHON=/path/to/python3.12 chooses the interpreter the environment is made with.

VENV   := .venv
BIN    := $(VENV)/bin
BOOK   := $(VENV)/.stamp-book
TESTS  := $(VENV)/.stamp-test
CLASS  := .venv-nbgrader/.stamp
COLAB  := .venv-colab/.stamp
export PYTHON
# The environment's own list of fonts: a shared one may name fonts of an environment that is gone.
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

.DEFAULT_GOAL := help
.PHONY: help book html pdf archive test notebooks lab screenshot binder nbgrader colab way-out clean clean-all

help:
	@echo "make book        build the book and serve it on this machine (Ctrl-C stops)"
	@echo "make test        run every test"
	@echo ""
	@echo "make html        build the book in _build/html"
	@echo "make pdf         the book as a PDF, with stills of its live figures (needs XeLaTeX)"
	@echo "make archive     the built book in one file, to be read without a network"
	@echo "make notebooks   write the notebooks of chapters and exercises again"
	@echo "make lab         open the notebooks in JupyterLab"
	@echo "make screenshot  take the picture of the book that README shows"
	@echo "make binder      install the course as Binder will, and run its notebooks there"
	@echo "make nbgrader    take a released exercise set through a round of nbgrader"
	@echo "make colab       run notebooks with the versions that Colab has (Python 3.13)"
	@echo "make way-out     build the book under the newest Sphinx, without Jupyter Book"
	@echo "make clean       remove what was built; make clean-all also removes all environments"

# The environment: made again when what it is made of changes.
$(BOOK): requirements.txt pyproject.toml tools/environment.sh
	@tools/environment.sh requirements.txt
	@touch $@

$(TESTS): requirements-test.txt $(BOOK)
	@tools/environment.sh requirements-test.txt
	@touch $@

book: html
	@$(BIN)/python tools/serve.py _build/html

html: $(BOOK)
	$(BIN)/jupyter-book build . --warningiserror --nitpick --keep-going

pdf: $(BOOK)
	tools/pdf.sh

archive: html
	@$(BIN)/python tools/archive.py

test: $(TESTS)
	@$(BIN)/python tools/ensure.py
	$(BIN)/python -m pytest tests chapters exercises/solutions --numprocesses auto --dist loadscope \
	    --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg $(ARGS)

notebooks: $(BOOK)
	$(BIN)/python -m lifcore.grading release exercises
	$(BIN)/python tools/notebooks.py

lab: $(BOOK)
	$(BIN)/jupyter lab

screenshot: html $(TESTS)
	$(BIN)/python tools/screenshots.py

binder: $(TESTS)
	@$(BIN)/python tools/ensure.py
	tools/binder.sh

# nbgrader has an environment of its own, as on a class's hub; the tests that drive it run in $(VENV).
$(CLASS): requirements-nbgrader.txt requirements.txt pyproject.toml tools/environment.sh
	@VENV=.venv-nbgrader tools/environment.sh requirements-nbgrader.txt
	@touch $@

nbgrader: $(TESTS) $(CLASS)
	$(BIN)/python -m pytest tests/nbgrader $(ARGS)

$(COLAB): requirements-colab.txt pyproject.toml tools/environment.sh
	@VENV=.venv-colab PYTHON=$${PYTHON:-python3.13} tools/environment.sh requirements-colab.txt
	@touch $@

colab: $(TESTS) $(COLAB)
	COLAB_PYTHON=$(CURDIR)/.venv-colab/bin/python $(BIN)/python -m pytest tests/test_colab.py $(ARGS)

way-out: $(BOOK)
	tools/way_out.sh

clean:
	rm -rf _build build *.egg-info .pytest_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-all: clean
	rm -rf $(VENV) .venv-nbgrader .venv-colab

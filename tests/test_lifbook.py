"""The book's Sphinx extension, part by part, on books of one or two pages.

Expected outcomes are the rules stated in CONTRIBUTING.md; expected numbers are those the tiny ledger below prints.
"""

import html
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from lifbook import cache, executed, issue, ledger, mathjax, prose  # noqa: E402

LEDGER = """
- id: rheobase
  value: "0.2"
  unit: nA
  what: rheobase of the default neuron
  kind: computed
  make: rheobase(n)
  source: {kind: closed form, text: "$(V_\\\\mathrm{th} - E_\\\\mathrm{L})/R$", expression: (V_th - E_L) / R}
  tolerance: 1e-14
- id: small
  value: "-1.2e-5"
  unit: mV
  what: a small number
  kind: given
  make: "-1.2e-5"
  source: {kind: definition, text: chosen}
  tolerance: 0
"""
LEDGER_PAGE = "# Ledger\n\n```{ledger}\n```\n"
USES = "# Page\n\nThe rheobase is {num}`rheobase`, and {num}`small|value` is small.\n"


class Book:
    """A tiny book: write pages, build, look at pages and warnings."""

    def __init__(self, folder, extensions, **config):
        self.folder = folder
        self.config = {"extensions": ["myst_nb", *extensions], "nb_execution_mode": "off", "nitpicky": True,
                       "myst_enable_extensions": ["dollarmath", "colon_fence"], "root_doc": "index",
                       "exclude_patterns": ["_build"], **config}
        self.write("index.md", "# Book\n\n```{toctree}\n:glob:\n**\n```\n")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, builder="html", **options):
        """Build, and return the warnings, one a line."""
        warnings = io.StringIO()
        build = self.folder / "_build"
        with docutils_namespace(), patch_docutils():
            self.app = Sphinx(self.folder, None, build / builder, build / "doctrees", builder,
                              confoverrides=self.config, status=None, warning=warnings, freshenv=False, **options)
            self.app.build()
        plain = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())
        return [line for line in plain.splitlines() if line.strip()]

    def page(self, name):
        return (self.folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def ledger_book(tmp_path):
    book = Book(tmp_path, ["lifbook.ledger"])
    book.write("numbers.yml", LEDGER)
    book.write("chapters/page.md", USES)
    book.write("chapters/reference/ledger.md", LEDGER_PAGE)
    return book


@pytest.fixture
def prose_book(tmp_path):
    book = Book(tmp_path, ["sphinxcontrib.bibtex", "lifbook.ledger", "lifbook.prose"], bibtex_bibfiles=["r.bib"])
    book.write("numbers.yml", LEDGER)
    book.write("r.bib", "@article{lapicque1907, author={Lapicque, L.}, title={T}, journal={J}, year={1907}}")
    book.write("chapters/reference/bibliography.md", "# Works of 1907\n\n```{bibliography}\n```\n")
    book.write("chapters/reference/ledger.md", LEDGER_PAGE + "\nThe reference pages may say 0.2 nA.\n")
    return book


# The ledger ---------------------------------------------------------------------------------------------------

def test_a_number_is_printed_and_linked_to_its_entry(ledger_book):
    assert ledger_book.build() == []
    page = ledger_book.page("chapters/page")
    assert "0.2\N{NO-BREAK SPACE}nA</span></a>" in page
    assert 'href="reference/ledger.html#number-rheobase"' in page
    assert "−1.2\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10<sup>−5</sup></span></a>" in page


def test_the_ledger_page_tells_source_maker_tolerance_and_uses(ledger_book):
    ledger_book.build()
    page = ledger_book.page("chapters/reference/ledger")
    assert 'id="number-rheobase"' in page
    assert "Rheobase of the default neuron" in page
    text = re.sub(r"<[^>]*>", "", page)
    assert "rheobase(n)" in text and "(V_th - E_L) / R" in text
    assert "1e−14 relative" in text and "exact" in text
    assert 'href="../page.html"' in page


def test_the_ledger_page_follows_a_change_elsewhere(ledger_book):
    ledger_book.build()
    ledger_book.write("chapters/other.md", "# Another page\n\nAgain {num}`rheobase`.\n")
    assert ledger_book.build() == []
    assert 'href="../other.html"' in ledger_book.page("chapters/reference/ledger")


def test_a_formula_takes_numbers_from_the_ledger(ledger_book):
    ledger_book.write("chapters/other.md", "# O\n\n$I = \\num{rheobase}$\n\n$$x = \\num{small|value}$$\n")
    assert ledger_book.build() == []
    page = ledger_book.page("chapters/other")
    assert r"I = 0.2\ \mathrm{nA}" in page
    assert r"x = -1.2 \times 10^{-5}" in page


def test_latex_prints_the_number(ledger_book):
    assert ledger_book.build("latex") == []
    tex = next((ledger_book.folder / "_build" / "latex").glob("*.tex")).read_text(encoding="utf-8")
    assert re.search(r"0\.2(~|\\,|\N{NO-BREAK SPACE})nA", tex)


@pytest.mark.parametrize("text", ["{num}`rheobas`", "$\\num{rheobas}$"])
def test_an_unknown_number_is_named_with_its_place(ledger_book, text):
    ledger_book.write("chapters/other.md", f"# O\n\nIt is {text}.\n")
    (warning,) = ledger_book.build()
    assert "rheobas" in warning and "numbers.yml" in warning and "other.md:3" in warning


def test_a_misspelt_form_is_refused(ledger_book):
    ledger_book.write("chapters/other.md", "# O\n\nIt is {num}`rheobase|unit`.\n")
    (warning,) = ledger_book.build()
    assert "only 'value' is allowed" in warning


def test_an_unused_number_is_named(ledger_book):
    ledger_book.write("chapters/page.md", "# Page\n\nOnly {num}`rheobase`.\n")
    (warning,) = ledger_book.build()
    assert "'small'" in warning and "no page uses this number" in warning


@pytest.mark.parametrize(
    "change, message",
    [
        ({"unit": None}, "'unit' is missing"),
        ({"colour": "red"}, "'colour' is unknown"),
        ({"kind": "guessed"}, "allowed are given, computed"),
        ({"value": 0.2}, "must be a number in quotes"),
        ({"value": "0,2"}, "must be a number in quotes"),
        ({"tolerance": "small"}, "must be a number"),
        ({"source": {"kind": "rumour"}}, "allowed are closed form, table, paper, simulation, definition"),
        ({"source": {"kind": "closed form", "text": "x"}}, "needs the field 'expression'"),
        ({"id": "a b"}, "joined by hyphens"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path, change, message):
    entry = {"id": "a", "value": "1", "unit": "ms", "what": "w", "kind": "given", "make": "1",
             "source": {"kind": "definition", "text": "chosen"}, "tolerance": 0}
    entry.update(change)
    entry = {key: value for key, value in entry.items() if value is not None}
    path = tmp_path / "numbers.yml"
    path.write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        ledger.read_ledger(path)
    assert repr(entry["id"]) in str(error.value)


def test_an_id_cannot_be_taken_twice(tmp_path):
    path = tmp_path / "numbers.yml"
    path.write_text(LEDGER + LEDGER, encoding="utf-8")
    with pytest.raises(ValueError, match="'rheobase': the id is taken"):
        ledger.read_ledger(path)


# Numbers in the prose -----------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "text, numbers",
    [
        ("the rheobase is 0.2 nA", ["0.2"]),
        ("at 20ms or 1,5 s", ["20", "1,5"]),
        ("from -65 to −50 mV", ["-65", "−50"]),
        ("about 50 % of 1e-3", ["50 %", "1e-3"]),
        ("two cells, ChR2, V1, GCaMP6f, Na1.6, H134R, Channelrhodopsin-2", []),
        ("at -2 and 3-4", ["-2", "3", "4"]),
        ("between 2–3", ["2", "3"]),
        ("(12) and ~7.", ["12", "7"]),
    ],
)
def test_numbers_in_text(text, numbers):
    assert prose.numbers_in_text(text) == numbers


@pytest.mark.parametrize(
    "tex, numbers",
    [
        (r"1 - e^{-t/\tau_\mathrm{m}}", []),
        (r"\tfrac{1}{2} g_1 V_{12}^{2} + x^{-3/2} + 10^{-12}", []),
        (r"I = \num{rheobase}", []),
        (r"\tau\,\ln 2", []),
        (r"\begin{aligned} a &= b \\[4pt] c &= d \label{eq:77} \end{aligned}\hspace{0.5em}", []),
        (r"\text{ChR2} + \mathrm{H134R}", []),
        (r"R = 100", ["100"]),
        (r"\ln 2 = 0.693", ["0.693"]),
        (r"2\,\mathrm{ms}", ["2"]),
        (r"5~\text{mV/ms}", ["5"]),
        (r"9\ \mathrm{M\Omega}", []),
        (r"9\ \mathrm{MΩ}", ["9"]),
        (r"e^{-0.5}", ["0.5"]),
        (r"5\,\%", ["5"]),
        (r"2\,\mathrm{d}t", []),
    ],
)
def test_numbers_in_formulas(tex, numbers):
    assert prose.numbers_in_formula(tex) == numbers


CHAPTER = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
jupytext: {text_representation: {format_name: myst}}
---
# Chapter 1 of 12

%s

```{code-cell}
print(0.123)
```
"""


@pytest.mark.parametrize(
    "text",
    [
        "Found by {cite:t}`lapicque1907`, in {plain}`1907`.",
        "The rheobase is {num}`rheobase`; `x = 0.25` is code, {math}`a_1^2` is not.",
        "## Section 3\n\nSee [section 3](#other) and [page 7](https://example.org/7).\n\n(other)=\n## Other 4",
        "```{code-block} python\nx = 0.5\n```",
        ":::{admonition} Box 9\nTwo cells.\n:::",
        "$$\n\\frac{1}{2} x\n$$ (eq:one)\n\nas {eq}`eq:one` says.",
        "<details><summary>3 hints</summary>\n\nNone.\n\n</details>",
    ],
)
def test_prose_that_passes(prose_book, text):
    prose_book.write("chapters/page.md", USES)
    prose_book.write("chapters/physicist/neuron.md", CHAPTER % (text + "\n\n{cite}`lapicque1907`"))
    assert prose_book.build() == []


@pytest.mark.parametrize(
    "text, line, number",
    [
        ("One\ntwo\nand 0.2 nA.", 9, "0.2"),
        ("- a\n- 3 cells", 8, "3"),
        ("| a | b |\n|---|---|\n| c | 4.5 |", 9, "4.5"),
        (":::{note}\nIt takes 7 ms.\n:::", 8, "7"),
        ("```{figure} a.png\n:alt: a\n\nCaption with 8 spikes.\n```", 10, "8"),
        ("Inline $x = 20$ here.", 7, "20"),
        ("$$\nx = 0.693\n$$", 8, "0.693"),
        ("**bold 6**", 7, "6"),
    ],
)
def test_prose_that_fails(prose_book, text, line, number):
    prose_book.write("chapters/page.md", USES)
    prose_book.write("chapters/physicist/a.png", "")
    prose_book.write("chapters/physicist/neuron.md", CHAPTER % text)
    (warning,) = [w for w in prose_book.build() if "typed into the text" in w]
    assert f"neuron.md:{line}: " in warning
    assert f"the number {number} " in warning
    assert "numbers.yml" in warning


# The cache ----------------------------------------------------------------------------------------------------

COUNTING = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
jupytext: {text_representation: {format_name: myst}}
---
# Counting

```{code-cell}
:tags: [remove-input]
from pathlib import Path
log = Path("runs.txt")
log.write_text((log.read_text() if log.exists() else "") + "run ")
print(log.read_text())
```
"""


def test_a_change_in_lifcore_executes_the_notebooks_again(tmp_path):
    book = Book(tmp_path, ["lifbook.cache"], nb_execution_mode="cache")
    book.write("lifcore/neuron.py", "tau_m = 20.0\n")
    book.write("chapters/count.md", COUNTING)
    runs = tmp_path / "chapters" / "runs.txt"

    def executions():
        assert book.build() == []
        return runs.read_text().split()

    assert executions() == ["run"]
    book.write("chapters/count.md", COUNTING + "\nA sentence more.\n")
    assert executions() == ["run"], "a change of the prose alone must not execute the notebook"
    book.write("lifcore/neuron.py", "tau_m = 10.0\n")
    assert executions() == ["run", "run"]
    assert "run run" in book.page("chapters/count")
    folders = list((tmp_path / "_build").glob("executed-*"))
    assert [folder.name for folder in folders] == ["executed-" + cache.cache_key(tmp_path)]


@pytest.mark.parametrize("name", ["lifcore/live/view.js", "lifcore/live/js/card.css", "lifcore/snn/data/set.npz",
                                  "requirements.txt"])
def test_the_key_follows_everything_a_notebook_computes_with(tmp_path, name):
    before = cache.cache_key(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a")
    assert cache.cache_key(tmp_path) != before


def test_the_key_follows_the_versions_that_are_installed_and_not_compiled_files(tmp_path, monkeypatch):
    before = cache.cache_key(tmp_path)
    (tmp_path / "lifcore" / "__pycache__").mkdir(parents=True)
    (tmp_path / "lifcore" / "__pycache__" / "neuron.cpython-311.pyc").write_bytes(b"a")
    assert cache.cache_key(tmp_path) == before
    monkeypatch.setattr(cache, "version", lambda name: "9.9" if name == "numba" else version(name))
    assert cache.cache_key(tmp_path) != before


# Exercises, reference and formulas ----------------------------------------------------------------------------

def test_an_exercise_source_becomes_its_page(tmp_path, monkeypatch):
    from types import ModuleType

    source = ModuleType("lifcore.grading.source")
    source.book_page = lambda text: text.replace("hidden check", "nothing")
    monkeypatch.setitem(sys.modules, "lifcore.grading.source", source)
    book = Book(tmp_path, ["lifbook.exercises"])
    book.write("exercises/neuron.md", "# Set\n\nhidden check\n")
    book.write("chapters/page.md", "# Page\n\nhidden check\n")
    assert book.build() == []
    assert "hidden check" not in book.page("exercises/neuron")
    assert "hidden check" in book.page("chapters/page")


def test_the_reference_documents_every_public_name(tmp_path, monkeypatch):
    (tmp_path / "tinymodule.py").write_text(
        '"""A module."""\n__all__ = ["rate", "Cell"]\n\n'
        'def rate(I):\n    """Firing rate.\n\n'
        '    Parameters\n    ----------\n    I : float\n        Current in nA.\n    """\n\n'
        'class Cell:\n    """A cell."""\n\n    def area(self):\n        """Its area."""\n\n'
        'def helper():\n    """Not public."""\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    book = Book(tmp_path / "book", ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "lifbook.api"],
                numpydoc_show_class_members=False, autosummary_generate=False)
    book.write("chapters/api.md", "# API\n\n```{public-api} tinymodule\n```\n")
    assert book.build() == []
    page = book.page("chapters/api")
    assert 'id="tinymodule.rate"' in page and 'id="tinymodule.Cell.area"' in page
    assert "Current in nA." in page and "Not public" not in page


def test_mathjax_is_copied_with_its_fonts_and_little_else(tmp_path):
    book = Book(tmp_path, ["sphinx.ext.mathjax", "lifbook.mathjax"], mathjax_path="mathjax/tex-chtml.js")
    book.write("chapters/page.md", "# Page\n\n$x$\n")
    assert book.build() == []
    folder = tmp_path / "_build" / "html" / "_static" / "mathjax"
    script = (folder / "tex-chtml.js").read_text(encoding="utf-8")
    assert '"3.2.2"' in script
    fonts = {path.name for path in (folder / "output" / "chtml" / "fonts" / "woff-v2").glob("*.woff")}
    for font in re.findall(r"/(MathJax_[\w-]+\.woff)", script):
        assert font in fonts
    assert sum(path.stat().st_size for path in folder.rglob("*.*")) < 3e6
    assert 'src="../_static/mathjax/tex-chtml.js' in book.page("chapters/page")
    assert mathjax.mathjax_folder().name == "mathjax"


# When it was executed, and issues -----------------------------------------------------------------------------

def test_a_page_says_when_it_was_executed_and_with_what(tmp_path):
    book = Book(tmp_path, ["lifbook.cache", "lifbook.executed"], nb_execution_mode="cache")
    book.write("chapters/count.md", COUNTING)
    book.write("chapters/words.md", "# Words\n\nNo code.\n")
    book.write("chapters/times.md", "# Times\n\n```{nb-exec-table}\n```\n")
    before = datetime.now(timezone.utc).date()
    assert book.build() == []
    line = re.search(r'<p class="last-executed">Last executed on (\d+) (\w+) (\d+) in (\S+) s with (.*)\.</p>',
                     book.page("chapters/count"))
    day = datetime.strptime(" ".join(line.groups()[:3]), "%d %B %Y").date()
    assert before <= day <= datetime.now(timezone.utc).date()
    assert f"Python {sys.version.split()[0]}" in line[5] and f"numba {version('numba')}" in line[5]
    assert "last-executed" not in book.page("chapters/words")
    # A result from the cache keeps the date and the time of its execution; the table of all pages has the same time.
    book.write("chapters/count.md", COUNTING + "\nA sentence more.\n")
    assert book.build() == []
    assert line[0] in book.page("chapters/count")
    assert float(re.search(r"<td><p>(\d+\.\d+)</p></td>", book.page("chapters/times"))[1]) == pytest.approx(
        float(line[4]), abs=0.06)


def test_the_line_of_an_execution():
    # By hand: 28 November 2026, 12:00 in Greenwich, is 1795867200 s after the start of 1970.
    assert executed.described({"mtime": 1795867200, "runtime": 2.34}, {"Python": "3.11.7", "lifcore": "0.1"}) == (
        "Last executed on 28 November 2026 in 2.3 s with Python 3.11.7, lifcore 0.1.")
    assert "2026 with" in executed.described({"mtime": 1795867200, "runtime": None}, {"Python": "3.11.7"})


def test_an_issue_names_page_source_and_commit(tmp_path):
    def git(*arguments):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path,
                              check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / ".gitignore").write_text("_build\n")
    book = Book(tmp_path, ["sphinx_book_theme", "lifbook.issue"], html_theme="sphinx_book_theme",
                html_theme_options={"repository_url": "https://github.com/a/b", "use_issues_button": True})
    book.write("chapters/page.md", "# A page & more\n\nText.\n")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "One")

    def asked():
        assert book.build() == []
        address = html.unescape(re.search(r'href="(https://github.com/a/b/issues/new[^"]*)"',
                                          book.page("chapters/page"))[1])
        given = parse_qs(urlsplit(address).query)
        return given["title"][0], given["body"][0]

    title, body = asked()
    assert title == "A page & more: "
    assert "chapters/page.html" in body and "chapters/page.md" in body and git("rev-parse", "HEAD") + "\n" in body
    # Another page changes: this one is not read again, and yet names the new state.
    book.write("chapters/other.md", "# Other\n")
    git("add", ".")
    assert git("rev-parse", "HEAD") + " and changes" in asked()[1]
    git("commit", "--quiet", "--message", "Two")
    assert git("rev-parse", "HEAD") + "\n" in asked()[1]


def test_outside_of_a_checkout_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert issue.commit_of(tmp_path) == "unknown"

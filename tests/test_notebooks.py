"""Chapters as notebooks: plain Markdown in, the same file every time, and none out of date.

Expected texts are written by hand from the rules in tools/notebooks.py.
"""

import nbformat
import pytest

import notebooks

LEDGER = """
- {id: rheobase, value: "0.2", unit: nA, what: w, kind: given, make: "0.2", tolerance: 0,
   source: {kind: definition, text: chosen}}
"""
WORKS = """
@article{lapicque1907, author={Lapicque, L.}, title={T}, journal={J}, year={1907}}
@article{brunel2007, author={Brunel, N. and van Rossum, M. C. W.}, title={T}, journal={J}, year={2007}}
@book{gerstner2014, author={Gerstner, W. and Kistler, W. and Naud, R.}, title={T}, publisher={P}, year={2014}}
@article{gen1900, author={G{\\'e}nie, A.}, title={T}, journal={J}, year={1900}}
"""
FRONT = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "_config.yml").write_text("repository: {url: https://example.org/course, branch: main}\n")
    (tmp_path / "numbers.yml").write_text(LEDGER)
    (tmp_path / "references.bib").write_text(WORKS)
    folder = tmp_path / "chapters" / "part"
    folder.mkdir(parents=True)
    (folder / "other.md").write_text("(start)=\n# Another chapter\n")
    return tmp_path


def convert(project, body):
    path = project / "chapters" / "part" / "one.md"
    path.write_text(FRONT + body, encoding="utf-8")
    return notebooks.Chapters(project).notebook(path)


def text_of(project, body):
    return "\n\n".join(cell.source for cell in convert(project, body).cells if cell.cell_type == "markdown")


@pytest.mark.parametrize(
    "book, plain",
    [
        ("It is {num}`rheobase`, {num}`rheobase|value`.", "It is 0.2\N{NO-BREAK SPACE}nA, 0.2."),
        (r"$I = \num{rheobase}$", r"$I = 0.2\ \mathrm{nA}$"),
        ("In {plain}`1907` by {cite:t}`lapicque1907`.", "In 1907 by Lapicque (1907)."),
        ("So {cite}`brunel2007,gerstner2014`.", "So (Brunel & van Rossum, 2007; Gerstner et al., 2014)."),
        ("{cite:p}`gen1900`", "(Génie, 1900)"),
        ("See {ref}`start` and {ref}`there <start>`.", "See *Another chapter* and there."),
        ("See [](other.md), [that](other.md), [web](https://example.org).",
         "See *Another chapter*, *that*, [web](https://example.org)."),
        ("{doc}`other`", "*Another chapter*"),
        ("The {term}`rheobase` of {term}`cells <cell>`.", "The rheobase of cells."),
        ("{py:func}`~lifcore.neuron.rheobase`", "`rheobase`"),
        ("{math}`a^2` and `{num}` as code", "$a^2$ and `{num}` as code"),
        ("$$\nx = y\n$$ (eq:one)\n\nBy {eq}`eq:one`.", "$$\nx = y\n\\tag{1} $$\n\nBy (1)."),
        ("```{math}\n:label: m\nx\n```\n\n{eq}`m`", "$$\nx \\tag{1}\n$$\n\n(1)"),
        (":::{note}\nMind {num}`rheobase`.\n:::", "> **Note**\n>\n> Mind 0.2\N{NO-BREAK SPACE}nA."),
        ("::::{admonition} Predict\n:class: tip\n:::{dropdown} Answer\nYes.\n:::\n::::",
         "> **Predict**\n>\n> <details><summary>Answer</summary>\n>\n> Yes.\n>\n> </details>"),
        ("```{figure} a.svg\n:alt: a circuit\n:name: fig\n\nThe *circuit*.\n```", "![a circuit](a.svg)\n\n*The *circuit*.*"),
        ("```python\n{num}`rheobase`\n```", "```python\n{num}`rheobase`\n```"),
        ("- compute {practise}`1 4`;\n- tell {practise}`2`.", "- compute (questions 1 and 4);\n- tell (question 2)."),
        (":::{selfcheck} one\nIs $x$ {num}`rheobase`?\n\n- [x] Yes.\n\n  It is.\n\n"
         "- [ ] No,\n  no.\n\n  Look.\n\n  Twice.\n\n- [ ] {term}`Perhaps`.\n\n  Look.\n:::",
         "**Check yourself.** Is $x$ 0.2\N{NO-BREAK SPACE}nA?\n\n- (a) Yes.\n- (b) No, no.\n- (c) Perhaps.\n\n"
         "<details><summary>Feedback on each answer</summary>\n\n(a) **Right.** It is.\n\n(b) **Not right.** Look.\n\n"
         "Twice.\n\n(c) **Not right.** Look.\n\n</details>"),
        ("% a remark\n(here)=\n## Title", "## Title"),
    ],
)
def test_the_text_becomes_plain(project, book, plain):
    assert text_of(project, book) == plain


@pytest.mark.parametrize(
    "body, message",
    [
        ("{num}`nothing`", "'nothing' is not in numbers.yml"),
        ("{cite}`nobody1900`", "'nobody1900' is not in references.bib"),
        ("{wink}`x`", "the role {wink} has no plain form"),
        ("```{wink}\nx\n```", "the directive {wink} has no plain form"),
        (":::{selfcheck} one\nIs it?\n:::", "self-check 'one': it has 0 answers"),
        ("{practise}`q1`", "'q1' must be numbers of questions"),
        ("{eq}`gone`", "the equation 'gone'"),
        ("{ref}`gone`", "the label 'gone'"),
        ("[](gone.md)", "there is no page 'gone.md'"),
    ],
)
def test_what_cannot_become_plain_is_refused_by_name(project, body, message):
    with pytest.raises(ValueError, match="chapters/part/one.md") as error:
        convert(project, body)
    assert message in str(error.value)


CELLS = "# One\n\n```{code-cell}\n:tags: [live]\nprint(2)\n```\n\n```{code-cell}\nprint(3)\n```\n\n```{code-cell}\nprint(3)\n```\n"


def test_the_first_cell_installs_the_package_from_the_repository(project):
    first = convert(project, CELLS).cells[0]
    assert '"lifcore[learning] @ git+https://example.org/course@main"' in first.source


def test_the_same_chapter_gives_the_same_file(project):
    one, other = convert(project, CELLS), convert(project, CELLS)
    assert nbformat.writes(one) == nbformat.writes(other)
    ids = [cell.id for cell in one.cells]
    assert len(set(ids)) == len(ids)
    nbformat.validate(one)


@pytest.mark.parametrize(
    "source, shown",
    [
        ("live.FICurve()", True),
        ("from lifcore import live\nlive.FICurve(I=0.3)", True),
        ("figure = live.FICurve()", False),
        ("rheobase(n)", False),
        ("%matplotlib inline", False),
        ("", False),
    ],
)
def test_cells_that_end_in_a_live_figure(source, shown):
    assert notebooks.ends_in_live_figure(source) is shown


def test_live_cells_are_not_compared(project):
    tags = [cell.metadata.get("tags", []) for cell in convert(project, CELLS).cells if cell.cell_type == "code"]
    assert tags == [[], ["live", "nbval-ignore-output"], [], []]


def test_outputs_keep_text_only(project):
    body = (
        "# One\n\n```{code-cell}\nfrom IPython.display import display\n"
        "display({'text/plain': 'a dot', 'image/png': 'iVBORw0KGgo='}, raw=True)\n```\n"
    )
    notebook = convert(project, body)
    notebooks.execute(notebook, project)
    (output,) = notebook.cells[-1].outputs
    assert dict(output.data) == {"text/plain": "a dot"}
    assert "widgets" not in notebook.metadata


def test_a_widget_without_its_tag_is_refused(project):
    body = "# One\n\n```{code-cell}\nimport ipywidgets\nipywidgets.IntSlider()\n```\n"
    notebook = convert(project, body)
    with pytest.raises(ValueError, match="tag `live`"):
        notebooks.execute(notebook, project)


def test_drift_is_found(project):
    notebook = convert(project, CELLS)
    chapters = notebooks.Chapters(project)
    (source,) = chapters.sources
    assert notebooks.drifted(chapters) == [source]
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert notebooks.drifted(chapters) == []
    source.write_text(source.read_text().replace("print(2)", "print(20)"))
    assert notebooks.drifted(chapters) == [source]


def test_no_notebook_of_the_course_is_out_of_date(root):
    assert notebooks.drifted(notebooks.Chapters(root)) == [], "run `make notebooks`"

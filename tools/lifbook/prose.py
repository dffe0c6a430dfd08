"""A number in the text from anywhere but the ledger stops the build.

A number typed into a sentence is true on the day it is typed. In the chapters every number is therefore either
printed by the ledger's role `{num}`, made by a cell, or named as no result by the role `{plain}`:

    ... as {cite:t}`lapicque1907` found in {plain}`1907` ...

What counts as a number
    In text: digits that do not belong to a name. "ChR2", "V1" and "Channelrhodopsin-2" are names (a letter, or a
    letter and a hyphen, stands before the digit); "20", "0.2", "2 ms", "20ms", "50 %", "1e-3" are numbers. Write
    "two" for a count.
    In a formula: a number with a decimal point, an integer above 10, or any number with a unit after it. The
    integers up to 10 are structure ("1 - e^{-t/\\tau}", "2\\pi"), and so are indices and integer exponents.
Where it is looked for
    Paragraphs, lists, tables, captions and admonitions of the pages under chapters/, except chapters/reference/.
    Not in headings, code, output of cells, citations, cross references, link texts and footnote marks.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from .ledger import IN_FORMULA

logger = logging.getLogger(__name__)

CHECKED = "chapters/"
NOT_CHECKED = "chapters/reference/"
LARGEST_STRUCTURAL = 10

UNITS = (
    "s ms us µs μs V mV A nA pA uA µA μA Ω kΩ MΩ GΩ F nF pF uF µF μF S nS uS µS μS pS Hz kHz MHz C pC nC fC "
    "J nJ pJ W mW uW µW μW m mm um µm μm nm K °C % dB bit bits B kB MB"
).split()

# A sign belongs to the number only where nothing stands right before it ("-65 mV", not "f-I" or "3-4").
NUMBER_IN_TEXT = re.compile(
    r"""(?<![\w.,])(?<![^\W\d_]-)   # digits inside a word, or after a word and a hyphen, are part of a name
        (?:(?<!\S)[-+−])?      # a sign of its own
        \d+(?:[.,\u202f\u00a0]\d+)*
        (?:[eE][-+−]?\d+)?
        (?:\s?%)?""",
    re.VERBOSE,
)

NUMBER_IN_FORMULA = re.compile(r"(?<![A-Za-z\d.])(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
NO_CONTENT = re.compile(
    r"""\\(?:label|tag\*?|ref|eqref|hspace\*?|vspace\*?|begin|end|operatorname\*?)\{[^{}]*\}   # names and lengths
      | \\(?:kern|mkern|hskip|mskip)\s*-?[\d.]+\s*[a-z]{2}
      | \\\\\s*\[[^\]]*\]""",
    re.VERBOSE,
)
SCRIPT = re.compile(r"[_^]\s*(?:-?\d+|\{\s*[-+]?\d+\s*\}|\{\s*[-+]?\d+/\d+\s*\})")
SUBSCRIPT = re.compile(r"_\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
SPACE = r"(?:\s|~|\\[,;:! ]|\\q?quad(?![A-Za-z])|\\(?:thin|med|thick)space(?![A-Za-z])|\{\})*"
UNIT_AFTER = re.compile(SPACE + r"\\(?:mathrm|text|textrm|mathsf|rm|unit|si)\s*\{\s*([^{}]*?)\s*\}")
PERCENT_AFTER = re.compile(SPACE + r"\\%")

# Text in these is code, the output of a cell, a reference, or a heading.
EXEMPT = (
    nodes.literal,
    nodes.literal_block,
    nodes.raw,
    nodes.comment,
    nodes.title,
    nodes.rubric,
    nodes.reference,
    nodes.footnote_reference,
    nodes.citation,
    nodes.label,
    nodes.subscript,
    nodes.superscript,
    nodes.math,
    nodes.math_block,
    nodes.problematic,
    nodes.system_message,
    nodes.substitution_definition,
    nodes.pending,
    addnodes.pending_xref,
    addnodes.download_reference,
    addnodes.desc_signature,
)


class PlainRole(SphinxRole):
    """`{plain}` marks a number that is no result: a year, the number of a model."""

    def run(self):
        return [nodes.inline("", self.text, classes=["lif-plain"])], []


def numbers_in_text(text):
    """Numbers of a piece of text, as written.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
    """
    return [match.group().strip() for match in NUMBER_IN_TEXT.finditer(text)]


def numbers_in_formula(tex):
    """Numbers of a formula that are results rather than structure, as written.

    Parameters
    ----------
    tex : str
        TeX without its dollar signs. `\\\\num{...}` is the ledger's and does not count.

    Returns
    -------
    list of str
    """
    for pattern in (IN_FORMULA, NO_CONTENT, SCRIPT, SUBSCRIPT):
        tex = pattern.sub(" ", tex)
    found = []
    for match in NUMBER_IN_FORMULA.finditer(tex):
        number = match.group()
        structural = number.isdigit() and int(number) <= LARGEST_STRUCTURAL
        if not structural or has_unit(tex[match.end():]):
            found.append(number)
    return found


def has_unit(rest):
    """Whether a formula goes on with a unit."""
    if PERCENT_AFTER.match(rest):
        return True
    unit = UNIT_AFTER.match(rest)
    if unit is None:
        return False
    words = re.split(r"[\s/·]|\\[,;:! ]|\\cdot", unit.group(1).replace(r"\%", "%"))
    return any(word.split("^")[0] in UNITS for word in words)


def is_exempt(node):
    """Whether a node stands in code, output, a reference or a heading."""
    while node is not None:
        if isinstance(node, nodes.caption):
            return False
        if isinstance(node, EXEMPT) or "lif-plain" in node.get("classes", ()):
            return True
        # MyST-NB marks a code cell and its output with this attribute; its Markdown cells are no containers.
        if str(node.get("nb_element", "")).startswith("cell_code"):
            return True
        node = node.parent
    return False


class NumbersInProse(SphinxTransform):
    """Warn of every number of a chapter that is not the ledger's; the strict build stops at a warning."""

    default_priority = 710

    def apply(self, **options):
        docname = self.env.docname
        if not docname.startswith(CHECKED) or docname.startswith(NOT_CHECKED):
            return
        for node in self.document.findall(nodes.Text):
            if not is_exempt(node.parent):
                for number in numbers_in_text(node.astext()):
                    self.warn(node, number, f"print it with {{num}}`id` (an entry of numbers.yml), make it in a "
                                            f"cell, write it as a word, or say {{plain}}`{number}` if it is no result")
        for formula in self.formulas():
            for number in numbers_in_formula(formula.astext()):
                self.warn(formula, number, "write \\num{id} (an entry of numbers.yml) or use a symbol")

    def formulas(self):
        for kind in (nodes.math, nodes.math_block):
            for node in self.document.findall(kind):
                if not is_exempt(node.parent):
                    yield node

    def warn(self, node, number, remedy):
        logger.warning(
            f"the number {number} is typed into the text, so nothing checks it: {remedy}",
            location=(self.env.docname, line_of(node, number, self.env.doc2path(self.env.docname))),
            type="lifbook", subtype="prose",
        )


def line_of(node, number, path):
    """Line of a number in the source: the nearest that holds it, from the start of its block on."""
    while node.parent is not None and not node.line:
        node = node.parent
    if not node.line:
        return None
    # MyST-NB counts one line too many below front matter, hence the line before the block's.
    first = max(node.line - 2, 0)
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    for line, text in enumerate(lines[first:], start=first + 1):
        if re.search(rf"(?<![\w.,]){re.escape(number)}(?!\w)", text):
            return line
    return node.line


def setup(app):
    app.add_role("plain", PlainRole())
    app.add_transform(NumbersInProse)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

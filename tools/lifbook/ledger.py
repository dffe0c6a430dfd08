"""Numbers in the text come from numbers.yml, where each is checked against an independent source.

    {num}`rheobase`          prints  0.2 nA, linked to the number's entry on the ledger page
    {num}`rheobase|value`    prints  0.2
    $I = \\num{rheobase}$     the same inside a formula (`\\num{rheobase|value}` without the unit)
    ```{ledger}
    ```                      prints the ledger

tests/test_ledger.py recomputes every entry; this module only reads, prints and links them.
"""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.domains import Domain
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

FILE = "numbers.yml"
FIELDS = ("id", "value", "unit", "what", "kind", "make", "source", "tolerance")
KINDS = ("given", "computed")
SOURCE_FIELDS = {
    "closed form": ("text", "expression"),
    "table": ("text", "file", "where", "column"),
    "paper": ("text", "stated"),
    "simulation": ("text", "function"),
    "definition": ("text",),
}
ID = re.compile(r"[A-Za-z0-9]+([.-][A-Za-z0-9]+)*")
IN_FORMULA = re.compile(r"\\num\{([^}]*)\}")
NO_BREAK = "\N{NO-BREAK SPACE}"


def read_ledger(path):
    """Entries of the ledger by id.

    Parameters
    ----------
    path : pathlib.Path
        The file, numbers.yml.

    Returns
    -------
    dict of str to dict

    Raises
    ------
    ValueError
        If the file is no YAML, an entry lacks a field, has one too many, or a field has a value that is not allowed.
        The message names the line and the entry.
    """
    entries = {}
    for position, (line, entry) in enumerate(_lines_and_entries(path), start=1):
        name = entry.get("id", f"number {position}") if isinstance(entry, dict) else f"number {position}"
        where = f"{path.name}, line {line}, entry {name!r}"
        problem = next(problems(entry), None)
        if problem:
            raise ValueError(f"{where}: {problem}")
        if name in entries:
            raise ValueError(f"{where}: the id is taken; every entry needs one of its own")
        entry["unit"] = str(entry["unit"])
        entries[name] = entry
    return entries


def _lines_and_entries(path):
    """Where each entry begins, and the entry."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        entries = None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, or a date that is none
        raise ValueError(f"{path.name} is no YAML: {error}") from error
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ValueError(f"{path.name}, line {root.start_mark.line + 1}: it must be a list of entries")
    return [(node.start_mark.line + 1, entry) for node, entry in zip(root.value, entries, strict=True)]


def problems(entry):
    """What is wrong with an entry, one sentence each."""
    if not isinstance(entry, dict):
        yield f"it is {entry!r}; an entry has {', '.join(FIELDS)}"
    for field in FIELDS:
        if field not in entry:
            yield f"the field {field!r} is missing; an entry has {', '.join(FIELDS)}"
    for field in entry:
        if field not in FIELDS:
            yield f"the field {field!r} is unknown; an entry has {', '.join(FIELDS)}"
    if not isinstance(entry["id"], str) or not ID.fullmatch(entry["id"]):
        yield "the id must be words of letters and digits joined by hyphens or points"
    if entry["kind"] not in KINDS:
        yield f"kind is {entry['kind']!r}; allowed are {', '.join(KINDS)}"
    if not isinstance(entry["value"], str) or not is_number(entry["value"]):
        yield f"value is {entry['value']!r}; it must be a number in quotes, as the book prints it"
    if not is_number(str(entry["tolerance"])) or Decimal(str(entry["tolerance"])) < 0:
        yield f"tolerance is {entry['tolerance']!r}; it must be a number, zero or above"
    for field in ("what", "make"):
        if not isinstance(entry[field], str):
            yield f"{field} is {entry[field]!r}; it must be text"
    source = entry["source"]
    if not isinstance(source, dict):
        yield f"source is {source!r}; it must have the fields kind and text"
    if not isinstance(source.get("kind"), str) or source["kind"] not in SOURCE_FIELDS:
        yield f"source kind is {source.get('kind')!r}; allowed are {', '.join(SOURCE_FIELDS)}"
    for field in SOURCE_FIELDS[source["kind"]]:
        if field not in source:
            yield f"a source of kind {source['kind']!r} needs the field {field!r}"
    if not isinstance(source["text"], str):
        yield f"source text is {source['text']!r}; it must be text"


def is_number(text):
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def split_target(text):
    """Id and form ("full" or "value") of what stands in the role: `id` or `id|value`."""
    name, _, form = text.partition("|")
    form = form.strip() or "full"
    if form not in ("full", "value"):
        raise ValueError(f"{text!r}: after the bar only 'value' is allowed, got {form!r}")
    return name.strip(), form


def mantissa_and_exponent(value):
    """'1.2e-5' as ('1.2', '-5'), '0.2' as ('0.2', None)."""
    mantissa, _, exponent = value.lower().partition("e")
    return mantissa, str(int(exponent)) if exponent else None


def minus(text):
    return text.replace("-", "\N{MINUS SIGN}")


def printed_unit(entry, form):
    """The unit with the space before it, or nothing."""
    unit = entry["unit"]
    if form == "value" or unit == "1":
        return ""
    return unit if unit == "°" else NO_BREAK + unit


def as_text(entry, form="full"):
    """The number as plain text: '0.2 nA', '1.2 × 10^−5 mV'."""
    mantissa, exponent = mantissa_and_exponent(entry["value"])
    power = f" × 10^{minus(exponent)}" if exponent else ""
    return minus(mantissa) + power + printed_unit(entry, form)


def as_nodes(entry, form="full"):
    """The number as docutils nodes."""
    mantissa, exponent = mantissa_and_exponent(entry["value"])
    if exponent is None:
        return [nodes.Text(minus(mantissa) + printed_unit(entry, form))]
    power = nodes.superscript("", minus(exponent))
    return [
        nodes.Text(f"{minus(mantissa)}{NO_BREAK}×{NO_BREAK}10"),
        power,
        nodes.Text(printed_unit(entry, form)),
    ]


def as_tex(entry, form="full"):
    """The number as TeX for a formula: '0.2\\\\ \\\\mathrm{nA}'."""
    mantissa, exponent = mantissa_and_exponent(entry["value"])
    power = rf" \times 10^{{{exponent}}}" if exponent else ""
    unit = printed_unit(entry, form).strip().replace("%", r"\%")
    return mantissa + power + (rf"\ \mathrm{{{unit}}}" if unit else "")


def fill_formula(tex, entries):
    """Replace every `\\\\num{id}` of a formula by its number.

    Parameters
    ----------
    tex : str
    entries : dict of str to dict
        The ledger.

    Returns
    -------
    tex : str
    names : list of str
        Ids that were used.

    Raises
    ------
    KeyError
        If an id is not in the ledger.
    """
    names = []

    def number(match):
        name, form = split_target(match[1])
        names.append(name)
        return as_tex(entries[name], form)

    return IN_FORMULA.sub(number, tex), names


class LedgerDomain(Domain):
    """Which page lists the ledger, and which page uses which number."""

    name = "ledger"
    label = "checked numbers"
    initial_data = {"page": None, "uses": {}}

    def note_use(self, name, docname):
        self.data["uses"].setdefault(docname, set()).add(name)

    def pages_using(self, name):
        return sorted(docname for docname, names in self.data["uses"].items() if name in names)

    def clear_doc(self, docname):
        self.data["uses"].pop(docname, None)
        if self.data["page"] == docname:
            self.data["page"] = None

    def merge_domaindata(self, docnames, otherdata):
        for docname in docnames:
            if docname in otherdata["uses"]:
                self.data["uses"][docname] = otherdata["uses"][docname]
        if otherdata["page"] in docnames:
            self.data["page"] = otherdata["page"]

    def resolve_xref(self, env, fromdocname, builder, typ, target, node, contnode):
        if self.data["page"] is None:
            return None
        entry = env.app.lif_ledger[target]
        title = f"{entry['what']}; how this number is checked"
        return make_refnode(builder, fromdocname, self.data["page"], node_id(target), contnode, title)

    def resolve_any_xref(self, env, fromdocname, builder, target, node, contnode):
        return []


def node_id(name):
    return "number-" + nodes.make_id(name)


class NumberRole(SphinxRole):
    """`{num}` prints a number of the ledger."""

    def run(self):
        try:
            name, form = split_target(self.text)
        except ValueError as problem:
            return self.refuse(str(problem))
        entry = self.env.app.lif_ledger.get(name)
        if entry is None:
            return self.refuse(f"no number {name!r} in {FILE}; add an entry or correct the id")
        self.env.get_domain("ledger").note_use(name, self.env.docname)
        self.env.note_dependency(str(Path(self.env.srcdir) / FILE))
        number = nodes.inline("", "", *as_nodes(entry, form), classes=["lif-number", f"lif-{entry['kind']}"])
        reference = addnodes.pending_xref(
            "", number, refdomain="ledger", reftype="number", reftarget=name, refwarn=True, refdoc=self.env.docname
        )
        self.set_source_info(reference)
        return [reference], []

    def refuse(self, message):
        logger.warning(message, location=self.get_location(), type="lifbook", subtype="ledger")
        return [nodes.problematic(self.rawtext, self.rawtext)], []


class NumbersInFormulas(SphinxTransform):
    """Fill in `\\\\num{id}` wherever a formula has it."""

    # After the check of the prose, which must see the formula as the author wrote it.
    default_priority = 720

    def apply(self, **options):
        entries = self.app.lif_ledger
        formulas = [*self.document.findall(nodes.math), *self.document.findall(nodes.math_block)]
        for node in formulas:
            if "\\num{" not in node.astext():
                continue
            try:
                tex, names = fill_formula(node.astext(), entries)
            except (KeyError, ValueError) as problem:
                logger.warning(
                    f"a formula asks for the number {problem}, which is not in {FILE}; add an entry or correct the id",
                    location=node, type="lifbook", subtype="ledger",
                )
                continue
            node.clear()
            node += nodes.Text(tex)
            node.rawsource = tex
            self.env.note_dependency(str(Path(self.env.srcdir) / FILE))
            for name in names:
                self.env.get_domain("ledger").note_use(name, self.env.docname)


class pages_using(nodes.General, nodes.Element):
    """Place on the ledger page for the links to the pages that use a number; filled when all pages are read."""


class LedgerDirective(SphinxDirective):
    """`{ledger}` lists every entry."""

    def run(self):
        self.env.note_dependency(str(Path(self.env.srcdir) / FILE))
        self.env.get_domain("ledger").data["page"] = self.env.docname
        return [self.entry(entry) for entry in self.env.app.lif_ledger.values()]

    def entry(self, entry):
        card = nodes.container(classes=["lif-ledger-entry"], ids=[node_id(entry["id"])])
        heading = nodes.paragraph("", "", classes=["lif-ledger-heading"])
        heading += nodes.strong("", "", *as_nodes(entry))
        heading += nodes.Text(" ")
        card += heading
        self.parse(entry["what"][0].upper() + entry["what"][1:] + ".", heading)
        card += self.facts(entry)
        return card

    def facts(self, entry):
        facts = nodes.field_list("", classes=["lif-ledger-facts"])
        facts += self.fact("Name", nodes.paragraph("", "", nodes.literal("", entry["id"])))
        facts += self.fact("Made by", nodes.paragraph("", "", nodes.literal("", entry["make"])))
        facts += self.fact(f"Checked against {article(entry['source']['kind'])}", self.source(entry["source"]))
        facts += self.fact("Tolerance", nodes.paragraph("", tolerance_text(entry["tolerance"])))
        facts += self.fact("Used in", pages_using(name=entry["id"]))
        return facts

    def source(self, source):
        body = nodes.paragraph()
        self.parse(source["text"], body)
        detail = {
            "closed form": lambda: source["expression"],
            "table": lambda: f"tests/reference/{source['file']}, column {source['column']}",
            "paper": lambda: source["stated"],
            "simulation": lambda: f"tests/independent.py, {source['function']}()",
            "definition": lambda: None,
        }[source["kind"]]()
        if detail:
            body += nodes.Text(" ")
            body += nodes.literal("", detail)
        return body

    def fact(self, name, body):
        return nodes.field("", nodes.field_name("", name), nodes.field_body("", body))

    def parse(self, text, target):
        """Add Markdown, with its formulas and citations, to a paragraph."""
        holder = nodes.Element()
        self.state.nested_parse(StringList([text], source=FILE), 0, holder)
        for block in holder.children:
            target += block.children


def article(kind):
    return f"{'the' if kind == 'definition' else 'a'} {kind}"


def tolerance_text(tolerance):
    tolerance = Decimal(str(tolerance))
    return "exact" if tolerance == 0 else minus(f"{tolerance:.0e}") + " relative"


def load(app):
    """Read the ledger before any page is read."""
    path = Path(app.srcdir) / FILE
    if not path.exists():
        app.lif_ledger = {}
        return
    try:
        app.lif_ledger = read_ledger(path)
    except ValueError as problem:
        raise ExtensionError(str(problem)) from problem


def list_uses(app, doctree, docname):
    """Fill in the links from the ledger to the pages that use a number."""
    domain = app.env.get_domain("ledger")
    for place in list(doctree.findall(pages_using)):
        body = nodes.paragraph()
        for page in domain.pages_using(place["name"]):
            if body.children:
                body += nodes.Text(", ")
            title = nodes.inline("", app.env.titles[page].astext())
            body += make_refnode(app.builder, docname, page, None, title)
        place.replace_self(body)


def refuse_unused(app, env):
    """An entry that no page prints is a mistake: its test would guard nothing."""
    domain = env.get_domain("ledger")
    for name in app.lif_ledger:
        if not domain.pages_using(name):
            logger.warning(
                f"{FILE}, entry {name!r}: no page uses this number; use it with {{num}}`{name}` or remove it",
                type="lifbook", subtype="ledger",
            )


def write_ledger_again(app, env):
    """The ledger page names the pages that use a number, so any change elsewhere may change it."""
    page = env.get_domain("ledger").data["page"]
    return [page] if page else []


def add_style(app):
    app.config.html_static_path.append(str(Path(__file__).parent / "static"))
    app.add_css_file("ledger.css")


def setup(app):
    app.add_domain(LedgerDomain)
    app.add_role("num", NumberRole())
    app.add_directive("ledger", LedgerDirective)
    app.add_node(pages_using)
    app.add_transform(NumbersInFormulas)
    app.connect("builder-inited", load)
    app.connect("builder-inited", add_style)
    app.connect("doctree-resolved", list_uses)
    app.connect("env-check-consistency", refuse_unused)
    app.connect("env-updated", write_ledger_again)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}

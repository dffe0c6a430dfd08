"""The book on paper: parts, tables as wide as the page, and live figures as stills that say where they live.

Sphinx's LaTeX has one list of chapters and leaves a Markdown table as wide as its longest lines.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .live import STILL, WIDGET_VIEW, mime_parts, widget_id, widget_states

# Letters of the code's type that fit on a line of paper; a column takes its longest word.
LETTERS = 78


def part_beginnings(site_map):
    """The captions of a table of contents by the page that each begins with: dict of str.

    Parameters
    ----------
    site_map : sphinx_external_toc.api.SiteMap
    """
    parts = [part for part in site_map.root.subtrees if part.caption and part.items]
    return {str(part.items[0]).removesuffix(".md"): part.caption for part in parts}


def column_widths(rows):
    """Shares of the page for the columns of a table, in percent.

    Parameters
    ----------
    rows : list of list of str
        What stands in each row.

    Returns
    -------
    list of int
        Each column gets room for its longest word; what is left goes to the columns by the root of their mean length, which
        tempers a column of sentences beside one of symbols.
    """
    columns = list(zip(*rows))
    needed = [100 * (max(len(word) for text in column for word in text.split() or [""]) + 1) / LETTERS for column in columns]
    if sum(needed) >= 100:
        return [max(round(100 * share / sum(needed)), 1) for share in needed]
    roots = [(sum(map(len, column)) / len(column)) ** 0.5 for column in columns]
    left = (100 - sum(needed)) / (sum(roots) or 1)
    return [round(share + left * root) for share, root in zip(needed, roots)]


class Parts(SphinxPostTransform):
    """Begins a part before its first chapter."""

    default_priority = 900
    formats = ("latex",)

    def run(self, **kwargs):
        site_map = getattr(self.app.config, "external_site_map", None)
        captions = part_beginnings(site_map) if site_map else {}
        # The document of a LaTeX build holds all pages, each in a node that says which it is.
        for page in self.document.findall(addnodes.start_of_file):
            if page["docname"] in captions:
                page.insert(0, nodes.raw("", rf"\part{{{captions[page['docname']]}}}", format="latex"))


class TablesOnPaper(SphinxPostTransform):
    """Gives the columns of a table shares of the page, after what stands in them."""

    default_priority = 900
    formats = ("latex",)

    def run(self, **kwargs):
        for table in self.document.findall(nodes.table):
            if "colwidths-auto" not in table["classes"]:
                continue
            rows = [[entry.astext() for entry in row] for row in table.findall(nodes.row)]
            table["classes"].remove("colwidths-auto")
            table["classes"].append("colwidths-given")
            for column, width in zip(table.findall(nodes.colspec), column_widths(rows)):
                column["colwidth"] = width


class StillsOnPaper(SphinxPostTransform):
    """A live figure becomes its still, with its title and the line that shows it alive in a notebook."""

    default_priority = 3
    formats = ("latex",)

    def run(self, **kwargs):
        for bundle in list(self.document.findall(nodes.container)):
            parts = mime_parts(bundle) if bundle.get("nb_element") == "mime_bundle" else {}
            if WIDGET_VIEW not in parts or STILL not in parts:
                continue
            card = widget_states(self.env, page_of(bundle, self.env.docname))[widget_id(parts[WIDGET_VIEW])]["state"]["card"]
            image = next(parts[STILL].findall(nodes.image))
            image["alt"] = card["description"]
            image["width"] = "100%"
            where = nodes.Text(" Alive in the book's page, and in a notebook: ")
            code = nodes.literal("", f"live.{card['figure']}()")
            legend = nodes.paragraph("", "", nodes.emphasis("", card["caption"]), where, code, nodes.Text("."))
            bundle.replace_self([image, legend])


def page_of(node, root):
    """The page that a node of a LaTeX build's document is from: Sphinx marks sections with it. Else the root."""
    while node is not None:
        if "docname" in getattr(node, "attributes", ()):
            return node["docname"]
        node = node.parent
    return root


def setup(app):
    for transform in (StillsOnPaper, TablesOnPaper, Parts):
        app.add_post_transform(transform)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What stands between the theme's pages and WCAG 2.1 AA, repaired where the pages are made.

tests/book/test_pages.py asks axe-core about every page. Where it is the theme's style that is repaired, assets/page.css
does it.
"""

from pathlib import Path

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

TEMPLATES = Path(__file__).with_name("templates")
# The theme's own, but for the first.
SIDEBAR = ["home.html", "icon-links.html", "search-button-field.html", "sbt-sidebar-nav.html"]


def visit_citation(translator, node):
    """A work of the bibliography. docutils gives it the role doc-biblioentry, which WAI-ARIA no longer has."""
    translator.body.append(translator.starttag(node, "div", classes=[node.tagname]))


def depart_citation(translator, node):
    translator.body.append("</div>\n")


def visit_entry(translator, node):
    """A cell of a table. An empty one in the head is no header of anything."""
    HTML5Translator.visit_entry(translator, node)
    if isinstance(node.parent.parent, nodes.thead) and not node.astext().strip():
        translator.body[-1] = translator.body[-1].replace("<th", "<td", 1)
        translator.context[-1] = "</td>\n"


def depart_entry(translator, node):
    HTML5Translator.depart_entry(translator, node)


def use_templates(app, config):
    config.templates_path.append(str(TEMPLATES))
    config.html_sidebars = {"**": SIDEBAR}


def setup(app):
    app.connect("config-inited", use_templates)
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart_entry))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

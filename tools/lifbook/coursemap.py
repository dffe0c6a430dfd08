"""The map of the course: its parts, their chapters, what each one asks, its exercises, and how far the reader has come.

    ```{coursemap}
    neuron: What makes a cell fire?
    ```

A line gives the question of the chapter of that name. Which chapters there are, in which parts and in which order, is
taken from the book's table of contents, so that a new one appears by itself; an exercise set belongs to the chapter of
its name. The page itself is a plain list of links. assets/progress.js writes the reader's own results beside them, and
is told here what can be reached: the self-checks of a page (`env.lif_selfchecks`, where a page has any) and the points
of an exercise set's public cases.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

CHAPTERS = "chapters/"
NO_CHAPTERS = "chapters/reference/"
EXERCISES = "exercises/"
DATA = "lifcore/grading/data"
MAP = "course-map"
START = "Start here"


class coursemap(nodes.General, nodes.Element):
    """Where the map is to stand; its questions by the names of chapters."""


class CourseMapDirective(SphinxDirective):
    """`{coursemap}` draws the map."""

    has_content = True

    def run(self):
        questions = {}
        for line in filter(str.strip, self.content):
            name, colon, question = line.partition(":")
            if not colon or not question.strip():
                logger.warning(f"the line {line!r} of the map must read 'chapter: question'",
                               location=self.get_location(), type="lifbook", subtype="coursemap")
                continue
            questions[name.strip()] = question.strip()
        place = coursemap(questions=questions)
        self.set_source_info(place)
        self.env.metadata[self.env.docname][MAP] = True
        return [place]


def parts_of(env):
    """The parts of the book that hold chapters.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment

    Returns
    -------
    list of (str, list of str)
        Caption, and the names of the chapters' pages.
    """
    parts = []
    for tree in env.get_doctree(env.config.root_doc).findall(addnodes.toctree):
        chapters = [page for page in tree["includefiles"] if is_chapter(page)]
        if chapters:
            parts.append((tree.get("caption") or "", chapters))
    return parts


def is_chapter(page):
    return page.startswith(CHAPTERS) and not page.startswith(NO_CHAPTERS)


def points_of(folder, name):
    """The points of a set that a reader can earn in the notebook.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the book.
    name : str
        Of the set.

    Returns
    -------
    dict from str to int
        For each question; empty if there is no such set.
    """
    path = folder / DATA / f"{name}.json"
    if not path.exists():
        return {}
    questions = json.loads(path.read_text(encoding="utf-8"))["questions"]
    return {one["id"]: sum(case["points"] for case in one["cases"] if not case["hidden"]) for one in questions}


class Map:
    """Draws the map into one page."""

    def __init__(self, app, docname, questions):
        self.app = app
        self.env = app.env
        self.docname = docname
        self.questions = questions
        self.chapters = []

    def nodes(self):
        """The map: of each part its name and its chapters, and what the script has to know."""
        drawn = nodes.container(ids=[MAP], classes=[MAP])
        for caption, pages in parts_of(self.env):
            drawn += nodes.rubric("", caption, level=3)
            rows = nodes.bullet_list(classes=["map-part"])
            for page in pages:
                rows += self.row(page)
            drawn += rows
        # "</" must not end the script element.
        known = json.dumps(self.chapters).replace("</", "<\\/")
        drawn += nodes.raw("", f'<script type="application/json" id="{MAP}-data">{known}</script>', format="html")
        return drawn

    def row(self, page):
        name = page.rpartition("/")[2]
        exercises = f"{EXERCISES}{name}"
        row = nodes.list_item(ids=[f"map-{name}"], classes=["map-chapter"])
        title = nodes.paragraph("", "", self.link(page, self.env.titles[page].astext(), "map-title"))
        if not self.chapters:
            title += [nodes.Text(" "), self.link(page, START, "map-here")]
        row += title
        if name in self.questions:
            row += nodes.paragraph("", self.questions[name], classes=["map-question"])
        if exercises in self.env.all_docs:
            row += nodes.paragraph("", "", self.link(exercises, "Exercises", "map-exercises"), classes=["map-work"])
        self.chapters.append({
            "row": f"map-{name}", "page": page, "set": name, "points": points_of(Path(self.app.srcdir), name),
            "checks": getattr(self.env, "lif_selfchecks", {}).get(page, []),
        })
        return row

    def link(self, page, text, kind):
        uri = self.app.builder.get_relative_uri(self.docname, page)
        return nodes.reference("", text, refuri=uri, internal=True, classes=[kind])


def draw(app, doctree, docname):
    """Put the map where the directive stood; by now all pages are known."""
    for place in list(doctree.findall(coursemap)):
        drawing = Map(app, docname, place["questions"])
        drawn = drawing.nodes()
        known = {chapter["set"] for chapter in drawing.chapters}
        for name in sorted(set(place["questions"]) - known):
            logger.warning(f"the map has a question for {name!r}, and the book no such chapter; it has "
                           f"{', '.join(sorted(known))}", location=place, type="lifbook", subtype="coursemap")
        place.replace_self(drawn)


def draw_again(app, env):
    """A change of any page may change the map."""
    return [page for page, known in env.metadata.items() if MAP in known]


def keep_progress(app):
    """Answers are given on every page, so every page keeps them."""
    app.add_js_file("progress.js", type="module")


def add_style(app, pagename, templatename, context, doctree):
    """Only the page of the map needs its style."""
    if MAP in app.env.metadata.get(pagename, {}):
        app.add_css_file("coursemap.css")


def setup(app):
    app.add_directive("coursemap", CourseMapDirective)
    app.add_node(coursemap)
    app.connect("builder-inited", keep_progress)
    app.connect("html-page-context", add_style)
    app.connect("doctree-resolved", draw)
    app.connect("env-updated", draw_again)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}

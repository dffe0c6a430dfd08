"""The map of the course, and a live figure on a page that is no notebook, on books of a few pages.

Expected outcomes are the rules at the head of tools/lifbook/coursemap.py and of the directive in tools/lifbook/live.py.
"""

import json
import re
import sys
from types import ModuleType

import pytest
from bs4 import BeautifulSoup
from test_lifbook import Book

INDEX = """# Book

```{coursemap}
one: What is one?
```

```{toctree}
:caption: First part
chapters/a/one
chapters/a/two
```

```{toctree}
:caption: Exercises
exercises/one
```

```{toctree}
:caption: Reference
chapters/reference/words
```
"""
CASES = [{"points": 2, "hidden": False}, {"points": 1, "hidden": False}, {"points": 5, "hidden": True}]


class MapBook(Book):
    """A tiny book with a map on its first page."""

    def __init__(self, folder):
        super().__init__(folder, ["lifbook.coursemap"])
        self.write("index.md", INDEX)
        for page, title in (("chapters/a/one", "The *first* chapter"), ("chapters/a/two", "Second"),
                            ("exercises/one", "Set"), ("chapters/reference/words", "Words")):
            self.write(f"{page}.md", f"# {title}\n")
        questions = [{"id": "q1", "cases": CASES}, {"id": "q2", "cases": CASES[2:]}]
        self.write("lifcore/grading/data/one.json", json.dumps({"questions": questions}))

    def map(self):
        return BeautifulSoup(self.page("index"), "html.parser").find(id="course-map")

    def known(self):
        return json.loads(self.map().find("script").string)

    def rows(self):
        """Of each chapter the addresses of its links, and its text."""
        return [([link["href"] for link in row.find_all("a")], row.get_text(" ", strip=True))
                for row in self.map().find_all("li")]


def ask(app, docname, source):
    """What the self-checks of a page leave behind while it is read."""
    known = getattr(app.env, "lif_selfchecks", {})
    app.env.lif_selfchecks = {**known, docname: re.findall(r"^(\w+)\?", source[0], re.MULTILINE)}


@pytest.fixture
def book(tmp_path):
    return MapBook(tmp_path)


def test_the_map_follows_the_contents(book):
    assert book.build() == []
    assert [title.get_text() for title in book.map().find_all("h3")] == ["First part"]
    assert book.rows() == [
        (["chapters/a/one.html", "chapters/a/one.html", "exercises/one.html"],
         "The first chapter Start here What is one? Exercises"),
        (["chapters/a/two.html"], "Second"),
    ]
    # What only the grader runs cannot be earned in the notebook.
    assert book.known() == [
        {"row": "map-one", "page": "chapters/a/one", "set": "one", "points": {"q1": 3, "q2": 0}, "checks": []},
        {"row": "map-two", "page": "chapters/a/two", "set": "two", "points": {}, "checks": []},
    ]


def test_a_new_chapter_and_new_self_checks_appear_by_themselves(book, monkeypatch):
    asks = ModuleType("asks")
    asks.setup = lambda app: app.connect("source-read", ask) and None
    monkeypatch.setitem(sys.modules, "asks", asks)
    book.config["extensions"].append("asks")
    book.build()
    book.write("chapters/b/three.md", "# Third\n")
    book.write("index.md", INDEX + "\n```{toctree}\n:caption: Second part\nchapters/b/three\n```\n")
    assert book.build() == []
    assert book.rows()[-1] == (["chapters/b/three.html"], "Third")
    book.write("chapters/a/one.md", "# Another title\n\nfirst?\nsecond?\n")
    assert book.build() == []
    assert book.rows()[0][1].startswith("Another title ") and book.known()[0]["checks"] == ["first", "second"]


@pytest.mark.parametrize("line, message", [
    ("four: What is four?", "index.md:3.*a question for 'four', and the book no such chapter; it has one, two"),
    ("What is two?", "'What is two\\?' of the map must read 'chapter: question'"),
])
def test_a_question_that_belongs_to_no_chapter_is_named(book, line, message):
    book.write("index.md", INDEX.replace("one: What is one?", line))
    (warning,) = book.build()
    assert re.search(message, warning)


def test_the_map_can_be_printed(book):
    assert book.build("latex") == []
    tex = next((book.folder / "_build" / "latex").glob("*.tex")).read_text(encoding="utf-8")
    assert "What is one?" in tex and "course-map-data" not in tex


def test_a_page_without_code_shows_a_live_figure(tmp_path):
    repository = {"repository_url": "https://github.com/a/b", "repository_branch": "main"}
    book = Book(tmp_path, ["sphinx_book_theme", "lifbook.live"], html_theme="sphinx_book_theme",
                html_theme_options=repository)
    book.write("chapters/page.md", "# Page\n\n```{live-figure} FirstSpike\n```\n\n```{live-figure} MembraneTrace\n```\n")
    assert book.build() == []
    page = BeautifulSoup(book.page("chapters/page"), "html.parser")
    assert [figure["id"] for figure in page.find_all(class_="live-figure")] == ["FirstSpike", "MembraneTrace"]
    stills = [image["src"] for image in page.find_all("img", class_="live-still")]
    assert all((tmp_path / "_build" / "html" / "chapters" / still).exists() for still in stills) and len(set(stills)) == 2
    (stored,) = page.find_all("script", type="application/vnd.jupyter.widget-state+json")
    states = json.loads(stored.string)["state"]
    shown = [json.loads(script.string)["model_id"] for script in
             page.find_all("script", type="application/vnd.jupyter.widget-view+json")]
    assert sorted(states) == sorted(shown) == ["FirstSpike", "MembraneTrace"]
    state = states["FirstSpike"]["state"]
    assert (tmp_path / "_build" / "html" / "_static" / state["_esm_file"]).exists() and state["I"] == 0.3
    assert len(page.find_all("script", src=re.compile("anywidget-static.js"))) == 1
    early = {link["href"] for link in page.find("head").find_all("link", rel=["preload", "modulepreload"])}
    assert f"../_static/{state['_esm_file']}" in early and f"../_static/{state['_css_file']}" in early


def test_an_unknown_figure_is_named(tmp_path):
    book = Book(tmp_path, ["lifbook.live"])
    book.write("chapters/page.md", "# Page\n\n```{live-figure} FirstSpark\n```\n")
    (warning,) = book.build()
    assert "page.md:3" in warning and "'FirstSpark'" in warning and "FirstSpike" in warning

"""The built book, served on a free port, and a browser that reports everything it does.

The book is built once, as `make html` builds it; what is up to date is not made again. To look at a book that has been
built elsewhere, name its folder: BOOK_HTML=/path/to/html.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import launch
from playwright.sync_api import sync_playwright
from screenshots import serve

ROOT = Path(__file__).parents[2]


def build_book():
    """Build the book strictly.

    Returns
    -------
    pathlib.Path
        The folder of its pages.

    Raises
    ------
    RuntimeError
        With the end of the log, if there is a warning or an error.
    """
    if "BOOK_HTML" in os.environ:
        return Path(os.environ["BOOK_HTML"])
    command = [Path(sys.executable).with_name("jupyter-book"), "build", str(ROOT), "--warningiserror", "--nitpick",
               "--keep-going"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the book does not build:\n{(done.stdout + done.stderr)[-6000:]}")
    return ROOT / "_build" / "html"


class Reporter:
    """What a page did: errors it logged, addresses it asked for, how far its content moved by itself."""

    def __init__(self, page, address):
        self.address = address
        self.errors = []
        self.foreign = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.errors.append(f"{request.url}: {request.failure}"))
        page.on("request", self.note)

    def note(self, request):
        own = (self.address, "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)


@pytest.fixture(scope="session")
def book():
    """Folder of the built pages."""
    return build_book()


@pytest.fixture(scope="session")
def site(book):
    """Address of the served book."""
    server, address = serve(book)
    yield address
    server.shutdown()


@pytest.fixture(scope="session")
def pages(book):
    """Every page of the book, relative to its folder."""
    found = [path.relative_to(book).as_posix() for path in book.rglob("*.html")]
    return sorted(name for name in found if not name.startswith("_"))


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def new_page(chromium, site):
    """Makes an empty page whose `report` says what it does: `page = new_page(width=390)`."""

    def make(width=1280, height=900, **options):
        page = chromium.new_page(viewport={"width": width, "height": height}, **options)
        page.report = Reporter(page, site)
        return page

    return make


@pytest.fixture
def open_page(new_page, site):
    """Opens a page of the book for one test: `page = open_page("intro.html", width=390)`."""
    opened = []

    def open_it(name, wait=True, prepare=None, **options):
        page = new_page(**options)
        opened.append(page)
        if prepare:
            prepare(page)
        page.goto(f"{site}/{name}")
        if wait:
            page.wait_for_load_state("networkidle")
        return page

    yield open_it
    for page in opened:
        page.close()

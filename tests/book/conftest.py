"""The built book, served on a free port, and pages that report everything they do."""

from urllib.parse import urlsplit

import pytest
from screenshots import serve

OBSERVE_SHIFTS = """window.moved = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) window.moved += entry.value; })
        .observe({ type: "layout-shift", buffered: true });"""


class Reporter:
    """What a page did: errors it logged, addresses it asked for, how far its content moved, and when it lived."""

    def __init__(self, page, address):
        self.address = address
        self.errors = []
        self.foreign = []
        self.asked = []
        self.moved = 0.0
        self.alive = None
        page.on("console", self.listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.errors.append(f"{request.url}: {request.failure}"))
        page.on("request", self.note)

    def listen(self, message):
        # A browser asks for this file where a page, such as one that only leads to another, names no icon.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            self.errors.append(message.text)

    def watch_figures_come_to_life(self, page):
        """Waits for it, and notes how far the page has moved meanwhile and when, in ms, the first figure was drawn.

        The page must have been opened to be watched.
        """
        page.wait_for_function("document.querySelectorAll('.live-figure:not(.is-alive)').length === 0")
        page.wait_for_timeout(300)
        self.moved = page.evaluate("window.moved")
        self.alive = page.evaluate("performance.getEntriesByName('lif:alive')[0]?.startTime")

    def note(self, request):
        own = (self.address, "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)
        elif request.url.startswith(self.address):
            self.asked.append(urlsplit(request.url).path)


@pytest.fixture(scope="session")
def site(built_book):
    """Address of the served book."""
    server, address = serve(built_book)
    yield address
    server.shutdown()


@pytest.fixture(scope="session")
def pages(built_book):
    """Every page of the book, relative to its folder."""
    found = [path.relative_to(built_book).as_posix() for path in built_book.rglob("*.html")]
    return sorted(name for name in found if not name.startswith("_"))


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


@pytest.fixture(scope="module")
def shared_page(new_page, site):
    """Opens a page that several tests use one after the other: `page = shared_page("intro.html", width=390)`.

    It stays open until another one is asked for with the same options.
    """
    opened = {}

    def open_it(name, **options):
        key = repr(sorted(options.items()))
        before, page = opened.get(key, (None, None))
        if before != name:
            if page:
                page.close()
            page = new_page(**options)
            page.add_init_script(OBSERVE_SHIFTS)
            page.goto(f"{site}/{name}")
            if options.get("java_script_enabled", True):
                page.report.watch_figures_come_to_life(page)
            opened[key] = name, page
        return page

    yield open_it
    for _, page in opened.values():
        page.close()

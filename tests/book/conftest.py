"""The built book, served on a free port, and pages that report everything they do."""

import pytest
from screenshots import serve


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
            page.goto(f"{site}/{name}")
            opened[key] = name, page
        return page

    yield open_it
    for _, page in opened.values():
        page.close()

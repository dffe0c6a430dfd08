"""What all tests share: where the project is, the built book, and the browser."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from browser import launch
from playwright.sync_api import sync_playwright

from lifcore.live import HOMES

ROOT = Path(__file__).parents[1]
# Tests, and the notebooks and books they run, leave no record of a student's progress behind.
os.environ.setdefault("LIFCORE_PROGRESS", "off")


def group(nodeid):
    """Tests that one worker runs in a row: those of a file, and of live figures those of a module, which is a page."""
    name, _, test = nodeid.partition("::")
    figure = test.rpartition("[")[2].rstrip("]").rpartition("-")[2]
    module = HOMES.get(figure, figure)
    return module if name == "tests/book/test_figures.py" and module in HOMES.values() else name


def turn(name):
    """First what builds the book, and meanwhile, for another worker, what needs none; many short files fill the end."""
    if name == "tests/book/test_pages.py":
        return 0
    if name.endswith(".ipynb") or name.startswith("tests/grading/"):
        return 1
    long = name in HOMES.values() or name.startswith(("tests/book/", "tests/lab/", "tests/test_binder.py"))
    return 2 if long else 3


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    sizes = Counter(group(item.nodeid) for item in items)

    def place(item):
        name = group(item.nodeid)
        return turn(name), -sizes[name], name

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Workers share the groups out in the order in which they have been put."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.fixture(scope="session")
def root():
    """Top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(root):
    """Folder of the book's pages, built the way `make html` builds it: any warning is a failure.

    BOOK_HTML names the folder of a book that has been built elsewhere. Of several workers the first builds it, and the
    others wait.
    """
    if "BOOK_HTML" in os.environ:
        return Path(os.environ["BOOK_HTML"])
    built = root / "_build" / f".for-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with locked(root / "tests"):
        if not built.exists():
            build_book(root)
            built.touch()
    return root / "_build" / "html"


@contextlib.contextmanager
def locked(folder):
    """Holds a folder's lock, which other processes wait for; it ends with the process too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def build_book(root):
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", ".", "--warningiserror", "--nitpick", "--keep-going"]
    build = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert build.returncode == 0, f"the book does not build\n{build.stdout[-4000:]}\n{build.stderr[-4000:]}"


@pytest.fixture(scope="session")
def chromium():
    """The browser of all tests: Playwright allows one at a time in a process."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()

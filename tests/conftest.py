"""What all tests share: where the project is, the built book, and the browser."""

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import launch
from playwright.sync_api import sync_playwright

from lifcore.live import HOMES

ROOT = Path(__file__).parents[1]
# Tests, and the notebooks and books they run, leave no record of a student's progress behind.
os.environ.setdefault("LIFCORE_PROGRESS", "off")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Workers share the tests out file by file, and those of live figures module by module, which is page by page."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name, _, test = nodeid.partition("::")
            figure = test.rpartition("[")[2].rstrip("]").rpartition("-")[2]
            return HOMES[figure] if name == "tests/book/test_figures.py" and figure in HOMES else name

    return ByFile(config, log)


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

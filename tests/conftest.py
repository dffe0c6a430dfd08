"""What all tests share: where the project is, the built book, and the browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import launch
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
BROWSER = ("tests/book/", "tests/lab/", "tests/test_live_card.py")
# Tests, and the notebooks and books they run, leave no record of a student's progress behind.
os.environ.setdefault("LIFCORE_PROGRESS", "off")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Workers share the tests out file by file, and one of them has all that drive a browser.

    So the book is built once, and what is timed in a page is not slowed down by a second browser.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = nodeid.partition("::")[0]
            return "browser" if name.startswith(BROWSER) else name

    return ByFile(config, log)


@pytest.fixture(scope="session")
def root():
    """Top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(root):
    """Folder of the book's pages, built the way `make html` builds it: any warning is a failure.

    BOOK_HTML names the folder of a book that has been built elsewhere.
    """
    if "BOOK_HTML" in os.environ:
        return Path(os.environ["BOOK_HTML"])
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", ".", "--warningiserror", "--nitpick", "--keep-going"]
    build = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert build.returncode == 0, f"the book does not build\n{build.stdout[-4000:]}\n{build.stderr[-4000:]}"
    return root / "_build" / "html"


@pytest.fixture(scope="session")
def chromium():
    """The browser of all tests: Playwright allows one at a time in a process."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()

"""What all tests share: where the project is, and the built book."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root():
    """Top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(root):
    """Folder of the book's pages, built once a session the way `make html` builds it: any warning is a failure."""
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", ".", "--warningiserror", "--nitpick", "--keep-going"]
    build = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert build.returncode == 0, f"the book does not build\n{build.stdout[-4000:]}\n{build.stderr[-4000:]}"
    return root / "_build" / "html"

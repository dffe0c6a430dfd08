"""Makes sure that the programs the tests drive are there: a Chromium, bubblewrap and ngspice.

If one is missing it is installed where that is possible without asking: by apt on Debian as root, else the browser by
Playwright. Otherwise this stops and says what to install. Without ngspice a few tests are skipped, and it says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser import find_chromium  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402


def chromium():
    """Path of the browser and nothing, or nothing and what is to be done."""
    with sync_playwright() as playwright:
        try:
            return find_chromium(playwright), ""
        except RuntimeError as problem:
            return "", str(problem)


def has_bubblewrap():
    return shutil.which("bwrap") is not None


def has_ngspice():
    return shutil.which("ngspice") is not None


def install_with_apt(packages):
    """Install Debian packages as root; whether that worked is for the caller to look at."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(packages)} with apt ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def install_with_playwright():
    print("Installing Chromium with Playwright ...", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main():
    wanted = (("chromium", chromium()[0]), ("bubblewrap", has_bubblewrap()), ("ngspice", has_ngspice()))
    missing = [name for name, there in wanted if not there]
    if missing:
        install_with_apt(missing)
    if not chromium()[0]:
        install_with_playwright()
    path, problem = chromium()
    if problem:
        return f"make test: {problem}"
    if sys.platform == "linux" and not has_bubblewrap():
        return "make test: the grader's tests need bubblewrap: install it with `apt-get install bubblewrap`"
    if not has_ngspice():
        print("Without ngspice the tests that simulate circuits are skipped: install it with `apt-get install ngspice`")
    print(f"Browser: {path}; jail: {shutil.which('bwrap')}; circuit simulator: {shutil.which('ngspice')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

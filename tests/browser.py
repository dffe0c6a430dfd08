"""Where the browser of the tests is, and how it is started.

Every test that needs a page drives the system's Chromium through Playwright; the flags keep it quiet in a
container and off the network.
"""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

LAUNCH_ARGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def system_chromium():
    """Path of a Chromium or Chrome of this machine, or None.

    The environment variable CHROMIUM comes first, then the usual names on the search path.

    Raises
    ------
    RuntimeError
        If CHROMIUM names no program.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise RuntimeError(f"CHROMIUM={named!r} is not a program; set it to the path of a Chromium or Chrome")
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


def find_chromium(playwright):
    """Path of a browser that Playwright can drive: the system's, else the one that Playwright installed for itself.

    Parameters
    ----------
    playwright : playwright.sync_api.Playwright
        What `sync_playwright()` yields.

    Returns
    -------
    str

    Raises
    ------
    RuntimeError
        If there is none; the message says what to install.
    """
    path = system_chromium() or playwright.chromium.executable_path
    if not os.path.exists(path):
        raise RuntimeError(
            "the tests of the pages need Chromium: install it with `apt-get install chromium`, or with "
            "`.venv/bin/python -m playwright install chromium`, or set CHROMIUM to the path of a Chromium or Chrome"
        )
    return path


def launch(playwright, **options):
    """Start Chromium.

    Parameters
    ----------
    playwright : playwright.sync_api.Playwright
        What `sync_playwright()` yields.
    **options
        Passed on to `playwright.chromium.launch`.

    Returns
    -------
    playwright.sync_api.Browser
    """
    return playwright.chromium.launch(executable_path=find_chromium(playwright), args=list(LAUNCH_ARGS), **options)

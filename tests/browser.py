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


def find_chromium():
    """Path of a Chromium or Chrome that Playwright can drive.

    The environment variable CHROMIUM comes first, then the usual names on the search path, then the browser
    that `python -m playwright install chromium` puts in place.

    Returns
    -------
    str

    Raises
    ------
    RuntimeError
        If there is none; the message says what to install.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise RuntimeError(f"CHROMIUM={named!r} is not a program; set it to the path of a Chromium or Chrome")
        return shutil.which(named)
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    own = playwright_chromium()
    if own:
        return own
    raise RuntimeError(
        "the tests of the pages need Chromium: install it with `apt-get install chromium`, or with "
        "`.venv/bin/python -m playwright install chromium`, or set CHROMIUM to the path of a Chromium or Chrome"
    )


def playwright_chromium():
    """Path of the browser that Playwright installed for itself, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and os.path.exists(path) else None


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
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(LAUNCH_ARGS), **options)

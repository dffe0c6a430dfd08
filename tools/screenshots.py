"""Pictures of pages of the built book, wide and narrow, light and dark.

    python tools/screenshots.py                                                 the picture in README
    python tools/screenshots.py chapters/physicist/neuron.html --out shots      all four
    python tools/screenshots.py intro.html --only narrow-dark --element "#FICurve" --out shots
"""

import argparse
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser import launch
from serve import HOST, make_server

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
THEMES = ("light", "dark")
README_PAGE = "chapters/physicist/neuron.html"
README_ELEMENT = ".live-figure"
README_PICTURE = ROOT / "assets" / "screenshot.png"
VARIANTS = [f"{size}-{theme}" for size in SIZES for theme in THEMES]


def serve(folder):
    """Serve a folder on a free port of this machine.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    (http.server.ThreadingHTTPServer, str)
        The running server, to be shut down by the caller, and its address.
    """
    server = make_server(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://{HOST}:{server.server_address[1]}"


def open_page(browser, address, variant, scale=2):
    """A page with its live figures alive.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    address : str
    variant : str
        One of `VARIANTS`.
    scale : float
        Device pixels for each CSS pixel.

    Returns
    -------
    playwright.sync_api.Page
    """
    size, theme = variant.split("-")
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=scale,
        reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("document.querySelectorAll('.live-figure:not(.is-alive)').length === 0")
    # Stills load lazily and figures draw when they come near: pass by each once.
    for figure in page.query_selector_all(".live-figure"):
        figure.scroll_into_view_if_needed()
        page.wait_for_timeout(150)
        # A simulation runs only in sight.
        page.wait_for_function("figure => !figure.querySelector('.live-card[data-busy]')", arg=figure)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    return page


def shoot_for_readme(browser, address):
    """The first live figure of a chapter in its page, as a reader meets it."""
    page = open_page(browser, f"{address}/{README_PAGE}", "wide-light", scale=1.5)
    page.locator(README_ELEMENT).first.evaluate("figure => window.scrollTo(0, figure.offsetTop - 90)")
    page.wait_for_timeout(500)
    page.screenshot(path=README_PICTURE)
    print(README_PICTURE.relative_to(ROOT))
    page.context.close()


def shoot(browser, address, given):
    """What the command line asks for."""
    for name in given.pages:
        for variant in [given.only] if given.only else VARIANTS:
            page = open_page(browser, f"{address}/{name}", variant)
            path = Path(given.out) / f"{name.removesuffix('.html').replace('/', '-')}-{variant}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if given.element:
                page.locator(given.element).first.screenshot(path=path)
            else:
                page.screenshot(path=path, full_page=True)
            print(path)
            page.context.close()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="paths within the book, such as intro.html; none: README's picture")
    parser.add_argument("--site", default=ROOT / "_build" / "html", help="folder of the built book")
    parser.add_argument("--out", default="screenshots", help="folder for the pictures")
    parser.add_argument("--only", choices=VARIANTS, help="one variant instead of all four")
    parser.add_argument("--element", help="CSS selector of the part to show, instead of the whole page")
    given = parser.parse_args(arguments)
    if not Path(given.site).is_dir():
        parser.error(f"--site {given.site} is not a folder: build the book first with `make html`")
    server, address = serve(given.site)
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            if given.pages:
                shoot(browser, address, given)
            else:
                shoot_for_readme(browser, address)
            browser.close()
    finally:
        server.shutdown()


if __name__ == "__main__":
    main()

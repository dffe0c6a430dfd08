"""Every page of the book: links, anchors, pictures' descriptions, errors, third parties, narrow screens, readers who
use a keyboard or see little (WCAG 2.1 AA by axe-core), and how much is sent before a page can be read.
"""

import gzip
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from axe import poor_colours, violations
from bs4 import BeautifulSoup

BOUND = 1_000_000  # bytes
LIFE = 3000  # ms; the aim is 1000, and the bound leaves room for a busy machine
SENT_AS_THEY_ARE = (".woff", ".woff2", ".png", ".jpg")  # compressed already
# Wide, the pages differ in their text, which has been looked at; these have everything that stands around it.
LOOKED_AT_WIDE = ("intro.html", "chapters/physicist/neuron.html", "exercises/neuron.html")

@pytest.fixture(scope="session")
def soups(built_book, pages):
    return {name: BeautifulSoup((built_book / name).read_text(encoding="utf-8"), "html.parser") for name in pages}


def resolve(page, link):
    """The file and the anchor that a link of ours leads to, or None for a link to elsewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    base = PurePosixPath(page).parent
    pieces = []
    for piece in (base / unquote(parts.path)).parts if parts.path else PurePosixPath(page).parts:
        if piece == "..":
            pieces.pop()
        elif piece != ".":
            pieces.append(piece)
    return "/".join(pieces), unquote(parts.fragment)


def anchors(soup):
    """What a link can lead to within a page."""
    named = soup.find_all("a", attrs={"name": True})
    return {element["id"] for element in soup.find_all(id=True)} | {element["name"] for element in named}


def test_there_are_pages(pages):
    assert "index.html" in pages and len(pages) > 4


def test_links_and_anchors_resolve(built_book, soups):
    broken, found = [], {name: anchors(soup) for name, soup in soups.items()}
    for name, soup in soups.items():
        for tag, attribute in (("a", "href"), ("img", "src"), ("script", "src"), ("link", "href")):
            for element in soup.find_all(tag):
                link = element.get(attribute)
                target = resolve(name, link) if link else None
                if target is None:
                    continue
                file, anchor = target
                path = built_book / file
                if path.is_dir():
                    path, file = path / "index.html", f"{file}/index.html"
                if not path.exists():
                    broken.append(f"{name}: {link}")
                elif anchor and file in soups and anchor not in found[file]:
                    broken.append(f"{name}: {link} (no such anchor)")
    assert broken == []


def test_pictures_are_described(soups):
    """A picture has a description; it may be empty only beside the words of the same link (WCAG 2.2, technique H2)."""
    silent = []
    for name, soup in soups.items():
        for image in soup.find_all("img"):
            link = image.find_parent("a")
            decorates = image.get("alt") == "" and link is not None and link.get_text(strip=True)
            if not decorates and not (image.get("alt") or "").strip():
                silent.append(f"{name}: {image.get('src')}")
    assert silent == []


def test_nothing_is_asked_of_others(soups):
    """Scripts, styles, frames and pictures in the source itself; what scripts ask for is tested in the browser."""
    foreign = []
    for name, soup in soups.items():
        for tag, attribute in (("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")):
            for element in soup.find_all(tag):
                if tag == "link" and not {"stylesheet", "preload", "icon"} & set(element.get("rel", [])):
                    continue
                if urlsplit(element.get(attribute) or "").netloc:
                    foreign.append(f"{name}: {element[attribute]}")
    assert foreign == []


def test_widget_states_hold_no_code(soups):
    """The code of the figures is in one file that all pages share."""
    for name, soup in soups.items():
        for script in soup.find_all("script", type="application/vnd.jupyter.widget-state+json"):
            # Networks and images that a figure needs are numbers, as text: one word without a space or a bracket.
            assert len(re.sub(r"[A-Za-z0-9+/=]{200,}", "", script.string)) < 40_000, name
            assert len(script.string) < 200_000, name
            assert '"_esm"' not in script.string and '"_esm_file"' in script.string, name


def sent(path, known={}):
    """Bytes that a host sends for a file, compressed by gzip where that is worth it."""
    if path not in known:
        content = path.read_bytes()
        known[path] = len(content if path.suffix in SENT_AS_THEY_ARE else gzip.compress(content, 6))
    return known[path]


def weight(built_book, asked):
    """Bytes of what a page has asked for, itself included."""
    return sum(sent(built_book / unquote(name).lstrip("/")) for name in set(asked))


def time_to_life(open_page, name, first, attempts=3):
    """When the first figure of a page was drawn, in ms since the request; the best of a few on a busy machine."""
    times = [first]
    while min(times) > LIFE and len(times) < attempts:
        page = open_page(name, width=390, height=844)
        page.report.watch_figures_come_to_life(page)
        times.append(page.report.alive)
        page.close()
    return min(times)


def test_every_page_in_the_browser(pages, shared_page, open_page, built_book):
    """No error, no third party, every figure alive and soon, no widget without life, nothing wider than a narrow screen,
    no move, at most a megabyte, and nothing that WCAG 2.1 AA forbids: narrow and light, then wide and dark.
    """
    wide, problems = {}, []
    for name in pages:
        page = shared_page(name, width=390, height=844)
        page.wait_for_load_state("networkidle")
        size = weight(built_book, page.report.asked)
        print(f"{name}: layout shift {page.report.moved:.3f}, {size / 1000:.0f} kB", end="")
        # Google's bound for a good page is 0.1.
        assert page.report.moved < 0.1 or page.locator(".live-figure").count() == 0, name
        assert size < BOUND, name
        if page.report.alive:
            alive = time_to_life(open_page, name, page.report.alive)
            print(f", first figure after {alive:.0f} ms", end="")
            assert alive < LIFE, name
        print()
        assert page.report.errors == [], name
        assert page.report.foreign == [], name
        views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
        assert views == page.locator(".live-figure").count(), name
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[name] = width
        problems += [f"{name}, light: {problem}" for problem in violations(page)]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark'")
        look = violations if name in LOOKED_AT_WIDE else poor_colours
        problems += [f"{name}, dark: {problem}" for problem in look(page)]
    assert wide == {}
    assert problems == []


# What can be reached by Tab: of radio buttons that belong together only one, the chosen or the first.
STOPS = """() => {
    const all = 'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]';
    const groups = new Set();
    window.stops = [...document.querySelectorAll(all)].filter(element => {
        if (element.tabIndex < 0 || element.disabled) return false;
        if (!element.checkVisibility({ visibilityProperty: true })) return false;
        if (element.type !== "radio") return true;
        if (element.form || groups.has(element.name)) return false;
        groups.add(element.name);
        return true;
    });
    window.reached = new Set();
    return stops.map(element => element.outerHTML.slice(0, 120));
}"""
STEP = """() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const rest = element.type === "radio" ? stops.find(other => other.name === element.name) : element;
    reached.add(stops.indexOf(rest));
    const box = element.getBoundingClientRect();
    const seen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
    const marked = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
    return [element === document.body, seen && marked, element.outerHTML.slice(0, 120)];
}"""


def test_keyboard_reaches_everything(open_page):
    """Tab goes through a whole chapter, stops at all that can be used, shows where, and comes out at the end."""
    page = open_page("chapters/physicist/neuron.html", reduced_motion="reduce")
    page.wait_for_function("document.querySelectorAll('.live-figure:not(.is-alive)').length === 0")
    stops = page.evaluate(STOPS)
    assert len(stops) > 60
    unseen = []
    for step in range(len(stops) + 10):
        page.keyboard.press("Tab")
        outside, seen, element = page.evaluate(STEP)
        if not seen:
            page.wait_for_timeout(100)  # what was out of the page may need a frame to come
            outside, seen, element = page.evaluate(STEP)
        if step == 0:
            assert "Skip to main content" in element
        if outside:
            break
        if not seen:
            unseen.append(element)
    assert outside, "the keyboard does not come out of the page"
    reached = set(page.evaluate("[...reached]"))
    assert [stop for k, stop in enumerate(stops) if k not in reached] == []
    assert unseen == []


def test_keyboard_skips_to_the_text(open_page):
    page = open_page("chapters/physicist/neuron.html", wait=False)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_readers_who_want_no_motion_get_none(open_page):
    """Nothing glides, fades or turns, by what the browser has computed for every part of a page."""
    moving = """() => {
        const seconds = text => Math.max(...text.split(",").map(parseFloat));
        return [...document.querySelectorAll("*")].flatMap(element => [null, "::before", "::after"].map(part => {
            const style = getComputedStyle(element, part);
            const { transitionDuration, animationName, animationDuration, scrollBehavior } = style;
            const moves = seconds(transitionDuration) > 0.001
                || (animationName !== "none" && seconds(animationDuration) > 0.001) || scrollBehavior === "smooth";
            return moves && `${element.localName}.${element.className}${part ?? ""}`;
        })).filter(Boolean);
    }"""
    page = open_page("chapters/physicist/neuron.html", wait=False)
    page.wait_for_function("document.querySelectorAll('.live-figure:not(.is-alive)').length === 0")
    assert page.evaluate(moving) != []
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == []


COUNT_FORMULAS = """document.addEventListener("lif:alive", () => {
    window.formulas ??= document.querySelectorAll("mjx-container").length; });"""


def test_formulas_wait_for_the_first_figure_and_come_without_it(open_page):
    chapter = "chapters/physicist/neuron.html"
    page = open_page(chapter, wait=False, prepare=lambda page: page.add_init_script(COUNT_FORMULAS))
    page.wait_for_selector("mjx-container", state="attached")
    assert page.evaluate("window.formulas") == 0
    broken = open_page(chapter, wait=False, prepare=lambda page: page.route("**/live-*.js", lambda route: route.abort()))
    broken.wait_for_selector("mjx-container", state="attached")
    assert broken.locator(".live-card").count() == 0

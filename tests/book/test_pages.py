"""Every page of the book: links, anchors, pictures' descriptions, errors, third parties, narrow screens."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup


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


def test_every_page_in_the_browser(pages, shared_page):
    """No error, no third party, every figure alive, no widget without life, nothing wider than a narrow screen, no move."""
    wide = {}
    for name in pages:
        page = shared_page(name, width=390, height=844)
        page.wait_for_load_state("networkidle")
        print(f"{name}: layout shift {page.report.moved:.3f}")
        # Google's bound for a good page is 0.1.
        assert page.report.moved < 0.1 or page.locator(".live-figure").count() == 0, name
        assert page.report.errors == [], name
        assert page.report.foreign == [], name
        views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
        assert views == page.locator(".live-figure").count(), name
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[name] = width
    assert wide == {}

"""The form of "Teach with it": its link is the one the page shows, and what needs encoding is encoded.

The expected link is the page's own, which tests/test_teaching.py decodes; the other is decoded by Python's urllib.
"""

import re
from urllib.parse import parse_qs, urlsplit


def test_the_form_makes_a_link(root, open_page):
    page = open_page("chapters/reference/teaching.html", width=390)
    shown = page.locator("form.pull-link output")
    text = (root / "chapters" / "reference" / "teaching.md").read_text(encoding="utf-8")
    assert [shown.inner_text()] == re.findall(r"^https://hub\.example\.edu/\S+$", text, re.MULTILINE)

    page.get_by_label("Hub").fill("https://hub.lab.edu/")
    page.get_by_label("Fork").fill("https://github.com/me/a+b.git")
    page.get_by_label("Branch").fill("my branch/2")
    page.get_by_label("Notebook").fill("exercises/größe & mass.ipynb")
    parts = urlsplit(shown.inner_text())
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://hub.lab.edu/hub/user-redirect/git-pull"
    assert parse_qs(parts.query, strict_parsing=True) == {
        "repo": ["https://github.com/me/a+b"],
        "branch": ["my branch/2"],
        "urlpath": ["lab/tree/a+b/exercises/größe & mass.ipynb"],
    }
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.report.errors and not page.report.foreign


def test_without_scripts_there_is_no_empty_form(open_page):
    page = open_page("chapters/reference/teaching.html", java_script_enabled=False)
    assert not page.locator("form.pull-link").is_visible()
    assert page.get_by_text("user-redirect/git-pull?repo=").is_visible()

"""The tools that make the PDF and the archive: what they write is read back by other programs.

Expected widths are sums done by hand; expected contents are those of the small book below.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile

import archive
import pytest
from lifbook import pdf
from screenshots import serve
from sphinx_external_toc.parsing import parse_toc_yaml


PAGE = """<html><head><link rel="modulepreload" href="_static/kernel.js" />
<script type="module" src="_static/kernel.js?v=1"></script></head><body><p>é</p></body></html>"""
KERNEL = """const other = await import(new URL("other.js", import.meta.url).href);
document.body.dataset.found = other.default + `</script>`.length;"""


@pytest.fixture
def small_book(tmp_path):
    book = tmp_path / "html"
    (book / "_static").mkdir(parents=True)
    (book / "index.html").write_text(PAGE, encoding="utf-8")
    (book / "_static" / "kernel.js").write_text(KERNEL)
    (book / "_static" / "other.js").write_text("export default 1;")
    (book / ".buildinfo").write_text("of this machine")
    return book


def test_the_archive_holds_the_book_and_serves_it(small_book, tmp_path):
    target = tmp_path / "book.zip"
    assert archive.main([str(small_book), str(target)]) == 0
    with zipfile.ZipFile(target) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path / "elsewhere")
    top = tmp_path / "elsewhere" / "lif-course"
    names = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
    scripts = ["from-file.js", "from-file/kernel.js", "from-file/other.js", "kernel.js", "other.js"]
    assert names == ["README.txt", *(f"book/_static/{name}" for name in scripts), "book/index.html", "read.py"]
    assert (top / "book" / "_static" / "kernel.js").read_text() == KERNEL
    # As a reader does, with nothing of the course at hand.
    server = subprocess.Popen([sys.executable, "-I", "read.py"], cwd=top, stdout=subprocess.PIPE, text=True)
    try:
        address = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
        assert "<p>é</p>" in urllib.request.urlopen(address, timeout=10).read().decode()
        script = urllib.request.urlopen(address + "_static/kernel.js", timeout=10)
        assert script.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
    finally:
        server.kill()
        server.wait()


def opened(page, address):
    """What the page's module has found once it has run, and errors."""
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_function("document.body.dataset.found")
    return page.evaluate("document.body.dataset.found"), [text for text in errors if "favicon" not in text]


def test_modules_run_behind_a_server_and_from_a_file(small_book, tmp_path, chromium):
    archive.pack(small_book, tmp_path / "book.zip")
    with zipfile.ZipFile(tmp_path / "book.zip") as packed:
        packed.extractall(tmp_path)
    book = tmp_path / "lif-course" / "book"
    server, address = serve(book)
    page = chromium.new_page()
    try:
        # 1 from the other module and 9 letters make 10.
        assert opened(page, (book / "index.html").as_uri()) == ("10", [])
        page.route("**/favicon.ico", lambda route: route.fulfill(body=""))
        assert opened(page, address) == ("10", [])
    finally:
        page.close()
        server.shutdown()


def test_a_module_that_would_not_run_from_a_file_is_refused():
    with pytest.raises(ValueError, match="not a file in _static"):
        archive.from_file('<head></head><script type="module">1</script>')
    assert archive.from_file("<head></head>") == "<head></head>"


def test_the_same_book_is_the_same_archive(small_book, tmp_path):
    digests = set()
    for name in ("one.zip", "two.zip"):
        archive.pack(small_book, tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        os.utime(small_book / "index.html", (1, 1))
    assert len(digests) == 1
    (small_book / "index.html").write_text(PAGE.replace("é", "e"), encoding="utf-8")
    archive.pack(small_book, tmp_path / "three.zip")
    assert hashlib.sha256((tmp_path / "three.zip").read_bytes()).hexdigest() not in digests


def test_without_a_book_there_is_no_archive(tmp_path):
    assert "run `make html` first" in archive.main([str(tmp_path), str(tmp_path / "book.zip")])
    assert not (tmp_path / "book.zip").exists()


def test_columns_share_the_page():
    # Of 78 letters "abc" and "ab" need 4 and 3 with their spaces: 5.1 and 3.8 percent. The rest, 91 percent, is shared as
    # the roots of their mean lengths, 9 and 1: as three to one.
    widths = pdf.column_widths([["abc abc a", "ab"], ["ab abc ab", ""]])
    assert widths == [round(5.128 + 0.75 * 91.03), round(3.846 + 0.25 * 91.03)]
    # Two words that do not fit beside each other share the page as their lengths.
    assert pdf.column_widths([["a" * 79, "b" * 39]]) == [67, 33]
    assert pdf.column_widths([["", ""]]) == [1, 1]


def test_parts_begin_with_their_first_pages(tmp_path):
    toc = tmp_path / "_toc.yml"
    toc.write_text("format: jb-book\nroot: intro\nparts:\n"
                   "  - caption: One\n    chapters:\n      - file: a/x.md\n      - file: a/y.md\n"
                   "  - caption: Two\n    chapters:\n      - file: b/z\n")
    assert pdf.part_beginnings(parse_toc_yaml(toc)) == {"a/x": "One", "b/z": "Two"}


def test_what_the_pdf_needs_is_named(root, tmp_path):
    for name in ("sh", "printf"):
        (tmp_path / name).symlink_to(shutil.which(name))
    run = subprocess.run([root / "tools" / "pdf.sh"], cwd=root, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert run.returncode == 1
    assert "xelatex latexmk makeindex rsvg-convert" in run.stderr and "texlive-xetex" in run.stderr

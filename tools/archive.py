"""Packs the built book into one file that is read without a network and without a server: unpack it and open index.html.

    python tools/archive.py [FOLDER] [ARCHIVE]

Pages that are opened as files get no module from a browser, and live figures are modules. `from_file.js` brings them all
the same; here each page's modules are handed over to it.
"""

import argparse
import json
import re
import sys
import zipfile
from pathlib import Path

NAME = "lif-course"
# The date of every file in the archive, so that the same book is the same archive.
DATE = (1980, 1, 1, 0, 0, 0)
READ_ME = """\
The leaky integrate-and-fire neuron

To read: open book/index.html in a browser. Its figures are alive, and nothing is asked of the network.
Should a browser not run scripts from files: python3 read.py, then open the address it prints; Ctrl-C stops.
"""
# What serves the book here serves it there.
SERVER = Path(__file__).with_name("serve.py")
FROM_FILE = Path(__file__).with_name("from_file.js")
MODULE = re.compile(r'<script type="module" src="(?P<folder>[^"]*_static/)(?P<name>[^"?/]+\.js)(?:\?[^"]*)?">\s*</script>\n?')
# A browser would try to fetch what these name, and say that it may not.
HINT = re.compile(r'<link rel="modulepreload"[^>]*>\n?')


def from_file(page):
    """A page whose modules `from_file.js` runs.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the page has a module that is not a file of its own in `_static`.
    """
    found = list(MODULE.finditer(page))
    page = HINT.sub("", MODULE.sub("", page))
    if re.search(r"<script[^>]*type=.module", page):
        raise ValueError("a module of the page is not a file in _static, and would not run where the page is a file")
    if not found:
        return page
    names = " ".join(dict.fromkeys(module["name"] for module in found))
    script = f'<script defer src="{found[0]["folder"]}from-file.js" data-modules="{names}"></script>\n'
    return page.replace("</head>", f"{script}</head>", 1)


def as_text(name, source):
    """A script that stores the text of a module: str."""
    return f"lifTexts[{json.dumps(name)}] = {json.dumps(source)};\n"


def contents(folder):
    """The files of the archive: yields names and bytes.

    Parameters
    ----------
    folder : pathlib.Path
        The built book.
    """
    yield "README.txt", READ_ME.encode()
    server = SERVER.read_text(encoding="utf-8")
    yield "read.py", server.replace('Path("_build/html")', 'Path(__file__).with_name("book")').encode()
    yield "book/_static/from-file.js", FROM_FILE.read_bytes()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == ".buildinfo":
            continue
        data = path.read_bytes()
        if path.suffix == ".html":
            data = from_file(data.decode("utf-8")).encode()
        yield f"book/{path.relative_to(folder).as_posix()}", data
        if path.parent == folder / "_static" and path.suffix == ".js":
            yield f"book/_static/from-file/{path.name}", as_text(path.name, data.decode("utf-8")).encode()


def pack(folder, archive):
    """Write the archive, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        The built book.
    archive : pathlib.Path
        The file to write, ``.zip``.
    """
    unfinished = archive.with_name(archive.name + ".new")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, data in contents(folder):
            packed.writestr(zipfile.ZipInfo(f"{NAME}/{name}", DATE), data, zipfile.ZIP_DEFLATED)
    unfinished.replace(archive)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("_build/html"))
    parser.add_argument("archive", nargs="?", type=Path, default=Path(f"_build/{NAME}.zip"))
    given = parser.parse_args(arguments)
    if not (given.folder / "index.html").exists():
        return f"{given.folder} holds no book; run `make html` first"
    pack(given.folder, given.archive)
    print(f"{given.archive}: {given.archive.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

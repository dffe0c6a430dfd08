"""Packs the built book into one file that is read without a network: unpack it and run its `read.py`, or any web server.

    python tools/archive.py [FOLDER] [ARCHIVE]

A browser that opens the pages as files, without a server, shows text, formulas and stills; live figures are modules, which
browsers load from a server only.
"""

import argparse
import sys
import zipfile
from pathlib import Path

NAME = "lif-course"
# The date of every file in the archive, so that the same book is the same archive.
DATE = (1980, 1, 1, 0, 0, 0)
READ_ME = """\
The leaky integrate-and-fire neuron

To read with live figures:   python3 read.py      (then open the address it prints; Ctrl-C stops)
To read without Python:      open book/index.html; the figures are then stills.
Nothing is asked of the network.
"""
# What serves the book here serves it there.
SERVER = Path(__file__).with_name("serve.py")


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
    server = SERVER.read_text(encoding="utf-8").replace('Path("_build/html")', 'Path(__file__).with_name("book")')
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:

        def add(name, data):
            packed.writestr(zipfile.ZipInfo(f"{NAME}/{name}", DATE), data, zipfile.ZIP_DEFLATED)

        add("README.txt", READ_ME)
        add("read.py", server)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != ".buildinfo":
                add(f"book/{path.relative_to(folder).as_posix()}", path.read_bytes())
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

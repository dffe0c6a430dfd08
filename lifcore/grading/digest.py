"""From the bytes that were handed in to code cells: notebooks of any age, scripts, and archives of them.

This file needs nothing but Python's own library. Small notebooks are read in the grader. Whatever could take long or much
memory to read (an archive, a large file, a script) is read by this file run as a program in the jail: bytes on stdin,
one line of JSON on stdout. Nothing is ever unpacked to a disk.
"""

import ast
import bz2
import io
import json
import lzma
import re
import stat
import sys
import tarfile
import zipfile
import zlib

MAX_BYTES = 100 * 1024 * 1024
MAX_EXPANDED = 150 * 1024 * 1024
MAX_CODE = 1_000_000
MAX_FOUND = 40
MAX_ENTRIES = 10_000
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
ZIP, TAR = (b"PK\x03\x04", b"PK\x05\x06"), b"ustar"
COMPRESSED = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(memlimit=200 << 20),
}
# Cells of a script, as jupytext, VS Code and nbconvert mark them.
CELL_MARK = re.compile(r"^# ?(?:%%|In\[[ \d]*\]:).*$", re.MULTILINE)


class Unreadable(Exception):
    """A file is no notebook, or must not be read; the message is for the student and follows the file's name."""


def is_archive(raw):
    """Whether these bytes are an archive, whatever the file is called."""
    return raw.startswith((*ZIP, *COMPRESSED)) or raw[257:262] == TAR


def read_notebook(raw):
    """Read a notebook.

    Parameters
    ----------
    raw : bytes

    Returns
    -------
    dict
        `cells`: list of [number, id, code] of the code cells, numbers from 1; `set`: name of the exercise set it says it
        belongs to, or None; `notes`: sentences for the student.

    Raises
    ------
    Unreadable
    """
    text, notes = decoded(raw)
    try:
        notebook = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is not a notebook: {error}") from error
    if not isinstance(notebook, dict):
        raise Unreadable("is not a notebook (it has no cells)")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        cells = _cells_of_version_3(notebook["worksheets"])
        notes.append("The notebook has an old format (before 2015); its cells were read all the same.")
    if not isinstance(cells, list):
        raise Unreadable("is not a notebook (it has no cells)")
    metadata = notebook.get("metadata")
    own = metadata.get("lifcore") if isinstance(metadata, dict) else None
    named = own.get("exercise") if isinstance(own, dict) else None
    return {"cells": _code_cells(cells), "set": named if isinstance(named, str) else None, "notes": notes}


def decoded(raw):
    """The text of a file, and sentences about how it was read: (str, list of str)."""
    encoding = json.detect_encoding(raw)
    try:
        text, notes = raw.decode(encoding), []
        if not encoding.startswith("utf-8"):
            notes = [f"The file is {encoding[:6].upper()}; it was read as that."]
    except UnicodeDecodeError:
        text, notes = raw.decode("latin-1"), ["The file is not UTF-8; it was read as Latin-1."]
    return text.rstrip("\0"), notes


def _cells_of_version_3(worksheets):
    sheets = [sheet.get("cells") for sheet in worksheets if isinstance(sheet, dict)]
    return [cell for cells in sheets if isinstance(cells, list) for cell in cells]


def _code_cells(cells):
    found, total = [], 0
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        code = cell.get("source", cell.get("input", ""))
        code = "".join(map(str, code)) if isinstance(code, list) else str(code)
        total += len(code)
        if total > MAX_CODE:
            raise Unreadable("holds more than a million characters of code")
        found.append([number, _id(cell), code])
    return found


def _id(cell):
    """What the cell is called: by nbgrader, else by itself."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    given = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    id = given if isinstance(given, str) else cell.get("id")
    return id[:100] if isinstance(id, str) else ""


def read_script(raw):
    """Read a Python script that was handed in as a notebook: as `read_notebook` does."""
    text, notes = decoded(raw)
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unreadable("is not a notebook: it is neither JSON nor Python") from None
    if all(isinstance(one, ast.Expr) for one in statements):
        raise Unreadable("is not a notebook: it is neither JSON nor Python that defines anything")
    if len(text) > MAX_CODE:
        raise Unreadable("holds more than a million characters of code")
    pieces = [piece.strip("\n") for piece in CELL_MARK.split(text)]
    cells = [[number, "", piece] for number, piece in enumerate(filter(str.strip, pieces), start=1)]
    return {"cells": cells, "set": None, "notes": [*notes, "The file is a Python script; it was read as one."]}


def digest(name, raw, depth=0):
    """All notebooks in a file: itself, or what an archive holds, and an archive within it.

    Parameters
    ----------
    name : str
    raw : bytes
    depth : int
        How many archives this one is in.

    Returns
    -------
    list of dict
        As `read_notebook` returns it, with the `name`; or of a file that cannot be read, `name` and `problem`.
    """
    try:
        if not is_archive(raw):
            read = read_script if not raw.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"{") else read_notebook
            if json.detect_encoding(raw)[:6] in ("utf-16", "utf-32"):
                read = read_notebook
            return [{"name": name, **read(raw)}]
        found = []
        for member, content in _members(raw):
            inner = member.rpartition("/")[2][:200]
            if isinstance(content, str):
                found.append({"name": inner, "problem": content})
            elif inner.lower().endswith(".ipynb"):
                found += digest(inner, content, depth + 1) if not is_archive(content) else []
            elif depth == 0:
                found += digest(inner, content, depth + 1)
            else:
                found.append({"name": inner, "problem": "is an archive in an archive in an archive"})
            if len(found) > MAX_FOUND:
                raise Unreadable(f"holds more than {MAX_FOUND} notebooks")
        return found or [{"name": name, "problem": "holds no notebook"}]
    except Unreadable as problem:
        return [{"name": name, "problem": str(problem)}]
    except MemoryError:
        return [{"name": name, "problem": "needs more memory to be read than there is"}]


def _members(raw):
    """Names and contents of an archive's notebooks and archives; in place of a content, what is wrong with it."""
    try:
        yield from _of_zip(raw) if raw.startswith(ZIP) else _of_tar(raw)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, KeyError, RecursionError) as error:
        raise Unreadable(f"is a damaged archive: {error}") from error


def _of_zip(raw):
    left = MAX_EXPANDED
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for info in _bounded(archive.infolist()):
            if not _wanted(info.filename):
                continue
            if info.flag_bits & 1:
                yield info.filename, "is encrypted: hand it in without a password"
            elif stat.S_ISLNK(info.external_attr >> 16):
                yield info.filename, "is a symbolic link; it is not followed"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                yield info.filename, "is packed in an unusual way: make the zip with another program"
            else:
                with archive.open(info) as member:
                    content = _read(member, left)
                left -= len(content)
                yield info.filename, content


def _of_tar(raw):
    for magic, decompressor in COMPRESSED.items():
        if raw.startswith(magic):
            try:
                raw = decompressor().decompress(raw, MAX_EXPANDED + 1)
            except (OSError, zlib.error, lzma.LZMAError) as error:
                raise Unreadable(f"is a damaged archive: {error}") from error
            if len(raw) > MAX_EXPANDED:
                raise Unreadable(f"is larger than {MAX_EXPANDED >> 20} MB when it is unpacked")
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        for info in _bounded(archive):
            if not _wanted(info.name):
                continue
            if info.issym() or info.islnk():
                yield info.name, "is a link; it is not followed"
            elif info.isreg():
                yield info.name, _read(archive.extractfile(info), MAX_EXPANDED)


def _bounded(entries):
    for count, entry in enumerate(entries):
        if count >= MAX_ENTRIES:
            raise Unreadable(f"holds more than {MAX_ENTRIES} files")
        yield entry


def _read(member, left):
    content = member.read(left + 1)
    if len(content) > left:
        raise Unreadable(f"is larger than {MAX_EXPANDED >> 20} MB when it is unpacked")
    return content


def _wanted(name):
    folders, _, last = name.rpartition("/")
    hidden = any(part.startswith(".") and part.strip(".") for part in folders.split("/"))
    return not (hidden or last.startswith(".") or "__MACOSX" in folders) and last.lower().endswith((".ipynb", *ARCHIVES))


def main():
    name = json.loads(sys.stdin.buffer.readline())
    sys.stdout.write(json.dumps(digest(name, sys.stdin.buffer.read(MAX_BYTES + 1))) + "\n")


if __name__ == "__main__":
    main()

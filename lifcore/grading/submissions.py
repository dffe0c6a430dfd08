"""From whatever students hand in to a list of code cells, or a sentence that says why not."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 20 * 1024 * 1024


class SubmissionError(Exception):
    """A submission cannot be read; the message is for the student."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook.

    Attributes
    ----------
    cells : tuple of (int, str)
        Number (from 1) and code of each code cell.
    raw : bytes
        The file as it was handed in.
    notes : tuple of str
        What the student should know about how it was read.
    """

    cells: tuple
    raw: bytes
    notes: tuple = ()


def students(folder):
    """The submissions in a folder: one entry for each student's folder or notebook.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    list of (str, pathlib.Path)
        Name and path, in order of the name. nbgrader's `submitted/<student>/<assignment>/<name>.ipynb` and flat
        folders of `<student>.ipynb` are both understood.
    """
    found = {}
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink() or path.is_dir():
            found.setdefault(path.name, path)
        elif path.suffix == ".ipynb":
            found.setdefault(path.name if path.stem in found else path.stem, path)
    return sorted(found.items())


def open_submission(path, set_name):
    """Find and read a student's notebook for a set.

    Parameters
    ----------
    path : str or pathlib.Path
        The student's folder, or the notebook itself.
    set_name : str

    Returns
    -------
    Submission

    Raises
    ------
    SubmissionError
    """
    path = Path(path)
    notes, candidates = [], []
    reason = "no notebook was handed in"
    for file in _notebooks(path):
        try:
            raw = _bytes(file)
            text, note = _text(raw)
            notebook = json.loads(text)
            cells = _cells(notebook)
        except SubmissionError as error:
            reason = f"{file.name}: {error}"
            continue
        except (ValueError, RecursionError) as error:
            reason = f"{file.name} is not a notebook: {error}"
            continue
        rank = _rank(notebook, file, set_name)
        candidates.append((rank, file, Submission(cells, raw, (note,) if note else ())))
    if not candidates:
        raise SubmissionError(reason)
    right = [one for one in candidates if one[0] > 0]
    if not right and len(candidates) > 1:
        raise SubmissionError(f"none of the notebooks belongs to the set {set_name!r}")
    rank, file, chosen = max(right or candidates, key=lambda one: (one[0], str(one[1])))
    if len(candidates) > 1 or file.stem != set_name:
        notes.append(f"Read from {file.name}.")
    return Submission(chosen.cells, chosen.raw, (*chosen.notes, *notes))


def _notebooks(path):
    """Notebooks under a path, without ever following a symbolic link."""
    if path.is_symlink():
        raise SubmissionError("a symbolic link was handed in; it is not followed")
    if not path.is_dir():
        return [path]
    found = []
    for folder, folders, files in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(folder, name)
            for name in sorted(files)
            if name.endswith(".ipynb") and not name.startswith(".")
        ]
    return found


def _bytes(file):
    """The bytes of a regular file of bounded size: not of a link, a pipe or a device."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if file.is_symlink():
            raise SubmissionError("is a symbolic link; it is not followed") from None
        raise SubmissionError(f"cannot be opened: {error.strerror}") from error
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError("is not a regular file")
        if status.st_size > MAX_BYTES:
            raise SubmissionError("is larger than 20 MB: clear its outputs and hand it in again")
        return stream.read(MAX_BYTES + 1)


def _text(raw):
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "The file is not UTF-8; it was read as Latin-1."


def _cells(notebook):
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise SubmissionError("is not a notebook (it has no cells)")
    cells = []
    for number, cell in enumerate(notebook["cells"], start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        code = cell.get("source", "")
        code = "".join(map(str, code)) if isinstance(code, list) else str(code)
        cells.append((number, code))
    return tuple(cells)


def _rank(notebook, file, set_name):
    """How surely a notebook is the one of the set: by its own metadata, else by the file's name."""
    metadata = notebook.get("metadata")
    own = metadata.get("lifcore") if isinstance(metadata, dict) else None
    named = own.get("exercise") if isinstance(own, dict) else None
    if named is not None and named != set_name:
        return 0
    return 2 * (named == set_name) + (file.stem == set_name) + (set_name in file.stem)

"""From whatever students hand in to a list of code cells, or a sentence that says why not."""

import hashlib
import json
import os
import stat
import subprocess
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lifcore.grading import digest, jail
from lifcore.grading.digest import ARCHIVES, MAX_BYTES, MAX_FOUND, Unreadable

# What is larger than this is read in the jail: a notebook of a few bytes a value needs thirty times its size to be
# read.
SMALL = 2_000_000
MAX_DEPTH, MAX_ENTRIES = 20, 20_000
READING = jail.Limits(total_seconds=60, memory=2 << 30, processes=16)
DIGEST = Path(digest.__file__)


class SubmissionError(Exception):
    """A submission cannot be read; the message is for the student."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook.

    Attributes
    ----------
    cells : tuple of (int, str, str)
        Number (from 1), id and code of each code cell.
    notes : tuple of str
        What the student should know about how it was read.
    """

    cells: tuple
    notes: tuple = ()


def students(folder):
    """The submissions in a folder: one entry for each student's folder, notebook or archive.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    list of (str, pathlib.Path)
        Name and path, in order of the name. nbgrader's `submitted/<student>/<assignment>/<name>.ipynb` and flat
        folders of `<student>.ipynb` or `<student>.zip` are both understood.
    """
    found = {}
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith("."):
            continue
        ending = next((one for one in (*ARCHIVES, ".ipynb") if path.name.lower().endswith(one)), "")
        if path.is_dir() or (path.is_symlink() and not ending):
            found.setdefault(path.name, path)
        elif ending:
            name = path.name[: -len(ending)]
            found[path.name if name in found or not name else name] = path
    return sorted(found.items())


def fingerprint(path):
    """A hash of all that a student handed in and that could be read, or of why it cannot be: str."""
    seen = hashlib.sha256()
    try:
        for file in _files(Path(path)):
            try:
                content = _bytes(file)
            except SubmissionError as error:
                content = str(error).encode()
            seen.update(os.fsencode(file.name) + b"\0" + hashlib.sha256(content).digest())
    except SubmissionError as error:
        seen.update(str(error).encode())
    return seen.hexdigest()


def open_submission(path, set_name, jailed=True):
    """Find and read a student's notebook for a set.

    Parameters
    ----------
    path : str or pathlib.Path
        The student's folder, or the notebook or archive itself.
    set_name : str
    jailed : bool
        Whether what takes long to read is read in a jail.

    Returns
    -------
    Submission

    Raises
    ------
    SubmissionError
    """
    candidates, reason = [], "no notebook was handed in"
    for file in _files(Path(path)):
        try:
            raw = _bytes(file)
        except SubmissionError as error:
            reason = f"{file.name}: {error}"
            continue
        for found in _notebooks(file.name, raw, jailed):
            name, problem = str(found["name"]), found.get("problem")
            if problem is not None:
                reason = f"{name}: {problem}" if name == file.name else f"{name} in {file.name}: {problem}"
                continue
            cells = tuple((number, id, code) for number, id, code in found["cells"])
            inside = "" if name == file.name else f" in {file.name}"
            rank = _rank(found["set"], name, set_name)
            candidates.append((rank, name, inside, Submission(cells, tuple(found["notes"]))))
    if not candidates:
        raise SubmissionError(reason)
    right = [one for one in candidates if one[0] > 0]
    if not right and len(candidates) > 1:
        raise SubmissionError(f"none of the notebooks belongs to the set {set_name!r}")
    rank, name, inside, chosen = max(right or candidates, key=lambda one: one[:3])
    notes = []
    expected = f"{set_name}.ipynb" if Path(path).is_dir() else Path(path).name
    if len(candidates) > 1 or inside or name != expected:
        notes.append(f"Read from {name}{inside}.")
    return Submission(chosen.cells, (*chosen.notes, *notes))


def _files(path):
    """Notebooks and archives under a path, without ever following a symbolic link, and not without end."""
    if path.is_symlink():
        raise SubmissionError("a symbolic link was handed in; it is not followed")
    if not path.is_dir():
        return [path]
    found, waiting, seen = [], [(path, 0)], 0
    while waiting and seen < MAX_ENTRIES and len(found) < MAX_FOUND:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(islice(listing, MAX_ENTRIES), key=lambda entry: entry.name)
        except OSError:
            continue
        seen += len(entries)
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    waiting.append((Path(entry.path), depth + 1))
            elif entry.name.lower().endswith((".ipynb", *ARCHIVES)):
                found.append(Path(entry.path))
    return found[:MAX_FOUND]


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
            raise SubmissionError(f"is larger than {MAX_BYTES >> 20} MB: clear its outputs and hand it in again")
        return stream.read(MAX_BYTES + 1)


def _notebooks(name, raw, jailed):
    """What `digest.digest` finds in a file."""
    if len(raw) > SMALL or digest.is_archive(raw) or not raw.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"{"):
        return _read_in_jail(name, raw, jailed)
    try:
        return [{"name": name, **digest.read_notebook(raw)}]
    except Unreadable as problem:
        return [{"name": name, "problem": str(problem)}]


def _read_in_jail(name, raw, jailed):
    line = jail.command(["-S", str(DIGEST)], READING, jailed)
    try:
        done = subprocess.run(
            line,
            input=json.dumps(name).encode() + b"\n" + raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=jail.environment(jailed),
            timeout=READING.total_seconds,
        )
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return [{"name": name, "problem": "could not be read within its time and memory"}]


def _rank(named, name, set_name):
    """How surely a notebook is the one of the set: by its own metadata, else by the file's name."""
    if named is not None and named != set_name:
        return 0
    stem = name.rpartition(".")[0]
    return 2 * (named == set_name) + (stem == set_name) + (set_name in stem)

"""What was earned so far: the best points of each question, kept in progress.json beside the notebook.

``LIFCORE_PROGRESS=off`` keeps the record in memory only. A record that cannot be read is never overwritten. The book's
page writes and reads the same file (assets/progress.js), and keeps in it what its self-checks were answered with.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from lifcore._files import write_whole

FORMAT = "lifcore progress"
VERSION = 1
FILE = "progress.json"


class RecordError(Exception):
    """A progress file cannot be read or written; the message says why, and what to do."""


@dataclass(frozen=True)
class Progress:
    """What a progress file holds.

    Attributes
    ----------
    sets : dict
        ``{set: {question: {"points": float, "maximum": float, "attempts": int, "title": str}}}``
    checks : dict
        ``{page: {self-check: {"right": bool, "attempts": int}}}``; empty in a file that has none.
    """

    sets: dict = field(default_factory=dict)
    checks: dict = field(default_factory=dict)


def read(path):
    """Read a progress file.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Progress

    Raises
    ------
    RecordError
        If there is no such file, or it is not a progress file of this course.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise RecordError(f"{path} does not exist; give the path of a progress.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read as a progress file: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise RecordError(f"{path} is not a progress file of this course")
    version = data.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise RecordError(f"{path} is a progress file of version {version!r}; this lifcore reads {VERSION}")
    progress = Progress(data.get("sets"), data.get("checks", {}))
    if not _holds(progress.sets, _is_entry):
        raise RecordError(f"{path} is a damaged progress file: its 'sets' do not hold points of questions")
    if not _holds(progress.checks, _is_answer):
        raise RecordError(f"{path} is a damaged progress file: its 'checks' do not hold answers to self-checks")
    return progress


def _refuse(name):
    """Python would read NaN and Infinity, which are no JSON, and the page would not."""
    raise ValueError(f"{name} is not a number in JSON")


def _holds(groups, is_right):
    """Whether a dict holds dicts of entries."""
    return isinstance(groups, dict) and all(
        isinstance(entries, dict) and all(is_right(entry) for entry in entries.values())
        for entries in groups.values()
    )


def _is_entry(entry):
    return (
        isinstance(entry, dict)
        and all(_is_count(entry.get(key)) for key in ("points", "maximum", "attempts"))
        and entry["points"] <= entry["maximum"]
    )


def _is_answer(entry):
    return isinstance(entry, dict) and isinstance(entry.get("right"), bool) and _is_count(entry.get("attempts"))


def _is_count(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e6


def write(path, progress):
    """Write a progress file, whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
    progress : Progress

    Raises
    ------
    RecordError
        If the folder cannot be written.
    """
    path = Path(path)
    data = {"format": FORMAT, "version": VERSION, "sets": progress.sets}
    if progress.checks:
        data["checks"] = progress.checks
    text = json.dumps(data, indent=1, sort_keys=True)
    try:
        write_whole(path, (text + "\n").encode("utf-8"))
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error}") from error


def merged(one, other):
    """The better of two records, question by question and self-check by self-check.

    Parameters
    ----------
    one, other : Progress
        Where both are equally good, the first is kept; attempts are the larger of the two.

    Returns
    -------
    Progress
    """
    return Progress(_better(one.sets, other.sets, "points"), _better(one.checks, other.checks, "right"))


def _better(one, other, rank):
    result = {name: dict(entries) for name, entries in one.items()}
    for name, entries in other.items():
        mine = result.setdefault(name, {})
        for id, entry in entries.items():
            known = mine.get(id, entry)
            better = entry if entry[rank] > known[rank] else known
            mine[id] = {**better, "attempts": max(entry["attempts"], known["attempts"])}
    return result


class Record:
    """The record of the running session, with its file unless it is switched off.

    Attributes
    ----------
    progress : Progress
        What is known.
    complaint : str
        Why the file is not used, or nothing.
    """

    def __init__(self):
        self.progress = Progress()
        self.complaint = ""
        self.path = None if os.environ.get("LIFCORE_PROGRESS", "").lower() == "off" else Path(FILE)
        if self.path is not None and self.path.exists():
            try:
                self.progress = read(self.path)
            except RecordError as error:
                self.complaint = (
                    f"{error}. It is left as it is, and nothing is recorded; "
                    "move it away and restart the kernel to begin a new record."
                )
                self.path = None

    def entry(self, set_name, question):
        """What is known of one question: dict of points, maximum and attempts."""
        blank = {"points": 0, "maximum": sum(case.points for _, case in question.public), "attempts": 0}
        return self.progress.sets.get(set_name, {}).get(question.id, blank)

    def note(self, set_name, question, points, failed):
        """Record one check: the best points stay, a failed attempt counts."""
        known = self.entry(set_name, question)
        self.progress.sets.setdefault(set_name, {})[question.id] = {
            "title": question.title,
            "points": max(points, known["points"]),
            "maximum": sum(case.points for _, case in question.public),
            "attempts": known["attempts"] + bool(failed),
        }
        self.save()

    def merge(self, path):
        """Take over what is better in another progress file."""
        self.progress = merged(self.progress, read(path))
        self.save()

    def save(self):
        """Write the file, if there is one; a folder that cannot be written switches it off."""
        if self.path is None:
            return
        try:
            write(self.path, self.progress)
        except RecordError as error:
            self.complaint = f"{error}. Your points are kept until the kernel stops."
            self.path = None

"""What was earned so far: the best points of each question, kept in progress.json beside the notebook.

``LIFCORE_PROGRESS=off`` keeps the record in memory only. A record that cannot be read is never overwritten.
"""

import json
import os
from pathlib import Path

from lifcore._files import write_whole

FORMAT = "lifcore progress"
VERSION = 1
FILE = "progress.json"


class RecordError(Exception):
    """A progress file cannot be read or written; the message says why, and what to do."""


def read(path):
    """Read a progress file.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    dict
        ``{set: {question: {"points": float, "maximum": float, "attempts": int, "title": str}}}``

    Raises
    ------
    RecordError
        If there is no such file, or it is not a progress file of this course.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path} does not exist; give the path of a progress.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read as a progress file: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise RecordError(f"{path} is not a progress file of this course")
    if data.get("version") != VERSION:
        raise RecordError(
            f"{path} is a progress file of version {data.get('version')!r}; this lifcore reads {VERSION}"
        )
    sets = data.get("sets")
    if not isinstance(sets, dict) or not all(_is_set(questions) for questions in sets.values()):
        raise RecordError(f"{path} is a damaged progress file: its 'sets' do not hold points of questions")
    return sets


def _is_set(questions):
    return isinstance(questions, dict) and all(_is_entry(entry) for entry in questions.values())


def _is_entry(entry):
    return (
        isinstance(entry, dict)
        and all(_is_count(entry.get(key)) for key in ("points", "maximum", "attempts"))
        and entry["points"] <= entry["maximum"]
    )


def _is_count(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e6


def write(path, sets):
    """Write a progress file, whole or not at all.

    Raises
    ------
    RecordError
        If the folder cannot be written.
    """
    path = Path(path)
    text = json.dumps({"format": FORMAT, "version": VERSION, "sets": sets}, indent=1, sort_keys=True)
    try:
        write_whole(path, (text + "\n").encode("utf-8"))
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error}") from error


def merged(one, other):
    """The better of two records, question by question: dict as `read` returns it."""
    result = {name: dict(questions) for name, questions in one.items()}
    for name, questions in other.items():
        mine = result.setdefault(name, {})
        for id, entry in questions.items():
            known = mine.get(id, entry)
            better = entry if entry["points"] > known["points"] else known
            mine[id] = {**better, "attempts": max(entry["attempts"], known["attempts"])}
    return result


class Record:
    """The record of the running session, with its file unless it is switched off.

    Attributes
    ----------
    sets : dict
        As `read` returns it.
    complaint : str
        Why the file is not used, or nothing.
    """

    def __init__(self):
        self.sets = {}
        self.complaint = ""
        self.path = None if os.environ.get("LIFCORE_PROGRESS", "").lower() == "off" else Path(FILE)
        if self.path is not None and self.path.exists():
            try:
                self.sets = read(self.path)
            except RecordError as error:
                self.complaint = (
                    f"{error}. It is left as it is, and nothing is recorded; "
                    "move it away and restart the kernel to begin a new record."
                )
                self.path = None

    def entry(self, set_name, question):
        """What is known of one question: dict of points, maximum and attempts."""
        blank = {"points": 0, "maximum": sum(case.points for _, case in question.public), "attempts": 0}
        return self.sets.get(set_name, {}).get(question.id, blank)

    def note(self, set_name, question, points, failed):
        """Record one check: the best points stay, a failed attempt counts."""
        known = self.entry(set_name, question)
        self.sets.setdefault(set_name, {})[question.id] = {
            "title": question.title,
            "points": max(points, known["points"]),
            "maximum": sum(case.points for _, case in question.public),
            "attempts": known["attempts"] + bool(failed),
        }
        self.save()

    def merge(self, path):
        """Take over what is better in another progress file."""
        self.sets = merged(self.sets, read(path))
        self.save()

    def save(self):
        """Write the file, if there is one; a folder that cannot be written switches it off."""
        if self.path is None:
            return
        try:
            write(self.path, self.sets)
        except RecordError as error:
            self.complaint = f"{error}. Your points are kept until the kernel stops."
            self.path = None

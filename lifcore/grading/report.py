"""A class at a glance: which question, how many points, which mistake, how many times."""

import json
from collections import Counter
from pathlib import Path


class ReportError(Exception):
    """A folder holds no grades; the message says what was looked for."""


def results(folder):
    """The records in a folder that `grade` wrote: list of dict.

    Raises
    ------
    ReportError
        If there are none.
    """
    found = []
    for path in sorted(Path(folder).glob("*.json")) if Path(folder).is_dir() else ():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and "questions" in record and "student" in record:
            found.append(record)
    if not found:
        raise ReportError(f"{folder}: holds no grades (<student>.json, as `grade` writes them)")
    return found


def report(folder):
    """Summary of a class.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder that `grade` wrote.

    Returns
    -------
    str
    """
    records = results(folder)
    points = sorted(record["points"] for record in records)
    maximum = max(record["maximum"] for record in records)
    middle = points[len(points) // 2] if len(points) % 2 else sum(points[len(points) // 2 - 1 :][:2]) / 2
    lines = [
        f"{records[0]['set']}: {len(records)} submissions, median {middle:g} of {maximum:g} points "
        f"(from {points[0]:g} to {points[-1]:g})",
        "",
    ]
    for id in records[0]["questions"]:
        lines += _question(id, [record["questions"][id] for record in records if id in record["questions"]])
    troubled = [record for record in records if record["notes"]]
    if troubled:
        lines += ["", "Notes"]
        lines += [f"  {record['student']}: {'; '.join(record['notes'])}" for record in troubled]
    return "\n".join(lines)


def _question(id, entries):
    full = sum(entry["points"] == entry["maximum"] for entry in entries)
    empty = sum(entry["unanswered"] for entry in entries)
    mean = sum(entry["points"] for entry in entries) / len(entries)
    lines = [
        f"{id}  {entries[0]['title']}: mean {mean:.2f} of {entries[0]['maximum']:g}; "
        f"{full} with full marks, {empty} not answered"
    ]
    mistakes = Counter(entry["mistake"] for entry in entries if entry["mistake"])
    lines += [f"    {count} × {mistake}" for mistake, count in mistakes.most_common()]
    return lines

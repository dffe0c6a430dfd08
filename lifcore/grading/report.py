"""A class at a glance: the points of each question, the known mistakes, and the wrong answers that nobody knows.

From the records of the students alone, so it can be made at any time, also while a class is still being graded.
"""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from lifcore._files import write_whole
from lifcore.grading.feedback import encoded, harmless, is_record
from lifcore.grading.page import items, page, text
from lifcore.grading.scores import counted

NUMBER = re.compile(r"[-+]?\d+\.\d*(?:e[-+]?\d+)?|[-+]?\d+e[-+]?\d+", re.IGNORECASE)
MAX_GROUPS = 5
MAX_NAMES = 6
MAX_SLOWEST = 5
MAX_NOTES = 100


class ReportError(Exception):
    """A folder holds no grades; the message says what was looked for."""


def results(folder):
    """The records in a folder that `grade` wrote, in order of the students' names: list of dict.

    Raises
    ------
    ReportError
        If there are none, or one of them is damaged.
    """
    found = []
    for path in sorted(Path(folder).glob("*.json")) if Path(folder).is_dir() else ():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if is_record(record):
            found.append(record)
        elif isinstance(record, dict) and "student" in record:
            raise ReportError(f"{path}: is a damaged record; remove it, and `grade` makes it anew")
    if len({(record["set"], *record["questions"]) for record in found}) > 1:
        raise ReportError(f"{folder}: holds grades of different sets, or of different states of a set; run `grade` again")
    if not found:
        raise ReportError(f"{folder}: holds no grades (<student>.json, as `grade` writes them)")
    return sorted(found, key=lambda record: record["student"])


def summary(records):
    """What a report says.

    Parameters
    ----------
    records : list of dict
        The students' records.

    Returns
    -------
    dict
        `set`, `submissions`, `unreadable`, `median`, `lowest`, `highest`, `maximum`; of each question (`questions`)
        what
        `_question` finds; `notes` and `slowest`, lists of a student and a text or a number.
    """
    points = sorted(record["points"] for record in records)
    middle = points[len(points) // 2] if len(points) % 2 else sum(points[len(points) // 2 - 1 :][:2]) / 2
    notes = [(record["student"], "; ".join(record["notes"])) for record in records if record["notes"]]
    slowest = sorted(records, key=lambda record: -record["seconds"])[:MAX_SLOWEST]
    return {
        "set": records[0]["set"],
        "submissions": len(records),
        "unreadable": sum(not record.get("readable", True) for record in records),
        "median": middle,
        "lowest": points[0],
        "highest": points[-1],
        "maximum": max(record["maximum"] for record in records),
        "questions": [_question(id, records) for id in records[0]["questions"]],
        "notes": notes,
        "slowest": [(record["student"], record["seconds"]) for record in slowest],
    }


def _question(id, records):
    """Of one question: how many have what, the mistakes with their messages, and the wrong answers of no known kind."""
    entries = [(record["student"], record["questions"][id]) for record in records if id in record["questions"]]
    points = [entry["points"] for _, entry in entries]
    maximum = entries[0][1]["maximum"]
    mistakes = Counter((entry["mistake"], entry["message"]) for _, entry in entries if entry["mistake"])
    unknown = [
        (student, entry)
        for student, entry in entries
        if entry["points"] < entry["maximum"] and not entry["mistake"] and not entry["unanswered"]
    ]
    alike = defaultdict(list)
    for student, entry in unknown:
        alike[_shape(entry["cases"])].append(student)
    return {
        "id": id,
        "title": entries[0][1]["title"],
        "maximum": maximum,
        "mean": sum(points) / len(points),
        "full": sum(one == maximum for one in points),
        "part": sum(0 < one < maximum for one in points),
        "none": sum(one == 0 and not entry["unanswered"] for one, (_, entry) in zip(points, entries)),
        "unanswered": sum(entry["unanswered"] for _, entry in entries),
        "mistakes": [(name, message, count) for (name, message), count in mistakes.most_common()],
        "unknown": len(unknown),
        "alike": sorted(alike.items(), key=lambda one: -len(one[1]))[:MAX_GROUPS],
    }


def _shape(cases):
    """What the public cases of an answer gave, to four digits: answers that differ in rounding alone are one kind."""
    wrong = [case for case in cases if not case["hidden"] and not case["passed"]]
    if not wrong:
        return ("all public cases are right, a hidden one is not",)
    return tuple(f"{case['expression']}: {NUMBER.sub(_short, case['remark'])}" for case in wrong)


def _short(number):
    return f"{float(number[0]):.4g}"


def report(folder, write=True):
    """Summary of a class, as a text, and in the folder as `report.html` and `report.csv`.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder that `grade` wrote.
    write : bool
        Whether to write the two files.

    Returns
    -------
    str

    Raises
    ------
    ReportError
        If the folder holds no grades.
    """
    found = summary(results(folder))
    if write:
        write_whole(Path(folder) / "report.html", encoded(report_page(found)))
        write_whole(Path(folder) / "report.csv", b"\xef\xbb\xbf" + encoded(_table(found)))
    return _plain(found)


def _opening(found):
    opening = (
        f"{found['set']}: {counted(found['submissions'], 'submission')}, median {found['median']:g} of "
        f"{found['maximum']:g} points (from {found['lowest']:g} to {found['highest']:g})"
    )
    return opening + (f"; {found['unreadable']} could not be read" if found["unreadable"] else "")


def _counts(one):
    return (
        f"mean {one['mean']:.2f} of {one['maximum']:g}; {one['full']} with full marks, {one['part']} with some, "
        f"{one['none']} with none, {one['unanswered']} not answered"
    )


def _names(students):
    return ", ".join(students[:MAX_NAMES]) + (
        f" and {len(students) - MAX_NAMES} more" if len(students) > MAX_NAMES else ""
    )


def _plain(found):
    lines = [_opening(found), ""]
    for one in found["questions"]:
        lines.append(f"{one['id']}  {one['title']}: {_counts(one)}")
        lines += [f"    {count} × {name}: {message}" for name, message, count in one["mistakes"]]
        if one["unknown"]:
            lines.append(f"    {one['unknown']} × wrong in a way that no mistake of the set explains")
        for shape, students in one["alike"]:
            lines.append(f"        {len(students)} × {'; '.join(shape)[:300]} ({_names(students)})")
    if found["notes"]:
        lines += ["", "Notes"]
        lines += [f"  {student}: {note}" for student, note in found["notes"][:MAX_NOTES]]
        if len(found["notes"]) > MAX_NOTES:
            lines.append(f"  and {len(found['notes']) - MAX_NOTES} more, in scores.csv")
    lines += ["", "Slowest: " + ", ".join(f"{student} {seconds:g} s" for student, seconds in found["slowest"])]
    return "\n".join("".join(one if one.isprintable() else " " for one in line) for line in lines)


def report_page(found):
    """The report as a page: str of HTML.

    Parameters
    ----------
    found : dict
        As `summary` returns it.
    """
    head = ["question", "mean", "full", "some", "none", "not answered"]
    rows = [
        [f"{one['id']} · {one['title']}", f"{one['mean']:.2f} of {one['maximum']:g}"]
        + [str(one[kind]) for kind in ("full", "part", "none", "unanswered")]
        for one in found["questions"]
    ]
    parts = [f"<p>{text(_opening(found))}.</p>", _html_table("Points of each question", head, rows)]
    for one in found["questions"]:
        parts.append(f"<section>\n<h2>{text(one['id'])} · {text(one['title'])}</h2>\n<p>{text(_counts(one))}.</p>")
        parts.append(_bar(one["mean"] / one["maximum"] if one["maximum"] else 0))
        if one["mistakes"]:
            known = [[str(count), name, message] for name, message, count in one["mistakes"]]
            parts.append("<h3>Known mistakes</h3>")
            parts.append(
                _html_table(f"Known mistakes in {one['id']}", ["students", "mistake", "what they were told"], known)
            )
        if one["unknown"]:
            parts.append("<h3>Wrong in a way that no mistake of the set explains</h3>")
            parts.append(f"<p>{counted(one['unknown'], 'student')}. The most frequent values of the public cases:</p>")
            groups = [[str(len(who)), "; ".join(shape)[:300], _names(who)] for shape, who in one["alike"]]
            parts.append(_html_table(f"Unexplained values of {one['id']}", ["students", "values", "who"], groups))
        parts.append("</section>")
    if found["notes"]:
        more = len(found["notes"]) - MAX_NOTES
        notes = [f"{student}: {note}" for student, note in found["notes"][:MAX_NOTES]]
        parts.append(f"<section>\n<h2>Notes</h2>\n{items(notes)}")
        parts += [f"<p>And {more} more, in scores.csv.</p>"] * (more > 0) + ["</section>"]
    slow = [[student, f"{seconds:g} s"] for student, seconds in found["slowest"]]
    parts.append(
        "<section>\n<h2>Slowest</h2>\n" + _html_table("Slowest submissions", ["student", "time"], slow) + "\n</section>"
    )
    return page(f"{found['set']}: the class", "\n".join(parts))


def _html_table(label, head, rows):
    ths = "".join(f'<th scope="col">{text(one)}</th>' for one in head)
    body = "\n".join("<tr>" + "".join(f"<td>{text(one)}</td>" for one in row) + "</tr>" for row in rows)
    table = f'<table aria-label="{text(label)}">\n<thead><tr>{ths}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'
    # What is too wide scrolls by itself, and not the page; it takes the focus, so that a keyboard can scroll it.
    return f'<div class="wide" role="region" aria-label="{text(label)}" tabindex="0">{table}</div>'


def _bar(part):
    """A bar as long as the mean is high. The page allows no style on an element, so its length is an attribute."""
    return f'<progress max="100" value="{100 * part:.0f}" aria-label="Mean, in per cent of the maximum"></progress>'


def _table(found):
    """The report as a table: a line for each question and each of its outcomes, with the number of students."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(["question", "title", "maximum", "outcome", "what", "students"])
    for one in found["questions"]:
        outcomes = [("full", "", one["full"]), ("some", "", one["part"]), ("none", "", one["none"])]
        outcomes += [("unanswered", "", one["unanswered"])]
        outcomes += [("mistake", f"{name}: {message}", count) for name, message, count in one["mistakes"]]
        outcomes += [("unexplained", "", one["unknown"])]
        outcomes += [("unexplained alike", "; ".join(shape)[:300], len(who)) for shape, who in one["alike"]]
        for outcome, what, count in outcomes:
            table.writerow([one["id"], harmless(one["title"]), f"{one['maximum']:g}", outcome, harmless(what), count])
    return written.getvalue()

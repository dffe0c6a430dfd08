"""What a grading run leaves: a page for each student, a record for each student, one table for the class.

A hidden case shows as passed or not, and nothing else of it: neither its inputs nor the value that came.
"""

import csv
import hashlib
import io
import json
import re

from lifcore._files import write_whole
from lifcore.grading.compare import show
from lifcore.grading.page import items, page, text
from lifcore.grading.scores import counted, tick
from lifcore.grading.solutions import Failure

# Names that files of the class have, and the length of a name that leaves room for an ending (a file system takes 255).
TAKEN = ("report", "scores")
MAX_NAME = 180
# What a spreadsheet may take for the beginning of a formula, at the beginning of a cell or after a character that a
# spreadsheet of another country takes for the end of one.
FORMULA = re.compile(r"(^|[;,\t\r\n|])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


# What a record has to hold, for who reads it again: the names of its fields and their kinds.
NUMBER, TEXT = (int, float), str
RECORD = {
    "student": TEXT, "set": TEXT, "plan": TEXT, "key": TEXT, "points": NUMBER, "maximum": NUMBER, "seconds": NUMBER,
    "questions": dict, "notes": list,
}
QUESTION = {
    "title": TEXT, "points": NUMBER, "maximum": NUMBER, "unanswered": bool, "mistake": TEXT, "message": TEXT, "cases": list
}
CASE = {"hidden": bool, "passed": bool}
SHOWN_CASE = {"expression": TEXT, "remark": TEXT}


def is_record(data):
    """Whether data that were read from a file are a student's record, as `grade` writes it."""
    return (
        _has(data, RECORD)
        and all(isinstance(note, str) for note in data["notes"])
        and all(_has(one, QUESTION) and all(map(_is_case, one["cases"])) for one in data["questions"].values())
    )


def _is_case(data):
    return _has(data, CASE) and (data["hidden"] or _has(data, SHOWN_CASE))


def _has(data, fields):
    """Whether data are a dict with these fields; a truth value is no number, and what is not finite neither."""
    if not isinstance(data, dict):
        return False
    for name, kind in fields.items():
        value = data.get(name)
        if not isinstance(value, kind) or kind is NUMBER and (isinstance(value, bool) or not abs(value) < 1e9):
            return False
    return True


def case_entry(case, passed, value, drawn=""):
    """A case in a student's record.

    Parameters
    ----------
    case : Case
    passed : bool
    value : plain data or Failure
    drawn : str
        The parameters of a public case.

    Returns
    -------
    dict
    """
    entry = {
        "hidden": case.hidden,
        "passed": passed,
        "points": case.points * passed,
        "maximum": case.points,
    }
    if not case.hidden:
        entry["expression"] = case.expression
        entry["drawn"] = drawn
        entry["remark"] = value.text if isinstance(value, Failure) else f"your value: {show(value)}"
    return entry


def student_page(result):
    """The page a student gets back: str of HTML."""
    parts = [f'<p class="points">{result["points"]:g} of {counted(result["maximum"], "point")}</p>']
    for id, question in result["questions"].items():
        points = f"{question['points']:g} of {question['maximum']:g}"
        parts.append(f"<section>\n<h2>{text(id)} · {text(question['title'])}: {points}</h2>")
        if question["unanswered"]:
            parts.append("<p>Not answered.</p>")
        else:
            parts.append(_table(id, question["cases"]))
        if question["message"]:
            parts.append(f'<p class="reason">A likely reason: {text(question["message"])}</p>')
        if question["hint"]:
            parts.append(f"<p>Hint: {text(question['hint'])}</p>")
        if question["errors"]:
            parts.append(f"<h3>What happened when your cells ran</h3>\n{items(question['errors'])}")
        if question["pictures"]:
            parts.append("<h3>What your cells drew</h3>")
            parts += [
                f'<img src="data:image/png;base64,{picture}" alt="Figure {count} that the cells of {text(id)} drew">'
                for count, picture in enumerate(question["pictures"], start=1)
            ]
        parts.append("</section>")
    if result["notes"]:
        parts.append(f"<section>\n<h2>Notes on the notebook</h2>\n{items(result['notes'])}\n</section>")
    return page(f"{result['set']}: {result['student']}", "\n".join(parts))


def _table(id, cases):
    head = (
        f'<th scope="col">Result</th><th scope="col">Case of {text(id)}</th><th scope="col" class="number">Points</th>'
    )
    return (
        f'<table class="cases">\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(map(_row, cases))
        + "\n</tbody>\n</table>"
    )


def _row(case):
    what = "a case that is not shown"
    if not case["hidden"]:
        what = f"<code>{text(case['expression'])}</code>"
        what += f", for <code>{text(case['drawn'])}</code>" if case["drawn"] else ""
        what += f'<br><span class="soft">{text(case["remark"])}</span>' if case["remark"] else ""
    word, kind = ("right", "right") if case["passed"] else ("not right", "wrong")
    points = f"{case['points']:g} of {case['maximum']:g}"
    mark = f'<td class="{kind}">{tick(case["passed"])} {word}</td>'
    return f'<tr>{mark}<td>{what}</td><td class="number">{points}</td></tr>'


def file_name(student):
    """Name, without its ending, of a student's page and record: the student's own wherever a file can have it."""
    if student in TAKEN or len(student.encode("utf-8", "surrogateescape")) > MAX_NAME:
        short = student.encode("utf-8", "replace")[:MAX_NAME].decode("utf-8", "ignore")
        return f"{short}-{hashlib.sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    return student


def write_result(out, result):
    """Write a student's record and page into a folder."""
    # The page first: a record that is there means that both are.
    name = file_name(result["student"])
    write_whole(out / f"{name}.html", encoded(student_page(result)))
    write_whole(out / f"{name}.json", encoded(json.dumps(result, indent=1, ensure_ascii=False) + "\n"))


def write_scores(path, records, failures, exercise):
    """Write the class's table: a line for each student, a column for each question.

    It begins with a byte order mark: without it Excel takes UTF-8 for something else, and spoils names.

    Parameters
    ----------
    path : pathlib.Path
    records : dict
        Of each student the record, or None.
    failures : dict
        Why a student has none, which is then no fault of his.
    exercise : ExerciseSet
    """
    ids = [question.id for question in exercise.questions]
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(["student", *ids, "points", "maximum", "mistakes", "notes", "seconds"])
    for student, record in records.items():
        if record is None:
            blank = [""] * (len(ids) + 3)
            table.writerow([harmless(student), *blank, harmless(f"not graded yet: {failures[student]}"), ""])
            continue
        questions = record["questions"]
        mistakes = " ".join(f"{id}:{questions[id]['mistake']}" for id in ids if questions[id]["mistake"])
        errors = [error for id in ids for error in questions[id]["errors"]]
        table.writerow(
            [
                harmless(student),
                *(f"{questions[id]['points']:g}" for id in ids),
                f"{record['points']:g}",
                f"{record['maximum']:g}",
                harmless(mistakes),
                harmless("; ".join([*record["notes"], *errors])[:300]),
                record["seconds"],
            ]
        )
    write_whole(path, b"\xef\xbb\xbf" + encoded(written.getvalue()))


def harmless(plain):
    """Text that a spreadsheet does not take for a formula, on one line."""
    line = "".join(one if one.isprintable() else " " for one in plain)
    return FORMULA.sub(r"\1'", line)


def encoded(plain):
    """UTF-8 of a text in which a student's half characters are question marks."""
    return plain.encode("utf-8", errors="replace")

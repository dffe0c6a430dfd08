"""What a grading run leaves: a page for each student, a record for each student, one table for the class.

A hidden case shows as passed or not, and nothing else of it: neither its inputs nor the value that came.
"""

import csv
import html
import io
import json

from lifcore._files import write_whole
from lifcore.grading.compare import show
from lifcore.grading.scores import counted, tick
from lifcore.grading.solutions import Failure

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }}
td {{ padding: 0 1rem 0 0; vertical-align: top; overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
<p><b>{points}</b></p>
{body}
</html>
"""


def case_entry(case, passed, value):
    """A case in a student's record: dict."""
    entry = {
        "hidden": case.hidden,
        "passed": passed,
        "points": case.points * passed,
        "maximum": case.points,
    }
    if not case.hidden:
        entry["expression"] = case.expression
        entry["remark"] = (
            "" if passed else value.text if isinstance(value, Failure) else f"your value: {show(value)}"
        )
    return entry


def page(result):
    """The page a student gets back: str of HTML."""
    parts = []
    for id, question in result["questions"].items():
        points = f"{question['points']:g} of {question['maximum']:g}"
        parts.append(f"<h2>{html.escape(id)} · {html.escape(question['title'])}: {points}</h2>")
        if question["unanswered"]:
            parts.append("<p>Not answered.</p>")
        else:
            parts.append("<table>" + "".join(_row(case) for case in question["cases"]) + "</table>")
        for lead, text in (("A likely reason", question["message"]), ("Hint", question["hint"])):
            if text:
                parts.append(f"<p>{lead}: {html.escape(text)}</p>")
    if result["notes"]:
        items = "".join(f"<li>{html.escape(note)}</li>" for note in result["notes"])
        parts.append(f"<h2>Notes</h2><ul>{items}</ul>")
    return PAGE.format(
        title=html.escape(f"{result['set']}: {result['student']}"),
        points=f"{result['points']:g} of {counted(result['maximum'], 'point')}",
        body="\n".join(parts),
    )


def _row(case):
    what = "a case that is not shown" if case["hidden"] else f"<code>{html.escape(case['expression'])}</code>"
    remark = html.escape(case.get("remark", ""))
    points = f"{case['points']:g} of {case['maximum']:g}"
    return f"<tr><td>{tick(case['passed'])}</td><td>{what}</td><td>{points}</td><td>{remark}</td></tr>"


def write_result(out, result):
    """Write a student's record and page into a folder."""
    # The page first: a record that is there means that both are.
    write_whole(out / f"{result['student']}.html", encoded(page(result)))
    record = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    write_whole(out / f"{result['student']}.json", encoded(record))


def write_scores(path, results, exercise):
    """Write the class's table: a line for each student, a column for each question."""
    ids = [question.id for question in exercise.questions]
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(["student", *ids, "points", "maximum", "mistakes", "notes", "seconds"])
    for result in results:
        questions = result["questions"]
        mistakes = " ".join(f"{id}:{questions[id]['mistake']}" for id in ids if questions[id]["mistake"])
        table.writerow(
            [
                harmless(result["student"]),
                *(f"{questions[id]['points']:g}" for id in ids),
                f"{result['points']:g}",
                f"{result['maximum']:g}",
                harmless(mistakes),
                harmless("; ".join(result["notes"])[:300]),
                result["seconds"],
            ]
        )
    write_whole(path, encoded(text.getvalue()))


def harmless(text):
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def encoded(text):
    """UTF-8 of a text in which a student's half characters are question marks."""
    return text.encode("utf-8", errors="replace")

"""One submission: run it, compare its values with the expected ones, and see whether a question is better on its own.

In a notebook one cell can spoil what another one answers: it redefines a built-in function, fills the memory, or
leaves a thread running that ends the process later. So where something broke, a question that is not all right is run
once more with its own cells alone, and the better of both counts.
"""

import hashlib
import time
from dataclasses import dataclass

from lifcore.grading import answers, feedback, submissions
from lifcore.grading.conversation import Run, run_cells
from lifcore.grading.solutions import Failure, agrees, recognise

NOT_REACHED = Failure("was not reached")
UNREAD = Failure("nothing could be read", unanswered=True)
ALONE = "Run with its own cells alone, since another cell of the notebook stood in its way."


@dataclass(frozen=True)
class Task:
    """A submission that is to be graded: a student's name, a key, the cells, and notes on how they were read."""

    student: str
    key: str
    cells: tuple = ()
    notes: tuple = ()
    readable: bool = True


def task_key(path, plan_key):
    """What tells a graded submission from a changed one, and from one graded with another plan: str."""
    return hashlib.sha256(f"{plan_key} {submissions.fingerprint(path)}".encode()).hexdigest()


def open_task(student, path, key, plan):
    """Read a submission; one that cannot be read is a task too, which comes to no points.

    Parameters
    ----------
    student : str
    path : pathlib.Path
    key : str
        As `task_key` returns it.
    plan : Plan

    Returns
    -------
    Task
    """
    try:
        found = submissions.open_submission(path, plan.exercise.name, plan.jailed)
    except (submissions.SubmissionError, OSError) as error:
        return Task(student, key, notes=(f"Nothing could be graded: {error}.",), readable=False)
    return Task(student, key, found.cells, found.notes)


def grade_one(task, plan, plan_key, cache):
    """Grade one submission.

    Parameters
    ----------
    task : Task
    plan : Plan
    plan_key : str
    cache : str
        Folder of compiled kernels.

    Returns
    -------
    dict
        The content of `<student>.json`.
    """
    began = time.monotonic()
    run = run_submission(plan, task.cells, cache) if task.readable else Run()
    judged = judge(plan, run, nothing=NOT_REACHED if task.readable else UNREAD)
    if run.broken:
        judged |= _better_alone(plan, task.cells, judged, run.culprits, cache)
    return {
        "student": task.student,
        "set": plan.exercise.name,
        "plan": plan_key,
        "key": task.key,
        "points": sum(one["points"] for one in judged.values()),
        "maximum": sum(one["maximum"] for one in judged.values()),
        "questions": judged,
        "notes": [*task.notes, *run.notes],
        "readable": task.readable,
        "seconds": round(time.monotonic() - began, 2),
    }


def run_submission(plan, cells, cache):
    """Run a student's cells: first without those of the released notebook that no answer needs.

    Figures take most of a notebook's time and none of its points. Should a name be missing without them, all
    cells are run after all.
    """
    needed = [cell for cell in cells if cell[2].strip("\n") not in plan.untouched]
    result = run_cells(plan, needed, cache)
    if result.needs_more and len(needed) < len(cells):
        return run_cells(plan, cells, cache)
    return result


def judge(plan, run, only=None, nothing=NOT_REACHED):
    """Compare the values with the expected ones.

    Parameters
    ----------
    plan : Plan
    run : Run
    only : str, optional
        The one question to judge; all of them by default.
    nothing : Failure
        What stands for a value that did not come.

    Returns
    -------
    dict
        Of each question its points, maximum, recognised mistake, next hint, its cases, and what its cells drew and
        raised.
    """
    judged = {}
    for question in plan.exercise.questions:
        if only not in (None, question.id):
            continue
        want = plan.want[question.id]
        got = [run.values.get((question.id, index), nothing) for index in range(len(want))]
        passed = [agrees(case, mine, right) for case, mine, right in zip(question.cases, got, want)]
        unanswered = all(isinstance(value, Failure) and value.unanswered for value in got)
        mutant = None
        if not all(passed) and not unanswered:
            mutant = recognise(question, got, want, plan.wrong[question.id])
        drawn = plan.drawn[question.id]
        judged[question.id] = {
            "title": question.title,
            "points": sum(case.points for case, ok in zip(question.cases, passed) if ok),
            "maximum": sum(case.points for case in question.cases),
            "unanswered": unanswered,
            "mistake": mutant.name if mutant else "",
            "message": mutant.message if mutant else "",
            "hint": "" if all(passed) else question.hints[0],
            "cases": [
                feedback.case_entry(case, ok, value, drawn.get(index, ""))
                for index, (case, ok, value) in enumerate(zip(question.cases, passed, got))
            ],
            "errors": run.errors.get(question.id, []),
            "pictures": run.pictures.get(question.id, []),
        }
    return judged


def _better_alone(plan, cells, judged, culprits, cache):
    """Of the questions that are not all right, those that are better with their own cells alone."""
    better, until = {}, time.monotonic() + plan.limits.total_seconds / 2
    owners = answers.owners(cells, plan.defines, plan.untouched)
    for id, question in judged.items():
        own = [cell for cell in cells if id in owners[cell[0]]]
        # A cell that cannot end by itself would not end alone either.
        hopeless = not own or len(own) == len(cells) or culprits.intersection(number for number, _, _ in own)
        if question["points"] == question["maximum"] or hopeless:
            continue
        alone = run_cells(plan, own, cache, only=id, seconds=max(0.0, until - time.monotonic()))
        [again] = judge(plan, alone, only=id).values()
        if again["points"] > question["points"]:
            better[id] = again | {"errors": [*again["errors"], ALONE]}
    return better

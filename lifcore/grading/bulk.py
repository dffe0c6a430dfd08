"""Grade a class: values leave the jail, verdicts never do.

The worker in the jail runs a student's cells, evaluates the cases and writes values. The values that are expected,
the comparison and the recognised mistakes stay here. A cell or case that brings its process down is left out, and
the rest is run again.
"""

import hashlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lifcore.grading import feedback, jail, source, submissions
from lifcore.grading.questions import ExerciseSet
from lifcore.grading.solutions import Failure, Reference, agrees, recognise

VERSION = 1
MAX_OUTPUT = 8_000_000


class GradeError(Exception):
    """Grading cannot begin, or an output cannot be used; the message says why."""


@dataclass(frozen=True)
class Plan:
    """All that one submission is graded with.

    Attributes
    ----------
    exercise : ExerciseSet
    base_seed : int
    want : dict
        Expected values of each question.
    wrong : dict
        Of each question, the values of each mutant.
    limits : jail.Limits
    jailed : bool
    cache : str
        Folder of compiled kernels.
    """

    exercise: ExerciseSet
    base_seed: int
    want: dict
    wrong: dict
    limits: jail.Limits = jail.Limits()
    jailed: bool = True
    cache: str = None

    @property
    def key(self):
        """A hash of what the points depend on, beside the submission: str."""
        text = json.dumps([VERSION, self.base_seed, self.exercise.to_dict()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def load(path):
    """The set to grade with: from its source, or from a file that `release --private` wrote.

    Raises
    ------
    GradeError
        If it is neither.
    """
    path = Path(path)
    try:
        if path.suffix == ".md":
            return source.read(path).exercise
        return ExerciseSet.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except source.SourceError as error:
        raise GradeError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GradeError(
            f"{path}: is neither an exercise source (.md) nor a file written by `release --private`: {error}"
        ) from error


def make_plan(exercise, base_seed, **options):
    """Compute what is expected, once for the whole class.

    Parameters
    ----------
    exercise : ExerciseSet
    base_seed : int
    **options
        Further attributes of `Plan`.

    Returns
    -------
    Plan
    """
    reference = Reference(exercise)
    want = {one.id: reference.values(one, base_seed) for one in exercise.questions}
    wrong = {
        one.id: {mutant.name: reference.values(one, base_seed, mutant.answer) for mutant in one.mutants}
        for one in exercise.questions
    }
    return Plan(exercise, base_seed, want, wrong, **options)


@dataclass
class Run:
    """What came out of the jail for one submission.

    Attributes
    ----------
    values : dict
        Plain data or `Failure`, by case (question's id and index).
    notes : list of str
        Errors of cells. Nothing is noted that was said after the hidden cases were sent.
    needs_more : bool
        Whether a name was missing that a skipped cell may have defined.
    """

    values: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    needs_more: bool = False


def run_cells(plan, cells, fill_cache=False):
    """Run code cells in the jail, and evaluate all cases of the set.

    Parameters
    ----------
    plan : Plan
    cells : sequence of (int, str)
    fill_cache : bool
        Let the run write compiled kernels to the shared cache; only for the course's own code.

    Returns
    -------
    Run
    """
    result = Run()
    cells = list(cells)
    deadline = time.monotonic() + plan.limits.total_seconds
    public, hidden = _cases(plan, hidden=False), _cases(plan, hidden=True)
    while time.monotonic() < deadline:
        waiting = [[case for case in group if _key(case) not in result.values] for group in (public, hidden)]
        culprit = _attempt(plan, cells, *waiting, result, deadline, fill_cache)
        if culprit is None:
            return result
        kind, number = culprit
        if kind == "case":
            result.values.setdefault(number, Failure("ended the process it ran in, or its time"))
        elif any(one == number for one, _ in cells):
            _note(result, f"Cell {number} ended its process, or its time or memory; it was left out.")
            cells = [cell for cell in cells if cell[0] != number]
        else:
            _note(result, "The notebook could not be started.")
            return result
    _note(result, "The notebook used up its time; what was not reached has no points.")
    return result


def _note(result, text):
    if text not in result.notes:
        result.notes.append(text)


def _key(case):
    return tuple(case["id"])


def _cases(plan, hidden):
    reference = Reference(plan.exercise)
    return [
        {
            "id": [question.id, index],
            "expression": case.expression,
            "setup": case.setup,
            "seed": reference.seed(question, index, plan.base_seed),
        }
        for question in plan.exercise.questions
        for index, case in (question.hidden if hidden else question.public)
    ]


def _attempt(plan, cells, public, hidden, result, deadline, fill_cache):
    """Run once. Returns None when all is done, else what ended the process: ("cell", 3) or ("case", key)."""
    job = {
        "given": plan.exercise.given,
        "cells": cells,
        "cases": public,
        "cpu_seconds": plan.limits.cpu_seconds,
        "wall_seconds": plan.limits.wall_seconds,
        "package": str(jail.PACKAGE.parent),
    }
    line = jail.command([str(jail.WORKER)], plan.limits, plan.jailed, plan.cache, fill_cache)
    # Where Python runs without the jail it must find nothing of ours in its environment.
    env = jail.environment(plan.jailed, plan.cache, fill_cache)
    process = subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    )
    try:
        return _converse(process, job, hidden, result, plan, deadline)
    finally:
        _end(process)


def _end(process):
    """End the process and all it started; bubblewrap takes its whole jail along."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


def _converse(process, job, hidden, result, plan, deadline):
    """Send the job, read the events, and send the hidden cases once the public ones are done."""
    _send(process, job)
    current, shown = ("start", None), True
    asked = {_key(case) for case in job["cases"]}
    for event in _events(process, plan.limits, deadline):
        if event.get("done") == "public" and shown:
            shown = False
            asked |= {_key(case) for case in hidden}
            _send(process, hidden)
        elif event.get("done") == "hidden" and not shown:
            return None
        elif isinstance(event.get("cell"), int) and shown:
            current = ("cell", event["cell"])
            if "error" in event:
                _cell_error(event, result, plan)
        elif _case_of(event) in asked:
            current = ("case", _case_of(event))
            if ("value" in event or "error" in event) and current[1] not in result.values:
                result.values[current[1]] = _outcome(event, plan, result)
    return current


def _send(process, data):
    try:
        process.stdin.write((json.dumps(data) + "\n").encode())
        process.stdin.flush()
    except BrokenPipeError:
        pass


def _events(process, limits, deadline):
    """Lines of JSON from the jail, until it ends, falls silent, or says too much."""
    silence = limits.wall_seconds + 5
    received, pending = 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(min(silence, max(deadline - time.monotonic(), 0))):
            block = os.read(process.stdout.fileno(), 1 << 16)
            received += len(block)
            if not block or received > MAX_OUTPUT:
                return
            *lines, pending = (pending + block).split(b"\n")
            for line in lines:
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, dict):
                    yield event


def _case_of(event):
    """The case an event speaks of, or None: whatever the jail sends may be forged."""
    id = event.get("case")
    if isinstance(id, list) and len(id) == 2 and isinstance(id[0], str) and type(id[1]) is int:
        return tuple(id)
    return None


def _cell_error(event, result, plan):
    text = str(event["error"])[:200]
    if event.get("kind") in ("unanswered", "memory") or text.startswith("ReferenceWithheld"):
        return
    if event.get("name"):
        result.needs_more = True
    _note(result, f"Cell {event['cell']}: {text}")


def _outcome(event, plan, result):
    if "error" not in event:
        return event["value"]
    name = event.get("name")
    defines = plan.exercise[event["case"][0]].defines
    if name in defines:
        return Failure(f"{name} is not defined", unanswered=True)
    if name:
        result.needs_more = True
    return Failure(str(event["error"])[:200], unanswered=event.get("kind") == "unanswered")


def run_submission(plan, cells):
    """Run a student's cells: first without those of the released notebook that no answer needs.

    Figures take most of a notebook's time and none of its points. Should a name be missing without them, all
    cells are run after all.
    """
    untouched = {*plan.exercise.given, *plan.exercise.released}
    needed = [cell for cell in cells if cell[1].strip("\n") not in untouched]
    result = run_cells(plan, needed)
    if result.needs_more and len(needed) < len(cells):
        return run_cells(plan, cells)
    return result


def judge(plan, run):
    """Compare the values with the expected ones.

    Returns
    -------
    dict
        Of each question its points, maximum, recognised mistake, next hint, and its cases.
    """
    judged = {}
    for question in plan.exercise.questions:
        want = plan.want[question.id]
        got = [run.values.get((question.id, index), Failure("was not reached")) for index in range(len(want))]
        passed = [agrees(case, mine, right) for case, mine, right in zip(question.cases, got, want)]
        unanswered = all(isinstance(value, Failure) and value.unanswered for value in got)
        mutant = None
        if not all(passed) and not unanswered:
            mutant = recognise(question, got, want, plan.wrong[question.id])
        judged[question.id] = {
            "title": question.title,
            "points": sum(case.points for case, ok in zip(question.cases, passed) if ok),
            "maximum": sum(case.points for case in question.cases),
            "unanswered": unanswered,
            "mistake": mutant.name if mutant else "",
            "message": mutant.message if mutant else "",
            "hint": "" if all(passed) else question.hints[0],
            "cases": [
                feedback.case_entry(case, ok, value) for case, ok, value in zip(question.cases, passed, got)
            ],
        }
    return judged


def grade_one(student, plan):
    """Grade one submission.

    Parameters
    ----------
    student : (str, pathlib.Path)
        Name, and folder or notebook.
    plan : Plan

    Returns
    -------
    dict
        The content of `<student>.json`.
    """
    name, path = student
    began = time.monotonic()
    try:
        handed_in = submissions.open_submission(path, plan.exercise.name)
    except (submissions.SubmissionError, OSError) as error:
        run, content, notes = Run(), str(error).encode(), [f"Nothing could be graded: {error}."]
    else:
        run = run_submission(plan, handed_in.cells)
        content, notes = handed_in.raw, [*handed_in.notes, *run.notes]
    judged = judge(plan, run)
    return {
        "student": name,
        "set": plan.exercise.name,
        "key": submission_key(plan, content),
        "points": sum(one["points"] for one in judged.values()),
        "maximum": sum(one["maximum"] for one in judged.values()),
        "questions": judged,
        "notes": notes,
        "seconds": round(time.monotonic() - began, 2),
    }


def submission_key(plan, content):
    """What tells a graded submission from a changed one: str."""
    return hashlib.sha256(plan.key.encode() + content).hexdigest()


def _graded_before(student, plan, out):
    """The earlier result of a submission that has not changed since, or None."""
    name, path = student
    try:
        earlier = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    try:
        content = submissions.open_submission(path, plan.exercise.name).raw
    except (submissions.SubmissionError, OSError) as error:
        content = str(error).encode()
    return earlier if earlier.get("key") == submission_key(plan, content) else None


def require_sound(plan):
    """Let the course's own answers through the jail; they must get full marks.

    The cells of the released notebook run along: they compile the kernels, which all submissions then share.

    Raises
    ------
    GradeError
        If they do not: then it is the grader, or the machine, that is at fault, and no student may be graded.
    """
    code = [*(question.solution for question in plan.exercise.questions), *plan.exercise.released]
    run = run_cells(plan, list(enumerate(code, start=1)), fill_cache=True)
    for question, judged in judge(plan, run).items():
        if judged["points"] != judged["maximum"]:
            values = [value.text for value in run.values.values() if isinstance(value, Failure)]
            detail = "; ".join([*run.notes, *values][:3]) or "its values differ from those outside the jail"
            raise GradeError(
                f"the course's own answer to {question!r} does not get full marks in the jail: {detail}"
            )


def _base_seed(out, exercise, seed):
    """Seed of the run: the one asked for, else that of the run to be resumed, else a fresh one."""
    path = out / ".run.json"
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        earlier = {}
    if earlier and earlier.get("set") != exercise.name:
        raise GradeError(f"{out} holds grades of the set {earlier.get('set')!r}; give another folder")
    if seed is None:
        seed = earlier.get("seed", secrets.randbelow(2**32))
    path.write_text(json.dumps({"set": exercise.name, "seed": seed}), encoding="utf-8")
    path.chmod(0o600)
    return seed


def grade(
    spec, folder, out, jobs=None, seed=None, jailed=True, limits=jail.Limits(), executor=None, say=None
):
    """Grade all submissions in a folder.

    Parameters
    ----------
    spec : str or pathlib.Path
        The exercise source, or the private file of the set.
    folder : str or pathlib.Path
        One entry for each student: see `lifcore.grading.submissions.students`.
    out : str or pathlib.Path
        Where `scores.csv`, `<student>.json` and `<student>.html` go. Submissions that were graded there before and
        have not changed are not run again.
    jobs : int, optional
        How many to run at a time; by default one for each processor.
    seed : int, optional
        Seed of the cases' parameters; by default that of the run to be resumed, or a fresh one. Everybody in a
        run gets the same cases.
    jailed : bool
        Whether to run in a jail (bubblewrap).
    limits : jail.Limits
    executor : concurrent.futures.Executor, optional
        Anything with a `map`, such as a client of `dask.distributed`; `jobs` then means nothing.
    say : callable, optional
        Is told how far it is.

    Returns
    -------
    list of dict
        The results, in order of the students' names.

    Raises
    ------
    GradeError
        If the jail cannot start, an input cannot be read, or the course's own answers fail.
    """
    say = say or _to_stderr
    exercise = load(spec)
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise GradeError(f"{folder}: is not a folder of submissions")
    trouble = jail.problem(jailed)
    if trouble:
        raise GradeError(trouble)
    everybody = submissions.students(folder)
    if not everybody:
        raise GradeError(f"{folder}: holds no submission (a folder or an .ipynb for each student)")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lifcore-grade-") as cache:
        Path(cache).chmod(0o1777)
        base_seed = _base_seed(out, exercise, seed)
        plan = make_plan(exercise, base_seed, limits=limits, jailed=jailed, cache=cache)
        say("The course's own answers go through the jail first.")
        require_sound(plan)
        results = _grade_all(everybody, plan, out, jobs or os.cpu_count() or 1, executor, say)
    feedback.write_scores(out / "scores.csv", results, exercise)
    return results


def _grade_all(everybody, plan, out, jobs, executor, say):
    results = {}
    for student in everybody:
        earlier = _graded_before(student, plan, out)
        if earlier is not None:
            results[student[0]] = earlier
    todo = [student for student in everybody if student[0] not in results]
    if results:
        say(f"{len(results)} of {len(everybody)} were graded before and have not changed.")
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) if executor is None else nullcontext(executor) as pool:
        for count, result in enumerate(pool.map(partial(grade_one, plan=plan), todo), start=1):
            feedback.write_result(out, result)
            results[result["student"]] = result
            pace = (time.monotonic() - began) / count
            left = pace * (len(todo) - count)
            say(f"graded {count} of {len(todo)}, {pace:.1f} s each, {left:.0f} s left", count < len(todo))
    return [results[name] for name, _ in everybody]


def _to_stderr(text, more=False):
    """Show one line; on a terminal the next one takes its place while there is more to come."""
    live = sys.stderr.isatty()
    print(text, end="\r" if live and more else "\n", file=sys.stderr, flush=True)

"""In the notebook: `begin` a set, `check` a question, ask for a `hint`, see the `progress`.

A check draws fresh parameters, asks your answer and the course's own for the same values, and compares. It says
which cases agree and, where it recognises one, which misconception is behind a wrong value. It never says the
right value.
"""

import json
import os
import secrets
import sys
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from types import SimpleNamespace

from lifcore.grading.compare import show
from lifcore.grading.questions import ExerciseSet
from lifcore.grading.record import Record, RecordError, write
from lifcore.grading.scores import Row, Score, counted
from lifcore.grading.solutions import Failure, Reference, agrees, recognise, value_of

_session = SimpleNamespace(name=None, record=None, tries={})


class Shown:
    """A short message that shows itself in a notebook."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return f'<div class="lifcore-score"><pre>{escape(self.text)}</pre></div>'


class ReferenceWithheld(RuntimeError):
    """The course's own answers are not at hand while submissions are graded."""


def _switched_off():
    """Whether checks rest, as they do while the grader runs a notebook."""
    return os.environ.get("LIFCORE_CHECK", "").lower() == "off"


def _data_folder():
    return Path(os.environ.get("LIFCORE_EXERCISES") or Path(__file__).parent / "data")


@lru_cache
def _load(path):
    return Reference(ExerciseSet.from_dict(json.loads(Path(path).read_text(encoding="utf-8"))))


def _set(name):
    """The reference of a set, by name; without a name, of the set that was begun."""
    known = sorted(path.stem for path in _data_folder().glob("*.json"))
    name = name or _session.name or (known[0] if len(known) == 1 else None)
    if name is None:
        raise RuntimeError(
            "no exercise set is open: run the first cells of the notebook, which call begin(...)"
        )
    if name not in known:
        raise ValueError(
            f"name of the exercise set is {name!r}; this lifcore has {', '.join(known) or 'none'}"
        )
    return _load(str(_data_folder() / f"{name}.json"))


def _question(reference, question):
    try:
        return reference.exercise[question]
    except KeyError as error:
        raise ValueError(error.args[0]) from None


def _record():
    if _session.record is None:
        _session.record = Record()
    return _session.record


def _user_namespace():
    """The names of the notebook, or of the script that calls."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive else None
    return shell.user_ns if shell else vars(sys.modules["__main__"])


def _base_seed():
    """Seed of one check: from LIFCORE_CHECK_SEED, else fresh from the operating system."""
    chosen = os.environ.get("LIFCORE_CHECK_SEED")
    if not chosen:
        return secrets.randbelow(10**6)
    if not chosen.isdecimal():
        raise ValueError(f"LIFCORE_CHECK_SEED is {chosen!r}; it must be a whole number, 0 or above")
    return int(chosen)


def begin(name):
    """Open an exercise set; the calls that follow mean its questions.

    Parameters
    ----------
    name : str
        Name of the set, which is the name of its file.

    Returns
    -------
    object
        Shows the set's title, its number of questions and its points.
    """
    if _switched_off():
        return Shown("")
    exercise = _set(name).exercise
    _session.name = name
    shown = sum(case.points for one in exercise.questions for _, case in one.public)
    hidden = sum(exercise.hidden_points(one.id)[1] for one in exercise.questions)
    text = f"{exercise.title}: {counted(len(exercise.questions), 'question')}, {counted(shown, 'point')}"
    if hidden:
        text += f", and {counted(hidden, 'point')} more in cases that only the grader runs"
    return Shown(text + ".")


def check(question, namespace=None, name=None):
    """Check your answer to a question.

    Parameters
    ----------
    question : str
        For example ``"q1"``.
    namespace : dict, optional
        Names that hold the answer; by default those of the notebook.
    name : str, optional
        Name of the set; by default the one that was begun.

    Returns
    -------
    Score
    """
    if _switched_off():
        return Score(question, "")
    reference = _set(name)
    question = _question(reference, question)
    namespace = _user_namespace() if namespace is None else namespace
    base_seed = _base_seed()

    want = reference.values(question, base_seed)
    got, drawn = [], []
    for index, case in question.public:
        seed = reference.seed(question, index, base_seed)
        value, parameters = value_of(case, seed, namespace, reference.givens, question)
        got.append(value)
        drawn.append(parameters)
    cases = [case for _, case in question.public]
    passed = [agrees(case, mine, right) for case, mine, right in zip(cases, got, want)]
    if all(isinstance(value, Failure) and value.unanswered for value in got):
        return _unanswered(reference, question, got[0])

    rows = tuple(
        Row(ok, case.expression, case.points * ok, case.points, "" if ok else _remark(value, parameters))
        for case, ok, value, parameters in zip(cases, passed, got, drawn)
    )
    points = sum(row.points for row in rows)
    score = Score(question.id, question.title, points, sum(case.points for case in cases), rows)
    failed = not all(passed)
    record = _record()
    record.note(reference.exercise.name, question, points, failed)
    notes = _hidden_note(reference, question)
    if not failed:
        return replace(score, notes=notes)
    wrong = {mutant.name: reference.values(question, base_seed, mutant.answer) for mutant in question.mutants}
    mutant = recognise(question, got, want, wrong)
    return replace(
        score,
        mistake=mutant.message if mutant else "",
        hint=_next_hint(question, record.entry(reference.exercise.name, question)["attempts"]),
        notes=notes + (f"The same cases again: set LIFCORE_CHECK_SEED to {base_seed}.",),
    )


def _unanswered(reference, question, failure):
    maximum = sum(case.points for _, case in question.public)
    kindly = f"{failure.text[0].upper()}{failure.text[1:]}. Fill in the cell above, run it, then run this one again."
    return Score(question.id, question.title, 0, maximum, notes=(kindly, *_hidden_note(reference, question)))


def _remark(value, parameters):
    """What a failed case shows: the value that came, and the parameters it was asked for."""
    came = value.text if isinstance(value, Failure) else f"your value: {show(value)}"
    if not parameters:
        return came
    given = ", ".join(f"{name} = {parameter!r}" for name, parameter in parameters.items())
    return f"{came}, for {given if len(given) <= 240 else given[:237] + '...'}"


def _hidden_note(reference, question):
    count, points = reference.exercise.hidden_points(question.id)
    if not count:
        return ()
    return (f"Only the grader runs {counted(count, 'further case')}, worth {counted(points, 'point')}.",)


def _next_hint(question, step):
    """The hint of a step (from 1); after the last one, the last one again."""
    step = min(step, len(question.hints))
    return f"Hint {step} of {len(question.hints)}: {question.hints[step - 1]}"


def hint(question, name=None):
    """The next hint to a question: each call gives one step more.

    Parameters
    ----------
    question : str
    name : str, optional
        Name of the set; by default the one that was begun.

    Returns
    -------
    object
        Shows the hint.
    """
    if _switched_off():
        return Shown("")
    reference = _set(name)
    question = _question(reference, question)
    key = (reference.exercise.name, question.id)
    _session.tries[key] = _session.tries.get(key, 0) + 1
    return Shown(_next_hint(question, _session.tries[key]))


def reference(question, name=None):
    """The course's own answer, for cells that go on from a question whether or not it was answered.

    Parameters
    ----------
    question : str
    name : str, optional
        Name of the set; by default the one that was begun.

    Returns
    -------
    object
        What the answer cell defines: one object, or a tuple of them in the cell's order.

    Raises
    ------
    ReferenceWithheld
        While submissions are graded: an answer must stand on its own.
    """
    if _switched_off():
        raise ReferenceWithheld(f"reference({question!r}) is not at hand while submissions are graded")
    answers = _set(name)
    question = _question(answers, question)
    names = answers.solved(question)
    defined = tuple(names[one] for one in question.defines)
    return defined[0] if len(defined) == 1 else defined


def progress(merge=None, export=None):
    """Show what you have earned so far; take over or write out a record.

    Parameters
    ----------
    merge : str or path, optional
        A progress.json from elsewhere, for example the one that the first page of the book exports: for each question,
        and for each self-check of the pages, the better result stays.
    export : str or path, optional
        Where to write a copy of the record.

    Returns
    -------
    object
        Shows a bar for each set with the points of each question, and a line for each page with answers to its
        self-checks.
    """
    if _switched_off():
        return Shown("")
    record = _record()
    notes = []
    for path, act, done in (
        (merge, record.merge, "Merged"),
        (export, lambda target: write(target, record.progress), "Written to"),
    ):
        if path is not None:
            try:
                act(path)
                notes.append(f"{done} {path}.")
            except RecordError as error:
                notes.append(f"{error}. Nothing was changed.")
    if record.complaint:
        notes.append(record.complaint)
    return Shown("\n".join([*_bars(record), *notes]))


def _bars(record):
    """A bar for each set that is open or recorded, and under it the points of its questions."""
    names = dict.fromkeys(([_session.name] if _session.name else []) + sorted(record.progress.sets))
    lines = []
    for name in names:
        entries = _entries(record, name)
        earned = sum(entry["points"] for _, entry in entries)
        maximum = sum(entry["maximum"] for _, entry in entries)
        filled = round(20 * earned / maximum) if maximum else 0
        lines.append(
            f"{name}  {'█' * filled}{'░' * (20 - filled)}  {earned:g} of {counted(maximum, 'point')}"
        )
        lines += [f"  {id}  {entry['points']:g} of {entry['maximum']:g}" for id, entry in entries]
    lines += [_answered(page, answers) for page, answers in sorted(record.progress.checks.items()) if answers]
    return lines or ["Nothing was checked yet."]


def _answered(page, answers):
    """The self-checks of a page in one line."""
    right = sum(answer["right"] for answer in answers.values())
    return f"{page}  {right} of {counted(len(answers), 'answered self-check')} right"


def _entries(record, name):
    """The questions of a set with what was earned; of a set that this lifcore does not have, those recorded."""
    try:
        exercise = _set(name).exercise
    except ValueError:
        return sorted(record.progress.sets[name].items())
    return [(one.id, record.entry(name, one)) for one in exercise.questions]

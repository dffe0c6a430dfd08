"""Grade a class: values leave the jail, verdicts never do.

The worker in the jail runs a student's cells, evaluates the cases and writes values. The values that are expected, the
comparison and the recognised mistakes stay here. A class is graded by threads of one machine, by the workers of a
cluster, or in shares by runs that know nothing of each other.
"""

import contextlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from lifcore.grading import feedback, folder, jail, machine, submissions
from lifcore.grading.judging import grade_one, open_task, task_key
from lifcore.grading.plan import GradeError, key_of, load, make_plan
from lifcore.grading.progress_bar import Progress
from lifcore.sweep import _executor

__all__ = ["GradeError", "grade", "load", "share"]


def share(text):
    """A share of a class, from a text such as ``2/4``: the second of four, as (2, 4).

    Raises
    ------
    ValueError
        If it is not one.
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ValueError(f"{text!r} is not a share such as 2/4: the first is 1/4, the last 4/4")
    return int(number), int(count)


def grade(
    spec,
    submitted,
    out,
    jobs=None,
    seed=None,
    jailed=True,
    limits=jail.Limits(),
    client=None,
    shard=None,
    collect=(),
    say=None,
):
    """Grade all submissions in a folder, or a share of them.

    Parameters
    ----------
    spec : str or pathlib.Path
        The exercise source, or the private file of the set.
    submitted : str or pathlib.Path
        One entry for each student: see `lifcore.grading.submissions.students`.
    out : str or pathlib.Path
        Where `scores.csv`, `<student>.json` and `<student>.html` go. Submissions that were graded there before and
        have not changed are not run again, whether the run before ended, was killed, or still goes on.
    jobs : int, optional
        How many to run at a time on this machine; by default one for each processor.
    seed : int, optional
        Seed of the cases' parameters; by default that of the run to be resumed, or a fresh one. Everybody in a
        run gets the same cases.
    jailed : bool
        Whether to run in a jail (bubblewrap).
    limits : jail.Limits
    client : dask.distributed.Client or concurrent.futures.Executor, optional
        Where to run. Its workers need lifcore and bubblewrap installed, as this machine does, and no common file
        system: they are sent the cells, and send back the records.
    shard : str, optional
        ``"2/4"``: the second of four shares, for runs side by side. Those with the same `out` need nothing else;
        whichever ends last writes `scores.csv`. Those with folders of their own need the same `seed`, and `collect` at
        the end.
    collect : sequence of str or pathlib.Path
        Folders of shards, whose records are taken over first.
    say : callable, optional
        Takes each line on how far it is; by default they go to the standard error, with a bar on a terminal.

    Returns
    -------
    list of dict
        The results, of the whole class or of the share, in order of the students' names.

    Raises
    ------
    GradeError
        If the jail cannot start, an input cannot be read, the course's own answers fail, or some submissions could not
        be run for a reason that is not theirs; all others are then graded.
    """
    tell = say or _to_stderr
    exercise = load(spec)
    submitted, out = Path(submitted), Path(out)
    if not submitted.is_dir():
        raise GradeError(f"{submitted}: is not a folder of submissions")
    trouble = jail.problem(jailed)
    if trouble:
        raise GradeError(trouble)
    everybody = submissions.students(submitted)
    if not everybody:
        raise GradeError(f"{submitted}: holds no submission (a folder, an .ipynb or a .zip for each student)")
    if collect:
        seed = folder.common_seed(collect) if seed is None else seed
    out.mkdir(parents=True, exist_ok=True)
    seed = folder.run_seed(out, exercise.name, seed)
    key = key_of(exercise, seed)
    first, count = share(shard) if shard else (1, 1)
    results, todo = {}, []
    for student, path in everybody[first - 1 :: count]:
        task = student, path, task_key(path, key)
        record = _known(out, student, task[-1], collect)
        results[student] = record
        if record is None:
            todo.append(task)
    already = len(results) - len(todo)
    if already:
        tell(f"{already} of {len(results)} were graded before and have not changed.")
    failures = {}
    if todo:
        plan = make_plan(exercise, seed, limits=limits, jailed=jailed)
        fresh, failures = _grade_all(todo, plan, key, out, jobs or os.cpu_count() or 1, client, say)
        results |= fresh
    _finish(out, [student for student, _ in everybody], key, exercise, failures, tell)
    if failures:
        told = "; ".join(f"{student}: {reason}" for student, reason in list(failures.items())[:5])
        raise GradeError(f"{len(failures)} could not be graded, through no fault of theirs; run again. {told}")
    return list(results.values())


def _known(out, student, key, collect):
    """The record of a submission that is graded already, in `out` or in the folder of a shard, or None."""
    record = folder.kept(out, student, key)
    for other in collect if record is None else ():
        record = folder.kept(other, student, key)
        if record is not None:
            feedback.write_result(out, record)
            break
    return record


def _grade_all(todo, plan, key, out, jobs, client, say):
    """Grade submissions, and write each as it is done: (results by student, reasons by student)."""
    results, failures = {}, {}
    (say or _to_stderr)("The course's own answers go through the jail first.")
    with contextlib.ExitStack() as stack:
        if client is None:
            cache = stack.enter_context(machine.kernel_cache())
            machine.require_sound(plan, cache)
            pool = stack.enter_context(ThreadPoolExecutor(jobs))
            waiting = {pool.submit(_grade_here, task, plan, key, cache): task[0] for task in todo}
        else:
            pool, _ = _executor(client, None)
            sent = client.scatter(plan, broadcast=True) if hasattr(client, "scatter") else plan
            waiting = {pool.submit(_grade_there, open_task(*task, plan), sent, key): task[0] for task in todo}
        progress = Progress(len(todo), say)
        stack.callback(progress.close)
        # After an interruption, what has not begun is not begun.
        stack.callback(lambda: [future.cancel() for future in waiting])
        for future in as_completed(waiting):
            student = waiting[future]
            try:
                results[student] = future.result()
                feedback.write_result(out, results[student])
            except Exception as error:  # a fault of the grader or of a machine, which no student has to pay for
                failures[student] = f"{type(error).__name__}: {error}"[:300]
            progress.step()
    return results, failures


def _grade_here(task, plan, key, cache):
    return grade_one(open_task(*task, plan), plan, key, cache)


def _grade_there(task, plan, key):
    return grade_one(task, plan, key, machine.ready_cache(plan, key))


def _finish(out, students, key, exercise, failures, tell):
    """Write the class's table if everybody is graded, or could not be; say so if not."""
    records = {student: folder.made_by(out, student, key) for student in students}
    missing = [student for student, record in records.items() if record is None and student not in failures]
    if missing:
        tell(
            f"{len(students) - len(missing)} of {len(students)} are graded in {out}; scores.csv follows with the last."
        )
        return
    feedback.write_scores(out / "scores.csv", records, failures, exercise)
    folder.tidy(out)


def _to_stderr(line):
    print(line, file=sys.stderr, flush=True)

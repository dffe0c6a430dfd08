"""Grading a class: seconds on the wall and of the processor for each submission of a real set, and the memory it takes.

Time of the processor is that of all processes, those in the jails too: Linux only. The class is made from the set
itself: right answers, each recognised mistake, notebooks left as they were released, and answers that raise an error,
in turn.
"""

import argparse
import ctypes
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from lifcore.grading import bulk

ROOT = Path(__file__).parents[1]


def answered(notebook, answers):
    """A released notebook with answers filled in: its JSON text."""
    cells = [dict(cell, source=answers.get(cell["id"], cell["source"])) for cell in notebook["cells"]]
    return json.dumps({**notebook, "cells": cells})


def kinds_of_answers(exercise):
    """The answers of students who differ: all right, none, one question wrong in a known way, one that fails."""
    right = {f"{one.id}-answer": one.solution for one in exercise.questions}
    yield right
    yield {}
    for one in exercise.questions:
        for mutant in one.mutants:
            yield right | {f"{one.id}-answer": mutant.answer}
        yield right | {f"{one.id}-answer": "raise ValueError('an error in the answer')"}


def adopt():
    """Become the parent of what a jail leaves to nobody when it ends: only then does the system count its time here."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this system does not let a process adopt others")


def main():
    adopt()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="neuron", help="the exercise set")
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    source = ROOT / "exercises" / f"{options.set}.md"
    released = json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))
    kinds = list(kinds_of_answers(bulk.load(source)))
    with tempfile.TemporaryDirectory() as folder:
        class_folder = Path(folder, "class")
        class_folder.mkdir()
        for k in range(options.submissions):
            text = answered(released, kinds[k % len(kinds)])
            (class_folder / f"student{k:03d}.ipynb").write_text(text, encoding="utf-8")
        one_folder = Path(folder, "one")
        one_folder.mkdir()
        (one_folder / "student.ipynb").write_text(answered(released, kinds[0]), encoding="utf-8")
        start_wall, start_cpu = measured(source, one_folder, Path(folder, "out1"), options.jobs)
        wall, cpu = measured(source, class_folder, Path(folder, "out"), options.jobs)
    extra = options.submissions - 1
    print(f"{options.submissions} submissions of {options.set!r} in {len(kinds)} kinds, {options.jobs} at a time")
    print(f"all of it            {wall:8.1f} s on the wall  {cpu:8.1f} s of the processor")
    print(f"the first, with the compiling of the kernels {start_wall:.1f} s and {start_cpu:.1f} s")
    print(f"each further one     {(wall - start_wall) / extra:8.2f} s               {(cpu - start_cpu) / extra:8.2f} s")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"memory at its largest: {own:.0f} MB in the grader, {largest:.0f} MB in one jail")


def measured(source, folder, out, jobs):
    """Seconds on the wall and of the processor, children included."""
    began, spent = time.monotonic(), cpu_seconds()
    bulk.grade(source, folder, out, jobs=jobs, seed=1, say=lambda *text: None)
    while reaped():
        pass
    return time.monotonic() - began, cpu_seconds() - spent


def reaped():
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


def cpu_seconds():
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, who))


if __name__ == "__main__":
    main()

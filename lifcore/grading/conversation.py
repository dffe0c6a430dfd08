"""Talk with the worker in the jail: send cells and cases, take values, errors and pictures, and believe nothing.

The hidden cases are sent when the public ones are done. From then on only values are taken: neither an error of a cell
nor a picture can hold a hidden input. A cell or case that brings its process down is left out, and the rest is run
again.
"""

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from lifcore.grading import answers, jail, memory, pictures
from lifcore.grading.plan import GradeError
from lifcore.grading.solutions import Failure

MAX_OUTPUT = 12_000_000
MAX_PICTURES = 4
MAX_ERRORS = 5
MAX_ENDED = 3
MAX_NOTES = 30
WATCH_SECONDS = 0.25
# Until the first cell begins only the course's own code runs, on a machine that may be busy.
START_SECONDS = 60.0


@dataclass
class Run:
    """What came out of the jail for one submission.

    Attributes
    ----------
    values : dict
        Plain data or `Failure`, by case (question's id and index).
    errors : dict
        Of a question, the errors of its cells, as sentences.
    pictures : dict
        Of a question, the pictures of its cells: base64 of checked PNGs.
    notes : list of str
        Errors of cells that belong to no question. Nothing is noted that was said after the hidden cases were sent.
    needs_more : bool
        Whether a name was missing that a skipped cell may have defined.
    broken : bool
        Whether a cell or case failed, or a cell replaced what others rely on: what came may not be what each answer
        gives on its own.
    culprits : set of int
        Cells that ended their process, or ran out of time or memory.
    """

    values: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    pictures: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    needs_more: bool = False
    broken: bool = False
    culprits: set = field(default_factory=set)

    def note(self, text, questions=()):
        """Keep a sentence, once: with its questions, or else for the whole notebook."""
        for kept in [self.errors.setdefault(one, []) for one in questions] or [self.notes]:
            if text not in kept and len(kept) < (MAX_NOTES if kept is self.notes else MAX_ERRORS):
                kept.append(text)


def run_cells(plan, cells, cache, fill_cache=False, only=None, seconds=None):
    """Run code cells in the jail, and evaluate the cases of the set.

    Parameters
    ----------
    plan : Plan
    cells : sequence of (int, str, str)
        Number, id and code.
    cache : str
        Folder of compiled kernels.
    fill_cache : bool
        Let the run write compiled kernels there; only for the course's own code.
    only : str, optional
        The question whose cases are asked; all of them by default.
    seconds : float, optional
        Time for all of it, on the wall; by default the plan's limit.

    Returns
    -------
    Run

    Raises
    ------
    GradeError
        If the jail does not start, twice: up to the first cell only the course's own code runs.
    """
    result = Run()
    owners = answers.owners(cells, plan.defines, plan.untouched)
    cells = [(number, code, owners[number]) for number, _, code in cells]
    groups = plan.cases(hidden=False, only=only), plan.cases(hidden=True, only=only)
    deadline = time.monotonic() + (plan.limits.total_seconds if seconds is None else seconds)
    undrawn, ended, starts = set(), 0, 1
    while time.monotonic() < deadline:
        waiting = [[case for case in group if tuple(case["id"]) not in result.values] for group in groups]
        told = [
            (number, code, bool(own) and number not in undrawn, {one: plan.defines[one] for one in own})
            for number, code, own in cells
        ]
        talk = _Conversation(plan, result, {number: own for number, _, own in cells}, deadline)
        culprit = talk.hold(told, *waiting, cache, fill_cache)
        if culprit is None:
            return result
        result.broken = True
        kind, which = culprit
        if kind == "case":
            ended += 1
            stuck = which in result.values or ended > MAX_ENDED
            result.values.setdefault(which, Failure("ended the process it ran in, or its time or memory"))
            if stuck:
                result.note("The notebook ended its process again and again; what was not reached has no points.")
                return result
        elif kind == "picture" and which not in undrawn:
            undrawn.add(which)
        elif any(number == which for number, _, _ in cells):
            text = f"Cell {which} ended its process, or its time or memory; it was left out."
            result.note(text, owners[which])
            cells = [cell for cell in cells if cell[0] != which]
            result.culprits.add(which)
        elif starts:
            starts -= 1
        elif time.monotonic() < deadline:
            raise GradeError("the jail did not start, or the set's given cells did not run in it")
    result.note("The notebook used up its time; what was not reached has no points.")
    return result


class _Conversation:
    """One process in the jail, from its start to its end."""

    def __init__(self, plan, result, owners, deadline):
        self.plan, self.result, self.owners, self.deadline = plan, result, owners, deadline
        self.began, self.patience = time.monotonic(), START_SECONDS

    def hold(self, cells, public, hidden, cache, fill_cache):
        """Run once. Returns None when all is done, else what ended it: ("cell", 3), ("picture", 3), ("case", key)."""
        plan = self.plan
        job = {
            "given": plan.exercise.given,
            "cells": cells,
            "cases": public,
            "cpu_seconds": plan.limits.cpu_seconds,
            "wall_seconds": plan.limits.wall_seconds,
            "package": str(jail.PACKAGE.parent),
            "warm": fill_cache and not any(Path(cache, "matplotlib").glob("fontlist-*.json")),
        }
        process = subprocess.Popen(
            jail.command([str(jail.WORKER)], plan.limits, plan.jailed, cache, fill_cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            # Where Python runs without the jail it must find nothing of ours in its environment.
            env=jail.environment(plan.jailed, cache, fill_cache),
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )
        os.set_blocking(process.stdin.fileno(), False)
        culprit = "unknown"
        try:
            culprit = self._converse(process, job, hidden)
            return culprit
        finally:
            _end(process, seconds=2.0 if culprit is None else 0.0)

    def _converse(self, process, job, hidden):
        self._send(process, job)
        current, shown, seen = ("start", None), True, set()
        asked = {tuple(case["id"]) for case in job["cases"]}
        for event in self._events(process):
            if event.get("done") == "public" and shown:
                shown = False
                # Who said so without having answered shall not put what he hears now where he can read it later.
                self.result.broken |= any(case not in self.result.values for case in asked)
                asked = {tuple(case["id"]) for case in hidden}
                self._send(process, hidden)
            elif event.get("done") == "hidden" and not shown:
                return None
            elif event.get("altered") is True and shown:
                self.result.broken = True
            elif type(event.get("cell")) is int and event["cell"] in self.owners and shown:
                current = ("picture" if event.get("drawing") else "cell", event["cell"])
                self._of_cell(event)
            elif _case_of(event) in asked:
                current = ("case", _case_of(event))
                if ("value" in event or "error" in event) and current[1] not in self.result.values:
                    self.result.values[current[1]] = self._outcome(event)
            if current not in seen:
                # Only what is new starts the clock again: whoever repeats himself is not getting on.
                seen.add(current)
                self.began = time.monotonic()
                self.patience = self.plan.limits.wall_seconds + self.plan.limits.grace_seconds
        return current

    def _events(self, process):
        """Lines of JSON from the jail, until it ends, gets stuck, says too much, or takes too much memory."""
        received, pending, watched = 0, b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() < min(self.began + self.patience, self.deadline):
                if time.monotonic() > watched + WATCH_SECONDS:
                    watched = time.monotonic()
                    if memory.used(process.pid) > self.plan.limits.memory:
                        return
                if not selector.select(WATCH_SECONDS):
                    continue
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

    def _send(self, process, data):
        """Write a line to the jail, without waiting longer for it than for anything else."""
        line = memoryview((json.dumps(data) + "\n").encode())
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdin, selectors.EVENT_WRITE)
            until = min(time.monotonic() + self.plan.limits.wall_seconds, self.deadline)
            while line and selector.select(max(0, until - time.monotonic())):
                try:
                    line = line[os.write(process.stdin.fileno(), line[: 1 << 16]) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    return

    def _of_cell(self, event):
        number = event["cell"]
        owners = self.owners.get(number, ())
        if "error" in event:
            self._cell_error(event, owners)
        picture = pictures.checked(event.get("picture"))
        if picture is not None:
            for one in owners:
                # Should a later process draw them again, the first ones stay.
                kept = self.result.pictures.setdefault(one, [])
                if picture not in kept and len(kept) < MAX_PICTURES:
                    kept.append(picture)

    def _cell_error(self, event, owners):
        text = str(event["error"])[:200]
        if event.get("kind") == "time":
            self.result.culprits.add(event["cell"])
        if event.get("kind") in ("unanswered", "memory") or text.startswith("ReferenceWithheld"):
            return
        self.result.broken = True
        if event.get("name"):
            self.result.needs_more = True
        self.result.note(f"Cell {event['cell']}: {text}", owners)

    def _outcome(self, event):
        if "error" not in event:
            return event["value"]
        name = event.get("name")
        if name in self.plan.defines[event["case"][0]]:
            return Failure(f"{name} is not defined", unanswered=True)
        if name:
            self.result.needs_more = True
        unanswered = event.get("kind") == "unanswered"
        self.result.broken |= not unanswered
        return Failure(str(event["error"])[:200], unanswered=unanswered)


def _end(process, seconds):
    """End the process and all it started, which bubblewrap takes along; for so long it may end by itself first."""
    process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.stdout.close()
    process.wait()


def _case_of(event):
    """The case an event speaks of, or None: whatever the jail sends may be forged."""
    id = event.get("case")
    if isinstance(id, list) and len(id) == 2 and isinstance(id[0], str) and type(id[1]) is int:
        return tuple(id)
    return None

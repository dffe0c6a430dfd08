"""Runs in the jail: executes the student's cells, evaluates the cases, writes one line of JSON per event.

It holds no expected value and gives no verdict. Whatever the student's code does to this process, all it can
change is which values are written.

Read from stdin: first a job (cells, public cases), then, once ``{"done": "public"}`` was written, the hidden
cases. A hidden input thus never meets a line that the student is shown.
"""

import importlib.util
import json
import os
import re
import resource
import shutil
import signal
import sys
from pathlib import Path
from types import ModuleType


class TimeLimit(BaseException):
    """The cell or case used up its time. Not an Exception, so that `except Exception` does not swallow it."""


def load(name, folder):
    """Import a file beside this one privately: the student's code cannot reach it under a module's name."""
    spec = importlib.util.spec_from_file_location(f"_{name}", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def take_the_pipes():
    """Keep stdin and stdout for the grader, and give the student's code none."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    return source, sink


def copy_caches():
    """Take the compiled kernels and matplotlib's list of fonts along: the shared copy cannot be written."""
    shared = os.environ.get("LIFCORE_JAIL_CACHE")
    own = os.environ.get("NUMBA_CACHE_DIR")
    if shared and own and shared != own:
        shutil.copytree(shared, own, dirs_exist_ok=True)


def plain_python(code):
    """A cell's code without the lines that only IPython understands."""
    if code.lstrip().startswith("%%"):
        return ""
    try:
        compile(code, "<cell>", "exec")
        return code
    except SyntaxError:
        return re.sub(r"^([ \t]*)(?:[!%?].*|\w[\w.]*\?{1,2}[ \t]*)$", r"\1pass", code, flags=re.MULTILINE)


def main():
    """Do one job. All names it needs later are local, so that code which patches a module harms only itself."""
    source, sink = take_the_pipes()
    job = json.loads(source.readline())
    folder = Path(__file__).parent
    compare, cases = load("compare", folder), load("cases", folder)
    encode, draw, evaluate, Unanswered = compare.encode, cases.draw, cases.evaluate, compare.Unanswered
    write, getpid, leave, run, compiled, plain = os.write, os.getpid, os._exit, exec, compile, plain_python
    to_json, from_json = json.JSONEncoder(allow_nan=False).encode, json.JSONDecoder().decode
    set_alarm, set_handler = signal.setitimer, signal.signal
    PROF, REAL, SIGPROF, SIGALRM = signal.ITIMER_PROF, signal.ITIMER_REAL, signal.SIGPROF, signal.SIGALRM
    own_process = getpid()
    copy_caches()
    if job["package"] not in sys.path:
        sys.path.insert(0, job["package"])

    def say(**event):
        write_all((to_json(event) + "\n").encode())

    def write_all(line):
        while line:
            line = line[write(sink, line) :]

    def late(signum, frame):
        raise TimeLimit

    def limit(on):
        set_handler(SIGPROF, late)
        set_handler(SIGALRM, late)
        set_alarm(PROF, job["cpu_seconds"] if on else 0)
        set_alarm(REAL, job["wall_seconds"] if on else 0)

    def attempt(act, *arguments):
        """Run something of the student's: (value, None), or (None, what is to be said of the error)."""
        try:
            try:
                limit(True)
                return act(*arguments), None
            finally:
                limit(False)
        except TimeLimit:
            return None, {"error": "took longer than its time limit", "kind": "time"}
        except MemoryError:
            return None, {"error": "needed more memory than there is", "kind": "memory"}
        except Unanswered:
            return None, {"error": "not answered yet", "kind": "unanswered"}
        except BaseException as error:
            return None, described(error)

    def described(error):
        kind = "unanswered" if isinstance(error, NotImplementedError) else "error"
        name = getattr(error, "name", None) if isinstance(error, NameError) else None
        try:
            text = f"{type(error).__name__}: {error}"[:200]
        except BaseException:
            text = "an error that cannot be shown"
        return {"error": text, "kind": kind, "name": name if isinstance(name, str) else None}

    def same_process():
        # A child that the student's code forked goes no further.
        if getpid() != own_process:
            leave(0)

    student = ModuleType("__main__")
    sys.modules["__main__"] = student
    names = student.__dict__
    givens = {"__name__": "_given"}
    for code in job["given"]:
        run(compiled(code, "<given>", "exec"), givens)
    names.update({name: value for name, value in givens.items() if not name.startswith("__")})

    def run_cell(number, code):
        run(compiled(plain(code), f"<cell {number}>", "exec"), names)

    def value(case):
        drawn = draw(case["setup"], case["seed"], givens)
        result = encode(evaluate(case["expression"], drawn, names, givens))
        to_json(result)  # here, an answer that JSON cannot hold costs this case and nothing else
        return result

    def answer(wanted):
        for case in wanted:
            say(case=case["id"])
            result, problem = attempt(value, case)
            same_process()
            say(case=case["id"], **(problem or {"value": result}))

    for number, code in job["cells"]:
        say(cell=number)
        _, problem = attempt(run_cell, number, code)
        same_process()
        if problem:
            say(cell=number, **problem)
            if problem["kind"] == "memory":
                # What filled the memory may still be held; the grader starts again without this cell.
                leave(1)
    answer(job["cases"])
    say(done="public")
    answer(from_json(source.readline().decode()))
    say(done="hidden")
    leave(0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()

"""Runs in the jail: executes the student's cells, evaluates the cases, writes one line of JSON per event.

It holds no expected value and gives no verdict. Whatever the student's code does to this process, all it can
change is which values are written.

Read from stdin: first a job (cells, public cases), then, once ``{"done": "public"}`` was written, the hidden
cases. A hidden input thus never meets a line or a picture that the student is shown.
"""

import base64
import builtins
import gc
import importlib
import importlib.util
import io
import json
import json.decoder
import json.encoder
import os
import re
import resource
import shutil
import signal
import sys
import warnings
from pathlib import Path
from types import ModuleType

MAX_PICTURES = 6
MAX_PIXELS = 900
MAX_BYTES_OF_PICTURES = 3_000_000
CELL_MAGIC = re.compile(r"\s*%%(\w+).*")
ASSIGNED_MAGIC = re.compile(r"^([ \t]*[\w.]+[ \t]*=)[ \t]*[!%].*$", re.MULTILINE)
LINE_MAGIC = re.compile(r"^([ \t]*)(?:[!%?].*|\w[\w.]*\?{1,2}[ \t]*)$", re.MULTILINE)
# What a cell may have replaced to the harm of others.
WATCHED = ("builtins", "math", "os", "random", "time", "numpy", "numpy.random", "lifcore")


class TimeLimit(BaseException):
    """The cell or case used up its time. Not an Exception, so that `except Exception` does not swallow it."""


def load(name, path):
    """Import a file privately: the student's code reaches neither it nor the built-in functions it uses.

    Parameters
    ----------
    name : str
    path : str or pathlib.Path
    """
    spec = importlib.util.spec_from_file_location(f"_{name}", path)
    module = importlib.util.module_from_spec(spec)
    module.__builtins__ = dict(vars(builtins))
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
    magic = CELL_MAGIC.match(code)
    if magic:
        # Of these the rest of the cell is Python; of all others it is another language.
        return code[magic.end() :] if magic[1] in ("time", "timeit", "capture", "prun") else ""
    try:
        compile(code, "<cell>", "exec")
        return code
    except SyntaxError:
        return LINE_MAGIC.sub(r"\1pass", ASSIGNED_MAGIC.sub(r"\1 None", code))


class Silent:
    """Stands for what a notebook finds around it and the jail does not have: whatever is called does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments, **named):
        return {}


def furnish(names):
    """What notebooks take for granted: IPython's two functions and, on Colab, its modules."""
    colab = ModuleType("google.colab")
    colab.__getattr__ = lambda name: Silent()
    google = ModuleType("google")
    google.colab, google.__path__ = colab, []
    try:
        importlib.import_module("google")
    except ImportError:
        sys.modules["google"] = google
    sys.modules["google.colab"] = colab
    names["display"] = lambda *arguments, **named: None
    names["get_ipython"] = lambda: Silent()


def draw_figures():
    """The open matplotlib figures as PNG in base64, and none open any more."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    found = []
    if pyplot is not None:
        for number in pyplot.get_fignums()[:MAX_PICTURES]:
            figure, file = pyplot.figure(number), io.BytesIO()
            dots = min(110, MAX_PIXELS / max(1, *figure.get_size_inches()))
            figure.savefig(file, format="png", dpi=dots)
            found.append(base64.b64encode(file.getvalue()).decode())
        pyplot.close("all")
    return found


def close_figures():
    """Forget the open figures, as a notebook does at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        pyplot.close("all")


def composure():
    """A function that takes back what a cell may have set for all that follows it: tracing, signals, warnings."""
    import numpy

    restore, errors = numpy.seterr, numpy.geterr()
    set_trace, set_profile, collect = sys.settrace, sys.setprofile, gc.enable
    mask, block = signal.pthread_sigmask, signal.SIG_SETMASK
    filters, mutated = warnings.filters, getattr(warnings, "_filters_mutated", lambda: None)
    usual = list(filters)

    def compose():
        set_trace(None)
        set_profile(None)
        mask(block, ())
        collect()
        restore(**errors)
        if filters != usual:
            filters[:] = usual
            mutated()

    return compose


def main():
    """Do one job. All names it needs later are local, so that code which patches a module harms only itself."""
    source, sink = take_the_pipes()
    job = json.loads(source.readline())
    folder = Path(__file__).parent
    compare, cases = load("compare", folder / "compare.py"), load("cases", folder / "cases.py")
    encode, draw, evaluate, Unanswered = compare.encode, cases.draw, cases.evaluate, compare.Unanswered
    pictures, close, compose = draw_figures, close_figures, composure()
    write, getpid, leave, run, compiled, plain = os.write, os.getpid, os._exit, exec, compile, plain_python
    to_json = load("encoder", json.encoder.__file__).JSONEncoder(allow_nan=False).encode
    from_json = load("decoder", json.decoder.__file__).JSONDecoder().decode
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
                compose()
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
        text, name = "an error that cannot be shown", None
        try:
            limit(True)
            text = f"{type(error).__name__}: {error}"[:200]
            name = str(error.name) if isinstance(error, NameError) and error.name else None
        except BaseException:
            pass
        limit(False)
        return {"error": text, "kind": kind, "name": name}

    def same_process():
        # A child that the student's code forked goes no further.
        if getpid() != own_process:
            leave(0)

    student = ModuleType("__main__")
    sys.modules["__main__"] = student
    names = student.__dict__
    # Without this they would be given the private built-in functions of this file.
    names["__builtins__"] = builtins
    givens = {"__name__": "_given", "__builtins__": builtins}
    for code in job["given"]:
        run(compiled(code, "<given>", "exec"), givens)
    names.update({name: value for name, value in givens.items() if not name.startswith("__")})
    furnish(names)
    if job["warm"]:
        # Matplotlib's list of fonts comes into the shared cache.
        import matplotlib.pyplot as plt

        plt.plot([0, 1])
        draw_figures()
    before = {module: dict(vars(module)) for name in WATCHED if (module := sys.modules.get(name))}

    def changed():
        """Whether a cell has put something else in place of what other cells rely on."""
        return any(
            vars(module).get(name) is not value for module, then in before.items() for name, value in then.items()
        )

    def run_cell(number, code):
        run(compiled(plain(code), f"<cell {number}>", "exec"), names)

    def value(case):
        drawn = draw(case["setup"], case["seed"], givens)
        try:
            result = encode(evaluate(case["expression"], drawn, {**names, **kept.get(case["id"][0], {})}, givens))
        except (Unanswered, NotImplementedError):
            # Answered later, by what no cell was seen to define.
            result = encode(evaluate(case["expression"], drawn, names, givens))
        return to_json(result)  # here, an answer that JSON cannot hold costs this case and nothing else

    def answer(wanted):
        for case in wanted:
            say(case=case["id"])
            result, problem = attempt(value, case)
            same_process()
            if problem:
                say(case=case["id"], **problem)
            else:
                write_all(f'{{"case": {to_json(case["id"])}, "value": {result}}}\n'.encode())

    room, kept = MAX_BYTES_OF_PICTURES, {}
    for number, code, drawing, answered in job["cells"]:
        say(cell=number)
        _, problem = attempt(run_cell, number, code)
        same_process()
        for question, defines in answered.items():
            # As the check below the cell takes it: a later question may use the name for something else.
            kept.setdefault(question, {}).update({name: names[name] for name in defines if name in names})
        if problem:
            say(cell=number, **problem)
            if problem["kind"] == "memory":
                # What filled the memory may still be held; the grader starts again without this cell.
                leave(1)
        if not drawing:
            attempt(close)
            continue
        say(cell=number, drawing=True)
        shown, _ = attempt(pictures)
        same_process()
        for picture in shown or ():
            room -= len(picture)
            if room > 0:
                say(cell=number, picture=picture)
    altered, _ = attempt(changed)
    say(altered=bool(altered))
    answer(job["cases"])
    say(done="public")
    answer(from_json(source.readline().decode()))
    say(done="hidden")
    leave(0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        # Should the machine run out of memory, this goes first, and not the grader.
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        pass
    # Once more, privately: what the student's code does to built-in functions does not reach it.
    load("worker", __file__).main()

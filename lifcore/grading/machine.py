"""What a machine needs to grade: a jail that starts, and a folder of kernels compiled by the course's own answers.

The folder is a temporary one. A run that was killed leaves it behind; the next run on the machine removes it, told from
those in use by the lock that its owner holds and that ends with him.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
from pathlib import Path

from lifcore.grading import jail
from lifcore.grading.conversation import run_cells
from lifcore.grading.judging import judge
from lifcore.grading.plan import GradeError
from lifcore.grading.solutions import Failure

_ready, _making = {}, threading.Lock()


def caches():
    """The folder, on this machine and of this user, that holds the temporary folders of all runs: pathlib.Path."""
    place = Path(tempfile.gettempdir(), f"lifcore-grading-{os.getuid()}")
    place.mkdir(mode=0o711, exist_ok=True)
    status = place.lstat()
    if place.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise GradeError(f"{place}: belongs to somebody else or may be written by others; remove it")
    place.chmod(0o711)  # whatever the umask has made of it
    return place


@contextlib.contextmanager
def kernel_cache():
    """A temporary folder for compiled kernels: str. Those that killed runs have left are removed first."""
    place = caches()
    with _locked(place):
        for left in place.iterdir():
            with contextlib.suppress(OSError), _locked(left, wait=False):
                shutil.rmtree(left, ignore_errors=True)
        own = Path(tempfile.mkdtemp(dir=place))
        # Where the grader is root, the course's answers run as another user, who writes here.
        own.chmod(0o1777)
        _take_fonts(own)
        lock = contextlib.ExitStack()
        lock.enter_context(_locked(own))
    try:
        yield str(own)
    finally:
        shutil.rmtree(own, ignore_errors=True)
        lock.close()


def _take_fonts(cache):
    """Give the jail matplotlib's list of fonts, where it is made already: making it takes seconds."""
    import matplotlib

    place = cache / "matplotlib"
    place.mkdir()
    place.chmod(0o1777)
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, place)


@contextlib.contextmanager
def _locked(folder, wait=True):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def require_sound(plan, cache):
    """Let the course's own answers through the jail; they must get full marks.

    The cells of the released notebook run along: they compile the kernels, which all submissions then share.

    Raises
    ------
    GradeError
        If the jail does not start, or they do not: then it is the grader, or the machine, that is at fault, and no
        student may be graded.
    """
    trouble = jail.problem(plan.jailed)
    if trouble:
        raise GradeError(trouble)
    code = [(f"{question.id}-answer", question.solution) for question in plan.exercise.questions]
    code += [("", one) for one in plan.exercise.released]
    cells = [(number, id, one) for number, (id, one) in enumerate(code, start=1)]
    run = run_cells(plan, cells, cache, fill_cache=True)
    for question, judged in judge(plan, run).items():
        if judged["points"] != judged["maximum"]:
            values = [value.text for value in run.values.values() if isinstance(value, Failure)]
            told = [*run.notes, *run.errors.get(question, []), *values]
            detail = "; ".join(told[:3]) or "its values differ from those outside the jail"
            raise GradeError(f"the course's own answer to {question!r} does not get full marks in the jail: {detail}")


def ready_cache(plan, plan_key):
    """The kernels' folder of this process for a plan, made and checked when it is first asked for: str.

    For the workers of a cluster, which may be on other machines. The folder stays as long as the process.
    """
    with _making:
        if plan_key not in _ready:
            stack = contextlib.ExitStack()
            cache = stack.enter_context(kernel_cache())
            atexit.register(stack.close)
            require_sound(plan, cache)
            _ready[plan_key] = cache
    return _ready[plan_key]

"""Whatever a stranger passes to a public function: it gives a result without NaN, or says what is wrong.

One or two arguments of a call that works are replaced. The call may give a result, or one of the package's own `raise`
lines may refuse it, with a message that names an argument; in either case within seconds. FUZZ_EXAMPLES=5000 tries so
many calls, drawn afresh; without it they are few and always the same.
"""

import itertools
import os
import re
import signal
import traceback
import warnings

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from fuzz import calls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba.core.compiler_lock import global_compiler_lock

import lifcore

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 0))
HOME = os.path.dirname(lifcore.__file__)
SECONDS = 6.0
SHARE = 83
CALLABLES = {path: thing for path, thing in calls.public().items() if path not in calls.LEFT_OUT}
# FloatingPointError: a result beyond the range of float64 or of a network's dtype. RuntimeError: rates that run away.
REFUSALS = (TypeError, ValueError, OSError, FloatingPointError, RuntimeError)
# A large number of these is right, and takes long.
COSTS = {
    "N", "batch", "batch_size", "bin", "bits", "cells", "delay", "dt", "duration", "epochs", "episodes", "excitatory",
    "f_max", "hold", "indegree", "most", "neurons", "order", "processes", "q", "samples", "segments", "sensor",
    "settle", "size", "steps", "synapses", "threads", "window", "workers"}
# What these raise when they are called is theirs.
CALLED = {"augment", "loss"} | {("fokker_planck.evolve", name) for name in ("mu", "sigma", "start")}


class Strange:
    def __repr__(self):
        return "Strange()"


FUNCTIONS = (len, int)
WRONG = (
    float("nan"), np.inf, -np.inf, -1.0, -0.0, 0.0, -3, True, None, "x", "", b"x", [], (), {}, {1}, ["a"],
    [[1.0], [1.0, 2.0]], [1.0, float("nan")], 1j, Strange(), np.ones((2, 2, 2)), np.array([None]), np.array([True]),
    np.datetime64("2020-01-01"), *FUNCTIONS)
MODEST = (0.5, 1, 2, 3, [1.0, 2.0], np.int8(1), np.float32(0.5))
EXTREME = (1e308, -1e308, 5e-324, 1e-200, 1e-50, 1e50, 10**400, 2**63, -(2**63))
NAMES = st.text(st.characters(exclude_characters="/\\"), max_size=8)
NUMBERS = st.one_of(st.floats(), st.integers(), st.floats(width=32), st.complex_numbers(), st.fractions())
NESTED = st.recursive(st.one_of(st.floats(), st.integers(-3, 3), st.none(), NAMES), st.lists, max_leaves=6)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
ARRAYS = st.one_of(
    arrays.arrays(arrays.scalar_dtypes(), SHAPES),
    arrays.arrays(object, SHAPES, elements=st.one_of(NUMBERS, st.none(), NAMES)))
CHEAP = st.one_of(st.sampled_from(WRONG), st.sampled_from(MODEST), NAMES, st.integers(-3, 3))
ANYTHING = st.one_of(CHEAP, st.sampled_from(EXTREME), NUMBERS, NESTED, ARRAYS)


class Late(BaseException):
    """Not an error that anything between here and there would catch."""


@pytest.fixture(scope="module", autouse=True)
def elsewhere(tmp_path_factory):
    """A folder in which files of any name may be written."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("fuzz"))
    yield
    os.chdir(before)


def parameters(path):
    return [name for name in calls.parameters(CALLABLES[path]) if name != "self"]


def outcome(path, arguments):
    """The error of a call, or None; and a sentence if either breaks the rule."""
    def late(*_):
        if global_compiler_lock.is_locked():
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
        else:
            raise Late

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = CALLABLES[path](**arguments)
    except Late:
        return None, f"takes more than {SECONDS:g} s"
    except Exception as error:  # any error is looked at
        return error, breach(path, arguments, error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
    return None, "gives NaN" if any(np.isnan(values).any() for values in floats(result)) else None


def breach(path, arguments, error):
    """What is wrong with an error, or None."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = last.filename.startswith(HOME) and (last.line or "").lstrip().startswith("raise")
    said = f"{type(error).__name__} at {os.path.basename(last.filename)}:{last.lineno}: {error}"
    if not isinstance(error, REFUSALS) or not ours and not isinstance(error, OSError):
        return f"raises what nobody wrote for it: {said}"
    if isinstance(error, (OSError, FloatingPointError)):
        return None  # they name the file, or the result that has no number
    if "path" in arguments and os.path.basename(str(arguments["path"])) in str(error):
        return None
    if not set(re.findall(r"\w+", str(error))) & {*calls.parameters(CALLABLES[path]), *calls.DERIVED}:
        return f"names no argument: {said}"
    return None


def floats(value, depth=0):
    """All arrays of floats in a result."""
    if isinstance(value, (float, complex, np.ndarray, np.generic)):
        if np.asarray(value).dtype.kind in "fc":
            yield np.asarray(value)
        return
    held = vars(value) if hasattr(value, "__dict__") and not isinstance(value, type) else value
    held = held.values() if isinstance(held, dict) else held
    for part in held if isinstance(held, (list, tuple, type({}.values()))) and depth < 4 else ():
        yield from floats(part, depth + 1)


def right_arguments(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments = {name: calls.made(value) for name, value in calls.right_call(path, CALLABLES[path]).items()}
    return arguments | ({"progress": False} if "progress" in parameters(path) else {})


@pytest.mark.parametrize("path", CALLABLES)
def test_a_right_call_gives_a_result(path):
    error, wrong = outcome(path, right_arguments(path))
    assert error is None and wrong is None, f"{path}: {wrong or error!r}"


def test_what_is_left_out_is_there_and_has_a_reason():
    assert set(calls.LEFT_OUT) <= set(calls.public())
    assert all(len(reason.split()) > 2 for reason in calls.LEFT_OUT.values())
    assert set(calls.CALLS) <= set(CALLABLES)


def replaced(draw, path):
    """Names of one or two arguments, and values for them."""
    names = draw(st.lists(st.sampled_from(parameters(path)), min_size=1, max_size=2, unique=True))
    values = {name: draw(CHEAP if name in COSTS else ANYTHING) for name in names}
    return {
        name: value for name, value in values.items()
        if not (callable(value) and (name in CALLED or (path, name) in CALLED))}


@settings(
    max_examples=EXAMPLES or 400, derandomize=not EXAMPLES, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_wrong_argument_is_refused_by_name_or_harmless(data):
    path = data.draw(st.sampled_from([path for path in CALLABLES if parameters(path)]))
    changed = replaced(data.draw, path)
    _, wrong = outcome(path, right_arguments(path) | changed)
    shown = ", ".join(f"{name}={value!r}" for name, value in changed.items())
    assert wrong is None, f"{path}(..., {shown}) {wrong}"


def pairs():
    """Every parameter of every callable, with every value of the pool that is fit for it."""
    for path in CALLABLES:
        for name in parameters(path):
            for value in (*WRONG, *MODEST, *(() if name in COSTS else EXTREME)):
                if not (callable(value) and (name in CALLED or (path, name) in CALLED)):
                    yield path, name, value


def test_no_value_of_the_pool_gets_through():
    """All of them take minutes: unless FUZZ_EXAMPLES is set, one in `SHARE`."""
    found = []
    for path, name, value in itertools.islice(pairs(), 0, None, 1 if EXAMPLES else SHARE):
        _, wrong = outcome(path, right_arguments(path) | {name: value})
        if wrong:
            found.append(f"{path}({name}={value!r}) {wrong}")
    assert not found, "\n".join(found)

"""Elementary functions against 40-digit arithmetic, and what importing and declaring a kernel costs."""

import json
import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from lifcore.kernels import Kernel, elementary, kernel

WIDE = {
    "exp": [(-745, 709.7), (-1, 1)],
    "expm1": [(-50, 709.7), (-1, 1), (-1e-6, 1e-6)],
    "log": [(1e-9, 10), (0.9, 1.1), (1, 1e300)],
    "log1p": [(-0.999, 3), (-1e-6, 1e-6), (0, 1e300)],
    "tanh": [(-25, 25), (-1, 1), (-1e-6, 1e-6)],
    "arctan": [(-1, 1), (-1e-6, 1e-6), (-20, 20), (0.9, 1.1), (-1e6, 1e6), (0.0625, 0.0626), (0.09, 0.11)],
}
IN_MPMATH = {"arctan": "atan"}
# Largest error allowed, in units in the last place of the exact value (mpmath, 40 digits).
ULP = {"exp": 1.0, "expm1": 1.5, "log": 1.0, "log1p": 1.5, "tanh": 2.5, "arctan": 1.5}


@pytest.mark.parametrize("name", WIDE)
def test_elementary_functions_are_exact_to_the_last_digits(name):
    function, exact = getattr(elementary, name), getattr(mpmath, IN_MPMATH.get(name, name))
    rng = np.random.default_rng(7)
    with mpmath.workdps(40):
        for low, high in WIDE[name]:
            for x in rng.uniform(low, high, 4000):
                value = exact(mpmath.mpf(x))
                if abs(value) < 1e-300:
                    continue
                unit = math.ulp(float(value))
                assert abs(mpmath.mpf(function(x)) - value) <= ULP[name] * unit, (name, x)


def test_elementary_functions_at_their_limits():
    """Values from IEEE 754 and C11, annex F."""
    inf, nan = math.inf, math.nan
    assert (elementary.exp(inf), elementary.exp(-inf), elementary.exp(-745.2), elementary.exp(710.0)) == (inf, 0, 0, inf)
    assert elementary.exp(-745.1) == 5e-324 and elementary.exp(0.0) == 1
    assert (elementary.expm1(inf), elementary.expm1(-inf), elementary.expm1(0.0)) == (inf, -1, 0)
    assert (elementary.log(0.0), elementary.log(inf), elementary.log(1.0)) == (-inf, inf, 0)
    assert elementary.log(5e-324) == math.log(5e-324)
    assert (elementary.log1p(-1.0), elementary.log1p(inf), elementary.log1p(0.0)) == (-inf, inf, 0)
    assert (elementary.tanh(inf), elementary.tanh(-inf), elementary.tanh(0.0)) == (1, -1, 0)
    assert (elementary.arctan(inf), elementary.arctan(-inf), elementary.arctan(0.0)) == (math.pi / 2, -math.pi / 2, 0)
    for function, outside in ((elementary.log, -1.0), (elementary.log1p, -1.5)):
        assert math.isnan(function(outside))
    for name in elementary.__all__:
        assert math.isnan(getattr(elementary, name)(nan))


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout


def test_importing_compiles_nothing_and_leaves_numba_alone():
    loaded = json.loads(run(
        "import json, sys, lifcore; from lifcore.kernels import Kernel, lif; "
        "made = [k for k in vars(lif).values() if isinstance(k, Kernel) and k._compiled]; "
        "print(json.dumps([len(made), 'numba' in sys.modules, 'scipy' in sys.modules, 'matplotlib' in sys.modules]))"))
    assert loaded == [0, False, False, False]


def test_import_costs_at_most_what_numba_costs():
    """CPU time of fresh processes, in pairs; the bound is 1.15 times ``import numba``."""
    measure = "import time; a = time.process_time(); import {}; print(time.process_time() - a)"
    ratios = [float(run(measure.format("lifcore"))) / float(run(measure.format("numba"))) for _ in range(5)]
    assert sorted(ratios)[2] <= 1.15


def test_declaring_a_kernel_checks_the_signature():
    with pytest.raises(TypeError, match="signature must be a string"):
        kernel(lambda x: x)
    doubled = kernel("f8(f8)")(lambda x: 2 * x)
    assert isinstance(doubled, Kernel) and "f8(f8)" in repr(doubled)
    assert doubled(3.0) == 6.0
    with pytest.raises(TypeError):
        doubled("3")


@kernel("void(f4[::1], f4)", "void(f8[::1], f8)")
def scale(x, a):
    for j in range(x.size):
        x[j] *= a


@kernel("f8(i8, f4[::1], f4)", "f8(i8, f8[::1], f8)")
def scaled_sum(times, x, a):
    total = 0.0
    for _ in range(times):
        scale(x, a)
    for j in range(x.size):
        total += x[j]
    return total


def test_of_two_precisions_only_the_one_that_is_called_is_compiled():
    """By hand: 3 * 0.5 * 0.5 in either, 0.1 twice halved rounded to its precision."""
    for dtype, ready in ((np.float32, {0}), (np.float64, {0, 1})):
        x = np.array([3.0, 0.1], dtype)
        assert scaled_sum(2, x, dtype(0.5)) == 0.75 + float(dtype(0.1) / 4)
        assert x[0] == 0.75 and scaled_sum._ready == scale._ready == ready
    with pytest.raises(TypeError):
        scaled_sum(2, np.array([1, 2]), 0.5)
    scale.dispatcher(np.ones(3), 2.0)


def test_first_calls_from_many_threads_leave_numba_as_it_was():
    """Plain calls and ufuncs at once, from eight threads: e**0 = 1 each time, no deadlock, numba's setting as before."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from numba import config\n"
        "from lifcore.kernels import elementary\n"
        "before = config.CACHE_DIR\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    names = ['exp', 'expm1', 'log1p', 'tanh']\n"
        "    calls = [getattr(elementary, name) for name in names] + [getattr(elementary, name).__call__ for name in names]\n"
        "    ufuncs = pool.map(lambda name: getattr(elementary, name).ufunc(0.0), names)\n"
        "    values = list(pool.map(lambda call: call(0.0), calls)) + list(ufuncs)\n"
        "print(values == [1.0, 0.0, 0.0, 0.0] * 3, config.CACHE_DIR == before)\n")
    assert run(code) == "True True\n"


def test_kernels_work_where_no_folder_can_be_written(tmp_path):
    """As on a read-only system: compiled anew, without an error."""
    code = (
        "import os, tempfile\n"
        "os.environ['NUMBA_CACHE_DIR'] = os.environ['HOME'] = os.environ['XDG_CACHE_HOME'] = '/proc/nowhere'\n"
        "tempfile.tempdir = '/proc/nowhere'\n"
        "from lifcore.kernels import elementary\n"
        "print(elementary.exp(0.0))\n")
    assert run(code) == "1.0\n"

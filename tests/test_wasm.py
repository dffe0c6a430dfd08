"""The same kernel, two compilers: WebAssembly against numba, byte for byte."""

import math
import subprocess
import sys
import time

import numpy as np
import pytest

from lifcore.kernels import build_wasm, channelrhodopsin, elementary, kernel, lif
from wasm_host import WasmtimeHost, browser_calls, numba_call

EXPORTS = [getattr(home, name) for home in (elementary, lif, channelrhodopsin) for name in home.__all__
           if name not in ("population_spikes", "fixed_step")]


def arguments(rng, function):
    """Random arguments for a kernel, by the names of its parameters."""
    V_th = rng.uniform(-60, -40)
    E_L = rng.uniform(-80, -65)
    samples = int(rng.integers(1, 400))
    segments = int(rng.integers(1, 12))
    times = np.sort(rng.uniform(0, 300, max(samples, 2)))
    draw = {
        "x": lambda: rng.normal() * 10 ** rng.uniform(-8, 2.5), "tau_m": lambda: rng.uniform(2, 50),
        "R": lambda: rng.uniform(10, 300), "E_L": lambda: E_L, "V_th": lambda: V_th,
        "V_reset": lambda: V_th - rng.uniform(0.5, 40), "t_ref": lambda: rng.choice([0.0, rng.uniform(0, 10)]),
        "V0": lambda: rng.uniform(E_L - 5, V_th), "V": lambda: rng.uniform(-90, 0), "t": lambda: rng.exponential(30),
        "I": lambda: rng.uniform(-0.2, 2), "duration": lambda: 10 ** rng.uniform(-3, 3), "gap": lambda: rng.uniform(0, 50),
        "slope": lambda: 10 ** rng.uniform(-5, 5), "drive": lambda: rng.normal() * 20, "tau_decay": lambda: rng.uniform(3, 30),
        "tau_rise": lambda: rng.choice([0.0, rng.uniform(0.1, 2.9)]), "dt": lambda: rng.uniform(0.01, 0.5),
        "light": lambda: 10 ** rng.uniform(-4, 1.5), "g_max": lambda: rng.uniform(0.005, 0.2),
        "onset": lambda: rng.uniform(0, 20), "offset": lambda: rng.uniform(20, 200),
    }
    arrays = {
        "edges": lambda: np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 60, segments))]),
        "V": lambda: np.zeros(samples), "current": lambda: np.zeros(samples), "spike_times": lambda: np.zeros(50),
        "rates": lambda: np.zeros(samples), "currents": lambda: np.zeros(samples), "t": lambda: times,
        "duration": lambda: 10 ** rng.uniform(-3, 3, samples),
        "I": lambda: rng.uniform(-0.2, 2, {"piecewise_trace": segments, "waveform_peak": times.size}.get(
            function.__name__, samples)),
    }
    return lambda name, dimensions: (arrays if dimensions else draw)[name]()


def cases(module, count, seed):
    """`count` random calls of every exported kernel."""
    rng = np.random.default_rng(seed)
    for function in EXPORTS:
        for _ in range(count):
            value = arguments(rng, function)
            yield function, [
                value(name, dimensions) if dimensions else float(value(name, 0))
                for name, _, dimensions in module.api["functions"][function.__name__]["args"]]


def same_number(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


@pytest.fixture(scope="module")
def module():
    return build_wasm(EXPORTS)


def test_wasmtime_equals_numba_byte_for_byte(module):
    host = WasmtimeHost(module)
    for function, values in cases(module, 200, seed=1):
        ours, theirs = numba_call(function, values), host.call(function.__name__, values)
        assert ours[1] == theirs[1], (function, values)
        assert ours[0] is None or same_number(ours[0], theirs[0]), (function, values, ours[0], theirs[0])


def test_chromium_equals_numba_byte_for_byte(module, chromium):
    drawn = list(cases(module, 20, seed=2))
    page = chromium.new_page()
    answers = browser_calls(module, page, [(function.__name__, values) for function, values in drawn])
    page.close()
    for (function, values), (result, arrays) in zip(drawn, answers, strict=True):
        ours = numba_call(function, values)
        assert arrays == ours[1], (function, values)
        if ours[0] is not None:
            assert same_number(np.frombuffer(result)[0], float(ours[0])), (function, values)


def test_module_of_every_kernel_is_under_20_kB_and_needs_no_library(module):
    assert len(module.wasm) < 20_000
    assert module.imports == ()


def test_second_build_comes_from_the_cache():
    build_wasm([lif.firing_rate])
    started = time.perf_counter()
    build_wasm([lif.firing_rate])
    assert time.perf_counter() - started < 0.2


def test_two_dimensional_arrays_cross_over():
    module = build_wasm([lif.fixed_step, lif.population_spikes])
    host = WasmtimeHost(module)
    rng = np.random.default_rng(3)
    I = rng.uniform(0, 0.6, (3, 500))
    values = [I, 0.005, 100.0, -70.0, -50.0, -65.0, 20, np.full(3, -70.0), 0.1, np.zeros((3, 501)), np.zeros(99),
              np.zeros(99, np.int64)]
    assert numba_call(lif.fixed_step, values) == host.call("fixed_step", values)
    edges = np.linspace(0, 500, 6)
    values = [edges, rng.uniform(0, 0.6, (4, 5)), 20.0, 100.0, -70.0, -50.0, -65.0, 2.0, np.full(4, -70.0), np.zeros(500),
              np.zeros(4, np.int64)]
    assert numba_call(lif.population_spikes, values) == host.call("population_spikes", values)


SCALE = 2.5


@kernel("f8(f8[::1], f8)")
def weighted_sum(values, weight):
    """A kernel as a reader would write it, with a constant and another kernel in it."""
    total = 0.0
    for value in values:
        total += SCALE * elementary.exp(-weight * value)
    return total


def test_a_readers_own_kernel_is_exported():
    module = build_wasm([weighted_sum])
    values = np.linspace(0, 3, 1000)
    assert WasmtimeHost(module).call("weighted_sum", [values, 0.7])[0] == weighted_sum(values, 0.7)
    assert module.api["functions"]["weighted_sum"]["args"] == [["values", "float64", 1], ["weight", "float64", 0]]


def test_a_kernel_typed_in_a_notebook_is_exported():
    """It has no module to be imported from: the compiler's process gets it by value."""
    script = (
        "from lifcore.kernels import kernel, build_wasm\n"
        "FACTOR = 3.0\n"
        "def triple(x):\n    return FACTOR * x\n"
        "first = build_wasm([kernel('f8(f8)')(triple)]).wasm\n"
        "FACTOR = 4.0\n"
        "print(len(first) > 50, first != build_wasm([kernel('f8(f8)')(triple)]).wasm)\n")
    run = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "True"]


@kernel("f8(f8)")
def allocates(x):
    return np.zeros(3).sum() + x


@kernel("f8(f8)")
def calls_libm(x):
    return math.sin(x)


@kernel("f8[::1](f8[::1])")
def returns_array(x):
    return x


@kernel("f8(f8[:, :])")
def strided(x):
    return x[0, 0]


def test_what_a_page_does_not_have_is_refused():
    with pytest.raises(ValueError, match="creates no array"):
        build_wasm([allocates])
    with pytest.raises(ValueError, match=r"\['sin'\].*libm=True"):
        build_wasm([calls_libm])
    assert build_wasm([calls_libm], libm=True).imports == ("sin",)
    with pytest.raises(TypeError, match="returns_array returns array"):
        build_wasm([returns_array])
    with pytest.raises(TypeError, match="x must be C-contiguous"):
        build_wasm([strided])
    with pytest.raises(TypeError, match="declared with @kernel"):
        build_wasm([math.sin])
    with pytest.raises(ValueError, match="different names"):
        build_wasm([lif.rheobase, lif.rheobase])
    with pytest.raises(ValueError, match="one or more"):
        build_wasm([])

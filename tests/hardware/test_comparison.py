"""One neuron on several machines: the distance of spike trains against an independent search, the input, the comparison."""

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import LIF
from lifcore.hardware import comparison, realise
from lifcore.hardware.comparison import compare, spike_distance, stepped_current
from lifcore.kernels import build_wasm
from lifcore.kernels import spike_distance as kernels
from wasm_host import WasmtimeHost, numba_call

n = LIF()


def by_search(first, second, q):
    """The least cost over all ways to pair some spikes of one train, in order, with spikes of the other."""
    best = math.inf
    for pairs in range(min(len(first), len(second)) + 1):
        for chosen in itertools.combinations(first, pairs):
            for partners in itertools.combinations(second, pairs):
                shifts = sum(abs(a - b) for a, b in zip(chosen, partners, strict=True))
                best = min(best, len(first) + len(second) - 2 * pairs + q * shifts)
    return best


# By hand.
@pytest.mark.parametrize("first, second, q, distance", [
    ([], [], 0.1, 0.0), ([5.0], [], 0.1, 1.0), ([], [1.0, 2.0, 3.0], 0.1, 3.0), ([10.0], [13.0], 0.1, 0.3),
    ([10.0], [29.0], 0.1, 1.9), ([10.0], [31.0], 0.1, 2.0), ([10.0, 20.0], [11.0, 22.0], 0.1, 0.3),
    ([10.0, 20.0, 30.0], [10.5, 30.5], 0.1, 1.1), ([1.0, 2.0], [2.0], 0.0, 1.0), ([1.0, 2.0], [1.0, 2.5], 1e9, 2.0),
])
def test_distance_by_hand(first, second, q, distance):
    assert spike_distance(first, second, q) == pytest.approx(distance, abs=1e-12)


trains = st.lists(st.floats(0.0, 100.0), max_size=6).map(sorted)


@settings(max_examples=60, deadline=None)
@given(trains, trains, st.sampled_from([0.0, 0.02, 0.1, 1.0]))
def test_distance_is_that_of_a_search_over_all_pairings(first, second, q):
    assert spike_distance(first, second, q) == pytest.approx(by_search(first, second, q), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(trains, trains, trains)
def test_distance_is_a_metric(a, b, c):
    distance = functools.partial(spike_distance, q=0.1)
    assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-12)
    assert distance(a, a) == 0.0
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12


def test_page_computes_the_same():
    rng = np.random.default_rng(3)
    call = (np.sort(rng.uniform(0.0, 300.0, 17)), np.sort(rng.uniform(0.0, 300.0, 12)), 0.1, np.zeros(13))
    assert numba_call(kernels.spike_distance, call) == WasmtimeHost(build_wasm([kernels.spike_distance])).call("spike_distance", call)


# The current

def test_current_does_not_depend_on_the_step():
    coarse, fine = stepped_current(dt=1.0), stepped_current(dt=0.25)
    np.testing.assert_array_equal(np.repeat(coarse, 4), fine)
    np.testing.assert_array_equal(coarse[:150], np.full(150, 0.3))
    assert np.all(coarse[150:].reshape(-1, 5) == coarse[150::5, None])


def test_current_has_the_mean_and_deviation_asked_for():
    current = stepped_current(0.3, 0.1, duration=200_000.0, constant=0.0, rng=7)[::5]
    assert abs(current.mean() - 0.3) < 4.0 * 0.1 / math.sqrt(current.size)
    assert abs(current.std() - 0.1) < 4.0 * 0.1 / math.sqrt(2.0 * current.size)
    assert np.any(stepped_current(rng=1) != stepped_current(rng=2))
    np.testing.assert_array_equal(stepped_current(rng=1), stepped_current(rng=np.int64(1)))
    np.testing.assert_array_equal(stepped_current(fluctuation=0.0), np.full(300, 0.3))


# The comparison

def test_the_exact_solution_beside_itself():
    found = compare(n, stepped_current(), machines="processor")["processor"]
    assert (found.extra_spikes, found.distance, found.membrane_error) == (0, 0.0, 0.0)


def test_a_slower_neuron_beside_the_exact_one(monkeypatch):
    """By hand, 0.3 nA: V = E_L + 30 mV (1 - exp(-t / tau)), with tau = 20 and 25 ms, at 1, 2, ... 21 ms."""
    slow = realise(n.replace(tau_m=25.0), "processor")
    monkeypatch.setattr(comparison, "realise", lambda n, name, dt: slow if name == "loihi" else realise(n, name, dt))
    found = compare(n, 0.3, 100.0, machines=["loihi"])["loihi"]
    difference = [30.0 * (math.exp(-t / 20.0) - math.exp(-t / 25.0)) for t in range(1, 22)]
    assert found.membrane_error == pytest.approx(math.sqrt(np.mean(np.square(difference))), rel=1e-12)
    exact = [20.0 * math.log(3.0) + k * (2.0 + 20.0 * math.log(2.5)) for k in range(4)]
    slower = [25.0 * math.log(3.0) + k * (2.0 + 25.0 * math.log(2.5)) for k in range(3)]
    assert found.extra_spikes == -1
    assert found.distance == pytest.approx(by_search(slower, exact, 0.1), rel=1e-9)


def test_a_spike_in_the_first_step_leaves_no_membrane_to_compare():
    assert compare(n, 10.0, 5.0, machines="processor")["processor"].membrane_error is None


@pytest.mark.parametrize("call, kind, message", [
    (lambda: spike_distance([2.0, 1.0], []), ValueError, "first must be one-dimensional and must not decrease"),
    (lambda: spike_distance([], [np.nan]), ValueError, "second must be finite"),
    (lambda: spike_distance([], [], q=-1.0), ValueError, "q must be finite and at least 0 per ms"),
    (lambda: spike_distance(np.zeros(200_000), np.zeros(200_000)), ValueError, "got 200,000 and 200,000 spikes"),
    (lambda: stepped_current(hold=5.0, dt=0.3), ValueError, "hold must be a whole number of dt = 0.3 ms, got 5 ms"),
    (lambda: stepped_current(duration=301.0), ValueError, "duration must be a whole number of hold = 5 ms, got 301 ms"),
    (lambda: stepped_current(fluctuation=-0.1), ValueError, "fluctuation must be finite and at least 0 nA"),
    (lambda: stepped_current(duration=0.0), ValueError, "duration must be finite and at least 5 ms"),
    (lambda: stepped_current(rng=-1), ValueError, "rng must be a whole number of at least 0, got -1"),
    (lambda: compare(n, 0.3, 100.0, machines=["loihi2"]), ValueError, "machines must be some of 'brainscales', 'truenorth'"),
    (lambda: compare(n, 0.3, 100.0, machines=["processor"], loihi={}), TypeError, "compare has no argument 'loihi'"),
    (lambda: compare(n, 0.3, 100.5, machines=["processor"]), ValueError, "duration must be a whole number of steps"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)

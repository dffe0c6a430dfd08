"""The density of the interspike interval against a table of 17 digits, its moments, and a population of spikes."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lifcore import LIF, isi_cv, siegert_rate, simulate
from lifcore.intervals import interspike_intervals, interval_density
from lifcore.kernels import build_wasm, intervals
from lifcore.simulation import Spikes
from wasm_host import WasmtimeHost, numba_call

n = LIF()


def passages():
    """Table R5: first-passage densities by inversion of the Laplace transform along a hyperbola."""
    path = Path(__file__).parent / "reference" / "R5_fpt_density.csv"
    with open(path, newline="") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return [list(group) for _, group in itertools.groupby(rows, key=lambda row: row["case"])]


@pytest.mark.parametrize("rows", passages(), ids=lambda rows: rows[0]["case"])
@pytest.mark.parametrize("t_ref", [0.0, 2.5])
def test_density_is_that_of_the_table(rows, t_ref):
    """Within 1e-4 of the highest value at dt = tau_m / 200, up to 400 ms; the refractory period only moves it."""
    first = {name: float(rows[0][name]) for name in ("tau_ms", "V_th", "V_start", "mu", "sigma")}
    cell = LIF(first["tau_ms"], E_L=0.0, V_th=first["V_th"], V_reset=first["V_start"], t_ref=t_ref)
    dt = 0.1
    T, density = interval_density(cell, first["mu"], first["sigma"], 400.0 + t_ref, dt)
    exact = np.array([float(row["fpt_density_per_ms"]) for row in rows])
    place = np.array([float(row["t_ms"]) for row in rows]) / dt
    there = (place < density.size) & (np.abs(place - np.round(place)) < 1e-9)
    assert np.count_nonzero(there) >= 12
    found = density[np.round(place[there]).astype(int)]
    assert np.max(np.abs(found - exact[there])) < 1e-4 * exact.max()
    assert T[0] == t_ref and np.all(density >= 0.0)


@pytest.mark.parametrize("mu, sigma, duration, dt", [
    (15.0, 5.0, 2500.0, 0.25), (22.0, 3.0, 600.0, 0.1), (30.0, 1.5, 100.0, 0.02), (12.0, 8.0, 2500.0, 0.25)])
def test_moments_are_those_of_the_passage_time(mu, sigma, duration, dt):
    """Norm, mean and coefficient of variation: Siegert's integral and Brunel's, which tests/test_diffusion.py checks."""
    T, density = interval_density(n, mu, sigma, duration, dt)
    norm, first, second = (np.trapezoid(T**k * density, T) for k in range(3))
    assert norm == pytest.approx(1.0, abs=1e-3)
    assert first == pytest.approx(1000.0 / siegert_rate(n, mu, sigma), rel=2e-3)
    assert np.sqrt(second - first**2) / first == pytest.approx(isi_cv(n, mu, sigma), rel=3e-3)


def test_simulated_intervals_have_this_density():
    """Pearson's chi squared over forty bins, seeded, at the five-in-a-thousand level."""
    spikes = simulate(n, 15.0, 5.0, duration=20_000.0, size=128, rng=6)
    found = interspike_intervals(spikes)
    # The longest intervals do not fit into what is left of a record: a bias of one interval in 150, spread over all bins.
    T, density = interval_density(n, 15.0, 5.0, 402.0, 0.1)
    edges = n.t_ref + 10.0 * np.arange(41)
    share = [np.trapezoid(density[100 * k:100 * k + 101], dx=0.1) for k in range(40)]
    inside = found[found < edges[-1]]
    expected = np.array(share) / np.sum(share) * inside.size
    counts, _ = np.histogram(inside, edges)
    assert np.sum((counts - expected)**2 / expected) < stats.chi2.ppf(0.995, 39)


def test_intervals_do_not_join_two_neurons():
    """By hand."""
    spikes = Spikes(np.array([1.0, 4.0, 9.0, 2.0, 3.0]), np.array([0, 0, 0, 2, 2]), 3)
    np.testing.assert_array_equal(interspike_intervals(spikes), [3.0, 5.0, 1.0])


def test_counting_goes_on_from_call_to_call():
    """The kernel's histogram and sums are those of NumPy, however the spikes are divided."""
    spikes = simulate(n, 20.0, 5.0, duration=2000.0, size=30, rng=2)
    order = np.argsort(spikes.spike_times, kind="stable")
    times, neurons = spikes.spike_times[order], spikes.spike_neurons[order].astype(np.int32)
    last, sums, counts = np.full(30, -1.0), np.zeros((3, 30)), np.zeros(20, np.int32)
    for part in (slice(0, 100), slice(100, 101), slice(101, None)):
        intervals.count_intervals(times[part], neurons[part], times[part].size, 5.0, last, sums, counts)
    expected = interspike_intervals(spikes)
    moments = np.empty(3)
    intervals.interval_moments(sums, moments)
    np.testing.assert_allclose(moments, [expected.size, expected.mean(), expected.std() / expected.mean()], rtol=1e-11)
    np.testing.assert_array_equal(counts, np.bincount(np.minimum(expected // 5.0, 19).astype(int), minlength=20))


def test_page_computes_the_same():
    module = build_wasm([intervals.passage_density, intervals.count_intervals, intervals.interval_moments])
    host = WasmtimeHost(module)
    for mu, sigma in ((15.0, 5.0), (30.0, 1.0), (5.0, 1.0)):
        call = (mu, sigma, 20.0, -70.0, -50.0, -65.0, 0.5, np.zeros(300), np.zeros(300))
        assert numba_call(intervals.passage_density, call)[1] == host.call("passage_density", call)[1]
    rng = np.random.default_rng(4)
    call = (np.sort(rng.uniform(0, 900, 200)), rng.integers(0, 7, 200, dtype=np.int32), 200, 3.0, np.full(7, -1.0),
            np.zeros((3, 7)), np.zeros(30, np.int32))
    assert numba_call(intervals.count_intervals, call)[1] == host.call("count_intervals", call)[1]


@pytest.mark.parametrize("arguments, message", [
    ((n, 15.0, 0.0, 100.0, 0.1), "sigma must be finite and greater than 0 mV, got 0 mV"),
    ((n, 15.0, 5.0, 2.0, 0.1), "duration must be finite and greater than 2 ms, got 2 ms"),
    ((n, 15.0, 5.0, 100.0, 0.0), "dt must be finite and greater than 0 ms and at most 98 ms, got 0 ms"),
    ((n, 15.0, 5.0, 100.0, 1e-3), "duration must be at most 20,000 steps of dt = 0.001 ms, got 100 ms"),
])
def test_a_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError) as error:
        interval_density(*arguments)
    assert message in str(error.value)


def test_spikes_must_be_spikes():
    with pytest.raises(TypeError, match="spikes must be Spikes"):
        interspike_intervals([1.0, 2.0])


def test_too_few_intervals_have_no_moments():
    for number, expected in ((0.0, [0.0, np.inf, np.inf]), (1.0, [1.0, 40.0, np.inf])):
        moments = np.empty(3)
        intervals.interval_moments(np.array([[number], [40.0 * number], [1600.0 * number]]), moments)
        assert moments.tolist() == expected

"""Populations with noise against exact rates of discrete schemes, first-passage theory and closed forms.

Comparisons of simulation with theory allow 4 standard errors, estimated from the variation among neurons.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.special import erf, erfcx

import lifcore.simulation
from lifcore import LIF, simulate
from lifcore.kernels import build_wasm, population, random
from lifcore.simulation import Spikes, population_rate, simulate_piecewise, spike_train_spectrum
from wasm_host import WasmtimeHost, browser_calls, numba_call

REFERENCE = Path(__file__).parent / "reference"
n = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
SCHEMES = {"EM": ("euler", "grid"), "EM_bridge": ("euler", "bridge-end"), "OU": ("exact", "grid"),
           "OU_bridge": ("exact", "bridge-end")}


def table(name):
    with open(REFERENCE / name, newline="") as file:
        return list(csv.DictReader(file))


def rate(spikes, start, end):
    """Rate of a neuron in Hz between two times in ms, and its standard error."""
    inside = (spikes.spike_times > start) & (spikes.spike_times <= end)
    counts = np.bincount(spikes.spike_neurons[inside], minlength=spikes.size) * (1000.0 / (end - start))
    return counts.mean(), counts.std(ddof=1) / math.sqrt(spikes.size)


def siegert(n, mu, sigma):
    """1 / (t_ref + tau_m sqrt(pi) times the integral of exp(u**2) (1 + erf u)) in Hz, by adaptive quadrature."""
    lower, upper = ((V - n.E_L - mu) / sigma for V in (n.V_reset, n.V_th))
    return 1000.0 / (n.t_ref + n.tau_m * math.sqrt(math.pi) * quad(lambda u: erfcx(-u), lower, upper, epsabs=1e-12)[0])


def first_passages_at_threshold_drive(x, y_reset):
    """Probability that a neuron whose drive is the threshold has fired after x time constants: the integral of its
    closed form density 2 |y| / sqrt(pi) exp(-x) (1 - exp(-2 x))**(-3/2) exp(-y**2 exp(-2 x) / (1 - exp(-2 x)))."""
    return 1.0 - erf(abs(y_reset) * np.exp(-x) / np.sqrt(-np.expm1(-2.0 * x)))


# Rates and intervals

@pytest.mark.parametrize("scheme", SCHEMES)
def test_step_end_schemes_have_their_exact_rates(scheme):
    """Table R7 has the rates of the discrete schemes, not of the neuron: steps from 0.2 to 5 ms, four neurons."""
    method, crossing = SCHEMES[scheme]
    compared = 0
    for row in table("R7_discretisation.csv"):
        dt = float(row["dt_ms"])
        if row["scheme"] != scheme or dt not in (0.2, 1.0, 2.0, 5.0):
            continue
        cell = LIF(tau_m=float(row["tau_ms"]), E_L=0.0, V_th=float(row["V_th"]), V_reset=float(row["V_r"]), t_ref=0.0)
        spikes = simulate(cell, float(row["mu"]), float(row["sigma"]), 2300.0, int(3000 * min(dt, 2.0) + 2000), dt, 11,
                          V0=cell.V_reset, method=method, crossing=crossing)
        mean, error = rate(spikes, 300.0, 2300.0)
        expected = float(row["rate_Hz_discrete"])
        assert error < 0.005 * expected
        assert abs(mean - expected) < 4.0 * error, row
        compared += 1
    assert compared == 16


def test_bias_of_a_grid_grows_with_the_root_of_the_step_and_of_a_step_end_with_the_step():
    """Slopes in a double logarithmic plot, within 4 standard errors and 0.06 for higher orders of the step."""
    def slope(crossing, steps, mu, sigma, seconds):
        cell = n.replace(t_ref=0.0)
        exact = siegert(cell, mu, sigma)
        logs, errors = [], []
        for dt in steps:
            size = int(seconds * dt / steps[0] / 2)
            spikes = simulate(cell, mu, sigma, 2200.0, size, dt, 5, V0=cell.V_reset, crossing=crossing)
            mean, error = rate(spikes, 200.0, 2200.0)
            logs.append(math.log(1.0 - mean / exact))
            errors.append(error / (exact - mean))
        x = np.log(steps) - np.mean(np.log(steps))
        return np.dot(x, logs) / np.dot(x, x), math.sqrt(np.dot(x**2, np.square(errors))) / np.dot(x, x)

    for crossing, steps, mu, sigma, seconds, order in (
            ("grid", (0.1, 0.2, 0.5, 1.0, 2.0), 15.0, 5.0, 6_000, 0.5),
            ("bridge-end", (0.5, 1.0, 2.0), 24.0, 2.0, 30_000, 1.0)):
        value, error = slope(crossing, steps, mu, sigma, seconds)
        assert error < 0.04
        assert abs(value - order) < 4.0 * error + 0.06, (crossing, value, error)


def test_bridge_has_the_theoretical_rate_at_a_step_of_one_millisecond():
    """Siegert's integral by adaptive quadrature, 12.557 Hz: at most 0.2 % off; a grid, 6 % at a tenth of the step."""
    exact = siegert(n, 16.0, 5.0)
    assert exact == pytest.approx(12.557, abs=5e-4)
    mean, error = rate(simulate(n, 16.0, 5.0, 10_300.0, 20_000, 1.0, 7), 300.0, 10_300.0)
    assert error < 0.0005 * exact
    assert abs(mean - exact) < 0.002 * exact
    mean, error = rate(simulate(n, 16.0, 5.0, 2300.0, 4000, 0.1, 7), 300.0, 2300.0)
    assert abs(mean - exact) < 4.0 * error
    mean, error = rate(simulate(n, 16.0, 5.0, 2300.0, 4000, 0.1, 7, crossing="grid"), 300.0, 2300.0)
    assert mean / exact - 1.0 == pytest.approx(-0.061, abs=4.0 * error / exact)


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_bridge_converges_to_theory_whatever_the_step(method):
    """Several spikes in one step: a drive far above threshold without refractory period fires every millisecond; 4
    standard errors and 0.002 for the step."""
    cell = n.replace(t_ref=0.0, V_reset=18.0)
    exact = siegert(cell, 60.0, 10.0)
    assert exact > 800.0
    dt = {"exact": 1.0, "euler": 0.02}[method]
    mean, error = rate(simulate(cell, 60.0, 10.0, 600.0, 1000, dt, 3, method=method), 100.0, 600.0)
    assert abs(mean - exact) < 4.0 * error + 0.002 * exact


def test_intervals_vary_as_in_theory():
    """Mean, variance and coefficient of variation of table R2, from rare spikes to a nearly regular rhythm; 4 standard
    errors and 0.0005 for the chord in place of the curved threshold."""
    compared = 0
    for row in table("R2_stationary.csv"):
        if row["tag"] != "brunel_grid" or not 4.0 < float(row["nu_Hz"]) < 150.0:
            continue
        compared += 1
        if compared % 4:
            continue
        cell = LIF(tau_m=float(row["tau_ms"]), E_L=0.0, V_th=float(row["V_th"]), V_reset=float(row["V_r"]),
                   t_ref=float(row["tau_ref_ms"]))
        spikes = simulate(cell, float(row["mu"]), float(row["sigma"]), 60_000.0 / float(row["nu_Hz"]), 5000, 0.5, 2,
                          V0=cell.V_reset)
        # The first 20 intervals of each neuron: a choice by number does not favour short ones.
        order = np.arange(spikes.spike_times.size) - np.repeat(np.cumsum(spikes.counts) - spikes.counts, spikes.counts)
        starts = np.repeat(spikes.counts >= 21, spikes.counts)
        rows = spikes.spike_times[starts & (order <= 20)].reshape(-1, 21)
        assert rows.shape[0] == spikes.size
        intervals = np.diff(rows)
        for value, values, expected in (
                ("mean", intervals, 1000.0 / float(row["nu_Hz"])),
                ("variance", (intervals - intervals.mean()) ** 2, float(row["fpt_var_ms2"]))):
            error = values.std() / math.sqrt(values.size)
            assert abs(values.mean() - expected) < 4.0 * error + 0.0005 * expected, (value, row)
        cv = intervals.std() / intervals.mean()
        assert cv == pytest.approx(float(row["cv_isi"]), abs=0.02)
    assert compared >= 8


# First passages and the free membrane

@pytest.mark.parametrize("dt", [1.0, 5.0, 20.0])
def test_first_passages_are_exact_where_the_drive_is_the_threshold(dt):
    """There the threshold is a straight line in the time of the Brownian motion, so that no step is too long."""
    cell = n.replace(t_ref=2000.0)
    spikes = simulate(cell, 20.0, 5.0, 1000.0, 20_000, dt, 3, V0=10.0)
    assert spikes.spike_times.size == 20_000
    assert stats.kstest(spikes.spike_times, lambda t: first_passages_at_threshold_drive(t / 20.0, -2.0)).pvalue > 0.001


def test_first_passages_agree_with_a_random_walk_of_tiny_steps():
    """A drive of half the threshold's height, where the chord only approximates: NumPy's own walk with steps of 4 µs
    after the Broadie-Glasserman-Kou shift of the threshold by 0.5826 sigma sqrt(dt / tau_m)."""
    rng = np.random.default_rng(4)
    h, size, mu, sigma, start, end = 0.004, 3000, 14.0, 5.0, 16.0, 12.0
    a = math.exp(-h / 20.0)
    spread = sigma * math.sqrt(-0.5 * math.expm1(-2.0 * h / 20.0))
    barrier = 20.0 - 0.5826 * sigma * math.sqrt(h / 20.0)
    V, alive, times = np.full(size, start), np.ones(size, bool), np.full(size, np.inf)
    for k in range(round(end / h)):
        V = mu + (V - mu) * a + spread * rng.standard_normal(size)
        fired = alive & (V >= barrier)
        times[fired] = (k + 1) * h
        alive &= ~fired
    walk = times[np.isfinite(times)]
    ours = simulate(n.replace(t_ref=100.0), mu, sigma, end, 60_000, 1.0, 4, V0=start).spike_times
    expected = ours.size / 60_000
    assert abs(walk.size / size - expected) < 4.0 * math.sqrt(expected * (1.0 - expected) / size)
    assert stats.ks_2samp(walk, ours).pvalue > 0.001


@pytest.mark.parametrize("method, step_variance", [("exact", 1.0), ("euler", 1.0 / (1.0 - 1.0 / 40.0))])
def test_the_free_membrane_has_its_mean_and_variance(method, step_variance):
    """Threshold out of reach: mean E_L + mu, variance sigma**2 / 2; Euler's is larger by 1 / (1 - dt / 2 tau_m).

    After one time constant from V0 the mean is E_L + mu + (V0 - E_L - mu) times exp(-1), or (1 - dt / tau_m)**20.
    """
    size = 40_000
    state = [np.full(size, -70.0), np.zeros(size), np.empty((4, size), np.uint32), np.zeros((2, size))]
    random.seed_streams(np.array([1, 0], np.uint32), 0, state[2])
    work = [np.empty(population.WORK), np.empty(population.WORK_WORDS, np.uint32), np.empty(0), np.empty(0, np.int32)]
    decay = {"exact": math.exp(-1.0), "euler": 0.95**20}[method]
    for first, steps, mean, variance in (
            (0, 20, -55.0 - 15.0 * decay, 18.0 * step_variance * (1.0 - decay**2)),
            (20, 280, -55.0, 18.0 * step_variance)):
        assert population.population_steps(
            np.full(size, 15.0), np.full(size, 6.0), np.zeros(steps), 20.0, -70.0, 1e6, -80.0, 2.0, 1.0, 1.0, first,
            {"exact": 0, "euler": 1}[method], 0, *state, *work) == 0
        V = state[0]
        assert abs(V.mean() - mean) < 4.0 * math.sqrt(variance / size)
        assert abs(V.var() - variance) < 4.0 * variance * math.sqrt(2.0 / size)


# Refractory period, signal, steps

def test_spikes_keep_the_refractory_period_exactly():
    """No interval is shorter, whatever the step; at step ends it is at least t_ref in whole steps, plus one."""
    for t_ref, dt in ((2.0, 0.3), (0.07, 0.5), (7.7, 0.5)):
        cell = n.replace(t_ref=t_ref, V_reset=19.0)
        for crossing in ("bridge", "bridge-end", "grid"):
            spikes = simulate(cell, 60.0, 20.0, 300.0, 300, dt, 9, crossing=crossing)
            intervals = np.concatenate([np.diff(spikes.of(k)) for k in range(spikes.size)])
            if crossing == "bridge":
                assert intervals.min() > t_ref
            else:
                assert intervals.min() == pytest.approx((math.ceil(t_ref / dt) + 1) * dt, abs=1e-9)
                assert np.all(np.abs(spikes.spike_times / dt - np.round(spikes.spike_times / dt)) < 1e-9)


def test_without_noise_the_steps_give_the_exact_spikes():
    """A silent signal sends noiseless neurons through the steps: the event-driven times come out."""
    mu = np.array([0.0, 19.9, 20.0, 20.1, 25.0, 60.0])
    exact = simulate(n, mu, duration=300.0)
    for dt in (0.1, 0.7, 3.0):
        stepped = simulate(n, mu, duration=300.0, dt=dt, signal=np.zeros(math.ceil(300.0 / dt)))
        assert np.array_equal(stepped.spike_neurons, exact.spike_neurons)
        np.testing.assert_allclose(stepped.spike_times, exact.spike_times, atol=1e-9)


def test_a_signal_is_a_current_that_changes_from_step_to_step():
    """Without noise the exact solution under the same piecewise constant current is known."""
    rng = np.random.default_rng(6)
    signal = rng.normal(14.0, 12.0, 200)
    exact = simulate_piecewise(n.replace(R=1.0), np.arange(201) * 0.5, 16.0 + signal)
    stepped = simulate(n, 16.0, duration=100.0, dt=0.5, signal=signal)
    assert exact.spike_times.size > 3
    np.testing.assert_allclose(stepped.spike_times, exact.spike_times, atol=1e-9)


def test_noise_for_some_and_not_for_others():
    """A mixed population: the noiseless neurons are exact, the others have the rate of Siegert's integral."""
    mu = np.repeat([25.0, 16.0, 22.0], 1000)
    sigma = np.repeat([0.0, 5.0, 3.0], 1000)
    spikes = simulate(n, mu, sigma, 2300.0, rng=8)
    assert spikes.size == 3000
    np.testing.assert_allclose(spikes.of(17), simulate(n, 25.0, duration=2300.0).spike_times, atol=1e-9)
    for k in (1, 2):
        part = (spikes.spike_neurons >= 1000 * k) & (spikes.spike_neurons < 1000 * (k + 1))
        mean, error = rate(Spikes(spikes.spike_times[part], spikes.spike_neurons[part] - 1000 * k, 1000), 300.0, 2300.0)
        assert abs(mean - siegert(n, mu[1000 * k], sigma[1000 * k])) < 4.0 * error


def test_only_differences_of_potentials_and_ratios_of_times_count():
    """70 mV lower and with all times halved: the same spikes at half the time."""
    other = LIF(tau_m=10.0, E_L=-70.0, V_th=-50.0, V_reset=-60.0, t_ref=1.0)
    for crossing in ("bridge", "bridge-end", "grid"):
        one, two = (simulate(cell, 16.0, 5.0, 25.0 * cell.tau_m, 200, cell.tau_m / 30.0, 4, crossing=crossing)
                    for cell in (n, other))
        assert np.array_equal(one.spike_neurons, two.spike_neurons) and one.spike_times.size > 500
        np.testing.assert_allclose(two.spike_times, one.spike_times / 2.0, atol=1e-6)


def test_a_duration_that_is_no_multiple_of_the_step():
    """The last step is shorter. At mu = V_th the number of neurons that have fired is known at any time."""
    cell = n.replace(t_ref=2000.0)
    spikes = simulate(cell, 20.0, 5.0, 12.5, 40_000, 5.0, 12, V0=10.0)
    for t in (10.0, 11.0, 12.5):
        p = first_passages_at_threshold_drive(t / 20.0, -2.0)
        assert abs(np.count_nonzero(spikes.spike_times <= t) / 40_000 - p) < 4.0 * math.sqrt(p * (1.0 - p) / 40_000)
    assert spikes.spike_times.max() <= 12.5
    # A whole number of steps, although 0.3 / 0.1 is less than 3 in floating point and 0.7 / 0.1 is less than 7.
    for duration, steps in ((0.3, 3), (0.7, 7), (1.05, 11)):
        simulate(n, 16.0, 5.0, duration, dt=0.1, rng=1, signal=np.zeros(steps))
    grid = simulate(n, 30.0, 15.0, 10.3, 2000, 0.5, 12, crossing="grid")
    assert grid.spike_times.max() == pytest.approx(10.3, abs=1e-12)


# The same seed, the same spikes

def same(one, other):
    return np.array_equal(one.spike_times, other.spike_times) and np.array_equal(one.spike_neurons, other.spike_neurons)


def test_spikes_do_not_depend_on_threads_or_on_how_the_work_is_cut(monkeypatch):
    for crossing in ("bridge", "bridge-end", "grid"):
        def run(threads=1, size=700):
            return simulate(n, 25.0, 8.0, 210.3, size, 0.7, 42, crossing=crossing, threads=threads)

        whole = run()
        assert same(whole, run(threads=2))
        fewer = run(size=333)
        part = whole.spike_neurons < 333
        assert np.array_equal(fewer.spike_times, whole.spike_times[part])
        with monkeypatch.context() as cut:
            cut.setattr(lifcore.simulation, "NEURONS_AT_ONCE", 77)
            cut.setattr(lifcore.simulation, "NEURON_STEPS_AT_ONCE", 77 * 13)
            # Room for one spike of each neuron only, so that steps have to be done again.
            cut.setattr(lifcore.simulation, "MOST_ROOM", 1)
            assert same(whole, run()) and same(whole, run(threads=3))


def test_seeds_and_generators(capsys):
    one = simulate(n, 16.0, 5.0, 500.0, 50, rng=1)
    assert same(one, simulate(n, 16.0, 5.0, 500.0, 50, rng=np.int64(1)))
    assert not same(one, simulate(n, 16.0, 5.0, 500.0, 50, rng=2))
    assert not same(one, simulate(n, 16.0, 5.0, 500.0, 50, rng=1 + 2**32))
    assert not same(simulate(n, 16.0, 5.0, 500.0, 50), simulate(n, 16.0, 5.0, 500.0, 50))
    generator = np.random.default_rng(3)
    first, second = (simulate(n, 16.0, 5.0, 500.0, 50, rng=generator) for _ in range(2))
    assert not same(first, second)
    assert same(first, simulate(n, 16.0, 5.0, 500.0, 50, rng=np.random.default_rng(3)))
    assert same(one, simulate(n, 16.0, 5.0, 500.0, 50, rng=1, progress=True))
    assert "100%" in capsys.readouterr().err


def kernel_arguments(method, crossing, steps=90, size=150):
    words = np.empty((4, size), np.uint32)
    random.seed_streams(np.array([5, 6], np.uint32), 7, words)
    return [
        np.linspace(10.0, 30.0, size), np.where(np.arange(size) % 7 == 0, 0.0, 5.0), np.sin(np.arange(steps)),
        20.0, 0.0, 20.0, 10.0, 0.3, 1.0, 1.0, 5, method, crossing, np.full(size, 10.0), np.zeros(size), words,
        np.zeros((2, size)), np.zeros(population.WORK), np.zeros(population.WORK_WORDS, np.uint32), np.zeros(900),
        np.zeros(900, np.int32)]


@pytest.fixture(scope="module")
def module():
    return build_wasm([population.population_steps, population.group_spikes, random.seed_streams])


def test_webassembly_has_the_same_spikes_byte_for_byte(module):
    assert module.imports == ()
    host = WasmtimeHost(module)
    for method in (0, 1):
        for crossing in (0, 1, 2):
            arguments = kernel_arguments(method, crossing)
            ours = numba_call(population.population_steps, arguments)
            assert ours == host.call("population_steps", arguments)
            assert ours[0] > 300


def test_chromium_has_the_same_spikes_byte_for_byte(module, chromium):
    page = chromium.new_page()
    calls = [("population_steps", kernel_arguments(method, crossing)) for method in (0, 1) for crossing in (0, 1, 2)]
    answers = browser_calls(module, page, calls)
    page.close()
    for (_, arguments), (result, arrays) in zip(calls, answers, strict=True):
        ours = numba_call(population.population_steps, arguments)
        assert arrays == ours[1] and np.frombuffer(result)[0] == ours[0]


def test_a_page_that_calls_step_by_step_sees_the_spikes_of_simulate(module):
    """One step a call, as an animation does, with too little room in the first spike arrays to notice."""
    host = WasmtimeHost(module)
    size, steps, dt = 40, 60, 1.0
    words = np.zeros((4, size), np.uint32)
    seeded = host.call("seed_streams", [np.array([9, 0], np.uint32), 0, words])[1][1]
    state = [np.zeros(size), np.zeros(size), np.frombuffer(seeded, np.uint32).reshape(4, size), np.zeros((2, size))]
    mu, sigma = np.full(size, 30.0), np.full(size, 8.0)
    found = []
    for k in range(steps):
        arguments = [
            mu, sigma, np.zeros(1), 20.0, 0.0, 20.0, 10.0, 2.0, dt, dt, k, 0, 0, *state, np.zeros(population.WORK),
            np.zeros(population.WORK_WORDS, np.uint32), np.zeros(size), np.zeros(size, np.int32)]
        count, arrays = host.call("population_steps", arguments)
        state = [np.frombuffer(arrays[3 + m], like.dtype).reshape(like.shape) for m, like in enumerate(state)]
        times, neurons = (np.frombuffer(arrays[m], kind)[:count] for m, kind in ((9, np.float64), (10, np.int32)))
        found += zip(neurons.tolist(), times.tolist(), strict=True)
    whole = simulate(n, mu, sigma, steps * dt, dt=dt, rng=9)
    assert sorted(found) == list(zip(whole.spike_neurons.tolist(), whole.spike_times.tolist(), strict=True))
    assert len(found) > 50


def test_a_threshold_lowered_below_the_potential_fires_at_once():
    """As a slider in the page may do between two calls; with noise and without, with every method."""
    for method in (0, 1):
        for sigma in (0.0, 5.0):
            arguments = kernel_arguments(method, 0, steps=1, size=3)
            arguments[0], arguments[1], arguments[7] = np.full(3, -10.0), np.full(3, sigma), 2.0
            arguments[13] = np.array([20.5, 30.0, 19.0])
            count = population.population_steps(*arguments)
            times, neurons = arguments[19], arguments[20]
            assert neurons[:2].tolist() == [0, 1] and times[:2].tolist() == [5.0, 5.0]
            assert count == 2 and np.all(np.isfinite(arguments[13])) and arguments[14][:2].tolist() == [1.0, 1.0]


# Rates and spectra of spikes

def renewal(draw, duration, size):
    """Spikes whose intervals in ms are drawn independently, each train begun long before 0."""
    trains = []
    for _ in range(size):
        times = np.cumsum(draw(int(duration / 10.0) + 400)) - 2000.0
        trains.append(times[(times >= 0.0) & (times < duration)])
    return Spikes(np.concatenate(trains), np.repeat(np.arange(size), [train.size for train in trains]), size)


def test_population_rate_counts():
    spikes = Spikes(np.array([0.5, 1.5, 9.99, 1.0]), np.array([0, 0, 0, 1]), 2)
    times, rates = population_rate(spikes, 2.0, 9.0)
    assert times.tolist() == [1.0, 3.0, 5.0, 7.0] and rates.tolist() == [750.0, 0.0, 0.0, 0.0]
    assert population_rate(spikes, 0.1, 0.3)[0].size == 3


def test_population_rate_follows_theory():
    """Poisson spikes at 80 Hz: in each bin the number of spikes has the mean nu N w and the same variance."""
    rng = np.random.default_rng(1)
    _, rates = population_rate(renewal(lambda k: rng.exponential(12.5, k), 1000.0, 400), 20.0, 1000.0)
    error = math.sqrt(80.0 / (400 * 0.02))
    assert rates.size == 50 and np.abs(rates - 80.0).max() < 4.0 * error
    assert rates.var() == pytest.approx(error**2, rel=4.0 * math.sqrt(2.0 / 49))


def test_spectrum_of_renewal_trains():
    """nu (1 - |rho|**2) / |1 - rho|**2 with rho the transform of the intervals: (1 + 2 pi i f m / k)**-k for the gamma
    distribution of mean m and shape k, flat for k = 1 (Poisson). The records are long against what 1 / T smooths."""
    f = np.array([0.0, 7.3, 21.0, 60.0, 200.0])
    rng = np.random.default_rng(2)
    for shape in (1, 4):
        spikes = renewal(lambda k: rng.gamma(shape, 25.0 / shape, k), 4000.0, 600)
        S, error = spike_train_spectrum(spikes, 4000.0, f)
        with np.errstate(divide="ignore", invalid="ignore"):
            rho = (1.0 + 2j * np.pi * f * 0.025 / shape) ** -shape
            expected = np.where(f == 0.0, 40.0 / shape, 40.0 * (1.0 - np.abs(rho) ** 2) / np.abs(1.0 - rho) ** 2)
        assert np.all(np.abs(S - expected) < 4.0 * error + 0.01 * expected), (S, expected)
        # Long records are nearly Gaussian: the periodogram has the standard deviation S, sqrt(2) S where it is real.
        own = expected * np.where(f == 0.0, math.sqrt(2.0), 1.0) / math.sqrt(600)
        assert np.all(np.abs(error / own - 1.0) < 0.35)


def test_spectrum_of_the_noisy_neuron():
    """Table R4, the exact spectrum with its refractory period, at the noise-driven point."""
    rows = [row for row in table("R4_susceptibility.csv")
            if row["op"] == "noise_driven" and 1.0 <= float(row["f_Hz"]) <= 1000.0][::4]
    assert len(rows) >= 4
    row = rows[0]
    cell = LIF(tau_m=float(row["tau_ms"]), E_L=0.0, V_th=float(row["V_th"]), V_reset=float(row["V_r"]),
               t_ref=float(row["tau_ref_ms"]))
    spikes = simulate(cell, float(row["mu"]), float(row["sigma"]), 8300.0, 1500, 0.5, 3)
    S, error = spike_train_spectrum(spikes, 8300.0, [float(row["f_Hz"]) for row in rows], start=300.0)
    assert np.all(np.abs(S - [float(row["S_Hz"]) for row in rows]) < 4.0 * error)


# Bad input

@pytest.mark.parametrize("call, message", [
    (lambda: simulate(n, 1.0, -0.5), "sigma must be finite and at least 0 mV, got -0.5 mV"),
    (lambda: simulate(n, 1.0, [1.0, np.nan]), "sigma must be finite and at least 0 mV, got nan mV"),
    (lambda: simulate(n, 1.0, 1e60), "sigma must be finite and at most 1e+50 mV, got 1e+60 mV"),
    (lambda: simulate(n, 1e60, 1.0), "mu must be finite and at least -1e+50 mV and at most 1e+50 mV, got 1e+60 mV"),
    (lambda: simulate(n, 1.0, [1.0, 2.0], size=3),
     "sigma must be a number or have one value for each of 3 neurons, got shape (2,)"),
    (lambda: simulate(n, [1.0, 2.0, 3.0], [1.0, 2.0]), "sigma must be a number or have one value for each of 3"),
    (lambda: simulate(n, [[1.0]], 1.0), "one value for each of 1 neurons, got shape (1, 1)"),
    (lambda: simulate(n, 1.0, 1.0, dt=20.5), "dt must be at most tau_m = 20 ms, the time in which V"),
    (lambda: simulate(n, 1.0, 1.0, dt=1e-9), "duration must be at most 2,000,000,000 steps of dt = 1e-09 ms"),
    (lambda: simulate(n, 1.0, 1.0, rng=2**64), "rng must be less than 2**64 as a seed, got 18446744073709551616"),
    (lambda: simulate(n, 1.0, 1.0, method="rk4"), "method must be one of 'exact', 'euler', got 'rk4'"),
    (lambda: simulate(n, 1.0, 1.0, crossing="none"), "crossing must be one of 'bridge', 'bridge-end', 'grid', got 'none'"),
    (lambda: simulate(n, 1.0, 1.0, threads=0), "threads must be a whole number of at least 1, got 0"),
    (lambda: simulate(n, 1.0, 1.0, 10.0, signal=[1.0]),
     "signal must have one value for each of 20 steps of 0.5 ms, got shape (1,)"),
    (lambda: simulate(n, 1.0, 1.0, 1.0, signal=[1.0, np.inf]), "signal must be finite"),
    (lambda: simulate(n, 1.0, 1.0, V0=20.0), "V0 must be less than V_th = 20 mV, got 20 mV"),
    (lambda: simulate(n, 1.0, 1.0, size=3, V0=[1.0, 2.0]), "V0 must be a number or have one value for each of 3"),
    (lambda: simulate(n.replace(t_ref=0.0, V_reset=np.nextafter(20.0, 0.0)), 1.0, 5.0),
     "fewer than 2,000,000,000 spikes"),
    (lambda: population_rate(simulate(n, 1.0), 0.0, 10.0), "bin must be finite and greater than 0 ms, got 0 ms"),
    (lambda: population_rate(simulate(n, 1.0), 11.0, 10.0), "bin must be at most duration = 10 ms, got 11 ms"),
    (lambda: spike_train_spectrum(simulate(n, 1.0), 10.0, 1.0), "spikes must be of at least 2 neurons"),
    (lambda: spike_train_spectrum(simulate(n, 1.0, size=2), 10.0, -1.0),
     "f must be finite and at least 0 Hz and at most 1e+15 Hz, got -1 Hz"),
    (lambda: spike_train_spectrum(simulate(n, 1.0, size=2), 10.0, 1.0, 10.0),
     "duration must be finite and greater than 10 ms"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("call, message", [
    (lambda: simulate(n, 1.0, "5"), "sigma must be a number or an array of numbers in mV, got '5'"),
    (lambda: simulate(n, 1.0, 1.0, rng="seed"), "rng must be a whole number of at least 0, got 'seed'"),
    (lambda: simulate(n, 1.0, 1.0, threads=1.5), "threads must be a whole number of at least 1, got 1.5"),
    (lambda: population_rate([1.0], 1.0, 10.0), "spikes must be Spikes, as simulate returns them, got [1.0]"),
])
def test_a_bad_type_is_named(call, message):
    with pytest.raises(TypeError) as error:
        call()
    assert message in str(error.value)


anything = st.one_of(
    st.floats(-100.0, 100.0), st.integers(-5, 70),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e60, 1e-160, 1e-300, -0.0]))


@settings(max_examples=150, deadline=None)
@given(mu=anything, sigma=anything, duration=st.floats(-1.0, 30.0), dt=st.one_of(st.none(), st.floats(-1.0, 30.0)),
       crossing=st.sampled_from(["bridge", "bridge-end", "grid"]), method=st.sampled_from(["exact", "euler"]),
       t_ref=st.sampled_from([0.0, 0.3, 5.0]), seed=st.integers(0, 2**64 - 1))
def test_whatever_the_input_there_is_an_error_or_there_are_spikes_in_order(
        mu, sigma, duration, dt, crossing, method, t_ref, seed):
    if dt is not None and 0.0 < dt < 0.01:
        dt = 0.01
    try:
        spikes = simulate(n.replace(t_ref=t_ref), mu, sigma, duration, 3, dt, seed, crossing=crossing, method=method)
    except ValueError as error:
        assert " must " in str(error)
        return
    assert np.all(np.isfinite(spikes.spike_times))
    assert np.all((spikes.spike_times >= 0.0) & (spikes.spike_times <= duration))
    for k in range(3):
        assert np.all(np.diff(spikes.of(k)) >= t_ref * (1.0 - 1e-9))

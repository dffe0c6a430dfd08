"""Networks: against closed forms, a simulation in plain Python, theory of one population, and counts.

Simulations are compared with theory at four standard errors, and seeded.
"""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chisquare, poisson

import lifcore
from lifcore import LIF
from lifcore.kernels import network as kernels
from lifcore.kernels import random
from lifcore.network import Connection, Network, Population, brunel_network

N = LIF(tau_m=20.0, R=1.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)


# Spikes and delays.

def test_a_spike_arrives_after_its_delay_at_the_nearest_step():
    # By hand: V = 30 (1 - exp(-t / 20)) from 0 reaches 20 at 20 ln 3 = 21.972 ms; 1.5 ms later, and every 2 + 20 ln 2 ms.
    net = Network(
        {"A": Population(1, N, mu=30.0), "B": Population(1, N)}, [Connection("A", "B", 25.0, 1.5, pairs=([0], [0]))])
    activity = net.run(100.0, dt=0.1, V0={"A": 0.0, "B": 0.0})
    first, every = 20.0 * math.log(3.0), 2.0 + 20.0 * math.log(2.0)
    expected = first + every * np.arange(5)
    np.testing.assert_allclose(activity["A"].spike_times, expected, rtol=1e-12)
    np.testing.assert_allclose(activity["B"].spike_times, np.rint((expected + 1.5) / 0.1) * 0.1, rtol=1e-12)


def test_what_arrives_while_a_neuron_is_refractory_is_lost():
    # By hand: one spike of A at 21.972 ms by three ways, each of which would fire B, which is refractory for 2 ms.
    net = Network(
        {"A": Population(1, N, mu=30.0), "B": Population(1, N)},
        [Connection("A", "B", 25.0, 1.0, pairs=([0], [0])), Connection("A", "B", 25.0, 2.0, pairs=([0], [0])),
         Connection("A", "B", 25.0, 3.5, pairs=([0], [0]))])
    times = net.run(26.0, dt=0.1, V0={"A": 0.0, "B": 0.0})["B"].spike_times
    # 21.972 + 1.0 fires, + 2.0 is lost, + 3.5 fires again.
    np.testing.assert_allclose(times, [23.0, 25.5], rtol=1e-12)


@pytest.mark.parametrize("tau_s", [1.0, 20.0, 35.0])
def test_a_current_that_decays_fires_when_its_closed_form_says(tau_s):
    # V(u) = J tau_m / tau_s (exp(-u/tau_s) - exp(-u/tau_m)) tau_s / (tau_s - tau_m), u after the arrival; it rises up to
    # u = ln(tau_s / tau_m) tau_s tau_m / (tau_s - tau_m).
    J = 100.0
    highest = 20.0 if tau_s == 20.0 else math.log(tau_s / 20.0) * tau_s * 20.0 / (tau_s - 20.0)
    def V(u):
        x = u * (1.0 / 20.0 - 1.0 / tau_s)
        return J / tau_s * u * math.exp(-u / 20.0) * (math.expm1(x) / x if x else 1.0) - 20.0
    passed = brentq(V, 0.0, highest, xtol=1e-14)
    net = Network(
        {"A": Population(1, N, mu=30.0), "B": Population(1, N)},
        [Connection("A", "B", J, 1.0, pairs=([0], [0]), tau_s=tau_s)])
    errors = []
    for dt in (0.1, 0.05, 0.025):
        times = net.run(36.0, dt=dt, V0={"A": 0.0, "B": 0.0})["B"].spike_times
        errors.append(abs(times[0] - np.rint((20.0 * math.log(3.0) + 1.0) / dt) * dt - passed))
    # The potential is exact at every step; within one it is replaced by that of a constant drive: an error of second order.
    assert max(errors) < 3e-3 and errors[2] < 2e-4


def in_plain_python(sizes, mus, J, delays, sources, targets, tau_s, V, dt, steps):
    """A noiseless network, neuron by neuron and step by step; returns (time, neuron) of every spike."""
    N_ = len(V)
    a, wait, I = math.exp(-dt / 20.0), np.zeros(N_), np.zeros(N_)
    arriving = {}
    outgoing = [[] for _ in range(N_)]
    for k, (s, t) in enumerate(zip(sources, targets, strict=True)):
        outgoing[s].append((t, J[k], round(delays[k] / dt)))
    spikes = []
    if tau_s:
        x = dt * (1.0 / 20.0 - 1.0 / tau_s)
        gain = dt / 20.0 * a * (math.expm1(x) / x)
    for step in range(steps):
        come = arriving.pop(step, [])
        jump = np.zeros(N_)
        for t, weight in come:
            if tau_s:
                I[t] += weight * 20.0 / tau_s
            else:
                jump[t] += weight
        for i in range(N_):
            left, v = dt, V[i]
            if wait[i] > 0.0:
                if wait[i] >= dt * (1.0 - 1e-12):
                    wait[i] -= dt
                    continue
                left, wait[i] = dt - wait[i], 0.0
                pulled = I[i] * math.exp(-(dt - left) / tau_s) if tau_s else 0.0
            else:
                v += jump[i]
                pulled = I[i] if tau_s else 0.0
            fired = None
            if v >= 20.0:
                fired = 0.0
            else:
                b = math.exp(-left / 20.0)
                after = mus[i] + (v - mus[i]) * b
                if tau_s:
                    x = left * (1.0 / 20.0 - 1.0 / tau_s)
                    after += pulled * left / 20.0 * b * (math.expm1(x) / x)
                if after >= 20.0:
                    target = v + (after - v) / (1.0 - b)
                    fired = 20.0 * math.log((target - v) / (target - 20.0))
                else:
                    V[i] = after
            if fired is not None:
                since = dt - left + fired
                spikes.append((step * dt + since, i))
                grid = step + (1 if since >= 0.5 * dt else 0)
                for t, weight, delay in outgoing[i]:
                    arriving.setdefault(grid + delay, []).append((t, weight))
                V[i], wait[i] = 10.0, 2.0 - (dt - since)
        if tau_s:
            I *= math.exp(-dt / tau_s)
    return sorted(spikes)


@pytest.mark.parametrize("tau_s", [0.0, 3.0])
@pytest.mark.parametrize("way", ["bits", "list", "own", "own in order", "own efficacies", "own delays"])
def test_a_network_in_plain_python(way, tau_s):
    r = np.random.default_rng(3)
    sources, targets = (np.array(x) for x in zip(*[(s, t) for s in range(30) for t in range(30) if s != t], strict=True))
    chosen = r.uniform(size=sources.size) < 0.3
    sources, targets = sources[chosen], targets[chosen]
    mu, V0 = r.uniform(18.0, 24.0, 30), r.uniform(10.0, 19.0, 30)
    # Eighths are added without rounding, in any order.
    J, delay = np.full(sources.size, 0.625), np.full(sources.size, 1.5)
    if way in ("own", "own in order", "own efficacies"):
        J = r.integers(-8, 9, sources.size) / 8.0
    if way in ("own", "own delays"):
        delay = r.integers(12, 30, sources.size) / 10.0
    if way == "own in order":
        # Delays of one or two steps and about nine synapses of each source: many for each of three slots.
        delay = r.integers(1, 3, sources.size) / 10.0
        assert sources.size > kernels.FEW * 3 * 30
    connection = Connection(
        "A", "A", J if way in ("own", "own in order", "own efficacies") else 0.625,
        delay if way in ("own", "own in order", "own delays") else 1.5, pairs=(sources, targets), tau_s=tau_s)
    net = Network({"A": Population(30, N, mu=mu)}, [connection])
    if way == "bits":
        net._projections[0].as_bits = True
        net._bits, net._offsets[:] = np.zeros(30 * kernels.WORDS, np.uint64), 0
        for s, t in zip(sources, targets, strict=True):
            net._bits[s * kernels.WORDS + t // 64] |= np.uint64(1) << np.uint64(t % 64)
    activity = net.run(300.0, V0={"A": V0})
    times, neurons = activity.raster("A")
    expected = in_plain_python([30], mu, J, delay, sources, targets, tau_s, V0.copy(), 0.1, 3000)
    assert len(expected) > 150
    assert len(times) == len(expected)
    order = np.lexsort((neurons, np.round(times, 7)))
    found = sorted(zip(np.round(times[order], 7), neurons[order], strict=True))
    wanted = sorted((round(t, 7), i) for t, i in expected)
    assert [i for _, i in found] == [i for _, i in wanted]
    np.testing.assert_allclose([t for t, _ in found], [t for t, _ in wanted], atol=1e-6)


# Randomness.

def test_the_same_spikes_whatever_the_number_of_threads():
    net = balanced(rng=4)
    one, two, five = (net.run(60.0, rng=7, threads=threads) for threads in (1, 2, 5))
    for name in ("E", "I"):
        assert one[name].spike_times.size > 100
        for other in (two, five):
            assert np.array_equal(one[name].spike_times, other[name].spike_times)
            assert np.array_equal(one[name].spike_neurons, other[name].spike_neurons)
    other = net.run(60.0, rng=8)
    assert not np.array_equal(one["E"].spike_times, other["E"].spike_times)
    again = balanced(rng=4).run(60.0, rng=7)
    assert np.array_equal(one["E"].spike_times, again["E"].spike_times)


def balanced(rng, size=2500, **change):
    external = {"nu_ext": 10_000.0, "J_ext": 0.2, "sigma": 1.0}
    return Network(
        {"E": Population(size, N, **external), "I": Population(size // 4, N, **external)},
        [Connection("E", "E", 0.2, 1.5, indegree=100), Connection("E", "I", 0.2, 1.5, probability=0.01),
         Connection("I", "E", -1.0, 1.5, indegree=25, J_spread=0.1), Connection("I", "I", -1.0, 1.5, indegree=25, delay_spread=1.0)],
        rng=rng, **change)


@pytest.mark.parametrize("others", [False, True])
def test_sources_are_different_and_all_equally_likely(others):
    targets, sources, indegree = 6000, 20, 7
    words = np.empty((4, targets), np.uint32)
    random.seed_streams(np.array([5, 6], np.uint32), 0, words)
    begins = np.arange(targets + 1, dtype=np.int32) * indegree
    drawn = np.empty(targets * indegree, np.int32)
    if others:
        targets, begins, words = sources, begins[:sources + 1].copy(), words[:, :sources].copy()
    seen = np.zeros(sources, np.uint8)
    kernels.draw_sources(words, sources, others, begins, seen, drawn)
    rows = np.sort(drawn[:begins[-1]].reshape(-1, indegree), axis=1)
    assert np.all(np.diff(rows, axis=1) > 0) and rows.min() >= 0 and rows.max() < sources and not seen.any()
    if others:
        assert not np.any(rows == np.arange(sources)[:, None])
        return
    # Of 20 sources each is chosen by 7 in 20 targets; pairs by 7 * 6 in 20 * 19.
    counts = np.bincount(rows.ravel(), minlength=sources)
    p = indegree / sources
    assert np.all(np.abs(counts - targets * p) < 4.0 * math.sqrt(targets * p * (1.0 - p)))
    both = np.sum(np.any(rows == 3, axis=1) & np.any(rows == 12, axis=1))
    p = indegree * (indegree - 1) / (sources * (sources - 1))
    assert abs(both - targets * p) < 4.0 * math.sqrt(targets * p * (1.0 - p))


def test_synapses_are_as_many_as_asked_for():
    net = Network(
        {"A": Population(300, N), "B": Population(200, N)},
        [Connection("A", "B", 0.1, 1.0, indegree=50), Connection("B", "A", 0.1, 1.0, probability=0.25),
         Connection("A", "A", 0.1, 1.0, indegree=299), Connection("B", "B", 0.1, 1.0, indegree=200, to_itself=True)], rng=1)
    random_part = net.synapses - 50 * 200 - 299 * 300 - 200 * 200
    assert abs(random_part - 0.25 * 60_000) < 4.0 * math.sqrt(60_000 * 0.25 * 0.75)


@pytest.mark.parametrize("mean", [0.02, 1.0, 7.3, 90.0])
def test_external_spikes_are_poisson(mean):
    from lifcore.network import _thresholds

    table, least = _thresholds("A", mean)
    words = np.empty((4, 128), np.uint32)
    random.seed_streams(np.array([1, 2], np.uint32), 0, words)
    numbers, counts, found = np.empty(128, np.int32), np.empty(128, np.int32), []
    for _ in range(400):
        kernels._draw_counts(
            *words, numbers, counts, (table ^ kernels.TOP_BIT).view(np.int32), table.size, least)
        found.append(counts.copy())
    found = np.concatenate(found)
    values = np.arange(found.max() + 1)
    expected = poisson.pmf(values, mean) * found.size
    common = expected > 20.0
    observed = np.bincount(found)[common]
    observed, expected = np.append(observed, found.size - observed.sum()), np.append(
        expected[common], found.size - expected[common].sum())
    assert chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-4


def test_a_population_by_itself_has_the_rate_of_theory():
    activity = Network({"A": Population(4000, N, mu=15.0, sigma=5.0)}).run(1200.0, dt=0.5, rng=3, threads=2)
    expected = float(lifcore.siegert_rate(N, 15.0, 5.0))
    cv = float(lifcore.isi_cv(N, 15.0, 5.0))
    error = cv * math.sqrt(expected / (4000 * 1.0))
    assert abs(activity.rates(200.0)["A"] - expected) < 4.0 * error + 0.001 * expected


def test_spikes_from_outside_are_nearly_noise():
    # J = 0.05 mV: mu = tau_m J nu = 15 mV (and 6 mV by a current), sigma**2 = tau_m J**2 nu.  What is left of single jumps is of order J / sigma.
    nu = 15.0 / (0.02 * 0.05)
    sigma = math.sqrt(0.02 * 0.05**2 * nu)
    activity = Network({"A": Population(2000, N, nu_ext=nu, J_ext=0.05, mu=6.0)}).run(1200.0, rng=3, threads=2)
    expected = float(lifcore.siegert_rate(N, 21.0, sigma))
    assert activity.rates(200.0)["A"] == pytest.approx(expected, rel=0.01)


def test_inhibition_lowers_the_rate_to_where_it_agrees_with_itself():
    # All to all: mu = mu_ext - G nu, with G nu_0 = mu_ext - 15 mV at the rate nu_0 that 15 mV and 5 mV give.
    size, G = 1000, 0.86
    nu = float(lifcore.siegert_rate(N, 15.0, 5.0))
    net = Network(
        {"I": Population(size, N, mu=15.0 + G * nu, sigma=5.0)},
        [Connection("I", "I", -G / (0.02 * size), 2.0, indegree=size, to_itself=True)])
    activity = net.run(3200.0, dt=0.25, rng=5, threads=2)
    # Feedback takes fluctuations of the mean away: the error is below that of independent neurons.
    error = float(lifcore.isi_cv(N, 15.0, 5.0)) * math.sqrt(nu / (size * 3.0))
    assert abs(activity.rates(200.0)["I"] - nu) < 4.0 * error + 0.002 * nu


def test_the_spectrum_of_independent_neurons_is_that_of_one():
    activity = Network({"A": Population(500, N, mu=15.0, sigma=5.0)}).run(20_200.0, dt=0.5, rng=3, threads=2)
    f, spectrum = activity.spectrum("A", bin=0.5, start=200.0, segments=40)
    for low, high in ((2.0, 6.0), (20.0, 30.0), (150.0, 200.0)):
        band = (f >= low) & (f <= high)
        expected = np.mean(lifcore.spike_spectrum(N, 15.0, 5.0, f[band]))
        # A periodogram varies as much as its mean; 40 segments.
        assert abs(np.mean(spectrum[band]) - expected) < 4.0 * expected / math.sqrt(40 * band.sum())


@pytest.mark.parametrize("diffusion", [False, True])
def test_the_network_of_brunel(diffusion):
    """His numbers: 10,000 and 2,500 neurons, 1,000 and 250 sources; with J = 0.2 mV and 200 sources 25 Hz reach threshold."""
    populations, connections = brunel_network(5.0, 2.0)
    assert [(one.size, one.nu_ext, one.J_ext) for one in populations.values()] == [(10_000, 20_000.0, 0.1), (2500, 20_000.0, 0.1)]
    assert [(one.source, one.target, one.J, one.delay, one.indegree) for one in connections] == [
        ("E", "E", 0.1, 1.5, 1000), ("E", "I", 0.1, 1.5, 1000), ("I", "E", -0.5, 1.5, 250), ("I", "I", -0.5, 1.5, 250)]
    populations, _ = brunel_network(5.0, 1.5, 2000, 200, J=0.2, diffusion=diffusion)
    one = populations["I"]
    rate = 1.5 * 200 * 25.0
    mu, variance = (one.mu, one.sigma**2) if diffusion else (0.02 * 0.2 * one.nu_ext, 0.02 * 0.04 * one.nu_ext)
    assert mu == pytest.approx(0.02 * 0.2 * rate, rel=1e-14) and variance == pytest.approx(0.02 * 0.04 * rate, rel=1e-14)
    assert one.neuron.V_reset - one.neuron.E_L == 10.0
    for wrong, message in (
            ({"excitatory": 10}, "excitatory must be a multiple of 4, got 10"), ({"J": 0.0}, "J must be finite and greater than 0"),
            ({"indegree": 3}, "indegree must be a whole number of at least 4")):
        with pytest.raises(ValueError, match=message):
            brunel_network(5.0, 2.0, **wrong)


# Wrong arguments.

@pytest.mark.parametrize("make, error, message", [
    (lambda: Population(0, N), ValueError, "size must be a whole number of at least 1, got 0"),
    (lambda: Population(2, "LIF"), TypeError, "neuron must be a LIF neuron"),
    (lambda: Population(2, N, mu=[1.0]), ValueError, r"mu must be a number or have one value for each of 2.*\(1,\)"),
    (lambda: Population(2, N, sigma=-1.0), ValueError, "sigma must be finite and at least 0 mV"),
    (lambda: Population(2, N, nu_ext=-1.0), ValueError, "nu_ext must be finite and at least 0 Hz, got -1 Hz"),
    (lambda: Connection("A", 3, 0.1, 1.0, indegree=1), TypeError, "target must be the name of a population, got 3"),
    (lambda: Connection("A", "A", 0.1, 1.0), ValueError, "exactly one of indegree, probability and pairs.*got none"),
    (lambda: Connection("A", "A", 0.1, 1.0, indegree=1, probability=0.1), ValueError, "got indegree and probability"),
    (lambda: Connection("A", "A", 0.1, -1.0, indegree=1), ValueError, "delay must be finite and greater than 0 ms, got -1"),
    (lambda: Connection("A", "A", math.nan, 1.0, indegree=1), ValueError, "J must be finite.*got nan"),
    (lambda: Connection("A", "A", [0.1, 0.2], 1.0, indegree=1), ValueError, "J must be a number where sources are drawn"),
    (lambda: Connection("A", "A", [0.1], 1.0, pairs=([0, 1], [0, 1])), ValueError, r"J must be a number, or.*2 pairs"),
    (lambda: Connection("A", "A", 0.1, 1.0, pairs=([0, 1], [0])), ValueError, "pairs must be two rows of the same length"),
    (lambda: Connection("A", "A", 0.1, 1.0, probability=1.5), ValueError, "probability must be.*at most 1, got 1.5"),
    (lambda: Connection("A", "A", 0.1, 1.0, indegree=-1), ValueError, "indegree must be a whole number of at least 0"),
    (lambda: Connection("A", "A", [0.1], 1.0, pairs=([0], [1]), J_spread=0.1), ValueError,
     "J_spread must be 0 where every synapse has its own J, got 0.1"),
    (lambda: Connection("A", "A", 0.1, [1.0], pairs=([0], [1]), delay_spread=1.0), ValueError,
     "delay_spread must be 0 where every synapse has its own delay, got 1"),
    (lambda: Connection("A", "A", [1e39], 1.0, pairs=([0], [1])), ValueError, r"J must be finite.*at most 1e\+30"),
    (lambda: Connection("A", "A", 0.1, 1.0, indegree=1, J_spread=1e40), ValueError, r"J_spread must be.*at most 1e\+30"),
    (lambda: Connection("A", "A", 0.1, 1.0, indegree=1, tau_s=1e-320), ValueError, "tau_s must be 0 or at least 1e-50 ms"),
    (lambda: Population(2, N, nu_ext=1.0, J_ext=0.1, tau_ext=1e-320), ValueError, "tau_ext must be 0 or at least 1e-50 ms"),
    (lambda: Network({"A": Population(4, N)}, None), TypeError, "connections must be a list of Connection, got None"),
    (lambda: brunel_network(5.0, 2.0, diffusion="no"), TypeError, "diffusion must be True or False, got 'no'"),
    (lambda: Network({}), TypeError, "populations must be a dict"),
    (lambda: Network({"A": 3}), TypeError, "populations must be a dict of names to Population, got 3 as 'A'"),
    (lambda: small(Connection("A", "C", 0.1, 1.0, indegree=1)), ValueError,
     r"target of connections\[0\] must be one of 'A', 'B', got 'C'"),
    (lambda: small("A"), TypeError, r"connections\[0\] must be a Connection, got 'A'"),
    (lambda: small(Connection("A", "A", 0.1, 1.0, indegree=4)), ValueError, r"indegree of connections\[0\].*at most 3"),
    (lambda: small(Connection("A", "B", 0.1, 1.0, pairs=([4], [0]))), ValueError, "must have sources from 0 to 3, got 4"),
    (lambda: Network({"A": Population(4, N)}, rng=-1), ValueError, "rng must be a whole number of at least 0"),
])
def test_networks_that_cannot_be(make, error, message):
    with pytest.raises(error, match=message):
        make()


def small(*connections):
    return Network({"A": Population(4, N), "B": Population(3, N)}, connections)


@pytest.mark.parametrize("run, error, message", [
    (lambda net: net.run(0.0), ValueError, "duration must be finite and greater than 0 ms"),
    (lambda net: net.run(10.05), ValueError, "duration must be a multiple of dt = 0.1 ms.*got 10.05 ms"),
    (lambda net: net.run(10.0, dt=0.4), ValueError, r"delay of connections\[0\] must be a multiple of dt = 0.4 ms.*got 1 ms"),
    (lambda net: net.run(100.0, dt=25.0), ValueError, "dt must be at most tau_m = 20 ms of 'A', got 25 ms"),
    (lambda net: net.run(10.0, V0={"C": 0.0}), ValueError, "population of V0 must be one of 'A', 'B', got 'C'"),
    (lambda net: net.run(10.0, V0={"A": 20.0}), ValueError, r"V0\['A'\] must be less than V_th = 20 mV, got 20 mV"),
    (lambda net: net.run(10.0, V0={"A": [1.0, 2.0]}), ValueError, r"V0\['A'\] must be a number or.*4 neurons"),
    (lambda net: net.run(10.0, V0=0.0), TypeError, "V0 must be a dict"),
    (lambda net: net.run(10.0, signals={"A": [1.0]}), ValueError, r"signals\['A'\] must have.*100 steps.*\(1,\)"),
    (lambda net: net.run(10.0, threads=0), ValueError, "threads must be a whole number of at least 1"),
    (lambda net: net.run(10.0, rng="a"), TypeError, "rng must be a whole number"),
    (lambda net: net.run(10.0)["C"], ValueError, "population must be one of 'A', 'B', got 'C'"),
    (lambda net: net.run(10.0).rates(10.0), ValueError, "start must be less than the duration of 10 ms, got 10 ms"),
    (lambda net: net.run(10.0).spectrum("A", bin=6.0), ValueError, "bin must be at most half a segment"),
])
def test_wrong_arguments_are_named(run, error, message):
    net = small(Connection("A", "B", 0.1, 1.0, indegree=2))
    with pytest.raises(error, match=message):
        run(net)


def test_a_rate_that_diverges_is_an_error_and_no_endless_loop():
    wild = N.replace(t_ref=0.0)
    net = Network(
        {"A": Population(50, wild, mu=25.0)}, [Connection("A", "A", 1e4, 0.1, indegree=49)])
    activity = net.run(100.0, V0={"A": 0.0})
    # One spike a step is all that arrivals can make.
    assert activity["A"].counts.max() <= 1000
    with pytest.raises(RuntimeError, match="population 'A' fires more than 4 spikes a neuron and step.* dt = 0.1 ms"):
        Network({"A": Population(3, wild, mu=1e9)}).run(1.0)


def test_a_progress_bar_counts_steps(capsys):
    small().run(10.0, progress=True)
    assert "100/100" in capsys.readouterr().err

"""The course's answers to the exercises on networks: by hand, in fractions, by listing cases, mpmath, plain twins."""

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from lifcore import LIF
from lifcore.grading import source
from lifcore.grading.solutions import Reference
from lifcore.network import Connection, Population
from lifcore.rates import MeanField
from theory import rate as Phi

ROOT = Path(__file__).parents[2]
EXERCISE = source.read(ROOT / "exercises" / "network.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def given(n, mu_ext, sigma_ext, K, J, nu):
    """mu and sigma of question 5, in mpmath's numbers."""
    kicks = mpmath.mpf(n.tau_m) * K * nu / 1000
    return mu_ext + kicks * J, mpmath.sqrt(sigma_ext**2 + kicks * mpmath.mpf(J) ** 2)


def test_activity_by_hand_and_by_counting():
    activity = answer("q1", "activity")
    # Four spikes of ten neurons in 5 ms: 80 Hz. The spike at 5 belongs to the second bin, that at 10 to the third.
    times = np.array([0.0, 1.0, 4.9, 5.0, 5.1, 10.0, 14.0])
    assert list(activity(times, 10, 12.0, 5.0)) == pytest.approx([60, 40], rel=1e-14)
    assert list(activity(times, 10, 15.0, 5.0)) == pytest.approx([60, 40, 40], rel=1e-14)
    rng = np.random.default_rng(1)
    times = rng.uniform(0, 97, 300)
    twin = [1000 * sum(4 * k <= t < 4 * (k + 1) for t in times) / (7 * 4) for k in range(24)]
    assert list(activity(times, 7, 97.0, 4.0)) == pytest.approx(twin, rel=1e-12)


def test_errors_of_rates_against_random_spikes():
    # A thousand neurons of 10 Hz, 1 ms: ten spikes in the mean; one of them more is 1 Hz.
    assert answer("q2", "activity_sd")(10.0, 1000, 1.0) == pytest.approx(math.sqrt(10), rel=1e-14)
    # Gamma intervals of order 4, CV = 1/2, mean 20 ms; 5 neurons in 2 s, from a long time after their start.
    rng, trials, T = np.random.default_rng(2), 2000, 2000.0
    spikes = np.cumsum(rng.gamma(4, 5, (trials, 5, 240)), axis=2)
    assert spikes[:, :, -1].min() > 1000 + T
    rates = ((spikes >= 1000) & (spikes < 1000 + T)).sum(axis=(1, 2)) / (5 * T / 1000)
    want = answer("q2", "rate_error")(50.0, 0.5, 5, T)
    # Beside CV^2 nu T = 25 the count of a renewal process has the variance 1/6 + CV^4/2 - m3/(3 m^3) = 0.156 (Cox 1962):
    # 0.3 % of the deviation.
    assert abs(rates.std() / want - 1) < 4 / math.sqrt(2 * trials) + 0.005


def test_inputs_by_hand_and_as_the_mean_field_has_them():
    # 20 ms: 1000 synapses at 5 Hz are 100 kicks of 0.1 mV: 10 mV, variance 1. 250 at 8 Hz: 40 of -0.5: -20 mV, 10 mV^2.
    n = LIF(tau_m=20.0, V_reset=-60.0)
    mu, sigma = answer("q3", "inputs")(n, 7.0, 5.0, [1000, 250], [0.1, -0.5], [5.0, 8.0])
    assert mu == pytest.approx(-3, rel=1e-13) and sigma == pytest.approx(6, rel=1e-13)
    field = MeanField(
        {"E": Population(2000, n, mu=7.0, sigma=5.0), "I": Population(500, n, mu=7.0, sigma=5.0)},
        [Connection(s, t, J, 1.5, K) for s, J, K in (("E", 0.1, 1000), ("I", -0.5, 250)) for t in "EI"])
    want = field.inputs([5.0, 8.0])
    assert mu == pytest.approx(want[0][0], rel=1e-13) and sigma == pytest.approx(want[1][0], rel=1e-13)


def test_sources_are_drawn_as_they_should_be():
    draw, census = answer("q4", "draw_sources"), ANSWERS.givens["census"]
    rng = np.random.default_rng(3)
    # Neuron 2 of five chooses two of the other four: six choices, all equally likely. Chi-square with 5 degrees: below
    # 30.9 in all but 1e-5 of cases.
    counts = defaultdict(int)
    for _ in range(1200):
        counts[tuple(sorted(int(j) for j in draw(5, 2, rng)[2]))] += 1
    assert set(counts) == set(itertools.combinations((0, 1, 3, 4), 2))
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 30.9
    assert census(draw(120, 20, rng), 20) == [True] * 4
    assert [sorted(int(j) for j in row) for row in draw(3, 2, rng)] == [[1, 2], [0, 2], [0, 1]]


def test_shared_sources_by_listing_all_choices():
    for N, K in ((5, 2), (6, 3), (7, 1)):
        rows = [list(itertools.combinations([j for j in range(N) if j != i], K)) for i in (0, 1)]
        common = sum(len(set(a) & set(b)) for a, b in itertools.product(*rows))
        want = Fraction(common, len(rows[0]) * len(rows[1]))
        assert answer("q4", "shared")(N, K) == pytest.approx(float(want), rel=1e-13)


@pytest.mark.parametrize("network", [(18.0, 4.0, 400, -0.2), (35.0, 5.5, 550, -0.3), (24.0, 3.0, 300, -0.15)])
def test_the_network_reproduces_its_rate(network):
    n = LIF(V_reset=-60.0)
    nu = answer("q5", "network_rate")(n, *network)
    assert Phi(n, *given(n, *network, nu)) == pytest.approx(nu, rel=1e-9)
    # The function crosses the diagonal once: it is above it below, and below it above.
    for factor in (0.0, 0.3, 0.9, 1.1, 3.0, 20.0):
        assert (Phi(n, *given(n, *network, factor * nu)) > factor * nu) == (factor < 1)
    mu, sigma, K, J = network
    field = MeanField({"I": Population(1000, n, mu=mu, sigma=sigma)}, [Connection("I", "I", J, 1.0, K)])
    [point] = field.fixed_points()
    assert nu == pytest.approx(point.nu[0], rel=1e-9)


@pytest.mark.parametrize("J, nu", [(0.3, 8.0), (-0.4, 12.0), (0.5, 5.0)])
def test_slopes_by_differentiation(J, nu):
    n, K = LIF(tau_m=18.0, V_reset=-60.0), 150
    outside = 14.0 - 0.018 * K * J * nu, 4.0
    with mpmath.workdps(25):
        want = mpmath.diff(lambda x: Phi(n, *given(n, *outside, K, J, x)), nu)
    assert answer("q6", "slope")(n, *outside, K, J, nu) == pytest.approx(float(want), rel=1e-9)


def test_what_comes_back():
    # A slow drift: the rate follows what comes out, a little at a time.
    for slope in (-30.0, -1.5, -0.5, 0.0, 0.95, 1.05, 4.0):
        drift = 1.0
        for _ in range(20_000):
            drift += 0.01 * (slope * drift - drift)
            if abs(drift) > 100:
                break
        assert answer("q6", "comes_back")(slope) is (abs(drift) < 1)


def test_balance_by_hand():
    n = LIF(tau_m=20.0, V_reset=-60.0)
    assert answer("q7", "balancing_g")(1000, 250) == 4
    # 20 mV in 20 ms are 200 kicks of 0.1 mV: 10,000 a second, ten on each of a thousand synapses.
    assert answer("q7", "threshold_rate")(n, 1000, 0.1) == pytest.approx(10, rel=1e-14)
    # Twice the threshold's rate: 20 mV too much; each Hz of the network takes 0.002 (6 * 250 - 1000) = 1 mV.
    assert answer("q7", "rate_at_threshold")(n, 1000, 250, 0.1, 6.0, 20.0) == pytest.approx(20, rel=1e-13)


def test_steps_with_a_list_of_arrivals():
    # Kicks are kept by their time of arrival; there is no ring.
    rng, play = np.random.default_rng(5), ANSWERS.givens["play"]
    for slots in (1, 2, 5):
        N, steps = 9, 80
        W, V = rng.uniform(-4, 5, (N, N)), rng.uniform(8, 24, N)
        d = rng.integers(1, slots + 1, N)
        arrivals, potentials, fired = defaultdict(float), V.tolist(), []
        for t in range(steps):
            row = []
            for i in range(N):
                potentials[i] = 0.9 * potentials[i] + 3 + arrivals[t, i]
                row.append(int(potentials[i] >= 20))
                potentials[i] = 10.0 if row[i] else potentials[i]
            for i, j in itertools.product(range(N), range(N)):
                arrivals[t + d[j], i] += W[i, j] * row[j]
            fired.append(row)
        got = play(answer("q8", "step"), W, d, slots, V, steps)
        assert got[0] == fired and 0.02 < np.mean(fired) < 0.9
        np.testing.assert_allclose(got[1], potentials, rtol=1e-9)


def test_irregularity_by_hand():
    # Neuron 0: a clock. Neuron 1: intervals 1 and 3, mean 2, deviation 1. Neuron 2: one interval. Neuron 5: none.
    spikes = sorted([(0, 0), (4, 0), (8, 0), (12, 0), (1, 1), (2, 1), (5, 1), (3, 2), (9, 2), (7, 5)])
    times, neurons = np.array(spikes, dtype=float).T
    assert answer("q9", "irregularity")(times, neurons.astype(int)) == pytest.approx(0.25, rel=1e-14)


def test_verdicts_and_predictions_against_random_spikes():
    # Neurons that fire by their own coins, and neurons that share one.
    rng, nu, bin = np.random.default_rng(6), 20.0, 1.0
    sizes, p = (200, 1600), nu * bin / 1000
    apart = [(rng.binomial(N, p, 20_000) / (N * bin / 1000)).var() for N in sizes]
    swing = rng.choice([0.2, 1.8], 20_000)
    together = [(rng.binomial(N, p * swing) / (N * bin / 1000)).var() for N in sizes]
    verdict = answer("q9", "verdict")
    assert verdict(sizes, apart) == "asynchronous" and verdict(sizes, together) == "synchronous"
    assert apart[0] / apart[1] == pytest.approx(8, rel=0.1) and answer("q9", "more_neurons") == "half"
    # Mean K J and variance K J^2 in fractions.
    words = {Fraction(1, 2): "half", Fraction(1): "the same", Fraction(2): "double"}
    assert answer("q9", "more_synapses") == words[2 * Fraction(1, 2) ** 2]
    assert answer("q9", "root_mean") == words[4 * Fraction(1, 2)]
    assert answer("q9", "root_noise") == words[4 * Fraction(1, 2) ** 2]

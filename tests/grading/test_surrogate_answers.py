"""The course's answers to the exercises on surrogate gradients, against derivatives by mpmath, exact fractions and sums."""

import itertools
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from lifcore.grading import source
from lifcore.grading.solutions import Reference

EXERCISE = source.read(Path(__file__).parents[2] / "exercises" / "surrogate.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def spike_count(w, x, beta, V_th):
    """Spikes of a neuron with subtracting reset, in whatever kind of number it is given."""
    V, s, count = 0, 0, 0
    for value in x:
        V = beta * V + w * value - V_th * s
        s = int(V > V_th)
        count += s
    return count


INPUTS = [Fraction(k, 16) for k in (7, 9, 12, 15, -4, -2, 1, 1)]


def test_the_first_stair_is_where_exact_counts_change():
    x, beta, V_th = INPUTS, Fraction(7, 8), Fraction(3, 2)
    w = answer("q1", "first_weight")([float(value) for value in x], 7 / 8, 1.5)
    h = Fraction(1, 10**9)
    below, above = spike_count(Fraction(w) - h, x, beta, V_th), spike_count(Fraction(w) + h, x, beta, V_th)
    assert (below, above) == (0, 1)
    assert answer("q1", "estimate")(1e-9) == pytest.approx(float((above - below) / (2 * h)), rel=1e-12)
    # Silent at weights from 0 on; and at a weight beside the jumps, nothing changes.
    assert not any(spike_count(Fraction(w) * Fraction(k, 100), x, beta, V_th) for k in range(100))
    assert spike_count(Fraction(1) + h, x, beta, V_th) == spike_count(Fraction(1) - h, x, beta, V_th) > 0
    assert answer("q1", "slope_beside") == 0


def test_functions_are_the_integrals_of_the_slopes_given():
    half = mpmath.mpf(1) / 2
    slopes = {
        "fast_sigmoid": lambda u, k: 1 / (1 + k * abs(u)) ** 2,
        "arc_tangent": lambda u, a: a / 2 / (1 + (mpmath.pi / 2 * a * u) ** 2),
        "triangle": lambda u, b: max(0, 1 - abs(u) / b),
        "logistic": lambda u, k: k * mpmath.exp(-k * u) / (1 + mpmath.exp(-k * u)) ** 2,
    }
    u = [-1.7, -0.6, -0.11, 0.0, 0.04, 0.3, 0.9]
    with mpmath.workdps(30):
        for name, slope in slopes.items():
            for constant in (0.5, 1.3, 6.0):
                # Cut at the feet of the triangle, where its slope has a corner.
                ends = [[0, max(-constant, min(constant, value)), value] for value in u]
                want = [float(half + mpmath.quad(lambda x: slope(x, mpmath.mpf(constant)), points)) for points in ends]
                np.testing.assert_allclose(answer("q2", name)(np.array(u), constant), want, rtol=1e-12)
    np.testing.assert_allclose(answer("q2", "straight_through")(np.array(u)), [0.5 + value for value in u], rtol=1e-14)


def test_a_spiking_step_by_hand():
    # u = 0.5 * 1 + 0.5 * 0.5 - 1 = -0.25 and k = 4: f = 1/(1 + e), k f (1 - f) = 4 e / (1 + e)^2.
    step, e = answer("q3", "spiking_step"), np.e
    slope = 4 * e / (1 + e) ** 2
    s, loss, by_w = step(np.array([0.5, 0.5]), np.array([1.0, 0.5]), 1, 4.0, 1.0)
    assert (s, loss) == (0, 0.5)
    np.testing.assert_allclose(by_w, [-slope, -slope / 2], rtol=1e-14)
    # The same distance above threshold, by symmetry of the slope; at the threshold itself no spike, and the slope is k/4.
    s, loss, by_w = step(np.array([1.0, 0.5]), np.array([1.0, 0.5]), 0, 4.0, 1.0)
    assert (s, loss) == (1, 0.5)
    np.testing.assert_allclose(by_w, [slope, slope / 2], rtol=1e-14)
    s, loss, by_w = step(np.array([1.0]), np.array([1.0]), 1, 4.0, 1.0)
    assert (s, loss, list(by_w)) == (0, 0.5, [-1.0])


def test_errors_are_the_derivatives_of_the_loss():
    # The loss as the question writes it, from the values of two steps, in 40 digits.
    rng = np.random.default_rng(8)
    values, labels, rates = rng.normal(size=(2, 3, 4)), np.array([2, 0, 3]), rng.integers(0, 2, (2, 3, 5))

    def loss(values, spikes, penalty):
        total = mpmath.mpf(0)
        for n, label in enumerate(labels):
            logits = [sum(mpmath.mpf(values[t][n][j]) for t in range(2)) / 2 for j in range(4)]
            total -= mpmath.log(mpmath.exp(logits[label]) / sum(map(mpmath.exp, logits)))
        return total / 3 + penalty * sum(mpmath.mpf(s) for s in spikes.ravel().tolist()) / spikes.size

    def changed(array, at, by):
        array = array.astype(object)
        array[at] += by
        return array

    with mpmath.workdps(40):
        got = answer("q4", "value_error")(values.mean(axis=0), labels, 2)
        for t, n, j in itertools.product(range(2), range(3), range(4)):
            want = mpmath.diff(lambda by: loss(changed(values, (t, n, j), by), rates, 0), 0)
            assert got[n, j] == pytest.approx(float(want), rel=1e-12)
        want = mpmath.diff(lambda by: loss(values, changed(rates, (1, 2, 3), by), mpmath.mpf("0.7")), 0)
        assert answer("q4", "penalty_error")(0.7, 3, 2, 5) == pytest.approx(float(want), rel=1e-12)
    # Beyond the range of exp: all the weight on one class, or on two that are equal.
    got = answer("q4", "value_error")(np.array([[900.0, -900.0], [1200.0, 1200.0]]), np.array([0, 1]), 1)
    assert got.tolist() == [[0, 0], [0.25, -0.25]]


def test_deltas_are_sums_over_paths():
    # Each later step contributes its error and slope times what every step on the way keeps; in exact fractions.
    rng = np.random.default_rng(2)
    error, slope = ([Fraction(int(k), 8) for k in rng.integers(low, 9, 9)] for low in (-8, 1))
    s, beta = [0, 0, 1, 0, 0, 0, 1, 1, 0], Fraction(3, 4)
    for reset in ("subtract", "zero"):
        want = []
        for t in range(9):
            total = Fraction(0)
            for later in range(t, 9):
                through_a_spike = any(s[t:later]) and reset == "zero"
                total += error[later] * slope[later] * beta ** (later - t) * (not through_a_spike)
            want.append(total)
        numbers = [np.array(list(map(float, one))) for one in (error, slope, s)]
        got = answer("q5", "deltas")(*numbers, 0.75, reset)
        np.testing.assert_allclose(got, list(map(float, want)), rtol=1e-14)


@pytest.mark.parametrize("beta", [Fraction(1, 2), Fraction(85, 100), Fraction(97, 100)])
def test_reach_by_counting(beta):
    for part in (0.9, 0.3, 0.07, 0.003):
        k = 0
        while beta ** (k + 1) >= part:
            k += 1
        assert answer("q6", "reach")(float(beta), part) == k


def test_the_highest_slope_by_a_scan():
    # 400 heights; of each, the largest factor over slopes from 0 to that height.
    for beta, V_th in ((0.7, 1.6), (0.95, 0.5)):
        h = answer("q6", "highest")(beta, V_th)
        heights = h * np.linspace(0.01, 2, 400)
        largest = np.array([np.abs(beta - V_th * np.linspace(0, height, 101)).max() for height in heights])
        np.testing.assert_array_equal(largest <= 1 + 1e-9, heights <= h * (1 + 1e-9))


def test_the_figure_of_deltas_is_such_a_pair():
    # From 1 at the last step, times the factor a step; stopped by the one spike of the neuron with the reset to zero.
    A, B = (answer("q6", name) for name in ("beta_A", "beta_B"))
    want_A = [0 if t <= answer("q6", "spike_A") else A ** (30 - t) for t in range(31)]
    np.testing.assert_allclose(ANSWERS.givens["delta_A"], want_A, rtol=0, atol=5.1e-5)
    np.testing.assert_allclose(ANSWERS.givens["delta_B"], [B ** (30 - t) for t in range(31)], rtol=0, atol=5.1e-5)
    assert answer("q6", "spike_B") is None


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_gradients_are_the_derivatives_of_the_smoothed_loss(reset):
    # The neuron's equation with the logistic function in place of the step, differentiated numerically in 40 digits.
    x, target, V_th, k = [0.9, 0.4, 1.1, 0.7, 1.2, 0.5, 0.8], [0, 1, 0, 0, 1, 1, 0], 1.4, 2.5

    def run(w, beta):
        V, s, potentials, sent = mpmath.mpf(0), mpmath.mpf(0), [], []
        for value in x:
            V = beta * V + w * value - V_th * s if reset == "subtract" else beta * V * (1 - s) + w * value
            s = 1 / (1 + mpmath.exp(-k * (V - V_th)))
            potentials.append(V)
            sent.append(s)
        return potentials, sent

    def loss(w, beta):
        return sum((s - y) ** 2 for s, y in zip(run(w, beta)[1], target)) / 2

    with mpmath.workdps(40):
        w, beta = mpmath.mpf("1.1"), mpmath.mpf("0.8")
        want = [float(mpmath.diff(loss, (w, beta), order)) for order in ((1, 0), (0, 1))]
        V, s = (np.array([float(value) for value in one]) for one in run(w, beta))
    given_V, given_s = ANSWERS.givens["smoothed_run"](1.1, x, 0.8, V_th, k, reset)
    np.testing.assert_allclose([given_V, given_s], [V, s], rtol=1e-14)
    got = answer("q7", "gradients")(np.array(x), V, s, s - target, k * s * (1 - s), 0.8, V_th, reset)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_adam_is_a_ratio_of_weighted_means():
    # Written out, the corrected means are sums of b^(i - j) g_j over sums of b^(i - j).
    g, rate, b1, b2, c = [0.3, -1.2, 0.05, 2.0, 0.0, -0.4], 0.02, 0.9, 0.99, 1e-3
    for i, change in enumerate(answer("q8", "adam")(g, rate, b1, b2, c)):
        weights = [[b ** (i - j) for j in range(i + 1)] for b in (b1, b2)]
        mean = np.average(g[: i + 1], weights=weights[0])
        square = np.average(np.square(g[: i + 1]), weights=weights[1])
        assert change == pytest.approx(-rate * mean / (square**0.5 + c), rel=1e-12)


def test_first_steps_of_adam_by_hand():
    # After one step the means are g and g^2: -0.001 * 5/(5 + 1e-8), and 0.001 * 0.0002/(0.0002 + 1e-8).
    first_5, first_small, first_0 = (answer("q8", name) for name in ("first_5", "first_small", "first_0"))
    assert first_5 == pytest.approx(-0.001, rel=1e-8) and first_0 == 0
    assert first_small == pytest.approx(0.001 * 0.0002 / 0.00020001, rel=1e-4)


def test_the_smallest_weight_by_exact_fractions():
    # Slopes of the triangle on both sides of the weight.
    x, beta, V_th, d = [abs(value) for value in INPUTS], Fraction(7, 8), Fraction(3, 2), Fraction(3, 8)
    w = Fraction(answer("q9", "smallest_weight")([float(value) for value in x], 7 / 8, 1.5, 0.375))

    def slopes(w):
        V = 0
        for value in x:
            V = beta * V + w * value
            yield max(0, 1 - abs(V - V_th) / d)

    assert not any(slopes(w * (1 - Fraction(1, 10**9)))) and any(slopes(w * (1 + Fraction(1, 10**9))))
    assert spike_count(w, x, beta, V_th) == 0


def test_first_steps_of_the_silent_neuron():
    # V[t] = 0.02 (1 + 0.9 + ... + 0.9^t); an error of -1 in each step reaches the weight through all of the inputs before.
    traces = [sum(mpmath.mpf("0.9") ** j for j in range(t + 1)) for t in range(5)]

    def verdict(step):
        size = step / mpmath.mpf("0.01")
        assert size == 0 or size < 0.01 or 0.97 < size < 1.03
        return "not at all" if size == 0 else "hardly" if size < 0.01 else "fully"

    def gradient(slope):
        return sum(slope(1 - trace / 50) * trace for trace in traces)

    def adam(g):
        return mpmath.mpf("0.01") * g / (g + mpmath.mpf("1e-8"))

    def fast(u):
        return 1 / (1 + 100 * u) ** 2

    assert answer("q9", "narrow_triangle") == verdict(adam(gradient(lambda u: max(0, 1 - u / 0.5))))
    assert answer("q9", "wide_triangle") == verdict(adam(gradient(lambda u: max(0, 1 - u / 2))))
    assert answer("q9", "fast") == verdict(adam(gradient(fast)))
    assert answer("q9", "logistic") == verdict(adam(gradient(lambda u: 100 / (2 + 2 * mpmath.cosh(100 * u)))))
    assert answer("q9", "descent") == verdict(mpmath.mpf("0.01") * gradient(fast))

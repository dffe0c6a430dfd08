"""What the assumptions of a rate equation cost.

Expected: mpmath's closed forms, quadrature of them, another method for kicks (tests/independent.py), simulations at four of
their standard errors, and limits that are exact.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

import independent
from lifcore import LIF, isi_cv, siegert_rate
from lifcore.bombardment import bombard, equal_kicks
from lifcore.kernels import bombardment as kernels
from lifcore.reduction import assumption_errors, fano_factor, kick_rate

N = LIF(V_reset=-60.0)


@pytest.mark.parametrize("window", [0.1, 0.7, 2.0])
@pytest.mark.parametrize("mu, sigma", [(15.0, 5.0), (25.0, 3.0)])
def test_no_two_spikes_within_the_refractory_period(mu, sigma, window):
    # A count is 0 or 1: its variance is p (1 - p) with p = nu window, exactly.
    assert fano_factor(N, mu, sigma, window) == pytest.approx(1.0 - siegert_rate(N, mu, sigma) * window / 1000.0, abs=1e-6)


@pytest.mark.parametrize("mu, sigma", [(15.0, 5.0), (15.0, 15.0), (25.0, 2.0)])
def test_a_long_window_has_the_variance_of_the_intervals(mu, sigma):
    # Cox & Lewis: CV**2, with a difference that falls as one over the window.
    found = [fano_factor(N, mu, sigma, window) - isi_cv(N, mu, sigma)**2 for window in (2e4, 4e4)]
    assert abs(found[1]) < 1e-3 and found[1] == pytest.approx(0.5 * found[0], rel=0.01, abs=1e-5)


def test_counts_by_another_quadrature():
    for window in (10.0, 30.0):
        assert fano_factor(N, 15.0, 5.0, window) == pytest.approx(independent.spread_of_counts(15, 5, window), abs=1e-5)


def test_a_silent_neuron_has_no_scatter_of_its_own():
    assert fano_factor(N, -2000.0, 1.0, 10.0) == 1.0


@pytest.mark.parametrize("J", [1.25, 0.5, 0.2])
def test_kicks_by_another_method(J):
    expected = independent.kick_error(J)
    assert 100.0 * (kick_rate(N, 15.0, 5.0, J) / siegert_rate(N, 15.0, 5.0) - 1.0) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("mu, sigma, J", [(15.0, 5.0, 1.0), (-3.0, 8.0, 2.0), (25.0, 6.0, 1.3)])
def test_kicks_by_simulation(mu, sigma, J):
    spikes = bombard(N, *equal_kicks(N, mu, sigma, J), duration=2200.0, size=1500, rng=2, V0=-60.0)
    each = np.bincount(spikes.spike_neurons[spikes.spike_times > 200.0], minlength=spikes.size) / 2.0
    assert abs(each.mean() - kick_rate(N, mu, sigma, J)) < 4.0 * each.std() / math.sqrt(spikes.size)


def test_many_small_kicks_are_white_noise():
    # Half a kick is by how much one passes the threshold on average, so that the difference halves with the kick.
    errors = [kick_rate(N, 15.0, 15.0, J) / siegert_rate(N, 15.0, 15.0) - 1.0 for J in (0.125, 0.0625)]
    beyond = siegert_rate(LIF(V_th=-50.0 + 0.03125, V_reset=-60.0), 15.0, 15.0) / siegert_rate(N, 15.0, 15.0) - 1.0
    assert errors[0] == pytest.approx(2.0 * errors[1], rel=0.04) and errors[1] == pytest.approx(beyond, rel=0.06)


def test_the_three_errors():
    found = assumption_errors(N, 15.0, 5.0, N=1000, window=10.0, J=0.1, f=10.0)
    assert 100.0 * found.large == pytest.approx(independent.rates_large(), rel=1e-5)
    assert 100.0 * found.noisy == pytest.approx(independent.rates_noisy(), abs=1e-3)
    assert 100.0 * found.slow == pytest.approx(float(independent.rates_slow()), rel=1e-10)
    assert assumption_errors(N, 15.0, 5.0, N=1000, window=10.0, J=0.1, f=0.0).slow < 1e-15


@pytest.mark.parametrize("change, message", [
    ({"N": 0}, "N must"), ({"window": 0.0}, "window must be finite and greater than 0"),
    ({"J": 2.0}, "size must be at most"),
    ({"J": -1.0}, "J must be finite and greater than 0"), ({"f": -1.0}, "f must be finite and at least 0"),
    ({"sigma": 0.0}, "sigma")])
def test_bad_arguments(change, message):
    good = {"mu": 15.0, "sigma": 5.0, "N": 1000, "window": 10.0, "J": 0.1, "f": 10.0}
    with pytest.raises(ValueError, match=message):
        assumption_errors(N, **good | change)


def test_kicks_larger_than_from_reset_to_threshold():
    with pytest.raises(ValueError, match="J must be finite and greater than 0 mV and at most 10 mV"):
        kick_rate(N, 0.0, 50.0, 12.0)


def test_times_without_subtractions_in_fractions():
    """A walk with jumps of one and of three cells: the same system of equations, solved exactly."""
    cells, m = 9, 3
    rng = np.random.default_rng(4)
    up, down = rng.integers(1, 9, cells) / 4.0, rng.integers(1, 9, cells) / 4.0
    T = np.empty(cells)
    kernels.times_to_leave(
        up, down, 0.75, 1.25, np.zeros((cells, m)), np.zeros((cells, m)), np.empty(cells), np.empty(cells), T)
    rows = [[Fraction(0)] * (cells + 1) for _ in range(cells)]
    for k in range(cells):
        rows[k][cells] = Fraction(1)
        for to, rate in ((k - 1, up[k]), (k + 1, down[k]), (k - m, 0.75), (k + m, 1.25)):
            if to < cells:
                rows[k][k] += Fraction(rate)
                if to >= 0:
                    rows[k][to] -= Fraction(rate)
    for k in range(cells):
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for other in range(cells):
            if other != k:
                rows[other] = [a - rows[other][k] * b for a, b in zip(rows[other], rows[k], strict=True)]
    assert T == pytest.approx([float(row[cells]) for row in rows], rel=1e-13)


def test_kicks_that_hardly_ever_fire_the_neuron():
    # The smaller the kicks, the nearer to white noise, whose rate is tested elsewhere down to 5e-324 Hz.
    rates = [kick_rate(N, 0.0, 3.0, J) for J in (0.2, 0.1, 0.05)]
    white = float(siegert_rate(N, 0.0, 3.0))
    assert rates[0] > rates[1] > rates[2] == pytest.approx(white, rel=0.02)
    with pytest.raises(ValueError, match="J must be at least .* mV for this mu and sigma, got 1e-05 mV"):
        kick_rate(N, 15.0, 5.0, 1e-5)
    with pytest.raises(ValueError, match="mu and sigma must let the neuron fire"):
        assumption_errors(N, 0.0, 0.1, 100, 10.0, 0.01, 10.0)

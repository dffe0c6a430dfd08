"""From a network of neurons to equations for rates: what each assumption costs, as a number.

    large    A(t) of N neurons is replaced by its expectation        standard deviation of A in a window, over the rate
    noisy    kicks of size J are replaced by white noise             rate under kicks, against that under white noise
    slow     the susceptibility is replaced by the static gain       abs(Phi' / chi(f) - 1)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lifcore._validate import finite_number, whole_number
from lifcore.bombardment import equal_kicks
from lifcore.diffusion import siegert_rate
from lifcore.kernels import bombardment as kernels
from lifcore.neuron import LIF, _neuron
from lifcore.response import spike_spectrum, static_gain, susceptibility

__all__ = ["AssumptionErrors", "assumption_errors", "fano_factor", "kick_rate"]

# Beyond these frequencies, in 1/tau_m and in inverses of the window, nothing of the spectrum is left to add.
ENOUGH, NODES = 400.0, 8
# Cells in a kick, of three solutions whose errors of first and second order cancel.
IN_A_KICK = (8, 16, 32)
# The lowest potential of which notice is taken, below the mean and the reset, in units of the noise.
DEPTH = 6.0
# Cells in all.
MOST_CELLS = 2_000_000
# In Hz.
LEAST_RATE = 1e-100


class AssumptionErrors(NamedTuple):
    """Relative errors of a rate equation, one for each of its assumptions.

    Attributes
    ----------
    large : float
        Standard deviation of the activity in a window, over the rate.
    noisy : float
        Rate under kicks over that under white noise, minus 1: negative where kicks fire the neuron less.
    slow : float
        Distance of the static gain from the susceptibility, over the susceptibility.
    """

    large: float
    noisy: float
    slow: float


def fano_factor(n: LIF, mu: float, sigma: float, window: float) -> float:
    """Variance over mean of the number of spikes in a window: 1 for a short one, CV**2 for a long one.

    F = integral of S(f) sinc(f window)**2 df, times window / nu

    Parameters
    ----------
    n : LIF
    mu, sigma : float
        In mV; sigma greater than 0.
    window : float
        In ms, greater than 0.

    Returns
    -------
    float
        Within 1e-5.

    References
    ----------
    D. R. Cox, P. A. W. Lewis, The Statistical Analysis of Series of Events, 1966, chapter 4.
    """
    mu, sigma = finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV", above=0.0)
    window = finite_number("window", window, "ms", above=0.0)
    nu = siegert_rate(n, mu, sigma)
    if nu == 0.0:
        return 1.0
    # A Poisson train's 1, and what S differs from nu: that has an end.
    least = min(1.0 / window, 1.0 / n.tau_m)
    top = 1000.0 * max(ENOUGH / n.tau_m, 0.1 * least)
    edges = np.concatenate([[0.0], np.geomspace(1e-3 * least, top / 1000.0, 200)]) * 1000.0
    # Panels no wider than half a ripple of the window.
    edges = np.unique(np.concatenate([edges, np.arange(0.0, min(top, 5e5 / window), 500.0 / window)]))
    x, weights = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)
    f = (edges[:-1] + half)[:, None] + half[:, None] * x
    differs = spike_spectrum(n, mu, sigma, f) / nu - 1.0
    return float(1.0 + 2e-3 * window * np.sum(half[:, None] * weights * differs * np.sinc(f * window / 1000.0)**2))


def kick_rate(n: LIF, mu: float, sigma: float, J: float) -> float:
    """Firing rate under excitatory and inhibitory kicks of one size, which have a given mu and sigma.

    The mean time T(v) until a neuron at v fires obeys  -(v / tau_m) T' + a T(v + J) + b T(v - J) - (a + b) T = -1,
    with T = 0 from the threshold on; v is measured from E_L, a and b are the rates of the two kinds of kicks.

    Parameters
    ----------
    n : LIF
    mu, sigma : float
        In mV, of all kicks together; sigma greater than 0.
    J : float
        Size of the kicks in mV, greater than 0, at most sigma**2 / abs(mu), and at most V_th - V_reset.

    Returns
    -------
    float
        In Hz, within about 1e-5 of it. As J goes to 0 it becomes `siegert_rate`.

    Notes
    -----
    Differences of first order against the drift, on three grids (Richardson 1911).

    References
    ----------
    R. B. Stein, A theoretical analysis of neuronal variability, Biophysical Journal 5 (1965), 173-194.
    """
    J = finite_number("J", J, "mV", above=0.0, at_most=_neuron(n).V_th - n.V_reset)
    _, rates = equal_kicks(n, mu, sigma, J)
    lowest = min(mu, n.V_reset - n.E_L, 0.0) - DEPTH * sigma
    least = (n.V_th - n.E_L - lowest) * IN_A_KICK[-1] / MOST_CELLS
    if J < least:
        raise ValueError(
            f"J must be at least {least:g} mV for this mu and sigma, got {J:g} mV: take siegert_rate for smaller kicks")
    T = [_time_to_fire(n, rates / 1000.0, J, m, lowest) for m in IN_A_KICK]
    if not np.all(np.isfinite(T)):
        return 0.0
    first = [2.0 * fine - coarse for coarse, fine in zip(T, T[1:], strict=False)]
    return float(1000.0 / (n.t_ref + (4.0 * first[1] - first[0]) / 3.0))


def _time_to_fire(n, rates, J, m, lowest):
    """T at the reset, from cells of width J / m that begin at the threshold; kicks below the last cell have no effect."""
    threshold, h = n.V_th - n.E_L, J / m
    cells = math.ceil((threshold - lowest) / h)
    v = threshold - (np.arange(cells) + 0.5) * h
    drift = -v / (n.tau_m * h)
    up, down = np.maximum(drift, 0.0), np.maximum(-drift, 0.0)
    excitation, inhibition = rates
    # Cells are counted downwards from the threshold.
    T = np.empty(cells)
    kernels.times_to_leave(
        up, down, excitation, inhibition, np.zeros((cells, m)), np.zeros((cells, m)), np.empty(cells), np.empty(cells), T)
    return np.interp(n.V_reset - n.E_L, v[::-1], T[::-1])


def assumption_errors(n: LIF, mu: float, sigma: float, N: int, window: float, J: float, f: float) -> AssumptionErrors:
    """How wrong the three assumptions of a rate equation are, for a population of neurons in a given state.

    Parameters
    ----------
    n : LIF
    mu, sigma : float
        Drive and noise that a neuron gets in all, in mV.
    N : int
        Neurons in the population.
    window : float
        Time in ms over which their activity is counted.
    J : float
        Size in mV of the kicks, excitatory and inhibitory, that make the drive and the noise.
    f : float
        Frequency in Hz of the input, at least 0.

    Returns
    -------
    AssumptionErrors

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    """
    N = whole_number("N", N, at_least=1)
    mu, sigma = finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV", above=0.0)
    f = finite_number("f", f, "Hz", at_least=0.0)
    nu = siegert_rate(n, mu, sigma)
    if nu < LEAST_RATE:
        raise ValueError(f"mu and sigma must let the neuron fire at {LEAST_RATE:g} Hz or more, got {float(nu):g} Hz")
    large = math.sqrt(1000.0 * fano_factor(n, mu, sigma, window) / (N * nu * window))
    noisy = kick_rate(n, mu, sigma, J) / nu - 1.0
    slow = abs(static_gain(n, mu, sigma) / susceptibility(n, mu, sigma, f) - 1.0)
    return AssumptionErrors(large, float(noisy), float(slow))

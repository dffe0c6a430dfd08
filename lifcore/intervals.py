"""Interspike intervals under white noise: those of a simulation, and the density they are drawn from.

    V starts at V_reset, t_ref after a spike; the interval ends when it first reaches V_th

The mean and the coefficient of variation are in `lifcore.diffusion`; here is the whole distribution.
"""

from __future__ import annotations

import numpy as np

from lifcore._validate import finite_number
from lifcore.diffusion import _noisy
from lifcore.kernels import intervals as kernels
from lifcore.neuron import LIF, _neuron
from lifcore.simulation import Spikes, _spikes

__all__ = ["interspike_intervals", "interval_density"]

MOST_POINTS = 20_000


def interspike_intervals(spikes: Spikes) -> np.ndarray:
    """Intervals between successive spikes of the same neuron.

    Parameters
    ----------
    spikes : Spikes

    Returns
    -------
    ndarray, shape (intervals,)
        ms, neuron after neuron. A neuron with k spikes has k - 1.
    """
    _spikes(spikes)
    return np.diff(spikes.spike_times)[np.diff(spikes.spike_neurons) == 0]


def interval_density(n: LIF, mu: float, sigma: float, duration: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Probability density of the interspike interval.

    Parameters
    ----------
    n : LIF
    mu : float
        Mean drive R I in mV above E_L.
    sigma : float
        Amplitude of the noise in mV, positive.
    duration : float
        Longest interval in ms, beyond t_ref.
    dt : float
        Distance of two points in ms, positive and at most `duration`.

    Returns
    -------
    T : ndarray, shape (points,)
        Interval in ms, from t_ref up to `duration` in steps of `dt`. There are none below t_ref.
    density : ndarray, shape (points,)
        1/ms. With dt = tau_m / 100 the error is below 2e-4 of the highest value, where V_reset is not very close to V_th; it
        grows as dt**1.5.

    Raises
    ------
    ValueError
        Naming the argument, its value and what is allowed; also if more than twenty thousand points are asked for.

    References
    ----------
    Buonocore, Nobile & Ricciardi (1987), Advances in Applied Probability 19: 784.
    """
    _neuron(n)
    mu, sigma = map(float, _noisy(n, finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV")))
    duration = finite_number("duration", duration, "ms", above=n.t_ref)
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=duration - n.t_ref)
    points = (duration - n.t_ref) / dt * (1.0 + 1e-12) + 1.0
    if not points <= MOST_POINTS:
        raise ValueError(f"duration must be at most {MOST_POINTS:,} steps of dt = {dt:g} ms, got {duration:g} ms")
    density = np.empty(int(points))
    kernels.passage_density(mu, sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, dt, density, np.empty_like(density))
    return n.t_ref + dt * np.arange(density.size), density

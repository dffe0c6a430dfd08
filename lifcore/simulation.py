"""Simulation of one neuron and of uncoupled populations, without noise.

Under a piecewise constant current the neuron needs no clock: `simulate` and `simulate_piecewise` go from spike to spike by
the exact solution.  `integrate` is the clock-driven simulation that most programs use, for comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import lif as kernels
from lifcore.neuron import LIF, _current, _neuron, _start, interspike_interval

__all__ = ["Spikes", "Trace", "integrate", "simulate", "simulate_piecewise"]

MOST_SPIKES = 2_000_000_000


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population.

    Attributes
    ----------
    spike_times : ndarray, shape (spikes,)
        In ms, neuron after neuron, increasing for each.
    spike_neurons : ndarray of int64, shape (spikes,)
        Which neuron fired.
    size : int
        How many neurons there are.
    """

    spike_times: np.ndarray
    spike_neurons: np.ndarray
    size: int

    @property
    def counts(self) -> np.ndarray:
        """Number of spikes of each neuron, shape (size,)."""
        return np.bincount(self.spike_neurons, minlength=self.size)

    def of(self, neuron: int) -> np.ndarray:
        """Spike times of one neuron in ms."""
        return self.spike_times[self.spike_neurons == neuron]


@dataclass(frozen=True)
class Trace(Spikes):
    """Spikes and the potential at every step.

    Attributes
    ----------
    t : ndarray, shape (steps + 1,)
        Time in ms.
    V : ndarray, shape (steps + 1,) or (size, steps + 1)
        Potential in mV, after reset where there was a spike.
    """

    t: np.ndarray
    V: np.ndarray


def _initial_potentials(n, V0, size):
    """V0 as an array with a value for each neuron, which a kernel can take."""
    V0 = np.atleast_1d(_start(n, V0))
    if V0.shape not in ((1,), (size,)):
        raise ValueError(f"V0 must be a number or have one value for each of {size} neurons, got shape {V0.shape}")
    return np.require(np.broadcast_to(V0, (size,)), requirements="CW")


def simulate(
    n: LIF, mu, sigma: float = 0.0, duration: float = 1000.0, size: int = 1, dt: float | None = None, rng=None, V0=None
) -> Spikes:
    """Exact spike times of uncoupled neurons under a constant drive.

    Parameters
    ----------
    n : LIF
    mu : array_like
        Drive R I in mV above E_L: a number, or one for each neuron.
    sigma : float
        Amplitude of the noise in mV. This function simulates neurons without noise: only 0 is allowed.
    duration : float
        Simulated time in ms, positive.
    size : int
        Number of neurons, unless `mu` or `V0` gives one value for each.
    dt : float, optional
        Time step in ms, positive, as simulations with noise need it. Without noise there is no step: the spikes are the same
        for every value.
    rng : int or numpy.random.Generator, optional
        Seed or generator of the noise. Without noise nothing is drawn from it.
    V0 : array_like, optional
        Potential in mV at t = 0, below V_th: a number, or one for each neuron; E_L if not given.

    Returns
    -------
    Spikes
        Times in ms, exact to rounding.
    """
    _neuron(n)
    mu = np.atleast_1d(finite_array("mu", mu, "mV"))
    if finite_number("sigma", sigma, "mV", at_least=0.0) != 0.0:
        raise ValueError(f"sigma must be 0 mV for a neuron without noise, got {sigma:g} mV")
    duration = finite_number("duration", duration, "ms", above=0.0)
    size = whole_number("size", size, at_least=1)
    if dt is not None:
        finite_number("dt", dt, "ms", above=0.0)
    if rng is not None and not isinstance(rng, np.random.Generator):
        whole_number("rng", rng, at_least=0)
    if mu.ndim != 1 or (size > 1 and mu.size not in (1, size)):
        raise ValueError(f"mu must be a number or have one value for each of {size} neurons, got shape {mu.shape}")
    # With R = 1 MΩ the current in nA is the drive in mV.
    unit = n.replace(R=1.0)
    I = np.broadcast_to(mu, (max(size, mu.size),))[:, None]
    return simulate_piecewise(unit, [0.0, duration], I, V0)


def simulate_piecewise(n: LIF, edges, I, V0=None) -> Spikes:
    """Exact spike times under a piecewise constant current, from event to event.

    Parameters
    ----------
    n : LIF
    edges : array_like, shape (segments + 1,)
        Times in ms at which the current changes, increasing.
    I : array_like, shape (segments,) or (size, segments)
        Current in nA between one edge and the next, for one neuron or for each.
    V0 : array_like, optional
        Potential in mV at the first edge, below V_th: a number, or one for each neuron; E_L if not given.

    Returns
    -------
    Spikes
        Times in ms. A spike falls where V reaches V_th, also exactly at an edge.

    Raises
    ------
    ValueError
        If the shapes do not fit, the edges do not increase, or more than two thousand million spikes are to be expected.
    """
    _neuron(n)
    edges = np.require(finite_array("edges", edges, "ms"), requirements="CW")
    if edges.ndim != 1 or edges.size < 2:
        raise ValueError(f"edges must be one-dimensional with at least 2 times, got shape {edges.shape}")
    lengths = np.diff(edges)
    if not np.all(lengths > 0.0):
        k = int(np.flatnonzero(lengths <= 0.0)[0])
        raise ValueError(f"edges must increase, got {edges[k]:g} ms and then {edges[k + 1]:g} ms")
    I = np.atleast_1d(_current(n, I))
    if I.ndim > 2 or I.shape[-1] != lengths.size:
        raise ValueError(
            f"I must have the shape (segments,) or (size, segments) with segments = {lengths.size}, got {I.shape}")
    I = np.atleast_2d(I)
    # One current for all: then V0 says how many there are.
    size = I.shape[0] if I.shape[0] > 1 or np.ndim(V0) != 1 else np.size(V0)
    V0 = _initial_potentials(n, V0, size)
    I = np.require(np.broadcast_to(I, (size, lengths.size)), requirements="CW")
    # A segment holds its length over its interval, rounded up, and one more left over from the segment before.
    with np.errstate(divide="ignore", over="ignore"):
        expected = np.sum(np.floor(lengths / interspike_interval(n, I)) + 2.0)
    if not expected <= MOST_SPIKES:
        raise ValueError(f"I must give fewer than {MOST_SPIKES:,} spikes, got {np.max(I):g} nA, which gives {expected:.2g}")
    spike_times = np.empty(int(expected))
    counts = np.empty(size, np.int64)
    total = kernels.population_spikes(
        edges, I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, V0, spike_times, counts)
    return Spikes(spike_times[:total], np.repeat(np.arange(size), counts), size)


def integrate(n: LIF, I, dt: float, V0=None, method: str = "exact") -> Trace:
    """Clock-driven simulation with a fixed time step.

    Parameters
    ----------
    n : LIF
    I : array_like, shape (steps,) or (size, steps)
        Current in nA during each step, for one neuron or for each.
    dt : float
        Time step in ms, positive.
    V0 : array_like, optional
        Potential in mV at t = 0, below V_th: a number, or one for each neuron; E_L if not given.
    method : {"exact", "euler"}
        ``"exact"`` multiplies the distance from the steady state by exp(-dt/tau_m), which is exact while the current is
        constant; ``"euler"`` multiplies it by 1 - dt/tau_m, which oscillates for dt > tau_m and grows for dt > 2 tau_m.

    Returns
    -------
    Trace
        The threshold is tested at the end of each step: a spike is stamped there, up to dt late, even where the potential
        between two steps is exact. A neuron is refractory for t_ref / dt steps, rounded up.

    References
    ----------
    Rotter & Diesmann (1999), Biological Cybernetics 81: 381, for exact integration.
    """
    _neuron(n)
    dt = finite_number("dt", dt, "ms", above=0.0)
    fractions = {"exact": -math.expm1(-dt / n.tau_m), "euler": dt / n.tau_m}
    if method not in fractions:
        raise ValueError(f"method must be 'exact' or 'euler', got {method!r}")
    I = np.atleast_1d(_current(n, I))
    if I.ndim > 2 or I.shape[-1] == 0:
        raise ValueError(f"I must have the shape (steps,) or (size, steps) with at least one step, got {I.shape}")
    rows = np.require(np.atleast_2d(I), requirements="CW")
    size, steps = rows.shape
    V0 = _initial_potentials(n, V0, size)
    # The tolerance keeps 2 ms / 0.1 ms, which is 20.000000000000004 in floating point on some roads, at 20.
    refractory_steps = math.ceil(n.t_ref / dt - 1e-9)
    V = np.empty((size, steps + 1))
    spike_times = np.empty(size * (steps // (refractory_steps + 1) + 1))
    spike_neurons = np.empty(spike_times.size, np.int64)
    total = kernels.fixed_step(
        rows, fractions[method], n.R, n.E_L, n.V_th, n.V_reset, refractory_steps, V0, dt, V, spike_times, spike_neurons)
    return Trace(
        spike_times[:total].copy(), spike_neurons[:total].copy(), size, np.arange(steps + 1) * dt, V.reshape(*I.shape[:-1], -1))

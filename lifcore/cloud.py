"""A population at one moment: the potentials of many neurons with noise, all alike, and their histogram.

    tau_m dV/dt = E_L - V + mu + sigma sqrt(tau_m) eta(t);    V reaches V_th: a spike, then V = V_reset for t_ref

`lifcore.diffusion` and `lifcore.fokker_planck` say what the histogram tends to as the population grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import population, random
from lifcore.neuron import LARGEST, LIF, _neuron
from lifcore.simulation import MOST_STEPS, Spikes, _initial_potentials, _most_spikes, _seed

__all__ = ["Snapshot", "snapshot"]

NEURONS_AT_ONCE = 1024


@dataclass(frozen=True)
class Snapshot:
    """Potentials of a population at one time, and its spikes until then.

    Attributes
    ----------
    V : ndarray, shape (neurons that are not refractory,)
        Potential in mV of each neuron that can fire.
    size : int
        How many neurons there are, refractory ones included.
    spikes : Spikes
        Spikes from time 0 on.
    """

    V: np.ndarray
    size: int
    spikes: Spikes

    @property
    def refractory(self) -> float:
        """Part of the neurons that is refractory."""
        return 1.0 - self.V.size / self.size

    def density(self, edges) -> tuple[np.ndarray, np.ndarray]:
        """Histogram of the potentials as a probability density.

        Parameters
        ----------
        edges : array_like, shape (bins + 1,)
            Edges of the bins in mV, increasing.

        Returns
        -------
        density : ndarray, shape (bins,)
            1/mV. Over all potentials it integrates to the part of the neurons that is not refractory.
        standard_error : ndarray, shape (bins,)
            1/mV, that of a binomial count.
        """
        edges = finite_array("edges", edges, "mV")
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0.0):
            raise ValueError(f"edges must be two or more potentials that increase, got {edges}")
        share = np.histogram(self.V, edges)[0] / self.size
        width = np.diff(edges)
        return share / width, np.sqrt(share * (1.0 - share) / self.size) / width


def snapshot(
    n: LIF, mu: float, sigma: float, t: float, size: int = 1000, dt: float | None = None, rng=None, V0=None
) -> Snapshot:
    """Simulate uncoupled neurons until a time and look at all potentials.

    Parameters
    ----------
    n : LIF
    mu : float
        Drive R I in mV above E_L.
    sigma : float
        Amplitude of the noise in mV, positive.
    t : float
        Time in ms at which the potentials are taken, positive.
    size : int
        Number of neurons.
    dt : float, optional
        Time step in ms, positive and at most tau_m; tau_m / 40 or 0.5 if that is less.  The step is shortened so that
        whole steps end at `t`.
    rng : int or numpy.random.Generator, optional
        As in `lifcore.simulate`: the same seed gives the same spikes as there, where the step divides `t`.
    V0 : array_like, optional
        Potential in mV at time 0, below V_th: a number, or one for each neuron; E_L if not given.

    Returns
    -------
    Snapshot

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    Notes
    -----
    Steps are exact, and crossings of the threshold between their ends are found, as in `lifcore.simulate`.
    """
    _neuron(n)
    mu = finite_number("mu", mu, "mV", at_least=-LARGEST, at_most=LARGEST)
    sigma = finite_number("sigma", sigma, "mV", above=0.0, at_most=LARGEST)
    t = finite_number("t", t, "ms", above=0.0)
    size = whole_number("size", size, at_least=1)
    dt = min(0.5, n.tau_m / 40.0) if dt is None else finite_number("dt", dt, "ms", above=0.0, at_most=n.tau_m)
    if not t / dt <= MOST_STEPS:
        raise ValueError(f"t must be at most {MOST_STEPS:,} steps of dt = {dt:g} ms, got {t:g} ms")
    steps = max(1, math.ceil(t / dt * (1.0 - 1e-12)))
    dt = t / steps
    V = _initial_potentials(n, V0, size).copy()
    seed = _seed(rng)
    wait = np.zeros(size)
    times, neurons = [], []
    for first in range(0, size, NEURONS_AT_ONCE):
        group = slice(first, min(first + NEURONS_AT_ONCE, size))
        spike_times, spike_neurons = _advance_group(n, mu, sigma, steps, dt, V[group], wait[group], seed, first)
        times.append(np.minimum(spike_times, t))
        neurons.append(spike_neurons + first)
    spikes = Spikes(np.concatenate(times), np.concatenate(neurons), size)
    return Snapshot(V[wait == 0.0], size, spikes)


def _advance_group(n, mu, sigma, steps, dt, V, wait, seed, first):
    """Moves some neurons through all steps; returns their spikes neuron after neuron."""
    words = np.empty((4, V.size), np.uint32)
    random.seed_streams(seed, first, words)
    mu, sigma, signal = np.full(V.size, mu), np.full(V.size, sigma), np.zeros(steps)
    work, work_words = np.empty(population.WORK), np.empty(population.WORK_WORDS, np.uint32)
    room = int(np.sum(_most_spikes(n, mu, sigma, signal, steps * dt))) + V.size
    V_start, words_start = V.copy(), words.copy()
    while True:
        times, neurons = np.empty(room), np.empty(room, np.int32)
        count = population.population_steps(
            mu, sigma, signal, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, 0, population.EXACT, population.BRIDGE,
            V, wait, words, np.zeros((2, V.size)), work, work_words, times, neurons)
        if count <= room:
            break
        # Too little room: the same steps again, which give the same spikes.
        room = int(count)
        V[:], wait[:], words[:] = V_start, 0.0, words_start
    counts = np.bincount(neurons[:count], minlength=V.size)
    grouped = np.empty(int(count))
    population.group_spikes(times[:count], neurons[:count], np.cumsum(counts) - counts, grouped)
    return grouped, np.repeat(np.arange(V.size), counts)

"""Synaptic bombardment: kicks that arrive at random, and the white noise that stands for many small ones.

    tau_m dV/dt = E_L - V + tau_m sum of J delta(t - t_J)

A kick moves the potential by its size J at once; kicks of each kind arrive as a Poisson process.  By Campbell's theorem
the free membrane, with its threshold switched off, has the cumulants

    tau_m / k  times the sum of J**k r over the kinds,        k = 1, 2, 3, ...

above E_L.  The first two are mu and sigma**2 / 2 of the diffusion approximation, which forgets the others.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import bombardment as kernels
from lifcore.kernels import random
from lifcore.neuron import LARGEST, LIF, _neuron, _start
from lifcore.simulation import MOST_SPIKES, Spikes, _initial_potentials, _seed

__all__ = ["bombard", "diffusion_parameters", "equal_kicks", "membrane_cumulants"]

MOST_KICKS = 100_000_000_000


def _kinds(n, jumps, rates):
    """Sizes in mV and rates in kicks per ms, one of each for every kind."""
    _neuron(n)
    jumps = np.atleast_1d(finite_array("jumps", jumps, "mV", at_least=-LARGEST, at_most=LARGEST))
    rates = np.atleast_1d(finite_array("rates", rates, "Hz", at_least=0.0, at_most=LARGEST))
    if jumps.ndim != 1 or jumps.size == 0 or jumps.shape != rates.shape:
        raise ValueError(
            f"jumps and rates must be one-dimensional, with one value for each kind of kick, got shapes {jumps.shape} and "
            f"{rates.shape}")
    return np.require(jumps, requirements="CW"), rates / 1000.0


def membrane_cumulants(n: LIF, jumps, rates, order: int = 3) -> np.ndarray:
    """Cumulants of the free membrane's potential under Poisson kicks (Campbell's theorem).

    Cumulant k is tau_m / k times the sum of J**k r over the kinds of kicks.

    Parameters
    ----------
    n : LIF
    jumps : array_like, shape (kinds,)
        Size of the kicks of each kind in mV; negative where they inhibit.
    rates : array_like, shape (kinds,)
        Rate of each kind in Hz, all synapses together.
    order : int
        How many cumulants.

    Returns
    -------
    ndarray, shape (order,)
        Mean above E_L in mV, variance in mV**2, third cumulant in mV**3, and so on. The skewness is the third over the
        second to the power 3/2.

    References
    ----------
    Campbell (1909), Proceedings of the Cambridge Philosophical Society 15: 117; Papoulis (1991), *Probability, Random
    Variables, and Stochastic Processes*, section 11-2.
    """
    jumps, rates = _kinds(n, jumps, rates)
    powers = np.arange(1, whole_number("order", order, at_least=1) + 1)
    return np.array([n.tau_m / k * np.sum(jumps**k * rates) for k in powers])


def diffusion_parameters(n: LIF, jumps, rates) -> tuple[np.float64, np.float64]:
    """Mean drive and noise amplitude of the white noise that has the kicks' mean and variance.

    mu = tau_m sum of J r,        sigma**2 = tau_m sum of J**2 r

    Parameters
    ----------
    n : LIF
    jumps, rates : array_like, shape (kinds,)
        As in `membrane_cumulants`, in mV and Hz.

    Returns
    -------
    mu, sigma : float64
        In mV, for `siegert_rate` and its like.

    References
    ----------
    Stein (1965), Biophysical Journal 5: 173, for the model; Ricciardi (1977), *Diffusion Processes and Related Topics in
    Biology*, for the limit.
    """
    mean, variance = membrane_cumulants(n, jumps, rates, order=2)
    return mean, np.sqrt(2.0 * variance)


def equal_kicks(n: LIF, mu: float, sigma: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Excitatory and inhibitory kicks of one size that have a given mu and sigma.

    Parameters
    ----------
    n : LIF
    mu : float
        Mean drive in mV above E_L.
    sigma : float
        Amplitude of the noise in mV, positive.
    size : float
        Size J of the kicks in mV, positive, and at most sigma**2 / abs(mu): larger ones have that mean only with more
        variance.

    Returns
    -------
    jumps : ndarray, shape (2,)
        +J and -J in mV.
    rates : ndarray, shape (2,)
        (sigma**2 / J**2 + mu / J) / (2 tau_m) and (sigma**2 / J**2 - mu / J) / (2 tau_m) in Hz.
    """
    _neuron(n)
    mu = finite_number("mu", mu, "mV", at_least=-LARGEST, at_most=LARGEST)
    sigma = finite_number("sigma", sigma, "mV", above=0.0, at_most=LARGEST)
    size = finite_number("size", size, "mV", above=0.0)
    if size * abs(mu) > sigma**2:
        raise ValueError(
            f"size must be at most sigma**2 / abs(mu) = {sigma**2 / abs(mu):g} mV, got {size:g} mV: larger kicks cannot have "
            "this mean without more variance")
    both = (sigma / size) * (sigma / size)
    # Never below zero by a rounding error.
    rates = np.maximum(np.array([both + mu / size, both - mu / size]), 0.0) * (500.0 / n.tau_m)
    return np.array([size, -size]), rates


def bombard(n: LIF, jumps, rates, duration: float = 1000.0, size: int = 1, rng=None, V0=None) -> Spikes:
    """Spike times of uncoupled neurons, each under its own Poisson kicks, from kick to kick.

    Parameters
    ----------
    n : LIF
    jumps, rates : array_like, shape (kinds,)
        As in `membrane_cumulants`, in mV and Hz. There is no other drive.
    duration : float
        Simulated time in ms, positive.
    size : int
        Number of neurons, unless `V0` gives one value for each.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one; fresh randomness if not given. The same seed gives the same spikes, and
        the same in the page.
    V0 : array_like, optional
        Potential in mV at t = 0, below V_th: a number, or one for each neuron; E_L if not given.

    Returns
    -------
    Spikes
        Times in ms. A neuron fires when a kick carries it to V_th or beyond; kicks that arrive while it is refractory are
        lost. No time step is involved.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed; also if more than a hundred thousand million kicks are to be
        expected.

    References
    ----------
    Stein (1965), Biophysical Journal 5: 173.
    """
    jumps, rates = _kinds(n, jumps, rates)
    duration = finite_number("duration", duration, "ms", above=0.0)
    size = whole_number("size", size, at_least=1)
    if size == 1 and V0 is not None:
        size = _start(n, V0).size
    kicks = np.sum(rates) * duration * size
    if not kicks <= MOST_KICKS:
        raise ValueError(f"rates must give at most {MOST_KICKS:,} kicks in all, got {kicks:.2g}")
    V = _initial_potentials(n, V0, size).copy()
    if not np.any(rates):
        # Without kicks a neuron that rests below its threshold is silent.
        return Spikes(np.empty(0), np.empty(0, np.int64), size)
    words = np.empty((4, size), np.uint32)
    random.seed_streams(_seed(rng), 0, words)
    state = [V, np.zeros(size), np.full(size, -1.0), words]
    before = [array.copy() for array in state]
    room = min(MOST_SPIKES, 1024 + 16 * size)
    while True:
        spike_times, spike_neurons = np.empty(room), np.empty(room, np.int32)
        count = kernels.bombardment(
            jumps, rates, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, duration, *state, spike_times, spike_neurons)
        if count <= room:
            return Spikes(spike_times[:count].copy(), spike_neurons[:count].astype(np.int64), size)
        # Too little room: the same kicks again, which give the same spikes.
        room = math.ceil(count)
        for array, kept in zip(state, before, strict=True):
            array[...] = kept

"""Simulation of one neuron and of uncoupled populations, without noise and with it.

    tau_m dV/dt = E_L - V + mu + sigma sqrt(tau_m) eta(t);    V reaches V_th: a spike, then V = V_reset for t_ref

Under a piecewise constant current without noise the neuron needs no clock: `simulate` and `simulate_piecewise` go from
spike to spike by the exact solution.  With noise `simulate` takes steps, and asks in each whether the threshold was
reached between its ends.  `integrate` is the clock-driven simulation that most programs use, for comparison.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import (
    finite_array, finite_number, flag, generator, instance_of, one_of, seed_or_generator, whole_number)
from lifcore.kernels import lif as kernels
from lifcore.kernels import population, random
from lifcore.neuron import LARGEST, LIF, _current, _neuron, _start, interspike_interval

__all__ = [
    "Spikes", "Trace", "integrate", "population_rate", "simulate", "simulate_piecewise", "spike_train_spectrum",
]

MOST_SPIKES = 2_000_000_000
MOST_STEPS = 2_000_000_000
MOST_FREQUENCY = 1e15
METHODS = {"exact": population.EXACT, "euler": population.EULER}
CROSSINGS = {"bridge": population.BRIDGE, "bridge-end": population.BRIDGE_END, "grid": population.GRID}
# One task of a thread, and one call of the kernel: a few milliseconds, so that a progress bar moves.
NEURONS_AT_ONCE, NEURON_STEPS_AT_ONCE = 1024, 4_000_000
MOST_ROOM = 1_000_000


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
        return self.spike_times[self.spike_neurons == whole_number("neuron", neuron, at_least=0)]


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
    n: LIF, mu, sigma=0.0, duration: float = 1000.0, size: int = 1, dt: float | None = None, rng=None, V0=None, *,
    method: str = "exact", crossing: str = "bridge", signal=None, threads: int = 1, progress: bool = False
) -> Spikes:
    """Spike times of uncoupled neurons, with noise or without.

    tau_m dV/dt = E_L - V + mu + sigma sqrt(tau_m) eta(t)

    Parameters
    ----------
    n : LIF
    mu : array_like
        Drive R I in mV above E_L: a number, or one for each neuron.
    sigma : array_like
        Amplitude of the noise in mV, at least 0: a number, or one for each neuron. Without a threshold V would vary
        with the standard deviation sigma / sqrt(2). Where all are 0 and there is no signal, the spike times are exact
        to rounding, from event to event, and what follows here of steps and random numbers does not apply.
    duration : float
        Simulated time in ms, positive. It need not be a multiple of `dt`: the last step is then shorter.
    size : int
        Number of neurons, unless `mu`, `sigma` or `V0` gives one value for each.
    dt : float, optional
        Time step in ms, positive and at most tau_m; tau_m / 40 or 0.5 if that is less.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one; fresh randomness if not given. The same seed gives the same spikes,
        whatever the number of threads, and the same in the page.
    V0 : array_like, optional
        Potential in mV at t = 0, below V_th: a number, or one for each neuron; E_L if not given.
    method : {"exact", "euler"}
        How V moves in a step that does not touch the threshold: as the Ornstein-Uhlenbeck process does, or by Euler and
        Maruyama's rule.
    crossing : {"bridge", "bridge-end", "grid"}
        ``"bridge"`` finds crossings between the ends of a step, places each spike and the end of each refractory period
        where they fall, and goes on from there within the step. ``"bridge-end"`` finds them too, but stamps the spike
        and resets V at the end of the step. ``"grid"`` sees only what is above threshold at the end of a step, as most
        simulators do, and misses the rest. The last two are refractory for t_ref / dt steps, rounded up.
    signal : array_like, shape (steps,), optional
        Drive in mV that is added to `mu` of every neuron during each step, with steps = duration / dt, rounded up. It
        is constant within a step, also for what happens inside it.
    threads : int
        How many threads divide the neurons among them.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Spikes
        Times in ms. With ``"bridge"`` the rate at the default step is right to 0.1 %, and to a few times that where
        spikes are rare; it is exact where E_L + mu = V_th. With ``"grid"`` the rate is too low, often by several per
        cent at dt = 0.1 ms, and the error shrinks only as the root of `dt`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed; also if more than two thousand million spikes or steps are
        to be expected.

    References
    ----------
    Gillespie (1996), Physical Review E 54: 2084, for the exact step; Giraudo & Sacerdote (1999), Communications in
    Statistics: Simulation and Computation 28: 1135, for crossings between its ends.
    """
    _neuron(n)
    mu = np.atleast_1d(finite_array("mu", mu, "mV"))
    sigma = np.atleast_1d(finite_array("sigma", sigma, "mV", at_least=0.0))
    duration = finite_number("duration", duration, "ms", above=0.0)
    size = whole_number("size", size, at_least=1)
    if dt is not None:
        dt = finite_number("dt", dt, "ms", above=0.0)
    seed_or_generator(rng)
    one_of("method", method, METHODS)
    one_of("crossing", crossing, CROSSINGS)
    flag("progress", progress)
    threads = whole_number("threads", threads, at_least=1)
    if size == 1:
        size = max(mu.size, sigma.size, 1 if V0 is None else _start(n, V0).size)
    for name, values in (("mu", mu), ("sigma", sigma)):
        if values.ndim != 1 or values.size not in (1, size):
            raise ValueError(
                f"{name} must be a number or have one value for each of {size} neurons, got shape {values.shape}")
    if signal is None and not np.any(sigma):
        # With R = 1 MΩ the current in nA is the drive in mV.
        return simulate_piecewise(n.replace(R=1.0), [0.0, duration], np.broadcast_to(mu, (size,))[:, None], V0)
    finite_array("mu", mu, "mV", at_least=-LARGEST, at_most=LARGEST)
    finite_array("sigma", sigma, "mV", at_most=LARGEST)
    dt = min(0.5, n.tau_m / 40.0) if dt is None else dt
    if dt > n.tau_m:
        raise ValueError(f"dt must be at most tau_m = {n.tau_m:g} ms, the time in which V changes, got {dt:g} ms")
    if not duration / dt <= MOST_STEPS:
        raise ValueError(f"duration must be at most {MOST_STEPS:,} steps of dt = {dt:g} ms, got {duration:g} ms")
    # The tolerance keeps a last step of nothing but rounding error away.
    steps = max(1, math.ceil(duration / dt * (1.0 - 1e-12)))
    if signal is None:
        signal = np.zeros(steps)
    signal = finite_array("signal", signal, "mV", at_least=-LARGEST, at_most=LARGEST)
    if signal.shape != (steps,):
        raise ValueError(f"signal must have one value for each of {steps} steps of {dt:g} ms, got shape {signal.shape}")
    mu, sigma = _for_each(mu, size), _for_each(sigma, size)
    most = _most_spikes(n, mu, sigma, signal, duration)
    if crossing != "bridge":
        most = np.minimum(most, steps)
    if not np.sum(most) <= MOST_SPIKES:
        k = int(np.argmax(most))
        raise ValueError(
            f"mu and sigma must give fewer than {MOST_SPIKES:,} spikes, got mu = {mu[k]:g} mV and "
            f"sigma = {sigma[k]:g} mV, which may give {np.sum(most):.2g}")
    return _simulate_with_noise(
        n, mu, sigma, duration, dt, np.require(signal, requirements="CW"), _initial_potentials(n, V0, size), _seed(rng),
        METHODS[method], CROSSINGS[crossing], most, threads, progress)


def _for_each(values, size):
    """A value for each neuron, which a kernel can take."""
    return np.require(np.broadcast_to(values, (size,)), requirements="CW")


def _most_spikes(n, mu, sigma, signal, duration):
    """More spikes than each neuron is to be expected to fire.

    The mean interval is t_ref + tau_m sqrt(pi) times the integral of exp(u**2) (1 + erf(u)) from the reset potential to
    the threshold, with u = (V - T) / sigma.  The integrand grows with u, and is above 2 / (sqrt(u**2 + 2) - u) /
    sqrt(pi) (Birnbaum 1942).
    """
    above_reset = n.E_L - n.V_reset + mu + max(0.0, np.max(signal))
    with np.errstate(divide="ignore"):
        interval = 2.0 * n.tau_m * (n.V_th - n.V_reset) / (np.hypot(above_reset, math.sqrt(2.0) * sigma) + above_reset)
        return duration / (n.t_ref + interval) + 1.0


def _seed(rng):
    """A seed of 64 bits as the two words that `seed_streams` takes, the low one first."""
    given = seed_or_generator(rng)
    if isinstance(given, int):
        if given >= 2**64:
            raise ValueError(f"rng must be less than 2**64 as a seed, got {given}")
        seed = given
    else:
        seed = int(generator(given).integers(2**64, dtype=np.uint64))
    return np.array([seed & 0xFFFFFFFF, seed >> 32], dtype=np.uint32)


def _simulate_with_noise(n, mu, sigma, duration, dt, signal, V0, seed, method, crossing, most, threads, progress):
    """The population in groups of neurons, each through all its steps; threads take one group after another."""
    size, steps = mu.size, signal.size
    # Compiled before the threads need it.
    for kernel in (random.seed_streams, population.population_steps, population.group_spikes):
        kernel.dispatcher
    with contextlib.ExitStack() as stack:
        advanced = _nothing
        if progress:
            from tqdm.auto import tqdm

            bar = stack.enter_context(tqdm(total=size * steps, unit="neuron-steps", unit_scale=True))

            def advanced(neuron_steps):
                with bar.get_lock():
                    bar.update(neuron_steps)

        def run(start):
            group = slice(start, min(start + NEURONS_AT_ONCE, size))
            return _run_group(
                n, mu[group], sigma[group], duration, dt, signal, V0[group].copy(), seed, start, method, crossing,
                np.sum(most[group]), advanced)

        starts = range(0, size, NEURONS_AT_ONCE)
        if threads == 1:
            groups = list(map(run, starts))
        else:
            executor = stack.enter_context(concurrent.futures.ThreadPoolExecutor(threads))
            groups = list(executor.map(run, starts))
    counts = np.concatenate([counts for _, counts in groups])
    spike_times = groups[0][0] if len(groups) == 1 else np.concatenate([times for times, _ in groups])
    return Spikes(spike_times, np.repeat(np.arange(size), counts), size)


def _nothing(_):
    """Stands where a progress bar could be."""


def _run_group(n, mu, sigma, duration, dt, signal, V, seed, start, method, crossing, most, advanced):
    """Spike times of some neurons, neuron after neuron, and how many each has."""
    size, steps = mu.size, signal.size
    words = np.empty((4, size), np.uint32)
    random.seed_streams(seed, start, words)
    state = [V, np.zeros(size), words, np.zeros((2, size))]
    work, work_words = np.empty(population.WORK), np.empty(population.WORK_WORDS, np.uint32)
    times, neurons = [], []
    last = duration - (steps - 1) * dt
    # A last step that is shorter by rounding errors only is a whole one.
    whole = steps if last >= dt * (1.0 - 1e-9) else steps - 1
    at_once = max(1, NEURON_STEPS_AT_ONCE // size)
    edges = [*range(0, whole, at_once), whole, steps]
    room = int(min(most * at_once / steps, most, MOST_ROOM)) + size
    spike_times, spike_neurons = np.empty(room), np.empty(room, np.int32)
    for first, end in zip(edges, edges[1:]):
        if first == end:
            continue
        before = [array.copy() for array in state]
        while True:
            count = population.population_steps(
                mu, sigma, signal[first:end], n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt,
                dt if end <= whole else last, first, method, crossing, *state, work, work_words, spike_times,
                spike_neurons)
            if count <= spike_times.size:
                break
            # Too little room: the same steps again, which give the same spikes.
            spike_times, spike_neurons = np.empty(count + count // 4), np.empty(count + count // 4, np.int32)
            for array, kept in zip(state, before, strict=True):
                array[...] = kept
        times.append(spike_times[:count].copy())
        neurons.append(spike_neurons[:count].copy())
        advanced(size * (end - first))
    times, neurons = np.concatenate(times), np.concatenate(neurons)
    counts = np.bincount(neurons, minlength=size)
    grouped = np.empty(times.size)
    population.group_spikes(times, neurons, np.cumsum(counts) - counts, grouped)
    return np.minimum(grouped, duration, out=grouped), counts


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
    V0 = _start(n, V0)
    size = I.shape[0] if I.shape[0] > 1 or V0.ndim != 1 else V0.size
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
    one_of("method", method, fractions)
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


def _spikes(spikes):
    return instance_of("spikes", spikes, Spikes, "Spikes, as simulate returns them")


def population_rate(spikes: Spikes, bin: float, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Firing rate of a population in time: spikes in each bin, over the number of neurons and the bin's width.

    Parameters
    ----------
    spikes : Spikes
    bin : float
        Width of a bin in ms, positive and at most `duration`.
    duration : float
        Simulated time in ms, positive. What remains of it after the last whole bin is left out.

    Returns
    -------
    times : ndarray, shape (bins,)
        Centre of each bin in ms.
    rates : ndarray, shape (bins,)
        Hz, averaged over the population.
    """
    _spikes(spikes)
    duration = finite_number("duration", duration, "ms", above=0.0)
    bin = finite_number("bin", bin, "ms", above=0.0)
    if bin > duration:
        raise ValueError(f"bin must be at most duration = {duration:g} ms, got {bin:g} ms")
    bins = math.floor(duration / bin * (1.0 + 1e-12))
    counts, edges = np.histogram(spikes.spike_times, bins, (0.0, bins * bin))
    return 0.5 * (edges[1:] + edges[:-1]), counts * (1000.0 / (bin * spikes.size))


def spike_train_spectrum(spikes: Spikes, duration: float, f, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Power spectrum of the spike trains of like neurons, estimated by the periodogram.

    S(f) = abs(sum over spikes of exp(-2 pi i f t))**2 / T, averaged over neurons, after the mean rate is subtracted

    Parameters
    ----------
    spikes : Spikes
        Of two neurons or more, all with the same statistics.
    duration : float
        End of the record in ms.
    f : array_like
        Frequencies in Hz, at least 0.
    start : float
        Beginning of the record in ms; leave out what is not yet stationary.

    Returns
    -------
    spectrum : ndarray
        Two-sided, in Hz, in the shape of `f`. It tends to the firing rate at high frequencies. At 0 it is the variance
        of the number of spikes over the length T of the record. A record of finite length smooths the spectrum over
        about 1 / T.
    standard_error : ndarray
        Of each value, from its variation among the neurons.

    References
    ----------
    Gerstner et al. (2014), *Neuronal Dynamics*, section 7.4.
    """
    _spikes(spikes)
    if spikes.size < 2:
        raise ValueError(f"spikes must be of at least 2 neurons, to tell the error of their mean, got {spikes.size}")
    start = finite_number("start", start, "ms", at_least=0.0)
    duration = finite_number("duration", duration, "ms", above=start)
    f = finite_array("f", f, "Hz", at_least=0.0, at_most=MOST_FREQUENCY)
    inside = (spikes.spike_times >= start) & (spikes.spike_times <= duration)
    # In s; counted from the middle of the record, the transform of the mean rate is real.
    times = (spikes.spike_times[inside] - 0.5 * (start + duration)) / 1000.0
    neurons = spikes.spike_neurons[inside]
    length = (duration - start) / 1000.0
    spectrum, standard_error = np.empty(f.shape), np.empty(f.shape)
    for index, frequency in np.ndenumerate(f):
        phases = 2.0 * math.pi * frequency * times
        mean = times.size / spikes.size * np.sinc(frequency * length)
        real = np.bincount(neurons, np.cos(phases), spikes.size) - mean
        imaginary = np.bincount(neurons, np.sin(phases), spikes.size)
        powers = (real * real + imaginary * imaginary) / length
        spectrum[index] = np.mean(powers)
        standard_error[index] = np.std(powers, ddof=1) / math.sqrt(spikes.size)
    return spectrum, standard_error

"""One neuron, one current, all machines side by side.

Each machine's answer is set beside that of the exact solution: by the number of spikes, by the distance of the two spike
trains, and by the membrane potential before the first spike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, several
from lifcore.hardware import MACHINES, realise
from lifcore.hardware._machine import MOST_STEPS, Machine, Response
from lifcore.kernels import random
from lifcore.kernels import spike_distance as kernels
from lifcore.neuron import LARGEST, LIF
from lifcore.simulation import _seed

__all__ = ["Comparison", "compare", "spike_distance", "stepped_current"]

MOST_PAIRS = 10_000_000_000


def _train(name, times):
    times = np.require(finite_array(name, times, "ms", at_least=-LARGEST, at_most=LARGEST), requirements="CW")
    if times.ndim != 1 or np.any(np.diff(times) < 0.0):
        raise ValueError(f"{name} must be one-dimensional and must not decrease, got {times!r}")
    return times


def spike_distance(first, second, q: float = 0.1) -> float:
    """Distance of two spike trains: the least cost of turning one into the other.

    To remove or to add a spike costs 1, to shift it by s ms costs q s.

    Parameters
    ----------
    first, second : array_like
        Spike times in ms, not decreasing; they may differ in number.
    q : float
        Cost of a shift per ms, at least 0. With 0 the distance is the difference of the spike counts; a shift by more
        than 2 / q is dearer than a spike removed and another added.

    Returns
    -------
    float
        A pure number, from 0 to the number of all spikes.

    References
    ----------
    Victor & Purpura (1996), Journal of Neurophysiology 76: 1310.
    """
    first, second = _train("first", first), _train("second", second)
    q = finite_number("q", q, "per ms", at_least=0.0, at_most=LARGEST)
    if first.size * second.size > MOST_PAIRS:
        raise ValueError(f"first and second must make at most {MOST_PAIRS:,} pairs, got {first.size:,} and {second.size:,} spikes")
    return float(kernels.spike_distance(first, second, q, np.empty(second.size + 1)))


def stepped_current(
    mean: float = 0.3, fluctuation: float = 0.1, duration: float = 300.0, constant: float = 150.0, hold: float = 5.0,
    dt: float = 1.0, rng=0
) -> np.ndarray:
    """A current that is constant at first and fluctuates then, the same for every step that divides `hold`.

    I = mean + fluctuation z, with a fresh standard normal z every `hold` ms

    Parameters
    ----------
    mean : float
        Current in nA.
    fluctuation : float
        Standard deviation of the current in nA after the constant part, at least 0.
    duration, constant : float
        Length of the whole and of its constant part in ms, whole numbers of `hold`.
    hold : float
        For how long each value is held, in ms; a whole number of steps.
    dt : float
        Step in ms.
    rng : int or numpy.random.Generator
        Seed, or the generator that draws one. The same seed gives the same current, and the same in the page.

    Returns
    -------
    ndarray, shape (duration / dt,)
        nA, one value for each step.
    """
    mean = finite_number("mean", mean, "nA", at_least=-LARGEST, at_most=LARGEST)
    fluctuation = finite_number("fluctuation", fluctuation, "nA", at_least=0.0, at_most=LARGEST)
    hold = finite_number("hold", hold, "ms", above=0.0, at_most=LARGEST)
    pieces = _multiple("duration", duration, "hold", hold, 1)
    quiet = _multiple("constant", constant, "hold", hold, 0)
    steps = _multiple("hold", hold, "dt", finite_number("dt", dt, "ms", above=0.0, at_most=LARGEST), 1)
    if pieces * steps > MOST_STEPS:
        raise ValueError(f"duration must be at most {MOST_STEPS:,} steps of dt = {dt:g} ms, got {duration:g} ms")
    words = np.empty((4, 1), np.uint32)
    random.seed_streams(_seed(rng), 0, words)
    normals = np.empty((pieces, 1))
    random.random_normals(words, normals)
    normals[:quiet] = 0.0
    return np.repeat(mean + fluctuation * normals[:, 0], steps)


def _multiple(name, length, unit_name, unit, at_least):
    """How often `unit` goes into `length`, which must be a whole number."""
    length = finite_number(name, length, "ms", at_least=at_least * unit, at_most=LARGEST)
    count = round(min(length / unit, 2.0 * MOST_STEPS))
    if abs(count * unit - length) > 1e-9 * length:
        raise ValueError(f"{name} must be a whole number of {unit_name} = {unit:g} ms, got {length:g} ms")
    return count


@dataclass(frozen=True)
class Comparison:
    """A machine's answer beside the exact one.

    Attributes
    ----------
    machine : Machine
        The neuron as the machine holds it.
    response : Response
        What it did.
    extra_spikes : int
        Its spikes less those of the exact solution.
    distance : float
        Of the two spike trains, as `spike_distance`.
    membrane_error : float or None
        Root mean square of the difference of the potentials in mV at the ends of the steps before the first spike of
        either; None if there is no such step.
    """

    machine: Machine
    response: Response
    extra_spikes: int
    distance: float
    membrane_error: float | None


def _membrane_error(response, exact):
    first = min((times[0] for times in (response.spike_times, exact.spike_times) if times.size), default=np.inf)
    before = exact.t < first
    if not np.any(before):
        return None
    difference = response.V[before] - exact.V[before]
    return float(np.sqrt(np.mean(difference * difference)))


def compare(
    n: LIF, I, duration: float | None = None, dt: float = 1.0, machines=tuple(MACHINES), q: float = 0.1, **options
) -> dict[str, Comparison]:
    """One neuron and one current on several machines, each beside the exact solution.

    Parameters
    ----------
    n : LIF
    I : float or array_like, shape (steps,)
        Current in nA: constant, or one value for each step of dt.
    duration : float, optional
        In ms, a whole number of steps; for a constant current, and only then.
    dt : float
        Step in ms of biological time.
    machines : sequence of str
        Keys of `lifcore.hardware.MACHINES`.
    q : float
        Cost of a shifted spike per ms, as in `spike_distance`.
    **options : dict
        What a machine's `realise` takes besides, under the machine's name: ``loihi={"overflow": "lava"}``.

    Returns
    -------
    dict of str to Comparison
        In the order of `machines`.
    """
    machines = several("machines", machines, MACHINES)
    for name in options:
        if name not in machines:
            raise TypeError(f"compare has no argument {name!r}; the options of a machine stand under its name: {', '.join(machines)}")
    exact = realise(n, "processor", dt).respond(I, duration)
    found = {}
    for name in machines:
        machine = realise(n, name, dt, **options.get(name, {}))
        response = machine.respond(I, duration)
        found[name] = Comparison(
            machine, response, response.spike_times.size - exact.spike_times.size,
            spike_distance(response.spike_times, exact.spike_times, q), _membrane_error(response, exact))
    return found

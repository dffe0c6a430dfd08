"""How the density of a population moves: the Fokker-Planck equation of the neuron with noise, solved in time.

    dp/dt = -dJ/dV + r(t - t_ref) delta(V - V_reset)
    J = [(E_L + mu(t) - V) p - (sigma(t)**2 / 2) dp/dV] / tau_m
    p(V_th) = 0,    firing rate r(t) = J(V_th, t)

Cells of the potential axis exchange probability and a delay line holds the refractory neurons, so that nothing is lost;
densities stay positive for every input and every time step.  Second order in the width of a cell and in the time step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import fokker_planck as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron

__all__ = ["Evolution", "evolve", "step_rate"]

# The free membrane is normal with a standard deviation of sigma / sqrt(2): 1e-17 of it lies more than 6 sigma down.
REACH = 6.0
# After a jump the rate changes as the square root of time: steps start at this part of dt and grow with the time since.
FIRST_STEP = 1e-4
FEWEST_CELLS = 16
MOST_STEPS = 10_000_000


@dataclass(frozen=True)
class Evolution:
    """A population's density in time.

    Attributes
    ----------
    t : ndarray, shape (times,)
        Time in ms.
    rate : ndarray, shape (times,)
        Firing rate in Hz at these times; at a jump of the input, before it, and at the first time after it.
    V : ndarray, shape (cells,)
        Centre of each cell in mV.
    width : ndarray, shape (cells,)
        Width of each cell in mV.
    density : ndarray, shape (times, cells)
        Probability density of the neurons that are not refractory, mean of each cell, in 1/mV.
    refractory : ndarray, shape (times,)
        Part of the neurons that is refractory.
    """

    t: np.ndarray
    rate: np.ndarray
    V: np.ndarray
    width: np.ndarray
    density: np.ndarray
    refractory: np.ndarray

    @property
    def mass(self) -> np.ndarray:
        """Part of the neurons that is not refractory, shape (times,); with `refractory` it makes one."""
        return self.density @ self.width


def evolve(
    n: LIF, mu, sigma, t, start="stationary", before: tuple[float, float] | None = None, cells: int = 400,
    dt: float = 0.1
) -> Evolution:
    """Density and firing rate of a large population of uncoupled neurons in time.

    Parameters
    ----------
    n : LIF
    mu : float, array_like of shape (times - 1,), or callable
        Drive in mV above E_L: constant, or one value between each time and the next, or a function that takes an array
        of times in ms and returns one value for each.
    sigma : float, array_like of shape (times - 1,), or callable
        Amplitude of the noise in mV, positive, in the same forms; sigma / sqrt(2) is the standard deviation of the free
        membrane.
    t : array_like, shape (times,)
        Times in ms at which the result is wanted, increasing; the first is that of the start.
    start : "stationary", float, tuple (mean, sd) or callable
        The density at the first time: the stationary state, refractory neurons included; or all neurons at one
        potential in mV; or a Gaussian with this mean and standard deviation in mV, cut off at V_th; or a function that
        takes the centres of all cells in mV and returns densities, which are normalised. In all but the first no neuron
        is refractory.
    before : tuple (mu, sigma), optional
        The input whose stationary state is the start; that at the first time if not given.
    cells : int
        Number of cells, at least 16.
    dt : float
        Longest time step in ms, at most tau_m. Steps are shorter after a jump of the input between two times.

    Returns
    -------
    Evolution

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    Notes
    -----
    The error falls with the square of the cells' width and of `dt`. With 400 cells the stationary rate is within 0.03 %
    for the default neuron with sigma = 5 mV and within 0.3 % with sigma = 0.5 mV: less noise makes narrower densities,
    which need narrower cells. The cells reach from V_th down to 6 sigma below the lowest of V_reset, E_L + mu and a
    start that is given by its potential.

    References
    ----------
    Scharfetter & Gummel (1969), IEEE Transactions on Electron Devices 16: 64, for the flux; Bank et al. (1985), same
    journal, 32: 1992, for the time step; Zalesak (1979), Journal of Computational Physics 31: 335, for its limit.
    """
    _neuron(n)
    t = finite_array("t", t, "ms")
    if t.ndim != 1 or t.size < 2:
        raise ValueError(f"t must be one-dimensional with at least 2 times, got shape {t.shape}")
    if not np.all(np.diff(t) > 0.0):
        k = int(np.flatnonzero(np.diff(t) <= 0.0)[0])
        raise ValueError(f"t must increase, got {t[k]:g} ms and then {t[k + 1]:g} ms")
    cells = whole_number("cells", cells, at_least=FEWEST_CELLS)
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=n.tau_m)
    drive, noise = _Input("mu", mu, t), _Input("sigma", sigma, t)
    if before is not None:
        before = _pair("before", before)
        if not isinstance(start, str):
            raise ValueError(f"before must be None unless start is 'stationary', got {before} with start = {start!r}")
    first = before or (drive.start(t), noise.start(t))
    jumps = drive.jumps | noise.jumps
    jumps[0] = before is not None or not isinstance(start, str)
    steps, counts = _time_steps(t, jumps, dt)
    parts = np.split(steps, np.cumsum(counts)[:-1])
    ends = np.concatenate([begin + np.cumsum(part) for begin, part in zip(t[:-1], parts, strict=True)])
    # The two times within a step at which the solver takes its input.
    stages = np.stack([ends - (1.0 - kernels.W_END) * steps, ends], axis=1).ravel()
    mu_steps, sigma_steps = drive.during(counts, stages), noise.during(counts, stages)
    lowest = min(n.V_reset, n.E_L + min(mu_steps.min(), first[0]))
    reach = REACH * max(sigma_steps.max(), first[1])
    place = _start(n, start)
    lower = lowest - reach
    if place:
        lower = min(lower, place[0] - reach, place[0] - REACH * math.sqrt(2.0) * place[1])
    solver = _Solver(n, _faces(n, lower, cells), _places(n, steps))
    if isinstance(start, str):
        solver.stationary(*first)
    elif place:
        solver.gaussian(*place)
    else:
        solver.density(start)
    rate, density, refractory = np.empty(t.size), np.empty((t.size, cells)), np.empty(t.size)
    k = 0
    for i, count in enumerate([0, *counts]):
        if i == 0:
            # The slope at V_th is what the input before has left; of a new input only the noise acts at once.
            rate[0] = solver.rate(*first) * (noise.start(t) / first[1])**2
        else:
            inputs = slice(2 * k, 2 * (k + count))
            rate[i] = solver.follow(steps[k:k + count], mu_steps[inputs], sigma_steps[inputs])
        k += count
        density[i] = solver.probability / solver.width
        refractory[i] = solver.waiting.sum()
    return Evolution(t, rate, 0.5 * (solver.faces[1:] + solver.faces[:-1]), solver.width, density, refractory)


def step_rate(n: LIF, before, after, t, cells: int = 400, dt: float = 0.1):
    """Firing rate after a sudden change of the input, from the density.

    Parameters
    ----------
    n : LIF
    before, after : tuple (mu, sigma)
        Drive in mV above E_L and amplitude of the noise in mV, positive, before and after time 0.
    t : array_like, shape (times,)
        Times after the change in ms, positive and increasing.
    cells : int
        Number of cells of the coarser of two solutions.
    dt : float
        Its longest time step in ms, at most tau_m.

    Returns
    -------
    ndarray, shape (times,)
        Rate in Hz. Two solutions, the second with twice the cells and half the steps, are combined so that their errors
        of second order cancel (Richardson 1911); what is left falls with the third power. From half a millisecond after
        the change it is within 2e-6 of the exact rate where V_th - V_reset is 10 mV and sigma from 2 to 5 mV, and within
        1e-7 with 800 cells and 0.05 ms.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    """
    _neuron(n)
    t = np.atleast_1d(finite_array("t", t, "ms", above=0.0))
    before, after = _pair("before", before), _pair("after", after)
    cells = whole_number("cells", cells, at_least=FEWEST_CELLS)
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=n.tau_m)
    if t.ndim != 1 or t.size == 0 or not np.all(np.diff(t) > 0.0):
        raise ValueError(f"t must be one or more times that increase, got {t}")
    times = np.concatenate([[0.0], t])
    jumps = np.arange(t.size) == 0
    steps, counts = _time_steps(times, jumps, dt)
    lower = min(n.V_reset, n.E_L + min(before[0], after[0])) - REACH * max(before[1], after[1])
    faces = _faces(n, lower, cells)
    solutions = []
    for _ in range(2):
        solver = _Solver(n, faces, _places(n, steps))
        solver.stationary(*before)
        rate, k = [], 0
        for count in counts:
            mu, sigma = np.full(2 * count, after[0]), np.full(2 * count, after[1])
            rate.append(solver.follow(steps[k:k + count], mu, sigma))
            k += count
        solutions.append(np.array(rate))
        faces, steps, counts = _halved_cells(faces), np.repeat(0.5 * steps, 2), [2 * count for count in counts]
    coarse, fine = solutions
    return fine + (fine - coarse) / 3.0


class _Solver:
    """The arrays of one run and the kernels that work on them."""

    def __init__(self, n, faces, places):
        cells = faces.size - 1
        self.n = n
        self.faces = faces
        self.width = np.diff(faces)
        # The reset potential is one of the faces, exactly.
        self.reset = int(np.searchsorted(faces, n.V_reset))
        self.probability = np.zeros(cells)
        self.release, self.waiting, self.state = np.zeros(places), np.zeros(places), np.zeros(kernels.STATE)
        self.work = np.zeros(kernels.WORK_ARRAYS * cells)

    def stationary(self, mu, sigma):
        n = self.n
        kernels.stationary_start(
            mu, sigma, n.tau_m, n.E_L, n.t_ref, self.faces, self.reset, self.probability, self.release, self.waiting,
            self.state, self.work)

    def gaussian(self, mean, sd):
        kernels.gaussian_start(mean, sd, self.faces, self.probability, self.state)

    def density(self, start):
        values = finite_array("start", start(0.5 * (self.faces[1:] + self.faces[:-1])), "1/mV", at_least=0.0)
        if values.shape != self.width.shape or not values.any():
            raise ValueError(
                f"start must return {self.width.size} densities that are not all 0, got shape {values.shape}")
        self.probability[:] = values / values.max() * self.width
        self.probability /= self.probability.sum()
        self.state[kernels.FREE] = 1.0

    def follow(self, dt, mu, sigma):
        """Rate in Hz at the end of the steps."""
        n = self.n
        rates = np.empty(dt.size)
        kernels.follow(
            dt, mu, sigma, n.tau_m, n.E_L, n.t_ref, self.faces, self.reset, self.probability, self.release,
            self.waiting, self.state, self.work, rates)
        return rates[-1]

    def rate(self, mu, sigma):
        cells = self.width.size
        up, down = self.work[:cells], self.work[cells:2 * cells]
        kernels.transition_rates(mu, sigma, self.n.tau_m, self.n.E_L, self.faces, up, down)
        return 1000.0 * up[-1] * self.probability[-1]


class _Input:
    """A drive or a noise: constant, constant between two times, or a function of time."""

    def __init__(self, name, given, t):
        self.name, self.given = name, given
        self.jumps = np.zeros(t.size - 1, bool)
        if not callable(given):
            values = _checked(name, given)
            if values.shape not in ((), (t.size - 1,)):
                raise ValueError(
                    f"{name} must be a number, a function, or have one value for each of {t.size - 1} intervals, "
                    f"got shape {values.shape}")
            self.values = np.broadcast_to(values, (t.size - 1,))
            self.jumps[1:] = np.diff(self.values) != 0.0

    def start(self, t):
        """Value at the first time."""
        return self._called(t[:1])[0] if callable(self.given) else self.values[0]

    def during(self, counts, stages):
        """Values at the two stages of each time step."""
        return self._called(stages) if callable(self.given) else np.repeat(self.values, 2 * np.array(counts))

    def _called(self, t):
        values = _checked(self.name, self.given(t))
        if values.shape not in ((), t.shape):
            raise ValueError(f"{self.name} must return one value for each of {t.size} times, got shape {values.shape}")
        return np.require(np.broadcast_to(values, t.shape), requirements="CW")


def _checked(name, values):
    """A drive or a noise within the range in which its quotients stay finite."""
    if name == "sigma":
        values = finite_array(name, values, "mV", above=0.0)
        return finite_array(name, values, "mV", at_least=SMALLEST, at_most=LARGEST)
    return finite_array(name, values, "mV", at_least=-LARGEST, at_most=LARGEST)


def _pair(name, given):
    """(mu, sigma) as two floats."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"{name} must be a pair (mu, sigma) in mV, got {given!r}")
    mu = finite_number(f"mu of {name}", given[0], "mV", at_least=-LARGEST, at_most=LARGEST)
    sigma = finite_number(f"sigma of {name}", given[1], "mV", above=0.0)
    return mu, finite_number(f"sigma of {name}", sigma, "mV", at_least=SMALLEST, at_most=LARGEST)


def _start(n, start):
    """Mean and standard deviation of a Gaussian start, None for the others."""
    if isinstance(start, str):
        if start != "stationary":
            raise ValueError(f"start must be 'stationary', a potential, (mean, sd) or a function, got {start!r}")
        return None
    if callable(start):
        return None
    if isinstance(start, (tuple, list)):
        if len(start) != 2:
            raise ValueError(f"start must be a pair (mean, sd) in mV, got {start!r}")
        mean = finite_number("mean of start", start[0], "mV", at_least=-LARGEST, at_most=LARGEST)
        sd = finite_number("sd of start", start[1], "mV", at_least=0.0, at_most=LARGEST)
    else:
        mean, sd = finite_number("start", start, "mV", at_least=-LARGEST, at_most=LARGEST), 0.0
    if mean >= n.V_th:
        raise ValueError(f"start must lie below V_th = {n.V_th:g} mV, got {mean:g} mV")
    return mean, sd


def _faces(n, lower, cells):
    faces = np.empty(cells + 1)
    kernels.cell_faces(n.V_th, n.V_reset, lower, faces)
    if not np.all(np.diff(faces) > 0.0):
        raise ValueError(
            f"cells must be so few that their faces differ in float64, got {cells} between V_reset = {n.V_reset!r} mV "
            f"and V_th = {n.V_th!r} mV")
    if faces[0] > lower + 1e-6 * (n.V_th - lower):
        raise ValueError(f"cells must be more to reach down to {lower:g} mV, where the density ends, got {cells}")
    return faces


def _halved_cells(faces):
    """Each cell in two, whose widths follow the growth from cell to cell."""
    width = np.diff(faces)
    growth = np.append(width[:-1] / width[1:], 1.0)
    growth[np.abs(growth - 1.0) < 1e-6] = 1.0
    fine = np.empty(2 * width.size + 1)
    fine[::2] = faces
    fine[1::2] = faces[1:] - width / (1.0 + np.sqrt(growth))
    return fine


def _places(n, steps):
    """Places that the delay line needs: the most steps that fall into one refractory period."""
    edges = np.concatenate([[0.0], np.cumsum(steps)])
    return int(np.max(np.arange(edges.size) - np.searchsorted(edges, edges - n.t_ref))) + 4


def _time_steps(t, jumps, dt):
    """Time steps from each time to the next, and how many there are."""
    expected = (t[-1] - t[0]) / dt
    if not expected <= MOST_STEPS:
        raise ValueError(
            f"dt must give at most {MOST_STEPS:,} steps in {t[-1] - t[0]:g} ms, got {dt:g} ms, which gives "
            f"{expected:.2g}")
    steps, counts, since = [], [], math.inf
    for length, jump in zip(np.diff(t), jumps, strict=True):
        if jump:
            since = 0.0
        left, before = length, len(steps)
        while left > 0.0:
            step = min(dt, max(FIRST_STEP * dt, 0.1 * since))
            parts = max(math.ceil(left / step - 1e-9), 1)
            if step == dt or parts < 3:
                steps += [left / parts] * parts
                since += left
                break
            steps.append(step)
            since += step
            left -= step
        counts.append(len(steps) - before)
    return np.array(steps), counts

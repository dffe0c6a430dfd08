"""Rates of networks without their spikes: mean field, linear stability, and rate equations.

A neuron with many inputs sees their mean and their fluctuations (Amit & Brunel 1997; Brunel 2000)::

    mu_i = mu_ext + tau_m sum over connections of K J nu,      sigma_i**2 = sigma_ext**2 + tau_m sum of K J**2 nu

with K synapses from each source population, and its rate is that of theory, nu_i = Phi(mu_i, sigma_i): the network is
stationary where all agree.  Small oscillations of the rates go round the network once with the factor

    L_ij(f) = tau_m [chi_mu K J exp(-i 2 pi f delay) / (1 + i 2 pi f tau_s) + the same for sigma**2],

so that the network loses its stability where an eigenvalue of L is 1 (Brunel & Hakim 1999).  A rate equation has in place of
the susceptibility chi the static gain, divided by 1 + i 2 pi f tau for some tau.
"""

from __future__ import annotations

import itertools
import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, linear_sum_assignment

from lifcore._validate import finite_array, finite_number, flag, one_of
from lifcore.diffusion import _membrane, _noisy, siegert_rate
from lifcore.kernels import critical
from lifcore.kernels import rate_model as kernels
from lifcore.network import _multiple, checked_parts, checked_signals, possible_sources
from lifcore.neuron import SMALLEST
from lifcore.response import RESOLVED, spike_spectrum, static_gain, susceptibility

__all__ = ["MODELS", "FixedPoint", "MeanField", "critical_loop_gain", "effective_time_constant"]

MODELS = ("lif", "static", "tau_m", "tau_eff")
# A neuron without a refractory period has no highest rate: no fixed point is looked for above this one, in Hz.
HIGHEST = 1e5
# Points along each axis of rates, for one population, two, three.
GRID = {1: 4000, 2: 400, 3: 60}
STARTS = 300
# Points are spaced nearly as powers, down to this part of the highest rate.
FINEST = 1e-9
MOST_FREQUENCY = 1e9
# Frequencies in a turn of the longest delay, and at most in all.
TURN, MOST_POINTS = 16, 1_000_000
# Rates above this, in Hz, run away.
DIVERGED = 1e9
# Delays and time constants in ms between which the critical loop gain is looked for.
SHORTEST, LONGEST = 0.01, 10_000.0


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A stationary state of a mean field.

    Attributes
    ----------
    nu : ndarray, shape (populations,)
        Rates in Hz.
    mu, sigma : ndarray, shape (populations,)
        Mean drive above E_L and amplitude of the noise, in mV, that the neurons get in all.
    """

    nu: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray


def effective_time_constant(n, mu, sigma) -> float:
    """The tau for which gain / (1 + i 2 pi f tau) follows the susceptibility at low frequency.

    Parameters
    ----------
    n : LIF
    mu, sigma : float
        In mV; sigma greater than 0.

    Returns
    -------
    float
        In ms: the limit of -Im chi / (2 pi f Re chi) for f to 0.
    """
    mu, sigma = map(float, _noisy(n, finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV"), RESOLVED))
    return float(critical.effective_time(mu, sigma, *_membrane(n)))


def critical_loop_gain(n, mu, sigma, delay: float, tau_s: float = 0.0, model: str = "lif") -> tuple[float, float]:
    """How strongly a population may inhibit itself until its rate oscillates, at a stationary state that is held fixed.

    Parameters
    ----------
    n : LIF
    mu, sigma : float
        The mean drive and the noise that the neurons get in all, in mV; sigma greater than 0.
    delay : float
        In ms, greater than 0.
    tau_s : float
        Time constant of the synapses in ms, at least 0.
    model : {"lif", "static", "tau_m", "tau_eff"}
        As in `MeanField.susceptibilities`.

    Returns
    -------
    loop_gain : float
        The coupling in mV/Hz times the static gain d nu / d mu in Hz/mV.
    f : float
        Frequency in Hz of the oscillation that begins there. Both are 0 where a rate equation runs away without any feedback,
        which it does if its time constant is negative, and infinite where no feedback makes it oscillate.

    Notes
    -----
    The network's own fluctuations are left out: the limit of many weak synapses. Crossings are looked for up to the inverse of
    the delay plus four times the rate.

    References
    ----------
    N. Brunel, V. Hakim, Fast global oscillations in networks of integrate-and-fire neurons with low firing rates, Neural
    Computation 11 (1999), 1621-1671.
    """
    mu, sigma = map(float, _noisy(n, finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV"), RESOLVED))
    delay = finite_number("delay", delay, "ms", at_least=SHORTEST, at_most=LONGEST)
    tau_s = finite_number("tau_s", tau_s, "ms", at_least=0.0, at_most=LONGEST)
    one_of("model", model, MODELS)
    tau = {"tau_m": n.tau_m, "tau_eff": critical.effective_time(mu, sigma, *_membrane(n))}.get(model, 0.0)
    answer = critical.OWN if model == "lif" else critical.FILTERED
    f_max, pieces = critical.search_range(delay, float(siegert_rate(n, mu, sigma)))
    f = np.empty(1)
    loop_gain = critical.critical_point(answer, tau, mu, sigma, *_membrane(n), delay, tau_s, f_max, pieces, f)
    return float(loop_gain), float(f[0])


class MeanField:
    """The rates of a network, from theory.

    Parameters
    ----------
    populations : dict of str to Population
        With one mu for all neurons of a population.
    connections : sequence of Connection
    fluctuations : bool
        Whether spikes of the network add to the noise. False is the limit of many weak synapses with a given K J.

    Attributes
    ----------
    names : tuple of str
        Of populations, in the order of all arrays.

    Raises
    ------
    TypeError, ValueError
        As in `lifcore.network.Network`.

    Notes
    -----
    Noise is white: synapses are taken to be fast beside tau_m where it comes to their fluctuations, and efficacies to be
    small beside V_th - V_reset.

    References
    ----------
    D. J. Amit, N. Brunel, Model of global spontaneous activity and local structured activity during delay periods in the
    cerebral cortex, Cerebral Cortex 7 (1997), 237-252.  N. Brunel, Dynamics of sparsely connected networks of excitatory and
    inhibitory spiking neurons, Journal of Computational Neuroscience 8 (2000), 183-208.
    """

    def __init__(self, populations, connections, fluctuations: bool = True):
        self.populations, self.connections = checked_parts(populations, connections)
        self.fluctuations = flag("fluctuations", fluctuations)
        self.names = tuple(self.populations)
        self._neurons = [population.neuron for population in self.populations.values()]
        for name, population in self.populations.items():
            if np.ndim(population.mu):
                raise ValueError(f"mu of {name!r} must be one number for all neurons, got {population.size}")
        tau_m = np.array([n.tau_m for n in self._neurons])
        outside = self.populations.values()
        # In mV and Hz: ms times Hz is a thousandth.
        self._mu = np.array([p.mu + p.neuron.tau_m / 1000.0 * p.nu_ext * p.J_ext for p in outside])
        self._variance = np.array([p.sigma**2 + p.neuron.tau_m / 1000.0 * p.nu_ext * p.J_ext**2 for p in outside])
        self._ends = np.array(
            [[self.names.index(c.source), self.names.index(c.target)] for c in self.connections], int).reshape(-1, 2)
        K, J, square = np.array([self._moments(c) for c in self.connections]).reshape(-1, 3).T
        of_target = tau_m[self._ends[:, 1]] / 1000.0
        self._drive, self._noise = of_target * K * J, of_target * K * square * fluctuations
        size = len(self.names)
        self._drives, self._noises = np.zeros((size, size)), np.zeros((size, size))
        for (source, target), drive, noise in zip(self._ends, self._drive, self._noise, strict=True):
            self._drives[target, source] += drive
            self._noises[target, source] += noise

    def __repr__(self):
        return f"<mean field of {', '.join(self.names)}>"

    def _moments(self, connection):
        """Synapses of a target, mean efficacy and mean square of it."""
        target = self.populations[connection.target].size
        if connection.pairs is not None:
            J = np.broadcast_to(connection.J, connection.pairs[0].shape)
            return (J.size / target, J.mean(), np.mean(J**2) + connection.J_spread**2) if J.size else (0.0, 0.0, 0.0)
        K = connection.indegree
        if K is None:
            K = connection.probability * possible_sources(self.populations, connection)
        return K, connection.J, connection.J**2 + connection.J_spread**2

    # Stationary states.

    def inputs(self, nu) -> tuple[np.ndarray, np.ndarray]:
        """What neurons get where the populations have given rates.

        Parameters
        ----------
        nu : array_like, shape (..., populations)
            Rates in Hz, at least 0.

        Returns
        -------
        mu, sigma : ndarray, shape (..., populations)
            In mV.
        """
        nu = finite_array("nu", nu, "Hz", at_least=0.0)
        if nu.shape[-1:] != (len(self.names),):
            raise ValueError(f"nu must have a rate for each of {len(self.names)} populations, got shape {nu.shape}")
        return self._mu + nu @ self._drives.T, np.sqrt(self._variance + nu @ self._noises.T)

    def response(self, nu) -> np.ndarray:
        """Rates that neurons would fire at, given the rates that populations have: equal at a fixed point.

        Parameters
        ----------
        nu : array_like, shape (..., populations)
            In Hz.

        Returns
        -------
        ndarray, shape (..., populations)
            In Hz.
        """
        mu, sigma = self.inputs(nu)
        return np.stack([siegert_rate(n, mu[..., i], sigma[..., i]) for i, n in enumerate(self._neurons)], axis=-1)

    def fixed_point(self, nu) -> FixedPoint:
        """The state with given rates, for example those of a network; whether it is one, `response` tells.

        Parameters
        ----------
        nu : array_like, shape (populations,)
            In Hz.

        Returns
        -------
        FixedPoint
        """
        mu, sigma = self.inputs(nu)
        if mu.ndim != 1:
            raise ValueError(f"nu must have one rate for each of {len(self.names)} populations, got shape {np.shape(nu)}")
        return FixedPoint(np.array(nu, dtype=float), mu, sigma)

    def fixed_points(self) -> list[FixedPoint]:
        """All stationary states.

        Rates from 0 to the highest possible ones, 1 / t_ref, are divided by a grid; where in one of its cells every
        population's rate passes the rate that it would fire at (in at most three hundred of such cells), Newton's method looks
        for the point. Stable and unstable ones are counted, in a way that must give 1; if it does not, wider cells are looked
        into, and the lines between points. Of more than three populations it starts from three hundred points at random, which
        may miss some.

        Returns
        -------
        list of FixedPoint
            By the rates of the first population. Where their count shows that some are missing, a warning says so. Without a
            refractory period a rate has no bound: of those above 100,000 Hz nothing is found, and a mean field whose rates
            diverge may have no fixed point at all.
        """
        size = len(self.names)
        highest = np.array([1000.0 / n.t_ref if n.t_ref > 0.0 else HIGHEST for n in self._neurons])
        bounded = size in GRID and all(n.t_ref > 0.0 for n in self._neurons)
        found = []
        for cells in (
                lambda: self._cells(size, highest), lambda: self._cells(size, highest, reach=3), lambda: self._between(found)):
            self._look(found, *cells(), highest)
            if not bounded or self._index(found) == 1:
                break
        else:
            warnings.warn(f"{self!r} has more fixed points than the {len(found)} that were found", stacklevel=2)
        return [self.fixed_point(nu) for nu in sorted(found, key=tuple)]

    def _look(self, found, lows, highs, highest):
        """Adds to `found` the fixed points near the middles of cells."""
        for low, high in zip(lows, highs, strict=True):
            nu = self._newton(0.5 * (low + high), highest)
            if nu is None and len(self.names) == 1:
                nu = self._halved(low, high)
            if nu is not None and not any(np.allclose(nu, other, rtol=1e-6, atol=1e-9) for other in found):
                found.append(nu)

    def _between(self, found):
        """Points on the lines between fixed points, each as a cell without a width."""
        points = [
            (1.0 - u) * a + u * b for a, b in itertools.combinations(found, 2) for u in np.linspace(0.0, 1.0, 22)[1:-1]]
        return points, points

    def _index(self, found):
        """Of all fixed points 1: a continuous map of a box into itself has the degree 1 (Brouwer 1911)."""
        # Without noise gains may be infinite.
        gains = [self._gains(nu) for nu in found]
        if any(np.any(self.inputs(nu)[1] <= 0.0) for nu in found) or not np.all(np.isfinite(gains)):
            return 1
        return sum(int(np.sign(np.linalg.det(np.eye(len(self.names)) - gain))) for gain in gains)

    def _halved(self, low, high):
        """Where the rate of a single population passes the rate that it would fire at, however steeply; or None."""
        first, last = self.response(low) - low, self.response(high) - high
        if not np.all(first * last < 0.0):
            return None
        while np.all((low < 0.5 * (low + high)) & (0.5 * (low + high) < high)):
            middle = 0.5 * (low + high)
            if np.all((self.response(middle) > middle) == (first > 0.0)):
                low = middle
            else:
                high = middle
        return high

    def _cells(self, size, highest, reach=2):
        if size not in GRID:
            u = np.random.default_rng(0).random((STARTS, size))
            return (highest * FINEST**(1.0 - u),) * 2
        part = np.expm1(np.linspace(0.0, 1.0, GRID[size]) * -math.log(FINEST)) / (1.0 / FINEST - 1.0)
        part[-1] = 1.0
        grid = np.stack(np.meshgrid(*(part * top for top in highest), indexing="ij"), axis=-1)
        passed = self.response(grid) - grid
        corners = [
            passed[tuple(slice(k, k - reach + 1 or None) for k in corner)]
            for corner in itertools.product(range(reach), repeat=size)]
        within = np.all((np.min(corners, axis=0) <= 0.0) & (np.max(corners, axis=0) >= 0.0), axis=-1)
        low, high = grid[(slice(None, 1 - reach),) * size][within], grid[(slice(reach - 1, None),) * size][within]
        # Where populations are alike, their curves lie together over many cells.
        some = np.unique(np.linspace(0, len(low) - 1, min(len(low), STARTS)).astype(int))
        return low[some], high[some]

    def _newton(self, nu, highest):
        """A fixed point near nu, or None."""
        error = self.response(nu) - nu
        for _ in range(60):
            size = np.max(np.abs(error) / (np.abs(nu) + 1e-12))
            if size < 1e-13:
                break
            gains = self._gains(nu)
            if not np.all(np.isfinite(gains)):
                break
            step = np.linalg.lstsq(np.eye(nu.size) - gains, error, rcond=None)[0]
            for _ in range(30):
                after = np.clip(nu + step, 0.0, highest)
                new = self.response(after) - after
                if np.linalg.norm(new) < np.linalg.norm(error) or np.all(new == 0.0):
                    break
                step = 0.5 * step
            else:
                break
            nu, error = after, new
        return nu if np.all(np.abs(error) <= 1e-9 * nu + 1e-12) else None

    def _gains(self, nu):
        """d Phi_i / d nu_j."""
        mu, sigma = self.inputs(nu)
        gains = np.zeros((len(self.names), len(self.names)))
        for i, n in enumerate(self._neurons):
            if sigma[i] > 0.0:
                of_mu, of_sigma = (static_gain(n, mu[i], sigma[i], of) for of in ("mu", "sigma"))
                gains[i] = of_mu * self._drives[i] + of_sigma * self._noises[i] / (2.0 * sigma[i])
            else:
                step = 1e-6 * (n.V_th - n.V_reset)
                gains[i] = (siegert_rate(n, mu[i] + step, 0.0) - siegert_rate(n, mu[i] - step, 0.0)) / (
                    2.0 * step) * self._drives[i]
        return gains

    # Small oscillations.

    def susceptibilities(self, point: FixedPoint, f, model: str = "lif", of: str = "mu") -> np.ndarray:
        """Linear response of each population to a modulation of its drive or noise.

        Parameters
        ----------
        point : FixedPoint
            With noise in every population.
        f : array_like
            Frequencies in Hz, at least 0.
        model : {"lif", "static", "tau_m", "tau_eff"}
            The neuron's own susceptibility; its static gain at all frequencies; or the static gain divided by
            1 + i 2 pi f tau, with tau_m or with `effective_time_constant`.
        of : {"mu", "sigma"}

        Returns
        -------
        ndarray of complex128, shape (..., populations)
            In Hz/mV.
        """
        self._check(point, model)
        f = finite_array("f", f, "Hz", at_least=0.0)
        found = []
        for i, n in enumerate(self._neurons):
            mu, sigma = point.mu[i], point.sigma[i]
            if model == "lif":
                found.append(susceptibility(n, mu, sigma, f, of))
                continue
            tau = 0.0
            if model != "static":
                tau = n.tau_m if model == "tau_m" else effective_time_constant(n, mu, sigma)
            found.append(static_gain(n, mu, sigma, of) / (1.0 + 2j * math.pi * f * tau / 1000.0))
        return np.stack(found, axis=-1)

    def loop(self, point: FixedPoint, f, model: str = "lif") -> np.ndarray:
        """The factor by which small oscillations of rates come back, once round the network.

        Parameters
        ----------
        point, f, model
            As in `susceptibilities`.

        Returns
        -------
        ndarray of complex128, shape (..., populations, populations)
            L[..., i, j]: of the rate of population i, in response to that of j.
        """
        of_mu, of_sigma = (self.susceptibilities(point, f, model, of) for of in ("mu", "sigma"))
        f = np.asarray(f, dtype=float)
        found = np.zeros((*f.shape, len(self.names), len(self.names)), complex)
        for k, connection in enumerate(self.connections):
            source, target = self._ends[k]
            turn = 2j * math.pi * f * connection.tau_s / 1000.0
            drive, noise = self._delayed(k, f)
            found[..., target, source] += (
                of_mu[..., target] * drive / (1.0 + turn)
                + of_sigma[..., target] * noise / (2.0 * point.sigma[target]) / (1.0 + 0.5 * turn))
        return found

    def _delayed(self, k, f):
        """Drive and noise through connection k, the part of each synapse times exp(-i 2 pi f delay)."""
        connection, x = self.connections[k], 2.0 * math.pi * f / 1000.0
        if np.ndim(connection.delay):
            # Strong synapses may be sooner than weak ones.
            delays, which = np.unique(connection.delay, return_inverse=True)
            J = np.broadcast_to(connection.J, which.shape)
            target = self.populations[connection.target]
            phases = np.exp(-1j * x[..., None] * delays) * (target.neuron.tau_m / 1000.0 / target.size)
            noise = phases @ np.bincount(which, J**2 + connection.J_spread**2)
            return phases @ np.bincount(which, J), noise * self.fluctuations
        half = 0.5 * connection.delay_spread
        phase = np.exp(-1j * x * (connection.delay + half)) * np.sinc(x * half / math.pi)
        return self._drive[k] * phase, self._noise[k] * phase

    def _points(self, f_max, fewest):
        """How many frequencies up to f_max it takes to follow the turns of the longest delay."""
        longest = max((np.max(c.delay, initial=0.0) + c.delay_spread for c in self.connections), default=0.0)
        points = max(fewest, math.ceil(TURN * f_max * longest / 1000.0))
        if points > MOST_POINTS:
            raise ValueError(
                f"delay must be at most {MOST_POINTS * 1000.0 / (TURN * f_max):g} ms for frequencies up to {f_max:g} Hz, "
                f"got {longest:g} ms")
        return points

    def nyquist(self, point: FixedPoint, f, model: str = "lif") -> np.ndarray:
        """det(1 - L): it circles 0 clockwise once for every mode that grows, as f goes from minus to plus infinity.

        Parameters
        ----------
        point, f, model
            As in `susceptibilities`.

        Returns
        -------
        ndarray of complex128
            In the shape of `f`.
        """
        return np.linalg.det(np.eye(len(self.names)) - self.loop(point, f, model))

    def unstable_modes(self, point: FixedPoint, model: str = "lif") -> float:
        """How many modes grow: 0 for a stable state, infinity where they never end.

        Parameters
        ----------
        point, model
            As in `susceptibilities`. A mode that oscillates counts twice, with its complex conjugate.

        Returns
        -------
        float

        Notes
        -----
        A rate equation whose `effective_time_constant` is negative has a mode that grows without any coupling; it is counted.
        """
        self._check(point, model)
        # Poles of L on the right: what the curve does not tell.
        alone = 0
        if model == "tau_eff":
            alone = sum(effective_time_constant(n, *given) < 0.0 for n, *given in zip(
                self._neurons, point.mu, point.sigma, strict=True))
        top = 1000.0
        while np.max(np.abs(np.linalg.eigvals(self.loop(point, np.linspace(top, 2.0 * top, 64), model)))) >= 1.0:
            top *= 2.0
            if top > MOST_FREQUENCY:
                return math.inf
        f = np.concatenate([[0.0], np.geomspace(1e-3, 0.1, 40), np.linspace(0.1, top, self._points(top, 4000))[1:]])
        values = self.nyquist(point, f, model)
        for _ in range(40):
            turned = np.abs(np.angle(values[1:] / values[:-1]))
            wide = np.flatnonzero(turned > 0.3)
            if wide.size == 0:
                break
            between = 0.5 * (f[wide] + f[wide + 1])
            f = np.insert(f, wide + 1, between)
            values = np.insert(values, wide + 1, self.nyquist(point, between, model))
        total = float(np.sum(np.angle(values[1:] / values[:-1])))
        # What is left up to infinity, where det(1 - L) is 1.
        total -= math.remainder(total + float(np.angle(values[0])), 2.0 * math.pi)
        return float(round(-total / math.pi) + alone)

    def critical_couplings(self, point: FixedPoint, model: str = "lif", f_max: float = 1000.0) -> list[tuple[float, float]]:
        """Factors by which all couplings can be multiplied until a mode neither grows nor decays, the state held fixed.

        Parameters
        ----------
        point, model
            As in `susceptibilities`.
        f_max : float
            Highest frequency in Hz that is looked at.

        Returns
        -------
        list of (factor, f)
            Rising; f in Hz. The first is where the state loses its stability, if it is stable without coupling. Every population
            is, and every rate equation but one with a negative `effective_time_constant`.
        """
        self._check(point, model)
        f_max = finite_number("f_max", f_max, "Hz", at_least=SMALLEST, at_most=MOST_POINTS)
        low = min(1.0, 0.5 * f_max)
        fewest = max(400.0, f_max, min(50.0 * f_max / max(float(np.min(point.nu)), 1.0), 5_000.0))
        grid = np.concatenate([
            [0.0], np.geomspace(1e-3 * low, low, 40), np.linspace(low, f_max, self._points(f_max, math.ceil(fewest)))[1:]])
        branches = np.linalg.eigvals(self.loop(point, grid, model))
        for k in range(1, len(grid)):
            # Eigenvalues have no order: each goes on as the nearest.
            before, after = branches[k - 1], branches[k]
            branches[k] = after[linear_sum_assignment(np.abs(before[:, None] - after))[1]]
        # Of an eigenvalue that is 0 for all frequencies only rounding errors are seen.
        least = 1e-9 * np.max(np.abs(branches))
        found = [
            (float(1.0 / value.real), 0.0) for value in branches[0] if value.real > least and abs(value.imag) < 1e-9 * value.real]
        for branch in branches.T:
            for k in np.flatnonzero(branch.imag[1:-1] * branch.imag[2:] < 0.0) + 1:
                if max(branch.real[k], branch.real[k + 1]) <= least:
                    continue

                def crossing(f, near=branch[k:k + 2], low=grid[k], high=grid[k + 1]):
                    values = np.linalg.eigvals(self.loop(point, f, model))
                    line = near[0] + (near[1] - near[0]) * (f - low) / (high - low)
                    return values[np.argmin(np.abs(values - line))]

                if np.sign(crossing(grid[k]).imag) == np.sign(crossing(grid[k + 1]).imag):
                    continue
                f = brentq(lambda f: crossing(f).imag, grid[k], grid[k + 1], xtol=1e-12, rtol=1e-14)
                value = crossing(f).real
                if value > least:
                    found.append((float(1.0 / value), float(f)))
        return sorted(found)

    def closed_loop(self, point: FixedPoint, f, model: str = "lif") -> np.ndarray:
        """Linear response of the rates to a modulation of the drive, with all feedback.

        Parameters
        ----------
        point, f, model
            As in `susceptibilities`.

        Returns
        -------
        ndarray of complex128, shape (..., populations, populations)
            In Hz/mV: of population i, in response to the external drive of j.
        """
        chi = self.susceptibilities(point, f, model)
        return np.linalg.inv(np.eye(len(self.names)) - self.loop(point, f, model)) * chi[..., None, :]

    def activity_spectrum(self, point: FixedPoint, f) -> np.ndarray:
        """Power spectrum of each population's activity times its size, in a stable state of a large network.

        Independent spike trains, amplified by feedback (Lindner, Doiron & Longtin 2005; Brunel & Hakim 1999).

        Parameters
        ----------
        point, f
            As in `susceptibilities`.

        Returns
        -------
        ndarray, shape (..., populations)
            Two-sided, in Hz.

        References
        ----------
        B. Lindner, B. Doiron, A. Longtin, Theory of oscillatory firing induced by spatially correlated noise and delayed
        inhibitory feedback, Physical Review E 72 (2005), 061919.
        """
        self._check(point, "lif")
        f = finite_array("f", f, "Hz", at_least=0.0)
        sizes = np.array([population.size for population in self.populations.values()], dtype=float)
        single = np.stack([
            spike_spectrum(n, point.mu[i], point.sigma[i], f) for i, n in enumerate(self._neurons)], axis=-1)
        feedback = np.linalg.inv(np.eye(len(sizes)) - self.loop(point, f))
        return sizes * np.sum(np.abs(feedback)**2 * (single / sizes)[..., None, :], axis=-1)

    def rate_error(self, point: FixedPoint, duration: float) -> np.ndarray:
        """Standard error of the mean rates that are counted in a run of a network, in a stable state.

        Parameters
        ----------
        point
            As in `susceptibilities`.
        duration : float
            Time counted in ms, long beside all that the network remembers.

        Returns
        -------
        ndarray, shape (populations,)
            In Hz, the root of S(0) / (N T) with the spectrum S of `activity_spectrum`, N neurons and the time T.

        Notes
        -----
        It is the error of chance, by which runs of one length differ. Beside it the mean rates of a finite network differ from
        those of `fixed_points` by a part of the order 1 / N. Where all are connected to all by inhibition with a loop gain of 4
        (drive 15 mV, noise 5 mV, reset 10 mV above rest, delay 2 ms; stable up to 4.7) the rate is higher than without
        `fluctuations` by 61 Hz / N, that is 1.3 per cent of it for 500 neurons. With `fluctuations` the difference is 0.3 per
        cent for 250 neurons and within 0.1 per cent from 500 on, of which 0.05 per cent come from time steps of 0.1 ms in the
        simulation. As near to the loss of stability as this, runs of 500 neurons scatter by 1.3 times the standard error,
        those of 2,000 by the standard error.
        """
        duration = finite_number("duration", duration, "ms", above=0.0)
        sizes = np.array([population.size for population in self.populations.values()], dtype=float)
        return np.sqrt(self.activity_spectrum(point, 0.0) * 1000.0 / (sizes * duration))

    def _check(self, point, model):
        if not isinstance(point, FixedPoint) or np.shape(point.nu) != (len(self.names),):
            raise TypeError(f"point must be a FixedPoint of this mean field, got {point!r}")
        one_of("model", model, MODELS)
        if np.any(point.sigma <= 0.0):
            name = self.names[int(np.argmin(point.sigma))]
            raise ValueError(f"point must have noise in every population, got sigma = 0 in {name!r}")

    # Rates in time.

    def integrate(self, duration: float, dt: float = 0.1, nu0=None, tau="tau_m", signals=None) -> tuple[np.ndarray, np.ndarray]:
        """Rate equations in time, as Wilson & Cowan have them: tau d nu / dt = -nu + Phi(mu, sigma).

        Parameters
        ----------
        duration : float
            In ms, a multiple of `dt`.
        dt : float
            Time step in ms, at most the shortest delay.
        nu0 : array_like, shape (populations,), optional
            Rates in Hz at t = 0 and ever before; 0 if not given.
        tau : {"tau_m", "static"} or array_like, shape (populations,)
            Time constants in ms, at least 0, with which rates follow: those of the membranes, 0 for all, or others.
        signals : dict of str to array_like, shape (steps,), optional
            Drive in mV that is added to `mu` of a population, at the end of each step.

        Returns
        -------
        times : ndarray, shape (steps + 1,)
            In ms.
        nu : ndarray, shape (populations, steps + 1)
            In Hz.

        Raises
        ------
        RuntimeError
            If a rate diverges.

        References
        ----------
        H. R. Wilson, J. D. Cowan, Excitatory and inhibitory interactions in localized populations of model neurons,
        Biophysical Journal 12 (1972), 1-24.
        """
        dt = finite_number("dt", dt, "ms", above=0.0)
        steps, size = _multiple("duration", finite_number("duration", duration, "ms", above=0.0), dt), len(self.names)
        nu = np.zeros(size) if nu0 is None else finite_array("nu0", nu0, "Hz", at_least=0.0).copy()
        if nu.shape != (size,):
            raise ValueError(f"nu0 must have a rate for each of {size} populations, got shape {nu.shape}")
        if isinstance(tau, str):
            if tau not in ("tau_m", "static"):
                raise ValueError(f"tau must be 'tau_m', 'static' or a time for each population, got {tau!r}")
            tau = [n.tau_m if tau == "tau_m" else 0.0 for n in self._neurons]
        tau = finite_array("tau", tau, "ms", at_least=0.0)
        if tau.shape != (size,):
            raise ValueError(f"tau must have a time for each of {size} populations, got shape {tau.shape}")
        signal = np.zeros((size, steps))
        for name, values in checked_signals(self.names, signals, steps).items():
            signal[self.names.index(name)] = values
        if np.any(self._variance <= 0.0):
            raise ValueError(
                f"sigma of {self.names[int(np.argmin(self._variance))]!r} must be greater than 0 in a rate equation, got 0")
        populations = np.array([
            (n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, self._mu[i], self._variance[i], tau[i])
            for i, n in enumerate(self._neurons)])
        ends = np.zeros((len(self.connections), 3), np.int32)
        ends[:, :2] = self._ends
        numbers = np.zeros((len(self.connections), 3))
        for k, connection in enumerate(self.connections):
            if np.ndim(connection.delay) or connection.delay_spread > 0.0:
                raise ValueError(f"delay of connections[{k}] must be one number in a rate equation")
            ends[k, 2] = _multiple(f"delay of connections[{k}]", connection.delay, dt)
            numbers[k] = self._drive[k], self._noise[k], connection.tau_s
        history = np.repeat(nu[:, None], int(ends[:, 2].max(initial=1)) + 1, axis=1)
        start, out = nu.copy(), np.empty((size, steps))
        kernels.rate_steps(
            populations, numbers, ends, signal, dt, 0, nu, nu[self._ends[:, 0]], self.response(start), history, out)
        away = ~(out <= max(DIVERGED, start.max()))
        if np.any(away):
            step = int(np.argmax(away.any(axis=0)))
            raise RuntimeError(
                f"rate of {self.names[int(np.argmax(away[:, step]))]!r} diverges: beyond {DIVERGED:g} Hz after "
                f"{(step + 1) * dt:g} ms; efficacies are too strong for neurons without a refractory period")
        return np.arange(steps + 1) * dt, np.concatenate([start[:, None], out], axis=1)

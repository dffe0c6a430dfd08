"""Networks of LIF neurons: populations, random connections, and their simulation.

    tau_m dV/dt = E_L + mu - V + I + sigma sqrt(tau_m) eta(t) + tau_m sum over spikes of J delta(t - t_k - delay)

Every connection has an efficacy J: a spike raises V by J, or, at synapses with a time constant tau_s, the current I by
J tau_m / tau_s, which then decays.  Either way a spike adds the same area J tau_m under V, so that n presynaptic neurons of
rate nu add the mean drive tau_m n J nu.  Compiled kernels in `lifcore.kernels.network` do the work.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, flag, instance_of, one_of, whole_number, words
from lifcore.kernels import network as kernels
from lifcore.kernels import random
from lifcore.neuron import LARGEST, LIF, SMALLEST
from lifcore.simulation import Spikes, _seed, population_rate, spike_train_spectrum

__all__ = ["Activity", "Connection", "Network", "Population", "brunel_network"]

MOST_SYNAPSES = 2**31 - 1
MOST_STEPS = 2**31 - 1
MOST_DELAY = 2**16 - 1
MOST_NEURONS = 2**26
# Expected external spikes of one neuron in a step.
MOST_COUNTS = 1e4
# Spikes there is room for, for each neuron: so many in a step, beside what a refractory period allows.
AT_ONCE = 4
# Bins of a record.
MOST_BINS = 2**26
# Efficacies in mV of single synapses reach so far.
LARGEST_OWN = 1e30
# The share of pairs above which a bit for each pair is quicker than a list of the connected ones.
DENSE = 0.02


@dataclass(frozen=True, eq=False)
class Population:
    """Like neurons, and what they get from outside of the network.

    Parameters
    ----------
    size : int
        How many there are.
    neuron : LIF
    mu : array_like
        Mean external drive R I in mV above E_L: a number, or one for each neuron.
    sigma : float
        Amplitude of external white noise in mV, at least 0, for each neuron its own; see `lifcore.simulate`.
    nu_ext : float
        Rate in Hz, at least 0, of the external spikes that one neuron gets in all: independent Poisson trains.
    J_ext : float
        By how much one of them raises V, in mV.
    tau_ext : float
        Time constant of their synapses in ms; 0 for spikes that raise V at once.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    """

    size: int
    neuron: LIF
    mu: float | np.ndarray = 0.0
    sigma: float = 0.0
    nu_ext: float = 0.0
    J_ext: float = 0.0
    tau_ext: float = 0.0

    def __post_init__(self):
        size = whole_number("size", self.size, at_least=1)
        if size > MOST_NEURONS:
            raise ValueError(f"size must be at most {MOST_NEURONS:,} neurons, got {size:,}")
        instance_of("neuron", self.neuron, LIF, "a LIF neuron, as LIF(tau_m=20.0)")
        mu = finite_array("mu", self.mu, "mV", at_least=-LARGEST, at_most=LARGEST)
        if mu.shape not in ((), (size,)):
            raise ValueError(f"mu must be a number or have one value for each of {size} neurons, got shape {mu.shape}")
        values = {
            "size": size, "mu": float(mu) if mu.ndim == 0 else mu.copy(),
            "sigma": finite_number("sigma", self.sigma, "mV", at_least=0.0, at_most=LARGEST),
            "nu_ext": finite_number("nu_ext", self.nu_ext, "Hz", at_least=0.0),
            "J_ext": finite_number("J_ext", self.J_ext, "mV", at_least=-LARGEST, at_most=LARGEST),
            "tau_ext": finite_number("tau_ext", self.tau_ext, "ms", at_least=0.0)}
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if 0.0 < self.tau_ext < SMALLEST:
            raise ValueError(f"tau_ext must be 0 or at least {SMALLEST:g} ms, got {self.tau_ext:g} ms")


@dataclass(frozen=True, eq=False)
class Connection:
    """Synapses from one population to another, or to itself.

    Exactly one of `indegree`, `probability` and `pairs` says which.

    Parameters
    ----------
    source, target : str
        Names of populations.
    J : float or array_like, shape (synapses,)
        Efficacy in mV; negative for inhibition. One for each synapse goes with `pairs`.
    delay : float or array_like, shape (synapses,)
        From a spike to its arrival in ms, at least one time step. One for each synapse goes with `pairs`.
    indegree : int, optional
        Every target has so many different sources, drawn at random.
    probability : float, optional
        Every pair is connected with this probability, from 0 to 1.
    pairs : (array_like, array_like), optional
        Sources and targets of the synapses, counted within their populations; a pair may occur more than once.
    tau_s : float
        Time constant of the synapses in ms; 0 for spikes that raise V at once.
    J_spread : float
        Standard deviation of normally distributed efficacies in mV, around J.
    delay_spread : float
        Delays are uniform from `delay` to `delay` + `delay_spread`, in whole time steps.
    to_itself : bool
        Whether a neuron may be its own source, where sources are drawn and targets are the same population; `pairs` are
        taken as they are.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    """

    source: str
    target: str
    J: float | np.ndarray
    delay: float | np.ndarray
    indegree: int | None = None
    probability: float | None = None
    pairs: tuple | None = None
    tau_s: float = 0.0
    J_spread: float = 0.0
    delay_spread: float = 0.0
    to_itself: bool = False

    def __post_init__(self):
        for name in ("source", "target"):
            instance_of(name, getattr(self, name), str, "the name of a population")
        ways = [name for name in ("indegree", "probability", "pairs") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(
                f"exactly one of indegree, probability and pairs must be given, got {' and '.join(ways) or 'none'}")
        flag("to_itself", self.to_itself)
        values = {
            "J": finite_array("J", self.J, "mV", at_least=-LARGEST, at_most=LARGEST),
            "delay": finite_array("delay", self.delay, "ms", above=0.0),
            "tau_s": finite_number("tau_s", self.tau_s, "ms", at_least=0.0),
            "J_spread": finite_number("J_spread", self.J_spread, "mV", at_least=0.0, at_most=LARGEST),
            "delay_spread": finite_number("delay_spread", self.delay_spread, "ms", at_least=0.0)}
        if self.indegree is not None:
            values["indegree"] = whole_number("indegree", self.indegree, at_least=0)
        elif self.probability is not None:
            values["probability"] = finite_number("probability", self.probability, "", at_least=0.0, at_most=1.0)
        else:
            values["pairs"] = self._checked_pairs()
        for name in ("J", "delay"):
            given = values[name]
            if given.ndim and (self.pairs is None or given.shape != values["pairs"][0].shape):
                raise ValueError(
                    f"{name} must be a number" + (
                        f", or have one value for each of {values['pairs'][0].size} pairs" if self.pairs is not None
                        else " where sources are drawn at random") + f", got shape {given.shape}")
            if given.ndim and values[f"{name}_spread"] > 0.0:
                raise ValueError(
                    f"{name}_spread must be 0 where every synapse has its own {name}, got {values[f'{name}_spread']:g}")
            values[name] = given.copy() if given.ndim else float(given)
        if 0.0 < values["tau_s"] < SMALLEST:
            raise ValueError(f"tau_s must be 0 or at least {SMALLEST:g} ms, got {values['tau_s']:g} ms")
        if np.ndim(values["J"]) or values["J_spread"] > 0.0:
            # Efficacies of single synapses are kept as float32.
            finite_array("J", values["J"], "mV", at_least=-LARGEST_OWN, at_most=LARGEST_OWN)
            finite_number("J_spread", values["J_spread"], "mV", at_most=LARGEST_OWN)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _checked_pairs(self):
        if not isinstance(self.pairs, (tuple, list)) or len(self.pairs) != 2:
            raise TypeError(f"pairs must be (sources, targets), got {self.pairs!r}")
        sources, targets = (words(f"pairs[{k}]", values, 0, MOST_NEURONS - 1) for k, values in enumerate(self.pairs))
        if sources.ndim != 1 or sources.shape != targets.shape:
            raise ValueError(
                f"pairs must be two rows of the same length, got the shapes {sources.shape} and {targets.shape}")
        return sources.copy(), targets.copy()


@dataclass(frozen=True, eq=False)
class Activity:
    """What a network did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        Of each population, neurons counted within it; times in ms.
    duration : float
        Simulated time in ms.
    """

    spikes: dict[str, Spikes]
    duration: float

    def __getitem__(self, name: str) -> Spikes:
        return self.spikes[one_of("population", name, self.spikes)]

    def rates(self, start: float = 0.0) -> dict[str, float]:
        """Mean rate of each population.

        Parameters
        ----------
        start : float
            Time in ms from which on spikes count, from 0 to less than the duration.

        Returns
        -------
        dict of str to float
            In Hz.
        """
        start = self._start(start)
        return {
            name: 1000.0 * int(np.count_nonzero(spikes.spike_times >= start)) / (spikes.size * (self.duration - start))
            for name, spikes in self.spikes.items()}

    def rate(self, name: str, bin: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Rate of a population in time.

        Parameters
        ----------
        name : str
        bin : float
            Width of a bin in ms.

        Returns
        -------
        times, rates : ndarray, shape (bins,)
            Centres of bins in ms, and Hz, as `lifcore.population_rate` has them.
        """
        return population_rate(self[name], bin, self.duration)

    def raster(self, name: str, neurons: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Spikes as points.

        Parameters
        ----------
        name : str
        neurons : int, optional
            Only the first so many; all if not given.

        Returns
        -------
        times : ndarray, shape (spikes,)
            In ms, increasing.
        neurons : ndarray of int64, shape (spikes,)
        """
        spikes = self[name]
        count = spikes.size if neurons is None else whole_number("neurons", neurons, at_least=1)
        shown = spikes.spike_neurons < count
        times, which = spikes.spike_times[shown], spikes.spike_neurons[shown]
        order = np.argsort(times, kind="stable")
        return times[order], which[order]

    def spectrum(self, name: str, bin: float = 0.5, start: float = 0.0, segments: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """Power spectrum of the activity of a population, times its size.

        Independent neurons have the spectrum of one spike train, whatever their number; what they do together grows with it.

        Parameters
        ----------
        name : str
        bin : float
            Width of a bin in ms: frequencies go up to half its inverse; what lies above is folded
            back. Segments should last long beside one over the lowest frequency of interest.
        start : float
            Time in ms from which on spikes count.
        segments : int
            In how many segments the record is cut; their spectra are averaged.

        Returns
        -------
        f : ndarray, shape (frequencies,)
            In Hz, from one over the length of a segment.
        spectrum : ndarray, shape (frequencies,)
            Two-sided, in Hz.

        References
        ----------
        M. S. Bartlett, Smoothing periodograms from time-series with continuous spectra, Nature 161 (1948), 686-687.
        """
        segments = whole_number("segments", segments, at_least=1)
        bin = finite_number("bin", bin, "ms", above=0.0)
        start = self._start(start)
        if (self.duration - start) / bin > MOST_BINS:
            raise ValueError(f"bin must be at least {(self.duration - start) / MOST_BINS:g} ms, got {bin:g} ms")
        length = int((self.duration - start) / (bin * segments) * (1.0 + 1e-12))
        if length < 2:
            raise ValueError(
                f"bin must be at most half a segment of {max(0.0, self.duration - start) / segments:g} ms, got {bin:g} ms")
        spikes = self[name]
        counts, _ = np.histogram(spikes.spike_times, length * segments, (start, start + length * segments * bin))
        counts = counts.reshape(segments, length) - counts.mean()
        power = np.mean(np.abs(np.fft.rfft(counts, axis=1))**2, axis=0)
        f = np.fft.rfftfreq(length, bin / 1000.0)
        return f[1:], power[1:] / (length * bin / 1000.0 * spikes.size)

    def single_spectrum(self, name: str, f, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Power spectrum of single spike trains and its standard error, as `lifcore.spike_train_spectrum` has them.

        Parameters
        ----------
        name : str
        f : array_like
            Frequencies in Hz.
        start : float
            Time in ms from which on spikes count.

        Returns
        -------
        spectrum, standard_error : ndarray
            In Hz.
        """
        return spike_train_spectrum(self[name], self.duration, f, self._start(start))

    def _start(self, start):
        start = finite_number("start", start, "ms", at_least=0.0)
        if start >= self.duration:
            raise ValueError(f"start must be less than the duration of {self.duration:g} ms, got {start:g} ms")
        return start


def brunel_network(
    g: float, eta: float, excitatory: int = 10_000, indegree: int = 1000, J: float = 0.1, delay: float = 1.5,
    diffusion: bool = False,
) -> tuple[dict[str, Population], list[Connection]]:
    """The sparse network of Brunel (2000) as parts of a `Network` or a `lifcore.rates.MeanField`.

    Populations "E" and "I", four times as many excitatory neurons as inhibitory ones, all alike and with the same inputs:
    every neuron has `indegree` excitatory and a quarter as many inhibitory sources, and as many excitatory ones outside of the
    network as within.

    Parameters
    ----------
    g : float
        Efficacy of inhibition in units of that of excitation, at least 0.
    eta : float
        Rate of the neurons outside in units of that which brings the mean drive to threshold, at least 0.
    excitatory : int
        Excitatory neurons, a multiple of 4.
    indegree : int
        Excitatory sources of a neuron, a multiple of 4.
    J : float
        Efficacy of excitation in mV, greater than 0.
    delay : float
        From a spike to its arrival in ms.
    diffusion : bool
        Whether white noise of the same mean and variance stands for the spikes from outside.

    Returns
    -------
    populations : dict of str to Population
    connections : list of Connection

    References
    ----------
    N. Brunel, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons, Journal of Computational
    Neuroscience 8 (2000), 183-208, model A.

    Examples
    --------
    >>> populations, connections = brunel_network(g=5.0, eta=2.0)
    >>> populations["I"].size, populations["E"].nu_ext
    (2500, 20000.0)
    """
    flag("diffusion", diffusion)
    g = finite_number("g", g, "", at_least=0.0, at_most=LARGEST)
    eta = finite_number("eta", eta, "", at_least=0.0, at_most=LARGEST)
    J = finite_number("J", finite_number("J", J, "mV", above=0.0), "mV", at_least=SMALLEST, at_most=LARGEST)
    sizes = {}
    for name, given in (("excitatory", excitatory), ("indegree", indegree)):
        sizes[name] = whole_number(name, given, at_least=4)
        if given % 4:
            raise ValueError(f"{name} must be a multiple of 4, got {given}")
    n = LIF(V_reset=-60.0)
    mu = eta * (n.V_th - n.E_L)
    outside = {"mu": mu, "sigma": math.sqrt(J * mu)} if diffusion else {"nu_ext": 1000.0 * mu / (J * n.tau_m), "J_ext": J}
    populations = {
        "E": Population(sizes["excitatory"], n, **outside), "I": Population(sizes["excitatory"] // 4, n, **outside)}
    connections = [
        Connection(source, target, efficacy, delay, indegree=K) for source, efficacy, K in (
            ("E", J, sizes["indegree"]), ("I", -g * J, sizes["indegree"] // 4)) for target in "EI"]
    return populations, connections


def checked_parts(populations, connections) -> tuple[dict[str, Population], tuple[Connection, ...]]:
    """Populations and connections that fit together, or an error that names which does not."""
    if not isinstance(populations, dict) or not populations:
        raise TypeError(f"populations must be a dict of names to Population, got {populations!r}")
    for name, population in populations.items():
        if not isinstance(name, str) or not isinstance(population, Population):
            raise TypeError(f"populations must be a dict of names to Population, got {population!r} as {name!r}")
    if not isinstance(connections, (list, tuple)):
        raise TypeError(f"connections must be a list of Connection, got {connections!r}")
    populations, connections = dict(populations), tuple(connections)
    for k, connection in enumerate(connections):
        instance_of(f"connections[{k}]", connection, Connection, "a Connection")
        for end in ("source", "target"):
            one_of(f"{end} of connections[{k}]", getattr(connection, end), populations)
        most = possible_sources(populations, connection)
        if connection.indegree is not None and connection.indegree > most:
            raise ValueError(
                f"indegree of connections[{k}] must be at most {most}, of which a neuron of {connection.target!r} can choose, "
                f"got {connection.indegree}")
        if connection.pairs is not None:
            for end, values in zip(("source", "target"), connection.pairs, strict=True):
                size = populations[getattr(connection, end)].size
                if values.size and values.max() >= size:
                    raise ValueError(f"pairs of connections[{k}] must have {end}s from 0 to {size - 1}, got {values.max()}")
    return populations, connections


def possible_sources(populations, connection) -> int:
    """Among how many neurons a target of a connection finds its sources."""
    return populations[connection.source].size - (connection.source == connection.target and not connection.to_itself)


@dataclass
class _Projection:
    """The synapses of a connection as arrays: of each target where its sources begin, the sources, weights and delays."""

    connection: Connection
    begins: np.ndarray
    sources: np.ndarray
    weights: np.ndarray | None = None
    extra: np.ndarray | None = None
    delays: np.ndarray | None = None
    as_bits: bool = False
    begin: int = 0
    size: int = 0

    @property
    def is_uniform(self):
        """Whether all synapses have one efficacy and one delay."""
        return self.weights is None and self.extra is None and self.delays is None


class Network:
    """Populations and their connections, drawn once.

    Parameters
    ----------
    populations : dict of str to Population
    connections : sequence of Connection
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one, of the connections.

    Attributes
    ----------
    populations : dict of str to Population
    connections : tuple of Connection
    size : int
        Neurons in all.
    synapses : int
        Synapses in all.

    Raises
    ------
    TypeError, ValueError
        Naming the population or the number of the connection, and what is wrong.

    Examples
    --------
    >>> from lifcore import LIF
    >>> from lifcore.network import Connection, Network, Population
    >>> n = LIF(tau_m=20.0, R=1.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
    >>> net = Network(
    ...     {"E": Population(800, n, nu_ext=16_000.0, J_ext=0.1), "I": Population(200, n, nu_ext=16_000.0, J_ext=0.1)},
    ...     [Connection("E", "E", 0.1, 1.5, indegree=80), Connection("E", "I", 0.1, 1.5, indegree=80),
    ...      Connection("I", "E", -0.5, 1.5, indegree=20), Connection("I", "I", -0.5, 1.5, indegree=20)], rng=1)
    >>> net.synapses
    100000
    """

    def __init__(self, populations, connections=(), rng=None):
        self.populations, self.connections = checked_parts(populations, connections)
        sizes = [population.size for population in self.populations.values()]
        self.size = sum(sizes)
        if self.size > MOST_NEURONS:
            raise ValueError(f"populations must have at most {MOST_NEURONS:,} neurons, got {self.size:,}")
        self._first = dict(zip(self.populations, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        seed = _seed(rng)
        self._chunks = self._divide()
        self._projections = [self._drawn(k, connection, seed) for k, connection in enumerate(self.connections)]
        self.synapses = sum(projection.sources.size for projection in self._projections)
        if self.synapses > MOST_SYNAPSES:
            raise ValueError(f"connections must have at most {MOST_SYNAPSES:,} synapses, got {self.synapses:,}")
        self._arrange()

    def __repr__(self):
        sizes = ", ".join(f"{name} {population.size:,}" for name, population in self.populations.items())
        return f"<network of {sizes} neurons and {self.synapses:,} synapses>"

    def _divide(self):
        """Chunks of neurons, each of one population."""
        rows = []
        for number, (name, population) in enumerate(self.populations.items()):
            for first in range(0, population.size, kernels.CHUNK):
                rows.append((self._first[name] + first, min(kernels.CHUNK, population.size - first), number))
        return np.array(rows, np.int32)

    def _drawn(self, k, connection, seed):
        """Who is connected to whom, target after target."""
        sources, targets = (self.populations[name].size for name in (connection.source, connection.target))
        rng = _generator(seed, k)
        if connection.pairs is not None:
            order = np.lexsort((connection.pairs[0], connection.pairs[1]))
            chosen = connection.pairs[0][order].astype(np.int32)
            begins = np.concatenate([[0], np.cumsum(np.bincount(connection.pairs[1], minlength=targets))])
        else:
            others = connection.source == connection.target and not connection.to_itself
            indegrees = np.full(targets, connection.indegree) if connection.indegree is not None else rng.binomial(
                possible_sources(self.populations, connection), connection.probability, targets)
            begins = np.concatenate([[0], np.cumsum(indegrees)])
            if begins[-1] > MOST_SYNAPSES:
                raise ValueError(
                    f"connections[{k}] must have at most {MOST_SYNAPSES:,} synapses, got {begins[-1]:,}")
            order, chosen = None, np.empty(begins[-1], np.int32)
            streams = np.empty((4, targets), np.uint32)
            random.seed_streams(_stream_words(rng), 0, streams)
            kernels.draw_sources(streams, sources, others, begins.astype(np.int32), np.zeros(sources, np.uint8), chosen)
        projection = _Projection(connection, begins.astype(np.int32), chosen)
        if np.ndim(connection.J):
            projection.weights = connection.J[order].astype(np.float32)
        elif connection.J_spread > 0.0:
            projection.weights = rng.normal(connection.J, connection.J_spread, chosen.size).astype(np.float32)
        if np.ndim(connection.delay):
            projection.delays = connection.delay[order]
        elif connection.delay_spread > 0.0:
            projection.extra = rng.random(chosen.size, dtype=np.float32)
        return projection

    def _arrange(self):
        """All synapses, chunk of targets after chunk, and in each source after source; those of dense connections as bits."""
        chunks, names = self._chunks, list(self.populations)
        self._offsets = np.zeros((len(chunks), max(1, len(self._projections))), np.int32)
        sizes = [self.populations[p.connection.source].size for p in self._projections]
        mine = [
            [q for q, chunk in enumerate(chunks) if names[chunk[kernels.POPULATION]] == p.connection.target]
            for p in self._projections]
        for k, projection in enumerate(self._projections):
            pairs = sizes[k] * self.populations[projection.connection.target].size
            projection.as_bits = projection.connection.pairs is None and projection.is_uniform and (
                projection.sources.size > DENSE * pairs)
        listed = [p for p in self._projections if not p.as_bits]
        self._rows = np.empty(
            sum(len(mine[k]) * (sizes[k] + 1) for k, p in enumerate(self._projections) if not p.as_bits), np.int32)
        self._targets = np.empty(sum(p.sources.size for p in listed), np.uint16)
        self._bits = np.zeros(
            sum(len(mine[k]) * sizes[k] for k, p in enumerate(self._projections) if p.as_bits) * kernels.WORDS, np.uint64)
        row = base = of_bits = 0
        for k, projection in enumerate(self._projections):
            projection.begin, projection.size = base, projection.sources.size
            order = np.empty(projection.size, np.int32)
            delays = projection.delays if projection.delays is not None else projection.extra
            delays = None if delays is None else delays.astype(float)
            for q in mine[k]:
                first, size, _ = chunks[q].tolist()
                first -= self._first[projection.connection.target]
                if projection.as_bits:
                    kernels.arrange_bits(
                        projection.sources, projection.begins, first, first + size, self._bits[of_bits * kernels.WORDS:])
                    self._offsets[q, k] = of_bits
                    of_bits += sizes[k]
                    continue
                part = slice(*projection.begins[[first, first + size]].tolist())
                kernels.arrange(
                    projection.sources, projection.begins, first, first + size, base, self._rows[row:row + sizes[k] + 1],
                    self._targets[projection.begin:][part], order[part])
                if delays is not None:
                    kernels.sort_rows(
                        self._rows[row:row + sizes[k] + 1], base, delays, self._targets[projection.begin:][part], order[part])
                self._offsets[q, k] = row
                row += sizes[k] + 1
                base += part.stop - part.start
            # As they lie now; who they come from is known by where they lie.
            for name in ("weights", "delays", "extra"):
                values = getattr(projection, name)
                if values is not None:
                    setattr(projection, name, values[order])
            projection.sources = projection.begins = None

    def run(
        self, duration: float, dt: float = 0.1, rng=None, V0=None, signals=None, threads: int = 1, progress: bool = False
    ) -> Activity:
        """Simulate the network.

        Parameters
        ----------
        duration : float
            Simulated time in ms, a multiple of `dt`.
        dt : float
            Time step in ms: at most the shortest delay, and at most every tau_m. Delays that are numbers are multiples of
            it; those of single synapses are rounded to the nearest.
        rng : int or numpy.random.Generator, optional
            Seed, or the generator that draws one, of noise, external spikes and initial potentials. The same seed gives the
            same spikes, whatever the number of threads.
        V0 : dict of str to array_like, optional
            Potentials in mV at t = 0, below V_th: of each population a number, or one for each neuron. Populations that are
            not named begin uniformly between V_reset and V_th.
        signals : dict of str to array_like, shape (steps,), optional
            Drive in mV that is added to `mu` of all neurons of a population, constant during each step.
        threads : int
            How many threads divide the neurons among them.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        Activity

        Raises
        ------
        TypeError, ValueError
            Naming the argument, its value and what is allowed.
        RuntimeError
            If a population fires so often that no simulation with this `dt` makes sense: more than four spikes of a neuron
            in a step.

        References
        ----------
        S. Rotter, M. Diesmann, Exact digital simulation of time-invariant linear systems with applications to neuronal
        modeling, Biological Cybernetics 81 (1999), 381-402.  A. Morrison, C. Mehring, T. Geisel, A. Aertsen, M. Diesmann,
        Advancing the boundaries of high-connectivity network simulation with distributed computing, Neural Computation 17
        (2005), 1776-1801, for steps that a delay allows without asking others.
        """
        dt = finite_number("dt", dt, "ms", above=0.0)
        duration = finite_number("duration", duration, "ms", above=0.0)
        steps = _multiple("duration", duration, dt)
        for name, population in self.populations.items():
            if dt > population.neuron.tau_m:
                raise ValueError(
                    f"dt must be at most tau_m = {population.neuron.tau_m:g} ms of {name!r}, got {dt:g} ms")
        threads = whole_number("threads", threads, at_least=1)
        flag("progress", progress)
        seed = _seed(rng)
        simulation = _Simulation(self, dt, steps, seed, self._initial(V0, seed), checked_signals(self.populations, signals, steps))
        return simulation.run(duration, min(threads, len(self._chunks)), progress)

    def _initial(self, V0, seed):
        V0 = {} if V0 is None else V0
        instance_of("V0", V0, dict, "a dict of names to potentials")
        for name in V0:
            one_of("population of V0", name, self.populations)
        V = np.empty(self.size)
        rng = np.random.default_rng([*map(int, seed), 1])
        for name, population in self.populations.items():
            part, n = slice(self._first[name], self._first[name] + population.size), population.neuron
            drawn = rng.uniform(n.V_reset, n.V_th, population.size)
            if name in V0:
                drawn = finite_array(f"V0[{name!r}]", V0[name], "mV")
                if drawn.shape not in ((), (population.size,)):
                    raise ValueError(
                        f"V0[{name!r}] must be a number or have one value for each of {population.size} neurons, got shape "
                        f"{drawn.shape}")
                if np.any(drawn >= n.V_th):
                    raise ValueError(f"V0[{name!r}] must be less than V_th = {n.V_th:g} mV, got {np.max(drawn):g} mV")
            V[part] = drawn
        return V


def _generator(seed, k):
    """What the synapses of connection k are drawn with."""
    return np.random.default_rng([*map(int, seed), k])


def _stream_words(rng):
    """The two words that seed a stream for each target, with which it draws its sources."""
    return rng.integers(2**32, size=2, dtype=np.uint32)


def source_streams(seed: int, k: int) -> list[int]:
    """The words from which the page draws the sources of connection k, where every target has as many, as `Network` does.

    Parameters
    ----------
    seed : int
        As it is given to `Network`.
    k : int
        Number of the connection.
    """
    return _stream_words(_generator(_seed(seed), k)).tolist()


def spread_potentials(population: Population) -> np.ndarray:
    """Potentials in mV at the beginning of a run in the page: evenly from V_reset to V_th."""
    n, size = population.neuron, population.size
    return n.V_reset + (n.V_th - n.V_reset) * ((np.arange(size) + 0.5) / size)


def checked_signals(names, signals, steps) -> dict[str, np.ndarray]:
    """Drives of populations in time, or an error that names which is wrong."""
    signals = {} if signals is None else signals
    instance_of("signals", signals, dict, "a dict of names to drives")
    checked = {}
    for name, values in signals.items():
        one_of("population of signals", name, names)
        values = finite_array(f"signals[{name!r}]", values, "mV", at_least=-LARGEST, at_most=LARGEST)
        if values.shape != (steps,):
            raise ValueError(f"signals[{name!r}] must have one value for each of {steps} steps, got shape {values.shape}")
        checked[name] = values
    return checked


def _multiple(name, value, dt):
    """How many time steps, or an error."""
    steps = round(value / dt) if value / dt <= MOST_STEPS else 0
    if steps < 1 or abs(value - steps * dt) > 1e-9 * value:
        raise ValueError(f"{name} must be a multiple of dt = {dt:g} ms, from one to {MOST_STEPS} of it, got {value:g} ms")
    return steps


class _Simulation:
    """The flat arrays that the kernel takes, and the loop over windows of the shortest delay."""

    def __init__(self, net, dt, steps, seed, V, signals):
        self.net, self.dt, self.steps, self.signals = net, dt, steps, signals
        populations = list(net.populations.values())
        self.tau_s = [0.0]
        projections, self.J, self.synapses = self._tabulate()
        self.projections = projections
        self.constants = np.zeros((len(populations), kernels.CONSTANTS))
        self.external = np.zeros((len(populations), 3), np.int32)
        tables = []
        for k, population in enumerate(populations):
            n = population.neuron
            self.constants[k] = n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, population.sigma, population.J_ext
            table, least = _thresholds(list(net.populations)[k], population.nu_ext * dt / 1000.0)
            tables.append(table if population.J_ext != 0.0 else table[:0])
            self.external[k] = least, tables[-1].size, self._channel(population.tau_ext)
        self.thresholds = np.zeros((len(populations), max(table.size for table in tables)), np.int32)
        for k, table in enumerate(tables):
            self.thresholds[k, :table.size] = (table ^ kernels.TOP_BIT).view(np.int32)
        self.tau_s = np.array(self.tau_s)
        self.V, self.wait, self.normals = V, np.zeros(net.size), np.zeros((2, net.size))
        self.words = np.empty((4, net.size), np.uint32)
        random.seed_streams(seed, 0, self.words)
        self.mu = np.concatenate([np.broadcast_to(population.mu, population.size) for population in populations])
        self.currents = np.zeros((self.tau_s.size, net.size))
        self.ring = np.zeros((self.tau_s.size, self.longest + 1, net.size))
        chunks = net._chunks
        per_step = max(
            AT_ONCE * self.window if n.t_ref == 0.0 else math.ceil(self.window * dt / n.t_ref) + 1
            for n in (population.neuron for population in populations))
        room = int(chunks[:, kernels.SIZE].max()) * max(1, min(per_step, AT_ONCE * self.window))
        self.spikes = [
            (np.zeros((len(chunks), room)), np.zeros((len(chunks), room), np.int32), np.zeros((len(chunks), room), np.int32),
             np.zeros(len(chunks), np.int32)) for _ in range(2)]

    def _channel(self, tau_s):
        if tau_s not in self.tau_s:
            self.tau_s.append(tau_s)
        return self.tau_s.index(tau_s)

    def _tabulate(self):
        """Projections as the kernel takes them; sets the shortest and the longest delay in steps."""
        net, dt = self.net, self.dt
        table = np.zeros((len(net._projections), kernels.PROJECTION_COLUMNS), np.int32)
        J, synapses, names = np.zeros(len(table)), [np.zeros(0, np.uint64)], list(net.populations)
        shortest, longest, kept = [], [], 0
        for k, projection in enumerate(net._projections):
            connection, row = projection.connection, table[k]
            row[kernels.SOURCE], row[kernels.TARGET] = net._first[connection.source], names.index(connection.target)
            row[kernels.SOURCES_END] = row[kernels.SOURCE] + net.populations[connection.source].size
            row[kernels.CHANNEL] = self._channel(connection.tau_s)
            row[kernels.WEIGHT] = kernels.BITS if projection.as_bits else kernels.SAME
            if projection.weights is None:
                J[k] = connection.J
            else:
                row[kernels.WEIGHT] = kernels.OWN
            steps = None
            if projection.delays is None and projection.extra is None:
                row[kernels.DELAY] = _multiple(f"delay of connections[{k}]", connection.delay, dt)
                found = row[[kernels.DELAY, kernels.DELAY]]
            else:
                steps = projection.delays if projection.delays is not None else (
                    connection.delay + projection.extra.astype(float) * connection.delay_spread)
                steps, row[kernels.DELAY] = np.rint(steps / dt), kernels.SAME
                found = (steps.min(), steps.max()) if steps.size else (1, 1)
            if found[0] < 1 or found[1] > MOST_DELAY:
                wrong = found[0] if found[0] < 1 else found[1]
                raise ValueError(
                    f"delay of connections[{k}] must be from one to {MOST_DELAY} steps of dt = {dt:g} ms, got {wrong * dt:g} ms")
            if not projection.is_uniform:
                row[kernels.SHIFT] = projection.begin - kept
                words = net._targets[projection.begin:projection.begin + projection.size].astype(np.uint64)
                if steps is not None:
                    words |= steps.astype(np.uint64) << kernels.SIXTEEN
                if projection.weights is not None:
                    words |= projection.weights.view(np.uint32).astype(np.uint64) << np.uint64(32)
                synapses.append(words)
                kept += words.size
            shortest.append(int(found[0]))
            longest.append(int(found[1]))
        # Nobody to wait for: windows of a hundred steps.
        self.window, self.longest = min(shortest, default=100), max(longest, default=1)
        return table, J, np.concatenate(synapses)

    def run(self, duration, threads, progress):
        net, chunks = self.net, self.net._chunks
        share = np.linspace(0, len(chunks), threads + 1).astype(int)
        room = self.spikes[0][1].size
        works = [
            (np.empty(kernels.WORK), np.empty(kernels.WORK_WORDS, np.uint32), np.empty(kernels.COUNTS, np.int32),
             np.empty(kernels.PLANES, np.uint64), np.empty((2, room), np.int32), np.empty((2, self.window + 1), np.int32))
            for _ in range(threads)]
        listed, ends = np.empty(room, np.int32), np.zeros(self.window + 1, np.int32)
        times, neurons = [], []
        kernels.network_steps.dispatcher
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(concurrent.futures.ThreadPoolExecutor(threads)) if threads > 1 else None
            bar = None
            if progress:
                from tqdm.auto import tqdm

                bar = stack.enter_context(tqdm(total=self.steps, unit="step"))
            for number, first in enumerate(range(0, self.steps, self.window)):
                count = min(self.window, self.steps - first)
                signal = np.zeros((len(net.populations), count))
                for k, name in enumerate(net.populations):
                    if name in self.signals:
                        signal[k] = self.signals[name][first:first + count]
                past, present = self.spikes[number % 2], self.spikes[1 - number % 2]
                before = max(0, first - self.window)
                kernels.list_spikes(*past[1:], before, listed, ends)

                def task(k):
                    return kernels.network_steps(
                        share[k], share[k + 1], chunks, self.constants, self.external, self.thresholds, self.tau_s, self.mu,
                        signal, self.projections, self.J, net._offsets, net._rows, net._targets, self.synapses,
                        net._bits, self.dt, before, first, count, self.V, self.wait, self.words, self.normals, self.currents,
                        self.ring, *works[k], listed, ends, *present)

                for stopped in executor.map(task, range(threads)) if executor else map(task, range(threads)):
                    if stopped >= 0:
                        name = list(net.populations)[chunks[stopped, kernels.POPULATION]]
                        raise RuntimeError(
                            f"population {name!r} fires more than {AT_ONCE} spikes a neuron and step, after "
                            f"{first * self.dt:g} ms: efficacies or drives let its rate diverge, or dt = {self.dt:g} ms is too "
                            "long")
                for q in np.flatnonzero(present[3]):
                    times.append(present[0][q, :present[3][q]].copy())
                    neurons.append(present[1][q, :present[3][q]].copy())
                if bar is not None:
                    bar.update(count)
        times = np.concatenate([np.zeros(0), *times])
        neurons = np.concatenate([np.zeros(0, np.int32), *neurons])
        return Activity({name: self._of(name, times, neurons) for name in net.populations}, duration)

    def _of(self, name, times, neurons):
        first, size = self.net._first[name], self.net.populations[name].size
        inside = (neurons >= first) & (neurons < first + size)
        times, which = times[inside], neurons[inside].astype(np.int64) - first
        # Each neuron's own spikes are in order.
        order = np.argsort(which, kind="stable")
        return Spikes(times[order], which[order], size)


def _thresholds(name, mean):
    """Words from which on a Poisson variable is 1 more, beginning with the first possible one, and the count before it."""
    from scipy.special import pdtr

    if mean > MOST_COUNTS:
        raise ValueError(
            f"nu_ext of {name!r} must be at most {MOST_COUNTS:g} spikes in a step, got {mean:g}: use mu and sigma, or a shorter dt")
    if mean == 0.0:
        return np.zeros(0, np.uint32), 0
    counts = np.arange(max(0, int(mean - 12.0 * math.sqrt(mean)) - 12), int(mean + 12.0 * math.sqrt(mean)) + 20)
    table = np.rint(pdtr(counts, mean) * 2.0**32)
    kept = (table > 0.0) & (table < 2.0**32)
    return table[kept].astype(np.uint32), int(counts[0] + np.count_nonzero(table == 0.0))

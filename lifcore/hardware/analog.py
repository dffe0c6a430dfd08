"""Analog silicon: a neuron that is a circuit, and not the solution of its equation.

    C dV/dt = I h(V) - g_L V_lin tanh((V - E_L) / V_lin);    V reaches V_th: a spike, then V = V_reset for t_ref
    h(V) = 1 - exp(-3 (V_DD - V) / V_comp)

A capacitor is the membrane.  The leak is an amplifier (an OTA) that saturates at the current g_L V_lin, or a resistor, which
is V_lin = inf.  The input is a current source that fades as V comes within V_comp of the supply V_DD, or of ground if it
draws current.  A comparator finds the threshold, and a one-shot holds the reset switch closed for t_ref.

Units here: µs, V, pF, nA, nS; rates in kHz.  `to_circuit` and `to_neuron` convert from and to ms, mV, nF and nA.

`fabricate` makes a chip, on which no two neurons are alike, and `calibrate` chooses the words that make them alike again as
far as words can.  `lifcore.hardware.circuit` runs the same circuits in a circuit simulator.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_array, finite_number, flag, instance_of, one_of, whole_number
from lifcore.hardware._machine import Machine, Response, currents
from lifcore.kernels import analog as kernels
from lifcore.kernels import random
from lifcore.neuron import LARGEST, LIF, SMALLEST, _broadcast, _neuron
from lifcore.simulation import MOST_SPIKES, _seed

__all__ = [
    "Analog", "Chip", "Circuit", "CircuitTrace", "REGISTERS", "calibrate", "fabricate", "firing_rate", "first_spike",
    "interspike_interval", "leak_current", "one_shot", "plateau", "realise", "rheobase", "source_current",
    "thermal_noise", "to_circuit", "to_neuron", "trace",
]

MOST_NEURONS = 10_000_000
# Of the chip: a capacitor of 6 bits, everything else 10 bits.
CAPACITOR_BITS, CAPACITOR = 6, 2.2
BITS = 10
SUPPLY = 1.2
# What the largest words of the currents stand for: tau of 0.5 µs at the largest capacitor, or eight times as long; nA.
LEAK, LEAK_DIVISION = 4400.0, 8.0
STIMULUS = 250.0
REFRACTORY, ONE_SHOT, SWING = 1000.0, 0.1, 1.1  # nA, pF, V
# n kT/q with a slope factor n of 1.4 at 27 °C: by this voltage at its gate a transistor's weak current changes e-fold.
SLOPE = 0.0362
BOLTZMANN = 1.380649e-23  # J/K
LINEAR_RANGE = 0.0724  # 2 n kT/q, that of a plain differential pair
REGISTERS = ("leak", "input", "refractory", "E_L", "V_th", "V_reset")


@dataclass(frozen=True)
class Circuit:
    """Parameters of one neuron's circuit; checked when made, fixed ever after.

    Parameters
    ----------
    C : float
        Membrane capacitor in pF, positive.
    g_L : float
        Conductance of the leak at E_L in nS, positive.
    E_L : float
        Potential in V to which the leak pulls, between ground and the supply.
    V_th : float
        Threshold of the comparator in V, above E_L and V_reset, below the supply.
    V_reset : float
        Potential in V to which the switch resets; not below ground.
    t_ref : float
        Length of the one-shot's pulse in µs, at least 0.
    V_lin : float
        Linear range of the leak in V, positive: beyond it the leak's current saturates at g_L V_lin. inf: a resistor.
    V_DD : float
        Supply in V. inf: the potential has no limits.
    V_comp : float
        How far below the supply, in V, the input's current begins to fade; at least 0. 0: an ideal source, and V is
        clamped between ground and supply.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, its value and what is allowed.

    Examples
    --------
    >>> c = Circuit()
    >>> c.tau_m
    10.0
    >>> c.replace(V_lin=0.0724).saturation_current
    15.928

    References
    ----------
    Mead (1989), *Analog VLSI and Neural Systems*, chapter 5, for the amplifier and its tanh; Indiveri et al. (2011),
    Frontiers in Neuroscience 5: 73, for neuron circuits.
    """

    C: float = 2.2
    g_L: float = 220.0
    E_L: float = 0.4
    V_th: float = 0.8
    V_reset: float = 0.3
    t_ref: float = 2.0
    V_lin: float = math.inf
    V_DD: float = SUPPLY
    V_comp: float = 0.1

    def __post_init__(self):
        for name, unit, limits in (
                ("C", "pF", {"at_least": SMALLEST, "at_most": LARGEST}),
                ("g_L", "nS", {"at_least": SMALLEST, "at_most": LARGEST}),
                ("E_L", "V", {"at_least": 0.0, "at_most": LARGEST}), ("V_th", "V", {"at_most": LARGEST}),
                ("V_reset", "V", {"at_least": 0.0}), ("t_ref", "µs", {"at_least": 0.0, "at_most": LARGEST}),
                ("V_lin", "V", {"at_least": SMALLEST}), ("V_DD", "V", {"above": 0.0}), ("V_comp", "V", {"at_least": 0.0})):
            value = getattr(self, name)
            if name not in ("V_lin", "V_DD") or not _is_infinite(value):
                value = finite_number(name, value, unit, **limits)
            object.__setattr__(self, name, float(value))
        if not self.V_th > self.E_L:
            raise ValueError(f"V_th must be greater than E_L = {self.E_L:g} V, got {self.V_th:g} V")
        if not self.V_reset < self.V_th:
            raise ValueError(f"V_reset must be less than V_th = {self.V_th:g} V, got {self.V_reset:g} V")
        if not self.V_th < self.V_DD:
            raise ValueError(f"V_th must be less than the supply V_DD = {self.V_DD:g} V, got {self.V_th:g} V")

    @property
    def tau_m(self) -> float:
        """Membrane time constant 1000 C / g_L in µs, that of small deviations from E_L."""
        return 1000.0 * self.C / self.g_L

    @property
    def saturation_current(self) -> float:
        """The largest current g_L V_lin of the leak in nA; inf for a resistor."""
        return self.g_L * self.V_lin

    def replace(self, **changes) -> Circuit:
        """A copy with some parameters changed."""
        names = [item.name for item in dataclasses.fields(self)]
        unknown = sorted(set(changes) - set(names))
        if unknown:
            raise TypeError(f"a circuit has no parameter {unknown[0]!r}; its parameters are {', '.join(names)}")
        return dataclasses.replace(self, **changes)

    @property
    def _shape(self):
        """What decides on the equation, apart from its time."""
        return self.V_lin, self.E_L, self.V_DD, self.V_comp

    @property
    def _all(self):
        """All parameters in the order of the kernels."""
        return self.C, self.g_L, self.V_lin, self.E_L, self.V_th, self.V_reset, self.t_ref, self.V_DD, self.V_comp


@dataclass(frozen=True)
class CircuitTrace:
    """What a circuit did.

    Attributes
    ----------
    t : ndarray, shape (steps + 1,)
        Time in µs.
    V : ndarray, shape (steps + 1,)
        Potential of the capacitor in V, after the reset where there was a spike.
    spike_times : ndarray, shape (spikes,)
        In µs, increasing.
    """

    t: np.ndarray
    V: np.ndarray
    spike_times: np.ndarray


def _is_infinite(value):
    return isinstance(value, (float, np.floating)) and value == math.inf


def _circuit(c):
    return instance_of("c", c, Circuit, "a Circuit, as Circuit(V_lin=0.0724)")


def _drive(c, I):
    """Currents over g_L, in V."""
    return finite_array("I", I, "nA", at_least=-LARGEST, at_most=LARGEST) / c.g_L


def _start(c, V0):
    if V0 is None:
        return np.float64(c.E_L)
    V0 = finite_array("V0", V0, "V", at_least=None if math.isinf(c.V_DD) else 0.0)
    if np.any(V0 >= c.V_th):
        raise ValueError(f"V0 must be less than V_th = {c.V_th:g} V, got {np.max(V0):g} V")
    return V0


def leak_current(c: Circuit, V) -> np.ndarray | np.float64:
    """Current that the leak draws from the capacitor: g_L V_lin tanh((V - E_L) / V_lin).

    Parameters
    ----------
    c : Circuit
    V : array_like
        Potential in V.

    Returns
    -------
    ndarray or float64
        nA; negative below E_L, where the leak delivers current.
    """
    _circuit(c)
    return c.g_L * _broadcast(kernels.leak, finite_array("V", V, "V") - c.E_L, c.V_lin)


def source_current(c: Circuit, I, V) -> np.ndarray | np.float64:
    """What is left of the input's current at V: I (1 - exp(-3 (V_DD - V) / V_comp)), and nothing beyond the supply.

    Parameters
    ----------
    c : Circuit
    I : array_like
        Current in nA that the source delivers far from the supply. One that is negative fades near ground instead.
    V : array_like
        Potential in V.

    Returns
    -------
    ndarray or float64
        nA. With V_comp = 0 or without a supply it is I.
    """
    _circuit(c)
    I = finite_array("I", I, "nA", at_least=-LARGEST, at_most=LARGEST)
    return I * _broadcast(kernels.source, I, finite_array("V", V, "V"), c.V_DD, c.V_comp)


def rheobase(c: Circuit) -> np.float64:
    """Current whose plateau is the threshold: g_L V_lin tanh((V_th - E_L) / V_lin) / h(V_th).

    Parameters
    ----------
    c : Circuit

    Returns
    -------
    float64
        nA. With a resistor and an ideal source it is g_L (V_th - E_L); with an amplifier at most g_L V_lin.
    """
    _circuit(c)
    return np.float64(kernels.rheobase(c.g_L, c.V_lin, c.E_L, c.V_th, c.V_DD, c.V_comp, 1.0))


def plateau(c: Circuit, I) -> np.ndarray | np.float64:
    """Potential at which the source and the leak balance, with the threshold switched off.

    Parameters
    ----------
    c : Circuit
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        V. Ideal: E_L + I / g_L with a resistor, E_L + V_lin artanh(I / (g_L V_lin)) with an amplifier, which is infinite
        from g_L V_lin on. A source that fades keeps it below the supply; an ideal source leaves it at the supply.
    """
    _circuit(c)
    return _broadcast(kernels.plateau, _drive(c, I), *c._shape)


def first_spike(c: Circuit, I, V0=None) -> np.ndarray | np.float64:
    """Time from the onset of a constant current to the first spike.

    Parameters
    ----------
    c : Circuit
    I : array_like
        Current in nA.
    V0 : array_like, optional
        Potential in V at the onset, below V_th; E_L if not given.

    Returns
    -------
    ndarray or float64
        µs; inf at and below rheobase. With an ideal source it is exact to rounding: tau_m log(1 + ...) for a resistor, and
        for an amplifier, in y = (V - E_L) / V_lin and I_s = g_L V_lin,

            C V_lin / (I**2 - I_s**2) [I y + I_s log(cosh y - I_s / I sinh y)]

        from y at V0 to y at V_th. With a source that fades it is found step by step, to 1e-10 of itself.
    """
    _circuit(c)
    return _broadcast(kernels.rise_time, _start(c, V0), c.V_th, _drive(c, I), c.tau_m, *c._shape)


def interspike_interval(c: Circuit, I) -> np.ndarray | np.float64:
    """Interval between two spikes under a constant current: t_ref and the time from V_reset to V_th.

    Parameters
    ----------
    c : Circuit
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        µs; inf at and below rheobase.
    """
    return _circuit(c).t_ref + first_spike(c, I, c.V_reset)


def firing_rate(c: Circuit, I) -> np.ndarray | np.float64:
    """Firing rate under a constant current.

    Parameters
    ----------
    c : Circuit
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        kHz; 0 at and below rheobase.
    """
    return 1000.0 / interspike_interval(c, I)


def thermal_noise(c: Circuit, temperature: float = 300.15) -> np.float64:
    """Standard deviation of the potential that the leak's own heat makes: sqrt(kT / C), whatever the resistance.

    Parameters
    ----------
    c : Circuit
        With a resistor as leak; an amplifier has some times as much.
    temperature : float
        In K, at least 0.

    Returns
    -------
    float64
        V.

    References
    ----------
    Sarpeshkar, Delbruck & Mead (1993), IEEE Circuits and Devices Magazine 9 (6): 23.
    """
    _circuit(c)
    temperature = finite_number("temperature", temperature, "K", at_least=0.0)
    return np.sqrt(BOLTZMANN * temperature / (c.C * 1e-12))


def one_shot(C: float, I: float, swing: float) -> float:
    """Length of a one-shot's pulse: the time in which a current I discharges a capacitor C by `swing`.

    Parameters
    ----------
    C : float
        pF, positive.
    I : float
        nA, positive.
    swing : float
        V, positive.

    Returns
    -------
    float
        1000 C swing / I in µs.
    """
    C = finite_number("C", C, "pF", above=0.0)
    I = finite_number("I", I, "nA", above=0.0)
    return 1000.0 * C * finite_number("swing", swing, "V", above=0.0) / I


def trace(c: Circuit, I, duration: float | None = None, dt: float = 0.1, V0=None, comparator: bool = True) -> CircuitTrace:
    """Potential and spikes under a current, constant or a value for each step.

    Parameters
    ----------
    c : Circuit
    I : float or array_like, shape (steps,)
        Current in nA.
    duration : float, optional
        In µs, a whole number of steps; for a constant current, and only then.
    dt : float
        Time between two recorded potentials in µs, positive. It has no influence on them: within a step the circuit is
        followed from event to event.
    V0 : float, optional
        Potential in V at the start, below V_th; E_L if not given.
    comparator : bool
        Whether there is a threshold.

    Returns
    -------
    CircuitTrace
    """
    _circuit(c)
    dt = finite_number("dt", dt, "µs", at_least=SMALLEST, at_most=LARGEST)
    I = currents(I, duration, dt, "µs")
    V0 = _start(c, V0)
    flag("comparator", comparator)
    if V0.ndim:
        raise ValueError(f"V0 must be one number, got shape {V0.shape}")
    V, spike_times = _run(c, I, dt, float(V0), comparator)
    return CircuitTrace(dt * np.arange(I.size + 1), np.append(V0, V), spike_times)


def _run(c, I, dt, V0, comparator=True):
    """Potentials at the ends of the steps, and all spike times."""
    with np.errstate(divide="ignore", over="ignore"):
        # From V_reset to V_th the net current is at most that of the source and of the leak at V_reset.
        fastest = np.maximum(I, 0.0) + abs(float(leak_current(c, c.V_reset)))
        expected = np.sum(dt / (c.t_ref + 1000.0 * c.C * (c.V_th - c.V_reset) / fastest) + 2.0)
    if comparator and not expected <= MOST_SPIKES:
        raise ValueError(
            f"I must give fewer than {MOST_SPIKES:,} spikes, got {np.max(I):g} nA, which may give {expected:.2g}")
    parameters = list(c._all)
    if not comparator:
        parameters[4] = math.inf
    V, room = np.empty(I.size), 1024
    while True:
        spike_times = np.empty(room)
        count = kernels.trace(I, dt, *parameters, np.array([V0, 0.0]), V, spike_times)
        if count <= room:
            return V, spike_times[:count].copy()
        room = count


# A cell and its circuit

def _scale(speed_up, gain, rest):
    return (finite_number("speed_up", speed_up, "times", at_least=SMALLEST, at_most=LARGEST),
            finite_number("gain", gain, "V/mV", at_least=SMALLEST, at_most=LARGEST),
            finite_number("rest", rest, "V", at_least=0.0, at_most=LARGEST))


def to_circuit(
    n: LIF, speed_up: float = 1000.0, gain: float = 0.02, rest: float = 0.4, C: float = CAPACITOR, V_lin: float = math.inf,
    V_DD: float = SUPPLY, V_comp: float = 0.1
) -> Circuit:
    """The circuit that stands for a cell.

    A time becomes shorter by `speed_up`, a potential V becomes rest + gain (V - E_L), and a current I becomes
    gain R g_L I, so that it moves the circuit as far as it moves the cell.

    Parameters
    ----------
    n : LIF
    speed_up : float
        How many times faster the circuit is; 1000 makes a µs of a ms.
    gain : float
        V in the circuit for one mV in the cell.
    rest : float
        Potential in V that stands for the cell's E_L.
    C : float
        Membrane capacitor in pF. The leak follows from it and the time constant.
    V_lin, V_DD, V_comp : float
        As in `Circuit`.

    Returns
    -------
    Circuit

    Raises
    ------
    ValueError
        If a potential lies outside ground and supply.
    """
    _neuron(n)
    speed_up, gain, rest = _scale(speed_up, gain, rest)
    C = finite_number("C", C, "pF", above=0.0)
    return Circuit(
        C=C, g_L=C * speed_up / n.tau_m, E_L=rest, V_th=rest + gain * (n.V_th - n.E_L),
        V_reset=rest + gain * (n.V_reset - n.E_L), t_ref=1000.0 * n.t_ref / speed_up, V_lin=V_lin, V_DD=V_DD, V_comp=V_comp)


def to_neuron(
    c: Circuit, R: float = 100.0, E_L: float = -70.0, speed_up: float = 1000.0, gain: float = 0.02
) -> LIF:
    """The cell that a circuit stands for, the inverse of `to_circuit`.

    Parameters
    ----------
    c : Circuit
        With an amplifier as leak it is the cell of small deviations from rest.
    R : float
        Membrane resistance of the cell in MΩ, which a circuit does not know.
    E_L : float
        The cell's resting potential in mV, likewise.
    speed_up, gain : float
        As in `to_circuit`.

    Returns
    -------
    LIF
    """
    _circuit(c)
    speed_up, gain, _ = _scale(speed_up, gain, c.E_L)
    E_L = finite_number("E_L", E_L, "mV", at_least=-LARGEST, at_most=LARGEST)
    return LIF(
        tau_m=c.C * speed_up / c.g_L, R=R, E_L=E_L, V_th=E_L + (c.V_th - c.E_L) / gain,
        V_reset=E_L + (c.V_reset - c.E_L) / gain, t_ref=c.t_ref * speed_up / 1000.0)


# A chip

def _register(name, value, largest, full, unit, lowest=0):
    """The word nearest to a value, or an error that names its register."""
    word = round(value / full * largest)
    if not lowest <= word <= largest:
        low = full * lowest / largest
        raise ValueError(
            f"{name} must be between {low:.4g} and {full:.4g} {unit}, the range of its register, got {value:.4g} {unit}")
    return word


@dataclass(frozen=True)
class Chip:
    """Neurons of one design on one chip; made by `fabricate`.

    Attributes
    ----------
    circuit : Circuit
        What every neuron was meant to be.
    bits : int
        Length of the words.
    words : ndarray of int32, shape (6, size)
        What the registers `REGISTERS` of each neuron hold.
    deviations : ndarray, shape (8, size)
        What is wrong with each: factors of its capacitor, leak, input and one-shot current, then what its E_L, V_th and
        V_reset are off by, in V. The last row is not used.
    out_of_range : ndarray of bool, shape (6, size)
        Where a calibration wanted a value that no word reaches; all False before one.
    """

    circuit: Circuit
    bits: int
    words: np.ndarray
    deviations: np.ndarray
    out_of_range: np.ndarray
    full: np.ndarray = field(repr=False)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.words.shape[1]

    @property
    def values(self) -> dict[str, np.ndarray]:
        """What each neuron has become: C (pF), g_L (nS), input (times), t_ref (µs), E_L, V_th, V_reset (V), tau_m (µs)."""
        found = self._values()
        names = ("C", "g_L", "input", "t_ref", "E_L", "V_th", "V_reset")
        return {**dict(zip(names, found, strict=True)), "tau_m": 1000.0 * found[0] / found[1]}

    def _values(self):
        found = np.empty((kernels.QUANTITIES, self.size))
        kernels.chip_values(self.bits, _given(self.circuit), self.full, self.deviations, self.words, found)
        return found

    def firing_rate(self, I: float) -> np.ndarray:
        """Rate of every neuron under the same current.

        Parameters
        ----------
        I : float
            nA, at the input of each neuron.

        Returns
        -------
        ndarray, shape (size,)
            kHz; 0 at and below its rheobase.
        """
        I = finite_number("I", I, "nA", at_least=-LARGEST, at_most=LARGEST)
        found, c = self._values(), self.circuit
        if not np.all(found[6] < found[5]):
            j = int(np.argmin(found[5] - found[6]))
            raise ValueError(
                f"V_reset of every neuron must be less than its V_th, got {found[6, j]:g} and {found[5, j]:g} V at neuron {j}: "
                "make them farther apart, or the mismatch smaller")
        rates = np.empty(self.size)
        kernels.chip_rates(I, found, c.V_lin, c.V_DD, c.V_comp, rates)
        return rates


def _given(c):
    return np.array([c.C, c.g_L, 1.0, c.t_ref, c.E_L, c.V_th, c.V_reset])


def fabricate(
    c: Circuit, size: int = 200, mismatch: float = 0.1, capacitors: float = 0.01, bits: int = BITS, rng=None
) -> Chip:
    """A chip with many neurons of one design, all with the same words, no two of them alike.

    Transistors drawn alike differ in their threshold voltage by some millivolts, normally distributed (Pelgrom's law: with a
    standard deviation that falls as one over the root of their area). A weak current, as a mirror copies it, is off by a
    factor exp(x) for an error of x n kT/q, 36 mV; a potential is off by the error itself. So one number, `mismatch`, says
    both: 0.1 stands for 3.6 mV.

    Parameters
    ----------
    c : Circuit
        The design.
    size : int
        Number of neurons.
    mismatch : float
        Standard deviation of the logarithm of a current, between 0 and 0.5; that of a potential is 0.0362 V times as much.
    capacitors : float
        Standard deviation of the logarithm of a capacitance, between 0 and 0.5.
    bits : int
        Length of the words, between 2 and 16. They reach to twice the design's leak, input and one-shot current, and from
        ground to supply (2 V where the design has none).
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one; fresh randomness if not given. The same seed gives the same chip, and the same
        in the page.

    Returns
    -------
    Chip

    References
    ----------
    Pelgrom, Duinmaijer & Welbers (1989), IEEE Journal of Solid-State Circuits 24: 1433.
    """
    _circuit(c)
    size = whole_number("size", size, at_least=1)
    if size > MOST_NEURONS:
        raise ValueError(f"size must be at most {MOST_NEURONS:,} neurons, got {size:,}")
    mismatch = finite_number("mismatch", mismatch, "times", at_least=0.0, at_most=0.5)
    capacitors = finite_number("capacitors", capacitors, "times", at_least=0.0, at_most=0.5)
    bits = whole_number("bits", bits, at_least=2)
    if bits > 16:
        raise ValueError(f"bits must be a whole number from 2 to 16, got {bits}")
    if not c.t_ref > 0.0:
        raise ValueError(f"t_ref must be positive for a one-shot with a current, got {c.t_ref:g} µs")
    supply = 2.0 if math.isinf(c.V_DD) else c.V_DD
    full = np.array([2.0 * c.g_L, 2.0, 2.0 / c.t_ref, supply, supply, supply])
    streams, deviations = np.empty((4, size), np.uint32), np.empty((8, size))
    random.seed_streams(_seed(rng), 0, streams)
    kernels.deviations(streams, mismatch, capacitors, SLOPE, deviations)
    # The words that suit a neuron with nothing wrong.
    perfect, words = np.repeat([1.0, 0.0], 4)[:, None].copy(), np.empty((kernels.REGISTERS, 1), np.int32)
    kernels.calibrate(bits, _given(c), full, perfect, words, np.empty(words.shape, np.uint8))
    return Chip(
        c, bits, np.repeat(words, size, axis=1), deviations, np.zeros((kernels.REGISTERS, size), bool), full)


def calibrate(chip: Chip) -> Chip:
    """The same chip with words of its own in every neuron.

    Each register is set by successive approximation: bit after bit from the highest, kept if the quantity measured does not
    pass the one wanted, and in the end the nearer of two neighbouring words. Measured are the time constant (leak), the
    plateau per current (input), the refractory period, and the three potentials. So each of these ends within half the step
    between two words, unless no word reaches the value; `out_of_range` says where.

    Parameters
    ----------
    chip : Chip

    Returns
    -------
    Chip
    """
    instance_of("chip", chip, Chip, "a Chip, as fabricate makes it")
    words, beyond = np.empty(chip.words.shape, np.int32), np.empty(chip.words.shape, np.uint8)
    kernels.calibrate(chip.bits, _given(chip.circuit), chip.full, chip.deviations, words, beyond)
    return dataclasses.replace(chip, words=words, out_of_range=beyond.astype(bool))


# A neuron on the chip

@dataclass(frozen=True)
class Analog(Machine):
    """A neuron on an analog chip; see `lifcore.hardware.Machine` for what it answers.

    Its registers are those of a chip of this kind, with a simple law for each: a capacitor of 6 bits, 63 for 2.2 pF; a leak
    of 10 bits, 1023 for 4400 nS, or an eighth of that where `leak_division` is 1; an input of 10 bits and a sign, 1023 for
    250 nA; a one-shot of 0.1 pF that a current of 10 bits, 1023 for 1000 nA, discharges by 1.1 V; and three potentials of 10
    bits, 1023 for the supply. On a real chip every such law is found by calibration, and the time constants reach less far
    (0.5 to 60 µs on BrainScaleS-2). At the low end of a register its steps are coarse: `errors` and `input_step` say how coarse.

    Attributes
    ----------
    circuit : Circuit
        What the words, and this neuron's deviations, make of it, in V, µs, pF and nS.
    words : dict
        What the registers hold.
    speed_up : float
        How many times faster than the cell the circuit is.
    gain : float
        V in the circuit for a mV in the cell.
    rest : float
        V that stands for the cell's E_L.
    nominal : Circuit
        What the words would make of a neuron without deviations.
    input_factor : float
        What this neuron's input makes of a current.
    """

    circuit: Circuit
    words: dict[str, int]
    speed_up: float
    gain: float
    rest: float
    nominal: Circuit
    input_factor: float

    name: ClassVar[str] = "brainscales"

    @property
    def parameters(self) -> dict[str, int | float]:
        return dict(self.words)

    @property
    def dynamic_range(self) -> tuple[float, float]:
        return self._millivolts(0.0), self._millivolts(self.circuit.V_DD)

    @property
    def resolution(self) -> float:
        return 0.0

    @property
    def tau_m(self) -> float:
        return self.circuit.tau_m * self.speed_up / 1000.0

    @property
    def t_ref(self) -> float:
        return self.circuit.t_ref * self.speed_up / 1000.0

    @property
    def rheobase(self) -> float:
        """Current in nA of the cell that just fires it."""
        return float(rheobase(self.circuit)) / (self.input_factor * self._current_gain)

    @property
    def input_step(self) -> float:
        """Current in nA of the cell that one unit of the input's word stands for."""
        return STIMULUS / (2**BITS - 1) / self._current_gain

    @property
    def errors(self) -> dict[str, float]:
        """Realised value minus the value asked for: tau_m and t_ref in ms, E_L, V_th and V_reset in mV, rheobase in nA."""
        n, c = self.neuron, self.circuit
        potentials = {name: self._millivolts(getattr(c, name)) - getattr(n, name) for name in ("E_L", "V_th", "V_reset")}
        return {**super().errors, **potentials, "rheobase": self.rheobase - (n.V_th - n.E_L) / n.R}

    @property
    def _current_gain(self):
        """nA in the circuit for a nA in the cell, by the design and not by what has become of it."""
        return self.gain * self.neuron.R * self.nominal.C * self.speed_up / self.neuron.tau_m

    def _millivolts(self, V):
        return self.neuron.E_L + (V - self.rest) / self.gain

    def _respond(self, I):
        largest = 2**BITS - 1
        currents = I * self._current_gain
        words = np.rint(currents * (largest / STIMULUS))
        if np.any(np.abs(words) > largest):
            k = int(np.argmax(np.abs(words)))
            raise ValueError(
                f"I must be at most {STIMULUS / self._current_gain:.4g} nA, the range of the register input ({STIMULUS:g} nA in "
                f"the circuit), got {I[k]:g} nA")
        V, spike_times = _run(
            self.circuit, words * (STIMULUS / largest * self.input_factor), 1000.0 * self.dt / self.speed_up,
            self.circuit.E_L)
        return Response(self._ends(I.size), self._millivolts(V), spike_times * (self.speed_up / 1000.0))


def realise(
    n: LIF, dt: float = 1.0, speed_up: float = 1000.0, leak: str = "RC", gain: float = 0.02, rest: float = 0.4,
    V_lin: float = LINEAR_RANGE, V_DD: float = SUPPLY, V_comp: float = 0.1, capacitor: int | None = None,
    mismatch: float = 0.0, rng=None
) -> Analog:
    """The neuron as an analog chip holds it.

    Parameters
    ----------
    n : LIF
    dt : float
        Step in ms of the input and of the recorded potential; the circuit itself has no clock.
    speed_up : float
        1000 as on BrainScaleS-2; 10,000 as on BrainScaleS-1.
    leak : {"RC", "OTA"}
        A resistor, or an amplifier with the linear range V_lin.
    gain : float
        V in the circuit for a mV in the cell.
    rest : float
        V that stands for the cell's E_L.
    V_lin, V_DD, V_comp : float
        Linear range of the amplifier, supply and compliance voltage in V, as in `Circuit`.
    capacitor : int, optional
        Word of the membrane capacitor, 1 to 63 for 0.035 to 2.2 pF. If not given, the largest with which the rheobase takes
        no more than a quarter of the input's range.
    mismatch : float
        As in `fabricate`, for one neuron that has not been calibrated; 0 for a perfect one.
    rng : int or numpy.random.Generator, optional
        For the mismatch.

    Returns
    -------
    Analog

    Raises
    ------
    ValueError
        A value outside the range of its register, or of ground and supply, named by the register; a rheobase that the
        input's register cannot reach.
    """
    _neuron(n)
    dt = finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST)
    speed_up, gain, rest = _scale(speed_up, gain, rest)
    one_of("leak", leak, ("RC", "OTA"))
    V_DD = finite_number("V_DD", V_DD, "V", at_least=SMALLEST, at_most=LARGEST)
    most = 2**CAPACITOR_BITS - 1
    if capacitor is None:
        needed = CAPACITOR * speed_up / n.tau_m * gain * (n.V_th - n.E_L)
        capacitor = max(1, math.floor(most * min(1.0, 0.25 * STIMULUS / needed)))
    capacitor = whole_number("capacitor", capacitor, at_least=1)
    if capacitor > most:
        raise ValueError(f"capacitor must be a word of {CAPACITOR_BITS} bits, from 1 to {most}, got {capacitor}")
    mismatch = finite_number("mismatch", mismatch, "times", at_least=0.0, at_most=0.5)
    largest = 2**BITS - 1
    C = CAPACITOR * capacitor / most
    g_L = C * speed_up / n.tau_m
    divided = g_L <= LEAK / LEAK_DIVISION
    leak_full = LEAK / LEAK_DIVISION if divided else LEAK
    potentials = {name: rest + gain * (getattr(n, name) - n.E_L) for name in ("E_L", "V_th", "V_reset")}
    t_ref = 1000.0 * n.t_ref / speed_up
    words = {
        "capacitor": capacitor,
        "leak": _register("leak", g_L, largest, leak_full, "nS", lowest=1),
        "leak_division": int(divided),
        "refractory": 0 if t_ref == 0.0 else _register(
            "refractory", one_shot(ONE_SHOT, t_ref, SWING), largest, REFRACTORY, "nA", lowest=1),
        **{name: _register(name, value, largest, V_DD, "V") for name, value in potentials.items()}}
    circuit = Circuit(
        C=C, g_L=words["leak"] / largest * leak_full, **{name: words[name] / largest * V_DD for name in potentials},
        # Without a pulse the switch closes and opens at once.
        t_ref=one_shot(ONE_SHOT, words["refractory"] / largest * REFRACTORY, SWING) if words["refractory"] else 0.0,
        V_lin=V_lin if leak == "OTA" else math.inf, V_DD=V_DD, V_comp=V_comp)
    if not rheobase(circuit) <= STIMULUS:
        raise ValueError(
            f"input must be at most {STIMULUS:g} nA, the range of its register, got a rheobase of {rheobase(circuit):.4g} nA in the "
            f"circuit: with speed_up = {speed_up:g} choose a smaller capacitor or gain")
    nominal, factor = circuit, 1.0
    if mismatch > 0.0:
        chip = fabricate(circuit.replace(t_ref=max(circuit.t_ref, SMALLEST)), 1, mismatch, rng=rng)
        wrong = chip.deviations[:, 0]
        factor = float(wrong[2])
        circuit = circuit.replace(
            C=C * wrong[0], g_L=circuit.g_L * wrong[1], t_ref=circuit.t_ref / wrong[3], E_L=circuit.E_L + wrong[4],
            V_th=circuit.V_th + wrong[5], V_reset=circuit.V_reset + wrong[6])
    return Analog(n, dt, circuit, words, speed_up, gain, rest, nominal, factor)

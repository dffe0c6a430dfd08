"""SpiNNaker: the neuron as a program, on processors that have no floating point.

    alpha = R (I_exc - I_inh + I_offset) + V_rest
    V = alpha - exp_TC (alpha - V);    V >= V_th: a spike, then V = V_reset

The potential moves by the exact solution for an input that is constant within the step.  Potentials, currents and
exp_TC = exp(-dt / tau_m) are words of s16.15, the factors of the synapses words of u0.32.  What the neuron then does
depends on where its numbers are rounded: on a time constant that exp_TC cannot express, and on the distance from its
target at which a product no longer changes, the dead zone.

The order of a step: the weights of the spikes that arrive are added to I_exc and I_inh; unless it is refractory V moves
and is tested; both currents decay.  After a spike the next T_ref steps leave V where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_array, finite_number, one_of, seed_or_generator, words
from lifcore.hardware import _record
from lifcore.hardware._machine import Machine, Response
from lifcore.hardware._record import Record
from lifcore.hardware.fixed_point import (
    ROUNDINGS, S1615, U032, _rounding, _words, divide, subtract, to_fixed, to_float,
)
from lifcore.kernels import elementary, random
from lifcore.kernels import spinnaker as kernels
from lifcore.kernels.fixed_point import ONE, STOCHASTIC
from lifcore.neuron import LIF, _neuron, rheobase
from lifcore.simulation import _seed

__all__ = [
    "Record", "Spinnaker", "dead_zone", "decay_word", "effective_tau", "euler_word", "realise", "refractory_steps",
    "simulate", "synapse_words",
]

STEPS_AT_ONCE = 65_536


def simulate(
    w_exc, w_inh, R, exp_TC, V_rest, V_reset, V_th, I_offset, decay_e, init_e, decay_i, init_i, T_ref, V0,
    rounding: str = "nearest", rnd15=None
) -> Record:
    """The machine's arithmetic to the last bit: every argument is a word, and so is every result.

    Parameters
    ----------
    w_exc, w_inh : array_like of int, shape (steps,) or (steps, neurons)
        Weights that arrive in each step, in all, as words of s16.15 in nA. Parameters are then integers, or one for each
        neuron.
    R, exp_TC : int
        Words of s16.15: membrane resistance in MΩ; the membrane's decay over a step, exp(-dt / tau_m). With the word of
        1 - dt / tau_m instead it is the explicit Euler method.
    V_rest, V_reset, V_th : int
        Words of s16.15 in mV.
    I_offset : int, or array_like of int that broadcasts to the shape of `w_exc`
        Current as words of s16.15 in nA.
    decay_e, init_e, decay_i, init_i : int
        Words of u0.32: each synaptic current's decay over a step, and the factor of its weights.
    T_ref : int
        Refractory steps.
    V0 : int
        Potential at the beginning, a word of s16.15 in mV.
    rounding : {"nearest", "floor", "stochastic"}
        As in `fixed_point.multiply`, for the products with R and with exp_TC. Products of u0.32 always drop their lowest
        bits, and sums and differences wrap.
    rnd15 : array_like of int, shape (steps, 2) or (steps, neurons, 2), optional
        Random integers from 0 to 32767, for ``"stochastic"`` and only then: the first of a step's two rounds the product
        with R, the second that with exp_TC.

    Returns
    -------
    Record
        Words as integers.

    Raises
    ------
    TypeError, ValueError
        Naming the register whose word is out of its range, its value and what is allowed.

    References
    ----------
    Furber, Galluppi, Temple & Plana (2014), Proceedings of the IEEE 102: 652; Rhodes et al. (2018), Frontiers in
    Neuroscience 12: 816; Rotter & Diesmann (1999), Biological Cybernetics 81: 381, for the exact step.
    """
    w_exc = _words("w_exc", w_exc)
    shape = w_exc.shape
    w_exc, w_inh, I_offset = _record.inputs(w_exc, _words("w_inh", w_inh), _words("I_offset", I_offset))
    steps, neurons = w_exc.shape
    given = {"R": R, "exp_TC": exp_TC, "V_rest": V_rest, "V_reset": V_reset, "V_th": V_th}
    factors = {"decay_e": decay_e, "init_e": init_e, "decay_i": decay_i, "init_i": init_i}
    rows = [_record.for_each(name, _words(name, word), neurons) for name, word in given.items()]
    rows += [_record.for_each(name, _words(name, word, U032), neurons) for name, word in factors.items()]
    rows.append(_record.for_each("T_ref", words("T_ref", T_ref, 0, S1615.highest, "a number of steps"), neurons))
    state = np.zeros((4, neurons), np.int32)
    state[0] = _record.for_each("V0", _words("V0", V0), neurons)
    draws = np.empty((0, neurons), np.uint32)
    mode = _rounding(rounding, rnd15, "rnd15")
    if mode == STOCHASTIC:
        rnd15 = words("rnd15", rnd15, 0, ONE - 1, "a random number of 15 bits")
        if rnd15.shape != (*shape, 2):
            raise ValueError(f"rnd15 must have two numbers for each step, shape {(*shape, 2)}, got shape {rnd15.shape}")
        draws = rnd15.reshape(steps, neurons, 2).transpose(0, 2, 1).reshape(2 * steps, neurons)
    V, I_exc, I_inh, spikes, overflows = _record.run(
        kernels.fixed_point_steps, shape, np.int32,
        *(np.ascontiguousarray(array, np.int32) for array in (w_exc, w_inh, I_offset)), np.array(rows), mode,
        np.ascontiguousarray(draws, np.uint32), state)
    return Record(*(array.astype(np.int64) for array in (V, I_exc, I_inh)), spikes, overflows)


# Words for times

def _time_words(dt, name, tau):
    """Words of s16.15 of a step and of a time constant, both at least one unit."""
    pair = []
    for register, value in (("dt", dt), (name, tau)):
        word = to_fixed(finite_array(register, value, "ms", above=0.0), register=register)
        if np.any(word == 0):
            raise ValueError(
                f"{register} must be at least half a unit of {S1615}, {0.5 * S1615.resolution:g} ms, got "
                f"{np.min(value):g} ms")
        pair.append(word)
    return pair


def decay_word(tau_m, dt=1.0):
    """exp_TC for a time constant, as the machine makes it.

    The processor divides the words of dt and tau_m (each the nearest), cuts the quotient off to a word, takes the
    exponential, and cuts that off too. So the word is that of a time constant that can be much longer, and is 1.0, a
    membrane that does not move, if dt / tau_m is below 2**-15. The rule that is often quoted instead, the exponential of
    the exact quotient cut off once, floor(exp(-dt / tau_m) 2**15), gives a word that is up to one unit lower.

    Parameters
    ----------
    tau_m : array_like
        Time constant in ms.
    dt : array_like
        Step in ms.

    Returns
    -------
    int64 or ndarray of int64
        Word of s16.15, from 0 to 32768.

    See Also
    --------
    effective_tau : the time constant that results.
    """
    return kernels.decay_word.ufunc(*_time_words(dt, "tau_m", tau_m))


def euler_word(tau_m, dt=1.0):
    """The word of 1 - dt / tau_m, which makes `simulate` take explicit Euler steps instead of exact ones.

    The quotient is cut off as in `decay_word`; arguments and result as there. It is negative if dt is longer than tau_m.
    """
    return subtract(ONE, divide(*_time_words(dt, "tau_m", tau_m)))


def synapse_words(tau_syn: float, dt: float = 1.0) -> tuple[int, int]:
    """Decay and init of a synapse, as the machine makes them.

    decay = exp(-dt / tau_syn),        init = (tau_syn / dt) (1 - decay)

    A weight times init is the mean over the step of a current that begins with the weight and decays. The quotients are
    cut off to words of s16.15, as in `decay_word`, and the results to words of u0.32.

    Parameters
    ----------
    tau_syn, dt : float
        Time constant and step in ms.

    Returns
    -------
    decay, init : int
        Words of u0.32.
    """
    dt_word, tau = (int(word) for word in _time_words(finite_number("dt", dt, "ms"), "tau_syn", finite_number(
        "tau_syn", tau_syn, "ms")))
    quotient = dt_word * ONE // tau
    if quotient == 0:
        raise ValueError(
            f"tau_syn must be at most {dt_word} ms for a step of {dt:g} ms, for a decay below 1, got {tau_syn:g} ms")
    decay = math.floor(elementary.exp(-quotient / ONE) * (U032.highest + 1))
    return decay, (U032.highest + 1 - decay) * (tau * ONE // dt_word) // ONE


def refractory_steps(t_ref: float, dt: float = 1.0) -> int:
    """t_ref / dt, rounded up to whole steps; both in ms."""
    t_ref = finite_number("t_ref", t_ref, "ms", at_least=0.0)
    # The tolerance keeps a step of nothing but rounding error away.
    steps = math.ceil(min(t_ref / finite_number("dt", dt, "ms", above=0.0) * (1.0 - 1e-12), 2.0**62))
    return words("T_ref", steps, 0, S1615.highest, "a number of steps").item()


# What the words do

def effective_tau(exp_TC, dt=1.0):
    """The time constant in ms that a word stands for: -dt / ln(exp_TC / 2**15).

    Parameters
    ----------
    exp_TC : array_like of int
        Word of s16.15, from 0 to 32768 = 1.0.
    dt : array_like
        Step in ms.

    Returns
    -------
    float64 or ndarray
        inf for 32768: the membrane does not move.
    """
    exp_TC = words("exp_TC", exp_TC, 0, ONE, "a word between 0.0 and 1.0", strict=True)
    dt = finite_array("dt", dt, "ms", above=0.0)
    with np.errstate(divide="ignore"):
        # abs, because the logarithm of 1 is +0.
        return dt / np.abs(elementary.log.ufunc(exp_TC / ONE))


def dead_zone(exp_TC, rounding: str = "nearest"):
    """How far from its target the potential can stay for ever, in units of the last bit (2**-15 mV).

    It stays at the distance d = alpha - V if the rounded product of exp_TC = 2**15 e and d is d again. Rounded to the
    nearest that is so up to 0.5 / (1 - e) on either side; rounded down, only for V above its target, up to 1 / (1 - e).
    Stochastic rounding always lets it go on.

    Parameters
    ----------
    exp_TC : array_like of int
        Word of s16.15, from 0 to 32768 = 1.0.
    rounding : {"nearest", "floor", "stochastic"}

    Returns
    -------
    below, above : float64 or ndarray
        Largest distance of a potential below its target, and of one above it, at which it stays: whole numbers, inf for
        a membrane that does not move. A potential that comes from farther away stops there.
    """
    one_of("rounding", rounding, ROUNDINGS)
    moved = ONE - words("exp_TC", exp_TC, 0, ONE, "a word between 0.0 and 1.0", strict=True)
    with np.errstate(divide="ignore"):
        half = 0.5 * ONE / moved
        zones = {
            "nearest": (np.floor(half), np.ceil(half) - 1.0),
            "floor": (np.where(moved == 0, np.inf, 0.0), np.ceil(2.0 * half) - 1.0),
            "stochastic": (np.where(moved == 0, np.inf, 0.0),) * 2,
        }[rounding]
    return tuple(zone[()] for zone in zones)


@dataclass(frozen=True)
class Spinnaker(Machine):
    """A neuron on SpiNNaker; see `lifcore.hardware.Machine` for what it answers.

    Attributes
    ----------
    R, exp_TC, V_rest, V_reset, V_th : int
        Words of s16.15: MΩ, a factor, mV.
    T_ref : int
        Refractory steps.
    rounding, overflow, rng
        As in `realise`.
    """

    R: int
    exp_TC: int
    V_rest: int
    V_reset: int
    V_th: int
    T_ref: int
    rounding: str = "nearest"
    overflow: str = "refuse"
    rng: int | np.random.Generator | None = None

    name: ClassVar[str] = "spinnaker"

    @property
    def parameters(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("R", "exp_TC", "V_rest", "V_reset", "V_th", "T_ref")}

    @property
    def dynamic_range(self) -> tuple[float, float]:
        return float(to_float(S1615.lowest)), float(to_float(S1615.highest))

    @property
    def resolution(self) -> float:
        return S1615.resolution

    @property
    def tau_m(self) -> float:
        return float(effective_tau(self.exp_TC, self.dt))

    @property
    def t_ref(self) -> float:
        return self.T_ref * self.dt

    @property
    def rheobase(self) -> float:
        """Lowest constant current in nA that fires the neuron from rest; inf if no word of I_offset does.

        The potential stops below its target by the dead zone, so the target has to lie above the threshold by as much.
        With stochastic rounding, the lowest whose target reaches the threshold in the mean.
        """
        distance = self.V_th - self.V_rest + dead_zone(self.exp_TC, self.rounding)[0]
        if not distance <= S1615.highest:
            return math.inf
        needed = int(distance) * ONE - (ONE // 2 if self.rounding == "nearest" else 0)
        word = -(-needed // self.R) if self.R > 0 else math.inf
        return float(to_float(word)) if word <= S1615.highest else math.inf

    @property
    def errors(self) -> dict[str, float]:
        """Realised value minus the value asked for: tau_m and t_ref in ms, R in MΩ, potentials in mV, rheobase in nA."""
        n = self.neuron
        held = {"R": self.R, "E_L": self.V_rest, "V_reset": self.V_reset, "V_th": self.V_th}
        return super().errors | {name: float(to_float(word)) - getattr(n, name) for name, word in held.items()} | {
            "rheobase": self.rheobase - float(rheobase(n))}

    def _respond(self, I):
        I_offset = to_fixed(I, S1615, overflow=self.overflow, register="I_offset").astype(np.int32)[:, None]
        own = np.array([[self.R, self.exp_TC, self.V_rest, self.V_reset, self.V_th, 0, 0, 0, 0, self.T_ref]]).T.copy()
        silent = np.zeros((1, 1), np.int32)
        state = np.array([[self.V_rest], [0], [0], [0]], np.int32)
        stream = np.empty((4, 1), np.uint32)
        if self.rounding == "stochastic":
            random.seed_streams(_seed(self.rng), 0, stream)
        V, spikes, overflows = np.empty(I.size), np.empty(I.size, np.uint8), 0
        for start in range(0, I.size, STEPS_AT_ONCE):
            part = slice(start, min(start + STEPS_AT_ONCE, I.size))
            steps = part.stop - start
            draws = np.empty((2 * steps if self.rounding == "stochastic" else 0, 1), np.uint32)
            random.random_words(stream, draws)
            v, I_exc, I_inh, fired, lost = _record.run(
                kernels.fixed_point_steps, (steps, 1), np.int32, silent, silent, I_offset[part], own,
                ROUNDINGS[self.rounding], draws, state)
            V[part], spikes[part] = v[:, 0] * S1615.resolution, fired[:, 0]
            overflows += lost
        if overflows and self.overflow == "refuse":
            raise ValueError(
                f"I must keep alpha = R I + V_rest and alpha - V from -65536 to 65536 mV, the range of {S1615}, got "
                f"currents from {np.min(I):g} to {np.max(I):g} nA, with which {overflows} results do not fit")
        ends = self._ends(I.size)
        return Response(ends, V, ends[spikes > 0])


def realise(n: LIF, dt: float = 1.0, rounding: str = "nearest", overflow: str = "refuse", rng=None) -> Spinnaker:
    """A neuron as SpiNNaker holds it: the nearest words of R, V_rest = E_L, V_reset and V_th, and `decay_word` of tau_m.

    Parameters
    ----------
    n : LIF
    dt : float
        Step in ms; the machine's own is 1 ms, and 0.1 ms is common.
    rounding : {"nearest", "floor", "stochastic"}
        As in `fixed_point.multiply`.
    overflow : {"refuse", "saturate", "wrap"}
        What becomes of a number out of the range of s16.15, as in `fixed_point.to_fixed`. With ``"refuse"`` it is also an
        error if a result leaves the range while the neuron runs; else it wraps or stops there, as on the machine.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one, for ``"stochastic"`` and only then; fresh randomness if not given. The same
        seed gives the same numbers, and the same in the page.

    Returns
    -------
    Spinnaker

    Raises
    ------
    TypeError, ValueError
        Naming the register, its value and what is allowed.
    """
    _neuron(n)
    dt = finite_number("dt", dt, "ms", above=0.0)
    one_of("rounding", rounding, ROUNDINGS)
    if rng is not None:
        if rounding != "stochastic":
            raise ValueError(f"rng must be left out unless rounding is 'stochastic', got {rng!r} with {rounding!r}")
        seed_or_generator(rng)
    values = {"R": n.R, "V_rest": n.E_L, "V_reset": n.V_reset, "V_th": n.V_th}
    held = {name: int(to_fixed(value, S1615, overflow=overflow, register=name)) for name, value in values.items()}
    return Spinnaker(n, dt, exp_TC=int(decay_word(n.tau_m, dt)), T_ref=refractory_steps(n.t_ref, dt), rounding=rounding,
                     overflow=overflow, rng=rng, **held)

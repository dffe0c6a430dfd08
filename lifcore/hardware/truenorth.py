"""TrueNorth: a neuron that adds weights and a constant leak to an integer of 20 bits, once a tick.

    V <- V + sum of A_i w_i [(1 - b) s + b F(s, rho_s) sign(s)],     F(x, rho) = 1 if abs(x) >= rho, else 0
    V <- V + Omega [(1 - c) lam + c F(lam, rho_l) sign(lam)],        Omega = (1 - eps) + eps sign(V)
    eta = rho_t & M
    V >= alpha + eta: a spike, and V <- R, V - (alpha + eta) or V    (gamma = 0, 1, 2)
    else V < -(beta + (1 - kappa) eta): V <- -beta                   (kappa = 1)
                                        V <- -R, V + beta + eta or V (kappa = 0; gamma = 0, 1, 2)

s and b are those of the axon's type.  The model is that of Cassidy et al. (2013); its random numbers are arguments
here, so that a run can be repeated.  Threshold, reset, and the deterministic synapses and leak were checked against
emulators of others; the stochastic synapses, the stochastic leak and the leak that reverses with the sign of V were
not: they follow the paper alone.  The paper leaves open what happens at the ends of the word, and emulators differ:
`overflow` chooses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_number, one_of, words
from lifcore.hardware._machine import Machine, Response, carried
from lifcore.kernels import truenorth as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron, rheobase

__all__ = ["TrueNorth", "TrueNorthRun", "realise", "simulate"]

V_MIN, V_MAX = -(2**19), 2**19 - 1
WEIGHT_MIN, WEIGHT_MAX = -256, 255
THRESHOLD_MAX = 2**18 - 1
RHO_MAX, RHO_T_MAX = 255, 2**17 - 1
RANGES = {
    "eps": (0, 1), "lam": (WEIGHT_MIN, WEIGHT_MAX), "c": (0, 1), "alpha": (0, THRESHOLD_MAX),
    "beta": (0, THRESHOLD_MAX), "M": (0, THRESHOLD_MAX), "gamma": (0, 2), "kappa": (0, 1), "R": (V_MIN, V_MAX),
    "V0": (V_MIN, V_MAX)}
OVERFLOWS = ("saturate", "wrap")
# A core's 256 axons, as they bring a current: its whole numbers in units of 16 and of 1, of either sign.
AXONS = (15, 113, 15, 113)
CURRENT_MAX = 15 + 16 * 113
BLOCK = 1 << 16


@dataclass(frozen=True)
class TrueNorthRun:
    """What one neuron did, or several.

    Attributes
    ----------
    V : ndarray of int64, shape (steps,) or (steps, neurons)
        Potential at the end of each tick.
    spikes : ndarray of bool, shape (steps,) or (steps, neurons)
    """

    V: np.ndarray
    spikes: np.ndarray


def _shaped(name, value, lowest, highest, *shapes, dtype=np.int64):
    """Words of one of the given shapes; None stands for any length."""
    value = words(name, value, lowest, highest, dtype=dtype)
    for shape in shapes:
        if value.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, value.shape)):
            return value
    wanted = " or ".join(str(shape).replace("None", "any") for shape in shapes)
    raise ValueError(f"{name} must have the shape {wanted}, got {value.shape}")


def simulate(
    A, w, G, s, b, eps, lam, c, alpha, beta, M, gamma, kappa, R, V0, rho_s, rho_l, rho_t, overflow="saturate"
) -> TrueNorthRun:
    """Ticks of one TrueNorth neuron, or of several on the same axons, exact to the bit.

    The parameters have the symbols of the paper.

    Parameters
    ----------
    A : array_like, shape (steps, axons)
        Spikes of the axons, 0 and 1.
    w : array_like, shape (axons,) or (neurons, axons)
        Crossbar: 1 where the neuron has a synapse. With two dimensions there are several neurons.
    G : array_like, shape (axons,)
        Type of each axon, 0 to 3.
    s, b : array_like, shape (4,) or (neurons, 4)
        Weight of each type, -256 to 255, and whether it is stochastic, 0 or 1.
    eps, lam, c : array_like
        Whether the leak reverses with the sign of V (0 or 1), the leak (-256 to 255), and whether it is stochastic.
        These and the next are numbers, or one for each of several neurons.
    alpha, beta : array_like
        Positive threshold and depth of the negative one, 0 to 2**18 - 1.
    M : array_like
        Mask that leaves of the threshold's random number eta, 0 to 2**18 - 1.
    gamma, kappa : array_like
        Reset mode, 0 to 2, and whether V stops at -beta, 0 or 1.
    R, V0 : array_like
        Reset and initial potential, -2**19 to 2**19 - 1.
    rho_s : array_like, shape (steps, axons)
        Random numbers of the synapses, 0 to 255.
    rho_l, rho_t : array_like, shape (steps,)
        Random numbers of the leak, 0 to 255, and of the threshold, 0 to 2**17 - 1.
    overflow : {"saturate", "wrap"}
        What V does at the ends of its 20 bits, after the synapses, after the leak and after the reset: it stays there,
        or comes in again at the other end.

    Returns
    -------
    TrueNorthRun

    Raises
    ------
    TypeError, ValueError
        Naming the register, its value and its range.

    References
    ----------
    Cassidy et al. (2013), *Proceedings of the International Joint Conference on Neural Networks*.
    """
    one_of("overflow", overflow, OVERFLOWS)
    A = _shaped("A", A, 0, 1, (None, None), dtype=np.uint8)
    steps, axons = A.shape
    w = _shaped("w", w, 0, 1, (axons,), (None, axons))
    several = w.ndim == 2
    w = np.atleast_2d(w)
    size = len(w)
    per_type = [(4,), (size, 4)] if several else [(4,)]
    per_neuron = [(), (size,)] if several else [()]
    given = zip(RANGES, (eps, lam, c, alpha, beta, M, gamma, kappa, R, V0), strict=True)
    own = [np.broadcast_to(_shaped(name, value, *RANGES[name], *per_neuron), size) for name, value in given]

    def held(value, kind, shape=None):
        return np.require(
            np.broadcast_to(value, shape or value.shape).astype(kind, copy=False), requirements="CW")

    active, first = _active(A)
    V, spikes = np.empty((size, steps), np.int32), np.empty((size, steps), np.bool_)
    kernels.truenorth_neurons(
        active, first, held(w, np.uint8),
        held(_shaped("G", G, 0, 3, (axons,)), np.uint8),
        held(_shaped("s", s, WEIGHT_MIN, WEIGHT_MAX, *per_type), np.int32, (size, 4)),
        held(_shaped("b", b, 0, 1, *per_type), np.uint8, (size, 4)), held(np.stack(own, axis=1), np.int32),
        held(_shaped("rho_s", rho_s, 0, RHO_MAX, (steps, axons), dtype=np.uint8), np.uint8),
        held(_shaped("rho_l", rho_l, 0, RHO_MAX, (steps,)), np.uint8),
        held(_shaped("rho_t", rho_t, 0, RHO_T_MAX, (steps,)), np.int32), overflow == "wrap", V, spikes)
    if several:
        return TrueNorthRun(np.ascontiguousarray(V.T, np.int64), np.ascontiguousarray(spikes.T))
    return TrueNorthRun(V[0].astype(np.int64), spikes[0])


def _active(A):
    """Numbers of the axons that spike, tick after tick, and where each tick's begin."""
    steps, axons = A.shape
    # Eight axons are looked at together: most are silent.
    eights = -(-axons // 8)
    if axons % 8:
        A = np.pad(A, ((0, 0), (0, 8 * eights - axons)))
    spikes = np.ascontiguousarray(A).view(np.int64)
    first = np.empty(steps + 1, np.int64)
    active = np.empty(kernels.count_active(spikes, first), np.int32)
    kernels.list_active(spikes, active)
    return active, first


@dataclass(frozen=True)
class TrueNorth(Machine):
    """A neuron in TrueNorth's words; see `lifcore.hardware.Machine` for what it answers.

    V = 0 stands for E_L. The leak is linear: a constant pull towards rest, as strong as the exponential leak is at the
    threshold, so that the rheobase is the neuron's own. Near rest V swings about 0 by as much as the leak of a tick.
    There is no refractory period.

    A current arrives as spikes on 256 axons, whose four types weigh 1, 16, -1 and -16: up to 1,823 words a tick. What a
    tick's whole number cannot hold is left for the next.

    Attributes
    ----------
    lam, alpha, reset : int
        Leak of a tick (negative: towards rest), threshold and R.
    """

    lam: int
    alpha: int
    reset: int

    name: ClassVar[str] = "truenorth"
    leak: ClassVar[str] = "linear"

    @property
    def scale(self) -> float:
        """Words of V per mV: the threshold is alpha exactly."""
        return self.alpha / (self.neuron.V_th - self.neuron.E_L)

    @property
    def parameters(self) -> dict[str, int]:
        """Words of the neuron, under the names of `simulate`; s1 to s4 are the weights of the four types."""
        return {
            "s1": 1, "s2": 16, "s3": -1, "s4": -16, "b": 0, "eps": 1, "lam": self.lam, "c": 0, "alpha": self.alpha,
            "beta": THRESHOLD_MAX, "M": 0, "gamma": 0, "kappa": 1, "R": self.reset, "V0": 0}

    @property
    def dynamic_range(self) -> tuple[float, float]:
        """From -beta, where V stops, to the end of the word."""
        return self.neuron.E_L - THRESHOLD_MAX / self.scale, self.neuron.E_L + V_MAX / self.scale

    @property
    def resolution(self) -> float:
        return 1.0 / self.scale

    @property
    def tau_m(self) -> float:
        return self.alpha / -self.lam * self.dt

    @property
    def t_ref(self) -> float:
        return 0.0

    @property
    def errors(self) -> dict[str, float]:
        """Realised minus asked for: tau_m and t_ref in ms, V_th and V_reset in mV, rheobase in nA."""
        n = self.neuron
        return super().errors | {
            "V_th": 0.0, "V_reset": n.E_L + self.reset / self.scale - n.V_reset,
            "rheobase": float(rheobase(n)) * (n.tau_m / self.tau_m - 1.0)}

    def _respond(self, I):
        n = self.neuron
        # C dV/dt = I: a tick adds R I dt/tau_m.
        brought = carried(self.scale * n.R * self.dt / n.tau_m * I)
        if np.any(abs(brought) > CURRENT_MAX):
            largest = CURRENT_MAX * n.tau_m / (self.scale * n.R * self.dt)
            raise ValueError(
                f"I must be from {-largest:g} to {largest:g} nA, got {I[np.argmax(abs(brought))]:g} nA: the axons of A "
                f"bring at most {CURRENT_MAX} words a tick")
        held = self.parameters
        s = [held.pop(f"s{k}") for k in (1, 2, 3, 4)]
        b, G = [held.pop("b")] * 4, np.repeat([0, 1, 2, 3], AXONS)
        V, spikes = np.empty(I.size), np.empty(I.size, np.bool_)
        for first in range(0, I.size, BLOCK):
            part = slice(first, first + BLOCK)
            active = brought[part].astype(np.int64)
            A = np.hstack([
                np.arange(count) < needed[:, None] for count, needed in zip(
                    AXONS, (np.maximum(active, 0) % 16, np.maximum(active, 0) // 16,
                            np.maximum(-active, 0) % 16, np.maximum(-active, 0) // 16), strict=True)])
            nothing = np.zeros(len(A), np.uint8)
            run = simulate(
                A, np.ones(sum(AXONS)), G, s, b, **held, rho_s=np.zeros_like(A), rho_l=nothing, rho_t=nothing)
            V[part], spikes[part], held["V0"] = run.V, run.spikes, run.V[-1]
        ends = self._ends(I.size)
        return Response(ends, n.E_L + V / self.scale, ends[spikes])


def realise(n: LIF, dt: float = 1.0) -> TrueNorth:
    """The words that bring TrueNorth's neuron nearest to the one asked for.

    Parameters
    ----------
    n : LIF
    dt : float
        Tick in ms. The chip's is 1 ms; another one is what an emulator would make of the same neuron.

    Returns
    -------
    TrueNorth
        lam is -255, or as large as alpha and R leave room for; alpha is nearest to lam tau_m/dt.

    Raises
    ------
    ValueError
        If tau_m is more than about 260,000 ticks, or V_reset too far from E_L, so that lam would be 0.
    """
    _neuron(n)
    dt = finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST)
    # R = alpha (V_reset - E_L)/(V_th - E_L) has to fit too, and must not lie below -beta.
    room = V_MAX if n.V_reset > n.E_L else THRESHOLD_MAX
    largest = min(float(THRESHOLD_MAX), (room - 1) / max(abs(n.V_reset - n.E_L) / (n.V_th - n.E_L), SMALLEST))
    lam = min(WEIGHT_MAX, math.floor(largest * dt / n.tau_m))
    if lam < 1:
        raise ValueError(
            f"lam must be from -{WEIGHT_MAX} to -1, got 0: with tau_m = {n.tau_m:g} ms and dt = {dt:g} ms the threshold "
            f"would not fit into alpha, 0 to {THRESHOLD_MAX}, or V_reset = {n.V_reset:g} mV not into R, -{THRESHOLD_MAX} to {V_MAX}")
    alpha = math.floor(lam * n.tau_m / dt + 0.5)
    if alpha < 1:
        raise ValueError(
            f"alpha must be from 1 to {THRESHOLD_MAX}, got 0: tau_m = {n.tau_m:g} ms is too short for dt = {dt:g} ms")
    reset = math.floor(alpha * ((n.V_reset - n.E_L) / (n.V_th - n.E_L)) + 0.5)
    return TrueNorth(n, dt, -lam, alpha, reset)

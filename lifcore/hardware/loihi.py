"""Loihi: a neuron whose state is two integers of 24 bits.

    u <- W(tz(u, 4096 - (du + 1)) + 64 a)
    v <- clip(tz(v, 4096 - dv) + u + b);    v > 64 vth: a spike, then v = 0
    tz(x, k) = sign(x) floor(abs(x) k / 4096),    b = bias_mant 2**bias_exp

Once a step the current u decays and takes in the synapses' sum a, and the potential v decays and takes in u and the
bias b.  Both decays round towards zero.  u wraps where it leaves its word, v saturates at +-(2**23 - 1).  The model is
that of Davies et al. (2018, IEEE Micro 38(1): 82), exact to the bit as Intel's Lava and Nengo Loihi emulate it; where
the two differ, `overflow` chooses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_array, finite_number, flag, one_of, together, words
from lifcore.hardware._machine import Machine, Response, carried
from lifcore.kernels import loihi as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron, rheobase

__all__ = [
    "Loihi", "LoihiRun", "bias_words", "dead_zone", "decay_word", "dense_input", "quantise_weights", "real_steady_state", "realise",
    "simulate", "steady_state", "time_constant",
]

V_MAX = 2**23 - 1
DECAY_MAX = 4095
VTH_MAX = 2**17 - 1
MANT_MIN, MANT_MAX, EXP_MAX = -4096, 4095, 7
BIAS_MIN, BIAS_MAX = MANT_MIN << EXP_MAX, MANT_MAX << EXP_MAX
T_REF_MAX = 62
INT64 = -(2**63), 2**63 - 1
# One correction by 2**24 brings u back from no further than this: abs(tz(u)) < 2**23, and 64 a adds up to 2**24.
A_MAX = 2**18
# What two's complement leaves of 64 a: 22 bits, so 16 of a.
A_WORD = 2**15 - 1
OVERFLOWS = {"lava": ((-(2**23) + 1, 2**23), (-A_MAX, A_MAX)), "twos_complement": ((-(2**23), 2**23 - 1), INT64)}


@dataclass(frozen=True)
class LoihiRun:
    """What the neurons did.

    Attributes
    ----------
    u, v : ndarray of int64, shape (steps, neurons)
        Current and potential after each step, v after its reset.
    spikes : ndarray of bool, shape (steps, neurons)
    """

    u: np.ndarray
    v: np.ndarray
    spikes: np.ndarray


def _overflow(overflow, allowed):
    one_of("overflow", overflow, allowed)


def simulate(a_in, du, dv, vth, bias_mant, bias_exp, u0, v0, overflow="lava", t_ref=0) -> LoihiRun:
    """Steps of Loihi's neurons, uncoupled, exact to the bit.

    Parameters
    ----------
    a_in : array_like, shape (steps, neurons) or (steps,)
        Sum a of the weights of the synapses that deliver a spike in each step; see `dense_input`. With "lava" from
        -2**18 to 2**18: what one correction of u can undo. With "twos_complement" any integer; its lowest 16 bits
        count.
    du, dv : array_like
        Decays of u and v, 0 to 4095. u keeps (4095 - du)/4096 of itself in a step, v keeps (4096 - dv)/4096.
    vth : array_like
        Threshold, 0 to 131,071, in units of 64 of v. A neuron fires above it, not at it.
    bias_mant, bias_exp : array_like
        Mantissa, -4096 to 4095, and exponent, 0 to 7, of the bias.
    u0, v0 : array_like
        State before the first step: u0 in u's word, v0 from -(2**23 - 1) to 2**23 - 1.
    overflow : {"lava", "twos_complement"}
        How u comes back into its word: into (-2**23, 2**23], or into [-2**23, 2**23) as two's complement has it. In the
        second reading 64 a also wraps, to 22 bits, and u + b, to 24.
    t_ref : array_like
        Steps after a spike in which v is held at 0, 0 to 62; u goes on. Loihi's register holds one more.

    Returns
    -------
    LoihiRun
        All parameters but overflow and t_ref are numbers, or one for each neuron; their number of neurons is the run's.

    Raises
    ------
    TypeError, ValueError
        Naming the register, its value and its range.

    References
    ----------
    Davies et al. (2018), IEEE Micro 38(1): 82. "lava": Lava 0.10, model `PyLifModelBitAcc` (BSD 3-clause).
    "twos_complement": Nengo Loihi 1.1, emulator. The refractory period is that of Nengo Loihi, where the register is
    round(t_ref/dt) + 1, and of Lava's `LIFRefractory`.
    """
    _overflow(overflow, OVERFLOWS)
    u_range, a_range = OVERFLOWS[overflow]
    a_in = words("a_in", a_in, *a_range)
    if a_in.ndim not in (1, 2):
        raise ValueError(f"a_in must have the shape (steps, neurons) or (steps,), got {a_in.shape}")
    a_in = a_in.reshape(len(a_in), 1) if a_in.ndim == 1 else a_in
    registers = {
        "du": words("du", du, 0, DECAY_MAX), "dv": words("dv", dv, 0, DECAY_MAX), "vth": words("vth", vth, 0, VTH_MAX),
        "bias_mant": words("bias_mant", bias_mant, MANT_MIN, MANT_MAX),
        "bias_exp": words("bias_exp", bias_exp, 0, EXP_MAX),
        "u0": words("u0", u0, *u_range), "v0": words("v0", v0, -V_MAX, V_MAX),
    }
    t_ref = words("t_ref", t_ref, 0, T_REF_MAX)
    if t_ref.ndim:
        raise ValueError(f"t_ref must be one number for all neurons, got shape {t_ref.shape}")
    size = a_in.shape[1]
    for name, value in registers.items():
        if value.ndim > 1 or value.size != 1 and size != 1 and value.size != size:
            raise ValueError(
                f"{name} must be a number or have one value for each of {size} neurons, got shape {value.shape}")
        size = value.size if size == 1 else size
    own = {name: np.broadcast_to(value, size).astype(np.int32) for name, value in registers.items()}
    # Two's complement: the 32 bits that are kept hold the 16 that count.
    a_in = np.require(np.broadcast_to(a_in.astype(np.int32), (len(a_in), size)), requirements="CW")
    u, v, spikes = np.empty(a_in.shape, np.int32), np.empty(a_in.shape, np.int32), np.empty(a_in.shape, np.bool_)
    kernels.loihi_steps(
        a_in, own["du"], own["dv"], own["vth"], own["bias_mant"] << own["bias_exp"], int(t_ref), overflow != "lava",
        own["u0"], own["v0"], np.zeros(size, np.int32), u, v, spikes)
    # A product of a 24-bit word and a decay needs 36 bits, so that a reader of int32 would overflow.
    return LoihiRun(u.astype(np.int64), v.astype(np.int64), spikes)


def _shifted(x, exponent):
    return x << exponent if exponent > 0 else x >> -exponent


def _exponent(exponent):
    exponent = words("exponent", exponent, -8, 7)
    if exponent.ndim:
        raise ValueError(f"exponent must be one number for all weights, got shape {exponent.shape}")
    return int(exponent)


def quantise_weights(w, bits=8, mixed=True, exponent=0, out_of_range="refuse") -> np.ndarray:
    """Weights as Loihi's synapses hold them: (w >> n) << n with n = 8 - bits, and one more where signs are mixed.

    Parameters
    ----------
    w : array_like
        Whole numbers. With mixed signs -256 to 255; else all of one sign, and 255 at most.
    bits : int
        Bits of a weight, 1 to 8.
    mixed : bool
        Whether one of the bits is a sign. If not, all weights excite or all inhibit.
    exponent : int
        -8 to 7: what arrives is shifted left by it, or right if it is negative.
    out_of_range : {"refuse", "clip", "wrap"}
        What becomes of weights beyond the range.

    Returns
    -------
    ndarray of int64
        What one spike of each synapse delivers. With mixed signs bits are dropped downwards, so that -1 becomes -2;
        else they are dropped from the magnitude. A sum over spikes is shifted as a whole: see `dense_input`.

    References
    ----------
    Lava 0.10, `clip_weights`, `truncate_weights` and `PyDenseModelBitAcc`.
    """
    one_of("out_of_range", out_of_range, ("refuse", "clip", "wrap"))
    mixed = flag("mixed", mixed)
    bits = words("bits", bits, 1, 8)
    if bits.ndim:
        raise ValueError(f"bits must be one number for all weights, got shape {bits.shape}")
    exponent = _exponent(exponent)
    lowest, highest = (-256, 255) if mixed else (-255, 255)
    w = words("w", w, *((lowest, highest) if out_of_range == "refuse" else INT64))
    if not mixed and np.any(w > 0) and np.any(w < 0):
        raise ValueError(f"w must be of one sign where mixed=False, got {w.max()} and {w.min()}")
    sign = 1 if mixed else np.sign(w)
    if out_of_range == "clip":
        w = np.clip(w, lowest, highest)
    elif out_of_range == "wrap":
        w = (w & 0x1FF ^ 0x100) - 0x100 if mixed else sign * (abs(w) & 0xFF)
    n = 8 - bits + mixed
    return _shifted(sign * (sign * w >> n << n), exponent)[()]


def dense_input(weights, spikes, exponent=0) -> np.ndarray:
    """What a dense connection delivers: weights times spikes, shifted, one step late.

    Parameters
    ----------
    weights : array_like, shape (neurons, sources)
        As `quantise_weights` gives them, with its exponent left at 0.
    spikes : array_like, shape (steps, sources)
        0 and 1.
    exponent : int
        -8 to 7: the sum is shifted left by it, or right, rounding down, if it is negative.

    Returns
    -------
    ndarray of int64, shape (steps, neurons)
        `a_in` of `simulate`; zero in the first step.

    References
    ----------
    Lava 0.10, `PyDenseModelBitAcc`.
    """
    weights = words("weights", weights, -256, 255)
    spikes = words("spikes", spikes, 0, 1)
    if weights.ndim != 2 or spikes.ndim != 2 or weights.shape[1] != spikes.shape[1]:
        raise ValueError(
            f"weights and spikes must have the shapes (neurons, sources) and (steps, sources), got {weights.shape} and "
            f"{spikes.shape}")
    arrived = np.zeros((len(spikes), len(weights)), np.int64)
    arrived[1:] = _shifted(spikes[:-1] @ weights.T, _exponent(exponent))
    return arrived


def _bias(bias):
    return words("bias", bias, BIAS_MIN, BIAS_MAX)


def _decay(name, decay):
    return words(name, decay, 1, DECAY_MAX)


def dead_zone(bias, dv) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest v that a constant bias holds in place.

    A step takes ceil(v dv/4096) from a positive v, so v rests where this is the bias: from
    floor((bias - 1) 4096/dv) + 1 up to floor(bias 4096/dv), about 4096/dv words. For a negative bias the two are
    mirrored; for none v rests at 0 only.

    Parameters
    ----------
    bias : array_like
        bias_mant 2**bias_exp, -524,288 to 524,160.
    dv : array_like
        Decay, 1 to 4095.

    Returns
    -------
    lowest, highest : ndarray of int64 or int64
        Within +-(2**23 - 1), where v saturates.
    """
    bias, dv = together(bias=_bias(bias), dv=_decay("dv", dv))
    size = np.maximum(abs(bias), 1)
    near = np.where(bias == 0, 0, np.minimum(kernels.lowest_rest.ufunc(size, dv), V_MAX))
    far = np.where(bias == 0, 0, np.minimum(kernels.highest_rest.ufunc(size, dv), V_MAX))
    return np.where(bias < 0, -far, near)[()], np.where(bias < 0, -near, far)[()]


def steady_state(bias, dv, v0=0) -> np.ndarray | np.int64:
    """Where v comes to rest under a constant bias if it does not fire: the point of the dead zone next to v0.

    From 0 it is floor((bias - 1) 4096/dv) + 1 for a positive bias.

    Parameters
    ----------
    bias, dv : array_like
        As in `dead_zone`.
    v0 : array_like
        Where v starts, -(2**23 - 1) to 2**23 - 1.

    Returns
    -------
    ndarray of int64 or int64
    """
    lowest, highest = map(np.asarray, dead_zone(bias, dv))
    v0, lowest, highest = together(v0=words("v0", v0, -V_MAX, V_MAX), bias=lowest, dv=highest)
    return np.clip(v0, lowest, highest)


def real_steady_state(bias, dv) -> np.ndarray | np.float64:
    """4096 bias/dv: where a real number in place of v would come to rest.

    Parameters
    ----------
    bias, dv : array_like
        As in `dead_zone`.

    Returns
    -------
    ndarray or float64
    """
    bias, dv = together(bias=_bias(bias), dv=_decay("dv", dv))
    return np.float64(4096.0) * bias / dv


def time_constant(dv, dt=1.0) -> np.ndarray | np.float64:
    """-dt / ln(1 - dv/4096): time in which v would decay to 1/e if it were a real number.

    Parameters
    ----------
    dv : array_like
        Decay, 1 to 4095. For u it is du + 1.
    dt : float
        Step in ms.

    Returns
    -------
    ndarray or float64
        ms.
    """
    dt = finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST)
    return kernels.time_constant.ufunc(_decay("dv", dv), dt)


def decay_word(tau, dt: float = 1.0) -> np.ndarray | np.int64:
    """The decay whose time constant is nearest to tau: dv for tau_m; for the current it is du + 1.

    It is one of the two beside 4096 (1 - exp(-dt/tau)). The share dt/tau of 4096 would be an Euler step's, and too large.

    Parameters
    ----------
    tau : array_like
        Time constant in ms, positive.
    dt : float
        Step in ms.

    Returns
    -------
    ndarray of int64 or int64
        1 to 4095.

    Raises
    ------
    ValueError
        If tau is too long or too short for dt.
    """
    return _nearest_decay("the decay", "tau", tau, dt)


def _nearest_decay(register, name, tau, dt):
    dt = finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST)
    tau = finite_array(name, tau, "ms", at_least=SMALLEST, at_most=LARGEST)
    wanted = -4096.0 * np.expm1(-dt / tau)
    wrong = (wanted < 0.5) | (wanted >= DECAY_MAX + 0.5)
    if np.any(wrong):
        first = tau[wrong].flat[0]
        raise ValueError(
            f"{register} must be from 1 to {DECAY_MAX}, got {math.floor(wanted[wrong].flat[0] + 0.5)}: {name} = {first:g} ms is too "
            f"{'long' if first > dt else 'short'} for dt = {dt:g} ms")
    below = np.clip(np.floor(wanted), 1, DECAY_MAX).astype(np.int64)
    above = np.minimum(below + 1, DECAY_MAX)
    nearer = abs(time_constant(above, dt) - tau) < abs(time_constant(below, dt) - tau)
    return np.where(nearer, above, below)[()]


def bias_words(bias) -> tuple[int, int]:
    """Mantissa and exponent nearest to a bias, with the smallest exponent that holds it.

    Parameters
    ----------
    bias : float
        From -524,288 to 524,160, up to rounding.

    Returns
    -------
    bias_mant, bias_exp : int
    """
    bias = finite_number("bias", bias, "units of v", at_least=-LARGEST, at_most=LARGEST)
    for exponent in range(EXP_MAX + 1):
        mantissa = math.floor(bias / 2**exponent + 0.5)
        if MANT_MIN <= mantissa <= MANT_MAX:
            return mantissa, exponent
    raise ValueError(
        f"bias_mant must be from {MANT_MIN} to {MANT_MAX}, got {mantissa} with the largest bias_exp, {EXP_MAX}")


@dataclass(frozen=True)
class Loihi(Machine):
    """A neuron in Loihi's words; see `lifcore.hardware.Machine` for what it answers.

    v = 0 stands for V_reset, because a spike resets v to 0. A constant current enters through the bias, together with
    the leak's pull from V_reset to E_L. A current that changes enters as synaptic input with du = 4095, so that u
    forgets it after one step. Synaptic input has units of 64; what a step's unit cannot hold is left for the next.
    With a smaller du every current goes through u, which follows it with the time constant tau_syn.

    Attributes
    ----------
    du, dv, vth, t_ref_steps : int
        The words.
    overflow : {"lava", "twos_complement"}
    tau_syn_asked : float or None
        What was asked for, in ms.
    """

    du: int
    dv: int
    vth: int
    t_ref_steps: int
    overflow: str
    tau_syn_asked: float | None = None

    name: ClassVar[str] = "loihi"

    @property
    def scale(self) -> float:
        """Words of v per mV: the threshold is 64 vth exactly."""
        return 64.0 * self.vth / (self.neuron.V_th - self.neuron.V_reset)

    @property
    def parameters(self) -> dict[str, int]:
        """The arguments of `simulate` for a neuron that rests without input."""
        mantissa, exponent = bias_words(self._drive(0.0))
        return {
            "du": self.du, "dv": self.dv, "vth": self.vth, "bias_mant": mantissa, "bias_exp": exponent, "u0": 0,
            "v0": self._rest(mantissa << exponent), "t_ref": self.t_ref_steps}

    @property
    def dynamic_range(self) -> tuple[float, float]:
        return self.neuron.V_reset - V_MAX / self.scale, self.neuron.V_reset + V_MAX / self.scale

    @property
    def resolution(self) -> float:
        return 1.0 / self.scale

    @property
    def tau_m(self) -> float:
        return float(time_constant(self.dv, self.dt))

    @property
    def tau_syn(self) -> float:
        """Time constant in ms with which u follows its input; 0 where it forgets it after one step."""
        return 0.0 if self.du == DECAY_MAX else float(time_constant(self.du + 1, self.dt))

    @property
    def t_ref(self) -> float:
        return self.t_ref_steps * self.dt

    @property
    def errors(self) -> dict[str, float]:
        """Realised minus asked for: tau_m, t_ref and tau_syn in ms, V_th (the lowest potential that fires) and E_L in mV,
        rheobase in nA."""
        n = self.neuron
        # From below v rests above 64 vth if (bias - 1) 4096 >= 64 vth dv.
        firing = -(-64 * self.vth * self.dv // 4096) + 1
        exponent = next(e for e in range(EXP_MAX + 1) if -(-firing >> e) <= MANT_MAX)
        firing = -(-firing >> exponent) << exponent
        current = (firing * 4096.0 / (self.dv * self.scale) - (n.E_L - n.V_reset)) / n.R
        synapse = {} if self.tau_syn_asked is None else {"tau_syn": self.tau_syn - self.tau_syn_asked}
        return super().errors | synapse | {
            "V_th": self.resolution, "E_L": n.V_reset + self.parameters["v0"] / self.scale - n.E_L,
            "rheobase": float(current - rheobase(n))}

    def _drive(self, I):
        """The bias that has its steady state at E_L + R I."""
        n = self.neuron
        return self.dv / 4096.0 * self.scale * (n.E_L - n.V_reset + n.R * I)

    def _rest(self, bias):
        return int(steady_state(bias, self.dv, math.floor(self.scale * (self.neuron.E_L - self.neuron.V_reset) + 0.5)))

    def _respond(self, I):
        held = self.parameters
        # u gathers its input to 1/taken of it.
        taken = (self.du + 1) / 4096.0
        if self.du == DECAY_MAX and np.all(I == I[0]):
            held["bias_mant"], held["bias_exp"] = bias_words(self._drive(I[0]))
            a_in = np.zeros(I.size)
        else:
            unit = taken * self.dv / 4096.0 * self.scale * self.neuron.R / 64.0
            a_in = words("a_in", carried(unit * I), -A_WORD, A_WORD)
        lowest = (held["bias_mant"] << held["bias_exp"]) + math.floor(64 * a_in.min() / taken)
        if lowest * 4096 < -V_MAX * self.dv:
            bound = (self.dynamic_range[0] - self.neuron.E_L) / self.neuron.R
            raise ValueError(f"I must be at least {bound:g} nA, got {np.min(I):g} nA: v would saturate at -{V_MAX}")
        run = simulate(a_in, overflow=self.overflow, **held)
        ends = self._ends(I.size)
        return Response(ends, self.neuron.V_reset + run.v[:, 0] / self.scale, ends[run.spikes[:, 0]])


def realise(
    n: LIF, dt: float = 1.0, largest_current: float | None = None, overflow: str = "lava", tau_syn: float | None = None
) -> Loihi:
    """The words that make Loihi's neuron the one asked for, as fine as their ranges allow.

    Parameters
    ----------
    n : LIF
    dt : float
        Step in ms of biological time.
    largest_current : float, optional
        Current in nA, of either sign, that must fit into the bias and must not make v saturate; five times the rheobase
        if not given. The larger it is, the coarser v.
    overflow : {"lava", "twos_complement"}
        As in `simulate`.
    tau_syn : float, optional
        Time constant in ms of a synapse that the current goes through, which makes the neuron asked for another one; none if
        not given.

    Returns
    -------
    Loihi
        dv is the decay whose time constant is nearest to tau_m, and du + 1 that nearest to tau_syn; t_ref is rounded to steps; vth is as large as its own
        range, those of v and of the bias allow.

    Raises
    ------
    ValueError
        If tau_m or tau_syn does not suit dt, t_ref needs more than 62 steps, or the currents a vth of 0.
    """
    _neuron(n)
    _overflow(overflow, OVERFLOWS)
    dt = finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST)
    if largest_current is None:
        largest_current = 5.0 * float(rheobase(n))
    largest_current = finite_number("largest_current", largest_current, "nA", above=0.0, at_most=LARGEST)
    dv = int(_nearest_decay("dv", "tau_m", n.tau_m, dt))
    if tau_syn is not None:
        tau_syn = finite_number("tau_syn", tau_syn, "ms", above=0.0)
    du = DECAY_MAX if tau_syn is None else int(_nearest_decay("du + 1", "tau_syn", tau_syn, dt)) - 1
    t_ref = words("t_ref", np.floor(min(n.t_ref / dt, 2.0**62) + 0.5), 0, T_REF_MAX)
    rest, swing = n.E_L - n.V_reset, n.R * largest_current
    gain = dv / 4096.0
    # The last two leave room for half a unit of the bias, 128 at most, and a whole one of a.
    scale = min(
        64.0 * VTH_MAX / (n.V_th - n.V_reset), BIAS_MAX / (gain * (abs(rest) + swing)),
        (V_MAX - 128.0 / gain) / (abs(rest) + swing), 64.0 * (A_WORD - 1) / (gain * swing))
    vth = math.floor(scale * (n.V_th - n.V_reset) / 64.0)
    if vth < 1:
        raise ValueError(
            f"vth must be from 1 to {VTH_MAX}, got 0: largest_current = {largest_current:g} nA takes the whole range of "
            "v or of the bias")
    return Loihi(n, dt, du, dv, vth, int(t_ref), overflow, tau_syn)

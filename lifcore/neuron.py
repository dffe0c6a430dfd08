"""The leaky integrate-and-fire neuron and what follows from its equation without noise.

    tau_m dV/dt = E_L - V + R I(t);    V reaches V_th: a spike, then V = V_reset for t_ref

Units throughout the course: time ms, potential mV, current nA, resistance MΩ, capacitance nF, charge pC, rate Hz.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, instance_of
from lifcore.kernels import lif as kernels

__all__ = [
    "LIF", "chronaxie", "energy_optimal_duration", "firing_rate", "gain", "interspike_interval", "latency",
    "membrane_potential", "paired_pulse_threshold", "photocurrent_peak_time", "photocurrent_threshold", "pulse_response",
    "ramp_latency", "ramp_response", "rheobase", "steady_state", "threshold_charge", "threshold_current",
    "waveform_threshold", "weiss_current",
]

# Far beyond any neuron; between them no product of two parameters leaves the range of float64.
SMALLEST, LARGEST = 1e-50, 1e50


@dataclass(frozen=True)
class LIF:
    """Parameters of a leaky integrate-and-fire neuron; checked when made, fixed ever after.

    Parameters
    ----------
    tau_m : float
        Membrane time constant in ms, positive.
    R : float
        Membrane resistance in MΩ, positive.
    E_L : float
        Leak reversal potential, which is the resting potential, in mV.
    V_th : float
        Threshold in mV, above E_L and above V_reset: the neuron rests below its threshold.
    V_reset : float
        Potential in mV to which a spike resets the membrane; above or below E_L.
    t_ref : float
        Absolute refractory period in ms during which V stays at V_reset; not negative.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, its value and what is allowed.

    Examples
    --------
    >>> n = LIF(tau_m=10.0)
    >>> n.C
    0.1
    >>> n.replace(R=50.0).C
    0.2

    References
    ----------
    Lapicque (1907); Gerstner, Kistler, Naud & Paninski (2014), *Neuronal Dynamics*, section 1.3.
    """

    tau_m: float = 20.0
    R: float = 100.0
    E_L: float = -70.0
    V_th: float = -50.0
    V_reset: float = -65.0
    t_ref: float = 2.0

    def __post_init__(self):
        checked = {
            "tau_m": finite_number("tau_m", self.tau_m, "ms", above=0.0),
            "R": finite_number("R", self.R, "MΩ", above=0.0),
            "E_L": finite_number("E_L", self.E_L, "mV", at_least=-LARGEST, at_most=LARGEST),
            "V_th": finite_number("V_th", self.V_th, "mV", at_least=-LARGEST, at_most=LARGEST),
            "V_reset": finite_number("V_reset", self.V_reset, "mV", at_least=-LARGEST, at_most=LARGEST),
            "t_ref": finite_number("t_ref", self.t_ref, "ms", at_least=0.0, at_most=LARGEST),
        }
        finite_number("tau_m", self.tau_m, "ms", at_least=SMALLEST, at_most=LARGEST)
        finite_number("R", self.R, "MΩ", at_least=SMALLEST, at_most=LARGEST)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not self.V_th > self.E_L:
            raise ValueError(
                f"V_th must be greater than E_L = {self.E_L:g} mV, got {self.V_th:g} mV: the neuron has to rest below "
                "its threshold (for a neuron that fires by itself, add a constant current)")
        if not self.V_reset < self.V_th:
            raise ValueError(f"V_reset must be less than V_th = {self.V_th:g} mV, got {self.V_reset:g} mV")

    @property
    def C(self) -> float:
        """Membrane capacitance tau_m / R in nF."""
        return self.tau_m / self.R

    @property
    def g_L(self) -> float:
        """Leak conductance 1 / R in µS."""
        return 1.0 / self.R

    def replace(self, **changes) -> LIF:
        """A copy with some parameters changed."""
        unknown = sorted(set(changes) - {field.name for field in dataclasses.fields(self)})
        if unknown:
            names = ", ".join(field.name for field in dataclasses.fields(self))
            raise TypeError(f"a LIF neuron has no parameter {unknown[0]!r}; its parameters are {names}")
        return dataclasses.replace(self, **changes)


def _neuron(n):
    return instance_of("n", n, LIF, "a LIF neuron, as LIF(tau_m=20.0)")


def _duration(duration):
    """Durations as an array; the second call excludes what would leave the range of float64."""
    return finite_array(
        "duration", finite_array("duration", duration, "ms", above=0.0), "ms", at_least=SMALLEST, at_most=LARGEST)


def _current(n, I):
    """Currents as an array, small enough that R I is finite."""
    I = finite_array("I", I, "nA")
    with np.errstate(over="ignore"):
        too_large = ~np.isfinite(n.R * I)
    if np.any(too_large):
        raise ValueError(f"I must keep R I finite for R = {n.R:g} MΩ, got {I[too_large].flat[0]:g} nA")
    return I


def _start(n, V0):
    """The initial potential: rest if none is given."""
    if V0 is None:
        return np.float64(n.E_L)
    V0 = finite_array("V0", V0, "mV")
    if np.any(V0 >= n.V_th):
        raise ValueError(f"V0 must be less than V_th = {n.V_th:g} mV, got {np.max(V0):g} mV")
    return V0


def _broadcast(kernel, *arguments):
    """A scalar kernel over arrays; float64 for numbers."""
    try:
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            return kernel.ufunc(*arguments)
    except ValueError as error:
        shapes = [np.shape(argument) for argument in arguments if np.ndim(argument)]
        raise ValueError(f"arguments of shapes {shapes} do not broadcast together") from error


def steady_state(n: LIF, I) -> np.ndarray | np.float64:
    """Potential E_L + R I that a constant current would lead to if there were no threshold.

    Parameters
    ----------
    n : LIF
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        mV, in the shape of `I`.
    """
    _neuron(n)
    return n.E_L + n.R * _current(n, I)


def membrane_potential(n: LIF, t, I, V0=None) -> np.ndarray | np.float64:
    """Subthreshold solution under a constant current, with the threshold switched off.

    V(t) = E_L + R I + (V0 - E_L - R I) exp(-t / tau_m)

    Parameters
    ----------
    n : LIF
    t : array_like
        Time in ms since the current was switched on, at least 0.
    I : array_like
        Current in nA.
    V0 : array_like, optional
        Potential in mV at t = 0, any value; E_L if not given.

    Returns
    -------
    ndarray or float64
        mV, in the common shape of the arguments.
    """
    _neuron(n)
    t = finite_array("t", t, "ms", at_least=0.0, at_most=LARGEST)
    V0 = n.E_L if V0 is None else finite_array("V0", V0, "mV")
    return _broadcast(kernels.membrane_potential, t, _current(n, I), n.tau_m, n.R, n.E_L, V0)


def pulse_response(n: LIF, t, I, duration) -> np.ndarray | np.float64:
    """Potential during and after a rectangular pulse from rest, with the threshold switched off.

    Parameters
    ----------
    n : LIF
    t : array_like
        Time in ms since the pulse began, at least 0.
    I : array_like
        Current of the pulse in nA.
    duration : array_like
        Length of the pulse in ms, positive.

    Returns
    -------
    ndarray or float64
        mV, in the common shape of the arguments.
    """
    _neuron(n)
    t = finite_array("t", t, "ms", at_least=0.0, at_most=LARGEST)
    duration = _duration(duration)
    return _broadcast(kernels.pulse_response, t, _current(n, I), duration, n.tau_m, n.R, n.E_L)


def rheobase(n: LIF) -> np.float64:
    """Smallest constant current above which the neuron fires again and again: (V_th - E_L) / R.

    Parameters
    ----------
    n : LIF

    Returns
    -------
    float64
        nA. At exactly this current the potential approaches V_th for ever and does not reach it.

    References
    ----------
    Lapicque (1907); the word is his, of 1909.
    """
    _neuron(n)
    return np.float64(kernels.rheobase(n.R, n.E_L, n.V_th))


def latency(n: LIF, I, V0=None) -> np.ndarray | np.float64:
    """Time from the onset of a constant current to the first spike.

    tau_m log(1 + (V_th - V0) / (E_L + R I - V_th))

    Parameters
    ----------
    n : LIF
    I : array_like
        Current in nA.
    V0 : array_like, optional
        Potential in mV at the onset, below V_th; E_L if not given.

    Returns
    -------
    ndarray or float64
        ms; inf at and below rheobase.
    """
    _neuron(n)
    return _broadcast(kernels.latency, _current(n, I), n.tau_m, n.R, n.E_L, n.V_th, _start(n, V0))


def interspike_interval(n: LIF, I) -> np.ndarray | np.float64:
    """Interval between two spikes under a constant current.

    t_ref + tau_m log(1 + (V_th - V_reset) / (E_L + R I - V_th))

    Parameters
    ----------
    n : LIF
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        ms; inf at and below rheobase.
    """
    _neuron(n)
    return _broadcast(
        kernels.interspike_interval, _current(n, I), n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref)


def firing_rate(n: LIF, I) -> np.ndarray | np.float64:
    """Firing rate under a constant current: the exact f-I curve.

    Parameters
    ----------
    n : LIF
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        Hz; 0 at and below rheobase.

    Raises
    ------
    ValueError
        If the interspike interval is too short for a finite rate (t_ref = 0 and a current beyond all measure).

    References
    ----------
    Gerstner et al. (2014), *Neuronal Dynamics*, section 1.3.
    """
    _neuron(n)
    I = _current(n, I)
    rate = _broadcast(kernels.firing_rate, I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref)
    if not np.all(np.isfinite(rate)):
        raise ValueError(f"I must give a finite rate, got {np.max(I):g} nA with t_ref = 0 ms")
    return rate


def gain(n: LIF, I) -> np.ndarray | np.float64:
    """Slope of the f-I curve.

    Parameters
    ----------
    n : LIF
    I : array_like
        Current in nA.

    Returns
    -------
    ndarray or float64
        Hz/nA; 0 at and below rheobase (just above, it grows without bound).
    """
    _neuron(n)
    return _broadcast(kernels.gain, _current(n, I), n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref)


def threshold_current(n: LIF, duration) -> np.ndarray | np.float64:
    """Strength-duration curve: smallest rectangular pulse from rest that reaches threshold.

    I_rh / (1 - exp(-duration / tau_m))

    Parameters
    ----------
    n : LIF
    duration : array_like
        Length of the pulse in ms, positive.

    Returns
    -------
    ndarray or float64
        nA.

    References
    ----------
    Lapicque (1907), whose formula it is; Brunel & van Rossum (2007), Biological Cybernetics 97: 341.
    """
    _neuron(n)
    duration = _duration(duration)
    return _broadcast(kernels.threshold_current, duration, n.tau_m, n.R, n.E_L, n.V_th)


def threshold_charge(n: LIF, duration) -> np.ndarray | np.float64:
    """Charge of the smallest rectangular pulse that reaches threshold.

    Parameters
    ----------
    n : LIF
    duration : array_like
        Length of the pulse in ms, positive.

    Returns
    -------
    ndarray or float64
        pC. It sinks to C (V_th - E_L) as the pulse becomes short.
    """
    return threshold_current(n, duration) * duration


def chronaxie(n: LIF) -> np.float64:
    """Duration at which the threshold current is twice the rheobase: tau_m ln 2.

    Parameters
    ----------
    n : LIF

    Returns
    -------
    float64
        ms.

    References
    ----------
    Lapicque (1907).
    """
    _neuron(n)
    return np.float64(kernels.chronaxie(n.tau_m))


def weiss_current(n: LIF, duration) -> np.ndarray | np.float64:
    """Weiss's hyperbola with the neuron's rheobase and chronaxie: I_rh (1 + chronaxie / duration).

    Parameters
    ----------
    n : LIF
    duration : array_like
        Length of the pulse in ms, positive.

    Returns
    -------
    ndarray or float64
        nA; equal to `threshold_current` at the chronaxie and for long pulses, below it for short ones.

    References
    ----------
    Weiss (1901), Archives Italiennes de Biologie 35: 413.
    """
    duration = _duration(duration)
    return rheobase(n) * (1.0 + chronaxie(n) / duration)


def energy_optimal_duration(n: LIF) -> np.float64:
    """Duration of the threshold pulse that takes the least energy, the minimum of I**2 duration.

    Parameters
    ----------
    n : LIF

    Returns
    -------
    float64
        ms: 1.2564 tau_m, with exp(x) = 1 + 2 x at x = 1.2564.
    """
    _neuron(n)
    return np.float64(n.tau_m * 1.2564312086261697)


def paired_pulse_threshold(n: LIF, duration, gap) -> np.ndarray | np.float64:
    """Current at which the second of two equal pulses just reaches threshold.

    Parameters
    ----------
    n : LIF
    duration : array_like
        Length of each pulse in ms, positive.
    gap : array_like
        Time in ms between the end of the first and the start of the second, at least 0.

    Returns
    -------
    ndarray or float64
        nA.
    """
    _neuron(n)
    duration = _duration(duration)
    gap = finite_array("gap", gap, "ms", at_least=0.0, at_most=LARGEST)
    return _broadcast(kernels.paired_pulse_threshold, duration, gap, n.tau_m, n.R, n.E_L, n.V_th)


def ramp_response(n: LIF, slope, t) -> np.ndarray | np.float64:
    """Potential from rest under a current that grows as slope * t, with the threshold switched off.

    Parameters
    ----------
    n : LIF
    slope : array_like
        nA/ms.
    t : array_like
        Time in ms, at least 0.

    Returns
    -------
    ndarray or float64
        mV.
    """
    _neuron(n)
    slope = finite_array("slope", slope, "nA/ms", at_least=-LARGEST, at_most=LARGEST)
    t = finite_array("t", t, "ms", at_least=0.0, at_most=LARGEST)
    return _broadcast(kernels.ramp_response, t, slope, n.tau_m, n.R, n.E_L)


def ramp_latency(n: LIF, slope) -> np.ndarray | np.float64:
    """Time at which a current that grows as slope * t fires the neuron from rest.

    Solves R slope (t - tau_m (1 - exp(-t / tau_m))) = V_th - E_L.

    Parameters
    ----------
    n : LIF
    slope : array_like
        nA/ms.

    Returns
    -------
    ndarray or float64
        ms; inf for a slope that is not positive. The current at the spike is slope times this.
    """
    _neuron(n)
    slope = finite_array("slope", slope, "nA/ms", at_least=-LARGEST, at_most=LARGEST)
    return _broadcast(kernels.ramp_latency, slope, n.tau_m, n.R, n.E_L, n.V_th)


def _time_constants(n, tau_decay, tau_rise):
    _neuron(n)
    tau_decay = finite_array("tau_decay", tau_decay, "ms", at_least=SMALLEST, at_most=LARGEST)
    tau_rise = finite_array("tau_rise", tau_rise, "ms", at_least=0.0)
    if not np.all(np.less(tau_rise, tau_decay)):
        decay, rise = np.broadcast_arrays(tau_decay, tau_rise)
        wrong = ~(rise < decay)
        raise ValueError(
            f"tau_rise must be less than tau_decay = {decay[wrong].flat[0]:g} ms, got {rise[wrong].flat[0]:g} ms")
    return tau_decay, tau_rise


def photocurrent_threshold(n: LIF, tau_decay, tau_rise) -> np.ndarray | np.float64:
    """Smallest amplitude A for which the photocurrent A (exp(-t/tau_decay) - exp(-t/tau_rise)) fires the neuron from rest.

    Parameters
    ----------
    n : LIF
    tau_decay : array_like
        Decay time constant in ms, positive.
    tau_rise : array_like
        Rise time constant in ms, less than tau_decay; 0 for an instantaneous rise.

    Returns
    -------
    ndarray or float64
        A in nA (the current's own peak is smaller: the exponentials overlap).
    """
    tau_decay, tau_rise = _time_constants(n, tau_decay, tau_rise)
    return rheobase(n) / _broadcast(kernels.exponential_input_peak, n.tau_m, tau_decay, tau_rise)


def photocurrent_peak_time(n: LIF, tau_decay, tau_rise) -> np.ndarray | np.float64:
    """Time at which the response to A (exp(-t/tau_decay) - exp(-t/tau_rise)) is largest.

    Parameters
    ----------
    n : LIF
    tau_decay, tau_rise : array_like
        As in `photocurrent_threshold`, in ms.

    Returns
    -------
    ndarray or float64
        ms; it depends on no amplitude.
    """
    tau_decay, tau_rise = _time_constants(n, tau_decay, tau_rise)
    return _broadcast(kernels.exponential_input_peak_time, n.tau_m, tau_decay, tau_rise)


def waveform_threshold(n: LIF, t, I) -> np.float64:
    """Factor by which a measured current has to be scaled so that it just fires the neuron from rest.

    The current runs straight between the samples and is zero before the first and after the last.  A factor below 1 says
    that the current as measured fires the neuron.

    Parameters
    ----------
    n : LIF
    t : array_like, shape (samples,)
        Times in ms, increasing, at least two.
    I : array_like, shape (samples,)
        Current in nA, as recorded or per unit of light.

    Returns
    -------
    float64
        Scale factor; inf if the current never depolarises the neuron.
    """
    _neuron(n)
    t = np.require(finite_array("t", t, "ms"), requirements="CW")
    I = np.require(_current(n, I), requirements="CW")
    if t.ndim != 1 or t.size < 2 or t.shape != I.shape:
        raise ValueError(
            f"t and I must be one-dimensional, of one length, at least 2, got shapes {t.shape} and {I.shape}")
    if not np.all(np.diff(t) > 0.0):
        k = int(np.flatnonzero(np.diff(t) <= 0.0)[0])
        raise ValueError(f"t must increase, got {t[k]:g} ms and then {t[k + 1]:g} ms at sample {k + 1}")
    peak = kernels.waveform_peak(t, I, n.tau_m)
    return np.float64(rheobase(n) / peak if peak > 0.0 else np.inf)

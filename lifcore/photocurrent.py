"""Light instead of an electrode: channelrhodopsin-2 in the membrane of a leaky integrate-and-fire neuron.

    tau_m dV/dt = E_L - V + R I_ChR2(light, V, t)

The channel's four states follow Williams et al. (2013); `lifcore.kernels.channelrhodopsin` has the equations.  Under constant
light the current peaks within milliseconds and adapts to a plateau.  Only the plateau decides whether the neuron goes on
firing: it does if the plateau current, taken at V_th, exceeds the rheobase (V_th - E_L) / R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import channelrhodopsin as kernels
from lifcore.neuron import LIF, _broadcast, _neuron
from lifcore.simulation import Trace

__all__ = ["LightTrace", "light_threshold", "simulate_light", "steady_photocurrent", "transient_light_threshold"]

BRIGHTEST = 1000.0


@dataclass(frozen=True)
class LightTrace(Trace):
    """A trace together with the photocurrent.

    Attributes
    ----------
    current : ndarray, shape (samples,)
        Photocurrent in nA, positive where it depolarises.
    """

    current: np.ndarray


def _light(light):
    light = finite_array("light", light, "mW/mm²", at_least=0.0)
    if np.any(light > BRIGHTEST):
        raise ValueError(f"light must be at most {BRIGHTEST:g} mW/mm², got {np.max(light):g} mW/mm²")
    return light


def _potential(V):
    V = finite_array("V", V, "mV")
    if np.any(np.abs(V) > 200.0):
        raise ValueError(f"V must lie between -200 and 200 mV, where the channel was measured at all, got {V.flat[0]:g} mV")
    return V


def _lit(n, g_max):
    """The neuron, if its potentials are such that the channel model means anything, and g_max."""
    _neuron(n)
    for name in ("E_L", "V_th", "V_reset"):
        value = getattr(n, name)
        if abs(value) > 200.0:
            raise ValueError(f"{name} must lie between -200 and 200 mV for a cell with channels, got {value:g} mV")
    return finite_array("g_max", g_max, "µS", above=0.0)


def steady_photocurrent(light, V, g_max=0.05) -> np.ndarray | np.float64:
    """Plateau of the photocurrent under constant light at a held potential.

    Parameters
    ----------
    light : array_like
        Irradiance at 470 nm in mW/mm², 0 to 1000.
    V : array_like
        Potential in mV, -200 to 200.
    g_max : array_like
        Conductance in µS with all channels open, positive.

    Returns
    -------
    ndarray or float64
        nA, positive where it depolarises, in the common shape of the arguments.

    References
    ----------
    Williams et al. (2013), PLoS Computational Biology 9: e1003220, equations 1 to 12 and table 1; the steady state of the
    four states by King & Altman (1956), Journal of Physical Chemistry 60: 1375.
    """
    return _broadcast(
        kernels.steady_photocurrent, _light(light), _potential(V), finite_array("g_max", g_max, "µS", above=0.0))


def light_threshold(n: LIF, g_max=0.05) -> np.ndarray | np.float64:
    """Irradiance above which constant light makes the neuron fire again and again.

    There the plateau current at V_th equals the rheobase.

    Parameters
    ----------
    n : LIF
    g_max : array_like
        Conductance in µS with all channels open, positive.

    Returns
    -------
    ndarray or float64
        mW/mm²; inf if no light up to 1000 mW/mm² is enough.
    """
    g_max = _lit(n, g_max)
    return _broadcast(kernels.light_threshold, g_max, n.R, n.E_L, n.V_th)


def simulate_light(
    n: LIF, light: float, duration: float, g_max: float = 0.05, onset: float = 0.0, offset: float | None = None,
    dt: float = 0.1,
) -> LightTrace:
    """A dark-adapted neuron at rest under a step of light.

    Parameters
    ----------
    n : LIF
    light : float
        Irradiance at 470 nm in mW/mm², 0 to 1000.
    duration : float
        Simulated time in ms, positive.
    g_max : float
        Conductance in µS with all channels open, positive.
    onset, offset : float
        When the light goes on and off, in ms; it stays on to the end if `offset` is not given.
    dt : float
        Sampling step in ms and longest step of the fourth-order Runge-Kutta method, positive, at most 0.5.

    Returns
    -------
    LightTrace
        Samples at 0, dt, 2 dt, ... up to `duration`. Spike times are found within a step.
    """
    g_max = _lit(n, finite_number("g_max", g_max, "µS", above=0.0))
    light = _light(finite_number("light", light, "mW/mm²"))
    duration = finite_number("duration", duration, "ms", above=0.0)
    onset = finite_number("onset", onset, "ms", at_least=0.0)
    offset = duration if offset is None else finite_number("offset", offset, "ms")
    if offset < onset:
        raise ValueError(f"offset must be at least onset = {onset:g} ms, got {offset:g} ms")
    dt = finite_number("dt", dt, "ms", above=0.0)
    if dt > 0.5:
        raise ValueError(f"dt must be at most 0.5 ms, which the channel's rates need, got {dt:g} ms")
    samples = whole_number("duration / dt", round(duration / dt), at_least=1) + 1
    V, current = np.empty(samples), np.empty(samples)
    arguments = (
        float(light), onset, offset, float(g_max), n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, V, current)
    capacity = 1024
    while True:
        spike_times = np.empty(capacity)
        total = kernels.light_trace(*arguments, spike_times)
        if total <= capacity:
            break
        capacity = total
    spike_times = spike_times[:total].copy()
    return LightTrace(spike_times, np.zeros(total, np.int64), 1, np.arange(samples) * dt, V, current)


def transient_light_threshold(n: LIF, g_max: float = 0.05, duration: float = 200.0) -> np.float64:
    """Irradiance at which a step of light, with its peak, first fires the neuron at all.

    Parameters
    ----------
    n : LIF
    g_max : float
        Conductance in µS with all channels open, positive.
    duration : float
        Length of the step of light in ms, positive.

    Returns
    -------
    float64
        mW/mm², found by simulation to a relative 1e-6; inf if no light up to 1000 mW/mm² is enough. Below
        `light_threshold`: between the two the neuron fires a few spikes and falls silent.
    """
    def fires(light):
        return simulate_light(n, light, duration, g_max).spike_times.size > 0

    low, high = 0.0, 1e-3
    while not fires(high):
        low, high = high, 4.0 * high
        if high > BRIGHTEST:
            return np.float64(np.inf)
    while high - low > 1e-6 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fires(middle) else (middle, high)
    return np.float64(high)

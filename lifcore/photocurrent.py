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

BRIGHTEST = 100.0


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
    return finite_array("light", light, "mW/mm²", at_least=0.0, at_most=BRIGHTEST)


def _conductance(g_max):
    return finite_array("g_max", finite_array("g_max", g_max, "µS", above=0.0), "µS", at_most=1e6)


def _potential(name, V):
    """Beyond 200 mV nobody has measured the channel, and its exponentials leave all measure."""
    return finite_array(name, V, "mV", at_least=-200.0, at_most=200.0)


def _excitable(n):
    """The neuron, if its potentials are such that the channel model means anything."""
    _neuron(n)
    for name in ("E_L", "V_th", "V_reset"):
        _potential(name, getattr(n, name))
    return n


def steady_photocurrent(light, V, g_max=0.02) -> np.ndarray | np.float64:
    """Plateau of the photocurrent under constant light at a held potential.

    Parameters
    ----------
    light : array_like
        Irradiance at 470 nm in mW/mm², 0 to 100.
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
        kernels.steady_photocurrent, _light(light), _potential("V", V), _conductance(g_max))


def light_threshold(n: LIF, g_max=0.02) -> np.ndarray | np.float64:
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
        mW/mm²; inf if no light up to 100 mW/mm² is enough.
    """
    _excitable(n)
    return _broadcast(kernels.light_threshold, _conductance(g_max), n.R, n.E_L, n.V_th)


def simulate_light(
    n: LIF, light: float, duration: float, g_max: float = 0.02, onset: float = 0.0, offset: float | None = None,
    dt: float = 0.1,
) -> LightTrace:
    """A dark-adapted neuron at rest under a step of light.

    Parameters
    ----------
    n : LIF
    light : float
        Irradiance at 470 nm in mW/mm², 0 to 100.
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
    _excitable(n)
    g_max = float(_conductance(finite_number("g_max", g_max, "µS")))
    light = float(_light(finite_number("light", light, "mW/mm²")))
    duration = finite_number("duration", duration, "ms", above=0.0)
    onset = finite_number("onset", onset, "ms", at_least=0.0)
    offset = finite_number("offset", max(duration, onset) if offset is None else offset, "ms", at_least=onset)
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=0.5)
    samples = whole_number("duration / dt", round(duration / dt), at_least=1) + 1
    V, current = np.empty(samples), np.empty(samples)
    arguments = (
        light, onset, offset, g_max, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, V, current)
    capacity = 1024
    while True:
        spike_times = np.empty(capacity)
        total = kernels.light_trace(*arguments, spike_times)
        if total <= capacity:
            break
        capacity = total
    spike_times = spike_times[:total].copy()
    return LightTrace(spike_times, np.zeros(total, np.int64), 1, np.arange(samples) * dt, V, current)


def transient_light_threshold(n: LIF, g_max: float = 0.02, duration: float = 200.0) -> np.float64:
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
        mW/mm², found by simulation to a relative 1e-6; inf if no light up to 100 mW/mm² is enough. Below
        `light_threshold`: between the two the neuron fires a few spikes and falls silent.
    """
    def fires(light):
        return simulate_light(n, light, duration, g_max).spike_times.size > 0

    low, high = 0.0, 1e-3
    while not fires(high):
        if high == BRIGHTEST:
            return np.float64(np.inf)
        low, high = high, min(4.0 * high, BRIGHTEST)
    while high - low > 1e-6 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fires(middle) else (middle, high)
    return np.float64(high)

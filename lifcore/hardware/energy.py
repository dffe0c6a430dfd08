"""Energy per event of a chip that also draws power while nothing happens.

    P = P_idle + e r,        P / r = e + P_idle / r

r is the number of events in a second and e the energy that one more event adds.  The energy per event, P / r, falls as
the chip gets busier and tends to e; it is a property of the workload as much as of the chip.
"""

from __future__ import annotations

import numpy as np

from lifcore._validate import finite_array, finite_number
from lifcore.neuron import LARGEST, SMALLEST

__all__ = ["energy_per_event", "idle_and_marginal", "synaptic_events"]

TRUENORTH_NEURONS = 4096 * 256
# Mean rate in Hz and power in mW of the chip, 128 synapses a neuron, 0.8 V (Akopyan et al. 2015, figure 17).
TRUENORTH_SWEEP = ((11.58, 68.0), (20.07, 71.0), (95.93, 94.0))


def synaptic_events(neurons, rate, synapses) -> np.ndarray | np.float64:
    """Synaptic events in a second: each spike is one event at every synapse that it reaches.

    Parameters
    ----------
    neurons : array_like
        Number of neurons.
    rate : array_like
        Mean firing rate in Hz.
    synapses : array_like
        Synapses that a spike reaches.

    Returns
    -------
    ndarray or float64
        neurons * rate * synapses, per second.
    """
    neurons = finite_array("neurons", neurons, "neurons", at_least=0.0, at_most=LARGEST)
    rate = finite_array("rate", rate, "Hz", at_least=0.0, at_most=LARGEST)
    return np.float64(1.0) * neurons * rate * finite_array("synapses", synapses, "synapses", at_least=0.0, at_most=LARGEST)


def idle_and_marginal(events, power) -> tuple[float, float]:
    """The straight line through the power at two workloads.

    Parameters
    ----------
    events : array_like, shape (2,)
        Events in a second, increasing.
    power : array_like, shape (2,)
        Power in mW.

    Returns
    -------
    idle : float
        Power at no events in mW.
    marginal : float
        Energy that one more event adds in pJ.
    """
    events = finite_array("events", events, "per second", at_least=0.0, at_most=LARGEST)
    power = finite_array("power", power, "mW", at_least=0.0, at_most=LARGEST)
    if events.shape != (2,) or power.shape != (2,):
        raise ValueError(f"events and power must have two values each, got shapes {events.shape} and {power.shape}")
    if not events[1] > events[0]:
        raise ValueError(f"events must increase, got {events[0]:g} and then {events[1]:g} per second")
    slope = (power[1] - power[0]) / (events[1] - events[0])
    # 1 mJ is 1e9 pJ.
    return float(power[0] - slope * events[0]), float(slope * 1e9)


def energy_per_event(events, idle: float, marginal: float) -> np.ndarray | np.float64:
    """Power of the whole chip over the number of events in a second.

    Parameters
    ----------
    events : array_like
        Events in a second, positive.
    idle : float
        Power at no events in mW.
    marginal : float
        Energy that one more event adds in pJ.

    Returns
    -------
    ndarray or float64
        pJ, in the shape of `events`.
    """
    events = finite_array("events", finite_array("events", events, "per second", above=0.0), "per second",
                          at_least=SMALLEST, at_most=LARGEST)
    idle = finite_number("idle", idle, "mW", at_least=0.0, at_most=LARGEST)
    marginal = finite_number("marginal", marginal, "pJ", at_least=0.0, at_most=LARGEST)
    return marginal + idle * 1e9 / events

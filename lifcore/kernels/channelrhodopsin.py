"""Channelrhodopsin-2 (H134R) in a leaky integrate-and-fire membrane.

The four-state model of Williams et al. (2013, PLoS Computational Biology 9: e1003220), at 22 °C: channels are closed (C1,
C2) or open (O1, O2), light opens them, and a channel that has opened once comes back through the less sensitive C2.  That
is why the current under constant light peaks and then sinks to a plateau.

    C1 -> O1   0.8535 F p             O1 -> C1   0.075 + 0.043 tanh(-(V + 20)/20)
    C2 -> O2   0.14 F p               O2 -> C2   0.05
    O1 -> O2   0.011 + 0.005 ln(1 + E/0.024)          O2 -> O1   0.008 + 0.004 ln(1 + E/0.024)
    C2 -> C1   4.34587e-5 exp(-0.0211539274 V)        (all per ms, V in mV)
    1.3 ms dp/dt = S - p,   S = (1 + tanh(120 (100 E - 0.1))) / 2
    F = sigma E / (w h c / lambda): photons absorbed per ms at the irradiance E in mW/mm²
    photocurrent = -g_max (10.6408 - 14.6408 exp(-V/42.7671)) (O1 + 0.1 O2)   in nA, for g_max in µS

The paper's reversal potential is 0 mV; its rectification over V times V - 0 leaves the bracket above.  The sign is that of
a current injected by an electrode: positive depolarises.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, log1p, tanh

__all__ = ["light_threshold", "light_trace", "photocurrent_factor", "steady_open", "steady_photocurrent"]

EPSILON_1 = 0.8535
EPSILON_2 = 0.14
GAMMA = 0.1
TAU_P = 1.3
# sigma lambda / (h c w) in photons per ms and mW/mm²: 12e-20 m², 470 nm, h c = 1.986446e-25 J m, losses w = 1.3
FLUX = 12e-20 * 470e-9 / (1.986446e-25 * 1.3)
DARKEST = 1e-6
BRIGHTEST = 1e2
CROSSING_STEPS = 60


@kernel("f8(f8)")
def photocurrent_factor(V):
    """Minus the rectified driving force in mV: the photocurrent per g_max and open channel."""
    return 14.6408 * exp(-V / 42.7671) - 10.6408


@kernel("f8(f8)")
def _deactivation(V):
    return 0.075 - 0.043 * tanh((V + 20.0) / 20.0)


@kernel("f8(f8)")
def _recovery(V):
    return 4.34587e-5 * exp(-0.0211539274 * V)


@kernel("f8(f8)")
def _activation(light):
    return 0.5 * (1.0 + tanh(120.0 * (100.0 * light - 0.1)))


@kernel("f8(f8, f8)")
def steady_open(light, V):
    """O1 + 0.1 O2 in the steady state at a held V, from the spanning trees of the cycle C1-O1-O2-C2 (King & Altman 1956)."""
    absorbed = FLUX * light * _activation(light)
    opening_1 = EPSILON_1 * absorbed
    opening_2 = EPSILON_2 * absorbed
    closing_1 = _deactivation(V)
    closing_2 = 0.05
    adaptation = log1p(light / 0.024)
    forward = 0.011 + 0.005 * adaptation
    back = 0.008 + 0.004 * adaptation
    recovery = _recovery(V)
    C1 = closing_1 * (back * recovery + closing_2 * recovery + opening_2 * back) + forward * closing_2 * recovery
    O1 = opening_1 * (closing_2 * recovery + back * recovery + opening_2 * back)
    O2 = opening_1 * forward * (recovery + opening_2)
    C2 = opening_1 * forward * closing_2
    return (O1 + GAMMA * O2) / (C1 + O1 + O2 + C2)


@kernel("f8(f8, f8, f8)")
def steady_photocurrent(light, V, g_max):
    """Plateau of the photocurrent in nA at a held V under constant light (positive depolarises)."""
    return g_max * photocurrent_factor(V) * steady_open(light, V)


@kernel("f8(f8, f8, f8, f8)")
def light_threshold(g_max, R, E_L, V_th):
    """The irradiance in mW/mm² at which the plateau current at V_th equals rheobase; inf if no light is enough."""
    I_rh = (V_th - E_L) / R
    ratio = 1.1
    high = DARKEST
    while steady_photocurrent(high, V_th, g_max) < I_rh:
        high *= ratio
        if high > BRIGHTEST:
            return np.inf
    low = high / ratio
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle <= low or middle >= high:
            break
        if steady_photocurrent(middle, V_th, g_max) < I_rh:
            low = middle
        else:
            high = middle
    return high


@kernel("UniTuple(f8, 5)(f8, f8, f8, f8, f8, f8, f8, f8, f8, f8)")
def _slope(light, O1, O2, C2, p, V, g_max, tau_m, R, E_L):
    absorbed = FLUX * light * p
    adaptation = log1p(light / 0.024)
    forward = (0.011 + 0.005 * adaptation) * O1
    back = (0.008 + 0.004 * adaptation) * O2
    opening_1 = EPSILON_1 * absorbed * (1.0 - O1 - O2 - C2)
    opening_2 = EPSILON_2 * absorbed * C2
    closing_2 = 0.05 * O2
    current = g_max * photocurrent_factor(V) * (O1 + GAMMA * O2)
    return (
        opening_1 - _deactivation(V) * O1 - forward + back,
        opening_2 - closing_2 + forward - back,
        closing_2 - opening_2 - _recovery(V) * C2,
        (_activation(light) - p) / TAU_P,
        (E_L - V + R * current) / tau_m,
    )


@kernel("UniTuple(f8, 5)(f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8)")
def _advance(h, held, light, O1, O2, C2, p, V, g_max, tau_m, R, E_L):
    """One step of the classical fourth-order Runge-Kutta method; `held` is 0 while the membrane is clamped, else 1."""
    a1, b1, c1, p1, v1 = _slope(light, O1, O2, C2, p, V, g_max, tau_m, R, E_L)
    k = 0.5 * h
    a2, b2, c2, p2, v2 = _slope(
        light, O1 + k * a1, O2 + k * b1, C2 + k * c1, p + k * p1, V + held * k * v1, g_max, tau_m, R, E_L)
    a3, b3, c3, p3, v3 = _slope(
        light, O1 + k * a2, O2 + k * b2, C2 + k * c2, p + k * p2, V + held * k * v2, g_max, tau_m, R, E_L)
    a4, b4, c4, p4, v4 = _slope(
        light, O1 + h * a3, O2 + h * b3, C2 + h * c3, p + h * p3, V + held * h * v3, g_max, tau_m, R, E_L)
    k = h / 6.0
    return (
        O1 + k * (a1 + 2.0 * (a2 + a3) + a4),
        O2 + k * (b1 + 2.0 * (b2 + b3) + b4),
        C2 + k * (c1 + 2.0 * (c2 + c3) + c4),
        p + k * (p1 + 2.0 * (p2 + p3) + p4),
        V + held * k * (v1 + 2.0 * (v2 + v3) + v4),
    )


@kernel("i4(f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def light_trace(light, onset, offset, g_max, tau_m, R, E_L, V_th, V_reset, t_ref, dt, V, current, spike_times):
    """A dark-adapted cell at rest, lit from `onset` to `offset` ms.

    Writes V and the photocurrent at j dt and the spike times as far as the arrays reach; returns the number of spikes.
    A step ends at each sample, light edge, spike and end of a refractory period, and sooner where bright light makes the
    channel fast; the time of a spike is the root of V - V_th in the length of the step, as exact as the step itself.
    """
    longest = 1.0 / (1.0 + FLUX * light)
    O1, O2, C2, p, v = 0.0, 0.0, 0.0, _activation(0.0), E_L
    n = 0
    free = 0.0
    t = 0.0
    for j in range(V.size):
        goal = j * dt
        while t < goal:
            stop = min(goal, t + longest)
            lit = light
            if t < onset:
                lit = 0.0
                stop = min(stop, onset)
            elif t < offset:
                stop = min(stop, offset)
            else:
                lit = 0.0
            held = 1.0
            if t < free:
                held = 0.0
                stop = min(stop, free)
            h = stop - t
            O1_end, O2_end, C2_end, p_end, v_end = _advance(
                h, held, lit, O1, O2, C2, p, v, g_max, tau_m, R, E_L)
            t_end = stop
            fired = v_end >= V_th
            if fired:
                low = 0.0
                high = h
                for _ in range(CROSSING_STEPS):
                    middle = 0.5 * (low + high)
                    O1_end, O2_end, C2_end, p_end, v_end = _advance(
                        middle, held, lit, O1, O2, C2, p, v, g_max, tau_m, R, E_L)
                    if v_end >= V_th:
                        high = middle
                    else:
                        low = middle
                t_end = t + high
                v_end = V_reset
                free = t_end + t_ref
                if n < spike_times.size:
                    spike_times[n] = t_end
                n += 1
            O1, O2, C2, p, v, t = O1_end, O2_end, C2_end, p_end, v_end, t_end
        V[j] = v
        current[j] = g_max * photocurrent_factor(v) * (O1 + GAMMA * O2)
    return n

"""Rate equations with delays, step by step (Wilson & Cowan 1972, with the rate of a noisy neuron for their sigmoid).

    tau_i d nu_i / dt = -nu_i + Phi_i(mu_i, sigma_i)
    mu_i = mu_ext + sum over connections of w x,     sigma_i**2 = sigma_ext**2 + sum of w' x
    tau_s dx / dt = -x + nu(t - delay)

No delay is shorter than a step, so that Phi is known at both ends of a step before nu is.  Between them nu(t - delay) and
Phi are taken to be straight lines, for which the solution is known: an error of second order, and stable for any step.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.diffusion import rate
from lifcore.kernels.elementary import expm1

__all__ = ["rate_steps"]

# Columns of a population's numbers, and of a connection's numbers and whole numbers.
TAU_M, E_L, V_TH, V_RESET, T_REF, MU, VARIANCE, TAU = range(8)
DRIVE, NOISE, TAU_S = range(3)
SOURCE, TARGET, DELAY = range(3)


@kernel("f8(f8, f8, f8, f8, f8)")
def _follow(x, before, after, h, tau):
    """What x becomes in the time h where tau dx/dt = -x + a straight line from `before` to `after`; tau may be 0."""
    if tau == 0.0:
        return after
    fraction = -expm1(-h / tau)
    # The weight of the line's end: 1 - (tau / h) fraction.
    end = 1.0 - tau / h * fraction
    if h < 1e-4 * tau:
        end = 0.5 * h / tau
    return x * (1.0 - fraction) + before * (fraction - end) + after * end


@kernel("void(f8[:, ::1], f8[:, ::1], i4[:, ::1], f8[:, ::1], f8, i4, f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def rate_steps(populations, connections, ends, signal, dt, first, nu, x, stationary, history, out):
    """Advances rates by as many steps as `signal` has columns.

    populations : of each tau_m, E_L, V_th, V_reset, t_ref, mu and sigma**2 from outside, tau; ms and mV
    connections, ends : of each w in mV/Hz, w' in mV**2/Hz, tau_s in ms; source, target and delay in steps, from 1
    signal : shape (populations, steps), drive in mV at the end of each step
    first : number of steps before
    nu, x, stationary : rates of populations and filtered rates of connections in Hz, and Phi, at the beginning; updated
    history : shape (populations, longest delay + 1), rates in Hz of the steps before, step k at k modulo its length
    out : shape (populations, steps), the rate in Hz at the end of each step
    """
    slots = history.shape[1]
    for k in range(signal.shape[1]):
        step = np.int64(first + k)
        for i in range(nu.size):
            history[i, step % slots] = nu[i]
        for c in range(x.size):
            back = step - ends[c, DELAY] + 2 * slots
            source = ends[c, SOURCE]
            x[c] = _follow(x[c], history[source, back % slots], history[source, (back + 1) % slots], dt, connections[c, TAU_S])
        for i in range(nu.size):
            mu, variance = populations[i, MU] + signal[i, k], populations[i, VARIANCE]
            for c in range(x.size):
                if ends[c, TARGET] == i:
                    mu += connections[c, DRIVE] * x[c]
                    variance += connections[c, NOISE] * x[c]
            after = rate(
                mu, np.sqrt(max(variance, 0.0)), populations[i, TAU_M], populations[i, E_L], populations[i, V_TH],
                populations[i, V_RESET], populations[i, T_REF])
            nu[i] = _follow(nu[i], stationary[i], after, dt, populations[i, TAU])
            stationary[i] = after
            out[i, k] = nu[i]

"""Feedback of one population that inhibits itself, with a delay: where its stationary state loses its stability.

    mu(t) = mu_ext - G times the integral of k(u) nu(t - delay - u),        k(u) = exp(-u / tau_s) / tau_s

A small oscillation of the rate comes back, once round the loop, multiplied by (Brunel & Hakim 1999)

    L(f) = -G chi(f) exp(-i 2 pi f delay) / (1 + i 2 pi f tau_s)

A rate equation has the static gain Phi' = chi(0), divided by 1 + i 2 pi f tau, in place of the susceptibility chi.  Everything
here is for the loop gain G Phi' = 1: another one multiplies it, and the state is lost where L becomes 1.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import cos_sin_turns
from lifcore.kernels.response import TWO_PI, _quotient, _relative

__all__ = ["FILTERED", "OWN", "critical_point", "effective_time", "loops", "search_range"]

# What answers to the drive: the neuron with its own susceptibility, or a rate equation with the time constant tau.
OWN, FILTERED = 0, 1
# The frequency, times 2 pi tau_m in s, at which the slope of the phase is taken.
LOW = 1e-6
HALVINGS = 200


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def effective_time(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    """The time constant in ms with which gain / (1 + i 2 pi f tau) follows the susceptibility at low frequency."""
    f = LOW * 1000.0 / (TWO_PI * tau_m)
    to_mu = _relative(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)[0]
    return -to_mu.imag / (to_mu.real * (LOW / tau_m))


@kernel("c16(f8, i4, f8, c16, f8, f8, f8, f8, f8, f8, f8, f8, f8)")
def _loop(f, answer, tau, still, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s):
    """L at one frequency; `still` is the susceptibility at 0 in units of the rate."""
    if f == 0.0:
        return complex(-1.0, 0.0)
    if answer == OWN:
        passed = _quotient(_relative(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)[0], still)
    else:
        passed = _quotient(1.0 + 0j, complex(1.0, TWO_PI * f * tau / 1000.0))
    cosine, sine = cos_sin_turns(-f * delay / 1000.0)
    return -_quotient(passed * complex(cosine, sine), complex(1.0, TWO_PI * f * tau_s / 1000.0))


@kernel("c16(f8, f8, f8, f8, f8, f8, f8)")
def _still(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    return complex(_relative(0.0, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)[0].real, 0.0)


@kernel("void(f8[::1], i4, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[:, ::1])")
def loops(f, answer, tau, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s, out):
    """L at each frequency in Hz for a loop gain of 1, into the rows of `out`: real and imaginary part."""
    still = _still(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
    for k in range(f.size):
        value = _loop(f[k], answer, tau, still, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s)
        out[0, k] = value.real
        out[1, k] = value.imag


def search_range(delay, nu):
    """f_max in Hz and the number of pieces for `critical_point`: the first turns of the delay, the resonances at the rate nu."""
    f_max = 1000.0 / delay + 4.0 * nu
    # Sixteen to each turn of the delay, or crossings come two at a time and are missed.
    return f_max, int(max(400.0, min(50.0 * f_max / max(nu, 1.0), 40_000.0), min(16.0 * f_max * delay / 1000.0, 1e6)))


@kernel("f8(i4, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, i4, f8[::1])")
def critical_point(answer, tau, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s, f_max, pieces, out):
    """The loop gain from which on an oscillation grows, and its frequency in Hz into out[0].

    Where L crosses the positive real axis the oscillation that comes back is in phase with itself, and the crossing that
    lies farthest out is the first to reach 1.  Crossings are looked for in so many pieces of 0 to f_max.  A rate equation
    with tau < 0 runs away without any feedback: its loop gain is 0, as is its frequency.  Both are infinite if there is none.
    """
    out[0] = np.inf
    if answer == FILTERED and tau < 0.0:
        out[0] = 0.0
        return 0.0
    still = _still(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
    farthest = 0.0
    after = -1.0 + 0j
    for k in range(1, pieces + 1):
        low, high = f_max * (k - 1) / pieces, f_max * k / pieces
        before = after
        after = _loop(high, answer, tau, still, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s)
        below = before.imag < 0.0
        if k == 1 or below == (after.imag < 0.0) or max(before.real, after.real) <= 0.0:
            continue
        value = after
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
            value = _loop(middle, answer, tau, still, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, delay, tau_s)
            if (value.imag < 0.0) == below:
                low = middle
            else:
                high = middle
        # Where all crossings lie equally far out, as with a gain for all frequencies, the lowest counts.
        if value.real > farthest * (1.0 + 1e-9):
            farthest = value.real
            out[0] = 0.5 * (low + high)
    return 1.0 / farthest if farthest > 0.0 else np.inf

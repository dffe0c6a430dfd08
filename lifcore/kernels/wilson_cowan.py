"""Two populations that excite and inhibit each other, without delays, and the plane of their rates.

    tau_E d nu_E / dt = -nu_E + Phi(mu_E + w_EE nu_E - w_EI nu_I)
    tau_I d nu_I / dt = -nu_I + Phi(mu_I + w_IE nu_E - w_II nu_I)

(Wilson & Cowan 1972), with the rate Phi of one kind of noisy neuron for their sigmoids.  `network` holds tau_m, E_L, V_th,
V_reset, t_ref and sigma of the neurons, mu_E, mu_I, the four couplings in mV per Hz, at least 0, and tau_E, tau_I.

Each population rests on a line of the plane, and of a line the drive x of the neurons that rest gives every point:

    nu_E = Phi(x),  nu_I = (mu_E + w_EE nu_E - x) / w_EI;        nu_I = Phi(x),  nu_E = (x - mu_I + w_II nu_I) / w_IE

The lines cross where the inhibitory population rests too, on the first of them.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.diffusion import rate
from lifcore.kernels.response import _relative

__all__ = ["crossings", "orbit", "resting_lines", "slowest_mode"]

NUMBERS = 14
TAU_M, E_L, V_TH, V_RESET, T_REF, SIGMA, MU_E, MU_I, EE, EI, IE, II, TAU_E, TAU_I = range(NUMBERS)
HALVINGS = 60
TWO_PI = 6.283185307179586


@kernel("f8(f8, f8[::1])")
def _phi(mu, network):
    """The stationary rate in Hz at the drive mu."""
    return rate(mu, network[SIGMA], network[TAU_M], network[E_L], network[V_TH], network[V_RESET], network[T_REF])


@kernel("UniTuple(f8, 2)(f8, f8, f8[::1])")
def _drives(nu_E, nu_I, network):
    """mu of both populations."""
    return (
        network[MU_E] + network[EE] * nu_E - network[EI] * nu_I, network[MU_I] + network[IE] * nu_E - network[II] * nu_I)


@kernel("UniTuple(f8, 2)(f8, f8, f8[::1])")
def _velocity(nu_E, nu_I, network):
    """d nu / dt of both populations in Hz/ms."""
    mu_E, mu_I = _drives(nu_E, nu_I, network)
    return (_phi(mu_E, network) - nu_E) / network[TAU_E], (_phi(mu_I, network) - nu_I) / network[TAU_I]


@kernel("void(f8[::1], f8, f8[:, ::1])")
def orbit(network, dt, out):
    """Rates in Hz at steps of dt ms from those in the first column of `out`, by the fourth-order method of Runge and Kutta."""
    x, y = out[0, 0], out[1, 0]
    for k in range(1, out.shape[1]):
        a, b = _velocity(x, y, network)
        c, d = _velocity(x + 0.5 * dt * a, y + 0.5 * dt * b, network)
        e, f = _velocity(x + 0.5 * dt * c, y + 0.5 * dt * d, network)
        g, h = _velocity(x + dt * e, y + dt * f, network)
        x += dt / 6.0 * (a + 2.0 * c + 2.0 * e + g)
        y += dt / 6.0 * (b + 2.0 * d + 2.0 * f + h)
        out[0, k], out[1, k] = x, y


@kernel("UniTuple(f8, 2)(f8, f8[::1])")
def _excitation_rests(x, network):
    """Rates in Hz with which the excitatory population has the drive x and rests; nu_I < 0 where nothing holds it down."""
    nu_E = _phi(x, network)
    return nu_E, (network[MU_E] + network[EE] * nu_E - x) / network[EI]


@kernel("void(f8[::1], f8[::1], f8[:, ::1])")
def resting_lines(network, x, out):
    """Points of both lines at each of the drives x in mV: nu_E and nu_I of the first, then of the second, as rows of `out`."""
    for k in range(x.size):
        out[0, k], out[1, k] = _excitation_rests(x[k], network)
        nu_I = _phi(x[k], network)
        out[2, k] = (x[k] - network[MU_I] + network[II] * nu_I) / network[IE]
        out[3, k] = nu_I


@kernel("f8(f8, f8[::1])")
def _push(x, network):
    """The velocity of nu_I in the point of the first line at the drive x."""
    nu_E, nu_I = _excitation_rests(x, network)
    return _velocity(nu_E, nu_I, network)[1]


@kernel("i4(f8[::1], f8[::1], f8[:, ::1])")
def crossings(network, x, out):
    """Where both populations rest; returns how many points there are, one at most between neighbours of the rising drives x.

    Their rates go into the two rows of `out`, as many as it has columns.
    """
    count = 0
    before = _push(x[0], network)
    for k in range(1, x.size):
        after = _push(x[k], network)
        if (before < 0.0) != (after < 0.0) and count < out.shape[1]:
            low, high = x[k - 1], x[k]
            for _ in range(HALVINGS):
                middle = 0.5 * (low + high)
                if (_push(middle, network) < 0.0) == (before < 0.0):
                    low = middle
                else:
                    high = middle
            out[0, count], out[1, count] = _excitation_rests(0.5 * (low + high), network)
            count += 1
        before = after
    return np.int32(count)


@kernel("f8(f8, f8[::1])")
def _slope(mu, network):
    """Phi' in Hz/mV."""
    to_mu, _, _ = _relative(
        0.0, mu, network[SIGMA], network[TAU_M], network[E_L], network[V_TH], network[V_RESET], network[T_REF])
    return _phi(mu, network) * to_mu.real


@kernel("void(f8, f8, f8[::1], f8[::1])")
def slowest_mode(nu_E, nu_I, network, out):
    """How small deviations from a point of rest go on: rate of growth in 1/s and frequency in Hz of the slowest, into `out`.

    The eigenvalues of the matrix of the linearised equations; of two real ones the larger.
    """
    mu_E, mu_I = _drives(nu_E, nu_I, network)
    g_E, g_I = _slope(mu_E, network), _slope(mu_I, network)
    a, b = (g_E * network[EE] - 1.0) / network[TAU_E], -g_E * network[EI] / network[TAU_E]
    c, d = g_I * network[IE] / network[TAU_I], (-g_I * network[II] - 1.0) / network[TAU_I]
    half = 0.5 * (a + d)
    inside = 0.25 * (a - d) * (a - d) + b * c
    out[0] = 1000.0 * (half + (np.sqrt(inside) if inside > 0.0 else 0.0))
    out[1] = 1000.0 * np.sqrt(-inside) / TWO_PI if inside < 0.0 else 0.0

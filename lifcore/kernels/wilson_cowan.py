"""Two populations that excite and inhibit each other, without delays, and the plane of their rates.

    tau_E d nu_E / dt = -nu_E + Phi(mu_E + w_EE nu_E - w_EI nu_I)
    tau_I d nu_I / dt = -nu_I + Phi(mu_I + w_IE nu_E - w_II nu_I)

(Wilson & Cowan 1972), with the rate Phi of one kind of noisy neuron for their sigmoids.  `network` holds tau_m, E_L, V_th,
V_reset, t_ref and sigma of the neurons, mu_E, mu_I, the four couplings in mV per Hz, at least 0, and tau_E, tau_I.

Each population rests on a line of the plane.  As Phi rises with its drive, both lines are functions of nu_E: on the first
the drive of the excitatory neurons is the one that Phi takes to nu_E; on the second inhibition by itself holds nu_I, of
which there is one.  Both, and the points where they cross, are found by bisection.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.diffusion import rate
from lifcore.kernels.response import _relative

__all__ = ["crossings", "orbit", "resting_lines", "slowest_mode"]

NUMBERS = 14
TAU_M, E_L, V_TH, V_RESET, T_REF, SIGMA, MU_E, MU_I, EE, EI, IE, II, TAU_E, TAU_I = range(NUMBERS)
# Drives in mV between which the inverse of Phi is looked for.
LOWEST, HIGHEST = -200.0, 2000.0
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


@kernel("f8(f8, f8[::1])")
def _drive_of(nu, network):
    """The drive at which a neuron fires at nu Hz, between LOWEST and HIGHEST."""
    low, high = LOWEST, HIGHEST
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if _phi(middle, network) < nu:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel("f8(f8, f8[::1])")
def _excitation_rests(nu_E, network):
    """nu_I at which the excitatory population stays at nu_E; may be negative, where nothing holds it down."""
    return (network[MU_E] + network[EE] * nu_E - _drive_of(nu_E, network)) / network[EI]


@kernel("f8(f8, f8[::1])")
def _inhibition_rests(nu_E, network):
    """nu_I at which the inhibitory population stays while the other is at nu_E."""
    mu = network[MU_I] + network[IE] * nu_E
    low, high = 0.0, _phi(mu, network)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if _phi(mu - network[II] * middle, network) > middle:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel("void(f8[::1], f8[::1], f8[:, ::1])")
def resting_lines(network, nu_E, out):
    """nu_I in Hz at which the excitatory, and at which the inhibitory population rests, for each nu_E, into rows of `out`."""
    for k in range(nu_E.size):
        out[0, k] = _excitation_rests(nu_E[k], network)
        out[1, k] = _inhibition_rests(nu_E[k], network)


@kernel("i4(f8[::1], f8[::1], f8[:, ::1])")
def crossings(network, nu_E, out):
    """Where both populations rest; returns how many points there are between neighbours of the rising `nu_E`.

    Their rates go into the two rows of `out`, as many as it has columns.
    """
    count = 0
    before = _excitation_rests(nu_E[0], network) - _inhibition_rests(nu_E[0], network)
    for k in range(1, nu_E.size):
        after = _excitation_rests(nu_E[k], network) - _inhibition_rests(nu_E[k], network)
        if (before < 0.0) != (after < 0.0) and count < out.shape[1]:
            low, high = nu_E[k - 1], nu_E[k]
            for _ in range(HALVINGS):
                middle = 0.5 * (low + high)
                if (_excitation_rests(middle, network) - _inhibition_rests(middle, network) < 0.0) == (before < 0.0):
                    low = middle
                else:
                    high = middle
            out[0, count] = 0.5 * (low + high)
            out[1, count] = _inhibition_rests(out[0, count], network)
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

"""One cycle of a drive mu + depth cos(2 pi f t), and rate equations that follow it.

    tau d nu / dt = -nu + Phi(mu(t), sigma),        nu = Phi for tau = 0

A periodic solution needs no waiting: a cycle takes nu to a nu + b with a = exp(-1 / (f tau)), so it begins at b / (1 - a).
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import cos_sin_turns, exp
from lifcore.kernels.fokker_planck import W_END
from lifcore.kernels.rate_model import _follow

__all__ = ["cosine_stages", "first_order_cycle", "relative_difference"]


@kernel("void(f8, f8, i4, i4, f8[::1])")
def cosine_stages(mu, depth, steps, first, out):
    """The drive as `fokker_planck.follow` takes it, at W_END of each step and at its end; a cycle has `steps` steps.

    `first` is the number of the step with which `out` begins; before the cycle's beginning it is negative.
    """
    for k in range(out.size // 2):
        out[2 * k] = mu + depth * cos_sin_turns((first + k + W_END) / steps)[0]
        out[2 * k + 1] = mu + depth * cos_sin_turns((first + k + 1.0) / steps)[0]


@kernel("f8(f8[::1], f8, f8, f8, f8[::1])")
def _cycle(phi, dt, tau, start, out):
    """One cycle from `start`; returns its end."""
    nu, before = start, phi[phi.size - 1]
    for k in range(phi.size):
        nu = _follow(nu, before, phi[k], dt, tau)
        before = phi[k]
        out[k] = nu
    return nu


@kernel("void(f8[::1], f8, f8, f8[::1])")
def first_order_cycle(phi, dt, tau, out):
    """nu at the end of each step of dt ms in the periodic solution for the stationary rates `phi` there; tau at least 0."""
    end = _cycle(phi, dt, tau, 0.0, out)
    if tau > 0.0:
        _cycle(phi, dt, tau, end / (1.0 - exp(-dt * phi.size / tau)), out)


@kernel("f8(f8[::1], f8[::1])")
def relative_difference(x, exact):
    """Root mean square of x - exact, over that of `exact` from its mean."""
    total = 0.0
    for k in range(exact.size):
        total += exact[k]
    mean = total / exact.size
    difference = swing = 0.0
    for k in range(exact.size):
        difference += (x[k] - exact[k]) * (x[k] - exact[k])
        swing += (exact[k] - mean) * (exact[k] - mean)
    return np.sqrt(difference / swing)

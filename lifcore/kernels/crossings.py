"""What a simulation with a time step sees of a path: its points on a coarse grid.

The path is that of the free membrane, in exact steps that are much finer than the grid.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import expm1

__all__ = ["first_above", "free_path"]


@kernel("void(f8, f8, f8, f8, f8, f8[:, ::1], f8[::1])")
def free_path(V0, target, sigma, tau_m, dt, normals, V):
    """Potential in mV of the free membrane at the multiples of dt, from V0, with normal variables of shape (steps, 1).

    V' = target + (V - target) a + sigma sqrt((1 - a**2) / 2) z,        a = exp(-dt / tau_m)
    """
    fraction = -expm1(-dt / tau_m)
    spread = sigma * np.sqrt(0.5 * fraction * (2.0 - fraction))
    V[0] = V0
    for k in range(1, V.size):
        V[k] = V[k - 1] + fraction * (target - V[k - 1]) + spread * normals[k - 1, 0]


@kernel("i4(f8[::1], i4, f8)")
def first_above(V, every, V_th):
    """Index of the first of every so many points of a path that is not below V_th; -1 if there is none."""
    k = 0
    while k < V.size:
        if V[k] >= V_th:
            return k
        k += max(every, 1)
    return -1

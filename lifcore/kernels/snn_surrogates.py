"""Surrogate derivatives f'(u) and the smooth f(u) that they belong to, by their number.

    0  fast sigmoid       f' = 1 / (1 + k |u|)^2              f = 1/2 + u / (1 + k |u|)
    1  arc tangent        f' = (a/2) / (1 + (pi a u / 2)^2)   f = 1/2 + arctan(pi a u / 2) / pi
    2  triangle           f' = h max(0, 1 - |u|/w)            f = 1/2 + h w x (1 - |x|/2), x = u/w within -1 and 1
    3  logistic           f' = k e / (1 + e)^2, e = exp(-k |u|)    f = 1 / (1 + exp(-k u))
    4  straight through   f' = 1                              f = 1/2 + u

The classes of `lifcore.snn.surrogate` say where each comes from.
"""

from __future__ import annotations

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import arctan, exp

__all__ = ["derivatives", "smoothed"]

FAST_SIGMOID, ARC_TANGENT, TRIANGLE, LOGISTIC, STRAIGHT_THROUGH = range(5)
HALF_PI = 1.5707963267948966
ONE_OVER_PI = 0.3183098861837907


@kernel("void(f4[::1], f4, i8, f4, f4, f4[::1])", "void(f8[::1], f8, i8, f8, f8, f8[::1])")
def derivatives(V, threshold, surrogate, first, second, slopes):
    """f'(V - threshold) for each V; `first` and `second` are the surrogate's constants."""
    one, half = V.dtype.type(1.0), V.dtype.type(0.5)
    if surrogate == FAST_SIGMOID:
        for j in range(V.size):
            d = one + first * abs(V[j] - threshold)
            slopes[j] = one / (d * d)
    elif surrogate == ARC_TANGENT:
        height = half * first
        steepness = V.dtype.type(HALF_PI) * first
        for j in range(V.size):
            d = steepness * (V[j] - threshold)
            slopes[j] = height / (one + d * d)
    elif surrogate == TRIANGLE:
        for j in range(V.size):
            d = one - abs(V[j] - threshold) / first
            slopes[j] = second * (d if d > 0 else V.dtype.type(0.0))
    elif surrogate == LOGISTIC:
        for j in range(V.size):
            e = V.dtype.type(exp(-first * abs(V[j] - threshold)))
            slopes[j] = first * e / ((one + e) * (one + e))
    else:
        for j in range(V.size):
            slopes[j] = one


@kernel("void(f4[::1], f4, i8, f4, f4, f4[::1])", "void(f8[::1], f8, i8, f8, f8, f8[::1])")
def smoothed(V, threshold, surrogate, first, second, values):
    """f(V - threshold) for each V, computed in float64."""
    for j in range(V.size):
        u = float(V[j]) - float(threshold)
        if surrogate == FAST_SIGMOID:
            # Farther out the quotient is 1/k to the last digit, and k |u| could exceed all numbers.
            u = min(max(u, -1e280), 1e280)
            f = 0.5 + u / (1.0 + first * abs(u))
        elif surrogate == ARC_TANGENT:
            f = 0.5 + arctan(HALF_PI * first * u) * ONE_OVER_PI
        elif surrogate == TRIANGLE:
            x = min(max(u / first, -1.0), 1.0)
            f = 0.5 + second * first * x * (1.0 - 0.5 * abs(x))
        elif surrogate == LOGISTIC:
            e = exp(-first * abs(u))
            f = (1.0 if u >= 0.0 else e) / (1.0 + e)
        else:
            f = 0.5 + u
        values[j] = f

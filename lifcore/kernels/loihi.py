"""Loihi's neuron in integers: a current u that decays and wraps, a potential v that decays and saturates.

    u <- W(tz(u, 4096 - (du + 1)) + 64 a)
    v <- clip(tz(v, 4096 - dv) + u + b);    v > 64 vth: a spike, then v = 0
    tz(x, k) = sign(x) floor(abs(x) k / 4096)

A word of 24 bits holds v between -(2**23 - 1) and 2**23 - 1.  W brings u back into 24 bits, and there are two readings
of it: into (-2**23, 2**23], or into [-2**23, 2**23) as two's complement has it.  With two's complement 64 a wraps to 22
bits before it is added, and u + b to 24 bits after it.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import log1p

__all__ = ["highest_rest", "loihi_steps", "lowest_rest", "time_constant"]

HALF = 1 << 23
MASK = (1 << 24) - 1
LARGEST = HALF - 1


@kernel("i8(i8, i8)", inline=True)
def _decayed(x, k):
    """x k / 4096, rounded towards zero: a shift alone would round negative numbers down."""
    size = (abs(x) * k) >> 12
    return size if x >= 0 else -size


@kernel("i8(i8)", inline=True)
def _upper_half(x):
    """x in (-2**23, 2**23], a multiple of 2**24 away."""
    return HALF - ((HALF - x) & MASK)


@kernel("i8(i8)", inline=True)
def _twos_complement(x):
    """x in [-2**23, 2**23), a multiple of 2**24 away."""
    return ((x + HALF) & MASK) - HALF


@kernel(
    "void(i4[:, ::1], i4[::1], i4[::1], i4[::1], i4[::1], i8, b1, i4[::1], i4[::1], i4[::1], i4[:, ::1], i4[:, ::1], "
    "b1[:, ::1])")
def loihi_steps(a_in, du, dv, vth, bias, t_ref, twos_complement, u, v, waiting, u_record, v_record, spikes):
    """Steps of all neurons; goes on from u, v and waiting (steps still to be refractory) and leaves them at the end.

    The records hold the words after each step, v after its reset.
    """
    for t in range(a_in.shape[0]):
        for i in range(a_in.shape[1]):
            a = np.int64(a_in[t, i])
            current = _decayed(np.int64(u[i]), np.int64(4095) - du[i])
            if twos_complement:
                current = _twos_complement(current + (((a & 0xFFFF) ^ 0x8000) - 0x8000) * 64)
                drive = _twos_complement(current + bias[i])
            else:
                current = _upper_half(current + 64 * a)
                drive = current + bias[i]
            potential = min(max(_decayed(np.int64(v[i]), np.int64(4096) - dv[i]) + drive, -LARGEST), LARGEST)
            # A potential held at 0 cannot exceed a threshold.
            potential = potential if waiting[i] == 0 else 0
            fires = potential > 64 * np.int64(vth[i])
            potential = 0 if fires else potential
            waiting[i] = t_ref if fires else max(waiting[i] - 1, 0)
            u[i] = current
            v[i] = potential
            u_record[t, i] = current
            v_record[t, i] = potential
            spikes[t, i] = fires


@kernel("i8(i8, i8)")
def lowest_rest(bias, dv):
    """The lowest v that a positive bias holds in place, floor((bias - 1) 4096 / dv) + 1; dv from 1."""
    return ((bias - 1) << 12) // dv + 1


@kernel("i8(i8, i8)")
def highest_rest(bias, dv):
    """The highest v that a positive bias holds in place, floor(bias 4096 / dv); dv from 1."""
    return (bias << 12) // dv


@kernel("f8(i8, f8)")
def time_constant(decay, dt):
    """-dt / log(1 - decay / 4096), for a decay from 1 to 4095."""
    return -dt / log1p(-decay / 4096.0)

"""A pole on a cart, in steps of 20 ms.

The cart of mass 1 kg is pushed with the force F; the pole of mass m = 0.1 kg and half length l = 0.5 m turns freely on
it.  With M = 1.1 kg for both and the angle theta from the vertical (Florian 2007, *Correct equations for the dynamics
of the cart-pole system*, without friction)::

    a       = (F + m l theta'**2 sin theta) / M
    theta'' = (g sin theta - a cos theta) / (l (4/3 - m cos(theta)**2 / M))
    x''     = a - m l theta'' cos(theta) / M

One step is Euler's, with the slopes at its start.  The constants, the step and the order of the operations are those of
CartPole-v1 in Gymnasium, after Barto, Sutton & Anderson (1983); only the last digits of sine and cosine differ.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import cos_sin

__all__ = ["cart_pole_step", "observe"]

GRAVITY = 9.8
POLE_MASS = 0.1
TOTAL_MASS = 1.1
HALF_LENGTH = 0.5
POLE_MASS_LENGTH = 0.05
STEP = 0.02  # s
LARGEST_X = 2.4
LARGEST_ANGLE = 12 * 2 * np.pi / 360


@kernel("b1(f8[::1], f8)")
def cart_pole_step(state, force):
    """One step under a force in N; whether the pole has fallen or the cart has left its track.

    `state` holds x in m, x' in m/s, theta in rad and theta' in rad/s, and gets the values after the step.
    """
    x, speed, angle, turning = state[0], state[1], state[2], state[3]
    cosine, sine = cos_sin(angle)
    a = (force + POLE_MASS_LENGTH * (turning * turning) * sine) / TOTAL_MASS
    angular = (GRAVITY * sine - cosine * a) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS))
    linear = a - POLE_MASS_LENGTH * angular * cosine / TOTAL_MASS
    state[0] = x + STEP * speed
    state[1] = speed + STEP * linear
    state[2] = angle + STEP * turning
    state[3] = turning + STEP * angular
    return abs(state[0]) > LARGEST_X or abs(state[2]) > LARGEST_ANGLE


@kernel("void(f8[::1], i4[::1], f8[::1], f8[::1])")
def observe(state, columns, scales, x):
    """What a neuron sees of the state: some of its numbers, rounded to float32 as Gymnasium does, over their scales."""
    for i in range(columns.size):
        x[i] = np.float64(np.float32(state[columns[i]])) / scales[i]

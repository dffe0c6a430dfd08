"""The interval between two spikes under white noise: its density, and its histogram as the spikes come.

With y = (V - E_L - mu) / sigma and time in units of tau_m the free membrane has the transition density

    f(y, t | x) = exp(-(y - x e**-t)**2 / v) / sqrt(pi v),        v = 1 - e**(-2 t)

A path that is at the threshold y_th at the time t was there for the first time at some s <= t, and so was the flux through
it.  The two statements, added with a factor that takes the singularity away, make an equation for the density g of the
first passage from y_r (Buonocore, Nobile & Ricciardi 1987):

    g(t) = 2 f(y_th, t | y_r) ((y_th - y_r e**-t) / v - y_th / 2)
           - y_th integral of g(s) f(y_th, t - s | y_th) tanh((t - s) / 2) ds from 0 to t
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1

__all__ = ["count_intervals", "interval_moments", "passage_density"]

SQRT_PI = 1.7724538509055159


@kernel("void(f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1])")
def passage_density(mu, sigma, tau_m, E_L, V_th, V_reset, dt, density, memory):
    """Density in 1/ms of the time from V_reset to V_th at the multiples of dt, into `density`; `memory` is as long.

    The integral is a sum by the trapezoidal rule; its kernel begins as the root of t - s.
    """
    y_th, y_r, width = (V_th - E_L - mu) / sigma, (V_reset - E_L - mu) / sigma, (V_th - V_reset) / sigma
    h = dt / tau_m
    density[0] = memory[0] = 0.0
    for k in range(1, density.size):
        decay = exp(-k * h)
        missing = -expm1(-k * h)
        v = missing * (1.0 + decay)
        density[k] = memory[k] = 0.0
        away = width + y_r * missing  # y_th - y_r decay, without cancellation
        scale = 1.0 / (SQRT_PI * np.sqrt(v))
        density[k] = 2.0 * scale * exp(-away * away / v) * (away / v - 0.5 * y_th)
        # f(y_th, t | y_th) has the exponent (y_th missing)**2 / v, and tanh(t / 2) is missing / (1 + decay).
        ratio = missing / (1.0 + decay)
        memory[k] = h * y_th * scale * exp(-y_th * y_th * ratio) * ratio
        total = 0.0
        for j in range(1, k):
            total += density[j] * memory[k - j]
        density[k] -= total
    for k in range(density.size):
        density[k] = max(density[k], 0.0) / tau_m


@kernel("void(f8[::1], i4[::1], i8, f8, f8[::1], f8[:, ::1], i4[::1])")
def count_intervals(spike_times, spike_neurons, count, width, last, sums, counts):
    """Adds the intervals that `count` spikes end to a histogram and to sums from which their moments follow.

    last : time of the last spike of each neuron; negative before its first
    sums : shape (3, neurons), the number of intervals, their sum in ms and that of their squares in ms**2; of each neuron,
        so that the order in which neurons take turns does not matter
    counts : in bins of `width` ms from 0; the last bin holds what is longer as well
    """
    for k in range(count):
        i = spike_neurons[k]
        if last[i] >= 0.0:
            interval = spike_times[k] - last[i]
            sums[0, i] += 1.0
            sums[1, i] += interval
            sums[2, i] += interval * interval
            counts[min(np.int64(interval / width), counts.size - 1)] += 1
        last[i] = spike_times[k]


@kernel("void(f8[:, ::1], f8[::1])")
def interval_moments(sums, moments):
    """Number, mean in ms and coefficient of variation of the intervals; inf where there are too few to tell."""
    number = total = squares = 0.0
    for i in range(sums.shape[1]):
        number += sums[0, i]
        total += sums[1, i]
        squares += sums[2, i]
    mean = total / number if number > 0.0 else np.inf
    moments[0] = number
    moments[1] = mean
    moments[2] = np.sqrt(max(squares / number - mean * mean, 0.0)) / mean if number > 1.0 else np.inf

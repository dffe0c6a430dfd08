"""Neurons in s16.15 for steps of 0.1 ms: the compiled kernel in three ways to round, and the same loop in NumPy.

A thousand neurons, which NumPy moves all at once, and one.  The floating-point kernel, in float64 and with every operation
rounded to float32, runs beside them.
"""

import statistics
import time

import numpy as np

from lifcore.hardware import spinnaker
from lifcore.kernels import fixed_point
from lifcore.kernels import spinnaker as kernels

RUNS = 5
ONE = 2**15
EXP_TC, T_REF = int(spinnaker.decay_word(20.0, 0.1)), 20
PARAMETERS = np.array([[100 * ONE, EXP_TC, -70 * ONE, -65 * ONE, -50 * ONE, 0, 0, 0, 0, T_REF]]).T
UNITS = np.array([[ONE] * 5 + [1] * 5]).T


def numpy_loop(I):
    """Rounding to nearest, with all neurons at once."""
    V, waiting = np.full(I.shape[1], -70 * ONE), np.zeros(I.shape[1], np.int64)
    spikes = np.empty(I.shape, bool)
    for k, current in enumerate(I.astype(np.int64)):
        alpha = np.clip((current * (100 * ONE) + ONE // 2) >> 15, -(2**31), 2**31 - 1) - 70 * ONE
        moved = alpha - np.clip((EXP_TC * (alpha - V) + ONE // 2) >> 15, -(2**31), 2**31 - 1)
        active = waiting == 0
        waiting -= ~active
        V = np.where(active, moved, V)
        fired = spikes[k] = active & (V >= -50 * ONE)
        V[fired] = -65 * ONE
        waiting[fired] = T_REF
    return spikes


def compiled(kernel, I, parameters, mode, *draws):
    quiet = np.zeros((1, I.shape[1]), I.dtype)
    state = np.zeros((4, I.shape[1]), I.dtype)
    state[0] = parameters[2]
    records = [np.empty(I.shape, I.dtype) for _ in range(3)] + [np.empty(I.shape, np.uint8)]
    kernel(quiet, quiet, I, parameters, mode, *draws, state, *records)
    return records[3] > 0


def seconds(function):
    start = time.process_time()
    spikes = function()
    return time.process_time() - start, spikes


def compare(neurons, steps):
    rng = np.random.default_rng(1)
    I = rng.integers(0, ONE // 2, (steps, neurons)).astype(np.int32)
    draws = rng.integers(0, 2**32, (2 * steps, neurons), dtype=np.uint32)
    words = np.tile(PARAMETERS, (1, neurons))
    sides = {f"s16.15, {name}": lambda mode=mode: compiled(kernels.fixed_point_steps, I, words, mode, draws)
             for name, mode in (("floor", fixed_point.FLOOR), ("nearest", fixed_point.NEAREST), ("stochastic", fixed_point.STOCHASTIC))}
    sides |= {name: lambda single=single: compiled(kernels.floating_point_steps, I / ONE, words / UNITS, single)
              for name, single in (("float64", 0), ("float32", 1))}
    for side in sides.values():
        side()
    assert np.array_equal(numpy_loop(I), sides["s16.15, nearest"]())
    loop, measured = [], {name: [] for name in sides}
    for _ in range(RUNS):
        loop.append(seconds(lambda: numpy_loop(I))[0])
        for name, side in sides.items():
            measured[name].append(min(seconds(side)[0] for _ in range(3)))
    updates = 1e-6 * steps * neurons
    print(f"{neurons} neurons\n{'NumPy, nearest':20} {updates / statistics.median(loop):8.2f} million updates a second")
    for name, times in measured.items():
        ratio = statistics.median(one / other for one, other in zip(loop, times, strict=True))
        print(f"{name:20} {updates / statistics.median(times):8.2f} million updates a second   NumPy over this {ratio:7.1f}")


compare(1000, 2000)
compare(1, 100_000)

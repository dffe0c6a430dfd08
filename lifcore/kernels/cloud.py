"""A simulated population as a cloud: drawn from a density, and counted into one again.

The density is that of the cells of `lifcore.kernels.fokker_planck`; a neuron of the population is a potential and what is
left of its refractory period, 0 for one that can fire.  Counts are whole numbers, so that their order does not matter.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import cos_sin
from lifcore.kernels.random import _next, _uniform

__all__ = ["angle", "count_cycle", "count_potentials", "count_spikes", "count_spikes_of_each", "draw_population"]


@kernel("void(f8[::1], f8[::1], f8, f8, u4[:, ::1], f8[::1], f8[::1], f8[::1])")
def draw_population(probability, faces, V_reset, t_ref, words, V, wait, cumulative):
    """Neurons drawn from the cells' `probability`, the rest of them refractory since a time between 0 and t_ref.

    Takes one number from the stream of each; the density is taken as even within a cell.  `cumulative` has room for a
    value of each cell.
    """
    free = 0.0
    for i in range(probability.size):
        free += probability[i]
        cumulative[i] = free
    for j in range(V.size):
        number, words[0, j], words[1, j], words[2, j], words[3, j] = _next(
            words[0, j], words[1, j], words[2, j], words[3, j])
        u = _uniform(number)
        if u >= free:
            V[j] = V_reset
            wait[j] = t_ref * ((u - free) / (1.0 - free))
            continue
        low = 0
        high = probability.size - 1
        while low < high:
            middle = (low + high) // 2
            if cumulative[middle] <= u:
                low = middle + 1
            else:
                high = middle
        before = cumulative[low - 1] if low > 0 else 0.0
        V[j] = faces[low] + (faces[low + 1] - faces[low]) * ((u - before) / probability[low])
        wait[j] = 0.0


@kernel("f8(f8[::1], f8[::1], f8, f8, f8[::1])")
def count_potentials(V, wait, low, width, counts):
    """Adds the neurons that can fire to `counts`, in bins from `low` mV of `width` mV; returns how many there are."""
    free = 0.0
    for j in range(V.size):
        if wait[j] > 0.0:
            continue
        free += 1.0
        place = np.floor((V[j] - low) / width)
        if 0.0 <= place < counts.size:
            counts[np.int64(place)] += 1.0
    return free


@kernel("void(f8[::1], f8, f8[::1])")
def count_spikes(spike_times, width, counts):
    """Adds the spikes to `counts`, in bins of `width` ms from 0; the last bin takes what comes at its end."""
    for m in range(spike_times.size):
        counts[min(np.int64(spike_times[m] / width), counts.size - 1)] += 1.0


@kernel("void(i4[::1], f8[::1])")
def count_spikes_of_each(spike_neurons, counts):
    """Adds 1 to `counts` at the number of the neuron of each spike."""
    for m in range(spike_neurons.size):
        counts[spike_neurons[m]] += 1.0


@kernel("void(f8[::1], f8, f8, f8[::1])")
def count_cycle(spike_times, f, start, counts):
    """Adds the spikes from `start` ms on to `counts`, in bins of the cycle of f Hz that begins there."""
    for m in range(spike_times.size):
        turns = (spike_times[m] - start) * f / 1000.0
        if turns >= 0.0:
            turns -= np.floor(turns)
            counts[min(np.int64(turns * counts.size), counts.size - 1)] += 1.0


@kernel("f8(f8, f8)")
def angle(x, y):
    """The angle of the point (x, y) in degrees, from -180 to 180; 0 at the origin.

    A rough angle is turned until the sine of what remains is nothing; each round cubes that.
    """
    size = np.sqrt(x * x + y * y)
    if size == 0.0:
        return 0.0
    c, s = abs(x) / size, abs(y) / size
    # tan(a / 2) = s / (1 + c) is at most 1, and a is near 2 z / (1 + 0.28 z**2).
    z = s / (1.0 + c)
    a = 2.0 * z / (1.0 + 0.28 * z * z)
    for _ in range(3):
        cosine, sine = cos_sin(a)
        rest = s * cosine - c * sine
        a += rest * (1.0 + rest * rest / 6.0)
    a *= 57.29577951308232
    a = 180.0 - a if x < 0.0 else a
    return -a if y < 0.0 else a

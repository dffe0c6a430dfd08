"""Neurons under a bombardment by kicks that arrive at random, from one kick to the next.

    tau_m dV/dt = E_L - V + tau_m sum of J delta(t - t_J);    V reaches V_th: a spike, then V = V_reset for t_ref

Kicks of each kind arrive as a Poisson process, and all of them together do so too, with the sum of the rates.  So the time
to the next is -log(u) over that sum, a second number says of which kind it is, and in between V decays exactly::

    V(t + h) = E_L + (V(t) - E_L) exp(-h / tau_m) + J

There is no time step and no error but rounding.  Only a kick can carry V to the threshold, for the leak pulls it away.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, log
from lifcore.kernels.random import _next, _uniform

__all__ = ["bombardment", "count_potentials", "potentials", "times_to_leave"]


@kernel("i4(f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[::1], u4[:, ::1], f8[::1], i4[::1])")
def bombardment(jumps, rates, tau_m, E_L, V_th, V_reset, t_ref, end, V, since, ahead, words, spike_times, spike_neurons):
    """Advances neurons up to the time `end` in ms; returns the number of their spikes.

    jumps, rates : size in mV and rate in kicks per ms, of each kind
    tau_m, E_L, V_th, V_reset, t_ref : of the neuron; with V_th = inf there are no spikes

    The state, kept from call to call (the result is the same however time is divided among calls):

    V, since : potential in mV of each neuron, and the time in ms at which it has or will have it: later than `end` if the
        neuron is refractory
    ahead : time of the next kick in ms; negative to begin with
    words : shape (4, neurons), each neuron's stream, from `seed_streams`

    spike_times, spike_neurons : of each spike its time and the position of its neuron in V, neuron after neuron, as many as
        the arrays hold: a larger return value says that some are missing
    """
    n = np.int64(0)
    total = 0.0
    for k in range(rates.size):
        total += rates[k]
    for i in range(V.size):
        a, b, c, d = words[0, i], words[1, i], words[2, i], words[3, i]
        v, t, arrival = V[i], since[i], ahead[i]
        if arrival < 0.0:
            number, a, b, c, d = _next(a, b, c, d)
            arrival = -log(_uniform(number)) / total
        while arrival <= end:
            number, a, b, c, d = _next(a, b, c, d)
            kind = np.int64(0)
            place = _uniform(number) * total - rates[0]
            while place > 0.0 and kind + 1 < rates.size:
                kind += 1
                place -= rates[kind]
            if arrival >= t:
                v = E_L + (v - E_L) * exp((t - arrival) / tau_m) + jumps[kind]
                t = arrival
                if v >= V_th:
                    if n < spike_times.size:
                        spike_times[n] = t
                        spike_neurons[n] = i
                    n += 1
                    v = V_reset
                    t = arrival + t_ref
            number, a, b, c, d = _next(a, b, c, d)
            arrival -= log(_uniform(number)) / total
        V[i], since[i], ahead[i] = v, t, arrival
        words[0, i] = a
        words[1, i] = b
        words[2, i] = c
        words[3, i] = d
    return n


@kernel("void(f8[::1], f8[::1], f8, f8, f8, f8[::1])")
def potentials(V, since, t, tau_m, E_L, values):
    """Potential in mV of each neuron at the time t, up to which it was advanced."""
    for i in range(V.size):
        values[i] = V[i] if since[i] >= t else E_L + (V[i] - E_L) * exp((since[i] - t) / tau_m)


@kernel("void(f8[::1], f8[::1], f8, f8, f8, f8, f8, i4[::1])")
def count_potentials(V, since, t, tau_m, E_L, low, width, counts):
    """Adds the potential of each neuron that is not refractory at the time t to the bins of `width` that begin at `low`."""
    for i in range(V.size):
        if since[i] > t:
            continue
        place = (E_L + (V[i] - E_L) * exp((since[i] - t) / tau_m) - low) / width
        if 0.0 <= place < counts.size:
            counts[np.int64(place)] += 1


@kernel("void(f8[::1], f8[::1], f8, f8, f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1])")
def times_to_leave(up, down, nearer_jump, farther_jump, nearer, farther, leaving, out, T):
    """Mean times until a walk on cells 0, 1, ... leaves them beyond cell 0, without subtractions (Grassmann et al. 1985).

    up, down : rates to the next cell towards 0 and away from it;  nearer_jump, farther_jump : rates of jumps by m cells
    nearer, farther : shape (cells, m), all 0;  leaving, out : room for a number for each cell;  T : become the times
    """
    cells, m = nearer.shape
    last = cells - 1
    for k in range(cells):
        leaving[k], T[k] = 0.0, 1.0
        for size, towards, away in ((1, up[k], down[k]), (m, nearer_jump, farther_jump)):
            if k >= size:
                nearer[k, size - 1] += towards
            else:
                leaving[k] += towards
            if k + size <= last:
                farther[k, size - 1] += away
    for k in range(last, -1, -1):
        total = leaving[k]
        for d in range(min(m, k)):
            total += nearer[k, d]
        out[k] = total
        for i in range(max(0, k - m), k):
            share = farther[i, k - i - 1] / total
            if share == 0.0:
                continue
            leaving[i] += share * leaving[k]
            T[i] += share * T[k]
            for j in range(max(0, k - m), k):
                if j < i:
                    nearer[i, i - j - 1] += share * nearer[k, k - j - 1]
                elif j > i:
                    farther[i, j - i - 1] += share * nearer[k, k - j - 1]
    for k in range(cells):
        for d in range(min(m, k)):
            T[k] += nearer[k, d] * T[k - 1 - d]
        T[k] /= out[k]

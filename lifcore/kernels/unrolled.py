"""One LIF neuron over T steps, forwards and backwards.

    V[t] = beta V[t-1] + w x[t] - threshold s[t-1]        or, reset to zero, beta V[t-1] (1 - s[t-1]) + w x[t]
    s[t] = H(V[t] - threshold),  s[-1] = V[-1] = 0

A loss L depends on the spikes and perhaps on the potentials.  What reaches a potential comes from its own step and from
the next one:

    delta[t] = dL/dV[t] + dL/ds[t] f'(V[t] - threshold) + delta[t+1] dV[t+1]/dV[t]
    dV[t+1]/dV[t] = beta - threshold f'                   or beta (1 - s[t]) - beta V[t] f'
    dL/dw_i = sum over t of delta[t] x[t, i]

f' stands for the derivative of H, see `snn_surrogates`.  A detached reset leaves the terms with f' out of
dV[t+1]/dV[t].  Smoothed, the neuron has f(u) where H(u) was, and the same recursion is then the exact derivative.
"""

from __future__ import annotations

from lifcore.kernels._jit import kernel
from lifcore.kernels.snn_surrogates import derivatives, smoothed

__all__ = ["average_over_noise", "carried_over", "sensitivities", "surrogate_curves", "unroll", "weight_gradient"]


@kernel("void(f8[::1], i4, f8, f8, f8[::1], f8[::1])")
def surrogate_curves(u, kind, first, second, values, slopes):
    """f(u) and f'(u), into values and slopes."""
    smoothed(u, 0.0, kind, first, second, values)
    derivatives(u, 0.0, kind, first, second, slopes)


@kernel("f8(f8, f8, b1, f8, f8)", inline=True)
def _left(beta, threshold, to_zero, V, s):
    """What is left of V in the next step after a spike s, which may be a part of one."""
    return beta * V * (1.0 - s) if to_zero else beta * V - threshold * s


@kernel("f8(f8[:, ::1], f8[::1], i8, f8)", inline=True)
def _with_input(x, w, t, potential):
    """The potential with the input of step t."""
    for i in range(w.size):
        potential += w[i] * x[t, i]
    return potential


@kernel("void(f8[:, ::1], f8[::1], f8, f8, b1, b1, i4, f8, f8, f8[::1], f8[::1])")
def unroll(x, w, beta, threshold, to_zero, smooth, kind, first, second, V, s):
    """Potentials and spikes of all steps, into V and s."""
    left = 0.0
    for t in range(V.size):
        V[t] = _with_input(x, w, t, left)
        if smooth:
            smoothed(V[t:t + 1], threshold, kind, first, second, s[t:t + 1])
        else:
            s[t] = 1.0 if V[t] > threshold else 0.0
        left = _left(beta, threshold, to_zero, V[t], s[t])


@kernel("void(f8[::1], f8[::1], f8, f8, b1, b1, i4, f8, f8, f8[::1], f8[::1])")
def carried_over(V, s, beta, threshold, to_zero, detach, kind, first, second, slopes, factors):
    """f'(V[t] - threshold) into slopes, dV[t+1]/dV[t] into factors."""
    derivatives(V, threshold, kind, first, second, slopes)
    for t in range(V.size):
        factors[t] = beta * (1.0 - s[t]) if to_zero else beta
        if not detach:
            factors[t] -= (beta * V[t] if to_zero else threshold) * slopes[t]


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def sensitivities(onto_spikes, onto_potentials, slopes, factors, delta):
    """delta[t] for a loss whose direct derivatives by s[t] and by V[t] are given."""
    following = 0.0
    for back in range(delta.size):
        t = delta.size - 1 - back
        following = onto_potentials[t] + onto_spikes[t] * slopes[t] + factors[t] * following
        delta[t] = following


@kernel("void(f8[:, ::1], f8[::1], f8[::1])")
def weight_gradient(x, delta, gradient):
    """sum over t of delta[t] x[t, i], into gradient."""
    for i in range(gradient.size):
        gradient[i] = 0.0
    for t in range(delta.size):
        for i in range(gradient.size):
            gradient[i] += delta[t] * x[t, i]


@kernel(
    "void(f8[:, ::1], f8[::1], f8[::1], f8, f8, b1, i4, f8, f8, f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1])")
def average_over_noise(
        x, w, losses, beta, threshold, to_zero, kind, first, second, average, path, traces, changes, gradient):
    """Mean loss of a neuron that fires with probability f(V - threshold) in each step, into average, and its gradient.

    All 2**T spike trains are gone through: losses[j] is the loss of the train that has a spike in step t where bit
    T - 1 - t of j is set.  f must lie between 0 and 1.  `path` has the shape (5, T + 1), `traces` and `changes` have
    (T + 1, inputs); what is in them does not matter.
    """
    steps, inputs = x.shape
    V, f, slope, left, chance = path[0], path[1], path[2], path[3], path[4]
    average[0] = 0.0
    left[0] = 0.0
    chance[0] = 1.0
    for i in range(inputs):
        gradient[i] = 0.0
        traces[0, i] = 0.0
        changes[0, i] = 0.0
    for train in range(losses.size):
        # A train shares its beginning with the one before: only the steps from the first that differs are new.
        first_new = 0 if train == 0 else steps - 1
        while train >> (steps - 1 - first_new) & 1 == 0 and first_new > 0:
            first_new -= 1
        for t in range(first_new, steps):
            V[t] = _with_input(x, w, t, left[t])
            smoothed(V[t:t + 1], threshold, kind, first, second, f[t:t + 1])
            derivatives(V[t:t + 1], threshold, kind, first, second, slope[t:t + 1])
            fires = train >> (steps - 1 - t) & 1 == 1
            share = f[t] if fires else 1.0 - f[t]
            turn = slope[t] if fires else -slope[t]
            s = 1.0 if fires else 0.0
            left[t + 1] = _left(beta, threshold, to_zero, V[t], s)
            chance[t + 1] = chance[t] * share
            for i in range(inputs):
                # dV[t]/dw along this train, and what that does to the train's probability.
                trace = traces[t, i] + x[t, i]
                traces[t + 1, i] = _left(beta, 0.0, to_zero, trace, s)
                changes[t + 1, i] = changes[t, i] * share + chance[t] * turn * trace
        average[0] += chance[steps] * losses[train]
        for i in range(inputs):
            gradient[i] += changes[steps, i] * losses[train]

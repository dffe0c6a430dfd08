"""TrueNorth's neuron in integers (Cassidy et al. 2013): synapses, leak, threshold, once a tick.

    V <- V + sum of A w [(1 - b) s + b F(s, rho_s) sign(s)],     F(x, rho) = 1 if abs(x) >= rho, else 0
    V <- V + Omega [(1 - c) lam + c F(lam, rho_l) sign(lam)],    Omega = (1 - eps) + eps sign(V)
    eta = rho_t & M
    V >= alpha + eta: a spike, and V <- R, V - (alpha + eta) or V       (gamma = 0, 1, 2)
    else V < -(beta + (1 - kappa) eta): V <- -beta                      (kappa = 1)
                                        V <- -R, V + beta + eta or V    (kappa = 0; gamma = 0, 1, 2)

After each of the three parts V is brought back into 20 bits: it saturates, or it wraps.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel

__all__ = ["count_active", "list_active", "truenorth_neurons", "truenorth_ticks"]

HALF = 1 << 19
MASK = (1 << 20) - 1


@kernel("i8(i8[:, ::1], i8[::1])")
def count_active(spikes, first):
    """How many axons spike; first[t] is how many did before tick t. `spikes` has eight axons of one byte in each number."""
    count = np.int64(0)
    for t in range(spikes.shape[0]):
        first[t] = count
        for k in range(spikes.shape[1]):
            # The bytes are 0 and 1; a product with ones gathers their sum in the highest.
            count += (spikes[t, k] * 0x0101010101010101) >> 56
    first[spikes.shape[0]] = count
    return count


@kernel("void(i8[:, ::1], i4[::1])")
def list_active(spikes, active):
    """The numbers of the axons that spike, tick after tick."""
    n = np.int64(0)
    for t in range(spikes.shape[0]):
        for k in range(spikes.shape[1]):
            eight = spikes[t, k]
            if eight != 0:
                for byte in range(8):
                    if (eight >> 8 * byte) & 1:
                        active[n] = 8 * k + byte
                        n += 1


@kernel("i8(i8)", inline=True)
def _sign(x):
    return np.int64(x > 0) - np.int64(x < 0)


@kernel("i8(i8, i8)", inline=True)
def _unit_step(x, rho):
    """sign(x) with a chance that grows with abs(x): if it is at least rho, else 0."""
    return _sign(x) if abs(x) >= rho else np.int64(0)


@kernel("i8(i8, b1)", inline=True)
def _in_word(x, wraps):
    """x in 20 bits."""
    if wraps:
        return ((x + HALF) & MASK) - HALF
    return min(max(x, -HALF), HALF - 1)


@kernel(
    "i8(i4[::1], i8[::1], u1[::1], u1[::1], i4[::1], u1[::1], i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, u1[:, ::1], "
    "u1[::1], i4[::1], b1, i4[::1], b1[::1])")
def truenorth_ticks(
        active, first, w, G, s, b, eps, lam, c, alpha, beta, M, gamma, kappa, R, V0, rho_s, rho_l, rho_t, wraps,
        V_record, spikes):
    """Ticks of one neuron from V0; returns V at the end. The records hold V after each tick and whether it fired.

    active[first[t]:first[t + 1]]: the axons that spike in tick t, so that an axon costs nothing while it is silent.
    """
    V = V0
    for t in range(V_record.size):
        for k in range(first[t], first[t + 1]):
            i = active[k]
            weight = np.int64(s[G[i]])
            V += w[i] * (_unit_step(weight, np.int64(rho_s[t, i])) if b[G[i]] else weight)
        V = _in_word(V, wraps)
        leak = _unit_step(lam, np.int64(rho_l[t])) if c else lam
        V = _in_word(V + (_sign(V) * leak if eps else leak), wraps)
        eta = np.int64(rho_t[t]) & M
        fires = V >= alpha + eta
        if fires:
            if gamma == 0:
                V = R
            elif gamma == 1:
                V -= alpha + eta
        elif V < -(beta if kappa else beta + eta):
            if kappa:
                V = -beta
            elif gamma == 0:
                V = -R
            elif gamma == 1:
                V += beta + eta
        V = _in_word(V, wraps)
        V_record[t] = V
        spikes[t] = fires
    return V


@kernel(
    "void(i4[::1], i8[::1], u1[:, ::1], u1[::1], i4[:, ::1], u1[:, ::1], i4[:, ::1], u1[:, ::1], u1[::1], i4[::1], b1, "
    "i4[:, ::1], b1[:, ::1])")
def truenorth_neurons(active, first, w, G, s, b, words, rho_s, rho_l, rho_t, wraps, V_record, spikes):
    """`truenorth_ticks` of many neurons on the same axons and random numbers.

    words[i]: eps, lam, c, alpha, beta, M, gamma, kappa, R and V0 of neuron i. The records have one row for each neuron.
    """
    for i in range(w.shape[0]):
        own = words[i]
        truenorth_ticks(
            active, first, w[i], G, s[i], b[i], own[0], own[1], own[2], own[3], own[4], own[5], own[6], own[7], own[8],
            own[9], rho_s, rho_l, rho_t, wraps, V_record[i], spikes[i])

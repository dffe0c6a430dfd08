"""A population on SpiNNaker step by step, in s16.15 and in floating point.

    alpha = R (I_exc - I_inh + I_offset) + V_rest;    V = alpha - e (alpha - V);    V >= V_th: a spike, then V = V_reset

with e = exp(-dt / tau_m), or 1 - dt / tau_m for the explicit Euler method.  A step adds its inputs to the synaptic
currents, moves V unless the neuron is refractory, and then lets the currents decay; after a spike the next T_ref steps
leave V alone.  The two functions differ in nothing but their numbers.

Both take an input of one row as the same in every step, and leave in `state` what they need to go on: the rows V,
I_exc, I_inh and the refractory steps still to come.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp
from lifcore.kernels.fixed_point import ONE, STOCHASTIC, bounded_product, scaled, unbounded_product, wrapped

__all__ = [
    "DECAY_E", "DECAY_I", "EXP_TC", "INIT_E", "INIT_I", "R", "ROWS", "T_REF", "V_RESET", "V_REST", "V_TH", "decay_word",
    "fixed_point_steps", "floating_point_steps",
]

# Rows of the parameters of a population.
R, EXP_TC, V_REST, V_RESET, V_TH, DECAY_E, INIT_E, DECAY_I, INIT_I, T_REF = range(10)
ROWS = 10
LARGEST_64, LARGEST_32 = 1.7976931348623157e308, 3.4028234663852886e38


@kernel("i8(i8, i8)")
def decay_word(dt, tau):
    """The word of exp(-dt / tau) from the words of dt and tau > 0: the quotient is cut to a word, and so is the result."""
    return np.int64(np.floor(exp(-np.float64(dt * ONE // tau) / ONE) * ONE))


@kernel(
    "i8(i4[:, ::1], i4[:, ::1], i4[:, ::1], i8[:, ::1], i4, u4[:, ::1], i4[:, ::1], i4[:, ::1], i4[:, ::1], i4[:, ::1], "
    "u1[:, ::1])")
def fixed_point_steps(w_exc, w_inh, I_offset, words, rounding, random, state, V, I_exc, I_inh, spikes):
    """Advances a population in s16.15; returns how many sums and products did not fit into a word.

    w_exc, w_inh, I_offset : words, shape (steps, neurons) or (1, neurons)
    words : parameters, shape (10, neurons): R, exp_TC, V_rest, V_reset, V_th, decay and init of excitation and of
        inhibition, T_ref; the decays and inits are u0.32
    random : shape (2 steps, neurons) for stochastic rounding, else unused; the lowest 15 bits of rows 2 k and 2 k + 1
        round the two products of step k
    state : shape (4, neurons)
    V, I_exc, I_inh, spikes : shape (steps, neurons), at the end of each step
    """
    lost = np.int64(0)
    first = np.int64(0)
    second = np.int64(0)
    for k in range(V.shape[0]):
        k_exc = k if w_exc.shape[0] > 1 else 0
        k_inh = k if w_inh.shape[0] > 1 else 0
        k_offset = k if I_offset.shape[0] > 1 else 0
        for j in range(V.shape[1]):
            v = np.int64(state[0, j])
            exact = np.int64(state[1, j]) + scaled(np.int64(w_exc[k_exc, j]), words[INIT_E, j])
            excitation = wrapped(exact)
            lost += exact != excitation
            exact = np.int64(state[2, j]) + scaled(np.int64(w_inh[k_inh, j]), words[INIT_I, j])
            inhibition = wrapped(exact)
            lost += exact != inhibition
            fired = 0
            if state[3, j] > 0:
                state[3, j] -= 1
            else:
                if rounding == STOCHASTIC:
                    first = np.int64(random[2 * k, j])
                    second = np.int64(random[2 * k + 1, j])
                exact = excitation - inhibition
                current = wrapped(exact)
                lost += exact != current
                exact = current + np.int64(I_offset[k_offset, j])
                current = wrapped(exact)
                lost += exact != current
                exact = unbounded_product(current, words[R, j], rounding, first)
                product = bounded_product(exact, rounding)
                lost += exact != product
                exact = product + words[V_REST, j]
                alpha = wrapped(exact)
                lost += exact != alpha
                exact = alpha - v
                distance = wrapped(exact)
                lost += exact != distance
                exact = unbounded_product(words[EXP_TC, j], distance, rounding, second)
                product = bounded_product(exact, rounding)
                lost += exact != product
                exact = alpha - product
                v = wrapped(exact)
                lost += exact != v
                if v >= words[V_TH, j]:
                    fired = 1
                    v = words[V_RESET, j]
                    state[3, j] = words[T_REF, j]
            state[0, j] = v
            state[1, j] = scaled(excitation, words[DECAY_E, j])
            state[2, j] = scaled(inhibition, words[DECAY_I, j])
            V[k, j] = v
            I_exc[k, j] = state[1, j]
            I_inh[k, j] = state[2, j]
            spikes[k, j] = fired
    return lost


@kernel("f8(f8, i4)", inline=True)
def _rounded(x, single):
    """x, or the float32 nearest to it: for a sum or product of two float32, the one that float32 arithmetic gives.

    The 53 digits of float64 are enough for that (Figueroa 1995, SIGNUM Newsletter 30: 21).
    """
    return np.float64(np.float32(x)) if single else x


@kernel("f8(f8, f8)", inline=True)
def _held(x, largest):
    """x, or the largest number of its sign."""
    return min(max(x, -largest), largest)


@kernel(
    "i8(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i4, f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], u1[:, ::1])")
def floating_point_steps(w_exc, w_inh, I_offset, values, single, state, V, I_exc, I_inh, spikes):
    """Advances a population in floating point; returns how many steps would have left its range.

    Arguments as in `fixed_point_steps`, in nA, MΩ and mV and with factors instead of words; `single` is 1 for float32,
    to which all arguments must be rounded already, and 0 for float64.  What would be infinite is held at the largest
    number, so that a potential that explodes does not become NaN.
    """
    lost = np.int64(0)
    largest = LARGEST_32 if single else LARGEST_64
    for k in range(V.shape[0]):
        k_exc = k if w_exc.shape[0] > 1 else 0
        k_inh = k if w_inh.shape[0] > 1 else 0
        k_offset = k if I_offset.shape[0] > 1 else 0
        for j in range(V.shape[1]):
            v = state[0, j]
            excitation = _rounded(state[1, j] + _rounded(w_exc[k_exc, j] * values[INIT_E, j], single), single)
            inhibition = _rounded(state[2, j] + _rounded(w_inh[k_inh, j] * values[INIT_I, j], single), single)
            out = not (abs(excitation) <= largest and abs(inhibition) <= largest)
            excitation = _held(excitation, largest)
            inhibition = _held(inhibition, largest)
            fired = 0
            if state[3, j] > 0.0:
                state[3, j] -= 1.0
            else:
                current = _rounded(_rounded(excitation - inhibition, single) + I_offset[k_offset, j], single)
                out = out or not abs(current) <= largest
                current = _held(current, largest)
                alpha = _rounded(_rounded(current * values[R, j], single) + values[V_REST, j], single)
                out = out or not abs(alpha) <= largest
                alpha = _held(alpha, largest)
                distance = _rounded(alpha - v, single)
                out = out or not abs(distance) <= largest
                distance = _held(distance, largest)
                v = _rounded(alpha - _rounded(values[EXP_TC, j] * distance, single), single)
                out = out or not abs(v) <= largest
                v = _held(v, largest)
                if v >= values[V_TH, j]:
                    fired = 1
                    v = values[V_RESET, j]
                    state[3, j] = values[T_REF, j]
            state[0, j] = v
            excitation = _rounded(excitation * values[DECAY_E, j], single)
            inhibition = _rounded(inhibition * values[DECAY_I, j], single)
            out = out or not (abs(excitation) <= largest and abs(inhibition) <= largest)
            state[1, j] = _held(excitation, largest)
            state[2, j] = _held(inhibition, largest)
            V[k, j] = v
            I_exc[k, j] = state[1, j]
            I_inh[k, j] = state[2, j]
            spikes[k, j] = fired
            lost += out
    return lost

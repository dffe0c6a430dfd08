"""A whole spiking network, step by step: a list of operations that one kernel works through.

    for each step t:  for each operation:  value[t] = operation(value[t] of the one before, its own state)

A network is a few flat arrays.  `program` has one row of whole numbers for each operation and `constants` one row of
numbers; the columns are listed below.  `weights` holds all synapses, in the order `snn_layers` wants, and `work` every
value and every potential, at the places that the program names.  A place is an offset into `work`, a size and a depth:
the value of step t lies at offset + (t modulo depth) size.  Depth 1 keeps the present value only; as many as there are
steps keeps all, for the backward pass, a recording or a figure.  A potential is kept one place longer, since V[-1] = 0
is one too.

`lifcore.snn.Sequential.prepared` makes these arrays.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.snn_layers import channels_last, fill, fire, fire_smoothly, integrate, pool, scatter

__all__ = ["check", "forward", "run_samples", "survey"]

# Kinds of operations, the first column of a program.
INPUT, SYNAPSES, POOL, LIF, LI = range(5)
# The columns of a program.  STATIC: the same at every step, so that the first is enough.  AT_END: synapses that come
# last; their values are wanted as a sum over the steps only, so what arrives is summed, at OUT, and multiplied once.
(KIND, STATIC, ROWS, COLUMNS, CHANNELS, ROWS_OUT, COLUMNS_OUT, CHANNELS_OUT, SIZE, PADDING, COUNTS, WEIGHT, WEIGHTS,
 BIAS, IN, IN_SIZE, IN_DEPTH, OUT, OUT_SIZE, OUT_DEPTH, V, V_DEPTH, SURROGATE, TO_ZERO, AT_END) = range(25)
# Those that only the backward pass reads (`snn_training`).
DETACHED, WANTED, REVERSED, REVERSED_SIZE, ERROR, PADDED, PADDED_SIZE, SUM = range(25, 33)
PROGRAM_COLUMNS = 33
# The columns of the constants.
BETA, THRESHOLD, DIVISOR, FIRST, SECOND, PENALTY = range(6)
CONSTANT_COLUMNS = 6


@kernel("f4[::1](f4[::1], i4[:, ::1], i8, i8, i8)", "f8[::1](f8[::1], i4[:, ::1], i8, i8, i8)", inline=True)
def place(work, program, k, column, t):
    """The part of `work` at step t whose offset, size and depth are the three columns from `column` on."""
    size = np.int64(program[k, column + 1])
    start = program[k, column] + (t % program[k, column + 2]) * size
    return work[start:start + size]


@kernel("f4[::1](f4[::1], i4[:, ::1], i8, i8)", "f8[::1](f8[::1], i4[:, ::1], i8, i8)", inline=True)
def potential(work, program, k, t):
    """V of step t, from -1 on."""
    size = np.int64(program[k, OUT_SIZE])
    start = program[k, V] + ((t + 1) % program[k, V_DEPTH]) * size
    return work[start:start + size]


@kernel("f4[::1](f4[::1], i4[:, ::1], i8)", "f8[::1](f8[::1], i4[:, ::1], i8)", inline=True)
def bias_of(weights, program, k):
    """The biases of operation k."""
    begin = np.int64(program[k, BIAS])
    return weights[begin:begin + program[k, CHANNELS_OUT]]


@kernel(
    "f8(i4[:, ::1], f4[::1], i8, f4[::1], f4[::1], b1, i4[::1])",
    "f8(i4[:, ::1], f8[::1], i8, f8[::1], f8[::1], b1, i4[::1])")
def scatter_values(program, weights, k, x, y, spikes, list):
    """`scatter` with the weights and sizes of operation k."""
    begin = np.int64(program[k, WEIGHT])
    return scatter(
        x, weights[begin:begin + program[k, WEIGHTS]], y, program[k, ROWS], program[k, COLUMNS], program[k, CHANNELS],
        program[k, ROWS_OUT], program[k, COLUMNS_OUT], program[k, CHANNELS_OUT], program[k, SIZE], program[k, PADDING],
        spikes, list)


@kernel(
    "void(i4[:, ::1], f4[:, ::1], f4[::1], f4[:, ::1], i4, i4, b1, f4[::1], i4[::1], f4[::1], f8[::1])",
    "void(i4[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], i4, i4, b1, f8[::1], i4[::1], f8[::1], f8[::1])")
def forward(program, constants, weights, x, begin, end, smooth, work, list, total, counts):
    """The steps from `begin` to before `end` of one sample.

    x has a row for each step, or a single one that is the input at every step.  A call that begins at 0 begins at rest;
    any other goes on from what the last one left in `work`.  `total` becomes the sum of the last operation's values
    over all steps so far; `counts` adds up, for each operation, the spikes of its neurons or what its synapses had to
    add.
    """
    last = program.shape[0] - 1
    at_end = program[last, AT_END] == 1
    if begin == 0:
        total[:] = 0
        counts[:] = 0
        for k in range(program.shape[0]):
            if program[k, KIND] == LIF or program[k, KIND] == LI:
                potential(work, program, k, -1)[:] = 0
        if at_end:
            place(work, program, last, OUT, 0)[:] = 0
    for t in range(begin, end):
        for k in range(program.shape[0]):
            kind = program[k, KIND]
            if program[k, STATIC] and t > 0:
                continue
            y = place(work, program, k, OUT, t)
            if kind == INPUT:
                channels_last(x[t if x.shape[0] > 1 else 0], y, program[k, CHANNELS])
                continue
            v = place(work, program, k, IN, t)
            if kind == SYNAPSES and k == last and at_end:
                active = np.int64(0)
                for j in range(v.size):
                    y[j] += v[j]
                    active += v[j] != 0
                counts[k] += active * program[k, CHANNELS_OUT]
            elif kind == SYNAPSES:
                fill(y, bias_of(weights, program, k), program[k, COLUMNS_OUT])
                counts[k] += scatter_values(program, weights, k, v, y, program[k, COUNTS] == 1 and not smooth, list)
            elif kind == POOL:
                pool(v, y, program[k, COLUMNS], program[k, CHANNELS], program[k, ROWS_OUT], program[k, COLUMNS_OUT],
                     program[k, SIZE], constants[k, DIVISOR])
            elif kind == LI:
                integrate(potential(work, program, k, t - 1), v, y, constants[k, BETA])
                now = potential(work, program, k, t)
                for j in range(y.size):
                    now[j] = y[j]
            elif smooth:
                counts[k] += fire_smoothly(
                    potential(work, program, k, t - 1), v, potential(work, program, k, t), y, constants[k, BETA],
                    constants[k, THRESHOLD], program[k, TO_ZERO] == 1, t == 0, program[k, SURROGATE],
                    constants[k, FIRST], constants[k, SECOND])
            else:
                counts[k] += fire(
                    potential(work, program, k, t - 1), v, potential(work, program, k, t), y, constants[k, BETA],
                    constants[k, THRESHOLD], program[k, TO_ZERO] == 1)
        if not at_end:
            values = place(work, program, last, OUT, t)
            for j in range(total.size):
                total[j] += values[j]
    if at_end:
        bias = bias_of(weights, program, last)
        for j in range(total.size):
            total[j] = end * bias[j]
        spikes = program[last, COUNTS] == 1 and not smooth
        operations = scatter_values(program, weights, last, place(work, program, last, OUT, 0), total, spikes, list)
        if spikes:
            counts[last] = operations


@kernel(
    "void(i4[:, ::1], f4[:, ::1], f4[::1], f4[:, :, ::1], i4, b1, f4[::1], i4[::1], f4[:, ::1], f8[:, ::1])",
    "void(i4[:, ::1], f8[:, ::1], f8[::1], f8[:, :, ::1], i4, b1, f8[::1], i4[::1], f8[:, ::1], f8[:, ::1])")
def run_samples(program, constants, weights, x, steps, smooth, work, list, totals, counts):
    """`forward` through all steps for each sample."""
    for i in range(x.shape[0]):
        forward(program, constants, weights, x[i], 0, steps, smooth, work, list, totals[i], counts[i])
        check(program, steps, work, counts[i])


@kernel("void(i4[:, ::1], i8, f4[::1], f8[::1])", "void(i4[:, ::1], i8, f8[::1], f8[::1])")
def check(program, steps, work, counts):
    """Makes the count of integrators NaN if a potential is not finite after `steps` steps, as it stays; `fire` does it for LIF."""
    for k in range(program.shape[0]):
        if program[k, KIND] == LI:
            wrong = np.int64(0)
            V = potential(work, program, k, steps - 1)
            for j in range(V.size):
                wrong += not (V[j] - V[j] == 0)
            if wrong > 0:
                counts[k] = np.nan


@kernel("b1(f4[::1], f4)", "b1(f8[::1], f8)")
def survey(x, most):
    """Whether all of x are whole numbers from 0 to `most`."""
    wrong = np.int64(0)
    for j in range(x.size):
        wrong += not (x[j] >= 0 and x[j] <= most and np.floor(x[j]) == x[j])
    return wrong == 0

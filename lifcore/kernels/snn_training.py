"""The backward pass of a spiking network, and the step that an optimiser takes.

    L = mean over the samples of -log softmax(logits)[label] + the penalties of spikes

The forward pass of a sample has kept every potential and what arrived at every synapse.  The backward pass goes through
the steps from the last to the first, and in each through the operations from the last to the first (backpropagation
through time).  `errors` holds dL/d(value) of each operation at the present step.  What neurons pass down is dL/dV[t],
and it stays there for step t - 1, which needs it.  Operations that come before all neurons, where the input is the same
at every step, get the sum over the steps, once.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.kernels import snn_network as net
from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, log
from lifcore.kernels.snn_layers import add_pixels, correlate, pad, spread, unfire, unpool
from lifcore.kernels.snn_network import check, forward, place, potential

__all__ = ["adam", "cross_entropy", "train_samples"]


@kernel("f8(f4[::1], i8, f8, f4[::1])", "f8(f8[::1], i8, f8, f8[::1])")
def cross_entropy(logits, label, weight, error):
    """-log softmax(logits)[label]; `error` becomes `weight` times its derivative by each logit."""
    largest = logits[0]
    for j in range(logits.size):
        largest = max(largest, logits[j])
    total = 0.0
    for j in range(logits.size):
        total += exp(float(logits[j]) - float(largest))
    for j in range(logits.size):
        share = exp(float(logits[j]) - float(largest)) / total
        error[j] = weight * (share - (1.0 if j == label else 0.0))
    return log(total) + float(largest) - float(logits[label])


@kernel("f4[::1](f4[::1], i4[:, ::1], i8)", "f8[::1](f8[::1], i4[:, ::1], i8)", inline=True)
def error_of(errors, program, k):
    """dL/d(value) of operation k."""
    start = np.int64(program[k, net.ERROR])
    return errors[start:start + program[k, net.OUT_SIZE]]


@kernel(
    "void(i4[:, ::1], i8, f4[::1], f4, i4[::1], f4[::1], f4[::1], f4[::1])",
    "void(i4[:, ::1], i8, f8[::1], f8, i4[::1], f8[::1], f8[::1], f8[::1])")
def learn(program, k, x, steps, list, values, errors, gradients):
    """Adds to the gradients of the synapses of operation k what x gives, and `steps` times that of their biases."""
    error = error_of(errors, program, k)
    width, size = np.int64(program[k, net.CHANNELS_OUT]), np.int64(program[k, net.SIZE])
    begin, of_bias = np.int64(program[k, net.WEIGHT]), np.uint64(program[k, net.BIAS])
    add_pixels(gradients, of_bias, error, np.uint64(width), steps)
    start = np.int64(program[k, net.PADDED])
    padded = errors[start:start + program[k, net.PADDED_SIZE]]
    if size > 1:
        pad(error, padded, program[k, net.COLUMNS_OUT], width, size - 1 - program[k, net.PADDING])
    correlate(
        x, padded, gradients[begin:begin + program[k, net.WEIGHTS]], program[k, net.ROWS], program[k, net.COLUMNS],
        program[k, net.CHANNELS], width, size, list, values)


@kernel(
    "void(i4[:, ::1], f4[:, ::1], f4[::1], i8, b1, f4[::1], f4[::1], f4[::1], i8)",
    "void(i4[:, ::1], f8[:, ::1], f8[::1], i8, b1, f8[::1], f8[::1], f8[::1], i8)")
def back(program, constants, reversed, t, smooth, work, scratch, errors, k):
    """Operation k at step t, backwards: the error of what it takes, from the error of what it gives."""
    kind = program[k, net.KIND]
    error, error_in = error_of(errors, program, k), error_of(errors, program, k - 1)
    if kind == net.SYNAPSES:
        begin = np.int64(program[k, net.REVERSED])
        error_in[:] = 0
        # Synapses, run backwards, are synapses again.
        spread(
            error, reversed[begin:begin + program[k, net.REVERSED_SIZE]], error_in, program[k, net.ROWS_OUT],
            program[k, net.COLUMNS_OUT], program[k, net.CHANNELS_OUT], program[k, net.ROWS], program[k, net.COLUMNS],
            program[k, net.CHANNELS], program[k, net.SIZE], program[k, net.SIZE] - 1 - program[k, net.PADDING], scratch)
    elif kind == net.POOL:
        unpool(error, error_in, program[k, net.COLUMNS], program[k, net.CHANNELS], program[k, net.ROWS_OUT],
               program[k, net.COLUMNS_OUT], program[k, net.SIZE], constants[k, net.DIVISOR])
    elif kind == net.LI:
        for j in range(error.size):
            error_in[j] = error[j] + constants[k, net.BETA] * error_in[j]
    else:
        unfire(potential(work, program, k, t), error, error_in, constants[k, net.BETA], constants[k, net.THRESHOLD],
               program[k, net.TO_ZERO] == 1, program[k, net.DETACHED] == 1, constants[k, net.PENALTY], smooth,
               program[k, net.SURROGATE], constants[k, net.FIRST], constants[k, net.SECOND], scratch)


@kernel("void(i4[:, ::1], i8, f4[::1])", "void(i4[:, ::1], i8, f8[::1])")
def add_to_sum(program, k, errors):
    """What neurons pass down to operations that work only once is summed over the steps."""
    start, present = np.int64(program[k, net.SUM]), error_of(errors, program, k - 1)
    total = errors[start:start + present.size]
    for j in range(present.size):
        total[j] += present[j]


@kernel(
    "f8(i4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f4[:, :, ::1], i8[::1], f8, i4, b1, b1, f4[::1], i4[::1], f4[::1], "
    "f4[::1], f4[::1], f4[:, ::1], f8[:, ::1], f4[::1])",
    "f8(i4[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[:, :, ::1], i8[::1], f8, i4, b1, b1, f8[::1], i4[::1], f8[::1], "
    "f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1])")
def train_samples(
        program, constants, weights, reversed, x, labels, weight, steps, mean, smooth, work, list, values, scratch,
        errors, logits, counts, gradients):
    """Sets the gradients to the sum over the samples, each cross-entropy times `weight`; returns the sum of the losses.

    `mean` says whether a logit is the mean over the steps or their sum.
    """
    last = program.shape[0] - 1
    loss, one = 0.0, errors.dtype.type(1.0)
    gradients[:] = 0
    for i in range(x.shape[0]):
        forward(program, constants, weights, x[i], 0, steps, smooth, work, list, logits[i], counts[i])
        check(program, steps, work, counts[i])
        errors[:] = 0
        share = weight
        if mean:
            share = weight / steps
            for j in range(logits.shape[1]):
                logits[i, j] /= steps
        if program[last, net.STATIC]:
            share *= steps
        loss += weight * cross_entropy(logits[i], labels[i], share, error_of(errors, program, last))
        for backwards in range(steps):
            t = steps - 1 - backwards
            for k in range(last, 0, -1):
                if program[k, net.STATIC]:
                    break
                if program[k, net.AT_END]:
                    # Its error is the same at every step.
                    if backwards > 0:
                        continue
                    learn(program, k, place(work, program, k, net.OUT, 0), steps * one, list, values, errors, gradients)
                elif program[k, net.KIND] == net.SYNAPSES:
                    learn(program, k, place(work, program, k, net.IN, t), one, list, values, errors, gradients)
                if program[k, net.WANTED]:
                    back(program, constants, reversed, t, smooth, work, scratch, errors, k)
                    if program[k - 1, net.STATIC]:
                        add_to_sum(program, k, errors)
        for k in range(last, 0, -1):
            if program[k, net.STATIC]:
                if k < last and not program[k + 1, net.STATIC]:
                    start = np.int64(program[k + 1, net.SUM])
                    error_of(errors, program, k)[:] = errors[start:start + program[k, net.OUT_SIZE]]
                if program[k, net.KIND] == net.SYNAPSES:
                    learn(program, k, place(work, program, k, net.IN, 0), one, list, values, errors, gradients)
                if program[k, net.WANTED]:
                    back(program, constants, reversed, 0, smooth, work, scratch, errors, k)
    return loss


@kernel(
    "void(f4[::1], f4[::1], f4[::1], f4[::1], f8, f8, f8, f8, f8)",
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8)")
def adam(weights, gradients, first, second, learning_rate, beta_1, beta_2, epsilon, step):
    """One step of Adam (Kingma & Ba 2015, algorithm 1), the first with step = 1; `first` and `second` are its moments.

        m <- beta_1 m + (1 - beta_1) g,   v <- beta_2 v + (1 - beta_2) g^2
        w <- w - rate / (1 - beta_1^step) m / (sqrt(v / (1 - beta_2^step)) + epsilon)
    """
    kind = weights.dtype.type
    power_1 = exp(step * log(beta_1)) if beta_1 > 0.0 else 0.0
    power_2 = exp(step * log(beta_2)) if beta_2 > 0.0 else 0.0
    rate = kind(learning_rate / (1.0 - power_1))
    root = kind(math.sqrt(1.0 - power_2))
    b1, c1, b2, c2, eps = kind(beta_1), kind(1.0 - beta_1), kind(beta_2), kind(1.0 - beta_2), kind(epsilon)
    for j in range(weights.size):
        g = gradients[j]
        m = b1 * first[j] + c1 * g
        v = b2 * second[j] + c2 * (g * g)
        first[j] = m
        second[j] = v
        weights[j] -= rate * (m / (math.sqrt(v) / root + eps))

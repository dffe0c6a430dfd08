"""What one layer of a spiking network does in one step: synapses, neurons, pools.

    y[q] += a w[q - p]                                   for each spike, or other value a, that arrives at p
    V[t] = beta V[t-1] + I[t] - threshold s[t-1],  s[t] = 1 where V[t] > threshold, else 0

Images lie with their channels last, so that the part of a kernel's row that a spike reaches, all its output channels
included, is one piece of memory.  The weights are stored accordingly, w[row][channel in][column][channel out] with the
columns from right to left: each spike is then one scaled addition of such pieces a kernel row.  A fully connected layer
is a kernel of one pixel on an image of one pixel.

Indices that are computed are unsigned: for signed ones numba asks whether they count from the end, and no vector
instruction comes out of such a loop.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.snn_surrogates import derivatives, smoothed

__all__ = [
    "channels_last", "correlate", "fill", "fire", "fire_smoothly", "integrate", "pool", "scatter", "unfire", "unpool"]


@kernel("void(f4[::1], u8, f4[::1], u8, u8, f4)", "void(f8[::1], u8, f8[::1], u8, u8, f8)", inline=True)
def add_scaled(y, i, x, j, n, a):
    """y[i:i + n] += a x[j:j + n]."""
    for m in range(n):
        y[i + m] += a * x[j + m]


@kernel(
    "void(f4[::1], u8, f4[::1], u8, u8, u8, u8, u8, f4, f4, f4, f4)",
    "void(f8[::1], u8, f8[::1], u8, u8, u8, u8, u8, f8, f8, f8, f8)", inline=True)
def add_scaled_four(y, i, x, j0, j1, j2, j3, n, a0, a1, a2, a3):
    """The same with four pieces of x, for one reading and writing of y."""
    for m in range(n):
        y[i + m] = (((y[i + m] + a0 * x[j0 + m]) + a1 * x[j1 + m]) + a2 * x[j2 + m]) + a3 * x[j3 + m]


@kernel("void(f4[::1], f4[::1])", "void(f8[::1], f8[::1])")
def fill(y, bias):
    """Each pixel of y becomes `bias`, a value for each channel."""
    width = np.uint64(bias.size)
    for pixel in range(np.uint64(y.size) // width):
        at = pixel * width
        for m in range(width):
            y[at + m] = bias[m]


@kernel(
    "f8(f4[::1], f4[::1], f4[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1, i4[::1])",
    "f8(f8[::1], f8[::1], f8[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1, i4[::1])")
def scatter(x, weight, y, rows, columns, channels, rows_out, columns_out, channels_out, size, padding, spikes, list):
    """Adds the convolution of x with the weights to y; zeros of x cost nothing.

    Returns what it took: each value that is not 0 times the synapses it reaches, or, with `spikes`, each value times
    these, since a sum of spikes stands for so many additions.
    """
    row_of_weights = np.uint64(size * channels_out)
    operations = 0.0
    at = np.uint64(0)
    for i in range(rows):
        first_row = max(0, i + padding - rows_out + 1)
        end_row = min(size, i + padding + 1)
        for j in range(columns):
            active = 0
            arriving = x.dtype.type(0.0)
            for c in range(np.uint64(channels)):
                list[active] = c
                arriving += x[at + c]
                active += x[at + c] != 0
            if active > 0:
                first = max(0, size - 1 - padding - j)
                end = min(size, columns_out + size - 1 - padding - j)
                n = np.uint64((end - first) * channels_out)
                column = j + padding - (size - 1) + first
                reached = (end_row - first_row) * (end - first) * channels_out
                operations += reached * (float(arriving) if spikes else float(active))
                for a in range(first_row, end_row):
                    to = np.uint64(((i + padding - a) * columns_out + column) * channels_out)
                    start = np.uint64((a * channels * size + first) * channels_out)
                    k = 0
                    while k + 4 <= active:
                        c0, c1 = np.uint64(list[k]), np.uint64(list[k + 1])
                        c2, c3 = np.uint64(list[k + 2]), np.uint64(list[k + 3])
                        add_scaled_four(
                            y, to, weight, start + c0 * row_of_weights, start + c1 * row_of_weights,
                            start + c2 * row_of_weights, start + c3 * row_of_weights, n,
                            x[at + c0], x[at + c1], x[at + c2], x[at + c3])
                        k += 4
                    while k < active:
                        c0 = np.uint64(list[k])
                        add_scaled(y, to, weight, start + c0 * row_of_weights, n, x[at + c0])
                        k += 1
            at += np.uint64(channels)
    return operations


@kernel("void(f4[::1], f4[::1], i8, i8, i8, i8, i8, f4)", "void(f8[::1], f8[::1], i8, i8, i8, i8, i8, f8)")
def pool(x, y, columns, channels, rows_out, columns_out, size, divisor):
    """y = the sum of each square of size by size pixels of x, divided by `divisor`."""
    width = np.uint64(channels)
    for i in range(rows_out):
        for j in range(columns_out):
            to = np.uint64((i * columns_out + j) * channels)
            for m in range(width):
                y[to + m] = 0
            for a in range(size):
                for b in range(size):
                    at = np.uint64(((i * size + a) * columns + j * size + b) * channels)
                    for m in range(width):
                        y[to + m] += x[at + m]
    if divisor != 1:
        for m in range(y.size):
            y[m] /= divisor


@kernel("void(f4[::1], f4[::1], f4[::1], f4)", "void(f8[::1], f8[::1], f8[::1], f8)")
def integrate(V_before, I, V, beta):
    """V = beta V_before + I."""
    for j in range(V.size):
        V[j] = beta * V_before[j] + I[j]


@kernel("f8(f4[::1], f4[::1], f4[::1], f4[::1], f4, f4, b1)", "f8(f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, b1)")
def fire(V_before, I, V, s, beta, threshold, to_zero):
    """V after one step and s = 1 where it is above threshold; returns how many fire."""
    zero, one = V.dtype.type(0.0), V.dtype.type(1.0)
    count = np.int64(0)
    if to_zero:
        for j in range(V.size):
            v = (zero if V_before[j] > threshold else beta * V_before[j]) + I[j]
            V[j] = v
            s[j] = one if v > threshold else zero
            count += v > threshold
    else:
        for j in range(V.size):
            v = (beta * V_before[j] + I[j]) - (threshold if V_before[j] > threshold else zero)
            V[j] = v
            s[j] = one if v > threshold else zero
            count += v > threshold
    return float(count)


@kernel(
    "f8(f4[::1], f4[::1], f4[::1], f4[::1], f4, f4, b1, b1, i8, f4, f4)",
    "f8(f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, b1, b1, i8, f8, f8)")
def fire_smoothly(V_before, I, V, s, beta, threshold, to_zero, at_rest, surrogate, first, second):
    """As `fire`, with s = f(V - threshold) from 0 to 1 in place of a spike; `at_rest` says that no step came before."""
    one, total = V.dtype.type(1.0), 0.0
    if at_rest:
        for j in range(s.size):
            s[j] = 0
    else:
        smoothed(V_before, threshold, surrogate, first, second, s)
    for j in range(V.size):
        if to_zero:
            V[j] = beta * V_before[j] * (one - s[j]) + I[j]
        else:
            V[j] = (beta * V_before[j] + I[j]) - threshold * s[j]
    smoothed(V, threshold, surrogate, first, second, s)
    for j in range(s.size):
        total += s[j]
    return total


@kernel("void(f4[::1], f4[::1], i8)", "void(f8[::1], f8[::1], i8)")
def channels_last(x, y, channels):
    """An image, channel after channel, into one with its channels last."""
    pixels = np.uint64(x.size // channels)
    width = np.uint64(channels)
    for c in range(width):
        for p in range(pixels):
            y[p * width + c] = x[c * pixels + p]


@kernel(
    "void(f4[::1], f4[::1], f4[::1], f4[::1], i8, i8, i8, i8, i8, i8, i8, i8, i4[::1])",
    "void(f8[::1], f8[::1], f8[::1], f8[::1], i8, i8, i8, i8, i8, i8, i8, i8, i4[::1])")
def correlate(x, error, of_weight, of_bias, rows, columns, channels, rows_out, columns_out, channels_out, size, padding, list):
    """Adds to the gradients what one step gives: each x at p times each error at q belongs to the weight w[q - p]."""
    width = np.uint64(channels_out)
    for pixel in range(np.uint64(rows_out * columns_out)):
        at = pixel * width
        for m in range(width):
            of_bias[m] += error[at + m]
    row_of_weights = np.uint64(size * channels_out)
    at = np.uint64(0)
    for i in range(rows):
        first_row = max(0, i + padding - rows_out + 1)
        end_row = min(size, i + padding + 1)
        for j in range(columns):
            active = 0
            for c in range(np.uint64(channels)):
                list[active] = c
                active += x[at + c] != 0
            if active > 0:
                first = max(0, size - 1 - padding - j)
                end = min(size, columns_out + size - 1 - padding - j)
                n = np.uint64((end - first) * channels_out)
                column = j + padding - (size - 1) + first
                for a in range(first_row, end_row):
                    to = np.uint64(((i + padding - a) * columns_out + column) * channels_out)
                    start = np.uint64((a * channels * size + first) * channels_out)
                    for k in range(active):
                        c = np.uint64(list[k])
                        add_scaled(of_weight, start + c * row_of_weights, error, to, n, x[at + c])
            at += np.uint64(channels)


@kernel("void(f4[::1], f4[::1], i8, i8, i8, i8, i8, f4)", "void(f8[::1], f8[::1], i8, i8, i8, i8, i8, f8)")
def unpool(error, error_in, columns, channels, rows_out, columns_out, size, divisor):
    """The error of a pool's squares, given to each of their pixels."""
    width = np.uint64(channels)
    error_in[:] = 0
    for i in range(rows_out):
        for j in range(columns_out):
            at = np.uint64((i * columns_out + j) * channels)
            for a in range(size):
                for b in range(size):
                    to = np.uint64(((i * size + a) * columns + j * size + b) * channels)
                    for m in range(width):
                        error_in[to + m] = error[at + m] / divisor


@kernel(
    "void(f4[::1], f4[::1], f4[::1], f4, f4, b1, b1, f4, b1, i8, f4, f4, f4[::1])",
    "void(f8[::1], f8[::1], f8[::1], f8, f8, b1, b1, f8, b1, i8, f8, f8, f8[::1])")
def unfire(V, error, error_V, beta, threshold, to_zero, detached, penalty, smooth, surrogate, first, second, scratch):
    """One step back through neurons: error_V, the derivative by V, comes as that of step t + 1 and becomes that of step t.

        dL/ds[t] = error + penalty + (dL/dV[t+1]) dV[t+1]/ds[t]
        dL/dV[t] = (dL/ds[t]) f'(V[t] - threshold) + (dL/dV[t+1]) dV[t+1]/dV[t]

    The first line loses its last term where the reset is detached.
    """
    zero, one = V.dtype.type(0.0), V.dtype.type(1.0)
    block = scratch.size // 2
    for start in range(0, V.size, block):
        end = min(start + block, V.size)
        v, e, d = V[start:end], error[start:end], error_V[start:end]
        slope, kept = scratch[:end - start], scratch[block:block + end - start]
        derivatives(v, threshold, surrogate, first, second, slope)
        if not to_zero:
            by_spike = zero if detached else -threshold
            for j in range(d.size):
                d[j] = ((e[j] + penalty) + by_spike * d[j]) * slope[j] + beta * d[j]
        else:
            if smooth:
                smoothed(v, threshold, surrogate, first, second, kept)
                for j in range(d.size):
                    kept[j] = beta * (one - kept[j])
            else:
                for j in range(d.size):
                    kept[j] = zero if v[j] > threshold else beta
            by_spike = zero if detached else -beta
            for j in range(d.size):
                d[j] = ((e[j] + penalty) + by_spike * v[j] * d[j]) * slope[j] + kept[j] * d[j]

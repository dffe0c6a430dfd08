"""What one layer of a spiking network does in one step: synapses, neurons, pools, and each of them backwards.

    y[q] += a w[q - p]                                   for each spike, or other value a, that arrives at p
    V[t] = beta V[t-1] + I[t] - threshold s[t-1],  s[t] = 1 where V[t] > threshold, else 0

Images lie with their channels last, so that the part of a kernel's row that a spike reaches, all its output channels
included, is one piece of memory.  The weights are stored accordingly, w[row][channel in][column][channel out] with the
columns from right to left: each spike is then one scaled addition of such pieces a kernel row.  A fully connected layer
is a kernel of one pixel on an image of one pixel.

The pieces are short, so what counts is how often one is read and written: up to eight are added to another at once.
Indices that are computed are unsigned: for signed ones numba asks whether they count from the end, and no vector
instruction comes out of such a loop.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.snn_surrogates import derivatives, smoothed

__all__ = [
    "add_pixels", "add_up_square", "channels_last", "clear", "correlate", "fill", "find", "fire", "fire_smoothly",
    "integrate", "pad", "pool", "scatter", "scatter_listed", "spread", "unfire", "unpool",
]


@kernel("void(f4[::1], u8, f4[::1], u8, u8)", "void(f8[::1], u8, f8[::1], u8, u8)", inline=True)
def copy(y, i, x, j, n):
    """y[i:i + n] = x[j:j + n]."""
    for m in range(n):
        y[i + m] = x[j + m]


@kernel("void(f4[::1], u8, f4[::1], u8, u8, f4)", "void(f8[::1], u8, f8[::1], u8, u8, f8)", inline=True)
def copy_divided(y, i, x, j, n, a):
    """y[i:i + n] = x[j:j + n] / a."""
    for m in range(n):
        y[i + m] = x[j + m] / a


@kernel("void(f4[::1], u8, f4[::1], u8, u8, f4)", "void(f8[::1], u8, f8[::1], u8, u8, f8)", inline=True)
def add(y, i, x, j, n, a):
    """y[i:i + n] += a x[j:j + n]."""
    for m in range(n):
        y[i + m] += a * x[j + m]


@kernel(
    "void(f4[::1], u8, f4[::1], u8, u8, u8, f4, f4)", "void(f8[::1], u8, f8[::1], u8, u8, u8, f8, f8)", inline=True)
def add_two(y, i, x, j0, j1, n, a0, a1):
    """The same with two pieces of x."""
    for m in range(n):
        y[i + m] += a0 * x[j0 + m] + a1 * x[j1 + m]


@kernel(
    "void(f4[::1], u8, f4[::1], u8, u8, u8, u8, u8, f4, f4, f4, f4)",
    "void(f8[::1], u8, f8[::1], u8, u8, u8, u8, u8, f8, f8, f8, f8)", inline=True)
def add_four(y, i, x, j0, j1, j2, j3, n, a0, a1, a2, a3):
    """The same with four."""
    for m in range(n):
        y[i + m] += (a0 * x[j0 + m] + a1 * x[j1 + m]) + (a2 * x[j2 + m] + a3 * x[j3 + m])


@kernel(
    "void(f4[::1], u8, f4[::1], u8, u8, u8, u8, u8, u8, u8, u8, u8, f4, f4, f4, f4, f4, f4, f4, f4)",
    "void(f8[::1], u8, f8[::1], u8, u8, u8, u8, u8, u8, u8, u8, u8, f8, f8, f8, f8, f8, f8, f8, f8)", inline=True)
def add_eight(y, i, x, j0, j1, j2, j3, j4, j5, j6, j7, n, a0, a1, a2, a3, a4, a5, a6, a7):
    """The same with eight."""
    for m in range(n):
        y[i + m] += (
            ((a0 * x[j0 + m] + a1 * x[j1 + m]) + (a2 * x[j2 + m] + a3 * x[j3 + m]))
            + ((a4 * x[j4 + m] + a5 * x[j5 + m]) + (a6 * x[j6 + m] + a7 * x[j7 + m])))


@kernel("void(f4[::1], u8, f4[::1], u8, u8, u8, u8, u8)", "void(f8[::1], u8, f8[::1], u8, u8, u8, u8, u8)", inline=True)
def set_sum_of_four(y, i, x, j0, j1, j2, j3, n):
    """y[i:i + n] = the sum of four pieces of x."""
    for m in range(n):
        y[i + m] = (x[j0 + m] + x[j1 + m]) + (x[j2 + m] + x[j3 + m])


@kernel("void(f4[::1], u8, u8)", "void(f8[::1], u8, u8)", inline=True)
def clear(y, i, n):
    """y[i:i + n] = 0."""
    for m in range(n):
        y[i + m] = 0


@kernel("void(f4[::1], u8, f4[::1], u8, f4)", "void(f8[::1], u8, f8[::1], u8, f8)")
def add_pixels(y, i, x, width, a):
    """y[i:i + width] += a times the sum of all pixels of x, which have `width` channels."""
    at = np.uint64(0)
    while at + np.uint64(8) * width <= np.uint64(x.size):
        j4 = at + np.uint64(4) * width
        add_eight(
            y, i, x, at, at + width, at + np.uint64(2) * width, at + np.uint64(3) * width, j4, j4 + width,
            j4 + np.uint64(2) * width, j4 + np.uint64(3) * width, width, a, a, a, a, a, a, a, a)
        at = j4 + np.uint64(4) * width
    while at < np.uint64(x.size):
        add(y, i, x, at, width, a)
        at += width


@kernel("void(f4[::1], f4[::1], i8)", "void(f8[::1], f8[::1], i8)")
def fill(y, bias, columns):
    """Each pixel of y becomes `bias`, a value for each channel."""
    width = np.uint64(bias.size)
    row = width * np.uint64(columns)
    for pixel in range(np.uint64(columns)):
        copy(y, pixel * width, bias, np.uint64(0), width)
    at = row
    while at < np.uint64(y.size):
        copy(y, at, y, np.uint64(0), row)
        at += row


@kernel("i8(f4[::1], i4[::1])", "i8(f8[::1], i4[::1])", inline=True)
def find(x, list):
    """Where x is not 0; returns how often.  `list` has room for all of x."""
    count = 0
    for k in range(np.uint64(x.size)):
        # Without a branch, which nobody could predict.
        list[count] = k
        count += x[k] != 0
    return count


@kernel(
    "f8(f4[::1], i4[::1], i8, f4[::1], f4[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1)",
    "f8(f8[::1], i4[::1], i8, f8[::1], f8[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1)", inline=True)
def scatter_listed(
    x, list, count, weight, y, rows, columns, channels, rows_out, columns_out, channels_out, size, padding, spikes
):
    """`scatter` of the `count` values of x whose places are listed, in rising order."""
    of_channel = np.uint64(size * channels_out)
    of_row = of_channel * np.uint64(channels)
    up = np.uint64(columns_out * channels_out)
    operations = 0.0
    i, row, k = 0, 0, 0
    while k < count:
        # All that arrives at one pixel reaches the same pixels.
        while list[k] >= row + columns * channels:
            row += columns * channels
            i += 1
        j = np.int64(np.uint32(list[k] - row) // np.uint32(channels))
        pixel = row + j * channels
        limit = pixel + channels
        first_row, end_row = max(0, i + padding - rows_out + 1), min(size, i + padding + 1)
        first, end = max(0, size - 1 - padding - j), min(size, columns_out + size - 1 - padding - j)
        reached = (end_row - first_row) * (end - first) * channels_out
        kernel_rows, n = np.uint64(end_row - first_row), np.uint64((end - first) * channels_out)
        to = np.uint64(((i + padding - first_row) * columns_out + j + padding - (size - 1) + first) * channels_out)
        origin = np.uint64(first_row) * of_row + np.uint64(first * channels_out) - np.uint64(pixel) * of_channel
        before, arriving = k, 0.0
        while k + 4 <= count and list[k + 3] < limit:
            c0, c1, c2, c3 = np.uint64(list[k]), np.uint64(list[k + 1]), np.uint64(list[k + 2]), np.uint64(list[k + 3])
            x0, x1, x2, x3 = x[c0], x[c1], x[c2], x[c3]
            arriving += (float(x0) + float(x1)) + (float(x2) + float(x3))
            for a in range(kernel_rows):
                at = origin + a * of_row
                add_four(
                    y, to - a * up, weight, at + c0 * of_channel, at + c1 * of_channel, at + c2 * of_channel,
                    at + c3 * of_channel, n, x0, x1, x2, x3)
            k += 4
        if k + 2 <= count and list[k + 1] < limit:
            c0, c1 = np.uint64(list[k]), np.uint64(list[k + 1])
            x0, x1 = x[c0], x[c1]
            arriving += float(x0) + float(x1)
            for a in range(kernel_rows):
                at = origin + a * of_row
                add_two(y, to - a * up, weight, at + c0 * of_channel, at + c1 * of_channel, n, x0, x1)
            k += 2
        if k < count and list[k] < limit:
            c0 = np.uint64(list[k])
            x0 = x[c0]
            arriving += float(x0)
            for a in range(kernel_rows):
                add(y, to - a * up, weight, origin + a * of_row + c0 * of_channel, n, x0)
            k += 1
        operations += reached * (arriving if spikes else float(k - before))
    return operations


@kernel(
    "f8(f4[::1], f4[::1], f4[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1, i4[::1])",
    "f8(f8[::1], f8[::1], f8[::1], i8, i8, i8, i8, i8, i8, i8, i8, b1, i4[::1])")
def scatter(x, weight, y, rows, columns, channels, rows_out, columns_out, channels_out, size, padding, spikes, list):
    """Adds the convolution of x with the weights to y; zeros of x cost nothing.

    Returns what it took: each value that is not 0 times the synapses it reaches, or, with `spikes`, each value times
    these, since a sum of spikes stands for so many additions.
    """
    return scatter_listed(
        x, list, find(x, list), weight, y, rows, columns, channels, rows_out, columns_out, channels_out, size, padding,
        spikes)


@kernel("void(f4[::1], u8, f4[::1], u8, u8, u8, i8)", "void(f8[::1], u8, f8[::1], u8, u8, u8, i8)", inline=True)
def add_up_square(y, to, x, at, width, below, size):
    """y[to:to + width] = the sum of a square of pixels of x, the first at `at`, the one below it `below` further."""
    if size == 2:
        set_sum_of_four(y, to, x, at, at + width, at + below, at + below + width, width)
    else:
        copy(y, to, x, at, width)
        for a in range(np.uint64(size)):
            for b in range(np.uint64(a == 0), np.uint64(size)):
                add(y, to, x, at + a * below + b * width, width, x.dtype.type(1.0))


@kernel("void(f4[::1], f4[::1], i8, i8, i8, i8, i8, f4)", "void(f8[::1], f8[::1], i8, i8, i8, i8, i8, f8)")
def pool(x, y, columns, channels, rows_out, columns_out, size, divisor):
    """y = the sum of each square of size by size pixels of x, divided by `divisor`."""
    width = np.uint64(channels)
    below = np.uint64(columns * channels)
    to = np.uint64(0)
    for i in range(rows_out):
        for j in range(columns_out):
            add_up_square(y, to, x, np.uint64((i * columns + j) * size * channels), width, below, size)
            to += width
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
    """V after one step and s = 1 where it is above threshold; returns how many fire, NaN if a V is not finite."""
    zero, one = V.dtype.type(0.0), V.dtype.type(1.0)
    count, wrong = np.int64(0), np.int64(0)
    if to_zero:
        for j in range(V.size):
            v = (zero if V_before[j] > threshold else beta * V_before[j]) + I[j]
            V[j] = v
            s[j] = one if v > threshold else zero
            count += v > threshold
            wrong += not (v - v == 0)
    else:
        for j in range(V.size):
            v = (beta * V_before[j] + I[j]) - (threshold if V_before[j] > threshold else zero)
            V[j] = v
            s[j] = one if v > threshold else zero
            count += v > threshold
            wrong += not (v - v == 0)
    return float(count) if wrong == 0 else np.nan


@kernel(
    "f8(f4[::1], f4[::1], f4[::1], f4[::1], f4, f4, b1, b1, i8, f4, f4)",
    "f8(f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, b1, b1, i8, f8, f8)")
def fire_smoothly(V_before, I, V, s, beta, threshold, to_zero, at_rest, surrogate, first, second):
    """As `fire`, with s = f(V - threshold) from 0 to 1 in place of a spike; `at_rest` says that no step came before."""
    one, total = V.dtype.type(1.0), 0.0
    wrong = np.int64(0)
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
        wrong += not (V[j] - V[j] == 0)
    smoothed(V, threshold, surrogate, first, second, s)
    for j in range(s.size):
        total += s[j]
    return total if wrong == 0 else np.nan


@kernel("void(f4[::1], f4[::1], i8)", "void(f8[::1], f8[::1], i8)")
def channels_last(x, y, channels):
    """An image, channel after channel, into one with its channels last."""
    pixels = np.uint64(x.size // channels)
    width = np.uint64(channels)
    for c in range(width):
        for p in range(pixels):
            y[p * width + c] = x[c * pixels + p]


@kernel(
    "void(f4[::1], u8, u8, f4[::1], u8, f4, f4, f4, f4, f4, f4, f4, f4)",
    "void(f8[::1], u8, u8, f8[::1], u8, f8, f8, f8, f8, f8, f8, f8, f8)", inline=True)
def add_blocks(y, first, end, x, start, a0, a1, a2, a3, a4, a5, a6, a7):
    """As `add_eight` on the blocks of 16 of y from `first` to before `end`; of x, eight blocks for each lie together.

    So their distances are known when this is compiled, and one question tells that they do not overlap with y.
    """
    for block in range(first, end):
        i = block * np.uint64(16)
        j = start + block * np.uint64(128)
        for m in range(np.uint64(16)):
            y[i + m] += (
                ((a0 * x[j + m] + a1 * x[j + np.uint64(16) + m])
                 + (a2 * x[j + np.uint64(32) + m] + a3 * x[j + np.uint64(48) + m]))
                + ((a4 * x[j + np.uint64(64) + m] + a5 * x[j + np.uint64(80) + m])
                   + (a6 * x[j + np.uint64(96) + m] + a7 * x[j + np.uint64(112) + m])))


@kernel("f4(f4[::1], u8, u8)", "f8(f8[::1], u8, u8)", inline=True)
def or_zero(x, k, end):
    """x[k], or 0 from `end` on."""
    return x[k] if k < end else x.dtype.type(0.0)


@kernel(
    "void(f4[::1], f4[::1], f4[::1], i8, i8, i8, i8, i8, i8, i8, i8, f4[::1])",
    "void(f8[::1], f8[::1], f8[::1], i8, i8, i8, i8, i8, i8, i8, i8, f8[::1])")
def spread(x, weight, y, rows, columns, channels, rows_out, columns_out, channels_out, size, padding, window):
    """As `scatter`, for an x without zeros.

    What one pixel sends to all that it reaches, size * size * channels_out values, is gathered in `window` first.  The
    weights lie for that: in groups of eight channels in, blocks of 16 of these values, channels, values; with zeros
    where a group or a block is not full.
    """
    of_row = size * channels_out
    of_group = np.uint64((size * of_row + 15) // 16 * 128)
    at = np.uint64(0)
    for i in range(rows):
        first_row, end_row = max(0, i + padding - rows_out + 1), min(size, i + padding + 1)
        first_block, end_block = np.uint64(first_row * of_row // 16), np.uint64((end_row * of_row + 15) // 16)
        for j in range(columns):
            clear(window, first_block * np.uint64(16), (end_block - first_block) * np.uint64(16))
            end = at + np.uint64(channels)
            group = np.uint64(0)
            while at + np.uint64(8) <= end:
                add_blocks(
                    window, first_block, end_block, weight, group, x[at], x[at + np.uint64(1)], x[at + np.uint64(2)],
                    x[at + np.uint64(3)], x[at + np.uint64(4)], x[at + np.uint64(5)], x[at + np.uint64(6)],
                    x[at + np.uint64(7)])
                at += np.uint64(8)
                group += of_group
            if at < end:
                add_blocks(
                    window, first_block, end_block, weight, group, x[at], or_zero(x, at + np.uint64(1), end),
                    or_zero(x, at + np.uint64(2), end), or_zero(x, at + np.uint64(3), end),
                    or_zero(x, at + np.uint64(4), end), or_zero(x, at + np.uint64(5), end),
                    or_zero(x, at + np.uint64(6), end), or_zero(x, at + np.uint64(7), end))
                at = end
            first, last = max(0, size - 1 - padding - j), min(size, columns_out + size - 1 - padding - j)
            for a in range(first_row, end_row):
                to = np.uint64(((i + padding - a) * columns_out + j + padding - (size - 1) + first) * channels_out)
                source = np.uint64(a * of_row + first * channels_out)
                add(y, to, window, source, np.uint64((last - first) * channels_out), y.dtype.type(1.0))


@kernel("void(f4[::1], f4[::1], i8, i8, i8)", "void(f8[::1], f8[::1], i8, i8, i8)")
def pad(x, y, columns, channels, margin):
    """y = x with `margin` rows and columns more on each side, which y keeps."""
    width = np.uint64(columns * channels)
    pitch = np.uint64((columns + 2 * margin) * channels)
    to = np.uint64(margin) * (pitch + np.uint64(channels))
    at = np.uint64(0)
    while at < np.uint64(x.size):
        copy(y, to, x, at, width)
        at += width
        to += pitch


@kernel(
    "void(f4[::1], f4[::1], f4[::1], i8, i8, i8, i8, i8, i4[::1], f4[::1])",
    "void(f8[::1], f8[::1], f8[::1], i8, i8, i8, i8, i8, i4[::1], f8[::1])")
def correlate(x, error, gradient, rows, columns, channels, channels_out, size, list, values):
    """Adds to the gradients of the weights what one step gives: each x at p times each error at q belongs to w[q - p].

    `error` has margins (`pad`), so that all that a pixel of x reaches is there.
    """
    n = np.uint64(size * channels_out)
    step = np.uint64(channels)
    if rows * columns * size == 1:
        for k in range(find(x, list)):
            c = np.uint64(list[k])
            add(gradient, c * n, error, np.uint64(0), n, x[c])
        return
    pitch = np.uint64((columns + size - 1) * channels_out)
    for c in range(step):
        # All that arrives in one channel belongs to the same weights.
        count, place, at = 0, 0, c
        for i in range(rows):
            for j in range(columns):
                list[count] = place
                values[count] = x[at]
                count += x[at] != 0
                at += step
                place += channels_out
            place += (size - 1) * channels_out
        for a in range(np.uint64(size)):
            to = (a * step + c) * n
            origin = (np.uint64(size - 1) - a) * pitch
            m = 0
            while m + 4 <= count:
                add_four(
                    gradient, to, error, origin + np.uint64(list[m]), origin + np.uint64(list[m + 1]),
                    origin + np.uint64(list[m + 2]), origin + np.uint64(list[m + 3]), n, values[m], values[m + 1],
                    values[m + 2], values[m + 3])
                m += 4
            if m + 2 <= count:
                add_two(
                    gradient, to, error, origin + np.uint64(list[m]), origin + np.uint64(list[m + 1]), n, values[m],
                    values[m + 1])
                m += 2
            if m < count:
                add(gradient, to, error, origin + np.uint64(list[m]), n, values[m])


@kernel("void(f4[::1], f4[::1], i8, i8, i8, i8, i8, f4)", "void(f8[::1], f8[::1], i8, i8, i8, i8, i8, f8)")
def unpool(error, error_in, columns, channels, rows_out, columns_out, size, divisor):
    """The error of a pool's squares, given to each of their pixels."""
    width = np.uint64(channels)
    row = np.uint64(columns * channels)
    if rows_out * columns_out * size * size * channels < error_in.size:
        error_in[:] = 0
    at, to = np.uint64(0), np.uint64(0)
    for i in range(rows_out):
        place = to
        for j in range(columns_out):
            for b in range(size):
                if divisor == 1:
                    copy(error_in, place, error, at, width)
                else:
                    copy_divided(error_in, place, error, at, width, divisor)
                place += width
            at += width
        for a in range(1, size):
            copy(error_in, to + np.uint64(a) * row, error_in, to, row)
        to += np.uint64(size) * row


@kernel(
    "void(f4[::1], f4[::1], f4[::1], f4, f4, b1, b1, f4, b1, i8, f4, f4, f4[::1])",
    "void(f8[::1], f8[::1], f8[::1], f8, f8, b1, b1, f8, b1, i8, f8, f8, f8[::1])")
def unfire(V, error, error_V, beta, threshold, to_zero, detached, penalty, smooth, surrogate, first, second, scratch):
    """One step back through neurons: error_V, the derivative by V, comes as that of step t + 1 and leaves as that of t.

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

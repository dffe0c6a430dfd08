"""A spiking network run from event to event: a neuron that nothing reaches is left alone, and its leak made up for later.

    V[t] = beta (... (beta V[t - k])) + I[t]        k factors, one for each step since the neuron was last touched

A step without input only multiplies V by beta, and V cannot rise above the threshold by it (0 <= beta <= 1).  So such steps
can wait.  The factors are multiplied one after another: beta**k is rounded differently, and the potentials would no longer
be those of `snn_network`, bit for bit.  Where a spike subtracts the threshold, V may stay above it; therefore a neuron
that has fired is touched in the next step too.

`program` has a row for each operation, with the columns below.  `work` holds values and potentials; all values are 0 but
those that have just arrived.  Pixels that have been reached are marked: `marks` has, for each image of values, whether any
is, the first and the end of them in each row, and for each pixel the step (from 1) in which it was marked last.  They are
visited row by row, which is the order in which `snn_network` adds.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.snn_layers import add_up_square, clear, fill, find, scatter_listed
from lifcore.kernels.snn_network import INPUT, LI, LIF, POOL, SYNAPSES

__all__ = ["run_events", "settle"]

# FLAT: all pixels of an image reach the same row of neurons.  EVERY_STEP: synapses of integrators, which are computed in
# full at every step.  AT_END: synapses that come last, as in `snn_network`.
(KIND, ROWS, COLUMNS, CHANNELS, ROWS_OUT, COLUMNS_OUT, CHANNELS_OUT, SIZE, PADDING, FLAT, WEIGHT, BIAS, SPIKES, IN, OUT,
 MARKS_IN, MARKS_OUT, EVERY_STEP, AT_END, V, TOUCHED, WAITING, TO_ZERO) = range(23)
PROGRAM_COLUMNS = 23
BETA, THRESHOLD, DIVISOR = range(3)
CONSTANT_COLUMNS = 3


@kernel("void(i4[::1], i8, i8, i8, i8, i8, i8, i8)", inline=True)
def _mark(marks, at, rows, columns, row, first, end, t):
    """Marks the pixels from `first` to before `end` of a row."""
    low, high = at + 1 + row, at + 1 + rows + row
    if marks[at] == 0 or marks[low] >= marks[high]:
        marks[low] = first
        marks[high] = end
    else:
        marks[low] = min(marks[low], first)
        marks[high] = max(marks[high], end)
    marks[at] = 1
    pixel = at + 1 + 2 * rows + row * columns
    for j in range(pixel + first, pixel + end):
        marks[j] = t + 1


@kernel("void(i4[::1], i8, i8, i8, i8, i8)", inline=True)
def _mark_pixel(marks, at, rows, columns, pixel, t):
    """Marks one pixel."""
    row = pixel // columns
    _mark(marks, at, rows, columns, row, pixel - row * columns, pixel - row * columns + 1, t)


@kernel(
    "i8(i4[:, ::1], i8, i8, f4[::1], i4[::1], i4[::1])", "i8(i4[:, ::1], i8, i8, f8[::1], i4[::1], i4[::1])")
def _arriving(program, k, t, x, marks, list):
    """Lists the places of marked pixels that are not 0, in rising order, and marks what they reach; returns their number."""
    rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
    rows_out, columns_out = np.int64(program[k, ROWS_OUT]), np.int64(program[k, COLUMNS_OUT])
    size, padding = np.int64(program[k, SIZE]), np.int64(program[k, PADDING])
    at = np.int64(program[k, MARKS_IN])
    lazy = program[k, EVERY_STEP] == 0 and program[k, AT_END] == 0
    count = 0
    for i in range(rows):
        for j in range(marks[at + 1 + i], marks[at + 1 + rows + i]):
            pixel = i * columns + j
            if marks[at + 1 + 2 * rows + pixel] == t + 1:
                before = count
                for place in range(np.uint64(pixel * channels), np.uint64((pixel + 1) * channels)):
                    list[count] = place
                    count += x[place] != 0
                if count > before and lazy:
                    row, column = (0, 0) if program[k, FLAT] else (i + padding, j + padding)
                    first, end = max(0, column - size + 1), min(columns_out, column + 1)
                    for a in range(max(0, row - size + 1), min(rows_out, row + 1)):
                        _mark(marks, program[k, MARKS_OUT], rows_out, columns_out, a, first, end, t)
    return count


@kernel(
    "f8(i4[:, ::1], i8, f4[::1], f4[::1], i4[::1], i8, f4[::1])", "f8(i4[:, ::1], i8, f8[::1], f8[::1], i4[::1], i8, f8[::1])")
def _send(program, k, x, y, list, count, weights):
    """Adds what the listed places send through synapses; returns the additions, or products where they are no spikes."""
    rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
    size, width, begin = np.int64(program[k, SIZE]), np.int64(program[k, CHANNELS_OUT]), np.int64(program[k, WEIGHT])
    if program[k, FLAT]:
        rows, columns, channels = 1, 1, rows * columns * channels
    return scatter_listed(
        x, list, count, weights[begin:begin + size * size * channels * width], y, rows, columns, channels,
        program[k, ROWS_OUT], program[k, COLUMNS_OUT], width, size, program[k, PADDING], program[k, SPIKES] == 1)


@kernel(
    "void(i4[:, ::1], f4[:, ::1], i8, i8, f4[::1], f4[::1], i4[::1])",
    "void(i4[:, ::1], f8[:, ::1], i8, i8, f8[::1], f8[::1], i4[::1])")
def _pool(program, constants, k, t, x, y, marks):
    """Adds up the squares in which a pixel is marked; a pixel of no square is left out."""
    rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
    rows_out, columns_out, size = np.int64(program[k, ROWS_OUT]), np.int64(program[k, COLUMNS_OUT]), np.int64(program[k, SIZE])
    at, out = np.int64(program[k, MARKS_IN]), np.int64(program[k, MARKS_OUT])
    for i in range(rows):
        for j in range(marks[at + 1 + i], marks[at + 1 + rows + i]):
            if marks[at + 1 + 2 * rows + i * columns + j] == t + 1:
                if i < rows_out * size and j < columns_out * size:
                    _mark(marks, out, rows_out, columns_out, i // size, j // size, j // size + 1, t)
                else:
                    x[(i * columns + j) * channels:(i * columns + j + 1) * channels] = 0
    if marks[out] == 0:
        return
    width, below = np.uint64(channels), np.uint64(columns * channels)
    for i in range(rows_out):
        for j in range(marks[out + 1 + i], marks[out + 1 + rows_out + i]):
            if marks[out + 1 + 2 * rows_out + i * columns_out + j] == t + 1:
                to, begin = np.uint64((i * columns_out + j) * channels), np.uint64((i * columns + j) * size * channels)
                add_up_square(y, to, x, begin, width, below, size)
                if constants[k, DIVISOR] != 1:
                    for c in range(to, to + width):
                        y[c] /= constants[k, DIVISOR]
                for a in range(np.uint64(size)):
                    clear(x, begin + a * below, np.uint64(size) * width)


@kernel("void(f4[::1], i8, f4, f4, b1, f4[::1])", "void(f8[::1], i8, f8, f8, b1, f8[::1])")
def _decay(V, steps, beta, threshold, to_zero, powers):
    """`steps` steps without input, from 1. With `powers` of beta they are one product, which rounds in another way."""
    zero = V.dtype.type(0.0)
    width = np.uint64(V.size)
    if to_zero:
        for c in range(width):
            V[c] = zero if V[c] > threshold else V[c]
    if powers.size > 0:
        factor = powers[steps]
        for c in range(width):
            V[c] *= factor
    else:
        # Eight at once: a loop over one pixel is short, and reads and writes it every time.
        for _ in range(steps // 8):
            for c in range(width):
                V[c] = V[c] * beta * beta * beta * beta * beta * beta * beta * beta
        for _ in range(steps % 8):
            for c in range(width):
                V[c] *= beta
    # A step without input adds 0, which makes 0 of -0.
    for c in range(width):
        V[c] += zero


@kernel(
    "i8(f4[::1], f4[::1], f4[::1], f4, f4, b1)", "i8(f8[::1], f8[::1], f8[::1], f8, f8, b1)")
def _step(V, I, s, beta, threshold, to_zero):
    """One step of `snn_layers.fire` in place; I becomes 0. Returns how many fire, less than 0 if a V is not finite."""
    zero, one = V.dtype.type(0.0), V.dtype.type(1.0)
    width = np.uint64(V.size)
    count, wrong = np.int64(0), np.int64(0)
    if to_zero:
        for c in range(width):
            v = (zero if V[c] > threshold else beta * V[c]) + I[c]
            V[c] = v
            s[c] = one if v > threshold else zero
            count += v > threshold
            wrong += not (v - v == 0)
    else:
        for c in range(width):
            v = (beta * V[c] + I[c]) - (threshold if V[c] > threshold else zero)
            V[c] = v
            s[c] = one if v > threshold else zero
            count += v > threshold
            wrong += not (v - v == 0)
    for c in range(width):
        I[c] = 0
    return count if wrong == 0 else -1 - count


@kernel(
    "i8(i4[:, ::1], f4[:, ::1], i8, i8, i8, f4[::1], f4[::1], i4[::1], f8[:, ::1])",
    "i8(i4[:, ::1], f8[:, ::1], i8, i8, i8, f8[::1], f8[::1], i4[::1], f8[:, ::1])")
def _touch(program, constants, k, row, t, powers, work, marks, counts):
    """The neurons of one row's marked pixels take what has arrived; returns how many fire."""
    beta, threshold, to_zero = constants[k, BETA], constants[k, THRESHOLD], program[k, TO_ZERO] == 1
    rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
    at = np.int64(program[k, MARKS_IN])
    marked, touched = at + 1 + 2 * rows + row * columns, program[k, TOUCHED] + row * columns
    fired = np.int64(0)
    j, end = np.int64(marks[at + 1 + row]), np.int64(marks[at + 1 + rows + row])
    while j < end:
        first = j
        while j < end and marks[marked + j] == t + 1:
            gap = t - marks[touched + j]
            if gap > 1:
                place = program[k, V] + (row * columns + j) * channels
                _decay(work[place:place + channels], gap - 1, beta, threshold, to_zero, powers)
            marks[touched + j] = t
            j += 1
        if j > first:
            # Neighbours together: a loop over one pixel is too short for vector instructions.
            begin, size = (row * columns + first) * channels, (j - first) * channels
            counts[k, 1] += size
            found = _step(
                work[program[k, V] + begin:program[k, V] + begin + size],
                work[program[k, IN] + begin:program[k, IN] + begin + size],
                work[program[k, OUT] + begin:program[k, OUT] + begin + size], beta, threshold, to_zero)
            if found < 0:
                counts[k, 0] = np.nan
                found = -1 - found
            fired += found
        j += 1
    counts[k, 0] += fired
    return fired


@kernel(
    "i8(i4[:, ::1], i8, i8, i8, f4[::1], i4[::1], f4[::1], i4[:, ::1], i8)",
    "i8(i4[:, ::1], i8, i8, i8, f8[::1], i4[::1], f8[::1], i4[:, ::1], i8)")
def _pass_on(program, k, row, t, work, marks, total, record, recorded):
    """Marks the pixels of a row in which a neuron has fired, and records its spikes; returns how many are recorded."""
    rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
    at, out, waiting = np.int64(program[k, MARKS_IN]), np.int64(program[k, OUT]), np.int64(program[k, WAITING])
    last = k == program.shape[0] - 1
    for j in range(marks[at + 1 + row], marks[at + 1 + rows + row]):
        pixel = row * columns + j
        fired = 0
        if marks[at + 1 + 2 * rows + pixel] == t + 1:
            for place in range(pixel * channels, (pixel + 1) * channels):
                if work[out + place] != 0:
                    fired += 1
                    if recorded < record.shape[0]:
                        record[recorded, 0] = k
                        record[recorded, 1] = t
                        record[recorded, 2] = place
                        recorded += 1
                    if last:
                        total[place] += 1
        if fired > 0 and not last:
            _mark(marks, program[k, MARKS_OUT], rows, columns, row, j, j + 1, t)
        if fired > 0 and program[k, TO_ZERO] == 0:
            marks[waiting] += 1
            marks[waiting + marks[waiting]] = pixel
    return recorded


@kernel(
    "i8(i4[:, ::1], f4[:, ::1], f4[::1], f4[:, ::1], i8, i4[::1], i4[::1], f4[::1], f4[::1], i4[::1], i4[::1], f4[::1], "
    "f8[:, ::1], i4[:, ::1])",
    "i8(i4[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], i8, i4[::1], i4[::1], f8[::1], f8[::1], i4[::1], i4[::1], f8[::1], "
    "f8[:, ::1], i4[:, ::1])")
def run_events(program, constants, weights, powers, steps, begins, index, value, work, marks, list, total, counts, record):
    """All steps of one sample, from rest; returns how many spikes there were to record.

    Parameters
    ----------
    begins, index, value : the events of step t are those from begins[t] to before begins[t + 1]: at which place of the
        input, its channels last, which value arrives
    powers : shape (operations, steps + 1), beta**k of each, k from 0; of no column for exact potentials
    total : sum over the steps of the last operation's values
    counts : shape (operations, 2): spikes of neurons, or additions or products of synapses; neurons touched
    record : operation, step and place of each spike, as many as fit
    """
    work[:] = 0
    marks[:] = 0
    total[:] = 0
    counts[:] = 0
    recorded = 0
    last = program.shape[0] - 1
    for k in range(last + 1):
        if program[k, KIND] == LIF:
            at = program[k, TOUCHED]
            for pixel in range(at, at + program[k, ROWS] * program[k, COLUMNS]):
                marks[pixel] = -1
    for t in range(steps):
        for k in range(last + 1):
            kind = program[k, KIND]
            rows, columns, channels = np.int64(program[k, ROWS]), np.int64(program[k, COLUMNS]), np.int64(program[k, CHANNELS])
            width = np.int64(program[k, CHANNELS_OUT])
            x = work[program[k, IN]:program[k, IN] + rows * columns * channels]
            y = work[program[k, OUT]:program[k, OUT] + np.int64(program[k, ROWS_OUT]) * program[k, COLUMNS_OUT] * width]
            if kind == INPUT:
                for e in range(begins[t], begins[t + 1]):
                    y[index[e]] += value[e]
                    _mark_pixel(marks, program[k, MARKS_OUT], rows, columns, index[e] // channels, t)
                continue
            if kind == LI:
                for c in range(y.size):
                    y[c] = constants[k, BETA] * y[c] + x[c]
                    total[c] += y[c]
                counts[k, 1] += y.size
                # Synapses that are computed in full are filled anew; what spikes or pools left here is taken.
                if program[k - 1, EVERY_STEP] == 0:
                    x[:] = 0
                    at = np.int64(program[k, MARKS_IN])
                    marks[at] = 0
                    for i in range(2 * rows):
                        marks[at + 1 + i] = 0
                continue
            if program[k, EVERY_STEP]:
                fill(y, weights[program[k, BIAS]:program[k, BIAS] + width], program[k, COLUMNS_OUT])
            at, waiting = np.int64(program[k, MARKS_IN]), np.int64(program[k, WAITING])
            if kind == LIF:
                for w in range(waiting + 1, waiting + 1 + marks[waiting]):
                    _mark_pixel(marks, at, rows, columns, marks[w], t)
                marks[waiting] = 0
            if marks[at] == 0:
                continue
            if kind == LIF:
                for i in range(rows):
                    if marks[at + 1 + i] < marks[at + 1 + rows + i]:
                        if _touch(program, constants, k, i, t, powers[k], work, marks, counts) > 0:
                            recorded = _pass_on(program, k, i, t, work, marks, total, record, recorded)
            elif kind == POOL:
                _pool(program, constants, k, t, x, y, marks)
            else:
                count = _arriving(program, k, t, x, marks, list)
                if program[k, AT_END]:
                    sums = work[program[k, OUT]:program[k, OUT] + x.size]
                    for m in range(np.uint64(count)):
                        sums[np.uint64(list[m])] += x[np.uint64(list[m])]
                    counts[k, 0] += count * width
                else:
                    counts[k, 0] += _send(program, k, x, y, list, count, weights)
                for m in range(np.uint64(count)):
                    x[np.uint64(list[m])] = 0
            for i in range(2 * rows):
                marks[at + 1 + i] = 0
            marks[at] = 0
    if program[last, AT_END]:
        sums = work[program[last, OUT]:program[last, OUT] + program[last, ROWS] * program[last, COLUMNS] * program[last, CHANNELS]]
        for c in range(total.size):
            total[c] = steps * weights[program[last, BIAS] + c]
        operations = _send(program, last, sums, total, list, find(sums, list), weights)
        if program[last, SPIKES]:
            counts[last, 0] = operations
    return recorded


@kernel(
    "void(i4[:, ::1], f4[:, ::1], f4[:, ::1], i8, f4[::1], i4[::1])",
    "void(i4[:, ::1], f8[:, ::1], f8[:, ::1], i8, f8[::1], i4[::1])")
def settle(program, constants, powers, steps, work, marks):
    """Brings all potentials to the last step, after `run_events`."""
    for k in range(program.shape[0]):
        if program[k, KIND] == LIF:
            channels = np.int64(program[k, CHANNELS])
            for pixel in range(program[k, ROWS] * program[k, COLUMNS]):
                place = program[k, V] + pixel * channels
                gap = steps - 1 - marks[program[k, TOUCHED] + pixel]
                if gap > 0:
                    _decay(
                        work[place:place + channels], gap, constants[k, BETA], constants[k, THRESHOLD],
                        program[k, TO_ZERO] == 1, powers[k])

"""A network of noisy neurons that send each other spikes.

    tau_m dV/dt = E_L + mu - V + sum over c of I_c + sigma sqrt(tau_m) eta(t);   V reaches V_th: a spike, then V_reset for t_ref

A spike that arrives raises V by J, or, at a synapse with the time constant tau_s, I_c by J tau_m / tau_s, which decays as
exp(-t / tau_s) and raises V by the same area.  Over a step of length h all of this is known exactly (Rotter & Diesmann
1999); for the noise, and for crossings between the ends of a step, see `population`.  Within the step of a spike synaptic
currents are replaced by the constant drive with the same end: its time is right within about 1e-5 ms.

Spikes have times of their own.  They arrive at the nearest multiple of h, so that the mean of their delays is right, and a
potential that an arrival lifts to the threshold fires at once.  No spike arrives sooner than the shortest delay; so
neurons may be advanced by that many steps without asking others, and only then are spikes handed out.

Neurons are divided into chunks.  What arrives lies in `ring`, in a row of numbers for each of the next steps; a chunk
collects what is meant for it from the spikes of all, in an order that does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1
from lifcore.kernels.population import (
    A_ROW, B_ROW, BLOCK, C_ROW, CHANCE_ROW, D_ROW, KICK_ROW, NORMAL_ROW, NOTHING, PROPOSAL_ROW, SECOND_ROW, STEEPNESS_ROW,
    TARGET_ROW, V_ROW, WAIT_ROW, _coefficients, _crossed, _crossing_time, _draw_both, _draw_chances, _draw_normals, _is_near)
from lifcore.kernels.population import WORK as POPULATION_WORK
from lifcore.kernels.population import WORK_WORDS
from lifcore.kernels.random import _next

__all__ = ["arrange", "arrange_bits", "draw_sources", "list_spikes", "network_steps", "sort_rows"]

CHUNK = 16 * BLOCK
# Columns of the table of chunks, of populations (numbers and whole numbers), and of projections.
FIRST, SIZE, POPULATION = range(3)
TAU_M, E_L, V_TH, V_RESET, T_REF, SIGMA, J_EXT = range(7)
CONSTANTS = 7
COUNT_FROM, THRESHOLDS, CHANNEL_EXT = range(3)
SOURCE, SOURCES_END, TARGET, CHANNEL, DELAY, WEIGHT, SHIFT = range(7)
PROJECTION_COLUMNS = 7
# In place of a delay or for weights: one number for all synapses; a bit for each pair; and a number for each synapse.
SAME, BITS, OWN = -1, -2, -3
# What is left of a refractory period of whole steps, for rounding, in parts of a step.
NEARLY = 1e-9
# Synapses of a source for each slot of the ring, from which on it pays to go through the slots.
FEW = 2
# Words of 64 bits for the targets of a chunk.
WORDS = CHUNK // 64
PLANES = 6 * WORDS
ONE, TWO, THREE, FOUR, FIVE = (np.uint32(k) for k in range(1, 6))
# Rows that a network needs beside those of a population.
JUMP_ROW = POPULATION_WORK
SYNAPTIC_ROW = POPULATION_WORK + BLOCK
WORK = POPULATION_WORK + 2 * BLOCK
COUNTS = 2 * BLOCK
TOP_BIT = np.uint32(0x80000000)
# A synapse in a word: 16 bits of its target, 16 of its delay in steps, and its efficacy as float32.
SIXTEEN, SIXTEEN_BITS = np.uint64(16), np.uint64(0xFFFF)


# Who is connected to whom.

@kernel("void(u4[:, ::1], i4, b1, i4[::1], u1[::1], i4[::1])")
def draw_sources(words, sources, others, begins, seen, drawn):
    """For each target, as many different sources as it has room for, all sets of them equally likely (Floyd's algorithm).

    words : shape (4, targets), a stream for each target
    others : whether sources are numbered as targets are, and a target is never its own source
    begins : shape (targets + 1,), where in `drawn` the sources of each target begin
    seen : room for `sources` bytes, all 0
    """
    population = sources - 1 if others else sources
    for t in range(begins.size - 1):
        a, b, c, d = words[0, t], words[1, t], words[2, t], words[3, t]
        begin, count = begins[t], begins[t + 1] - begins[t]
        for m in range(count):
            last = population - count + m
            # A whole number from 0 to last, all equally likely (Lemire 2019).
            range_ = np.uint64(last + 1)
            number, a, b, c, d = _next(a, b, c, d)
            product = np.uint64(number) * range_
            if (product & np.uint64(0xFFFFFFFF)) < range_:
                least = (np.uint64(0x100000000) - range_) % range_
                while (product & np.uint64(0xFFFFFFFF)) < least:
                    number, a, b, c, d = _next(a, b, c, d)
                    product = np.uint64(number) * range_
            source = np.int64(product >> np.uint64(32))
            if seen[source]:
                source = last
            seen[source] = 1
            drawn[begin + m] = source
        for m in range(begin, begin + count):
            source = drawn[m]
            seen[source] = 0
            if others and source >= t:
                drawn[m] = source + 1


@kernel("void(i4[::1], i4[::1], i4, i4, u8[::1])")
def arrange_bits(drawn, begins, first, end, bits):
    """The synapses of the targets from `first` to before `end` as bits: WORDS words for each source, 0 before."""
    for t in range(first, end):
        word, bit = np.int64((t - first) // 64), np.uint64(1) << np.uint64((t - first) % 64)
        for m in range(begins[t], begins[t + 1]):
            bits[np.int64(drawn[m]) * WORDS + word] |= bit


@kernel("void(i4[::1], i4[::1], i4, i4, i4, i4[::1], u2[::1], i4[::1])")
def arrange(drawn, begins, first, end, base, rows, targets, order):
    """The synapses of the targets from `first` to before `end`, source after source; targets rise, counted from `first`.

    rows : shape (sources + 1,), becomes where the synapses of each source begin, counted from `base`
    targets, order : of each synapse its target, and its place in `drawn`
    """
    rows[:] = 0
    for m in range(begins[first], begins[end]):
        rows[drawn[m] + 1] += 1
    rows[0] = 0
    for s in range(rows.size - 1):
        rows[s + 1] += rows[s]
    for t in range(first, end):
        for m in range(begins[t], begins[t + 1]):
            k = rows[drawn[m]]
            rows[drawn[m]] = k + 1
            targets[k] = t - first
            order[k] = m
    # Every row now ends where it should: shifted by one, they begin there.
    for s in range(rows.size - 1, 0, -1):
        rows[s] = rows[s - 1] + base
    rows[0] = base


@kernel("void(i4[::1], i4, f8[::1], u2[::1], i4[::1])")
def sort_rows(rows, base, delays, targets, order):
    """Puts the synapses of each source in the order of their delays; of equal ones, in the order that they have (Shell 1959)."""
    for s in range(rows.size - 1):
        begin, end = np.int64(rows[s] - base), np.int64(rows[s + 1] - base)
        gap = np.int64(1)
        while 3 * gap + 1 < end - begin:
            gap = 3 * gap + 1
        while gap > 0:
            for i in range(begin + gap, end):
                place, target = order[i], targets[i]
                delay, j = delays[place], i
                while j - gap >= begin:
                    other = order[j - gap]
                    if delays[other] < delay or (delays[other] == delay and other < place):
                        break
                    order[j], targets[j] = other, targets[j - gap]
                    j -= gap
                order[j], targets[j] = place, target
            gap //= 3


# What arrives.

@kernel("void(i4[:, ::1], i4[:, ::1], i4[::1], i8, i4[::1], i4[::1])")
def list_spikes(spike_neurons, spike_steps, counts, first, listed, ends):
    """The spikes of all chunks in the order of the multiples of the time step that they are near.

    listed : becomes their neurons;  ends : shape (steps + 1,), where in `listed` those near first, first + 1 ... end
    """
    ends[:] = 0
    for q in range(counts.size):
        for m in range(counts[q]):
            ends[spike_steps[q, m] - first] += 1
    total = 0
    for k in range(ends.size):
        count = ends[k]
        ends[k] = total
        total += count
    for q in range(counts.size):
        for m in range(counts[q]):
            k = spike_steps[q, m] - first
            listed[ends[k]] = spike_neurons[q, m]
            ends[k] += 1


@kernel("void(u8[::1], i8, i4[::1], i8, i8, i8, u8[::1])")
def _count_bits(bits, offset, listed, source, begin, end, planes):
    """How many of at most 63 rows have each bit: digit k of the binary numbers is in words k WORDS to (k + 1) WORDS.

    Three rows at a time are added as a full adder does: a sum and a carry, one digit higher.
    """
    planes[:] = 0
    n = np.uint64(WORDS)
    p0, p1, p2 = planes[:WORDS], planes[WORDS:2 * WORDS], planes[2 * WORDS:3 * WORDS]
    p3, p4, p5 = planes[3 * WORDS:4 * WORDS], planes[4 * WORDS:5 * WORDS], planes[5 * WORDS:6 * WORDS]
    m = begin
    while m < end:
        at = offset + (listed[m] - source) * WORDS
        x = bits[at:at + WORDS]
        if m + 2 < end:
            at = offset + (listed[m + 1] - source) * WORDS
            y = bits[at:at + WORDS]
            at = offset + (listed[m + 2] - source) * WORDS
            z = bits[at:at + WORDS]
            for w in range(n):
                either = x[w] ^ y[w]
                one = either ^ z[w]
                two = (x[w] & y[w]) | (z[w] & either)
                carry = p0[w] & one
                p0[w] ^= one
                either = p1[w] ^ two
                one = (p1[w] & two) | (carry & either)
                p1[w] = either ^ carry
                carry = p2[w] & one
                p2[w] ^= one
                one = p3[w] & carry
                p3[w] ^= carry
                carry = p4[w] & one
                p4[w] ^= one
                p5[w] ^= carry
            m += 3
        else:
            for w in range(n):
                carry = p0[w] & x[w]
                p0[w] ^= x[w]
                one = p1[w] & carry
                p1[w] ^= carry
                carry = p2[w] & one
                p2[w] ^= one
                one = p3[w] & carry
                p3[w] ^= carry
                carry = p4[w] & one
                p4[w] ^= one
                p5[w] ^= carry
            m += 1


@kernel("void(u8[::1], i8, f8, f8[::1])")
def _add_counts(planes, digits, J, arriving):
    """Adds J times the counts of `_count_bits`, of which the first `digits` digits are not 0."""
    n = np.uint64(32)
    for part in range((arriving.size + 31) // 32):
        word, shift = part // 2, np.uint64(32 * (part % 2))
        a = np.uint32(planes[word] >> shift)
        b = np.uint32(planes[WORDS + word] >> shift)
        c = np.uint32(planes[2 * WORDS + word] >> shift)
        d = np.uint32(planes[3 * WORDS + word] >> shift)
        e = np.uint32(planes[4 * WORDS + word] >> shift)
        f = np.uint32(planes[5 * WORDS + word] >> shift)
        some = arriving[32 * part:32 * part + 32]
        if some.size < 32:
            for j in range(np.uint32(some.size)):
                some[j] += J * (
                    ((a >> j) & 1) + 2 * ((b >> j) & 1) + 4 * ((c >> j) & 1) + 8 * ((d >> j) & 1) + 16 * ((e >> j) & 1)
                    + 32 * ((f >> j) & 1))
        elif digits <= 2:
            for j in range(n):
                k = np.uint32(j)
                some[j] += J * np.int32(np.uint32(np.uint32(a >> k) & ONE) | np.uint32(np.uint32(np.uint32(b >> k) & ONE) << ONE))
        elif digits <= 4:
            for j in range(n):
                k = np.uint32(j)
                some[j] += J * np.int32(
                    np.uint32(np.uint32(a >> k) & ONE) | np.uint32(np.uint32(np.uint32(b >> k) & ONE) << ONE)
                    | np.uint32(np.uint32(np.uint32(c >> k) & ONE) << TWO) | np.uint32(np.uint32(np.uint32(d >> k) & ONE) << THREE))
        else:
            for j in range(n):
                k = np.uint32(j)
                some[j] += J * np.int32(
                    np.uint32(np.uint32(a >> k) & ONE) | np.uint32(np.uint32(np.uint32(b >> k) & ONE) << ONE)
                    | np.uint32(np.uint32(np.uint32(c >> k) & ONE) << TWO) | np.uint32(np.uint32(np.uint32(d >> k) & ONE) << THREE)
                    | np.uint32(np.uint32(np.uint32(e >> k) & ONE) << FOUR) | np.uint32(np.uint32(np.uint32(f >> k) & ONE) << FIVE))


@kernel("void(u8[::1], i8, i4[::1], i8, i8, i8, f8, f8[::1], u8[::1])")
def _collect_bits(bits, offset, listed, source, begin, end, J, arriving, planes):
    """Adds J to `arriving` for each set bit in the rows of the listed spikes from `begin` to before `end`."""
    while begin < end:
        last = min(end, begin + 63)
        _count_bits(bits, offset, listed, source, begin, last, planes)
        digits, count = 0, last - begin
        while count > 0:
            digits += 1
            count >>= 1
        _add_counts(planes, digits, J, arriving)
        begin = last


@kernel("f8(u8)", inline=True)
def _efficacy(synapse):
    return np.float64(np.uint32(synapse >> np.uint64(32)).view(np.float32))


@kernel("void(u8[::1], b1, f8, i4[:, ::1], i8, i4[:, ::1], i8, f8[:, ::1], i8, i8)")
def _hand_out_in_order(synapses, same, size, spans, steps, cursors, first, ring, begin, end):
    """Slot after slot of the ring, which then stays in the processor's cache: rows are in the order of their delays."""
    slots = ring.shape[0]
    for later in range(1, steps + slots - 1):
        arriving = ring[(first + later) % slots, begin:end]
        for k in range(max(0, later - slots + 1), min(later, steps)):
            delay = np.uint64(later - k)
            for m in range(spans[0, k], spans[1, k]):
                i, stop = np.uint64(cursors[0, m]), np.uint64(cursors[1, m])
                while i < stop:
                    synapse = synapses[i]
                    if (synapse >> SIXTEEN) & SIXTEEN_BITS != delay:
                        break
                    arriving[synapse & SIXTEEN_BITS] += size if same else _efficacy(synapse)
                    i += np.uint64(1)
                cursors[0, m] = i


@kernel("void(u8[::1], b1, f8, i4[:, ::1], i8, i4[:, ::1], i8, f8[:, ::1], i8, i8)")
def _hand_out(synapses, same, size, spans, steps, cursors, first, ring, begin, end):
    """Spike after spike: the same numbers, sooner where there are more slots than synapses of a source."""
    slots = np.uint64(ring.shape[0])
    for k in range(steps):
        now = np.uint64((first + k) % slots)
        for m in range(spans[0, k], spans[1, k]):
            for i in range(np.uint64(cursors[0, m]), np.uint64(cursors[1, m])):
                synapse = synapses[i]
                # A delay is less than the number of slots: no division for each synapse.
                slot = now + ((synapse >> SIXTEEN) & SIXTEEN_BITS)
                slot = slot - slots if slot >= slots else slot
                ring[slot, np.uint64(begin) + (synapse & SIXTEEN_BITS)] += size if same else _efficacy(synapse)


@kernel("void(i4[:, ::1], i4[:, ::1], f8[::1], i4[:, ::1], i4[::1], u2[::1], u8[::1], u8[::1], i8, i4[::1], i4[::1], "
        "i8, f8[:, :, ::1], u8[::1], i4[:, ::1], i4[:, ::1])")
def _collect(
        chunks, projections, J, offsets, rows, targets, synapses, bits, q, listed, ends, first, ring, planes, cursors, spans):
    """Puts what the listed spikes bring to chunk q into `ring`, where they arrive."""
    slots, steps = ring.shape[1], ends.size
    begin_q = np.int64(chunks[q, FIRST])
    end_q = begin_q + chunks[q, SIZE]
    for p in range(projections.shape[0]):
        if projections[p, TARGET] != chunks[q, POPULATION]:
            continue
        channel, delay, size = np.int64(projections[p, CHANNEL]), np.int64(projections[p, DELAY]), J[p]
        source, behind = np.int64(projections[p, SOURCE]), np.int64(projections[p, SOURCES_END])
        weight, shift, offset = projections[p, WEIGHT], np.int64(projections[p, SHIFT]), np.int64(offsets[q, p])
        begin = np.int64(0)
        for k in range(steps):
            # Chunks lie in the order of populations: so do the spikes near one multiple of the step.
            while begin < ends[k] and listed[begin] < source:
                begin += 1
            end = begin
            while end < ends[k] and listed[end] < behind:
                end += 1
            spans[0, k], spans[1, k] = begin, end
            begin = np.int64(ends[k])
        if weight != BITS:
            for k in range(steps):
                for m in range(spans[0, k], spans[1, k]):
                    row = offset + listed[m] - source
                    cursors[0, m], cursors[1, m] = rows[row] - shift, rows[row + 1] - shift
        if delay == SAME:
            there = rows[offset + behind - source] - rows[offset]
            if there > FEW * slots * (behind - source):
                _hand_out_in_order(
                    synapses, weight == SAME, size, spans, steps, cursors, first, ring[channel], begin_q, end_q)
            else:
                _hand_out(
                    synapses, weight == SAME, size, spans, steps, cursors, first, ring[channel], begin_q, end_q)
            continue
        for k in range(steps):
            arriving = ring[channel, (first + k + delay) % slots, begin_q:end_q]
            if weight == BITS:
                if spans[1, k] > spans[0, k]:
                    _collect_bits(bits, offset * WORDS, listed, source, np.int64(spans[0, k]), np.int64(spans[1, k]), size,
                                  arriving, planes)
                continue
            for m in range(spans[0, k], spans[1, k]):
                low, high = np.uint64(cursors[0, m]), np.uint64(cursors[1, m])
                if weight == SAME:
                    for i in range(low, high):
                        arriving[targets[i]] += size
                else:
                    for i in range(low, high):
                        arriving[synapses[i] & SIXTEEN_BITS] += _efficacy(synapses[i])


# How neurons move.

@kernel("f8(f8, f8, f8)")
def _gain(length, tau_m, tau_s):
    """By how much a synaptic current of 1 mV that decays with tau_s raises V within `length`."""
    x = length * (tau_s - tau_m) / (tau_m * tau_s)
    return length / tau_m * exp(-length / tau_m) * (1.0 if x == 0.0 else expm1(x) / x)


@kernel("f8(f8[:, ::1], f8[::1], i8, f8, f8, f8)")
def _synaptic(currents, tau_s, neuron, since, length, tau_m):
    """By how much the currents of a neuron, given at the beginning of a step, raise V within `length` from `since` on."""
    total = 0.0
    for c in range(1, currents.shape[0]):
        if currents[c, neuron] != 0.0:
            total += currents[c, neuron] * exp(-since / tau_s[c]) * _gain(length, tau_m, tau_s[c])
    return total


@kernel("void(u4[::1], u4[::1], u4[::1], u4[::1], i4[::1], i4[::1], i4[::1], i4, i4)")
def _draw_counts(A, B, C, D, numbers, counts, thresholds, many, least):
    """A Poisson variable for each neuron of a block: how many thresholds a random word reaches, and `least`.

    Words are compared with their highest bit turned round, as signed numbers, which processors compare several at a time.
    """
    width = np.uint64(A.size)
    for j in range(width):
        number, A[j], B[j], C[j], D[j] = _next(A[j], B[j], C[j], D[j])
        numbers[j] = np.int32(number ^ TOP_BIT)
        counts[j] = least
    fours = np.uint64(many // 4 * 4)
    for m in range(np.uint64(0), fours, np.uint64(4)):
        a, b = thresholds[m], thresholds[m + np.uint64(1)]
        c, d = thresholds[m + np.uint64(2)], thresholds[m + np.uint64(3)]
        for j in range(width):
            x = numbers[j]
            counts[j] = np.int32(np.int32(np.int32(np.int32(
                counts[j] + np.int32(x >= a)) + np.int32(x >= b)) + np.int32(x >= c)) + np.int32(x >= d))
    for m in range(fours, np.uint64(many)):
        a = thresholds[m]
        for j in range(width):
            counts[j] = np.int32(counts[j] + np.int32(numbers[j] >= a))


@kernel("i8(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8)")
def _step_without_noise(V, waits, targets, jumps, synaptic, proposals, chances, drive, fraction, length, V_th):
    """One step of a block; a neuron that reaches the threshold, or is released, is left to `_event`. Returns how many."""
    events, held = np.int64(0), NEARLY * length
    for j in range(np.uint64(V.size)):
        wait = waits[j]
        free = wait <= held
        v = V[j] + (jumps[j] if free else 0.0)
        proposal = v + fraction * (targets[j] + drive - v) + synaptic[j]
        released = (wait > held) & (wait < length)
        near = (v >= V_th) | (proposal >= V_th)
        event = released | (free & near)
        proposals[j] = proposal
        chances[j] = 0.5 if event else NOTHING
        V[j] = proposal if free & ~near else v
        waits[j] = wait if event else (0.0 if free else wait - length)
        events += event
    return events


@kernel("i8(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8)")
def _step_with_noise(
        V, waits, targets, jumps, synaptic, proposals, chances, kicks, normals, steepnesses, drive, fraction, length, V_th):
    """As `_step_without_noise`; a neuron that may have touched the threshold is left to `_event` too."""
    events, held = np.int64(0), NEARLY * length
    for j in range(np.uint64(V.size)):
        wait = waits[j]
        chance = chances[j]
        free = wait <= held
        v = V[j] + (jumps[j] if free else 0.0)
        proposal = v + fraction * (targets[j] + drive - v) + synaptic[j] + kicks[j] * normals[j]
        distance = V_th - proposal
        q = (V_th - v) * distance * steepnesses[j]
        released = (wait > held) & (wait < length)
        near = (v >= V_th) | (distance <= 0.0) | _is_near(q, chance)
        event = released | (free & near)
        proposals[j] = proposal
        chances[j] = chance if event else NOTHING
        V[j] = proposal if free & ~near else v
        waits[j] = wait if event else (0.0 if free else wait - length)
        events += event
    return events


@kernel("i8(f8[::1], u4[::1], i8, i8, f8, i8, f8, f8[::1], f8[:, ::1], f8[::1], f8[::1], i4[::1], i4[::1], i8)")
def _event(work, words, j, neuron, drive, step, length, constants, currents, tau_s, spike_times, spike_neurons, spike_steps, n):
    """The step of one neuron: its spikes, each at its own time, and what lies between them; returns how many there are now.

    It ends early where there is no more room for spikes.
    """
    tau_m, V_th, V_reset = constants[TAU_M], constants[V_TH], constants[V_RESET]
    t_ref, sigma = constants[T_REF], constants[SIGMA]
    target = work[TARGET_ROW + j] + drive
    v, proposal, chance, wait = work[V_ROW + j], work[PROPOSAL_ROW + j], work[CHANCE_ROW + j], work[WAIT_ROW + j]
    steepness = work[STEEPNESS_ROW + j]
    begin, left = step * length, length
    held = NEARLY * length
    lifted = wait <= held and (v > V_th or (v == V_th and work[JUMP_ROW + j] != 0.0))
    if wait > held:
        left = length - wait
        fraction, variance, doubled = _coefficients(left, tau_m, 0)
        proposal = (v + fraction * (target - v) + _synaptic(currents, tau_s, neuron, wait, left, tau_m)
                    + sigma * np.sqrt(variance) * work[NORMAL_ROW + j])
        steepness = doubled / (sigma * sigma)
    while True:
        distance = V_th - v
        effective = target
        if currents.shape[0] > 1:
            # The constant drive that ends at the same potential.
            effective = v + (proposal - v) / -expm1(-left / tau_m)
        if not lifted and not _crossed(distance, V_th - proposal, effective, V_th, steepness, chance):
            v = min(proposal, V_th)
            wait = 0.0
            break
        passed = 0.0
        if not lifted:
            normal, chance = 0.0, 0.5
            if sigma > 0.0:
                normal, chance = _draw_both(words, j)
            passed = _crossing_time(distance, V_th - proposal, effective, V_th, steepness, left, tau_m, normal, chance, 0)
        lifted = False
        left -= passed
        since = length - left
        v = V_reset
        if n == spike_times.size:
            return n + 1
        spike_times[n] = begin + since
        spike_neurons[n] = neuron
        spike_steps[n] = step + (1 if since >= left else 0)
        n += 1
        if t_ref >= left:
            wait = t_ref - left
            break
        left -= t_ref
        since = length - left
        fraction, variance, doubled = _coefficients(left, tau_m, 0)
        steepness = doubled / (sigma * sigma)
        normal = 0.0
        if sigma > 0.0:
            normal, chance = _draw_both(words, j)
        proposal = (v + fraction * (target - v) + _synaptic(currents, tau_s, neuron, since, left, tau_m)
                    + sigma * np.sqrt(variance) * normal)
    work[V_ROW + j] = v
    work[WAIT_ROW + j] = wait
    return n


@kernel("i8(i8, i4[:, ::1], f8[:, ::1], i4[:, ::1], i4[:, ::1], f8[::1], f8[::1], f8[:, ::1], f8, i8, i8, f8[::1], f8[::1], "
        "u4[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[::1], u4[::1], i4[::1], f8[::1], i4[::1], i4[::1])")
def _move(q, chunks, constants, external, thresholds, tau_s, mu, signal, dt, first, steps, V, wait, words, normals, currents,
          ring, work, work_words, work_counts, spike_times, spike_neurons, spike_steps):
    """Some steps of the neurons of chunk q; returns how many spikes they fired, or would have fired had there been room."""
    n = np.int64(0)
    slots, channels = ring.shape[1], ring.shape[0]
    population = np.int64(chunks[q, POPULATION])
    tau_m, V_th, sigma = constants[population, TAU_M], constants[population, V_TH], constants[population, SIGMA]
    many, least = external[population, THRESHOLDS], external[population, COUNT_FROM]
    channel_ext, J_ext = np.int64(external[population, CHANNEL_EXT]), constants[population, J_EXT]
    fraction, variance, doubled = _coefficients(dt, tau_m, 0)
    spread = sigma * np.sqrt(variance)
    end = np.int64(chunks[q, FIRST]) + chunks[q, SIZE]
    for start in range(np.int64(chunks[q, FIRST]), end, BLOCK):
        width = min(BLOCK, end - start)
        jumps, synaptic = work[JUMP_ROW:JUMP_ROW + width], work[SYNAPTIC_ROW:SYNAPTIC_ROW + width]
        A, B = work_words[A_ROW:A_ROW + width], work_words[B_ROW:B_ROW + width]
        C, D = work_words[C_ROW:C_ROW + width], work_words[D_ROW:D_ROW + width]
        counts = work_counts[BLOCK:BLOCK + width]
        for j in range(width):
            i = start + j
            work[V_ROW + j] = V[i]
            work[WAIT_ROW + j] = wait[i]
            work[NORMAL_ROW + j] = normals[0, i]
            work[SECOND_ROW + j] = normals[1, i]
            work[TARGET_ROW + j] = constants[population, E_L] + mu[i]
            work[KICK_ROW + j] = spread
            work[STEEPNESS_ROW + j] = doubled / (sigma * sigma)
            A[j] = words[0, i]
            B[j] = words[1, i]
            C[j] = words[2, i]
            D[j] = words[3, i]
        synaptic[:] = 0.0
        for step in range(first, first + steps):
            arriving = ring[0, step % slots, start:start + width]
            for j in range(np.uint64(width)):
                jumps[j] = arriving[j]
                arriving[j] = 0.0
            if many > 0:
                _draw_counts(A, B, C, D, work_counts[:width], counts, thresholds[population], many, least)
                if channel_ext == 0:
                    for j in range(np.uint64(width)):
                        jumps[j] += J_ext * counts[j]
                else:
                    current, scale = currents[channel_ext, start:start + width], J_ext * (tau_m / tau_s[channel_ext])
                    for j in range(np.uint64(width)):
                        current[j] += scale * counts[j]
            if channels > 1:
                synaptic[:] = 0.0
                for c in range(1, channels):
                    gain, scale = _gain(dt, tau_m, tau_s[c]), tau_m / tau_s[c]
                    current, added = currents[c, start:start + width], ring[c, step % slots, start:start + width]
                    for j in range(np.uint64(width)):
                        current[j] += scale * added[j]
                        added[j] = 0.0
                        synaptic[j] += gain * current[j]
            drive = signal[population, step - first]
            if sigma > 0.0:
                if step % 2 == 0:
                    _draw_normals(work, work_words, width)
                else:
                    for j in range(width):
                        work[NORMAL_ROW + j] = work[SECOND_ROW + j]
                _draw_chances(work, work_words, width)
                events = _step_with_noise(
                    work[V_ROW:V_ROW + width], work[WAIT_ROW:WAIT_ROW + width], work[TARGET_ROW:TARGET_ROW + width], jumps,
                    synaptic, work[PROPOSAL_ROW:PROPOSAL_ROW + width], work[CHANCE_ROW:CHANCE_ROW + width],
                    work[KICK_ROW:KICK_ROW + width], work[NORMAL_ROW:NORMAL_ROW + width],
                    work[STEEPNESS_ROW:STEEPNESS_ROW + width], drive, fraction, dt, V_th)
            else:
                events = _step_without_noise(
                    work[V_ROW:V_ROW + width], work[WAIT_ROW:WAIT_ROW + width], work[TARGET_ROW:TARGET_ROW + width], jumps,
                    synaptic, work[PROPOSAL_ROW:PROPOSAL_ROW + width], work[CHANCE_ROW:CHANCE_ROW + width], drive, fraction, dt,
                    V_th)
            if events > 0:
                for j in range(width):
                    if work[CHANCE_ROW + j] != NOTHING:
                        n = _event(work, work_words, j, start + j, drive, step, dt, constants[population], currents, tau_s,
                                   spike_times, spike_neurons, spike_steps, n)
                        if n > spike_times.size:
                            return n
            for c in range(1, channels):
                left = exp(-dt / tau_s[c])
                current = currents[c, start:start + width]
                for j in range(np.uint64(width)):
                    current[j] *= left
        for j in range(width):
            i = start + j
            V[i] = work[V_ROW + j]
            wait[i] = work[WAIT_ROW + j]
            normals[0, i] = work[NORMAL_ROW + j]
            normals[1, i] = work[SECOND_ROW + j]
            words[0, i] = A[j]
            words[1, i] = B[j]
            words[2, i] = C[j]
            words[3, i] = D[j]
    return n


@kernel("i8(i8, i8, i4[:, ::1], f8[:, ::1], i4[:, ::1], i4[:, ::1], f8[::1], f8[::1], f8[:, ::1], i4[:, ::1], f8[::1], "
        "i4[:, ::1], i4[::1], u2[::1], u8[::1], u8[::1], f8, i8, i8, i8, f8[::1], f8[::1], u4[:, ::1], f8[:, ::1], "
        "f8[:, ::1], f8[:, :, ::1], f8[::1], u4[::1], i4[::1], u8[::1], i4[:, ::1], i4[:, ::1], i4[::1], "
        "i4[::1], f8[:, ::1], i4[:, ::1], i4[:, ::1], i4[::1])")
def network_steps(begin, end, chunks, constants, external, thresholds, tau_s, mu, signal, projections, J, offsets, rows, targets,
                  synapses, bits, dt, before, first, steps, V, wait, words, normals, currents, ring, work, work_words,
                  work_counts, planes, cursors, spans, listed, ends, spike_times, spike_neurons, spike_steps, counts):
    """Hands out the last spikes to the chunks from `begin` to before `end`, and advances them by at most a shortest delay.

    Returns -1, or the first chunk that fired more spikes than there is room for, where it stops.

    Parameters
    ----------
    chunks : first neuron, size and population of each
    constants, external, thresholds : of each population its LIF constants, sigma and J_ext in ms and mV; of its external
        Poisson spikes the least count in a step, how many thresholds there are, and the channel; and the thresholds, words
        with their highest bit turned round
    tau_s : of each channel, in ms; channel 0 raises V itself
    mu : of each neuron, in mV; signal : of each population and step, in mV, added to mu
    projections, J : of each its source's first neuron and that behind its last, target, channel, delay in steps, how
        efficacies are given, and the shift from the place of a synapse to that of its word; J in mV
    offsets, rows, targets, synapses, bits : of each chunk and projection where its rows begin; where the synapses of each source
        begin; targets; or words with all of a synapse, in the order of delays where these differ; or WORDS words for each
        source with a bit for each target of the chunk
    dt, before, first, steps : length of a step in ms, first step of the last call, first step of this, and how many
    V, wait, words, normals : as in `population.population_steps`
    currents : shape (channels, neurons), in mV;  ring : shape (channels, slots, neurons), in mV
    work, work_words, work_counts, planes : room for WORK, WORK_WORDS, COUNTS and PLANES numbers
    cursors, spans : room for two numbers for each spike that `listed` has room for, and for each step in `ends`
    listed, ends : the spikes of the last call, from `list_spikes`
    spike_times, spike_neurons, spike_steps, counts : become those of these steps, of each chunk
    """
    for q in range(begin, end):
        _collect(chunks, projections, J, offsets, rows, targets, synapses, bits, q, listed, ends, before, ring, planes, cursors,
                 spans)
        n = _move(q, chunks, constants, external, thresholds, tau_s, mu, signal, dt, first, steps, V, wait, words, normals,
                  currents, ring, work, work_words, work_counts, spike_times[q], spike_neurons[q], spike_steps[q])
        if n > spike_times.shape[1]:
            return q
        counts[q] = n
    return -1

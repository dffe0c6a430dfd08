"""A population of uncoupled neurons with noise, step by step.

    tau_m dV/dt = E_L - V + mu + sigma sqrt(tau_m) eta(t);    V reaches V_th: a spike, then V = V_reset for t_ref

Over a step of length h the free membrane is known exactly (Ornstein & Uhlenbeck)::

    V' = T + (V - T) a + sigma sqrt((1 - a**2) / 2) z,    T = E_L + mu,    a = exp(-h / tau_m)

What is not known is whether it touched the threshold in between.  In the time (sigma**2 / 2) (exp(2 t / tau_m) - 1) the
distance exp(t / tau_m) (V - T) is Brownian motion, tied at both ends, and the threshold is a curve; replaced by its
chord it was reached with probability::

    exp(-2 (V_th - V) (V_th - V') / (sigma**2 sinh(h / tau_m)))

at a time whose distribution is an inverse Gaussian.

Neurons are advanced in blocks, with all steps of a call inside: a block's state stays in the processor's nearest
memory, and the loops over its neurons have no branch.  Only a neuron in which something may have happened leaves them.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1, log1p
from lifcore.kernels.random import _next, _normal_pair, _uniform

__all__ = ["BRIDGE", "BRIDGE_END", "EULER", "EXACT", "GRID", "WORK", "WORK_WORDS", "group_spikes", "population_steps"]

EXACT, EULER = 0, 1
BRIDGE, BRIDGE_END, GRID = 0, 1, 2

BLOCK = 128
# Rows of a block's work space, BLOCK numbers each.
V_ROW = 0 * BLOCK
WAIT_ROW = 1 * BLOCK
NORMAL_ROW = 2 * BLOCK
SECOND_ROW = 3 * BLOCK
TARGET_ROW = 4 * BLOCK
KICK_ROW = 5 * BLOCK
STEEPNESS_ROW = 6 * BLOCK
PROPOSAL_ROW = 7 * BLOCK
CHANCE_ROW = 8 * BLOCK
WORK = 9 * BLOCK
A_ROW = 0 * BLOCK
B_ROW = 1 * BLOCK
C_ROW = 2 * BLOCK
D_ROW = 3 * BLOCK
WORK_WORDS = 4 * BLOCK
NOTHING = 2.0  # no uniform variable is as large


@kernel("UniTuple(f8, 3)(f8, f8, i4)")
def _coefficients(length, tau_m, method):
    """For one step: 1 - a, the variance of V' and twice the inverse of the bridge's variance, both for sigma = 1 mV."""
    h = length / tau_m
    if method == EULER:
        return h, h, 2.0 / h
    fraction = -expm1(-h)
    twice_variance = fraction * (2.0 - fraction)
    return fraction, 0.5 * twice_variance, 4.0 * (1.0 - fraction) / twice_variance


@kernel("void(f8[::1], u4[::1], i8)")
def _draw_normals(work, words, width):
    """The next pair of normal variables of each neuron of a block."""
    for j in range(width):
        a, b, c, d = words[A_ROW + j], words[B_ROW + j], words[C_ROW + j], words[D_ROW + j]
        first, a, b, c, d = _next(a, b, c, d)
        second, a, b, c, d = _next(a, b, c, d)
        words[A_ROW + j] = a
        words[B_ROW + j] = b
        words[C_ROW + j] = c
        words[D_ROW + j] = d
        work[NORMAL_ROW + j], work[SECOND_ROW + j] = _normal_pair(first, second)


@kernel("void(f8[::1], u4[::1], i8)")
def _draw_chances(work, words, width):
    """The next uniform variable of each neuron of a block."""
    for j in range(width):
        a, b, c, d = words[A_ROW + j], words[B_ROW + j], words[C_ROW + j], words[D_ROW + j]
        number, a, b, c, d = _next(a, b, c, d)
        words[A_ROW + j] = a
        words[B_ROW + j] = b
        words[C_ROW + j] = c
        words[D_ROW + j] = d
        work[CHANCE_ROW + j] = _uniform(number)


@kernel("UniTuple(f8, 2)(u4[::1], i8)")
def _draw_both(words, j):
    """A normal and a uniform variable from the stream of one neuron."""
    a, b, c, d = words[A_ROW + j], words[B_ROW + j], words[C_ROW + j], words[D_ROW + j]
    first, a, b, c, d = _next(a, b, c, d)
    second, a, b, c, d = _next(a, b, c, d)
    third, a, b, c, d = _next(a, b, c, d)
    words[A_ROW + j] = a
    words[B_ROW + j] = b
    words[C_ROW + j] = c
    words[D_ROW + j] = d
    return _normal_pair(first, second)[0], _uniform(third)


@kernel("i8(f8[::1], i8, f8, f8, f8, f8)")
def _step_on_the_grid(work, width, drive, fraction, length, V_th):
    """One step of a block with the threshold tested at its end; returns how many neurons reached it."""
    reached = 0
    for j in range(width):
        v = work[V_ROW + j]
        wait = work[WAIT_ROW + j]
        proposal = v + fraction * (work[TARGET_ROW + j] + drive - v) + work[KICK_ROW + j] * work[NORMAL_ROW + j]
        free = wait <= 0.5 * length
        event = free & (proposal >= V_th)
        work[V_ROW + j] = proposal if free else v
        work[WAIT_ROW + j] = 0.0 if free else wait - length
        reached += 1 if event else 0
    return reached


@kernel("b1(f8, f8)", inline=True)
def _is_near(q, chance):
    """Whether chance < exp(-q) is possible: exp(-q) < 1 / (1 + q + q**2/2 + q**3/6), which takes no exponential."""
    return chance * (1.0 + q * (1.0 + q * (0.5 + q * (1.0 / 6.0)))) < 1.0


@kernel("i8(f8[::1], i8, f8, f8, f8, f8, f8, f8)")
def _step_with_bridge(work, width, drive, fraction, length, V_th, held, partly_held):
    """One step of a block; a neuron that may have reached the threshold, or is released, is left to `_event`."""
    events = 0
    for j in range(width):
        v = work[V_ROW + j]
        wait = work[WAIT_ROW + j]
        chance = work[CHANCE_ROW + j]
        proposal = v + fraction * (work[TARGET_ROW + j] + drive - v) + work[KICK_ROW + j] * work[NORMAL_ROW + j]
        distance = V_th - proposal
        q = (V_th - v) * distance * work[STEEPNESS_ROW + j]
        free = wait <= held
        released = (wait > held) & (wait < partly_held)
        near = (distance <= 0.0) | _is_near(q, chance)
        event = released | (free & near)
        work[PROPOSAL_ROW + j] = proposal
        work[CHANCE_ROW + j] = chance if event else NOTHING
        work[V_ROW + j] = proposal if free & ~near else v
        work[WAIT_ROW + j] = wait if event else (0.0 if free else wait - length)
        events += 1 if event else 0
    return events


@kernel("b1(f8, f8, f8, f8, f8, f8)")
def _crossed(distance, distance_after, target, V_th, steepness, chance):
    """Whether a step that begins and ends at these distances below the threshold has touched it."""
    if steepness == np.inf:
        # Without noise V approaches its target and may be rounded up to it.
        return distance < 0.0 or (distance_after <= 0.0 and target > V_th)
    if distance <= 0.0 or distance_after <= 0.0:
        return True
    q = distance * distance_after * steepness
    return _is_near(q, chance) and chance < exp(-q)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8, f8, i4)")
def _crossing_time(distance, distance_after, target, V_th, steepness, length, tau_m, normal, chance, method):
    """When the threshold was touched in a step of `length` in which it was, drawn from its distribution.

    Tied Brownian motion from a distance x to y after the time 1, with variance s, reaches 0 at r / (1 + r) with r an
    inverse Gaussian of mean x / abs(y) and shape x**2 / s (drawn as Michael, Schucany & Haas 1976 do).
    """
    if distance <= 0.0:
        return 0.0
    if steepness == np.inf:
        if method == EULER:
            return min(length, length * (distance / (distance - distance_after)))
        return min(length, tau_m * log1p(distance / (target - V_th)))
    growing = 0.0 if method == EULER else expm1(length / tau_m)
    growth = 1.0 + growing
    n = abs(distance_after) * growth / distance
    # steepness = 2 growth / (variance of the tied motion, over sigma**2), and twice the shape is the divisor below.
    b = normal * normal * growth / (steepness * distance * distance)
    g = n + b + np.sqrt(b * (b + 2.0 * n))
    if chance * (n + g) <= g:
        fraction = 1.0 / (1.0 + g)
    else:
        fraction = g / (n * n + g)
    if method == EULER:
        return fraction * length
    return min(length, 0.5 * tau_m * log1p(fraction * growing * (growth + 1.0)))


@kernel("i8(f8[::1], u4[::1], i8, f8, f8, f8, f8, f8, f8, f8, f8, i4, i4, f8[::1], i4[::1], i8)")
def _event(work, words, j, drive, sigma, begin, length, tau_m, V_th, V_reset, t_ref, method, neuron,
           spike_times, spike_neurons, n):
    """The step of one neuron that starts at `begin`: its spikes, each at its own time, and what lies between them.

    Returns the number of spikes so far, of which as many are written as the arrays hold.
    """
    target = work[TARGET_ROW + j] + drive
    v = work[V_ROW + j]
    proposal = work[PROPOSAL_ROW + j]
    chance = work[CHANCE_ROW + j]
    steepness = work[STEEPNESS_ROW + j]
    wait = work[WAIT_ROW + j]
    left = length
    if wait > 0.0:
        left = length - wait
        fraction, variance, doubled = _coefficients(left, tau_m, method)
        proposal = v + fraction * (target - v) + sigma * np.sqrt(variance) * work[NORMAL_ROW + j]
        steepness = doubled / (sigma * sigma)
    wait = 0.0
    while True:
        distance = V_th - v
        if not _crossed(distance, V_th - proposal, target, V_th, steepness, chance):
            v = min(proposal, V_th)
            break
        normal, chance = _draw_both(words, j)
        passed = _crossing_time(
            distance, V_th - proposal, target, V_th, steepness, left, tau_m, normal, chance, method)
        left -= passed
        if n < spike_times.size:
            spike_times[n] = begin + (length - left)
            spike_neurons[n] = neuron
        n += 1
        v = V_reset
        if t_ref >= left:
            wait = t_ref - left
            break
        left -= t_ref
        fraction, variance, doubled = _coefficients(left, tau_m, method)
        steepness = doubled / (sigma * sigma)
        normal, chance = _draw_both(words, j)
        proposal = v + fraction * (target - v) + sigma * np.sqrt(variance) * normal
    work[V_ROW + j] = v
    work[WAIT_ROW + j] = wait
    return n


@kernel("i4(f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8, i4, i4, i4, f8[::1], f8[::1], u4[:, ::1], "
        "f8[:, ::1], f8[::1], u4[::1], f8[::1], i4[::1])")
def population_steps(mu, sigma, signal, tau_m, E_L, V_th, V_reset, t_ref, dt, length, first, method, crossing,
                     V, wait, words, normals, work, work_words, spike_times, spike_neurons):
    """Advances a population by as many steps as `signal` has entries; returns the number of its spikes.

    mu, sigma : of each neuron in mV
    signal : of each step, in mV, added to mu
    tau_m, E_L, V_th, V_reset, t_ref : of the neuron
    dt, length : the time step, and the length of these steps: dt, but less for one last step that ends a run
    first : how many steps were made before; the first of these begins at first * dt
    method : 0 exact, 1 Euler-Maruyama
    crossing : 0 bridge, 1 bridge with spikes at the end of the step, 2 test at the end of the step

    The state, kept from call to call (the result is the same however steps and neurons are divided among calls):

    V : potentials in mV; above V_th, where a caller has lowered it, there is a spike at once
    wait : what is left of the refractory period in ms; 0 to begin with
    words : shape (4, neurons), each neuron's stream, from `seed_streams`
    normals : shape (2, neurons), filled when the number of a step is even, used up when it is odd; 0 to begin with

    work, work_words : room for 1152 float64 (WORK) and 512 uint32 (WORK_WORDS), which need no values
    spike_times, spike_neurons : of each spike its time in ms and the position of its neuron in V, as many as the arrays
        hold: a larger return value says that some are missing.  Ordered in blocks of 128 neurons, in each by time step.
    """
    n = np.int64(0)
    size = V.size
    # Rounded up, except for the rounding error of a period that is a multiple of the step.
    whole_wait = np.ceil(t_ref / dt - 1e-9) * dt
    fraction, variance, doubled = _coefficients(length, tau_m, method)
    spread = np.sqrt(variance)
    held = 0.0 if crossing == BRIDGE else 0.5 * length
    partly_held = length if crossing == BRIDGE else 0.0
    for start in range(0, size, BLOCK):
        width = min(BLOCK, size - start)
        for j in range(width):
            i = start + j
            work[V_ROW + j] = V[i]
            work[WAIT_ROW + j] = wait[i]
            work[NORMAL_ROW + j] = normals[0, i]
            work[SECOND_ROW + j] = normals[1, i]
            work[TARGET_ROW + j] = E_L + mu[i]
            work[KICK_ROW + j] = sigma[i] * spread
            work[STEEPNESS_ROW + j] = doubled / (sigma[i] * sigma[i])
            work_words[A_ROW + j] = words[0, i]
            work_words[B_ROW + j] = words[1, i]
            work_words[C_ROW + j] = words[2, i]
            work_words[D_ROW + j] = words[3, i]
        for k in range(signal.size):
            step = first + k
            begin = step * dt
            drive = signal[k]
            if step % 2 == 0:
                _draw_normals(work, work_words, width)
            else:
                for j in range(width):
                    work[NORMAL_ROW + j] = work[SECOND_ROW + j]
            if crossing == GRID:
                if _step_on_the_grid(work, width, drive, fraction, length, V_th) > 0:
                    for j in range(width):
                        if work[V_ROW + j] >= V_th:
                            work[V_ROW + j] = V_reset
                            work[WAIT_ROW + j] = whole_wait
                            if n < spike_times.size:
                                spike_times[n] = begin + length
                                spike_neurons[n] = start + j
                            n += 1
                continue
            _draw_chances(work, work_words, width)
            if _step_with_bridge(work, width, drive, fraction, length, V_th, held, partly_held) == 0:
                continue
            for j in range(width):
                if work[CHANCE_ROW + j] == NOTHING:
                    continue
                if crossing == BRIDGE:
                    n = _event(work, work_words, j, drive, sigma[start + j], begin, length, tau_m, V_th, V_reset,
                               t_ref, method, start + j, spike_times, spike_neurons, n)
                    continue
                proposal = work[PROPOSAL_ROW + j]
                crossed = _crossed(
                    V_th - work[V_ROW + j], V_th - proposal, work[TARGET_ROW + j] + drive, V_th,
                    work[STEEPNESS_ROW + j], work[CHANCE_ROW + j])
                work[V_ROW + j] = min(proposal, V_th)
                work[WAIT_ROW + j] = 0.0
                if crossed:
                    work[V_ROW + j] = V_reset
                    work[WAIT_ROW + j] = whole_wait
                    if n < spike_times.size:
                        spike_times[n] = begin + length
                        spike_neurons[n] = start + j
                    n += 1
        for j in range(width):
            i = start + j
            V[i] = work[V_ROW + j]
            wait[i] = work[WAIT_ROW + j]
            normals[0, i] = work[NORMAL_ROW + j]
            normals[1, i] = work[SECOND_ROW + j]
            words[0, i] = work_words[A_ROW + j]
            words[1, i] = work_words[B_ROW + j]
            words[2, i] = work_words[C_ROW + j]
            words[3, i] = work_words[D_ROW + j]
    return n


@kernel("void(f8[::1], i4[::1], i8[::1], f8[::1])")
def group_spikes(spike_times, spike_neurons, ends, grouped):
    """Spike times neuron after neuron, each in the order given.

    `ends` holds where the spikes of each neuron begin, and afterwards where they end.
    """
    for m in range(spike_times.size):
        i = spike_neurons[m]
        grouped[ends[i]] = spike_times[m]
        ends[i] += 1

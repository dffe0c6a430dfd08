"""A neuron made of a capacitor, a leak, a comparator and a switch, in the units of its circuit.

    C dV/dt = I h(V) - g V_lin tanh((V - E_L) / V_lin);    V reaches V_th: a spike, then V = V_reset for t_ref
    h(V) = 1 - exp(-3 (V_DD - V) / V_comp)

The leak is an amplifier that saturates at the current g V_lin, or a resistor with V_lin = inf.  The source of I fades as V
comes within V_comp of the supply (for I < 0: of ground).  With V_comp = 0 it is ideal and V is clamped to the supply; with
V_DD = inf there is no supply.

Units: µs, V, pF, nA, nS.  Divided by g the equation has only potentials and one time in it,

    tau dV/dt = D h(V) - V_lin tanh((V - E_L) / V_lin),        D = I / g in V,   tau = 1000 C / g in µs

With an ideal source the time from one potential to another has a closed form.  In y = (V - E_L) / V_lin and u = D / V_lin it
is the integral of dy / (u - tanh y), which is, with a = u - 1,

    t = tau / (u + 1) (y1 - y0 + log(1 + a X) / a),        X = (exp(2 y1) - exp(2 y0)) / (a exp(2 y0) + u + 1)

and this form is as good at I = g V_lin, where a = 0, as elsewhere.  The potential at a given time has none.  It is found in
steps that solve the equation linearised at their start exactly, and correct for its curvature to fourth order (Hochbruck,
Ostermann & Schweitzer 2009, SIAM Journal on Numerical Analysis 47: 786, method exprb43).  Where the circuit is linear, one
step of any length is exact.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1, log, log1p, tanh
from lifcore.kernels.random import random_normals

__all__ = [
    "calibrate", "chip_rates", "chip_values", "deviations", "interspike_interval", "leak", "mean_and_spread", "plateau",
    "rheobase", "rise_time", "source", "trace",
]

TOLERANCE = 1e-10  # V, difference of the fourth and the third order in one step
LONGEST = 1e18  # time constants, and steps that grow as the potential creeps
BEYOND_EXP = 700.0


@kernel("f8(f8, f8)")
def leak(x, V_lin):
    """Current of the leak over g, in V, at x = V - E_L."""
    return x if V_lin == np.inf else V_lin * tanh(x / V_lin)


@kernel("f8(f8, f8, f8, f8)")
def source(D, V, V_DD, V_comp):
    """h(V): the part of its current that the source still delivers at V."""
    if V_DD == np.inf or V_comp == 0.0:
        return 1.0
    room = V_DD - V if D > 0.0 else V
    return -expm1(-3.0 * room / V_comp) if room > 0.0 else 0.0


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def rheobase(g, V_lin, E_L, V_th, V_DD, V_comp, sign):
    """Current in nA whose plateau is V_th; `sign` is that of the current."""
    return g * leak(V_th - E_L, V_lin) / source(sign, V_th, V_DD, V_comp)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def _net(V, D, V_lin, E_L, V_DD, V_comp):
    """tau dV/dt in V."""
    return D * source(D, V, V_DD, V_comp) - leak(V - E_L, V_lin)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def _slope(V, D, V_lin, E_L, V_DD, V_comp):
    """Derivative of `_net` by V; never positive."""
    slope = -1.0
    if V_lin != np.inf:
        t = tanh((V - E_L) / V_lin)
        slope = -(1.0 - t) * (1.0 + t)
    if V_DD != np.inf and V_comp > 0.0:
        room = V_DD - V if D > 0.0 else V
        if room > 0.0:
            slope -= abs(D) * (3.0 / V_comp) * exp(-3.0 * room / V_comp)
    return slope


@kernel("f8(f8, f8, f8, f8, f8)")
def plateau(D, V_lin, E_L, V_DD, V_comp):
    """The potential in V at which the source and the leak balance; infinite where nothing holds V."""
    if V_DD == np.inf or V_comp == 0.0:
        V = E_L + D
        if V_lin != np.inf:
            u = abs(D) / V_lin
            x = np.inf if u >= 1.0 else 0.5 * V_lin * log1p(2.0 * u / (1.0 - u))
            V = E_L + (x if D > 0.0 else -x)
        return V if V_DD == np.inf else min(max(V, 0.0), V_DD)
    if D == 0.0:
        return E_L
    low, high = E_L, V_DD
    if D < 0.0:
        low, high = 0.0, E_L
    for _ in range(200):
        V = 0.5 * (low + high)
        if V <= low or V >= high:
            break
        if _net(V, D, V_lin, E_L, V_DD, V_comp) > 0.0:
            low = V
        else:
            high = V
    return 0.5 * (low + high)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def _closed_rise_time(V0, V1, D, tau, V_lin, E_L):
    """Time in µs from V0 up to V1 > V0 with an ideal source that carries V beyond V1."""
    if V_lin == np.inf:
        return tau * log1p((V1 - V0) / (D - (V1 - E_L)))
    y0 = (V0 - E_L) / V_lin
    y1 = (V1 - E_L) / V_lin
    u = D / V_lin
    a = (D - V_lin) / V_lin
    # X times exp(-2 base) above and below the line, so that neither overflows where y0 is large.
    base = max(y0, 0.0)
    start = exp(2.0 * (y0 - base))
    below = a * start + (u + 1.0) * exp(-2.0 * base)
    if base == 0.0:
        below = a * expm1(2.0 * y0) + 2.0 * u
    rise = y1 - y0
    if 2.0 * rise < BEYOND_EXP:
        X = start * expm1(2.0 * rise) / below
        z = a * X
        if z < -0.5:
            # The same logarithm from the plateau's side: 1 + z would cancel.
            above = a * expm1(2.0 * y1) + 2.0 * u
            if base > 0.0:
                above = (a * exp(2.0 * y1) + u + 1.0) * exp(-2.0 * base)
            total = log(above / below) / a
        elif z == 0.0:
            total = X
        else:
            total = log1p(z) / z * X
    elif a <= 0.0:
        return np.inf
    else:
        z = log(a / below) + 2.0 * (y1 - base)
        total = (z if z > 40.0 else log1p(exp(z))) / a
    return tau / (u + 1.0) * (rise + total)


@kernel("UniTuple(f8, 4)(f8)")
def _phi(z):
    """phi_1, phi_2, phi_3 and phi_4 at z <= 0: phi_0 = exp, phi_{k+1}(z) = (phi_k(z) - 1/k!) / z."""
    if z < -1.0:
        first = expm1(z) / z
        second = (first - 1.0) / z
        third = (second - 0.5) / z
        return first, second, third, (third - 1.0 / 6.0) / z
    # The series of phi_4, the sum of z**k / (k + 4)!, to the power 14.
    fourth = 0.0
    k = 18.0
    while k > 4.0:
        fourth = (1.0 + fourth) * z / k
        k -= 1.0
    fourth = (1.0 + fourth) / 24.0
    third = 1.0 / 6.0 + z * fourth
    second = 0.5 + z * third
    return 1.0 + z * second, second, third, fourth


@kernel("UniTuple(f8, 2)(f8, f8, f8, f8, f8, f8, f8)")
def _step(V, h, D, V_lin, E_L, V_DD, V_comp):
    """V after the time h in units of tau, and an estimate of its error, which is that of the third order."""
    force = _net(V, D, V_lin, E_L, V_DD, V_comp)
    slope = _slope(V, D, V_lin, E_L, V_DD, V_comp)
    half = _phi(0.5 * h * slope)[0]
    first, _, third, fourth = _phi(h * slope)
    move = 0.5 * h * half * force
    middle = _net(V + move, D, V_lin, E_L, V_DD, V_comp) - force - slope * move
    move = h * first * (force + middle)
    last = _net(V + move, D, V_lin, E_L, V_DD, V_comp) - force - slope * move
    move = h * (first * force + third * (16.0 * middle - 2.0 * last))
    correction = h * fourth * (12.0 * last - 48.0 * middle)
    V = V + move + correction
    if V_comp == 0.0:
        V = min(max(V, 0.0), V_DD) if V_DD != np.inf else V
    return V, abs(correction)


@kernel("f8(f8, f8)")
def _next_step(h, error):
    """The step that makes the error of the third order equal to the tolerance, within a fifth and five times h."""
    ratio = np.sqrt(np.sqrt(TOLERANCE / max(error, 1e-30)))
    return h * min(5.0, max(0.2, 0.9 * ratio))


@kernel("UniTuple(f8, 2)(f8, f8, f8, f8, f8, f8, f8, f8)")
def _advance(V, end, goal, D, V_lin, E_L, V_DD, V_comp):
    """V after the time `end` in units of tau, or the goal where V reaches it from below, and the time taken.

    A goal that is reached is returned as itself, so that it can be recognised.
    """
    t = 0.0
    h = min(end, 1.0)
    if V_lin == np.inf and (V_comp == 0.0 or V_DD == np.inf):
        h = end
    while t < end:
        last = t + h >= end
        if last:
            h = end - t
        reached, error = _step(V, h, D, V_lin, E_L, V_DD, V_comp)
        if error > TOLERANCE and h > 1e-12:
            h = _next_step(h, error)
            continue
        if reached >= goal:
            # Newton's method for the time within the step, kept between bounds: V rises all the way.
            low, high, part = 0.0, h, h * (goal - V) / (reached - V)
            for _ in range(60):
                reached, _ = _step(V, part, D, V_lin, E_L, V_DD, V_comp)
                if reached < goal:
                    low = part
                else:
                    high = part
                change = (goal - reached) / _net(reached, D, V_lin, E_L, V_DD, V_comp)
                after = part + change
                if not low < after < high:
                    after = 0.5 * (low + high)
                if abs(after - part) <= 2e-16 * part:
                    break
                part = after
            return goal, t + part
        V = reached
        if last:
            break
        t += h
        h = _next_step(h, error)
    return V, end


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8)")
def rise_time(V0, V1, D, tau, V_lin, E_L, V_DD, V_comp):
    """Time in µs from V0 up to V1; inf if the plateau does not lie above V1."""
    if V0 >= V1:
        return 0.0
    if not _net(V1, D, V_lin, E_L, V_DD, V_comp) > 0.0:
        return np.inf
    if V_DD == np.inf or V_comp == 0.0:
        return _closed_rise_time(V0, V1, D, tau, V_lin, E_L)
    V, t = _advance(V0, LONGEST, V1, D, V_lin, E_L, V_DD, V_comp)
    return tau * t if V >= V1 else np.inf


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8, f8, f8)")
def interspike_interval(I, C, g, V_lin, E_L, V_th, V_reset, t_ref, V_DD, V_comp):
    """t_ref and the time from V_reset to V_th in µs; inf at and below rheobase."""
    return t_ref + rise_time(V_reset, V_th, I / g, 1000.0 * C / g, V_lin, E_L, V_DD, V_comp)


@kernel("i4(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def trace(I, dt, C, g, V_lin, E_L, V_th, V_reset, t_ref, V_DD, V_comp, state, V, spike_times):
    """The circuit under a current that is constant in each step; returns the number of spikes.

    I : current of each step in nA
    dt : length of a step in µs
    state : potential in V, and what is left of the refractory period in µs, kept from call to call
    V : potential in V at the end of each step, as far as the array reaches
    spike_times : in µs from the start of this call, as many as the array holds: a larger return value says that some are
        missing.  With V_th = inf there are none
    """
    n = np.int64(0)
    tau = 1000.0 * C / g
    v, wait = state[0], state[1]
    for k in range(I.size):
        D = I[k] / g
        left = dt
        while left > 0.0:
            if wait > 0.0:
                if wait >= left:
                    wait -= left
                    break
                left -= wait
                wait = 0.0
            reached = v
            passed = left
            if V_th == np.inf or V_DD == np.inf or V_comp == 0.0:
                # With an ideal source the time of the crossing is known beforehand.
                rise = np.inf if V_th == np.inf else rise_time(v, V_th, D, tau, V_lin, E_L, V_DD, V_comp)
                if rise <= left:
                    reached = V_th
                    passed = rise
                else:
                    reached, _ = _advance(v, left / tau, np.inf, D, V_lin, E_L, V_DD, V_comp)
                    # Rounding must not carry V to a threshold that it reaches only later.
                    if reached >= V_th:
                        reached = v
            else:
                reached, passed = _advance(v, left / tau, V_th, D, V_lin, E_L, V_DD, V_comp)
                passed = left if reached < V_th else min(left, passed * tau)
            if reached < V_th:
                v = reached
                break
            left -= passed
            if n < spike_times.size:
                spike_times[n] = (k + 1) * dt - left
            n += 1
            v = V_reset
            wait = t_ref
        if k < V.size:
            V[k] = v
    state[0] = v
    state[1] = wait
    return n


# A chip.  `given` holds of the circuit wanted C, g, 1 (the input's amplification), t_ref, E_L, V_th and V_reset; `full`
# what the largest word of each register stands for: g, amplification, 1 / t_ref, E_L, V_th, V_reset.  Rows of
# `deviations`: factors of C, g, amplification and 1 / t_ref, then additions to E_L, V_th and V_reset.
LEAK, INPUT, REFRACTORY, RESTING, THRESHOLD, RESET = 0, 1, 2, 3, 4, 5
REGISTERS, DEVIATIONS, QUANTITIES = 6, 7, 7


@kernel("void(u4[:, ::1], f8, f8, f8, f8[:, ::1])")
def deviations(words, mismatch, capacitors, slope, values):
    """Draws what is wrong with each neuron into `values`, shape (8, neurons); the last row is not used.

    Currents of transistors and capacitances are lognormal, `mismatch` and `capacitors` the standard deviations of their
    logarithms; potentials are off by the voltage that makes the same difference to a current, slope times as much in V.
    """
    random_normals(words, values)
    for j in range(values.shape[1]):
        values[0, j] = exp(capacitors * values[0, j])
        for k in range(1, 4):
            values[k, j] = exp(mismatch * values[k, j])
        for k in range(4, 7):
            values[k, j] *= slope * mismatch


@kernel("f8(i8, i8, i8, f8[::1], f8[:, ::1], i8)")
def _held(register, word, largest, full, deviations, j):
    """What neuron j makes of a word."""
    value = full[register] * (np.float64(word) / np.float64(largest))
    if register <= REFRACTORY:
        return value * deviations[register + 1, j]
    return value + deviations[register + 1, j]


@kernel("f8(i8, i8, i8, f8[::1], f8[::1], f8[:, ::1], i4[:, ::1], i8)")
def _measured(register, word, largest, given, full, deviations, words, j):
    """What a calibration measures at neuron j for a word: tau, plateau per current times g, t_ref, or a potential."""
    value = _held(register, word, largest, full, deviations, j)
    if register == LEAK:
        return 1000.0 * given[0] * deviations[0, j] / value
    if register == INPUT:
        return value * given[1] / _held(LEAK, np.int64(words[LEAK, j]), largest, full, deviations, j)
    return 1.0 / value if register == REFRACTORY else value


@kernel("f8(i8, f8[::1])")
def _wanted(register, given):
    """The value of `_measured` that is wanted."""
    return 1000.0 * given[0] / given[1] if register == LEAK else given[register + 1]


@kernel("void(i8, f8[::1], f8[::1], f8[:, ::1], i4[:, ::1], u1[:, ::1])")
def calibrate(bits, given, full, deviations, words, beyond):
    """Finds for each neuron and register the word whose measured value is nearest to what is wanted.

    Successive approximation: bit after bit from the highest, each kept if the value does not pass the wanted one; then the
    nearer of that word and the next.  `beyond` is 1 where no word of the range reaches the wanted value.
    """
    largest = (np.int64(1) << bits) - 1
    for j in range(words.shape[1]):
        for register in range(REGISTERS):
            wanted = _wanted(register, given)
            falling = register == LEAK or register == REFRACTORY
            lowest = np.int64(1) if falling else np.int64(0)
            word = np.int64(0)
            for b in range(bits - 1, -1, -1):
                trial = word | (np.int64(1) << b)
                value = _measured(register, trial, largest, given, full, deviations, words, j)
                if value >= wanted if falling else value <= wanted:
                    word = trial
            word = max(word, lowest)
            value = _measured(register, word, largest, given, full, deviations, words, j)
            outside = value < wanted if falling else value > wanted
            if word < largest:
                after = _measured(register, word + 1, largest, given, full, deviations, words, j)
                if abs(after - wanted) < abs(value - wanted):
                    word += 1
            else:
                outside = value > wanted if falling else value < wanted
            words[register, j] = word
            beyond[register, j] = 1 if outside else 0


@kernel("void(i8, f8[::1], f8[::1], f8[:, ::1], i4[:, ::1], f8[:, ::1])")
def chip_values(bits, given, full, deviations, words, values):
    """C, g, amplification, t_ref, E_L, V_th and V_reset of each neuron, shape (7, neurons)."""
    largest = (np.int64(1) << bits) - 1
    for j in range(words.shape[1]):
        values[0, j] = given[0] * deviations[0, j]
        for register in range(REGISTERS):
            value = _held(register, np.int64(words[register, j]), largest, full, deviations, j)
            values[register + 1, j] = 1.0 / value if register == REFRACTORY else value


@kernel("void(f8, f8[:, ::1], f8, f8, f8, f8[::1])")
def chip_rates(I, values, V_lin, V_DD, V_comp, rates):
    """Firing rate in kHz of each neuron under the same current I in nA at its input."""
    for j in range(rates.size):
        rates[j] = 1000.0 / interspike_interval(
            I * values[2, j], values[0, j], values[1, j], V_lin, values[4, j], values[5, j], values[6, j], values[3, j],
            V_DD, V_comp)


@kernel("void(f8[::1], f8[::1])")
def mean_and_spread(values, found):
    """Mean of the values and their standard deviation over it, into `found`; inf where the mean is 0."""
    mean = 0.0
    for j in range(values.size):
        mean += values[j]
    mean /= values.size
    square = 0.0
    for j in range(values.size):
        square += (values[j] - mean) * (values[j] - mean)
    found[0] = mean
    found[1] = np.sqrt(square / values.size) / mean if mean > 0.0 else np.inf

"""One leaky integrate-and-fire neuron without noise, in closed form.

    tau_m dV/dt = E_L - V + R I(t);    V reaches V_th: a spike, then V = V_reset for t_ref

Units: ms, mV, MΩ, nA; rates in Hz.  Between two spikes under a constant current the solution is an exponential, so every
spike time is a logarithm and no time step is needed:

    V(t) = E_L + R I + (V(0) - E_L - R I) exp(-t / tau_m)
    delay from V to V_th = tau_m log(1 + (V_th - V) / (E_L + R I - V_th))

Everything hinges on E_L + R I - V_th, how far the steady state lies above threshold.  Near rheobase it is a small
difference of large numbers, so it is formed with the rounding error of each operation put back.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1, log1p

__all__ = [
    "chronaxie", "delay_to_threshold", "exponential_input_peak", "exponential_input_peak_time", "firing_rate",
    "firing_rates", "fixed_step", "gain", "interspike_interval", "latency", "membrane_potential",
    "paired_pulse_threshold", "piecewise_trace", "population_spikes", "pulse_response", "ramp_latency", "ramp_response",
    "rheobase", "suprathreshold_drive", "threshold_current", "threshold_currents", "waveform_peak",
]

LN_2 = 0.6931471805599453
SPLITTER = 134217729.0  # 2**27 + 1 cuts a float64 into two halves of 26 bits
SPLITTABLE = 1e290  # beyond this the cut overflows


@kernel("UniTuple(f8, 2)(f8, f8)")
def _product(a, b):
    """a b and the rounding error of the product, exactly (Dekker 1971)."""
    product = a * b
    if not (abs(a) < SPLITTABLE and abs(b) < SPLITTABLE and abs(product) < SPLITTABLE):
        return product, 0.0
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@kernel("UniTuple(f8, 2)(f8, f8)")
def _difference(a, b):
    """a - b and the rounding error of the difference, exactly (Knuth, TAOCP vol. 2, section 4.2.2)."""
    difference = a - b
    c = difference - a
    return difference, (a - (difference - c)) - (b + c)


@kernel("f8(f8, f8, f8)")
def rheobase(R, E_L, V_th):
    """(V_th - E_L) / R in nA, rounded once."""
    distance, rest = _difference(V_th, E_L)
    quotient = distance / R
    product, error = _product(quotient, R)
    return quotient + (((distance - product) - error) + rest) / R


@kernel("f8(f8, f8, f8, f8)")
def suprathreshold_drive(I, R, E_L, V_th):
    """R I - (V_th - E_L) in mV, exact to the last bit of its inputs: positive when I is above rheobase."""
    distance, distance_error = _difference(V_th, E_L)
    product, product_error = _product(R, I)
    drive = (product - distance) + (product_error - distance_error)
    # The rheobase that a user sees is rounded, and must not fire the cell even if it was rounded up.
    return min(drive, 0.0) if I <= rheobase(R, E_L, V_th) else drive


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def membrane_potential(t, I, tau_m, R, E_L, V0):
    """V(t) in mV from V0 under a constant current, with the threshold switched off."""
    return V0 - (E_L + R * I - V0) * expm1(-t / tau_m)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def pulse_response(t, I, duration, tau_m, R, E_L):
    """V(t) in mV from rest, a rectangular pulse starting at t = 0, with the threshold switched off."""
    if t <= duration:
        return E_L - R * I * expm1(-t / tau_m)
    return E_L - R * I * expm1(-duration / tau_m) * exp(-(t - duration) / tau_m)


@kernel("f8(f8, f8, f8, f8)")
def delay_to_threshold(drive, V, tau_m, V_th):
    """Time in ms from V to V_th when the steady state lies `drive` mV above V_th; inf if it is never reached."""
    if V >= V_th:
        return 0.0
    if drive <= 0.0:
        return np.inf
    return tau_m * log1p((V_th - V) / drive)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def latency(I, tau_m, R, E_L, V_th, V0):
    """Time in ms of the first spike after a constant current starts at V0."""
    return delay_to_threshold(suprathreshold_drive(I, R, E_L, V_th), V0, tau_m, V_th)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def interspike_interval(I, tau_m, R, E_L, V_th, V_reset, t_ref):
    """t_ref + tau_m log(1 + (V_th - V_reset) / (E_L + R I - V_th)) in ms; inf at and below rheobase."""
    return t_ref + latency(I, tau_m, R, E_L, V_th, V_reset)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def firing_rate(I, tau_m, R, E_L, V_th, V_reset, t_ref):
    """1000 / interspike interval in Hz; 0 at and below rheobase."""
    return 1000.0 / interspike_interval(I, tau_m, R, E_L, V_th, V_reset, t_ref)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def gain(I, tau_m, R, E_L, V_th, V_reset, t_ref):
    """Slope of the f-I curve in Hz/nA; 0 at and below rheobase (it is infinite just above)."""
    drive = suprathreshold_drive(I, R, E_L, V_th)
    if drive <= 0.0:
        return 0.0
    height = V_th - V_reset
    interval = t_ref + tau_m * log1p(height / drive)
    # Quotients one after the other: a product of the denominators would underflow just above rheobase.
    return 1000.0 / interval * (tau_m / interval) * (R / drive) * (height / (drive + height))


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8[::1])")
def firing_rates(I, tau_m, R, E_L, V_th, V_reset, t_ref, rates):
    """`firing_rate` for each current, into `rates`."""
    for k in range(I.size):
        rates[k] = firing_rate(I[k], tau_m, R, E_L, V_th, V_reset, t_ref)


@kernel("f8(f8)")
def chronaxie(tau_m):
    """tau_m ln 2 in ms: the duration at which a pulse of twice the rheobase just fires the cell."""
    return tau_m * LN_2


@kernel("f8(f8, f8, f8, f8, f8)")
def threshold_current(duration, tau_m, R, E_L, V_th):
    """I_rh / (1 - exp(-duration / tau_m)) in nA (Lapicque 1907)."""
    return -rheobase(R, E_L, V_th) / expm1(-duration / tau_m)


@kernel("void(f8[::1], f8, f8, f8, f8, f8[::1])")
def threshold_currents(duration, tau_m, R, E_L, V_th, currents):
    """`threshold_current` for each duration, into `currents`."""
    for k in range(duration.size):
        currents[k] = threshold_current(duration[k], tau_m, R, E_L, V_th)


@kernel("f8(f8, f8, f8, f8, f8, f8)")
def paired_pulse_threshold(duration, gap, tau_m, R, E_L, V_th):
    """Current in nA of two equal pulses, `gap` ms apart, of which the second just reaches threshold."""
    return threshold_current(duration, tau_m, R, E_L, V_th) / (1.0 + exp(-(duration + gap) / tau_m))


@kernel("f8(f8)")
def _ramp(x):
    """x - 1 + exp(-x), the response to a unit ramp in units of tau_m."""
    if x > 0.5:
        return x + expm1(-x)
    # Taylor series from x**2/2 to x**16/16!: the closed form cancels here.
    term = 0.5 * x * x
    total = 0.0
    order = 2.0
    while order < 17.0:
        total += term
        order += 1.0
        term *= -x / order
    return total


@kernel("f8(f8, f8, f8, f8, f8)")
def ramp_response(t, slope, tau_m, R, E_L):
    """V(t) in mV from rest under the current slope * t, with the threshold switched off."""
    return E_L + R * slope * tau_m * _ramp(t / tau_m)


@kernel("f8(f8, f8, f8, f8, f8)")
def ramp_latency(slope, tau_m, R, E_L, V_th):
    """Time in ms at which the current slope * t fires the cell from rest; inf for a slope that is not positive."""
    if slope <= 0.0:
        return np.inf
    q = (V_th - E_L) / (R * slope * tau_m)
    if q == np.inf:
        return np.inf
    # Newton's method on a convex function, from above the root, can only descend to it.
    x = q + np.sqrt(2.0 * q)
    for _ in range(64):
        step = (_ramp(x) - q) / -expm1(-x)
        x -= step
        if step <= 1e-16 * x:
            break
    return tau_m * x


@kernel("f8(f8, f8, f8)")
def _exponential_overlap(t, a, b):
    """(exp(-b t) - exp(-a t)) / (a - b), which is t exp(-a t) where a = b."""
    if a < b:
        a, b = b, a
    x = (b - a) * t
    if x == 0.0:
        return t * exp(-b * t)
    return t * exp(-b * t) * (expm1(x) / x)


@kernel("f8(f8, f8, f8)")
def _input(t, decay, rise):
    """The input exp(-decay t) - exp(-rise t), over rise - decay unless the rise is instantaneous (rise = inf)."""
    if rise == np.inf:
        return exp(-decay * t)
    return _exponential_overlap(t, rise, decay)


@kernel("f8(f8, f8, f8, f8)")
def _response(t, leak, decay, rise):
    """The membrane's response to `_input`, over R: the leak rate times a divided difference of exp(-x t).

    Over three rates it is taken between the two farthest apart, and from its series where all three are close.
    """
    if rise == np.inf:
        return leak * _exponential_overlap(t, leak, decay)
    low = min(leak, min(decay, rise))
    high = max(leak, max(decay, rise))
    middle = max(min(leak, decay), min(max(leak, decay), rise))
    if (high - low) * t > 0.5:
        return leak * (
            _exponential_overlap(t, low, middle) - _exponential_overlap(t, middle, high)) / (high - low)
    # The sum over n of h_n(x, y) / (n + 2)!, with h_n the sum of all products of n factors x or y.
    x = (low - middle) * t
    y = (low - high) * t
    power = 1.0
    h = 1.0
    factorial = 2.0
    total = 0.0
    order = 2.0
    while order < 20.0:
        total += h / factorial
        power *= y
        h = h * x + power
        order += 1.0
        factorial *= order
    return leak * total * t * t * exp(-low * t)


@kernel("f8(f8, f8, f8)")
def exponential_input_peak_time(tau_m, tau_decay, tau_rise):
    """Time in ms at which the response to exp(-t/tau_decay) - exp(-t/tau_rise) is largest.

    There the leak equals the input; their difference changes sign once.
    """
    leak = 1.0 / tau_m
    decay = 1.0 / tau_decay
    rise = 1.0 / tau_rise
    low = 0.0
    high = tau_m + tau_decay
    while _input(high, decay, rise) > _response(high, leak, decay, rise):
        high *= 2.0
    for _ in range(200):
        t = 0.5 * (low + high)
        if t <= low or t >= high:
            break
        if _input(t, decay, rise) > _response(t, leak, decay, rise):
            low = t
        else:
            high = t
    return 0.5 * (low + high)


@kernel("f8(f8, f8, f8)")
def exponential_input_peak(tau_m, tau_decay, tau_rise):
    """Largest response to exp(-t/tau_decay) - exp(-t/tau_rise), over R."""
    t = exponential_input_peak_time(tau_m, tau_decay, tau_rise)
    response = _response(t, 1.0 / tau_m, 1.0 / tau_decay, 1.0 / tau_rise)
    if tau_rise == 0.0:
        return response
    return response * ((tau_decay - tau_rise) / (tau_decay * tau_rise))


@kernel("f8(f8[::1], f8[::1], f8)")
def waveform_peak(t, I, tau_m):
    """Largest response, over R, to a current that is linear between the samples I(t) and zero before and after.

    On each segment the response is an exponential plus a straight line, so its largest value is found in closed form.
    """
    y = 0.0
    peak = 0.0
    for k in range(t.size - 1):
        h = (t[k + 1] - t[k]) / tau_m
        s = (I[k + 1] - I[k]) / h
        # In units of tau_m from the segment's start: y = I_k + s (x - 1) + c exp(-x).
        c = y - I[k] + s
        if s < 0.0 and c < s * 1.0000000000000002:
            # dy/dx = s - c exp(-x) vanishes at x = log(c / s).
            x = log1p((c - s) / s)
            if 0.0 < x < h:
                peak = max(peak, I[k] + s * x)
        y = y + (I[k] - y) * -expm1(-h) + s * _ramp(h)
        peak = max(peak, y)
    return peak


@kernel("i8(f8[::1], i8, f8, f8, f8, f8, f8, f8, f8, f8)")
def _sample(V, j, dt, origin, start, stop, V_start, V_inf, tau_m, V_held):
    """Writes V at the sampling times before `stop`; V_held replaces the exponential where it is not NaN."""
    while j < V.size and origin + j * dt < stop:
        if V_held == V_held:
            V[j] = V_held
        else:
            V[j] = V_inf + (V_start - V_inf) * exp(-(origin + j * dt - start) / tau_m)
        j += 1
    return j


@kernel("i4(f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1])")
def piecewise_trace(edges, I, tau_m, R, E_L, V_th, V_reset, t_ref, V0, dt, V, spike_times):
    """The exact solution under a piecewise constant current: from event to event, without a time step.

    The current is I[k] between edges[k] and edges[k + 1].  Writes V at edges[0] + j dt (V_reset while refractory) and the
    spike times as far as the arrays reach; returns the number of spikes.
    """
    n = np.int64(0)
    j = np.int64(0)
    origin = edges[0]
    v = V0
    free = edges[0]
    for k in range(I.size):
        t = edges[k]
        end = edges[k + 1]
        if free > t:
            t = min(free, end)
            j = _sample(V, j, dt, origin, edges[k], t, 0.0, 0.0, tau_m, V_reset)
            if t == end:
                continue
        V_inf = E_L + R * I[k]
        drive = suprathreshold_drive(I[k], R, E_L, V_th)
        first = t + delay_to_threshold(drive, v, tau_m, V_th)
        if first <= end:
            interval = t_ref + delay_to_threshold(drive, V_reset, tau_m, V_th)
            count = np.int64((end - first) / interval) + 1
            # The quotient is rounded; the last spike is the last that does not lie behind the end.
            while count > 1 and first + (count - 1) * interval > end:
                count -= 1
            while first + count * interval <= end:
                count += 1
            # Counted from the first, the spikes of one segment gather no rounding error.
            for m in range(min(count, spike_times.size - n)):
                spike_times[n + m] = first + m * interval
            n += count
            if j < V.size:
                for m in range(count):
                    spike = first + m * interval
                    j = _sample(V, j, dt, origin, t, spike, v, V_inf, tau_m, np.nan)
                    v = V_reset
                    t = min(spike + t_ref, end)
                    j = _sample(V, j, dt, origin, spike, t, 0.0, 0.0, tau_m, V_reset)
            v = V_reset
            free = first + (count - 1) * interval + t_ref
            t = min(free, end)
            if free >= end:
                continue
        j = _sample(V, j, dt, origin, t, end, v, V_inf, tau_m, np.nan)
        v = V_inf + (v - V_inf) * exp(-(end - t) / tau_m)
    while j < V.size:
        V[j] = V_reset if free > origin + j * dt else v
        j += 1
    return n


@kernel("i8(f8[::1], f8[:, ::1], f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], i8[::1])")
def population_spikes(edges, I, tau_m, R, E_L, V_th, V_reset, t_ref, V0, spike_times, counts):
    """`piecewise_trace` for each row of I, spike times one neuron after another; returns their number."""
    n = 0
    no_samples = spike_times[:0]
    for i in range(I.shape[0]):
        counts[i] = piecewise_trace(
            edges, I[i], tau_m, R, E_L, V_th, V_reset, t_ref, V0[i], 1.0, no_samples, spike_times[n:])
        n += counts[i]
    return n


@kernel("i8(f8[:, ::1], f8, f8, f8, f8, f8, i8, f8[::1], f8, f8[:, ::1], f8[::1], i8[::1])")
def fixed_step(I, fraction, R, E_L, V_th, V_reset, refractory_steps, V0, dt, V, spike_times, spike_neurons):
    """A clock-driven simulation: each step moves V by `fraction` of its distance from the steady state.

    fraction = 1 - exp(-dt/tau_m) is the exact propagator, dt/tau_m explicit Euler.  The threshold is tested at the end of
    a step, where a spike is stamped and V reset.  Returns the number of spikes; writes as many as the arrays hold.
    """
    n = 0
    for i in range(I.shape[0]):
        v = V0[i]
        V[i, 0] = v
        wait = 0
        for k in range(I.shape[1]):
            if wait > 0:
                wait -= 1
            else:
                v += fraction * (E_L + R * I[i, k] - v)
                if v >= V_th:
                    v = V_reset
                    wait = refractory_steps
                    if n < spike_times.size:
                        spike_times[n] = (k + 1) * dt
                        spike_neurons[n] = i
                    n += 1
            V[i, k + 1] = v
    return n

r"""How a noisy neuron answers an input that changes: linear response and the spectrum of its spikes.

Everything is made of one function of y = (V - E_L - mu) / sigma and of s = i 2 pi f tau_m (Brunel & Hakim 1999; Lindner &
Schimansky-Geier 2001):

    f(y; s) = H_{-s}(-y),        f'' = 2 y f' + 2 s f

Only ratios are ever needed, and only ratios are computed, since f itself passes 10**700 at a few kHz.  With
r = f'/f, rho = f(y_r) / f(y_th), E = 1 - rho, G = r(y_th) - rho r(y_r) and M = 1 - |rho|**2, a step from y to y + h with
f(y + h) = f(y) (1 + d) takes them to

    rho / (1 + d),    (E + d) / (1 + d),    (G + change of f') / (1 + d),    (M + |1 + d|**2 - 1) / |1 + d|**2

so that the real and the imaginary part of each keep their own digits, however slow the input.

Right of -LEFT, d comes from the Taylor series of f, which the equation gives term by term.  Left of it the series would
cancel; there r is a continued fraction, from H_{-s} = 2 x H_{-s-1} + 2 (s + 1) H_{-s-2}, and log(1 + d) its integral.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels._tables import GAUSS_NODES, GAUSS_WEIGHTS, NODES
from lifcore.kernels.diffusion import _ends, interval_variation, log_rate, rate
from lifcore.kernels.elementary import cos_sin, cos_sin_turns, exp, expm1, log

__all__ = ["fast_susceptibilities", "log_resonances", "spectra", "step_rates", "susceptibilities"]

LEFT = 6.0
TERMS = 24
# Beyond this exponent f(y_r) is nothing beside f(y_th).
NEGLIGIBLE = 60.0
# The square of a growth of f beside which nothing counts that was before; larger ones may leave the range of numbers.
FORGOTTEN = 1e280
# Where f grows faster than this, its logarithmic derivative is found from a rough start a little to the left.
STEEP = 8.0
# Right of HIGH f is all exp(y**2), at any frequency from SLOW on, and forgets as fast as that grows.
HIGH = 9.5
# A frequency so low that its square is below rounding: the static limit.
SLOW = 1e-9
TWO_PI = 6.283185307179586


@kernel("c16(c16)")
def _sqrt(z):
    """The square root with a non-negative real part."""
    x, y = z.real, z.imag
    size = np.sqrt(x * x + y * y)
    t = np.sqrt(0.5 * (size + abs(x)))
    if t == 0.0:
        return 0j
    other = 0.5 * y / t
    if x >= 0.0:
        return complex(t, other)
    return complex(abs(other), t if y >= 0.0 else -t)


@kernel("c16(c16, c16)")
def _quotient(a, b):
    """a / b. Written out: the general division takes branches, and raises an exception, which a page does not have."""
    size = b.real * b.real + b.imag * b.imag
    return complex((a.real * b.real + a.imag * b.imag) / size, (a.imag * b.real - a.real * b.imag) / size)


@kernel("UniTuple(c16, 2)(f8, c16)")
def _ratios(x, s):
    """H_{-s-1}/H_{-s} and H_{-s-2}/H_{-s-1} at x > 0, by the continued fraction from behind."""
    reach = np.sqrt(1.0 + 2.0 * (abs(s.real) + abs(s.imag)) / x / x)
    terms = np.int64(20.0 * reach + 200.0 / x / x) + 4
    ratio = _quotient(1.0 + 0j, x * (1.0 + _sqrt(1.0 + 2.0 / (x * x) * (s + terms))))
    following = ratio
    for n in range(terms, 0, -1):
        following = ratio
        shift = complex(2.0 * (s.real + n), 2.0 * s.imag)
        product = shift * ratio
        a, b = 2.0 * x + product.real, product.imag
        size = a * a + b * b
        ratio = complex(a / size, -b / size)
    return ratio, following


@kernel("UniTuple(c16, 2)(f8, f8, c16, c16, i8)")
def _step(y, h, s, r, terms):
    """d and the change of f' over a step h, for f(y) = 1 and f'(y) = r, by `terms` terms of the Taylor series."""
    a_re, a_im, b_re, b_im = 1.0, 0.0, r.real, r.imag
    power = h
    d_re, d_im = b_re * h, b_im * h
    g_re = g_im = 0.0
    s_re, s_im = s.real, s.imag
    for k in range(terms):
        # The coefficient of power k + 2 from those of k and k + 1.
        inverse = 2.0 / ((k + 1.0) * (k + 2.0))
        lead = y * (k + 1.0)
        c_re = inverse * (lead * b_re + ((s_re + k) * a_re - s_im * a_im))
        c_im = inverse * (lead * b_im + ((s_re + k) * a_im + s_im * a_re))
        g_re += (k + 2.0) * c_re * power
        g_im += (k + 2.0) * c_im * power
        power *= h
        d_re += c_re * power
        d_im += c_im * power
        a_re, a_im, b_re, b_im = b_re, b_im, c_re, c_im
    return complex(d_re, d_im), complex(g_re, g_im)


@kernel("f8(f8, f8)")
def _reach(y, growth):
    """The longest step from y whose series has converged after TERMS terms."""
    return 2.0 / (2.0 * abs(y) + growth + 4.0)


@kernel("UniTuple(c16, 2)(f8, f8, c16)")
def _panel(x, half, s):
    """d over a panel of width 2 half that begins at y = -x < -LEFT, and r at its end."""
    total = 0j
    for i in range(NODES):
        total += half * GAUSS_WEIGHTS[i] * (2.0 * s * _ratios(x - half * (1.0 + GAUSS_NODES[i]), s)[0])
    grown = expm1(total.real)
    cosine, sine = cos_sin(total.imag)
    half_sine = cos_sin(0.5 * total.imag)[1]
    less = -2.0 * half_sine * half_sine  # cos - 1, without cancellation
    d = complex(grown * cosine + less, (1.0 + grown) * sine)
    return d, 2.0 * s * _ratios(x - 2.0 * half, s)[0]


@kernel("c16(f8, c16)")
def _derivative(y, s):
    """r at y, found from the left."""
    growth = np.sqrt(2.0 * (abs(s.real) + abs(s.imag)))
    steep = _sqrt(2.0 * s).real
    if y <= -LEFT:
        return 2.0 * s * _ratios(-y, s)[0]
    start = -LEFT
    if steep > STEEP:
        start = max(start, y - 22.0 / steep)
    if y > HIGH:
        start = max(start, np.sqrt(y * y - NEGLIGIBLE))
    distance = y - start
    if start > -LEFT:
        # Each step forgets a wrong start; this one is right to a few per cent.
        r = start + _sqrt(start * start + 2.0 * s)
    else:
        r = 2.0 * s * _ratios(LEFT, s)[0]
    while distance > 0.0:
        at = y - distance
        h = min(_reach(at, growth), distance)
        d, g = _step(at, h, s, r, TERMS)
        r = _quotient(r + g, 1.0 + d)
        distance -= h
    return r


@kernel("Tuple((c16, c16, c16, c16, c16, f8))(f8, f8, f8, c16)")
def _between(y_th, y_r, width, s):
    """r(y_th), r(y_r), rho, E, G and M, as the head of this file names them."""
    growth = np.sqrt(2.0 * (abs(s.real) + abs(s.imag)))
    # f grows at least by the first of these exponents, and by the second where it is all exp(y**2).
    exponent = (y_r + _sqrt(y_r * y_r + 2.0 * s).real) * width
    climb = width * (y_th + y_r) if y_r > 0.0 else y_th * y_th
    if exponent > NEGLIGIBLE or (y_th > HIGH and climb > 1.5 * NEGLIGIBLE):
        r = _derivative(y_th, s)
        return r, 0j, 0j, 1.0 + 0j, r, 1.0
    r_r = _derivative(y_r, s)
    r, rho, E, G, M = r_r, 1.0 + 0j, 0j, 0j, 0.0
    distance = width
    while distance > 0.0:
        y = y_th - distance
        if y < -LEFT:
            h = min(max(min(-0.4 * y, -LEFT - y), 1e-9), distance)
            d, end = _panel(-y, 0.5 * h, s)
            g = end * (1.0 + d) - r
        else:
            h = min(_reach(y, growth), distance)
            d, g = _step(y, h, s, r, TERMS)
            end = _quotient(r + g, 1.0 + d)
        grown = 1.0 + d
        size = grown.real * grown.real + grown.imag * grown.imag
        if size < FORGOTTEN:
            inverse = complex(grown.real / size, -grown.imag / size)
            rho *= inverse
            E = (E + d) * inverse
            G = (G + g) * inverse
            M = (M + (2.0 * d.real + d.real * d.real + d.imag * d.imag)) / size
        else:
            rho, E, G, M = 0j, 1.0 + 0j, end, 1.0
        r = end
        distance -= h
    return r, r_r, rho, E, G, M


@kernel("UniTuple(c16, 2)(c16, c16, c16, f8, f8)")
def _with_refractory_period(rho, E, s, t_ref, tau_m):
    """exp(-s t_ref / tau_m) and 1 - rho times it."""
    turns = s.imag * t_ref / tau_m / TWO_PI
    cosine, sine = cos_sin_turns(-turns)
    half_sine = cos_sin_turns(0.5 * turns)[1]
    fall = exp(-s.real * t_ref / tau_m)
    less = expm1(-s.real * t_ref / tau_m)
    wait = complex(fall * cosine, fall * sine)
    # 1 - wait without cancellation.
    missing = complex(2.0 * half_sine * half_sine - less * cosine, -fall * sine)
    return wait, E + rho * missing


@kernel("Tuple((c16, c16, f8))(f8, f8, f8, f8, f8, f8, f8, f8)")
def _relative(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    """Susceptibilities to mu and to sigma in 1/mV and the spectrum, all in units of the rate."""
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    s = complex(0.0, max(TWO_PI * f * tau_m / 1000.0, SLOW))
    r_th, r_r, rho, E, G, M = _between(y_th, y_r, width, s)
    loop = _with_refractory_period(rho, E, s, t_ref, tau_m)[1]
    if y_th < -LEFT:
        # f''/f = 4 s (s + 1) times both ratios; the sum below would cancel.
        first, second = _ratios(-y_th, s)
        curvature = first * second
        first, second = _ratios(-y_r, s)
        curvature = 4.0 * s * (s + 1.0) * (curvature - rho * first * second)
    else:
        curvature = 2.0 * (y_th * G + width * rho * r_r + s * E)
    to_mu = _quotient(G, sigma * loop * (1.0 + s))
    to_sigma = _quotient(curvature, sigma * loop * (2.0 + s))
    return to_mu, to_sigma, M / (loop.real * loop.real + loop.imag * loop.imag)


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8[:, ::1])")
def susceptibilities(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out):
    """Susceptibilities in Hz/mV at each frequency in Hz, into the rows of `out`.

    Rows: real and imaginary part of that to mu, then of that to sigma, for perturbations exp(+i 2 pi f t).
    """
    nu = rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
    for k in range(f.size):
        to_mu, to_sigma, _ = _relative(f[k], mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
        still = 0.0 if f[k] == 0.0 else 1.0
        out[0, k] = nu * to_mu.real
        out[1, k] = nu * to_mu.imag * still
        out[2, k] = nu * to_sigma.real
        out[3, k] = nu * to_sigma.imag * still


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8[:, ::1])")
def fast_susceptibilities(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out):
    """What `susceptibilities` tends to at high frequency: three terms in 1/sqrt(f), rows as there."""
    y = (V_th - E_L - mu) / sigma
    nu = rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
    for k in range(f.size):
        s = complex(0.0, TWO_PI * f[k] * tau_m / 1000.0)
        root = _sqrt(2.0 * s)
        r = root + y + _quotient(0.5 * (y * y - 1.0) + 0j, root)
        to_mu = _quotient(nu / sigma * r, 1.0 + s)
        to_sigma = _quotient(nu / sigma * (2.0 * y * r + 2.0 * s), 2.0 + s)
        out[0, k] = to_mu.real
        out[1, k] = to_mu.imag
        out[2, k] = to_sigma.real
        out[3, k] = to_sigma.imag


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1])")
def spectra(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out, work):
    """Two-sided spectrum of the spike train in Hz at each frequency in Hz, into `out`; `work` holds 4 NODES + 4 numbers.

    nu (1 - |rho|**2) / |1 - rho exp(-s t_ref / tau_m)|**2, and nu CV**2 at f = 0.
    """
    nu = rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
    for k in range(f.size):
        if TWO_PI * f[k] * tau_m / 1000.0 > SLOW:
            out[k] = nu * _relative(f[k], mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)[2]
        else:
            variation = interval_variation(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, work)
            out[k] = nu * variation * variation


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8[:, ::1], f8[::1])")
def log_resonances(sigma, f, mu, tau_m, E_L, V_th, V_reset, t_ref, out, work):
    """Logarithms of |chi|**2 / S and of |chi|**2 for each sigma, into the rows of `out`, also where the rate underflows.

    `work` holds 4 NODES + 4 numbers.
    """
    for k in range(sigma.size):
        to_mu, _, spectrum = _relative(f, mu, sigma[k], tau_m, E_L, V_th, V_reset, t_ref)
        if not TWO_PI * f * tau_m / 1000.0 > SLOW:
            variation = interval_variation(mu, sigma[k], tau_m, E_L, V_th, V_reset, t_ref, work)
            spectrum = variation * variation
        log_nu = log_rate(mu, sigma[k], tau_m, E_L, V_th, V_reset, t_ref)
        log_gain = log(to_mu.real * to_mu.real + to_mu.imag * to_mu.imag)
        out[0, k] = log_gain + log_nu - log(spectrum)
        out[1, k] = log_gain + 2.0 * log_nu


# The inversion's line stands at LINE / (2 t): its error is exp(-LINE), and rounding grows by exp(LINE / 2).
LINE = 24.0
SMOOTHING = 20  # of the last partial sums, with binomial weights (Euler's summation)


@kernel("UniTuple(c16, 3)(f8, f8, c16, c16, c16, c16)")
def _follow(y, h, s, r, gathered, rho):
    """r at y + h, and two numbers that are kept divided by f, by as many Taylor steps as it takes."""
    growth = np.sqrt(2.0 * (abs(s.real) + abs(s.imag)))
    left = h
    while left > 0.0:
        at = y + (h - left)
        longest = _reach(at, growth)
        step = min(longest, left)
        # A series of a short step needs fewer terms.
        d, g = _step(at, step, s, r, 8 if step < 0.03 * longest else (12 if step < 0.15 * longest else TERMS))
        r = _quotient(r + g, 1.0 + d)
        gathered = _quotient(gathered, 1.0 + d)
        rho = _quotient(rho, 1.0 + d)
        left -= step
    return r, gathered, rho


@kernel("c16(c16, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], i8)")
def _step_transform(s, rate_before, sigma, tau_m, y_th, width, t_ref, distances, masses, below):
    """Laplace transform of the rate after a step, in units of 1 / tau_m: what leaves of the density at first, and returns.

    The first term is the integral of the initial density times f; the second are the neurons refractory at the step, which
    return one after the other; the denominator sends back at V_reset all that has left.
    """
    first = 0
    for j in range(distances.size):
        # What lies so far back adds nothing, and would only be followed through many steps.
        back = distances[j] / sigma
        y = y_th - back
        if (y + _sqrt(y * y + 2.0 * s).real) * back < 1.5 * NEGLIGIBLE:
            break
        first = j + 1
    last = distances[first] if first < distances.size else 0.0
    r = _derivative(y_th - last / sigma, s)
    gathered = rho = 0j
    for j in range(first if first < below else first + 1, distances.size + 2):
        # The reset stands between the nodes below it and those above, the threshold behind the last.
        if j == below:
            at = width * sigma
        elif j == distances.size + 1:
            at = 0.0
        else:
            at = distances[j if j < below else j - 1]
        if last > at:
            r, gathered, rho = _follow(y_th - last / sigma, (last - at) / sigma, s, r, gathered, rho)
            last = at
        if j == below:
            rho = 1.0 + 0j
        elif j <= distances.size:
            gathered += masses[j if j < below else j - 1]
    wait, loop = _with_refractory_period(rho, 1.0 - rho, s, t_ref, tau_m)
    return _quotient(gathered + rate_before * rho * _quotient(1.0 - wait, s), loop)


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], i8, i8[::1], f8[::1])")
def step_rates(
        t, rate_before, rate_after, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, distances, masses, below, terms, out):
    """Rate in Hz at each t > 0 in ms after a step to mu and sigma, into `out`, by inversion of its Laplace transform.

    Of the transform that of the limit is taken away first.  `distances` from V_th in mV, decreasing, and `masses` are nodes
    of the initial density times their weights, of which the first `below` lie below V_reset; `terms` are the numbers of
    terms summed for each t (Abate & Whitt 1995).
    """
    y_th, _, width = _ends(mu, sigma, E_L, V_th, V_reset)
    before, after = rate_before * tau_m / 1000.0, rate_after * tau_m / 1000.0
    for k in range(t.size):
        total = average = 0.0
        weight = 0.5 ** SMOOTHING
        sign = 1.0
        for j in range(terms[k] + SMOOTHING + 1):
            s = complex(0.5 * LINE, np.pi * j) * (tau_m / t[k])
            value = _step_transform(s, before, sigma, tau_m, y_th, width, t_ref, distances, masses, below)
            value -= _quotient(complex(after, 0.0), s)
            total += sign * value.real * (0.5 if j == 0 else 1.0)
            sign = -sign
            past = j - terms[k]
            if past >= 0:
                average += weight * total
                weight *= (SMOOTHING - past) / (past + 1.0)
        out[k] = rate_after + 1000.0 / t[k] * exp(0.5 * LINE) * average

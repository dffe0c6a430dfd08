r"""A neuron under white noise that does not change in time: when does it fire, and where is it in between?

    tau_m dV/dt = E_L + mu - V + sigma sqrt(tau_m) eta(t),        y(V) = (V - E_L - mu) / sigma

All that follows is an integral from y_r = y(V_reset) to y_th = y(V_th).  The mean time between the two is

    tau_m integral of q1,        q1(y) = sqrt(pi) exp(y**2) (1 + erf(y))                       (Siegert 1951)

and the higher cumulants of that time are -2 tau_m**2 integral of q2 and 6 tau_m**3 integral of q3, where q1, q2, q3 are the
first coefficients, in powers of s, of the logarithmic derivative q of H_{-s}(-y), which solves q' = 2 y q + 2 s - q**2
(Darling & Siegert 1953):

    q1' = 2 y q1 + 2,        q2' = 2 y q2 - q1**2,        q3' = 2 y q3 - 2 q1 q2

exp(y**2) leaves the range of float64 at y = 26.6, so everything is kept divided by its power of exp(S), S = max(y_th, 0)**2.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels._tables import (
    AREA, DEGREE, ERFCX, GAUSS_INTEGRAL, GAUSS_NODES, GAUSS_WEIGHTS, NODES, PIECES, ROWS, SCALED, TABLES)
from lifcore.kernels.elementary import LN2_HIGH, LN2_LOW, LOG2_E, ROUND, _exp_tail, exp, log, log1p

__all__ = [
    "cumulants_of_intervals", "dawson", "densities", "density", "erfcx", "interval_cumulants", "interval_variation",
    "log_rate", "rate", "rates",
]

SQRT_PI = 1.7724538509055159
PIECE_BITS = PIECES.bit_length() - 1
PIECE_SHIFT = 52 - PIECE_BITS
REST_BITS = (1 << PIECE_SHIFT) - 1
ONE_BITS = 0x3FF0000000000000
FIRST_PIECE = 1023 << PIECE_BITS
TABLE_END = 1023.0
# A difference of two table values keeps 13 digits down to this distance, relative to 1 + |y_r|.
CLOSE = 0.02
# Up to this y_th exp(-S) is an ordinary float64.
ORDINARY = 26.6
# To the left of -LEFT the q are given by their asymptotic series, here to 1e-16.
LEFT = 8.0
# exp(-NEGLIGIBLE) is nothing beside 1.
NEGLIGIBLE = 45.0
# To the left of -FLAT the noise changes no digit of the mean.
FLAT = 1e9
BLOCK = 512


def _series(terms=16):
    """Coefficients of q1, -q2 and q3 at y = -w: q1 = sum c_k w**-(2k+1), -q2 = sum a_k w**-(2k+3), q3 = sum b_k w**-(2k+5)."""
    c = [1.0]
    for k in range(1, terms):
        c.append(-c[-1] * (2 * k - 1) / 2)
    a, b = [], []
    for k in range(terms):
        square = sum(c[i] * c[k - i] for i in range(k + 1))
        a.append((square - (2 * k + 1) * (a[-1] if k else 0.0)) / 2)
    for k in range(terms):
        product = sum(c[i] * a[k - i] for i in range(k + 1))
        b.append((2 * product - (2 * k + 3) * (b[-1] if k else 0.0)) / 2)
    return np.array(c), np.array(a), np.array(b)


SERIES = np.concatenate(_series())
TERMS = SERIES.size // 3


@kernel("f8(f8)", inline=True)
def _decay(x):
    """exp(x) for x <= 0, without a branch, so that a loop over it can use vector instructions; 0 below -708."""
    inside = max(x, -708.0)
    k = (inside * LOG2_E + ROUND) - ROUND
    r = (inside - k * LN2_HIGH) - k * LN2_LOW
    value = (1.0 + (r + _exp_tail(r))) * np.int64((np.int64(k) + 1023) << 52).view(np.float64)
    return value if x >= -708.0 else 0.0


@kernel("Tuple((i8, f8))(f8)", inline=True)
def _place(x):
    """The piece of the tables that holds 0 <= x < TABLE_END, and where in it, from -1 to 1."""
    bits = np.float64(1.0 + x).view(np.int64)
    piece = (bits >> PIECE_SHIFT) - FIRST_PIECE
    within = np.int64(((bits & REST_BITS) << PIECE_BITS) | ONE_BITS).view(np.float64)
    return piece, 2.0 * within - 3.0


@kernel("f8(i8, i8, f8)", inline=True)
def _polynomial(table, piece, t):
    row = np.uint64(table + piece)
    value = TABLES[row + np.uint64(DEGREE * ROWS)]
    for k in range(DEGREE - 1, -1, -1):
        value = value * t + TABLES[row + np.uint64(k * ROWS)]
    return value


@kernel("f8(f8)")
def erfcx(x):
    """exp(x**2) erfc(x); inf below -26.6."""
    size = abs(x)
    if size >= TABLE_END:
        square = 0.5 / (size * size)
        value = (1.0 - square * (1.0 - 3.0 * square)) / (size * SQRT_PI)
    else:
        piece, t = _place(size)
        value = _polynomial(np.int64(ERFCX), piece, t)
    return value if x >= 0.0 else 2.0 * exp(x * x) - value


@kernel("f8(f8)")
def dawson(x):
    """exp(-x**2) times the integral of exp(u**2) from 0 to x, for any x."""
    size = abs(x)
    if size >= TABLE_END:
        square = 0.5 / (size * size)
        value = 0.5 * (1.0 + square * (1.0 + 3.0 * square)) / size
    elif size < 0.0625:
        # The tables know small values only to an absolute error.
        z = size * size
        value = size * (1.0 - z * (2.0 / 3.0 - z * (4.0 / 15.0 - z * (8.0 / 105.0 - z * (16.0 / 945.0 - z * (32.0 / 10395.0))))))
    else:
        piece, t = _place(size)
        value = 0.5 * (_polynomial(np.int64(SCALED), piece, t) + _decay(-size * size) * _polynomial(np.int64(AREA), piece, t))
    return -value if x < 0.0 else value


@kernel("f8(f8, f8, f8)", inline=True)
def _from_tables(y_th, y_r, width):
    """exp(-S) times the integral of exp(u**2) (1 + erf u) from y_r to y_th = y_r + width, from the tables."""
    above, above_r = y_th > 0.0, y_r > 0.0
    S = y_th * y_th if above else 0.0
    # S - y_r**2 as a product, which loses nothing where both are large.
    exponent = width * (y_th + y_r) if above_r else S
    piece, t = _place(abs(y_th))
    upper = _polynomial(np.int64(SCALED if above else AREA), piece, t)
    piece, t = _place(abs(y_r))
    lower = _polynomial(np.int64(SCALED if above_r else AREA), piece, t) * _decay(-exponent)
    return (upper if above else -upper) - (lower if above_r else -lower)


@kernel("f8(i4, f8)")
def _asymptotic(order, w):
    """q1, -q2 or q3 (order 1, 2 or 3) at -w, for w >= LEFT."""
    z = 1.0 / (w * w)
    value = 0.0
    for k in range(order * TERMS - 1, (order - 1) * TERMS - 1, -1):
        value = value * z + SERIES[k]
    for _ in range(order - 1):
        value *= z
    return value / w


@kernel("f8(f8, f8, f8, f8)")
def _scaled_q1(y_th, d, S, unit):
    """q1 exp(-S) at y_th - d, with unit = exp(-S)."""
    u = y_th - d
    if u <= 0.0:
        return SQRT_PI * erfcx(-u) * unit
    return SQRT_PI * (2.0 * _decay(d * (d - 2.0 * y_th)) - unit * erfcx(u))


@kernel("UniTuple(f8, 2)(f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[::1], f8[::1])")
def _panel(y_th, d, half, S, unit, p2, p3, q, p, r, source):
    """q1, -q2 and q3 at the nodes of a panel that begins at d with p2 and p3, and the last two at its end; all scaled."""
    a = y_th - d
    for j in range(NODES):
        reach = half * (1.0 + GAUSS_NODES[j])
        q[j] = _scaled_q1(y_th, d - reach, S, unit)
        source[j] = half * exp(-reach * (2.0 * a + reach)) * q[j] * q[j]
    _carry(a, half, p2, source, p)
    for j in range(NODES):
        p2 += GAUSS_WEIGHTS[j] * source[j]
        reach = half * (1.0 + GAUSS_NODES[j])
        source[j] = 2.0 * half * exp(-reach * (2.0 * a + reach)) * q[j] * p[j]
    _carry(a, half, p3, source, r)
    for j in range(NODES):
        p3 += GAUSS_WEIGHTS[j] * source[j]
    ahead = exp(4.0 * half * (a + half))
    return ahead * p2, ahead * p3


@kernel("void(f8, f8, f8, f8[::1], f8[::1])")
def _carry(a, half, start, source, values):
    """exp(u**2 - a**2) times `start` plus the integral of `source` from a to u, at the nodes u of a panel."""
    for i in range(NODES):
        grown = start
        for j in range(NODES):
            grown += GAUSS_INTEGRAL[i * NODES + j] * source[j]
        reach = half * (1.0 + GAUSS_NODES[i])
        values[i] = exp(reach * (2.0 * a + reach)) * grown


@kernel("void(f8, f8, f8[::1], f8[::1])")
def _cumulants(y_th, width, cumulants, work):
    """Cumulants 1 to 3 of the time from y_r = y_th - width to y_th in units of tau_m, divided by exp(S), exp(2S), exp(3S).

    Positions are counted back from the threshold, u = y_th - d, so that neither a reset close to it nor a far one loses
    digits.  Panels run from the left; each takes -q2 and q3 over from the last by variation of constants, and everything
    is a sum of positive terms.  `work` holds 4 NODES numbers.
    """
    S = y_th * y_th if y_th > 0.0 else 0.0
    unit = exp(-S)
    q, p, r = work[:NODES], work[NODES:2 * NODES], work[2 * NODES:3 * NODES]
    d = max(width, y_th + LEFT)  # where q2 and q3 are known, if not from the reset on
    if S > NEGLIGIBLE:
        # As far back as matters at the threshold, where they may be taken for nothing.
        d = min(d, NEGLIGIBLE / (y_th + np.sqrt(S - NEGLIGIBLE)))
    p2 = p3 = first = second = third = 0.0
    if d - y_th >= LEFT:
        w = d - y_th
        p2 = _asymptotic(np.int32(2), w) * unit * unit
        p3 = _asymptotic(np.int32(3), w) * unit * unit * unit
    while d > 0.0:
        a = y_th - d
        left = a < -LEFT
        step = min(-0.4 * a, max(-LEFT - a, 1e-9)) if left else min(0.75, 1.5 / (abs(a) + 0.75))
        end = max(d - step, 0.0)
        if d > width > end:
            end = width  # the integrals begin exactly at the reset
        half = 0.5 * (d - end)
        if left:
            for i in range(NODES):
                w = max(d - half * (1.0 + GAUSS_NODES[i]) - y_th, LEFT)
                q[i] = _asymptotic(np.int32(1), w) * unit
                p[i] = _asymptotic(np.int32(2), w) * unit * unit
                r[i] = _asymptotic(np.int32(3), w) * unit * unit * unit
            w = max(end - y_th, LEFT)
            p2 = _asymptotic(np.int32(2), w) * unit * unit
            p3 = _asymptotic(np.int32(3), w) * unit * unit * unit
        else:
            p2, p3 = _panel(y_th, d, half, S, unit, p2, p3, q, p, r, work[3 * NODES:])
        if d <= width:
            for i in range(NODES):
                weight = half * GAUSS_WEIGHTS[i]
                first += weight * q[i]
                second += weight * p[i]
                third += weight * r[i]
        d = end
    cumulants[0] = first
    cumulants[1] = 2.0 * second
    cumulants[2] = 6.0 * third


@kernel("f8(f8, f8, f8)")
def _by_panels(y_th, y_r, width):
    """What `_from_tables` gives, where the tables do not reach or the two ends are too close for a difference."""
    S = y_th * y_th if y_th > 0.0 else 0.0
    unit = exp(-S)
    d = width
    if S > NEGLIGIBLE:
        d = min(d, NEGLIGIBLE / (y_th + np.sqrt(S - NEGLIGIBLE)))
    total = 0.0
    while d > 0.0:
        a = y_th - d
        step = -0.4 * a if a < -2.0 else min(0.75, 1.5 / (abs(a) + 0.75))
        end = max(d - step, 0.0)
        half = 0.5 * (d - end)
        for i in range(NODES):
            total += half * GAUSS_WEIGHTS[i] * _scaled_q1(y_th, d - half * (1.0 + GAUSS_NODES[i]), S, unit)
        d = end
    return total / SQRT_PI


@kernel("b1(f8, f8, f8)", inline=True)
def _tables_serve(y_th, y_r, width):
    return (width > CLOSE * (1.0 + abs(y_r))) & (y_r > -TABLE_END) & (y_th < TABLE_END)


@kernel("f8(f8, f8, f8)")
def _passage(y_th, y_r, width):
    """The mean time from y_r to y_th in units of tau_m, divided by exp(S)."""
    if y_th < -FLAT:
        # Noise is all but nothing beside the drive: the deterministic climb, log(w_r / w_th).
        return log1p(width / -y_th)
    if _tables_serve(y_th, y_r, width):
        return SQRT_PI * _from_tables(y_th, y_r, width)
    return SQRT_PI * _by_panels(y_th, y_r, width)


@kernel("UniTuple(f8, 3)(f8, f8, f8, f8, f8)", inline=True)
def _ends(mu, sigma, E_L, V_th, V_reset):
    """y_th, y_r and the distance between them; the last is not the difference of the others, which would cancel."""
    return (V_th - E_L - mu) / sigma, (V_reset - E_L - mu) / sigma, (V_th - V_reset) / sigma


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def log_rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    """Logarithm of the rate in Hz (Siegert 1951; with t_ref Ricciardi 1977)."""
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    S = y_th * y_th if y_th > 0.0 else 0.0
    return log(1000.0) - S - log(t_ref * exp(-S) + tau_m * _passage(y_th, y_r, width))


@kernel("f8(f8)")
def _deepest(tau_m):
    """The y_th beyond which the rate in Hz is below the least float64."""
    return max(np.sqrt(max(749.0 + log(1000.0 / tau_m), 0.0)), ORDINARY)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8)", inline=True)
def _rate_from_tables(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, deepest):
    """The rate in Hz where the tables serve, without a branch; 0 beyond `deepest`; anything elsewhere."""
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    top = min(max(y_th, -TABLE_END), ORDINARY)
    fall = _decay(-top * top) if top > 0.0 else 1.0
    bottom = min(max(y_r, -TABLE_END), ORDINARY)
    value = 1000.0 * fall / (t_ref * fall + tau_m * SQRT_PI * _from_tables(top, bottom, width))
    return value if y_th < deepest else 0.0


@kernel("b1(f8, f8, f8, f8, f8, f8)", inline=True)
def _rate_needs_care(mu, sigma, E_L, V_th, V_reset, deepest):
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    return (y_th < deepest) & ((y_th > ORDINARY) | (not _tables_serve(y_th, y_r, width)))


@kernel("f8(f8, f8, f8, f8, f8, f8, f8)")
def rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    """1000 / (t_ref + tau_m sqrt(pi) integral of exp(u**2) (1 + erf u) from y_r to y_th) in Hz; 0 where it underflows."""
    deepest = _deepest(tau_m)
    if _rate_needs_care(mu, sigma, E_L, V_th, V_reset, deepest):
        return exp(log_rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref))
    return _rate_from_tables(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, deepest)


@kernel("void(f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8[::1])")
def _rates_with_care(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, deepest, out):
    for k in range(out.size):
        if _rate_needs_care(mu[k], sigma[k], E_L, V_th, V_reset, deepest):
            out[k] = exp(log_rate(mu[k], sigma[k], tau_m, E_L, V_th, V_reset, t_ref))


@kernel("void(f8[::1], f8[::1], f8, f8, f8, f8, f8, f8[::1])")
def rates(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out):
    """`rate` for each pair of mu and sigma, into `out`."""
    deepest = _deepest(tau_m)
    for start in range(0, out.size, BLOCK):
        m, g, o = mu[start:start + BLOCK], sigma[start:start + BLOCK], out[start:start + BLOCK]
        # Two loops without a branch in them, and a third only where it is needed.
        for k in range(o.size):
            o[k] = _rate_from_tables(m[k], g[k], tau_m, E_L, V_th, V_reset, t_ref, deepest)
        careful = 0
        for k in range(o.size):
            careful += _rate_needs_care(m[k], g[k], E_L, V_th, V_reset, deepest)
        if careful:
            _rates_with_care(m, g, tau_m, E_L, V_th, V_reset, t_ref, deepest, o)


@kernel("void(f8, f8, f8, f8, f8, f8, f8, f8[::1], f8[::1])")
def interval_cumulants(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, cumulants, work):
    """Cumulants 1 to 3 of the interspike interval in ms, ms**2 and ms**3, divided by exp(S), exp(2 S) and exp(3 S).

    `cumulants` takes four numbers, the last of them S; `work` holds 4 NODES.
    """
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    S = y_th * y_th if y_th > 0.0 else 0.0
    if y_th < -FLAT:
        # The leading terms for little noise; the general path would ask for more digits than there are.
        w_th, w_r = 1.0 / -y_th, 1.0 / -y_r
        cumulants[0] = log1p(width / -y_th)
        cumulants[1] = 0.5 * (w_th - w_r) * (w_th + w_r)
        cumulants[2] = 0.75 * (w_th - w_r) * (w_th + w_r) * (w_th * w_th + w_r * w_r)
    else:
        _cumulants(y_th, width, cumulants, work)
    cumulants[0] = t_ref * exp(-S) + tau_m * cumulants[0]
    cumulants[1] *= tau_m * tau_m
    cumulants[2] *= tau_m * tau_m * tau_m
    cumulants[3] = S


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8[::1])")
def interval_variation(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, work):
    """Coefficient of variation of the interspike interval (Brunel 2000, appendix A.1); `work` holds 4 NODES + 4 numbers."""
    cumulants = work[4 * NODES:]
    interval_cumulants(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, cumulants, work)
    return np.sqrt(cumulants[1]) / cumulants[0]


@kernel("void(f8[::1], f8[::1], f8, f8, f8, f8, f8, f8[:, ::1], f8[::1])")
def cumulants_of_intervals(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, cumulants, work):
    """`interval_cumulants` for each pair of mu and sigma, into the rows of `cumulants`."""
    for k in range(mu.size):
        interval_cumulants(mu[k], sigma[k], tau_m, E_L, V_th, V_reset, t_ref, cumulants[k], work)


@kernel("f8(f8, f8, f8)")
def _gaussian_window(a, b, width):
    """Integral of exp(u**2 - m) from a to b = a + width, with m the larger of a**2 and b**2."""
    if width * (abs(a) + abs(b)) < 2.0 and width < 1.0:
        top = max(abs(a), abs(b))
        total = 0.0
        for i in range(NODES):
            u = a + 0.5 * width * (1.0 + GAUSS_NODES[i])
            total += GAUSS_WEIGHTS[i] * exp((u - top) * (u + top))
        return 0.5 * width * total
    # m subtracted from both exponents, as a product.
    fall = exp(-abs(width * (a + b)))
    return dawson(b) - fall * dawson(a) if abs(b) >= abs(a) else fall * dawson(b) - dawson(a)


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8)")
def density(V, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref):
    """Stationary density of the potential in 1/mV; its integral is the probability of not being refractory.

    2 nu tau_m / sigma exp(-y**2) integral of exp(u**2) from max(y, y_r) to y_th        (Brunel & Hakim 1999)
    """
    if V >= V_th:
        return 0.0
    y_th, y_r, width = _ends(mu, sigma, E_L, V_th, V_reset)
    y = (V - E_L - mu) / sigma
    below = V < V_reset
    a = y_r if below else y
    reach = width if below else (V_th - V) / sigma
    # What the window was divided by, and what is left of exp(-S - y**2), in products of differences.
    largest_at_threshold = abs(y_th) >= abs(a)
    S = y_th * y_th if y_th > 0.0 else 0.0
    if largest_at_threshold:
        exponent = -y * y if y_th > 0.0 else (y_th - y) * (y_th + y)
    else:
        exponent = -S + ((V_reset - V) / sigma * (y_r + y) if below else 0.0)
    scaled_interval = t_ref * exp(-S) + tau_m * _passage(y_th, y_r, width)
    return 2.0 * tau_m / sigma * exp(exponent) * _gaussian_window(a, y_th, reach) / scaled_interval


@kernel("void(f8[::1], f8, f8, f8, f8, f8, f8, f8, f8[::1])")
def densities(V, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out):
    """`density` at each V, into `out`."""
    for k in range(V.size):
        out[k] = density(V[k], mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)

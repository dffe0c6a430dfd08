"""exp, log, expm1, log1p, tanh, sin, cos and arctan in plain float64 arithmetic.

Every processor and browser rounds ``+ - * /`` in the same way, but each brings its own ``exp`` and ``log``, and their
last digits differ.  These are made of those four operations and of shifts only.  So a spike time has the same 64 bits
in a notebook on any machine and in the page of any browser.

Each reduces its argument to a small interval and sums a Taylor polynomial there (Muller, *Elementary Functions*, 3rd ed.
2016, chapters 3 and 11).  Against 40-digit arithmetic the largest error found is 1.5 units in the last place, and 2.2
for `tanh`; the tests hold these bounds.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel

__all__ = ["arctan", "cos", "exp", "expm1", "log", "log1p", "sin", "tanh"]

LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first ends in 21 zero bits, so that its product with an exponent is exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer
EXP_OVERFLOW = 709.782712893384
EXP_UNDERFLOW = -745.1332191019412
SQRT_HALF = 0.7071067811865476
ONE_BITS = 0x3FF0000000000000
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
TWO_54 = 18014398509481984.0


@kernel("f8(i8)")
def _power_of_two(k):
    """2**k for -1022 <= k <= 1023."""
    return np.int64((k + 1023) << 52).view(np.float64)


@kernel("f8(f8)", inline=True)
def _exp_tail(r):
    """exp(r) - 1 - r for |r| <= ln(2)/2: the Taylor series from r**2/2 to r**14/14!."""
    p = 1.0 / 87178291200.0
    p = p * r + 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return p * r * r


@kernel("UniTuple(f8, 2)(f8)")
def _reduced(x):
    """k and exp(r) - 1 with x = k ln(2) + r, k whole and |r| <= ln(2)/2."""
    k = (x * LOG2_E + ROUND) - ROUND
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    return k, high + (_exp_tail(high - low) - low)


@kernel("f8(f8)")
def exp(x):
    """e**x."""
    if x != x:
        return x
    if x > EXP_OVERFLOW:
        return np.inf
    if x < EXP_UNDERFLOW:
        return 0.0
    k, rest = _reduced(x)
    half = np.int64(k) >> 1
    # Two factors, because 2**k alone can be out of range where the product is not.
    return (1.0 + rest) * _power_of_two(half) * _power_of_two(np.int64(k) - half)


@kernel("f8(f8)")
def expm1(x):
    """e**x - 1, without cancellation for small x."""
    if x != x:
        return x
    if x > EXP_OVERFLOW:
        return np.inf
    if x < -40.0:
        return -1.0
    k, rest = _reduced(x)
    if k == 0.0:
        return rest
    if k == 1024.0:
        return (rest + 1.0) * 2.0 * _power_of_two(np.int64(1023))
    scale = _power_of_two(np.int64(k))
    if k > 60.0:
        return (rest + 1.0) * scale
    return rest * scale + (scale - 1.0)


@kernel("f8(f8)")
def log(x):
    """Natural logarithm; -inf at 0, NaN below."""
    if x != x or x == np.inf:
        return x
    if x <= 0.0:
        return -np.inf if x == 0.0 else np.nan
    exponent = np.int64(0)
    if x < 2.2250738585072014e-308:
        x *= TWO_54
        exponent -= 54
    bits = np.float64(x).view(np.int64)
    exponent += (bits >> 52) - 1023
    m = np.int64((bits & MANTISSA_BITS) | ONE_BITS).view(np.float64)
    if m > 2.0 * SQRT_HALF:
        m *= 0.5
        exponent += 1
    # log(1 + f) = 2 artanh(s), s = f / (2 + f), with |s| < 0.172; f - f**2/2 is split off because it is exact enough.
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 2.0 / 23.0
    p = p * z + 2.0 / 21.0
    p = p * z + 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    half_square = 0.5 * f * f
    e = np.float64(exponent)
    return e * LN2_HIGH - ((half_square - (s * (half_square + z * p) + e * LN2_LOW)) - f)


@kernel("f8(f8)")
def log1p(x):
    """log(1 + x), without cancellation for small x."""
    u = 1.0 + x
    if u <= 0.0 or u == np.inf or u != u:
        return log(u)
    # The second term makes good what rounding 1 + x lost.
    return log(u) + (x - (u - 1.0)) / u


@kernel("f8(f8)")
def tanh(x):
    """Hyperbolic tangent."""
    a = abs(x)
    if a > 22.0:
        t = 1.0
    else:
        e = expm1(2.0 * a)
        t = e / (e + 2.0)
    return -t if x < 0.0 else t


# pi/2 in three parts; the first two end in zero bits, so that their products with a small whole number are exact.
HALF_PI_HIGH = 1.57079632673412561417e+00
HALF_PI_MIDDLE = 6.07710050630396597660e-11
HALF_PI_LOW = 2.02226624879595063154e-21
TWO_OVER_PI = 0.6366197723675814
TWO_PI = 6.283185307179586


@kernel("UniTuple(f8, 2)(f8, i8)")
def _cos_sin_of_quadrant(r, quadrant):
    """Cosine and sine of r + quadrant * pi/2 for |r| <= pi/4: Taylor series to r**16 and r**17."""
    z = r * r
    c = 1.0 / 20922789888000.0
    c = c * z - 1.0 / 87178291200.0
    c = c * z + 1.0 / 479001600.0
    c = c * z - 1.0 / 3628800.0
    c = c * z + 1.0 / 40320.0
    c = c * z - 1.0 / 720.0
    c = c * z + 1.0 / 24.0
    cosine = 1.0 - (0.5 * z - c * z * z)
    s = 1.0 / 355687428096000.0
    s = s * z - 1.0 / 1307674368000.0
    s = s * z + 1.0 / 6227020800.0
    s = s * z - 1.0 / 39916800.0
    s = s * z + 1.0 / 362880.0
    s = s * z - 1.0 / 5040.0
    s = s * z + 1.0 / 120.0
    s = s * z - 1.0 / 6.0
    sine = r + r * z * s
    if quadrant & 1:
        cosine, sine = -sine, cosine
    if quadrant & 2:
        cosine, sine = -cosine, -sine
    return cosine, sine


@kernel("UniTuple(f8, 2)(f8)")
def cos_sin(x):
    """Cosine and sine of x; to the last digits for |x| below a million, and NaN beyond a thousand million."""
    if not abs(x) < 1e9:
        return np.nan, np.nan
    k = (x * TWO_OVER_PI + ROUND) - ROUND
    r = ((x - k * HALF_PI_HIGH) - k * HALF_PI_MIDDLE) - k * HALF_PI_LOW
    return _cos_sin_of_quadrant(r, np.int64(k))


@kernel("UniTuple(f8, 2)(f8)")
def cos_sin_turns(x):
    """Cosine and sine of 2 pi x: of an angle given in turns, which is reduced without an error."""
    if not abs(x) < 1e15:
        return (1.0, 0.0) if abs(x) < np.inf else (np.nan, np.nan)
    k = (4.0 * x + ROUND) - ROUND
    return _cos_sin_of_quadrant(TWO_PI * (x - 0.25 * k), np.int64(k))


@kernel("f8(f8)")
def cos(x):
    """Cosine; NaN beyond a thousand million."""
    return cos_sin(x)[0]


@kernel("f8(f8)")
def sin(x):
    """Sine; NaN beyond a thousand million."""
    return cos_sin(x)[1]


# arctan(j/8) for j from 0 to 8, and what rounding it to 53 bits left out. Arrays: a tuple would check its index.
ARCTAN_OF_EIGHTHS = np.array([
    0.0, 0.12435499454676144, 0.24497866312686414, 0.35877067027057225, 0.4636476090008061, 0.5585993153435624,
    0.6435011087932844, 0.7188299996216245, 0.7853981633974483])
ARCTAN_OF_EIGHTHS_REST = np.array([
    0.0, -3.1253241424539383e-18, 1.0698755618734451e-17, -2.4623815582638635e-17, 2.2698777452961687e-17,
    -5.4556305485916264e-18, 1.5834785051444286e-17, -2.1478388444456983e-17, 3.061616997868383e-17])

NEAREST_HALF_PI = 1.5707963267948966
NEAREST_HALF_PI_REST = 6.123233995736766e-17


@kernel("f8(f8)")
def arctan(x):
    """Arc tangent, from -pi/2 to pi/2."""
    if x != x:
        return x
    a = abs(x)
    inverted = a > 1.0
    if inverted:
        a = 1.0 / a
    # arctan(a) = arctan(c) + arctan((a - c) / (1 + a c)) with the nearest c of 1/8, 1/4 ... 1, or 0 up to a = 0.1, where
    # the sum with arctan(1/8) would lose digits.
    j = np.int64(8.0 * a + 0.5) if a > 0.1 else np.int64(0)
    c = 0.125 * j
    r = (a - c) / (1.0 + a * c)
    z = r * r
    p = 1.0 / 17.0
    p = p * z - 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z - 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z - 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z - 1.0 / 3.0
    y = ARCTAN_OF_EIGHTHS[j] + (ARCTAN_OF_EIGHTHS_REST[j] + (r + r * z * p))
    if inverted:
        y = NEAREST_HALF_PI - (y - NEAREST_HALF_PI_REST)
    return -y if x < 0.0 else y

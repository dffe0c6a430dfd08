"""Random numbers for a population: one stream a neuron, the same in every block, thread and page.

A neuron's stream is xoshiro128++ (Blackman & Vigna 2021, ACM Transactions on Mathematical Software 47: 36), four words
of 32 bits, seeded with two outputs of splitmix64 (Steele, Lea & Flood 2014).  Two of its numbers make two independent
normal variables (Box & Muller 1958)::

    r = sqrt(-2 log u);    z1 = r cos(2 pi w),  z2 = r sin(2 pi w)

The logarithm, sine and cosine are polynomials without a branch, so that a loop over neurons becomes vector
instructions; their error is below 1e-9.  With u of 32 bits no normal variable lies beyond 6.77.
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel

__all__ = ["random_normals", "random_words", "seed_streams"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
LOW_32 = np.uint64(0xFFFFFFFF)
TWO_M32 = 2.0**-32
TWO_52_BITS = 0x4330000000000000
TWO_52 = 4503599627370496.0
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
LN_2 = 0.6931471805599453
QUARTER_TURN = 1.5707963267948966


@kernel("u8(u8)")
def _mixed(x):
    """The scrambler of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * MIX_1
    x = (x ^ (x >> np.uint64(27))) * MIX_2
    return x ^ (x >> np.uint64(31))


@kernel("UniTuple(u4, 5)(u4, u4, u4, u4)", inline=True)
def _next(a, b, c, d):
    """The next number of xoshiro128++ and its four words afterwards."""
    total = np.uint32(a + d)
    number = np.uint32(np.uint32(np.uint32(total << np.uint32(7)) | np.uint32(total >> np.uint32(25))) + a)
    shifted = np.uint32(b << np.uint32(9))
    c = np.uint32(c ^ a)
    d = np.uint32(d ^ b)
    b = np.uint32(b ^ c)
    a = np.uint32(a ^ d)
    c = np.uint32(c ^ shifted)
    d = np.uint32(np.uint32(d << np.uint32(11)) | np.uint32(d >> np.uint32(21)))
    return number, a, b, c, d


@kernel("f8(u4)", inline=True)
def _uniform(number):
    """(number + 1/2) / 2**32, between 0 and 1 and never either."""
    # The word set into the mantissa of 2**52: not every processor turns unsigned words into floats several at a time.
    return (np.int64(np.int64(number) | TWO_52_BITS).view(np.float64) - TWO_52 + 0.5) * TWO_M32


@kernel("UniTuple(f8, 2)(u4, u4)", inline=True)
def _normal_pair(first, second):
    """Two independent standard normal variables from two random words."""
    bits = np.float64(_uniform(first)).view(np.int64)
    # u = m 2**e with m between sqrt(1/2) and sqrt(2); 1023 keeps the shifted exponent positive.
    above = bits - SQRT_HALF_BITS + (1023 << 52)
    exponent = np.int64((above >> 52) | TWO_52_BITS).view(np.float64) - (TWO_52 + 1023.0)
    m = np.int64((above & MANTISSA_BITS) + SQRT_HALF_BITS).view(np.float64)
    # log m = 2 artanh(s)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    p = 2.0 / 11.0
    p = p * square + 2.0 / 9.0
    p = p * square + 2.0 / 7.0
    p = p * square + 2.0 / 5.0
    p = p * square + 2.0 / 3.0
    p = p * square + 2.0
    r = np.sqrt(-2.0 * (exponent * LN_2 + s * p))
    # Thirty bits choose an angle between -pi/4 and pi/4, the other two one of four quarters.
    w = (_uniform(np.uint32(second & np.uint32(0xFFFFFFFC))) - 0.5) * QUARTER_TURN
    square = w * w
    p = -1.0 / 39916800.0
    p = p * square + 1.0 / 362880.0
    p = p * square - 1.0 / 5040.0
    p = p * square + 1.0 / 120.0
    p = p * square - 1.0 / 6.0
    sine = w + w * square * p
    p = -1.0 / 3628800.0
    p = p * square + 1.0 / 40320.0
    p = p * square - 1.0 / 720.0
    p = p * square + 1.0 / 24.0
    p = p * square - 0.5
    cosine = 1.0 + square * p
    exchanged = np.uint32(second & np.uint32(1)) != np.uint32(0)
    r = -r if np.uint32(second & np.uint32(2)) != np.uint32(0) else r
    return r * (sine if exchanged else cosine), r * (cosine if exchanged else sine)


@kernel("void(u4[::1], i4, u4[:, ::1])")
def seed_streams(seed, first, words):
    """Sets words[:, j] to the start of the stream of neuron first + j.

    `seed` holds the low and the high half of a 64-bit seed; `words` has the shape (4, neurons).  Neuron i takes the
    outputs 2 i and 2 i + 1 of the splitmix64 that starts at the scrambled seed.
    """
    start = _mixed((np.uint64(seed[0]) | (np.uint64(seed[1]) << np.uint64(32))) + GOLDEN)
    for j in range(words.shape[1]):
        x = start + (np.uint64(first) + np.uint64(j)) * (GOLDEN + GOLDEN)
        for half in range(2):
            x += GOLDEN
            output = _mixed(x)
            words[2 * half, j] = np.uint32(output & LOW_32)
            words[2 * half + 1, j] = np.uint32(output >> np.uint64(32))


@kernel("void(u4[:, ::1], u4[:, ::1])")
def random_words(words, numbers):
    """The next numbers of each stream of `words`, shape (4, streams), into `numbers`, shape (draws, streams)."""
    for j in range(words.shape[1]):
        a, b, c, d = words[0, j], words[1, j], words[2, j], words[3, j]
        for k in range(numbers.shape[0]):
            numbers[k, j], a, b, c, d = _next(a, b, c, d)
        words[0, j] = a
        words[1, j] = b
        words[2, j] = c
        words[3, j] = d


@kernel("void(u4[:, ::1], f8[:, ::1])")
def random_normals(words, normals):
    """Normal variables from each stream of `words`, shape (4, streams), into `normals`, shape (draws, streams).

    They are drawn in pairs: an odd last one leaves its fellow unused.
    """
    for j in range(words.shape[1]):
        a, b, c, d = words[0, j], words[1, j], words[2, j], words[3, j]
        for k in range(0, normals.shape[0], 2):
            first, a, b, c, d = _next(a, b, c, d)
            second, a, b, c, d = _next(a, b, c, d)
            one, two = _normal_pair(first, second)
            normals[k, j] = one
            if k + 1 < normals.shape[0]:
                normals[k + 1, j] = two
        words[0, j] = a
        words[1, j] = b
        words[2, j] = c
        words[3, j] = d

"""Arithmetic on words of s16.15: 32 bits, of which 15 stand behind the binary point.

    a b / 2**15 has 15 bits too many; FLOOR drops them, NEAREST adds half a unit before, STOCHASTIC rounds up with the
    probability that they make

Sums and products are formed with 64 bits, where they are exact.  Brought back to 32, a sum wraps around; a product
wraps under FLOOR and stops at the end of the range under the other two.
"""

from __future__ import annotations

from lifcore.kernels._jit import kernel

__all__ = ["FLOOR", "HIGHEST", "LOWEST", "NEAREST", "ONE", "STOCHASTIC", "multiply", "scaled", "wrapped"]

FLOOR, NEAREST, STOCHASTIC = 0, 1, 2
POINT = 15
ONE = 1 << POINT
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


@kernel("i8(i8)", inline=True)
def wrapped(x):
    """x modulo 2**32, as a signed word."""
    return ((x - LOWEST) & 0xFFFFFFFF) + LOWEST


@kernel("i8(i8, i8, i4, i8)", inline=True)
def unbounded_product(a, b, rounding, random):
    """The rounded product of two words before it is brought back to 32 bits."""
    product = a * b
    if rounding == NEAREST:
        return (product + (ONE >> 1)) >> POINT
    if rounding == STOCHASTIC and (random & (ONE - 1)) < (product & (ONE - 1)):
        return (product >> POINT) + 1
    return product >> POINT


@kernel("i8(i8, i4)", inline=True)
def bounded_product(product, rounding):
    """A rounded product brought back to 32 bits."""
    if rounding == FLOOR:
        return wrapped(product)
    return min(max(product, LOWEST), HIGHEST)


@kernel("i8(i8, i8, i4, i8)")
def multiply(a, b, rounding, random):
    """The product of two words; the lowest 15 bits of `random` are used if `rounding` is STOCHASTIC."""
    return bounded_product(unbounded_product(a, b, rounding, random), rounding)


@kernel("i8(i8, i8)")
def scaled(a, factor):
    """A word times a factor of u0.32, whose 32 bits all stand behind the point; what is below the last bit is dropped."""
    return (a * factor) >> 32

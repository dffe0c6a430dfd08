"""Numbers without a floating point: an integer word and a point that never moves.

A word w of a format with f bits behind the point stands for w / 2**f.  Neighbours are 2**-f apart everywhere, near zero
and at the end of the range alike.  Words are added and multiplied as integers:

    (a / 2**f) (b / 2**f) = (a b / 2**f) / 2**f

where the f lowest bits of a b have to go.  SpiNNaker keeps potentials and currents in s16.15 (a sign, 16 bits before the
point and 15 behind it) and the factors of its synapses in u0.32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, flag, instance_of, one_of, together, words
from lifcore.kernels import fixed_point as kernels
from lifcore.neuron import LARGEST

__all__ = ["S1615", "U032", "Format", "add", "divide", "multiply", "scale", "subtract", "to_fixed", "to_float"]

ROUNDINGS = {"floor": kernels.FLOOR, "nearest": kernels.NEAREST, "stochastic": kernels.STOCHASTIC}
OVERFLOWS = ("refuse", "saturate", "wrap")


@dataclass(frozen=True)
class Format:
    """A fixed-point format.

    Parameters
    ----------
    bits : int
        Length of the word, 2 to 53: a float64 holds each of them.
    fraction : int
        How many of its bits stand behind the point, 0 to `bits`.
    signed : bool
        Whether one bit is a sign (two's complement).
    """

    bits: int
    fraction: int
    signed: bool

    def __post_init__(self):
        for name, value, low, high in (("bits", self.bits, 2, 53), ("fraction", self.fraction, 0, self.bits)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}")

        object.__setattr__(self, "signed", flag("signed", self.signed))

    def __str__(self):
        return f"{'s' if self.signed else 'u'}{self.bits - self.fraction - self.signed}.{self.fraction}"

    @property
    def lowest(self) -> int:
        """The lowest word."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """The highest word."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def resolution(self) -> float:
        """Difference of the numbers that two neighbouring words stand for."""
        return 2.0**-self.fraction


S1615 = Format(bits=32, fraction=15, signed=True)
U032 = Format(bits=32, fraction=32, signed=False)


def _format(form):
    return instance_of("form", form, Format, "a Format, as S1615")


def _words(name, value, form=S1615):
    """Words of a format as an array of int64, or an error that names them."""
    _format(form)
    return words(name, value, form.lowest, form.highest, f"a word of {form}", strict=True)


def _rounding(rounding, random, name="random"):
    """The kernel's number of a way to round, and random numbers of 15 bits where it needs them."""
    one_of("rounding", rounding, ROUNDINGS)
    if (random is not None) != (rounding == "stochastic"):
        raise ValueError(
            f"{name} must be given for rounding='stochastic', and only then, got "
            f"{'nothing' if random is None else 'numbers'} for rounding={rounding!r}")
    return ROUNDINGS[rounding]


def to_fixed(x, form: Format = S1615, rounding: str = "nearest", overflow: str = "refuse", register: str = "x"):
    """Words that stand for given numbers.

    Parameters
    ----------
    x : array_like
        Numbers.
    form : Format
        `S1615`, `U032` or another one.
    rounding : {"nearest", "floor", "truncate"}
        To the nearest word, a tie upwards; to the next lower one; to the next one towards zero.
    overflow : {"refuse", "saturate", "wrap"}
        What becomes of a number whose word is out of range: an error, the end of the range, or the word that has the same
        lowest bits.
    register : str
        Where the words go, for the error's text.

    Returns
    -------
    int64 or ndarray of int64
        The words, as integers.

    Raises
    ------
    TypeError, ValueError
        Naming the register, its value and what is allowed.
    """
    _format(form)
    one_of("rounding", rounding, ("nearest", "floor", "truncate"))
    one_of("overflow", overflow, OVERFLOWS)
    if not isinstance(register, str) or not register:
        raise TypeError(f"register must be the name of a register, got {register!r}")
    x = finite_array(register, x, f"units of {form}", at_least=-LARGEST, at_most=LARGEST)
    # Every step of this is exact: a power of two, a whole part, a distance to it.
    exact = x * 2.0**form.fraction
    found = np.trunc(exact) if rounding == "truncate" else np.floor(exact)
    if rounding == "nearest":
        found = found + (exact - found >= 0.5)
    wrong = (found < form.lowest) | (found > form.highest)
    if overflow == "refuse" and np.any(wrong):
        lowest, highest = form.lowest * form.resolution, form.highest * form.resolution
        raise ValueError(
            f"{register} must be from {lowest:.10g} to {highest:.10g}, the range of {form}, got {x[wrong].flat[0]:.10g}")
    if overflow == "saturate":
        found = np.clip(found, form.lowest, form.highest)
    elif np.any(wrong):
        span = 2.0**form.bits
        found = np.fmod(found, span)
        found = np.where(found > form.highest, found - span, np.where(found < form.lowest, found + span, found))
    return found.astype(np.int64)[()]


def to_float(words, form: Format = S1615):
    """The numbers that words stand for, exactly.

    Parameters
    ----------
    words : array_like of int
    form : Format

    Returns
    -------
    float64 or ndarray of float64
    """
    return (_words("words", words, form) * form.resolution)[()]


def multiply(a, b, rounding: str = "nearest", random=None):
    """Products of words of s16.15 as SpiNNaker's library forms them.

    Parameters
    ----------
    a, b : array_like of int
        Words; they broadcast.
    rounding : {"nearest", "floor", "stochastic"}
        What becomes of the 15 lowest bits of the integers' product. ``"floor"`` drops them, and a product out of range
        wraps. ``"nearest"`` adds half a unit before, a tie upwards; ``"stochastic"`` rounds up with the probability that
        the dropped bits make; both stop at the ends of the range.
    random : array_like of int, optional
        Random integers from 0 to 32767, for ``"stochastic"`` and only then: the product is rounded up if the number is
        below the dropped bits.

    Returns
    -------
    int64 or ndarray of int64

    References
    ----------
    Hopkins, Mikaitis, Lester & Furber (2020), Philosophical Transactions of the Royal Society A 378: 20190052.
    """
    mode = _rounding(rounding, random)
    random = 0 if random is None else words("random", random, 0, kernels.ONE - 1, "a random number of 15 bits")
    a, b, random = together(a=_words("a", a), b=_words("b", b), random=np.asarray(random))
    return kernels.multiply.ufunc(a, b, np.int32(mode), random)


def _wrapped(x):
    return kernels.wrapped.ufunc(x)


def _pair(a, b):
    return together(a=_words("a", a), b=_words("b", b))


def add(a, b):
    """Sums of words of s16.15, which wrap around; arguments and result as in `multiply`."""
    a, b = _pair(a, b)
    return _wrapped(a + b)


def subtract(a, b):
    """Differences of words of s16.15, which wrap around; arguments and result as in `multiply`."""
    a, b = _pair(a, b)
    return _wrapped(a - b)


def divide(a, b):
    """Quotients of words of s16.15, cut off towards zero; one out of range wraps.

    Arguments and result as in `multiply`; a divisor that is zero is refused.
    """
    a, b = _pair(a, b)
    if np.any(b == 0):
        raise ValueError("b must not be 0, got 0")
    quotient = np.abs(a) * kernels.ONE // np.abs(b)
    return _wrapped(np.where((a < 0) != (b < 0), -quotient, quotient)[()])


def scale(a, factor):
    """Words of s16.15 times factors of u0.32; the bits below the last one are dropped.

    Parameters
    ----------
    a : array_like of int
        Words of s16.15.
    factor : array_like of int
        Words of u0.32: factors from 0 to just below 1.

    Returns
    -------
    int64 or ndarray of int64
    """
    return kernels.scaled.ufunc(*together(a=_words("a", a), factor=_words("factor", factor, U032)))

"""Checks of arguments: an error names the argument, the value and what is allowed."""

from __future__ import annotations

import math
import numbers

import numpy as np

__all__ = [
    "finite_array", "finite_number", "flag", "function", "generator", "instance_of", "one_of", "real_array",
    "seed_or_generator", "several", "together", "whole_number", "words",
]


def one_of(name: str, value, options) -> str:
    """`value`, if it is one of some words, or an error."""
    # Arrays have no truth value and lists no hash: only a word is looked for.
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def several(name: str, value, options) -> tuple[str, ...]:
    """`value`, one of some words or a sequence of them, as a tuple, or an error."""
    given = (value,) if isinstance(value, str) or not np.iterable(value) else tuple(value)
    for word in given:
        if not isinstance(word, str) or word not in options:
            raise ValueError(f"{name} must be some of {', '.join(map(repr, options))}, got {word!r}")
    return given


def flag(name: str, value) -> bool:
    """`value` as a truth value, or an error."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def instance_of(name: str, value, kind: type, described: str):
    """`value`, if it is of a kind, described for the message, or an error."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {described}, got {value!r}")
    return value


def function(name: str, value, described: str):
    """`value`, if it can be called, or an error."""
    if not callable(value):
        raise TypeError(f"{name} must be {described}, got {value!r}")
    return value


def together(**arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays in their common shape, or an error that names them."""
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = " and ".join(str(array.shape) for array in arrays.values())
        raise ValueError(f"{' and '.join(arrays)} must broadcast together, got shapes {shapes}") from None


def seed_or_generator(rng):
    """`rng`, if it is a seed, a generator or None, or an error."""
    return rng if rng is None or isinstance(rng, np.random.Generator) else whole_number("rng", rng, at_least=0)


def generator(rng) -> np.random.Generator:
    """The generator that `rng` is, or that it is a seed of."""
    return np.random.default_rng(seed_or_generator(rng))


def finite_number(
    name: str, value, unit: str, above: float | None = None, at_least: float | None = None, at_most: float | None = None
) -> float:
    """`value` as a float, or an error.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value
        A real number; NumPy scalars and 0-dimensional arrays are numbers too, booleans and strings are not.
    unit : str
        The argument's unit, for the message; empty for a number without one.
    above, at_least, at_most : float, optional
        Bounds, the first exclusive, the others inclusive.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a number{unit and ' in ' + unit}, got {value!r}")
    try:
        given = np.asarray(value, dtype=np.float64)
    except OverflowError:
        given = np.asarray(math.inf if value > 0 else -math.inf)  # an integer beyond all floats
    return float(_bounded(name, given, unit, above, at_least, at_most))


def finite_array(
    name: str, value, unit: str, above: float | None = None, at_least: float | None = None, at_most: float | None = None
) -> np.ndarray:
    """`value` as a float64 array of any shape (0-dimensional for a number), or an error; bounds as above."""
    return _bounded(name, real_array(name, value, unit), unit, above, at_least, at_most)


def real_array(name: str, value, unit: str) -> np.ndarray:
    """`value` as a float64 array of any shape, which may be infinite or NaN, or an error."""
    try:
        given = np.asarray(value)
    except ValueError:
        given = None  # rows of different lengths
    if given is None or given.dtype.kind not in "iuf" and given.size:
        raise TypeError(f"{name} must be a number or an array of numbers{unit and ' in ' + unit}, got {value!r}")
    return given.astype(np.float64, copy=False) if given.size else np.empty(given.shape)


def whole_number(name: str, value, at_least: int) -> int:
    """`value` as an int, or an error."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number of at least {at_least}, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be a whole number of at least {at_least}, got {value}")
    return int(value)


def words(
    name: str, value, lowest: int, highest: int, kind: str = "", strict: bool = False, dtype=np.int64
) -> np.ndarray:
    """`value` as an array of integers of any shape, or an error: what a register of a machine holds.

    Parameters
    ----------
    name : str
        The register's name, for the message.
    value
        An integer or an array of integers; truth values count as 0 and 1, floats are taken if they are whole.
    lowest, highest : int
        The register's range, both inclusive.
    kind : str
        What the integer is, for the message, as "a word of s16.15".
    strict : bool
        Whether whole floats and truth values are refused too: where a word could be mistaken for the number it stands for.
    dtype
        What the array is to be made of; it has to hold the range.
    """
    whole = f"{name} must be {kind or 'a whole number or an array of whole numbers'}"
    within = f"{name} must be {kind + ', ' if kind else ''}from {lowest} to {highest}"
    try:
        given = np.asarray(value)
    except (ValueError, OverflowError):
        given = None
    # Integers beyond 64 bits become objects.
    if given is not None and given.dtype == object and given.size and all(type(x) is int for x in given.flat):
        raise ValueError(f"{within}, got {max(given.flat, key=abs)}")
    if given is None or given.dtype.kind not in ("iu" if strict else "biuf") and given.size:
        raise TypeError(f"{whole}, got {value!r}")
    if given.dtype.kind == "f":
        given = given.astype(np.float64, copy=False)
        broken = ~(np.isfinite(given) & (np.floor(given) == given))
        if np.any(broken):
            raise TypeError(f"{whole}, got {given[broken].flat[0]:g}")
    # What an array's own type cannot hold need not be looked for.
    if given.size and not (given.dtype.kind in "iu" and lowest <= np.iinfo(given.dtype).min
                           and np.iinfo(given.dtype).max <= highest):
        # As integers of Python: floats near 2**63 are not exact enough.
        for wrong in (int(given.min()), int(given.max())):
            if not lowest <= wrong <= highest:
                raise ValueError(f"{within}, got {wrong}")
    return given.astype(dtype, copy=False)


def _bounded(name, values, unit, above, at_least, at_most):
    allowed, wrong = ["finite"], ~np.isfinite(values)
    for bound, words, holds in (
            (above, "greater than", np.greater), (at_least, "at least", np.greater_equal),
            (at_most, "at most", np.less_equal)):
        if bound is not None:
            allowed.append(f"{words} {bound:g} {unit}".rstrip())
            wrong = wrong | ~holds(values, bound)
    if np.any(wrong):
        raise ValueError(f"{name} must be {' and '.join(allowed)}, got {values[wrong].flat[0]:g} {unit}".rstrip())
    if at_least == 0.0 and np.any(np.signbit(values)):
        # A zero with a sign would change the sign of what is divided by it.
        values = values + 0.0
    return values

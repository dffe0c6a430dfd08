"""Checks of arguments: an error names the argument, the value and what is allowed."""

from __future__ import annotations

import numbers

import numpy as np

__all__ = ["finite_array", "finite_number", "whole_number"]


def finite_number(name: str, value, unit: str, above: float | None = None, at_least: float | None = None) -> float:
    """`value` as a float, or an error.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value
        A real number; NumPy scalars and 0-dimensional arrays are numbers too, booleans and strings are not.
    unit : str
        The argument's unit, for the message.
    above, at_least : float, optional
        Bounds, the first exclusive, the second inclusive.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a number in {unit}, got {value!r}")
    return float(_bounded(name, np.float64(value), unit, above, at_least))


def finite_array(
    name: str, value, unit: str, above: float | None = None, at_least: float | None = None
) -> np.ndarray:
    """`value` as a float64 array of any shape (0-dimensional for a number), or an error; bounds as above."""
    given = np.asarray(value)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers in {unit}, got {value!r}")
    return _bounded(name, given.astype(np.float64, copy=False), unit, above, at_least)


def whole_number(name: str, value, at_least: int) -> int:
    """`value` as an int, or an error."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number of at least {at_least}, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be a whole number of at least {at_least}, got {value}")
    return int(value)


def _bounded(name, values, unit, above, at_least):
    allowed, wrong = "finite", ~np.isfinite(values)
    if above is not None:
        allowed, wrong = f"finite and greater than {above:g} {unit}", wrong | ~(values > above)
    elif at_least is not None:
        allowed, wrong = f"finite and at least {at_least:g} {unit}", wrong | ~(values >= at_least)
    if np.any(wrong):
        culprit = values[wrong].flat[0] if np.ndim(values) else values
        raise ValueError(f"{name} must be {allowed}, got {culprit:g} {unit}")
    return values

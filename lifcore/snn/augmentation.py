"""More to train on: images that are shifted or bent a little show the same digit.

    warped[i, j] = image at (i, j) + A (i - middle, j - middle) + shift,   A of small random numbers

Only additions and products of single numbers, so that the same generator gives the same bits on every machine.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore._validate import finite_number, instance_of, whole_number

__all__ = ["shift", "warp"]


def shift(x, rng: np.random.Generator, most: int = 1) -> np.ndarray:
    """Each sample moved by whole pixels, up to `most` in every direction; what comes in from outside is 0.

    Parameters
    ----------
    x : ndarray, shape (samples, ..., height, width)
    rng : numpy.random.Generator
    most : int
        At least 0 and less than height and width.

    Returns
    -------
    ndarray
        As x.
    """
    x = _images(x, rng)
    height, width = x.shape[-2:]
    most = whole_number("most", most, at_least=0)
    if most >= min(height, width):
        raise ValueError(f"most must be less than height and width, {(height, width)}, got {most}")
    moved = np.zeros_like(x)
    down, right = rng.integers(-most, most + 1, (2, len(x)))
    for k, (i, j) in enumerate(zip(down.tolist(), right.tolist(), strict=True)):
        moved[k, ..., max(i, 0):height + min(i, 0), max(j, 0):width + min(j, 0)] = x[
            k, ..., max(-i, 0):height + min(-i, 0), max(-j, 0):width + min(-j, 0)]
    return moved


def warp(x, rng: np.random.Generator, bend: float = 0.15, most: float = 0.7) -> np.ndarray:
    """Each sample turned, stretched, sheared and shifted by a random linear map, read off between pixels (bilinear).

    Parameters
    ----------
    x : ndarray, shape (samples, ..., height, width)
        What lies outside is 0.
    rng : numpy.random.Generator
    bend : float
        The four elements of A are uniform from -bend to bend; at least 0 and at most 1.
    most : float
        The shift is uniform from -most to most pixels, along both axes; at least 0.

    Returns
    -------
    ndarray
        As x.
    """
    x = _images(x, rng)
    bend = finite_number("bend", bend, "", at_least=0.0, at_most=1.0)
    most = finite_number("most", most, "pixels", at_least=0.0)
    samples, (height, width) = len(x), x.shape[-2:]
    A, offset = rng.uniform(-bend, bend, (samples, 2, 2, 1, 1)), rng.uniform(-most, most, (samples, 2, 1, 1))
    i, j = np.arange(height)[:, None], np.arange(width)[None]
    down, right = i - 0.5 * (height - 1), j - 0.5 * (width - 1)
    rows = np.clip(i + (A[:, 0, 0] * down + A[:, 0, 1] * right + offset[:, 0]), -1.0, height)
    columns = np.clip(j + (A[:, 1, 0] * down + A[:, 1, 1] * right + offset[:, 1]), -1.0, width)
    # One pixel of darkness around, two behind, so that all four neighbours are there.
    padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(1, 2), (1, 2)]).reshape(
        samples, math.prod(x.shape[1:-2]), (height + 3) * (width + 3))
    top, left = np.floor(rows), np.floor(columns)
    p, q = (part.astype(x.dtype).reshape(samples, 1, height * width) for part in (rows - top, columns - left))
    at = ((top + 1) * (width + 3) + left + 1).astype(np.int64).reshape(samples, 1, height * width)

    def pixel(down, right):
        return np.take_along_axis(padded, at + (down * (width + 3) + right), axis=2)

    upper = (1 - q) * pixel(0, 0) + q * pixel(0, 1)
    lower = (1 - q) * pixel(1, 0) + q * pixel(1, 1)
    return ((1 - p) * upper + p * lower).reshape(x.shape)


def _images(x, rng):
    instance_of("rng", rng, np.random.Generator, "a numpy.random.Generator")
    try:
        images = np.asarray(x)
    except ValueError:
        raise TypeError(f"x must be an array, got rows of different lengths: {x!r}") from None
    if images.ndim < 3 or images.dtype.kind != "f":
        raise TypeError(
            f"x must be an array of floats of shape (samples, ..., height, width), got {images.dtype} of shape "
            f"{images.shape}")
    return images

"""Handwritten digits of 8 by 8 pixels: one part to train on, one to choose by, one to report.

::

    test         360 images, the same for every seed: looked at once, when every choice has been made
    validation   180 of the other 1,437: learning rates, surrogates, sizes, encodings are chosen by them
    train        the remaining 1,257

The images come with scikit-learn, so nothing is downloaded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lifcore._validate import whole_number

__all__ = ["Digits", "Labelled", "digits"]

TEST, VALIDATION = 360, 180
BRIGHTEST = 16.0


class Labelled(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : ndarray of float32, shape (samples, 1, 8, 8)
        Brightness of the ink, from 0 to 1 in steps of 1/16.
    labels : ndarray of int64, shape (samples,)
        The digits, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray


class Digits(NamedTuple):
    """The three parts of the data.

    Attributes
    ----------
    train, validation, test : Labelled
    """

    train: Labelled
    validation: Labelled
    test: Labelled

    @property
    def development(self) -> Labelled:
        """Train and validation in one, for a last training after all choices."""
        return Labelled(*(np.concatenate(parts) for parts in zip(self.train, self.validation, strict=True)))


def digits(seed: int = 0) -> Digits:
    """The 1,797 digits that come with scikit-learn, in three parts with equal shares of each digit.

    Parameters
    ----------
    seed : int
        From 0 to less than 2**32; draws the validation part. It does not touch the test part, so that no choice of a seed can improve it.

    Returns
    -------
    Digits

    Raises
    ------
    TypeError, ValueError
        If `seed` is none.
    ImportError
        If scikit-learn is missing.

    References
    ----------
    E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI machine learning repository (1998): the test set
    of these data.
    """
    if whole_number("seed", seed, at_least=0) >= 2**32:
        raise ValueError(f"seed must be less than 2**32, got {seed}")
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise ImportError('digits() needs scikit-learn: python -m pip install "scikit-learn>=1.5,<2"') from error
    bunch = load_digits()
    images = (bunch.images / BRIGHTEST).astype(np.float32)[:, None]
    labels = bunch.target.astype(np.int64)
    rest, test = train_test_split(np.arange(labels.size), test_size=TEST, stratify=labels, random_state=0)
    train, validation = train_test_split(rest, test_size=VALIDATION, stratify=labels[rest], random_state=seed)
    return Digits(*(Labelled(images[part], labels[part]) for part in (train, validation, test)))

"""Digits: the parts are disjoint, stratified, and the test part is the same for every seed."""

import builtins

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lifcore import snn


def rows(part):
    return part.images.reshape(len(part.images), -1)


def test_the_parts_are_the_whole():
    # scikit-learn's own table: 1,797 images with whole numbers up to 16.
    whole = load_digits()
    data = snn.digits(seed=3)
    assert [part.labels.size for part in data] == [1257, 180, 360]
    found = np.concatenate([rows(part) for part in data])
    labels = np.concatenate([part.labels for part in data])
    order, expected = np.lexsort(found.T), np.lexsort(whole.data.T)
    assert np.array_equal(16.0 * found[order], whole.data[expected])
    assert np.array_equal(labels[order], whole.target[expected])


def test_types_and_shapes():
    for images, labels in snn.digits():
        assert images.dtype == np.float32 and images.shape[1:] == (1, 8, 8) and images.flags.c_contiguous
        assert labels.dtype == np.int64 and labels.shape == images.shape[:1]
        assert images.min() == 0.0 and images.max() == 1.0


def test_every_part_has_its_share_of_each_digit():
    # Of the 1,797 images between 174 and 183 show each digit, so that shares differ by less than one image.
    whole = np.bincount(load_digits().target) / 1797
    for part in snn.digits(seed=1):
        assert np.max(np.abs(np.bincount(part.labels) - whole * part.labels.size)) < 1.5


def test_a_seed_moves_validation_and_leaves_the_test_alone():
    first, again, other = snn.digits(0), snn.digits(0), snn.digits(1)
    assert all(np.array_equal(a.images, b.images) for a, b in zip(first, again, strict=True))
    assert np.array_equal(first.test.images, other.test.images) and np.array_equal(first.test.labels, other.test.labels)
    assert not np.array_equal(first.validation.images, other.validation.images)


def test_development_is_all_but_the_test():
    data = snn.digits()
    images, labels = data.development
    assert len(images) == labels.size == 1437
    assert np.array_equal(images[:1257], data.train.images) and np.array_equal(labels[1257:], data.validation.labels)


@pytest.mark.parametrize("seed, error", [(-1, ValueError), (0.5, TypeError), ("0", TypeError), (True, TypeError)])
def test_a_wrong_seed_is_named(seed, error):
    with pytest.raises(error, match="seed must be a whole number of at least 0, got"):
        snn.digits(seed)
    with pytest.raises(ValueError, match=r"seed must be less than 2\*\*32, got 4294967296"):
        snn.digits(2**32)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    load = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("sklearn"):
            raise ImportError(f"No module named {name!r}")
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match="digits.. needs scikit-learn: python -m pip install"):
        snn.digits()

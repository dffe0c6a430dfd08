"""Shifted and bent images: against SciPy's interpolation and against shifts made by hand."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from lifcore import snn


class Given(np.random.Generator):
    """A generator that draws what it is told to."""

    def __init__(self, *draws):
        super().__init__(np.random.PCG64(0))
        self.draws = list(draws)

    def uniform(self, low, high, size):
        return np.asarray(self.draws.pop(0), dtype=float).reshape(size)


@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (3, 4, 2, 6, 9), (2, 7, 5)])
def test_warp_is_interpolation(shape):
    r = np.random.default_rng(4)
    x = r.uniform(size=shape)
    A, offset = r.uniform(-0.4, 0.4, (shape[0], 2, 2)), r.uniform(-2.0, 2.0, (shape[0], 2))
    found = snn.warp(x, Given(A, offset), bend=0.4, most=2.0)
    height, width = shape[-2:]
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    centre = np.array([(height - 1) / 2, (width - 1) / 2]).reshape(2, 1, 1)
    for k in range(shape[0]):
        at = grid + np.tensordot(A[k], grid - centre, 1) + offset[k].reshape(2, 1, 1)
        for image, warped in zip(x[k].reshape(-1, height, width), found[k].reshape(-1, height, width), strict=True):
            # A border of zeros: SciPy's own outside begins at the outermost centres.
            expected = map_coordinates(np.pad(image, 1), at + 1, order=1, mode="constant")
            assert np.allclose(warped, expected, rtol=0.0, atol=1e-14)


def test_no_bend_and_no_shift_is_nothing():
    x = np.random.default_rng(1).uniform(size=(4, 1, 8, 8)).astype(np.float32)
    assert np.array_equal(snn.warp(x, np.random.default_rng(2), bend=0.0, most=0.0), x)
    assert np.array_equal(snn.shift(x, np.random.default_rng(2), most=0), x)


def test_shifts_are_whole_pixels_up_to_the_most():
    x = np.zeros((2000, 3, 2, 7, 9), np.float32)
    x[..., 3, 4] = 1.0
    moved = snn.shift(x, np.random.default_rng(3), most=2)
    assert moved.dtype == np.float32 and np.array_equal(moved.sum((-2, -1)), np.ones((2000, 3, 2)))
    rows, columns = np.argwhere(moved[:, 0, 0])[:, 1:].T
    # Each of 25 places with probability 1/25: at 4 standard errors of the binomial distribution.
    seen = np.bincount((rows - 1) * 5 + columns - 2, minlength=25)
    assert seen.size == 25 and np.all(np.abs(seen - 80) <= 4 * np.sqrt(2000 / 25 * 24 / 25))
    # One shift a sample.
    assert np.array_equal(moved, np.broadcast_to(moved[:, :1, :1], moved.shape))


def test_what_is_shifted_out_is_gone():
    x = np.ones((50, 1, 4, 4), np.float32)
    kept = snn.shift(x, np.random.default_rng(3), most=3).sum((1, 2, 3))
    assert set(kept.astype(int)) <= {a * b for a in (1, 2, 3, 4) for b in (1, 2, 3, 4)} and kept.min() < 16


@pytest.mark.parametrize("augment", [snn.shift, snn.warp])
def test_a_seed_gives_its_images(augment):
    x = np.random.default_rng(1).uniform(size=(4, 1, 8, 8)).astype(np.float32)
    one, again, other = (augment(x, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert one.dtype == x.dtype and one.shape == x.shape
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_wrong_arguments_are_named():
    rng, x = np.random.default_rng(1), np.zeros((1, 8, 8))
    with pytest.raises(ValueError, match=r"most must be less than height and width, \(8, 8\), got 8"):
        snn.shift(x, rng, most=8)
    with pytest.raises(ValueError, match="bend must be finite and at least 0 and at most 1, got 2"):
        snn.warp(x, rng, bend=2.0)
    with pytest.raises(ValueError, match="most must be finite and at least 0 pixels, got -1 pixels"):
        snn.warp(x, rng, most=-1.0)
    with pytest.raises(TypeError, match="x must be an array of floats"):
        snn.shift(np.zeros((8, 8)), rng)
    for augment in (snn.shift, snn.warp):
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator, got 3"):
            augment(x, 3)


@pytest.mark.parametrize("augment", [snn.shift, snn.warp])
def test_nothing_stays_nothing(augment):
    assert augment(np.zeros((0, 2, 8, 8), np.float32), np.random.default_rng(1)).shape == (0, 2, 8, 8)

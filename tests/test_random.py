"""Random streams against the published output of the generators and against the distributions they are to have."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from lifcore.kernels import build_wasm, random
from wasm_host import WasmtimeHost, numba_call


def streams(seed, first, count):
    words = np.empty((4, count), np.uint32)
    random.seed_streams(np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32), first, words)
    return words


def normals(seed, first, count, draws):
    values = np.empty((draws, count))
    random.random_normals(streams(seed, first, count), values)
    return values


@pytest.fixture(scope="module")
def sample():
    """Four million normal variables: 2,000 draws of 2,000 streams."""
    return normals(1, 0, 2000, 2000)


def test_xoshiro_gives_the_published_numbers():
    """xoshiro128plusplus.c by Blackman and Vigna from the state 1, 2, 3, 4, as quoted by Rust's rand_xoshiro; the
    102,401st number as PHP's test of its own generators has it."""
    words = np.array([[1], [2], [3], [4]], np.uint32)
    numbers = np.empty((102_401, 1), np.uint32)
    random.random_words(words, numbers)
    assert numbers[:10, 0].tolist() == [
        641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420]
    assert numbers[-1, 0] == int.from_bytes(bytes.fromhex("fa3c872c"), "little")


def splitmix64(state):
    """The reference algorithm, splitmix64.c by Vigna, in Python's whole numbers."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        yield z ^ z >> 31


def test_splitmix_as_published_seeds_the_streams():
    """The first three outputs from 1234567 are on Rosetta Code; the streams follow from what seed_streams promises."""
    generator = splitmix64(1234567)
    assert [next(generator) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for seed in (0, 1, 2**64 - 1, 1234567890123456789):
        outputs = splitmix64(next(splitmix64(seed)))
        expected = [[output & 0xFFFFFFFF, output >> 32] for output in (next(outputs) for _ in range(20))]
        assert np.array_equal(streams(seed, 0, 10).T.reshape(-1, 2), expected)
        assert np.array_equal(streams(seed, 7, 3), streams(seed, 0, 10)[:, 7:])


def test_normals_are_box_and_muller_of_the_words():
    """mpmath with 30 digits; the error is below 1e-9 also where the logarithm is largest and smallest."""
    rng = np.random.default_rng(2)
    extremes = (0, 1, 2**31, 3037000499, 3037000500, 2**32 - 2, 2**32 - 1)
    pairs = [(a, b) for a in extremes for b in (0, 1, 2, 3, 2**32 - 1)]
    pairs += rng.integers(0, 2**32, (2000, 2)).tolist()
    with mpmath.workdps(30):
        for a, b in pairs:
            r = mpmath.sqrt(-2 * mpmath.log((a + mpmath.mpf(0.5)) / 2**32))
            w = ((b - b % 4 + mpmath.mpf(0.5)) / 2**32 - mpmath.mpf(0.5)) * mpmath.pi / 2
            expected = [r * mpmath.cos(w), r * mpmath.sin(w)]
            if b % 2:
                expected.reverse()
            if b % 4 >= 2:
                expected = [-x for x in expected]
            got = random._normal_pair(np.uint32(a), np.uint32(b))
            assert all(abs(x - y) < 1e-9 for x, y in zip(got, expected, strict=True)), (a, b, got, expected)


def test_normals_have_the_moments_of_a_normal_variable(sample):
    """Mean 0, variance 1, skewness 0, excess kurtosis 0, within 4 standard errors."""
    z, n = sample.ravel(), sample.size
    for value, variance in (
            (z.mean(), 1.0), (np.mean(z**2) - 1.0, 2.0), (np.mean(z**3), 15.0), (np.mean(z**4) - 3.0, 96.0)):
        assert abs(value) < 4.0 * np.sqrt(variance / n)
    assert np.abs(z).max() < 6.77
    for k in range(2):
        assert stats.kstest(sample[k::2].ravel()[:500_000], "norm").pvalue > 1e-4
    # The tails, which a test of the whole distribution hardly sees.
    for limit in (3.0, 4.0):
        expected = n * 2.0 * stats.norm.sf(limit)
        assert abs(np.count_nonzero(np.abs(z) > limit) - expected) < 4.0 * np.sqrt(expected)


def test_streams_are_independent_of_each_other_and_of_their_past(sample):
    """Products of independent normal variables, and of their squares, average to nothing within 4 standard errors."""
    squares = (sample**2 - 1.0) / np.sqrt(2.0)
    for values in (sample, squares):
        for lag in (1, 2, 3, 7):
            for one, other in ((values[:, lag:], values[:, :-lag]), (values[lag:], values[:-lag])):
                assert abs(np.mean(one * other)) < 4.0 / np.sqrt(one.size)
    # A neuron's two variables of one pair come from the same radius.
    assert abs(np.mean(squares[0::2] * squares[1::2])) < 4.0 * np.sqrt(2.0 / sample.size)


def test_seeds_and_neurons_differ():
    one, other = normals(1, 0, 1000, 20), normals(2, 0, 1000, 20)
    assert abs(np.mean(one * other)) < 4.0 / np.sqrt(one.size)
    assert np.unique(streams(1, 0, 100_000), axis=1).shape == (4, 100_000)
    assert np.array_equal(normals(1, 30, 5, 20), one[:, 30:35])


def test_an_odd_number_of_normals_ends_with_half_a_pair():
    assert np.array_equal(normals(5, 0, 4, 7), normals(5, 0, 4, 8)[:7])


def test_webassembly_draws_the_same_bytes():
    module = build_wasm([random.seed_streams, random.random_words, random.random_normals])
    assert module.imports == ()
    host = WasmtimeHost(module)
    for name, arguments in (
            ("seed_streams", [np.array([7, 2**31], np.uint32), 1000, np.zeros((4, 500), np.uint32)]),
            ("random_words", [streams(3, 0, 500), np.zeros((40, 500), np.uint32)]),
            ("random_normals", [streams(3, 0, 500), np.zeros((41, 500))])):
        assert host.call(name, arguments)[1] == numba_call(getattr(random, name), arguments)[1]

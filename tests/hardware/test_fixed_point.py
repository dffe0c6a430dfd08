"""Fixed-point words against exact rational numbers and Python's unbounded integers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lifcore.hardware.fixed_point import S1615, U032, Format, add, divide, multiply, scale, subtract, to_fixed, to_float
from lifcore.kernels import build_wasm
from lifcore.kernels import fixed_point as kernels
from wasm_host import WasmtimeHost

LOW, HIGH = -(2**31), 2**31 - 1
# Words, with more than their share of rails and of products that end in a tie.
words = st.one_of(st.integers(LOW, HIGH), st.sampled_from([LOW, LOW + 1, -32768, -16384, -1, 0, 1, 16384, 32767, 32768, HIGH]))
factors = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 1]))


def wrap(x):
    """The integer of 32 bits, by its bytes."""
    return int.from_bytes((x % 2**32).to_bytes(4, "little"), "little", signed=True)


def product(a, b, rounding, random=0):
    """Rounded as its definition says, by exact fractions."""
    exact = Fraction(a * b, 2**15)
    if rounding == "floor":
        return wrap(math.floor(exact))
    if rounding == "nearest":
        return min(max(math.floor(exact + Fraction(1, 2)), LOW), HIGH)
    up = Fraction(random, 2**15) < exact - math.floor(exact)
    return min(max(math.floor(exact) + up, LOW), HIGH)


@given(words, words, st.integers(0, 32767))
@example(LOW, LOW, 0)
@example(LOW, HIGH, 32767)
@example(HIGH, HIGH, 0)
@example(-1, 1, 32766)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_arithmetic_is_that_of_unbounded_integers(a, b, random):
    assert add(a, b) == wrap(a + b) and subtract(a, b) == wrap(a - b)
    for rounding in ("floor", "nearest"):
        assert multiply(a, b, rounding) == product(a, b, rounding)
    assert multiply(a, b, "stochastic", random) == product(a, b, "stochastic", random)
    if b:
        assert divide(a, b) == wrap(math.trunc(Fraction(a * 2**15, b)))


@given(words, factors)
@example(LOW, 2**32 - 1)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_scaling_drops_what_is_below_the_last_bit(a, factor):
    assert scale(a, factor) == math.floor(Fraction(a * factor, 2**32))


@given(words, words)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_stochastic_rounding_is_right_on_average(a, b):
    """Over all 32,768 random numbers the mean is the exact product."""
    mean = Fraction(int(np.sum(multiply(a, b, "stochastic", np.arange(2**15)))), 2**15)
    exact = Fraction(a * b, 2**15)
    assert mean == min(max(exact, LOW), HIGH)


numbers = st.one_of(
    st.floats(-70000, 70000), st.floats(-1e-4, 1e-4), st.floats(-1e50, 1e50),
    st.integers(LOW - 2, HIGH + 2).map(lambda word: (word + 0.5) / 2**15))


@given(numbers, st.sampled_from([S1615, U032, Format(8, 3, True), Format(6, 6, False), Format(53, 20, True)]))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_conversion_is_that_of_exact_fractions(x, form):
    exact = Fraction(x) * 2**form.fraction
    low, high = (-(2 ** (form.bits - 1)), 2 ** (form.bits - 1) - 1) if form.signed else (0, 2**form.bits - 1)
    assert (form.lowest, form.highest) == (low, high)
    for rounding, word in (("nearest", math.floor(exact + Fraction(1, 2))), ("floor", math.floor(exact)),
                           ("truncate", math.trunc(exact))):
        inside = low <= word <= high
        assert to_fixed(x, form, rounding, "saturate") == min(max(word, low), high)
        assert to_fixed(x, form, rounding, "wrap") == (word - low) % 2**form.bits + low
        if inside:
            assert to_fixed(x, form, rounding) == word
            assert Fraction(float(to_float(word, form))) == Fraction(word, 2**form.fraction)
        else:
            with pytest.raises(ValueError, match="V_rest must be from"):
                to_fixed(x, form, rounding, register="V_rest")


def test_arrays_broadcast():
    a, b = np.array([[LOW], [3], [HIGH]]), np.array([1, -32768])
    np.testing.assert_array_equal(multiply(a, b), [[product(int(x), int(y), "nearest") for y in b] for x in a[:, 0]])
    assert add(a, b).dtype == np.int64 and to_fixed([0.5, -0.5]).tolist() == [16384, -16384]
    assert to_fixed(np.array([])).shape == (0,) and isinstance(to_fixed(1.0), np.int64)


def test_names_and_ranges():
    """By hand: s16.15 ends just below 65536 and has steps of 2**-15; u0.32 ends just below 1."""
    assert (str(S1615), str(U032)) == ("s16.15", "u0.32")
    assert to_float(S1615.lowest) == -65536.0 and to_float(S1615.highest) == 65536.0 - 2.0**-15 == 65536.0 - S1615.resolution
    assert to_float(U032.highest, U032) == 1.0 - 2.0**-32


def test_page_computes_the_same():
    host = WasmtimeHost(build_wasm([kernels.multiply, kernels.scaled, kernels.wrapped]))
    rng = np.random.default_rng(1)
    for _ in range(300):
        a, b, random = (int(x) for x in rng.integers([LOW, LOW, 0], [HIGH, HIGH, 2**15]))
        for mode in (kernels.FLOOR, kernels.NEAREST, kernels.STOCHASTIC):
            assert host.call("multiply", (a, b, mode, random))[0] == kernels.multiply(a, b, mode, random)
        assert host.call("scaled", (a, b + 2**31))[0] == kernels.scaled(a, b + 2**31)
        assert host.call("wrapped", (a * 3,))[0] == kernels.wrapped(a * 3) == wrap(a * 3)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: to_fixed(65536.0, register="R"), ValueError, "R must be from -65536 to 65535.99997, the range of s16.15, got 65536"),
    (lambda: to_fixed([0.0, -1e-9], U032, "floor", register="decay_e"), ValueError, "decay_e must be from 0 to 0.9999999998, the range of u0.32, got -1e-09"),
    (lambda: to_fixed(np.nan, register="I"), ValueError, "I must be finite"),
    (lambda: to_fixed("1"), TypeError, "x must be a number or an array of numbers"),
    (lambda: to_fixed(1.0, "s16.15"), TypeError, "form must be a Format, as S1615, got 's16.15'"),
    (lambda: to_fixed(1.0, S1615, "up"), ValueError, "rounding must be one of 'nearest', 'floor', 'truncate', got 'up'"),
    (lambda: to_fixed(1.0, overflow="clip"), ValueError, "overflow must be one of 'refuse', 'saturate', 'wrap', got 'clip'"),
    (lambda: to_float(2**31), ValueError, "words must be a word of s16.15, from -2147483648 to 2147483647, got 2147483648"),
    (lambda: to_float(2**70), ValueError, "got 1180591620717411303424"),
    (lambda: to_float(1.0), TypeError, "words must be a word of s16.15"),
    (lambda: add([1, True], 0.5), TypeError, "b must be a word of s16.15"),
    (lambda: add(True, 1), TypeError, "a must be a word of s16.15"),
    (lambda: scale(1, -1), ValueError, "factor must be a word of u0.32, from 0 to 4294967295, got -1"),
    (lambda: divide(1, [1, 0]), ValueError, "b must not be 0"),
    (lambda: multiply(1, 1, "stochastic"), ValueError, "random must be given for rounding='stochastic', and only then, got nothing"),
    (lambda: multiply(1, 1, "nearest", 5), ValueError, "random must be given for rounding='stochastic', and only then, got numbers"),
    (lambda: multiply(1, 1, "stochastic", 2**15), ValueError, "random must be a random number of 15 bits, from 0 to 32767, got 32768"),
    (lambda: multiply(1, 1, "truncate"), ValueError, "rounding must be one of 'floor', 'nearest', 'stochastic', got 'truncate'"),
    (lambda: Format(64, 15, True), ValueError, "bits must be a whole number from 2 to 53, got 64"),
    (lambda: Format(8, 9, True), ValueError, "fraction must be a whole number from 0 to 8, got 9"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)

"""Plain data: what can be an answer, and when two are the same. All expectations follow from the definition
|got − want| ≤ atol + rtol·|want|, done by hand."""

import json
import math

import numpy as np
import pytest

from lifcore.grading.compare import Unanswered, encode, same, show


@pytest.mark.parametrize(
    "value, plain",
    [
        (2, 2),
        (2.5, 2.5),
        (True, True),
        (np.True_, True),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        ("burst", "burst"),
        (None, None),
        ((1, 2.0), [1, 2.0]),
        (np.array([[1.0, 2.0]]), [[1.0, 2.0]]),
        (np.array(3.0), 3.0),
        (math.inf, {"number": "inf"}),
        (np.array([-math.inf]), [{"number": "-inf"}]),
        (1 + 2j, {"re": 1.0, "im": 2.0}),
    ],
)
def test_answers_become_plain_data(value, plain):
    encoded = encode(value)
    assert encoded == plain and type(encoded) is type(plain)
    assert json.loads(json.dumps(encoded, allow_nan=False)) == plain


def test_not_a_number_is_itself():
    assert same(encode(math.nan), encode(np.nan))
    assert not same(encode(math.nan), 1.0)
    assert not same(1.0, encode(math.nan))


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, lambda: 1, np.array([object()]), b"bytes"])
def test_other_things_are_refused(value):
    with pytest.raises(TypeError, match="number, a text, a list or an array"):
        encode(value)


def test_placeholder_is_not_an_answer():
    with pytest.raises(Unanswered):
        encode([1, ...])


def test_size_and_depth_are_bounded():
    nested = [1]
    for _ in range(10):
        nested = [nested]
    endless = []
    endless.append(endless)
    for value in (nested, endless, list(range(200_000)), np.zeros(200_000)):
        with pytest.raises(ValueError, match="nested|holds more"):
            encode(value)


@pytest.mark.parametrize(
    "got, want, verdict",
    [
        (1.0009, 1.0, True),
        (1.0011, 1.0, False),
        (1, 1.0, True),
        (1000.9, 1000, True),
        (0.0, 0.0, True),
        (1e-3, 0.0, False),
        (True, 1, False),
        (1, True, False),
        ("1", 1, False),
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0], [1.0, 2.0], False),
        (1.0, [1.0], False),
        ({"number": "inf"}, {"number": "inf"}, True),
        ({"number": "-inf"}, {"number": "inf"}, False),
        (1e308, {"number": "inf"}, False),
        ({"re": 1.0, "im": 1.0005}, {"re": 1.0, "im": 1.0}, True),
        ({"re": 1.0, "im": 1.1}, {"re": 1.0, "im": 1.0}, False),
        (1.0, {"re": 1.0, "im": 0.0}, True),
    ],
)
def test_same_within_a_relative_tolerance_of_a_thousandth(got, want, verdict):
    assert same(got, want, rtol=1e-3) is verdict


@pytest.mark.parametrize(
    "forged",
    [
        None,
        {},
        {"number": []},
        {"number": "huge"},
        {"re": "1", "im": 2},
        {"re": {"re": 1, "im": 1}, "im": 1},
        10**400,
        [[]],
        "",
    ],
)
def test_forged_data_is_wrong_and_breaks_nothing(forged):
    for want in (1.0, [1.0], "a", True, {"number": "nan"}, {"re": 1.0, "im": 1.0}):
        assert same(forged, want) is False


def test_shown_value_keeps_every_digit():
    assert show(0.1 + 0.2) == "0.30000000000000004"
    assert len(show(list(range(1000)))) == 120

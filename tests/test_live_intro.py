"""The figure of the first page on the Python side.

Expected values: the membrane's exponential and the interval between two spikes, written out with math (Gerstner et al.
2014, sections 1.3 and 8.1).
"""

import gzip
import math

import pytest

from lifcore.live import FirstSpike


def climb(I, held):
    return -70.0 + 100.0 * I * (1.0 - math.exp(-held / 20.0))


def test_it_opens_with_a_push_that_was_too_short():
    assert FirstSpike().readouts() == {"spikes": 0, "potential": pytest.approx(climb(0.3, 12.0), rel=1e-14)}
    assert -60.0 < climb(0.3, 12.0) < -50.0


@pytest.mark.parametrize("held", [0.0, 20.0, 21.0, 22.0, 23.0, 60.0, 120.0])
def test_a_longer_push_fires_it_again_and_again(held):
    first, interval = 20.0 * math.log(30.0 / 10.0), 2.0 + 20.0 * math.log(25.0 / 10.0)
    expected = 0 if held < first else 1 + math.floor((held - first) / interval)
    assert FirstSpike(held=held).readouts()["spikes"] == expected


def test_rheobase_can_be_felt():
    """At 0.2 nA, rheobase, the longest push does not fire the cell; one step of the slider above, it does."""
    held = FirstSpike.controls()["held"].maximum
    assert FirstSpike(held=held, I=0.2).readouts() == {
        "spikes": 0, "potential": pytest.approx(climb(0.2, held), rel=1e-14)}
    step = FirstSpike.controls()["I"].step
    assert FirstSpike(held=held, I=0.2 + step).readouts()["spikes"] == 1


def test_the_module_is_small():
    """The first page should be alive at once, on a phone too. Twenty-two thousand bytes are the plotting library."""
    size = len(gzip.compress(FirstSpike()._esm.encode()))
    print(f"module of the first page: {size} bytes gzipped")
    assert size < 35_000

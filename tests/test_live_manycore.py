"""The figures of the chapter on software on many cores, against plain programs written here and closed forms."""

import math

import numpy as np
import pytest

from lifcore.live import EulerStability, RealisedTimeConstant, SpikeShift


def euler_spikes(h, I, duration=600.0, tau_m=20.0):
    """Number of spikes of the default neuron by Euler's method, with one refractory step."""
    V, wait, count = -70.0, 0, 0
    for _ in range(int(duration / (h * tau_m))):
        if wait:
            wait -= 1
            continue
        V += h * (-70.0 + 100.0 * I - V)
        if V >= -50.0:
            V, wait, count = -65.0, 1, count + 1
    return count


@pytest.mark.parametrize("h, I", [(1.5, 0.15), (1.9, 0.15), (0.5, 0.25), (2.3, 0.1), (1.2, 0.165)])
def test_euler_fires_as_a_plain_program_does(h, I):
    found = EulerStability(h=h, I=I, threshold=True).readouts()
    assert found["euler_spikes"] == euler_spikes(h, I)
    assert EulerStability(h=h, I=I).readouts()["euler_spikes"] == 0


def test_false_spikes_below_rheobase():
    """Where I lies between I_rh / h and I_rh, Euler's neuron fires and the exact one does not."""
    found = EulerStability(threshold=True).readouts()
    assert found["euler_rheobase"] == pytest.approx(0.2 / 1.5) and found["rheobase"] == pytest.approx(0.2)
    assert found["euler_spikes"] > 5 and found["exact_spikes"] == 0
    assert found["factor"] == pytest.approx(-0.5) and found["exact_factor"] == pytest.approx(math.exp(-1.5), rel=1e-14)


def test_exact_spikes_are_counted_by_the_closed_form():
    """First after tau ln(30 / 10), then every 2 ms + tau ln(25 / 10)."""
    first, interval = 20.0 * math.log(3.0), 2.0 + 20.0 * math.log(2.5)
    assert EulerStability(I=0.3, threshold=True).readouts()["exact_spikes"] == 1 + int((600.0 - first) / interval)


def test_euler_without_a_threshold_is_a_power():
    t, V, _ = EulerStability(h=2.1, I=0.1)._euler()
    np.testing.assert_allclose(V + 60.0, -10.0 * (-1.1) ** np.arange(t.size), rtol=1e-12)


def decay(word, start, steps, rounding):
    """Words on the way to rest by Python's integers."""
    D = start
    for _ in range(steps):
        # D is the distance of V from rest; the machine rounds the product with its negative.
        D = -((-D * word + (2**14 if rounding == "nearest" else 0)) >> 15)
    return D / 2**15


@pytest.mark.parametrize("rounding", ["nearest", "floor"])
@pytest.mark.parametrize("start", [1.0, -1.0])
def test_decay_ends_where_plain_integers_end(rounding, start):
    """The word of 1000 ms and 0.1 ms is 32765, of the outside table; 4 time constants are 40,000 steps."""
    figure = RealisedTimeConstant(rounding=rounding, start=start)
    found, (t, _) = figure.readouts(), figure._decay()
    assert found["exp_TC"] == 32765
    assert found["end"] == decay(32765, int(start * 2**15), round(t[-1] / 0.1), rounding)
    assert found["realised"] == pytest.approx(0.1 / math.log(2**15 / 32765), rel=1e-10)


def test_beyond_the_longest_nothing_moves():
    """The quotient of the words is below one unit from 3277 ms on at 0.1 ms, and nowhere up to 6000 ms at 1 ms."""
    frozen = RealisedTimeConstant(tau_m=3300.0).readouts()
    assert frozen["realised"] == frozen["below"] == frozen["above"] == math.inf and frozen["end"] == 1.0
    assert RealisedTimeConstant(tau_m=3270.0).readouts()["realised"] < math.inf
    assert RealisedTimeConstant(tau_m=6000.0, step="1").readouts()["realised"] < math.inf


def test_points_do_not_depend_on_how_time_is_divided():
    """Every point is the machine's state, so a decay with more steps between points agrees where both have one."""
    t, distance = RealisedTimeConstant(rounding="floor")._decay()
    assert t.size == 241 and t[-1] == pytest.approx(4008.0)
    assert all(distance[k] == decay(32765, 2**15, round(t[k] / 0.1), "floor") for k in (1, 7, 100, 240))


def test_spikes_at_the_ends_of_exact_steps():
    """float64 fires at the end of the step in which the closed form crosses, and goes on from the reset at that end."""
    spikes = SpikeShift(I=0.3)._spikes()["float64"]
    first = math.ceil(20.0 * math.log(3.0) / 0.1)
    interval = math.ceil(20.0 * math.log(2.5) / 0.1) + 20
    np.testing.assert_array_equal(spikes, first + interval * np.arange(spikes.size))


def test_first_shift_is_where_two_trains_part():
    figure = SpikeShift()
    found, spikes = figure.readouts(), figure._spikes()
    for kind, at in found.items():
        one, other = set(spikes[kind].tolist()), set(spikes["float64"].tolist())
        assert at == (0.1 * min(one ^ other) if one != other else math.inf)
    assert found["float32"] == math.inf and math.isfinite(found["nearest"])


def test_a_longer_step_has_the_better_time_constant():
    """At 0.1 ms s16.15 has 20.05 ms and at 1 ms 20.001 ms: no spike of a second is shifted."""
    assert SpikeShift(step="1").readouts()["nearest"] == math.inf

"""The figures of the chapter on a neuron that decides, against plain programs written here and closed forms."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from lifcore.kernels import random
from lifcore.live import BalancePole, HiddenVelocity, LearningCurve
from lifcore.live.policy import LEAST_SLOPE, LEARNT
from lifcore.policy import CartPole, EscapeNoiseLIF, reinforce


def test_the_neuron_shown_is_one_that_has_learnt():
    """Seed 0 of the library's own settings, to one decimal."""
    found = reinforce(EscapeNoiseLIF([0.0] * 4), target=475.0, rng=0).neuron
    assert LEARNT == {"bias": round(found.bias, 1), "weights": [round(weight, 1) for weight in found.weights]}


def plain_balance(Delta, tau_m, knock, seed):
    """Spikes and angles of ten seconds in plain Python, on the stream of the seed."""
    words, numbers = np.empty((4, 1), np.uint32), np.empty((504, 1), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), 0, words)
    random.random_words(words, numbers)
    draws = ((numbers[:, 0].astype(float) + 0.5) / 2.0**32).tolist()
    pole, beta = CartPole(state=[0.05 * (2.0 * u - 1.0) for u in draws[:4]]), math.exp(-20.0 / tau_m) if tau_m else 0.0
    V, spikes, angles = -70.0, [], [float(pole.state[2])]
    for k, u in enumerate(draws[4:]):
        if k == 50:
            pole.state[3] += knock
        steady = -70.0 + LEARNT["bias"] + sum(
            w * float(x) / s for w, x, s in zip(LEARNT["weights"], pole.observation, [1.0, 1.0, 0.2, 1.0], strict=True))
        V = steady + beta * (V - steady)
        spikes.append(u < 1.0 / (1.0 + math.exp(-(V + 50.0) / Delta)) if Delta else V >= -50.0)
        V = -70.0 if spikes[-1] else V
        fallen = pole.step(int(spikes[-1]))
        angles.append(float(pole.state[2]))
        if fallen:
            break
    return spikes, angles


@pytest.mark.parametrize("Delta, tau_m, knock, seed", [
    (14.0, 20.0, 0.0, 3), (14.0, 20.0, 1.5, 5), (0.0, 0.0, -0.5, 1), (40.0, 20.0, 0.0, 2), (14.0, 80.0, 0.0, 4)])
def test_balance_is_that_of_a_plain_program(Delta, tau_m, knock, seed):
    spikes, angles = plain_balance(Delta, tau_m, knock, seed)
    found = BalancePole(t=0.5, Delta=Delta, tau_m=tau_m, knock=knock, seed=seed).readouts()
    assert found["held"] == pytest.approx(0.02 * len(spikes))
    assert found["right"] == pytest.approx(100.0 * np.mean(spikes))
    assert found["lean"] == pytest.approx(math.degrees(angles[min(25, len(spikes))]), rel=1e-6)
    assert found["tilt"] == pytest.approx(max(math.degrees(abs(angle)) for angle in angles), rel=1e-4)


def test_after_the_fall_the_picture_stays():
    fallen = BalancePole(knock=2.0, t=4.0).readouts()
    assert fallen["held"] < 2.0 and fallen == BalancePole(knock=2.0, t=10.0).readouts()
    assert 12.0 < abs(fallen["lean"]) == fallen["tilt"]


def test_curves_are_those_of_the_library():
    """Each seed learns as `reinforce` does; the numbers of the band by scipy."""
    figure = LearningCurve(first=40.0, tau_m=5.0)
    lengths = figure._learn()
    for index in (0, 19):
        found = reinforce(EscapeNoiseLIF([0.0] * 4, tau_m=5.0), rng=40 + index)
        assert np.array_equal(lengths[index], found.returns)
    last = lengths[:, -20:].mean(axis=1)
    found = figure.readouts()
    low, high = student.interval(0.95, 19, last.mean(), last.std(ddof=1) / math.sqrt(20))
    assert found["final"] == pytest.approx(last.mean()) and found["half"] == pytest.approx((high - low) / 2, rel=1e-9)
    firsts = []
    for row in lengths:
        means = [row[k - 100:k].mean() for k in range(100, 300)]
        firsts.append(next((k for k, mean in enumerate(means, start=100) if mean >= 475.0), math.inf))
    assert found["solved"] == sum(first < math.inf for first in firsts)
    assert found["median"] == sorted(firsts)[9]


def test_who_tries_nothing_learns_nothing():
    assert LearningCurve(Delta=0.5).readouts()["solved"] < LearningCurve().readouts()["solved"] == 20


def test_share_is_the_f_i_curve():
    """q = 20 ms / T with T = tau ln((b + w x + 30) / (b + w x - 20)), and its slope between two half degrees."""

    def share(degrees):
        drive = 37.897617714388474 + 12.0 * math.radians(degrees) / 0.2
        return 20.0 / (30.0 * math.log((drive + 30.0) / (drive - 20.0)))

    found = HiddenVelocity().readouts()
    assert found["bias"] == pytest.approx(37.897617714388474, rel=1e-12)
    assert found["slope"] == pytest.approx(100.0 * (share(0.5) - share(-0.5)), rel=1e-9)
    assert HiddenVelocity()._share(0.0) == pytest.approx(0.5, rel=1e-12)
    assert HiddenVelocity()._measured(0.0) == pytest.approx(0.5, abs=0.03)


def test_without_memory_it_is_all_or_nothing():
    figure = HiddenVelocity(tau_m=0.0)
    assert figure._share([-1.0, -1e-6, 1e-6, 1.0]).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert figure.readouts()["mean"] < 60.0 and figure.readouts()["standing"] == 0


def test_a_slope_below_the_least_lets_the_pole_fall():
    """M g / (2 F) = 1.1 · 9.8 / 20 per rad."""
    assert LEAST_SLOPE == pytest.approx(0.539)
    for figure in (HiddenVelocity(weight=5.0), HiddenVelocity(tau_m=120.0)):
        found = figure.readouts()
        assert found["slope"] < 100.0 * math.radians(LEAST_SLOPE) and found["standing"] == 0
    assert HiddenVelocity().readouts()["standing"] > 40


def test_ten_times_as_long_is_too_long():
    """The swing grows by Euler's steps, and 30 ms of memory lead by too little to brake it."""
    found = HiddenVelocity(long=True).readouts()
    assert found["standing"] == 0 and 500.0 < found["mean"] < 2500.0


def test_a_shorter_memory_brakes_the_swing():
    """At the same slope, without noise: half of the poles and more stand for 100 s, and none with a little noise."""
    short = HiddenVelocity(tau_m=15.0, weight=4.0, Delta=0.0, long=True).readouts()
    assert short["slope"] == pytest.approx(HiddenVelocity().readouts()["slope"], rel=0.02) and short["standing"] > 25
    assert HiddenVelocity(tau_m=15.0, weight=4.0, long=True).readouts()["standing"] == 0
    assert HiddenVelocity(Delta=0.0, long=True).readouts()["standing"] == 0

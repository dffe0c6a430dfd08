"""The course's answers to the exercises on a neuron that decides: by hand, in fractions, mpmath, gymnasium.

And that questions and package speak of the same neuron: both are written separately, and must agree.
"""

import itertools
import math
from fractions import Fraction
from pathlib import Path

import gymnasium
import mpmath
import numpy as np
import pytest

from lifcore import LIF, policy
from lifcore.grading import source
from lifcore.grading.solutions import Reference

ROOT = Path(__file__).parents[2]
EXERCISE = source.read(ROOT / "exercises" / "policy.md").exercise
ANSWERS = Reference(EXERCISE)
Neuron = ANSWERS.givens["Neuron"]


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def test_potentials_by_hand():
    # Half of the way in each step. Towards -30: -70, -50, -40 and a spike; from -74 towards -50: -62; towards -80: -71.
    n = Neuron(0.5, -70.0, -50.0, -74.0, 4.0)
    assert list(answer("q1", "potentials")(n, [40, 40, 20, -10], [0, 1, 0, 0])) == [-50, -40, -62, -71]
    # At threshold a half; ln 3 widths above it three to one.
    chance = answer("q1", "chance")
    assert chance(n, -50.0) == 0.5 and chance(n, -50 + 4 * math.log(3)) == pytest.approx(0.75, rel=1e-14)


def test_log_probabilities_in_forty_digits():
    log_probability = answer("q2", "log_probability")
    rng = np.random.default_rng(1)
    for scale in (1, 30, 900):
        a, spikes = scale * rng.uniform(-1, 1, 12), rng.integers(0, 2, 12)
        with mpmath.workdps(800):
            distances = [mpmath.mpf(-d if s else d) for d, s in zip(a.tolist(), spikes)]
            total = sum(mpmath.log(1 / (1 + mpmath.exp(d))) for d in distances)
        assert log_probability(a, spikes) == pytest.approx(float(total), rel=1e-13)


def test_chance_of_any_by_listing_all_trains():
    p = [Fraction(1, 3), Fraction(1, 4), Fraction(2, 5)]
    total = Fraction(0)
    for train in itertools.product((0, 1), repeat=3):
        total += any(train) * math.prod(q if spike else 1 - q for q, spike in zip(p, train))
    assert answer("q2", "chance_of_any")([float(q) for q in p]) == pytest.approx(float(total), rel=1e-14)


def log_P(n, w, x, spikes):
    """Log-probability of a spike train, written down step by step in mpmath's numbers."""
    left, total = mpmath.mpf(n.E_L), mpmath.mpf(0)
    for row, spike in zip(x, spikes):
        V = n.beta * left + (1 - n.beta) * (n.E_L + sum(a * b for a, b in zip(w, row)))
        p = 1 / (1 + mpmath.exp(-(V - n.V_th) / n.Delta))
        total += mpmath.log(p if spike else 1 - p)
        left = n.V_reset if spike else V
    return total


def test_the_score_is_the_derivative_of_the_log_probability():
    n = Neuron(0.7, -70.0, -48.0, -76.0, 8.0)
    rng = np.random.default_rng(2)
    for _ in range(4):
        w, x, spikes = rng.uniform(0, 40, 2), rng.uniform(-1, 2, (7, 2)), rng.integers(0, 2, 7)
        got = answer("q3", "score")(n, w, x, spikes)
        with mpmath.workdps(40):
            for i, order in enumerate(((1, 0), (0, 1))):
                want = mpmath.diff(lambda *v: log_P(n, v, x.tolist(), spikes), tuple(w.tolist()), order)
                assert got[i] == pytest.approx(float(want), rel=1e-10, abs=1e-12)


def test_the_score_of_all_trains_has_mean_zero():
    n, w = Neuron(0.6, -70.0, -52.0, -66.0, 10.0), np.array([28.0, -12.0])
    x = np.random.default_rng(3).uniform(0, 2, (6, 2))
    mean, whole = np.zeros(2), 0.0
    for spikes in itertools.product((0, 1), repeat=6):
        P = math.exp(log_P(n, w.tolist(), x.tolist(), spikes))
        mean, whole = mean + P * answer("q3", "score")(n, w, x, spikes), whole + P
    assert whole == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(mean, 0, atol=1e-13)


def test_central_differences_by_hand():
    # Of a cube the central difference is 3 w^2 + h^2; of a product it is the other factor.
    w = np.array([2.0, -1.0])
    got = answer("q4", "numerical_score")(lambda v: v[0] ** 3 + 5 * v[0] * v[1], w, 0.5)
    np.testing.assert_allclose(got, [12 + 0.25 - 5, 10], rtol=1e-14)
    assert w.tolist() == [2.0, -1.0]


def test_distance_from_zero_by_hand():
    # 1, 2, 6: mean 3, S = (4 + 1 + 9)/2 = 7. 0, 0, 3: mean 1, S = (1 + 1 + 4)/2 = 3.
    got = answer("q4", "distance_from_zero")(np.array([[1.0, 0], [2, 0], [6, 3]]))
    np.testing.assert_allclose(got, [3 / math.sqrt(7 / 3), 1.0], rtol=1e-14)


def test_the_curves_of_errors_are_those_of_a_train():
    # One weight 1.3, forty inputs and spikes; beta 0.8, threshold 1 above rest, Delta 0.3. Forty digits do not round.
    n = Neuron(0.8, 0.0, 1.0, 0.0, 0.3)
    rng = np.random.default_rng(3)
    x, spikes = rng.uniform(0, 2, (40, 1)).round(1).tolist(), (rng.random(40) < 0.35).tolist()
    A, B = ANSWERS.givens["error_A"], ANSWERS.givens["error_B"]
    with mpmath.workdps(40):
        w = mpmath.mpf("1.3")
        exact = mpmath.diff(lambda v: log_P(n, [v], x, spikes), w)
        for k, h in enumerate(ANSWERS.givens["distances"][:6].tolist()):
            up, here, down = (log_P(n, [w + s * h], x, spikes) for s in (1, 0, -1))
            assert A[k] == pytest.approx(float(abs((up - here) / h - exact)), rel=6e-3)
            if k < 4:
                assert B[k] == pytest.approx(float(abs((up - down) / (2 * h) - exact)), rel=6e-3)
    # Further left an error of a few times 2^-53 |ln P|, over h, is what is left.
    rounding = 2**-53 * abs(float(log_P(n, [1.3], x, spikes))) / ANSWERS.givens["distances"]
    assert (B[5:] < 4 * rounding[5:]).all() and (B[5:] > 1e-3 * rounding[5:]).all()
    assert B[0] / B[1] == pytest.approx(answer("q4", "factor"), rel=0.01) and A[0] / A[1] == pytest.approx(10, rel=0.02)
    assert answer("q4", "central") == "B" and answer("q4", "growing") == "rounding"


@pytest.mark.parametrize("p", [Fraction(1, 5), Fraction(3, 4)])
def test_one_decision_in_fractions(p):
    Delta, R1, R0 = Fraction(1, 3), Fraction(7), Fraction(4)

    def moments(b):
        outcomes = [(p, (R1 - b) * (1 - p) / Delta), (1 - p, -(R0 - b) * p / Delta)]
        mean = sum(weight * g for weight, g in outcomes)
        return mean, sum(weight * (g - mean) ** 2 for weight, g in outcomes)

    for b in (0, 5, 11):
        mean, variance = moments(Fraction(b))
        numbers = [float(number) for number in (p, Delta, R1, R0, b)]
        assert answer("q5", "expected")(*numbers) == pytest.approx(float(mean), rel=1e-13)
        assert answer("q5", "variance")(*numbers) == pytest.approx(float(variance), rel=1e-13)
    best = answer("q5", "best_baseline")(float(p), 7.0, 4.0)
    assert moments(Fraction(best).limit_denominator(1000))[1] == 0
    # The mean is the slope of the mean return over the potential: p' = p (1 - p)/Delta.
    with mpmath.workdps(30):
        slope = mpmath.diff(lambda a: 4 + 3 / (1 + mpmath.exp(-3 * a)), mpmath.log(p / (1 - p)) / 3)
    assert float(moments(0)[0]) == pytest.approx(float(slope), rel=1e-13)


def test_an_update_by_hand():
    # Rewards 1, 2, 3, discount 1/2. Fallen: returns 3, 3.5, 2.75 backwards. Cut off with 8 beyond: 7, 5.5, 3.75.
    scores = np.array([[1.0, 0], [0, 1], [2, -1]])
    for fell, credits in ((True, [2.75, 3.5, 3]), (False, [3.75, 5.5, 7])):
        want = [10 + 0.3 / 3 * (credits[0] - 1 + 2 * (credits[2] - 1)), 20 + 0.3 / 3 * (credits[1] - credits[2])]
        got = answer("q6", "update")(np.array([10.0, 20]), scores, [1.0, 2, 3], fell, 8.0, 0.5, 1.0, 0.3)
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_the_faulty_program_has_the_mistakes_that_it_should():
    # Turned round in time, with the ends exchanged, the rate negative and no discount, its mistakes undo each other.
    faulty, update = ANSWERS.givens["faulty_update"], answer("q6", "update")
    rng = np.random.default_rng(6)
    w, scores, rewards = rng.normal(size=2), rng.normal(size=(5, 2)), rng.uniform(0, 1, 5)
    for fell in (True, False):
        right = update(w, scores, rewards, fell, 7.0, 1.0, 2.0, 0.3)
        undone = faulty(w, scores[::-1], rewards[::-1], not fell, 7.0, 1.0, 2.0, -0.3)
        np.testing.assert_allclose(undone, right, rtol=1e-13)
        for one_left in (
            faulty(w, scores, rewards, not fell, 7.0, 1.0, 2.0, -0.3),
            faulty(w, scores[::-1], rewards[::-1], fell, 7.0, 1.0, 2.0, -0.3),
            faulty(w, scores[::-1], rewards[::-1], not fell, 7.0, 1.0, 2.0, 0.3),
            faulty(w, scores[::-1], rewards[::-1], not fell, 7.0, 0.9, 2.0, -0.3),
        ):
            assert abs(one_left - right).max() > 0.01


def test_the_cart_is_gymnasiums():
    cart, step = gymnasium.make("CartPole-v1").unwrapped, answer("q7", "cart_step")
    rng = np.random.default_rng(5)
    for seed in range(20):
        cart.reset(seed=seed)
        over = False
        while not over:
            push, before = int(rng.integers(2)), [float(number) for number in cart.state]
            _, _, over, _, _ = cart.step(push)
            np.testing.assert_allclose(step(*before, push), np.array(cart.state, dtype=float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("slope", [1.2, 3.0])
def test_growth_of_a_swing_step_by_step(slope):
    # The whole equations of motion, with an angle so small that its square is nothing; omega from their start.
    def turn(theta, theta_dot):
        f = (20 * slope * theta + 0.05 * theta_dot**2 * math.sin(theta)) / 1.1
        return (9.8 * math.sin(theta) - f * math.cos(theta)) / (0.5 * (4 / 3 - 0.1 * math.cos(theta) ** 2 / 1.1))

    theta, theta_dot = 1e-7, 0.0
    omega = math.sqrt(-turn(theta, 0.0) / theta)
    for steps in range(1, 151):
        theta, theta_dot = theta + 0.02 * theta_dot, theta_dot + 0.02 * turn(theta, theta_dot)
        grown = math.hypot(theta, theta_dot / omega) / 1e-7
        assert answer("q7", "growth")(slope, steps) == pytest.approx(grown, rel=1e-9)


def test_shares_by_counting():
    # Climb from -90 to -50 towards -30 with 20 ms: 20 ln 3 = 21.97 ms, ten thousand spikes sorted into decisions.
    share, n = answer("q8", "share"), LIF(tau_m=20.0, E_L=-70.0, V_th=-50.0, V_reset=-90.0, t_ref=0.0)
    spikes = [20 * math.log(3) * k for k in range(1, 10_001)]
    for decision in (5.0, 20.0, 25.0):
        hit = len({math.floor(time / decision) for time in spikes})
        assert share(n, 40.0, decision) == pytest.approx(hit / (spikes[-1] / decision), abs=2e-4)
    assert share(n, 20.0, 20.0) == 0 == share(n, -5.0, 20.0)


def test_memories_in_fractions():
    # One unit pulse of angle at each distance in the past gives the factors; a turn of 2 rad/s is found in the end.
    beta, dt = Fraction(3, 5), Fraction(1, 50)

    def differences(angles, m):
        for angle in angles:
            m = beta * m + (1 - beta) * angle
            yield angle - m

    pulses = [[Fraction(int(k == past)) for k in range(5, -1, -1)] for past in range(6)]
    factors = [list(differences(pulse, Fraction(0)))[-1] for pulse in pulses]
    np.testing.assert_allclose(answer("q8", "weights_of_the_past")(0.6, 6), [float(f) for f in factors], rtol=1e-12)
    assert sum(factors) == beta**6
    # On a ramp that began after a rest, the difference is omega dt (beta + beta^2 + ... + beta^k) after k steps.
    ramp = [Fraction(1, 10) + 2 * dt * step for step in range(90)]
    settled = list(differences(ramp, ramp[0]))
    assert settled[3] == 2 * dt * (beta + beta**2 + beta**3)
    estimates = answer("q8", "velocities")(np.array([float(angle) for angle in ramp]), 0.6, 0.02)
    assert estimates[-1] == pytest.approx(2, rel=1e-9)
    whole = beta / (1 - beta) * dt
    np.testing.assert_allclose(estimates, [float(difference / whole) for difference in settled], rtol=1e-9, atol=1e-12)


def test_bands_by_hand():
    # Two learners, 1 and 3: mean 2, standard deviation sqrt 2, standard error 1. Three, 0, 0, 3: mean 1, error 1.
    band = answer("q9", "band")
    low, high = band(np.array([[1.0, 5], [3, 5]]), 2.0)
    assert list(low) == pytest.approx([0, 5], abs=1e-14) and list(high) == pytest.approx([4, 5], abs=1e-14)
    low, high = band(np.array([[0.0], [0], [3]]), 1.5)
    assert [low[0], high[0]] == pytest.approx([-0.5, 2.5], rel=1e-14)


def episodes(push, trials=30, limit=500):
    """Lengths of episodes under `push`, a rule from arrays of states to booleans; plain NumPy, all at once."""
    state = np.random.default_rng(7).uniform(-0.05, 0.05, (4, trials))
    alive, length = np.ones(trials, bool), np.zeros(trials, int)
    for _ in range(limit):
        y, y_dot, theta, theta_dot = state
        f = (np.where(push(*state), 10.0, -10.0) + 0.05 * theta_dot**2 * np.sin(theta)) / 1.1
        turn = (9.8 * np.sin(theta) - f * np.cos(theta)) / (0.5 * (4 / 3 - 0.1 * np.cos(theta) ** 2 / 1.1))
        state = state + 0.02 * np.array([y_dot, f - 0.05 * turn * np.cos(theta) / 1.1, theta_dot, turn])
        length += alive
        alive &= (abs(state[0]) <= 2.4) & (abs(state[2]) <= 12 * math.pi / 180)
        if not alive.any():
            break
    return length


def test_predictions_about_the_pole():
    # A rule that sees velocities balances; no straight border in position and angle does, nor do random pushes.
    balanced = episodes(lambda y, y_dot, theta, theta_dot: 0.1 * y + 0.3 * y_dot + 3 * theta + theta_dot > 0)
    assert balanced.min() == 500 and answer("q9", "seeing") == "balances"
    best = 0.0
    for angle in np.linspace(0, 2 * math.pi, 73):
        for bias in np.linspace(-0.2, 0.2, 9):
            a, c = math.cos(angle), math.sin(angle)
            length = episodes(lambda y, y_dot, theta, theta_dot: a * y + c * theta > bias, trials=10)
            best = max(best, length.mean())
    assert best < 100 and answer("q9", "blind") == "fall"
    rng = np.random.default_rng(8)
    random = episodes(lambda y, y_dot, theta, theta_dot: rng.random(y.shape) < 0.5)
    assert random.max() < 200 and random.mean() < 40 and answer("q9", "loud") == "fall"


def test_predictions_about_probabilities_and_bands():
    # The distance from threshold, in units of Delta, is a ratio of numbers that are all doubled.
    n, u, spikes = Neuron(0.6, -64.0, -42.0, -68.0, 6.0), [20.0, 40.0, 30.0, 4.0], [0, 1, 0, 0]
    double = Neuron(0.6, -64.0, -20.0, -72.0, 12.0)
    potentials, chance = answer("q1", "potentials"), answer("q1", "chance")
    twice = chance(double, potentials(double, [2 * drive for drive in u], spikes))
    np.testing.assert_allclose(twice, chance(n, potentials(n, u, spikes)), rtol=1e-12)
    assert answer("q9", "doubled") == "the same"
    # Four copies of each learner: the mean of squares stays, the root of the number doubles.
    curves = np.random.default_rng(9).uniform(0, 100, (400, 2))
    widths = [np.subtract(*answer("q9", "band")(c, 1.0)) for c in (np.tile(curves, (4, 1)), curves)]
    np.testing.assert_allclose(widths[0] / widths[1], 0.5, rtol=1e-2)
    assert answer("q9", "four_times") == "half" and answer("q9", "scatter") == "the same"


def test_the_package_has_the_same_neuron_pole_and_band():
    other = policy.EscapeNoiseLIF(weights=[18.0, -6.0], bias=0.0, tau_m=30.0, V_reset=-76.0, Delta=7.0, dt=20.0)
    n = Neuron(other.beta, other.E_L, other.V_th, other.V_reset, other.Delta)
    x = np.random.default_rng(10).uniform(-1, 3, (60, 2))
    train = policy.sample(other, x, rng=3)
    V = answer("q1", "potentials")(n, x @ other.weights, train.spikes)
    np.testing.assert_allclose(V, train.V, rtol=1e-12)
    np.testing.assert_allclose(answer("q1", "chance")(n, V), other.spike_probability(V), rtol=1e-12)
    got = answer("q2", "log_probability")((V - n.V_th) / n.Delta, train.spikes)
    assert got == pytest.approx(policy.log_likelihood(other, x, train.spikes), rel=1e-12)
    got = answer("q3", "score")(n, np.array(other.weights), x, train.spikes)
    np.testing.assert_allclose(got, policy.score(other, x, train.spikes)["weights"], rtol=1e-10)
    pole = policy.CartPole(state=[0.1, 0.5, -0.1, 0.7])
    for push in (0, 1, 1, 0):
        want = answer("q7", "cart_step")(*pole.state, push)
        pole.step(push)
        np.testing.assert_allclose(pole.state, want, rtol=1e-12)
    curves = np.random.default_rng(11).uniform(0, 500, (20, 7))
    # Student's 97.5 % with 19 degrees of freedom, from any table: 2.0930.
    np.testing.assert_allclose(answer("q9", "band")(curves, 2.0930), policy.confidence_band(curves)[1:], rtol=1e-4)

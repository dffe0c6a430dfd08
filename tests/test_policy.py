"""A neuron that decides: the pole against Gymnasium and mechanics, likelihood and score against enumeration and mpmath.

Expected values: Gymnasium's own environment; Lagrange's equations; sums over all spike trains; 30-digit arithmetic;
plain programs written here; stored runs of tools/policy.py.
"""

import itertools
import json
import math
import sys
from pathlib import Path

import gymnasium
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.stats import t as student

from lifcore import LIF, firing_rate
from lifcore.neuron import interspike_interval
from lifcore.response import susceptibility
from lifcore.kernels import build_wasm, random
from lifcore.kernels import policy as kernels
from lifcore.policy import (
    CartPole, EscapeNoiseLIF, balance, bias_for_interval, confidence_band, evaluate, log_likelihood, record, reinforce,
    running_mean, sample, score,
)
from wasm_host import WasmtimeHost, numba_call

STORED = json.loads((Path(__file__).parent / "reference" / "policy.json").read_text(encoding="utf-8"))
NEURON = EscapeNoiseLIF([6.0, -4.0], bias=18.0, tau_m=13.0, V_reset=-75.0, Delta=5.0, dt=4.0)


def stored(task, seed):
    """A neuron as the script has stored it, and what it stored of it."""
    run = STORED[task]["runs"][seed]
    learnt = {name: run[name] for name in ("weights", "bias", "tau_m", "V_reset")}
    return EscapeNoiseLIF(**STORED[task]["neuron"] | learnt), run


# The pole.


def test_pole_moves_as_in_gymnasium():
    """Fifty episodes of random pushes: 1e-12, since sine and cosine are our own; the falls come at the same step."""
    environment, rng = gymnasium.make("CartPole-v1").unwrapped, np.random.default_rng(1)
    for seed in range(50):
        environment.reset(seed=seed)
        pole, fallen = CartPole(state=environment.state), False
        while not fallen:
            action = int(rng.integers(2))
            seen, _, terminated, *_ = environment.step(action)
            fallen = pole.step(action)
            np.testing.assert_allclose(pole.state, environment.state, rtol=0, atol=1e-12)
            assert fallen == terminated and pole.observation.dtype == seen.dtype


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4), st.floats(-20.0, 20.0))
def test_pole_obeys_mechanics(state, force):
    """Lagrange's two equations of a rod on a cart; Euler's step tells the accelerations."""
    pole = CartPole(state=state)
    pole.push(force)
    x1, w1 = (pole.state[[1, 3]] - np.array(state)[[1, 3]]) / 0.02
    angle, turning = state[2], state[3]
    m, M, l = 0.1, 1.1, 0.5
    cart = M * x1 + m * l * (w1 * math.cos(angle) - turning**2 * math.sin(angle)) - force
    rod = 4.0 / 3.0 * l * w1 + x1 * math.cos(angle) - 9.8 * math.sin(angle)
    assert abs(cart) < 1e-11 and abs(rod) < 1e-11
    np.testing.assert_allclose(pole.state[[0, 2]], [state[0] + 0.02 * state[1], angle + 0.02 * turning], atol=1e-15)


@pytest.mark.parametrize("place, at_rest", [(0, 2.4), (2, math.radians(12.0))])
def test_pole_falls_beyond_its_limits(place, at_rest):
    for sign in (-1.0, 1.0):
        for share, falls in ((0.999, False), (1.001, True)):
            state = np.zeros(4)
            state[place] = sign * share * at_rest
            assert CartPole(state=state).push(0.0) is falls


def test_start_is_uniform():
    """Mean and variance of 4 · 2000 numbers, at 4 standard errors; the bounds are those of Gymnasium."""
    starts = np.array([CartPole(rng=seed).state for seed in range(2000)]).ravel()
    assert abs(starts).max() < 0.05
    assert abs(starts.mean()) < 4 * 0.05 / math.sqrt(3 * starts.size)
    assert abs(starts.var() / (0.05**2 / 3) - 1.0) < 4 * math.sqrt(0.8 / starts.size)


# The neuron.


def test_step_is_the_solution_of_the_equation():
    """Beside DOP853 on the differential equation, from the reset of each spike."""
    x = np.random.default_rng(2).normal(size=(30, 2))
    found, n = sample(NEURON, x, rng=3), NEURON
    V = n.E_L
    for k, inputs in enumerate(x):
        drive = n.bias + inputs @ n.weights
        end = solve_ivp(lambda _, V, drive=drive: (n.E_L - V + drive) / n.tau_m, (0, n.dt), [V], method="DOP853",
                        rtol=1e-12, atol=1e-12).y[0, -1]
        assert found.V[k] == pytest.approx(end, abs=1e-9)
        V = n.V_reset if found.spikes[k] else end


def test_spikes_have_the_stated_probability():
    """The same input 40,000 times from rest: one step, counted at 4 standard errors."""
    n = NEURON.replace(weights=[0.0], tau_m=0.0)
    spikes = sample(n, np.zeros((40_000, 1)), rng=4).spikes
    expected = 1.0 / (1.0 + math.exp(-(-70.0 + 18.0 + 50.0) / 5.0))
    assert abs(spikes.mean() - expected) < 4 * math.sqrt(expected * (1.0 - expected) / spikes.size)
    assert n.spike_probability(-52.0) == pytest.approx(expected, rel=1e-14)


def test_without_noise_it_fires_where_it_reaches_threshold():
    n = EscapeNoiseLIF([1.0], bias=0.0, tau_m=0.0, Delta=0.0)
    assert sample(n, [[19.999], [20.0], [20.001]]).spikes.tolist() == [0, 1, 1]
    assert n.spike_probability([-50.1, -50.0]).tolist() == [0.0, 1.0]


def test_extremes_stay_numbers():
    n = EscapeNoiseLIF([1e6, -1e6], tau_m=1e-6, Delta=1e-6)
    x = np.array([[1e6, 0.0], [0.0, 1e6], [0.0, 0.0]])
    for spikes in itertools.product([0, 1], repeat=3):
        assert math.isfinite(log_likelihood(n, x, spikes))
        assert all(np.all(np.isfinite(part)) for part in score(n, x, spikes).values())
    assert np.all(np.isfinite(sample(n, x, rng=1).V))


def every_train(steps):
    return np.array(list(itertools.product([0, 1], repeat=steps)))


def test_probabilities_of_all_trains_add_up_to_one():
    x = np.random.default_rng(5).normal(size=(9, 2))
    assert sum(math.exp(log_likelihood(NEURON, x, train)) for train in every_train(9)) == pytest.approx(1.0, abs=1e-13)


def test_mean_score_is_zero():
    """The sum of P times its logarithm's gradient is the gradient of one."""
    x = np.random.default_rng(6).normal(size=(9, 2))
    for name in ("weights", "bias", "tau_m", "V_reset"):
        mean = sum(
            math.exp(log_likelihood(NEURON, x, train)) * score(NEURON, x, train)[name] for train in every_train(9))
        np.testing.assert_allclose(mean, 0.0, atol=1e-13)


def test_score_of_the_mean_reward():
    """Of a reward that depends on the order of the spikes: the policy gradient is the slope of its exact mean."""
    x, trains = np.random.default_rng(7).normal(size=(7, 2)), every_train(7)
    reward = trains @ np.arange(1.0, 8.0) - 3.0 * (trains[:, 1:] * trains[:, :-1]).sum(axis=1)

    def mean(bias):
        n = NEURON.replace(bias=bias)
        return sum(math.exp(log_likelihood(n, x, train)) * r for train, r in zip(trains, reward, strict=True))

    expected = (mean(18.0 + 1e-4) - mean(18.0 - 1e-4)) / 2e-4
    found = sum(math.exp(log_likelihood(NEURON, x, train)) * r * score(NEURON, x, train)["bias"]
                for train, r in zip(trains, reward, strict=True))
    assert found == pytest.approx(expected, rel=1e-7)


def precise_log_likelihood(values, n, x, spikes):
    """In 30 digits, by the closed form of the membrane from one spike to the next."""
    bias, tau_m, V_reset, *weights = map(mpmath.mpf, values)
    total, V = mpmath.mpf(0), mpmath.mpf(n.E_L)
    for inputs, spike in zip(x, spikes, strict=True):
        steady = n.E_L + bias + sum(w * mpmath.mpf(float(value)) for w, value in zip(weights, inputs, strict=True))
        left = mpmath.exp(-mpmath.mpf(n.dt) / tau_m) if tau_m else mpmath.mpf(0)
        V = V * left + steady * (1 - left)
        # 1 - P would lose the digits of a small probability, even among thirty.
        total -= mpmath.log(1 + mpmath.exp((n.V_th - V if spike else V - n.V_th) / n.Delta))
        V = V_reset if spike else V
    return total


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.3, 200.0), st.floats(0.2, 40.0), st.floats(0.1, 50.0))
def test_likelihood_and_score_in_thirty_digits(seed, tau_m, Delta, dt):
    """The score beside central differences of the likelihood in 30 digits: 1e-8."""
    rng = np.random.default_rng(seed)
    x, spikes = rng.normal(size=(15, 2)), rng.integers(0, 2, 15)
    n = EscapeNoiseLIF(
        10 * rng.normal(size=2), 20 + 5 * rng.normal(), tau_m, -75 + 5 * rng.normal(), Delta=Delta, dt=dt)
    values = [n.bias, n.tau_m, n.V_reset, *n.weights]
    with mpmath.workdps(30):
        expected = precise_log_likelihood(values, n, x, spikes)
        assert log_likelihood(n, x, spikes) == pytest.approx(float(expected), rel=1e-12)
        slopes = []
        for i, value in enumerate(values):
            step = mpmath.mpf(10) ** -10
            up, down = (
                precise_log_likelihood([*values[:i], mpmath.mpf(value) + sign * step, *values[i + 1:]], n, x, spikes)
                for sign in (1, -1))
            slopes.append(float((up - down) / (2 * step)))
    found = score(n, x, spikes)
    given = np.array([found["bias"], found["tau_m"], found["V_reset"], *found["weights"]])
    np.testing.assert_allclose(given, slopes, rtol=1e-8, atol=1e-10 * np.abs(slopes).max())


def test_score_by_hand():
    """Two steps with beta = 1/2, a spike in the first: V is V_th twice, so P = 1/2 and each surprise is 1/(2 Delta)."""
    n = EscapeNoiseLIF([0.0], bias=40.0, tau_m=20.0 / math.log(2.0), V_reset=-70.0, Delta=10.0)
    found = score(n, [[1.0], [3.0]], [1, 0])
    # The traces: (1 - beta) x in each step, since the spike clears them; of the reset 0, then beta.
    assert found["weights"][0] == pytest.approx(0.05 * 0.5 - 0.05 * 1.5, rel=1e-12)
    assert found["bias"] == pytest.approx(0.0, abs=1e-15)
    assert found["V_reset"] == pytest.approx(-0.05 * 0.5, rel=1e-12)
    assert log_likelihood(n, [[1.0], [3.0]], [1, 0]) == pytest.approx(2 * math.log(0.5), rel=1e-12)


# The neuron and the pole.


def plain_run(n, environment, seed):
    """A neuron without noise in Gymnasium, written out: decisions until the end."""
    seen, _ = environment.reset(seed=seed)
    columns, scales = ([0, 1, 2, 3], [1, 1, 0.2, 1]) if len(n.weights) == 4 else ([0, 2], [1, 0.2])
    beta = math.exp(-n.dt / n.tau_m) if n.tau_m else 0.0
    V, actions = n.E_L, []
    for count in range(1, 501):
        drive = n.bias + sum(w * float(seen[c]) / s for w, c, s in zip(n.weights, columns, scales, strict=True))
        spike = 0
        for _ in range(round(20 / n.dt)):
            V = beta * V + (1 - beta) * (n.E_L + drive)
            if V >= n.V_th:
                V, spike = n.V_reset, 1
        actions.append(spike)
        seen, _, terminated, truncated, _ = environment.step(spike)
        if terminated or truncated:
            break
    return count, actions


@pytest.mark.parametrize("task", ["all", "no velocities", "no velocities, no memory"])
def test_loop_is_that_of_a_plain_program(task):
    n, environment = stored(task, 1)[0].replace(Delta=0.0), gymnasium.make("CartPole-v1")
    n = n.replace(bias=n.bias + 6.0)  # worse than learnt, so that poles fall
    for seed in range(5):
        environment.reset(seed=seed)
        run = record(n, state=environment.unwrapped.state)
        count, actions = plain_run(n, environment, seed)
        # What differs in the last digit grows while a pole stands: within two seconds it changes no decision.
        assert run.actions[:100].tolist() == actions[:100]
        if count <= 100:
            assert len(run.actions) == count and run.fallen


def test_record_is_the_first_of_the_episodes():
    n = stored("no velocities", 0)[0].replace(Delta=2.0)
    returns, run = balance(n, 5, rng=8), record(n, rng=8)
    assert len(run.actions) == returns[0] and run.states.shape == (returns[0] + 1, 4)
    assert run.V.shape == run.spikes.shape == (returns[0], 20)
    assert np.array_equal(balance(n, 3, rng=8), returns[:3])
    pole = CartPole(state=run.states[0])
    for action, state in zip(run.actions, run.states[1:], strict=True):
        pole.step(action)
        assert np.array_equal(pole.state, state)


# Learning.


def plain_reinforce(n, episodes, learning_rate, discount, batch, seed, updates):
    """REINFORCE for weights, bias, reset and time constant in plain Python, on the same random numbers."""
    words, numbers = np.empty((4, 1), np.uint32), np.empty((1_000_000, 1), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), 0, words)
    random.random_words(words, numbers)
    draws = iter(((numbers[:, 0].astype(float) + 0.5) / 2.0**32).tolist())
    values = np.array([n.bias, n.tau_m, n.V_reset, *n.weights])
    rates = learning_rate * np.array([1.0, 1.0 / (n.V_th - n.E_L), *[1.0] * (values.size - 2)])
    first, second, baseline, lengths = np.zeros(values.size), np.zeros(values.size), None, []
    for update in range(updates):
        gradient, decisions = np.zeros(values.size), 0
        for _ in range(batch):
            state = np.array([0.05 * (2.0 * next(draws) - 1.0) for _ in range(4)])
            pole, steps, trains, fallen = CartPole(state=state), round(20 / n.dt), [], False
            neuron = n.replace(bias=values[0], tau_m=values[1], V_reset=values[2], weights=values[3:])
            V, x = n.E_L, []
            while not fallen and len(trains) < 500:
                x.append([float(pole.observation[0]), float(pole.observation[2]) / 0.2])
                drive, train = values[0] + x[-1] @ values[3:], []
                for _ in range(steps):
                    V = neuron.beta * V + (1.0 - neuron.beta) * (n.E_L + drive)
                    train.append(int(next(draws) < 1.0 / (1.0 + math.exp(-(V - n.V_th) / n.Delta))))
                    V = values[2] if train[-1] else V
                trains.append(train)
                fallen = pole.step(max(train))
            lengths.append(len(trains))
            total, returns = 0.0 if fallen else 1.0 / (1.0 - discount), []
            for _ in trains:
                total = 1.0 + discount * total
                returns.insert(0, total)
            # The score of the spikes of one decision: what it adds to the score of those before.
            inputs, spikes = np.repeat(x, steps, axis=0), np.concatenate(trains)
            before = np.zeros(values.size)
            for k, value in enumerate(returns, start=1):
                parts = score(neuron, inputs[:k * steps], spikes[:k * steps])
                whole = np.array([parts["bias"], parts["tau_m"], parts["V_reset"], *parts["weights"]])
                gradient += (value - (baseline or 0.0)) * (whole - before)
                before = whole
            mean = np.mean(returns)
            baseline = mean if baseline is None else 0.9 * baseline + 0.1 * mean
            decisions += len(trains)
        slope = gradient / decisions
        slope[1] *= values[1]
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        step = first / (1 - 0.9 ** (update + 1)) / (np.sqrt(second / (1 - 0.99 ** (update + 1))) + 1e-8)
        step *= rates * (1.0 - update / updates)
        values = np.array([values[0] + step[0], values[1] * math.exp(step[1]), *(values[2:] + step[2:])])
    return values, lengths


def test_learning_is_that_of_a_plain_program():
    n = EscapeNoiseLIF([0.0, 5.0], bias=25.0, tau_m=15.0, V_reset=-80.0, Delta=4.0, dt=10.0)
    values, lengths = plain_reinforce(n, 12, 1.5, 0.9, 3, 9, 4)
    found = reinforce(
        n, 12, 1.5, 0.9, batch=3, learn=("weights", "bias", "tau_m", "V_reset"), fade=True, rng=9)
    assert found.returns.tolist() == lengths
    learnt = [found.neuron.bias, found.neuron.tau_m, found.neuron.V_reset, *found.neuron.weights]
    np.testing.assert_allclose(learnt, values, rtol=1e-9)


@pytest.mark.parametrize("task, seed", [("all", 0), ("all", 7), ("no velocities", 0), ("no velocities, no memory", 0)])
def test_learning_repeats_what_is_stored(task, seed):
    """The same bits as when tools/policy.py ran, on whatever machine that was."""
    kept, run = stored(task, seed)
    found = reinforce(EscapeNoiseLIF(**STORED[task]["neuron"]), rng=seed, **STORED[task]["learning"])
    assert found.neuron == kept and len(found.returns) == run["episodes"]


@pytest.mark.parametrize("seed", range(5))
def test_five_seeds_of_five_balance_the_pole(seed):
    """The goal: a mean of at least 475 in Gymnasium over 100 fresh episodes, after fewer than 300 of learning."""
    found = reinforce(EscapeNoiseLIF([0.0] * 4), rng=seed, target=475.0)
    assert len(found.returns) < 300 and running_mean(found.returns)[-1] >= 475.0
    assert evaluate(found.neuron, 100, rng=77 + seed).mean() >= 475.0


def test_stored_judgements():
    """What the script found in Gymnasium, 100 episodes a neuron; the last number is that of seed 0, judged again."""
    runs = STORED["all"]["runs"]
    assert all(run["noisy"] >= 475.0 and run["silent"] == 500.0 and run["episodes"] < 300 for run in runs)
    hidden = STORED["no velocities"]["runs"]
    assert len(hidden) == 10 and all(run["silent"] >= 475.0 for run in hidden)
    assert sum(run["noisy"] >= 475.0 for run in hidden) == 9
    assert all(max(run["noisy"], run["silent"]) < 50.0 for run in STORED["no velocities, no memory"]["runs"])
    n, run = stored("no velocities, no memory", 0)
    assert np.mean(evaluate(n, 100, 1_000_000)) == run["noisy"]


def test_memory_balances_without_velocities():
    """In Gymnasium, without noise: 40 fresh episodes of a neuron with memory, and of the best one without."""
    assert evaluate(stored("no velocities", 0)[0].replace(Delta=0.0), 40, rng=5).mean() >= 475.0
    assert evaluate(stored("no velocities, no memory", 2)[0].replace(Delta=0.0), 40, rng=5).mean() < 60.0


def test_own_pole_judges_as_gymnasium_does():
    """Means of 100 episodes of a mediocre neuron in both, at 4 standard errors of their difference."""
    n = stored("no velocities", 0)[0].replace(Delta=2.0)
    own, other = balance(n, 300, rng=6), evaluate(n, 100, rng=6)
    error = math.sqrt(own.var(ddof=1) / own.size + other.var(ddof=1) / other.size)
    assert error > 0.0 and abs(own.mean() - other.mean()) < 4.0 * error


def test_seeds():
    n = EscapeNoiseLIF([0.0] * 4)
    one = reinforce(n, 20, rng=3)
    assert np.array_equal(one.returns, reinforce(n, 20, rng=3).returns)
    assert not np.array_equal(one.returns, reinforce(n, 20, rng=4).returns)
    draw = np.random.default_rng(3)
    assert reinforce(n, 20, rng=draw).neuron != reinforce(n, 20, rng=draw).neuron


def test_only_what_is_named_is_learnt():
    n = EscapeNoiseLIF([0.0] * 4)
    found = reinforce(n, 20, learn="weights", rng=1).neuron
    assert (found.bias, found.tau_m, found.V_reset) == (n.bias, n.tau_m, n.V_reset) and found.weights != n.weights


# The page.


def test_web_assembly_has_the_same_bits():
    """Learning and balancing in another engine, byte for byte."""
    module = build_wasm([kernels.reinforce_updates, kernels.balance_returns, random.seed_streams])
    host, words = WasmtimeHost(module), np.empty((4, 1), np.uint32)
    random.seed_streams(np.array([11, 0], np.uint32), 0, words)
    columns, scales, most = np.arange(4, dtype=np.int32), np.array([1.0, 1.0, 0.2, 1.0]), 80
    learn = [
        np.array([20.0, 20.0, -70.0, 0.0, 0.0, 0.0, 0.0]), np.array([2.0, 0.1, 2.0, 2.0, 2.0, 2.0, 2.0]),
        -70.0, -50.0, 14.0, 20.0, columns, scales, 0.99, 2, 0, 15, 40, np.zeros((2, 7)), np.zeros(2), words,
        np.zeros(4), np.zeros(4), np.zeros(2), np.zeros(2, np.uint8), np.zeros(7), np.zeros((most, 7)), np.zeros(7),
        np.zeros(30, np.int32)]
    assert host.call("reinforce_updates", learn)[1] == numba_call(kernels.reinforce_updates, learn)[1]
    play = [learn[0], -70.0, -50.0, 14.0, 20.0, columns, scales, most, words, np.zeros(4), np.zeros(4), np.zeros(2),
            np.zeros(2, np.uint8), np.zeros(1, np.int32)]
    assert host.call("balance_returns", play)[1] == numba_call(kernels.balance_returns, play)[1]


# Curves.


def test_confidence_band_is_students():
    curves = np.random.default_rng(12).normal(size=(7, 5))
    mean, low, high = confidence_band(curves, 0.9)
    expected = student.interval(0.9, 6, curves.mean(axis=0), curves.std(axis=0, ddof=1) / math.sqrt(7))
    np.testing.assert_allclose([low, high], expected, rtol=1e-12)
    np.testing.assert_allclose(mean, curves.mean(axis=0))


def test_band_covers_the_mean_as_often_as_it_says():
    """2000 bands over 6 curves of normal numbers: 95 % of them hold 0, at 4 standard errors."""
    draws = np.random.default_rng(13).normal(size=(6, 2000))
    _, low, high = confidence_band(draws)
    assert abs(np.mean((low < 0.0) & (high > 0.0)) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_running_mean():
    assert running_mean([1, 2, 6, 3], 2).tolist() == [1.5, 4.0, 4.5]
    assert running_mean([[1, 3], [5, 5]], 2).tolist() == [[2.0], [5.0]]


def test_f_i_curve_is_the_neurons_at_constant_input():
    """Steps of 1 ms and little noise: the rate of the exact neuron, which is at most a step an interval faster."""
    n = EscapeNoiseLIF([1.0], tau_m=30.0, V_reset=-100.0, Delta=0.05, dt=1.0)
    exact = LIF(tau_m=30.0, R=1.0, E_L=-70.0, V_th=-50.0, V_reset=-100.0, t_ref=0.0)
    for drive in (30.0, 38.0, 60.0):
        interval = 1000.0 / sample(n.replace(bias=drive), np.zeros((20_000, 1)), rng=1).spikes.mean() / 1000.0
        expected = 1000.0 / float(firing_rate(exact, drive))
        assert expected - 0.1 < interval < expected + 1.1


@pytest.mark.parametrize("tau_m, V_reset, interval", [(30.0, -100.0, 40.0), (5.0, -60.0, 3.0), (200.0, -70.0, 25.0)])
def test_bias_makes_the_interval(tau_m, V_reset, interval):
    """The interspike interval of the exact neuron under this drive."""
    bias = bias_for_interval(EscapeNoiseLIF([1.0], tau_m=tau_m, V_reset=V_reset), interval)
    exact = LIF(tau_m=tau_m, R=1.0, V_reset=V_reset, t_ref=0.0)
    assert float(interspike_interval(exact, bias)) == pytest.approx(interval, rel=1e-10)
    assert bias_for_interval(EscapeNoiseLIF([1.0], tau_m=0.0), interval) == 20.0


@pytest.mark.parametrize("tau_m", [60.0, 30.0, 15.0])
def test_rate_leads_the_drive(tau_m):
    """Under an even rise the membrane takes the interval of the drive that is there delta after its middle."""
    start, rise, V_reset, height = 30.0, 0.05, 30.0, 20.0  # mV, mV/ms, and mV below and above rest

    def solution(t):  # of tau dV/dt = -V + start + rise t
        return start + rise * (t - tau_m) + (-V_reset - start + rise * tau_m) * math.exp(-t / tau_m)

    T = brentq(lambda t: solution(t) - height, 0.0, 1000.0)
    lead = T / (1.0 - math.exp(-T / tau_m)) - tau_m - T / 2.0
    exact = LIF(tau_m=tau_m, R=1.0, V_reset=-100.0, t_ref=0.0)
    assert float(interspike_interval(exact, start + rise * (T / 2.0 + lead))) == pytest.approx(T, rel=1e-10)


@pytest.mark.parametrize("tau_m", [60.0, 30.0, 15.0])
def test_lead_is_the_phase_of_the_susceptibility(tau_m):
    """The exact response to 1 Hz of the neuron with a little noise in its membrane: 0.2 % of the interval."""
    bias = bias_for_interval(EscapeNoiseLIF([1.0], tau_m=tau_m, V_reset=-100.0), 40.0)
    chi = complex(susceptibility(LIF(tau_m=tau_m, R=1.0, V_reset=-100.0, t_ref=0.0), bias, 0.3, 1.0))
    lead = 40.0 / (1.0 - math.exp(-40.0 / tau_m)) - tau_m - 20.0
    assert 1000.0 * np.angle(chi) / (2.0 * math.pi) == pytest.approx(lead, abs=0.08)


# What is refused.


@pytest.mark.parametrize("change, message", [
    ({"weights": []}, r"weights must be a list with a number for each input, got shape \(0,\)"),
    ({"weights": [[1.0]]}, r"weights must be a list with a number for each input, got shape \(1, 1\)"),
    ({"weights": [math.nan]}, "weights must be finite"),
    ({"bias": math.inf}, "bias must be finite"),
    ({"tau_m": -1.0}, "tau_m must be finite and at least 0 ms"),
    ({"tau_m": 1e-9}, "tau_m must be 0 or at least 1e-06 ms, got 1e-09 ms"),
    ({"Delta": -1.0}, "Delta must be finite and at least 0 mV"),
    ({"Delta": 1e-9}, "Delta must be 0 or at least 1e-06 mV, got 1e-09 mV"),
    ({"dt": 0.0}, "dt must be finite and at least 1e-06 ms"),
    ({"E_L": -50.0}, "E_L must be less than V_th = -50 mV, got -50 mV"),
    ({"V_reset": -40.0}, "V_reset must be less than V_th = -50 mV, got -40 mV"),
])
def test_impossible_neurons(change, message):
    with pytest.raises(ValueError, match=message):
        EscapeNoiseLIF(**{"weights": [1.0]} | change)


def test_wrong_types_and_names():
    with pytest.raises(TypeError, match="tau_m must be a number in ms, got '20'"):
        EscapeNoiseLIF([1.0], tau_m="20")
    with pytest.raises(TypeError, match="EscapeNoiseLIF has no parameter 'tau'; its parameters are weights, bias"):
        NEURON.replace(tau=1.0)
    with pytest.raises(TypeError, match="n must be an EscapeNoiseLIF"):
        balance(LIF())


FOUR = EscapeNoiseLIF([0.0] * 4)


@pytest.mark.parametrize("call, message", [
    (lambda: sample(NEURON, np.zeros((3, 3))), r"x must have the shape \(steps, 2\), a column for each weight, got"),
    (lambda: score(NEURON, np.zeros((3, 2)), [0, 1]), r"spikes must have the shape \(3,\), one for each step of x"),
    (lambda: score(NEURON, np.zeros((1, 2)), [2]), "spikes must be from 0 to 1, got 2"),
    (lambda: score(NEURON.replace(Delta=0.0), np.zeros((1, 2)), [1]), "Delta must be greater than 0 mV, got 0 mV"),
    (lambda: log_likelihood(NEURON, [[math.nan, 0.0]], [1]), "x must be finite"),
    (lambda: balance(EscapeNoiseLIF([1.0, 2.0, 3.0])), "weights must be 4 .* or 2 .*, got 3"),
    (lambda: balance(FOUR.replace(dt=15.0)), "dt must be 20 ms over a whole number, got 15 ms"),
    (lambda: balance(FOUR.replace(dt=40.0)), "dt must be 20 ms over a whole number, got 40 ms"),
    (lambda: balance(FOUR, 0), "episodes must be a whole number of at least 1, got 0"),
    (lambda: balance(FOUR, most=10**7), "most must be at most 1000000, got 10000000"),
    (lambda: balance(FOUR, rng=-1), "rng must be a whole number of at least 0, got -1"),
    (lambda: record(FOUR, state=[0.0]), r"state must have the shape \(4,\)"),
    (lambda: CartPole(rng=1, state=np.zeros(4)), "rng must not be given together with state, got 1"),
    (lambda: CartPole(rng=1).step(2), "action must be 0 or 1, got 2"),
    (lambda: CartPole(rng=1).push(math.nan), "force must be finite"),
    (lambda: reinforce(FOUR.replace(Delta=0.0)), "Delta must be greater than 0 mV, got 0 mV: a neuron without noise"),
    (lambda: reinforce(FOUR, 25, batch=10), "episodes must be a multiple of batch = 10, got 25"),
    (lambda: reinforce(FOUR, discount=1.0), "discount must be less than 1, got 1"),
    (lambda: reinforce(FOUR, learning_rate=0.0), "learning_rate must be finite and greater than 0 mV"),
    (lambda: reinforce(FOUR, learn=("bias", "V_th")), "learn must be some of 'bias', 'tau_m', .* 'weights', got 'V_th'"),
    (lambda: reinforce(FOUR, learn=()), r"learn must be some of 'bias', 'tau_m', 'V_reset', 'weights', got none"),
    (lambda: reinforce(FOUR.replace(tau_m=0.0), learn="tau_m"), "tau_m must be greater than 0 ms to be learnt"),
    (lambda: reinforce(FOUR, 40, 1e6, learn=("tau_m", "bias"), rng=1), r"learning_rate = 1e\+06 mV is too large"),
    (lambda: bias_for_interval(FOUR, 0.0), "interval must be finite and at least 1e-06 ms"),
    (lambda: running_mean([1.0], 2), r"window must be at most the number of returns, got 2 for shape \(1,\)"),
    (lambda: confidence_band([[1.0, 2.0]]), r"curves must have the shape \(curves, points\) with two curves or more"),
    (lambda: confidence_band([[1.0], [2.0]], 1.0), "level must be less than 1, got 1"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_gymnasium_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match="evaluate needs Gymnasium: pip install"):
        evaluate(FOUR, 1)

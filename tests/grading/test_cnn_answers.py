"""The course's answers to the exercises on the spiking CNN, against SciPy, exact fractions, loops and lifcore."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.signal import correlate2d

from lifcore import snn
from lifcore.grading import source
from lifcore.grading.solutions import Reference

EXERCISE = source.read(Path(__file__).parents[2] / "exercises" / "cnn.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def correlated(image, kernel, padding):
    """SciPy's correlation, which does not turn the kernel, over the padded image."""
    return correlate2d(np.pad(image, padding), kernel, mode="valid")


@pytest.mark.parametrize("kernel_size, padding", [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 1), (5, 1), (5, 2)])
def test_shapes_and_additions_are_those_of_scipys_correlation(kernel_size, padding):
    shape_after, additions = answer("q1", "shape_after"), answer("q1", "additions")
    kernel, total = np.ones((kernel_size, kernel_size)), 0
    for row, column in np.ndindex(7, 9):
        image = np.zeros((7, 9))
        image[row, column] = 1
        y = correlated(image, kernel, padding)
        assert additions(row, column, (2, 7, 9), 6, kernel_size, padding) == 6 * np.count_nonzero(y)
        total += 2 * additions(row, column, (2, 7, 9), 6, kernel_size, padding)
    # Every pixel with an event in each of two channels: the synapses that lifcore counts in a run.
    for pool in (1, 2, 3):
        squares = y[: y.shape[0] // pool * pool, : y.shape[1] // pool * pool].shape
        assert shape_after((2, 7, 9), 6, kernel_size, padding, pool) == (6, squares[0] // pool, squares[1] // pool)
    net = snn.Sequential(
        snn.Conv2d(2, 6, kernel_size, padding, bias=False), snn.LIF(beta=0.5), snn.SumPool2d(2), snn.Flatten(),
        snn.Linear(math.prod(shape_after((2, 7, 9), 6, kernel_size, padding, 2)), 3), input_shape=(2, 7, 9), rng=0)
    assert net.shapes[2] == shape_after((2, 7, 9), 6, kernel_size, padding, 2)
    assert net.run(np.ones((1, 1, 2, 7, 9))).operations[0].additions[0] == total


def test_one_event_by_hand_and_by_scipy():
    one_event = answer("q2", "one_event")
    # Row 0, column 2 of three by three pixels: the output at the event sees it under its middle, the one to the left
    # under the weight right of the middle, and the row below under the upper weights.
    w = np.arange(1.0, 10.0).reshape(3, 3)
    assert one_event(w, 0, 2, (3, 3), 1).tolist() == [[0, 6, 5], [0, 3, 2], [0, 0, 0]]
    rng = np.random.default_rng(1)
    for size, padding in ((3, 0), (3, 1), (3, 2), (4, 1), (5, 2)):
        w, image = rng.integers(-9, 10, (size, size)).astype(float), rng.integers(0, 2, (6, 8))
        y = sum(one_event(w, k, l, (6, 8), padding) for k, l in np.argwhere(image))
        np.testing.assert_array_equal(y, correlated(image, w, padding))


def test_a_neuron_in_exact_fractions():
    # By hand, beta = 1/2 and threshold 1. Zero: 3/4; 3/8 + 3/4 = 9/8 fires; 1, which does not; 1/2 + 1. Subtract: after
    # the spike 9/16 + 1 - 1.
    neuron = answer("q3", "neuron")
    I = [0.75, 0.75, 1.0, 1.0, 0.25]
    assert tuple(map(list, neuron(I, 0.5, 1.0, "zero"))) == ([0.75, 1.125, 1.0, 1.5, 0.25], [0, 1, 0, 1, 0])
    assert tuple(map(list, neuron(I, 0.5, 1.0, "subtract"))) == (
        [0.75, 1.125, 0.5625, 1.28125, -0.109375], [0, 1, 0, 1, 0])


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_a_neuron_is_that_of_the_library(reset):
    I = np.random.default_rng(2).uniform(-0.4, 1.8, 60)
    net = snn.Sequential(
        snn.Linear(1, 1, bias=False), snn.LIF(beta=0.85, reset_mechanism=reset), input_shape=(1,), readout="rate",
        dtype="float64", rng=0)
    net.set_parameters({"0.weight": np.ones((1, 1))})
    run = net.run(I.reshape(1, -1, 1), record=True)
    V, s = answer("q3", "neuron")(I, 0.85, 1.0, reset)
    np.testing.assert_allclose(V, run.potentials[1].ravel(), rtol=1e-13, atol=1e-14)
    assert list(s) == run.spikes[1].ravel().tolist() and 5 < sum(s) < 55


def test_frames_by_hand_and_by_the_library():
    # Steps of 8 ms: 7.9 is in step 0, 8 in step 1, 16 is the end and in step 1; two events at one pixel count twice.
    my_frames = answer("q4", "my_frames")
    t, x, y = np.array([7.9, 8.0, 8.5, 16.0]), np.array([2, 0, 0, 1]), np.array([1, 1, 1, 0])
    polarity = np.array([1, 0, 0, 1])
    want = np.zeros((2, 2, 2, 3))
    want[0, 1, 1, 2], want[1, 0, 1, 0], want[1, 1, 0, 1] = 1, 2, 1
    np.testing.assert_array_equal(my_frames(t, x, y, polarity, (2, 3), 2, 16.0), want)
    rng = np.random.default_rng(3)
    t = np.sort(np.append(rng.uniform(0, 90, 200), [30.0, 90.0]))
    x, y, polarity = rng.integers(0, 5, 202), rng.integers(0, 4, 202), rng.integers(0, 2, 202)
    np.testing.assert_array_equal(
        my_frames(t, x, y, polarity, (4, 5), 9, 90.0), snn.Events(t, x, y, polarity, (4, 5), 90.0).frames(9))


def test_latency_by_a_crossing_and_by_the_library():
    spike_step = answer("q5", "spike_step")
    values = [0.0, 0.2, 0.2001, 0.25, 0.4, 0.63, 1.0]
    for x in values:
        # The time to climb from 0 to the threshold is the integral of dV / (dV/dt).
        time = quad(lambda V: 6.0 / (x - V), 0.0, 0.2)[0] if x > 0.2 else math.inf
        assert spike_step(x, 15, 6.0, 0.2) == (math.floor(time) if time < 15 else -1)
    code = snn.latency_code([values], steps=15, tau=6.0, threshold=0.2)[0]
    assert [int(column.argmax()) if column.any() else -1 for column in code.T] == [
        spike_step(x, 15, 6.0, 0.2) for x in values]


def test_rate_by_all_counts():
    # Mean and variance summed over the binomial distribution in exact fractions.
    for steps, x, peak in ((1, Fraction(1, 3), 1), (9, Fraction(2, 5), Fraction(3, 4)), (12, 1, Fraction(1, 2))):
        p = peak * x
        chances = [math.comb(steps, k) * p**k * (1 - p) ** (steps - k) for k in range(steps + 1)]
        mean = sum(k * chance for k, chance in enumerate(chances))
        variance = sum((k - mean) ** 2 * chance for k, chance in enumerate(chances))
        got = answer("q5", "count_and_spread")(float(x), steps, float(peak))
        assert got == pytest.approx((float(mean), math.sqrt(variance)), rel=1e-12)


def passes(n, weights, beta):
    """Whether the neuron fires, stepped through three events n steps apart."""
    V = 0.0
    for t in range(2 * n + 1):
        V = beta * V + (weights[t // n] if t % n == 0 else 0.0)
        if V > 1:
            return True
    return False


def test_directions_by_stepping():
    longest_interval, one_way = answer("q6", "longest_interval"), answer("q6", "one_way")
    for w, beta in (((0.25, 0.38, 0.55), 0.97), ((0.22, 0.4, 0.53), 0.99), ((0.28, 0.36, 0.58), 0.985)):
        to_the_right = [n for n in range(1, 200) if passes(n, w, beta)]
        to_the_left = [n for n in range(1, 200) if passes(n, w[::-1], beta)]
        assert longest_interval(w, beta) == to_the_right[-1] and longest_interval(w[::-1], beta) == to_the_left[-1]
        alone = sorted(set(to_the_right) - set(to_the_left))
        assert one_way(w, beta) == (alone[0], alone[-1]) and len(alone) > 2


def test_predictions_by_stepping():
    w, n = (0.25, 0.38, 0.55), 5
    both = [passes(n, weights, 1.0) for weights in (w, w[::-1])]
    none = [passes(n, weights, 0.0) for weights in (w, w[::-1])]
    assert both == [True, True] and answer("q6", "no_leak") == "both"
    assert none == [False, False] and answer("q6", "no_memory") == "neither"

    def potentials(weights, n, beta, steps):
        V = [0.0]
        for t in range(steps):
            V.append(beta * V[-1] + (weights[t // n] if t % n == 0 and t // n < 3 else 0.0))
        return V

    areas = [sum(potentials(weights, n, 0.9, 600)) for weights in (w, w[::-1])]
    assert areas[0] == pytest.approx(areas[1], rel=1e-12) and answer("q6", "areas") == "equal"
    peaks = [potentials(w, m, math.exp(-1 / tau), 2 * m + 1)[-1] for m, tau in ((5, 8.0), (10, 16.0))]
    assert peaks[0] == pytest.approx(peaks[1], rel=1e-12) and answer("q6", "half_speed") == "equal"


def test_event_by_event_is_step_by_step():
    event_by_event = answer("q7", "event_by_event")
    rng = np.random.default_rng(5)
    fired = 0
    for beta in (0.0, 0.6, 0.93, 1.0):
        t = np.sort(rng.integers(0, 60, 40)).tolist()
        arrivals = list(zip(t, rng.uniform(-0.4, 0.9, 40).tolist()))
        V, spikes, s = 0.0, [], 0
        for step in range(66):
            V = beta * V * (1 - s) + sum(w for when, w in arrivals if when == step)
            s = int(V > 1)
            spikes += [step] * s
        got = event_by_event(arrivals, beta, 65)
        assert got[0] == spikes and got[1] == pytest.approx(V, rel=1e-12, abs=1e-12) and got[2] == len(set(t))
        fired += len(spikes)
    assert fired > 10


def test_decisions_by_hand():
    # Means so far: (1, 0, 0), (1, 1, 0), (1, 2, 0). Margin 1 is reached at once; 1.5 never.
    decide = answer("q8", "decide")
    outputs = np.array([[1.0, 0.0, 0.0], [1.0, 2.0, 0.0], [1.0, 4.0, 0.0]])
    assert decide(outputs, 1.0) == (0, 1) and decide(outputs, 1.5) == (1, 3)
    assert decide(outputs[1:], 1.5) == (1, 2) and decide(outputs[:2, ::-1], 0.0) == (2, 1)
    # The rule of the chapter's figure: the lead, not its size, and the network's own mean over the steps.
    net = snn.Sequential(snn.Linear(4, 3), snn.LI(beta=0.5), input_shape=(4,), dtype="float64", rng=3)
    run = net.run(np.random.default_rng(4).uniform(0, 1, (1, 6, 4)), record=True)
    for n in range(1, 7):
        assert decide(run.potentials[1][0][:n], math.inf) == (run.logits_in_time[0, n - 1].argmax(), n)


def test_break_even_in_exact_fractions():
    # Arithmetic alone, 4.6 pJ against 0.9 pJ: 46/9 spikes, a quarter behind a pool of two by two. With 5 pJ of memory
    # for each weight 96/59, and with plain weights that are kept for 100 products 465/590.
    most, Layer, Energy = answer("q8", "most_spikes"), ANSWERS.givens["Layer"], ANSWERS.givens["Energy"]
    arithmetic, memory = Energy(4.6, 0.9, 0.0, 0.0), Energy(4.6, 0.9, 0.0, 5.0)
    assert most(Layer(1000, 0, 10, 1, 1), arithmetic) == pytest.approx(46 / 9, rel=1e-14)
    assert most(Layer(1000, 0, 10, 2, 1), arithmetic) == pytest.approx(46 / 36, rel=1e-14)
    assert most(Layer(1000, 0, 10, 1, 1), memory) == pytest.approx(96 / 59, rel=1e-14)
    assert most(Layer(1000, 0, 10, 1, 100), memory) == pytest.approx(465 / 590, rel=1e-14)
    # 20 steps of 30 membranes at 4.6 + 10 pJ are 8760 pJ, of 1000 products at 9.6 pJ.
    assert most(Layer(1000, 30, 20, 1, 1), Energy(4.6, 0.9, 4.6, 5.0)) == pytest.approx((9600 - 8760) / 5900, rel=1e-12)
    assert most(Layer(1000, 40, 20, 1, 1), Energy(4.6, 0.9, 4.6, 5.0)) == 0


def test_break_even_is_where_the_librarys_energies_meet():
    from lifcore.snn.operations import Counts
    from lifcore.snn.operations import Energy as Priced

    prices = dict(product=4.6, addition=0.9, update=2.0, access=1.0)
    spikes = answer("q8", "most_spikes")(
        ANSWERS.givens["Layer"](5000, 100, 12, 2, 1), ANSWERS.givens["Energy"](**prices))
    plain = Counts(products=5000, additions=0, updates=0)
    spiking = Counts(products=0, additions=4 * 5000 * spikes, updates=12 * 100)
    assert spikes > 0 and Priced(**prices).of(spiking) == pytest.approx(Priced(**prices).of(plain), rel=1e-12)


def test_split_by_a_loop():
    rng = np.random.default_rng(6)
    original = np.array([0, 1, 1, 3, 0, 3, 6, 1, 6, 3])
    x, held = rng.uniform(0, 16, (10, 4)), np.array([6, 1])
    train, test = answer("q9", "honest_split")(x, original, held)
    rows = [x[i] for i in range(10) if original[i] not in (1, 6)]
    numbers = [number for row in rows for number in row]
    mean = math.fsum(numbers) / len(numbers)
    spread = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
    assert train.shape == (5, 4)
    np.testing.assert_allclose(train * spread + mean, rows, rtol=1e-12)
    np.testing.assert_allclose(test * spread + mean, [x[6], x[1]], rtol=1e-12)


def test_difference_by_the_counts_of_disagreement():
    # Only the images on which the networks disagree say something: n01 and n10 of them among n, as in McNemar's test.
    both, only_a, only_b, neither = 300, 5, 13, 42
    a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither])
    b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither])
    error = math.sqrt(only_a + only_b - (only_a - only_b) ** 2 / 360) / 360
    assert answer("q9", "difference")(a, b) == pytest.approx(((only_a - only_b) / 360, error), rel=1e-12)


def test_reports_with_a_part_of_the_test_images():
    # Chosen by test images: a rate (A), a moment (D), a seed (G). Copies on both sides: B. C, E and F use training and
    # validation images only.
    assert answer("q9", "leaks") == "ABDG"

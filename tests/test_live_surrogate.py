"""The figures of the chapter on surrogate gradients, against plain programs written here and closed forms."""

import math

import numpy as np
import pytest

from lifcore.live import DeadGradient, GradientThroughTime, Surrogates, ThreeLosses


def plain_spikes(x, w, beta=0.9):
    """Spikes of a neuron with threshold 1 and a reset by subtraction."""
    V, s, found = 0.0, 0, []
    for value in x:
        V = beta * V + w * value - s
        s = int(V > 1.0)
        found.append(s)
    return found


def plain_loss(w, neurons):
    x = plain_spikes([1] * 30, w)
    for _ in range(neurons - 1):
        x = plain_spikes(x, 0.7)
    return sum(x), 0.5 * (sum(x) - 5) ** 2


@pytest.mark.parametrize("neurons", [1, 2, 3])
@pytest.mark.parametrize("w", [0.05, 0.2, 0.35, 0.62, 1.0])
def test_chain_is_that_of_a_plain_program(w, neurons):
    found = DeadGradient(w=w, h=0.05, neurons=str(neurons)).readouts()
    spikes, loss = plain_loss(w, neurons)
    assert (found["spikes"], found["loss"], found["slope"]) == (spikes, loss, 0.0)
    above, below = plain_loss(w + 0.05, neurons)[1], plain_loss(w - 0.05, neurons)[1]
    assert found["secant"] == pytest.approx((above - below) / 0.1, rel=1e-12)


def test_first_spike_where_the_closed_form_has_it():
    """The potential after thirty steps of w is w (1 - beta**30) / (1 - beta)."""
    edge = 0.1 / (1.0 - 0.9**30)
    assert DeadGradient(w=edge - 1e-6, neurons="1").readouts()["spikes"] == 0
    assert DeadGradient(w=edge + 1e-6, neurons="1").readouts()["spikes"] == 1


def test_in_a_chain_more_weight_can_make_fewer_spikes():
    """The plain program finds such a pair, and so the first neuron alone has none."""
    weights = [k / 800 for k in range(801)]
    for neurons, falls in ((1, False), (2, True), (3, True)):
        counts = [plain_loss(w, neurons)[0] for w in weights]
        assert any(b < a for a, b in zip(counts, counts[1:], strict=False)) is falls


def filtered(x, beta=0.9):
    """What has come in by each step and has not yet leaked away."""
    traces = np.zeros_like(x)
    for t, row in enumerate(x):
        traces[t] = row + (beta * traces[t - 1] if t else 0.0)
    return traces


@pytest.mark.parametrize("kind, sharpness, derivative", [
    ("fast", 10.0, lambda u: (1.0 + 10.0 * np.abs(u)) ** -2),
    ("triangle", 2.0, lambda u: np.maximum(0.0, 1.0 - 2.0 * np.abs(u))),
    ("logistic", 5.0, lambda u: 1.25 / np.cosh(2.5 * u) ** 2),
    ("atan", 4.0, lambda u: 2.0 / (1.0 + (2.0 * np.pi * u) ** 2)),
    ("through", 1.0, np.ones_like),
])
def test_gradient_of_a_layer_with_detached_resets(kind, sharpness, derivative):
    """It is the sum of f'(u[t]) times the filtered input, for each neuron."""
    figure = Surrogates(surrogate=kind, sharpness=sharpness, scale=0.05)
    nearest, spikes, lengths = figure._population()
    x, normals = inputs_of(figure)
    traces = filtered(x)
    silent = dead = 0
    for j in range(100):
        w = 0.05 * normals[:, j]
        V, s, potentials, fired = 0.0, 0, [], 0
        for row in x:
            V = 0.9 * V + float(w @ row) - s
            s = int(V > 1.0)
            potentials.append(V)
            fired += s
        u = np.array(potentials) - 1.0
        assert nearest[j] == pytest.approx(u.max(), abs=1e-12) and spikes[j] == fired
        assert lengths[j] == pytest.approx(np.linalg.norm(derivative(u) @ traces), rel=1e-10, abs=1e-300)
        silent += fired == 0
        dead += bool(np.all(derivative(u) == 0.0))
    found = figure.readouts()
    assert (found["silent"], found["dead"]) == (silent, dead)
    typical = np.sort(lengths)[50]
    assert found["typical"] == pytest.approx(math.log10(typical) if typical else -math.inf, abs=1e-12)


def inputs_of(figure):
    """Spikes and weights by the generator, whose numbers tests/test_random.py holds."""
    from lifcore.kernels import random

    streams = np.empty((4, 101), np.uint32)
    random.seed_streams(np.array([figure.fixed["seed"], 0], np.uint32), 0, streams)
    words, normals = np.empty((400, 1), np.uint32), np.empty((20, 100))
    random.random_words(np.ascontiguousarray(streams[:, 100:]), words)
    random.random_normals(np.ascontiguousarray(streams[:, :100]), normals)
    return (words.reshape(20, 20) / 2.0**32 < 0.3).astype(float), normals


def test_quiet_start_is_silent_and_the_triangle_dead():
    assert Surrogates().readouts()["silent"] == 100
    nearest, _, _ = Surrogates()._population()
    widths = {sharpness: 1.0 / sharpness for sharpness in (1.0, 3.0, 10.0)}
    for sharpness, width in widths.items():
        found = Surrogates(surrogate="triangle", sharpness=sharpness).readouts()
        assert found["dead"] == int(np.sum(nearest <= -width))
    assert Surrogates(surrogate="triangle").readouts()["typical"] == -math.inf
    assert Surrogates(surrogate="logistic", sharpness=100.0).readouts()["dead"] == 0


def logistic(u, k):
    return 1.0 / (1.0 + math.exp(-k * u))


def plain_average(w, k, V=0.0, spikes=0, steps=10):
    """The mean loss by splitting at every step into a spike and none."""
    if steps == 0:
        return 0.5 * (spikes - 4) ** 2
    V = 0.9 * V + w
    p = logistic(V - 1.0, k)
    fires = plain_average(w, k, V - 1.0 / 0.9, spikes + 1, steps - 1)
    return p * fires + (1.0 - p) * plain_average(w, k, V, spikes, steps - 1)


def plain_surrogate(w, k, detach):
    V, s, potentials, spikes = 0.0, 0, [], 0
    for _ in range(10):
        V = 0.9 * V + w - s
        s = int(V > 1.0)
        potentials.append(V)
        spikes += s
    delta = gradient = 0.0
    for V in reversed(potentials):
        f = logistic(V - 1.0, k)
        slope = k * f * (1.0 - f)
        delta = (spikes - 4) * slope + delta * (0.9 if detach else 0.9 - slope)
        gradient += delta
    return gradient


def plain_smoothed(w, k):
    V, s, total = 0.0, 0.0, 0.0
    for _ in range(10):
        V = 0.9 * V + w - s
        s = logistic(V - 1.0, k)
        total += s
    return 0.5 * (total - 4) ** 2


@pytest.mark.parametrize("w", [0.1, 0.3, 0.52, 0.87])
@pytest.mark.parametrize("k", [2.0, 8.0])
def test_three_slopes(w, k):
    """Of the average and the smoothed loss by central differences of plain programs."""
    h = 1e-5
    for detach in (False, True):
        found = ThreeLosses(w=w, k=k, detach=detach).readouts()
        assert found["surrogate"] == pytest.approx(plain_surrogate(w, k, detach), rel=1e-12, abs=1e-12)
    assert found["smoothed"] == pytest.approx((plain_smoothed(w + h, k) - plain_smoothed(w - h, k)) / (2 * h), rel=1e-6)
    assert found["average"] == pytest.approx((plain_average(w + h, k) - plain_average(w - h, k)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("k, detach", [(5.0, False), (20.0, False), (20.0, True)])
def test_share_of_right_signs(k, detach):
    """Counted by plain programs over the hundred and one weights."""
    right = told = 0
    for point in range(101):
        w = point / 100
        surrogate = plain_surrogate(w, k, detach)
        if surrogate:
            slope = plain_average(w + 1e-4, k) - plain_average(w - 1e-4, k)
            told, right = told + 1, right + (surrogate * slope > 0)
    assert ThreeLosses(k=k, detach=detach).readouts()["agree"] == 100.0 * right / told


@pytest.mark.parametrize("kind, sharpness", [("fast", 10.0), ("logistic", 25.0), ("atan", 50.0)])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_way_back_is_a_product_of_factors(kind, sharpness, reset):
    derivative = {
        "fast": lambda u: (1.0 + sharpness * abs(u)) ** -2,
        "logistic": lambda u: sharpness * logistic(u, sharpness) * logistic(-u, sharpness),
        "atan": lambda u: 0.5 * sharpness / (1.0 + (0.5 * math.pi * sharpness * u) ** 2)}[kind]
    figure = GradientThroughTime(surrogate=kind, sharpness=sharpness, reset=reset)
    found, V, s, whole, detached, largest, amplify = figure.readouts(), 0.0, 0, [], [], 0.0, 0
    for value in figure._input():
        V = (0.9 * V * (1 - s) if reset == "zero" else 0.9 * V - s) + 0.5 * value
        s = int(V > 1.0)
        slope = derivative(V - 1.0)
        detached.append(0.9 * (1 - s) if reset == "zero" else 0.9)
        whole.append(detached[-1] - (0.9 * V if reset == "zero" else 1.0) * slope)
    back = [abs(math.prod(whole[t:59])) for t in range(60)]
    assert found["whole"] == pytest.approx(math.log10(back[0]), abs=1e-9)
    assert found["largest"] == pytest.approx(math.log10(max(back)), abs=1e-9)
    assert found["amplify"] == sum(abs(factor) > 1.0 for factor in whole[:59])
    if reset == "subtract":
        assert found["detached"] == pytest.approx(59 * math.log10(0.9), abs=1e-12)
    else:
        assert found["detached"] == -math.inf and 0.0 in detached


def test_gentle_surrogates_never_amplify():
    """A factor beta - f' with f' up to 1 lies between beta - 1 and beta."""
    for w in (0.2, 0.5, 1.0):
        for kind in ("fast", "triangle"):
            assert GradientThroughTime(surrogate=kind, w=w).readouts()["amplify"] == 0

"""Surrogates against the formulas of the papers they are from, in 40 digits; one neuron unrolled against its equations.

Expected values are mpmath's, numerical derivatives of the smoothed function, quadrature, fractions worked out by hand,
and plain programs written here.  Where snntorch is installed, its derivatives too.
"""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from lifcore.snn.layers import LIF
from lifcore.snn.surrogate import ATan, FastSigmoid, Sigmoid, StraightThrough, Surrogate, Triangular
from lifcore.snn.unrolled import average_over_noise, spike_trains, unroll

mp = mpmath.mp
# f' and f as the papers print them, of u and the parameters.
FORMULAS = {
    # Zenke & Ganguli 2018, section 3.3.2.
    FastSigmoid: (lambda u, k: (k * abs(u) + 1) ** -2, lambda u, k: mpmath.mpf(1) / 2 + u / (1 + k * abs(u))),
    # Fang et al. 2021, scaled by alpha as in their SpikingJelly: arctan(pi alpha x / 2) / pi + 1/2.
    ATan: (
        lambda u, a: a / (2 * (1 + (mpmath.pi * a * u / 2) ** 2)),
        lambda u, a: mpmath.mpf(1) / 2 + mpmath.atan(mpmath.pi * a * u / 2) / mpmath.pi),
    # Esser et al. 2016 with height 1, Bellec et al. 2018 with a dampening factor; f is its integral, piece by piece.
    Triangular: (
        lambda u, w, h: h * max(0, 1 - abs(u) / w),
        lambda u, w, h: mpmath.mpf(1) / 2 + h * mpmath.sign(u) * (
            w / 2 if abs(u) >= w else abs(u) - u**2 / (2 * w))),
    # The logistic function and its derivative by the quotient rule.
    Sigmoid: (
        lambda u, k: k * mpmath.exp(-k * u) / (1 + mpmath.exp(-k * u)) ** 2, lambda u, k: 1 / (1 + mpmath.exp(-k * u))),
    # Bengio, Léonard & Courville 2013, the fourth approach: the gradient is passed on as it is.
    StraightThrough: (lambda u: mpmath.mpf(1), lambda u: mpmath.mpf(1) / 2 + u),
}
CASES = [
    FastSigmoid(), FastSigmoid(0.1), FastSigmoid(1e6), ATan(), ATan(0.3), ATan(80.0), Triangular(),
    Triangular(0.25, 0.3), Triangular(5.0, 2.0), Sigmoid(), Sigmoid(1.5), Sigmoid(300.0), StraightThrough(),
]
NUMBERS = np.concatenate([
    np.random.default_rng(4).uniform(-3, 3, 60), np.random.default_rng(5).uniform(-0.05, 0.05, 40),
    [0.0, -0.0, 0.25, -0.25, 1.0, -1.0, 5.0, 1e-12, -1e-12, 1e6, -1e6]])


def parameters(surrogate):
    return [mpmath.mpf(value) for value in vars(surrogate).values()]


@pytest.mark.parametrize("surrogate", CASES, ids=repr)
def test_derivative_and_smoothed_are_those_of_the_papers(surrogate):
    derivative, smoothed = FORMULAS[type(surrogate)]
    with mpmath.workdps(40):
        given = parameters(surrogate)
        for u, slope, f in zip(NUMBERS, surrogate.derivative(NUMBERS), surrogate.smoothed(NUMBERS), strict=True):
            exact = derivative(mpmath.mpf(u), *given)
            # exp(-k u) has the relative error of its argument: a few units in the last place of k u.
            steep = 1 + abs(given[0] * u) if isinstance(surrogate, Sigmoid) else 1
            # Near its foot the triangle is a difference of numbers near 1.
            slack = 1e-16 * given[1] if isinstance(surrogate, Triangular) else mpmath.mpf("1e-300")
            assert abs(slope - exact) <= 1e-15 * steep * exact + slack, (u, slope, exact)
            assert abs(f - smoothed(mpmath.mpf(u), *given)) <= 2.3e-16 * max(1, abs(mpmath.mpf(u))) * 2, u


@pytest.mark.parametrize("surrogate", CASES, ids=repr)
def test_derivative_is_the_slope_of_smoothed(surrogate):
    """Central differences of `smoothed`; their error is h**2/6 times the third derivative, and rounding over h."""
    scale = {FastSigmoid: "slope", ATan: "alpha", Sigmoid: "slope"}.get(type(surrogate))
    k = getattr(surrogate, scale) if scale else 1.0 / getattr(surrogate, "width", 1.0)
    u = np.array([-1.7, -0.6, -0.31, 0.12, 0.43, 0.9, 2.3]) / k  # no corner within h
    h = 1e-5 / k
    slopes = (surrogate.smoothed(u + h) - surrogate.smoothed(u - h)) / (2.0 * h)
    np.testing.assert_allclose(slopes, surrogate.derivative(u), rtol=1e-8, atol=5e-11 * k)


@pytest.mark.parametrize("surrogate", [case for case in CASES if not isinstance(case, StraightThrough)], ids=repr)
def test_area_is_the_integral_of_the_derivative(surrogate):
    formula, _ = FORMULAS[type(surrogate)]
    with mpmath.workdps(20):
        given = parameters(surrogate)
        corners = [given[0]] if isinstance(surrogate, Triangular) else [1 / given[0], 100 / given[0]]
        half = mpmath.quad(lambda u: formula(u, *given), [0, *corners, mpmath.inf])
    assert surrogate.area == pytest.approx(float(2 * half), rel=1e-6)
    assert surrogate.smoothed(1e200) - surrogate.smoothed(-1e200) == pytest.approx(surrogate.area, rel=1e-12)


def test_straight_through_has_no_end():
    assert StraightThrough().area == math.inf


@pytest.mark.parametrize("surrogate", CASES, ids=repr)
def test_even_in_u_largest_at_threshold_and_never_nan(surrogate):
    u = np.concatenate([np.linspace(-3, 3, 101), [1e-308, 1e-200, 1e200, 1e300]])
    slopes, f = surrogate.derivative(u), surrogate.smoothed(u)
    assert np.all(np.isfinite(slopes)) and np.all(np.isfinite(f))
    np.testing.assert_array_equal(slopes, surrogate.derivative(-u))
    assert np.all(slopes <= surrogate.derivative(0.0)) and surrogate.smoothed(0.0) == 0.5
    assert np.all(np.diff(surrogate.smoothed(np.sort(u))) >= 0.0)


def test_far_from_the_threshold():
    """The limits of the formulas: half of the area on either side, and nothing that changes."""
    for surrogate in (FastSigmoid(1e18), FastSigmoid(1e-30), ATan(1e18), ATan(1e-30), Triangular(1e18, 1e-30), Sigmoid(1e18)):
        for u in (1.7e308, -1.7e308):
            assert surrogate.smoothed(u) == pytest.approx(0.5 + math.copysign(0.5 * surrogate.area, u), rel=1e-15, abs=1e-15)
            assert 0.0 <= surrogate.derivative(u) < 1e-100


def test_numbers_arrays_and_nothing():
    assert type(FastSigmoid(25).derivative(0)) is float and FastSigmoid(25).derivative(1) == pytest.approx(1 / 676)
    assert Sigmoid().derivative([[0.0, 1.0], [2.0, 3.0]]).shape == (2, 2)
    assert ATan().smoothed(np.empty((3, 0))).shape == (3, 0)
    values = np.arange(6.0).reshape(2, 3).T
    np.testing.assert_array_equal(ATan().derivative(values), ATan().derivative(values.copy()))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: FastSigmoid(0), r"slope must be finite and at least 1e-30 and at most 1e\+18, got 0"),
        (lambda: FastSigmoid(slope=-1.0), "slope must be finite and at least 1e-30 .*, got -1"),
        (lambda: ATan(math.inf), "alpha must be finite .*, got inf"),
        (lambda: Triangular(width=math.nan), "width must be finite .*, got nan"),
        (lambda: Triangular(height=0.0), "height must be finite and at least 1e-30 .*, got 0"),
        (lambda: Triangular(width=1e200, height=1e200), r"width must be finite .*, got 1e\+200"),
        (lambda: Sigmoid("25"), "slope must be a number, got '25'"),
        (lambda: Sigmoid(True), "slope must be a number, got True"),
        (lambda: Surrogate(), "use FastSigmoid, ATan, Triangular, Sigmoid or StraightThrough"),
        (lambda: ATan().derivative(math.nan), "u must be finite, got nan"),
        (lambda: ATan().smoothed("0"), "u must be a number or an array of numbers, got '0'"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


@pytest.mark.parametrize(
    "surrogate, theirs",
    [
        (FastSigmoid(25.0), lambda peer: peer.fast_sigmoid(slope=25.0)),
        (FastSigmoid(3.0), lambda peer: peer.fast_sigmoid(slope=3.0)),
        (ATan(2.0), lambda peer: peer.atan(alpha=2.0)),
        (ATan(7.0), lambda peer: peer.atan(alpha=7.0)),
        (Sigmoid(25.0), lambda peer: peer.sigmoid(slope=25.0)),
        (Sigmoid(4.0), lambda peer: peer.sigmoid(slope=4.0)),
        (StraightThrough(), lambda peer: peer.straight_through_estimator()),
    ],
    ids=lambda value: repr(value) if isinstance(value, Surrogate) else "",
)
def test_snntorch_has_the_same_derivatives(surrogate, theirs):
    """snntorch's `triangular` is a constant of either sign, not a triangle, and is not compared."""
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("snntorch.surrogate")
    u = torch.tensor(np.random.default_rng(6).uniform(-1, 1, 200), dtype=torch.float64, requires_grad=True)
    theirs(peer)(u).sum().backward()
    np.testing.assert_allclose(surrogate.derivative(u.detach().numpy()), u.grad.numpy(), rtol=1e-12)


# One neuron, unrolled.

RESETS, DETACH = ("subtract", "zero"), (True, False)
ALL = [FastSigmoid(3.0), ATan(2.5), Triangular(1.5, 0.7), Sigmoid(4.0), StraightThrough()]


def random_case(seed, steps=14, inputs=3):
    rng = np.random.default_rng(seed)
    return (rng.random((steps, inputs)) < 0.6).astype(float), rng.normal(0.3, 0.4, inputs), rng.normal(size=(2, steps))


def plain_run(x, w, n, f):
    """Potentials and spikes by the two lines of the model."""
    V, s, potentials, spikes = 0.0, 0.0, [], []
    for row in x:
        V = n.beta * V * (1 - s) if n.reset_mechanism == "zero" else n.beta * V - n.threshold * s
        V += float(np.dot(w, row))
        s = f(V - n.threshold)
        potentials.append(V)
        spikes.append(s)
    return np.array(potentials), np.array(spikes)


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("seed", range(3))
def test_run_is_that_of_two_lines(reset, seed):
    x, w, _ = random_case(seed)
    for surrogate in ALL:
        n = LIF(beta=0.85, threshold=0.9, reset_mechanism=reset, surrogate=surrogate)
        for spikes, f in (("step", lambda u: float(u > 0)), ("smoothed", surrogate.smoothed)):
            run = unroll(x, w, n, spikes)
            V, s = plain_run(x, w, n, f)
            np.testing.assert_allclose(run.V, V, rtol=1e-13, atol=1e-13)
            np.testing.assert_allclose(run.s, s, rtol=1e-13, atol=1e-13)


def test_no_spike_at_threshold():
    """H(0) = 0: a potential equal to the threshold does not fire."""
    assert unroll([1.0, 1.0], 0.5, LIF(beta=1.0)).s.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("surrogate", ALL, ids=repr)
def test_gradient_of_the_smoothed_neuron_is_that_of_finite_differences(surrogate, reset):
    """A loss of spikes and potentials alike; central differences of a plain run, h = 1e-6, are good to about 1e-9."""
    x, w, (of_spikes, of_potentials) = random_case(7)
    n = LIF(beta=0.9, reset_mechanism=reset, surrogate=surrogate, detach_reset=False)

    def loss(w):
        V, s = plain_run(x, w, n, surrogate.smoothed)
        return of_spikes @ s + of_potentials @ V

    differences = [(loss(w + 1e-6 * unit) - loss(w - 1e-6 * unit)) / 2e-6 for unit in np.eye(w.size)]
    found = unroll(x, w, n, "smoothed").gradient(of_spikes, of_potentials)
    np.testing.assert_allclose(found, differences, rtol=2e-8, atol=2e-8 * np.abs(found).max())


@pytest.mark.parametrize("detach", DETACH)
@pytest.mark.parametrize("reset", RESETS)
def test_gradient_is_the_sum_over_all_paths(reset, detach):
    """From V[a] to s[b] there is one way: on by the factors of the steps between, out by the slope at b."""
    x, w, (of_spikes, of_potentials) = random_case(8)
    for surrogate in ALL:
        n = LIF(beta=0.8, reset_mechanism=reset, surrogate=surrogate, detach_reset=detach)
        run = unroll(x, w, n)
        slopes = surrogate.derivative(run.V - n.threshold)
        factors = n.beta * (1 - run.s) if reset == "zero" else np.full(len(x), n.beta)
        if not detach:
            factors = factors - slopes * (n.beta * run.V if reset == "zero" else n.threshold)
        delta = [
            sum(np.prod(factors[a:b]) * (of_spikes[b] * slopes[b] + of_potentials[b]) for b in range(a, len(x)))
            for a in range(len(x))]
        np.testing.assert_allclose(run.sensitivities(of_spikes, of_potentials), delta, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(run.gradient(of_spikes, of_potentials), np.array(delta) @ x, rtol=1e-12, atol=1e-13)


def test_two_steps_by_hand():
    """beta 1/2, w 5/4, x = 1, 1, fast sigmoid k 4: V = 5/4, 7/8; f' = 1/4, 4/9; the paths of the count sum to 29/36."""
    n = LIF(beta=0.5, surrogate=FastSigmoid(4.0), detach_reset=False)
    run = unroll([1.0, 1.0], 1.25, n)
    assert run.V.tolist() == [1.25, 0.875] and run.s.tolist() == [1.0, 0.0]
    f1, f2, beta = Fraction(1, 4), Fraction(4, 9), Fraction(1, 2)
    whole, detached = f1 + f2 + beta * f2 - f1 * f2, f1 + f2 + beta * f2
    assert (whole, detached) == (Fraction(29, 36), Fraction(11, 12))
    assert run.gradient(1.0)[0] == pytest.approx(float(whole), rel=1e-15)
    detach = LIF(beta=0.5, surrogate=FastSigmoid(4.0), detach_reset=True)
    assert unroll([1.0, 1.0], 1.25, detach).gradient(1.0)[0] == pytest.approx(float(detached), rel=1e-15)


def test_spike_trains_count_in_binary():
    trains = spike_trains(3)
    assert trains.astype(int).tolist() == [list(bits) for bits in itertools.product((0, 1), repeat=3)]


@pytest.mark.parametrize("surrogate", [Sigmoid(3.0), ATan(2.0), Triangular(2.0, 0.5)], ids=repr)
@pytest.mark.parametrize("reset", RESETS)
def test_average_over_noise_is_the_sum_over_trains(reset, surrogate):
    """The mean by a plain walk along every train; its slope by central differences of that."""
    x, w, _ = random_case(9, steps=6)
    n = LIF(beta=0.9, reset_mechanism=reset, surrogate=surrogate)
    worth = np.random.default_rng(3).normal(size=2**6)

    def mean(w):
        total = 0.0
        for j, train in enumerate(itertools.product((0, 1), repeat=6)):
            V, s, chance = 0.0, 0, 1.0
            for row, spike in zip(x, train, strict=True):
                V = n.beta * V * (1 - s) if reset == "zero" else n.beta * V - n.threshold * s
                V, s = V + w @ row, spike
                fires = surrogate.smoothed(V - n.threshold)
                chance *= fires if spike else 1.0 - fires
            total += chance * worth[j]
        return total

    found, gradient = average_over_noise(x, w, n, lambda trains: worth)
    assert found == pytest.approx(mean(w), rel=1e-12)
    slopes = [(mean(w + 1e-5 * unit) - mean(w - 1e-5 * unit)) / 2e-5 for unit in np.eye(w.size)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-9)
    assert average_over_noise(x, w, n, lambda trains: np.ones(64))[0] == pytest.approx(1.0, rel=1e-13)


def test_one_step_and_a_linear_loss_make_the_surrogate_gradient_exact():
    """dE[a s]/dw = a f'(u) x, which is what the surrogate puts in: there it is the gradient of something."""
    n = LIF(beta=0.9, surrogate=Sigmoid(5.0))
    x, w = np.array([[1.0, 0.0, 2.0]]), np.array([0.4, 0.3, 0.2])
    mean, gradient = average_over_noise(x, w, n, lambda trains: 3.0 * trains[:, 0])
    assert mean == pytest.approx(3.0 / (1.0 + math.exp(1.0)), rel=1e-14)
    np.testing.assert_allclose(gradient, unroll(x, w, n).gradient(3.0), rtol=1e-13)


NEURON = LIF(beta=0.9, surrogate=Sigmoid())


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: unroll([1.0], 0.5, "LIF"), r"neuron must be a lifcore\.snn\.LIF, got 'LIF'"),
        (lambda: unroll(1.0, 0.5, NEURON), r"x must have the shape \(steps, inputs\) or \(steps,\), got \(\)"),
        (lambda: unroll(np.ones((0, 2)), [1.0, 2.0], NEURON), r"x must have the shape .*, got \(0, 2\)"),
        (lambda: unroll([1.0, math.nan], 0.5, NEURON), "x must be finite, got nan"),
        (lambda: unroll(np.ones((4, 2)), [0.5], NEURON), r"w must have a weight for each of the 2 inputs, .* \(1,\)"),
        (lambda: unroll([1.0], 0.5, NEURON, "soft"), "spikes must be one of 'step', 'smoothed', got 'soft'"),
        (lambda: unroll([1.0, 1.0], 0.5, NEURON).gradient([1.0]), r"onto_spikes must be a number or have .* \(2,\)"),
        (lambda: unroll([1.0], 1.0, NEURON).sensitivities(0.0, math.inf), "onto_potentials must be finite, got inf"),
        (lambda: spike_trains(17), "steps must be at most 16, of which there are 65536 spike trains, got 17"),
        (lambda: average_over_noise(np.ones(20), 0.5, NEURON, np.sum), "steps must be at most 16"),
        (lambda: average_over_noise([1.0], 0.5, NEURON, lambda trains: 1.0), r"loss\(trains\) must have .* \(2,\)"),
        (lambda: average_over_noise([1.0], 0.5, LIF(beta=0.9), np.sum), r"surrogate of area 1, .* of area 0\.08"),
    ],
)
def test_unrolled_refuses_what_it_cannot_run(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize("call, what", [
    (lambda: unroll([1e300, 1.0], 1e300, NEURON), "the potentials"),
    (lambda: unroll([1e300, -1e300], [1e300], LIF(beta=0.9, reset_mechanism="zero")), "the potentials"),
    (lambda: unroll([1.0, 1.0], 0.5, NEURON).sensitivities(0.0, 1.7e308), "the sensitivities"),
    (lambda: unroll([1e300], 1e-300, NEURON).gradient(0.0, 1e300), "the gradients"),
    (lambda: average_over_noise([1.0], 1.0, NEURON, lambda trains: 1.7e308 * (2.0 * trains[:, 0] - 1.0)), "the mean loss"),
])
def test_numbers_beyond_the_range_are_an_error(call, what):
    with pytest.raises(FloatingPointError, match=f"{what}.* are beyond the range of float64"):
        call()

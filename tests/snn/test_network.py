"""Spiking networks: potentials, spikes and gradients against PyTorch, the smoothed loss against differences, the page.

Stored values of PyTorch, all in float64, are those of `tools/autograd.py`.  Where PyTorch is installed, the same
functions run here on other networks.  What the layers and the readout mean is also written out in plain NumPy.
"""

import itertools
import math
import tracemalloc

import autograd
import numpy as np
import pytest

from lifcore import snn
from lifcore.kernels import build_wasm, snn_network, snn_surrogates
from wasm_host import WasmtimeHost, numba_call

STORED = dict(np.load(autograd.FILE))
CASES = list(autograd.cases())
# Against float64, relative to the largest derivative.
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}
KINDS = {"conv": snn.Conv2d, "linear": snn.Linear, "sum": snn.SumPool2d, "avg": snn.AvgPool2d, "flatten": snn.Flatten,
         "li": snn.LI}


def stored(prefix):
    """The arrays stored under a name, by the rest of their names."""
    return {name[len(prefix) + 1:]: STORED[name] for name in STORED if name.startswith(prefix + "/")}


def network(layers, shape, readout, reset="subtract", detached=True, surrogate="FastSigmoid", dtype="float64"):
    surrogate = getattr(snn, surrogate)(*autograd.SURROGATES[surrogate])
    return snn.Sequential(*(
        snn.LIF(*numbers, reset, surrogate, detached) if kind == "lif" else KINDS[kind](*numbers)
        for kind, *numbers in layers), input_shape=shape, readout=readout, dtype=dtype, rng=0)


def largest_difference(found, expected):
    assert set(found) == set(expected)
    scale = max(np.abs(array).max() for array in expected.values())
    return max(np.abs(found[name] - expected[name]).max() for name in expected) / scale


def small(dtype="float32", readout="membrane", **lif):
    """Two convolutions and a readout, of odd sizes, that spike."""
    net = snn.Sequential(
        snn.Conv2d(2, 5, 3, padding=1), snn.LIF(0.9, 0.4, **lif), snn.SumPool2d(2), snn.Conv2d(5, 3, 2),
        snn.LIF(0.8, 0.3, **lif), snn.Flatten(), snn.Linear(18, 4),
        snn.LI(0.7) if readout == "membrane" else snn.LIF(0.9, 0.2, **lif),
        input_shape=(2, 7, 9), readout=readout, dtype=dtype, rng=3)
    return net


def events(samples=20, steps=6, seed=1, shape=(2, 7, 9)):
    return np.random.default_rng(seed).random((samples, steps, *shape)) < 0.3


# Against PyTorch.

@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "readout, number, reset", list(itertools.product(autograd.READOUTS, range(4), autograd.RESETS)))
def test_potentials_and_spikes_are_those_of_pytorch(readout, number, reset, dtype):
    layers, shape, steps = autograd.architectures(readout)[number]
    place = f"{number}-{readout}"
    net = network(layers, shape, readout, reset, dtype=dtype)
    net.parameters = stored(f"{place}/parameters")
    run = net.run(STORED[f"{place}/x"], steps, record=True)
    expected = stored(f"{place}/{reset}")
    tolerance = {"float64": 1e-13, "float32": 3e-6}[dtype]
    np.testing.assert_allclose(run.logits, expected["logits"], rtol=0, atol=tolerance)
    assert np.array_equal(run.logits_in_time[:, -1], run.logits)
    for k, spikes in run.spikes.items():
        assert np.array_equal(spikes, expected[f"spikes/{k}"])
        assert run.rates[k] == pytest.approx(expected[f"spikes/{k}"].mean(), rel=1e-12)
    for k, V in run.potentials.items():
        np.testing.assert_allclose(V[:, -1], expected[f"potentials/{k}"], rtol=0, atol=tolerance)
    assert {f"potentials/{k}" for k in run.potentials} == {name for name in expected if name.startswith("potentials")}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_gradients_are_those_of_pytorch(dtype):
    """Five surrogates, two resets, in the backward pass or not, two readouts, with a penalty and without."""
    for name, number, surrogate, reset, detached, readout, penalty in CASES:
        layers, shape, steps = autograd.architectures(readout)[number]
        place = f"{number}-{readout}"
        net = network(layers, shape, readout, reset, detached, surrogate, dtype)
        net.parameters = stored(f"{place}/parameters")
        loss, found = net.gradients(STORED[f"{place}/x"], STORED[f"{place}/labels"], steps, penalty)
        expected = stored(name)
        assert loss == pytest.approx(float(expected.pop("loss")), rel=TOLERANCE[dtype]), name
        assert largest_difference(found, expected) <= TOLERANCE[dtype], name
        assert all(array.dtype == dtype for array in found.values())


def test_gradients_are_those_of_pytorch_here():
    """Every choice on two networks of its own, larger ones, with more samples than one group."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    rng = np.random.default_rng(5)
    for name, number, surrogate, reset, detached, readout, penalty in CASES:
        layers, shape, steps = autograd.architectures(readout)[number]
        parameters = autograd.drawn_parameters(rng, layers)
        x = autograd.drawn_input(rng, shape, steps, samples=11)
        labels = rng.integers(0, autograd.layers_out(layers), 11)
        net = network(layers, shape, readout, reset, detached, surrogate)
        net.parameters = parameters
        loss, found = net.gradients(x, labels, steps, penalty)
        theirs, expected = autograd.gradients(
            layers, parameters, x, labels, steps, readout, reset, detached, surrogate, penalty)
        assert loss == pytest.approx(theirs, rel=1e-12), name
        assert largest_difference(found, expected) <= 1e-12, name


# Against the definition of a derivative.

@pytest.mark.parametrize("reset", autograd.RESETS)
@pytest.mark.parametrize("surrogate", [
    snn.FastSigmoid(3.0), snn.ATan(2.0), snn.Triangular(3.0, 0.3), snn.Sigmoid(3.0), snn.StraightThrough()], ids=repr)
def test_gradients_of_the_smoothed_network_are_those_of_its_loss(surrogate, reset):
    """Along random directions, by differences of fourth order; where the slope has corners, less exactly."""
    rng = np.random.default_rng(2)
    for readout, x, steps in (("membrane", events(3), None), ("rate", rng.random((3, 2, 7, 9)), 5)):
        net = small("float64", readout, reset_mechanism=reset, surrogate=surrogate, detach_reset=False)
        labels, parameters = np.array([0, 3, 1]), net.parameters
        _, found = net.gradients(x, labels, steps, 0.4, spikes="smoothed")
        for _ in range(2):
            direction = {name: rng.normal(size=array.shape) for name, array in parameters.items()}

            def loss(step):
                net.parameters = {name: array + step * direction[name] for name, array in parameters.items()}
                return net.gradients(x, labels, steps, 0.4, spikes="smoothed")[0]

            h = 1e-4
            numerical = (8.0 * (loss(h) - loss(-h)) - (loss(2.0 * h) - loss(-2.0 * h))) / (12.0 * h)
            exact = sum(np.sum(found[name] * direction[name]) for name in found)
            corners = isinstance(surrogate, (snn.Triangular, snn.FastSigmoid))
            assert numerical == pytest.approx(exact, rel=2e-4 if corners else 1e-7)


@pytest.mark.parametrize("last, readout", [
    (snn.LIF(0.8, 0.3, "subtract", snn.ATan(2.0), False), "rate"), (snn.LI(0.8), "membrane")], ids=["LIF", "LI"])
def test_a_flattened_image_can_be_the_readout(last, readout):
    """Its values lie in another order than its logits: channels last. As above, and from event to event."""
    rng = np.random.default_rng(7)
    net = snn.Sequential(
        snn.Conv2d(2, 3, 2, bias=False), snn.Flatten(), last, input_shape=(2, 3, 4), readout=readout, dtype="float64",
        rng=2)
    x, labels, weight = events(4, shape=(2, 3, 4)), np.array([0, 7, 13, 17]), net.parameters["0.weight"]
    current = sum(
        np.einsum("oc,ntcij->ntoij", weight[:, :, a, b], x[..., a:a + 2, b:b + 3]) for a in range(2) for b in range(2))
    V = s = total = 0.0
    for t in range(6):
        V = 0.8 * V + current[:, t] - (0.3 * s if readout == "rate" else 0.0)
        s = V > 0.3
        total = total + (s if readout == "rate" else V / 6.0)
    run = net.run(x, record=True)
    np.testing.assert_allclose(run.logits, total.reshape(4, -1), rtol=1e-12, atol=1e-14)
    assert np.array_equal(run.logits_in_time[:, -1], run.logits)
    assert np.array_equal(snn.event_driven(net, x).logits, run.logits)
    _, found = net.gradients(x, labels, spikes="smoothed")
    direction, losses = rng.normal(size=weight.shape), []
    for step in (-1e-5, 1e-5):
        net.parameters = {"0.weight": weight + step * direction}
        losses.append(net.gradients(x, labels, spikes="smoothed")[0])
    assert (losses[1] - losses[0]) / 2e-5 == pytest.approx(np.sum(found["0.weight"] * direction), rel=1e-7)


def test_smoothed_spikes_are_the_surrogates_integral():
    """Written out: one neuron without weights, V[t] = beta V[t-1] + x - threshold s[t-1], s = f(V - threshold)."""
    surrogate = snn.ATan(3.0)
    net = snn.Sequential(
        snn.LIF(0.9, 0.5, "subtract", surrogate, False), input_shape=(2,), readout="rate", dtype="float64")
    run = net.run([[0.3, 0.6]], 4, record=True, spikes="smoothed")
    V, s, expected = np.zeros(2), np.zeros(2), []
    for _ in range(4):
        V = 0.9 * V + np.array([0.3, 0.6]) - 0.5 * s
        s = 0.5 + np.arctan(1.5 * math.pi * (V - 0.5)) / math.pi
        expected.append(s)
    np.testing.assert_allclose(run.spikes[0][0], expected, rtol=1e-14)
    np.testing.assert_allclose(run.logits[0], np.sum(expected, axis=0), rtol=1e-14)
    assert run.rates[0] == pytest.approx(np.mean(expected), rel=1e-14)


@pytest.mark.parametrize("surrogate", [
    snn.FastSigmoid(25.0), snn.ATan(2.0), snn.Triangular(0.7, 0.4), snn.Sigmoid(25.0), snn.StraightThrough()], ids=repr)
def test_surrogates_of_the_kernels_are_those_of_the_classes(surrogate):
    """In float32. The classes, which take float64, are tested against the papers' formulas in test_surrogate.py."""
    V = np.concatenate([np.random.default_rng(1).normal(1.0, 1.0, 500), [1.0, 1.7, 0.3]])
    dtype, u = np.float32, V.astype(np.float32).astype(np.float64) - 1.0
    found, given, constants = np.empty(V.size, dtype), V.astype(dtype), tuple(map(dtype, surrogate.constants))
    snn_surrogates.derivatives(given, dtype(1.0), surrogate.kind, *constants, found)
    np.testing.assert_allclose(found, surrogate.derivative(u), rtol=2e-6, atol=2e-8)
    snn_surrogates.smoothed(given, dtype(1.0), surrogate.kind, *constants, found)
    np.testing.assert_allclose(found, surrogate.smoothed(u), rtol=2e-6, atol=1e-7)


# Threads, time, input.

def test_any_number_of_workers_gives_the_same_bits():
    net, x = small(), events(35)
    labels = np.arange(35) % 4
    alone, loss, found = net.run(x, workers=1), *net.gradients(x, labels, rate_penalty=0.1, workers=1)
    for workers in (2, 3, None):
        assert np.array_equal(net.run(x, workers=workers).logits, alone.logits)
        others, derivatives = net.gradients(x, labels, rate_penalty=0.1, workers=workers)
        assert others == loss
        assert all(np.array_equal(found[name], derivatives[name]) for name in found)


@pytest.mark.parametrize("readout", autograd.READOUTS)
@pytest.mark.parametrize("last_linear", [True, False])
def test_logits_in_time_are_those_of_shorter_runs(readout, last_linear):
    layers = [snn.Linear(12, 8), snn.LIF(0.9, 0.3), snn.Linear(8, 3)]
    if readout == "rate":
        layers.append(snn.LIF(0.9, 0.2))
    elif not last_linear:
        layers.append(snn.LI(0.9))
    net = snn.Sequential(*layers, input_shape=(12,), readout=readout, rng=1)
    x = events(9, 6, shape=(12,))
    run = net.run(x, record=True)
    assert np.array_equal(run.logits, net.run(x).logits)
    for t in range(6):
        assert np.array_equal(run.logits_in_time[:, t], net.run(x[:, :t + 1]).logits)


def test_a_constant_input_is_the_same_at_every_step():
    net = small("float64")
    x = np.random.default_rng(4).random((5, 2, 7, 9))
    held, repeated = net.run(x, 6, record=True), net.run(np.repeat(x[:, None], 6, axis=1), record=True)
    assert all(np.array_equal(held.spikes[k], repeated.spikes[k]) for k in held.spikes)
    np.testing.assert_allclose(held.logits, repeated.logits, rtol=1e-13, atol=1e-15)
    # The first layer works once.
    assert np.array_equal(6 * held.operations[0].products, repeated.operations[0].products)
    labels = np.arange(5) % 4
    found, expected = (net.gradients(*given)[1] for given in ((x, labels, 6), (np.repeat(x[:, None], 6, 1), labels)))
    assert largest_difference(found, expected) < 1e-13


def test_predictions_and_accuracy():
    net, x = small(), events(12)
    expected = np.argmax(net.run(x).logits, axis=1)
    assert np.array_equal(net.predict(x), expected) and net.predict(x).dtype == np.int64
    labels = expected.copy()
    labels[:3] = (labels[:3] + 1) % 4
    assert net.accuracy(x, labels) == 0.75


def test_operations_are_those_of_plain_loops():
    """Each spike, or of graded values each that is not 0, times the weights that touch it: counted one by one."""
    net = snn.Sequential(
        snn.Conv2d(1, 2, 3, padding=2), snn.LIF(0.9, 0.2), snn.SumPool2d(2), snn.Conv2d(2, 3, 2), snn.LIF(0.9, 0.1),
        snn.AvgPool2d(2), snn.Flatten(), snn.Linear(3, 3), snn.LI(0.5), input_shape=(1, 5, 6), rng=2)
    x = events(3, 4, shape=(1, 5, 6)) * 2
    run = net.run(x, record=True)

    def reached(values, size, padding, channels_out):
        n, steps, _, height, width = values.shape
        count = np.zeros(n)
        for i, j, a, b in itertools.product(range(height), range(width), range(size), range(size)):
            rows, columns = (n + 2 * padding - size + 1 for n in (height, width))
            if 0 <= i + padding - a < rows and 0 <= j + padding - b < columns:
                count += channels_out * values[..., i, j].sum(axis=(1, 2))
        return count

    def pooled(spikes):
        return sum(spikes.astype(int)[..., a:a + 2 * (spikes.shape[-2] // 2):2, b:b + 2 * (spikes.shape[-1] // 2):2]
                   for a in range(2) for b in range(2))

    assert np.array_equal(run.operations[0].additions, reached(x, 3, 2, 2))
    assert np.array_equal(run.operations[3].additions, reached(pooled(run.spikes[1]), 2, 0, 3))
    assert np.array_equal(run.operations[7].products, 3 * (pooled(run.spikes[4]) > 0).sum(axis=(1, 2, 3, 4)))
    for k, kind in ((0, "products"), (3, "products"), (7, "additions")):
        assert not getattr(run.operations[k], kind).any()
    assert run.operations[3].additions.min() > 0 and run.operations[7].products.min() > 0
    # Graded input is multiplied, and so are smoothed spikes, all of which are above 0.
    graded = net.run(x * 0.25, record=True)
    assert np.array_equal(graded.operations[0].products, reached(x > 0, 3, 2, 2))
    smoothed = net.run(x, spikes="smoothed")
    assert np.array_equal(smoothed.operations[3].products, reached(np.ones((3, 4, 2, 3, 4)), 2, 0, 3))


def test_a_last_layer_of_synapses_counts_as_any_other():
    net = snn.Sequential(
        snn.Linear(12, 8), snn.LIF(0.9, 0.3), snn.Linear(8, 3), input_shape=(12,), rng=1)
    x = events(9, 6, shape=(12,))
    run = net.run(x, record=True)
    assert np.array_equal(run.operations[2].additions, 3 * run.spikes[1].sum(axis=(1, 2), dtype=int))
    assert np.array_equal(net.run(x).operations[2].additions, run.operations[2].additions)


def test_any_layers_that_fit():
    """Pools first, synapses without neurons between, neurons only, a kernel of seven: spikes as in plain NumPy."""
    rng = np.random.default_rng(6)
    x = rng.random((2, 3, 2, 8, 9))
    net = snn.Sequential(
        snn.SumPool2d(3), snn.Conv2d(2, 3, 1, bias=False), snn.Conv2d(3, 2, 7, padding=6), snn.AvgPool2d(1),
        snn.Flatten(), snn.LIF(0.0, 0.1, "zero"), input_shape=(2, 8, 9), readout="rate", dtype="float64", rng=4)
    assert net.shapes == ((2, 2, 3), (3, 2, 3), (2, 8, 9), (2, 8, 9), (144,), (144,))
    w, v = net.parameters["1.weight"][:, :, 0, 0], net.parameters["2.weight"]
    pooled = x[..., :6, :].reshape(2, 3, 2, 2, 3, 3, 3).sum(axis=(4, 6))
    mixed = np.pad(np.einsum("oc,ntcij->ntoij", w, pooled), ((0, 0),) * 3 + ((6, 6), (6, 6)))
    current = sum(
        np.einsum("oc,ntcij->ntoij", v[:, :, a, b], mixed[..., a:a + 8, b:b + 9]) for a in range(7) for b in range(7))
    current += net.parameters["2.bias"][:, None, None]
    assert np.array_equal(net.run(x).logits, (current.reshape(2, 3, -1) > 0.1).sum(axis=1))
    alone = snn.Sequential(snn.LIF(1.0, 1.0, "zero"), input_shape=(3,), readout="rate")
    assert alone.run([[0.0, 0.4, 1.5]], 6).logits.tolist() == [[0.0, 2.0, 6.0]]
    assert alone.n_parameters == 0 and alone.gradients([[0.0, 0.4, 1.5]], [1], 6)[1] == {}


# Parameters.

def test_first_parameters_are_uniform_within_one_over_the_root_of_the_inputs():
    """As in PyTorch: the standard deviation of a uniform distribution is its half width over the root of 3."""
    net = snn.Sequential(
        snn.Conv2d(3, 50, 5), snn.LIF(0.9), snn.Flatten(), snn.Linear(1800, 100), input_shape=(3, 10, 10), rng=9)
    for name, inputs in (("0.weight", 75), ("3.weight", 1800), ("0.bias", 75), ("3.bias", 1800)):
        array, bound = net.parameters[name], 1.0 / math.sqrt(inputs)
        assert np.abs(array).max() <= bound
        error = 4.0 / math.sqrt(array.size)
        assert abs(array.mean()) < error * bound / math.sqrt(3.0)
        # The relative standard error of a uniform distribution's standard deviation is sqrt(0.2 / n).
        assert array.std() * math.sqrt(3.0) / bound == pytest.approx(1.0, abs=4.0 * math.sqrt(0.2 / array.size))
    again = snn.Sequential(*net.layers, input_shape=(3, 10, 10), rng=np.random.default_rng(9))
    assert all(np.array_equal(array, again.parameters[name]) for name, array in net.parameters.items())


def test_parameters_come_back_as_they_were_set():
    net = small()
    assert net.n_parameters == 5 * 18 + 5 + 3 * 20 + 3 + 4 * 18 + 4
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=array.shape) for name, array in net.parameters.items()}
    net.parameters = given
    for name, array in net.parameters.items():
        assert array.dtype == np.float32 and np.array_equal(array, given[name].astype(np.float32))
    # A copy: writing into it changes nothing.
    net.parameters["0.weight"][:] = 0.0
    assert np.array_equal(net.parameters["0.weight"], given["0.weight"].astype(np.float32))


@pytest.mark.parametrize("change, error, message", [
    (lambda p: p | {"9.weight": p["0.bias"]}, ValueError, r"missing \[\], unknown \['9.weight'\]"),
    (lambda p: {name: p[name] for name in p if name != "0.bias"}, ValueError, r"missing \['0.bias'\]"),
    (lambda p: p | {"0.bias": np.zeros(4)}, ValueError, r"parameters\['0.bias'\] must have shape \(5,\), got \(4,\)"),
    (lambda p: p | {"0.bias": [0.0, 1.0, 2.0, math.nan, 0.0]}, ValueError, r"0.bias'\] must be finite.*nan at \[3\]"),
    (lambda p: p | {"6.weight": np.full((4, 18), 1e60)}, ValueError, r"finite in float32, got 1e\+60 at \[0, 0\]"),
    (lambda p: p | {"0.bias": ["a"] * 5}, TypeError, "must be an array of numbers"),
    (lambda p: [1, 2], TypeError, "must be a dict"),
])
def test_wrong_parameters_are_named_and_change_nothing(change, error, message):
    net = small()
    before = net.parameters
    with pytest.raises(error, match=message):
        net.parameters = change(before)
    assert all(np.array_equal(array, before[name]) for name, array in net.parameters.items())


# What cannot be.

@pytest.mark.parametrize("layers, shape, keywords, error, message", [
    ([], (3,), {}, ValueError, "layers must be one or more"),
    ([snn.Linear(3, 2), "LIF"], (3,), {}, TypeError, "layer 1 must be a lifcore.snn layer"),
    ([snn.Linear(3, 2), snn.Linear(3, 2)], (3,), {}, ValueError, r"layer 1 does not fit: Linear takes.*got \(2,\)"),
    ([snn.Conv2d(1, 2), snn.Linear(8, 2)], (1, 4, 4), {}, ValueError, r"layer 1 does not fit.*put a Flatten"),
    ([snn.Conv2d(1, 2, 5)], (1, 4, 8), {}, ValueError, "layer 0 does not fit: Conv2d takes 1 chan.*least 5 by 5"),
    ([snn.SumPool2d(3), snn.Flatten(), snn.Linear(2, 1)], (2, 2, 9), {}, ValueError, "layer 0 does not fit.*3 by 3"),
    ([snn.LI(0.9), snn.Linear(3, 2)], (3,), {}, ValueError, "layer 0, LI, must be the last"),
    ([snn.Linear(3, 2), snn.LIF(0.9)], (3,), {}, ValueError, "readout 'membrane' the last.*be Linear or LI.*got LIF"),
    ([snn.Linear(3, 2)], (3,), {"readout": "rate"}, ValueError, "readout 'rate' the last.*be LIF.*got Linear"),
    ([snn.LIF(0.9)], (1, 2, 2), {"readout": "rate"}, ValueError, r"must have one value for each class.*Flatten"),
    ([snn.Linear(3, 2)], (3,), {"readout": "mean"}, ValueError, "readout must be one of 'membrane', 'rate'"),
    ([snn.Linear(3, 2)], (3,), {"dtype": "float16"}, ValueError, "dtype must be one of 'float32', 'float64'"),
    ([snn.Linear(3, 2)], (3,), {"dtype": np.float16}, ValueError, "dtype must be one of 'float32', 'float64'"),
    ([snn.Linear(3, 2)], (3,), {"dtype": None}, ValueError, "dtype must be one of 'float32', 'float64'"),
    ([snn.LIF(0.9, 1e39), snn.Linear(3, 2)], (3,), {}, ValueError, r"layer 0, LIF.*threshold from .* in float32, got 1e\+39"),
    ([snn.LIF(0.9, 1e-46), snn.Linear(3, 2)], (3,), {}, ValueError, "layer 0, LIF.*threshold from .* in float32, got 1e-46"),
    ([snn.Linear(3, 2)], (3,), {"rng": -1}, ValueError, "rng must be a whole number of at least 0"),
    ([snn.Linear(3, 2)], (3, 2), {}, ValueError, r"input_shape must be \(channels, height, width\) or"),
    ([snn.Linear(3, 2)], 3, {}, ValueError, "input_shape must be"),
    ([snn.Linear(3, 2)], (0,), {}, ValueError, "input_shape must be a whole number of at least 1"),
])
def test_networks_that_cannot_be(layers, shape, keywords, error, message):
    with pytest.raises(error, match=message):
        snn.Sequential(*layers, input_shape=shape, **keywords)


X = np.zeros((4, 3, 2, 7, 9))


@pytest.mark.parametrize("call, error, message", [
    (lambda net: net.run(X[:, :, 0]), ValueError, r"x must have shape \(samples, steps, 2, 7, 9\).*got \(4, 3, 7, 9\)"),
    (lambda net: net.run(X, 3), ValueError, "steps must be left out where x has an axis of time, here of 3, got 3"),
    (lambda net: net.run(X[:, 0]), ValueError, r"steps must be given for x of shape \(4, 2, 7, 9\)"),
    (lambda net: net.run(X[:0]), ValueError, "x must hold at least one sample and one step"),
    (lambda net: net.run(X[:, :0]), ValueError, "x must hold at least one sample and one step"),
    (lambda net: net.run(X[:, 0], 0), ValueError, "steps must be a whole number of at least 1"),
    (lambda net: net.run(X[:, 0], 2.0), TypeError, "steps must be a whole number"),
    (lambda net: net.run(np.where(np.arange(9) == 4, np.nan, X)), ValueError, r"finite.*nan at \[0, 0, 0, 0, 4\]"),
    (lambda net: net.run(X + 1j), TypeError, "x must be an array of numbers, got one of complex128"),
    (lambda net: net.run([[1.0], [1.0, 2.0]]), ValueError, "x must be an array, got rows of different lengths"),
    (lambda net: net.run(X, spikes="soft"), ValueError, "spikes must be one of 'step', 'smoothed'"),
    (lambda net: net.run(X, workers=0), ValueError, "workers must be a whole number of at least 1"),
    (lambda net: net.run(X + 3e38), FloatingPointError, "potentials of layer 1 are beyond the range of float32"),
    (lambda net: net.gradients(X, [0, 1, 2]), ValueError, r"labels must have one value for each sample, shape \(4,\)"),
    (lambda net: net.gradients(X, [0, 1, 2, 4]), ValueError, r"labels must be from 0 to 3, got labels\[3\] = 4"),
    (lambda net: net.gradients(X, [0, -1, 2, 3]), ValueError, r"labels must be from 0 to 3, got labels\[1\] = -1"),
    (lambda net: net.gradients(X, [0.0, 1.0, 2.0, 3.0]), TypeError, "labels must be whole numbers from 0 to 3"),
    (lambda net: net.gradients(X, [0, 1, 2, 3], rate_penalty=-1.0), ValueError, "rate_penalty must be"),
    (lambda net: net.gradients(X + 3e38, [0, 1, 2, 3]), FloatingPointError, "beyond the range of float32"),
    (lambda net: net.accuracy(X, [0, 1]), ValueError, "labels must have one value for each sample"),
    (lambda net: net.prepared(0), ValueError, "steps must be a whole number of at least 1"),
    (lambda net: net.run(X[:1, 0], 10_000_000, record=True, workers=1), ValueError, "steps must be fewer"),
])
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(small())


@pytest.mark.parametrize("dtype", ["float64", np.float64, np.dtype("float64")], ids=str)
def test_the_dtype_is_a_word(dtype, tmp_path):
    net = snn.Sequential(snn.Linear(3, 2), input_shape=(3,), dtype=dtype, rng=1)
    assert net.dtype == "float64" and type(net.dtype) is str
    snn.save(net, tmp_path / "net.npz")
    assert snn.load(tmp_path / "net.npz").dtype == "float64"


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("spikes", ["step", "smoothed"])
def test_an_infinity_that_a_reset_removes_is_an_error(reset, record, spikes):
    # 2e38 * 2 is beyond float32: for one step in the middle, and positive, so that the neuron fires.
    net = snn.Sequential(snn.Linear(1, 2, bias=False), snn.LIF(0.5, 1.0, reset), snn.Linear(2, 2), input_shape=(1,), rng=1)
    net.parameters |= {"0.weight": [[2.0], [0.0]]}
    x = np.zeros((1, 5, 1), np.float32)
    x[0, 1] = 2e38
    with pytest.raises(FloatingPointError, match="potentials of layer 1 are beyond the range of float32"):
        net.run(x, record=record, spikes=spikes)
    with pytest.raises(FloatingPointError, match="beyond the range of float32"):
        net.gradients(x, [0], spikes=spikes)
    with pytest.raises(FloatingPointError, match="beyond the range of float32"):
        snn.event_driven(net, x)


def test_gradients_of_many_samples_need_no_more_room_than_those_of_some():
    # tracemalloc sees NumPy's arrays: 4000 samples make 500 groups, which must not be 500 copies of 400 kB.
    net = snn.Sequential(snn.Linear(100, 1000), snn.LIF(0.9), snn.Linear(1000, 2), input_shape=(100,), rng=1)
    x, labels = np.zeros((4000, 1, 100), np.float32), np.zeros(4000, int)
    net.gradients(x[:1], labels[:1])
    tracemalloc.start()
    try:
        net.gradients(x, labels, workers=2)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 40e6


# The page.

def test_the_page_gets_the_same_bits():
    """A step at a time and all at once, under wasmtime and as numba compiled it: all arrays byte for byte."""
    module = build_wasm([snn_network.forward])
    assert module.imports == () and len(module.wasm) < 40_000
    host = WasmtimeHost(module)
    for readout, number in itertools.product(autograd.READOUTS, range(4)):
        layers, shape, steps = autograd.architectures(readout)[number]
        net = network(layers, shape, readout, ("subtract", "zero")[number % 2], surrogate="ATan", dtype="float32")
        net.parameters = stored(f"{number}-{readout}/parameters")
        x = STORED[f"{number}-{readout}/x"][:1].astype(np.float32).reshape(1 if steps else 5, -1)
        for smooth in (False, True):
            prepared = net.prepared(5, keep=True, static=steps is not None)
            arguments = [*prepared[:3], x, 0, 5, smooth, *prepared[3:]]
            ours, theirs = numba_call(snn_network.forward, arguments), host.call("forward", arguments)
            assert ours[1] == theirs[1]
            if not smooth:
                logits = np.frombuffer(ours[1][-2], np.float32)
                logits = logits / np.float32(5) if readout == "membrane" else logits
                run = net.run(x.reshape(1, *([] if steps else [5]), *shape), steps)
                assert np.array_equal(logits, run.logits[0])
                # A page goes from step to step with what is left in the arrays.
                for t in range(5):
                    snn_network.forward(*prepared[:3], x, t, t + 1, False, *prepared[3:])
                assert [prepared.work.tobytes(), prepared.total.tobytes()] == [ours[1][4], ours[1][6]]

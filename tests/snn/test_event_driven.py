"""Event-driven inference: the same numbers as the network in steps, bit for bit, and fewer neurons computed.

Expected values: `Sequential.run`, which moves every neuron at every step; and counts made again in plain NumPy.
"""

import numpy as np
import pytest

from lifcore import snn


def network(seed, dtype="float32"):
    """A net of some shape, both ways to reset, any beta, one of three readouts; weights that make it lively."""
    r = np.random.default_rng(seed)
    reset = ("zero", "subtract")[seed % 2]
    lif = lambda: snn.LIF(beta=float(r.choice([0.0, 0.5, 0.9, 0.97, 1.0, r.uniform()])), threshold=float(r.choice([1.0, 0.3])),
                          reset_mechanism=reset)
    channels, height, width = int(r.integers(1, 4)), int(r.integers(6, 12)), int(r.integers(6, 12))
    size = int(r.integers(1, 5))
    layers = [snn.SumPool2d(1)] if r.uniform() < 0.2 else []
    layers += [snn.Conv2d(channels, 5, size, padding=int(r.integers(0, size)), bias=False), lif()]
    layers += [(snn.SumPool2d(2), snn.SumPool2d(3), snn.AvgPool2d(2))[int(r.integers(3))]] if r.uniform() < 0.6 else []
    layers += [lif()] if r.uniform() < 0.3 else []
    layers += [snn.Conv2d(5, 6, 2, padding=1, bias=False), snn.Flatten(), lif()]
    shape = (channels, height, width)
    for layer in layers:
        shape = layer.output_shape(shape)
    layers += (
        [snn.Linear(shape[0], 4)],
        [snn.Linear(shape[0], 4), snn.LI(beta=0.8)],
        [snn.Linear(shape[0], 7, bias=False), lif(), snn.Linear(7, 4, bias=False), lif()])[seed % 3]
    net = snn.Sequential(
        *layers, input_shape=(channels, height, width), readout="rate" if seed % 3 == 2 else "membrane", dtype=dtype, rng=seed)
    net.parameters = {name: values * (1.0 if "bias" in name else 3.0) for name, values in net.parameters.items()}
    return net


def events(net, seed):
    r = np.random.default_rng(1000 + seed)
    shape = (3, int(r.integers(1, 40)), *net.input_shape)
    x = (r.uniform(size=shape) < r.choice([0.01, 0.05, 0.2])) * r.integers(1, 3, shape)
    # Every fourth time graded values, of both signs.
    return (x * r.normal(size=shape) if seed % 4 == 0 else x).astype(net.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_number_is_that_of_the_run_in_steps(dtype):
    spikes = subtractive = 0
    for seed in range(36):
        net = network(seed, dtype)
        x = events(net, seed)
        stepped, lazy = net.run(x, record=True), snn.event_driven(net, x, record=True)
        assert np.array_equal(lazy.logits, stepped.logits), seed
        assert lazy.rates == stepped.rates
        assert lazy.spikes.keys() == stepped.spikes.keys()
        for layer, expected in stepped.spikes.items():
            assert np.array_equal(lazy.spikes[layer], expected), (seed, layer)
            assert np.array_equal(lazy.potentials[layer], stepped.potentials[layer][:, -1]), (seed, layer)
            spikes += int(expected.sum())
            subtractive += int(expected.sum()) if seed % 2 else 0
        assert lazy.operations.keys() == stepped.operations.keys()
        for layer, expected in stepped.operations.items():
            for name in ("additions", "products"):
                assert np.array_equal(getattr(lazy.operations[layer], name), getattr(expected, name)), (seed, layer, name)
    # That they are equal says something only where many spike.
    assert spikes > 100_000 and subtractive > 30_000


@pytest.mark.parametrize("layers", [
    (snn.Conv2d(2, 3, 2, bias=False), snn.Flatten(), snn.LIF(beta=0.7), snn.LI(beta=0.8)),
    (snn.Conv2d(2, 3, 2, bias=False), snn.LIF(beta=0.7, reset_mechanism="zero"), snn.Flatten(), snn.LI(beta=0.8)),
    (snn.Conv2d(2, 3, 2, bias=False), snn.LIF(beta=0.7), snn.SumPool2d(2), snn.Flatten(), snn.LI(beta=0.8)),
    (snn.SumPool2d(2), snn.Flatten(), snn.LI(beta=0.8)),
    (snn.AvgPool2d(3), snn.Flatten(), snn.LI(beta=0.8)),
    (snn.Flatten(), snn.LI(beta=0.8)),
], ids=lambda layers: "-".join(type(layer).__name__ for layer in layers))
def test_integrators_behind_anything(layers):
    net = snn.Sequential(*layers, input_shape=(2, 6, 7), rng=3)
    net.parameters = {name: values * 4.0 for name, values in net.parameters.items()}
    x = (np.random.default_rng(5).uniform(size=(4, 12, 2, 6, 7)) < 0.1).astype(np.float32)
    stepped, lazy = net.run(x, record=True), snn.event_driven(net, x, record=True)
    assert np.array_equal(lazy.logits, stepped.logits) and np.any(stepped.logits != 0.0)
    for layer, expected in stepped.spikes.items():
        assert expected.any() and np.array_equal(lazy.spikes[layer], expected)
    # All integrators at every step.
    assert np.all(lazy.updates[len(layers) - 1] == 12 * net.output_shape[0])


def test_a_zero_has_the_sign_it_has_in_steps():
    # A negative potential that decays below the smallest number: the run in steps adds an input of 0 to the -0 of it.
    net = snn.Sequential(
        snn.Linear(1, 1, bias=False), snn.LIF(beta=0.01), snn.Linear(1, 2, bias=False), input_shape=(1,), rng=1)
    net.parameters = {"0.weight": [[-1.0]], "2.weight": [[1.0], [1.0]]}
    x = np.zeros((1, 60, 1), np.float32)
    x[0, 0] = 1.0
    stepped, lazy = net.run(x, record=True), snn.event_driven(net, x, record=True)
    found = lazy.potentials[1]
    assert found == 0.0 and np.signbit(found) == np.signbit(stepped.potentials[1][:, -1]) == np.signbit(0.0)


def test_one_product_for_many_is_another_rounding():
    # beta = 0.9 in float32: 0.9 0.9 0.9 and 0.9**3 differ in the last bit; the spikes of this net do not.
    differ = 0
    for seed in (4, 6, 12, 13):
        net = network(seed)
        x = events(net, seed)
        exact, other = (snn.event_driven(net, x, decay=decay, record=True) for decay in ("repeated", "power"))
        for layer in exact.spikes:
            assert np.array_equal(exact.spikes[layer], other.spikes[layer])
            a, b = exact.potentials[layer], other.potentials[layer]
            differ += int(np.sum(a != b))
            # At most 40 steps, each of which rounds once: 40 half units in the last place and the sums behind them.
            assert np.max(np.abs(a - b)) <= 100 * np.finfo(np.float32).eps * max(1.0, np.max(np.abs(a)))
    assert differ > 100


def simple(**change):
    options = {"beta": 0.9, "reset_mechanism": "zero"} | change
    net = snn.Sequential(
        snn.Conv2d(2, 3, 3, padding=1, bias=False), snn.LIF(**options), snn.SumPool2d(2), snn.Flatten(), snn.Linear(12, 2),
        input_shape=(2, 5, 5), rng=3)
    net.parameters = {name: values * 3.0 for name, values in net.parameters.items()}
    return net


def test_only_what_is_reached_is_updated():
    # Reached by hand: the square of three by three pixels around each event, once a step, all three channels.
    net = simple()
    x = np.zeros((2, 6, 2, 5, 5), np.float32)
    x[0, 1, 0, 2, 2] = x[0, 1, 1, 2, 2] = 1.0  # one pixel, both polarities: 9 pixels
    x[0, 4, 0, 0, 0] = 1.0  # a corner: 4
    x[0, 4, 0, 4, 4] = 1.0  # and another, apart: 4
    x[1, 0, 0, 2, 1] = x[1, 0, 0, 2, 3] = 1.0  # two squares that share a column: 15
    assert snn.event_driven(net, x).updates[1].tolist() == [3 * 17, 3 * 15]


def test_who_fires_and_keeps_the_rest_is_updated_once_more():
    net = snn.Sequential(
        snn.Linear(1, 1, bias=False), snn.LIF(beta=0.5, reset_mechanism="subtract"), snn.Linear(1, 1, bias=False),
        snn.LIF(beta=0.5), input_shape=(1,), readout="rate", dtype="float64", rng=1)
    net.parameters = {"0.weight": [[4.5]], "2.weight": [[0.25]]}
    x = np.zeros((1, 8, 1))
    x[0, 1] = 1.0
    # By hand: V = 4.5, 4.5/2 - 1 = 1.25, 1.25/2 - 1 = -0.375: two spikes, three updates.
    found = snn.event_driven(net, x, record=True)
    assert found.spikes[1][0, :, 0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert found.updates[1].tolist() == [3] and found.updates[3].tolist() == [2]
    assert found.potentials[1][0, 0] == -0.375 / 2**4


def test_synaptic_operations_are_spikes_times_what_they_reach():
    # Counted again from the recorded spikes: an event in the middle of five by five reaches 9 pixels of 3 channels, at an
    # edge 6, in a corner 4; each spike that a pool passes on reaches both outputs.
    net = simple()
    x = (np.random.default_rng(1).uniform(size=(4, 10, 2, 5, 5)) < 0.1).astype(np.float32)
    found = snn.event_driven(net, x, record=True)
    reach = np.full((5, 5), 9)
    reach[[0, -1]] = reach[:, [0, -1]] = 6
    reach[[0, 0, -1, -1], [0, -1, 0, -1]] = 4
    assert np.array_equal(found.operations[0].additions, 3 * (x * reach).sum((1, 2, 3, 4)))
    assert np.array_equal(found.operations[4].additions, 2 * found.spikes[1][..., :4, :4].sum((1, 2, 3, 4)))
    assert not found.operations[0].products.any()


def test_streams_are_their_frames():
    net = simple()
    r = np.random.default_rng(2)
    streams = [
        snn.Events(np.sort(r.uniform(0, 50, n)), r.integers(0, 5, n), r.integers(0, 5, n), r.integers(0, 2, n), (5, 5), 50.0)
        for n in (0, 40, 300)]
    for clip in (None, 1, 2):
        a = snn.event_driven(net, streams, steps=12, clip=clip, record=True)
        b = snn.event_driven(net, snn.frames(streams, 12, clip), record=True)
        assert np.array_equal(a.logits, b.logits) and np.array_equal(a.spikes[1], b.spikes[1])
        assert np.array_equal(a.operations[0].additions, b.operations[0].additions)


def test_a_finer_clock_costs_no_more_updates_where_events_are_rare():
    net = simple()
    stream = [snn.Events([3.0, 41.0], [0, 4], [0, 4], [0, 1], (5, 5), 50.0)]
    assert [snn.event_driven(net, stream, steps=steps).updates[1].item() for steps in (10, 100, 10_000)] == [24, 24, 24]


def test_a_bias_is_refused_with_the_reason():
    net = snn.Sequential(
        snn.Conv2d(2, 3), snn.LIF(beta=0.9), snn.Flatten(), snn.Linear(27, 2), input_shape=(2, 5, 5), rng=1)
    message = "layer 0, Conv2d, has a bias, which arrives at every neuron at every step and leaves nothing to skip"
    with pytest.raises(ValueError, match=message):
        snn.event_driven(net, np.zeros((1, 3, 2, 5, 5)))


def test_a_bias_of_zero_is_none():
    layers = snn.Conv2d(2, 3), snn.LIF(beta=0.9), snn.Flatten(), snn.Linear(27, 2)
    net = snn.Sequential(*layers, input_shape=(2, 5, 5), rng=1)
    net.parameters |= {"0.bias": np.zeros(3)}
    x = (np.random.default_rng(1).uniform(size=(2, 6, 2, 5, 5)) < 0.3).astype(np.float32)
    assert np.array_equal(snn.event_driven(net, x).logits, net.run(x).logits)


def test_wrong_arguments_are_named():
    net = simple()
    stream = snn.Events([1.0], [0], [0], [1], (5, 5), 2.0)
    with pytest.raises(TypeError, match="net must be a lifcore.snn.Sequential, got 3"):
        snn.event_driven(3, [stream], steps=2)
    with pytest.raises(TypeError, match="put the one stream in a list"):
        snn.event_driven(net, stream, steps=2)
    with pytest.raises(ValueError, match="steps must be given for streams"):
        snn.event_driven(net, [stream])
    with pytest.raises(ValueError, match="steps must be a whole number of at least 1, got 0"):
        snn.event_driven(net, [stream], steps=0)
    with pytest.raises(ValueError, match="clip must be a whole number of at least 1, got 0"):
        snn.event_driven(net, [stream], steps=2, clip=0)
    with pytest.raises(ValueError, match="decay must be one of 'repeated', 'power', got 'once'"):
        snn.event_driven(net, [stream], steps=2, decay="once")
    with pytest.raises(ValueError, match=r"sensors of the net's input, \(5, 5\), got \(4, 5\) as number 1"):
        snn.event_driven(net, [stream, snn.Events([], [], [], [], (4, 5), 2.0)], steps=2)
    with pytest.raises(ValueError, match="a constant input is one at every step"):
        snn.event_driven(net, np.zeros((1, 2, 5, 5)))
    with pytest.raises(ValueError, match="frames have an axis of time"):
        snn.event_driven(net, np.zeros((1, 3, 2, 5, 5)), steps=3)
    with pytest.raises(ValueError, match="x must be finite"):
        snn.event_driven(net, np.full((1, 3, 2, 5, 5), np.nan))


def test_potentials_beyond_the_range_are_an_error():
    net = simple()
    net.parameters = {name: 100.0 * values for name, values in net.parameters.items()}
    x = np.zeros((2, 3, 2, 5, 5), np.float32)
    x[1, 0, 0, 2, 2] = 3e38
    with pytest.raises(FloatingPointError, match="potentials of sample 1 are beyond the range of float32"):
        snn.event_driven(net, x)

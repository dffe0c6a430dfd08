"""Operations and energies: counted again in plain NumPy, and by hand; the energies are those of Horowitz (2014)."""

import numpy as np
import pytest

from lifcore import snn


def pairs(n, size, padding):
    """Pairs of a pixel and a pixel of the result within one kernel, one after the other."""
    return sum(0 <= o + a - padding < n for o in range(n + 2 * padding - size + 1) for a in range(size))


@pytest.mark.parametrize("size, padding, height, width", [
    (3, 1, 8, 8), (3, 0, 5, 9), (1, 0, 4, 4), (5, 2, 6, 7), (4, 3, 3, 5), (5, 4, 2, 2)])
def test_synapses_of_a_convolution(size, padding, height, width):
    net = snn.Sequential(
        snn.Conv2d(2, 3, size, padding=padding), snn.Flatten(),
        snn.Linear(3 * (height + 2 * padding - size + 1) * (width + 2 * padding - size + 1), 4), input_shape=(2, height, width))
    assert snn.count_synapses(net) == {
        0: pairs(height, size, padding) * pairs(width, size, padding) * 6,
        2: 12 * (height + 2 * padding - size + 1) * (width + 2 * padding - size + 1)}


def network(pool=snn.SumPool2d, bias=False, reset="zero"):
    lif = {"beta": 0.9, "reset_mechanism": reset}
    net = snn.Sequential(
        snn.Conv2d(2, 4, 3, padding=1, bias=bias), snn.LIF(**lif), pool(2), snn.Conv2d(4, 5, 3, padding=1, bias=bias),
        snn.LIF(**lif), snn.Flatten(), snn.Linear(45, 3), snn.LI(beta=0.9), input_shape=(2, 6, 6), rng=2)
    net.parameters = {name: values * 3.0 for name, values in net.parameters.items()}
    return net


def reached(x):
    """Whether anything but 0 lies within one pixel, of images of shape (..., channels, rows, columns)."""
    some = np.pad(np.any(x != 0, axis=2), ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.lib.stride_tricks.sliding_window_view(some, (3, 3), axis=(2, 3)).any((4, 5))


def test_the_four_ways():
    # By hand: along six pixels with a kernel of three and a border of one 16 pairs, along three 7.
    net = network()
    x = (np.random.default_rng(3).uniform(size=(5, 12, 2, 6, 6)) < 0.1).astype(np.float32)
    counts = snn.count_operations(net, x)
    synapses = 16**2 * 2 * 4 + 7**2 * 4 * 5 + 45 * 3
    neurons = 6 * 6 * 4 + 3 * 3 * 5 + 3
    assert counts["plain"] == (synapses, 0.0, 0.0)
    assert counts["dense"] == (12 * synapses, 0.0, 12 * neurons)
    # Additions once more, from the recorded spikes.
    run = net.run(x, record=True)
    reach = {n: np.minimum(3, np.minimum(np.arange(n), np.arange(n)[::-1]) + 2) for n in (3, 6)}
    pooled = run.spikes[1].reshape(5, 12, 4, 3, 2, 3, 2).sum((4, 6), dtype=float)
    additions = 4 * (x * np.multiply.outer(reach[6], reach[6])).sum()
    additions += 5 * (pooled * np.multiply.outer(reach[3], reach[3])).sum()
    additions += 3 * run.spikes[4].sum(dtype=float)
    assert run.spikes[4].sum() > 100
    assert counts["stepped"] == (0.0, pytest.approx(additions / 5, rel=1e-14), 12 * neurons)
    assert counts["event_driven"][:2] == counts["stepped"][:2]
    # Computed are the neurons within the kernel's reach of an event or a spike, in all channels; the last three always.
    updates = 4 * reached(x).sum() + 5 * reached(pooled).sum() + 5 * 12 * 3
    assert counts["event_driven"].updates == pytest.approx(updates / 5, rel=1e-14)
    assert counts["event_driven"].updates < 0.9 * 12 * neurons


def test_where_every_value_arrives_nothing_is_saved():
    x = np.ones((1, 4, 2, 6, 6), np.float32)
    counts = snn.count_operations(snn.Sequential(
        snn.Conv2d(2, 4, 3, padding=1, bias=False), snn.Flatten(), snn.Linear(144, 3), input_shape=(2, 6, 6), rng=1), x)
    # By hand: 16 * 16 pairs of pixels, two channels in and four out, a spike each; what they make is graded.
    assert counts["stepped"] == (4 * 144 * 3, 4 * 16**2 * 8, 0.0)
    assert counts["dense"] == (4 * (16**2 * 8 + 144 * 3), 0.0, 0.0)


def test_graded_values_cost_products():
    x = (np.random.default_rng(3).uniform(size=(5, 12, 2, 6, 6)) < 0.1).astype(np.float32)
    averaged = snn.count_operations(network(snn.AvgPool2d), x)
    assert averaged["stepped"].products > 0.0 and averaged["event_driven"][:2] == averaged["stepped"][:2]
    # A constant image: 16 * 16 pairs, two channels in and four out, once.
    image = np.random.default_rng(4).uniform(0.1, 1.0, (3, 2, 6, 6)).astype(np.float32)
    static = snn.count_operations(network(), image, steps=12)
    assert static["stepped"].products == 16**2 * 8 and "event_driven" not in static
    assert static["stepped"].additions > 0.0


def test_a_net_with_biases_has_no_event_driven_row():
    assert "event_driven" not in snn.count_operations(network(bias=True), np.zeros((1, 3, 2, 6, 6)))


def test_energies_are_horowitz():
    # ISSCC 2014, figure 1.1.9, 45 nm at 0.9 V: float32 addition 0.9 pJ, multiplication 3.7 pJ; 8 kB cache 10 pJ, 1 MB 100 pJ.
    energy = snn.Energy()
    assert (energy.addition, energy.product, energy.access) == (0.9, pytest.approx(0.9 + 3.7, rel=1e-14), 0.0)
    assert snn.ACCESS == {"8 kB": 10.0, "32 kB": 20.0, "1 MB": 100.0, "DRAM": 1300.0}


def test_energy_by_hand():
    counts = snn.Counts(products=1e6, additions=2e6, updates=5e5)
    assert counts.accesses == 4e6
    # 4.6 + 1.8 + 2.3 µJ, and 40 µJ more with a cache of 8 kB.
    assert snn.Energy().of(counts) == pytest.approx(8.7, rel=1e-14)
    assert snn.Energy(access=snn.ACCESS["8 kB"]).of(counts) == pytest.approx(48.7, rel=1e-14)
    assert snn.Energy(addition=0.0, product=1.0, update=0.0).of(counts) == pytest.approx(1.0, rel=1e-14)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="access must be finite and at least 0 pJ, got -1 pJ"):
        snn.Energy(access=-1.0)
    with pytest.raises(TypeError, match=r"counts must be Counts, got \(1, 2, 3\)"):
        snn.Energy().of((1, 2, 3))
    for function in (snn.count_synapses, lambda net: snn.count_operations(net, [])):
        with pytest.raises(TypeError, match="net must be a lifcore.snn.Sequential, got 3"):
            function(3)

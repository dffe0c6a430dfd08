"""Trained networks do what their table says, in plain NumPy too; and training gives the same bits everywhere.

Expected values: a forward pass of float64 arrays in NumPy, written for this test; accuracies stored by tools/train.py; and
the digest of the weights of a short training, which were the same with the instructions of two processors.
"""

import hashlib

import numpy as np
import pytest

from lifcore import snn
from lifcore.snn.trained import DATA


def convolved(x, weight):
    """x of shape (N, C, H, W) with a border of one, in float64, by a product of matrices."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    return np.moveaxis(np.tensordot(windows, weight, ((1, 4, 5), (1, 2, 3))), -1, 1)


def logits(parameters, x, steps, to_zero):
    """conv - LIF - sum pool - conv - LIF - sum pool - linear, beta 0.9, threshold 1; x (N, steps, C, H, W) or (N, C, H, W)."""
    p = {name: values.astype(np.float64) for name, values in parameters.items()}
    bias = [p.get(name, np.zeros(len(p[name.replace("bias", "weight")]))).reshape(-1, 1, 1) for name in ("0.bias", "3.bias")]
    V, s, total = [0.0, 0.0], [0.0, 0.0], 0.0
    for t in range(steps):
        value = x if x.ndim == 4 else x[:, t]
        for k, name in enumerate(("0.weight", "3.weight")):
            I = convolved(value.astype(np.float64), p[name]) + bias[k]
            V[k] = 0.9 * V[k] * (1.0 - s[k]) + I if to_zero else 0.9 * V[k] + I - s[k]
            s[k] = (V[k] > 1.0).astype(np.float64)
            samples, channels, height, width = s[k].shape
            value = s[k].reshape(samples, channels, height // 2, 2, width // 2, 2).sum((3, 5))
        total = total + value.reshape(samples, -1)
    return total @ p["7.weight"].T / steps + p["7.bias"]


@pytest.fixture(scope="module")
def test_part():
    return snn.digits().test


@pytest.mark.parametrize("name", snn.TRAINED)
def test_the_accuracy_is_the_tables_and_numpys(name, test_part):
    net = snn.trained(name)
    events = name.startswith("saccades")
    images, labels = test_part.images, test_part.labels
    x = snn.frames(snn.saccades(images), 20, clip=1) if events else images
    steps = None if events else 10
    (row,) = [row for row in snn.trainings(name) if row.seed == 0]
    assert net.accuracy(x, labels, steps) == row.test
    expected = logits(net.parameters, x[:120], 20 if events else 10, events)
    # In float32 a potential within a rounding error of the threshold may fire or not: one such spike moves a logit by a weight.
    assert np.mean(expected.argmax(1) == net.predict(x[:120], steps)) >= 119 / 120
    double = snn.Sequential(*net.layers, input_shape=net.input_shape, dtype="float64", rng=0)
    double.parameters = net.parameters
    assert np.max(np.abs(double.run(x[:120], steps).logits - expected)) < 1e-12


def test_the_goals_are_reached():
    # What was asked for: digits 0.985, saccades 0.97 in the mean of five seeds; the tables hold what was reached.
    for name, goal in (("digits", 0.985), ("saccades", 0.97)):
        rows = snn.trainings(name)
        assert [row.seed for row in rows] == [0, 1, 2, 3, 4]
        assert np.mean([row.test for row in rows]) >= goal


def test_the_operations_are_the_tables(test_part):
    x = snn.frames(snn.saccades(test_part.images), 20, clip=1)
    for name in ("saccades", "saccades_sparse"):
        (row,) = [row for row in snn.trainings(name) if row.seed == 0]
        counts = snn.count_operations(snn.trained(name), x)
        assert counts["event_driven"] == (row.products, row.additions, row.lazy_updates)
        assert counts["stepped"].updates == row.updates


def test_a_penalty_makes_sparse():
    names = ["saccades", "saccades_sparse", "saccades_sparser", "saccades_sparsest"]
    rows = [snn.trainings(name) for name in names]
    (penalties,) = {tuple(some[k].rate_penalty for some in rows) for k in range(3)}
    assert np.all(np.diff(penalties) > 0.0) and [len(some) for some in rows] == [5, 3, 3, 3]
    assert np.all(np.diff([np.mean([row.additions for row in some]) for some in rows]) < 0.0)


def test_event_driven_is_equal_on_a_trained_net(test_part):
    net, streams = snn.trained("saccades"), snn.saccades(test_part.images[:20])
    stepped = net.run(snn.frames(streams, 20, clip=1), record=True)
    lazy = snn.event_driven(net, streams, steps=20, clip=1, record=True)
    assert np.array_equal(lazy.logits, stepped.logits)
    assert all(np.array_equal(lazy.spikes[k], stepped.spikes[k]) for k in stepped.spikes)


def test_the_baselines_are_there():
    rows = snn.baselines()
    found = {(row.method, row.input) for row in rows}
    assert found == {(method, input) for method in ("logistic regression", "RBF-SVM") for input in ("digits", "counts", "slices")} | {
        ("plain CNN (PyTorch)", "digits"), ("plain CNN (PyTorch)", "counts")}
    assert all(0.9 < row.test <= 1.0 and 0.9 < row.validation <= 1.0 for row in rows)


def test_a_baseline_again(test_part):
    # scikit-learn's support vector machine with the settings that win on seed 0's validation part.
    from sklearn.svm import SVC

    data = snn.digits()
    flat = lambda part: part.images.reshape(len(part.images), -1)
    again = SVC(C=3.0, gamma="scale").fit(flat(data.development), data.development.labels)
    (row,) = [row for row in snn.baselines() if (row.method, row.input, row.seed) == ("RBF-SVM", "digits", 0)]
    assert abs(again.score(flat(data.test), data.test.labels) - row.test) < 0.01


def test_the_data_are_small():
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 200_000


DIGEST = "30f5d7b9c68da1027daed2f49c7937da3f024fb1f7c23c346de22cf65ed6cfd5"


@pytest.mark.parametrize("workers", [1, 2])
def test_training_gives_the_same_bits_everywhere(workers):
    images, labels = snn.digits().train
    neurons = snn.LIF(beta=0.9, surrogate=snn.ATan())
    net = snn.Sequential(
        snn.Conv2d(1, 5, 3, padding=1), neurons, snn.SumPool2d(2), snn.Flatten(), snn.Linear(80, 10), input_shape=(1, 8, 8), rng=1)
    snn.fit(
        net, images[:200], labels[:200], steps=6, epochs=3, batch_size=32, optimiser=snn.Adam(learning_rate=0.01),
        rate_penalty=0.1, augment=snn.warp, rng=2, workers=workers, progress=False)
    digest = hashlib.sha256(b"".join(values.astype("<f4").tobytes() for values in net.parameters.values())).hexdigest()
    assert digest == DIGEST
    assert net.accuracy(images[:200], labels[:200], steps=6) > 0.3


def test_a_layer_without_biases_stays_so():
    # A network is what its parameters say: set again, they give the same logits.
    images, labels = snn.digits().train
    net = snn.Sequential(
        snn.Conv2d(1, 4, 3, bias=False), snn.LIF(beta=0.9), snn.Flatten(), snn.Linear(144, 10), input_shape=(1, 8, 8), rng=1)
    snn.fit(net, images[:100], labels[:100], steps=5, epochs=2, rng=0, progress=False)
    before = net.run(images[:10], steps=5).logits
    net.parameters = net.parameters
    assert np.array_equal(net.run(images[:10], steps=5).logits, before)


def test_wrong_names_are_named():
    with pytest.raises(ValueError, match="name must be one of 'digits', 'saccades'"):
        snn.trained("faces")
    with pytest.raises(ValueError, match="network must be one of 'digits'"):
        snn.trainings("faces")

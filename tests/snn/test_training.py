"""Training: Adam against PyTorch's, an epoch against its parts, the same bits again, files of networks.

Stored values are those of `tools/autograd.py`; the rest is written out here in NumPy, or known: a network that has
learnt two patterns tells them apart.
"""

import itertools
import json
import math

import autograd
import numpy as np
import pytest
from damage import errors_of_damaged

from lifcore import snn
from lifcore.kernels.snn_training import adam, cross_entropy

STORED = dict(np.load(autograd.FILE))


def network(seed=1, dtype="float32", **keywords):
    return snn.Sequential(
        snn.Conv2d(1, 4, 3), snn.LIF(0.9, 0.3), snn.SumPool2d(2), snn.Flatten(), snn.Linear(24, 3),
        input_shape=(1, 6, 8), rng=seed, dtype=dtype, **keywords)


def patterns(samples=50, seed=0):
    """Three kinds of stripes, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, samples)
    rows, columns = np.mgrid[:6, :8]
    kinds = np.stack([rows % 2, columns % 2, (rows + columns) % 2])[:, None]
    return kinds[labels] + rng.normal(scale=0.3, size=(samples, 1, 6, 8)), labels


# The parts.

def test_adam_is_that_of_pytorch():
    for dtype, tolerance in ((np.float64, 1e-14), (np.float32, 2e-7)):
        weights = STORED["adam/weights"].astype(dtype)
        moments = np.zeros_like(weights), np.zeros_like(weights)
        for k, (gradient, expected) in enumerate(zip(STORED["adam/gradients"], STORED["adam/found"], strict=True), 1):
            adam(weights, gradient.astype(dtype), *moments, 0.03, 0.8, 0.99, 1e-6, k)
            np.testing.assert_allclose(weights, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_cross_entropy():
    """Of equal logits log K; of logits far apart their difference; derivatives softmax - 1 at the label."""
    error = np.empty(4)
    assert cross_entropy(np.full(4, 3.0), 1, 1.0, error) == pytest.approx(math.log(4.0), rel=1e-15)
    np.testing.assert_allclose(error, [0.25, -0.75, 0.25, 0.25], rtol=1e-15)
    logits = np.array([1000.0, -1000.0, 0.0, 999.0])
    assert cross_entropy(logits, 1, 2.0, error) == pytest.approx(2000.0 + math.log1p(math.exp(-1.0)), rel=1e-15)
    softmax = np.array([1.0, 0.0, 0.0, math.exp(-1.0)]) / (1.0 + math.exp(-1.0))
    np.testing.assert_allclose(error, 2.0 * (softmax - [0.0, 1.0, 0.0, 0.0]), rtol=1e-14, atol=1e-300)


def test_an_epoch_is_made_of_its_parts():
    """Batches in the order of the generator, gradients, Adam and half a cosine, written out in NumPy."""
    x, labels = patterns()
    trained, net = network(dtype="float64"), network(dtype="float64")
    history = snn.fit(
        trained, x, labels, 5, epochs=2, batch_size=16, optimiser=snn.Adam(0.02, (0.8, 0.95), 1e-6), rate_penalty=0.2,
        rng=7, progress=False)
    rng, parameters = np.random.default_rng(7), net.parameters
    m = {name: np.zeros_like(array) for name, array in parameters.items()}
    v = {name: np.zeros_like(array) for name, array in parameters.items()}
    step, losses, right, rates = 0, [], 0, []
    for _ in range(2):
        order = rng.permutation(50)
        losses.append(0.0)
        for begin in range(0, 50, 16):
            batch = order[begin:begin + 16]
            net.parameters = parameters
            run = net.run(x[batch], 5)
            loss, g = net.gradients(x[batch], labels[batch], 5, 0.2)
            losses[-1] += loss * len(batch) / 50
            right += np.sum(run.logits.argmax(axis=1) == labels[batch])
            rates.append(run.rates[1] * len(batch) / 50)
            rate = 0.02 * 0.5 * (1.0 + math.cos(math.pi * step / 8))
            step += 1
            for name in parameters:
                m[name] = 0.8 * m[name] + 0.2 * g[name]
                v[name] = 0.95 * v[name] + 0.05 * g[name]**2
                parameters[name] = parameters[name] - rate * (m[name] / (1.0 - 0.8**step)) / (
                    np.sqrt(v[name] / (1.0 - 0.95**step)) + 1e-6)
    for name, array in trained.parameters.items():
        np.testing.assert_allclose(array, parameters[name], rtol=1e-9, atol=1e-12)
    assert history.loss == pytest.approx(losses, rel=1e-12)
    assert history.accuracy[0] + history.accuracy[1] == pytest.approx(right / 50)
    assert history.rates[1][1] == pytest.approx(sum(rates[4:]), rel=1e-12)
    assert history.validation_accuracy == []


# The whole.

def test_a_network_learns():
    x, labels = patterns(120)
    others = patterns(60, seed=1)
    net = network()
    before = net.accuracy(*others, 6)
    history = snn.fit(
        net, x, labels, 6, epochs=12, batch_size=20, optimiser=snn.Adam(0.01), validation=others, rng=1, progress=False)
    assert before < 0.7
    assert net.accuracy(x, labels, 6) == 1.0 and net.accuracy(*others, 6) > 0.97
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert history.validation_accuracy[-1] == net.accuracy(*others, 6)
    assert [len(getattr(history, name)) for name in ("loss", "accuracy", "validation_accuracy", "rates")] == [12] * 4


def test_a_penalty_makes_neurons_fire_less():
    x, labels = patterns(120)
    rates = []
    for penalty in (0.0, 2.0):
        net = network()
        snn.fit(net, x, labels, 6, epochs=6, optimiser=snn.Adam(0.01), rate_penalty=penalty, rng=1, progress=False)
        rates.append(net.run(x, 6).rates[1])
    assert rates[1] < 0.8 * rates[0]


def test_the_same_seed_gives_the_same_bits_with_any_number_of_workers():
    x, labels = patterns()
    events = np.random.default_rng(2).random((50, 5, 1, 6, 8)) < 0.2

    def trained(x, steps, workers, rng):
        net = network()
        history = snn.fit(
            net, x, labels, steps, epochs=2, batch_size=24, rng=rng, workers=workers, progress=False,
            augment=lambda batch, rng: batch * rng.uniform(0.5, 1.0, batch.shape))
        return net._packed.tobytes(), history

    for given, steps in ((x, 5), (events, None)):
        first = trained(given, steps, 1, 3)
        for workers, rng in ((2, 3), (3, np.random.default_rng(3)), (None, 3)):
            assert trained(given, steps, workers, rng) == first
        assert trained(given, steps, 1, 4) != first


def test_a_constant_schedule_keeps_the_rate():
    """With one sample and all of Adam's memory off a weight moves by the learning rate at every step, g / |g|."""
    x, labels = patterns(1)
    moved = {}
    for schedule in ("constant", "cosine"):
        net = network(dtype="float64")
        # The sum of the steps: 4, and half of (1 + cos(pi k / 4)) for k from 0 to 3.
        before = net.parameters["4.bias"]
        snn.fit(
            net, x, labels, 4, epochs=4, optimiser=snn.Adam(1e-3, (0.0, 0.0), 1e-12), schedule=schedule, rng=0,
            progress=False)
        moved[schedule] = np.abs(net.parameters["4.bias"] - before)
    np.testing.assert_allclose(moved["constant"], 4e-3, rtol=1e-6)
    total = sum(0.5 * (1.0 + math.cos(math.pi * k / 4)) for k in range(4))
    np.testing.assert_allclose(moved["cosine"], 1e-3 * total, rtol=1e-6)


def test_a_layer_without_biases_stays_without():
    """It has a place for them all the same, which nothing shows but what the network does."""
    x, labels = patterns()
    net = snn.Sequential(
        snn.Conv2d(1, 4, 3, bias=False), snn.LIF(0.9, 0.3), snn.Flatten(), snn.Linear(96, 5, bias=False),
        snn.LIF(0.9, 0.2), snn.Linear(5, 3), input_shape=(1, 6, 8), rng=0)
    snn.fit(net, x, labels, 5, epochs=3, optimiser=snn.Adam(0.05), rng=0, progress=False)
    again = snn.Sequential(*net.layers, input_shape=(1, 6, 8))
    again.parameters = net.parameters
    assert np.array_equal(again.run(x, 5).logits, net.run(x, 5).logits)


def test_augment_gets_a_batch_and_its_result_is_trained_on():
    x, labels = patterns()
    seen = []

    def shifted(batch, rng):
        seen.append(batch.shape)
        assert batch.dtype == np.float32 and isinstance(rng, np.random.Generator)
        return np.roll(batch, 1, axis=-1)

    augmented, plain = network(), network()
    snn.fit(augmented, x, labels, 4, epochs=1, batch_size=30, augment=shifted, rng=0, progress=False)
    snn.fit(plain, np.roll(x, 1, axis=-1), labels, 4, epochs=1, batch_size=30, rng=0, progress=False)
    assert seen == [(30, 1, 6, 8), (20, 1, 6, 8)]
    assert all(np.array_equal(plain.parameters[name], array) for name, array in augmented.parameters.items())


def test_an_interruption_keeps_the_last_parameters():
    x, labels = patterns()
    one, stopped = network(), network()
    snn.fit(one, x[:], labels, 4, epochs=3, batch_size=50, schedule="constant", rng=0, progress=False)
    calls = itertools.count()

    def interrupt(batch, rng):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return batch

    with pytest.raises(KeyboardInterrupt):
        snn.fit(
            stopped, x, labels, 4, epochs=9, batch_size=50, schedule="constant", augment=interrupt, rng=0,
            progress=False)
    assert all(np.array_equal(one.parameters[name], array) for name, array in stopped.parameters.items())


@pytest.mark.filterwarnings("ignore:overflow")
def test_numbers_beyond_the_range_stop_the_training():
    x, labels = patterns()
    net = network()
    with pytest.raises(FloatingPointError, match=r"not finite any more in epoch 2.*try a learning_rate below 1e\+37"):
        snn.fit(
            net, x, labels, 4, epochs=9, batch_size=50, optimiser=snn.Adam(1e37), schedule="constant", rng=0,
            progress=False)
    assert all(np.all(np.isfinite(array)) for array in net.parameters.values())


def test_a_progress_bar_shows_loss_and_accuracy(capsys):
    x, labels = patterns()
    history = snn.fit(network(), x, labels, 4, epochs=2, validation=(x, labels), rng=0)
    shown = capsys.readouterr().err
    assert f"loss={history.loss[-1]:.4f}" in shown and f"accuracy={history.accuracy[-1]:.4f}" in shown
    snn.fit(network(), x, labels, 4, epochs=1, progress=False)
    assert capsys.readouterr().err == ""


X, LABELS = patterns(6)


@pytest.mark.parametrize("change, error, message", [
    ({"net": "net"}, TypeError, "net must be a lifcore.snn.Sequential"),
    ({"x": X[:, 0]}, ValueError, "x must have shape"),
    ({"x": np.full_like(X, np.inf)}, ValueError, "x must be finite"),
    ({"labels": LABELS[:4]}, ValueError, r"labels must have one value for each sample, shape \(6,\), got \(4,\)"),
    ({"labels": LABELS + 1}, ValueError, "labels must be from 0 to 2"),
    ({"steps": None}, ValueError, "steps must be given"),
    ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1"),
    ({"epochs": 1.5}, TypeError, "epochs must be a whole number"),
    ({"batch_size": 0}, ValueError, "batch_size must be a whole number of at least 1"),
    ({"optimiser": "Adam"}, TypeError, "optimiser must be a lifcore.snn.Adam"),
    ({"schedule": "linear"}, ValueError, "schedule must be one of 'cosine', 'constant'"),
    ({"rate_penalty": math.nan}, ValueError, "rate_penalty must be finite"),
    ({"validation": X}, TypeError, r"validation must be a pair \(x, labels\)"),
    ({"validation": (X, LABELS[:3])}, ValueError, r"validation\[1\] must have one value for each sample"),
    ({"validation": (X[:, 0, 0], LABELS)}, ValueError, r"validation\[0\] must have shape"),
    ({"labels": [[0], [1, 2]]}, ValueError, "labels must be an array, got rows of different lengths"),
    ({"augment": 3}, TypeError, "augment must be a function"),
    ({"augment": lambda batch, rng: batch[:, :, 1:]}, ValueError, "augment must return an array of the shape it is gi"),
    ({"augment": lambda batch, rng: batch * np.nan}, ValueError, "what augment returns must be finite"),
    ({"rng": -3}, ValueError, "rng must be"),
    ({"workers": 0}, ValueError, "workers must be"),
])
def test_wrong_arguments_are_named(change, error, message):
    net = network()
    given = {"net": net, "x": X, "labels": LABELS, "steps": 3, "epochs": 1, "progress": False} | change
    with pytest.raises(error, match=message):
        snn.fit(given.pop("net"), given.pop("x"), given.pop("labels"), given.pop("steps"), **given)
    assert all(np.array_equal(network().parameters[name], array) for name, array in net.parameters.items())


@pytest.mark.parametrize("arguments, message", [
    ((0.0,), "learning_rate must be"), ((math.inf,), "learning_rate must be"),
    ((0.1, (0.9,)), "betas must be two numbers"), ((0.1, 0.9), "betas must be two numbers"),
    ((0.1, (0.9, 1.0)), "betas must be two numbers from 0 to less than 1"),
    ((0.1, (-0.1, 0.9)), r"betas\[0\] must be"), ((0.1, (0.9, 0.99), 0.0), "epsilon must be"),
])
def test_wrong_numbers_of_adam_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        snn.Adam(*arguments)


# Files.

def test_a_network_comes_back_from_its_file(tmp_path):
    net = snn.Sequential(
        snn.AvgPool2d(2), snn.Conv2d(2, 3, 2, 1, bias=False),
        snn.LIF(tau=10.0, dt=1.0, surrogate=snn.Triangular(0.5, 0.3)), snn.SumPool2d(2),
        snn.LIF(0.1, 2.0, "zero", snn.ATan(3.0), False), snn.Flatten(), snn.Linear(12, 4),
        snn.LIF(0.3, surrogate=snn.StraightThrough()), input_shape=(2, 8, 9), readout="rate", dtype="float64", rng=5)
    snn.save(net, tmp_path / "net.npz")
    other = snn.load(str(tmp_path / "net.npz"))
    assert repr(other) == repr(net) and other.layers == net.layers
    assert all(np.array_equal(other.parameters[name], array) for name, array in net.parameters.items())
    x = np.random.default_rng(0).random((3, 2, 8, 9))
    assert np.array_equal(other.run(x, 5).logits, net.run(x, 5).logits)
    plain = snn.Sequential(snn.Linear(3, 2), snn.LI(0.5), input_shape=(3,), rng=0)
    snn.save(plain, str(tmp_path / "plain.npz"))
    assert repr(snn.load(tmp_path / "plain.npz")) == repr(plain)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"net.npz must be a file that lifcore.snn.save wrote"):
        snn.load(path)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="must be a file that lifcore.snn.save wrote"):
        snn.load(path)
    snn.save(network(), path)
    with np.load(path) as file:
        arrays = dict(file)
    for change, message in (
            ({"format": 99}, "its format is 99, this lifcore reads 1"),
            ({"layers": [{"kind": "Dense"}]}, "kind of layer must be one of"),
            ({"layers": [{"kind": "__doc__"}]}, "kind of layer must be one of"),
            ({"readout": "mean"}, "readout must be one of"), ({"input_shape": [1, 9, 9]}, "does not fit")):
        architecture = json.loads(str(arrays["architecture"])) | change
        np.savez(path, **arrays | {"architecture": json.dumps(architecture)})
        with pytest.raises(ValueError, match=message):
            snn.load(path)
    np.savez(path, **{name: array for name, array in arrays.items() if name != "4.bias"})
    with pytest.raises(ValueError, match=r"missing \['4.bias'\]"):
        snn.load(path)
    with pytest.raises(FileNotFoundError):
        snn.load(tmp_path / "none.npz")
    with pytest.raises(TypeError, match="net must be a lifcore.snn.Sequential"):
        snn.save(3, path)
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2])
    with pytest.raises(ValueError, match="must be a file that lifcore.snn.save wrote"):
        snn.load(path)


def test_a_damaged_byte_is_an_error_or_none(tmp_path):
    path = tmp_path / "net.npz"
    snn.save(network(), path)
    def load(path):
        try:
            snn.load(path)
        except ValueError as error:
            assert "must be a file that lifcore.snn.save wrote" in str(error)
            raise

    assert errors_of_damaged(path, load) > 200


def test_adam_moves_at_most_so_far():
    """Kingma & Ba (2015), section 2.1: as far as the rate, for a gradient that stays; for one after zeros farther."""
    def path(gradients):
        w, moments = np.zeros(1), np.zeros((2, 1))
        for k, g in enumerate(gradients, 1):
            adam(w, np.array([g]), *moments, 1.0, 0.9, 0.999, 1e-8, k)
            yield float(w[0])
    np.testing.assert_allclose(list(path([0.3] * 20)), -np.arange(1.0, 21.0), rtol=1e-6)
    moved = list(path([0.0] * 20_000 + [1.0]))
    assert moved[-2] == 0.0 and moved[-1] == pytest.approx(-0.1 / math.sqrt(0.001), rel=1e-6)

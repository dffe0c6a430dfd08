"""Writes the networks of the live figures of the chapter on spiking CNNs into lifcore/snn/data.

    python tools/quiet_networks.py

Four networks that read digits as images and differ only in how much their spikes were penalised (`quiet-*.npz`), and
one for digits that a reader draws (`quiet-drawing.npz`), which was also shown thinner, thicker and darker ones. Learning
rate, surrogate and penalties were chosen by the validation images; these and the test images were not trained on. Takes
a few minutes.
"""

from pathlib import Path

import numpy as np

from lifcore import snn

FOLDER = Path(__file__).parents[1] / "lifcore" / "snn" / "data"
STEPS, SEED = 10, 1
CHANNELS = 12, 24
PENALTIES = ("0", "0.5", "2", "5")
DRAWING_PENALTY = 0.5


def network():
    """Two layers of neurons, whose kernels begin with twice the usual weights: some neurons must fire to begin with."""
    first, second = CHANNELS
    neurons = snn.LIF(beta=0.9, surrogate=snn.FastSigmoid(slope=10.0))
    net = snn.Sequential(
        snn.Conv2d(1, first, 3, padding=1), neurons, snn.SumPool2d(2),
        snn.Conv2d(first, second, 3, padding=1), neurons, snn.SumPool2d(2),
        snn.Flatten(), snn.Linear(4 * second, 10), input_shape=(1, 8, 8), rng=SEED)
    weights = net.parameters
    net.parameters = weights | {name: 2 * weights[name] for name in ("0.weight", "3.weight")}
    return net


def drawn(images, rng):
    """Bent and shifted, then with thinner or thicker, darker strokes."""
    images = snn.warp(images, rng, bend=0.25, most=1.0)
    floor, gain = (rng.uniform(low, high, (len(images), 1, 1, 1)) for low, high in ((0.0, 0.6), (1.0, 3.0)))
    return np.clip((images - floor) * gain, 0.0, 1.0).astype(np.float32)


def train(path, penalty, augment):
    data, net = snn.digits(), network()
    snn.fit(
        net, data.train.images, data.train.labels, steps=STEPS, epochs=120, optimiser=snn.Adam(learning_rate=0.01),
        rate_penalty=penalty, augment=augment, rng=SEED, progress=False)
    run = net.run(data.validation.images, steps=STEPS)
    right = np.mean(run.logits.argmax(axis=1) == data.validation.labels)
    rates = ", ".join(f"{rate:.4f}" for rate in run.rates.values())
    print(f"{path.name}: {right:.3f} of the validation images, spikes per neuron and step {rates}", flush=True)
    snn.save(net, path)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for penalty in PENALTIES:
        train(FOLDER / f"quiet-{penalty}.npz", float(penalty), snn.warp)
    train(FOLDER / "quiet-drawing.npz", DRAWING_PENALTY, drawn)

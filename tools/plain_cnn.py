"""Writes the rows of a plain convolutional network into lifcore/snn/data/baselines.csv, for readers who do not have PyTorch.

    python tools/plain_cnn.py

The network is that of tools/train.py with rectified linear units in place of LIF neurons, on one frame: the image, or the
counts of all events; max pools served it better than mean or sum.  It is augmented in the same way.  Of three learning rates
that with the best mean validation accuracy is taken for all seeds.  Takes a quarter of an hour with torch 2.14.1.
"""

import numpy as np
import torch

from lifcore import snn
from lifcore.snn.trained import Baseline
from train import SEEDS, TASKS, write

METHOD = "plain CNN (PyTorch)"
# With more, all units fall silent at some seeds.
RATES = (0.001, 0.003, 0.01)
EPOCHS = 120


def network(channels, side):
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(32 * (side // 4)**2, 10))


def trained(x, labels, augment, rate, seed):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = network(x.shape[1], x.shape[-1])
    batches = -(-len(x) // 64)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * batches)
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for k in range(batches):
            chosen = order[64 * k:64 * k + 64]
            loss = torch.nn.functional.cross_entropy(
                net(torch.from_numpy(augment(x[chosen], rng))), torch.from_numpy(labels[chosen]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net


def accuracy(net, x, labels):
    with torch.no_grad():
        return float((net(torch.from_numpy(x)).argmax(1).numpy() == labels).mean())


def main():
    torch.set_num_threads(1)
    rows = []
    encodings = {
        "digits": (lambda part: part.images, TASKS["digits"]["augment"]),
        "counts": (lambda part: snn.frames(snn.saccades(part.images), 1)[:, 0] / 8.0, TASKS["saccades"]["augment"])}
    for encoding, (encode, augment) in encodings.items():
        arrays = {}
        for seed in SEEDS:
            data = snn.digits(seed)
            arrays[seed] = [(np.ascontiguousarray(encode(part)), part.labels) for part in (*data, data.development)]
        scores = np.array([
            [accuracy(trained(*train, augment, rate, seed), *validation) for rate in RATES]
            for seed, (train, validation, _, _) in arrays.items()])
        best = int(np.argmax(scores.mean(axis=0)))
        for seed, (_, _, test, development) in arrays.items():
            net = trained(*development, augment, RATES[best], seed)
            rows.append(Baseline(METHOD, encoding, seed, float(scores[seed, best]), accuracy(net, *test)))
            print(rows[-1], flush=True)
    write("baselines.csv", Baseline, rows, lambda row: row["method"] == METHOD)


if __name__ == "__main__":
    main()

"""Trains the networks whose weights come with lifcore, and writes what they and other methods achieve.

    python tools/train.py [digits] [saccades] [saccades_sparse] … [baselines]

Without a name all of them, one after the other; a name's own rows are replaced in lifcore/snn/data/*.csv.  Every network is
trained with five seeds (with a rate penalty: three) on the train part, which gives its accuracy on the validation part, and
with the same on both parts, which gives that on the test part.  The settings below were chosen by validation accuracy alone.
The weights of seed 0 are kept, rounded to 11 bits, which is how they are tested.  Takes half an hour on two cores.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np

from lifcore import snn
from lifcore.snn.trained import DATA, PENALTIES, TRAINED, Baseline, Training

SEEDS = range(5)
STEPS = {"digits": 10, "saccades": 20}


def network(task, seed):
    """The network of a task, before training."""
    channels, side = {"digits": (1, 8), "saccades": (2, 20)}[task]
    events = task == "saccades"
    neurons = snn.LIF(beta=0.9, reset_mechanism="zero" if events else "subtract", surrogate=snn.ATan(alpha=2.0))
    net = snn.Sequential(
        snn.Conv2d(channels, 16, 3, padding=1, bias=not events), neurons, snn.SumPool2d(2),
        snn.Conv2d(16, 32, 3, padding=1, bias=not events), neurons, snn.SumPool2d(2),
        snn.Flatten(), snn.Linear(32 * (side // 4)**2, 10), input_shape=(channels, side, side), rng=seed)
    # Twice the usual weights, so that neurons fire from the start.
    net.parameters = {name: values * (2.0 if name in ("0.weight", "3.weight") else 1.0) for name, values in net.parameters.items()}
    return net


TASKS = {
    "digits": {"epochs": 150, "learning_rate": 0.015, "augment": snn.warp},
    "saccades": {"epochs": 50, "learning_rate": 0.01, "augment": snn.shift},
}


def inputs(task, part):
    if task != "saccades":
        return part.images, part.labels
    return snn.frames(snn.saccades(part.images), STEPS[task], clip=1), part.labels


def trained(task, part, seed, rate_penalty):
    """A network trained on one part, and the seconds of the processors that it took."""
    settings = TASKS[task]
    net = network(task, seed)
    begin = time.process_time()
    snn.fit(
        net, *part, steps=None if task == "saccades" else STEPS[task], epochs=settings["epochs"], batch_size=64,
        optimiser=snn.Adam(learning_rate=settings["learning_rate"]), augment=settings["augment"], rate_penalty=rate_penalty,
        rng=seed, progress=False)
    seconds = time.process_time() - begin
    net.parameters = {name: values.astype(np.float16) for name, values in net.parameters.items()}
    return net, seconds


def train(name):
    task, rate_penalty = name.partition("_")[0], PENALTIES[name]
    steps = None if task == "saccades" else STEPS[task]
    rows = []
    for seed in SEEDS[:5 if rate_penalty == 0.0 else 3]:
        data = snn.digits(seed)
        train_part, validation, test, development = (inputs(task, part) for part in (*data, data.development))
        judged, _ = trained(task, train_part, seed, rate_penalty)
        net, seconds = trained(task, development, seed, rate_penalty)
        counts = snn.count_operations(net, test[0], steps)
        lazy = counts["event_driven"].updates if "event_driven" in counts else 0.0
        rows.append(Training(
            name, rate_penalty, seed, judged.accuracy(*validation, steps=steps), net.accuracy(*test, steps=steps),
            round(seconds, 1), counts["stepped"].additions, counts["stepped"].products, counts["stepped"].updates, lazy))
        print(rows[-1], flush=True)
        if seed == 0 and name in TRAINED:
            snn.save(net, DATA / f"{name}.npz")
    write("trainings.csv", Training, rows, lambda row: row["network"] == name)


def other_methods():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler
    from sklearn.svm import SVC

    methods = {
        "logistic regression": [
            make_pipeline(MaxAbsScaler(), LogisticRegression(C=C, max_iter=5000)) for C in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)],
        "RBF-SVM": [SVC(C=C, gamma=gamma) for C in (3.0, 10.0) for gamma in ("scale", 0.0003, 0.001, 0.01, 0.03, 0.05, 0.1)]}
    encodings = {
        "digits": lambda part: part.images, "counts": lambda part: snn.frames(snn.saccades(part.images), 1),
        "slices": lambda part: snn.frames(snn.saccades(part.images), 4)}
    rows = []
    for encoding, encode in encodings.items():
        for seed in SEEDS:
            data = snn.digits(seed)
            x = [encode(part).reshape(len(part.labels), -1) for part in (*data, data.development)]
            labels = [part.labels for part in (*data, data.development)]
            for method, candidates in methods.items():
                scores = [candidate.fit(x[0], labels[0]).score(x[1], labels[1]) for candidate in candidates]
                best = candidates[int(np.argmax(scores))].fit(x[3], labels[3])
                rows.append(Baseline(method, encoding, seed, max(scores), best.score(x[2], labels[2])))
                print(rows[-1], flush=True)
    write("baselines.csv", Baseline, rows, lambda row: row["method"] in methods)


def write(name, row_type, rows, replaced):
    """Puts rows into a table in place of those that `replaced` is true of."""
    path = DATA / name
    kept = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            kept = [row for row in csv.DictReader(file) if not replaced(row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row_type._fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + [row._asdict() for row in rows])


def main():
    names = [*PENALTIES, "baselines"]
    wanted = sys.argv[1:] or names
    for name in wanted:
        if name not in names:
            sys.exit(f"no network {name!r}: name some of {', '.join(names)}")
    DATA.mkdir(exist_ok=True)
    for name in wanted:
        other_methods() if name == "baselines" else train(name)


if __name__ == "__main__":
    main()

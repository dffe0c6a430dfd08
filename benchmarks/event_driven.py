"""Event-driven inference beside the same network in steps: microseconds a sample over the density of events.

The same events fall at the same times; only the clock gets finer, so that fewer arrive in a step.  A run in steps moves every
neuron at every step; one from event to event moves those that something reaches.  Both give the same numbers, which is checked.
"""

import math
import statistics
import time

import numpy as np

from lifcore import snn

SAMPLES, RUNS = 8, 5
DURATION, TAU = 300.0, 142.0  # ms; beta = 0.9 in twenty steps


def network(steps):
    neurons = snn.LIF(beta=math.exp(-DURATION / steps / TAU), reset_mechanism="zero")
    net = snn.Sequential(
        snn.Conv2d(2, 16, 3, padding=1, bias=False), neurons, snn.SumPool2d(2), snn.Conv2d(16, 32, 3, padding=1, bias=False),
        neurons, snn.SumPool2d(2), snn.Flatten(), snn.Linear(800, 10, bias=False), input_shape=(2, 20, 20), rng=1)
    net.parameters = {name: 1.5 * values for name, values in net.parameters.items()}
    return net


def streams(share, rng):
    """A share of what saccades would send: about 1,300 events for a share of 1."""
    images = snn.digits().train.images[:SAMPLES]
    kept = []
    for stream in snn.saccades(images):
        some = rng.uniform(size=len(stream)) < share
        kept.append(snn.Events(
            stream.t[some], stream.x[some], stream.y[some], stream.polarity[some], stream.sensor, stream.duration))
    return kept


def microseconds(function):
    begin = time.process_time()
    result = function()
    return (time.process_time() - begin) / SAMPLES * 1e6, result


def compare(share, steps):
    net, events = network(steps), streams(share, np.random.default_rng(1))
    x = snn.frames(events, steps)
    sides = {
        "in steps": lambda: net.run(x, workers=1), "events": lambda: snn.event_driven(net, events, steps=steps),
        "events, one product a leak": lambda: snn.event_driven(net, events, steps=steps, decay="power")}
    results = {name: side() for name, side in sides.items()}
    assert np.array_equal(results["in steps"].logits, results["events"].logits)
    measured = {name: [] for name in sides}
    for _ in range(RUNS):
        for name, side in sides.items():
            measured[name].append(microseconds(side)[0])
    ratio = statistics.median(one / other for one, other in zip(measured["in steps"], measured["events"], strict=True))
    density = np.count_nonzero(x) / x.size
    updates = sum(values.mean() for values in results["events"].updates.values())
    medians = "".join(f"{statistics.median(times):10.0f}" for times in measured.values())
    print(f"{share:6.2f}{steps:7}{100 * density:10.3f} %{updates / (steps * 9600):10.3f}{medians}{ratio:10.2f}")


print("share  steps   density   updated      in steps    events     power     ratio")
for share in (1.0, 0.1):
    for steps in (20, 60, 200, 600, 2000):
        compare(share, steps)

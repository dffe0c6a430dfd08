"""The live figures of the chapter on spiking convolutional networks.

Nothing is computed here: networks run by `lifcore.snn` and its kernels, here and in the page.
"""

from __future__ import annotations

import base64
import functools
import math

import numpy as np

from lifcore import snn
from lifcore.kernels import snn_network as kernels
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, Drawing, LiveFigure, Play, Readout, Toggle
from lifcore.live.identity import SURFACES
from lifcore.snn.operations import count_synapses

__all__ = ["Anytime", "DrawDigit", "EnergyClaim", "EventStream"]

KERNELS = (kernels.forward,)
FULL = 15  # of a pixel's ink


def _base64(array) -> str:
    """The bytes of an array as text, for a page."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _packed(net, steps, keep=True):
    """A network with a static input as the page takes it, and where in its memory each layer of neurons lies."""
    prepared = net.prepared(steps, keep=keep, static=True, whole=False)
    rows = prepared.program
    neurons, synapses = (np.flatnonzero(rows[:, kernels.KIND] == kind) for kind in (kernels.LIF, kernels.SYNAPSES))
    return {
        "program": rows.tolist(),
        # float32 numbers are exact as text that float64 numbers would need.
        "constants": prepared.constants.astype(float).tolist(),
        "weights": _base64(prepared.weights),
        "inputs": int(rows[0, kernels.OUT_SIZE]),
        "scratch": [[array.size, array.dtype.str[1:]] for array in prepared[3:]],
        "classes": prepared.total.size,
        "neurons": neurons.tolist(),
        "synapses": synapses.tolist(),
        "places": [
            dict(zip(("spikes", "potentials", "size"), rows[k, [kernels.OUT, kernels.V, kernels.OUT_SIZE]].tolist(), strict=True))
            for k in neurons],
    }


def _steps(net, image):
    """Evidence of shape (steps, classes), spikes and synaptic operations until each step, for an image that stays."""
    prepared = net.prepared(STEPS, keep=True, static=True, whole=False)
    kind = prepared.program[:, kernels.KIND]
    evidence, counts = np.empty((STEPS, prepared.total.size), np.float32), np.empty((STEPS, len(kind)))
    x = np.ascontiguousarray(image, np.float32).reshape(1, -1)
    for t in range(STEPS):
        kernels.forward(*prepared[:3], x, t, t + 1, False, *prepared[3:])
        evidence[t] = prepared.total / np.float32(t + 1)
        counts[t] = prepared.counts
    return evidence, counts[:, kind == kernels.LIF].sum(axis=1), counts[:, kind == kernels.SYNAPSES].sum(axis=1)


class EventStream(LiveFigure):
    """One neuron whose kernel has a weight for each of three columns of pixels, and an edge that passes them.

    Controls: `interval`, steps from one column to the next, negative for an edge that moves leftwards; `beta`, what is
    left of the potential after a step; the `kernel`.
    """

    title = "A filter of space and time"
    caption = (
        "Three columns of pixels, and an edge that passes them. With equal weights, for which intervals does the "
        "neuron fire? With rising weights, send the edge rightwards and leftwards at the same speed. Then let the "
        "membrane forget faster."
    )
    description = (
        "Above, the events of three columns of pixels in time. In the middle, the membrane potential: a step up for "
        "each event, a decay between them, and a spike where it exceeds the threshold. Below, the highest potential "
        "against the interval between columns: with equal weights a peak at zero, the same on both sides; with rising "
        "weights higher for an edge that moves rightwards."
    )
    entry = "cnn.js"
    kernels = KERNELS
    fixed = {
        "steps": 30, "middle": 14, "longest": 12, "threshold": 1.0,
        "kernels": [["rising", [0.1, 0.4, 0.7]], ["equal", [0.4, 0.4, 0.4]], ["falling", [0.7, 0.4, 0.1]]]}
    heights = (809, 1059)
    shown = (
        Readout("spikes", "spikes"),
        Readout("highest", "highest V", "", 3),
        Readout("other", "other direction", "", 3),
        Readout("rightwards", "rightwards, m to", infinite="never"),
        Readout("leftwards", "leftwards, m to", infinite="never"),
    )

    interval = Control(3, -12, 12, 1, "steps from one column to the next", "m")
    beta = Control(0.9, 0.5, 0.95, 0.01, "left after a step", "β")
    kernel = Choice(
        "rising", {"rising": "rising 0.1 0.4 0.7", "equal": "equal 0.4 0.4 0.4", "falling": "falling 0.7 0.4 0.1"}, "weights")

    def _input(self, interval):
        """What arrives at each step."""
        arriving = [0.0] * self.fixed["steps"]
        for k, weight in enumerate(dict(self.fixed["kernels"])[self.kernel]):
            arriving[self.fixed["middle"] + (k - 1) * int(interval)] += weight
        return arriving

    def _potential(self, interval, reset=True):
        """V of each step, and the steps in which the neuron fires."""
        threshold, V, trace = self.fixed["threshold"], 0.0, []
        for arriving in self._input(interval):
            V = self.beta * (0.0 if reset and V > threshold else V) + arriving
            trace.append(V)
        return trace, [k for k, V in enumerate(trace) if V > threshold]

    def _highest(self, interval):
        return max(self._potential(interval, reset=False)[0])

    def _reach(self, sign):
        intervals = range(self.fixed["longest"], -1, -1)
        return next((k for k in intervals if self._highest(sign * k) > self.fixed["threshold"]), math.inf)

    def readouts(self) -> dict:
        return {
            "spikes": len(self._potential(self.interval)[1]),
            "highest": self._highest(self.interval),
            "other": self._highest(-self.interval),
            "rightwards": self._reach(1),
            "leftwards": self._reach(-1),
        }

    def draw(self, figure):
        threshold, steps, longest = (self.fixed[name] for name in ("threshold", "steps", "longest"))
        weights = dict(self.fixed["kernels"])[self.kernel]
        events, membrane, tuning = figure.subplots(3, 1, height_ratios=[2, 3, 3])
        trace, spikes = self._potential(self.interval)
        for k, name in enumerate(("left", "middle", "right")):
            at = self.fixed["middle"] + (k - 1) * int(self.interval)
            events.vlines(at, 2.6 - k, 3.4 - k, color=color("drive"), linewidth=2)
            name_line(events, 3 - k, f"{name} {weights[k]:.1f}", "drive")
        events.set(xlim=(0, steps), ylim=(0.4, 3.6), yticks=[], xticklabels=[], ylabel="events")
        membrane.plot(trace, color=color("membrane"))
        membrane.vlines(spikes, threshold, 1.5, color=color("spike"))
        membrane.set(xlim=(0, steps), ylim=(0, 1.6), ylabel="V", xlabel="step")
        intervals = range(-longest, longest + 1)
        tuning.plot(intervals, [self._highest(k) for k in intervals], "o", markersize=4, color=color("simulation"))
        tuning.plot(
            self.interval, self._highest(self.interval), "o", markersize=9, fillstyle="none", color=color("membrane"))
        tuning.set(ylim=(0, 1.6), ylabel="highest V", xlabel="steps from one column to the next")
        for axes in (membrane, tuning):
            _level(axes, threshold, "threshold", "threshold")


def _level(axes, y, name, role, width=1.1):
    axes.axhline(y, color=color(role), linewidth=width)
    name_line(axes, y, name, role)


def _counts(net, events):
    """Synapses of one frame, weights, neurons, synapses that a spike of each neuron reaches, and those that events reach."""
    synapses = count_synapses(net)
    reached, spread = 0, 1
    for k, layer in enumerate(net.layers):
        if isinstance(layer, snn.SumPool2d):
            # Each neuron of a square reaches what the square reaches.
            spread *= layer.kernel_size**2
        elif k in synapses and k > 0:
            reached += spread * synapses[k]
            spread = 1
    return {
        "frame": sum(synapses.values()),
        "weights": sum(array.size for name, array in net.parameters.items() if name.endswith("weight")),
        "neurons": sum(math.prod(net.shapes[k]) for k, layer in enumerate(net.layers) if isinstance(layer, snn.LIF)),
        "reached": reached,
        "input": events * synapses[0] / math.prod(net.input_shape),
    }


STEPS = 10
WRONG = (0.3, 1, 3, 10, 30, 100)  # %, on the axis
WRONG_RANGE = (0.2, 100.0)  # one digit of 360 is 0.28 %
PENALTIES = ("0", "0.5", "2", "5")
SACCADES = ("saccades", "saccades_sparse", "saccades_sparser", "saccades_sparsest")
EVENT_STEPS = 20
EVENTS = 1169.2  # of a test digit in saccades, at most one a pixel, polarity and step; the mean


@functools.cache
def _energy():
    """Counts of the network for events; and for each rate penalty a rate, additions and membranes that move, per digit."""
    net = snn.trained("saccades")
    counts = _counts(net, EVENTS)
    measured = []
    for name in SACCADES:
        rows = snn.trainings(name)
        additions = float(np.mean([row.additions for row in rows]))
        visits = float(np.mean([row.lazy_updates for row in rows]))
        # As many additions as if the neurons of both layers fired at this rate.
        rate = (additions - counts["input"]) / (EVENT_STEPS * counts["reached"])
        measured.append([f"{rows[0].rate_penalty:g}", rate, additions, visits])
    return {"counts": counts, "measured": measured}


@functools.cache
def _anytime():
    test = snn.digits().test
    svm = [row.test for row in snn.baselines() if (row.method, row.input) == ("RBF-SVM", "digits")]
    nets = [[penalty, _packed(snn.trained(f"quiet-{penalty}"), STEPS, keep=False)] for penalty in PENALTIES]
    return {
        "steps": STEPS, "brightest": 16, "networks": nets, "baselines": [["SVM", 100.0 - 100.0 * float(np.mean(svm))]],
        "plain": _counts(snn.trained("quiet-0"), 0)["frame"],
        "images": _base64(np.rint(16 * test.images).astype(np.uint8)), "labels": _base64(test.labels.astype(np.uint8))}


@functools.cache
def _test_runs():
    """Of each network, for each test digit and step: the leading output, its lead, and the operations until then."""
    images = snn.digits().test.images
    found = {}
    for penalty in PENALTIES:
        evidence, counts = np.empty((len(images), STEPS, 10), np.float32), np.empty((len(images), STEPS))
        net = snn.trained(f"quiet-{penalty}")
        for k, image in enumerate(images):
            evidence[k], _, counts[k] = _steps(net, image)
        top = np.sort(evidence.astype(float), axis=2)
        found[penalty] = evidence.argmax(axis=2), top[:, :, -1] - top[:, :, -2], counts
    return found


@functools.cache
def _drawing():
    return {
        "network": _packed(snn.trained("quiet-drawing"), STEPS), "steps": STEPS, "full": FULL,
        "layers": [
            {"name": "layer 1", "layer": 0, "channels": 12, "columns": 8, "height": 120},
            {"name": "layer 2", "layer": 1, "channels": 24, "columns": 4, "height": 60},
        ]}


# One digit of each kind from the test images of scikit-learn's collection.
EXAMPLES = {
    "0": "004df40000b88b0002a00b3004700580064004800480068000d86e20004fe500",
    "1": "00790000008f0000006f5000008f80000006d1000002f4000014db41007ffff5",
    "2": "01ee200007dc80000886c0000108b0000008b000000a6000007fff7000febb30",
    "3": "007ffe8000beefa00003de20001db100001fe5000003be000004bd10009e9400",
    "4": "0008f000003f800001cb04c106f87e9008fffe200041d9000003f500000ac000",
    "5": "00bfff7001de641008f2000008fbb81001888e9000000cb000826f5001aff800",
    "6": "000d4000006c100000e4000004f7420008fa8e5005d1098000ab5c50001cf800",
    "7": "003efe10008a8f3000103f3000008d00004eef60002be710000c8000004d1000",
    "8": "004bf80005fa9f4008c01c4003fcec30008ff70000d75e60009b7c90003cc910",
    "9": "000bd100008f9500008c5d00002dff4000004990000004f0002648f0001afe70",
}


class DrawDigit(LiveFigure):
    """A digit that the reader draws, the spikes it makes in two layers, and the evidence for each of ten digits.

    Controls: the `digit`, 64 hexadecimal digits; `t`, the steps that have been taken; `potentials` in place of spikes.
    """

    title = "Draw a digit"
    caption = (
        "Draw a digit, or take one of the ten. Play the steps: which output leads after the first, and when does the "
        "decision stand? Then draw something between a 3 and an 8, and rub out one pixel after another."
    )
    description = (
        "A sheet of eight by eight pixels to draw on. Beside it, the neurons of two layers as small maps, dark where "
        "a neuron has fired, and a line for each of ten outputs: the evidence for each digit against the number of "
        "steps. The decision is the line that is highest."
    )
    entry = "cnn.js"
    kernels = KERNELS
    play = Play("t", speed=4.0)
    heights = (745, 1203)
    shown = (
        Readout("decision", "decision"),
        Readout("lead", "ahead of the next by", "", 3),
        Readout("spikes", "spikes"),
        Readout("operations", "synaptic operations"),
    )

    digit = Drawing(EXAMPLES["3"], 8, 8, "your digit", EXAMPLES)
    t = Control(4, 1, STEPS, 1, "steps taken")
    potentials = Toggle(False, "Membrane potentials in place of past spikes")

    @property
    def fixed(self):
        return _drawing()

    def _run(self):
        image = np.array(self.controls()["digit"].ink(self.digit), np.float32) / np.float32(FULL)
        return _steps(snn.trained("quiet-drawing"), image)

    def _best_two(self, evidence):
        first = int(np.argmax(evidence))
        return first, int(np.argmax(np.where(np.arange(evidence.size) == first, -np.inf, evidence)))

    def readouts(self) -> dict:
        evidence, spikes, operations = self._run()
        t = int(self.t) - 1
        first, second = self._best_two(evidence[t])
        return {
            "decision": first, "lead": float(evidence[t, first]) - float(evidence[t, second]),
            "spikes": float(spikes[t]), "operations": float(operations[t])}

    def draw(self, figure):
        evidence, _, _ = self._run()
        image = np.array(self.controls()["digit"].ink(self.digit))
        run = snn.trained("quiet-drawing").run(image[None, None] / np.float32(FULL), STEPS, record=True)
        t = int(self.t)
        left, right = figure.subfigures(1, 2, width_ratios=[1, 2])
        sheet = left.subplots()
        sheet.imshow(image, cmap="Greys", vmin=0, vmax=FULL)
        sheet.set_axis_off()
        first, second, lines = right.subplots(3, 1, height_ratios=[2, 1, 4])
        for axes, (k, spikes) in zip((first, second), run.spikes.items(), strict=True):
            shown = run.potentials[k][0, t - 1] if self.potentials else spikes[0, :t].mean(axis=0)
            padded = np.pad(shown, ((0, 0), (1, 1), (1, 1)))
            maps = np.vstack([np.hstack(half) for half in np.split(padded, 2)])
            axes.imshow(np.clip(maps, 0.0, 1.0), cmap="Blues" if self.potentials else "Greys", vmin=0, vmax=1)
            axes.set_axis_off()
            axes.set_title(f"layer {1 if axes is first else 2}")
        best, _ = self._best_two(evidence[t - 1])
        for digit in range(evidence.shape[1]):
            is_best = digit == best
            lines.plot(np.arange(STEPS + 1), np.append(0.0, evidence[:, digit]), linewidth=1.8 if is_best else 0.8,
                       color=color("membrane") if is_best else SURFACES["soft"].light)
        name_line(lines, evidence[-1, best], str(best), "membrane")
        lines.axvline(t, color=color("drive"), linestyle=":")
        lines.set(xlim=(0, STEPS), xlabel="step", ylabel="evidence")


class Anytime(LiveFigure):
    """The test digits read by networks that were trained to be quiet, and decisions that come when the evidence suffices.

    Controls: the `margin` by which an output must lead for a decision; the rate `penalty` of the network.
    """

    title = "When to decide"
    caption = (
        "Small points: all test digits after a fixed number of steps. The ring: each digit decided as soon as one "
        "output leads by the margin. Raise the margin from zero. Does the ring come to lie below the points, or does it "
        "move along them? Then change to a quieter network."
    )
    description = (
        "The share of test digits that are read wrongly, above against the number of steps, below against the number "
        "of synaptic operations. For each of four networks it falls within a few steps to a plateau. Networks that "
        "were trained with a larger rate penalty need fewer operations for it, and the plateaus of the last two lie "
        "higher. A ring shows decisions with a margin. At a penalty of 0.5 and margins from 2 to 5 it lies below the "
        "points, otherwise close to them or above."
    )
    entry = "cnn.js"
    kernels = KERNELS
    heights = (749, 851)
    shown = (
        Readout("accuracy", "accuracy", "%", 1),
        Readout("wrong", "wrong of 360"),
        Readout("steps", "steps", "", 2),
        Readout("operations", "synaptic operations"),
    )

    margin = Control(0.0, 0.0, 10.0, 0.1, "margin for a decision")
    penalty = Choice("0", {penalty: penalty for penalty in PENALTIES}, "rate penalty")

    @property
    def fixed(self):
        return _anytime()

    def _runs(self):
        return _test_runs()[self.penalty]

    def readouts(self) -> dict:
        winner, lead, operations = self._runs()
        labels = snn.digits().test.labels
        enough = lead >= self.margin
        enough[:, -1] = True
        at = np.arange(labels.size), enough.argmax(axis=1)
        wrong = int(np.sum(winner[at] != labels))
        return {
            "accuracy": 100.0 * ((labels.size - wrong) / labels.size), "wrong": wrong,
            "steps": float(np.sum(at[1] + 1)) / labels.size, "operations": float(np.sum(operations[at])) / labels.size}

    def draw(self, figure):
        in_time, by_operations = figure.subplots(2, 1)
        labels, found, lowest = snn.digits().test.labels, self.readouts(), 0.0
        for name, wrong in self.fixed["baselines"]:
            in_time.axhline(wrong, color=color("theory"), linewidth=1.1)
            in_time.annotate(name, (1, wrong), xytext=(0, 3), textcoords="offset points", color=color("theory"))
        for penalty, (winner, _, operations) in _test_runs().items():
            wrong = 100.0 * np.mean(winner != labels[:, None], axis=0)
            error = np.sqrt(wrong * (100.0 - wrong) / labels.size)
            role = color("simulation") if penalty == self.penalty else SURFACES["soft"].light
            for axes, x in ((in_time, np.arange(1, STEPS + 1)), (by_operations, operations.mean(axis=0))):
                if penalty == self.penalty:
                    axes.errorbar(x, wrong, error, fmt="o", color=role, markersize=4)
                else:
                    axes.plot(x, wrong, "o", color=role, markersize=2)
            lowest = max(1.9 * lowest, wrong[-1])
            in_time.annotate(f"penalty {penalty}", (STEPS, lowest), xytext=(20, 0), textcoords="offset points",
                             va="center", color=role, annotation_clip=False)
        for axes, x in ((in_time, found["steps"]), (by_operations, found["operations"])):
            axes.plot(x, 100.0 - found["accuracy"], "o", fillstyle="none", color=color("membrane"), markersize=10)
            axes.set(yscale="log", ylim=WRONG_RANGE, ylabel="wrong (%)")
            axes.set(yticks=WRONG, yticklabels=map("{:g}".format, WRONG))
            axes.minorticks_off()
        in_time.set(xlim=(0.5, STEPS + 0.5), xlabel="steps")
        by_operations.axvline(self.fixed["plain"], color=color("threshold"), linewidth=1.1)
        by_operations.annotate("plain CNN", (self.fixed["plain"], 60.0), xytext=(4, 0), textcoords="offset points",
                               color=color("threshold"))
        by_operations.set(xscale="log", xlim=(1e3, 3e5), xlabel="synaptic operations for a digit")


class EnergyClaim(LiveFigure):
    """Energy of one decision against the firing rate, for three ways to compute it.

    Controls: `rate`, spikes per neuron and step; `T`, steps; the energy of a product with its addition, `mac`, of an
    addition, `ac`, and of an access to `memory`, all in pJ; how often a CNN fetches a weight, its `traffic`; whether
    `updates` of membranes count.
    """

    title = "Where the promise holds"
    caption = (
        "Begin as papers do: set the energy of memory to zero and leave the decay out. Then bring them back. For which "
        "rates does the network of spikes need less than the plain one, and does it help to look longer? The points "
        "are networks that were trained with a rate penalty, in 20 steps."
    )
    description = (
        "Energy of a decision in microjoules against the mean firing rate, both on logarithmic axes. The plain "
        "network and the spiking one that computes every step are level lines; the second is the higher, the more "
        "steps there are. The one that works event by event rises with the rate. Where it crosses the plain one there "
        "is a dotted line. Four points are trained networks: the larger their rate penalty, the further left and down."
    )
    entry = "cnn.js"
    kernels = KERNELS
    heights = (868, 1130)
    shown = (
        Readout("event", "event by event", "µJ", 2),
        Readout("cnn", "plain CNN", "µJ", 2),
        Readout("dense", "in steps", "µJ", 1),
        Readout("ratio", "event / plain", "", 2),
        Readout("break_even", "equal at a rate of", "", 4, "none"),
        Readout("per_neuron", "spikes per neuron", "", 2),
    )

    rate = Control(0.03, 0.001, 1.0, 0.01, "spikes per neuron and step", scale="log")
    T = Control(20, 1, 100, 1, "steps", "T")
    mac = Control(4.6, 0.2, 10.0, 0.1, "multiplication and addition", "", "pJ")
    ac = Control(0.9, 0.1, 5.0, 0.1, "addition", "", "pJ")
    memory = Control(5.0, 0.0, 50.0, 0.5, "access to memory", "", "pJ")
    traffic = Choice("each", {"each": "for each product", "once": "once a frame"}, "a CNN fetches a weight")
    updates = Toggle(True, "Count the decay of every membrane in every step")

    @property
    def fixed(self):
        return _energy()

    def _spent(self, additions, updates):
        """Additions with their weights, and updates with their potentials there and back; in pJ."""
        return additions * (self.ac + self.memory) + updates * (self.mac + 2 * self.memory)

    def _energies(self, rate):
        """Event by event, plain, in steps; in µJ, and the rate at which the first two are equal."""
        counts = self.fixed["counts"]
        frame = counts["frame"] * self.mac + counts["frame" if self.traffic == "each" else "weights"] * self.memory
        everyone = self.T * counts["neurons"]
        updates = everyone if self.updates else 0
        left = (frame - self._spent(0, updates)) / (self.ac + self.memory) - counts["input"]
        even = left / (self.T * counts["reached"]) if left > 0 else math.inf
        event = self._spent(counts["input"] + rate * self.T * counts["reached"], updates)
        return event / 1e6, frame / 1e6, (self.T * frame + self._spent(0, everyone)) / 1e6, even

    def readouts(self) -> dict:
        event, plain, dense, even = self._energies(self.rate)
        return {
            "event": event, "cnn": plain, "dense": dense, "ratio": event / plain, "break_even": even,
            "per_neuron": self.rate * self.T}

    def draw(self, figure):
        axes = figure.subplots()
        rates = np.logspace(-3, 0, 120)
        event, plain, dense, even = self._energies(rates)
        axes.plot(rates, event, color=color("theory"))
        for level, name, role in ((plain, "plain CNN", "threshold"), (dense, "in steps", "noise")):
            _level(axes, level, name, role, width=1.3)
        name_line(axes, event[-1], "event by event", "theory")
        axes.plot(self.rate, self._energies(self.rate)[0], "o", fillstyle="none", color=color("theory"), markersize=8)
        if math.isfinite(even):
            axes.axvline(even, color=SURFACES["soft"].light, linestyle=":", linewidth=1)
        for penalty, rate, additions, visits in self.fixed["measured"]:
            energy = self._spent(additions, visits if self.updates else 0.0) / 1e6
            axes.plot(rate, energy, "o", color=color("simulation"), markersize=4)
            if penalty in ("0", "5"):
                axes.annotate(f"penalty {penalty}", (rate, energy), xytext=(6, -8), textcoords="offset points",
                              color=color("simulation"))
        axes.set(xscale="log", yscale="log", xlim=(1e-3, 1.3))
        axes.set(xlabel="spikes per neuron and step", ylabel="energy of a decision (µJ)")

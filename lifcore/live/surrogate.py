"""The live figures of the chapter on surrogate gradients: a loss of steps, five surrogates, three losses, the way back.

Nothing is computed here: the numbers come from `lifcore.snn` and the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.kernels import elementary, random, unrolled
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle
from lifcore.live.identity import SURFACES
from lifcore.snn.layers import LIF
from lifcore.snn.surrogate import ATan, FastSigmoid, Sigmoid, StraightThrough, Triangular
from lifcore.snn.unrolled import average_over_noise, unroll

__all__ = ["DeadGradient", "GradientThroughTime", "Surrogates", "ThreeLosses"]

KERNELS = (
    elementary.log, random.random_normals, random.random_words, random.seed_streams, unrolled.average_over_noise,
    unrolled.carried_over, unrolled.sensitivities, unrolled.surrogate_curves, unrolled.unroll, unrolled.weight_gradient,
)
# What the slider of sharpness means for each: how steep f is at the threshold, or how narrow the triangle.
SURROGATES = {
    "fast": FastSigmoid, "atan": ATan, "triangle": lambda sharpness: Triangular(width=1.0 / sharpness),
    "logistic": Sigmoid, "through": lambda sharpness: StraightThrough(),
}
NAMES = {
    "fast": "fast sigmoid", "atan": "arc tangent", "triangle": "triangle", "logistic": "logistic",
    "through": "straight through"}
LN_10 = 2.302585092994046
SMALLEST_STEP = 1e-9  # of a weight, for the slope at a point


def _top(highest, levels):
    return next((level for level in levels if level >= 1.02 * highest), levels[-1])


def _total(values):
    """The sum, one after the other as the page has it."""
    total = 0.0
    for value in values:
        total += value
    return float(total)


def _stairs(x, y):
    """Points of a line that goes up and down between two x of different y."""
    at, heights = [x[0]], [y[0]]
    for k in range(1, len(x)):
        if y[k] != y[k - 1]:
            middle = 0.5 * (x[k - 1] + x[k])
            at += [middle, middle]
            heights += [y[k - 1], y[k]]
    return np.append(at, x[-1]), np.append(heights, y[-1])


class DeadGradient(LiveFigure):
    """The loss of a chain of spiking neurons as a function of its first weight.

    Controls: the weight `w`; the half-width `h` of a secant; the number of `neurons` in the chain.
    """

    title = "A loss made of steps"
    caption = (
        "Move the weight slowly and watch the spikes: they shift, and the loss does not. Then make the secant "
        "narrow. What does its slope become? Make it wide, and move the weight again. And look at the steps with "
        "two and three neurons."
    )
    description = (
        "Above, the spikes of a chain of neurons over thirty steps. Below, the loss as a function of the first "
        "weight: a staircase that descends to zero, where the last neuron fires five times, and ascends beyond. At "
        "the present weight the tangent is horizontal. With two or three neurons in the chain some of the steps "
        "lead back up, and they are narrow."
    )
    entry = "surrogate.js"
    kernels = KERNELS
    fixed = {
        "beta": 0.9, "threshold": 1.0, "steps": 30, "between": 0.7, "target": 5.0, "points": 800,
        "least": SMALLEST_STEP, "levels": [14.0, 60.0, 240.0]}
    heights = (689, 887)
    shown = (
        Readout("spikes", "spikes of the last"),
        Readout("loss", "loss", "", 1),
        Readout("slope", "slope here", "", 1),
        Readout("secant", "slope of the secant", "", 1),
    )

    w = Control(0.35, 0.0, 1.0, 0.001, "weight of the first synapse", "w")
    h = Control(0.05, 1e-4, 0.2, 0.05, "half-width of the secant", "", "", "log")
    neurons = Choice("2", {"1": "one", "2": "two", "3": "three"}, "neurons in the chain")

    def _run(self, w):
        """Spikes of each neuron of the chain, shape (neurons, steps)."""
        layer = LIF(beta=self.fixed["beta"], threshold=self.fixed["threshold"])
        x, found = np.ones(self.fixed["steps"]), []
        for k in range(int(self.neurons)):
            x = unroll(x, self.fixed["between"] if k else w, layer).s
            found.append(x)
        return np.array(found)

    def _loss(self, w):
        missing = self._run(w)[-1].sum() - self.fixed["target"]
        return float(0.5 * missing * missing)

    def _slope(self, h):
        return (self._loss(self.w + h) - self._loss(self.w - h)) / (2.0 * h)

    def readouts(self) -> dict:
        return {
            "spikes": int(self._run(self.w)[-1].sum()),
            "loss": self._loss(self.w),
            "slope": self._slope(self.fixed["least"]),
            "secant": self._slope(self.h),
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, height_ratios=[2, 5])
        run = self._run(self.w)
        for k, s in enumerate(run):
            row = len(run) - k
            above.vlines(np.flatnonzero(s) + 1, row - 0.4, row + 0.4, color=color("spike"), linewidth=1.3)
            name_line(above, row, f"neuron {k + 1}", "spike")
        above.set(xlim=(0.0, self.fixed["steps"] + 1), ylim=(0.4, len(run) + 0.6), yticks=[], xlabel="step")
        weights = np.linspace(0.0, 1.0, self.fixed["points"] + 1)
        losses = np.array([self._loss(w) for w in weights])
        below.plot(*_stairs(weights, losses), color=color("theory"), linewidth=1.2)
        ends = np.array([self.w - self.h, self.w + self.h])
        below.plot(ends, [self._loss(w) for w in ends], "o-", color=color("simulation"), linewidth=1.0, markersize=4)
        below.plot([self.w - 0.08, self.w + 0.08], 2 * [self._loss(self.w)], color=color("threshold"), linewidth=1.8)
        below.plot(self.w, self._loss(self.w), "o", color=color("threshold"))
        below.set(xlim=(0.0, 1.0), ylim=(0.0, _top(losses.max(), self.fixed["levels"])))
        below.set(xlabel="weight w", ylabel="loss")


class Surrogates(LiveFigure):
    """A surrogate with its derivative, and the gradient that reaches the weights of each neuron of a layer.

    Controls: which `surrogate`; its `sharpness`; the `scale` of the layer's random weights.
    """

    title = "What reaches the weights"
    caption = (
        "Every dot below is a neuron of a layer, placed by how near its potential came to the threshold. At first "
        "the layer is silent. Which surrogates can still teach it? Change the kind, then make it sharper, until the "
        "gradient is gone. Then make the weights larger: who gets a gradient now?"
    )
    description = (
        "Above, over the distance from threshold: the step that the neuron computes with, the smooth function that "
        "stands in for it and that function's derivative. Below, on a logarithmic scale, for each of a hundred "
        "neurons the length of the gradient that reaches its weights, against its highest potential. For a fast "
        "sigmoid it falls slowly with the distance; for a triangle all neurons farther away than its width get "
        "none."
    )
    entry = "surrogate.js"
    kernels = KERNELS
    fixed = {
        "beta": 0.9, "threshold": 1.0, "steps": 20, "neurons": 100, "inputs": 20, "density": 0.3, "seed": 3,
        "points": 241, "low": -2.0, "high": 2.0, "floor": 1e-8, "ceiling": 1000.0,
        "levels": [1.1, 2.0, 7.0, 14.0, 28.0, 56.0]}
    heights = (759, 965)
    shown = (
        Readout("silent", "silent neurons"),
        Readout("dead", "gradient exactly 0"),
        Readout("height", "f′ at threshold", "", 3),
        Readout("typical", "typical gradient", "decades", 2, "none"),
    )

    surrogate = Choice("fast", NAMES, "kind")
    sharpness = Control(10.0, 0.1, 100.0, 0.05, "sharpness", "k", "", "log")
    scale = Control(0.02, 0.01, 0.25, 0.01, "size of the weights")

    def _layer(self):
        surrogate = SURROGATES[self.surrogate](self.sharpness)
        return LIF(beta=self.fixed["beta"], threshold=self.fixed["threshold"], surrogate=surrogate)

    def _population(self):
        """Of each neuron the highest distance from threshold, the spikes, and the length of their number's gradient."""
        fixed, layer = self.fixed, self._layer()
        seed = np.array([fixed["seed"], 0], np.uint32)
        stream = np.empty((4, fixed["neurons"] + 1), np.uint32)
        random.seed_streams(seed, 0, stream)
        # The last stream is for the inputs.
        words = np.empty((fixed["steps"] * fixed["inputs"], 1), np.uint32)
        random.random_words(np.ascontiguousarray(stream[:, -1:]), words)
        x = (words.reshape(fixed["steps"], fixed["inputs"]) < fixed["density"] * 2.0**32).astype(float)
        normals = np.empty((fixed["inputs"], fixed["neurons"]))
        random.random_normals(np.ascontiguousarray(stream[:, :-1]), normals)
        nearest, spikes, lengths = [], [], []
        for j in range(fixed["neurons"]):
            run = unroll(x, self.scale * normals[:, j], layer)
            nearest.append(run.V.max() - layer.threshold)
            spikes.append(run.s.sum())
            lengths.append(math.sqrt(_total(run.gradient(1.0) ** 2)))
        return np.array(nearest), np.array(spikes), np.array(lengths)

    def _curves(self):
        u = self.fixed["low"] + (self.fixed["high"] - self.fixed["low"]) * np.arange(self.fixed["points"]) / (
            self.fixed["points"] - 1)
        f, slopes = np.empty_like(u), np.empty_like(u)
        surrogate = self._layer().surrogate
        unrolled.surrogate_curves(u, surrogate.kind, *surrogate.constants, f, slopes)
        return u, f, slopes

    def readouts(self) -> dict:
        _, spikes, lengths = self._population()
        middle = np.sort(lengths)[lengths.size // 2]
        return {
            "silent": int(np.sum(spikes == 0)),
            "dead": int(np.sum(lengths == 0.0)),
            "height": float(self._layer().surrogate.derivative(0.0)),
            "typical": elementary.log(middle) / LN_10,
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True)
        u, f, slopes = self._curves()
        nearest, _, lengths = self._population()
        low, high = self.fixed["low"], self.fixed["high"]
        above.plot([low, 0.0, 0.0, high], [0.0, 0.0, 1.0, 1.0], color=color("spike"), linewidth=1.5)
        above.plot(u, f, "--", color=color("theory"), linewidth=1.2)
        above.plot(u, slopes, color=color("theory"))
        above.set(ylim=(-0.1, _top(slopes.max(), self.fixed["levels"])), ylabel="H, f and f′")
        below.plot(u, np.where(slopes > 0.0, slopes, np.nan), color=color("theory"))
        below.plot(nearest, np.maximum(lengths, self.fixed["floor"]), "o", color=color("simulation"), markersize=3)
        below.axvline(0.0, color=color("threshold"), linewidth=1.0)
        below.set(xlim=(low, high), ylim=(self.fixed["floor"], self.fixed["ceiling"]), yscale="log", ylabel="gradient")
        below.set_xlabel("highest potential minus threshold")


class ThreeLosses(LiveFigure):
    """The loss of a spiking neuron, that of a smoothed one, and that of a noisy one on average; and their slopes.

    Controls: the weight `w`; the slope `k` of the logistic surrogate; `detach` of the reset.
    """

    title = "Gradient of what?"
    caption = (
        "The points below are the surrogate gradient of the neuron that spikes. Compare them with the slopes of the "
        "two smooth losses: at which k do they come nearest to the average? Make k larger. Which of the lines do the "
        "points follow then, and where is even their sign wrong? Then detach the reset, and compare size and sign."
    )
    description = (
        "Above, three losses over the weight: the staircase of the spiking neuron, the smoothed neuron's, and the "
        "mean loss of a neuron with noise, which rounds the corners of the staircase. Below, the slopes of the "
        "smooth two as lines and the surrogate gradient as points. For a gentle surrogate the points lie near both "
        "lines; for a sharp one they scatter."
    )
    entry = "surrogate.js"
    kernels = KERNELS
    fixed = {
        "beta": 0.9, "threshold": 1.0, "steps": 10, "target": 4.0, "points": 101, "top": 12.0,
        "reach": [60.0, 150.0, 400.0]}
    heights = (759, 918)
    shown = (
        Readout("surrogate", "surrogate gradient", "", 2),
        Readout("smoothed", "slope, smoothed", "", 2),
        Readout("average", "slope, noise average", "", 2),
        Readout("agree", "right sign", "%", 0),
    )

    w = Control(0.3, 0.0, 1.0, 0.01, "weight", "w")
    k = Control(5.0, 1.0, 50.0, 0.05, "slope of the surrogate", "k", "", "log")
    detach = Toggle(False, "Detach the reset")

    def _at(self, w):
        """Loss and slope of the spiking neuron, with the surrogate's, of the smoothed one and of the noisy one."""
        beta, threshold, target = (self.fixed[name] for name in ("beta", "threshold", "target"))
        layer = LIF(beta=beta, threshold=threshold, surrogate=Sigmoid(self.k), detach_reset=self.detach)
        whole = LIF(beta=beta, threshold=threshold, surrogate=Sigmoid(self.k), detach_reset=False)
        x, found = np.ones(self.fixed["steps"]), []
        for run in (unroll(x, w, layer), unroll(x, w, whole, "smoothed")):
            missing = _total(run.s) - target
            found.append((0.5 * missing * missing, run.gradient(missing)[0]))
        mean, gradient = average_over_noise(x, w, layer, lambda trains: 0.5 * (trains.sum(axis=1) - target) ** 2)
        return [*found, (mean, gradient[0])]

    def _scan(self):
        """Weights, and what `_at` finds for each: shape (points, 3, 2)."""
        weights = np.arange(self.fixed["points"]) / (self.fixed["points"] - 1)
        return weights, np.array([self._at(w) for w in weights])

    def readouts(self) -> dict:
        (_, surrogate), (_, smoothed), (_, average) = self._at(self.w)
        _, found = self._scan()
        told = found[:, 0, 1] != 0.0
        right = found[:, 0, 1] * found[:, 2, 1] > 0.0
        return {
            "surrogate": float(surrogate),
            "smoothed": float(smoothed),
            "average": float(average),
            "agree": 100.0 * int(right.sum()) / int(told.sum()),
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True)
        weights, found = self._scan()
        here = self._at(self.w)
        above.plot(*_stairs(weights, found[:, 0, 0]), color=color("spike"), linewidth=1.2)
        above.plot(weights, found[:, 1, 0], "--", color=color("theory"), linewidth=1.2)
        above.plot(weights, found[:, 2, 0], color=color("theory"))
        above.plot(self.w, here[0][0], "o", color=color("threshold"))
        above.set(ylim=(0.0, self.fixed["top"]), ylabel="loss")
        below.axhline(0.0, color=SURFACES["soft"].light, linewidth=0.8)
        below.plot(weights, found[:, 1, 1], "--", color=color("theory"), linewidth=1.2)
        below.plot(weights, found[:, 2, 1], color=color("theory"))
        below.plot(weights, found[:, 0, 1], "o", color=color("simulation"), markersize=2.5)
        below.axvline(self.w, color=color("threshold"), linewidth=0.9, linestyle=":")
        reach = _top(np.abs(found[:, :, 1]).max(), self.fixed["reach"])
        below.set(xlim=(0.0, 1.0), ylim=(-reach, reach), xlabel="weight w", ylabel="slope")
        below.annotate("noise average", (0.02, 0.9), xycoords="axes fraction", color=color("theory"))


class GradientThroughTime(LiveFigure):
    """How much of an error in the last step arrives at each step before it, with the reset detached and without.

    Controls: which `surrogate`, its `sharpness`; `beta`; the weight `w` of the input; what the `reset` does.
    """

    title = "The way back"
    caption = (
        "The line is the gradient with the reset detached, the points are with it. Which is larger? Choose the "
        "logistic surrogate and make it sharper: where do the points leave the line upwards? Let the reset go to "
        "zero: what does a spike do to the line? And how does the leak β count?"
    )
    description = (
        "Above, the membrane potential over sixty steps with its spikes. Below, on a logarithmic scale, the "
        "gradient at each step of a loss that looks at the last potential only. With the reset detached it falls by "
        "the same factor β in every step back. Through the reset it is smaller for a gentle surrogate; a sharp "
        "logistic one lets single steps amplify it."
    )
    entry = "surrogate.js"
    kernels = KERNELS
    fixed = {
        "threshold": 1.0, "steps": 60, "density": 0.5, "seed": 5, "floor": 1e-9, "ceiling": 1e5,
        "V_low": -0.5, "V_high": 4.5}
    heights = (847, 1046)
    shown = (
        Readout("detached", "at step 1, detached", "decades", 2, "nothing"),
        Readout("whole", "at step 1, whole", "decades", 2, "nothing"),
        Readout("largest", "largest on the way", "decades", 2),
        Readout("amplify", "steps that amplify"),
    )

    surrogate = Choice("fast", NAMES, "kind")
    sharpness = Control(10.0, 0.1, 100.0, 0.05, "sharpness", "k", "", "log")
    beta = Control(0.9, 0.5, 1.0, 0.01, "leak", "β")
    w = Control(0.5, 0.0, 1.5, 0.05, "weight", "w")
    reset = Choice("subtract", {"subtract": "subtract", "zero": "to zero"}, "reset")

    def _input(self):
        """An input that is there in a random half of the steps."""
        stream, words = np.empty((4, 1), np.uint32), np.empty((self.fixed["steps"], 1), np.uint32)
        random.seed_streams(np.array([self.fixed["seed"], 0], np.uint32), 0, stream)
        random.random_words(stream, words)
        return (words[:, 0] < self.fixed["density"] * 2.0**32).astype(float)

    def _run(self, detach):
        layer = LIF(
            beta=self.beta, threshold=self.fixed["threshold"], reset_mechanism=self.reset,
            surrogate=SURROGATES[self.surrogate](self.sharpness), detach_reset=detach)
        run = unroll(self._input(), self.w, layer)
        return run, run.sensitivities(onto_potentials=np.eye(self.fixed["steps"])[-1])

    def readouts(self) -> dict:
        _, detached = self._run(True)
        run, whole = self._run(False)
        decades = [elementary.log(abs(value)) / LN_10 for value in (detached[0], whole[0], np.abs(whole).max())]
        # The factor of the last step leads out of the run.
        return dict(zip(("detached", "whole", "largest"), decades, strict=True)) | {
            "amplify": int(np.sum(np.abs(run.factors[:-1]) > 1.0))}

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True)
        run, whole = self._run(False)
        _, detached = self._run(True)
        t = np.arange(run.V.size) + 1
        above.plot(t, run.V, "o-", color=color("membrane"), markersize=2.5, linewidth=1.0)
        low, high = self.fixed["V_low"], self.fixed["V_high"]
        above.vlines(t[run.s > 0.0], high - 0.3, high, color=color("spike"), linewidth=1.3)
        above.axhline(self.fixed["threshold"], color=color("threshold"), linewidth=1.0)
        above.set(ylim=(low, high), ylabel="V")
        for values, style, role in ((np.abs(detached), "-", "theory"), (np.abs(whole), "o", "simulation")):
            below.plot(t, np.where(values > 0.0, values, np.nan), style, color=color(role), markersize=3.5)
        below.set(xlim=(0.0, run.V.size + 1), ylim=(self.fixed["floor"], self.fixed["ceiling"]), yscale="log")
        below.set(xlabel="step", ylabel="gradient")

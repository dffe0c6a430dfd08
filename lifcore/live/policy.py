"""The live figures of the chapter on a neuron that decides: a pole in balance, twenty learners, and velocities hidden.

The page learns and balances by itself, with the kernels of `lifcore.policy`.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from lifcore import policy
from lifcore.kernels import cartpole, lif, random
from lifcore.kernels import policy as kernels
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Control, LiveFigure, Play, Readout, Toggle
from lifcore.live.identity import SURFACES
from lifcore.policy import EscapeNoiseLIF

__all__ = ["BalancePole", "HiddenVelocity", "LearningCurve"]

KERNELS = (
    kernels.balance, kernels.balance_returns, kernels.decay_factor, kernels.reinforce_updates, kernels.sample,
    kernels.start_state, lif.firing_rate, random.seed_streams)
SECONDS = policy.DECISION / 1000.0
REST = {"E_L": -70.0, "V_th": -50.0}
# From which on the push wins against gravity, M g / (2 F), in 1/rad.
LEAST_SLOPE = cartpole.TOTAL_MASS * cartpole.GRAVITY / (2.0 * kernels.FORCE)
# What `reinforce` makes of seed 0, rounded.
LEARNT = {"bias": 24.5, "weights": [17.4, 1.8, 73.2, 53.1]}


def _words(seed, first, count):
    streams = np.empty((4, count), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), first, streams)
    return streams


class BalancePole(LiveFigure):
    """A neuron that has learnt balances the pole for ten seconds, one decision every 20 ms.

    Controls: the time `t` in s, the width of the noise `Delta` in mV, `tau_m` in ms, a `knock` that the pole gets after
    one second, in rad/s, and the `seed` of start and noise.
    """

    title = "A spike pushes to the right"
    caption = (
        "Let it play. Then give the pole a knock, and find the strongest that the neuron makes good. Take the noise "
        "away, or make it wider: how much can it bear? At last change the time constant with which it learnt. Does a "
        "membrane that forgets everything, at zero, do worse?"
    )
    description = (
        "Above, a cart on a track with a pole on it, at the chosen time; an arrow shows the present push. Below, the "
        "membrane potential over the last two seconds, up and down around the threshold, whose width is shaded, with a "
        "stroke for each spike."
    )
    entry = "policy.js"
    kernels = KERNELS
    play = Play("t", 1.0)
    fixed: ClassVar[dict] = REST | LEARNT | {
        "V_reset": -70.0, "dt": policy.DECISION, "columns": [0, 1, 2, 3], "scales": list(policy.SCALES), "most": 500,
        "knock_at": 1.0, "limits": [cartpole.LARGEST_X, cartpole.LARGEST_ANGLE]}
    heights = (811, 1053)
    shown = (
        Readout("held", "stands for", "s", 2),
        Readout("lean", "leans by", "°", 2),
        Readout("tilt", "leaned most by", "°", 2),
        Readout("right", "pushes to the right", "%", 1),
    )

    t = Control(2.0, 0.0, 10.0, 0.02, "time", "t", "s")
    Delta = Control(14.0, 0.0, 60.0, 1.0, "width of the noise", "Δ", "mV")
    tau_m = Control(20.0, 0.0, 100.0, 1.0, "membrane time constant", "τ_m", "ms")
    knock = Control(0.0, -2.0, 2.0, 0.1, "knock at one second", "", "rad/s")
    seed = Control(3.0, 0.0, 99.0, 1.0, "seed", "", "")

    def _run(self):
        """States, the start included, potentials and spikes, decision by decision."""
        given = self.fixed
        n = EscapeNoiseLIF(given["weights"], given["bias"], self.tau_m, given["V_reset"], Delta=self.Delta)
        columns, scales, _ = policy._sight(n)
        streams, membrane, state = _words(int(self.seed), 0, 1), np.array([n.E_L]), np.empty(4)
        kernels.start_state(streams, 0, state)
        most, before = given["most"], round(given["knock_at"] / SECONDS)
        states, V, spikes = np.empty((most + 1, 4)), np.empty((most, 1)), np.empty((most, 1), np.uint8)
        states[0] = state
        count = 0
        for first, last, knock in ((0, before, 0.0), (before, most, self.knock)):
            if np.any(np.abs(state[[0, 2]]) > given["limits"]):
                break
            state[3] += knock
            count += kernels.balance(
                n._learnable(), *n._fixed(), columns, scales, state, membrane, streams, np.empty(4),
                states[first + 1:last + 1], V[first:last], spikes[first:last])
        return states[:count + 1], V[:count, 0], spikes[:count, 0]

    def readouts(self) -> dict:
        states, _, spikes = self._run()
        now = min(round(self.t / SECONDS), spikes.size)
        return {
            "held": SECONDS * spikes.size,
            "lean": float(states[now, 2] * 180.0 / math.pi),
            "tilt": float(np.max(np.abs(states[:, 2])) * 180.0 / math.pi),
            "right": 100.0 * int(spikes.sum()) / spikes.size,
        }

    def draw(self, figure):
        states, V, spikes = self._run()
        now = min(round(self.t / SECONDS), spikes.size)
        scene, trace = figure.subplots(2, 1, height_ratios=[3, 4])
        x, angle = states[now, 0], states[now, 2]
        scene.axhline(0.0, color=SURFACES["soft"].light, linewidth=0.8)
        scene.vlines([-cartpole.LARGEST_X, cartpole.LARGEST_X], -0.2, 0.2, color=color("threshold"))
        for tilt in (-cartpole.LARGEST_ANGLE, cartpole.LARGEST_ANGLE):
            scene.plot([x, x + math.sin(tilt)], [0.0, math.cos(tilt)], ":", color=color("threshold"), linewidth=0.9)
        scene.plot([x - 0.2, x + 0.2], [0.0, 0.0], color=SURFACES["ink"].light, linewidth=8, solid_capstyle="round")
        scene.plot([x, x + math.sin(angle)], [0.0, math.cos(angle)], color=color("membrane"), linewidth=4)
        if 0 < now:
            side = 1.0 if spikes[now - 1] else -1.0
            scene.annotate(
                "", (x - 0.3 * side, 0.0), (x - 0.75 * side, 0.0),
                arrowprops={"color": color("drive"), "width": 2, "headwidth": 8})
        scene.set(xlim=(-2.6, 2.6), ylim=(-0.3, 1.3), yticks=[], xlabel="position (m)", aspect="equal")
        before = np.where(np.append(0, spikes[:-1]), self.fixed["V_reset"], np.append(REST["E_L"], V[:-1]))
        time = SECONDS * np.arange(V.size + 1)
        for k in range(now):
            trace.plot(time[k:k + 2], [before[k], V[k]], color=color("membrane"), linewidth=1.2)
        high = trace.get_ylim()[1]
        trace.vlines(time[1:now + 1][spikes[:now] > 0], high, 1.15 * high + 10.0, color=color("spike"), linewidth=1.2)
        trace.axhspan(REST["V_th"] - self.Delta, REST["V_th"] + self.Delta, color=color("noise"), alpha=0.2, linewidth=0)
        trace.axhline(REST["V_th"], color=color("threshold"), linewidth=1.1)
        name_line(trace, REST["V_th"], "$V_{th}$", "threshold")
        present = SECONDS * now
        trace.set(xlim=(max(0.0, present - 2.0), max(2.0, present)), xlabel="time (s)", ylabel="V (mV)")


class LearningCurve(LiveFigure):
    """Twenty neurons learn to balance the pole with REINFORCE, each from its own seed.

    Controls: `tau_m` in ms, the `learning_rate` in mV, the width of the noise `Delta` in mV, and `first`, the first
    seed.
    """

    title = "Twenty neurons learn"
    caption = (
        "Each thin line is one neuron. Is the time constant of use here: how well do they learn at zero, and how well "
        "at sixty? Raise the learning rate until some of them forget what they could do. Then take nearly all of the "
        "noise away: who tries little new seldom learns."
    )
    description = (
        "The number of decisions until the pole falls against the episode, from 0 to 500: a thin line for each of twenty "
        "neurons, and their mean with a band of confidence. As the figure opens they rise from about 20 to 500, most of "
        "them between the episodes 20 and 100."
    )
    entry = "policy.js"
    kernels = KERNELS
    fixed: ClassVar[dict] = REST | {
        "V_reset": -70.0, "dt": policy.DECISION, "bias": 20.0, "columns": [0, 1, 2, 3], "scales": list(policy.SCALES),
        "most": 500, "episodes": 299, "seeds": 20, "window": 20, "judged": 100, "goal": 475, "discount": 0.99,
        # Student's quantile for 95 % and 19 degrees of freedom.
        "quantile": 2.093024054408263}
    heights = (654, 876)
    shown = (
        Readout("solved", "seeds that solve it"),
        Readout("median", "half of them by", "", 0, "never"),
        Readout("final", "mean at the end", "", 1),
        Readout("half", "band at the end, ±", "", 1),
    )

    tau_m = Control(20.0, 0.0, 100.0, 1.0, "membrane time constant", "τ_m", "ms")
    learning_rate = Control(2.0, 0.1, 20.0, 0.05, "learning rate", "", "mV", "log")
    Delta = Control(14.0, 0.5, 60.0, 0.05, "width of the noise", "Δ", "mV", "log")
    first = Control(0.0, 0.0, 100.0, 1.0, "first seed", "", "")

    def _learn(self):
        """Length of each episode of each seed."""
        n = EscapeNoiseLIF([0.0] * 4, self.fixed["bias"], self.tau_m, Delta=self.Delta)
        columns, scales, _ = policy._sight(n)
        rates = policy._rates(n, ("weights", "bias"), self.learning_rate)
        size, most, episodes = rates.size, self.fixed["most"], self.fixed["episodes"]
        lengths = np.empty((self.fixed["seeds"], episodes), np.int32)
        for index, row in enumerate(lengths):
            kernels.reinforce_updates(
                n._learnable(), rates, *n._fixed(), columns, scales, self.fixed["discount"], 1, 0, episodes, 0,
                np.zeros((2, size)), np.zeros(2), _words(int(self.first) + index, 0, 1), np.empty(4), np.empty(4),
                np.empty(1), np.empty(1, np.uint8), np.empty(size), np.empty((most, size)), np.empty(size), row)
        return lengths

    def _sums(self, lengths, span):
        """Sums over each `span` episodes that follow each other; whole numbers, so that their order does not matter."""
        sums = np.cumsum(np.pad(lengths.astype(np.int64), ((0, 0), (1, 0))), axis=1)
        return sums[:, span:] - sums[:, :-span]

    def _band(self, lengths):
        """Mean over the seeds and half the width of its band."""
        seeds, window = self.fixed["seeds"], self.fixed["window"]
        sums = self._sums(lengths, window)
        total, squares = sums.sum(axis=0), (sums * sums).sum(axis=0)
        variance = (squares - (total * total) / seeds) / (seeds - 1)
        return total / (seeds * window), self.fixed["quantile"] * np.sqrt(np.maximum(variance, 0.0) / seeds) / window

    def readouts(self) -> dict:
        lengths = self._learn()
        reached = self._sums(lengths, self.fixed["judged"]) >= self.fixed["goal"] * self.fixed["judged"]
        firsts = np.where(reached.any(axis=1), reached.argmax(axis=1) + float(self.fixed["judged"]), math.inf)
        mean, half = self._band(lengths)
        high = mean[-1] + half[-1]
        return {
            "solved": int(reached.any(axis=1).sum()),
            "median": float(np.sort(firsts)[self.fixed["seeds"] // 2 - 1]),
            "final": float(mean[-1]),
            "half": float(high - mean[-1]),
        }

    def draw(self, figure):
        lengths, window = self._learn(), self.fixed["window"]
        episode = np.arange(window, self.fixed["episodes"] + 1)
        mean, half = self._band(lengths)
        axes = figure.subplots()
        axes.plot(episode, self._sums(lengths, window).T / window, color=color("noise"), linewidth=0.5)
        axes.fill_between(episode, mean - half, mean + half, color=color("simulation"), alpha=0.25, linewidth=0)
        axes.plot(episode, mean, color=color("simulation"), linewidth=2.0)
        axes.axhline(self.fixed["goal"], color=color("threshold"), linewidth=0.9, linestyle=":")
        axes.annotate(
            "mean of the seeds, 95 % band", (0.98, 0.08), xycoords="axes fraction", ha="right",
            color=color("simulation"))
        axes.set(xlim=(0, self.fixed["episodes"]), ylim=(0, 530), xlabel="episode", ylabel="decisions until the fall")


class HiddenVelocity(LiveFigure):
    """The neuron sees position and angle only: how long the poles stand, and its pushes as a share.

    Controls: `tau_m` in ms, the `weight` of the angle in mV per 0.2 rad (that of the position per m is a twelfth of it),
    `V_reset` in mV, the width of the noise `Delta` in mV, and episodes ten times as `long`.
    """

    title = "Velocities hidden"
    caption = (
        "Begin with a membrane that forgets everything, at zero: what does the neuron make of a small angle? Make the "
        "time constant longer until the poles stand, and longer still; what has become of the slope below? Find the "
        "weight that such a slow membrane needs. At last let the episodes last a hundred seconds: which neuron lasts "
        "longest, and can it bear the noise?"
    )
    description = (
        "Above, the time for which each of fifty poles stands, in increasing order. Below, the share of pushes to the "
        "right against the angle of the pole: a step for a membrane without memory, a gentle slope for one of 30 ms."
    )
    entry = "policy.js"
    kernels = KERNELS
    fixed: ClassVar[dict] = REST | {
        "dt": 1.0, "columns": [0, 2], "scales": [1.0, 0.2], "episodes": 50, "interval": 40.0,
        "least_slope": LEAST_SLOPE, "angle_over_x": 12.0, "seed": 1, "decisions": 100, "longest": 6.0,
        "angles": [float(k) for k in range(-5, 6)]}
    heights = (785, 1086)
    shown = (
        Readout("mean", "decisions, mean", "", 1),
        Readout("error", "± standard error", "", 1),
        Readout("standing", "of 50 still up"),
        Readout("slope", "slope at zero", "% / °", 2),
        Readout("bias", "bias", "mV", 2),
    )

    tau_m = Control(30.0, 0.0, 200.0, 1.0, "membrane time constant", "τ_m", "ms")
    weight = Control(12.0, 0.0, 60.0, 0.5, "weight of the angle", "", "mV")
    V_reset = Control(-100.0, -160.0, -55.0, 1.0, "reset potential", "V_reset", "mV")
    Delta = Control(0.5, 0.0, 3.0, 0.05, "width of the noise", "Δ", "mV")
    long = Toggle(False, "Episodes of 100 s, not 10 s")

    @property
    def _neuron(self):
        """A neuron that fires once in 40 ms when cart and pole are in the middle."""
        given = self.fixed
        n = EscapeNoiseLIF(
            [self.weight / given["angle_over_x"], self.weight], 0.0, self.tau_m, self.V_reset, given["E_L"],
            given["V_th"], self.Delta, given["dt"])
        return n.replace(bias=policy.bias_for_interval(n, given["interval"]))

    def _input(self, degrees):
        return degrees * (math.pi / 180.0) / self.fixed["scales"][1]

    def _share(self, degrees):
        """Share of pushes to the right at a constant angle, from the f-I curve."""
        n = self._neuron
        drive = n.bias + self.weight * self._input(np.asarray(degrees, float))
        # Without memory and a refractory period the rate is infinite above the threshold.
        with np.errstate(divide="ignore"):
            rate = lif.firing_rate.ufunc(drive, n.tau_m, 1.0, n.E_L, n.V_th, n.V_reset, 0.0)
        return np.minimum(1.0, rate * SECONDS)

    def _measured(self, degrees):
        """The same of the neuron itself, over a number of decisions."""
        n, decisions = self._neuron, self.fixed["decisions"]
        steps = round(policy.DECISION / n.dt)
        x = np.zeros((decisions * steps, 2))
        x[:, 1] = self._input(degrees)
        V, spikes = np.empty(len(x)), np.empty(len(x), np.uint8)
        kernels.sample(n._learnable(), *n._fixed(), x, _words(self.fixed["seed"], 0, 1), V, spikes)
        return int(spikes.reshape(decisions, steps).any(axis=1).sum()) / decisions

    def _lengths(self):
        return policy.balance(self._neuron, self.fixed["episodes"], 5000 if self.long else 500, rng=self.fixed["seed"])

    def readouts(self) -> dict:
        lengths, count = self._lengths(), self.fixed["episodes"]
        total, squares = int(lengths.sum()), int((lengths * lengths).sum())
        return {
            "mean": total / count,
            "error": math.sqrt(max((squares - (total * total) / count) / (count - 1), 0.0) / count),
            "standing": int((lengths == (5000 if self.long else 500)).sum()),
            "slope": float(100.0 * (self._share(0.5) - self._share(-0.5))),
            "bias": self._neuron.bias,
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, height_ratios=[1, 1])
        lengths = SECONDS * np.sort(self._lengths())
        above.plot(np.arange(1, lengths.size + 1), lengths, "o", color=color("simulation"), markersize=3.5)
        above.axhline(lengths.mean(), color=color("simulation"), linewidth=0.9, linestyle="--")
        above.set(xlim=(0, lengths.size + 1), ylim=(0, 108.0 if self.long else 10.8), ylabel="stands for (s)")
        above.set_xlabel("pole, in the order of their times")
        degrees = np.linspace(-self.fixed["longest"], self.fixed["longest"], 241)
        least = 0.5 + self.fixed["least_slope"] * np.deg2rad(degrees)
        below.plot(degrees, least, ":", color=color("threshold"), linewidth=0.9)
        below.annotate("least slope", (0.02, 0.84), xycoords="axes fraction", color=color("threshold"))
        below.plot(degrees, self._share(degrees), color=color("theory"))
        angles = self.fixed["angles"]
        below.plot(angles, [self._measured(angle) for angle in angles], "o", color=color("simulation"), markersize=4.5)
        below.annotate("from the f–I curve", (0.98, 0.1), xycoords="axes fraction", ha="right", color=color("theory"))
        below.annotate("with its noise", (0.98, 0.24), xycoords="axes fraction", ha="right", color=color("simulation"))
        below.set(ylim=(-0.04, 1.04), ylabel="share to the right")
        below.set_xlabel("angle of the pole (degrees), cart in the middle")

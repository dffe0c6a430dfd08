"""The live figures of the chapter on digital silicon: a dead zone, two ways to overflow, and a spike that is none.

All three count in words. The numbers come from `lifcore.hardware` and from the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.hardware import loihi, truenorth
from lifcore.kernels import loihi as loihi_kernels
from lifcore.kernels import truenorth as truenorth_kernels
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle

__all__ = ["DeadZone", "FalseSpike", "Overflow"]

KERNELS = (
    loihi_kernels.loihi_steps, loihi_kernels.lowest_rest, loihi_kernels.highest_rest, loihi_kernels.time_constant,
    truenorth_kernels.truenorth_neurons)
TIME_CONSTANTS = 5
RAIL = loihi.V_MAX
MILLION = 1e6
THOUSAND = 1e3


class DeadZone(LiveFigure):
    """Loihi's v under a constant bias, beside a real number in its place; and what the leak takes in a step.

    Controls: `dv` and `bias` in words, `start` as a share of the real number's steady state.
    """

    title = "Where v comes to rest"
    caption = (
        "Below, what the leak takes from v in one step: a straight line for a real number, a staircase for a word. v rests "
        "wherever it equals the bias, which is a whole tread of the staircase. Start from above, and from within. Then raise "
        "the bias, and watch the distance between the two ends. At last set d_v and b_v to one."
    )
    description = (
        "Above, v against the step: the integer rises from its start and stops at the lower edge of a shaded zone, while the "
        "smooth curve of a real number goes on to its upper edge. Below, the leak of a step against v: a staircase and a "
        "straight line, crossed by the bias; the shaded zone is the tread at the height of the bias."
    )
    entry = "digital.js"
    kernels = KERNELS
    fixed = {"time_constants": TIME_CONSTANTS}
    heights = (803, 1016)
    shown = (
        Readout("rest", "v rests at"),
        Readout("real", "a real number at", "", 1),
        Readout("width", "values that stay"),
        Readout("tau", "time constant", "steps", 1),
        Readout("v0", "start"),
    )

    dv = Control(8.0, 1.0, 64.0, 1.0, "decay", "d_v", "")
    bias = Control(3.0, 1.0, 12.0, 1.0, "bias", "b_v", "")
    start = Control(0.0, 0.0, 2.0, 0.05, "start, times the real steady state", "", "")

    def _words(self):
        dv, bias = int(self.dv), int(self.bias)
        return dv, bias, math.floor(self.start * (4096.0 * bias / dv))

    def readouts(self) -> dict:
        dv, bias, v0 = self._words()
        low, high = loihi.dead_zone(bias, dv)
        return {
            "rest": int(loihi.steady_state(bias, dv, v0)),
            "real": float(loihi.real_steady_state(bias, dv)),
            "width": int(high - low) + 1,
            "tau": float(loihi.time_constant(dv)),
            "v0": v0,
        }

    def draw(self, figure):
        dv, bias, v0 = self._words()
        found = self.readouts()
        low, high = loihi.dead_zone(bias, dv)
        steps = math.ceil(TIME_CONSTANTS * 4096 / dv)
        run = loihi.simulate(np.zeros(steps, int), 4095, dv, 131071, bias, 0, 0, v0)
        step, top = np.arange(steps + 1), 1.1 * max(found["real"], v0)
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        above.axhspan(low, high, color=color("threshold"), alpha=0.12, linewidth=0)
        above.plot(step, found["real"] + (v0 - found["real"]) * (1 - dv / 4096) ** step, color=color("theory"), linewidth=1.1)
        above.plot(step, np.append(v0, run.v[:, 0]), color=color("membrane"))
        name_line(above, found["real"], "real", "theory", lift=6.0)
        name_line(above, found["rest"], "word", "membrane", lift=-6.0)
        above.set(xlim=(0, steps), ylim=(0, top), xlabel="step", ylabel="v")
        v = np.linspace(0, top, 2000)
        below.axvspan(low, high, color=color("threshold"), alpha=0.12, linewidth=0)
        below.plot(v, v * dv / 4096, color=color("theory"), linewidth=1.1)
        below.plot(v, np.ceil(v * dv / 4096), color=color("membrane"))
        below.axhline(bias, color=color("drive"), linewidth=1.1)
        name_line(below, bias, "$b_v$", "drive")
        below.plot(found["rest"], bias, "o", color=color("membrane"), markersize=7)
        below.set(xlim=(0, top), ylim=(0, 1.15 * top * dv / 4096 + 0.5), xlabel="v", ylabel="leak of a step")


class Overflow(LiveFigure):
    """Loihi's u and v under strong input: u wraps, v saturates, and two readings of the first.

    Controls: `a`, the sum of the weights that arrive, `every` so many steps, `du`, and `overflow` as in
    `lifcore.hardware.loihi.simulate`.
    """

    title = "A sum that does not fit"
    caption = (
        "The dashed line is u as it would be in a longer word. Make the input stronger until u reaches the end of its own: it "
        "comes in again at the other side, and excitation has become inhibition. v stops at the end of its word instead. Then "
        "take the other reading, in which the input wraps before it reaches u, from a_in = 32,768 on."
    )
    description = (
        "Two plots over 100 steps. Above, the current u climbs with each input, passes the upper end of its word and goes on "
        "from the lower end; a dashed line shows it without an end. Below, the potential v with threshold and spikes; while u "
        "is negative v lies at the lower end of its word."
    )
    entry = "digital.js"
    kernels = KERNELS
    fixed = {"steps": 100, "dv": 200, "vth": 100000}
    heights = (825, 1053)
    shown = (
        Readout("wraps", "u wraps"),
        Readout("spikes", "spikes"),
        Readout("saturated", "steps of v at an end"),
        Readout("highest", "u in a longer word", "million", 2),
    )

    a = Control(40000.0, 1000.0, 60000.0, 1000.0, "weights that arrive", "a_in", "")
    every = Control(10.0, 2.0, 40.0, 1.0, "once in", "", "steps")
    du = Control(60.0, 0.0, 400.0, 10.0, "decay of u", "d_u", "")
    overflow = Choice("lava", {"lava": "only u wraps", "twos_complement": "the input wraps too"}, "reading")

    def _run(self):
        a_in = np.zeros(self.fixed["steps"], int)
        a_in[:: int(self.every)] = int(self.a)
        run = loihi.simulate(
            a_in, int(self.du), self.fixed["dv"], self.fixed["vth"], 0, 0, 0, 0, overflow=self.overflow)
        return a_in, run.u[:, 0], run.v[:, 0], run.spikes[:, 0]

    def _free(self, a_in):
        """u in a word without an end."""
        u, found = 0, []
        for a in a_in.tolist():
            u = u * (4095 - int(self.du)) // 4096 + 64 * a
            found.append(u)
        return np.array(found)

    def readouts(self) -> dict:
        a_in, u, v, spikes = self._run()
        before = np.append(0, u[:-1])
        unwrapped = np.sign(before) * (abs(before) * (4095 - int(self.du)) >> 12) + 64 * a_in
        return {
            "wraps": int(np.sum(unwrapped != u)),
            "spikes": int(np.sum(spikes)),
            "saturated": int(np.sum(abs(v) == RAIL)),
            "highest": float(self._free(a_in).max() / MILLION),
        }

    def draw(self, figure):
        a_in, u, v, spikes = self._run()
        step = np.arange(1, a_in.size + 1)
        above, below = figure.subplots(2, 1, sharex=True)
        for axes in (above, below):
            for end in (-RAIL, RAIL):
                axes.axhline(end / MILLION, color=color("threshold"), linewidth=1.1, linestyle=":")
            axes.set(ylim=(-12.5, 12.5), xlim=(0, a_in.size))
        above.plot(step, self._free(a_in) / MILLION, color=color("theory"), linewidth=1.1, linestyle="--")
        above.plot(step, u / MILLION, color=color("drive"))
        name_line(above, RAIL / MILLION, "$2^{23}$", "threshold")
        above.set(ylabel="u (million)")
        threshold = 64 * self.fixed["vth"] / MILLION
        below.plot(step, v / MILLION, color=color("membrane"))
        below.vlines(step[spikes], threshold, 8.0, color=color("spike"), linewidth=1.1)
        below.axhline(threshold, color=color("threshold"), linewidth=1.1)
        name_line(below, threshold, "64 vth", "threshold")
        below.set(xlabel="step", ylabel="v (million)")


class FalseSpike(LiveFigure):
    """TrueNorth's V under nothing but inhibition, with a word that saturates or wraps.

    Controls: `weight` of the axons, how many `axons` spike in each tick, `alpha`, `overflow`, and whether V stops at
    -beta (`floor`).
    """

    title = "Inhibited until it fires"
    caption = (
        "Every spike that arrives inhibits. Let the word wrap instead of saturating, and see the neuron fire. Weaken the "
        "inhibition until it no longer does in the time shown. Then give the neuron the floor that its designers gave it."
    )
    description = (
        "The potential V over 60 ticks, between the two ends of its word of 20 bits. It falls in equal steps. With saturation "
        "it stays at the lower end; with wrapping it appears at the upper end, above the threshold, and spikes follow."
    )
    entry = "digital.js"
    kernels = KERNELS
    fixed = {"ticks": 60, "beta": 120000}
    heights = (727, 874)
    shown = (
        Readout("drop", "inhibition of a tick"),
        Readout("spikes", "spikes"),
        Readout("first", "first spike in tick", "", 0, "never"),
        Readout("lowest", "lowest V"),
    )

    weight = Control(-200.0, -256.0, -8.0, 8.0, "weight", "s_i", "")
    axons = Control(128.0, 1.0, 256.0, 1.0, "spikes that arrive in a tick", "", "")
    alpha = Control(100000.0, 10000.0, 260000.0, 10000.0, "threshold", "α", "")
    overflow = Choice("saturate", {"saturate": "saturates", "wrap": "wraps"}, "the word")
    floor = Toggle(False, "V stops at −β")

    def _run(self):
        ticks, axons = self.fixed["ticks"], int(self.axons)
        A = np.ones((ticks, axons), np.uint8)
        nothing = np.zeros(ticks, np.uint8)
        return truenorth.simulate(
            A, np.ones(axons, int), np.zeros(axons, int), [int(self.weight), 0, 0, 0], [0] * 4, 0, 0, 0, int(self.alpha),
            self.fixed["beta"] if self.floor else 0, 0, 1, int(self.floor), 0, 0, np.zeros_like(A), nothing, nothing,
            overflow=self.overflow)

    def readouts(self) -> dict:
        run = self._run()
        fired = np.flatnonzero(run.spikes)
        return {
            "drop": int(self.weight) * int(self.axons),
            "spikes": int(fired.size),
            "first": float(fired[0] + 1) if fired.size else math.inf,
            "lowest": int(run.V.min()),
        }

    def draw(self, figure):
        run = self._run()
        tick = np.arange(run.V.size + 1)
        axes = figure.subplots()
        for end in (truenorth.V_MIN, truenorth.V_MAX):
            axes.axhline(end / THOUSAND, color=color("threshold"), linewidth=1.1, linestyle=":")
        name_line(axes, truenorth.V_MAX / THOUSAND, "$2^{19}$", "threshold")
        name_line(axes, truenorth.V_MIN / THOUSAND, "$-2^{19}$", "threshold")
        axes.axhline(self.alpha / THOUSAND, color=color("threshold"), linewidth=1.1)
        name_line(axes, self.alpha / THOUSAND, "α", "threshold")
        if self.floor:
            axes.axhline(-self.fixed["beta"] / THOUSAND, color=color("threshold"), linewidth=1.1)
            name_line(axes, -self.fixed["beta"] / THOUSAND, "−β", "threshold")
        axes.plot(tick, np.append(0, run.V) / THOUSAND, color=color("membrane"))
        axes.vlines(tick[1:][run.spikes], self.alpha / THOUSAND, 600.0, color=color("spike"), linewidth=1.3)
        axes.set(xlim=(0, run.V.size), ylim=(-600.0, 600.0), xlabel="tick", ylabel="V (thousand)")

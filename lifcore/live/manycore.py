"""The live figures of the chapter on software on many cores: Euler's method, a rounded time constant, one neuron in six arithmetics.

Nothing is computed here: the numbers come from `lifcore.hardware` and the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.hardware import floating_point, spinnaker
from lifcore.hardware.fixed_point import S1615, to_fixed, to_float
from lifcore.kernels import elementary, lif, random
from lifcore.kernels import spinnaker as kernels
from lifcore.live._drawing import SPIKE_TOP, color, name_line, samples
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle
from lifcore.live.identity import SURFACES
from lifcore.neuron import rheobase

__all__ = ["EulerStability", "RealisedTimeConstant", "SpikeShift"]

MEMBRANE = {"tau_m": 20.0, "R": 100.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}
KERNELS = (
    elementary.exp, elementary.log, kernels.decay_word, kernels.fixed_point_steps, kernels.floating_point_steps, lif.membrane_potential,
    lif.piecewise_trace, lif.rheobase, random.random_words, random.seed_streams,
)
ROUNDINGS = {"nearest": "nearest", "floor": "floor", "stochastic": "stochastic"}
MOST_SPIKES = 2000


def _draws(seed, steps):
    """Random numbers of 15 bits, two for each step, as the page draws them."""
    stream, numbers = np.empty((4, 1), np.uint32), np.empty((2 * steps, 1), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), 0, stream)
    random.random_words(stream, numbers)
    return (numbers.reshape(steps, 2) & np.uint32(2**15 - 1)).astype(np.int64)


def _in_words(n, I, dt, steps, rounding, seed, V0=None):
    """Words of V and spikes of a neuron on the machine, from rest unless V0 is given."""
    quiet = np.zeros(steps, np.int64)
    R, rest, V_reset, V_th, offset = to_fixed([n.R, n.E_L, n.V_reset, n.V_th, I])
    return spinnaker.simulate(
        quiet, quiet, R, spinnaker.decay_word(n.tau_m, dt), rest, V_reset, V_th, offset, 0, 0, 0, 0,
        spinnaker.refractory_steps(n.t_ref, dt), rest if V0 is None else to_fixed(V0), rounding,
        _draws(seed, steps) if rounding == "stochastic" else None)


def _in_floats(n, I, dt, steps, V_th, **options):
    """The same neuron in floating point, from rest."""
    quiet = np.zeros(steps)
    return floating_point.simulate(
        quiet, quiet, n.R, n.tau_m, n.E_L, n.V_reset, V_th, I, 1.0, 1.0, n.t_ref, n.E_L, dt, **options)


class EulerStability(LiveFigure):
    """A constant current switched on at rest: Euler's steps, joined, beside the exact solution.

    Controls: `h`, the step over the membrane time constant; `I` in nA; the `threshold` on or off.
    """

    title = "Euler's method and the length of its step"
    caption = (
        "Make the step longer, from a tenth of the time constant upwards. Where does the potential first overshoot, where does "
        "it jump to and fro, where does it no longer settle? Stay between 1 and 2, switch the threshold on, and look for the "
        "lowest current that fires this neuron; then compare it with the rheobase."
    )
    description = (
        "The membrane potential over 600 ms after a constant current is switched on. The exact solution rises smoothly to its "
        "steady state. The points of Euler's method lie below it for short steps, jump from one side of it to the other for "
        "steps longer than the time constant, and move away from it ever farther for steps longer than twice that."
    )
    entry = "manycore.js"
    kernels = KERNELS
    fixed = MEMBRANE | {"duration": 600.0, "fine": 1.0, "levels": [30.0, 60.0, 150.0, 600.0, 3000.0, 12000.0]}
    heights = (701, 879)
    shown = (
        Readout("factor", "Euler's factor", "", 2),
        Readout("exact_factor", "exact factor", "", 3),
        Readout("euler_rheobase", "Euler fires once at", "nA", 3),
        Readout("rheobase", "rheobase", "nA", 3),
        Readout("euler_spikes", "Euler's spikes"),
        Readout("exact_spikes", "exact spikes"),
    )

    h = Control(1.5, 0.1, 2.5, 0.05, "step over time constant", "Δt/τ_m")
    I = Control(0.15, 0.0, 0.3, 0.005, "current", "I", "nA")
    threshold = Toggle(False, "Threshold, spikes and reset")

    @property
    def _dt(self):
        return self.h * self.fixed["tau_m"]

    def _euler(self):
        """Times of the steps, the first 0, the potential at them, and the times of the spikes."""
        n, dt = self.neuron, self._dt
        steps = int(self.fixed["duration"] / dt)
        found = _in_floats(n, self.I, dt, steps, n.V_th if self.threshold else np.inf, method="euler")
        t = dt * np.arange(steps + 1)
        return t, np.append(n.E_L, found.V), t[1:][found.spikes]

    def _exact(self):
        """The exact potential and its spikes."""
        n, V, spikes = self.neuron, samples(self.fixed["duration"], self.fixed["fine"]), np.zeros(MOST_SPIKES)
        if not self.threshold:
            t = self.fixed["fine"] * np.arange(V.size)
            return lif.membrane_potential.ufunc(t, self.I, n.tau_m, n.R, n.E_L, n.E_L), spikes[:0]
        count = lif.piecewise_trace(
            np.array([0.0, self.fixed["duration"]]), np.array([self.I]), n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref,
            n.E_L, self.fixed["fine"], V, spikes)
        return V, spikes[:count]

    def readouts(self) -> dict:
        n = self.neuron
        return {
            "factor": float(floating_point.euler_factor(self._dt, n.tau_m)),
            "exact_factor": float(elementary.exp(-self._dt / n.tau_m)),
            "euler_rheobase": float(floating_point.euler_rheobase(n, self._dt)),
            "rheobase": float(rheobase(n)),
            "euler_spikes": len(self._euler()[2]),
            "exact_spikes": len(self._exact()[1]),
        }

    def draw(self, figure):
        n = self.neuron
        axes = figure.subplots()
        V, spikes = self._exact()
        axes.plot(self.fixed["fine"] * np.arange(V.size), V, color=color("theory"))
        axes.vlines(spikes, n.V_th, SPIKE_TOP, color=color("theory"), linewidth=0.8)
        t, V, spikes = self._euler()
        axes.plot(t, V, "o-", color=color("simulation"), linewidth=0.9, markersize=3.5)
        axes.vlines(spikes, n.V_th, SPIKE_TOP, color=color("spike"), linewidth=1.3)
        steady, before = n.E_L + n.R * self.I, V[np.flatnonzero(np.isin(t, spikes)) - 1]
        axes.plot(spikes, steady - (1.0 - self.h) * (steady - before), "o", color=color("simulation"), fillstyle="none")
        axes.axhline(n.V_th, color=color("threshold"), linewidth=1.1, linestyle="-" if self.threshold else ":")
        name_line(axes, n.V_th, "$V_{th}$", "threshold")
        axes.annotate("exact", (0.98, 0.04), xycoords="axes fraction", ha="right", color=color("theory"))
        axes.annotate("Euler", (0.9, 0.04), xycoords="axes fraction", ha="right", color=color("simulation"))
        farthest = np.max(np.abs(V + 55.0))
        level = next((level for level in self.fixed["levels"] if level >= farthest), self.fixed["levels"][-1])
        axes.set(xlim=(0.0, self.fixed["duration"]), ylim=(-55.0 - level, -55.0 + 1.15 * level), ylabel="V (mV)")
        axes.set_xlabel("time since the current was switched on (ms)")


class RealisedTimeConstant(LiveFigure):
    """A potential that decays to rest in words of s16.15, beside the decay that was asked for.

    Controls: `tau_m` in ms, the `step` in ms, `rounding`, and the distance `start` from rest in mV at which it begins.
    """

    title = "The time constant that you get"
    caption = (
        "Find the longest time constant that still moves, with each of the two steps. Then go back to 1000 ms: which line does "
        "the potential follow, and where does it stop? Start it below rest instead of above, with each rounding."
    )
    description = (
        "The distance of the membrane potential from rest against time, over four time constants. The decay that was asked for "
        "is a smooth line. The one in words of s16.15 is slower for a long time constant, and stops before it has reached "
        "rest, at the edge of its dead zone; with stochastic rounding it arrives."
    )
    entry = "manycore.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("R", "E_L", "V_th", "V_reset", "t_ref")} | {
        "spans": 4.0, "points": 240, "seed": 1, "levels": [0.25, 0.5, 1.0, 2.0]}
    heights = (671, 901)
    shown = (
        Readout("exp_TC", "word exp_TC"),
        Readout("realised", "time constant", "ms", 2),
        Readout("below", "stays below by", "mV", 4),
        Readout("above", "stays above by", "mV", 4),
        Readout("end", "at the end", "mV", 4),
    )

    tau_m = Control(1000.0, 1.0, 6000.0, 0.01, "time constant asked for", "τ_m", "ms", "log")
    start = Control(1.0, -2.0, 2.0, 0.05, "distance at the start", "", "mV")
    rounding = Choice("nearest", ROUNDINGS, "rounding")
    step = Choice("0.1", {"0.1": "0.1 ms", "1": "1 ms"}, "step")

    def _decay(self):
        """Times and distances from rest in mV, every few steps."""
        n, dt = self.neuron, float(self.step)
        wanted = math.ceil(self.fixed["spans"] * n.tau_m / dt)
        every = -(-wanted // self.fixed["points"])
        steps = -(-wanted // every) * every
        V = _in_words(n, 0.0, dt, steps, self.rounding, self.fixed["seed"], n.E_L + self.start).V
        V = np.append(to_fixed(n.E_L + self.start), V[every - 1::every])
        return dt * every * np.arange(V.size), to_float(V) - n.E_L

    def readouts(self) -> dict:
        dt = float(self.step)
        word = spinnaker.decay_word(self.tau_m, dt)
        below, above = spinnaker.dead_zone(word, self.rounding)
        return {
            "exp_TC": int(word),
            "realised": float(spinnaker.effective_tau(word, dt)),
            "below": float(below) * S1615.resolution,
            "above": float(above) * S1615.resolution,
            "end": float(self._decay()[1][-1]),
        }

    def draw(self, figure):
        found = self.readouts()
        axes = figure.subplots()
        t, distance = self._decay()
        axes.plot(t, self.start * np.exp(-t / self.tau_m), color=color("theory"))
        axes.plot(t, self.start * np.exp(-t / found["realised"]), "--", color=color("theory"), linewidth=1.1)
        axes.plot(t, distance, "o", color=color("simulation"), markersize=2.5)
        for edge in (-found["below"], found["above"]):
            axes.axhline(edge, color=color("noise"), linewidth=0.9, linestyle=":")
        axes.annotate("s16.15", (0.98, 0.9), xycoords="axes fraction", ha="right", color=color("simulation"))
        axes.annotate("asked for", (0.86, 0.9), xycoords="axes fraction", ha="right", color=color("theory"))
        top = next((level for level in self.fixed["levels"] if level >= abs(self.start)), 2.0)
        low, high = sorted((-0.25 * top, 1.05 * top) if self.start >= 0.0 else (0.25 * top, -1.05 * top))
        axes.set(xlim=(0.0, t[-1]), ylim=(low, high), xlabel="time (ms)", ylabel="distance from rest (mV)")


KINDS = ("float64", "float32", "nearest", "floor", "stochastic", "Euler")


class SpikeShift(LiveFigure):
    """One neuron in six arithmetics: its spikes beside each other, and how late they come.

    Controls: `I` in nA, `tau_m` in ms, the `step` in ms.
    """

    title = "One neuron, six arithmetics"
    caption = (
        "All rows are the same neuron with the same current and the same steps; nearest, floor and stochastic are in words of "
        "s16.15. Lower the current towards the rheobase: which rounding leaves the others? Then make the time constant longer, "
        "or the steps: which rows gain by it, and which lose?"
    )
    description = (
        "Above, six rows of spikes over one second: float64, float32, three roundings of s16.15, and Euler's method. Below, by "
        "how much the spikes of each row come later than those of float64, against time: nothing for float32, straight lines "
        "of different slope for s16.15 and for Euler's method."
    )
    entry = "manycore.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("R", "E_L", "V_th", "V_reset", "t_ref")} | {
        "duration": 1000.0, "seed": 1, "kinds": list(KINDS)}
    heights = (786, 980)
    shown = tuple(Readout(kind, f"first shift, {kind}", "ms", 1, "none") for kind in KINDS[1:])

    I = Control(0.21, 0.19, 0.4, 0.001, "current", "I", "nA")
    tau_m = Control(20.0, 5.0, 200.0, 0.01, "membrane time constant", "τ_m", "ms", "log")
    step = Choice("0.1", {"0.1": "0.1 ms", "1": "1 ms"}, "step")

    def _spikes(self):
        """Steps at whose end each kind fires."""
        n, dt = self.neuron, float(self.step)
        steps = round(self.fixed["duration"] / dt)
        found = {}
        for kind in KINDS:
            if kind in ROUNDINGS:
                run = _in_words(n, self.I, dt, steps, kind, self.fixed["seed"])
            else:
                run = _in_floats(n, self.I, dt, steps, n.V_th, precision="float32" if kind == "float32" else "float64",
                                 method="euler" if kind == "Euler" else "exact")
            found[kind] = np.flatnonzero(run.spikes) + 1
        return found

    def readouts(self) -> dict:
        found, dt = self._spikes(), float(self.step)
        shifts = {}
        for kind, steps in found.items():
            if kind != "float64":
                # The first step in which one fires and the other does not.
                apart = np.setxor1d(steps, found["float64"])
                shifts[kind] = dt * int(apart[0]) if apart.size else math.inf
        return shifts

    def draw(self, figure):
        dt = float(self.step)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        found = self._spikes()
        styles = {"floor": "--", "stochastic": ":"}
        for row, kind in enumerate(reversed(KINDS)):
            times = dt * found[kind]
            above.vlines(times, row + 0.6, row + 1.4, color=color("theory" if kind == "float64" else "spike"), linewidth=1.2)
            above.annotate(f"{kind} {times.size}", (1.01, row + 1.0), xycoords=("axes fraction", "data"), va="center",
                           color=_colour(kind), annotation_clip=False)
            if kind != "float64":
                both = min(times.size, found["float64"].size)
                below.plot(times[:both], times[:both] - dt * found["float64"][:both], styles.get(kind, "-"), color=_colour(kind))
        above.set(ylim=(0.4, len(KINDS) + 0.6), yticks=[])
        below.set(xlim=(0.0, self.fixed["duration"]), xlabel="time (ms)", ylabel="late by (ms)")


def _colour(kind):
    if kind in ("float32", "Euler"):
        return SURFACES["soft" if kind == "float32" else "ink"].light
    return color("theory" if kind == "float64" else "simulation")

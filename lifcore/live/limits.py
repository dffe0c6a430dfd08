"""The live figures of the chapter on the limits of rate models: one population that inhibits itself, told in three ways, and
the curve in the complex plane that says when it oscillates.

In a population in which each neuron inhibits all with the same efficacy, all get the same input, the sum of all spikes: one
signal a step serves the whole network, and neurons need no synapses of their own.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.kernels import cloud, critical, diffusion, fokker_planck, population, random, rate_model, response
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout
from lifcore.live.cloud import SEED, _Cells, _groups, _membrane

__all__ = ["NyquistCurve", "ThreeWays"]

MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 2.0}
KERNELS = (
    cloud.count_spikes, cloud.draw_population, critical.critical_point, critical.effective_time, critical.loops,
    diffusion.rate, fokker_planck.advance, fokker_planck.cell_faces, fokker_planck.follow, fokker_planck.gaussian_start,
    fokker_planck.stationary_start, population.population_steps, random.seed_streams, rate_model.rate_steps,
    response.susceptibilities,
)
RATE_MODELS = ("static", "tau_m", "tau_eff")
NAMES = {"lif": "LIF", "static": "static gain", "tau_m": "τ_m", "tau_eff": "τ_eff"}
ROLES = {"lif": "theory", "static": "drive", "tau_m": "noise", "tau_eff": "membrane"}
MATH = {"lif": "LIF", "static": "static gain", "tau_m": r"$\tau_\mathrm{m}$", "tau_eff": r"$\tau_\mathrm{eff}$"}


def _time_constant(n, mu, sigma, model):
    """With which a rate equation follows, in ms."""
    if model == "tau_eff":
        return critical.effective_time(mu, sigma, *_membrane(n))
    return n.tau_m if model == "tau_m" else 0.0


def _critical(n, mu, sigma, delay, tau_s, model):
    """The critical loop gain and its frequency."""
    f_max, pieces = critical.search_range(delay, diffusion.rate(mu, sigma, *_membrane(n)))
    f = np.zeros(1)
    loop_gain = critical.critical_point(
        critical.OWN if model == "lif" else critical.FILTERED, _time_constant(n, mu, sigma, model), mu, sigma, *_membrane(n),
        delay, tau_s, f_max, pieces, f)
    return float(loop_gain), float(f[0])


def _swing(values, mean):
    """Root of the mean square of the distances from `mean`."""
    total = 0.0
    for value in values:
        total += (value - mean) * (value - mean)
    return math.sqrt(total / len(values))


class ThreeWays(LiveFigure):
    """One loop of inhibition after a kick: a network's spikes, the density of infinitely many neurons, and a rate equation.

    Controls: `loop_gain`, `delay` in ms, the rate `model`, the number of `neurons`.
    """

    title = "One loop, three descriptions"
    caption = (
        "At the mark a kick of the drive, two milliseconds long. Raise the loop gain slowly: where is the static equation "
        "lost, where does the cloud begin to oscillate, and what do the spikes do in between? Then give the rate equation a "
        "time constant, and look for a loop gain at which it is calm and the network is not."
    )
    description = (
        "Three plots over 160 ms. Above, the spikes of thirty neurons. In the middle, the rate of the network in bins of a "
        "millisecond as points, and that of an infinite population as a line, to which the points are the nearer the more "
        "neurons there are. Below, the rate of a rate equation. With the static gain it jumps between two values from a loop "
        "gain of 1 on, when the network is still calm; with the time constant of the membrane it is calm when the network "
        "oscillates."
    )
    entry = "limits.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "mu": 15.0, "sigma": 5.0, "duration": 160.0, "dt": 0.25, "bin": 1.0, "kick": 1.0, "kick_start": 20.0, "kick_end": 22.0,
        "judged_from": 100.0, "longest": 5.0, "most": 10_000, "shown": 30, "group": 2048, "cells": 300, "places": 64,
        "seed": SEED, "tops": [20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600]}
    heights = (885, 1130)
    shown = (
        Readout("critical", "critical, cloud", "", 3),
        Readout("frequency", "its frequency", "Hz", 1),
        Readout("critical_model", "critical, rate equation", "", 3),
        Readout("network", "variance / mean", "", 2),
        Readout("cloud", "swing, cloud", "Hz", 2),
        Readout("equation", "swing, rate equation", "Hz", 2),
    )

    loop_gain = Control(2.0, 0.0, 20.0, 0.1, "loop gain", "G Φ′")
    delay = Control(2.0, 0.5, 5.0, 0.5, "delay", "d", "ms")
    neurons = Control(2000.0, 100.0, 10000.0, 0.05, "neurons", "N", "", "log")
    model = Choice(
        "static", {"static": "static gain", "tau_m": "time constant of the membrane", "tau_eff": "effective one"},
        "rate equation")

    def _kick(self, at_ends):
        """What is added to the drive in each step, or at its end."""
        fixed = self.fixed
        k = np.arange(self._steps)
        first, last = round(fixed["kick_start"] / fixed["dt"]), round(fixed["kick_end"] / fixed["dt"])
        return np.where((k >= first - at_ends) & (k < last - at_ends), fixed["kick"], 0.0)

    @property
    def _steps(self):
        return round(self.fixed["duration"] / self.fixed["dt"])

    def _coupling(self):
        """G in mV/Hz, and the stationary rate that it is multiplied with."""
        found = np.zeros((4, 1))
        response.susceptibilities(np.zeros(1), self.fixed["mu"], self.fixed["sigma"], *_membrane(self.neuron), found)
        nu = diffusion.rate(self.fixed["mu"], self.fixed["sigma"], *_membrane(self.neuron))
        return self.loop_gain / found[0, 0], nu

    def _windows(self):
        """Steps in pieces of a delay: what happens in one reaches nobody before the next."""
        length = round(self.delay / self.fixed["dt"])
        return [(first, min(length, self._steps - first)) for first in range(0, self._steps, length)], length

    def _cells(self):
        fixed = self.fixed
        cells = _Cells(self.neuron, fixed["mu"], fixed["sigma"], fixed["cells"], fixed["places"])
        return cells, cells.settle(fixed["mu"], fixed["sigma"])

    def _population(self):
        """Rates of infinitely many neurons, at 0 and the end of each step."""
        n, fixed = self.neuron, self.fixed
        G = self._coupling()[0]
        cells, rate = self._cells()
        mean = fixed["mu"] + G * rate
        windows, length = self._windows()
        rates = np.full(length + 1 + self._steps, rate)
        kick = self._kick(0)
        for first, count in windows:
            mu = np.empty(2 * count)
            for k in range(count):
                before, after = rates[first + k], rates[first + k + 1]
                mu[2 * k] = mean - G * (before + fokker_planck.W_END * (after - before)) + kick[first + k]
                mu[2 * k + 1] = mean - G * after + kick[first + k]
            out = np.zeros(count)
            fokker_planck.follow(
                np.full(count, fixed["dt"]), mu, np.full(2 * count, fixed["sigma"]), n.tau_m, n.E_L, n.t_ref, cells.faces,
                cells.reset, cells.probability, cells.release, cells.waiting, cells.state, cells.work, out)
            rates[length + 1 + first:length + 1 + first + count] = out
        return rates[length:]

    def _network(self):
        """Spikes in each step, and times and numbers of those of the first neurons."""
        n, fixed = self.neuron, self.fixed
        G = self._coupling()[0]
        cells, rate = self._cells()
        size, dt = int(self.neurons), fixed["dt"]
        groups = _groups(size, fixed["group"])
        for group in groups:
            cells.draw(group)
        windows, length = self._windows()
        # Before the beginning the population fired at its mean rate.
        counts = np.full(length + self._steps, rate * size * dt / 1000.0)
        counts[length:] = 0.0
        each = G * 1000.0 / (size * dt)
        kick = self._kick(0)
        times_shown, neurons_shown = [], []
        for first, count in windows:
            signal = np.empty(count)
            for k in range(count):
                signal[k] = G * rate - each * counts[first + k] + kick[first + k]
            for group in groups:
                times, neurons = group.advance(
                    n, fixed["mu"], fixed["sigma"], signal, dt, first, int(group.size * (count * dt / n.t_ref + 2)))
                cloud.count_spikes(times, dt, counts[length:])
                if group.first == 0:
                    seen = neurons < fixed["shown"]
                    times_shown.append(times[seen])
                    neurons_shown.append(neurons[seen])
        return counts[length:], np.concatenate(times_shown), np.concatenate(neurons_shown)

    def _equation(self):
        """Rates of the rate equation, at 0 and the end of each step."""
        n, fixed = self.neuron, self.fixed
        G, nu = self._coupling()
        mean = fixed["mu"] + G * nu
        tau = _time_constant(n, fixed["mu"], fixed["sigma"], self.model)
        populations = np.array([[*_membrane(n), mean, fixed["sigma"] * fixed["sigma"], tau]])
        ends = np.array([[0, 0, round(self.delay / fixed["dt"])]], np.int32)
        slots = round(fixed["longest"] / fixed["dt"]) + 1
        out = np.zeros((1, self._steps))
        stationary = np.array([diffusion.rate(mean - G * nu, fixed["sigma"], *_membrane(n))])
        rate_model.rate_steps(
            populations, np.array([[-G, 0.0, 0.0]]), ends, self._kick(1)[None, :].copy(), fixed["dt"], 0, np.array([nu]),
            np.array([nu]), stationary, np.full((1, slots), nu), out)
        return np.concatenate([[nu], out[0]])

    def _bins(self, counts):
        """Spikes in each bin."""
        each = round(self.fixed["bin"] / self.fixed["dt"])
        return counts.reshape(-1, each).sum(axis=1)

    def readouts(self) -> dict:
        n, fixed = self.neuron, self.fixed
        lif = _critical(n, fixed["mu"], fixed["sigma"], self.delay, 0.0, "lif")
        model = _critical(n, fixed["mu"], fixed["sigma"], self.delay, 0.0, self.model)
        start = round(fixed["judged_from"] / fixed["dt"])
        counted = self._bins(self._network()[0])[round(fixed["judged_from"] / fixed["bin"]):]
        mean = float(np.sum(counted)) / counted.size
        spread = _swing(counted, mean)
        cells = self._population()
        equation = self._equation()
        return {
            "critical": lif[0],
            "frequency": lif[1],
            "critical_model": model[0],
            "network": spread * spread / mean if mean > 0.0 else 0.0,
            "cloud": _swing(cells[start + 1:], cells[0]),
            "equation": _swing(equation[start + 1:], equation[0]),
        }

    def draw(self, figure):
        fixed = self.fixed
        raster, rates, equation = figure.subplots(3, 1, sharex=True, height_ratios=[2, 3, 3])
        counts, times, neurons = self._network()
        raster.plot(times, neurons, "|", color=color("spike"), markersize=3, markeredgewidth=1)
        raster.set(ylim=(-1, fixed["shown"]), ylabel="neuron")
        t = fixed["dt"] * np.arange(self._steps + 1)
        binned = self._bins(counts)
        rates.plot(fixed["bin"] * (np.arange(binned.size) + 0.5), binned * 1000.0 / (fixed["bin"] * int(self.neurons)), "o",
                   color=color("simulation"), markersize=3.5)
        rates.plot(t, self._population(), color=color("theory"))
        rates.set(ylim=(0.0, None), ylabel="rate (Hz)")
        role = ROLES[self.model]
        equation.plot(t, self._equation(), color=color(role))
        equation.set(ylim=(0.0, None), ylabel="rate (Hz)", xlabel="time (ms)", xlim=(0.0, fixed["duration"]))
        name_line(rates, found := self._coupling()[1], "cloud", "theory", -6.0)
        name_line(rates, found, "network", "simulation", 6.0)
        name_line(equation, found, MATH[self.model].replace(" ", "\n"), role)
        for axes in (rates, equation):
            axes.axvspan(fixed["kick_start"], fixed["kick_end"], color=color("drive"), alpha=0.2, linewidth=0)


STATES = {"below": (15.0, 5.0), "above": (30.0, 2.0)}


class NyquistCurve(LiveFigure):
    """What is left of a small oscillation once round the loop, in the complex plane, for the neuron and three rate equations.

    Controls: `loop_gain`, `delay` and `tau_s` in ms, and the `state`: mean drive below or above threshold.
    """

    title = "Once round the loop"
    caption = (
        "Raise the loop gain: which curve is the first to reach the point 1, which the last? Then let the synapses "
        "be slow, 20 ms, with a delay of 1 ms, and look for a loop gain at which all rate equations oscillate and the neurons do not. "
        "At last set the mean drive above the threshold."
    )
    description = (
        "Four curves in the complex plane, all from the negative of the loop gain at frequency zero, turning clockwise with "
        "growing frequency. Without a filter at the synapses the static gain makes a circle. Below threshold the others wind "
        "inwards: that of the LIF population slowly, those of rate equations with a time constant faster. Above threshold the "
        "curve of the LIF population first swells, at frequencies near its rate. Where a curve crosses the positive real axis "
        "beyond the point 1, that description oscillates; an equation with a negative time constant runs away whatever its "
        "curve."
    )
    entry = "limits.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "states": [[name, *state] for name, state in STATES.items()], "points": 700, "least": 2.0, "most": 3.5, "wider": 1.15}
    heights = (840, 1083)
    shown = tuple(
        Readout(name, label, unit, digits) for model in NAMES for name, label, unit, digits in (
            (model, f"critical, {NAMES[model]}", "", 3), (f"{model}_f", "at", "Hz", 1))) + (
        Readout("crossing", "LIF crosses the axis at", "", 3),)

    loop_gain = Control(2.0, 0.1, 100.0, 0.01, "loop gain", "G Φ′", "", "log")
    delay = Control(2.0, 0.5, 50.0, 0.05, "delay", "d", "ms", "log")
    tau_s = Control(0.0, 0.0, 30.0, 1.0, "time constant of synapses", "τ_s", "ms")
    state = Choice("below", {"below": "below threshold", "above": "above threshold"}, "mean drive")

    def _curve(self, model):
        """Real and imaginary part of L, from f = 0."""
        n, (mu, sigma) = self.neuron, STATES[self.state]
        nu = diffusion.rate(mu, sigma, *_membrane(n))
        end = 1000.0 / self.delay + 2.0 * nu
        f = np.array([end * k / self.fixed["points"] for k in range(self.fixed["points"] + 1)])
        out = np.zeros((2, f.size))
        critical.loops(
            f, critical.OWN if model == "lif" else critical.FILTERED, _time_constant(n, mu, sigma, model), mu, sigma,
            *_membrane(n), self.delay, self.tau_s, out)
        return self.loop_gain * out

    def readouts(self) -> dict:
        n, (mu, sigma) = self.neuron, STATES[self.state]
        found = {}
        for model in NAMES:
            found[model], found[f"{model}_f"] = _critical(n, mu, sigma, self.delay, self.tau_s, model)
        return found | {"crossing": self.loop_gain / found["lif"]}

    def draw(self, figure):
        fixed = self.fixed
        axes = figure.subplots()
        half = min(max(fixed["wider"] * self.loop_gain, fixed["least"]), fixed["most"])
        found = self.readouts()
        for k, model in enumerate(NAMES):
            axes.plot(*self._curve(model), color=color(ROLES[model]), linewidth=1.6 if model == "lif" else 1.1)
            if found[model] > 0.0:
                axes.plot(self.loop_gain / found[model], 0.0, "o", color=color(ROLES[model]), markersize=6, clip_on=True)
            axes.annotate(MATH[model], (0.02, 0.94 - 0.08 * k), xycoords="axes fraction", color=color(ROLES[model]))
        axes.plot(1.0, 0.0, "+", color=color("threshold"), markersize=14, markeredgewidth=2)
        axes.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
        axes.axvline(0.0, color="0.6", linewidth=0.6, zorder=0)
        axes.set(xlim=(-1.7 * half, 1.7 * half), ylim=(-half, half), xlabel="real part of L", ylabel="imaginary part of L")
        axes.set_aspect("equal")

"""The live figures of the chapter on the probability cloud: a density in time, at rest, and its rate under a sine.

Theory and simulation stand side by side. Both are made by kernels that the page runs too; populations are simulated in
groups of neurons, which changes nothing in their spikes and keeps each piece of work small.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.kernels import cloud, diffusion, elementary, fokker_planck, lif, population, random, response
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Play, Readout

__all__ = ["Cloud", "RateResponse", "StationaryDensity"]

MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}
SEED = 1952
KERNELS = (
    cloud.angle, cloud.count_cycle, cloud.count_potentials, cloud.count_spikes, cloud.count_spikes_of_each,
    cloud.draw_population, diffusion.densities, diffusion.interval_variation, diffusion.rate, diffusion.rates, elementary.cos,
    elementary.sin, fokker_planck.advance, fokker_planck.cell_faces, fokker_planck.gaussian_start,
    fokker_planck.stationary_start, lif.firing_rates, population.population_steps, random.seed_streams,
    response.spectra, response.susceptibilities,
)


class _Group:
    """Some neurons of a population with the state that the kernels keep; `first` is the number of the first."""

    def __init__(self, first, size):
        self.first, self.size = first, size
        self.V, self.wait = np.zeros(size), np.zeros(size)
        self.words, self.normals = np.zeros((4, size), np.uint32), np.zeros((2, size))
        self.work = np.zeros(population.WORK), np.zeros(population.WORK_WORDS, np.uint32)
        random.seed_streams(np.array([SEED, 0], np.uint32), first, self.words)

    def advance(self, n, mu, sigma, signal, dt, first, room):
        """Spike times and numbers of neurons of as many steps as `signal` has values."""
        times, neurons = np.empty(room), np.empty(room, np.int32)
        count = population.population_steps(
            np.full(self.size, mu), np.full(self.size, sigma), signal, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt,
            first, population.EXACT, population.BRIDGE, self.V, self.wait, self.words, self.normals, *self.work, times,
            neurons)
        return times[:count], neurons[:count]


def _groups(neurons, size):
    return [_Group(first, min(size, neurons - first)) for first in range(0, neurons, size)]


class _Cells:
    """The density on cells of the potential axis, as the kernels of `lifcore.fokker_planck` move it."""

    def __init__(self, n, mu, sigma, count, places):
        self.n, self.input = n, (mu, sigma)
        lower = min(n.V_reset, n.E_L + mu) - 6.0 * sigma
        self.faces = np.zeros(count + 1)
        self.reset = fokker_planck.cell_faces(n.V_th, n.V_reset, lower, self.faces)
        self.probability = np.zeros(count)
        self.release, self.waiting = np.zeros(places), np.zeros(places)
        self.state = np.zeros(fokker_planck.STATE)
        self.work = np.zeros(fokker_planck.WORK_ARRAYS * count)

    def settle(self, mu, sigma):
        """The stationary state; returns its rate in Hz."""
        n = self.n
        return fokker_planck.stationary_start(
            mu, sigma, n.tau_m, n.E_L, n.t_ref, self.faces, self.reset, self.probability, self.release, self.waiting,
            self.state, self.work)

    def gather(self, V):
        """All neurons at one potential."""
        fokker_planck.gaussian_start(V, 0.0, self.faces, self.probability, self.state)

    def advance(self, dt, rates):
        """As many steps as `rates` has room for; the rate at the end of each goes there. Returns the mean rate."""
        n = self.n
        return fokker_planck.advance(
            rates.size, dt, *self.input, n.tau_m, n.E_L, n.t_ref, self.faces, self.reset, self.probability, self.release,
            self.waiting, self.state, self.work, rates)

    def draw(self, group):
        """The neurons of a group, drawn from the present density."""
        cloud.draw_population(
            self.probability, self.faces, self.n.V_reset, self.n.t_ref, group.words, group.V, group.wait,
            np.zeros(self.probability.size))

    def density(self):
        """Potentials and densities in 1/mV, the zero at the threshold included."""
        centres = 0.5 * (self.faces[1:] + self.faces[:-1])
        return np.append(centres, self.n.V_th), np.append(self.probability / np.diff(self.faces), 0.0)


def _membrane(n):
    return n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref


def _points(axes, x, y, error):
    axes.errorbar(x, y, error, fmt="o", color=color("simulation"), markersize=4, linewidth=1.1)


class Cloud(LiveFigure):
    """The density of a population in time, from the Fokker-Planck equation and from simulated neurons.

    Controls: `t` in ms (it plays), `start` ("rest", "drive" or "noise"), `mu` and `sigma` in mV, `neurons`.
    """

    title = "A population as a cloud"
    caption = (
        "Press Play. The cloud drifts towards E_L + μ and spreads; what crosses the threshold is gone, and comes back at the "
        "reset potential 2 ms later. Then let the drive rise by 5 mV in a population that has settled, and after that let "
        "the noise double: which of the two does the rate follow at once? With fewer neurons the points scatter about the "
        "same line. Rates are counted over 2 ms."
    )
    description = (
        "Two plots. Above, the probability density of the membrane potential from -95 mV to the threshold at -50 mV at one "
        "time: a line from the Fokker-Planck equation and points from simulated neurons. It is zero at the threshold and has "
        "a kink at the reset potential, -65 mV. Below, the firing rate of the population over 150 ms, with the present time."
    )
    entry = "cloud.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "duration": 150, "frame": 1.0, "dt": 0.5, "bin": 2.0, "low": -95.0, "width": 0.5, "cells": 300, "places": 64,
        "group": 4096, "seed": SEED, "drive_rises": 5.0, "noise_grows": 2.0}
    heights = (845, 1212)
    play = Play("t", speed=25.0)
    shown = (
        Readout("rate", "rate, theory", "Hz", 2),
        Readout("simulated_rate", "rate, simulated", "Hz", 2),
        Readout("error", "standard error", "Hz", 2),
        Readout("free", "not refractory", "", 4),
        Readout("simulated_free", "simulated", "", 4),
    )

    t = Control(16.0, 0.0, 150.0, 1.0, "time", "t", "ms")
    neurons = Control(10000.0, 100.0, 100000.0, 0.05, "simulated neurons", "", "", "log")
    start = Choice(
        "rest", {"rest": "all at rest", "drive": "settled, then μ rises", "noise": "settled, then σ doubles"},
        "at first")
    mu = Control(25.0, 0.0, 40.0, 0.5, "drive from t = 0", "μ", "mV")
    sigma = Control(4.0, 1.0, 10.0, 0.1, "noise from t = 0", "σ", "mV")

    def _begin(self):
        """The cells at t = 0, and the rate just after."""
        fixed = self.fixed
        cells = _Cells(self.neuron, self.mu, self.sigma, fixed["cells"], fixed["places"])
        if self.start == "rest":
            cells.gather(fixed["E_L"])
            return cells, 0.0
        if self.start == "drive":
            return cells, cells.settle(self.mu - fixed["drive_rises"], self.sigma)
        grows = fixed["noise_grows"]
        return cells, cells.settle(self.mu, self.sigma / grows) * grows * grows

    def _theory(self, frames):
        """Cells after some frames, times and rates until then and the mean rate of each frame.

        The first frame has finer steps, for the jump before it.
        """
        cells, rate = self._begin()
        times, rates, means = [np.zeros(1)], [np.array([rate])], []
        for frame in range(frames):
            steps = 20 if frame == 0 else 5
            new = np.zeros(steps)
            means.append(cells.advance(self.fixed["frame"] / steps, new))
            times.append(frame + np.arange(1, steps + 1) * self.fixed["frame"] / steps)
            rates.append(new)
        return cells, np.concatenate(times), np.concatenate(rates), means

    def _simulation(self, frames, until):
        """Counts of potentials after some frames, how many neurons can fire then, and spikes in bins until the end `until`."""
        fixed, n = self.fixed, self.neuron
        cells = self._begin()[0]
        counts = np.zeros(round((n.V_th - fixed["low"]) / fixed["width"]))
        spikes = np.zeros(round(fixed["duration"] / fixed["bin"]))
        free = 0.0
        for group in _groups(int(self.neurons), fixed["group"]):
            if self.start == "rest":
                group.V[:] = n.E_L
            else:
                cells.draw(group)
            self._advance(group, 0, frames, spikes)
            free += cloud.count_potentials(group.V, group.wait, fixed["low"], fixed["width"], counts)
            self._advance(group, frames, until, spikes)
        return counts, free, spikes

    def _advance(self, group, first, last, spikes):
        """A group from one frame to another; its spikes are counted."""
        fixed = self.fixed
        steps = round(fixed["frame"] / fixed["dt"])
        times, _ = group.advance(
            self.neuron, self.mu, self.sigma, np.zeros(steps * (last - first)), fixed["dt"], steps * first,
            group.size * (last - first))
        cloud.count_spikes(times, fixed["bin"], spikes)

    def _frame(self):
        """The frame that is shown, the bin of spikes it lies in and the frame at which this bin ends."""
        fixed = self.fixed
        frame = int(self.t + 0.5)
        each = round(fixed["bin"] / fixed["frame"])
        place = min(frame // each, fixed["duration"] // each - 1)
        return frame, place, each * (place + 1)

    def readouts(self) -> dict:
        frame, place, until = self._frame()
        means = self._theory(until)[3]
        each = round(self.fixed["bin"] / self.fixed["frame"])
        _, free, spikes = self._simulation(frame, until)
        neurons = int(self.neurons)
        scale = 1000.0 / (self.fixed["bin"] * neurons)
        return {
            "rate": sum(means[each * place:each * (place + 1)]) / each,
            "simulated_rate": float(spikes[place] * scale),
            "error": float(math.sqrt(spikes[place]) * scale),
            "free": float(self._theory(frame)[0].state[fokker_planck.FREE]),
            "simulated_free": free / neurons,
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        frame = self._frame()[0]
        cells = self._theory(frame)[0]
        counts, _, _ = self._simulation(frame, frame)
        _, times, rates, _ = self._theory(fixed["duration"])
        spikes = self._simulation(0, fixed["duration"])[2]
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        V, density = cells.density()
        above.fill_between(V, density, color=color("theory"), alpha=0.16, linewidth=0)
        above.plot(V, density, color=color("theory"))
        scale = 1.0 / (int(self.neurons) * fixed["width"])
        centres = fixed["low"] + fixed["width"] * (np.arange(counts.size) + 0.5)
        _points(above, centres, counts * scale, np.sqrt(counts) * scale)
        above.axvline(n.V_th, color=color("threshold"), linewidth=1.1)
        above.axvline(n.V_reset, color=color("membrane"), linewidth=1.1, linestyle="--")
        above.annotate("$V_{th}$", (n.V_th, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -8),
                       textcoords="offset points", color=color("threshold"))
        above.annotate("$V_{reset}$", (n.V_reset, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -8),
                       textcoords="offset points", color=color("membrane"))
        above.set(xlim=(-82.0, -47.0), ylim=(0.0, None), xlabel="V (mV)", ylabel="density (1/mV)")
        scale = 1000.0 / (fixed["bin"] * int(self.neurons))
        _points(below, fixed["bin"] * (np.arange(spikes.size) + 0.5), spikes * scale, np.sqrt(spikes) * scale)
        below.plot(times, rates, color=color("theory"), zorder=3)
        below.axvline(self.t, color=color("drive"), linewidth=1.1)
        final = diffusion.rate(self.mu, self.sigma, *_membrane(n))
        below.axhline(final, color=color("theory"), linewidth=0.9, linestyle=":")
        name_line(below, final, "Siegert", "theory")
        below.set(xlim=(0.0, fixed["duration"]), ylim=(0.0, None), xlabel="time (ms)", ylabel="firing rate (Hz)")


class StationaryDensity(LiveFigure):
    """The stationary density and the rate that belongs to it, beside a population that has been simulated until it settled.

    Controls: `mu` and `sigma` in mV, `t_ref` in ms, `V_reset` in mV.
    """

    title = "The cloud at rest"
    caption = (
        "Move μ through the threshold distance of 20 mV, or drag the point on the curve. Below it the cloud is a Gaussian "
        "that the threshold cuts; above it, probability piles up under the threshold. Move the reset potential: where is the kink? "
        "And watch the slope at the threshold while the rate grows. A point is the mean over half a millivolt."
    )
    description = (
        "Two plots. Above, the stationary probability density of the membrane potential as a line and a histogram of twenty "
        "thousand simulated neurons as points with error bars; it falls to zero at the threshold and has a kink at the reset "
        "potential. Below, the firing rate against the drive with noise and, dashed, without; a point marks the present drive."
    )
    entry = "cloud.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("tau_m", "E_L", "V_th")} | {
        "neurons": 20480, "group": 2048, "dt": 0.5, "settling": 400.0, "counted": 100.0, "low": -95.0, "width": 0.5,
        "seed": SEED, "mu_max": 40.0}
    heights = (793, 1073)
    shown = (
        Readout("rate", "rate, Siegert", "Hz", 3),
        Readout("simulated_rate", "rate, simulated", "Hz", 3),
        Readout("error", "standard error", "Hz", 3),
        Readout("variation", "CV of intervals", "", 3),
        Readout("refractory", "refractory", "", 4),
    )

    mu = Control(15.0, 0.0, 40.0, 0.5, "drive", "μ", "mV")
    sigma = Control(5.0, 2.0, 10.0, 0.1, "noise", "σ", "mV")
    t_ref = Control(2.0, 0.0, 10.0, 0.5, "refractory period", "t_ref", "ms")
    V_reset = Control(-65.0, -75.0, -55.0, 1.0, "reset potential", "V_reset", "mV")

    def _simulation(self):
        """Counts of potentials at the end, the number of spikes in the time counted, and the sum of squares over neurons."""
        fixed, n = self.fixed, self.neuron
        settling, counted = round(fixed["settling"] / fixed["dt"]), round(fixed["counted"] / fixed["dt"])
        counts = np.zeros(round((n.V_th - fixed["low"]) / fixed["width"]))
        spikes = squares = 0.0
        for group in _groups(fixed["neurons"], fixed["group"]):
            # Anywhere between reset and threshold: what comes of it owes nothing to the theory.
            place = (np.arange(group.first, group.first + group.size) + 0.5) / fixed["neurons"]
            group.V[:] = n.V_reset + (n.V_th - n.V_reset) * place
            group.advance(n, self.mu, self.sigma, np.zeros(settling), fixed["dt"], 0, 0)
            _, neurons = group.advance(
                n, self.mu, self.sigma, np.zeros(counted), fixed["dt"], settling, int(2 * group.size * fixed["counted"]))
            of_each = np.zeros(group.size)
            cloud.count_spikes_of_each(neurons, of_each)
            spikes += np.sum(of_each)
            squares += np.sum(of_each * of_each)
            cloud.count_potentials(group.V, group.wait, fixed["low"], fixed["width"], counts)
        return counts, spikes, squares

    def readouts(self) -> dict:
        n, fixed = self.neuron, self.fixed
        _, spikes, squares = self._simulation()
        N = fixed["neurons"]
        scale = 1000.0 / fixed["counted"]
        rate = float(diffusion.rate(self.mu, self.sigma, *_membrane(n)))
        variation = diffusion.interval_variation(
            self.mu, self.sigma, *_membrane(n), np.zeros(4 * diffusion.NODES + 4))
        return {
            "rate": rate,
            "simulated_rate": float(spikes / N * scale),
            "error": float(math.sqrt((squares - spikes * spikes / N) / (N - 1.0) / N) * scale),
            "variation": float(variation),
            "refractory": rate * n.t_ref / 1000.0,
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        V = np.linspace(fixed["low"], n.V_th, 400)
        density = np.zeros(V.size)
        diffusion.densities(V, self.mu, self.sigma, *_membrane(n), density)
        above.fill_between(V, density, color=color("theory"), alpha=0.16, linewidth=0)
        above.plot(V, density, color=color("theory"))
        counts = self._simulation()[0]
        scale = 1.0 / (fixed["neurons"] * fixed["width"])
        _points(above, fixed["low"] + fixed["width"] * (np.arange(counts.size) + 0.5), counts * scale, np.sqrt(counts) * scale)
        above.axvline(n.V_th, color=color("threshold"), linewidth=1.1)
        above.axvline(n.V_reset, color=color("membrane"), linewidth=1.1, linestyle="--")
        above.annotate("$V_{th}$", (n.V_th, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -8),
                       textcoords="offset points", color=color("threshold"))
        above.annotate("$V_{reset}$", (n.V_reset, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -8),
                       textcoords="offset points", color=color("membrane"))
        above.set(xlim=(-82.0, -47.0), ylim=(0.0, None), xlabel="V (mV)", ylabel="density (1/mV)")
        mu = np.linspace(0.0, fixed["mu_max"], 400)
        noisy, silent = np.zeros(mu.size), np.zeros(mu.size)
        diffusion.rates(mu, np.full(mu.size, self.sigma), *_membrane(n), noisy)
        lif.firing_rates(mu, n.tau_m, 1.0, n.E_L, n.V_th, n.V_reset, n.t_ref, silent)
        below.plot(mu, silent, "--", color=color("theory"), linewidth=1.1)
        below.plot(mu, noisy, color=color("theory"))
        found = self.readouts()
        below.plot(self.mu, found["rate"], "o", color=color("drive"), markersize=8)
        name_line(below, noisy[-1], rf"$\sigma = {self.sigma:g}$ mV", "theory", 6.0)
        name_line(below, silent[-1], r"$\sigma = 0$", "theory", -6.0)
        below.set(xlim=(0.0, fixed["mu_max"]), ylim=(0.0, None), xlabel="drive μ (mV)", ylabel="firing rate (Hz)")


class RateResponse(LiveFigure):
    """How the rate of a population follows a sine in the drive or in the noise.

    Controls: `f` in Hz, `of` ("mu" or "sigma"), `mu` and `sigma` in mV, `depth` of the rate's modulation.
    """

    title = "How fast can a population follow?"
    caption = (
        "Drag the frequency. The input is made as large as it must be for the rate to swing by the chosen part of its mean: how "
        "does it grow for a fast drive? Then modulate the noise instead. At last set μ = 30 mV and σ = 2 mV: near "
        "the firing rate the neurons answer together."
    )
    description = (
        "Three plots. The size of the linear response of the firing rate in Hz per mV against frequency, both logarithmic, with "
        "the static gain; its phase in degrees; and one cycle of the firing rate, the linear prediction as a line and spikes of "
        "simulated neurons as points, beside the input."
    )
    entry = "cloud.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "neurons": 8192, "group": 2048, "bins": 24, "step": 0.5, "fewest": 48, "counted_steps": 2400, "settling": 50.0,
        "cells": 300, "places": 8, "largest": 0.8, "f_min": 1.0, "f_max": 1000.0, "seed": SEED}
    heights = (970, 1277)
    shown = (
        Readout("rate", "mean rate", "Hz", 2),
        Readout("static", "static gain", "Hz/mV", 3),
        Readout("gain", "gain at f", "Hz/mV", 3),
        Readout("simulated_gain", "gain, simulated", "Hz/mV", 3),
        Readout("error", "standard error", "Hz/mV", 3),
        Readout("phase", "phase", "°", 1),
        Readout("delay", "delay", "ms", 2),
        Readout("amplitude", "size of the input", "mV", 2),
    )

    f = Control(20.0, 1.0, 500.0, 0.01, "frequency", "f", "Hz", "log")
    depth = Control(0.4, 0.1, 1.0, 0.05, "swing of the rate, part of its mean")
    of = Choice("mu", {"mu": "the drive μ", "sigma": "the noise σ"}, "what is modulated")
    mu = Control(15.0, 12.0, 35.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(5.0, 1.5, 10.0, 0.1, "mean noise", "σ", "mV")

    def _susceptibilities(self, f):
        """Real and imaginary part at each frequency."""
        f = np.array(f, dtype=float)
        found = np.zeros((4, f.size))
        response.susceptibilities(f, self.mu, self.sigma, *_membrane(self.neuron), found)
        row = 2 * (self.of == "sigma")
        return found[row], found[row + 1]

    def _input(self):
        """Real and imaginary part of the susceptibility at f, its size, and the size of the input."""
        real, imaginary = (float(part[0]) for part in self._susceptibilities([self.f]))
        gain = math.sqrt(real * real + imaginary * imaginary)
        amplitude = self.depth * diffusion.rate(self.mu, self.sigma, *_membrane(self.neuron)) / gain
        if self.of == "sigma":
            amplitude = min(amplitude, self.fixed["largest"] * self.sigma)
        return real, imaginary, gain, amplitude

    def _simulation(self):
        """Spikes in each bin of the cycle, and the time in ms over which each neuron was counted."""
        fixed, n = self.fixed, self.neuron
        amplitude = self._input()[3]
        each = max(fixed["fewest"], int(1000.0 / (self.f * fixed["step"])))
        dt = 1000.0 / (self.f * each)
        cycles = max(1, fixed["counted_steps"] // each)
        settling = int(fixed["settling"] * self.f / 1000.0) + 1
        wave = np.array([elementary.cos(2.0 * math.pi * ((k + 0.5) / each)) * amplitude for k in range(each)])
        counts = np.zeros(fixed["bins"])
        start = settling * 1000.0 / self.f
        cells = _Cells(n, self.mu, self.sigma, fixed["cells"], fixed["places"])
        cells.settle(self.mu, self.sigma)
        steps = (settling + cycles) * each
        for group in _groups(fixed["neurons"], fixed["group"]):
            cells.draw(group)
            if self.of == "mu":
                signal = np.tile(wave, settling + cycles)
                times, _ = group.advance(n, self.mu, self.sigma, signal, dt, 0, int(group.size * (steps * dt / n.t_ref + 2)))
                cloud.count_cycle(times, self.f, start, counts)
                continue
            for k in range(steps):
                times, _ = group.advance(n, self.mu, self.sigma + wave[k % each], np.zeros(1), dt, k, 2 * group.size)
                cloud.count_cycle(times, self.f, start, counts)
        return counts, cycles * 1000.0 / self.f

    def readouts(self) -> dict:
        n, fixed = self.neuron, self.fixed
        real, imaginary, gain, amplitude = self._input()
        counts, duration = self._simulation()
        seconds = fixed["neurons"] * duration / 1000.0
        cosines = sines = 0.0
        for k in range(fixed["bins"]):
            turn = 2.0 * math.pi * ((k + 0.5) / fixed["bins"])
            cosines += counts[k] * elementary.cos(turn)
            sines += counts[k] * elementary.sin(turn)
        # A bin's middle stands for all of it: this takes back what is lost.
        half = math.pi / fixed["bins"]
        scale = 2.0 / (seconds * amplitude) * (half / elementary.sin(half))
        spectrum = np.zeros(1)
        response.spectra(
            np.array([self.f]), self.mu, self.sigma, *_membrane(n), spectrum, np.zeros(4 * diffusion.NODES + 4))
        phase = float(cloud.angle(real, imaginary))
        return {
            "rate": float(diffusion.rate(self.mu, self.sigma, *_membrane(n))),
            "static": float(self._susceptibilities([0.0])[0][0]),
            "gain": gain,
            "simulated_gain": float(math.sqrt(cosines * cosines + sines * sines) * scale),
            "error": float(math.sqrt(2.0 * spectrum[0] / seconds) / amplitude),
            "phase": phase,
            "delay": -phase / 360.0 * 1000.0 / self.f,
            "amplitude": float(amplitude),
        }

    def draw(self, figure):
        fixed = self.fixed
        found = self.readouts()
        f = np.geomspace(fixed["f_min"], fixed["f_max"], 160)
        real, imaginary = self._susceptibilities(f)
        size, phase, cycle = figure.subplots(3, 1, height_ratios=[3, 2, 3])
        size.loglog(f, np.hypot(real, imaginary), color=color("theory"))
        size.axhline(found["static"], color=color("theory"), linewidth=1.0, linestyle=":")
        name_line(size, found["static"], "static gain", "theory")
        size.plot(self.f, found["gain"], "o", color=color("drive"), markersize=8)
        size.set(xlim=(f[0], f[-1]), ylabel="gain (Hz/mV)")
        phase.set_xscale("log")
        phase.plot(f, np.degrees(np.arctan2(imaginary, real)), color=color("theory"))
        phase.plot(self.f, found["phase"], "o", color=color("drive"), markersize=8)
        phase.set(xlim=(f[0], f[-1]), ylim=(-100, 100), yticks=(-90, -45, 0, 45, 90), ylabel="phase (°)",
                  xlabel="frequency (Hz)")
        for axis in (size.xaxis, size.yaxis, phase.xaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
        period = 1000.0 / self.f
        turns = np.linspace(0.0, 1.0, 200)
        swing = found["amplitude"] * found["gain"]
        cycle.plot(turns * period, found["rate"] + swing * np.cos(2 * np.pi * turns), "--", color=color("drive"), linewidth=1.1)
        cycle.plot(turns * period, found["rate"] + swing * np.cos(2 * np.pi * turns + np.radians(found["phase"])),
                   color=color("theory"))
        counts, duration = self._simulation()
        scale = 1000.0 * fixed["bins"] / (fixed["neurons"] * duration)
        _points(cycle, period * (np.arange(counts.size) + 0.5) / counts.size, counts * scale, np.sqrt(counts) * scale)
        cycle.set(xlim=(0.0, period), ylim=(0.0, None), xlabel="time in the cycle (ms)", ylabel="firing rate (Hz)")

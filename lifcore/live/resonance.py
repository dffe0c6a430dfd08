"""The live figures of the chapter on stochastic resonance: a hidden signal, the best noise, and the refractory phase.

Nothing is computed here: the numbers come from `lifcore.resonance`, `lifcore.response` and the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore import resonance as theory
from lifcore.diffusion import siegert_rate
from lifcore.kernels import diffusion, population, random, response
from lifcore.kernels import resonance as kernels
from lifcore.live._drawing import color, draw_membrane, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle
from lifcore.response import susceptibility
from lifcore.simulation import simulate

__all__ = ["HiddenSignal", "RefractoryPhase", "ResonanceCurve"]

KERNELS = (
    diffusion.rate, response.susceptibilities, response.log_resonances, population.population_steps, random.seed_streams,
    kernels.measures, kernels.sine_steps, kernels.fold_spikes, kernels.response_of_parts,
)
MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0}
STEP = 0.5  # ms, the longest
SEED = 7


def _steps_of(f):
    """Steps in a period, and the length of one in ms."""
    period = 1000.0 / f
    in_a_period = math.ceil(period / STEP)
    return in_a_period, period / in_a_period


def _sine(amplitude, f, periods):
    """The signal in each step of so many periods."""
    in_a_period, _ = _steps_of(f)
    signal = np.empty(periods * in_a_period)
    kernels.sine_steps(amplitude, in_a_period, signal)
    return signal


def _measures(n, mu, sigma, f):
    """|chi|**2 / S and |chi|**2."""
    out = np.empty(2)
    kernels.measures(f, mu, sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, out)
    return out


def _measure(n, mu, sigma, f, amplitude, size, settle, record, bins=1, seed=SEED):
    """Histogram over the period and the numbers of `response_of_parts`, from simulated neurons."""
    period = 1000.0 / f
    before, recorded = math.ceil(settle / period), math.ceil(record / period)
    signal = _sine(amplitude, f, before + recorded)
    dt = _steps_of(f)[1]
    spikes = simulate(n, mu, sigma, signal.size * dt, size, dt, seed, signal=signal)
    parts, histogram, out = np.zeros((2, size)), np.zeros(bins, np.int64), np.empty(7)
    kernels.fold_spikes(
        spikes.spike_times, spikes.spike_neurons.astype(np.int32), spikes.spike_times.size, before * period, period, parts,
        histogram)
    kernels.response_of_parts(parts, recorded * period, amplitude, out)
    return histogram, out


class HiddenSignal(LiveFigure):
    """A population under a sine that is too weak to fire it, and noise: one membrane, all spikes, the rate over a period.

    Controls: `sigma`, `mu` and `amplitude` in mV, `f` in Hz.
    """

    title = "A signal that no neuron reports alone"
    caption = (
        "Begin with no noise at all and turn it up slowly. Where in the period do the first spikes come? Go on until you can "
        "no longer see the stripes. At which noise did you see them best? Then make the signal faster: the membrane follows "
        "it less, and so do the spikes."
    )
    description = (
        "Three plots. Above, the potential of one neuron: without noise it swings well below the threshold with the signal. In "
        "the middle the spikes of a hundred such neurons, in stripes at the crests of the signal where the noise is moderate. "
        "Below, the firing rate folded over one period, as points from a simulation of a thousand neurons and as the line of "
        "linear response."
    )
    entry = "resonance.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "t_ref": 2.0, "view": 500.0, "settle": 200.0, "record": 2000.0, "shown": 100, "size": 1000, "bins": 20, "seed": SEED,
        "step": STEP}
    heights = (975, 1224)
    shown = (
        Readout("spikes", "spikes in the raster"),
        Readout("rate", "mean rate, theory", "Hz", 3),
        Readout("snr", "signal to noise, theory", "Hz/mV²", 3),
        Readout("measured", "measured", "Hz/mV²", 3),
        Readout("error", "its standard error", "Hz/mV²", 3),
    )

    sigma = Control(0.0, 0.0, 20.0, 0.1, "noise", "σ", "mV")
    amplitude = Control(2.0, 0.5, 3.0, 0.1, "amplitude of the signal", "ε", "mV")
    f = Control(10.0, 2.0, 40.0, 1.0, "frequency of the signal", "f", "Hz")
    mu = Control(15.0, 10.0, 16.5, 0.5, "mean drive", "μ", "mV")

    def _view(self):
        """Spikes of the neurons that are shown, and the time of a crest at which the view begins."""
        period = 1000.0 / self.f
        before = math.ceil(self.fixed["settle"] / period)
        signal = _sine(self.amplitude, self.f, before + math.ceil(self.fixed["view"] / period) + 1)
        dt = _steps_of(self.f)[1]
        spikes = simulate(
            self.neuron, self.mu, self.sigma, signal.size * dt, self.fixed["shown"], dt, SEED, signal=signal)
        return spikes, before * period, signal, dt

    def _in_view(self):
        spikes, start, _, _ = self._view()
        inside = (spikes.spike_times > start) & (spikes.spike_times <= start + self.fixed["view"])
        return spikes.spike_times[inside] - start, spikes.spike_neurons[inside]

    def _measured(self):
        fixed = self.fixed
        return _measure(
            self.neuron, self.mu, self.sigma, self.f, self.amplitude, fixed["size"], fixed["settle"], fixed["record"],
            fixed["bins"])

    def readouts(self) -> dict:
        n = self.neuron
        silent = self.sigma == 0.0
        out = self._measured()[1]
        return {
            "spikes": int(self._in_view()[0].size),
            "rate": 0.0 if silent else float(siegert_rate(n, self.mu, self.sigma)),
            "snr": float(_measures(n, self.mu, self.sigma, self.f)[0]),
            "measured": float(out[5]),
            "error": float(out[6]),
        }

    def draw(self, figure):
        n = self.neuron
        view, bins = self.fixed["view"], self.fixed["bins"]
        _, start, signal, dt = self._view()
        # The potential of the first neuron at the end of each step, as the page shows it.
        first, V = round(start / dt), _potential(n, self.mu, self.sigma, signal, dt)
        times, neurons = self._in_view()
        above, raster, below = figure.subplots(3, 1, height_ratios=[4, 3, 4])
        draw_membrane(above, n, np.arange(V.size - first) * dt, V[first:], times[neurons == 0])
        above.set(xlim=(0.0, view), ylim=(-75.0, -25.0), xticklabels=[])
        raster.plot(times, neurons + 1, "o", markersize=1.6, color=color("spike"))
        raster.set(xlim=(0.0, view), ylim=(0.0, self.fixed["shown"] + 1), ylabel="neuron", xlabel="time (ms)")
        for axes in (above, raster):
            for crest in np.arange(0.0, view + 1.0, 1000.0 / self.f):
                axes.axvspan(crest - 250.0 / self.f, crest + 250.0 / self.f, color=color("drive"), alpha=0.10, linewidth=0)
        histogram, _ = self._measured()
        per_spike = self._hertz_of_a_spike()
        phase = (np.arange(bins) + 0.5) / bins
        below.errorbar(
            phase, histogram * per_spike, np.sqrt(histogram) * per_spike, fmt="o", markersize=4, color=color("simulation"))
        x = np.linspace(0.0, 1.0, 200)
        line = np.zeros_like(x)
        if self.sigma > 0.0:
            chi = susceptibility(n, self.mu, self.sigma, self.f)
            line = siegert_rate(n, self.mu, self.sigma) + self.amplitude * (chi * np.exp(2j * np.pi * x)).real
        below.plot(x, line, color=color("theory"))
        top = 1.1 * max(line.max(), np.max(histogram) * per_spike, 0.9)
        below.set(xlim=(0.0, 1.0), ylim=(0.0, top), ylabel="rate (Hz)", xlabel="part of the period since the crest")

    def _hertz_of_a_spike(self):
        """What one spike in a bin of the folded histogram adds to the rate."""
        recorded = math.ceil(self.fixed["record"] * self.f / 1000.0) * 1000.0 / self.f
        return 1000.0 * self.fixed["bins"] / (recorded * self.fixed["size"])


def _potential(n, mu, sigma, signal, dt):
    """The potential of the first neuron of a population at the beginning and at the end of each step."""
    words = np.empty((4, 1), np.uint32)
    random.seed_streams(np.array([SEED, 0], np.uint32), 0, words)
    V, wait, normals = np.array([n.E_L]), np.zeros(1), np.zeros((2, 1))
    work, work_words = np.empty(population.WORK), np.empty(population.WORK_WORDS, np.uint32)
    spike_times, spike_neurons = np.empty(100), np.empty(100, np.int32)
    potentials = np.empty(signal.size + 1)
    potentials[0] = n.E_L
    for k in range(signal.size):
        population.population_steps(
            np.array([mu]), np.array([sigma]), signal[k:k + 1], n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, k,
            population.EXACT, population.BRIDGE, V, wait, words, normals, work, work_words, spike_times, spike_neurons)
        potentials[k + 1] = V[0]
    return potentials


class ResonanceCurve(LiveFigure):
    """A measure of stochastic resonance against the noise: theory, simulation, and the reader's own noise.

    Controls: `measure`, `sigma` and `mu` in mV, `f` in Hz, `t_ref` in ms, `optimum`.
    """

    title = "The best noise"
    caption = (
        "Drag the point to where the signal is reported best, and only then show the optimum. Change the measure: the best "
        "noise is another. Make the signal faster, or move the mean away from the threshold. Then set the refractory period "
        "to 0 and the mean drive to 10 mV, and look for the noise that amplifies most."
    )
    description = (
        "A measure of how well a weak signal is reported against the noise, on a logarithmic axis. The signal-to-noise ratio "
        "rises from nothing, has one maximum, and falls. The spectral amplification has its maximum at a larger noise; without "
        "a refractory period and far below threshold it has none. Points with error bars come from simulations."
    )
    entry = "resonance.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "least": 0.5, "most": 50.0, "settle": 200.0, "record": 1000.0, "size": 2000, "seed": SEED, "step": STEP,
        "relative_amplitude": 0.3, "relative_noises": [0.36, 0.45, 0.56, 0.7, 0.9, 1.2, 1.7, 2.6, 4.0]}
    heights = (794, 1065)
    shown = (
        Readout("rate", "mean rate at this noise", "Hz", 2),
        Readout("snr", "signal to noise", "Hz/mV²", 3),
        Readout("amplification", "amplification", "(Hz/mV)²", 3),
        Readout("near", "within 2 % of the best?"),
    )

    measure = Choice("snr", {"snr": "signal to noise", "amplification": "amplification"}, "measure")
    sigma = Control(1.0, 0.5, 50.0, 0.01, "your noise", "σ", "mV", "log")
    f = Control(10.0, 1.0, 100.0, 1.0, "frequency of the signal", "f", "Hz")
    mu = Control(15.0, 8.0, 18.0, 0.5, "mean drive", "μ", "mV")
    t_ref = Control(2.0, 0.0, 5.0, 0.5, "refractory period", "t_ref", "ms")
    optimum = Toggle(False, "Show the optimum")

    def _logs(self, sigma):
        """Logarithm of the chosen measure at each noise."""
        n = self.neuron
        out = np.empty((2, sigma.size))
        response.log_resonances(
            sigma, self.f, self.mu, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, out, np.empty(4 * diffusion.NODES + 4))
        return out[int(self.measure == "amplification")]

    def _curve(self):
        sigma = np.geomspace(self.fixed["least"], self.fixed["most"], 161)
        return sigma, self._logs(sigma)

    def readouts(self) -> dict:
        snr, amplification = _measures(self.neuron, self.mu, self.sigma, self.f)
        own = amplification if self.measure == "amplification" else snr
        return {
            "rate": float(siegert_rate(self.neuron, self.mu, self.sigma)),
            "snr": float(snr),
            "amplification": float(amplification),
            "near": bool(own >= 0.98 * math.exp(self._curve()[1].max())),
        }

    def draw(self, figure):
        n = self.neuron
        distance = n.V_th - n.E_L - self.mu
        sigma, logs = self._curve()
        values = np.exp(logs)
        axes = figure.subplots()
        axes.semilogx(sigma, values, color=color("theory"))
        noises = distance * np.array(self.fixed["relative_noises"])
        points, errors = np.array([self._point(noise, SEED + k) for k, noise in enumerate(noises)]).T
        axes.errorbar(noises, points, errors, fmt="o", markersize=4, color=color("simulation"))
        best = theory.optimal_noise(n, self.mu, self.f, self.measure)
        if self.optimum and best < self.fixed["most"]:
            axes.axvline(best, color=color("noise"), linewidth=1.1, linestyle="--")
            axes.annotate(f"{best:.2f} mV", (best, 0.05), xycoords=("data", "axes fraction"), xytext=(5, 0),
                          textcoords="offset points", color=color("noise"))
        axes.plot(self.sigma, math.exp(self._logs(np.array([self.sigma]))[0]), "o", color=color("noise"), markersize=8)
        unit = "|χ|²/S (Hz/mV²)" if self.measure == "snr" else "|χ|² ((Hz/mV)²)"
        axes.set(xlim=(0.5, 50.0), ylim=(0.0, None), xlabel="noise σ (mV)", ylabel=unit)
        axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])

    def _point(self, noise, seed):
        """The chosen measure from a simulation, and its standard error."""
        fixed = self.fixed
        amplitude = fixed["relative_amplitude"] * (self.neuron.V_th - self.neuron.E_L - self.mu)
        out = _measure(
            self.neuron, self.mu, noise, self.f, amplitude, fixed["size"], fixed["settle"], fixed["record"],
            seed=seed)[1]
        if self.measure == "snr":
            return out[5], out[6]
        gain = math.hypot(out[0], out[1])
        return gain * gain - 2.0 * out[2] ** 2, 2.0 * gain * out[2]


class RefractoryPhase(LiveFigure):
    """The susceptibility with and without the phase that the refractory period adds.

    Controls: `mu` and `sigma` in mV, `t_ref` in ms.
    """

    title = "A phase left out"
    caption = (
        "The dot at the left is the slope of the firing rate, dν/dμ, which a slow signal must find. Make the refractory period "
        "longer, or the neuron faster with more drive: how far does the curve without the phase miss the dot? And where is "
        "nothing to be seen of the error?"
    )
    description = (
        "Two plots against the frequency of a signal. Above, the susceptibility of the firing rate with and without the phase of "
        "the refractory period: they agree at high frequency, and at low frequency the one without is too large. Below, the "
        "ratio of the two, which begins at one over one minus rate times refractory period."
    )
    entry = "resonance.js"
    kernels = KERNELS
    fixed = MEMBRANE | {"lowest": 0.1, "highest": 500.0}
    heights = (775, 913)
    shown = (
        Readout("rate", "firing rate", "Hz", 2),
        Readout("slope", "dν/dμ", "Hz/mV", 3),
        Readout("without", "without the phase", "Hz/mV", 3),
        Readout("factor", "ratio, f → 0", "", 4),
    )

    mu = Control(22.0, 10.0, 40.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(5.0, 1.0, 15.0, 0.1, "noise", "σ", "mV")
    t_ref = Control(4.0, 0.0, 8.0, 0.5, "refractory period", "t_ref", "ms")

    def _curves(self, f):
        """|chi| with the phase and without: the second is that of a neuron that is never refractory, at the true rate."""
        f = np.asarray(f, dtype=float)
        curves = []
        for t_ref in (self.t_ref, 0.0):
            n = self.neuron
            out = np.empty((4, f.size))
            response.susceptibilities(f, self.mu, self.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, t_ref, out)
            curves.append(np.sqrt(out[0] * out[0] + out[1] * out[1]))
        rates = [float(siegert_rate(self.neuron.replace(t_ref=t_ref), self.mu, self.sigma)) for t_ref in (self.t_ref, 0.0)]
        return curves[0], curves[1] * (rates[0] / rates[1]), rates[0]

    def readouts(self) -> dict:
        with_phase, without, rate = self._curves([0.0])
        return {
            "rate": rate,
            "slope": float(with_phase[0]),
            "without": float(without[0]),
            "factor": float(without[0] / with_phase[0]),
        }

    def draw(self, figure):
        f = np.geomspace(self.fixed["lowest"], self.fixed["highest"], 300)
        with_phase, without, _ = self._curves(f)
        found = self.readouts()
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        above.semilogx(f, without, "--", color=color("spike"))
        above.semilogx(f, with_phase, color=color("theory"))
        above.plot(f[0], found["slope"], "o", color=color("theory"), clip_on=False)
        name_line(above, without[-1], "without", "spike", lift=8.0)
        name_line(above, with_phase[-1], "with", "theory", lift=-8.0)
        above.set(ylim=(0.0, None), ylabel="|χ| (Hz/mV)")
        below.semilogx(f, without / with_phase, color=color("spike"))
        below.axhline(1.0, color=color("theory"), linewidth=1.0)
        below.set(xlim=(f[0], f[-1]), xlabel="frequency of the signal (Hz)", ylabel="ratio")
        below.xaxis.set_major_formatter("{x:g}")

"""The live figures of the chapter on noise: a bombardment by kicks, intervals between spikes, and crossings that a step hides.

Nothing is computed here: the numbers come from `lifcore.bombardment`, `lifcore.diffusion`, `lifcore.simulation` and the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from lifcore.bombardment import equal_kicks
from lifcore.diffusion import isi_cv, siegert_rate, stationary_density
from lifcore.kernels import bombardment, crossings, diffusion, intervals, population, random
from lifcore.live._drawing import color, draw_membrane, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle
from lifcore.simulation import simulate

__all__ = ["Bombardment", "Intervals", "MissedCrossings"]

MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}
KERNELS = (
    bombardment.bombardment, bombardment.potentials, bombardment.count_potentials, crossings.free_path, crossings.first_above,
    diffusion.rate, diffusion.densities, diffusion.interval_variation, intervals.count_intervals, intervals.interval_moments,
    intervals.passage_density, population.population_steps, random.seed_streams, random.random_normals,
)
# -zeta(1/2) / sqrt(2 pi): by how many standard deviations of a step the threshold seems to be higher.
SHIFT = 0.5825971579390107
LONGEST_INTERVAL = 1e6  # ms; a neuron that fires more rarely is called silent


def _stream(seed, size=1, first=0):
    words = np.empty((4, size), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), first, words)
    return words


def _top(highest, heights):
    """The first of a few fixed heights that has room for it, as the page has them."""
    return next((height for height in heights if height >= 1.02 * highest), heights[-1])


class Bombardment(LiveFigure):
    """A membrane under Poisson kicks of one size, and the density of its potential beside that of the diffusion approximation.

    Controls: `size` of the kicks, `mu` and `sigma` in mV; `threshold` on or off.
    """

    title = "A bombardment by kicks"
    caption = (
        "Make the kicks larger: their rates fall so that μ and σ stay as they are. Where does the histogram leave the "
        "line, and what becomes of the rate? Then switch the threshold off, and see how much of the line's shape was made by "
        "the threshold and the reset."
    )
    description = (
        "Above, the membrane potential over 300 ms under kicks up and down that arrive at random; it wanders below the "
        "threshold, reaches it now and then, and is reset. Below, a histogram of the potential of many such neurons beside "
        "the density that the diffusion approximation gives for the same mean and variance. They agree for small kicks."
    )
    entry = "noise.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "seed": 12, "trace_seed": 17, "neurons": 100, "warm_up": 200.0, "pieces": 200, "kicks": 6e6, "longest": 20000.0,
        "duration": 300.0, "dt": 0.1, "low": -90.0, "width": 0.5, "bins": 100}
    heights = (832, 1010)
    shown = (
        Readout("excitatory", "kicks up", "/s", 0),
        Readout("inhibitory", "kicks down", "/s", 0),
        Readout("skewness", "skewness, no V_{th}", "", 3),
        Readout("rate_diffusion", "rate, diffusion", "Hz", 2),
        Readout("rate_simulated", "rate, these kicks", "Hz", 2, "none"),
    )

    size = Control(0.5, 0.2, 2.0, 0.1, "size of the kicks", "J", "mV", "log")
    mu = Control(10.0, 5.0, 12.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(6.0, 5.0, 8.0, 0.1, "noise", "σ", "mV")
    threshold = Toggle(True, "Threshold and reset")

    def _kinds(self):
        """Sizes in mV and rates per ms."""
        jumps, rates = equal_kicks(self.neuron, self.mu, self.sigma, self.size)
        return jumps, rates / 1000.0

    def _advance(self, end, state, times, neurons):
        n = self.neuron
        jumps, rates = self._kinds()
        V_th = n.V_th if self.threshold else np.inf
        return bombardment.bombardment(
            jumps, rates, n.tau_m, n.E_L, V_th, n.V_reset, n.t_ref, end, *state, times, neurons)

    def _start(self, size, seed):
        return [np.full(size, self.fixed["E_L"]), np.zeros(size), np.full(size, -1.0), _stream(seed, size)]

    def _simulated(self):
        """Time of each neuron in ms, number of spikes and histogram of the potential."""
        fixed, n = self.fixed, self.neuron
        _, rates = self._kinds()
        state = self._start(fixed["neurons"], fixed["seed"])
        duration = min(fixed["longest"], fixed["kicks"] / (fixed["neurons"] * (rates[0] + rates[1])))
        counts = np.zeros(fixed["bins"], np.int32)
        nowhere = np.empty(0), np.empty(0, np.int32)
        self._advance(fixed["warm_up"], state, *nowhere)
        spikes = 0
        for k in range(1, fixed["pieces"] + 1):
            end = fixed["warm_up"] + k * duration / fixed["pieces"]
            spikes += self._advance(end, state, *nowhere)
            bombardment.count_potentials(state[0], state[1], end, n.tau_m, n.E_L, fixed["low"], fixed["width"], counts)
        return duration, spikes, counts

    def _trace(self):
        fixed, n = self.fixed, self.neuron
        state = self._start(1, fixed["trace_seed"])
        V = np.empty(round(fixed["duration"] / fixed["dt"]) + 1)
        spikes = []
        times, neurons = np.empty(8), np.empty(8, np.int32)
        for j in range(V.size):
            count = self._advance(j * fixed["dt"], state, times, neurons)
            spikes.extend(times[:count])
            bombardment.potentials(state[0], state[1], j * fixed["dt"], n.tau_m, n.E_L, V[j:j + 1])
        return V, np.array(spikes)

    def readouts(self) -> dict:
        _, rates = self._kinds()
        duration, spikes, _ = self._simulated()
        variance = 0.5 * self.sigma * self.sigma
        simulated = spikes * 1000.0 / (self.fixed["neurons"] * duration)
        return {
            "excitatory": float(rates[0] * 1000.0),
            "inhibitory": float(rates[1] * 1000.0),
            "skewness": self.size * self.size * self.mu / 3.0 / (variance * math.sqrt(variance)),
            "rate_diffusion": float(siegert_rate(self.neuron, self.mu, self.sigma)),
            "rate_simulated": float(simulated) if self.threshold else math.inf,
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        above, below = figure.subplots(2, 1)
        V, spikes = self._trace()
        draw_membrane(above, n, fixed["dt"] * np.arange(V.size), V, spikes)
        above.axhline(n.E_L + self.mu, color=color("membrane"), linewidth=1.1, linestyle=":")
        name_line(above, n.E_L + self.mu, r"$E_L + \mu$", "membrane")
        above.set(xlim=(0.0, fixed["duration"]), ylim=(-85.0, -25.0), xlabel="time (ms)")
        edges = fixed["low"] + fixed["width"] * np.arange(fixed["bins"] + 1)
        duration, _, counts = self._simulated()
        samples = fixed["neurons"] * fixed["pieces"]
        below.stairs(counts / (samples * fixed["width"]), edges, color=color("simulation"), fill=True, alpha=0.3)
        line = np.linspace(edges[0], edges[-1], 500)
        if self.threshold:
            density = stationary_density(n, self.mu, self.sigma, line)
            below.axvline(n.V_th, color=color("threshold"), linewidth=1.1)
        else:
            density = np.exp(-(((line - n.E_L - self.mu) / self.sigma) ** 2)) / (math.sqrt(math.pi) * self.sigma)
        below.plot(line, density, color=color("theory"))
        below.set(xlim=(edges[0], edges[-1]), ylim=(0.0, None), xlabel="V (mV)", ylabel="density (1/mV)")


class Intervals(LiveFigure):
    """A membrane under white noise and the intervals between its spikes: simulated, from theory, and those of a Poisson process.

    Controls: `mu` and `sigma` in mV, `t_ref` in ms.
    """

    title = "Intervals between spikes"
    caption = (
        "Raise μ well above 20 mV, the drive at rheobase: the intervals crowd around one length. Lower it to 10 mV: they spread "
        "until their histogram is that of a Poisson process with the same rate, the dashed line. Then go back and make the "
        "refractory period long. Which number falls, and why?"
    )
    description = (
        "Above, the membrane potential over 500 ms under white noise, with its spikes. Below, a histogram of the interspike "
        "intervals of 128 simulated neurons, the density that first-passage theory gives, and the shifted exponential of a "
        "Poisson process that has the same rate and refractory period."
    )
    entry = "noise.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("tau_m", "E_L", "V_th", "V_reset")} | {
        "seed": 21, "trace_seed": 2, "neurons": 128, "dt": 0.5, "steps": 200000, "at_once": 200, "duration": 500.0,
        "fine": 0.25, "bins": 60, "points": 360, "axes": [100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 12800.0]}
    heights = (780, 974)
    shown = (
        Readout("mean_theory", "mean, theory", "ms", 1, "silent"),
        Readout("mean_simulated", "mean, simulated", "ms", 1, "none"),
        Readout("variation_theory", "CV, theory", "", 3),
        Readout("variation_simulated", "CV, simulated", "", 3, "none"),
        Readout("intervals", "intervals"),
    )

    mu = Control(15.0, 5.0, 30.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(5.0, 1.0, 8.0, 0.1, "noise", "σ", "mV")
    t_ref = Control(2.0, 0.0, 20.0, 0.5, "refractory period", "t_ref", "ms")

    def _mean(self):
        """Mean interval in ms; inf for a neuron that hardly ever fires."""
        rate = float(siegert_rate(self.neuron, self.mu, self.sigma))
        mean = 1000.0 / rate if rate > 0.0 else math.inf
        return mean if mean < LONGEST_INTERVAL else math.inf

    def _longest(self):
        return _top(4.0 * self._mean(), self.fixed["axes"])

    def _simulated(self):
        """Number, mean and coefficient of variation of the intervals, and their histogram."""
        fixed = self.fixed
        spikes = simulate(
            self.neuron, self.mu, self.sigma, fixed["steps"] * fixed["dt"], fixed["neurons"], fixed["dt"], fixed["seed"])
        sums, counts, moments = np.zeros((3, spikes.size)), np.zeros(fixed["bins"] + 1, np.int32), np.empty(3)
        intervals.count_intervals(
            spikes.spike_times, spikes.spike_neurons.astype(np.int32), spikes.spike_times.size,
            self._longest() / fixed["bins"], np.full(spikes.size, -1.0), sums, counts)
        intervals.interval_moments(sums, moments)
        return moments, counts

    def _density(self):
        """Interval in ms and density in 1/ms."""
        fixed, n = self.fixed, self.neuron
        step = (self._longest() - n.t_ref) / (fixed["points"] - 1)
        density = np.empty(fixed["points"])
        intervals.passage_density(
            self.mu, self.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, step, density, np.empty_like(density))
        return n.t_ref + step * np.arange(density.size), density

    def readouts(self) -> dict:
        moments, _ = self._simulated()
        return {
            "mean_theory": self._mean(),
            "variation_theory": float(isi_cv(self.neuron, self.mu, self.sigma)),
            "mean_simulated": float(moments[1]),
            "variation_simulated": float(moments[2]),
            "intervals": int(moments[0]),
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        above, below = figure.subplots(2, 1)
        n_steps = round(fixed["duration"] / fixed["fine"])
        V, spikes = _noisy_trace(n, self.mu, self.sigma, fixed["fine"], n_steps, fixed["trace_seed"])
        draw_membrane(above, n, fixed["fine"] * np.arange(V.size), V, spikes)
        above.axhline(n.E_L + self.mu, color=color("membrane"), linewidth=1.1, linestyle=":")
        above.set(xlim=(0.0, fixed["duration"]), ylim=(-80.0, -25.0), xlabel="time (ms)")
        moments, counts = self._simulated()
        edges = self._longest() / fixed["bins"] * np.arange(fixed["bins"] + 1)
        if moments[0] > 0.0:
            below.stairs(1000.0 * counts[:-1] / (moments[0] * edges[1]), edges, color=color("simulation"), fill=True, alpha=0.3)
        T, density = self._density()
        mean = self._mean()
        if math.isfinite(mean):
            below.plot(T, 1000.0 * density, color=color("theory"))
            free = mean - n.t_ref
            below.plot(T, 1000.0 / free * np.exp(-(T - n.t_ref) / free), "--", color=color("noise"), linewidth=1.3)
            below.set_ylim(0.0, 1080.0 * max(density.max(), 1.0 / free if mean > 3.0 * n.t_ref else 0.0))
        below.set(xlim=(0.0, edges[-1]), xlabel="interspike interval (ms)", ylabel="density (1/s)")


def _noisy_trace(n, mu, sigma, dt, steps, seed):
    """Potential of one neuron at the ends of its steps, and its spikes within them."""
    state = [np.full(1, n.E_L), np.zeros(1), _stream(seed), np.zeros((2, 1))]
    work, work_words = np.empty(population.WORK), np.empty(population.WORK_WORDS, np.uint32)
    V, times, neurons = np.full(steps + 1, n.E_L), np.empty(16), np.empty(16, np.int32)
    spikes = []
    for k in range(steps):
        count = population.population_steps(
            np.array([mu]), np.array([sigma]), np.zeros(1), n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, k,
            population.EXACT, population.BRIDGE, *state, work, work_words, times, neurons)
        spikes.extend(times[:count])
        V[k + 1] = state[0][0]
    return V, np.array(spikes)


class MissedCrossings(LiveFigure):
    """A path between the points of a grid, and the rate that a simulation finds with and without what lies between them.

    Controls: the `step` in ms, `mu` and `sigma` in mV.
    """

    title = "What happens between two steps"
    caption = (
        "The circles are all that a simulation with this step sees of the path. Make the step smaller until one of them is "
        "above the threshold. Below, how far down must the step go before the rate is right? Divide it by four and the error "
        "only halves. The other points ask in each step for the chance of a hidden crossing."
    )
    description = (
        "Above, four milliseconds of a noisy path that crosses the threshold and comes back between two points of a coarse "
        "grid. Below, firing rate against time step: points from a simulation that looks at the ends of its steps only lie "
        "below the true rate and follow the line predicted for a raised threshold; points from a simulation with Brownian "
        "bridges lie on the true rate at every step."
    )
    entry = "noise.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "seed": 31, "path_seed": 4299, "neurons": 128, "warm_up": 200.0, "duration": 10000.0, "piece": 20.0, "fine": 0.001,
        "window": 4.0, "start": -52.5, "steps": [0.05, 0.1, 0.2, 0.5, 1.0, 2.0], "shift": SHIFT, "points": 120}
    heights = (826, 1020)
    shown = (
        Readout("rate_theory", "true rate", "Hz", 2),
        Readout("rate_predicted", "predicted", "Hz", 2),
        Readout("rate_grid", "ends of steps only", "Hz", 2),
        Readout("rate_bridge", "with bridges", "Hz", 2),
        Readout("seen", "crossing seen?"),
    )

    step = Choice("0.5", {f"{step:g}": f"{step:g} ms" for step in fixed["steps"]}, "time step")
    mu = Control(15.0, 8.0, 30.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(5.0, 2.0, 8.0, 0.1, "noise", "σ", "mV")

    def _path(self):
        """The fine path, and which of its points are on the grid."""
        fixed, n = self.fixed, self.neuron
        steps = round(fixed["window"] / fixed["fine"])
        normals, V = np.empty((steps, 1)), np.empty(steps + 1)
        random.random_normals(_stream(fixed["path_seed"]), normals)
        crossings.free_path(fixed["start"], n.E_L + self.mu, self.sigma, n.tau_m, fixed["fine"], normals, V)
        return V, round(float(self.step) / fixed["fine"])

    def _predicted(self, step):
        """Rate in Hz of a simulation that looks at the ends of its steps, after Broadie, Glasserman & Kou."""
        n = self.neuron
        raised = n.V_th + self.fixed["shift"] * self.sigma * np.sqrt(step / n.tau_m)
        return diffusion.rate(self.mu, self.sigma, n.tau_m, n.E_L, raised, n.V_reset, n.t_ref)

    def _simulated(self, step, crossing):
        """Rate in Hz after the first pieces, in which the population forgets where it began."""
        fixed = self.fixed
        spikes = simulate(
            self.neuron, self.mu, self.sigma, fixed["warm_up"] + fixed["duration"], fixed["neurons"], step, fixed["seed"],
            crossing=crossing)
        # A spike at the end of a step belongs to that step; half a step keeps rounding errors away.
        count = np.count_nonzero(spikes.spike_times > fixed["warm_up"] + (0.5 * step if crossing == "grid" else 0.0))
        return float(count * 1000.0 / (fixed["neurons"] * fixed["duration"]))

    def readouts(self) -> dict:
        step = float(self.step)
        V, every = self._path()
        return {
            "rate_theory": float(siegert_rate(self.neuron, self.mu, self.sigma)),
            "rate_predicted": float(self._predicted(step)),
            "rate_grid": self._simulated(step, "grid"),
            "rate_bridge": self._simulated(step, "bridge"),
            "seen": bool(crossings.first_above(V, every, self.fixed["V_th"]) >= 0),
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        above, below = figure.subplots(2, 1)
        V, every = self._path()
        t = fixed["fine"] * np.arange(V.size)
        above.plot(t, V, color=color("membrane"), linewidth=0.8)
        above.plot(t[::every], V[::every], "o", color=color("simulation"), markerfacecolor="white", markersize=5)
        above.axhline(n.V_th, color=color("threshold"), linewidth=1.1)
        name_line(above, n.V_th, "$V_{th}$", "threshold")
        above.set(xlim=(0.0, fixed["window"]), ylim=(-54.0, -48.0), xlabel="time (ms)", ylabel="V (mV)")
        found = self.readouts()
        line = np.geomspace(0.03, 3.0, 100)
        below.plot(line, [self._predicted(step) for step in line], color=color("theory"), linestyle="--")
        below.axhline(found["rate_theory"], color=color("theory"))
        name_line(below, found["rate_theory"], "theory", "theory")
        for crossing, face in (("grid", "white"), ("bridge", color("simulation"))):
            rates = [self._simulated(step, crossing) for step in fixed["steps"]]
            below.plot(fixed["steps"], rates, "o", color=color("simulation"), markerfacecolor=face)
        below.set_xscale("log")
        below.set_xticks(fixed["steps"], [f"{step:g}" for step in fixed["steps"]])
        below.set_xticks([], minor=True)
        below.set(xlim=(0.03, 3.0), ylim=(0.7 * found["rate_theory"], 1.1 * found["rate_theory"]), xlabel="time step (ms)",
                  ylabel="firing rate (Hz)")

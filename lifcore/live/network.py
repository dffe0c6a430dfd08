"""The live figures of the chapter on networks: rates that agree with themselves, and a network with balanced inputs.

Nothing is computed here: the numbers come from `lifcore.network` and the kernels that the page runs too.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from lifcore.kernels import diffusion, network, random
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout
from lifcore.network import Network, brunel_network, source_streams, spread_potentials

__all__ = ["BalancedNetwork", "SelfConsistency"]

MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 2.0}
KERNELS = (
    diffusion.interval_variation, diffusion.rate, network.arrange, network.arrange_bits, network.draw_sources,
    network.list_spikes, network.network_steps, random.seed_streams,
)
# Rates are looked for between 0, the least, and so on by a constant factor, as the page does.
LEAST_RATE, RATIO, BISECTIONS = 1e-4, 1.08, 60


def _membrane(n):
    return n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref


def _response(n, inputs, nu):
    mu, variance, drive, noise = inputs
    return float(diffusion.rate(mu + drive * nu, math.sqrt(variance + noise * nu), *_membrane(n)))


def _states(n, inputs) -> list[tuple[float, bool]]:
    """Rates that agree with themselves, and whether each is stable; `inputs` as mu, variance, and what 1 Hz adds to them."""
    def answers_more(nu):
        return nu == 0.0 or _response(n, inputs, nu) > nu

    grid = [0.0]
    nu = LEAST_RATE
    while nu < 1000.0 / n.t_ref:
        grid.append(nu)
        nu *= RATIO
    grid.append(1000.0 / n.t_ref)
    above = [answers_more(nu) for nu in grid]
    states = []
    for k in range(1, len(grid)):
        if above[k] == above[k - 1]:
            continue
        low, high = grid[k - 1], grid[k]
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            if answers_more(middle) == above[k - 1]:
                low = middle
            else:
                high = middle
        states.append((0.5 * (low + high), above[k - 1]))
    return states


class SelfConsistency(LiveFigure):
    """The rate at which neurons would fire, given the rate of those that excite or inhibit them.

    Controls: `J` in mV, the efficacy of each neuron's synapses; `mu_ext` and `sigma_ext` in mV, the input from outside.
    """

    title = "A rate that agrees with itself"
    caption = (
        "Turn the efficacy down until it inhibits, and count the states. Then go back to excitation and raise the drive from "
        "outside: which state disappears, and where does the network go? More noise from outside does something similar."
    )
    description = (
        "On logarithmic axes, the rate at which the neurons of a population would fire against the rate that they are given. "
        "With excitation the curve rises steeply between two flat parts and crosses the diagonal three times: at a low rate, "
        "which is stable, at a middle one, which is not, and near the highest possible rate, which is stable. With inhibition "
        "it falls and crosses once."
    )
    entry = "network.js"
    kernels = KERNELS
    fixed = MEMBRANE | {"K": 400}
    heights = (720, 914)
    shown = (
        Readout("states", "states"),
        Readout("lowest", "lowest stable rate", "Hz", 3),
        Readout("highest", "highest stable rate", "Hz", 2),
        Readout("mu", "μ at the lowest", "mV", 2),
        Readout("sigma", "σ at the lowest", "mV", 2),
    )

    J = Control(0.1, -0.3, 0.3, 0.01, "efficacy of a synapse", "J", "mV")
    mu_ext = Control(13.0, 0.0, 30.0, 0.5, "drive from outside", "μ_ext", "mV")
    sigma_ext = Control(3.0, 1.0, 8.0, 0.1, "noise from outside", "σ_ext", "mV")

    def _inputs(self):
        n, K = self.neuron, self.fixed["K"]
        return (
            self.mu_ext, self.sigma_ext * self.sigma_ext, n.tau_m * K * self.J / 1000.0,
            n.tau_m * K * self.J * self.J / 1000.0)

    def readouts(self) -> dict:
        mu, variance, drive, noise = inputs = self._inputs()
        states = _states(self.neuron, inputs)
        stable = [nu for nu, lasts in states if lasts]
        return {
            "states": len(states),
            "lowest": stable[0],
            "highest": stable[-1],
            "mu": mu + drive * stable[0],
            "sigma": math.sqrt(variance + noise * stable[0]),
        }

    def draw(self, figure):
        n, inputs = self.neuron, self._inputs()
        axes = figure.subplots()
        ends = np.array([0.01, 1000.0])
        nu = np.geomspace(*ends, 241)
        answers = np.array([_response(n, inputs, each) for each in nu])
        axes.loglog(ends, ends, "--", color=color("noise"), linewidth=1.0)
        axes.loglog(nu, np.where(answers >= ends[0], answers, np.nan), color=color("theory"))
        for rate, stable in _states(n, inputs):
            at, role = max(rate, ends[0]), "simulation" if stable else "threshold"
            axes.plot(at, at, "o", color=color(role), fillstyle="full" if stable else "none", markersize=8)
            text = f"{f'{rate:.3g}' if rate >= ends[0] else 'below 0.01'} Hz, {'stable' if stable else 'unstable'}"
            # Beside the dot where there is least in the way, as on the page.
            if rate < ends[0]:
                place, side = (24, 3), "left"
            elif self.J < 0.0 and rate > 3.0:
                place, side = (-8, -14), "right"
            else:
                place, side = ((-8, 6), "right") if rate > 10.0 else ((8, -12), "left")
            axes.annotate(text, (at, at), xytext=place, textcoords="offset points", ha=side, color=color(role))
        axes.set(xlim=ends, ylim=ends, xlabel="rate that the neurons are given (Hz)", ylabel="rate at which they fire (Hz)")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")


class BalancedNetwork(LiveFigure):
    """A sparse network of 2,000 excitatory and 500 inhibitory neurons, and the rate that theory has for it.

    Controls: `g`, the strength of inhibition; `eta`, the input from outside in units of what reaches the threshold; the
    `delay` in ms.
    """

    title = "Excitation and inhibition in balance"
    caption = (
        "Turn inhibition up, step by step, and watch the raster, the rate and the CV. Where do the neurons stop being clocks? "
        "Then find settings in which the activity does not rest: strong input and inhibition with the longest delay, weak "
        "inhibition with the shortest."
    )
    description = (
        "Above, the spikes of forty excitatory and ten inhibitory neurons over 200 ms. Below, the activity of the excitatory "
        "population in bins of a millisecond, and a line at the rate of theory. With weak inhibition all neurons fire fast and "
        "regularly; with strong inhibition slowly and irregularly, and the activity fluctuates around the line. With strong "
        "input, strong inhibition and a long delay it oscillates."
    )
    entry = "network.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "sizes": {"E": 2000, "I": 500}, "K": 200, "J": 0.2, "dt": 0.25, "settle": 100, "end": 500, "shown": [100, 300],
        "batches": 10, "longest": 12, "most": 3, "seed": 12, "streams": [source_streams(11, k) for k in range(4)]}
    heights = (794, 1005)
    shown = (
        Readout("rate", "rate, simulated", "Hz", 1),
        Readout("error", "standard error", "Hz", 1),
        Readout("predicted", "rate, theory", "Hz", 1),
        Readout("estimate", "rate, balance alone", "Hz", 1, "none"),
        Readout("mean", "mean above threshold", "mV", 1),
        Readout("cv", "CV, simulated", "", 2),
        Readout("cv_theory", "CV, theory", "", 2),
        Readout("synchrony", "N Var(A) Δ/ν", "", 1),
    )

    g = Control(5.0, 3.0, 8.0, 0.25, "inhibition over excitation", "g")
    eta = Control(2.0, 1.0, 4.0, 0.1, "input from outside", "ν_ext/ν_thr")
    delay = Choice("1.5", {"0.5": "0.5 ms", "1.5": "1.5 ms", "3": "3 ms"}, "delay")

    def _theory(self):
        """The rate, the estimate from balance alone, mean and noise that neurons get."""
        n, K, J, g = self.neuron, self.fixed["K"], self.fixed["J"], self.g
        mu = self.eta * (n.V_th - n.E_L)
        drive = n.tau_m * K * J * (1.0 - g / 4.0) / 1000.0
        noise = n.tau_m * K * J * J * (1.0 + g * g / 4.0) / 1000.0
        nu = [nu for nu, stable in _states(n, (mu, J * mu, drive, noise)) if stable][-1]
        reach = 1000.0 * (n.V_th - n.E_L) / (n.tau_m * K * J)
        estimate = (self.eta - 1.0) * reach / (g / 4.0 - 1.0) if g > 4.0 else math.inf
        return nu, estimate, mu + drive * nu, math.sqrt(J * mu + noise * nu)

    def _activity(self):
        return _simulated(self.g, self.eta, float(self.delay))

    def _counts(self):
        """Spikes of the excitatory population in each millisecond that is counted."""
        times = self._activity()["E"].spike_times
        settle, end = self.fixed["settle"], self.fixed["end"]
        return np.bincount(times[times >= settle].astype(int) - settle, minlength=end - settle).astype(float)

    def readouts(self) -> dict:
        n, fixed = self.neuron, self.fixed
        N, batches = fixed["sizes"]["E"], fixed["batches"]
        counts = self._counts()
        total = np.sum(counts)
        of_batches = np.sum(np.sum(counts.reshape(batches, -1), axis=1) ** 2)
        scatter = math.sqrt((of_batches - total * total / batches) / (batches - 1) / batches)
        mean = total / counts.size
        spikes = self._activity()["E"]
        counted = spikes.spike_times >= fixed["settle"]
        times, neurons = spikes.spike_times[counted], spikes.spike_neurons[counted]
        same = neurons[1:] == neurons[:-1]
        lengths = np.diff(times)[same]
        # Neuron after neuron, in this order.
        length, square = (
            np.cumsum(np.bincount(neurons[1:][same], weights, N))[-1] for weights in (lengths, lengths * lengths))
        interval = length / lengths.size
        nu, estimate, in_mean, in_noise = self._theory()
        return {
            "rate": float(1000.0 * total / (N * counts.size)),
            "error": 1000.0 * scatter / (N * (counts.size / batches)),
            "predicted": nu,
            "estimate": estimate,
            "mean": in_mean - (n.V_th - n.E_L),
            "cv": math.sqrt(square / lengths.size - interval * interval) / float(interval),
            "cv_theory": float(diffusion.interval_variation(
                in_mean, in_noise, *_membrane(n), np.zeros(4 * diffusion.NODES + 4))),
            "synchrony": float((np.sum(counts * counts) / counts.size - mean * mean) / mean),
        }

    def draw(self, figure):
        fixed = self.fixed
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[5, 4])
        for name, rows, lift in (("E", 40, 0), ("I", 10, 42)):
            times, neurons = self._activity().raster(name, rows)
            above.plot(times, neurons + lift, "|", color=color("spike"), markersize=2.4, markeredgewidth=0.8)
        above.axhline(40.5, color=color("noise"), linewidth=1.0, linestyle=":")
        name_line(above, 20.0, "excitatory", "spike")
        name_line(above, 47.0, "inhibitory", "spike")
        above.set(ylim=(-1.0, 52.0), yticks=[], ylabel="neuron")
        counts, nu = self._counts(), self._theory()[0]
        below.plot(fixed["settle"] + 0.5 + np.arange(counts.size), 1000.0 * counts / fixed["sizes"]["E"],
                   color=color("simulation"), linewidth=1.1)
        below.axhline(nu, color=color("theory"))
        name_line(below, nu, "theory", "theory")
        below.set(xlim=fixed["shown"], ylim=(0.0, None), xlabel="time (ms)", ylabel="activity (Hz)")


@functools.lru_cache(maxsize=8)
def _simulated(g, eta, delay):
    """What the network did, with the connections, the noise and the beginning of the page."""
    fixed = BalancedNetwork.fixed
    populations, connections = brunel_network(
        g, eta, fixed["sizes"]["E"], fixed["K"], fixed["J"], delay, diffusion=True)
    V0 = {name: spread_potentials(population) for name, population in populations.items()}
    return Network(populations, connections, rng=11).run(float(fixed["end"]), fixed["dt"], rng=fixed["seed"], V0=V0)

"""The live figures of the chapter on analog silicon: one membrane between ground and supply, and a chip before and after calibration.

Nothing is computed here: the numbers come from `lifcore.hardware.analog`, the circles from what ngspice stored.
"""

from __future__ import annotations

import math
import numpy as np

from lifcore.hardware import analog, circuit
from lifcore.kernels import analog as kernels
from lifcore.kernels import random
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle

__all__ = ["Calibration", "SiliconMembrane"]

KERNELS = (
    kernels.calibrate, kernels.chip_rates, kernels.chip_values, kernels.deviations, kernels.interspike_interval, kernels.leak,
    kernels.mean_and_spread, kernels.plateau, kernels.rheobase, kernels.rise_time, kernels.source, kernels.trace,
    random.seed_streams,
)
DESIGN = {"C": 2.2, "g_L": 220.0, "E_L": 0.4, "V_th": 0.8, "V_reset": 0.3, "t_ref": 2.0, "V_comp": 0.1}
SHOWN = 60.0  # µs
SPIKE_TOP = 0.95  # V; a spike has no height in this model, so any will do


def _runs():
    """What ngspice stored for the settings of the figure: current, linear range, comparator, and mV at each µs."""
    found = []
    for run in circuit.stored_results("ota"):
        given = run.parameters
        # With the comparator on V stays far from where the source fades, and its compliance makes no difference.
        if given["V_lin"] in (0.0724, 0.2, 0.5, 2.0):
            every = round(1.0 / (run.t[1] - run.t[0]))
            V = run.V[:: every][: round(SHOWN) + 1]
            found.append([given["I"], given["V_lin"], "V_th" not in given, [round(1000.0 * x) for x in V]])
    return found


class SiliconMembrane(LiveFigure):
    """A circuit gets a constant current: V(t), and the currents of source and leak at every potential.

    Controls: `I` in nA, `leak` as its linear range in V, `V_DD` in V; `comparator` on or off.
    """

    title = "A membrane of silicon"
    caption = (
        "Switch the comparator off and turn the current up: the ideal membrane climbs out of the picture, the real one stops below "
        "its supply. In the lower plot you see why: where the source's current meets the leak's, nothing is left to charge the "
        "capacitor. Then switch it on again, take a leak with a narrow range, and look for the least current that fires it."
    )
    description = (
        "Two plots. Above, the potential of the capacitor over 60 microseconds between ground and a supply of 1.2 volts, as a "
        "line, with the ideal membrane dashed and stored results of a circuit simulator as circles. Below, the current of the "
        "source, which fades near the supply, and that of the leak, which saturates; the plateau is where the two cross."
    )
    entry = "analog.js"
    kernels = KERNELS
    fixed = DESIGN | {"duration": SHOWN, "dt": 0.1, "runs": _runs()}
    heights = (851, 1122)
    shown = (
        Readout("plateau_ideal", "plateau, ideal", "V", 3),
        Readout("plateau", "plateau", "V", 3),
        Readout("rheobase", "rheobase", "nA", 2),
        Readout("first_spike", "first spike after", "µs", 2, "never"),
        Readout("rate", "firing rate", "kHz", 2),
    )

    I = Control(100.0, 0.0, 400.0, 10.0, "current", "I", "nA")
    V_DD = Control(1.2, 1.0, 1.5, 0.05, "supply", "V_DD", "V")
    leak = Choice(
        "0.2", {"0.0724": "72 mV", "0.2": "200 mV", "0.5": "500 mV", "2.0": "2 V"}, "linear range of the leak")
    comparator = Toggle(True, "Comparator and reset")

    @property
    def circuit(self) -> analog.Circuit:
        """The circuit that is shown."""
        return analog.Circuit(**DESIGN, V_lin=float(self.leak), V_DD=self.V_DD)

    @property
    def ideal(self) -> analog.Circuit:
        """A resistor, an ideal source and no supply."""
        return analog.Circuit(**DESIGN | {"V_comp": 0.0}, V_DD=math.inf)

    def _stored(self):
        """Potentials in V at each µs, where ngspice was run with these values."""
        for I, V_lin, comparator, V in self.fixed["runs"]:
            if I == self.I and V_lin == float(self.leak) and comparator == self.comparator and self.V_DD == 1.2:
                return np.array(V) / 1000.0
        return np.empty(0)

    def readouts(self) -> dict:
        c = self.circuit
        return {
            "plateau_ideal": float(analog.plateau(self.ideal, self.I)),
            "plateau": float(analog.plateau(c, self.I)),
            "rheobase": float(analog.rheobase(c)),
            "first_spike": float(analog.first_spike(c, self.I)) if self.comparator else math.inf,
            "rate": float(analog.firing_rate(c, self.I)) if self.comparator else 0.0,
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        c = self.circuit
        for which, role, line in ((self.ideal, "theory", "--"), (c, "membrane", "-")):
            found = analog.trace(which, self.I, SHOWN, comparator=self.comparator)
            above.plot(found.t, found.V, color=color(role), linestyle=line, linewidth=1.1 if line == "--" else 1.5)
        above.vlines(found.spike_times, c.V_th, SPIKE_TOP, color=color("spike"), linewidth=1.3)
        stored = self._stored()
        above.plot(np.arange(stored.size), stored, "o", color=color("simulation"), markersize=3)
        if self.comparator:
            above.axhline(c.V_th, color=color("threshold"), linewidth=1.1)
            name_line(above, c.V_th, "$V_{th}$", "threshold")
        above.axhline(c.V_DD, color=color("spike"), linewidth=1.1)
        name_line(above, c.V_DD, "supply", "spike")
        above.set(ylim=(0.2, 1.6), xlim=(0.0, SHOWN), ylabel="V (V)", xlabel="time since the current was switched on (µs)")
        V = np.linspace(0.3, c.V_DD, 300)
        below.plot(V, analog.leak_current(self.ideal, V), "--", color=color("theory"), linewidth=1.1)
        below.plot(V, analog.leak_current(c, V), color=color("membrane"))
        below.plot(V, analog.source_current(c, self.I, V), color=color("drive"))
        below.plot(analog.plateau(c, self.I), analog.leak_current(c, analog.plateau(c, self.I)), "o", color=color("membrane"))
        below.axvline(c.V_th, color=color("threshold"), linewidth=1.1)
        below.set(xlim=(0.3, 1.5), ylim=(-30.0, _top(max(self.I, 100.0))), xlabel="V (V)", ylabel="current (nA)")


def _top(I):
    """The first of a few heights of the lower plot that has room, as the page has them."""
    return next(height for height in (150.0, 250.0, 450.0) if height >= 1.1 * I)


class Calibration(LiveFigure):
    """The rates of 200 neurons of one design under one current, all with the same words and each with words of its own.

    Controls: `I` in nA, `mismatch` in %, `bits` of the words, `chip` the number of the chip.
    """

    title = "Two hundred neurons of one design"
    caption = (
        "Make the words shorter until the calibrated neurons spread as widely as you would still accept. Then lower the current "
        "towards rheobase at 88 nA: why does the spread grow on both sides? Does another chip look different?"
    )
    description = (
        "Above, the firing rate of each of 200 neurons under the same current, before calibration widely scattered, after "
        "calibration close to the line of the design. Below, histograms of the same rates."
    )
    entry = "analog.js"
    kernels = KERNELS
    fixed = DESIGN | {
        "V_DD": analog.SUPPLY, "neurons": 200, "capacitors": 0.01, "slope": analog.SLOPE, "bins": 60}
    heights = (764, 1030)
    shown = (
        Readout("design", "design", "kHz", 2),
        Readout("before", "spread before", "%", 1, "–"),
        Readout("after", "spread after", "%", 2, "–"),
        Readout("silent", "silent before"),
        Readout("out_of_range", "out of range"),
    )

    I = Control(120.0, 90.0, 300.0, 5.0, "current", "I", "nA")
    mismatch = Control(10.0, 0.0, 40.0, 1.0, "mismatch of currents", "", "%")
    bits = Control(8.0, 4.0, 10.0, 1.0, "length of a word", "", "bits")
    chip = Control(1.0, 1.0, 20.0, 1.0, "chip number")

    @property
    def circuit(self) -> analog.Circuit:
        """The design."""
        return analog.Circuit(**DESIGN)

    def _chips(self):
        """The chip as it comes, and calibrated."""
        fixed = self.fixed
        made = analog.fabricate(
            self.circuit, fixed["neurons"], self.mismatch / 100.0, fixed["capacitors"], int(self.bits), rng=int(self.chip))
        return made, analog.calibrate(made)

    def readouts(self) -> dict:
        made, calibrated = self._chips()
        found, spreads = np.empty(2), []
        for chip in (made, calibrated):
            kernels.mean_and_spread(chip.firing_rate(self.I), found)
            spreads.append(100.0 * float(found[1]))
        return {
            "design": float(analog.firing_rate(self.circuit, self.I)),
            "before": spreads[0],
            "after": spreads[1],
            "silent": int(np.count_nonzero(made.firing_rate(self.I) == 0.0)),
            "out_of_range": int(np.count_nonzero(calibrated.out_of_range.any(axis=0))),
        }

    def draw(self, figure):
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        design = self.readouts()["design"]
        edges = np.linspace(0.0, 2.0 * design, self.fixed["bins"] + 1)
        for chip, role in zip(self._chips(), ("noise", "simulation"), strict=True):
            rates = chip.firing_rate(self.I)
            above.plot(np.arange(1, rates.size + 1), rates, "o", color=color(role), markersize=3)
            below.stairs(np.histogram(rates, edges)[0], edges, color=color(role), fill=True, alpha=0.4)
        above.axhline(design, color=color("theory"))
        name_line(above, design, "design", "theory")
        above.set(xlim=(0.0, 201.0), ylim=(0.0, 2.0 * design), xlabel="neuron", ylabel="firing rate (kHz)")
        below.set(xlim=(0.0, 2.0 * design), ylim=(0.0, None), xlabel="firing rate (kHz)", ylabel="neurons")

"""The live figures of the chapter on the trade-off: one current on five machines, and one chip's energy counted in three ways.

Nothing is computed here: the numbers come from `lifcore.hardware` and the kernels.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from lifcore.hardware import MACHINES, energy, published, realise
from lifcore.hardware.analog import BITS, STIMULUS
from lifcore.hardware.comparison import compare, stepped_current
from lifcore.hardware.loihi import DECAY_MAX
from lifcore.kernels import analog, lif, loihi, random, spike_distance, spinnaker, truenorth
from lifcore.kernels.fixed_point import NEAREST
from lifcore.live._drawing import color, name_line
from lifcore.live._figure import Choice, Control, LiveFigure, Readout, Toggle
from lifcore.neuron import LIF

__all__ = ["FiveMachines", "TradeOff"]

KERNELS = (
    analog.trace, lif.piecewise_trace, loihi.loihi_steps, random.random_normals, random.seed_streams, spike_distance.spike_distance,
    spinnaker.fixed_point_steps, truenorth.truenorth_ticks,
)
STEPS = ("1", "0.5", "0.25", "0.1")
NAMES = {
    "brainscales": "BrainScaleS", "truenorth": "TrueNorth", "loihi": "Loihi", "spinnaker": "SpiNNaker", "processor": "exact"}
INPUT = {"duration": 300.0, "constant": 150.0, "hold": 5.0, "seed": 0}
UNLIKE = {"mismatch": 0.1, "rng": 4}  # an ordinary one: its distance is the median of forty


def _circuit(machine):
    """What the page needs of a circuit; JSON has no infinity."""
    return {
        "parameters": [value if math.isfinite(value) else None for value in machine.circuit._all],
        "gain": machine._current_gain, "words": (2**BITS - 1) / STIMULUS,
        "current": STIMULUS / (2**BITS - 1) * machine.input_factor, "dt": 1000.0 * machine.dt / machine.speed_up,
        "time": machine.speed_up / 1000.0, "rest": machine.rest, "volts": machine.gain}


@functools.cache
def _machines(dt):
    """The words of each machine at a step of dt, as the page takes them."""
    n = LIF()
    on_loihi, on_truenorth, on_spinnaker = (realise(n, name, dt) for name in ("loihi", "truenorth", "spinnaker"))
    words = on_loihi.parameters
    return {
        "brainscales": [_circuit(realise(n, "brainscales", dt, **options)) for options in ({}, UNLIKE)],
        "loihi": {
            "du": DECAY_MAX, "dv": words["dv"], "vth": words["vth"], "bias": words["bias_mant"] << words["bias_exp"],
            "t_ref": words["t_ref"], "v0": words["v0"], "unit": words["dv"] / 4096.0 * on_loihi.scale * n.R / 64.0,
            "scale": on_loihi.scale},
        "truenorth": {
            "words": [on_truenorth.parameters[name] for name in
                      ("eps", "lam", "c", "alpha", "beta", "M", "gamma", "kappa", "R", "V0")],
            "unit": on_truenorth.scale * n.R * dt / n.tau_m, "scale": on_truenorth.scale},
        "spinnaker": {
            "words": [*(on_spinnaker.parameters[name] for name in ("R", "exp_TC", "V_rest", "V_reset", "V_th")), 0, 0, 0, 0,
                      on_spinnaker.T_ref], "rounding": NEAREST}}


class FiveMachines(LiveFigure):
    """One current on five machines: their spikes beside those of the exact solution, and the membrane of one of them.

    Controls: `I` and `fluctuation` of the current in nA, the `step` in ms, whose `membrane` is shown, and whether the
    analog circuit's transistors are `unlike`.
    """

    title = "One current, five machines"
    caption = (
        "Thin lines through all rows are the exact spikes. Which machines keep up while the current is constant, which in the "
        "part where it fluctuates? Make the step shorter: one distance falls, two hardly move, and one falls and then rises "
        "again. Which, and why? Last, let the transistors of the analog circuit differ by a few millivolts."
    )
    description = (
        "Above, a current that is constant for 150 ms and changes every 5 ms after that. In the middle, five rows of spikes: "
        "BrainScaleS, TrueNorth, Loihi, SpiNNaker and the exact solution, whose spikes are drawn through all rows. Below, the "
        "membrane potential on one of the machines and that of the exact solution. TrueNorth fires later and less often."
    )
    entry = "tradeoff.js"
    kernels = KERNELS
    heights = (970, 1244)
    shown = (
        Readout("exact", "exact spikes"),
        Readout("brainscales", "distance, BrainScaleS", "", 2),
        Readout("truenorth", "distance, TrueNorth", "", 2),
        Readout("loihi", "distance, Loihi", "", 2),
        Readout("spinnaker", "distance, SpiNNaker", "", 2),
    )

    I = Control(0.3, 0.1, 0.5, 0.01, "mean current", "I", "nA")
    fluctuation = Control(0.1, 0.01, 0.2, 0.01, "its fluctuation", "", "nA")
    step = Choice("1", {name: f"{name} ms" for name in STEPS}, "step")
    membrane = Choice("truenorth", {name: NAMES[name] for name in MACHINES if name != "processor"}, "membrane of")
    unlike = Toggle(False, "Transistors differ")

    @property
    def fixed(self):
        n = LIF()
        neuron = {name: getattr(n, name) for name in ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref")}
        return neuron | INPUT | {
            # A list: in a stored notebook the keys of an object are sorted.
            "names": [list(pair) for pair in NAMES.items()], "cost": 0.1, "machines": {name: _machines(float(name)) for name in STEPS}}

    def _current(self):
        return stepped_current(
            self.I, self.fluctuation, INPUT["duration"], INPUT["constant"], INPUT["hold"], float(self.step), INPUT["seed"])

    def _compared(self):
        return compare(
            self.neuron, self._current(), dt=float(self.step), machines=NAMES, q=0.1, brainscales=UNLIKE if self.unlike else {})

    def readouts(self) -> dict:
        found = self._compared()
        distances = {name: found[name].distance for name in NAMES if name != "processor"}
        return {"exact": int(found["processor"].response.spike_times.size)} | distances

    def draw(self, figure):
        n, found = self.neuron, self._compared()
        above, middle, below = figure.subplots(3, 1, height_ratios=(1.0, 1.8, 1.8), sharex=True)
        exact = found["processor"].response
        above.stairs(self._current(), np.append(0.0, exact.t), baseline=None, color=color("drive"))
        above.set_ylabel("I (nA)")
        for row, name in enumerate(reversed(NAMES)):
            times = found[name].response.spike_times
            middle.vlines(times, row + 0.15, row + 0.85, color=color("theory" if name == "processor" else "spike"), linewidth=1.6)
            name_line(middle, row + 0.5, f"{NAMES[name]} {times.size}", "theory" if name == "processor" else "spike")
        middle.vlines(exact.spike_times, 0.0, len(NAMES), color=color("theory"), linewidth=0.6, alpha=0.5, zorder=0)
        middle.set(ylim=(0.0, len(NAMES)), yticks=[])
        below.plot(exact.t, exact.V, color=color("theory"), linewidth=1.2)
        below.plot(exact.t, found[self.membrane].response.V, color=color("membrane"))
        below.axhline(n.V_th, color=color("threshold"), linewidth=1.1)
        name_line(below, n.V_th, "$V_{th}$", "threshold")
        below.set(xlim=(0.0, exact.t[-1]), ylim=(-75.0, -45.0), ylabel="V (mV)", xlabel="time (ms)")


SYNAPSES = 128.0


@functools.cache
def _truenorth():
    """Idle power in mW, and the energy that one more synaptic event adds in pJ, from the two ends of the published sweep."""
    rates, power = np.transpose(energy.TRUENORTH_SWEEP)
    events = energy.synaptic_events(energy.TRUENORTH_NEURONS, rates[[0, 2]], SYNAPSES)
    return energy.idle_and_marginal(events, power[[0, 2]])


def _measured():
    """Synaptic events per second, power in mW and supply voltage of each measurement; the first three are one sweep."""
    typical = [(20.0, published.FIGURES[name].value, supply)
               for name, supply in (("truenorth-power-event", 0.775), ("truenorth-power", 0.75))]
    return [
        [energy.TRUENORTH_NEURONS * rate * SYNAPSES, power, supply]
        for rate, power, supply in [*((*point, 0.8) for point in energy.TRUENORTH_SWEEP), *typical]]


class TradeOff(LiveFigure):
    """What one chip draws, counted in three ways, against its load.

    Controls: what the energy is `per`, the mean `rate` of the neurons in Hz and the number of `synapses` of each.
    """

    title = "Energy per what?"
    caption = (
        "Let the neurons fire ten times as often. By how much does the energy per synaptic event change, by how much that per "
        "neuron, by how much the power? Filled points were measured, hollow ones follow from a measured power by a division. At "
        "less than 0.8 V the chip draws less."
    )
    description = (
        "What the chip TrueNorth draws against its synaptic events per second, on a logarithmic axis. Per synaptic event the "
        "line falls from thousands of picojoules to a floor of about two. Per neuron and per second it is flat and rises only "
        "at the right. Three measured points lie on the line, two from other supply voltages near it."
    )
    entry = "tradeoff.js"
    kernels = KERNELS
    heights = (696, 903)
    shown = (
        Readout("events", "synaptic events", "/ns", 2),
        Readout("per_event", "per synaptic event", "pJ", 1),
        Readout("per_neuron", "per neuron and ms", "pJ", 1),
        Readout("power", "power", "mW", 1),
        Readout("idle", "of it when idle", "%", 0),
    )

    per = Choice("event", {"event": "per synaptic event", "neuron": "per neuron and ms", "second": "power"}, "energy")
    rate = Control(20.0, 1.0, 200.0, 0.01, "mean rate", "ν", "Hz", "log")
    synapses = Control(128.0, 16.0, 256.0, 16.0, "synapses of each neuron")

    @property
    def fixed(self):
        idle, marginal = _truenorth()
        return {"idle": idle, "marginal": marginal, "neurons": energy.TRUENORTH_NEURONS, "measured": _measured(),
                "printed": published.FIGURES["truenorth-event"].value}

    def _load(self):
        """Synaptic events per second and power in mW."""
        idle, marginal = _truenorth()
        events = energy.TRUENORTH_NEURONS * self.rate * self.synapses
        return events, idle + marginal * events * 1e-9

    def readouts(self) -> dict:
        events, power = self._load()
        return {
            "events": events * 1e-9, "power": power, "per_event": power * 1e9 / events,
            "per_neuron": power * 1e6 / energy.TRUENORTH_NEURONS, "idle": 100.0 * _truenorth()[0] / power}

    def _counted(self, events, power):
        """The power in the unit that was chosen: pJ per event, pJ per neuron and ms, mW."""
        return {"event": power * 1e9 / events, "neuron": power * 1e6 / energy.TRUENORTH_NEURONS, "second": power}[self.per]

    def draw(self, figure):
        axes = figure.subplots()
        idle, marginal = _truenorth()
        line = np.geomspace(1e8, 1e11, 200)
        axes.plot(line, self._counted(line, idle + marginal * line * 1e-9), color=color("theory"))
        events, power, supply = np.transpose(_measured())
        hollow = "full" if self.per == "second" else "none"
        for one, role, label in ((supply == 0.8, "simulation", "0.8 V"), (supply != 0.8, "drive", "0.775 and 0.75 V")):
            axes.plot(events[one], self._counted(events, power)[one], "o", color=color(role), fillstyle=hollow, label=label)
        if self.per == "event":
            axes.plot(events[3], published.FIGURES["truenorth-event"].value, "o", color=color("drive"))
            axes.set(ylim=(1.0, 1000.0), ylabel="per synaptic event (pJ)")
        else:
            axes.set(ylim=(30.0, 300.0), ylabel="per neuron and ms (pJ)" if self.per == "neuron" else "power (mW)")
        axes.axvline(self._load()[0], color=color("spike"), linewidth=1.0, linestyle=":")
        axes.set(xscale="log", yscale="log", xlim=(1e8, 1e11), xlabel="synaptic events per second")
        axes.legend()

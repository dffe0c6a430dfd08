"""The live figures of chapter 1: one neuron under a current, its f-I curve, pulses, and light.

Nothing is computed here: the numbers come from `lifcore.neuron` and from the kernels, the pictures from their results.
"""

from __future__ import annotations

import numpy as np

from lifcore import neuron as theory
from lifcore.kernels import channelrhodopsin, lif
from lifcore.live._drawing import color, draw_membrane, name_line, samples
from lifcore.live._figure import Control, LiveFigure, Readout, Toggle

__all__ = ["FICurve", "LightResponse", "MembraneTrace", "StrengthDuration"]

MOST_SPIKES = 4000
MEMBRANE = {"tau_m": 20.0, "R": 100.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}
KERNELS = (
    lif.rheobase, lif.firing_rate, lif.firing_rates, lif.gain, lif.latency, lif.chronaxie, lif.threshold_current,
    lif.threshold_currents, lif.piecewise_trace, channelrhodopsin.light_trace, channelrhodopsin.steady_photocurrent,
    channelrhodopsin.light_threshold,
)


def _trace(n, edges, I, dt):
    """Potential at multiples of dt and exact spike times under a piecewise constant current, from rest."""
    edges, I = np.array(edges, dtype=float), np.array(I, dtype=float)
    V = samples(edges[-1], dt)
    spikes = np.zeros(MOST_SPIKES)
    count = lif.piecewise_trace(
        edges, I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, dt, V, spikes)
    return V, spikes[:count]


class MembraneTrace(LiveFigure):
    """A neuron at rest gets a constant current: V(t), threshold, spikes.

    Controls: `I` in nA, `tau_m` in ms, `R` in MΩ, `t_ref` in ms.
    """

    title = "A neuron under current"
    caption = (
        "Drag the current down until the spikes stop. Where does the steady state E_L + R I stand then? "
        "Change τ_m and t_ref: the spikes move, but the current at which they stop stays where it is. "
        "Change R, and it does not."
    )
    description = (
        "Two plots over 200 ms. Above, the membrane potential rises from rest at -70 mV towards the steady "
        "state E_L + R I; each time it reaches the threshold at -50 mV there is a spike and a reset to -65 "
        "mV. Below, the injected current beside rheobase."
    )
    entry = "neuron.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("E_L", "V_th", "V_reset")} | {"duration": 200.0, "dt": 0.2}
    heights = (723, 970)
    shown = (
        Readout("rheobase", "rheobase", "nA", 3),
        Readout("steady_state", "steady state", "mV", 1),
        Readout("latency", "first spike after", "ms", 2, "never"),
        Readout("rate", "firing rate", "Hz", 2),
        Readout("spikes", "spikes in 200 ms"),
    )

    I = Control(0.22, 0.0, 0.6, 0.005, "current", "I", "nA")
    R = Control(100.0, 25.0, 200.0, 1.0, "membrane resistance", "R", "MΩ")
    tau_m = Control(20.0, 5.0, 50.0, 0.5, "membrane time constant", "τ_m", "ms")
    t_ref = Control(2.0, 0.0, 10.0, 0.5, "refractory period", "t_ref", "ms")

    def _spikes(self):
        return _trace(self.neuron, [0.0, self.fixed["duration"]], [self.I], self.fixed["dt"])

    def readouts(self) -> dict:
        n = self.neuron
        return {
            "rheobase": float(theory.rheobase(n)),
            "steady_state": float(theory.steady_state(n, self.I)),
            "latency": float(theory.latency(n, self.I)),
            "rate": float(theory.firing_rate(n, self.I)),
            "spikes": len(self._spikes()[1]),
        }

    def draw(self, figure):
        n = self.neuron
        V, spikes = self._spikes()
        t = np.arange(V.size) * self.fixed["dt"]
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        draw_membrane(above, n, t, V, spikes)
        steady = self.readouts()["steady_state"]
        if steady < -25.0:
            near = abs(steady - n.V_th) < 5.0
            name_line(above, steady, "$E_L + R I$", "membrane", lift=np.copysign(6.0, steady - n.V_th) if near else 0.0)
        above.axhline(steady, color=color("membrane"), linewidth=1.1, linestyle=":")
        below.plot([-20.0, 0.0, 0.0, 200.0], [0.0, 0.0, self.I, self.I], color=color("drive"))
        below.axhline(self.readouts()["rheobase"], color=color("threshold"), linewidth=1.1)
        name_line(below, self.readouts()["rheobase"], "rheobase", "threshold")
        below.set(ylim=(0.0, 0.62), ylabel="I (nA)", xlim=(-20.0, 200.0))
        below.set_xlabel("time since the current was switched on (ms)")


class FICurve(LiveFigure):
    """The exact f-I curve, what a slider's step makes of its foot, and the foot magnified.

    Controls: `I` in nA, `slider_step` in nA, `tau_m` and `t_ref` in ms, `zoom` (interspike
    interval against I/I_rh - 1, logarithmic).
    """

    title = "Firing rate and current"
    caption = (
        "The circles are the currents that a slider of the given step can reach; the filled one is the "
        "first that fires the cell. Change the step: that current moves, rheobase does not. Then magnify "
        "the onset and drag the point towards rheobase: each decade nearer makes the interspike interval "
        "longer by the same τ_m ln 10."
    )
    description = (
        "Firing rate against current. The rate is zero up to rheobase at 0.2 nA and rises steeply behind "
        "it; without a refractory period it keeps growing, with one it saturates at 1/t_ref. Circles mark "
        "the currents on the grid of a slider; the first that fires lies above rheobase."
    )
    entry = "neuron.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("R", "E_L", "V_th", "V_reset")} | {"I_max": 0.6}
    heights = (725, 992)
    shown = (
        Readout("rate", "firing rate", "Hz", 2),
        Readout("gain", "gain", "Hz/nA", 1),
        Readout("rheobase", "rheobase", "nA", 3),
        Readout("first_firing", "first that fires", "nA", 3),
        Readout("saturation", "limit 1/t_ref", "Hz", 0, "none"),
    )

    I = Control(0.3, 0.0, 0.6, 0.005, "current", "I", "nA")
    slider_step = Control(0.05, 0.005, 0.1, 0.005, "step of a slider", "", "nA")
    tau_m = Control(20.0, 5.0, 50.0, 0.5, "membrane time constant", "τ_m", "ms")
    t_ref = Control(2.0, 0.0, 10.0, 0.5, "refractory period", "t_ref", "ms")
    zoom = Toggle(False, "Magnify the onset: interspike interval near rheobase")

    def _grid(self):
        """The currents that a slider of this step can reach."""
        k = np.arange(int(self.fixed["I_max"] / self.slider_step) + 2)
        currents = k * self.slider_step
        return currents[currents <= self.fixed["I_max"]]

    def readouts(self) -> dict:
        n = self.neuron
        I_rh = float(theory.rheobase(n))
        firing = self._grid()[self._grid() > I_rh]
        return {
            "rate": float(theory.firing_rate(n, self.I)),
            "gain": float(theory.gain(n, self.I)),
            "rheobase": I_rh,
            "first_firing": float(firing[0]) if firing.size else float("inf"),
            "saturation": 1000.0 / n.t_ref if n.t_ref > 0.0 else float("inf"),
        }

    def draw(self, figure):
        n = self.neuron
        found = self.readouts()
        I_rh = found["rheobase"]
        axes = figure.subplots()
        if self.zoom:
            distance = np.geomspace(1e-8, 1.0, 300)
            axes.semilogx(distance, theory.interspike_interval(n, I_rh * (1.0 + distance)), color=color("theory"))
            grid = self._grid()[self._grid() > I_rh]
            self._mark(axes, grid / I_rh - 1.0, theory.interspike_interval(n, grid))
            if self.I > I_rh:
                place = self.I / I_rh - 1.0
                axes.plot(place, theory.interspike_interval(n, self.I), "o", color=color("membrane"), markersize=8)
            axes.set(xlim=(1e-8, 1.0), xlabel="distance from rheobase, $I / I_{rh} - 1$")
            axes.set(ylabel="interspike interval (ms)", ylim=(0.0, None))
            return
        I = np.linspace(0.0, self.fixed["I_max"], 900)
        without = theory.firing_rate(n.replace(t_ref=0.0), I)
        rates = theory.firing_rate(n, I)
        axes.axvline(I_rh, color=color("threshold"), linewidth=1.1)
        axes.annotate(
            "rheobase", (I_rh, 0.95), xycoords=("data", "axes fraction"), xytext=(-5, 0),
            textcoords="offset points", ha="right", color=color("threshold"))
        axes.plot(I, without, color=color("theory"), linewidth=1.1, linestyle="--")
        axes.plot(I, rates, color=color("theory"))
        name_line(axes, without[-1], "$t_{ref} = 0$", "theory")
        if n.t_ref > 0.0:
            name_line(axes, rates[-1], f"$t_{{ref}} = {n.t_ref:g}$ ms", "theory")
        grid = self._grid()
        self._mark(axes, grid[grid <= I_rh], theory.firing_rate(n, grid[grid <= I_rh]), first=False)
        self._mark(axes, grid[grid > I_rh], theory.firing_rate(n, grid[grid > I_rh]))
        axes.plot(self.I, found["rate"], "o", color=color("membrane"), markersize=8)
        axes.set(xlim=(0.0, self.fixed["I_max"]), ylim=(0.0, None), xlabel="current I (nA)", ylabel="firing rate (Hz)")

    def _mark(self, axes, x, y, first=True):
        """The currents of the slider as circles, the first of them filled."""
        axes.plot(x, y, "o", color=color("drive"), markerfacecolor="white", markersize=5)
        if first and x.size:
            axes.plot(x[0], y[0], "o", color=color("drive"), markersize=6)


class StrengthDuration(LiveFigure):
    """How strong a pulse must be: the exact curve, Weiss's hyperbola, and the response to one pulse.

    Controls: `duration` in ms and `current` in nA of the pulse, `tau_m` in ms, `R` in MΩ.
    """

    title = "Strength and duration"
    caption = (
        "Drag the point, or use the sliders. Just above the curve the membrane reaches threshold at the "
        "very end of the pulse; just below it, never. Make the pulse ten times shorter: what stays nearly "
        "the same, the current or the charge? Chronaxie is the duration at which twice the rheobase is "
        "enough."
    )
    description = (
        "Above, on logarithmic axes, the threshold current of a rectangular pulse falls with its duration "
        "towards rheobase; Weiss's hyperbola has the same rheobase and chronaxie. A point marks one pulse. "
        "Below, the membrane potential during and after this pulse, with the threshold."
    )
    entry = "neuron.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("E_L", "V_th", "V_reset", "t_ref")} | {"window": 120.0, "dt": 0.1}
    heights = (813, 1080)
    shown = (
        Readout("fires", "does it fire?"),
        Readout("threshold_current", "threshold current", "nA", 3),
        Readout("threshold_charge", "threshold charge", "pC", 2),
        Readout("rheobase", "rheobase", "nA", 3),
        Readout("chronaxie", "chronaxie", "ms", 2),
    )

    duration = Control(5.0, 0.5, 100.0, 0.02, "pulse duration", "", "ms", "log")
    current = Control(0.95, 0.1, 10.0, 0.02, "pulse current", "", "nA", "log")
    tau_m = Control(20.0, 5.0, 50.0, 0.5, "membrane time constant", "τ_m", "ms")
    R = Control(100.0, 25.0, 200.0, 1.0, "membrane resistance", "R", "MΩ")

    def _response(self):
        edges = [0.0, self.duration, self.fixed["window"]]
        return _trace(self.neuron, edges, [self.current, 0.0], self.fixed["dt"])

    def readouts(self) -> dict:
        n = self.neuron
        return {
            "fires": len(self._response()[1]) > 0,
            "threshold_current": float(theory.threshold_current(n, self.duration)),
            "threshold_charge": float(theory.threshold_charge(n, self.duration)),
            "rheobase": float(theory.rheobase(n)),
            "chronaxie": float(theory.chronaxie(n)),
        }

    def draw(self, figure):
        n = self.neuron
        found = self.readouts()
        durations = np.geomspace(0.5, 100.0, 400)
        above, below = figure.subplots(2, 1, height_ratios=[3, 2])
        above.loglog(durations, theory.weiss_current(n, durations), "--", color=color("theory"), linewidth=1.1)
        above.loglog(durations, theory.threshold_current(n, durations), color=color("threshold"))
        above.axhline(found["rheobase"], color=color("threshold"), linewidth=0.9, linestyle=":")
        above.plot(found["chronaxie"], 2.0 * found["rheobase"], "o", color=color("threshold"), markersize=5)
        above.annotate("chronaxie", (found["chronaxie"], 2.0 * found["rheobase"]), xytext=(6, 4),
                       textcoords="offset points", color=color("threshold"))
        above.annotate("exact", (0.8, theory.threshold_current(n, 0.8)), xytext=(6, 4), textcoords="offset points",
                       color=color("threshold"))
        above.annotate("Weiss", (45.0, theory.weiss_current(n, 45.0)), xytext=(0, 6), textcoords="offset points",
                       color=color("theory"))
        above.plot(self.duration, self.current, "o", color=color("drive"), markersize=8)
        name_line(above, found["rheobase"], "rheobase", "threshold")
        above.set(xlim=(0.5, 100.0), ylim=(0.1, 10.0), xlabel="pulse duration (ms)", ylabel="current (nA)")
        plain = {"major": "{x:g}"}
        above.xaxis.set_major_formatter(plain["major"])
        above.yaxis.set_major_formatter(plain["major"])
        V, spikes = self._response()
        below.axvspan(0.0, self.duration, color=color("drive"), alpha=0.16, linewidth=0)
        draw_membrane(below, n, np.arange(V.size) * self.fixed["dt"], V, spikes)
        below.set(xlim=(-6.0, self.fixed["window"]), xlabel="time since the pulse began (ms)")


class LightResponse(LiveFigure):
    """Half a second of light on a cell with channelrhodopsin-2: photocurrent, potential, spikes.

    Controls: `light` in mW/mm², `g_max` in µS, `R` in MΩ.
    """

    title = "Half a second of light"
    caption = (
        "At first the peak of the photocurrent is nearly three times the rheobase, and still the cell falls "
        "silent. Turn up the light until it does not. Is the critical light the one at which the peak, or "
        "the one at which the plateau, crosses rheobase? Then double R instead."
    )
    description = (
        "Two plots over 700 ms with blue light from 50 to 550 ms. Above, the photocurrent peaks and sinks "
        "to a plateau, beside rheobase. Below, the membrane potential: a few spikes at the onset of the "
        "light, and lasting spikes only if the plateau is above rheobase."
    )
    entry = "neuron.js"
    kernels = KERNELS
    fixed = {name: MEMBRANE[name] for name in ("tau_m", "E_L", "V_th", "V_reset", "t_ref")} | {
        "onset": 50.0, "offset": 550.0, "shown": 700.0, "dt": 0.25}
    heights = (798, 1009)
    shown = (
        Readout("peak_current", "peak current", "nA", 3),
        Readout("plateau_current", "plateau at V_{th}", "nA", 3),
        Readout("rheobase", "rheobase", "nA", 3),
        Readout("first_spikes", "spikes, first 100 ms"),
        Readout("last_spikes", "spikes, last 100 ms"),
        Readout("repetitive", "fires on and on?"),
        Readout("critical_light", "critical light", "mW/mm²", 3, "none"),
    )

    light = Control(1.0, 0.01, 10.0, 0.02, "light", "", "mW/mm²", "log")
    g_max = Control(0.02, 0.002, 0.1, 0.001, "maximal conductance", "g_max", "µS")
    R = Control(100.0, 25.0, 300.0, 1.0, "membrane resistance", "R", "MΩ")

    def _response(self):
        n = self.neuron
        fixed = self.fixed
        V = samples(fixed["shown"], fixed["dt"])
        current = np.zeros_like(V)
        spikes = np.zeros(MOST_SPIKES)
        count = channelrhodopsin.light_trace(
            self.light, fixed["onset"], fixed["offset"], self.g_max, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref,
            fixed["dt"], V, current, spikes)
        return V, current, spikes[:count]

    def readouts(self) -> dict:
        n = self.neuron
        onset, offset = self.fixed["onset"], self.fixed["offset"]
        _, current, spikes = self._response()
        plateau = float(channelrhodopsin.steady_photocurrent(self.light, n.V_th, self.g_max))
        rheobase = float(theory.rheobase(n))
        return {
            "peak_current": float(max(current.max(), 0.0)),
            "plateau_current": plateau,
            "rheobase": rheobase,
            "first_spikes": int(np.sum((spikes > onset) & (spikes <= onset + 100.0))),
            "last_spikes": int(np.sum((spikes > offset - 100.0) & (spikes <= offset))),
            "repetitive": plateau > rheobase,
            "critical_light": float(channelrhodopsin.light_threshold(self.g_max, n.R, n.E_L, n.V_th)),
        }

    def draw(self, figure):
        n = self.neuron
        found = self.readouts()
        V, current, spikes = self._response()
        t = np.arange(V.size) * self.fixed["dt"]
        above, below = figure.subplots(2, 1, sharex=True)
        for axes in (above, below):
            axes.axvspan(self.fixed["onset"], self.fixed["offset"], color=color("drive"), alpha=0.12, linewidth=0)
        above.plot(t, current, color=color("drive"))
        above.axhline(found["rheobase"], color=color("threshold"), linewidth=1.1)
        above.hlines(found["plateau_current"], self.fixed["onset"], self.fixed["offset"], color=color("drive"),
                     linewidth=1.0, linestyle=":")
        name_line(above, found["rheobase"], "rheobase", "threshold")
        above.annotate("light on", (0.5, 0.9), xycoords="axes fraction", ha="center", color=color("drive"))
        above.set(ylim=(0.0, None), ylabel="photocurrent (nA)")
        draw_membrane(below, n, t, V, spikes)
        below.set(xlim=(0.0, self.fixed["shown"]), xlabel="time (ms)")

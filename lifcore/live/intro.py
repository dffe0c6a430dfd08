"""The live figure of the first page: a current that flows for as long as the reader pushes.

Nothing is computed here: the numbers come from `lifcore.neuron` and from a kernel, the picture from their results.
"""

from __future__ import annotations

import numpy as np

from lifcore import neuron as theory
from lifcore.kernels import lif
from lifcore.live._drawing import SPIKE_TOP, color, name_line, samples
from lifcore.live._figure import Control, LiveFigure, Play, Readout

__all__ = ["FirstSpike"]

MOST_SPIKES = 100


class FirstSpike(LiveFigure):
    """A neuron into which a current flows for as long as a button is held: V(t), threshold, spikes.

    Controls: `held` in ms, how long the current flows, and `I` in nA.
    """

    title = "Make it fire"
    caption = (
        "Hold the button (or the space bar): a current flows into the cell for as long as you do, and time goes by "
        "about thirty times slower than in a brain. Let go too soon, and what you have put in leaks out again. Now make "
        "the current smaller. At which current does holding on no longer help?"
    )
    description = (
        "The membrane potential of a neuron over 150 ms. A current of 0.3 nA flows for 12 ms; the potential rises "
        "from rest at -70 mV to -57 mV, short of the threshold at -50 mV, and falls back to rest. Held for longer "
        "it would reach the threshold, give a spike, be reset to -65 mV and rise again."
    )
    entry = "intro.js"
    kernels = (lif.piecewise_trace,)
    play = Play("held", speed=30.0)
    fixed = {
        "tau_m": 20.0, "R": 100.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
        "duration": 150.0, "dt": 0.5}
    heights = (522, 636)
    shown = (
        Readout("spikes", "spikes"),
        Readout("potential", "potential", "mV", 1),
    )

    held = Control(12.0, 0.0, 120.0, 1.0, "pushed for", "", "ms")
    I = Control(0.3, 0.0, 0.4, 0.005, "current", "I", "nA")

    def _response(self):
        """Potential at multiples of dt, and spike times, under the current that stops when the reader lets go."""
        n, fixed = self.neuron, self.fixed
        V, spikes = samples(fixed["duration"], fixed["dt"]), np.zeros(MOST_SPIKES)
        edges, current = np.array([0.0, self.held, fixed["duration"]]), np.array([self.I, 0.0])
        count = lif.piecewise_trace(
            edges, current, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, fixed["dt"], V, spikes)
        return V, spikes[:count]

    def _last(self):
        """Index of the sample at which the reader lets go."""
        return round(self.held / self.fixed["dt"])

    def readouts(self) -> dict:
        V, spikes = self._response()
        return {
            "spikes": len(spikes),
            "potential": float(V[self._last()]),
        }

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        V, spikes = self._response()
        t, last = np.arange(V.size) * fixed["dt"], self._last()
        steady = float(theory.steady_state(n, self.I))
        axes = figure.subplots()
        axes.axvspan(0.0, self.held, color=color("drive"), alpha=0.16, linewidth=0.0)
        axes.axhline(n.V_th, color=color("threshold"), linewidth=1.1)
        axes.axhline(steady, color=color("membrane"), linewidth=1.1, linestyle=":")
        axes.plot(np.append(-10.0, t[:last + 1]), np.append(n.E_L, V[:last + 1]), color=color("membrane"))
        axes.plot(t[last:], V[last:], color=color("membrane"), linewidth=1.1)
        axes.vlines(spikes, n.V_th, SPIKE_TOP, color=color("spike"), linewidth=1.3)
        axes.plot(self.held, V[last], "o", color=color("membrane"), markersize=7)
        name_line(axes, n.V_th, "threshold", "threshold")
        near = abs(steady - n.V_th) < 4.0
        name_line(axes, steady, "heads for", "membrane", lift=np.copysign(6.0, steady - n.V_th) if near else 0.0)
        axes.set(xlim=(-10.0, fixed["duration"]), ylim=(-75.0, -25.0), ylabel="V (mV)", xlabel="time (ms)")
